package store

// entering returns the submissions of which not all is in the outbox yet.
func (t *tx) entering() (map[string]bool, error) {
	rows, err := t.QueryContext(t.ctx, "SELECT submission FROM entering")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out map[string]bool
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string]bool{}
		}
		out[id] = true
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"confab/model"
)

func (t *tx) journal(j model.JournalEntry) error {
	raw, err := json.Marshal(j.Edit)
	if err != nil {
		return err
	}
	before, err := json.Marshal(j.Before)
	if err != nil {
		return err
	}
	after, err := json.Marshal(j.After)
	if err != nil {
		return err
	}
	// Not OR REPLACE: a row that is replaced so is counted out by no trigger.
	t.exec(`INSERT INTO journal (id, account, conv, submission, edit, title, before, after, state, at) VALUES (?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET account = excluded.account, conv = excluded.conv, submission = excluded.submission, edit = excluded.edit,
  title = excluded.title, before = excluded.before, after = excluded.after, state = excluded.state, at = excluded.at, undone = ''`,
		j.ID, j.Ref.Account, j.Ref.ID, j.Submission, raw, j.Title, before, after, j.State, ms(j.At))
	if j.Undoes != "" {
		// Taking back what took back another restores that one.
		t.exec("UPDATE journal SET undone = '' WHERE undone = ? AND undone <> ''", j.Undoes)
		t.exec("UPDATE journal SET undone = ? WHERE id = ?", j.ID, j.Undoes)
	}
	return t.err
}

const journalColumns = "id, account, submission, edit, title, before, after, state, at, undone"

func (s *Store) journalWhere(ctx context.Context, where string, args ...any) ([]model.JournalEntry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+journalColumns+" FROM journal WHERE "+where, args...)
	if err != nil {
		return nil, localError("read the journal", err)
	}
	out, err := scanJournal(rows)
	return out, localError("read the journal", err)
}

func scanJournal(rows *sql.Rows) ([]model.JournalEntry, error) {
	defer rows.Close()
	var out []model.JournalEntry
	for rows.Next() {
		var j model.JournalEntry
		var raw, before, after []byte
		var at int64
		var id, account, submission string
		if err := rows.Scan(&id, &account, &submission, &raw, &j.Title, &before, &after, &j.State, &at, &j.Undone); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &j.Edit); err != nil {
			return nil, err
		}
		j.ID, j.Ref.Account, j.Submission, j.At = id, account, submission, fromMS(at)
		if err := json.Unmarshal(before, &j.Before); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(after, &j.After); err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, rows.Err()
}

// History reads delivered edits, newest first.
func (s *Store) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	where, args := "1", []any{}
	if !req.Ref.IsZero() {
		where += " AND account = ? AND conv = ?"
		args = append(args, req.Ref.Account, req.Ref.ID)
	}
	if !req.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, ms(req.Since))
	}
	if req.Before != "" {
		where += " AND (at, id) < (SELECT at, id FROM journal WHERE id = ?)"
		args = append(args, req.Before)
	}
	limit := req.Limit
	if limit <= 0 {
		limit = 500
	}
	return s.journalWhere(ctx, where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
}

// JournalEntry reads one delivered edit.
func (s *Store) JournalEntry(ctx context.Context, id string) (model.JournalEntry, bool, error) {
	out, err := s.journalWhere(ctx, "id = ?", id)
	if err != nil || len(out) == 0 {
		return model.JournalEntry{}, false, err
	}
	return out[0], true, nil
}

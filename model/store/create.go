package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"confab/model"
)

// Creation is what is kept of a create from its first sending on, so that what
// it may have made is recognised and never made twice.
type Creation struct {
	// Known and Sure are what Provider.Newest gave right before the first
	// sending.
	Known []string `json:"known"`
	Sure  bool     `json:"sure"`
	// Made is the id that the service answered.
	Made string `json:"made,omitempty"`
}

// UnmarshalJSON also reads what versions before kept: the ids of cached
// conversations, which prove nothing of what the service held.
func (c *Creation) UnmarshalJSON(b []byte) error {
	type plain Creation
	*c = Creation{}
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, &c.Known)
	}
	return json.Unmarshal(b, (*plain)(c))
}

// Creation gives what is kept of a create.
func (s *Store) Creation(ctx context.Context, id string) (Creation, error) {
	var raw string
	var c Creation
	err := s.read.QueryRowContext(ctx, "SELECT known FROM outbox WHERE id = ?", id).Scan(&raw)
	if err == nil {
		err = json.Unmarshal([]byte(raw), &c)
	}
	return c, localError("read the outbox", err)
}

// KeepCreation replaces what is kept of a create.
func (s *Store) KeepCreation(ctx context.Context, id string, c Creation) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return localError("note a create", s.tx(ctx, func(t *tx) error {
		return t.exec("UPDATE outbox SET known = ? WHERE id = ?", string(raw), id)
	}))
}

// SentCreate is Sent for a create, and keeps what is known before it leaves.
// Nothing is noted, and ok is false, where a create of the same title is still
// on its way after its request left: of two that are lost at once nobody could
// tell which one made what is found. One that was sent before waits for none.
func (s *Store) SentCreate(ctx context.Context, e model.OutboxEntry, c Creation) (ok bool, err error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return false, err
	}
	err = s.tx(ctx, func(t *tx) error {
		rivals, err := t.rivals(e)
		if err != nil {
			return err
		}
		ok = e.Sent || !slices.ContainsFunc(rivals, func(r Rival) bool { return r.State.Waiting() })
		if !ok {
			return nil
		}
		return t.exec("UPDATE outbox SET sent = 1, known = ? WHERE id = ?", string(raw), e.ID)
	})
	return ok, localError("note a sending", err)
}

// Rival is another create of the same title whose request has left.
type Rival struct {
	ID    string
	State model.EditState
	Creation
}

// Rivals gives the creates that may have made what one create looks for.
func (s *Store) Rivals(ctx context.Context, e model.OutboxEntry) (out []Rival, err error) {
	err = s.tx(ctx, func(t *tx) error {
		out, err = t.rivals(e)
		return err
	})
	return out, localError("read the outbox", err)
}

func (t *tx) rivals(e model.OutboxEntry) ([]Rival, error) {
	rows, err := t.QueryContext(t.ctx, "SELECT id, state, edit, known FROM outbox WHERE account = ? AND conv = '' AND sent = 1 AND id <> ?",
		e.Ref.Account, e.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Rival
	for rows.Next() {
		var r Rival
		var raw []byte
		var known string
		if err := rows.Scan(&r.ID, &r.State, &raw, &known); err != nil {
			return nil, err
		}
		var other model.Edit
		if err := errors.Join(json.Unmarshal(raw, &other), json.Unmarshal([]byte(known), &r.Creation)); err != nil {
			return nil, err
		}
		if other.Kind == model.EditCreate && other.Target.New != nil && other.Target.New.Title == e.Target.New.Title {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// CreatedBy gives the journal's create that made a conversation, "" for none.
func (s *Store) CreatedBy(ctx context.Context, r model.Ref) (id string, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT id FROM journal WHERE account = ? AND conv = ? AND json_extract(edit, '$.kind') = ? LIMIT 1",
		r.Account, r.ID, model.EditCreate).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, localError("read the journal", err)
}

package store

import (
	"context"
	"encoding/json"
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
	var c Creation
	err := s.read.QueryRowContext(ctx, "SELECT known FROM outbox WHERE id = ?", id).Scan(fromJSON{&c})
	return c, localError("read the outbox", err)
}

// KeepCreation replaces what is kept of a create.
func (s *Store) KeepCreation(ctx context.Context, id string, c Creation) error {
	return s.change(ctx, "note a create", func(t *tx) error {
		return t.exec("UPDATE outbox SET known = CAST(? AS TEXT) WHERE id = ?", t.json(c), id)
	})
}

// SentCreate is Sent for a create, and keeps what is known before it leaves.
// Nothing is noted, and ok is false, where a create of the same title is still
// on its way after its request left: of two that are lost at once nobody could
// tell which one made what is found. One that was sent before waits for none.
func (s *Store) SentCreate(ctx context.Context, e model.OutboxEntry, c Creation) (ok bool, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) error {
		rivals, err := t.rivals(e)
		if err != nil {
			return err
		}
		ok = e.Sent || !slices.ContainsFunc(rivals, func(r Rival) bool { return r.State.Waiting() })
		if !ok {
			return nil
		}
		return t.exec("UPDATE outbox SET sent = 1, known = CAST(? AS TEXT) WHERE id = ?", t.json(c), e.ID)
	})
	return ok, err
}

// Rival is another create of the same title whose request has left.
type Rival struct {
	ID    string
	State model.EditState
	Creation
}

// Rivals gives the creates that may have made what one create looks for.
func (s *Store) Rivals(ctx context.Context, e model.OutboxEntry) (out []Rival, err error) {
	err = s.change(ctx, "read the outbox", func(t *tx) error {
		out, err = t.rivals(e)
		return err
	})
	return out, err
}

func (t *tx) rivals(e model.OutboxEntry) ([]Rival, error) {
	var out []Rival
	err := each(t.ctx, t, func(row scanner) error {
		var r Rival
		var other model.Edit
		err := row.Scan(&r.ID, &r.State, fromJSON{&other}, fromJSON{&r.Creation})
		if other.Kind == model.EditCreate && other.Target.New != nil && other.Target.New.Title == e.Target.New.Title {
			out = append(out, r)
		}
		return err
	}, "SELECT id, state, edit, known FROM outbox WHERE account = ? AND conv = '' AND sent = 1 AND id <> ?", e.Ref.Account, e.ID)
	return out, err
}

// CreatedBy gives the journal's create that made a conversation, "" for none.
func (s *Store) CreatedBy(ctx context.Context, r model.Ref) (id string, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT id FROM journal WHERE account = ? AND conv = ? AND json_extract(edit, '$.kind') = ? LIMIT 1",
		r.Account, r.ID, model.EditCreate).Scan(&id)
	_, err = found(err)
	return id, localError("read the journal", err)
}

package store

import (
	"context"
	"database/sql"
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

// Creation returns what is kept of a create.
func (s *Store) Creation(ctx context.Context, id string) (Creation, error) {
	return read(ctx, s, "read the outbox", func(t *tx) (c Creation) {
		if !t.row("SELECT known FROM outbox WHERE id = ?", id).scan(fromJSON{&c}) {
			t.fail(sql.ErrNoRows)
		}
		return c
	})
}

// KeepCreation replaces what is kept of a create.
func (s *Store) KeepCreation(ctx context.Context, id string, c Creation) error {
	return s.change(ctx, "note a create", func(t *tx) {
		t.exec("UPDATE outbox SET known = CAST(? AS TEXT) WHERE id = ?", t.json(c), id)
	})
}

// SentCreate is Sent for a create, and keeps what is known before it leaves. ok is false
// where a create of the same title is still on its way after its request left: of two that
// are lost at once nobody could tell which one made what is found.
func (s *Store) SentCreate(ctx context.Context, e model.OutboxEntry, c Creation) (ok bool, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) {
		ok = e.Sent || !slices.ContainsFunc(t.rivals(e), func(r Rival) bool { return r.State.Waiting() })
		if ok {
			t.exec("UPDATE outbox SET sent = 1, known = CAST(? AS TEXT) WHERE id = ?", t.json(c), e.ID)
		}
	})
	return ok && err == nil, err
}

// Rival is another create of the same title whose request has left.
type Rival struct {
	ID    string
	State model.EditState
	Creation
}

// Rivals returns the creates that may have made what this one looks for.
func (s *Store) Rivals(ctx context.Context, e model.OutboxEntry) ([]Rival, error) {
	return read(ctx, s, "read the outbox", func(t *tx) []Rival { return t.rivals(e) })
}

func (t *tx) rivals(e model.OutboxEntry) (out []Rival) {
	for row := range t.rows("SELECT id, state, edit, known FROM outbox WHERE account = ? AND conv = '' AND sent = 1 AND id <> ?",
		e.Ref.Account, e.ID) {
		var r Rival
		var other model.Edit
		row.scan(&r.ID, &r.State, fromJSON{&other}, fromJSON{&r.Creation})
		if other.Kind == model.EditCreate && other.Target.New != nil && other.Target.New.Title == e.Target.New.Title {
			out = append(out, r)
		}
	}
	return out
}

// CreatedBy returns the journal's create that made a conversation, "" for none.
func (s *Store) CreatedBy(ctx context.Context, r model.Ref) (string, error) {
	id, _, err := one(ctx, s, "read the journal", column[string],
		"SELECT id FROM journal WHERE account = ? AND conv = ? AND json_extract(edit, '$.kind') = ? LIMIT 1",
		r.Account, r.ID, model.EditCreate)
	return id, err
}

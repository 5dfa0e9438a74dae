package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"confab/model"
)

// Sent records, before writes leave, that they may have left, with the current bases and
// targets of the edits. fresh, if set, is the conversation as it was read right before, and
// r what that reading can show to be empty. Sent returns the edits to send: an edit that
// was taken back meanwhile is given up instead, and one that left the outbox is not sent.
func (s *Store) Sent(ctx context.Context, edits []model.OutboxEntry, fresh *model.Conversation, r model.Reading) (
	send []model.OutboxEntry, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) {
		if fresh != nil {
			t.saveAll(fresh.Ref.Account, []model.Conversation{*fresh}, r, nil)
		}
		for _, claimed := range edits {
			e, ok := t.entry(claimed.ID)
			if !ok || t.takenBack(e) {
				continue
			}
			planned := e
			e.Base, e.Target, e.Sent = claimed.Base, claimed.Target, true
			t.saveEntry(e)
			if !e.Target.Equal(planned.Target) {
				t.rebase(planned, e.Target)
			}
			send = append(send, claimed)
		}
	})
	return send, err
}

// Park puts a claimed edit back into the outbox with a state and its cause. next is when a
// retry is due, theirs what the service showed. unsent reverts Sent, because the request
// certainly changed nothing. An edit of an account that was set aside meanwhile is held
// instead of retried.
func (s *Store) Park(ctx context.Context, id string, state model.EditState, cause *model.EntryError, theirs *model.Value,
	next time.Time, unsent bool) error {
	return s.update(ctx, "park an edit", id, func(t *tx, e model.OutboxEntry) {
		e.State, e.Error, e.Theirs, e.NextTry, e.Sent = state, cause, theirs, next, e.Sent && !unsent
		if e.Orphaned && state.Waiting() {
			e.State = model.Held
		}
		t.saveEntry(e)
		// An edit that may have been sent and is retried is read again before it is given
		// up.
		if (!e.Sent || e.State.NeedsPerson()) && t.takenBack(e) {
			return
		}
		if !e.State.Shown() { // rows no longer show what it wants
			t.rebase(e, e.Base)
		}
		t.reproject(e.Ref)
	})
}

// Settle ends an edit in one transaction: it stores the new state of the service, adds the
// journal entry and deletes the outbox row. after is nil if nothing new is known; gone
// makes a tombstone. If another process has set the account aside meanwhile, the entry
// moves with it; if it has forgotten the account, nothing is kept.
func (s *Store) Settle(ctx context.Context, e model.OutboxEntry, j model.JournalEntry, after *model.Conversation, gone bool) error {
	return s.update(ctx, "settle an edit", e.ID, func(t *tx, now model.OutboxEntry) {
		if account := now.Ref.Account; account != e.Ref.Account {
			e.Ref.Account, j.Ref.Account, after = account, account, nil
		}
		t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
		t.journal(j)
		if j.State == model.OutcomeAlreadySet {
			t.dropUndoing(e)
		}
		if after != nil {
			k := t.known(after.Ref)[after.Ref]
			t.save(k, *after, model.ReadRow, &e.Edit)
			t.checked([]int64{k.key}, nil)
		}
		t.reproject(e.Ref)
		if gone {
			t.bury(e.Ref)
		}
	})
}

// rebase gives a new base to edits that were planned upon e, whose target the service will
// not get after all: it will have now instead. Edits are planned on what rows show, with
// pending edits laid over it. Otherwise their base would be a value that no service ever
// had, and would look like somebody else's change.
func (t *tx) rebase(e model.OutboxEntry, now model.Value) {
	type change struct{ was, now model.Value }
	lost := []change{{e.Target, now}}
	for _, l := range t.later(e) {
		i := slices.IndexFunc(lost, func(c change) bool { return l.Base.Equal(c.was) })
		if i >= 0 && l.Unsent() && l.Undoes == "" {
			target, widened := l.Target, l.Widens()
			l.Edit = l.OnBase(lost[i].now)
			if t.saveEntry(l); l.Widens() && !widened { // which nobody has agreed to
				t.move(l, putOnHold, widenedByBase)
			}
			if !l.Target.Equal(target) {
				lost = append(lost, change{target, l.Target})
			}
		}
	}
}

// rebaseNew gives a new base to an edit that enters the outbox: an edit that it was planned
// upon may have left since, or have another target by now.
func (t *tx) rebaseNew(e model.Edit) model.Edit {
	for _, upon := range slices.Backward(e.Earlier) {
		if !e.Base.Equal(upon.Target) {
			continue
		}
		if result, ok := t.resultOf(upon.ID); ok {
			return e.OnBase(result)
		}
		e = e.OnBase(upon.Base)
	}
	return e
}

// resultOf returns the value that an edit sets, or has set; ok is false if it never will.
func (t *tx) resultOf(id string) (v model.Value, ok bool) {
	if e, ok := t.entry(id); ok {
		return e.Target, e.Sent || e.State.Shown()
	}
	ok = t.row("SELECT after FROM journal WHERE id = ?", id).scan(fromJSON{&v})
	return v, ok
}

// Creation is what is recorded about a create from its first sending on, so that the
// conversation it may have made is recognized and never made twice.
type Creation struct {
	// Known and Sure are what model.Creator.Newest returned right before the first sending.
	Known []string `json:"known"`
	Sure  bool     `json:"sure"`
	Made  string   `json:"made,omitempty"` // the id that the service answered
}

// UnmarshalJSON also reads the format of earlier versions: a list of the ids of cached
// conversations, which doesn't prove what the service held.
func (c *Creation) UnmarshalJSON(b []byte) error {
	type plain Creation
	*c = Creation{}
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, &c.Known)
	}
	return json.Unmarshal(b, (*plain)(c))
}

// Creation reads what is recorded about a create.
func (s *Store) Creation(ctx context.Context, id string) (Creation, error) {
	return read(ctx, s, "read the outbox", func(t *tx) (c Creation) {
		if !t.row("SELECT known FROM outbox WHERE id = ?", id).scan(fromJSON{&c}) {
			t.fail(sql.ErrNoRows)
		}
		return c
	})
}

// KeepCreation replaces what is recorded about a create.
func (s *Store) KeepCreation(ctx context.Context, id string, c Creation) error {
	return s.change(ctx, "note a create", func(t *tx) {
		t.exec("UPDATE outbox SET known = CAST(? AS TEXT) WHERE id = ?", t.json(c), id)
	})
}

// SentCreate is Sent for a create; it also records c. ok is false while another create of
// the same title is on its way after its request left: if both answers were lost, nobody
// could tell which create made the conversation that is found. It is false, too, if the
// create has left the outbox because its account was forgotten.
func (s *Store) SentCreate(ctx context.Context, e model.OutboxEntry, c Creation) (ok bool, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) {
		_, ok = t.entry(e.ID)
		ok = ok && (e.Sent || !slices.ContainsFunc(t.rivals(e), func(r Rival) bool { return r.State.Waiting() }))
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

// Rivals returns the creates that may have made the conversation that e looks for.
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

// CreatedBy returns the id of the create in the journal that made a conversation, or "".
func (s *Store) CreatedBy(ctx context.Context, r model.Ref) (string, error) {
	id, _, err := one(ctx, s, "read the journal", column[string],
		"SELECT id FROM journal WHERE account = ? AND conv = ? AND json_extract(edit, '$.kind') = ? LIMIT 1",
		r.Account, r.ID, model.EditCreate)
	return id, err
}

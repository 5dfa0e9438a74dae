package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"confab/model"
)

// Sent notes, before writes leave, that they may have left, and returns which
// of the claimed edits to send: one that was taken back meanwhile is given up
// instead.
func (s *Store) Sent(ctx context.Context, ids []string) (send []string, err error) {
	err = s.tx(ctx, func(t *tx) error {
		send = nil
		for _, id := range ids {
			e, ok, err := t.entry(id)
			if err != nil {
				return err
			}
			if ok {
				if ok, err = t.takenBack(e); err != nil {
					return err
				}
			}
			if ok {
				continue
			}
			t.exec("UPDATE outbox SET sent = 1 WHERE id = ?", id)
			send = append(send, id)
		}
		return nil
	})
	return send, localError("note a sending", err)
}

// Park puts a claimed edit back with a state and why. next is when a retry is
// due. theirs is what the service showed, for conflicts and failed checks.
// unsent takes back the note of Sent: the request certainly changed nothing.
// Nothing of an account that was set aside meanwhile goes on by itself.
func (s *Store) Park(ctx context.Context, id string, state model.EditState, cause *model.EntryError, theirs *model.Value, next time.Time, unsent bool) error {
	err := s.tx(ctx, func(t *tx) error {
		var errRaw, theirsRaw []byte
		if cause != nil {
			errRaw, _ = json.Marshal(cause)
		}
		if theirs != nil {
			theirsRaw, _ = json.Marshal(theirs)
		}
		t.exec(`UPDATE outbox SET state = CASE WHEN orphaned = 1 AND ? THEN 'held' ELSE ? END, claim = '', error = ?, theirs = ?, next_try = ?,
  sent = CASE WHEN ? THEN 0 ELSE sent END WHERE id = ?`, state.Waiting(), state, errRaw, theirsRaw, ms(next), unsent, id)
		e, ok, err := t.entry(id)
		if err != nil || !ok {
			return err
		}
		// What may have been sent and is on its way is read again first.
		if !e.Sent || e.State.NeedsPerson() {
			if gone, err := t.takenBack(e); err != nil || gone {
				return err
			}
		}
		if !e.Sent && !e.State.Shown() { // what it wanted is not to come for now
			if err := t.rebase(e); err != nil {
				return err
			}
		}
		return t.reproject(e.Ref)
	})
	return localError("park an edit", err)
}

func (t *tx) reprojectEntry(id string) error {
	if t.err != nil {
		return t.err
	}
	var r model.Ref
	err := t.QueryRowContext(t.ctx, "SELECT account, conv FROM outbox WHERE id = ?", id).Scan(&r.Account, &r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.reproject(r)
}

// Settle ends an edit in one transaction: the new state of the server, the
// journal entry, and the outbox row's removal. after is nil where nothing new
// is known; gone makes a tombstone. Where another process has set the account
// aside meanwhile, the entry goes with it; of a forgotten one nothing is kept.
func (s *Store) Settle(ctx context.Context, e model.OutboxEntry, j model.JournalEntry, after *model.Conversation, gone bool) error {
	err := s.tx(ctx, func(t *tx) error {
		now, ok, err := t.entry(e.ID)
		if err != nil || !ok {
			return err
		}
		if account := now.Ref.Account; account != e.Ref.Account {
			e.Ref.Account, j.Ref.Account, after = account, account, nil
		}
		t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
		if err := t.journal(j); err != nil {
			return err
		}
		if j.State == model.OutcomeAlreadySet {
			if err := t.dropUndoing(e); err != nil {
				return err
			}
		}
		if after != nil {
			k, err := t.knownOne(after.Ref)
			if err != nil {
				return err
			}
			if _, err := t.save(k, *after, model.ReadRow, &e.Edit); err != nil {
				return err
			}
			t.checked([]int64{k.key}, nil)
			if err := t.reproject(after.Ref); err != nil {
				return err
			}
		}
		if gone {
			return t.bury(e.Ref)
		}
		return t.reproject(e.Ref)
	})
	return localError("settle an edit", err)
}

package store

import (
	"context"
	"database/sql"
	"time"

	"confab/model"
)

// claimed are the edits that a process is sending, sendings those of all.
const (
	claimed  = "state = 'sending' AND claim = :claim AND account = :account"
	sendings = "SELECT id, claim FROM outbox WHERE state = 'sending'"
)

// Sent notes, before writes leave, that they may have left, and returns which
// of the claimed edits to send: one that was taken back meanwhile is given up
// instead.
func (s *Store) Sent(ctx context.Context, ids []string) (send []string, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) error {
		send = nil
		for _, id := range ids {
			e, ok, err := t.entry(id)
			if err != nil {
				return err
			}
			if ok {
				if gone, err := t.takenBack(e); err != nil {
					return err
				} else if gone {
					continue
				}
				e.Sent = true
				t.saveEntry(e)
			}
			send = append(send, id)
		}
		return nil
	})
	return send, err
}

// Park puts a claimed edit back with a state and why. next is when a retry is
// due. theirs is what the service showed, for conflicts and failed checks.
// unsent takes back the note of Sent: the request certainly changed nothing.
// Nothing of an account that was set aside meanwhile goes on by itself.
func (s *Store) Park(ctx context.Context, id string, state model.EditState, cause *model.EntryError, theirs *model.Value, next time.Time, unsent bool) error {
	return s.change(ctx, "park an edit", func(t *tx) error {
		e, ok, err := t.entry(id)
		if err != nil || !ok {
			return err
		}
		e.State, e.Error, e.Theirs, e.NextTry, e.Sent = state, cause, theirs, next, e.Sent && !unsent
		if e.Orphaned && state.Waiting() {
			e.State = model.Held
		}
		t.saveEntry(e)
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
}

// Settle ends an edit in one transaction: the new state of the server, the
// journal entry, and the outbox row's removal. after is nil where nothing new
// is known; gone makes a tombstone. Where another process has set the account
// aside meanwhile, the entry goes with it; of a forgotten one nothing is kept.
func (s *Store) Settle(ctx context.Context, e model.OutboxEntry, j model.JournalEntry, after *model.Conversation, gone bool) error {
	return s.change(ctx, "settle an edit", func(t *tx) error {
		now, ok, err := t.entry(e.ID)
		if err != nil || !ok {
			return err
		}
		if account := now.Ref.Account; account != e.Ref.Account {
			e.Ref.Account, j.Ref.Account, after = account, account, nil
		}
		t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
		t.journal(j)
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
}

// Reground gives a claimed edit another base and target: what confab itself
// delivered meanwhile is what it is made on top of now.
func (s *Store) Reground(ctx context.Context, id string, base, target model.Value) error {
	return s.change(ctx, "compare an edit", func(t *tx) error {
		e, ok, err := t.entry(id)
		if err != nil || !ok {
			return err
		}
		e.Base, e.Target = base, target
		t.saveEntry(e)
		return t.reproject(e.Ref)
	})
}

// Release gives back what this process claimed of an account and is no longer
// sending: what became of it could not be recorded. Like after a kill, it is
// read before anything is repeated.
func (s *Store) Release(ctx context.Context, account string) error {
	ids, err := list(ctx, s.read, scanID, "SELECT id FROM outbox WHERE "+claimed, sql.Named("claim", s.owner.name), sql.Named("account", account))
	if err != nil || len(ids) == 0 {
		return localError("release claims", err)
	}
	return s.change(ctx, "release claims", func(t *tx) error { return t.release(ids) })
}

// release queues edits again that are not being sent any more.
func (t *tx) release(ids []string) error {
	for _, id := range ids {
		e, ok, err := t.entry(id)
		if err != nil {
			return err
		}
		if _, moved := t.move(e, stopSending, ""); !ok || !moved {
			continue
		}
		if err := t.reproject(e.Ref); err != nil {
			return err
		}
	}
	return t.err
}

// Recover gives back the edits that a dead process was sending. They are
// queued again, marked as sent: what became of them is read before anything
// is repeated. It returns their ids. What a dead process had not wholly put into
// the outbox leaves it.
func (s *Store) Recover(ctx context.Context) (ids []string, err error) {
	if err := s.leaveAbandoned(ctx); err != nil {
		return nil, localError("recover the outbox", err)
	}
	var others bool
	err = s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'sending' AND claim <> ?)",
		s.owner.name).Scan(&others)
	if err != nil || !others {
		return nil, localError("recover the outbox", err)
	}
	err = s.change(ctx, "recover the outbox", func(t *tx) error {
		ids = nil
		verdict := map[string]bool{}
		err := each(ctx, t, func(row scanner) error {
			var id, claim string
			if err := row.Scan(&id, &claim); err != nil {
				return err
			}
			alive, known := verdict[claim]
			if !known {
				alive = s.owner.alive(claim)
				verdict[claim] = alive
			}
			if !alive {
				ids = append(ids, id)
			}
			return nil
		}, sendings)
		if err != nil {
			return err
		}
		return t.release(ids)
	})
	return ids, err
}

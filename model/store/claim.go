package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"confab/model"
)

// Claim takes the due edits of one conversation of an account for this
// process and gives them in order; none means that nothing is due. only, if
// not nil, limits the claim to those ids. Edits of one field go in order: one
// is not due while an earlier one is on its way or held. An earlier one that
// waits for a decision stops nothing: what it wanted is not shown, so nothing
// new is made on top of it, and each edit is compared with a fresh read. Queued
// edits of one field that were never sent fold into the newest of them. An edit
// that widens is not due while any earlier edit of its submission on the
// conversation is in the outbox, whatever its state: they were meant together.
// Nothing of a submission is due before all of it is in the outbox.
func (s *Store) Claim(ctx context.Context, account string, only []string) ([]model.OutboxEntry, error) {
	if only != nil && !slices.IsSorted(only) {
		only = slices.Sorted(slices.Values(only))
	}
	if idle, err := s.idle(ctx, account, only); err != nil || idle {
		return nil, err
	}
	var out []model.OutboxEntry
	err := s.change(ctx, "claim edits", func(t *tx) error {
		out = nil
		if err := t.same(account); err != nil {
			return err
		}
		taken, folded, err := t.next(account, only)
		if err != nil || len(taken) == 0 {
			return err
		}
		for _, e := range folded {
			t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
			t.ended(e.Submission, "replaced")
		}
		for _, e := range taken {
			e, _ = t.move(e, beginSending, "")
			out = append(out, e)
		}
		// What was planned upon a replaced edit too. That which replaces it is being
		// sent and stays as it is.
		for _, e := range slices.Backward(folded) {
			if err := t.rebase(e); err != nil {
				return err
			}
		}
		return t.reproject(out[0].Ref)
	})
	return out, err
}

// idle reports whether a claim would find nothing: to look for that, nobody who
// wants to write is to wait.
func (s *Store) idle(ctx context.Context, account string, only []string) (idle bool, err error) {
	err = s.reading(ctx, "claim edits", func(t *tx) error {
		taken, _, err := t.next(account, only)
		idle = len(taken) == 0
		return err
	})
	return idle, err
}

// next returns the edits of the conversation that has the next due one, those to
// send and those that fold into them. What was tried least goes first, and of
// that what is oldest: a conversation that always fails and shuts the account
// for a while must not take every turn after it. The edits of each number of
// tries are walked by an index, past what is not wanted, up to the first
// conversation that has something to send; so the work does not grow with what
// waits behind it.
func (t *tx) next(account string, only []string) (taken, folded []model.OutboxEntry, err error) {
	first, last := "", "~" // ids are digits and letters
	if only != nil {
		if len(only) == 0 {
			return nil, nil, nil
		}
		first, last = only[0], only[len(only)-1]
	}
	entering, err := t.entering()
	if err != nil {
		return nil, nil, err
	}
	passed := map[string]bool{} // conversations with nothing to send now
	for attempts := int64(-1); ; {
		var level sql.NullInt64
		err := t.QueryRowContext(t.ctx, levels, sql.Named("account", account), sql.Named("attempts", attempts)).Scan(&level)
		if err != nil || !level.Valid {
			return nil, nil, err
		}
		attempts = level.Int64
		for after := first; ; {
			conv, id, err := t.candidate(account, attempts, after, last, only, passed)
			if err != nil {
				return nil, nil, err
			}
			if id == "" {
				break
			}
			after = id + "~"
			all, err := t.conversation(account, conv, id)
			if err != nil {
				return nil, nil, err
			}
			if free, err := t.free(id, all, only); err != nil || !free {
				if err != nil {
					return nil, nil, err
				}
				continue
			}
			if taken, folded = due(all, t.s.now(), only, entering); len(taken) > 0 {
				return taken, folded, nil
			}
			passed[conv] = conv != ""
		}
	}
}

// unblocked is the condition that an edit o waits for no earlier one of its
// conversation. Never-sent edits of one field fold, where both are among what
// is wanted: all that ids names, or everything where ids is NULL. Labels and
// attributes are sent as whole maps: while one key is being sent, no other is.
const unblocked = `
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND p.state IN ('queued', 'sending', 'retry', 'held')
    AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence' AND p.field NOT LIKE 'create:%')
    AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field
      AND (:ids IS NULL OR p.id IN (SELECT value FROM json_each(:ids)))))
  AND NOT (o.widens = 1 AND EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND +p.submission = o.submission)) -- the plus: by conversation, never by the index of a submission of 10,000
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))`

// The queries of a claim and of what is due next. Each reads the rows in the
// order of an index; the caller stops at the first that will do.
const (
	levels = "SELECT min(attempts) FROM outbox WHERE account = :account AND attempts > :attempts AND state IN ('queued', 'retry')"

	candidates = `SELECT o.conv, o.id FROM outbox o WHERE o.account = :account AND o.attempts = :attempts
  AND o.id BETWEEN :first AND :last AND o.state IN ('queued', 'retry') AND (o.state = 'queued' OR o.next_try <= :now)
  AND o.submission NOT IN (SELECT submission FROM entering)` + unblocked + " ORDER BY o.id"

	queuedFirst = `SELECT 0 FROM outbox o WHERE o.account = :account AND o.state IN ('queued', 'retry') AND o.state = 'queued'` +
		unblocked + " ORDER BY o.attempts, o.id LIMIT 1"

	retriedFirst = "SELECT o.next_try FROM outbox o WHERE o.account = :account AND o.state = 'retry'" + unblocked +
		" ORDER BY o.next_try LIMIT 1"

	waitingSince = "SELECT id FROM outbox WHERE state IN ('queued', 'retry') AND created < :before ORDER BY created"

	retried = "SELECT id FROM outbox WHERE account = :account AND state = 'retry' AND next_try > 0 ORDER BY next_try"
)

// candidate returns the first edit of an account that was tried so often, has an
// id in a range, and is wanted, and its conversation; "" where there is none.
func (t *tx) candidate(account string, attempts int64, first, last string, only []string, passed map[string]bool) (
	conv, id string, err error) {
	err = each(t.ctx, t, func(row scanner) error {
		var c, i string
		if err := row.Scan(&c, &i); err != nil || passed[c] || !wanted(only, i) {
			return err
		}
		conv, id = c, i
		return errEnough
	}, candidates, sql.Named("account", account), sql.Named("attempts", attempts),
		sql.Named("first", first), sql.Named("last", last), sql.Named("now", ms(t.s.now())), sql.Named("ids", nil))
	return conv, id, err
}

// free reports whether one of the edits of a conversation waits for none of the
// others, where only some are wanted.
func (t *tx) free(id string, all []model.OutboxEntry, only []string) (free bool, err error) {
	if only == nil {
		return true, nil
	}
	ids := []string{}
	for _, e := range all {
		if wanted(only, e.ID) {
			ids = append(ids, e.ID)
		}
	}
	err = t.QueryRowContext(t.ctx, "SELECT EXISTS (SELECT 1 FROM outbox o WHERE o.id = :id"+unblocked+")",
		sql.Named("id", id), sql.Named("ids", asList(ids))).Scan(&free)
	return free, err
}

// wanted reports whether an id is in a sorted list; nil wants everything.
func wanted(only []string, id string) bool {
	if only == nil {
		return true
	}
	_, ok := slices.BinarySearch(only, id)
	return ok
}

// conversation returns the outbox entries of a conversation, or the entry of a
// create.
func (t *tx) conversation(account, conv, id string) ([]model.OutboxEntry, error) {
	if conv == "" {
		return list(t.ctx, t, scanEntry, entryByID, id)
	}
	return list(t.ctx, t, scanEntry, "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? ORDER BY id", account, conv)
}

// due picks, of the edits of one conversation in order, those that may be
// sent now, and folds runs of never-sent edits of the same field. An edit that
// others of its submission wait for is not folded: they wait for it, not for
// the one that would take its place. One that widens and waits for others of its
// submission folds into a later edit that, made on what the service has now,
// widens nothing: what was asked for last needs none of what they wait for.
func due(all []model.OutboxEntry, now time.Time, only []string, entering map[string]bool) (taken, folded []model.OutboxEntry) {
	blocked := map[string]bool{}   // fields that wait for an earlier edit
	open := map[string]int{}       // field → index in taken of a never-sent edit
	earlier := map[string]bool{}   // submissions that have an edit before this one
	awaited := map[string]string{} // submission → id of its last edit that waits for the others
	for _, e := range all {
		if e.Widens() {
			awaited[e.Submission] = e.ID
		}
	}
	// An edit that was not made on top of the other would silently drop what
	// that one did; it is compared with what that one leaves.
	folds := func(old, e model.OutboxEntry) bool {
		return old.Kind == e.Kind && e.Base.Equal(old.Target) && awaited[old.Submission] <= old.ID
	}
	maps := map[model.EditKind]bool{} // whole maps of which a key is being sent
	for _, e := range all {
		if e.State == model.Sending && e.Key != "" {
			maps[e.Kind] = true
		}
	}
	held := map[string]model.OutboxEntry{} // field → the edit that alone blocks it, and waits for others of its submission
	waiting := false                       // something of the conversation comes before
	for _, e := range all {
		meant := e.Widens() && earlier[e.Submission]
		earlier[e.Submission] = true
		if e.State.NeedsPerson() && e.State != model.Held {
			continue
		}
		f := field(e.Edit)
		ready := e.State == model.Queued || e.State == model.RetryAt && !e.NextTry.After(now)
		if maps[e.Kind] || entering[e.Submission] || !wanted(only, e.ID) {
			ready = false
		}
		fresh := e.State == model.Queued && !e.Sent && e.Kind != model.EditCreate
		if h, ok := held[f]; ok && ready && fresh && folds(h, e) {
			if over := withBase(e.Edit, h.Base); !over.Widens() {
				folded = append(folded, h)
				e.Edit, meant, blocked[f] = over, false, false
			}
		}
		delete(held, f)
		if ready && meant && fresh && !blocked[f] && !blocked["existence"] {
			held[f] = e
		}
		ready = ready && !meant
		if f == "existence" && waiting {
			ready = false // whatever came before goes first, and alone
		}
		waiting = true
		if blocked["existence"] || blocked[f] || !ready {
			blocked[f] = true
			continue
		}
		if at, ok := open[f]; ok && fresh && folds(taken[at], e) {
			folded = append(folded, taken[at])
			e.Edit = withBase(e.Edit, taken[at].Base)
			taken[at] = e
			continue
		} else if ok {
			blocked[f] = true
			continue
		}
		taken = append(taken, e)
		if fresh {
			open[f] = len(taken) - 1
		} else {
			blocked[f] = true
		}
		if f == "existence" {
			blocked["existence"] = true
		}
	}
	return taken, folded
}

func withBase(e model.Edit, base model.Value) model.Edit {
	e.Base = base
	return e
}

// blockerOf finds the edit that an edit o waits for: an earlier one, or one that
// is being sent.
const blockerOf = `SELECT p.id FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND (p.id < o.id
    AND (p.state IN ('sending', 'retry', 'held', 'queued') AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence')
      OR o.widens = 1 AND +p.submission = o.submission)
  OR p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))
  ORDER BY p.id LIMIT 1`

// The joins are crossed so that each id is looked up by its key, however many
// SQLite takes them for.
const blockersOf = `WITH waits AS MATERIALIZED (SELECT o.id AS waiting, (` + blockerOf + `) AS blocker
  FROM json_each(?) AS wanted CROSS JOIN outbox o ON o.id = wanted.value WHERE o.field NOT LIKE 'create:%')
SELECT waits.waiting, ` + entryColumns + " FROM waits CROSS JOIN outbox ON outbox.id = waits.blocker"

// Blockers returns, for those of some edits that wait for another one, which: an
// earlier one, or one that is being sent.
func (s *Store) Blockers(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	out := map[string]model.OutboxEntry{}
	err := each(ctx, s.read, func(row scanner) error {
		var id string
		e, err := scanEntry(led{row, &id})
		out[id] = e
		return err
	}, blockersOf, asList(ids))
	return out, localError("read the outbox", err)
}

// led scans a row that begins with another column.
type led struct {
	row   scanner
	first any
}

func (l led) Scan(dest ...any) error { return l.row.Scan(append([]any{l.first}, dest...)...) }

// HoldOld holds the edits that have waited since before a moment, and gives
// how many there are now held.
func (s *Store) HoldOld(ctx context.Context, before time.Time) (int, error) {
	ids, err := list(ctx, s.read, scanID, waitingSince, sql.Named("before", ms(before)))
	if err != nil {
		return 0, localError("hold old edits", err)
	}
	n := 0
	err = s.slices(ctx, len(ids), func(t *tx, i int) error {
		e, err := scanEntry(t.QueryRowContext(ctx, entryByID+" AND created < ?", ids[i], ms(before)))
		if ok, err := found(err); err != nil || !ok {
			return err
		}
		if _, moved := t.move(e, putOnHold, ""); !moved {
			return t.err
		}
		n++
		return t.reproject(e.Ref)
	})
	return n, localError("hold old edits", err)
}

// NextDue returns when the next edit of an account is due that waits for no
// earlier one; ok is false where there is none.
func (s *Store) NextDue(ctx context.Context, account string) (at time.Time, ok bool, err error) {
	for _, first := range []string{queuedFirst, retriedFirst} {
		var n int64
		err := s.read.QueryRowContext(ctx, first, sql.Named("account", account), sql.Named("ids", nil)).Scan(&n)
		if !errors.Is(err, sql.ErrNoRows) {
			return fromMS(n), err == nil, localError("read the outbox", err)
		}
	}
	return at, false, nil
}

// Hasten makes every edit of an account due that waits for its next try, and
// returns the ids of all that are on their way by themselves and not being
// sent.
func (s *Store) Hasten(ctx context.Context, account string) ([]string, error) {
	waiting, err := list(ctx, s.read, scanID, retried, sql.Named("account", account))
	if err == nil {
		err = s.slices(ctx, len(waiting), func(t *tx, i int) error {
			return t.exec("UPDATE outbox SET next_try = 0 WHERE id = ? AND state = 'retry'", waiting[i])
		})
	}
	if err != nil {
		return nil, localError("read the outbox", err)
	}
	ids, err := list(ctx, s.read, scanID, "SELECT id FROM outbox WHERE account = ? AND state IN ('queued', 'retry') ORDER BY id", account)
	return ids, localError("read the outbox", err)
}

// Wake makes the edits due that wait because their service could not be
// reached, did not take the credential, or none could be had.
func (s *Store) Wake(ctx context.Context, account string) error {
	return s.change(ctx, "wake", func(t *tx) error {
		return t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry' AND json_extract(error, '$.kind') IN (?, ?, ?)",
			account, model.Unavailable, model.Unauthorized, model.NoCredential)
	})
}

// claimed are the edits that a process is sending, sendings those of all.
const (
	claimed  = "state = 'sending' AND claim = :claim AND account = :account"
	sendings = "SELECT id, claim FROM outbox WHERE state = 'sending'"
)

// Release gives back what this process claimed of an account and is no longer
// sending: what became of it could not be recorded. Like after a kill, it is
// read before anything is repeated.
func (s *Store) Release(ctx context.Context, account string) error {
	ids, err := list(ctx, s.read, scanID, "SELECT id FROM outbox WHERE "+claimed,
		sql.Named("claim", s.owner.name), sql.Named("account", account))
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

package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"confab/model"
)

// Claim takes the due edits of one conversation of an account for this process and
// returns them in order. only, if not nil, limits the claim to those ids.
//
// Edits of one field go in order: one is not due while an earlier one is on its way or
// held. An earlier one that waits for a decision stops nothing, since what it wanted is
// not shown and nothing is made on top of it. Queued edits of one field that were never
// sent fold into the newest. An edit that widens is not due while any earlier edit of its
// submission on the conversation is in the outbox: they were meant together. Nothing of a
// submission is due before all of it is in the outbox.
func (s *Store) Claim(ctx context.Context, account string, only []string) (out []model.OutboxEntry, err error) {
	const op = "claim edits"
	if only != nil && !slices.IsSorted(only) {
		only = slices.Sorted(slices.Values(only))
	}
	// Looking for nothing must not hold up a writer.
	idle, err := read(ctx, s, op, func(t *tx) bool {
		t.sameVersion()
		taken, _ := t.next(account, only)
		return len(taken) == 0
	})
	if err != nil || idle {
		return nil, err
	}
	err = s.change(ctx, op, func(t *tx) {
		t.sameIdentity(account)
		taken, folded := t.next(account, only)
		for _, e := range folded {
			t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
			t.countEnded(e.Submission, "replaced")
		}
		for _, e := range taken {
			e, _ = t.move(e, beginSending, "")
			out = append(out, e)
		}
		// Edits may be planned upon a replaced one too.
		for _, e := range slices.Backward(folded) {
			t.rebase(e)
		}
		if len(out) > 0 {
			t.reproject(out[0].Ref)
		}
	})
	return out, err
}

// next returns the edits of the conversation that has the next due one, those to
// send and those that fold into them. What was tried least goes first, then the oldest: a
// conversation that always fails must not take every turn. The edits of each number of
// tries are walked by an index up to the first that can be sent, so the work does not
// grow with what waits behind it.
func (t *tx) next(account string, only []string) (taken, folded []model.OutboxEntry) {
	first, last := "", "~" // ids are digits and letters
	if only != nil {
		if len(only) == 0 {
			return nil, nil
		}
		first, last = only[0], only[len(only)-1]
	}
	moving := t.moving()
	passed := map[string]bool{} // conversations with nothing to send now
	for attempts := int64(-1); ; {
		var level sql.NullInt64
		t.row(levels, sql.Named("account", account), sql.Named("attempts", attempts)).scan(&level)
		if !level.Valid {
			return nil, nil
		}
		attempts = level.Int64
		for r := range t.rows(candidates, sql.Named("account", account), sql.Named("attempts", attempts),
			sql.Named("first", first), sql.Named("last", last), sql.Named("now", ms(t.s.now()))) {
			ref, id := model.Ref{Account: account}, ""
			if r.scan(&ref.ID, &id); passed[ref.ID] || !wanted(only, id) {
				continue
			}
			all := t.conversation(ref)
			if ref.ID == "" { // creates wait for nothing
				all = t.outbox("id = ?", id)
			}
			if taken, folded = due(all, t.s.now(), only, moving); len(taken) > 0 {
				return taken, folded
			}
			passed[ref.ID] = ref.ID != ""
		}
	}
}

// blocks is the condition that an edit o waits for an edit p. Labels and attributes are
// sent as whole maps: while one key is being sent, no other is. The plus keeps it off the
// index of a submission of 10,000.
const blocks = `p.account = o.account AND p.conv = o.conv AND (p.id < o.id
    AND (p.state IN ('sending', 'retry', 'held', 'queued') AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence')
      OR o.widens = 1 AND +p.submission = o.submission)
  OR p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))`

// unblocked is the condition that an edit o waits for none: never-sent edits of one field
// fold.
const unblocked = " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE " + blocks + `
  AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field
    AND NOT (o.widens = 1 AND +p.submission = o.submission)))`

// Each of these reads in the order of an index; the caller stops at the first that will do.
const (
	levels = "SELECT min(attempts) FROM outbox WHERE account = :account AND attempts > :attempts AND state IN ('queued', 'retry')"

	candidates = `SELECT o.conv, o.id FROM outbox o WHERE o.account = :account AND o.attempts = :attempts
  AND o.id BETWEEN :first AND :last AND o.state IN ('queued', 'retry') AND (o.state = 'queued' OR o.next_try <= :now)
  AND o.submission NOT IN (SELECT submission FROM entering)` + unblocked + " ORDER BY o.id"

	queuedFirst = `SELECT 0 FROM outbox o WHERE o.account = :account AND o.state IN ('queued', 'retry') AND o.state = 'queued'` +
		unblocked + " ORDER BY o.attempts, o.id LIMIT 1"

	retriedFirst = "SELECT o.next_try FROM outbox o WHERE o.account = :account AND o.state = 'retry'" + unblocked +
		" ORDER BY o.next_try LIMIT 1"

	waitingSince = "SELECT id FROM outbox WHERE state IN ('queued', 'retry') AND created < ? ORDER BY created"

	retried = "SELECT id FROM outbox WHERE account = ? AND state = 'retry' AND next_try > 0 ORDER BY next_try"

	// Crossed, so that each id is looked up by its key, however many SQLite takes them for.
	blockersOf = "SELECT o.id, coalesce((SELECT p.id FROM outbox p WHERE " + blocks + ` ORDER BY p.id LIMIT 1), '')
  FROM json_each(?) AS wanted CROSS JOIN outbox o ON o.id = wanted.value WHERE o.field NOT LIKE 'create:%'`
)

// wanted reports whether an id is in a sorted list; nil is every id.
func wanted(only []string, id string) bool {
	_, found := slices.BinarySearch(only, id)
	return only == nil || found
}

// due picks, of the edits of one conversation in order, those that may be sent now, and
// folds runs of never-sent edits of the same field. An edit that others of its submission
// wait for is not folded: they wait for it, not for what would take its place. One that
// widens and waits for others of its submission folds into a later edit that, made on
// what the service has now, widens nothing.
func due(all []model.OutboxEntry, now time.Time, only []string, moving map[string]bool) (taken, folded []model.OutboxEntry) {
	blocked := map[string]bool{}           // fields that wait for an earlier edit
	open := map[string]int{}               // field → index in taken of a never-sent edit
	earlier := map[string]bool{}           // submissions that have an edit before this one
	awaited := map[string]string{}         // submission → id of its last edit that waits for the others
	maps := map[model.EditKind]bool{}      // whole maps of which a key is being sent
	held := map[string]model.OutboxEntry{} // field → the edit that alone blocks it, and waits for others of its submission
	waiting := false                       // something of the conversation comes before
	for _, e := range all {
		if e.Widens() {
			awaited[e.Submission] = e.ID
		}
		if e.State == model.Sending && e.Key != "" {
			maps[e.Kind] = true
		}
	}
	// An edit that was not made on top of the other would silently drop what that one did.
	folds := func(old, e model.OutboxEntry) bool {
		return old.Kind == e.Kind && e.Base.Equal(old.Target) && awaited[old.Submission] <= old.ID
	}
	for _, e := range all {
		meant := e.Widens() && earlier[e.Submission]
		earlier[e.Submission] = true
		if e.State.NeedsPerson() && e.State != model.Held {
			continue
		}
		f := field(e.Edit)
		ready := (e.State == model.Queued || e.State == model.RetryAt && !e.NextTry.After(now)) &&
			!maps[e.Kind] && !moving[e.Submission] && wanted(only, e.ID)
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
		// Whatever came before an end goes first, and alone.
		ready = ready && !meant && (f != "existence" || !waiting)
		waiting = true
		if blocked["existence"] || blocked[f] || !ready {
			blocked[f] = true
			continue
		}
		if at, ok := open[f]; ok {
			if blocked[f] = !fresh || !folds(taken[at], e); !blocked[f] {
				folded = append(folded, taken[at])
				e.Edit = withBase(e.Edit, taken[at].Base)
				taken[at] = e
			}
			continue
		}
		taken = append(taken, e)
		if fresh {
			open[f] = len(taken) - 1
		}
		blocked[f] = !fresh || f == "existence"
	}
	return taken, folded
}

func withBase(e model.Edit, base model.Value) model.Edit {
	e.Base = base
	return e
}

// Blockers returns which edit each of some edits waits for, of those that wait for one.
func (s *Store) Blockers(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	return read(ctx, s, "read the outbox", func(t *tx) map[string]model.OutboxEntry {
		out := map[string]model.OutboxEntry{}
		for r := range t.rows(blockersOf, asList(ids)) {
			var id, blocker string
			if r.scan(&id, &blocker); blocker != "" {
				out[id], _ = t.entry(blocker)
			}
		}
		return out
	})
}

// undecidedOn lists the conversations on which an edit waits behind one that needs
// a person, found by the submissions that count such edits.
const undecidedOn = `SELECT p.account, p.conv FROM submission s CROSS JOIN outbox p ON p.submission = s.id AND p.urgency < 2
WHERE s.waiting + s.person > 0 AND s.person > 0 AND p.conv <> ''
  AND EXISTS (SELECT 1 FROM outbox o WHERE o.account = p.account AND o.conv = p.conv AND o.id > p.id AND o.state IN ('queued', 'retry'))`

// Undecided counts by account the edits that are on their way, but that nothing
// moves before a person has decided about an earlier edit.
func (s *Store) Undecided(ctx context.Context) (map[string]int, error) {
	return read(ctx, s, "read the outbox", (*tx).undecided)
}

func (t *tx) undecided() map[string]int {
	out, counted := map[string]int{}, map[model.Ref]bool{}
	for r := range t.rows(undecidedOn) {
		var ref model.Ref
		if r.scan(&ref.Account, &ref.ID); counted[ref] {
			continue
		}
		counted[ref] = true
		if n := unmoved(t.conversation(ref)); n > 0 {
			out[ref.Account] += n
		}
	}
	return out
}

// unmoved counts the edits of a conversation that still wait when all that can be sent is
// delivered.
func unmoved(all []model.OutboxEntry) (n int) {
	inTheEnd := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	delivered := map[string]bool{}
	left := func() []model.OutboxEntry {
		all = slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return e.State == model.Sending || delivered[e.ID] })
		return all
	}
	for taken, folded := due(left(), inTheEnd, nil, nil); len(taken) > 0; taken, folded = due(left(), inTheEnd, nil, nil) {
		for _, e := range append(taken, folded...) {
			delivered[e.ID] = true
		}
	}
	for _, e := range all {
		if e.State.Waiting() {
			n++
		}
	}
	return n
}

// HoldOld holds the edits that have waited since before a moment, and counts them.
func (s *Store) HoldOld(ctx context.Context, before time.Time) (n int, err error) {
	const op = "hold old edits"
	ids, err := all(ctx, s, op, column[string], waitingSince, ms(before))
	if err != nil {
		return 0, err
	}
	err = inSlices(ctx, s, op, ids, func(t *tx, id string) {
		e, _ := scanEntry(t.row(entryByID+" AND created < ?", id, ms(before)))
		if _, moved := t.move(e, putOnHold, ""); moved {
			n++
			t.reproject(e.Ref)
		}
	})
	return n, err
}

// NextDue returns when the next edit of an account is due that waits for no
// earlier one; ok is false where there is none.
func (s *Store) NextDue(ctx context.Context, account string) (at time.Time, ok bool, err error) {
	at, err = read(ctx, s, "read the outbox", func(t *tx) (at time.Time) {
		for _, first := range []string{queuedFirst, retriedFirst} {
			ok = ok || t.row(first, sql.Named("account", account)).scan(fromMS{&at})
		}
		return at
	})
	return at, ok, err
}

// Hasten makes every edit of an account due that waits for its next try, and returns the
// ids of all that are queued or retried.
func (s *Store) Hasten(ctx context.Context, account string) ([]string, error) {
	const op = "read the outbox"
	waiting, err := all(ctx, s, op, column[string], retried, account)
	if err == nil {
		err = inSlices(ctx, s, op, waiting, func(t *tx, id string) {
			t.exec("UPDATE outbox SET next_try = 0 WHERE id = ? AND state = 'retry'", id)
		})
	}
	if err != nil {
		return nil, err
	}
	return all(ctx, s, op, column[string], "SELECT id FROM outbox WHERE account = ? AND state IN ('queued', 'retry') ORDER BY id", account)
}

// Wake makes the edits due that wait because their service could not be
// reached, did not take the credential, or none could be had.
func (s *Store) Wake(ctx context.Context, account string) error {
	return s.change(ctx, "wake", func(t *tx) {
		t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry' AND json_extract(error, '$.kind') IN (?, ?, ?)",
			account, model.Unavailable, model.Unauthorized, model.NoCredential)
	})
}

const sendings = "SELECT id, claim FROM outbox WHERE state = 'sending'"

// Release gives back what this process claimed of an account and is no longer sending, as
// Recover does after a kill.
func (s *Store) Release(ctx context.Context, account string) error {
	all := func(string) bool { return true }
	_, err := s.release(ctx, "release claims", all, sendings+" AND claim = ? AND account = ?", s.owner.name, account)
	return err
}

// Recover queues the edits again that a dead process was sending, marked as sent: what
// became of them is read before anything is repeated. It returns their ids. What a dead
// process had not wholly put into the outbox leaves it.
func (s *Store) Recover(ctx context.Context) (ids []string, err error) {
	const op = "recover the outbox"
	if err := s.endAbandoned(ctx, op); err != nil {
		return nil, err
	}
	dead := map[string]bool{}
	return s.release(ctx, op, func(claim string) bool {
		if _, asked := dead[claim]; !asked {
			dead[claim] = !s.owner.alive(claim)
		}
		return dead[claim]
	}, sendings+" AND claim <> ?", s.owner.name)
}

// release queues again those of some edits that were being sent under claims that are
// over, and returns their ids.
func (s *Store) release(ctx context.Context, op string, over func(claim string) bool, query string, args ...any) (ids []string, err error) {
	some, err := read(ctx, s, op, func(t *tx) bool { return t.exists(query, args...) })
	if err != nil || !some {
		return nil, err
	}
	err = s.change(ctx, op, func(t *tx) {
		for r := range t.rows(query, args...) {
			var id, claim string
			if r.scan(&id, &claim); over(claim) {
				ids = append(ids, id)
			}
		}
		for _, id := range ids {
			e, _ := t.entry(id)
			if _, moved := t.move(e, stopSending, ""); moved {
				t.reproject(e.Ref)
			}
		}
	})
	return ids, err
}

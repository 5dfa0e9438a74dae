package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"confab/model"
)

// Claim claims the due edits of one conversation of an account for this process and returns
// them in order. only, if not nil, limits the claim to those ids.
//
// Edits of one field go in order: an edit is not due while an earlier one is on its way or
// held. An earlier edit that waits for another decision doesn't delay it, since rows don't
// show it and nothing is planned upon it. Queued edits of one field that were never sent
// fold into the newest. An edit that widens is not due while any earlier edit of its
// submission on the conversation is in the outbox: they were meant together. No edit of a
// submission is due before all of them are in the outbox.
func (s *Store) Claim(ctx context.Context, account string, only []string) (out []model.OutboxEntry, err error) {
	const op = "claim edits"
	if only != nil && !slices.IsSorted(only) {
		only = slices.Sorted(slices.Values(only))
	}
	// Finding nothing must not make a writer wait.
	idle, err := read(ctx, s, op, func(t *tx) bool {
		t.checkWritable()
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
		// Edits may be planned upon a replaced edit, too.
		for _, e := range slices.Backward(folded) {
			t.rebase(e, e.Base)
		}
		if len(out) > 0 {
			t.reproject(out[0].Ref)
		}
	})
	return out, err
}

// next returns the edits of the conversation with the next due edit: those to send, and
// those that fold into them. The edit with the fewest attempts goes first, then the oldest,
// so that a conversation that always fails doesn't take every turn. An index yields the
// edits of each number of attempts up to the first that can be sent, so the work doesn't
// grow with the number of edits behind it.
func (t *tx) next(account string, only []string) (taken, folded []model.OutboxEntry) {
	first, last := "", "~" // ids are digits and letters
	if only != nil {
		if len(only) == 0 {
			return nil, nil
		}
		first, last = only[0], only[len(only)-1]
	}
	moving := t.moving()
	passed := map[string]bool{} // conversations without an edit to send now
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
			if ref.ID == "" { // a create waits for no other edit
				all = t.outbox("id = ?", id)
			}
			if taken, folded = due(all, t.s.now(), only, moving); len(taken) > 0 {
				return taken, folded
			}
			passed[ref.ID] = ref.ID != ""
		}
	}
}

// blocks is the condition that edit o waits for edit p. Labels and attributes are sent as
// whole maps, so only one key of a map is sent at a time. The unary plus keeps SQLite off
// the index of submissions, which may have 10,000 edits.
const blocks = `p.account = o.account AND p.conv = o.conv AND (p.id < o.id
    AND (p.state IN ('sending', 'retry', 'held', 'queued') AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence')
      OR o.widens = 1 AND +p.submission = o.submission)
  OR p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))`

// unblocked is the condition that edit o waits for no other edit. Never-sent edits of one
// field don't wait for each other, since they fold.
const unblocked = " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE " + blocks + `
  AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field
    AND NOT (o.widens = 1 AND +p.submission = o.submission)))`

// Each of these queries reads in the order of an index, so that the caller can stop early.
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

	// The cross join looks each id up by its key, however many ids SQLite expects.
	blockersOf = "SELECT o.id, coalesce((SELECT p.id FROM outbox p WHERE " + blocks + ` ORDER BY p.id LIMIT 1), '')
  FROM json_each(?) AS wanted CROSS JOIN outbox o ON o.id = wanted.value WHERE o.field NOT LIKE 'create:%'`
)

// wanted reports whether an id is in a sorted list; a nil list contains every id.
func wanted(only []string, id string) bool {
	_, found := slices.BinarySearch(only, id)
	return only == nil || found
}

// due returns the edits of one conversation, given in order, that may be sent now, and
// those that fold into them: runs of never-sent edits of the same field. An edit that
// others of its submission wait for is not folded, since they would not wait for the edit
// that replaces it. An edit that widens and waits for others of its submission folds into a
// later edit that, based on what the service has now, widens nothing.
func due(all []model.OutboxEntry, now time.Time, only []string, moving map[string]bool) (taken, folded []model.OutboxEntry) {
	blocked := map[string]bool{}           // fields with an earlier edit that must go first
	open := map[string]int{}               // field → index in taken of a never-sent edit
	earlier := map[string]bool{}           // submissions with an edit before this one
	awaited := map[string]string{}         // its last edit that widens, which waits for the others
	maps := map[model.EditKind]bool{}      // kinds sent as whole maps of which a key is being sent
	held := map[string]model.OutboxEntry{} // an edit that waits only for others of its submission
	waiting := false                       // an earlier edit of the conversation is in the outbox
	for _, e := range all {
		if e.Widens() {
			awaited[e.Submission] = e.ID
		}
		if e.State == model.Sending && e.Key != "" {
			maps[e.Kind] = true
		}
	}
	// An edit that was not based on the other would silently drop what the other one
	// changes.
	folds := func(old, e model.OutboxEntry) bool {
		return e.Base.Equal(old.Target) && awaited[old.Submission] <= old.ID
	}
	for _, e := range all {
		waitsForOthers := e.Widens() && earlier[e.Submission]
		earlier[e.Submission] = true
		if e.State.NeedsPerson() && e.State != model.Held {
			continue
		}
		f := field(e.Edit)
		ready := (e.State == model.Queued || e.State == model.RetryAt && !e.NextTry.After(now)) &&
			!maps[e.Kind] && !moving[e.Submission] && wanted(only, e.ID)
		fresh := e.State == model.Queued && !e.Sent
		if h, ok := held[f]; ok && ready && fresh && folds(h, e) {
			over := e.Edit
			if over.Base = h.Base; !over.Widens() {
				folded = append(folded, h)
				e.Edit, waitsForOthers, blocked[f] = over, false, false
			}
		}
		delete(held, f)
		if ready && waitsForOthers && fresh && !blocked[f] && !blocked["existence"] {
			held[f] = e
		}
		// Earlier edits go before an archive or delete, which is then sent alone.
		ready = ready && !waitsForOthers && (f != "existence" || !waiting)
		waiting = true
		if blocked["existence"] || blocked[f] || !ready {
			blocked[f] = true
			continue
		}
		if at, ok := open[f]; ok {
			if blocked[f] = !fresh || !folds(taken[at], e); !blocked[f] {
				folded = append(folded, taken[at])
				e.Base = taken[at].Base
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

// Blockers returns, for those of the edits that wait for another edit, that other edit.
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

// undecidedOn selects the conversations on which an edit waits behind one that needs a
// person. It finds them by the counters of submissions.
const undecidedOn = `SELECT p.account, p.conv FROM submission s CROSS JOIN outbox p ON p.submission = s.id AND p.urgency < 2
WHERE s.waiting + s.person > 0 AND s.person > 0 AND p.conv <> ''
  AND EXISTS (SELECT 1 FROM outbox o WHERE o.account = p.account AND o.conv = p.conv AND o.id > p.id AND o.state IN ('queued', 'retry'))`

// Undecided counts, by account, the edits on their way that will not be sent before a
// person has decided about an earlier edit.
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

// unmoved counts the edits of a conversation that still wait after everything that can be
// sent has been delivered.
func unmoved(all []model.OutboxEntry) (n int) {
	inTheEnd := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	over := map[string]bool{}
	for more := true; more; {
		all = slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return e.State == model.Sending || over[e.ID] })
		taken, folded := due(all, inTheEnd, nil, nil)
		for _, e := range append(taken, folded...) {
			over[e.ID] = true
		}
		more = len(taken) > 0
	}
	for _, e := range all {
		if e.State.Waiting() {
			n++
		}
	}
	return n
}

// HoldOld holds the edits that have waited since before a moment, and returns their number.
func (s *Store) HoldOld(ctx context.Context, before time.Time) (n int, err error) {
	const op = "hold old edits"
	ids, err := all(ctx, s, op, column[string], waitingSince, ms(before))
	if err != nil {
		return 0, err
	}
	err = inSlices(ctx, s, op, ids, func(t *tx, id string) {
		e, _ := scanEntry(t.row(entryByID+" AND created < ?", id, ms(before)))
		if _, moved := t.move(e, putOnHold, model.HeldMeans); moved {
			n++
			t.reproject(e.Ref)
		}
	})
	return n, err
}

// NextDue returns when the next edit of an account is due that no earlier edit blocks; ok
// is false if there is none.
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
// ids of all edits that are queued or retried, in order.
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

// Wake makes the edits of an account due that wait because their service could not be
// reached, rejected the credential, or no credential was to be had.
func (s *Store) Wake(ctx context.Context, account string) error {
	return s.change(ctx, "wake", func(t *tx) {
		t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry' AND json_extract(error, '$.kind') IN (?, ?, ?)",
			account, model.Unavailable, model.Unauthorized, model.NoCredential)
	})
}

const sendings = "SELECT id, claim FROM outbox WHERE state = 'sending'"

// Release queues again what this process has claimed of an account and no longer sends, as
// Recover does for dead processes.
func (s *Store) Release(ctx context.Context, account string) error {
	all := func(string) bool { return true }
	_, err := s.release(ctx, "release claims", all, sendings+" AND claim = ? AND account = ?", s.owner.name, account)
	return err
}

// Recover queues the edits again that a dead process was sending, and returns their ids.
// They stay marked as sent, so the service is read before anything is repeated. Submissions
// that a dead process had put only partly into the outbox are removed.
func (s *Store) Recover(ctx context.Context) (ids []string, err error) {
	const op = "recover the outbox"
	if err := s.endAbandoned(ctx, op); err != nil {
		return nil, err
	}
	dead := func(claim string) bool { return !s.owner.alive(claim) }
	return s.release(ctx, op, dead, sendings+" AND claim <> ?", s.owner.name)
}

// release queues again the edits that a query selects whose claims are over, and returns
// their ids.
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

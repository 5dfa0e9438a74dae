package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
func (s *Store) Claim(ctx context.Context, account string, only []string) ([]model.OutboxEntry, error) {
	var out []model.OutboxEntry
	err := s.tx(ctx, func(t *tx) error {
		out = nil
		if err := t.same(account); err != nil {
			return err
		}
		var skip []string
		for {
			all, err := t.nextConversation(account, only, skip)
			if err != nil || len(all) == 0 {
				return err
			}
			taken, folded := due(all, s.now(), only)
			if len(taken) == 0 {
				skip = append(skip, all[0].Ref.ID)
				continue
			}
			for _, e := range taken {
				if err := t.rewrite(e.Edit); err != nil {
					return err
				}
				t.exec("UPDATE outbox SET state = 'sending', claim = ?, next_try = 0, attempts = attempts + 1 WHERE id = ?", s.owner.name, e.ID)
				e.State = model.Sending
				e.Attempts++
				out = append(out, e)
			}
			for _, e := range folded {
				t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
				t.ended(e.Submission, "replaced")
				if err := t.rebase(e); err != nil {
					return err
				}
			}
			return t.reproject(out[0].Ref)
		}
	})
	return out, localError("claim edits", err)
}

// unblocked is the condition that an edit o waits for no earlier one of its
// conversation. ?4 says that all edits are wanted, else only those of wanted:
// never-sent edits of one field that are wanted together fold. Labels and
// attributes are sent as whole maps: while one key is being sent, no other is.
const unblocked = `
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND p.state IN ('queued', 'sending', 'retry', 'held')
    AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence' AND p.field NOT LIKE 'create:%')
    AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field AND (?4 OR p.id IN wanted)))
  AND NOT (o.widens = 1 AND EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND +p.submission = o.submission)) -- the plus: by conversation, never by the index of a submission of 10,000
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))`

// nextConversation returns the outbox entries of the conversation that has the
// next due edit, or the entry of a create; none where nothing is due. What was
// tried least goes first: a conversation that always fails and shuts the
// account for a while must not take every turn after it. skip names
// conversations to leave out.
func (t *tx) nextConversation(account string, only, skip []string) ([]model.OutboxEntry, error) {
	// The ids are one value, since a bulk edit may name more than SQLite takes variables.
	wanted, err := json.Marshal(only)
	if err != nil {
		return nil, err
	}
	skipped, err := json.Marshal(append([]string{}, skip...))
	if err != nil {
		return nil, err
	}
	var conv, first string
	err = t.QueryRowContext(t.ctx, `
WITH wanted AS (SELECT value FROM json_each(?3))
SELECT o.conv, o.id FROM outbox o
WHERE o.account = ?1 AND (o.state = 'queued' OR o.state = 'retry' AND o.next_try <= ?2) AND (?4 OR o.id IN wanted)
  AND o.conv NOT IN (SELECT value FROM json_each(?5))`+unblocked+`
ORDER BY o.attempts, o.id LIMIT 1`, account, ms(t.s.now()), string(wanted), only == nil, string(skipped)).Scan(&conv, &first)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	query, args := "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? ORDER BY id", []any{account, conv}
	if conv == "" {
		query, args = "SELECT "+entryColumns+" FROM outbox WHERE id = ?", []any{first}
	}
	rows, err := t.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return scanEntries(rows)
}

// due picks, of the edits of one conversation in order, those that may be
// sent now, and folds runs of never-sent edits of the same field. An edit that
// others of its submission wait for is not folded: they wait for it, not for
// the one that would take its place.
func due(all []model.OutboxEntry, now time.Time, only []string) (taken, folded []model.OutboxEntry) {
	wanted := map[string]bool{}
	for _, id := range only {
		wanted[id] = true
	}
	blocked := map[string]bool{}   // fields that wait for an earlier edit
	open := map[string]int{}       // field → index in taken of a never-sent edit
	earlier := map[string]bool{}   // submissions that have an edit before this one
	awaited := map[string]string{} // submission → id of its last edit that waits for the others
	for _, e := range all {
		if e.Widens() {
			awaited[e.Submission] = e.ID
		}
	}
	maps := map[model.EditKind]bool{} // whole maps of which a key is being sent
	for _, e := range all {
		if e.State == model.Sending && e.Key != "" {
			maps[e.Kind] = true
		}
	}
	waiting := false // something of the conversation comes before
	for _, e := range all {
		meant := e.Widens() && earlier[e.Submission]
		earlier[e.Submission] = true
		if e.State.NeedsPerson() && e.State != model.Held {
			continue
		}
		f := field(e.Edit)
		ready := e.State == model.Queued || e.State == model.RetryAt && !e.NextTry.After(now)
		if only != nil && !wanted[e.ID] {
			ready = false
		}
		if meant || maps[e.Kind] {
			ready = false
		}
		if f == "existence" && waiting {
			ready = false // whatever came before goes first, and alone
		}
		waiting = true
		if blocked["existence"] || blocked[f] || !ready {
			blocked[f] = true
			continue
		}
		fresh := e.State == model.Queued && !e.Sent && e.Kind != model.EditCreate
		// An edit that was not made on top of the other would silently drop what
		// that one did; it is compared with what that one leaves.
		if at, ok := open[f]; ok && fresh && taken[at].Kind == e.Kind && e.Base.Equal(taken[at].Target) && awaited[taken[at].Submission] <= taken[at].ID {
			folded = append(folded, taken[at])
			e.Base = taken[at].Base
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

// wholeMap is the pattern of the fields that are sent together with one, "" for
// a field that is sent by itself.
func wholeMap(e model.Edit) string {
	if e.Key == "" {
		return ""
	}
	return string(e.Kind) + ":%"
}

// Blocker returns the edit that one waits for, an earlier one or one that is
// being sent; ok is false where it waits for none.
func (s *Store) Blocker(ctx context.Context, e model.OutboxEntry) (b model.OutboxEntry, ok bool, err error) {
	if e.Kind == model.EditCreate {
		return b, false, nil
	}
	b, err = scanEntry(s.read.QueryRowContext(ctx, "SELECT "+entryColumns+` FROM outbox WHERE account = ?1 AND conv = ?2 AND (id < ?3
  AND (state IN ('sending', 'retry', 'held', 'queued') AND (field = ?4 OR field = 'existence' OR ?4 = 'existence') OR ?5 AND submission = ?6)
  OR id <> ?3 AND state = 'sending' AND ?7 <> '' AND field LIKE ?7) ORDER BY id LIMIT 1`,
		e.Ref.Account, e.Ref.ID, e.ID, field(e.Edit), e.Widens(), e.Submission, wholeMap(e.Edit)))
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, localError("read the outbox", err)
}

// HoldOld holds the edits that have waited since before a moment, and gives
// how many there are now held.
func (s *Store) HoldOld(ctx context.Context, before time.Time) (int, error) {
	const old = "SELECT id FROM outbox WHERE state IN ('queued', 'retry') AND created < ?"
	var due bool
	if err := s.read.QueryRowContext(ctx, "SELECT EXISTS ("+old+")", ms(before)).Scan(&due); err != nil || !due {
		return 0, localError("hold old edits", err)
	}
	n := 0
	err := s.tx(ctx, func(t *tx) error {
		rows, err := t.QueryContext(ctx, old, ms(before))
		if err != nil {
			return err
		}
		var ids []string
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return err
			}
			ids = append(ids, id)
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
		for _, id := range ids {
			t.exec("UPDATE outbox SET state = 'held' WHERE id = ?", id)
			if err := t.reprojectEntry(id); err != nil {
				return err
			}
		}
		n = len(ids)
		return nil
	})
	return n, localError("hold old edits", err)
}

// NextDue returns when the next edit of an account is due that waits for no
// earlier one; ok is false where there is none.
func (s *Store) NextDue(ctx context.Context, account string) (at time.Time, ok bool, err error) {
	var n sql.NullInt64
	err = s.read.QueryRowContext(ctx, `
WITH wanted AS (SELECT '' WHERE ?3)
SELECT min(CASE WHEN o.state = 'queued' THEN ?2 ELSE o.next_try END) FROM outbox o
WHERE o.account = ?1 AND o.state IN ('queued', 'retry')`+unblocked, account, 0, false, true).Scan(&n)
	if err != nil || !n.Valid {
		return at, false, localError("read the outbox", err)
	}
	return fromMS(n.Int64), true, nil
}

// Hasten makes every edit of an account due that waits for its next try, and
// returns the ids of all that are on their way by themselves and not being
// sent.
func (s *Store) Hasten(ctx context.Context, account string) (ids []string, err error) {
	err = s.tx(ctx, func(t *tx) error {
		ids = nil
		t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry'", account)
		rows, err := t.QueryContext(ctx, "SELECT id FROM outbox WHERE account = ? AND state IN ('queued', 'retry') ORDER BY id", account)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, localError("read the outbox", err)
}

// Wake makes the edits due that wait because their service could not be
// reached, did not take the credential, or none could be had.
func (s *Store) Wake(ctx context.Context, account string) error {
	return localError("wake", s.tx(ctx, func(t *tx) error {
		return t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry' AND json_extract(error, '$.kind') IN (?, ?, ?)",
			account, model.Unavailable, model.Unauthorized, model.NoCredential)
	}))
}

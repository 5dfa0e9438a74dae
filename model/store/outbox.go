package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sort"
	"time"

	"confab/model"
	"confab/model/query"
)

// Entry is an edit to enqueue, with the title to show beside it.
type Entry struct {
	Edit  model.Edit
	Title string
}

// Enqueue puts edits into the outbox, all or none; they are on disk when it
// returns. Ids are given where they are missing, or where an edit of the same
// conversation waits already whose id is not lower: ids are the order of
// sending, whatever the clock did meanwhile. They are returned in order.
func (s *Store) Enqueue(ctx context.Context, entries []Entry) ([]string, error) {
	ids := make([]string, len(entries))
	err := s.tx(ctx, func(t *tx) error {
		touched := map[model.Ref]bool{}
		accounts := map[string]bool{}
		for i := range entries {
			e := &entries[i].Edit
			if !accounts[e.Ref.Account] {
				accounts[e.Ref.Account] = true
				if err := t.same(e.Ref.Account); err != nil {
					return err
				}
			}
			var last string
			if e.Ref.ID != "" {
				st := t.prepared("SELECT coalesce(max(id), '') FROM outbox WHERE account = ? AND conv = ?")
				if t.err != nil {
					return t.err
				}
				if err := st.QueryRowContext(ctx, e.Ref.Account, e.Ref.ID).Scan(&last); err != nil {
					return err
				}
			}
			if e.ID == "" || e.ID <= last {
				passID(last)
				e.ID = NewID(s.now())
			}
			if e.Created.IsZero() {
				e.Created = s.now().UTC()
			}
			ids[i] = e.ID
			raw, err := json.Marshal(e)
			if err != nil {
				return err
			}
			st := t.prepared("INSERT INTO outbox (id, account, conv, field, batch, edit, title, state, created) VALUES (?,?,?,?,?,?,?,'queued',?)")
			if t.err != nil {
				return t.err
			}
			if _, err := st.ExecContext(ctx, e.ID, e.Ref.Account, e.Ref.ID, field(*e), e.Batch, raw, entries[i].Title, ms(e.Created)); err != nil {
				return err
			}
			touched[e.Ref] = true
		}
		for r := range touched {
			if err := t.reproject(r); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, localError("queue edits", err)
}

// field is Edit.Field made unique for creates, which never wait for each other.
func field(e model.Edit) string {
	if e.Kind == model.EditCreate {
		return "create:" + e.ID
	}
	return e.Field()
}

const entryColumns = "id, account, edit, title, state, attempts, sent, next_try, error, theirs, orphaned"

func scanEntry(rows interface{ Scan(...any) error }) (model.OutboxEntry, error) {
	var e model.OutboxEntry
	var raw, errRaw, theirs []byte
	var next int64
	var id, account string
	if err := rows.Scan(&id, &account, &raw, &e.Title, &e.State, &e.Attempts, &e.Sent, &next, &errRaw, &theirs, &e.Orphaned); err != nil {
		return e, err
	}
	if err := json.Unmarshal(raw, &e.Edit); err != nil {
		return e, err
	}
	e.ID, e.Ref.Account = id, account // rows set aside carry another account
	e.NextTry = fromMS(next)
	if errRaw != nil {
		e.Error = &model.EntryError{}
		if err := json.Unmarshal(errRaw, e.Error); err != nil {
			return e, err
		}
	}
	if theirs != nil {
		e.Theirs = &model.Value{}
		if err := json.Unmarshal(theirs, e.Theirs); err != nil {
			return e, err
		}
	}
	return e, nil
}

func scanEntries(rows *sql.Rows) ([]model.OutboxEntry, error) {
	defer rows.Close()
	var out []model.OutboxEntry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Outbox reads every edit that is not settled, oldest first.
func (s *Store) Outbox(ctx context.Context) ([]model.OutboxEntry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox ORDER BY id")
	if err != nil {
		return nil, localError("read the outbox", err)
	}
	out, err := scanEntries(rows)
	return out, localError("read the outbox", err)
}

// OutboxEntry reads one edit; ok is false where it is not in the outbox.
func (s *Store) OutboxEntry(ctx context.Context, id string) (e model.OutboxEntry, ok bool, err error) {
	e, err = scanEntry(s.read.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, localError("read the outbox", err)
}

// Claim takes the due edits of one conversation of an account for this
// process and gives them in order; none means that nothing is due. only, if
// not nil, limits the claim to those ids. Edits of one field go in order: one
// is not due while an earlier one is on its way or held. An earlier one that
// waits for a decision stops nothing: what it wanted is not shown, so nothing
// new is made on top of it, and each edit is compared with a fresh read. Queued
// edits of one field that were never sent fold into the newest of them.
func (s *Store) Claim(ctx context.Context, account string, only []string) ([]model.OutboxEntry, error) {
	var out []model.OutboxEntry
	err := s.tx(ctx, func(t *tx) error {
		out = nil
		if err := t.same(account); err != nil {
			return err
		}
		// What was tried least goes first: a conversation that always fails and
		// shuts the account for a while must not take every turn after it.
		// The ids are one value, since a bulk edit may name more than SQLite takes variables.
		list, err := json.Marshal(only)
		if err != nil {
			return err
		}
		var conv, first string
		err = t.QueryRowContext(ctx, `
WITH wanted AS (SELECT value FROM json_each(?3))
SELECT o.conv, o.id FROM outbox o
WHERE o.account = ?1 AND (o.state = 'queued' OR o.state = 'retry' AND o.next_try <= ?2) AND (?4 OR o.id IN wanted)
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND p.state IN ('queued', 'sending', 'retry', 'held')
    AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence' AND p.field NOT LIKE 'create:%')
    AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field AND (?4 OR p.id IN wanted)))
ORDER BY o.attempts, o.id LIMIT 1`, account, ms(s.now()), string(list), only == nil).Scan(&conv, &first)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var rows *sql.Rows
		if conv == "" {
			rows, err = t.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", first)
		} else {
			rows, err = t.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? ORDER BY id", account, conv)
		}
		if err != nil {
			return err
		}
		all, err := scanEntries(rows)
		if err != nil {
			return err
		}
		taken, folded := due(all, s.now(), only)
		for _, e := range taken {
			raw, err := json.Marshal(e.Edit)
			if err != nil {
				return err
			}
			t.exec("UPDATE outbox SET state = 'sending', claim = ?, edit = ?, next_try = 0, attempts = attempts + 1 WHERE id = ?", s.owner.name, raw, e.ID)
			e.State = model.Sending
			e.Attempts++
			out = append(out, e)
		}
		for _, id := range folded {
			t.exec("DELETE FROM outbox WHERE id = ?", id)
		}
		if len(out) > 0 {
			return t.reproject(out[0].Ref)
		}
		return nil
	})
	return out, localError("claim edits", err)
}

// due picks, of the edits of one conversation in order, those that may be
// sent now, and folds runs of never-sent edits of the same field.
func due(all []model.OutboxEntry, now time.Time, only []string) (taken []model.OutboxEntry, folded []string) {
	wanted := map[string]bool{}
	for _, id := range only {
		wanted[id] = true
	}
	blocked := map[string]bool{} // fields that wait for an earlier edit
	open := map[string]int{}     // field → index in taken of a never-sent edit
	waiting := false             // something of the conversation comes before
	for _, e := range all {
		if e.State.NeedsPerson() && e.State != model.Held {
			continue
		}
		f := field(e.Edit)
		ready := e.State == model.Queued || e.State == model.RetryAt && !e.NextTry.After(now)
		if only != nil && !wanted[e.ID] {
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
		if at, ok := open[f]; ok && fresh && taken[at].Kind == e.Kind && e.Base.Equal(taken[at].Target) {
			folded = append(folded, taken[at].ID)
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

// Sent notes, before a write leaves, that it may have left.
func (s *Store) Sent(ctx context.Context, ids []string) error {
	return localError("note a sending", s.tx(ctx, func(t *tx) error {
		for _, id := range ids {
			t.exec("UPDATE outbox SET sent = 1 WHERE id = ?", id)
		}
		return nil
	}))
}

// SentCreate is Sent for a create. The first time, it also notes which cached
// conversations have its title already: a look for what a lost create made
// must not take one of those.
func (s *Store) SentCreate(ctx context.Context, e model.OutboxEntry) error {
	return localError("note a sending", s.tx(ctx, func(t *tx) error {
		return t.exec(`UPDATE outbox SET sent = 1, known = CASE WHEN sent = 0 THEN
  (SELECT json_group_array(id) FROM conversation WHERE account = ?1 AND title = ?2) ELSE known END WHERE id = ?3`,
			e.Ref.Account, query.NewSubject(model.Row{Conversation: model.Conversation{Title: e.Target.New.Title}}).Title, e.ID)
	}))
}

// KnownBefore gives what SentCreate noted.
func (s *Store) KnownBefore(ctx context.Context, id string) ([]string, error) {
	var raw string
	var ids []string
	err := s.read.QueryRowContext(ctx, "SELECT known FROM outbox WHERE id = ?", id).Scan(&raw)
	if err == nil {
		err = json.Unmarshal([]byte(raw), &ids)
	}
	return ids, localError("read the outbox", err)
}

// Blocker gives the earlier edit that one waits for; ok is false where it
// waits for none.
func (s *Store) Blocker(ctx context.Context, e model.OutboxEntry) (b model.OutboxEntry, ok bool, err error) {
	if e.Kind == model.EditCreate {
		return b, false, nil
	}
	b, err = scanEntry(s.read.QueryRowContext(ctx, "SELECT "+entryColumns+` FROM outbox WHERE account = ? AND conv = ? AND id < ?
  AND state IN ('sending', 'retry', 'held', 'queued') AND (field = ? OR field = 'existence' OR ? = 'existence') ORDER BY id LIMIT 1`,
		e.Ref.Account, e.Ref.ID, e.ID, field(e.Edit), field(e.Edit)))
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, localError("read the outbox", err)
}

// Park puts a claimed edit back with a state and why. next is when a retry is
// due. theirs is what the service showed, for conflicts and failed checks.
// unsent takes back the note of Sent: the request certainly changed nothing.
func (s *Store) Park(ctx context.Context, id string, state model.EditState, cause *model.EntryError, theirs *model.Value, next time.Time, unsent bool) error {
	err := s.tx(ctx, func(t *tx) error {
		var errRaw, theirsRaw []byte
		if cause != nil {
			errRaw, _ = json.Marshal(cause)
		}
		if theirs != nil {
			theirsRaw, _ = json.Marshal(theirs)
		}
		t.exec("UPDATE outbox SET state = ?, claim = '', error = ?, theirs = ?, next_try = ?, sent = CASE WHEN ? THEN 0 ELSE sent END WHERE id = ?",
			state, errRaw, theirsRaw, ms(next), unsent, id)
		return t.reprojectEntry(id)
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
// is known; gone makes a tombstone.
func (s *Store) Settle(ctx context.Context, e model.OutboxEntry, j model.JournalEntry, after *model.Conversation, gone bool) error {
	err := s.tx(ctx, func(t *tx) error {
		t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
		if err := t.journal(j); err != nil {
			return err
		}
		if after != nil {
			key, _, err := t.save(*after, true)
			if err != nil {
				return err
			}
			t.checked([]int64{key}, nil)
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

// ErrClaimed is returned where an edit is being sent and cannot be changed.
var ErrClaimed = errors.New("the edit is being sent right now")

func errOrphaned(id string) error {
	return &model.Error{Kind: model.Invalid, Message: "edit " + id + " belongs to an account that the config now gives another identity; set the config back, or discard the edit"}
}

// Requeue sends waiting edits again now: failed, held and retrying ones. An
// edit of an account that was set aside is refused.
func (s *Store) Requeue(ctx context.Context, ids []string) error {
	return localError("retry", s.tx(ctx, func(t *tx) error {
		for _, id := range ids {
			var state model.EditState
			var orphaned bool
			err := t.QueryRowContext(ctx, "SELECT state, orphaned FROM outbox WHERE id = ?", id).Scan(&state, &orphaned)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
			case err != nil:
				return err
			case orphaned:
				return errOrphaned(id)
			case state == model.Sending:
				return &model.Error{Kind: model.Invalid, Message: ErrClaimed.Error(), Err: ErrClaimed}
			}
			t.exec("UPDATE outbox SET state = 'queued', next_try = 0, error = NULL, theirs = NULL, sent = CASE WHEN state IN ('unknown', 'retry', 'queued', 'held', 'refused') THEN sent ELSE 0 END, created = ? WHERE id = ?", ms(s.now()), id)
			if err := t.reprojectEntry(id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Discard removes edits from the outbox. One that is being sent is refused.
func (s *Store) Discard(ctx context.Context, ids []string) error {
	return localError("discard", s.tx(ctx, func(t *tx) error {
		for _, id := range ids {
			e, err := scanEntry(t.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", id))
			if errors.Is(err, sql.ErrNoRows) {
				return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
			}
			if err != nil {
				return err
			}
			if e.State == model.Sending {
				return &model.Error{Kind: model.Invalid, Message: ErrClaimed.Error(), Err: ErrClaimed}
			}
			if err := t.remove(e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// remove takes an edit out of the outbox. Edits of the same field that were
// made on top of it are made on top of what was there before it: their base
// would else be something that nobody ever had, and look like somebody else's
// change. What may have been sent stays a base.
func (t *tx) remove(e model.OutboxEntry) error {
	t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
	if t.err != nil || e.Sent || e.Kind == model.EditCreate {
		return errors.Join(t.err, t.reproject(e.Ref))
	}
	rows, err := t.QueryContext(t.ctx, "SELECT "+entryColumns+" FROM outbox WHERE account = ? AND conv = ? AND field = ? AND id > ? ORDER BY id",
		e.Ref.Account, e.Ref.ID, field(e.Edit), e.ID)
	if err != nil {
		return err
	}
	later, err := scanEntries(rows)
	if err != nil {
		return err
	}
	was, now := e.Target, e.Base
	for _, l := range later {
		if l.Sent || l.State == model.Sending || l.Kind != e.Kind || !l.Base.Equal(was) {
			break
		}
		was, l.Base = l.Target, now
		if e.Target.People != nil && l.Target.People != nil && now.People != nil {
			l.Target = model.PeopleValue(model.MergePeople(*e.Target.People, *l.Target.People, *now.People))
		}
		raw, err := json.Marshal(l.Edit)
		if err != nil {
			return err
		}
		t.exec("UPDATE outbox SET edit = ? WHERE id = ?", raw, l.ID)
		if l.Target.Equal(was) {
			break // what comes after stands on the same as before
		}
		e.Target, now = was, l.Target
	}
	return t.reproject(e.Ref)
}

// Withdraw removes those of the given edits that were never sent, and gives
// their ids; one that a worker took in the meantime stays.
func (s *Store) Withdraw(ctx context.Context, ids []string) (withdrawn []string, err error) {
	err = s.tx(ctx, func(t *tx) error {
		withdrawn = nil
		for _, id := range ids {
			e, err := scanEntry(t.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ? AND sent = 0 AND state <> 'sending'", id))
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			withdrawn = append(withdrawn, id)
			if err := t.remove(e); err != nil {
				return err
			}
		}
		return nil
	})
	return withdrawn, localError("withdraw", err)
}

// Rebase replaces an edit that waits for a person by one made from another
// base with another target, and queues it.
func (s *Store) Rebase(ctx context.Context, id string, base, target model.Value) error {
	return localError("resolve", s.tx(ctx, func(t *tx) error {
		e, err := scanEntry(t.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
		}
		if err != nil {
			return err
		}
		if e.Orphaned {
			return errOrphaned(id)
		}
		if !e.State.NeedsPerson() {
			return &model.Error{Kind: model.Invalid, Message: "edit " + id + " does not wait for a decision"}
		}
		e.Base, e.Target = base, target
		raw, err := json.Marshal(e.Edit)
		if err != nil {
			return err
		}
		t.exec("UPDATE outbox SET edit = ?, state = 'queued', sent = 0, next_try = 0, error = NULL, theirs = NULL, created = ? WHERE id = ?", raw, ms(s.now()), id)
		return t.reproject(e.Ref)
	}))
}

// HoldOld holds the edits that have waited since before a moment, and gives
// how many there are now held.
func (s *Store) HoldOld(ctx context.Context, before time.Time) (int, error) {
	n := 0
	err := s.tx(ctx, func(t *tx) error {
		rows, err := t.QueryContext(ctx, "SELECT id FROM outbox WHERE state IN ('queued', 'retry') AND created < ?", ms(before))
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

// NextDue gives when the next edit of an account is due; ok is false where
// none is waiting by itself.
func (s *Store) NextDue(ctx context.Context, account string) (at time.Time, ok bool, err error) {
	var n sql.NullInt64
	err = s.read.QueryRowContext(ctx, "SELECT min(CASE WHEN state = 'queued' THEN 0 ELSE next_try END) FROM outbox WHERE account = ? AND state IN ('queued', 'retry')",
		account).Scan(&n)
	if err != nil || !n.Valid {
		return at, false, localError("read the outbox", err)
	}
	return fromMS(n.Int64), true, nil
}

// Wake makes the edits due that wait because their service could not be
// reached or did not take the credential.
func (s *Store) Wake(ctx context.Context, account string) error {
	return localError("wake", s.tx(ctx, func(t *tx) error {
		return t.exec("UPDATE outbox SET next_try = 0 WHERE account = ? AND state = 'retry' AND json_extract(error, '$.kind') IN (?, ?)",
			account, model.Unavailable, model.Unauthorized)
	}))
}

// Batch gives the outbox entries and journal entries of one submission.
func (s *Store) Batch(ctx context.Context, batch string) ([]model.OutboxEntry, []model.JournalEntry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE batch = ? ORDER BY id", batch)
	if err != nil {
		return nil, nil, localError("read a submission", err)
	}
	waiting, err := scanEntries(rows)
	if err != nil {
		return nil, nil, localError("read a submission", err)
	}
	done, err := s.journalWhere(ctx, "batch = ?", batch)
	sort.Slice(done, func(i, j int) bool { return done[i].ID < done[j].ID })
	return waiting, done, err
}

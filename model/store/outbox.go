package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// put adds edits of a submission to the outbox and returns their ids; entries then holds them as
// they were added. Ids are the order of sending, so an edit gets a new id if it has none, or if
// its id is not above those that wait on its conversation, whatever the clock did meanwhile.
func (t *tx) put(submission string, entries []model.OutboxEntry) []string {
	ids, refs := make([]string, len(entries)), make([]model.Ref, len(entries))
	for i := range entries {
		e := &entries[i]
		e.Submission, e.State = submission, model.Queued
		if i == 0 || e.Ref.Account != refs[i-1].Account {
			t.sameIdentity(e.Ref.Account)
		}
		var last string
		if e.Ref.ID != "" {
			newest := t.row("SELECT coalesce(max(id), '') FROM outbox WHERE account = ? AND conv = ?", e.Ref.Account, e.Ref.ID)
			last, _ = column[string](newest)
		}
		if e.ID == "" || e.ID <= last {
			passID(last)
			e.ID = NewID(t.s.now())
		}
		if e.Created.IsZero() {
			e.Created = t.s.now().UTC()
		}
		ids[i], refs[i] = e.ID, e.Ref
		widened := e.Widens()
		e.Edit = t.rebaseNew(e.Edit)
		t.exec(`INSERT INTO outbox (id, account, conv, field, submission, widens, edit, title, state, created)
VALUES (?,?,?,?,?,?,?,?,?,?)`,
			e.ID, e.Ref.Account, e.Ref.ID, field(e.Edit), e.Submission, e.Widens(), t.json(e.Edit), e.Title, e.State, ms(e.Created))
		if e.Widens() && !widened {
			t.move(*e, putOnHold, widenedByBase)
		}
	}
	t.reproject(refs...)
	return ids
}

// field is Edit.Field made unique for creates, which never wait for each other.
func field(e model.Edit) string {
	if e.Kind == model.EditCreate {
		return "create:" + e.ID
	}
	return e.Field()
}

// entryColumns begins with the edit; the columns after it override its id, account and
// submission.
const entryColumns = "edit, id, account, submission, title, state, attempts, sent, next_try, error, theirs, orphaned"

const entryByID = "SELECT " + entryColumns + " FROM outbox WHERE id = ?"

func scanEntry(r row) (e model.OutboxEntry, ok bool) {
	ok = r.scan(fromJSON{&e.Edit}, &e.ID, &e.Ref.Account, &e.Submission, &e.Title, &e.State, &e.Attempts, &e.Sent, fromMS{&e.NextTry},
		fromJSONOrNull[model.EntryError]{&e.Error}, fromJSONOrNull[model.Value]{&e.Theirs}, &e.Orphaned)
	return e, ok
}

func (t *tx) entry(id string) (e model.OutboxEntry, ok bool) { return scanEntry(t.row(entryByID, id)) }

func (t *tx) outbox(where string, args ...any) []model.OutboxEntry {
	return list(t, scanEntry, "SELECT "+entryColumns+" FROM outbox WHERE "+where+" ORDER BY id", args...)
}

func (t *tx) conversation(ref model.Ref) []model.OutboxEntry {
	return t.outbox("account = ? AND conv = ?", ref.Account, ref.ID)
}

// later returns the edits of the same field that came after e.
func (t *tx) later(e model.OutboxEntry) []model.OutboxEntry {
	return t.outbox("account = ? AND conv = ? AND field = ? AND id > ?", e.Ref.Account, e.Ref.ID, field(e.Edit), e.ID)
}

// saveEntry updates an edit of the outbox. This process holds the claim while the state is
// "sending".
func (t *tx) saveEntry(e model.OutboxEntry) {
	edit := e.Edit
	edit.Ref.Account, _, _ = strings.Cut(edit.Ref.Account, asideMark)
	t.exec(`UPDATE outbox SET edit = ?, widens = ?, state = ?, attempts = ?, sent = ?, next_try = ?, error = ?, theirs = ?,
  claim = CASE ?3 WHEN state THEN claim WHEN 'sending' THEN ? ELSE '' END WHERE id = ?`,
		t.json(edit), e.Widens(), e.State, e.Attempts, e.Sent, ms(e.NextTry), t.json(e.Error), t.json(e.Theirs), t.s.owner.name, e.ID)
}

// A move brings an edit of the outbox from one of several states to another.
type move struct {
	from []model.EditState
	to   model.EditState
	also func(*model.OutboxEntry)
}

var (
	onItsWay   = []model.EditState{model.Queued, model.RetryAt}
	needPerson = []model.EditState{model.Held, model.InConflict, model.Refused, model.NotVerified, model.OutcomeNotKnown}
)

// Every move but the result of a sending, which Park records.
var (
	beginSending = move{onItsWay, model.Sending, func(e *model.OutboxEntry) { e.Attempts++ }}
	stopSending  = move{[]model.EditState{model.Sending}, model.Queued, nil}
	putOnHold    = move{onItsWay, model.Held, nil}
	// sendAgain sends an edit as it is. What may have been sent is read first.
	sendAgain = move{slices.Concat(onItsWay, needPerson), model.Queued, func(e *model.OutboxEntry) {
		e.Sent = e.Sent && e.State != model.InConflict && e.State != model.NotVerified
		e.Error, e.Theirs = nil, nil
	}}
	// sendAnew sends an edit with another base and target.
	sendAnew = move{needPerson, model.Queued, func(e *model.OutboxEntry) { e.Sent, e.Error, e.Theirs = false, nil, nil }}
)

const widenedByBase = "what it was made upon was given up, and now more people would see or change the conversation"

// move makes a move if the edit is in one of the states m.from. why is the reason that the
// user reads, "" to keep the present one.
func (t *tx) move(e model.OutboxEntry, m move, why string) (moved model.OutboxEntry, ok bool) {
	if t.err != nil || !slices.Contains(m.from, e.State) {
		return e, false
	}
	if m.also != nil {
		m.also(&e)
	}
	if why != "" {
		e.Error = &model.EntryError{Kind: model.ConflictKind, Message: why}
	}
	e.State, e.NextTry = m.to, time.Time{}
	t.saveEntry(e)
	return e, true
}

// remove deletes an edit that will not be sent any more.
func (t *tx) remove(e model.OutboxEntry) {
	t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
	t.rebase(e, e.Base)
	t.reproject(e.Ref)
}

// giveUp deletes an edit that somebody decided against, and counts it in a column of its
// submission. Edits of the submission that widen and waited for it are held for a person.
func (t *tx) giveUp(e model.OutboxEntry, column string) {
	for _, w := range t.outbox("account = ? AND conv = ? AND submission = ? AND widens = 1 AND id > ?",
		e.Ref.Account, e.Ref.ID, e.Submission, e.ID) {
		t.move(w, putOnHold, "it was submitted together with a change that was given up: "+model.FieldName(e.Kind))
	}
	t.countEnded(e.Submission, column)
	t.remove(e)
}

func (s *Store) outbox(ctx context.Context, where string, args ...any) ([]model.OutboxEntry, error) {
	return read(ctx, s, "read the outbox", func(t *tx) []model.OutboxEntry { return t.outbox(where, args...) })
}

// Outbox reads every edit that is not settled, oldest first.
func (s *Store) Outbox(ctx context.Context) ([]model.OutboxEntry, error) { return s.outbox(ctx, "1") }

// OutboxOf reads the edits of one conversation that are not settled, oldest first.
func (s *Store) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	return s.outbox(ctx, "account = ? AND conv = ?", ref.Account, ref.ID)
}

// OutboxEntry reads one edit; ok is false if it is not in the outbox.
func (s *Store) OutboxEntry(ctx context.Context, id string) (e model.OutboxEntry, ok bool, err error) {
	return one(ctx, s, "read the outbox", scanEntry, entryByID, id)
}

// OutboxEntries reads some edits, by id. Those that are not in the outbox are left out.
func (s *Store) OutboxEntries(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	found, err := s.outbox(ctx, "id IN (SELECT value FROM json_each(?))", asList(ids))
	out := make(map[string]model.OutboxEntry, len(found))
	for _, e := range found {
		out[e.ID] = e
	}
	return out, err
}

// refusal returns why a person can't decide about an edit now, or nil. again is set for
// decisions that would send the edit; an edit of an account that was set aside can always
// be given up.
func refusal(id string, e model.OutboxEntry, ok, again bool) error {
	switch {
	case !ok:
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	case again && e.Orphaned:
		return &model.Error{Kind: model.Invalid, Message: "edit " + id +
			" belongs to an account that the config now gives another identity; set the config back, or discard the edit"}
	case e.State == model.Sending:
		return &model.Error{Kind: model.Invalid, Message: "the edit is being sent right now"}
	}
	return nil
}

// decide calls f for edits of the outbox, unless a person can't decide about one of them.
func (s *Store) decide(ctx context.Context, op string, ids []string, again bool, f func(*tx, model.OutboxEntry)) error {
	found, err := s.OutboxEntries(ctx, ids)
	for _, id := range ids {
		e, ok := found[id]
		err = cmp.Or(err, refusal(id, e, ok, again))
	}
	if err != nil {
		return err
	}
	return inSlices(ctx, s, op, ids, func(t *tx, id string) {
		e, ok := t.entry(id)
		if t.fail(refusal(id, e, ok, again)); t.err == nil {
			f(t, e)
		}
	})
}

// restart queues an edit as if it had been submitted now.
func (t *tx) restart(e model.OutboxEntry, m move) {
	if _, ok := t.move(e, m, ""); !ok {
		t.fail(&model.Error{Kind: model.Invalid, Message: "edit " + e.ID + " does not wait for a decision"})
	}
	t.exec("UPDATE outbox SET created = ? WHERE id = ?", ms(t.s.now()), e.ID)
	t.reproject(e.Ref)
}

// Requeue queues failed, held and retrying edits to be sent now.
func (s *Store) Requeue(ctx context.Context, ids []string) error {
	return s.decide(ctx, "retry", ids, true, func(t *tx, e model.OutboxEntry) { t.restart(e, sendAgain) })
}

// Rebase gives an edit that waits for a person another base and target, and queues it.
func (s *Store) Rebase(ctx context.Context, id string, base, target model.Value) error {
	return s.decide(ctx, "resolve", []string{id}, true, func(t *tx, e model.OutboxEntry) {
		e.Base, e.Target = base, target
		t.restart(e, sendAnew)
	})
}

// Discard removes edits from the outbox. It refuses an edit that is being sent.
func (s *Store) Discard(ctx context.Context, ids []string) error {
	return s.decide(ctx, "discard", ids, false, func(t *tx, e model.OutboxEntry) {
		if !e.Sent { // an edit that may have been sent is still to be taken back
			t.dropUndoing(e)
		}
		t.giveUp(e, "discarded")
	})
}

// Withdraw removes those of the edits that were never sent, and returns their ids.
func (s *Store) Withdraw(ctx context.Context, ids []string) (withdrawn []string, err error) {
	err = inSlices(ctx, s, "withdraw", ids, func(t *tx, id string) {
		if e, ok := t.entry(id); ok && e.Unsent() {
			t.giveUp(e, "withdrawn")
			if t.err == nil {
				withdrawn = append(withdrawn, id)
			}
		}
	})
	return withdrawn, err
}

func (s *Store) update(ctx context.Context, op, id string, f func(*tx, model.OutboxEntry)) error {
	return s.change(ctx, op, func(t *tx) {
		if e, ok := t.entry(id); ok {
			f(t, e)
		}
	})
}

// Shows records what the service shows now for an edit that waits for a person.
func (s *Store) Shows(ctx context.Context, id string, theirs model.Value) error {
	return s.update(ctx, "keep what the service shows", id, func(t *tx, e model.OutboxEntry) {
		if e.State.NeedsPerson() {
			e.Theirs = &theirs
			t.saveEntry(e)
		}
	})
}

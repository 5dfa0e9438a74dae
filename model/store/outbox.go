package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// put enters edits of a submission into the outbox. One gets an id where it has none, or
// one that is not above those that wait on its conversation: ids are the order of sending,
// whatever the clock did meanwhile.
func (t *tx) put(submission string, entries []model.Titled) []string {
	ids, refs := make([]string, len(entries)), make([]model.Ref, len(entries))
	for i := range entries {
		e := &entries[i].Edit
		e.Submission = submission
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
		*e = t.rebaseNew(*e)
		t.exec(`INSERT INTO outbox (id, account, conv, field, submission, widens, edit, title, state, created)
VALUES (?,?,?,?,?,?,?,?,'queued',?)`,
			e.ID, e.Ref.Account, e.Ref.ID, field(*e), e.Submission, e.Widens(), t.json(e), entries[i].Title, ms(e.Created))
		if e.Widens() && !widened {
			t.move(model.OutboxEntry{Edit: *e, State: model.Queued}, putOnHold, widenedByBase)
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

// entryColumns begins with the edit: the columns after it say where it is now.
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

// later returns the edits of the same field that came after one.
func (t *tx) later(e model.OutboxEntry) []model.OutboxEntry {
	return t.outbox("account = ? AND conv = ? AND field = ? AND id > ?", e.Ref.Account, e.Ref.ID, field(e.Edit), e.ID)
}

// saveEntry writes an edit of the outbox. It is claimed by this process while its state is
// "sending".
func (t *tx) saveEntry(e model.OutboxEntry) {
	edit := e.Edit
	edit.Ref.Account, _, _ = strings.Cut(edit.Ref.Account, asideMark)
	t.exec(`UPDATE outbox SET edit = ?, widens = ?, state = ?, attempts = ?, sent = ?, next_try = ?, error = ?, theirs = ?,
  claim = CASE ?3 WHEN state THEN claim WHEN 'sending' THEN ? ELSE '' END WHERE id = ?`,
		t.json(edit), e.Widens(), e.State, e.Attempts, e.Sent, ms(e.NextTry), t.json(e.Error), t.json(e.Theirs), t.s.owner.name, e.ID)
}

// A move brings an edit of the outbox from one of some states to another.
type move struct {
	from []model.EditState
	to   model.EditState
	also func(*model.OutboxEntry)
}

var (
	onItsWay   = []model.EditState{model.Queued, model.RetryAt}
	needPerson = []model.EditState{model.Held, model.InConflict, model.Refused, model.NotVerified, model.OutcomeNotKnown}
)

// The moves, other than what became of a sending (see Park).
var (
	beginSending = move{onItsWay, model.Sending, func(e *model.OutboxEntry) { e.Attempts++ }}
	stopSending  = move{[]model.EditState{model.Sending}, model.Queued, nil}
	putOnHold    = move{onItsWay, model.Held, nil}
	// sendAgain lets a person send it as it is: what may have been sent is read first.
	sendAgain = move{slices.Concat(onItsWay, needPerson), model.Queued, func(e *model.OutboxEntry) {
		e.Sent = e.Sent && e.State != model.InConflict && e.State != model.NotVerified
		e.Error, e.Theirs = nil, nil
	}}
	// sendAnew is for an edit that was made anew.
	sendAnew = move{needPerson, model.Queued, func(e *model.OutboxEntry) { e.Sent, e.Error, e.Theirs = false, nil, nil }}
)

const widenedByBase = "what it was made upon was given up, and now more people would see or change the conversation"

// move makes a move, where the edit is in a state that it is from. why is what the person
// is told, "" for what was said before.
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

// remove takes an edit out that will not be sent any more. What may have been sent stays a
// base.
func (t *tx) remove(e model.OutboxEntry) {
	t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
	if !e.Sent {
		t.rebase(e)
	}
	t.reproject(e.Ref)
}

// giveUp takes an edit out that somebody decided against, and counts it in a column of
// its submission. Edits that widen and waited for it are held: a person decides anew.
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

// OutboxOf reads those of one conversation.
func (s *Store) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	return s.outbox(ctx, "account = ? AND conv = ?", ref.Account, ref.ID)
}

// OutboxEntry reads one edit; ok is false where it is not in the outbox.
func (s *Store) OutboxEntry(ctx context.Context, id string) (e model.OutboxEntry, ok bool, err error) {
	return one(ctx, s, "read the outbox", scanEntry, entryByID, id)
}

// OutboxEntries reads those of some edits that are in the outbox, by id.
func (s *Store) OutboxEntries(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	found, err := s.outbox(ctx, "id IN (SELECT value FROM json_each(?))", asList(ids))
	out := make(map[string]model.OutboxEntry, len(found))
	for _, e := range found {
		out[e.ID] = e
	}
	return out, err
}

// refusal says why a person can't decide about an edit now, nil where he can.
// Giving up what belongs to an account that was set aside is always possible.
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

// decide does something with edits of the outbox, unless one of them refuses.
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

// Requeue sends failed, held and retrying edits again now.
func (s *Store) Requeue(ctx context.Context, ids []string) error {
	return s.decide(ctx, "retry", ids, true, func(t *tx, e model.OutboxEntry) { t.restart(e, sendAgain) })
}

// Rebase replaces an edit that waits for a person by one made from another
// base with another target, and queues it.
func (s *Store) Rebase(ctx context.Context, id string, base, target model.Value) error {
	return s.decide(ctx, "resolve", []string{id}, true, func(t *tx, e model.OutboxEntry) {
		e.Base, e.Target = base, target
		t.restart(e, sendAnew)
	})
}

// Discard removes edits from the outbox. One that is being sent is refused.
func (s *Store) Discard(ctx context.Context, ids []string) error {
	return s.decide(ctx, "discard", ids, false, func(t *tx, e model.OutboxEntry) {
		if !e.Sent { // else it may stand on the service, and is still to be taken back
			t.dropUndoing(e)
		}
		t.giveUp(e, "discarded")
	})
}

// Withdraw removes those of the given edits that were never sent, and returns their ids.
func (s *Store) Withdraw(ctx context.Context, ids []string) (withdrawn []string, err error) {
	err = inSlices(ctx, s, "withdraw", ids, func(t *tx, id string) {
		if t.withdraw(id) {
			withdrawn = append(withdrawn, id)
		}
	})
	return withdrawn, err
}

func (t *tx) withdraw(id string) (ok bool) {
	e, ok := t.entry(id)
	if !ok || !unsent(e) {
		return false
	}
	t.giveUp(e, "withdrawn")
	return t.err == nil
}

func unsent(e model.OutboxEntry) bool { return !e.Sent && e.State != model.Sending }

// update does something with one edit of the outbox, if it is there.
func (s *Store) update(ctx context.Context, op, id string, f func(*tx, model.OutboxEntry)) error {
	return s.change(ctx, op, func(t *tx) {
		if e, ok := t.entry(id); ok {
			f(t, e)
		}
	})
}

// Shows keeps with an edit that waits for a person what the service shows now.
func (s *Store) Shows(ctx context.Context, id string, theirs model.Value) error {
	return s.update(ctx, "keep what the service shows", id, func(t *tx, e model.OutboxEntry) {
		if e.State.NeedsPerson() {
			e.Theirs = &theirs
			t.saveEntry(e)
		}
	})
}

// Fresh is a conversation as it was read right before a write, and what the reading can show to be empty.
type Fresh struct {
	Conversation model.Conversation
	Reading      model.Reading
}

// Sent notes, before writes leave, that they may have left, with the bases and targets that the edits have by now and
// what was read before. It returns which to send: one that was taken back meanwhile is given up instead.
func (s *Store) Sent(ctx context.Context, edits []model.OutboxEntry, fresh *Fresh) (send []model.OutboxEntry, err error) {
	err = s.change(ctx, "note a sending", func(t *tx) {
		if fresh != nil {
			t.saveAll(fresh.Conversation.Ref.Account, []model.Conversation{fresh.Conversation}, fresh.Reading, nil)
		}
		for _, claimed := range edits {
			if e, ok := t.entry(claimed.ID); ok {
				if t.takenBack(e) {
					continue
				}
				anew := !e.Base.Equal(claimed.Base) || !e.Target.Equal(claimed.Target)
				e.Base, e.Target, e.Sent = claimed.Base, claimed.Target, true
				if t.saveEntry(e); anew {
					t.reproject(e.Ref)
				}
			}
			send = append(send, claimed)
		}
	})
	return send, err
}

// Park puts a claimed edit back with a state and why. next is when a retry is due, theirs
// what the service showed. unsent takes back the note of Sent: the request certainly
// changed nothing. Nothing of an account that was set aside meanwhile goes on by itself.
func (s *Store) Park(ctx context.Context, id string, state model.EditState, cause *model.EntryError, theirs *model.Value,
	next time.Time, unsent bool) error {
	return s.update(ctx, "park an edit", id, func(t *tx, e model.OutboxEntry) {
		e.State, e.Error, e.Theirs, e.NextTry, e.Sent = state, cause, theirs, next, e.Sent && !unsent
		if e.Orphaned && state.Waiting() {
			e.State = model.Held
		}
		t.saveEntry(e)
		// What may have been sent and is on its way is read again first.
		if (!e.Sent || e.State.NeedsPerson()) && t.takenBack(e) {
			return
		}
		if !e.Sent && !e.State.Shown() { // what it wanted is not to come for now
			t.rebase(e)
		}
		t.reproject(e.Ref)
	})
}

// Settle ends an edit in one transaction: the new state of the server, the
// journal entry, and the outbox row's removal. after is nil where nothing new
// is known; gone makes a tombstone. Where another process has set the account
// aside meanwhile, the entry goes with it; of a forgotten one nothing is kept.
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
			if after.Ref != e.Ref { // that of a create
				t.reproject(after.Ref)
			}
		}
		t.reproject(e.Ref)
		if gone {
			t.bury(e.Ref)
		}
	})
}

// rebase gives the edits a new base that were planned upon one that will not be sent after
// all. Edits are planned on what is shown, with those on their way laid over it: their base
// would else be something that no service ever had, and look like somebody else's change.
func (t *tx) rebase(e model.OutboxEntry) {
	type change struct{ was, now model.Value }
	lost := []change{{e.Target, e.Base}}
	for _, l := range t.later(e) {
		i := slices.IndexFunc(lost, func(c change) bool { return l.Base.Equal(c.was) })
		if i >= 0 && unsent(l) && l.Kind == e.Kind && l.Undoes == "" {
			target, widened := l.Target, l.Widens()
			l.Edit = onBase(l.Edit, lost[i].now)
			if t.saveEntry(l); l.Widens() && !widened { // nobody has agreed to that
				t.move(l, putOnHold, widenedByBase)
			}
			if !l.Target.Equal(target) {
				lost = append(lost, change{target, l.Target})
			}
		}
		// What this one leaves is there from here on.
		lost = slices.DeleteFunc(lost, func(c change) bool { return c.was.Equal(l.Target) })
	}
}

// rebaseNew does so for an edit that enters: what it was planned upon may have left since,
// or have another target by now.
func (t *tx) rebaseNew(e model.Edit) model.Edit {
	for _, under := range slices.Backward(e.Upon) {
		if !e.Base.Equal(under.Target) {
			continue
		}
		if result, ok := t.resultOf(under.ID); ok {
			return onBase(e, result)
		}
		e = onBase(e, under.Base)
	}
	return e
}

// resultOf returns what an edit sets, or has set; ok is false where it never will.
func (t *tx) resultOf(id string) (v model.Value, ok bool) {
	if e, ok := t.entry(id); ok {
		return e.Target, e.Sent || e.State.Shown()
	}
	ok = t.row("SELECT after FROM journal WHERE id = ?", id).scan(fromJSON{&v})
	return v, ok
}

// onBase returns an edit made on another base. Of a set of people its changes are kept.
func onBase(e model.Edit, base model.Value) model.Edit {
	if e.Base.People != nil && e.Target.People != nil && base.People != nil {
		e.Target = model.PeopleValue(model.MergePeople(*e.Base.People, *e.Target.People, *base.People))
	}
	e.Base = base
	return e
}

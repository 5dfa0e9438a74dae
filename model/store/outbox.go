package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Entry is an edit to enqueue, with the title to show beside it.
type Entry struct {
	Edit  model.Edit
	Title string
}

// Enqueue puts the edits of a submission into the outbox, all or none; they are
// on disk when it returns. Ids are given where they are missing, or where an
// edit of the same conversation waits already whose id is not lower: ids are
// the order of sending, whatever the clock did meanwhile. They are returned in
// order.
func (s *Store) Enqueue(ctx context.Context, sub model.Submission, entries []Entry) (ids []string, err error) {
	if len(entries) > atOnce {
		ids, err = s.enqueueInSlices(ctx, sub, entries, func(*tx, Entry) error { return nil }, func(*tx) error { return nil })
		return ids, localError("queue edits", err)
	}
	err = s.change(ctx, "queue edits", func(t *tx) (err error) {
		ids, err = t.enqueue(sub, entries)
		return err
	})
	return ids, err
}

func (t *tx) enqueue(sub model.Submission, entries []Entry) ([]string, error) {
	sub.Edits = len(entries)
	if err := t.submit(sub); err != nil {
		return nil, err
	}
	return t.put(sub.ID, entries)
}

// put queues edits of a submission.
func (t *tx) put(submission string, entries []Entry) ([]string, error) {
	ids := make([]string, len(entries))
	touched := map[model.Ref]bool{}
	accounts := map[string]bool{}
	for i := range entries {
		e := &entries[i].Edit
		e.Submission = submission
		if !accounts[e.Ref.Account] {
			accounts[e.Ref.Account] = true
			if err := t.same(e.Ref.Account); err != nil {
				return nil, err
			}
		}
		var last string
		if e.Ref.ID != "" {
			err := t.QueryRowContext(t.ctx, "SELECT coalesce(max(id), '') FROM outbox WHERE account = ? AND conv = ?",
				e.Ref.Account, e.Ref.ID).Scan(&last)
			if err != nil {
				return nil, err
			}
		}
		if e.ID == "" || e.ID <= last {
			passID(last)
			e.ID = NewID(t.s.now())
		}
		if e.Created.IsZero() {
			e.Created = t.s.now().UTC()
		}
		ids[i] = e.ID
		widened := e.Widens()
		var err error
		if *e, err = t.ground(*e); err != nil {
			return nil, err
		}
		t.exec("INSERT INTO outbox (id, account, conv, field, submission, widens, edit, title, state, created) VALUES (?,?,?,?,?,?,?,?,'queued',?)",
			e.ID, e.Ref.Account, e.Ref.ID, field(*e), e.Submission, e.Widens(), t.json(e), entries[i].Title, ms(e.Created))
		if e.Widens() && !widened {
			t.move(model.OutboxEntry{Edit: *e, State: model.Queued}, putOnHold, widenedByBase)
		}
		touched[e.Ref] = true
	}
	return ids, t.reproject(slices.Collect(maps.Keys(touched))...)
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

func scanEntry(row scanner) (e model.OutboxEntry, err error) {
	var next int64
	err = row.Scan(fromJSON{&e.Edit}, &e.ID, &e.Ref.Account, &e.Submission, &e.Title, &e.State, &e.Attempts, &e.Sent, &next,
		fromJSONOrNull[model.EntryError]{&e.Error}, fromJSONOrNull[model.Value]{&e.Theirs}, &e.Orphaned)
	e.NextTry = fromMS(next)
	return e, err
}

// entry reads one edit of the outbox; ok is false where it is not there.
func (t *tx) entry(id string) (e model.OutboxEntry, ok bool, err error) {
	e, err = scanEntry(t.QueryRowContext(t.ctx, entryByID, id))
	ok, err = found(err)
	return e, ok, err
}

// saveEntry writes an edit of the outbox as it is now. It is claimed by this process
// from when its state is "sending" until it no longer is.
func (t *tx) saveEntry(e model.OutboxEntry) error {
	edit := e.Edit
	edit.Ref.Account, _, _ = strings.Cut(edit.Ref.Account, asideMark)
	return t.exec(`UPDATE outbox SET edit = ?, widens = ?, state = ?, attempts = ?, sent = ?, next_try = ?, error = ?, theirs = ?,
  claim = CASE ?3 WHEN state THEN claim WHEN 'sending' THEN ? ELSE '' END WHERE id = ?`,
		t.json(edit), e.Widens(), e.State, e.Attempts, e.Sent, ms(e.NextTry), t.json(e.Error), t.json(e.Theirs), t.s.owner.name, e.ID)
}

// A move brings an edit of the outbox from one of some states to another.
type move struct {
	from []model.EditState
	to   model.EditState
	also func(*model.OutboxEntry)
}

var onItsWay = []model.EditState{model.Queued, model.RetryAt}

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

var needPerson = []model.EditState{model.Held, model.InConflict, model.Refused, model.NotVerified, model.OutcomeNotKnown}

// Why an edit is held that nobody has asked to hold.
const widenedByBase = "what it was made upon was given up, and now more people would see or change the conversation"

// move makes a move of an edit, where it is in one of the states that this is from;
// why is what a person is told of it, "" for what he was told before.
func (t *tx) move(e model.OutboxEntry, m move, why string) (moved model.OutboxEntry, ok bool) {
	if !slices.Contains(m.from, e.State) {
		return e, false
	}
	if m.also != nil {
		m.also(&e)
	}
	if why != "" {
		e.Error = &model.EntryError{Kind: model.ConflictKind, Message: why}
	}
	e.State, e.NextTry = m.to, time.Time{}
	return e, t.saveEntry(e) == nil
}

// holdCompanions holds the edits that were waiting for one that is given up:
// they widen what it was to narrow, so a person decides about them anew.
func (t *tx) holdCompanions(e model.OutboxEntry) error {
	waiting, err := list(t.ctx, t, scanEntry, "SELECT "+entryColumns+` FROM outbox WHERE account = ? AND conv = ? AND submission = ? AND widens = 1
  AND id > ?`, e.Ref.Account, e.Ref.ID, e.Submission, e.ID)
	for _, w := range waiting {
		t.move(w, putOnHold, "it was submitted together with a change that was given up: "+model.FieldName(e.Kind))
	}
	return errors.Join(err, t.err)
}

// remove takes an edit out of the outbox that will not be sent any more. What
// may have been sent stays a base.
func (t *tx) remove(e model.OutboxEntry) error {
	t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
	if !e.Sent {
		if err := t.rebase(e); err != nil {
			return err
		}
	}
	return t.reproject(e.Ref)
}

// giveUp takes an edit out of the outbox that somebody has decided against, and
// counts it in a column of its submission.
func (t *tx) giveUp(e model.OutboxEntry, column string) error {
	if err := t.holdCompanions(e); err != nil {
		return err
	}
	t.ended(e.Submission, column)
	return t.remove(e)
}

// readOutbox reads edits of the outbox.
func (s *Store) readOutbox(ctx context.Context, where string, args ...any) ([]model.OutboxEntry, error) {
	out, err := list(ctx, s.read, scanEntry, "SELECT "+entryColumns+" FROM outbox "+where, args...)
	return out, localError("read the outbox", err)
}

// Outbox reads every edit that is not settled, oldest first.
func (s *Store) Outbox(ctx context.Context) ([]model.OutboxEntry, error) {
	return s.readOutbox(ctx, "ORDER BY id")
}

// OutboxOf reads the edits of one conversation that are not settled, oldest
// first.
func (s *Store) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	return s.readOutbox(ctx, "WHERE account = ? AND conv = ? ORDER BY id", ref.Account, ref.ID)
}

// OutboxEntry reads one edit; ok is false where it is not in the outbox.
func (s *Store) OutboxEntry(ctx context.Context, id string) (e model.OutboxEntry, ok bool, err error) {
	all, err := s.OutboxEntries(ctx, []string{id})
	e, ok = all[id]
	return e, ok, err
}

// OutboxEntries reads those of some edits that are in the outbox, by id.
func (s *Store) OutboxEntries(ctx context.Context, ids []string) (map[string]model.OutboxEntry, error) {
	all, err := s.readOutbox(ctx, "WHERE id IN (SELECT value FROM json_each(?))", asList(ids))
	out := make(map[string]model.OutboxEntry, len(all))
	for _, e := range all {
		out[e.ID] = e
	}
	return out, err
}

package inbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// writeTime bounds what is done for one conversation once a write may leave:
// the write and the read that verifies it. It is not cut short by leaving.
const writeTime = 3 * time.Minute

// deliverLoop sends what is due of one account until ctx ends.
func (b *Inbox) deliverLoop(ctx context.Context, a *account) {
	for ctx.Err() == nil {
		pause := time.Minute // after a failure of this machine, which nothing announces
		if err := b.deliverDue(ctx, a, nil, nil); err == nil {
			pause = b.untilDue(ctx, a)
		} else if ctx.Err() == nil {
			b.log("%s: deliver: %v", a.name, err)
		}
		rest(ctx, pause, a.wakeDeliver)
	}
}

// untilDue gives how long nothing of an account is due; 0 is until woken.
func (b *Inbox) untilDue(ctx context.Context, a *account) time.Duration {
	at, ok, err := b.store.NextDue(ctx, a.name)
	if err != nil {
		return time.Minute
	}
	if !ok || a.desc.ReadOnly {
		return 0
	}
	if p := a.paused(); p.After(at) {
		at = p
	}
	wait := at.Sub(b.now())
	if wait <= 0 {
		// Due, and yet not taken: it waits for an earlier edit of its field,
		// which wakes this loop when it moves. Look again now and then.
		wait = time.Minute
	}
	return wait
}

// deliverDue sends the due edits of an account, conversation by conversation,
// until none is due or the account is shut. only, if not nil, limits it.
func (b *Inbox) deliverDue(ctx context.Context, a *account, only []string, report func(model.DeliveryResult)) error {
	if a.desc.ReadOnly {
		return nil // what is queued waits until writing is allowed again
	}
	if err := a.delivering.take(ctx); err != nil {
		return err
	}
	defer a.delivering.release()
	// Nothing of this account is being sent here now: what this process still
	// claims is what it could not record, for want of disk space or time.
	if err := b.turns.enter(ctx); err != nil {
		return err
	}
	err := b.store.Release(ctx, a.name)
	b.turns.leave(0)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if p := a.paused(); p.After(b.now()) {
			return nil
		}
		if err := b.turns.enter(ctx); err != nil {
			return err
		}
		entries, err := b.claim(ctx, a, only)
		if err != nil || len(entries) == 0 {
			b.turns.leave(0)
			return err
		}
		b.turns.carry(len(entries))
		b.announce(ctx, a)
		d := delivery{b: b, a: a, report: report}
		if entries[0].Kind == model.EditCreate {
			err = d.create(ctx, entries[0])
		} else {
			err = d.edits(ctx, entries)
		}
		b.turns.leave(len(entries))
		b.announce(context.WithoutCancel(ctx), a)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// claim takes the next due edits of an account, none while its service has
// asked to be left alone.
func (b *Inbox) claim(ctx context.Context, a *account, only []string) ([]model.OutboxEntry, error) {
	until, err := b.store.HeldUntil(ctx, a.name)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		a.pause(until, true)
		return nil, nil
	}
	return b.store.Claim(ctx, a.name, only)
}

// delivery carries the edits of one conversation from claim to journal.
type delivery struct {
	b      *Inbox
	a      *account
	report func(model.DeliveryResult)
	// creator is set for a create.
	creator model.Creator
	// read is the conversation as it was right before the write, nil before that.
	read *model.Conversation
}

// edits delivers the claimed edits of one conversation: read afresh, compare,
// send what is clean in one Apply, verify, settle. The error is a failure of
// this machine; what a service says is recorded with the edits.
func (d delivery) edits(ctx context.Context, entries []model.OutboxEntry) error {
	ref := entries[0].Ref
	need := d.a.provider.Needs(kinds(entries)...)
	read, err := d.load(ctx, ref.ID, need)
	if err != nil {
		return d.unread(ctx, entries, err)
	}
	// From here on what happens is recorded even if the program is leaving, and
	// even if the time of the service is over.
	ctx = context.WithoutCancel(ctx)
	remote, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	d.read = &read.Conversation
	if _, err := d.b.store.Save(ctx, read.Conversation, read.Reading(need)); err != nil {
		return err
	}
	var send []model.OutboxEntry
	for _, e := range entries {
		verdict, theirs, err := d.compare(ctx, &e, read.Conversation)
		if err != nil {
			return err
		}
		switch verdict {
		case model.Already:
			err = d.already(ctx, e, read.Conversation, theirs)
		case model.Untouched:
			send = append(send, e)
		case model.Changed:
			state := model.InConflict
			cause := &model.EntryError{Kind: model.ConflictKind, Message: "the " + model.FieldName(e.Kind) + " was changed by somebody else meanwhile"}
			if e.Undoes != "" {
				cause.Message = "the " + model.FieldName(e.Kind) + " has been changed again since"
			}
			if e.Sent {
				state = model.OutcomeNotKnown
				cause = &model.EntryError{Kind: model.UnknownOutcome,
					Message: "the change was sent without an answer, and the service now shows neither the old nor the new value"}
			}
			err = d.park(ctx, e, state, cause, &theirs, time.Time{}, false)
		case model.NotLoaded:
			err = d.park(ctx, e, model.Refused, &model.EntryError{Kind: model.Invalid,
				Message: "the service did not show the current " + model.FieldName(e.Kind) + ", so nothing was sent"}, nil, time.Time{}, true)
		}
		if err != nil {
			return err
		}
	}
	if len(send) == 0 {
		return nil
	}
	ids := make([]string, len(send))
	for i, e := range send {
		ids[i] = e.ID
	}
	if ids, err = d.b.store.Sent(ctx, ids); err != nil || len(ids) == 0 {
		return err
	}
	send = slices.DeleteFunc(send, func(e model.OutboxEntry) bool { return !slices.Contains(ids, e.ID) })
	edits := make([]model.Edit, len(send))
	for i, e := range send {
		edits[i] = e.Edit
	}
	outcomes := d.a.provider.Apply(remote, read.Conversation, edits)
	d.a.alone(ref.ID, d.b.now())
	var after *model.Conversation // one read serves every edit that needs it
	for i, e := range send {
		if err := d.settle(ctx, remote, e, read.Conversation, outcomes[i], need, &after); err != nil {
			return err
		}
	}
	return nil
}

// load reads the conversation. The pause that a service asks for is noted with
// the edit.
func (d delivery) load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	read, err := d.a.provider.Load(ctx, id, need)
	if model.KindOf(err) == model.NotFound {
		err = errors.Join(d.b.gone(context.WithoutCancel(ctx), d.a, id), err)
	}
	return read, err
}

// compare tells what a fresh read means for an edit. What confab itself
// delivered since the edit was made is not somebody else's change: the edit is
// then made on top of that, and for sets of people both changes are kept.
func (d delivery) compare(ctx context.Context, e *model.OutboxEntry, fresh model.Conversation) (model.Verdict, model.Value, error) {
	verdict, theirs := model.Compare(e.Edit, fresh)
	if verdict != model.Changed {
		return verdict, theirs, nil
	}
	if (e.Sent || e.Undoes != "") && model.PartlyApplied(e.Base, e.Target, theirs) {
		if !e.Sent { // part of what is to be taken back is gone already: that is not ours to bring back
			if err := d.b.store.Reground(ctx, e.ID, theirs, e.Target); err != nil {
				return verdict, theirs, err
			}
			e.Base = theirs
		}
		return model.Untouched, theirs, nil // an earlier try got only so far; what is left is sent
	}
	if e.Sent {
		return verdict, theirs, nil
	}
	own, err := d.deliveredBetween(ctx, e.Edit, theirs)
	if err != nil || !own {
		return verdict, theirs, err
	}
	if e.Undoes != "" {
		return verdict, theirs, nil // a newer change of one's own is not taken back by the way
	}
	target := e.Target
	if e.Base.People != nil && theirs.People != nil && target.People != nil {
		target = model.PeopleValue(model.MergePeople(*e.Base.People, *target.People, *theirs.People))
	}
	if err := d.b.store.Reground(ctx, e.ID, theirs, target); err != nil {
		return verdict, theirs, err
	}
	e.Base, e.Target = theirs, target
	verdict, theirs = model.Compare(e.Edit, fresh)
	return verdict, theirs, nil
}

// deliveredBetween reports whether deliveries of confab since an edit was
// planned lead from its base to the value that the service shows now. The same
// change made longer ago says nothing: somebody has set the base since.
func (d delivery) deliveredBetween(ctx context.Context, e model.Edit, now model.Value) (bool, error) {
	entries, err := d.b.store.History(ctx, model.HistoryRequest{Ref: e.Ref, Limit: ownDeliveries})
	if err != nil {
		return false, err
	}
	for _, j := range entries { // newest first
		switch {
		case j.Field() != e.Field() || j.State != model.Done:
			continue
		case j.At.Before(e.Created.Add(-planTime)):
			return false, nil
		case !j.After.Equal(now):
			return false, nil
		case j.Before.Equal(e.Base):
			return true, nil
		}
		now = j.Before
	}
	return false, nil
}

// ownDeliveries bounds how far back a chain of own deliveries is followed.
const ownDeliveries = 200

// planTime is how long before an edit was submitted its base may have been read.
const planTime = 10 * time.Minute

// unread handles a conversation that could not be read before sending.
func (d delivery) unread(ctx context.Context, entries []model.OutboxEntry, cause error) error {
	ctx = context.WithoutCancel(ctx)
	gone := model.KindOf(cause) == model.NotFound
	for _, e := range entries {
		var err error
		switch {
		case gone && e.Kind == model.EditDelete:
			state := model.OutcomeAlreadySet
			if e.Sent {
				state = model.Done
			}
			err = d.finish(ctx, e, e.Base, e.Target, nil, true, state)
		case gone && e.Kind == model.EditArchive && e.Sent:
			// No service says that what is archived can't be read any more.
			err = d.park(ctx, e, model.OutcomeNotKnown, &model.EntryError{Kind: model.UnknownOutcome,
				Message: "archiving was asked for, and the conversation can no longer be read"}, nil, time.Time{}, false)
		default:
			err = d.failed(ctx, e, cause, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// already ends an edit whose target the service shows without a write now.
// If a write had left before, that was ours.
func (d delivery) already(ctx context.Context, e model.OutboxEntry, fresh model.Conversation, now model.Value) error {
	if e.Sent {
		return d.finish(ctx, e, e.Base, now, &fresh, false, model.Done)
	}
	return d.finish(ctx, e, now, now, &fresh, false, model.OutcomeAlreadySet)
}

// settle verifies what a write did and ends the edit accordingly. remote bounds
// what is asked of the service.
func (d delivery) settle(ctx, remote context.Context, e model.OutboxEntry, before model.Conversation, out model.Outcome, need model.Need, read **model.Conversation) error {
	if e.Kind == model.EditDelete {
		return d.deleted(ctx, remote, e, out.Err)
	}
	if out.Err != nil {
		return d.failed(ctx, e, out.Err, false)
	}
	was, _ := e.Read(before)
	if e.Sent {
		was = e.Base // what was there before the first try, of which this one is the rest
	}
	after := out.After
	if after != nil {
		if _, known := e.Read(*after); !known {
			after = nil
		}
	}
	if after == nil {
		if *read == nil {
			fresh, err := d.load(remote, e.Ref.ID, need)
			if err != nil {
				// Accepted, but not yet seen: read again later, never send blindly.
				return d.failed(ctx, e, &model.Error{Kind: model.UnknownOutcome, Op: "verify",
					Message: "accepted, but reading it back failed: " + model.Words(err), Err: err}, false)
			}
			*read = &fresh.Conversation
		}
		after = *read
	}
	is, known := e.Read(*after)
	if known && is.Equal(e.Target) {
		return d.finish(ctx, e, was, is, after, false, model.Done)
	}
	if _, err := d.b.store.Save(ctx, *after, model.ReadRow); err != nil {
		return err
	}
	cause := &model.EntryError{Kind: model.Unverified, Message: "the service accepted the change but shows another " + model.FieldName(e.Kind)}
	if e.Kind == model.EditArchive {
		cause.Message = "the service accepted it, but the conversation is not archived"
	}
	return d.park(ctx, e, model.NotVerified, cause, &is, time.Time{}, false)
}

// finish writes the journal and ends the edit.
func (d delivery) finish(ctx context.Context, e model.OutboxEntry, before, after model.Value, c *model.Conversation, gone bool, state model.EditState) error {
	j := d.entry(e, before, after, state)
	if err := d.b.store.Settle(ctx, e, j, c, gone); err != nil {
		return err
	}
	d.a.reached()
	d.tell(e, state, &j)
	return nil
}

func (d delivery) entry(e model.OutboxEntry, before, after model.Value, state model.EditState) model.JournalEntry {
	return model.JournalEntry{Edit: e.Edit, Title: e.Title, Before: before, After: after, At: d.b.now().UTC(), State: state}
}

// failed applies the policy to an edit that met an error. early says that it
// happened before the write: then nothing left this time.
func (d delivery) failed(ctx context.Context, e model.OutboxEntry, cause error, early bool) error {
	err := model.AsError(d.b.noted(ctx, d.a, cause))
	now := d.b.now()
	what := decide(err, e.Attempts, now)
	if e.Sent {
		// That nothing left this time takes back no earlier sending.
		what.unsent = false
	}
	if e.Target.People != nil && d.several(e.Edit) {
		what.unsent = false // some requests may have gone through
	}
	if early && e.Sent && what.state == model.Refused {
		// It is the reading that was refused. What was sent before may well be done.
		what.state = model.OutcomeNotKnown
		err = &model.Error{Kind: model.UnknownOutcome, Op: err.Op, Err: err,
			Message: "the change was sent, and what became of it can't be read: " + model.Words(err)}
	}
	if early {
		what.unsent = false
		if err.Kind == model.UnknownOutcome {
			what.pause = true
		}
	}
	if what.pause {
		d.a.pause(what.next, err.RetryAt.After(now))
		d.a.update(func(s *model.AccountState) {
			s.Error = model.NewEntryError(err)
			s.NextTry = what.next
		})
	}
	d.b.log("%s: %s %s: %s", d.a.name, e.Kind, what.state, err.Kind)
	e.Sent = e.Sent || !early && !what.unsent
	kept := model.NewEntryError(err)
	if err.Kind == model.Canceled {
		kept = nil // confab was left: that is no reason why the edit waits
	} else if err.Existing != "" {
		kept.Existing = model.Ref{Account: d.a.name, ID: err.Existing}.String()
		if !strings.Contains(kept.Message, kept.Existing) {
			kept.Hint = strings.TrimPrefix(kept.Hint+" ("+kept.Existing+")", " ")
		}
	}
	return d.park(ctx, e, what.state, kept, nil, what.next, what.unsent)
}

// several reports whether an edit may take several requests.
func (d delivery) several(e model.Edit) bool {
	if d.read == nil {
		return true
	}
	requests, err := d.a.provider.Requests(*d.read, []model.Edit{e})
	return err != nil || len(requests) != 1
}

func (d delivery) park(ctx context.Context, e model.OutboxEntry, state model.EditState, cause *model.EntryError, theirs *model.Value, next time.Time, unsent bool) error {
	if err := d.b.store.Park(ctx, e.ID, state, cause, theirs, next, unsent); err != nil {
		return err
	}
	e.Error, e.Theirs, e.NextTry = cause, theirs, next
	d.tell(e, state, nil)
	return nil
}

func (d delivery) tell(e model.OutboxEntry, state model.EditState, j *model.JournalEntry) {
	e.State = state
	if d.report != nil {
		d.report(model.DeliveryResult{Entry: e, Journal: j})
	}
}

func kinds(entries []model.OutboxEntry) []model.EditKind {
	out := make([]model.EditKind, len(entries))
	for i, e := range entries {
		out[i] = e.Kind
	}
	return out
}

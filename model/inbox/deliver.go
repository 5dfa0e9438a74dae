package inbox

import (
	"context"
	"strings"
	"time"

	"confab/model"
)

const (
	writeTime     = 3 * time.Minute  // for a write and the read that verifies it, even if confab is closing
	rereadPause   = time.Second      // before the second read, if the first does not show the write yet
	planTime      = 10 * time.Minute // how long before an edit was submitted its base may have been read
	ownDeliveries = 200              // how many journal entries deliveredBetween looks at
)

func (b *Inbox) deliverLoop(ctx context.Context, a *account) {
	for ctx.Err() == nil {
		pause := time.Minute // after a failure of this machine, whose end nothing announces
		if err := b.deliverDue(ctx, a, nil, nil); err == nil {
			pause = b.untilDue(ctx, a)
		} else if ctx.Err() == nil {
			b.log("%s: deliver: %v", a.name, err)
		}
		sleep(ctx, pause, a.wakeDeliver)
	}
}

// untilDue returns how long nothing of an account is due; 0 means until deliverLoop is woken.
func (b *Inbox) untilDue(ctx context.Context, a *account) time.Duration {
	at, ok, err := b.store.NextDue(ctx, a.name)
	if err != nil {
		return time.Minute
	}
	if !ok || a.desc.ReadOnly {
		return 0
	}
	held, _ := b.store.HeldUntil(ctx, a.name)
	for _, until := range []time.Time{a.paused(), held} {
		if until.After(at) {
			at = until
		}
	}
	if wait := at.Sub(b.now()); wait > 0 {
		return wait
	}
	return time.Minute // the edit is due but waits for an earlier one, whose end wakes deliverLoop
}

// deliverDue sends the due edits of an account, or those among only, until none is due or the account is paused.
func (b *Inbox) deliverDue(ctx context.Context, a *account, only []string, report func(model.DeliveryResult)) error {
	if a.desc.ReadOnly {
		return nil // queued edits wait until writing is allowed again
	}
	for more := true; more && !a.paused().After(b.now()); {
		var err error
		if more, err = b.deliverNext(ctx, a, only, report); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// deliverNext delivers the due edits of one conversation; more is false if nothing is due.
func (b *Inbox) deliverNext(ctx context.Context, a *account, only []string, report func(model.DeliveryResult)) (more bool, err error) {
	turn, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(b.life, end)() // no delivery begins once the engine is closed
	if err := a.delivering.Acquire(turn, 1); err != nil {
		return false, err
	}
	defer a.delivering.Release(1)
	err = b.life.Err() // the lock may have been free just when the engine was closed
	if err == nil {
		// First give back claims whose result this process could not record, for want of disk space or time.
		err = b.store.Release(ctx, a.name)
	}
	var asked time.Time // until when the service asked not to be called
	if err == nil {
		asked, err = b.store.HeldUntil(ctx, a.name)
	}
	var entries []model.OutboxEntry
	if err == nil && asked.IsZero() {
		entries, err = b.store.Claim(ctx, a.name, only)
	}
	if err != nil || len(entries) == 0 {
		return false, err
	}
	b.sending.Add(int64(len(entries)))
	defer b.sending.Add(-int64(len(entries)))
	b.announceState(ctx)
	d := delivery{b: b, a: a, report: report}
	if entries[0].Kind == model.EditCreate {
		err = d.create(ctx, entries[0])
	} else {
		err = d.edits(ctx, entries)
	}
	b.announceState(context.WithoutCancel(ctx))
	return true, err
}

// delivery carries the edits of one conversation from claim to journal.
type delivery struct {
	b      *Inbox
	a      *account
	report func(model.DeliveryResult)
	need   model.Need
	// fresh is the conversation as read before the write. again is the conversation as read after it, shared by all
	// edits that need such a read.
	fresh, again *model.Conversation
}

// ending is what became of a claimed edit. An edit that is done, or was so already, goes to the journal, any other back
// to the outbox.
type ending struct {
	state   model.EditState
	shows   *model.Conversation // what the service showed last, nil if that is nothing new
	reading model.Reading       // which fields of shows can be known to be empty
	gone    bool

	before, after model.Value // for the journal

	// For the outbox:
	cause  *model.EntryError
	theirs *model.Value
	next   time.Time // when to try again, for RetryAt
	unsent bool      // the request certainly changed nothing
}

func (e ending) settled() bool { return e.state == model.Done || e.state == model.OutcomeAlreadySet }

// stopped returns the ending of an edit that confab itself stops.
func stopped(state model.EditState, why string) ending {
	kinds := map[model.EditState]model.ErrorKind{model.Refused: model.Invalid, model.NotVerified: model.Unverified,
		model.OutcomeNotKnown: model.UnknownOutcome, model.InConflict: model.ConflictKind, model.RetryAt: model.ConflictKind}
	return ending{state: state, cause: &model.EntryError{Kind: kinds[state], Message: why}}
}

// edits delivers the claimed edits of one conversation: load, compare, send them in one Apply, verify, settle. The
// error is a failure of this machine; what a service says is recorded with the edits.
func (d *delivery) edits(ctx context.Context, entries []model.OutboxEntry) error {
	id := entries[0].Ref.ID
	d.need = d.a.needs(edits(entries))
	read, cause := d.b.load(ctx, d.a, id, d.need)
	// From here on every result is recorded, even if confab is closing.
	ctx = context.WithoutCancel(ctx)
	if cause != nil {
		return d.settleEach(ctx, entries, func(i int) ending { return d.failed(ctx, entries[i], cause, true) })
	}
	remote, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	d.fresh = &read.Conversation
	var send, ended []model.OutboxEntry
	var ends []ending // of ended
	for _, e := range entries {
		end, err := d.compare(ctx, &e)
		switch {
		case err != nil:
			return err
		case end == nil:
			send = append(send, e)
		default:
			ended, ends = append(ended, e), append(ends, *end)
		}
	}
	send, err := d.b.store.Sent(ctx, send, d.fresh, read.Reading(d.need))
	if err == nil {
		err = d.settleEach(ctx, ended, func(i int) ending { return ends[i] })
	}
	if err != nil || len(send) == 0 {
		return err
	}
	outcomes := d.a.provider.Apply(remote, read.Conversation, edits(send))
	d.a.noteRead(id, d.b.now())
	return d.settleEach(ctx, send, func(i int) ending { return d.verify(remote, send[i], outcomes[i]) })
}

// compare returns nil if the fresh read allows an edit to be sent, else its ending. What confab itself delivered since
// the edit was planned is not somebody else's change: the edit gets the present value as its base, and its changes of a
// set are merged into that, unless it would then let more people see or change the conversation than the person agreed to.
func (d *delivery) compare(ctx context.Context, e *model.OutboxEntry) (*ending, error) {
	verdict, theirs := model.Compare(e.Edit, *d.fresh)
	own := false
	switch {
	case verdict != model.Changed:
	case (e.Sent || e.Undoes != "") && model.IsPartlyApplied(e.Base, e.Target, theirs):
		if !e.Sent { // somebody has undone part of it already; that part is not restored
			e.Base = theirs
		}
		return nil, nil // an earlier try applied only part; the rest is sent
	case e.Sent || e.Undoes != "": // an undo or a retry does not overwrite a newer change, even one's own
	default:
		var err error
		if own, err = d.deliveredBetween(ctx, e.Edit, theirs); err != nil {
			return nil, err
		}
		if upon := e.OnBase(theirs); own && (e.Widens() || !upon.Widens()) {
			e.Edit = upon
			verdict, theirs = model.Compare(e.Edit, *d.fresh)
		}
	}
	field := e.FieldName()
	var end ending
	switch {
	case verdict == model.Untouched:
		return nil, nil
	case verdict == model.Already && e.Sent: // an earlier write did it
		return &ending{state: model.Done, before: e.Base, after: theirs, shows: d.fresh}, nil
	case verdict == model.Already:
		return &ending{state: model.OutcomeAlreadySet, before: theirs, after: theirs, shows: d.fresh}, nil
	case verdict == model.NotLoaded && e.Sent:
		end = stopped(model.OutcomeNotKnown, "the change was sent without an answer, and the service does not show the current "+field)
	case verdict == model.NotLoaded:
		end = stopped(model.Refused, "the service did not show the current "+field+", so nothing was sent")
	case e.Sent:
		end = stopped(model.OutcomeNotKnown,
			"the change was sent without an answer, and the service now shows neither the old nor the new value")
	case e.Undoes != "" || own:
		end = stopped(model.InConflict, "the "+field+" has been changed again since")
	default:
		end = stopped(model.InConflict, "the "+field+" was changed by somebody else meanwhile")
	}
	if verdict == model.Changed {
		end.theirs = &theirs
	}
	return &end, nil
}

// deliveredBetween reports whether deliveries of confab since an edit was planned lead from its base, or from the base that the
// person saw, to the value now.
// An older delivery of the same change proves nothing, since somebody has set the base since.
func (d *delivery) deliveredBetween(ctx context.Context, e model.Edit, now model.Value) (bool, error) {
	entries, err := d.b.store.History(ctx, model.HistoryRequest{Ref: e.Ref, Limit: ownDeliveries})
	if err != nil {
		return false, err
	}
	isBase := func(v model.Value) bool { return v.Equal(e.Base) || e.Or != nil && v.Equal(*e.Or) }
	for _, j := range entries { // newest first
		switch {
		case j.Field() != e.Field():
			continue
		case isBase(now):
			return true, nil
		case j.At.Before(e.Created.Add(-planTime)) || !j.After.Equal(now):
			return false, nil
		}
		now = j.Before
	}
	return isBase(now), nil
}

// verify returns the ending of an edit that was sent: done if the answer, or one more read, shows its target.
func (d *delivery) verify(ctx context.Context, e model.OutboxEntry, out model.Outcome) ending {
	if e.Kind == model.EditDelete {
		return d.verifyDelete(ctx, e, out.Err)
	}
	if out.Err != nil {
		return d.failed(ctx, e, out.Err, false)
	}
	before, _ := e.Read(*d.fresh)
	if e.Sent {
		before = e.Base // the value before the first try, which this one completes
	}
	shows := out.After
	if shows == nil {
		if d.again == nil {
			read, err := d.b.load(ctx, d.a, e.Ref.ID, d.need)
			switch {
			case e.Kind == model.EditArchive && model.KindOf(err) == model.NotFound:
				return deleted(e, true)
			case err != nil:
				return d.unverified(ctx, e, err)
			}
			d.again = &read.Conversation
		}
		shows = d.again
	}
	is, known := e.Read(*shows)
	if known && is.Equal(e.Target) {
		return ending{state: model.Done, before: before, after: is, shows: shows}
	}
	field := e.FieldName()
	theirs, why := &is, "the service accepted the change but shows another "+field
	switch {
	case !known:
		theirs, why = nil, "the service accepted the change but does not show the "+field
	case e.Kind == model.EditArchive:
		why = "the service accepted it, but the conversation is not archived"
	}
	end := stopped(model.NotVerified, why)
	end.theirs, end.shows, end.reading = theirs, shows, model.ReadRow
	return end
}

// unverified returns the ending of an edit that was accepted but could not be read back. It is read later, never sent
// blindly.
func (d *delivery) unverified(ctx context.Context, e model.OutboxEntry, err error) ending {
	return d.failed(ctx, e, &model.Error{Kind: model.UnknownOutcome, Op: "verify",
		Message: "accepted, but reading it back failed: " + model.Words(err), Err: err}, false)
}

// verifyDelete returns the ending of a delete: done if reading answers that the conversation is gone.
func (d *delivery) verifyDelete(ctx context.Context, e model.OutboxEntry, cause error) ending {
	if cause != nil && model.KindOf(cause) != model.NotFound {
		return d.failed(ctx, e, cause, false)
	}
	read, err := d.reread(ctx, e.Ref.ID, 0, func(_ model.Detail, err error) bool { return model.KindOf(err) == model.NotFound })
	switch {
	case model.KindOf(err) == model.NotFound:
		return deleted(e, e.Sent || cause == nil)
	case err != nil:
		return d.unverified(ctx, e, err)
	case cause != nil:
		return d.failed(ctx, e, cause, false)
	}
	end := stopped(model.NotVerified, "the service accepted the deletion, but the conversation is still there")
	end.shows, end.reading = &read.Conversation, read.Reading(0)
	return end
}

// deleted returns the ending of a delete whose conversation is gone; own reports that its own request did it.
func deleted(e model.OutboxEntry, own bool) ending {
	state := model.OutcomeAlreadySet
	if own {
		state = model.Done
	}
	return ending{state: state, before: e.Base, after: e.Target, gone: true}
}

// reread reads a conversation after a write, and a second time if the first read does not show the write yet.
func (d *delivery) reread(ctx context.Context, id string, need model.Need, shows func(model.Detail, error) bool) (model.Detail, error) {
	read, err := d.a.provider.Load(ctx, id, need)
	if shows(read, err) || model.KindOf(err).Transient() {
		return read, err
	}
	sleep(ctx, rereadPause, nil)
	return d.a.provider.Load(ctx, id, need)
}

// failed returns the ending that the policy gives an edit that met an error; early means before its write. A service may no longer
// show what it has archived.
func (d *delivery) failed(ctx context.Context, e model.OutboxEntry, cause error, early bool) ending {
	if early && (e.Kind == model.EditDelete || e.Kind == model.EditArchive && e.Sent) && model.KindOf(cause) == model.NotFound {
		return deleted(e, e.Sent)
	}
	err := model.AsError(d.b.noteRetry(ctx, d.a, cause))
	end, shut := applyPolicy(err, e.Attempts, d.b.now())
	if early && e.Sent && end.state == model.Refused {
		// The read was refused. What was sent before may well be done.
		end.state = model.OutcomeNotKnown
		err = &model.Error{Kind: model.UnknownOutcome, Op: err.Op, Err: err,
			Message: "the change was sent, and what became of it can't be read: " + model.Words(err)}
	}
	if early || e.Sent || e.Target.People != nil && d.takesSeveral(e.Edit) {
		end.unsent = false // an earlier request, or one of several, may have taken effect
	}
	if shut {
		d.a.stopDelivery(model.NewEntryError(err), end.next)
	}
	d.b.log("%s: %s %s: %s", d.a.name, e.Kind, end.state, err.Kind)
	if err.Kind != model.Canceled { // closing confab is not a reason to show
		end.cause = d.entryError(err)
	}
	return end
}

// entryError is model.NewEntryError with the ref of the conversation that stands in the way.
func (d *delivery) entryError(err *model.Error) *model.EntryError {
	out := model.NewEntryError(err)
	if err.Existing == "" {
		return out
	}
	out.Existing = d.ref(err.Existing)
	if !strings.Contains(out.Message, out.Existing) && !strings.Contains(out.Hint, out.Existing) {
		out.Hint = strings.TrimPrefix(out.Hint+" ("+out.Existing+")", " ")
	}
	return out
}

func (d *delivery) ref(id string) string { return model.Ref{Account: d.a.name, ID: id}.String() }

// takesSeveral reports whether an edit takes several requests, or may do so.
func (d *delivery) takesSeveral(e model.Edit) bool {
	requests, err := d.a.provider.Requests(*d.fresh, []model.Edit{e})
	return err != nil || len(requests) != 1
}

// settle records what became of an edit and reports it.
func (d *delivery) settle(ctx context.Context, e model.OutboxEntry, end ending) error {
	result := model.DeliveryResult{Entry: e}
	r := &result.Entry
	r.State = end.state
	if end.settled() {
		if end.shows != nil {
			r.Ref = end.shows.Ref // for a create, the ref of the new conversation
		}
		if e.Kind == model.EditCreate {
			r.Target = end.after
		}
		result.Journal = &model.JournalEntry{Edit: r.Edit, Title: e.Title, Before: end.before, After: end.after,
			At: d.b.now().UTC(), State: end.state}
		if err := d.b.store.Settle(ctx, e, *result.Journal, end.shows, end.gone); err != nil {
			return err
		}
		d.a.noteReached()
	} else {
		if end.shows != nil {
			if err := d.b.store.Save(ctx, *end.shows, end.reading); err != nil {
				return err
			}
		}
		r.Error, r.Theirs, r.NextTry = end.cause, end.theirs, end.next
		if err := d.b.store.Park(ctx, e.ID, end.state, end.cause, end.theirs, end.next, end.unsent); err != nil {
			return err
		}
	}
	if d.report != nil {
		d.report(result)
	}
	return nil
}

func (d *delivery) settleEach(ctx context.Context, entries []model.OutboxEntry, end func(i int) ending) error {
	for i, e := range entries {
		if err := d.settle(ctx, e, end(i)); err != nil {
			return err
		}
	}
	return nil
}

func edits(entries []model.OutboxEntry) []model.Edit {
	out := make([]model.Edit, len(entries))
	for i, e := range entries {
		out[i] = e.Edit
	}
	return out
}

func (a *account) needs(edits []model.Edit) (need model.Need) {
	for _, e := range edits {
		need |= a.provider.Needs(e.Kind)
	}
	return need
}

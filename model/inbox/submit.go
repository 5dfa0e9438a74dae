package inbox

import (
	"context"
	"sync"
	"time"

	"confab/model"
	"confab/model/store"
)

// Submit puts the changing edits of a plan into the outbox as one submission,
// whose id is that of the plan. When it returns they are on disk and shown as
// queued; the workers, if Start was called, deliver them. It returns the ids of
// the edits, those of each conversation in the order in which they are sent.
func (b *Inbox) Submit(ctx context.Context, p model.Plan) ([]string, error) {
	if p.ID == "" {
		p.ID = store.NewID(b.now())
	}
	entries, sub := b.entries(p, model.Submission{})
	if len(entries) == 0 {
		return nil, nil
	}
	ids, err := b.store.Enqueue(ctx, sub, entries)
	if err != nil {
		return nil, err
	}
	b.remember(ids, entries)
	b.session.did(act{submission: p.ID})
	for _, a := range b.accounts {
		if touched := refs(entries, a.name); touched != nil {
			b.announce(ctx, a, touched...)
			a.nudgeDelivery()
		}
	}
	return ids, nil
}

// remember keeps what was submitted where a Deliver follows, which reports each
// edit even if another process has it replaced or taken back by then.
func (b *Inbox) remember(ids []string, entries []store.Entry) {
	if b.stop != nil {
		return // the workers deliver
	}
	b.submitted.Lock()
	defer b.submitted.Unlock()
	if b.submitted.entries == nil {
		b.submitted.entries = map[string]model.OutboxEntry{}
	}
	for i, id := range ids {
		e := entries[i].Edit
		e.ID = id
		b.submitted.entries[id] = model.OutboxEntry{Edit: e, Title: entries[i].Title}
	}
}

// entries returns the edits of a plan as they are queued, and their submission.
func (b *Inbox) entries(p model.Plan, sub model.Submission) ([]store.Entry, model.Submission) {
	var entries []store.Entry
	var edits []model.Titled
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, e := range model.InSendingOrder(it.Edits) {
			e.User, e.Created = b.user, b.now().UTC()
			if e.Kind != model.EditCreate || e.ID == "" {
				e.ID = store.NewID(b.now())
			}
			entries = append(entries, store.Entry{Edit: e, Title: it.Title})
			edits = append(edits, model.Titled{Edit: e, Title: it.Title})
		}
	}
	sub.ID, sub.User, sub.At = p.ID, b.user, b.now().UTC()
	if sub.Sentence == "" {
		sub.Sentence = model.Sentence(edits)
	}
	return entries, sub
}

// refs returns the conversations of an account that entries change; nil where
// there are none. A create has no ref yet.
func refs(entries []store.Entry, account string) []model.Ref {
	var out []model.Ref
	for _, e := range entries {
		if e.Edit.Ref.Account != account {
			continue
		}
		if out == nil {
			out = []model.Ref{}
		}
		if e.Edit.Ref.ID != "" {
			out = append(out, e.Edit.Ref)
		}
	}
	return out
}

// Deliver sends exactly these edits and gives one result for each to report,
// from one goroutine at a time, as they are settled. It waits for what settles
// within the patience of the engine: a lost answer that is read back, a pause that the service
// asked for, an edit of the same field that another process is sending. What
// then still waits is reported as it stands in the outbox, with the reason.
func (b *Inbox) Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error {
	by := map[string][]string{}
	var gone []string
	for _, id := range ids {
		e, ok, err := b.store.OutboxEntry(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			by[e.Ref.Account] = append(by[e.Ref.Account], id)
		} else {
			gone = append(gone, id)
		}
	}
	report = oneAtATime(report)
	err := b.each(func(a *account) error {
		if len(by[a.name]) == 0 {
			return nil
		}
		return b.deliver(ctx, a, by[a.name], report)
	})
	b.waitFor(gone, report).finish(context.WithoutCancel(ctx))
	return err
}

func oneAtATime(report func(model.DeliveryResult)) func(model.DeliveryResult) {
	var mu sync.Mutex
	return func(r model.DeliveryResult) {
		mu.Lock()
		defer mu.Unlock()
		report(r)
	}
}

// deliver sends edits of one account and reports each once.
func (b *Inbox) deliver(ctx context.Context, a *account, ids []string, report func(model.DeliveryResult)) error {
	w := b.waitFor(ids, report)
	a.open()
	end := b.now().Add(b.patience)
	var err error
	for {
		if err = b.deliverDue(ctx, a, ids, w.note); err != nil {
			break
		}
		pause, rerr := w.pause(ctx)
		if rerr != nil || pause <= 0 || b.now().Add(pause).After(end) {
			err = rerr
			break
		}
		rest(ctx, pause, nil)
		if err = ctx.Err(); err != nil {
			break
		}
	}
	w.finish(context.WithoutCancel(ctx))
	return err
}

func (b *Inbox) waitFor(ids []string, report func(model.DeliveryResult)) *wait {
	return &wait{b: b, ids: ids, report: report, began: b.now(), told: map[string]bool{}}
}

// foreignPause is how often a delivery by another process is looked at.
const foreignPause = 250 * time.Millisecond

// foreignStart is how long another process is given to begin with an earlier
// edit; one that nobody begins with was left behind.
const foreignStart = 3 * time.Second

// wait collects what becomes of the edits of one Deliver.
type wait struct {
	b      *Inbox
	ids    []string
	report func(model.DeliveryResult)

	mu    sync.Mutex
	began time.Time
	told  map[string]bool
}

// note takes the result of one try.
func (w *wait) note(r model.DeliveryResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Entry.State.Waiting() {
		return
	}
	w.tell(r)
}

// tell reports a result once. The lock is held.
func (w *wait) tell(r model.DeliveryResult) {
	if !w.told[r.Entry.ID] {
		w.told[r.Entry.ID] = true
		w.report(r)
	}
}

// pause gives how long to wait until an edit may settle; 0 is that none will
// soon.
func (w *wait) pause(ctx context.Context) (time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var soonest time.Duration
	sooner := func(d time.Duration) {
		if d = max(d, time.Millisecond); soonest == 0 || d < soonest {
			soonest = d
		}
	}
	now := w.b.now()
	for _, id := range w.ids {
		if w.told[id] {
			continue
		}
		e, ok, err := w.b.store.OutboxEntry(ctx, id)
		if err != nil {
			return 0, err
		}
		if !ok || !e.State.Waiting() {
			continue // settled elsewhere; finish looks it up
		}
		if e.State == model.Sending {
			sooner(foreignPause)
			continue
		}
		if e.State == model.RetryAt && worthWaiting(e.Error) {
			sooner(e.NextTry.Sub(now))
			continue
		}
		if e.State != model.Queued {
			continue
		}
		before, blocked, err := w.b.store.Blocker(ctx, e)
		if err != nil {
			return 0, err
		}
		if blocked && (before.State == model.Sending || before.State == model.Queued && now.Sub(w.began) < foreignStart) {
			sooner(foreignPause)
			continue
		}
		if until, err := w.b.store.HeldUntil(ctx, e.Ref.Account); err != nil {
			return 0, err
		} else if !until.IsZero() {
			sooner(until.Sub(now))
		}
	}
	return soonest, nil
}

// worthWaiting are the failures that pass by themselves in a moment. A service
// that cannot be reached may be away for hours.
func worthWaiting(e *model.EntryError) bool {
	return e != nil && (e.Kind == model.RateLimited || e.Kind == model.UnknownOutcome || e.Kind == model.ConflictKind)
}

// finish reports what was not settled here: by another process, folded into a
// newer edit, or still waiting.
func (w *wait) finish(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.ids {
		if w.told[id] {
			continue
		}
		if e, ok, err := w.b.store.OutboxEntry(ctx, id); err == nil && ok {
			w.tell(model.DeliveryResult{Entry: w.b.explain(ctx, e)})
		} else if j, ok, err := w.b.store.JournalEntry(ctx, id); err == nil && ok {
			w.tell(model.DeliveryResult{Entry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
		} else if e, ok := w.b.replaced(ctx, id); ok {
			w.tell(model.DeliveryResult{Entry: e})
		}
	}
}

// replaced returns an edit that left the outbox without a journal entry, with
// what became of it; ok is false for one that was not submitted here.
func (b *Inbox) replaced(ctx context.Context, id string) (e model.OutboxEntry, ok bool) {
	b.submitted.Lock()
	e, ok = b.submitted.entries[id]
	b.submitted.Unlock()
	e.State = model.Withdrawn
	if sub, found, err := b.store.Submission(ctx, e.Submission); err == nil && found && sub.Replaced > 0 && sub.Withdrawn+sub.Discarded == 0 {
		e.State = model.Replaced
	}
	return e, ok
}

// explain gives a queued edit the reason why it was not sent, where there is
// one, and an edit between two tries the time of the next, which is no earlier
// than its service asked for.
func (b *Inbox) explain(ctx context.Context, e model.OutboxEntry) model.OutboxEntry {
	if e.State == model.RetryAt {
		if until, err := b.store.HeldUntil(ctx, e.Ref.Account); err == nil && until.After(e.NextTry) {
			e.NextTry = until
		}
		return e
	}
	if e.State != model.Queued || e.Error != nil {
		return e
	}
	if e.Orphaned {
		e.Error = &model.EntryError{Kind: model.Invalid,
			Message: "the config now gives the name of its account to another service or workspace: set the config back, or discard it"}
		return e
	}
	if before, ok, err := b.store.Blocker(ctx, e); err == nil && ok {
		e.Error = &model.EntryError{Kind: model.ConflictKind, Message: waitsFor(e, before)}
		if before.State.Waiting() {
			e.Error.Kind = model.Unavailable // it passes by itself
		}
		if before.Error != nil {
			e.Error.Kind = before.Error.Kind
			e.Error.Message += ": " + before.Error.Message
		}
		return e
	}
	a, ok := b.byName[e.Ref.Account]
	if !ok {
		return e
	}
	if err := b.allowed(ctx, a); err != nil {
		e.Error, e.NextTry = model.NewEntryError(err), model.AsError(err).RetryAt
	} else if st := a.snapshot(); st.Error != nil {
		e.Error, e.NextTry = st.Error, st.NextTry
	} else if a.desc.ReadOnly {
		e.Error = &model.EntryError{Kind: model.Unsupported, Message: "nothing is sent while " + a.name + " is read-only"}
	}
	return e
}

// waitsFor says which earlier edit another one waits for.
func waitsFor(e, before model.OutboxEntry) string {
	what := "the earlier change of its " + model.FieldName(before.Kind)
	if before.Submission == e.Submission && before.Field() != e.Field() {
		what = "the change of its " + model.FieldName(before.Kind) + " that was submitted with it"
	}
	if before.Kind == e.Kind && before.Key != e.Key {
		what = "another change of its " + model.FieldName(before.Kind) // they are sent as one map
	}
	return "waits for " + what + ", which " + standing(before.State)
}

// standing says how an edit does that another one waits for.
func standing(s model.EditState) string {
	switch {
	case s == model.Sending:
		return "is being sent"
	case s == model.RetryAt:
		return "waits for its next try"
	case s == model.InConflict:
		return "is in conflict"
	case s == model.NotVerified:
		return "is not verified"
	case s == model.OutcomeNotKnown:
		return "has an unknown outcome"
	}
	return "is " + string(s)
}

// explained gives submissions the reason why they wait, where there is one.
func (b *Inbox) explained(ctx context.Context, subs []model.Submission) []model.Submission {
	for i := range subs {
		if p := subs[i].Problem; p != nil {
			e := b.explain(ctx, *p)
			subs[i].Problem = &e
			if e.Error == nil && !e.State.NeedsPerson() {
				subs[i].Problem = nil // it is on its way
			}
		}
	}
	return subs
}

// each runs f for every account side by side and gives the first error in
// the order of the config.
func (b *Inbox) each(f func(*account) error) error {
	errs := make([]error, len(b.accounts))
	var wg sync.WaitGroup
	for i, a := range b.accounts {
		wg.Go(func() { errs[i] = f(a) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Outbox lists every edit that is not settled, oldest first.
func (b *Inbox) Outbox(ctx context.Context) ([]model.OutboxEntry, error) { return b.store.Outbox(ctx) }

// Explained gives edits of the outbox with why they wait and until when.
func (b *Inbox) Explained(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry {
	out := make([]model.OutboxEntry, len(entries))
	for i, e := range entries {
		out[i] = b.explain(ctx, e)
	}
	return out
}

// Submission reads one submission and how far it is; ok is false where there is
// none of this id.
func (b *Inbox) Submission(ctx context.Context, id string) (model.Submission, bool, error) {
	sub, ok, err := b.store.Submission(ctx, id)
	return b.explained(ctx, []model.Submission{sub})[0], ok, err
}

// SubmissionEdits returns the edits of a submission that are in the outbox, with
// why they wait, and those that are settled.
func (b *Inbox) SubmissionEdits(ctx context.Context, id string) ([]model.OutboxEntry, []model.JournalEntry, error) {
	waiting, settled, err := b.store.SubmissionEdits(ctx, id)
	return b.Explained(ctx, waiting), settled, err
}

// OutboxOf lists the edits of one conversation that are not settled, oldest
// first, with why they wait.
func (b *Inbox) OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	out, err := b.store.OutboxOf(ctx, ref)
	return b.Explained(ctx, out), err
}

// Submissions lists submissions, newest first, those that are still on their
// way included.
func (b *Inbox) Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	subs, err := b.store.Submissions(ctx, req)
	return b.explained(ctx, subs), err
}

// Pending lists the submissions of which something is in the outbox, oldest
// first.
func (b *Inbox) Pending(ctx context.Context) ([]model.Submission, error) {
	subs, err := b.store.Pending(ctx)
	return b.explained(ctx, subs), err
}

// History lists delivered edits, newest first.
func (b *Inbox) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	return b.store.History(ctx, req)
}

// Retry queues edits that failed, are held or wait for their next try, to be
// sent now.
func (b *Inbox) Retry(ctx context.Context, ids ...string) error {
	if err := b.store.Requeue(ctx, ids); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Discard removes edits that are not being sent.
func (b *Inbox) Discard(ctx context.Context, ids ...string) error {
	if err := b.store.Discard(ctx, ids); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Withdraw takes those of the given edits that were not sent out of the outbox,
// and returns how many they were.
func (b *Inbox) Withdraw(ctx context.Context, ids ...string) (int, error) {
	withdrawn, err := b.store.Withdraw(ctx, ids)
	if err != nil {
		return 0, err
	}
	b.moved(ctx)
	return len(withdrawn), nil
}

// Resolve settles an edit that waits for a person: mine sends the edit over
// what the service shows now, theirs gives it up, merged (sets only) sends
// theirs with my changes applied.
func (b *Inbox) Resolve(ctx context.Context, id string, r model.Resolution) error {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	if err != nil {
		return err
	}
	if !ok {
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	}
	if r == model.ResolveTheirs {
		return b.Discard(ctx, id)
	}
	if e.Theirs == nil {
		return b.Retry(ctx, id)
	}
	target := e.Target
	if r == model.ResolveMerged {
		c := model.NewConflict(e.Edit, *e.Theirs)
		if c.Merged == nil {
			return &model.Error{Kind: model.Invalid, Message: "only sets of people can be merged"}
		}
		target = *c.Merged
	}
	if err := b.store.Rebase(ctx, id, *e.Theirs, target); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Recheck reads afresh what an edit that waits for a person wants to change, and
// keeps what the service shows now beside it: that is what the person decides on.
func (b *Inbox) Recheck(ctx context.Context, id string) (model.OutboxEntry, error) {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	if err != nil || !ok || !e.State.NeedsPerson() || e.Ref.ID == "" {
		return e, err
	}
	a, err := b.account(e.Ref.Account)
	if err != nil {
		return e, err
	}
	read, err := b.Load(ctx, e.Ref, a.provider.Needs(e.Kind))
	if err != nil {
		return e, err
	}
	if theirs, known := e.Read(read.Conversation); known && (e.Theirs == nil || !e.Theirs.Equal(theirs)) {
		e.Theirs = &theirs
		err = b.store.Shows(ctx, id, theirs)
	}
	return e, err
}

// moved announces that the outbox changed and wakes delivery.
func (b *Inbox) moved(ctx context.Context) {
	for _, a := range b.accounts {
		a.open()
		b.recount(ctx, a)
		a.nudgeDelivery()
	}
	b.events.publish(model.Event{Accounts: b.names(), Revision: b.store.OwnRevision()})
}

// Undelivered counts the edits that are still on their way.
func (b *Inbox) Undelivered() int {
	n := 0
	for _, a := range b.accounts {
		n += a.snapshot().Waiting
	}
	return n
}

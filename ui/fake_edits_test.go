package ui_test

import (
	"context"
	"fmt"
	"slices"

	"confab/model"
	"confab/ui/uitest"
)

func (f *fake) submitted() []model.Plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.plans)
}

func (f *fake) draft(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.drafts[key]
}

func (f *fake) Plan(ctx context.Context, refs []model.Ref, changes []model.Change, o model.PlanOptions) (model.Plan, error) {
	if err := f.enter("Plan"); err != nil {
		return model.Plan{}, err
	}
	p := model.Plan{ID: f.newPlanID()}
	for i, ref := range refs {
		o.Progress(i, len(refs))
		r, ok := f.row(ref)
		if !ok {
			p.Items = append(p.Items, model.PlanItem{Ref: ref, State: model.PlanBlocked, Reason: "it is gone"})
			continue
		}
		d, _ := f.Describe(ref.Account)
		p.Items = append(p.Items, model.PlanOne(r.Conversation, d, f.Capabilities(r.Conversation), changes, nil))
	}
	p.AskForSameTitles(changes)
	return p, ctx.Err()
}

func (f *fake) PlanCreate(_ context.Context, account string, n model.NewConversation, _ model.PlanOptions) (model.Plan, error) {
	if err := f.enter("PlanCreate"); err != nil {
		return model.Plan{}, err
	}
	d, _ := f.Describe(account)
	caps := f.Capabilities(model.Conversation{Ref: model.Ref{Account: account}, Provider: d.Provider})
	return model.Plan{ID: f.newPlanID(), Items: []model.PlanItem{model.PlanCreate(d, caps, n)}}, nil
}

func (f *fake) Submit(_ context.Context, plan model.Plan) ([]string, error) {
	if err := f.enter("Submit"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.plans = append(f.plans, plan)
	var ids []string
	for _, it := range plan.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, e := range it.Edits {
			f.nextID++
			e.ID = fmt.Sprintf("e%04d", f.nextID)
			e.Created, e.Submission = clock, plan.ID
			ids = append(ids, e.ID)
			f.outbox = append(f.outbox, model.OutboxEntry{Edit: e, Title: it.Title, State: model.Queued})
		}
	}
	f.mu.Unlock()
	f.announce()
	return ids, nil
}

// deliver settles all queued edits.
func (f *fake) deliver() { f.deliverSome(1 << 20) }

// deliverSome settles the first n queued edits.
func (f *fake) deliverSome(n int) {
	f.mu.Lock()
	var rest []model.OutboxEntry
	for _, e := range f.outbox {
		if !e.State.Waiting() || n == 0 {
			rest = append(rest, e)
			continue
		}
		n--
		for i := range f.rows {
			if f.rows[i].Conversation.Ref == e.Ref {
				f.rows[i].Conversation = model.Project(f.rows[i].Conversation, []model.Edit{e.Edit})
			}
		}
		f.history = append([]model.JournalEntry{{Edit: e.Edit, Title: e.Title, Before: e.Base, After: e.Target, At: clock, State: model.Done}}, f.history...)
	}
	f.outbox = rest
	f.mu.Unlock()
	f.announce()
}

// settle puts the waiting edits into a state.
func (f *fake) settle(state model.EditState, theirs *model.Value) {
	f.mu.Lock()
	for i := range f.outbox {
		f.outbox[i].State, f.outbox[i].Theirs = state, theirs
		if state == model.Refused {
			f.outbox[i].Error = &model.EntryError{Kind: model.Forbidden, Message: "you may not"}
		}
	}
	f.mu.Unlock()
	f.announce()
}

func (f *fake) PlanUndo(ctx context.Context, id string, o model.PlanOptions) (model.Undo, error) {
	if was := o.Was; was != nil {
		var edits []model.OutboxEntry
		for _, id := range was.Withdraw {
			edits = append(edits, model.OutboxEntry{Edit: model.Edit{ID: id}})
		}
		n, err := f.Decide(ctx, model.DecideWithdraw, edits...)
		if err != nil {
			return model.Undo{}, err
		}
		o.Progress(len(was.Withdraw), len(was.Withdraw))
		u, err := f.PlanUndo(ctx, id, model.PlanOptions{})
		u.Act, u.Again, u.Withdrawn = was.Act, was.Again, was.Withdraw[:n]
		return u, err
	}
	if err := f.enter("PlanUndo"); err != nil {
		return model.Undo{}, err
	}
	if f.undo != nil {
		return f.undo(id)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var u model.Undo
	if n := len(f.outbox); n > 0 {
		e := f.outbox[n-1]
		u.Withdraw, u.Titles = []string{e.ID}, []string{e.Title}
		u.Submission, u.Sentence = e.Submission, model.Sentence([]model.OutboxEntry{{Edit: e.Edit, Title: e.Title}})
	}
	return u, nil
}

func (f *fake) ApplyUndo(_ context.Context, u model.Undo) ([]string, error) {
	if err := f.enter("ApplyUndo"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.applied = append(f.applied, u)
	f.outbox = slices.DeleteFunc(f.outbox, func(e model.OutboxEntry) bool { return slices.Contains(u.Withdraw, e.ID) })
	f.mu.Unlock()
	f.announce()
	return nil, nil
}

func (f *fake) Outbox(context.Context) ([]model.OutboxEntry, error) {
	err := f.enter("Outbox")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.outbox), err
}

func (f *fake) OutboxOf(_ context.Context, ref model.Ref) ([]model.OutboxEntry, error) {
	err := f.enter("OutboxOf")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.outbox), func(e model.OutboxEntry) bool { return e.Ref != ref }), err
}

func (f *fake) Undecided(context.Context) (map[string]int, error) { return nil, f.enter("Undecided") }

func (f *fake) Submission(_ context.Context, id string) (model.Submission, bool, error) {
	err := f.enter("Submission")
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range uitest.Submissions(f.outbox, f.history) {
		if s.ID == id {
			return s, true, err
		}
	}
	return model.Submission{}, false, err
}

func (f *fake) SubmissionEdits(_ context.Context, id string, _ int64) (out model.SubmissionEdits, err error) {
	err = f.enter("SubmissionEdits")
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range uitest.Submissions(f.outbox, f.history) {
		if s.ID == id {
			out.Submission = s
		}
	}
	for _, e := range f.outbox {
		if e.Submission == id {
			out.Outbox = append(out.Outbox, e)
		}
	}
	for _, j := range slices.Backward(f.history) {
		if j.Submission == id {
			out.Journal = append(out.Journal, j)
		}
	}
	return out, err
}

func (f *fake) Changed(_ context.Context, _ int64, limit int, _ ...string) ([]model.Submission, int64, error) {
	err := f.enter("Changed")
	f.mu.Lock()
	defer f.mu.Unlock()
	all := uitest.Submissions(f.outbox, f.history)
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all, 1, err
}

func (f *fake) Submissions(_ context.Context, req model.HistoryRequest) ([]model.Submission, error) {
	err := f.enter("Submissions")
	f.mu.Lock()
	defer f.mu.Unlock()
	all := uitest.Submissions(f.outbox, f.history)
	all = all[1+slices.IndexFunc(all, func(s model.Submission) bool { return s.ID == req.Before }):]
	return all[:min(req.Limit, len(all))], err
}

func (f *fake) newPlanID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextPlan++
	return fmt.Sprintf("s%04d", f.nextPlan)
}

func (f *fake) History(_ context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	err := f.enter("History")
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []model.JournalEntry
	for _, e := range f.history {
		if req.Ref.IsZero() || e.Ref == req.Ref {
			out = append(out, e)
		}
	}
	return out, err
}

func (f *fake) Decide(_ context.Context, d model.Decision, edits ...model.OutboxEntry) (int, error) {
	err := f.enter("Decide " + string(d))
	decided := func(e model.OutboxEntry) bool {
		return slices.ContainsFunc(edits, func(o model.OutboxEntry) bool { return o.ID == e.ID })
	}
	f.mu.Lock()
	before := len(f.outbox)
	switch d {
	case model.DecideRetry:
		for i := range f.outbox {
			if decided(f.outbox[i]) {
				f.outbox[i].State, f.outbox[i].Error = model.Queued, nil
			}
		}
	case model.DecideMine, model.DecideTheirs, model.DecideMerged:
		f.resolved = append(f.resolved, d)
		fallthrough
	default:
		f.outbox = slices.DeleteFunc(f.outbox, func(e model.OutboxEntry) bool {
			return decided(e) && (d != model.DecideWithdraw || !e.Sent && e.State != model.Sending)
		})
	}
	n := len(edits)
	if d == model.DecideWithdraw {
		n = before - len(f.outbox)
	}
	f.mu.Unlock()
	f.announce()
	return n, err
}

func (f *fake) PlanDecision(_ context.Context, d model.Decision, all []model.OutboxEntry) (p model.Plan, err error) {
	err = f.enter("PlanDecision")
	for _, e := range all {
		edit, wrong := e.Decided(d)
		if wrong != nil {
			return p, wrong
		}
		it := model.PlanItem{Ref: e.Ref, Title: e.Title, State: model.PlanChange, Edits: []model.Edit{edit}}
		row, _ := f.row(e.Ref)
		about, _ := f.Describe(e.Ref.Account)
		it.WeighAgain(row.Conversation, about, nil)
		p.Items = append(p.Items, it)
	}
	return p, err
}

func (f *fake) Refresh(...string) {
	_ = f.enter("Refresh")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refreshs++
}

func (f *fake) Triage(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error {
	if progress != nil {
		progress(len(refs)/2, len(refs))
	}
	if err := f.enter("Triage"); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &model.Error{Kind: model.Local, Message: fmt.Sprintf("stopped: 0 of %d were marked", len(refs)), Err: err}
	}
	f.mu.Lock()
	f.triaged = append(f.triaged, t)
	f.mark(refs, t)
	f.mu.Unlock()
	f.announce(refs...)
	return nil
}

func (f *fake) See(_ context.Context, ref model.Ref) error {
	if err := f.enter("See"); err != nil {
		return err
	}
	seen := true
	f.mu.Lock()
	f.triaged = append(f.triaged, model.TriageChange{Seen: &seen})
	f.mark([]model.Ref{ref}, model.TriageChange{Seen: &seen})
	f.mu.Unlock()
	f.announce(ref)
	return nil
}

// mark changes local marks. The caller holds the lock.
func (f *fake) mark(refs []model.Ref, t model.TriageChange) {
	for i := range f.rows {
		if !slices.Contains(refs, f.rows[i].Conversation.Ref) {
			continue
		}
		mark := &f.rows[i].Triage
		for to, from := range map[*bool]*bool{&mark.Done: t.Done, &mark.Pinned: t.Pinned, &mark.Seen: t.Seen} {
			if from != nil {
				*to = *from
			}
		}
		if t.Snooze != nil {
			mark.SnoozedUntil = *t.Snooze
		}
	}
}

func (f *fake) SaveDraft(_ context.Context, key, text string) error {
	err := f.enter("SaveDraft")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drafts[key] = text
	return err
}

func (f *fake) KeepSession(_ context.Context, _, text string) error {
	err := f.enter("KeepSession")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.session = text
	return err
}

func (f *fake) LeftSession(context.Context, string) (string, error) {
	err := f.enter("LeftSession")
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.session, err
}

func (f *fake) Draft(_ context.Context, key string) (string, error) {
	err := f.enter("Draft")
	return f.draft(key), err
}

package inbox

import (
	"cmp"
	"context"
	"slices"

	"confab/model"
	"confab/model/store"
)

// PlanUndo works out how to take back a submission, a single edit, or for "" the newest act of this session: what was not
// sent is withdrawn; what was delivered or is being sent gets its inverse. An act of which nothing can be taken back is
// spent.
func (b *Inbox) PlanUndo(ctx context.Context, id string, o model.PlanOptions) (model.Undo, error) {
	if id != "" {
		return b.planUndo(ctx, id, o)
	}
	a, again := b.session.find(func(act) bool { return true })
	if a.no == 0 {
		return model.Undo{}, &model.Error{Kind: model.NotFound, Message: "there is nothing to take back in this session"}
	}
	if a.submission == "" {
		return model.Undo{Act: a.no, Sentence: a.sentence, Marks: len(a.marks), Again: again}, nil
	}
	u, err := b.planUndo(ctx, a.submission, o)
	u.Act, u.Again = a.no, again
	if err == nil && u.Nothing() {
		b.session.spend(a.no)
	}
	return u, err
}

// withdrawnAtOnce is how many edits are withdrawn before it is said how far that is.
const withdrawnAtOnce = 500

// PlanUndoAgain plans anew what has moved on since it was planned and agreed to. It first withdraws what is not sent
// yet, from its end, so that nothing moves on any more, and returns those edits.
func (b *Inbox) PlanUndoAgain(ctx context.Context, id string, was model.Undo, o model.PlanOptions) (model.Undo, []string, error) {
	var withdrawn []string
	for left := len(was.Withdraw); left > 0; {
		from := max(0, left-withdrawnAtOnce)
		some, err := b.store.Withdraw(ctx, was.Withdraw[from:left])
		withdrawn = append(withdrawn, some...)
		if err != nil {
			return model.Undo{}, withdrawn, err
		}
		left = from
		if o.Progress != nil {
			o.Progress(len(was.Withdraw)-left, len(was.Withdraw))
		}
	}
	if len(withdrawn) > 0 {
		b.moved(ctx, nil)
	}
	u, err := b.planUndo(ctx, id, model.PlanOptions{DryRun: o.DryRun})
	u.Act, u.Again = was.Act, was.Again
	return u, withdrawn, err
}

func (b *Inbox) planUndo(ctx context.Context, id string, o model.PlanOptions) (model.Undo, error) {
	p := undoPlan{b: b, o: o, u: model.Undo{Plan: model.Plan{ID: store.NewID(b.now())}}, items: map[model.Ref]int{}}
	waiting, done, err := b.editsOf(ctx, id)
	if err != nil {
		return p.u, err
	}
	var ids []string
	var edits []model.Titled
	for _, e := range waiting {
		ids, edits = append(ids, e.ID), append(edits, model.Titled{Edit: e.Edit, Title: e.Title})
	}
	for _, j := range done {
		ids, edits = append(ids, j.ID), append(edits, model.Titled{Edit: j.Edit, Title: j.Title})
	}
	if err := p.name(ctx, id, edits); err != nil {
		return p.u, err
	}
	if p.undoing, err = b.store.Undoing(ctx, ids); err != nil {
		return p.u, err
	}
	for _, e := range waiting {
		if err := p.outbox(ctx, e); err != nil {
			return p.u, err
		}
	}
	for _, j := range slices.Backward(done) {
		if err := p.journal(ctx, j); err != nil {
			return p.u, err
		}
	}
	return p.u, nil
}

// editsOf returns the edits of a submission, or the one edit of that id.
func (b *Inbox) editsOf(ctx context.Context, id string) ([]model.OutboxEntry, []model.JournalEntry, error) {
	if _, ok, err := b.store.Submission(ctx, id); err != nil {
		return nil, nil, err
	} else if ok {
		return b.store.SubmissionEdits(ctx, id)
	}
	if j, ok, err := b.store.JournalEntry(ctx, id); err != nil || ok {
		return nil, []model.JournalEntry{j}, err
	}
	if e, ok, err := b.store.OutboxEntry(ctx, id); err != nil || ok {
		return []model.OutboxEntry{e}, nil, err
	}
	return nil, nil, &model.Error{Kind: model.NotFound, Message: "there is no edit or submission " + id}
}

// undoPlan collects what taking back does.
type undoPlan struct {
	b *Inbox
	o model.PlanOptions
	u model.Undo
	// items is where in the plan each conversation is; undoing are edits that are being taken back already.
	items   map[model.Ref]int
	undoing map[string]bool
}

func (p *undoPlan) name(ctx context.Context, id string, edits []model.Titled) error {
	p.u.Submission, p.u.Sentence = id, model.Sentence(edits)
	if len(edits) > 0 {
		p.u.Submission = edits[len(edits)-1].Edit.Submission
	}
	sub, ok, err := p.b.store.Submission(ctx, p.u.Submission)
	if ok && (sub.ID == id || sub.Edits == 1) { // the whole of it
		a, _ := p.b.session.find(func(a act) bool { return a.submission == sub.ID })
		p.u.Sentence, p.u.Act = sub.Sentence, a.no
	}
	return err
}

func undoTitle(title string, ref model.Ref) string {
	return cmp.Or(model.CleanLine(title, 60), ref.String())
}

func (p *undoPlan) block(title string, ref model.Ref, why string) {
	p.u.Blocked = append(p.u.Blocked, model.Blocked{Title: undoTitle(title, ref), Why: why})
}

// outbox plans an edit that is not settled.
func (p *undoPlan) outbox(ctx context.Context, e model.OutboxEntry) error {
	if !e.Sent && e.State != model.Sending {
		p.u.Withdraw = append(p.u.Withdraw, e.ID)
		p.u.Titles = append(p.u.Titles, undoTitle(e.Title, e.Ref))
		p.riskLater(e.Edit)
		return nil
	}
	planned, err := p.inverse(ctx, e.Edit, e.Title, e.Base, e.Target)
	switch {
	case err != nil || !planned:
	case e.State.NeedsPerson():
		p.u.GiveUp = append(p.u.GiveUp, e.ID)
	default:
		p.u.InFlight++
	}
	return err
}

// riskLater notes what taking an edit back would risk if it is sent before it is withdrawn.
func (p *undoPlan) riskLater(e model.Edit) {
	a, ok := p.b.byName[e.Ref.Account]
	if undoable, _ := model.Undoable(e.Kind); !ok || !undoable {
		return
	}
	e.Base, e.Target = e.Target, e.Base
	for _, r := range model.Risks(e, model.Conversation{Ref: e.Ref}, a.desc) {
		if !slices.Contains(p.u.Later, r) {
			p.u.Later = append(p.u.Later, r)
		}
	}
}

func (p *undoPlan) journal(ctx context.Context, j model.JournalEntry) error {
	switch {
	case j.Undone != "":
		p.block(j.Title, j.Ref, "it was taken back already")
		return nil
	case j.State == model.OutcomeAlreadySet:
		return nil
	}
	_, err := p.inverse(ctx, j.Edit, j.Title, j.Before, j.After)
	return err
}

func (p *undoPlan) inverse(ctx context.Context, e model.Edit, title string, before, after model.Value) (planned bool, err error) {
	ok, why := model.Undoable(e.Kind)
	if ok && p.undoing[e.ID] {
		ok, why = false, "it is being taken back already"
	}
	if !ok {
		p.block(title, e.Ref, why)
		return false, nil
	}
	change := model.Change{Kind: e.Kind, Op: model.OpSet, Key: e.Key, Target: before, Base: &after}
	it, err := p.b.planOne(ctx, e.Ref, []model.Change{change}, p.o.DryRun)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || it.State == model.PlanAlready {
		return false, err
	}
	if it.State == model.PlanBlocked {
		p.block(title, e.Ref, it.Reason)
		return false, nil
	}
	for k := range it.Edits {
		it.Edits[k].Undoes = e.ID
	}
	p.add(it)
	return true, nil
}

// add puts the inverse of one edit beside those of the same conversation.
func (p *undoPlan) add(it model.PlanItem) {
	at, ok := p.items[it.Ref]
	if !ok {
		p.items[it.Ref] = len(p.u.Plan.Items)
		p.u.Plan.Items = append(p.u.Plan.Items, it)
		return
	}
	have := &p.u.Plan.Items[at]
	have.Edits = append(have.Edits, it.Edits...)
	have.Risks = append(have.Risks, it.Risks...)
	have.Notes = append(have.Notes, it.Notes...)
}

// ApplyUndo does what PlanUndo planned, and returns the ids of the queued inverses, a submission with the id of the plan.
// Where an edit has moved on since, it does nothing and returns model.ErrUndoMoved.
func (b *Inbox) ApplyUndo(ctx context.Context, u model.Undo) ([]string, error) {
	if u.Marks > 0 {
		a, _ := b.session.find(func(a act) bool { return a.no == u.Act })
		if a.no == 0 {
			return nil, nil // it was taken back meanwhile
		}
		err := b.unmark(ctx, a)
		if err == nil {
			b.session.spend(u.Act)
		}
		return nil, err
	}
	sub := model.Submission{Undoes: u.Submission, Sentence: "took back: " + u.Sentence}
	entries, sub := b.entries(u.Plan, sub)
	ids, err := b.store.Undo(ctx, sub, entries, u.Withdraw, u.GiveUp)
	if err != nil {
		return nil, err
	}
	b.remember(ids, entries)
	b.session.spend(u.Act)
	return ids, b.moved(ctx, nil)
}

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
// spent. What was agreed to and has moved on since is planned anew, see model.PlanOptions.
func (b *Inbox) PlanUndo(ctx context.Context, id string, o model.PlanOptions) (u model.Undo, err error) {
	switch {
	case o.Was != nil:
		withdrawn, err := b.withdrawAll(ctx, o.Was.Withdraw, o.Progress)
		if err == nil {
			u, err = b.planUndo(ctx, id, o.DryRun)
		}
		u.Act, u.Again, u.Withdrawn = o.Was.Act, o.Was.Again, withdrawn
		return u, err
	case id != "":
		return b.planUndo(ctx, id, o.DryRun)
	}
	a, again := b.session.find(func(act) bool { return true })
	if a.no == 0 {
		return u, &model.Error{Kind: model.NotFound, Message: "there is nothing to take back in this session"}
	}
	if a.submission == "" {
		return model.Undo{Act: a.no, Sentence: a.sentence, Marks: len(a.marks), Again: again}, nil
	}
	u, err = b.planUndo(ctx, a.submission, o.DryRun)
	u.Act, u.Again = a.no, again
	if err == nil && u.Nothing() {
		b.session.spend(a.no)
	}
	return u, err
}

// withdrawnAtOnce is how many edits are withdrawn before it is said how far that is.
const withdrawnAtOnce = 500

// withdrawAll withdraws edits from the end, so that nothing of a submission moves on any more, and returns those that
// could be.
func (b *Inbox) withdrawAll(ctx context.Context, ids []string, progress func(done, total int)) (withdrawn []string, err error) {
	for left := len(ids); left > 0 && err == nil; {
		from := max(0, left-withdrawnAtOnce)
		var some []string
		some, err = b.store.Withdraw(ctx, ids[from:left])
		withdrawn, left = append(withdrawn, some...), from
		if err == nil && progress != nil {
			progress(len(ids)-left, len(ids))
		}
	}
	if err == nil && len(withdrawn) > 0 {
		b.moved(ctx, nil)
	}
	return withdrawn, err
}

// undoPlan collects what taking back does.
type undoPlan struct {
	b      *Inbox
	dryRun bool
	model.Undo
	// items is where in the plan each conversation is; undoing are edits that are being taken back already.
	items   map[model.Ref]int
	undoing map[string]bool
}

func (b *Inbox) planUndo(ctx context.Context, id string, dryRun bool) (model.Undo, error) {
	p := undoPlan{b: b, dryRun: dryRun, items: map[model.Ref]int{}, Undo: model.Undo{Plan: model.Plan{ID: store.NewID(b.now())}}}
	waiting, done, err := b.editsOf(ctx, id)
	if err == nil {
		err = p.name(ctx, id, waiting, done)
	}
	for _, e := range waiting {
		if err == nil {
			err = p.takeBack(ctx, e)
		}
	}
	for _, j := range slices.Backward(done) {
		switch {
		case err != nil:
		case j.Undone != "":
			p.block(j.Title, j.Ref, "it was taken back already")
		case j.State == model.Done:
			_, err = p.inverse(ctx, j.Edit, j.Title, j.Before, j.After)
		}
	}
	return p.Undo, err
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

// name says what is taken back, and finds out what of that is being taken back already.
func (p *undoPlan) name(ctx context.Context, id string, waiting []model.OutboxEntry, done []model.JournalEntry) (err error) {
	var edits []model.Titled
	for _, e := range waiting {
		edits = append(edits, model.Titled{Edit: e.Edit, Title: e.Title})
	}
	for _, j := range done {
		edits = append(edits, model.Titled{Edit: j.Edit, Title: j.Title})
	}
	ids := make([]string, len(edits))
	p.Submission, p.Sentence = id, model.Sentence(edits)
	for i, e := range edits {
		ids[i], p.Submission = e.Edit.ID, e.Edit.Submission
	}
	if p.undoing, err = p.b.store.Undoing(ctx, ids); err != nil {
		return err
	}
	sub, ok, err := p.b.store.Submission(ctx, p.Submission)
	if ok && (sub.ID == id || sub.Edits == 1) { // the whole of it
		a, _ := p.b.session.find(func(a act) bool { return a.submission == sub.ID })
		p.Sentence, p.Act = sub.Sentence, a.no
	}
	return err
}

func undoTitle(title string, ref model.Ref) string {
	return cmp.Or(model.CleanLine(title, 60), ref.String())
}

func (p *undoPlan) block(title string, ref model.Ref, why string) {
	p.Blocked = append(p.Blocked, model.Blocked{Title: undoTitle(title, ref), Why: why})
}

// takeBack plans to take back an edit that is not settled.
func (p *undoPlan) takeBack(ctx context.Context, e model.OutboxEntry) error {
	if !e.Sent && e.State != model.Sending {
		p.Withdraw = append(p.Withdraw, e.ID)
		p.Titles = append(p.Titles, undoTitle(e.Title, e.Ref))
		p.riskLater(e.Edit)
		return nil
	}
	planned, err := p.inverse(ctx, e.Edit, e.Title, e.Base, e.Target)
	switch {
	case !planned:
	case e.State.NeedsPerson():
		p.GiveUp = append(p.GiveUp, e.ID)
	default:
		p.InFlight++
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
	p.Later = union(p.Later, model.Risks(e, model.Conversation{Ref: e.Ref}, a.desc))
}

// inverse plans the inverse of an edit, beside those of the same conversation.
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
	it, err := p.b.planOne(ctx, e.Ref, []model.Change{change}, p.dryRun)
	switch {
	case err != nil || ctx.Err() != nil:
		return false, cmp.Or(err, ctx.Err())
	case it.State == model.PlanAlready:
		return false, nil
	case it.State == model.PlanBlocked:
		p.block(title, e.Ref, it.Reason)
		return false, nil
	}
	for k := range it.Edits {
		it.Edits[k].Undoes = e.ID
	}
	at, ok := p.items[it.Ref]
	if !ok {
		p.items[it.Ref] = len(p.Plan.Items)
		p.Plan.Items = append(p.Plan.Items, it)
		return true, nil
	}
	have := &p.Plan.Items[at]
	have.Edits = append(have.Edits, it.Edits...)
	have.Risks = append(have.Risks, it.Risks...)
	have.Notes = append(have.Notes, it.Notes...)
	return true, nil
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

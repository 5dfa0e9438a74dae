package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"confab/model"
	"confab/model/store"
)

// PlanUndo plans the undo of a submission, of a single edit or, for "", of the newest act of this session: what was not
// sent is withdrawn, and what was delivered or is being sent gets its inverse. An act of which nothing can be undone is
// removed from the session. o.Was plans an undo again that was agreed to and has moved on since.
func (b *Inbox) PlanUndo(ctx context.Context, id string, o model.PlanOptions) (u model.Undo, err error) {
	switch {
	case o.Was != nil:
		withdrawn, err := b.withdrawAll(ctx, o.Was.Withdraw, o.Progress)
		if err == nil {
			u, err = b.planUndo(ctx, id, o.DryRun)
		}
		u.Again, u.Withdrawn = o.Was.Again, withdrawn
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
	if model.KindOf(err) == model.NotFound || err == nil && u.Nothing() {
		b.session.remove(a.no)
	}
	u.Again = again
	return u, err
}

// withdrawnAtOnce is how many edits are withdrawn between two reports of progress.
const withdrawnAtOnce = 500

// withdrawAll withdraws edits, last first, so that nothing of the submission moves on. It returns those that it
// withdrew.
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
	if len(withdrawn) > 0 {
		err = b.outboxChanged(ctx, err)
	}
	return withdrawn, err
}

type undoPlan struct {
	b      *Inbox
	dryRun bool
	model.Undo
	// items maps each conversation to its item in the plan. undoing holds edits that are being undone already.
	items   map[model.Ref]int
	undoing map[string]bool
}

func (b *Inbox) planUndo(ctx context.Context, id string, dryRun bool) (model.Undo, error) {
	p := undoPlan{b: b, dryRun: dryRun, items: map[model.Ref]int{}, Undo: model.Undo{Plan: model.Plan{ID: store.NewID(b.now())}}}
	found, err := b.findEdits(ctx, id)
	if err == nil {
		err = p.describe(ctx, id, found)
	}
	for _, e := range found.Outbox {
		if err == nil {
			err = p.takeBack(ctx, e)
		}
	}
	for _, j := range slices.Backward(found.Journal) { // what was narrowed first is widened last
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

// findEdits returns a submission with its edits, or with the one edit of that id.
func (b *Inbox) findEdits(ctx context.Context, id string) (model.SubmissionEdits, error) {
	found, err := b.store.SubmissionEdits(ctx, id, 0)
	if err != nil || found.Submission.ID != "" {
		return found, err
	}
	j, delivered, err := b.store.JournalEntry(ctx, id)
	e, waits, err2 := b.store.OutboxEntry(ctx, id)
	of := e.Submission
	switch {
	case cmp.Or(err, err2) != nil:
		return found, cmp.Or(err, err2)
	case delivered:
		found.Journal, of = []model.JournalEntry{j}, j.Submission
	case waits:
		found.Outbox = []model.OutboxEntry{e}
	default:
		return found, &model.Error{Kind: model.NotFound, Message: "there is no edit or submission " + id}
	}
	found.Submission, _, err = b.store.Submission(ctx, of)
	return found, err
}

// describe sets what is undone, and finds out which of its edits are being undone already.
func (p *undoPlan) describe(ctx context.Context, id string, found model.SubmissionEdits) (err error) {
	edits := slices.Clone(found.Outbox)
	for _, j := range found.Journal {
		edits = append(edits, model.OutboxEntry{Edit: j.Edit, Title: j.Title})
	}
	ids := make([]string, len(edits))
	for i, e := range edits {
		ids[i] = e.Edit.ID
	}
	sub := found.Submission
	p.Submission, p.Sentence = sub.ID, model.Sentence(edits)
	if sub.ID == id || sub.Edits == 1 { // the whole submission is undone
		a, _ := p.b.session.find(func(a act) bool { return a.submission == sub.ID })
		p.Sentence, p.Act = sub.Sentence, a.no
	}
	p.undoing, err = p.b.store.Undoing(ctx, ids)
	return err
}

func undoTitle(title string, ref model.Ref) string {
	return cmp.Or(model.CleanLine(title, 60), ref.String())
}

func (p *undoPlan) block(title string, ref model.Ref, why string) {
	p.Blocked = append(p.Blocked, model.Blocked{Title: undoTitle(title, ref), Why: why})
}

// takeBack plans the undo of an edit that is not settled.
func (p *undoPlan) takeBack(ctx context.Context, e model.OutboxEntry) error {
	if e.Unsent() {
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

// riskLater records what the inverse of an edit would risk, in case the edit is sent before it is withdrawn.
func (p *undoPlan) riskLater(e model.Edit) {
	a, ok := p.b.byName[e.Ref.Account]
	if undoable, _ := model.Undoable(e.Kind); !ok || !undoable {
		return
	}
	e.Base, e.Target = e.Target, e.Base
	p.Later = union(p.Later, model.Risks(e, model.Conversation{Ref: e.Ref}, a.desc))
}

// inverse plans the inverse of an edit, in the same item as others of its conversation.
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
	plan, err := p.b.Plan(ctx, []model.Ref{e.Ref}, []model.Change{change}, model.PlanOptions{DryRun: p.dryRun})
	if err != nil {
		return false, err
	}
	it := plan.Items[0]
	switch it.State {
	case model.PlanBlocked:
		p.block(title, e.Ref, it.Reason)
		fallthrough
	case model.PlanAlready: // it changes nothing, as a rename to the title that was there before other edits that wait
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
	have.Risks, have.Notes = union(have.Risks, it.Risks), union(have.Notes, it.Notes)
	have.Audience, have.Outsiders = cmp.Or(have.Audience, it.Audience), have.Outsiders || it.Outsiders
	return true, nil
}

// ApplyUndo does what PlanUndo planned, and returns the ids of the queued inverses, which form a submission with the id
// of the plan. If an edit has changed its state since, it does nothing and returns model.ErrUndoMoved.
func (b *Inbox) ApplyUndo(ctx context.Context, u model.Undo) ([]string, error) {
	if u.Marks > 0 {
		a, _ := b.session.find(func(a act) bool { return a.no == u.Act })
		err := b.restoreMarks(ctx, a)
		if err == nil {
			b.session.remove(u.Act)
		}
		return nil, err
	}
	sub := model.Submission{Undoes: u.Submission, Sentence: "took back: " + u.Sentence}
	entries, sub := b.entries(u.Plan, sub)
	ids, err := b.store.Undo(ctx, sub, entries, u.Withdraw, u.GiveUp)
	if err == nil {
		b.remember(entries)
		b.session.remove(u.Act)
	}
	return ids, b.outboxChanged(ctx, err)
}

// act is what a user can undo in this session: a submission, or a change of local marks.
type act struct {
	no         int
	submission string
	sentence   string
	change     model.TriageChange
	marks      []store.Marked
}

type session struct {
	mu      sync.Mutex
	acts    []act
	last    int
	undoing bool // the last thing done was an undo: another one asks first
}

func (s *session) push(a act) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	a.no = s.last
	s.acts = append(s.acts, a)
	s.undoing = false
}

// find returns the newest act for which match is true (its number is 0 if there is none), and whether the last thing
// done was an undo.
func (s *session) find(match func(act) bool) (a act, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range slices.Backward(s.acts) {
		if match(a) {
			return a, s.undoing
		}
	}
	return act{}, s.undoing
}

// remove takes an act off the stack, because it was undone or can't be.
func (s *session) remove(no int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undoing = true
	s.acts = slices.DeleteFunc(s.acts, func(a act) bool { return a.no == no })
}

// Triage changes local marks, as an act that can be undone. It reports its progress to progress, if that is set. If it
// ends early, the error says how far it came, and the act is what was done.
func (b *Inbox) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange, progress func(done, total int)) error {
	var before []store.Marked
	err := b.store.TriageEach(ctx, refs, ch, func(some []store.Marked) {
		before = append(before, some...)
		b.announce(ctx)
		if progress != nil {
			progress(len(before), len(refs))
		}
	})
	if len(before) == 0 {
		return err
	}
	titles := make([]string, len(before))
	if len(before) == 1 {
		if row, ok, err := b.store.Row(ctx, before[0].Ref); err == nil && ok {
			titles[0] = row.Conversation.Title
		}
	}
	b.session.push(act{sentence: ch.Sentence(titles), change: ch, marks: before})
	return cutShort(err, "marked", len(before), len(refs))
}

// cutShort adds to an error how much was done before it.
func cutShort(err error, did string, done, total int) error {
	if err == nil {
		return nil
	}
	why := model.Words(err)
	if errors.Is(err, context.Canceled) {
		why = "stopped"
	}
	why = fmt.Sprintf("%s: %s of %s were %s", why, model.Number(done), model.Number(total), did)
	return &model.Error{Kind: model.KindOf(err), Message: why, Err: err}
}

// See marks a conversation seen because it was shown, which is not an act.
func (b *Inbox) See(ctx context.Context, ref model.Ref) error {
	return b.store.TriageEach(ctx, []model.Ref{ref}, model.TriageChange{Seen: new(true)}, func([]store.Marked) { b.announce(ctx) })
}

// restoreMarks undoes a change of local marks. If it ends early, it can be called again.
func (b *Inbox) restoreMarks(ctx context.Context, a act) error {
	done := 0
	err := b.store.Restore(ctx, a.marks, a.change, func(some []store.Marked) {
		done += len(some)
		b.announce(ctx)
	})
	return cutShort(err, "taken back", done, len(a.marks))
}

package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"

	"confab/model"
)

// change returns a random change of a conversation, in words that its service knows.
func (w *simulation) change(c model.Conversation) model.Change {
	set := func(k model.EditKind, values ...string) model.Change {
		return model.Change{Kind: k, Op: model.OpSet, Target: model.TextValue(pick(w.r, values))}
	}
	text := fmt.Sprint("text ", w.r.IntN(6))
	person := func() model.Participant {
		if now := append(slices.Clone(c.Participants.Items), c.Contacts.Items...); len(now) > 0 && w.r.IntN(2) == 0 {
			return pick(w.r, now)
		}
		return pick(w.r, w.pool[c.Ref.Account])
	}
	people := func(kind model.EditKind, roles ...string) model.Change {
		p := person()
		op := pick(w.r, []model.ChangeOp{model.OpAdd, model.OpRemove, model.OpAlter})
		p.Role, p.Status = "", ""
		if len(roles) > 0 && op != model.OpRemove {
			p.Role = pick(w.r, roles)
		}
		if kind == model.EditParticipants && c.Ref.Account == "support" && op == model.OpAlter {
			p.Status = pick(w.r, []string{"active", "pending"})
		}
		if kind == model.EditContacts && op == model.OpAlter {
			op = model.OpAdd
		}
		return model.Change{Kind: kind, Op: op, People: []model.Participant{p}}
	}
	rare := func(k model.EditKind, otherwise model.Change) model.Change {
		if w.r.IntN(8) == 0 {
			return model.Change{Kind: k}
		}
		return otherwise
	}
	switch c.Ref.Account {
	case "sales":
		return pick(w.r, []model.Change{
			set(model.EditPrivacy, "private", "public"), set(model.EditPrivacy, "private", "public"), set(model.EditTitle, text),
			{Kind: model.EditLabels, Op: model.OpSet, Key: pick(w.r, []string{"Call Type", "Stage"}), Target: model.TextValue(text)},
			rare(model.EditArchive, set(model.EditTitle, text))})
	case "support":
		return pick(w.r, []model.Change{
			set(model.EditPrivacy, "private", "public"), set(model.EditTitle, text), set(model.EditDescription, text, ""),
			set(model.EditStatus, "open", "closed"), set(model.EditAccess, "open", "invite-only", "request-to-join"),
			people(model.EditParticipants), people(model.EditParticipants),
			{Kind: model.EditAttributes, Op: model.OpSet, Key: pick(w.r, []string{"tier", "language"}), Target: model.TextValue(text)},
			rare(model.EditDelete, set(model.EditTitle, text))})
	case "meetings":
		return people(model.EditContacts)
	}
	return pick(w.r, []model.Change{
		set(model.EditTitle, text), set(model.EditDescription, text), set(model.EditAccess, "just_me", "group", "everyone"),
		set(model.EditDefaultRole, "editor", "viewer", "collaboration_complete"),
		people(model.EditParticipants, "editor", "viewer"), people(model.EditParticipants, "editor", "viewer"),
		rare(model.EditDelete, set(model.EditTitle, text))})
}

func (w *simulation) refs() []model.Ref {
	var out []model.Ref
	for ref := range w.truth {
		if !w.gone[ref] || w.r.IntN(10) == 0 {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b model.Ref) int { return strings.Compare(a.String(), b.String()) })
	// A few conversations are changed again and again.
	return out[:min(len(out), 10)]
}

// step does one random thing.
func (w *simulation) step(ctx context.Context) error {
	w.confab = pick(w.r, w.running)
	switch n := w.r.IntN(100); {
	case n < 40:
		return w.submit(ctx)
	case n < 48:
		return w.create(ctx)
	case n < 65:
		return w.interfere(ctx)
	case n < 78:
		return w.undo(ctx)
	case n < 90:
		return w.decide(ctx)
	case n < 94:
		w.inbox.Refresh()
		return nil
	case n < 97:
		w.say("closes and opens again")
		return w.again(w.closeAll)
	}
	w.say("dies and starts again")
	synctest.Wait()
	return w.again(w.die)
}

func (w *simulation) submit(ctx context.Context) error {
	refs, changes := w.choose()
	plan, err := w.inbox.Plan(ctx, refs, changes, model.PlanOptions{})
	if err != nil {
		return err
	}
	if _, err := w.inbox.Submit(ctx, plan); err != nil {
		return err
	}
	for _, e := range plan.Edits() {
		w.say("submits %s: %s %s %s: %s → %s", plan.ID, e.Ref, e.Kind, e.Key, show(e.Base), show(e.Target))
	}
	return nil
}

// choose picks some conversations of one account and what to change in them.
func (w *simulation) choose() ([]model.Ref, []model.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	refs := w.refs()
	w.r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	refs = refs[:min(len(refs), 1+w.r.IntN(3))]
	var changes []model.Change
	account := refs[0].Account
	for range 1 + w.r.IntN(3) {
		changes = append(changes, w.change(w.truth[refs[0]]))
	}
	refs = slices.DeleteFunc(refs, func(r model.Ref) bool { return r.Account != account })
	if slices.ContainsFunc(changes, func(c model.Change) bool { return c.Kind == model.EditDelete }) {
		changes = []model.Change{{Kind: model.EditDelete}}
	}
	return refs, changes
}

func (w *simulation) create(ctx context.Context) error {
	account := pick(w.r, []string{"support", "projects"})
	n := model.NewConversation{Title: fmt.Sprint("new ", w.r.IntN(5)), Message: pick(w.r, []string{"", "Good morning"})}
	if account == "projects" {
		n.Space = w.space
	}
	for range w.r.IntN(3) {
		n.People = append(n.People, pick(w.r, w.pool[account]))
	}
	plan, err := w.inbox.PlanCreate(ctx, account, n, model.PlanOptions{})
	if err != nil {
		return err
	}
	if _, err := w.inbox.Submit(ctx, plan); err != nil {
		return err
	}
	if plan.Count(model.PlanChange) > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked[account+" "+n.Title]++
		w.say("submits %s: create “%s” in %s", plan.ID, n.Title, account)
	}
	return nil
}

// interfere makes a change as another client.
func (w *simulation) interfere(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ref := pick(w.r, w.refs())
	if w.gone[ref] {
		return nil
	}
	p := w.others[ref.Account]
	now := w.truth[ref]
	it := model.PlanOne(now, p.Describe(), p.Capabilities(now), []model.Change{w.change(now)}, nil)
	if it.State != model.PlanChange {
		return nil
	}
	p.Apply(ctx, now, it.Edits)
	for _, ev := range w.observe(ref) {
		w.events = append(w.events, ev)
		w.say("%s", ev)
	}
	return nil
}

func (w *simulation) undo(ctx context.Context) error {
	id := ""
	if w.r.IntN(2) == 0 {
		k, err := readStore(ctx, w.store)
		if err != nil {
			return err
		}
		var ids []string
		for _, s := range k.subs {
			ids = append(ids, s.ID)
		}
		for _, j := range k.journal {
			ids = append(ids, j.ID)
		}
		if len(ids) == 0 {
			return nil
		}
		id = pick(w.r, ids)
	}
	u, err := w.inbox.PlanUndo(ctx, id, model.PlanOptions{})
	if err != nil {
		return unlessItIs(err, model.NotFound)
	}
	if _, err := w.inbox.ApplyUndo(ctx, u); errors.Is(err, model.ErrUndoMoved) {
		return nil
	} else if err != nil {
		return err
	}
	for _, id := range u.GiveUp {
		w.dropped[id] = true
	}
	w.say("takes back %s by %s: withdraws %v, gives up %v, can't %q", u.Submission, u.Plan.ID, u.Withdraw, u.GiveUp, u.Blocked)
	for _, e := range u.Plan.Edits() {
		w.say("  %s %s %s: %s → %s, undoes %s", e.Ref, e.Kind, e.Key, show(e.Base), show(e.Target), e.Undoes)
	}
	return nil
}

func unlessItIs(err error, kinds ...model.ErrorKind) error {
	if slices.Contains(kinds, model.KindOf(err)) {
		return nil
	}
	return err
}

// decide makes a random decision about an edit of the outbox.
func (w *simulation) decide(ctx context.Context) error {
	outbox, err := w.inbox.Outbox(ctx)
	if err != nil || len(outbox) == 0 {
		return err
	}
	e := pick(w.r, outbox)
	how := pick(w.r, []model.Decision{model.DecideRetry, model.DecideDiscard, model.DecideMine, model.DecideTheirs, model.DecideMerged})
	if how != model.DecideRetry && how != model.DecideDiscard && !e.State.NeedsPerson() {
		return nil
	}
	if how == model.DecideDiscard || how == model.DecideTheirs {
		w.dropped[e.ID] = e.Sent || e.State == model.Sending
	}
	_, err = w.inbox.Decide(ctx, how, e)
	w.say("%s %s, which is %s (sent %v): %v", how, e.ID, e.State, e.Sent, err)
	if err != nil {
		delete(w.dropped, e.ID)
	}
	return unlessItIs(err, model.Invalid, model.NotFound)
}

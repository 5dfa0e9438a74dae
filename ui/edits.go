package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	readOnly = "read-only: confab was started so that it changes nothing"
	// largePlan is the number of conversations from which planning takes long enough (30 ms) to say so.
	largePlan = 10_000
	again     = "Again: "
)

// planRequest is what to plan, and what to do with the plan.
type planRequest struct {
	intent
	title   string
	changes []model.Change
	// create, in account, replaces changes.
	create  *model.NewConversation
	account string
	details []string // shown beside the edits
	// draft is the key of the draft to clear once the plan is submitted.
	draft string
	// review shows the plan even if it needs no confirmation.
	review bool
	// from is the overlay that asks; it closes once the plan is submitted.
	from overlay
	// repeatable says that the repeat key may make the same changes elsewhere.
	repeatable bool
}

func bulkTitle(verb string, n int) string {
	v := strings.ToUpper(verb[:1]) + verb[1:]
	if n == 1 {
		return v
	}
	return v + ": " + theme.Count(n, "conversation")
}

// titleFor names the conversation that an intent is about, or says how many there are.
func titleFor(what string, in intent) string {
	if in.single {
		return what + ": " + model.CleanLine(in.row.Conversation.Title, 120)
	}
	return bulkTitle(what, in.size())
}

func nameOf(c model.Conversation) string {
	if title := model.CleanLine(c.Title, 60); title != "" {
		return `"` + title + `"`
	}
	return model.CleanLine(c.Ref.String(), 60)
}

func nameOrCount(in intent) string {
	if in.single {
		return nameOf(in.row.Conversation)
	}
	return theme.Count(in.size(), "conversation")
}

// planning has edits planned, confirmed and submitted.
type planning struct {
	*overlays
	list     *listing
	followed *followed
	undo     *undo
	quit     *quitting
	last     *planRequest // what the repeat key does
}

func requestFor(in intent, verb string) planRequest {
	return planRequest{intent: in, title: bulkTitle(verb, in.size())}
}

func (p *planning) plan(req planRequest) {
	for _, op := range p.ops {
		if req.from != nil && op.from == req.from {
			return // submitted twice: it is being planned
		}
	}
	if req.single {
		req.changes = slices.Clone(req.changes)
		for i, c := range req.changes {
			req.changes[i].Earlier = req.row.PendingEdits(model.Edit{Kind: c.Kind, Key: c.Key}.Field())
		}
	}
	q := p.list.query()
	if n := req.size(); n > largePlan {
		p.say(theme.Dim, "planning "+theme.Count(n, "conversation")+p.th.Ellipsis)
	}
	operate(p.overlays, inDialog(req.title), func(ctx context.Context, report func(int, int)) (*dialog.Plan, error) {
		plan, err := req.ask(ctx, p.be, q, report)
		return dialog.NewPlan(plan), err
	}, func(d *dialog.Plan, err error) { p.planArrived(req, d, err) })
}

// ask asks the engine for the plan. query is the view, which hides some of the marked conversations.
func (req planRequest) ask(ctx context.Context, be Backend, query string, report func(int, int)) (model.Plan, error) {
	if req.create != nil {
		return be.PlanCreate(ctx, req.account, *req.create, model.PlanOptions{})
	}
	refs, err := req.refs(ctx, be)
	if err != nil {
		return model.Plan{}, err
	}
	p, err := be.Plan(ctx, refs, req.changes, model.PlanOptions{Progress: report})
	p.Items = slices.DeleteFunc(p.Items, func(it model.PlanItem) bool {
		return it.State == model.PlanAlready && !slices.ContainsFunc(req.changes, func(c model.Change) bool {
			_, concerned := c.BaseByRef[it.Ref]
			return concerned || c.BaseByRef == nil
		})
	})
	if err != nil || !req.marked {
		return p, err
	}
	hidden, err := req.hidden(ctx, be, query)
	for i := range p.Items {
		p.Items[i].Hidden = hidden[p.Items[i].Ref]
	}
	return p, err
}

// planArrived submits a plan, or shows it first if it needs confirmation.
func (p *planning) planArrived(req planRequest, d *dialog.Plan, err error) {
	it, ok := d.First()
	title := req.title
	if verb, all := strings.CutSuffix(title, ": "+theme.Count(req.size(), "conversation")); all && ok {
		title = bulkTitle(verb, d.Size()) // changes made in a table may concern only some of the conversations
		if !d.Bulk() {
			title += ": " + model.CleanLine(it.Title, 120)
		}
	}
	d.Name(title)
	switch {
	case err != nil:
		p.complain(req.from, model.Words(err))
	case !ok:
		p.complain(req.from, "nothing to change")
	case !d.Bulk() && it.State == model.PlanBlocked:
		p.complain(req.from, model.CleanLine(it.Reason, 300))
	case !d.Bulk() && it.State == model.PlanAlready:
		p.complain(req.from, "nothing to send: it already is so")
	case !d.Bulk() && !d.Risky() && !req.review && d.HiddenCount() == 0:
		p.submit(req, d)
	default:
		p.askChanges(req, d)
	}
}

func (p *planning) askChanges(req planRequest, d *dialog.Plan) {
	d.DefaultYes = req.review
	if c := req.changes; len(c) == 1 && c[0].Kind.Shape() == model.ShapeChoice && c[0].Target.Text != nil {
		d.Already = "already " + model.CleanLine(model.RoleName(c[0].Target.String()), 60)
	}
	if d.Changes() > 0 {
		d.Extra = req.details
	}
	if req.action == keymap.Delete && d.Changes() > 0 {
		words := []string{"delete"}
		if it, _ := d.First(); !d.Bulk() {
			words = []string{it.Title, "delete"}
		}
		d.NeedsWord(words...)
	}
	p.askPlan(d, req.from, func() { p.submit(req, d) })
}

// submit passes a plan to the engine. It can't be cancelled: it ends with the edits on disk, or an error.
func (p *planning) submit(req planRequest, d *dialog.Plan) {
	p.submitting++
	var op *operation
	if d.Changes() != 1 {
		op = inLine("queueing "+theme.Count(d.Changes(), "edit"), "")
		op.stoppable = false
	}
	operate(p.overlays, op, func(context.Context, func(int, int)) (undoable bool, err error) {
		_, err = p.be.Submit(context.Background(), d.Plan())
		return d.Undoable(), err
	}, func(undoable bool, err error) {
		p.submitting--
		if err != nil {
			p.complain(req.from, "nothing was queued: "+model.Words(err))
		} else {
			p.submitted(req)
			if undoable {
				p.undo.acts++
			}
			p.followed.follow(d.ID(), d.Changes() > 1, undoable)
		}
		p.quit.ifReady()
	})
}

func (p *planning) submitted(req planRequest) {
	p.clearDraft(req.draft)
	if req.from != nil {
		p.closeOverlay(req.from)
	}
	if req.marked {
		p.list.clearMarks()
	}
	if req.repeatable {
		last := planRequest{intent: intent{action: req.action}, title: req.title, changes: slices.Clone(req.changes)}
		for i, c := range last.changes {
			last.changes[i].Base, last.changes[i].BaseByRef, last.changes[i].Earlier = nil, nil, nil // those of the old subjects
			if c.Kind.Shape() == model.ShapePeople && last.account == "" {
				last.account = p.list.samples(req.subjects).account(c.Kind).Account // the ids of people are the account's
			}
		}
		p.last = &last
	}
}

// set plans a value for a field. For a single conversation the base is the value on the screen, so
// that a change since then is a conflict.
func (p *planning) set(req planRequest, kind model.EditKind, target string) {
	ch := model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)}
	if v, ok := model.Read(req.row.Conversation, kind, ""); ok && req.single {
		ch.Base = &v
	}
	req.changes, req.repeatable = []model.Change{ch}, true
	p.plan(req)
}

// setHandler handles an action that sets a field to a value.
func (p *planning) setHandler(verb string, kind model.EditKind, target string, unasked func(intent) bool) handler {
	return handler{wants: wantsRows, kind: kind, unasked: unasked,
		run: func(in intent) { p.set(requestFor(in, verb), kind, target) }}
}

// removalHandler handles archive and delete.
func (p *planning) removalHandler(kind model.EditKind) handler {
	return handler{asks: true, wants: wantsRows, kind: kind, run: func(in intent) {
		req := requestFor(in, kind.Words())
		req.changes, req.repeatable = []model.Change{{Kind: kind, Op: model.OpSet}}, kind != model.EditDelete
		p.plan(req)
	}}
}

// unless returns a handler that does something else with a single conversation of a certain state.
func (h handler) unless(other handler, isSo func(model.Conversation) bool) handler {
	pick := func(in intent) handler { return theme.Pick(in.single && isSo(in.row.Conversation), other, h) }
	return handler{wants: h.wants, kind: h.kind, run: func(in intent) { pick(in).run(in) },
		unasked: func(in intent) bool { return pick(in).unasked != nil }}
}

func (p *planning) repeat(in intent) {
	verb, _, _ := strings.Cut(strings.TrimPrefix(p.last.title, again), ": ") // drops the name or number of the old subjects
	in.action = p.last.action
	p.plan(planRequest{intent: in, title: again + bulkTitle(verb, in.size()), repeatable: true, changes: p.last.changes})
}

func (p *planning) repeatOff(in intent) string {
	if p.last == nil {
		return "nothing was edited yet"
	}
	for _, name := range in.accounts() {
		if p.last.account != "" && name != p.last.account {
			return "the last edit names people of " + p.last.account + ", who are not known in " + name
		}
	}
	return ""
}

// choiceHandler handles an action that sets a field to a value chosen from a menu.
func (p *planning) choiceHandler(title string, kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(in intent) { p.choose(in, title, kind) }}
}

func (p *planning) choose(in intent, title string, kind model.EditKind) {
	all := p.list.samples(in.subjects)
	values, why := all.choices(kind)
	if len(values) == 0 {
		p.say(theme.Warning, cmp.Or(why, "the service names no values to choose from"))
		return
	}
	now, _ := model.Read(in.row.Conversation, kind, "")
	account := all.account(kind)
	d := &dialog.Menu{Title: titleFor(title, in)}
	for i, v := range values {
		label := model.CleanLine(model.RoleName(v), 60)
		if v == now.String() && in.single {
			label += "  (now)"
			d.At = i
		}
		effect := model.CleanLine(account.Effect(in.row.Conversation, kind, v), 200)
		label += theme.Around("  "+p.th.Separator+" ", effect, "")
		d.Items = append(d.Items, dialog.Item{Key: fmt.Sprint(i + 1), Label: label})
	}
	p.openMenu(d, func(i int) { p.set(requestFor(in, kind.Words()), kind, values[i]) })
}

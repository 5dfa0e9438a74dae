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
	// largePlan is how many conversations take long enough to plan (30 ms) to say so.
	largePlan = 10_000
	again     = "Again: "
)

// purpose is why a plan is made; it goes with the plan.
type purpose struct {
	intent
	title   string
	changes []model.Change
	// create is set in place of changes, and account is where.
	create  *model.NewConversation
	account string
	details []string // shown beside the edits
	// draft is the key of what was typed; it is cleared once it is submitted.
	draft string
	// review shows the plan even where nothing has to be asked.
	review bool
	// from is the overlay the change was made in; it closes once submitted.
	from overlay
	// repeatable says that the repeat key may do it again elsewhere.
	repeatable bool
}

func bulkTitle(verb string, n int) string {
	v := strings.ToUpper(verb[:1]) + verb[1:]
	if n == 1 {
		return v
	}
	return v + ": " + theme.Count(n, "conversation")
}

// titled names the conversation that a key is about, or says how many there are.
func titled(what string, in intent) string {
	if in.one {
		return what + ": " + model.CleanLine(in.row.Conversation.Title, 120)
	}
	return bulkTitle(what, in.size())
}

func doing(in intent, verb string) purpose {
	return purpose{intent: in, title: bulkTitle(verb, in.size())}
}

func (m *Model) plan(why purpose) {
	if m.opts.ReadOnly {
		m.say(theme.Warning, readOnly)
		return
	}
	for _, op := range m.ops {
		if why.from != nil && op.from == why.from {
			return // struck twice: it is being planned
		}
	}
	if why.one {
		why.changes = slices.Clone(why.changes)
		for i, c := range why.changes {
			why.changes[i].Earlier = why.row.PendingEdits(model.Edit{Kind: c.Kind, Key: c.Key}.Field())
		}
	}
	q, _ := m.query()
	if n := why.size(); n > largePlan {
		m.say(theme.Dim, "planning "+theme.Count(n, "conversation")+m.th.Ellipsis)
	}
	operate(m, inDialog(why.title), func(ctx context.Context, report func(int, int)) (*dialog.Plan, error) {
		p, err := why.plan(ctx, m.be, q, report)
		return dialog.NewPlan(p), err
	}, func(d *dialog.Plan, err error) { m.planCame(why, d, err) })
}

func (why purpose) plan(ctx context.Context, be Backend, query string, report func(int, int)) (model.Plan, error) {
	if why.create != nil {
		return be.PlanCreate(ctx, why.account, *why.create, model.PlanOptions{})
	}
	refs, err := why.refs(ctx, be)
	if err != nil {
		return model.Plan{}, err
	}
	p, err := be.Plan(ctx, refs, why.changes, model.PlanOptions{Progress: report})
	p.Items = slices.DeleteFunc(p.Items, func(it model.PlanItem) bool {
		return it.State == model.PlanAlready && !slices.ContainsFunc(why.changes, func(c model.Change) bool {
			_, about := c.BaseByRef[it.Ref]
			return about || c.BaseByRef == nil
		})
	})
	if err != nil || !why.marked {
		return p, err
	}
	hidden, err := why.hidden(ctx, be, query)
	for i := range p.Items {
		p.Items[i].Hidden = hidden[p.Items[i].Ref]
	}
	return p, err
}

// planCame submits a plan, or shows it first where it has to be asked.
func (m *Model) planCame(why purpose, d *dialog.Plan, err error) {
	it, ok := d.First()
	title := why.title
	if verb, all := strings.CutSuffix(title, ": "+theme.Count(why.size(), "conversation")); all && ok {
		title = bulkTitle(verb, d.Size()) // fewer than were asked about, where some are not concerned
		if !d.Bulk() {
			title += ": " + model.CleanLine(it.Title, 120)
		}
	}
	d.Name(title)
	switch {
	case err != nil:
		m.complain(why.from, model.Words(err))
	case !ok:
		m.complain(why.from, "nothing to change")
	case !d.Bulk() && it.State == model.PlanBlocked:
		m.complain(why.from, model.CleanLine(it.Reason, 300))
	case !d.Bulk() && it.State == model.PlanAlready:
		m.complain(why.from, "nothing to send: it already is so")
	case !d.Bulk() && !d.Risky() && !why.review && d.HiddenCount() == 0:
		m.submit(why, d)
	default:
		m.askChanges(why, d)
	}
}

func (m *Model) askChanges(why purpose, d *dialog.Plan) {
	d.DefaultYes = why.review
	if c := why.changes; len(c) == 1 && c[0].Kind.Shape() == model.ShapeChoice && c[0].Target.Text != nil {
		d.Already = "already " + model.CleanLine(model.RoleName(c[0].Target.String()), 60)
	}
	if d.Changes() > 0 {
		d.Extra = why.details
	}
	if why.action == keymap.Delete && d.Changes() > 0 {
		words := []string{"delete"}
		if it, _ := d.First(); !d.Bulk() {
			words = []string{it.Title, "delete"}
		}
		d.NeedsWord(words...)
	}
	m.askPlan(d, why.from, func() { m.submit(why, d) })
}

// submit hands a plan to the engine. It is not cancelled: it ends with the edits on disk, or an error.
func (m *Model) submit(why purpose, d *dialog.Plan) {
	m.submitting++
	var op *operation
	if d.Changes() != 1 {
		op = inLine("queueing "+theme.Count(d.Changes(), "edit"), "")
		op.stops = false
	}
	operate(m, op, func(context.Context, func(int, int)) (undoable bool, err error) {
		_, err = m.be.Submit(context.Background(), d.Plan())
		return d.Undoable(), err
	}, func(undoable bool, err error) {
		m.submitting--
		if err != nil {
			m.complain(why.from, "nothing was queued: "+model.Words(err))
		} else {
			m.submitted(why)
			m.acts += cell(undoable)
			m.followOn(d.ID(), d.Changes() > 1, undoable)
		}
		m.quitIfReady()
	})
}

func (m *Model) submitted(why purpose) {
	m.clearDraft(why.draft)
	m.reread()
	if why.from != nil {
		m.closeOverlay(why.from)
	}
	if why.marked {
		m.clearMarks()
	}
	if why.repeatable {
		last := purpose{intent: intent{action: why.action}, title: why.title, changes: slices.Clone(why.changes)}
		for i, c := range last.changes {
			last.changes[i].Base, last.changes[i].BaseByRef, last.changes[i].Earlier = nil, nil, nil // what they were made from
			if c.Kind.Shape() == model.ShapePeople && last.account == "" {
				last.account = m.samples(why.subjects).about(c.Kind).Account // people are known by its ids
			}
		}
		m.last = &last
	}
}

func (m *Model) reread() {
	m.reload(false)
	m.recount()
	m.reloadLedger()
	if ref := m.detail.Ref(); !ref.IsZero() {
		m.readActivity(ref)
		if m.inDetail {
			m.readRow(ref)
		}
	}
}

// set plans a value for a field. For one conversation the base is what the person looks at, so
// that a change since then is found.
func (m *Model) set(why purpose, kind model.EditKind, target string) {
	ch := model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)}
	if v, ok := model.Read(why.row.Conversation, kind, ""); ok && why.one {
		ch.Base = &v
	}
	why.changes, why.repeatable = []model.Change{ch}, true
	m.plan(why)
}

func sets(verb string, kind model.EditKind, target string, unasked func(intent) bool) handler {
	return handler{wants: wantsRows, kind: kind, unasked: unasked,
		run: func(m *Model, in intent) { m.set(doing(in, verb), kind, target) }}
}

func ends(kind model.EditKind) handler {
	return handler{asks: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		why := doing(in, kind.Words())
		why.changes, why.repeatable = []model.Change{{Kind: kind, Op: model.OpSet}}, kind != model.EditDelete
		m.plan(why)
	}}
}

// unless does something else with one conversation that already is so.
func (h handler) unless(other handler, so func(model.Conversation) bool) handler {
	either := func(in intent) handler {
		if in.one && so(in.row.Conversation) {
			return other
		}
		return h
	}
	return handler{wants: h.wants, kind: h.kind, run: func(m *Model, in intent) { either(in).run(m, in) },
		unasked: func(in intent) bool { return either(in).unasked != nil }}
}

func (m *Model) repeat(in intent) {
	verb, _, _ := strings.Cut(strings.TrimPrefix(m.last.title, again), ": ") // the rest was about other conversations
	in.action = m.last.action
	m.plan(purpose{intent: in, title: again + bulkTitle(verb, in.size()), repeatable: true, changes: m.last.changes})
}

func chooses(title string, kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		all := m.samples(in.subjects)
		values, why := all.choices(kind)
		if len(values) == 0 {
			m.say(theme.Warning, cmp.Or(why, "the service names no values to choose from"))
			return
		}
		now, _ := model.Read(in.row.Conversation, kind, "")
		about := all.about(kind)
		d := &dialog.Menu{Title: titled(title, in)}
		at := 0
		for i, v := range values {
			label := model.CleanLine(model.RoleName(v), 60)
			if v == now.String() && in.one {
				label += "  (now)"
				at = i
			}
			if s := about.Effect(in.row.Conversation, kind, v); s != "" {
				label += "  " + m.th.Separator + " " + model.CleanLine(s, 200)
			}
			d.Items = append(d.Items, dialog.Item{Key: fmt.Sprint(i + 1), Label: label})
		}
		d.At = at
		m.openMenu(d, func(i int) { m.set(doing(in, kind.Words()), kind, values[i]) })
	}}
}

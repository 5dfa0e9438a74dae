package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// readOnly is why nothing can be changed.
const readOnly = "read-only: confab was started so that it changes nothing"

// purpose is why a plan is made: it goes with the plan until it is submitted
// or given up.
type purpose struct {
	intent
	title   string
	changes []model.Change
	// create is set in place of changes, and account is where.
	create  *model.NewConversation
	account string
	// details are lines that the plan shows beside its edits.
	details []string
	// draft is the key of what was typed; it is cleared once it is submitted.
	draft string
	// review shows the plan even where nothing has to be asked.
	review bool
	// from is the overlay the change was made in; it closes once submitted.
	from overlay
	// repeatable says that the repeat key may do it again elsewhere.
	repeatable bool
}

// directory returns the account whose people changes name, "" for none: they are
// known by the ids of that account only.
func (m *Model) directory(why purpose) string {
	for _, c := range why.changes {
		if c.Kind.Shape() == model.ShapePeople {
			return m.samples(why.subjects).about(m.facts, c.Kind).Account
		}
	}
	return ""
}

func bulkTitle(verb string, n int) string {
	v := strings.ToUpper(verb[:1]) + verb[1:]
	if n == 1 {
		return v
	}
	return v + ": " + theme.Count(n, "conversation")
}

// largePlan is how many conversations take longer to plan than a person should
// wait for a sign: some 30 ms.
const largePlan = 10_000

// plan asks the engine what changes would do.
func (m *Model) plan(why purpose) tea.Cmd {
	if m.opts.ReadOnly {
		return m.say(theme.Warning, readOnly)
	}
	for _, op := range m.ops {
		if why.from != nil && op.from == why.from {
			return nil // struck twice: it is being planned
		}
	}
	if why.one {
		why.changes = slices.Clone(why.changes)
		for i, c := range why.changes {
			why.changes[i].Upon = why.row.Upon(model.Edit{Kind: c.Kind, Key: c.Key}.Field())
		}
	}
	q, _ := m.query()
	work := func(ctx context.Context, report func(int, int)) (*dialog.Plan, error) {
		p, err := why.plan(ctx, m.be, q, report)
		return dialog.NewPlan(p), err
	}
	if n := why.size(); n > largePlan {
		m.say(theme.Dim, "planning "+theme.Count(n, "conversation")+m.th.Ellipsis)
	}
	return operate(m, inDialog(why.title), work, func(d *dialog.Plan, err error) tea.Cmd { return m.planCame(why, d, err) })
}

// plan plans changes of a view's rows, and finds what of it the person can't see in
// the list.
func (why purpose) plan(ctx context.Context, be Backend, query string, report func(int, int)) (model.Plan, error) {
	if why.create != nil {
		return be.PlanCreate(ctx, why.account, *why.create, model.PlanOptions{})
	}
	refs, err := why.refs(ctx, be)
	if err != nil {
		return model.Plan{}, err
	}
	p, err := be.Plan(ctx, refs, why.changes, model.PlanOptions{Progress: report})
	p.Items = slices.DeleteFunc(p.Items, func(it model.PlanItem) bool { return it.State == model.PlanAlready && !why.concerns(it.Ref) })
	if err != nil || !why.marked {
		return p, err
	}
	hidden, err := why.hidden(ctx, be, query)
	for i := range p.Items {
		p.Items[i].Hidden = hidden[p.Items[i].Ref]
	}
	return p, err
}

// concerns reports whether one of the changes is about a conversation.
func (why purpose) concerns(ref model.Ref) bool {
	return slices.ContainsFunc(why.changes, func(c model.Change) bool {
		_, ok := c.Bases[ref]
		return ok || c.Bases == nil
	})
}

func (m *Model) planCame(why purpose, d *dialog.Plan, err error) tea.Cmd {
	if err != nil {
		return m.complain(why.from, model.Words(err))
	}
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
	case !ok:
		return m.complain(why.from, "nothing to change")
	case d.Bulk():
	case it.State == model.PlanBlocked:
		return m.complain(why.from, model.CleanLine(it.Reason, 300))
	case it.State == model.PlanAlready:
		return m.complain(why.from, "nothing to send: it already is so")
	case !d.Risky() && !why.review && d.HiddenCount() == 0:
		return m.submit(why, d)
	}
	m.openPlan(why, d)
	return nil
}

func (m *Model) openPlan(why purpose, d *dialog.Plan) {
	d.DefaultYes, d.Already = why.review, alreadySo(why.changes)
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
	m.askPlan(d, why.from, func() tea.Cmd { return m.submit(why, d) })
}

// alreadySo says what a conversation is that needs no change.
func alreadySo(changes []model.Change) string {
	if len(changes) == 1 && changes[0].Kind.Shape() == model.ShapeChoice && changes[0].Target.Text != nil {
		return "already " + model.CleanLine(model.RoleName(changes[0].Target.String()), 60)
	}
	return ""
}

// submit hands a plan to the engine. It is not cancelled: once on the way, it
// ends with the edits on disk or with an error.
func (m *Model) submit(why purpose, d *dialog.Plan) tea.Cmd {
	m.submitting++
	work := func(context.Context) (submittedPlan, error) {
		_, err := m.be.Submit(context.Background(), d.Plan())
		return submittedPlan{id: d.ID(), several: d.Changes() > 1, own: d.Undoable()}, err
	}
	done := func(p submittedPlan, err error) tea.Cmd { return m.submitted(why, p, err) }
	if d.Changes() == 1 {
		return read(m, work, done)
	}
	op := inLine("queueing " + theme.Count(d.Changes(), "edit"))
	op.stops = false
	return operate(m, op, func(ctx context.Context, _ func(int, int)) (submittedPlan, error) { return work(ctx) }, done)
}

func (m *Model) submitted(why purpose, plan submittedPlan, err error) tea.Cmd {
	m.submitting--
	if err != nil {
		m.complain(why.from, "nothing was queued: "+model.Words(err))
		return m.quitIfReady()
	}
	if plan.own {
		m.acts++
	}
	cmds := []tea.Cmd{m.clearDraft(why.draft), m.reload(false), m.recount(), m.reloadLedger()}
	if why.from != nil {
		m.closeOverlay(why.from)
	}
	if why.marked {
		m.list.ClearMarks()
		m.list.EndRange()
	}
	if why.repeatable {
		m.last = &purpose{intent: intent{action: why.action}, title: why.title, changes: elsewhere(why.changes), account: m.directory(why)}
	}
	cmds = append(cmds, m.followPlan(plan))
	if ref := m.detail.Ref(); !ref.IsZero() {
		cmds = append(cmds, m.readActivity(ref))
		if m.screen == screenDetail {
			cmds = append(cmds, m.readRow(ref))
		}
	}
	return tea.Batch(append(cmds, m.quitIfReady())...)
}

// elsewhere returns changes without what they were made from.
func elsewhere(changes []model.Change) []model.Change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].Base, out[i].Bases, out[i].Upon = nil, nil, nil
	}
	return out
}

// set plans a value for a field. Where that is of one conversation, what the person is
// looking at goes with it, so that somebody else's change since then is found.
func (m *Model) set(why purpose, kind model.EditKind, target string) tea.Cmd {
	ch := model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)}
	if v, ok := model.Read(why.row.Conversation, kind, ""); ok && why.one {
		ch.Base = &v
	}
	why.changes, why.repeatable = []model.Change{ch}, true
	return m.plan(why)
}

// doing is the purpose of an act that a verb says.
func doing(in intent, verb string) purpose {
	return purpose{intent: in, title: bulkTitle(verb, in.size())}
}

// sets returns the handler that sets a field to a value.
func sets(verb string, kind model.EditKind, target string, unasked func(intent) bool) handler {
	return handler{wants: wantsRows, kind: kind, unasked: unasked,
		run: func(m *Model, in intent) tea.Cmd { return m.set(doing(in, verb), kind, target) }}
}

// ends returns the handler of an act that always asks: archive or delete.
func ends(kind model.EditKind) handler {
	return handler{asks: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) tea.Cmd {
		why := doing(in, kind.Words())
		why.changes, why.repeatable = []model.Change{{Kind: kind, Op: model.OpSet}}, kind != model.EditDelete
		return m.plan(why)
	}}
}

// togglePrivacy makes one private conversation public and any other private;
// several are all made private.
func (m *Model) togglePrivacy(in intent) tea.Cmd {
	if in.one && in.row.Conversation.Privacy == model.PrivacyPrivate {
		return m.set(doing(in, "make public"), model.EditPrivacy, string(model.PrivacyPublic))
	}
	return m.set(doing(in, "make private"), model.EditPrivacy, string(model.PrivacyPrivate))
}

// narrows reports whether toggling makes a conversation private: making it public
// asks.
func narrows(in intent) bool { return in.row.Conversation.Privacy != model.PrivacyPrivate }

func (m *Model) toggleStatus(in intent) tea.Cmd {
	if in.one && in.row.Conversation.Closed {
		return m.set(doing(in, "reopen"), model.EditStatus, model.StatusOpen)
	}
	return m.set(doing(in, "close"), model.EditStatus, model.StatusClosed)
}

// again begins the title of a repeated edit.
const again = "Again: "

func (m *Model) repeat(in intent) tea.Cmd {
	verb, _, _ := strings.Cut(strings.TrimPrefix(m.last.title, again), ": ") // the rest was about other conversations
	in.action = m.last.action
	return m.plan(purpose{intent: in, title: again + bulkTitle(verb, in.size()), repeatable: true, changes: m.last.changes})
}

// titled is the title of what a key opens: it names the conversation, or says how
// many there are.
func titled(what string, in intent) string {
	if in.one {
		return what + ": " + model.CleanLine(in.row.Conversation.Title, 120)
	}
	return bulkTitle(what, in.size())
}

// chooses returns the handler that offers the values of a field.
func chooses(title string, kind model.EditKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd { return m.choose(in, title, kind) }
}

func (m *Model) choose(in intent, title string, kind model.EditKind) tea.Cmd {
	all := m.samples(in.subjects)
	values, why := all.choices(m.facts, kind)
	if len(values) == 0 {
		return m.say(theme.Warning, cmp.Or(why, "the service names no values to choose from"))
	}
	now, _ := model.Read(in.row.Conversation, kind, "")
	about := all.about(m.facts, kind)
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
	m.openMenu(d, func(i int) tea.Cmd { return m.set(doing(in, kind.Words()), kind, values[i]) })
	return nil
}

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
	// account and create are set for a new conversation in place of changes.
	account string
	create  *model.NewConversation
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

// lastEdit is what the repeat key does again.
type lastEdit struct {
	action  keymap.Action
	title   string
	changes []model.Change
	// account is set where the change names people: they are known by the ids
	// of that account only.
	account string
}

// directory returns the account whose people changes name, "" for none.
func (m *Model) directory(of subjects, changes []model.Change) string {
	for _, c := range changes {
		if c.Kind.Shape() == model.ShapePeople {
			return m.samples(of).about(m.facts, c.Kind).Account
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
	if err != nil || !why.marked {
		return p, err
	}
	hidden, err := why.hidden(ctx, be, query)
	for i := range p.Items {
		p.Items[i].Hidden = hidden[p.Items[i].Ref]
	}
	return p, err
}

func (m *Model) planCame(why purpose, d *dialog.Plan, err error) tea.Cmd {
	if err != nil {
		return m.complain(why.from, model.Words(err))
	}
	d.Name(why.title)
	it, ok := d.First()
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
	d.DefaultYes = why.review
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
	cmds := []tea.Cmd{m.clearDraft(why.draft), m.reload(false), m.recount(), m.reloadLedger()}
	if why.from != nil {
		m.closeOverlay(why.from)
	}
	if why.marked {
		m.list.ClearMarks()
		m.list.EndRange()
	}
	if why.repeatable {
		m.last = &lastEdit{why.action, why.title, withoutBase(why.changes), m.directory(why.subjects, why.changes)}
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

func withoutBase(changes []model.Change) []model.Change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].Base = nil
	}
	return out
}

// change plans one change of what an intent is about. Where that is one conversation,
// what the person is looking at goes with it, so that somebody else's change since
// then is found.
func (m *Model) change(in intent, verb string, ch model.Change) tea.Cmd {
	return m.plan(purpose{intent: in, title: bulkTitle(verb, in.size()), repeatable: ch.Kind != model.EditDelete, changes: []model.Change{based(in, ch)}})
}

func based(in intent, ch model.Change) model.Change {
	if v, ok := model.Read(in.row.Conversation, ch.Kind, ch.Key); ok && in.one && ch.Kind.Shape() != model.ShapeAct {
		ch.Base = &v
	}
	return ch
}

func (m *Model) set(in intent, verb string, kind model.EditKind, target string) tea.Cmd {
	return m.change(in, verb, model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)})
}

// sets returns the handler that sets a field to a value.
func sets(verb string, kind model.EditKind, target string, unasked func(intent) bool) handler {
	return handler{wants: wantsRows, kind: kind, unasked: unasked,
		run: func(m *Model, in intent) tea.Cmd { return m.set(in, verb, kind, target) }}
}

// ends returns the handler of an act that always asks: archive or delete.
func ends(kind model.EditKind) handler {
	return handler{asks: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) tea.Cmd {
		return m.change(in, kind.Words(), model.Change{Kind: kind, Op: model.OpSet})
	}}
}

// togglePrivacy makes one private conversation public and any other private;
// several are all made private.
func (m *Model) togglePrivacy(in intent) tea.Cmd {
	if in.one && in.row.Conversation.Privacy == model.PrivacyPrivate {
		return m.set(in, "make public", model.EditPrivacy, string(model.PrivacyPublic))
	}
	return m.set(in, "make private", model.EditPrivacy, string(model.PrivacyPrivate))
}

// narrows reports whether toggling makes a conversation private: making it public
// asks.
func narrows(in intent) bool { return in.row.Conversation.Privacy != model.PrivacyPrivate }

func (m *Model) toggleStatus(in intent) tea.Cmd {
	if in.one && in.row.Conversation.Closed {
		return m.set(in, "reopen", model.EditStatus, model.StatusOpen)
	}
	return m.set(in, "close", model.EditStatus, model.StatusClosed)
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

// rename asks for a title, the present one filled in.
func (m *Model) rename(in intent) tea.Cmd {
	if in.arg != "" {
		return m.set(in, "rename", model.EditTitle, in.arg)
	}
	text := ""
	if in.one {
		text = in.row.Conversation.Title
	}
	title, draft := titled("Rename", in), draftOf(string(model.EditTitle), in)
	d := dialog.NewPrompt(title, text, "ctrl+u clears the line")
	m.open(layer{overlay: d, draft: draft, act: func(asks any) tea.Cmd {
		text, ok := asks.(dialog.Entered)
		switch {
		case !ok:
			return nil
		case strings.TrimSpace(string(text)) == "":
			d.Complain("a title can't be empty")
			return nil
		case in.one && !d.Input.Touched():
			m.closeOverlay(d)
			m.say(theme.Dim, "the title was left as it is")
			return m.clearDraft(draft)
		}
		change := model.Change{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue(string(text))}
		return m.plan(purpose{intent: in, title: title, draft: draft, from: d, repeatable: true, changes: []model.Change{based(in, change)}})
	}})
	return m.restoreDraft(d, draft)
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
		if s := about.Audience[model.AudienceKey(kind, v)]; s != "" {
			label += "  " + m.th.Separator + " " + model.CleanLine(s, 200)
		}
		d.Items = append(d.Items, dialog.Item{Key: fmt.Sprint(i + 1), Label: label})
	}
	d.SetAt(at)
	m.openMenu(d, func(i int) tea.Cmd { return m.set(in, kind.Words(), kind, values[i]) })
	return nil
}

package ui

import (
	"cmp"
	"context"
	"errors"
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

func requestFor(in intent, verb string) planRequest {
	return planRequest{intent: in, title: bulkTitle(verb, in.size())}
}

func (m *Model) plan(req planRequest) {
	if m.opts.ReadOnly {
		m.say(theme.Warning, readOnly)
		return
	}
	for _, op := range m.ops {
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
	q, _ := m.list.query()
	if n := req.size(); n > largePlan {
		m.say(theme.Dim, "planning "+theme.Count(n, "conversation")+m.th.Ellipsis)
	}
	operate(m.overlays, inDialog(req.title), func(ctx context.Context, report func(int, int)) (*dialog.Plan, error) {
		p, err := req.ask(ctx, m.be, q, report)
		return dialog.NewPlan(p), err
	}, func(d *dialog.Plan, err error) { m.planArrived(req, d, err) })
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
func (m *Model) planArrived(req planRequest, d *dialog.Plan, err error) {
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
		m.complain(req.from, model.Words(err))
	case !ok:
		m.complain(req.from, "nothing to change")
	case !d.Bulk() && it.State == model.PlanBlocked:
		m.complain(req.from, model.CleanLine(it.Reason, 300))
	case !d.Bulk() && it.State == model.PlanAlready:
		m.complain(req.from, "nothing to send: it already is so")
	case !d.Bulk() && !d.Risky() && !req.review && d.HiddenCount() == 0:
		m.submit(req, d)
	default:
		m.askChanges(req, d)
	}
}

func (m *Model) askChanges(req planRequest, d *dialog.Plan) {
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
	m.askPlan(d, req.from, func() { m.submit(req, d) })
}

// submit passes a plan to the engine. It can't be cancelled: it ends with the edits on disk, or an error.
func (m *Model) submit(req planRequest, d *dialog.Plan) {
	m.submitting++
	var op *operation
	if d.Changes() != 1 {
		op = inLine("queueing "+theme.Count(d.Changes(), "edit"), "")
		op.stoppable = false
	}
	operate(m.overlays, op, func(context.Context, func(int, int)) (undoable bool, err error) {
		_, err = m.be.Submit(context.Background(), d.Plan())
		return d.Undoable(), err
	}, func(undoable bool, err error) {
		m.submitting--
		if err != nil {
			m.complain(req.from, "nothing was queued: "+model.Words(err))
		} else {
			m.submitted(req)
			m.undoableActs += theme.Pick(undoable, 1, 0)
			m.followSubmission(d.ID(), d.Changes() > 1, undoable)
		}
		m.quit.ifReady()
	})
}

func (m *Model) submitted(req planRequest) {
	m.clearDraft(req.draft)
	m.rereadShown()
	if req.from != nil {
		m.closeOverlay(req.from)
	}
	if req.marked {
		m.list.clearMarks()
	}
	if req.repeatable {
		last := planRequest{intent: intent{action: req.action}, title: req.title, changes: slices.Clone(req.changes)}
		for i, c := range last.changes {
			last.changes[i].Base, last.changes[i].BaseByRef, last.changes[i].Earlier = nil, nil, nil // those of the old subjects
			if c.Kind.Shape() == model.ShapePeople && last.account == "" {
				last.account = m.list.samples(req.subjects).account(c.Kind).Account // the ids of people are the account's
			}
		}
		m.last = &last
	}
}

func (m *Model) rereadShown() {
	m.list.reload(false)
	m.list.recount()
	m.readOutbox()
	m.detail.reread()
}

// set plans a value for a field. For a single conversation the base is the value on the screen, so
// that a change since then is a conflict.
func (m *Model) set(req planRequest, kind model.EditKind, target string) {
	ch := model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)}
	if v, ok := model.Read(req.row.Conversation, kind, ""); ok && req.single {
		ch.Base = &v
	}
	req.changes, req.repeatable = []model.Change{ch}, true
	m.plan(req)
}

// setHandler handles an action that sets a field to a value.
func setHandler(verb string, kind model.EditKind, target string, unasked func(intent) bool) handler {
	return handler{wants: wantsRows, kind: kind, unasked: unasked,
		run: func(m *Model, in intent) { m.set(requestFor(in, verb), kind, target) }}
}

// removalHandler handles archive and delete.
func removalHandler(kind model.EditKind) handler {
	return handler{asks: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		req := requestFor(in, kind.Words())
		req.changes, req.repeatable = []model.Change{{Kind: kind, Op: model.OpSet}}, kind != model.EditDelete
		m.plan(req)
	}}
}

// unless returns a handler that does something else with a single conversation of a certain state.
func (h handler) unless(other handler, isSo func(model.Conversation) bool) handler {
	pick := func(in intent) handler { return theme.Pick(in.single && isSo(in.row.Conversation), other, h) }
	return handler{wants: h.wants, kind: h.kind, run: func(m *Model, in intent) { pick(in).run(m, in) },
		unasked: func(in intent) bool { return pick(in).unasked != nil }}
}

func (m *Model) repeat(in intent) {
	verb, _, _ := strings.Cut(strings.TrimPrefix(m.last.title, again), ": ") // drops the name or number of the old subjects
	in.action = m.last.action
	m.plan(planRequest{intent: in, title: again + bulkTitle(verb, in.size()), repeatable: true, changes: m.last.changes})
}

// choiceHandler handles an action that sets a field to a value chosen from a menu.
func choiceHandler(title string, kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		all := m.list.samples(in.subjects)
		values, why := all.choices(kind)
		if len(values) == 0 {
			m.say(theme.Warning, cmp.Or(why, "the service names no values to choose from"))
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
			label += theme.Around("  "+m.th.Separator+" ", effect, "")
			d.Items = append(d.Items, dialog.Item{Key: fmt.Sprint(i + 1), Label: label})
		}
		m.openMenu(d, func(i int) { m.set(requestFor(in, kind.Words()), kind, values[i]) })
	}}
}

// nextUndo starts the undo of an undo key once the acts before that key are on disk. An open overlay or prompt drops it.
func (m *Model) nextUndo() {
	switch {
	case m.pendingUndos == 0:
	case len(m.layers) > 0 || len(m.queued) > 0 || m.prompt != nil:
		m.pendingUndos = 0
	case m.submitting == 0 && len(m.ops) == 0:
		m.pendingUndos--
		m.planUndo("", nil)
	}
}

// plannedUndo is an undo and what was computed of it in the command.
type plannedUndo struct {
	model.Undo
	dialog        *dialog.Plan
	nothing, asks bool
	replanned     bool // the first plan was out of date when it was applied
}

// planUndo plans to take back a submission or an edit, or the newest act for "". was is the plan that
// the person agreed to, if it has gone out of date, else nil.
func (m *Model) planUndo(id string, was *model.Undo) {
	if was != nil {
		id = cmp.Or(id, was.Submission)
	}
	operate(m.overlays, inDialog("Take back"), func(ctx context.Context, report func(int, int)) (u plannedUndo, err error) {
		u.Undo, err = m.be.PlanUndo(ctx, id, model.PlanOptions{Was: was, Progress: report})
		u.replanned = was != nil
		u.Plan.Title = "Take back: " + u.Sentence
		u.dialog, u.nothing = dialog.NewPlan(u.Plan), u.Nothing()
		u.asks = u.Asks() && (was == nil || !covers(*was, u.Undo))
		return u, err
	}, func(u plannedUndo, err error) { m.undoPlanned(id, u, err) })
}

func (m *Model) undoPlanned(id string, u plannedUndo, err error) {
	if err != nil || u.nothing || u.asks {
		m.quit.stay()
	}
	switch {
	case model.KindOf(err) == model.NotFound:
		m.undoableActs = 0
		m.say(theme.Warning, model.CleanLine(model.AsError(err).Message, 300))
	case err != nil:
		m.fail("take it back", err)
	case u.nothing && len(u.Withdrawn) == 0 && len(u.Blocked) > 0:
		m.say(theme.Warning, u.Sentence+": can't be taken back: "+blockedReasons(u.Undo))
	case u.nothing && len(u.Withdrawn) == 0:
		m.say(theme.Warning, u.Sentence+": nothing was changed, so there is nothing to take back")
	case u.asks && !u.nothing:
		m.askUndo(id, u)
	default:
		m.applyUndo(id, u)
	}
}

// maxLaterRisks bounds how many risks of edits that may still be sent are shown, and so agreed to.
const maxLaterRisks = 20

func laterRisks(u model.Undo) []model.Risk { return u.Later[:min(maxLaterRisks, len(u.Later))] }

// covers reports whether agreeing to one undo includes another, which has no further edits or risks.
func covers(agreed, now model.Undo) bool {
	return agreed.Asks() && isSubset(undoneIDs(now), undoneIDs(agreed)) &&
		isSubset(now.Plan.Risks(), append(agreed.Plan.Risks(), laterRisks(agreed)...))
}

func isSubset[T comparable](list, all []T) bool {
	known := make(map[T]bool, len(all))
	for _, v := range all {
		known[v] = true
	}
	return !slices.ContainsFunc(list, func(v T) bool { return !known[v] })
}

func undoneIDs(u model.Undo) []string {
	ids := slices.Clone(u.Withdraw)
	for _, e := range u.Plan.Edits() {
		ids = append(ids, e.Undoes)
	}
	return ids
}

// blockedReasons returns why edits can't be taken back, each reason once.
func blockedReasons(u model.Undo) string {
	var whys []string
	for _, b := range u.Blocked {
		if !slices.Contains(whys, b.Why) {
			whys = append(whys, b.Why)
		}
	}
	return model.CleanLine(strings.Join(whys, "; "), 300)
}

func (m *Model) askUndo(id string, u plannedUndo) {
	d := u.dialog
	d.Question, d.Verb, d.Whole = "Take this back?", "take it back", true
	tell := func(text string) { d.Extra = append(d.Extra, text) }
	if u.replanned {
		tell("It has moved on meanwhile: this is what would be taken back now.")
	}
	if n := len(u.Withdraw); n > 0 {
		names := strings.Join(u.Titles, ", ")
		const most = 4
		if more := len(u.Titles) - most; more > 1 {
			names = strings.Join(u.Titles[:most], ", ") + " and " + theme.Number(more) + " more"
		}
		tell("Not sent yet, and withdrawn: " + theme.Count(n, "edit") + ", of " + names)
	}
	risks := u.Plan.Risks()
	for _, r := range laterRisks(u.Undo) {
		if !slices.Contains(risks, r) {
			tell("If some of it is sent before that, taking it back means: " + r.Text)
		}
	}
	if u.InFlight > 0 {
		tell("Being sent right now, and taken back after that: " + theme.Count(u.InFlight, "edit"))
	}
	const most = 200
	for _, b := range u.Blocked[:min(most, len(u.Blocked))] {
		tell("Can't be taken back: " + b.String())
	}
	if n := len(u.Blocked) - most; n > 0 {
		tell("Can't be taken back: " + theme.Number(n) + " more")
	}
	m.askPlan(d, nil, func() { m.applyUndo(id, u) })
}

func (m *Model) applyUndo(id string, u plannedUndo) {
	m.submitting++
	read(m.loop, func(context.Context) ([]string, error) { return m.be.ApplyUndo(context.Background(), u.Undo) },
		func(ids []string, err error) {
			m.submitting--
			if errors.Is(err, model.ErrUndoMoved) {
				m.planUndo(id, &u.Undo)
				return
			}
			m.undoApplied(u, len(ids) > 0, err)
			if id == "" && err == nil {
				m.undoableActs = max(0, m.undoableActs-1)
			}
			m.quit.ifReady()
		})
}

// undoApplied shows what was taken back, and follows the submission that does it.
func (m *Model) undoApplied(u plannedUndo, submitted bool, err error) {
	m.rereadShown()
	switch {
	case err != nil:
		m.fail("take it back", err)
	case u.Marks > 0:
		m.say(theme.Good, u.Sentence+": taken back")
	case submitted:
		m.followSubmission(u.Plan.ID, u.dialog.Changes() > 1, false)
		if u.replanned && len(u.Blocked) > 0 {
			m.say(theme.Warning, theme.Count(len(u.Blocked), "edit")+" can't be taken back: "+blockedReasons(u.Undo))
		}
	default:
		if m.followed.id == u.Submission {
			m.followed = followed{}
		}
		rest := theme.Around(". The rest can't be taken back: ", blockedReasons(u.Undo), "")
		m.say(theme.Good, "withdrawn, nothing was changed: "+u.Sentence+rest)
	}
}

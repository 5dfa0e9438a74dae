package ui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// undo takes back the newest act, once the acts before this key are kept.
func (m *Model) undo(intent) tea.Cmd {
	m.undos++
	return nil
}

// nextUndo begins an undo that was asked for, unless something has to be answered first.
func (m *Model) nextUndo() tea.Cmd {
	switch {
	case m.undos == 0:
		return nil
	case len(m.layers) > 0 || len(m.hand.late) > 0 || m.prompt != nil:
		m.undos = 0
		return nil
	case m.submitting > 0 || len(m.ops) > 0:
		return nil
	}
	m.undos--
	return m.planUndo("")
}

// planUndo plans to take back this session's newest act for "", else a submission or an
// edit.
func (m *Model) planUndo(id string) tea.Cmd {
	plan := func(ctx context.Context, _ func(int, int)) (plannedUndo, error) {
		u, err := m.be.PlanUndo(ctx, id, model.PlanOptions{})
		return newPlannedUndo(u, nil), err
	}
	return operate(m, inDialog("Take back"), plan, func(u plannedUndo, err error) tea.Cmd { return m.undoCame(id, u, err) })
}

// planUndoAgain plans the same act anew, which has moved on since it was planned.
func (m *Model) planUndoAgain(id string, was model.Undo) tea.Cmd {
	id = cmp.Or(id, was.Submission)
	plan := func(ctx context.Context, report func(int, int)) (plannedUndo, error) {
		u, err := m.be.PlanUndo(ctx, id, model.PlanOptions{Was: &was, Progress: report})
		return newPlannedUndo(u, &was), err
	}
	return operate(m, inDialog("Take back"), plan, func(u plannedUndo, err error) tea.Cmd { return m.undoCame(id, u, err) })
}

// plannedUndo is an undo with what takes long to count.
type plannedUndo struct {
	model.Undo
	dialog        *dialog.Plan
	nothing, asks bool
	moved         bool // it has moved on since it was planned first
}

// newPlannedUndo goes through an undo, in a command. was is what was planned first, if
// anything: a person who agreed to that is not asked for no more.
func newPlannedUndo(u model.Undo, was *model.Undo) plannedUndo {
	u.Plan.Title = "Take back: " + u.Sentence
	return plannedUndo{Undo: u, dialog: dialog.NewPlan(u.Plan), nothing: u.Nothing(),
		asks: u.Asks() && (was == nil || !covers(*was, u)), moved: was != nil}
}

func (m *Model) undoCame(id string, u plannedUndo, err error) tea.Cmd {
	m.leaving = m.leaving && err == nil && !u.nothing && !u.asks
	switch {
	case model.KindOf(err) == model.NotFound:
		m.acts = 0
		m.say(theme.Warning, model.CleanLine(model.AsError(err).Message, 300))
	case err != nil:
		m.fail("take it back", err)
	case u.nothing && len(u.Withdrawn) > 0:
		return m.applyUndo(id, u)
	case u.nothing && len(u.Blocked) > 0:
		m.say(theme.Warning, u.Sentence+": can't be taken back: "+blocked(u.Undo))
	case u.nothing:
		m.say(theme.Warning, u.Sentence+": nothing was changed, so there is nothing to take back")
	case u.asks:
		m.askUndo(id, u)
	default:
		return m.applyUndo(id, u)
	}
	return nil
}

// mostLater bounds the risks of what may be sent yet that are shown, and so agreed to.
const mostLater = 20

func laterRisks(u model.Undo) []model.Risk { return u.Later[:min(mostLater, len(u.Later))] }

// covers reports whether a person who agreed to one undo has agreed to another: it takes
// back no other edits and risks nothing else.
func covers(agreed, now model.Undo) bool {
	if !agreed.Asks() {
		return false
	}
	return within(takesBack(now), takesBack(agreed)) && within(now.Plan.Risks(), append(agreed.Plan.Risks(), laterRisks(agreed)...))
}

func within[T comparable](list, all []T) bool {
	known := make(map[T]bool, len(all))
	for _, v := range all {
		known[v] = true
	}
	return !slices.ContainsFunc(list, func(v T) bool { return !known[v] })
}

// takesBack returns the ids of the edits that an undo takes back.
func takesBack(u model.Undo) []string {
	ids := slices.Clone(u.Withdraw)
	for _, e := range u.Plan.Edits() {
		ids = append(ids, e.Undoes)
	}
	return ids
}

// blocked returns why things can't be taken back, each reason once.
func blocked(u model.Undo) string {
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
	if u.moved {
		d.Extra = append(d.Extra, "It has moved on meanwhile: this is what would be taken back now.")
	}
	if n := len(u.Withdraw); n > 0 {
		d.Extra = append(d.Extra, "Not sent yet, and withdrawn: "+theme.Count(n, "edit")+", of "+someOf(u.Titles))
	}
	risks := u.Plan.Risks()
	for _, r := range laterRisks(u.Undo) {
		if !slices.Contains(risks, r) {
			d.Extra = append(d.Extra, "If some of it is sent before that, taking it back means: "+r.Text)
		}
	}
	if u.InFlight > 0 {
		d.Extra = append(d.Extra, "Being sent right now, and taken back after that: "+theme.Count(u.InFlight, "edit"))
	}
	const most = 200
	for _, b := range u.Blocked[:min(most, len(u.Blocked))] {
		d.Extra = append(d.Extra, "Can't be taken back: "+b.String())
	}
	if n := len(u.Blocked) - most; n > 0 {
		d.Extra = append(d.Extra, "Can't be taken back: "+theme.Number(n)+" more")
	}
	m.askPlan(d, nil, func() tea.Cmd { return m.applyUndo(id, u) })
}

func someOf(names []string) string {
	const most = 4
	if n := len(names) - most; n > 1 {
		return strings.Join(names[:most], ", ") + " and " + theme.Number(n) + " more"
	}
	return strings.Join(names, ", ")
}

func (m *Model) applyUndo(id string, u plannedUndo) tea.Cmd {
	m.submitting++
	apply := func(context.Context) ([]string, error) { return m.be.ApplyUndo(context.Background(), u.Undo) }
	return read(m, apply, func(ids []string, err error) tea.Cmd { return m.undone(id, u, len(ids) > 0, err) })
}

// undone tells what was taken back, and follows what was submitted for that.
func (m *Model) undone(id string, u plannedUndo, submitted bool, err error) tea.Cmd {
	m.submitting--
	if errors.Is(err, model.ErrUndoMoved) {
		return m.planUndoAgain(id, u.Undo)
	}
	cmds := []tea.Cmd{m.reload(false), m.recount(), m.reloadLedger()}
	if id == "" && err == nil {
		m.acts = max(0, m.acts-1)
	}
	switch {
	case err != nil:
		m.fail("take it back", err)
	case u.Marks > 0:
		m.say(theme.Good, u.Sentence+": taken back")
	case submitted:
		cmds = append(cmds, m.followPlan(submittedPlan{id: u.Plan.ID, several: u.dialog.Changes() > 1}))
		if u.moved && len(u.Blocked) > 0 {
			m.say(theme.Warning, theme.Count(len(u.Blocked), "edit")+" can't be taken back: "+blocked(u.Undo))
		}
	default:
		if m.told.id == u.Submission {
			m.told = following{}
		}
		m.say(theme.Good, withdrawn(u.Undo))
	}
	if ref := m.detail.Ref(); !ref.IsZero() {
		cmds = append(cmds, m.readActivity(ref), m.readRow(ref))
	}
	return tea.Batch(append(cmds, m.quitIfReady())...)
}

func withdrawn(u model.Undo) string {
	text := "withdrawn, nothing was changed: " + u.Sentence
	if len(u.Blocked) > 0 {
		text += ". The rest can't be taken back: " + blocked(u)
	}
	return text
}

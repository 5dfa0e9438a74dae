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

// undo takes back the newest act, once those before this key have been kept: a
// key that follows another at once is about what that one did.
func (m *Model) undo(intent) tea.Cmd {
	m.undos++
	return nil
}

// nextUndo begins with an undo that was asked for, if it may now. What has to be
// answered first takes its place.
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

// planUndo asks what taking back would do: this session's newest act for "",
// else a submission or an edit.
func (m *Model) planUndo(id string) tea.Cmd {
	plan := func(ctx context.Context, _ func(int, int)) (plannedUndo, error) {
		u, err := m.be.PlanUndo(ctx, id, model.PlanOptions{})
		return newPlannedUndo(u, nil), err
	}
	return operate(m, inDialog("Take back"), plan, func(u plannedUndo, err error) tea.Cmd { return m.undoCame(id, u, err) })
}

// planUndoAgain plans anew what has moved on since it was planned: the same act,
// even if there is a newer one by now.
func (m *Model) planUndoAgain(id string, was model.Undo) tea.Cmd {
	id = cmp.Or(id, was.Submission)
	plan := func(ctx context.Context, report func(int, int)) (plannedUndo, error) {
		u, withdrawn, err := m.be.PlanUndoAgain(ctx, id, was, model.PlanOptions{Progress: report})
		planned := newPlannedUndo(u, &was)
		planned.withdrawn = len(withdrawn) > 0
		return planned, err
	}
	return operate(m, inDialog("Take back"), plan, func(u plannedUndo, err error) tea.Cmd { return m.undoCame(id, u, err) })
}

// plannedUndo is an undo with what its size makes worth counting once.
type plannedUndo struct {
	model.Undo
	dialog        *dialog.Plan
	nothing, asks bool
	// moved says that it is no longer what was planned at first, withdrawn that edits
	// were withdrawn as it was planned again.
	moved, withdrawn bool
}

// newPlannedUndo looks at an undo as a whole, in a command. was is what was
// planned before and has moved on since, nil for nothing: where a person has agreed
// to that, and this is no more, nothing is asked.
func newPlannedUndo(u model.Undo, was *model.Undo) plannedUndo {
	u.Plan.Title = "Take back: " + u.Sentence
	return plannedUndo{Undo: u, dialog: dialog.NewPlan(u.Plan), nothing: u.Nothing(),
		asks: u.Asks() && (was == nil || !covers(*was, u)), moved: was != nil}
}

func (m *Model) undoCame(id string, u plannedUndo, err error) tea.Cmd {
	m.leaving = m.leaving && err == nil && !u.nothing && !u.asks
	switch {
	case model.KindOf(err) == model.NotFound:
		m.say(theme.Warning, model.CleanLine(model.AsError(err).Message, 300))
	case err != nil:
		m.fail("take it back", err)
	case u.nothing && u.withdrawn:
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

// mostLater is how many risks of what may be sent yet are shown; who agrees has
// agreed to no others.
const mostLater = 20

func laterRisks(u model.Undo) []model.Risk { return u.Later[:min(mostLater, len(u.Later))] }

// covers reports whether a person who agreed to the one undo has agreed to the
// other: it takes back no other edits, and risks nothing else. That more of it can't
// be taken back by now is no question.
func covers(agreed, now model.Undo) bool {
	if !agreed.Asks() {
		return false
	}
	return within(takesBack(now), takesBack(agreed)) && within(now.Plan.Risks(), append(agreed.Plan.Risks(), laterRisks(agreed)...))
}

// within reports whether all of a list are in another.
func within[T comparable](list, all []T) bool {
	known := make(map[T]bool, len(all))
	for _, v := range all {
		known[v] = true
	}
	return !slices.ContainsFunc(list, func(v T) bool { return !known[v] })
}

// takesBack names the edits that an undo takes back.
func takesBack(u model.Undo) []string {
	ids := slices.Clone(u.Withdraw)
	for _, e := range u.Plan.Edits() {
		ids = append(ids, e.Undoes)
	}
	return ids
}

// blocked says why things can't be taken back, each reason once.
func blocked(u model.Undo) string {
	var whys []string
	for _, b := range u.Blocked {
		if !slices.Contains(whys, b.Why) {
			whys = append(whys, b.Why)
		}
	}
	return model.CleanLine(strings.Join(whys, "; "), 300)
}

// askUndo shows what taking back changes, and for which conversations.
func (m *Model) askUndo(id string, u plannedUndo) {
	d := u.dialog
	d.Question = "Take this back?"
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

// someOf names a few things, and counts the others.
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

// undone tells what was taken back. What the service has to confirm, where edits were
// submitted, is followed to its end.
func (m *Model) undone(id string, u plannedUndo, submitted bool, err error) tea.Cmd {
	m.submitting--
	if errors.Is(err, model.ErrUndoMoved) {
		return m.planUndoAgain(id, u.Undo)
	}
	cmds := []tea.Cmd{m.reload(false), m.recount(), m.reloadLedger()}
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

// withdrawn says what was taken back before it was sent.
func withdrawn(u model.Undo) string {
	text := "withdrawn, nothing was changed: " + u.Sentence
	if len(u.Blocked) > 0 {
		text += ". The rest can't be taken back: " + blocked(u)
	}
	return text
}

package ui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// nextUndo begins an undo once the acts before its key are kept, unless something is asked.
func (m *Model) nextUndo() {
	switch {
	case m.undos == 0:
	case len(m.layers) > 0 || len(m.hand.late) > 0 || m.prompt != nil:
		m.undos = 0
	case m.submitting == 0 && len(m.ops) == 0:
		m.undos--
		m.planUndo("", nil)
	}
}

// plannedUndo is an undo with what takes long to count.
type plannedUndo struct {
	model.Undo
	dialog        *dialog.Plan
	nothing, asks bool
	moved         bool // it has moved on since it was planned first
}

// planUndo plans to take back the newest act for "", else a submission or an edit. was is what was
// agreed to of an act that has moved on since, else nil.
func (m *Model) planUndo(id string, was *model.Undo) {
	if was != nil {
		id = cmp.Or(id, was.Submission)
	}
	operate(m, inDialog("Take back"), func(ctx context.Context, report func(int, int)) (u plannedUndo, err error) {
		u.Undo, err = m.be.PlanUndo(ctx, id, model.PlanOptions{Was: was, Progress: report})
		u.moved = was != nil
		u.Plan.Title = "Take back: " + u.Sentence
		u.dialog, u.nothing = dialog.NewPlan(u.Plan), u.Nothing()
		u.asks = u.Asks() && (was == nil || !covers(*was, u.Undo))
		return u, err
	}, func(u plannedUndo, err error) { m.undoCame(id, u, err) })
}

func (m *Model) undoCame(id string, u plannedUndo, err error) {
	m.leaving = m.leaving && err == nil && !u.nothing && !u.asks
	switch {
	case model.KindOf(err) == model.NotFound:
		m.acts = 0
		m.say(theme.Warning, model.CleanLine(model.AsError(err).Message, 300))
	case err != nil:
		m.fail("take it back", err)
	case u.nothing && len(u.Withdrawn) == 0 && len(u.Blocked) > 0:
		m.say(theme.Warning, u.Sentence+": can't be taken back: "+blocked(u.Undo))
	case u.nothing && len(u.Withdrawn) == 0:
		m.say(theme.Warning, u.Sentence+": nothing was changed, so there is nothing to take back")
	case u.asks && !u.nothing:
		m.askUndo(id, u)
	default:
		m.applyUndo(id, u)
	}
}

// mostLater bounds the risks of what may be sent yet that are shown, and so agreed to.
const mostLater = 20

func laterRisks(u model.Undo) []model.Risk { return u.Later[:min(mostLater, len(u.Later))] }

// covers reports whether who agreed to one undo has agreed to another: no more edits or risks.
func covers(agreed, now model.Undo) bool {
	return agreed.Asks() && within(takesBack(now), takesBack(agreed)) &&
		within(now.Plan.Risks(), append(agreed.Plan.Risks(), laterRisks(agreed)...))
}

func within[T comparable](list, all []T) bool {
	known := make(map[T]bool, len(all))
	for _, v := range all {
		known[v] = true
	}
	return !slices.ContainsFunc(list, func(v T) bool { return !known[v] })
}

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
	tell := func(text string) { d.Extra = append(d.Extra, text) }
	if u.moved {
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
	read(m, func(context.Context) ([]string, error) { return m.be.ApplyUndo(context.Background(), u.Undo) },
		func(ids []string, err error) {
			m.submitting--
			if errors.Is(err, model.ErrUndoMoved) {
				m.planUndo(id, &u.Undo)
				return
			}
			m.undone(u, len(ids) > 0, err)
			if id == "" && err == nil {
				m.acts = max(0, m.acts-1)
			}
			m.quitIfReady()
		})
}

// undone tells what was taken back, and follows what was submitted for that.
func (m *Model) undone(u plannedUndo, submitted bool, err error) {
	m.reread()
	switch {
	case err != nil:
		m.fail("take it back", err)
	case u.Marks > 0:
		m.say(theme.Good, u.Sentence+": taken back")
	case submitted:
		m.followOn(u.Plan.ID, u.dialog.Changes() > 1, false)
		if u.moved && len(u.Blocked) > 0 {
			m.say(theme.Warning, theme.Count(len(u.Blocked), "edit")+" can't be taken back: "+blocked(u.Undo))
		}
	default:
		if m.told.id == u.Submission {
			m.told = following{}
		}
		text := "withdrawn, nothing was changed: " + u.Sentence
		if len(u.Blocked) > 0 {
			text += ". The rest can't be taken back: " + blocked(u.Undo)
		}
		m.say(theme.Good, text)
	}
}

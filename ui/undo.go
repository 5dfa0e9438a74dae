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

// nextUndo starts the undo of an undo key once the acts before that key are on disk. An open overlay or prompt drops it.
func (m *Model) nextUndo() {
	switch {
	case m.pendingUndos == 0:
	case len(m.layers) > 0 || len(m.guard.queued) > 0 || m.prompt != nil:
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
	operate(m, inDialog("Take back"), func(ctx context.Context, report func(int, int)) (u plannedUndo, err error) {
		u.Undo, err = m.be.PlanUndo(ctx, id, model.PlanOptions{Was: was, Progress: report})
		u.replanned = was != nil
		u.Plan.Title = "Take back: " + u.Sentence
		u.dialog, u.nothing = dialog.NewPlan(u.Plan), u.Nothing()
		u.asks = u.Asks() && (was == nil || !covers(*was, u.Undo))
		return u, err
	}, func(u plannedUndo, err error) { m.undoPlanned(id, u, err) })
}

func (m *Model) undoPlanned(id string, u plannedUndo, err error) {
	m.leaving = m.leaving && err == nil && !u.nothing && !u.asks
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
	read(m, func(context.Context) ([]string, error) { return m.be.ApplyUndo(context.Background(), u.Undo) },
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
			m.quitIfReady()
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

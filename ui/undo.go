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

// undo takes back acts.
type undo struct {
	*overlays
	followed *followed
	quit     *quitting
	pending  int // undo keys not carried out yet
	acts     int // that the undo key can take back
}

// next starts the undo of an undo key once the acts before that key are on disk. What is open or being typed drops it.
func (u *undo) next(typing bool) {
	switch {
	case u.pending == 0:
	case len(u.layers) > 0 || len(u.queued) > 0 || typing:
		u.pending = 0
	case u.submitting == 0 && len(u.ops) == 0:
		u.pending--
		u.plan("", nil)
	}
}

// key asks for an undo, which next carries out.
func (u *undo) key(intent) { u.pending++ }

// plannedUndo is an undo and what was computed of it in the command.
type plannedUndo struct {
	model.Undo
	dialog        *dialog.Plan
	nothing, asks bool
	replanned     bool // the first plan was out of date when it was applied
}

// plan plans to take back a submission or an edit, or the newest act for "". was is the plan that
// the person agreed to, if it has gone out of date, else nil.
func (u *undo) plan(id string, was *model.Undo) {
	if was != nil {
		id = cmp.Or(id, was.Submission)
	}
	operate(u.overlays, inDialog("Take back"), func(ctx context.Context, report func(int, int)) (p plannedUndo, err error) {
		p.Undo, err = u.be.PlanUndo(ctx, id, model.PlanOptions{Was: was, Progress: report})
		p.replanned = was != nil
		p.Plan.Title = "Take back: " + p.Sentence
		p.dialog, p.nothing = dialog.NewPlan(p.Plan), p.Nothing()
		p.asks = p.Asks() && (was == nil || !covers(*was, p.Undo))
		return p, err
	}, func(p plannedUndo, err error) { u.planned(id, p, err) })
}

func (u *undo) planned(id string, p plannedUndo, err error) {
	if err != nil || p.nothing || p.asks {
		u.quit.leaving = false
	}
	switch {
	case model.KindOf(err) == model.NotFound:
		u.acts = 0
		u.say(theme.Warning, model.CleanLine(model.AsError(err).Message, 300))
	case err != nil:
		u.fail("take it back", err)
	case p.nothing && len(p.Withdrawn) == 0 && len(p.Blocked) > 0:
		u.say(theme.Warning, p.Sentence+": can't be taken back: "+blockedReasons(p.Undo))
	case p.nothing && len(p.Withdrawn) == 0:
		u.say(theme.Warning, "nothing was changed, so there is nothing to take back: "+p.Sentence)
	case p.asks && !p.nothing:
		u.ask(id, p)
	default:
		u.apply(id, p)
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

func (u *undo) ask(id string, p plannedUndo) {
	d := p.dialog
	d.Question, d.Verb, d.Whole = "Take this back?", "take it back", true
	tell := func(text string) { d.Extra = append(d.Extra, text) }
	if p.replanned {
		tell("Some of it was sent or settled meanwhile: this is what would be taken back now.")
	}
	if n := len(p.Withdraw); n > 0 {
		names := theme.People(p.Titles, 4, func(title string) string { return title })
		tell("Not sent yet, and withdrawn: " + theme.Count(n, "edit") + ", of " + names)
	}
	risks := p.Plan.Risks()
	for _, r := range laterRisks(p.Undo) {
		if !slices.Contains(risks, r) {
			tell("If some of it is sent before that, taking it back means: " + r.Text)
		}
	}
	if p.InFlight > 0 {
		tell("Being sent right now, and taken back after that: " + theme.Count(p.InFlight, "edit"))
	}
	const most = 200
	for _, b := range p.Blocked[:min(most, len(p.Blocked))] {
		tell("Can't be taken back: " + b.String())
	}
	if n := len(p.Blocked) - most; n > 0 {
		tell("Can't be taken back: " + theme.Number(n) + " more")
	}
	u.askPlan(d, nil, func() { u.apply(id, p) })
}

func (u *undo) apply(id string, p plannedUndo) {
	u.submitting++
	read(u.loop, func(context.Context) ([]string, error) { return u.be.ApplyUndo(context.Background(), p.Undo) },
		func(ids []string, err error) {
			u.submitting--
			if errors.Is(err, model.ErrUndoMoved) {
				u.plan(id, &p.Undo)
				return
			}
			u.applied(p, len(ids) > 0, err)
			if id == "" && err == nil {
				u.acts = max(0, u.acts-1)
			}
			u.quit.ifReady()
		})
}

// applied shows what was taken back, and follows the submission that does it.
func (u *undo) applied(p plannedUndo, submitted bool, err error) {
	switch {
	case err != nil:
		u.fail("take it back", err)
	case p.Marks > 0:
		u.say(theme.Good, p.Sentence+": taken back")
	case submitted:
		u.followed.follow(p.Plan.ID, p.dialog.Changes() > 1, false)
		if p.replanned && len(p.Blocked) > 0 {
			u.say(theme.Warning, theme.Count(len(p.Blocked), "edit")+" can't be taken back: "+blockedReasons(p.Undo))
		}
	default:
		u.followed.forget(p.Submission)
		rest := theme.Around(". The rest can't be taken back: ", blockedReasons(p.Undo), "")
		u.say(theme.Good, "withdrawn, nothing was changed: "+p.Sentence+rest)
	}
}

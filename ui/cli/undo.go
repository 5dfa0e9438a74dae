package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

func (r *run) prepareUndo(ctx context.Context, args []string, _ flags) (func(sendOptions) error, error) {
	return func(o sendOptions) error { return r.undo(ctx, args[0], o) }, nil
}

const undoTries = 20

// undo plans, shows, asks, takes back and delivers. If edits are sent or settled while the person reads, it withdraws those
// that are not sent yet, so that no more of them change, and plans and shows the rest again.
func (r *run) undo(ctx context.Context, id string, o sendOptions) error {
	u, err := r.engine.PlanUndo(ctx, id, model.PlanOptions{DryRun: o.dryRun})
	nothing := "Nothing"
	for range undoTries {
		var waiting []model.OutboxEntry
		if err == nil {
			waiting, err = r.entries(ctx, u.Withdraw)
		}
		if err != nil {
			return err
		}
		err = r.takeBack(ctx, u, waiting, nothing, o)
		if !errors.Is(err, model.ErrUndoMoved) {
			if err == nil && (len(u.Blocked) > 0 || u.Plan.Count(model.PlanBlocked) > 0) {
				r.note(ExitRefused)
			}
			return err
		}
		r.say("It has moved on meanwhile.")
		was := u
		u, err = r.engine.PlanUndo(ctx, id, model.PlanOptions{Was: &was})
		if len(u.Withdrawn) > 0 {
			nothing = "Nothing else"
		}
		r.reportWithdrawn(slices.DeleteFunc(waiting, func(x model.OutboxEntry) bool { return !slices.Contains(u.Withdrawn, x.ID) }))
	}
	return cmp.Or(err, refused("it moves on faster than it can be planned. %s was taken back", nothing))
}

func (r *run) reportWithdrawn(entries []model.OutboxEntry) {
	for _, entry := range entries {
		entry.State = model.Withdrawn
		r.report(model.DeliveryResult{Entry: entry})
	}
}

// takeBack shows an undo, asks and carries it out. waiting holds the edits that it withdraws; nothing is "Nothing", or
// "Nothing else" after an earlier try withdrew some.
func (r *run) takeBack(ctx context.Context, u model.Undo, waiting []model.OutboxEntry, nothing string, o sendOptions) error {
	r.printLines(r.plans(), undoLines(u, waiting)...)
	if !o.dryRun {
		r.printLines(r.plans(), planLines(u.Plan)...)
	}
	if u.Nothing() {
		if len(u.Blocked) == 0 {
			r.say("There is %s to take back.", strings.ToLower(nothing))
		}
		return nil
	}
	return r.carryOut(ctx, u.Plan, o, "Take this back?", nothing+" was taken back.", func() ([]string, error) {
		ids, err := r.engine.ApplyUndo(ctx, u)
		if err == nil {
			r.reportWithdrawn(waiting)
		}
		return ids, err
	})
}

func undoLines(u model.Undo, withdrawn []model.OutboxEntry) []string {
	lines := []string{"To take back: " + u.Sentence}
	for _, entry := range withdrawn {
		lines = append(lines, "not sent yet, withdrawn: "+cell(entry.Ref.String())+"  "+shortEdit(entry.Edit))
	}
	for _, why := range u.Blocked {
		lines = append(lines, "can't: "+model.CleanLine(why.String(), 1000))
	}
	if u.InFlight > 0 {
		lines = append(lines, theme.Count(u.InFlight, "edit")+are(u.InFlight)+" under way: it is taken back once that has ended.")
	}
	return lines
}

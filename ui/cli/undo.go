package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/ui/theme"
)

func (r *run) undoCommand() *cobra.Command {
	var send sendOptions
	c := &cobra.Command{
		Use:   "undo ID",
		Short: "Take back an edit, or a whole submission",
		Long: `Takes back an edit by its id from history or the outbox, or everything that was submitted with it by the id of
the submission. What was not sent yet is withdrawn; the rest is undone by an edit of its own, which waits for what is
being sent.`,
		Args: needs("ID", 1, 1),
		RunE: r.do(func(ctx context.Context, args []string) error {
			if err := r.mayAsk(send); err != nil {
				return err
			}
			return r.withEngine(ctx, func() error { return r.undo(ctx, args[0], send) })
		}),
	}
	send.register(c)
	return c
}

// undoTries bounds how often an undo is planned anew.
const undoTries = 20

// undo plans, shows, asks, takes back and delivers. Where what is to be taken
// back moves on while the person reads, what is not sent yet is withdrawn, so that
// it moves on no more, and the rest is planned and shown anew.
func (r *run) undo(ctx context.Context, id string, o sendOptions) error {
	u, err := r.engine.PlanUndo(ctx, id, model.PlanOptions{DryRun: o.dryRun})
	if err != nil {
		return err
	}
	nothing := "Nothing"
	for range undoTries {
		waiting, err := r.entries(ctx, u.Withdraw)
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
		if err != nil {
			return err
		}
	}
	return refused("it moves on faster than it can be planned. %s was taken back", nothing)
}

func (r *run) reportWithdrawn(entries []model.OutboxEntry) {
	for _, entry := range entries {
		entry.State = model.Withdrawn
		r.reportResult(model.DeliveryResult{Entry: entry})
	}
}

// takeBack shows an undo, asks and does it. waiting are the edits that it
// withdraws; nothing is what was taken back so far.
func (r *run) takeBack(ctx context.Context, u model.Undo, waiting []model.OutboxEntry, nothing string, o sendOptions) error {
	r.printLines(r.plans(), undoLines(u, waiting)...)
	if !o.dryRun {
		r.printLines(r.plans(), planLines(u.Plan)...)
	}
	switch {
	case u.Nothing():
		if len(u.Blocked) == 0 {
			r.say("There is %s to take back.", strings.ToLower(nothing))
		}
		return nil
	case o.dryRun:
		return r.dryRun(ctx, u.Plan, nil)
	}
	if err := r.agree(ctx, o, "Take this back?", needsWhole(u.Plan.Risks()), nothing+" was taken back."); err != nil {
		return err
	}
	ids, err := r.engine.ApplyUndo(ctx, u)
	if err != nil {
		return err
	}
	r.reportWithdrawn(waiting)
	if len(ids) == 0 {
		return nil
	}
	var awaited []string
	for _, edit := range u.Plan.Edits() {
		awaited = append(awaited, edit.Undoes)
	}
	return r.finish(ctx, ids, awaited, o)
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

// doUndo takes back the newest act, or one by its id, and asks where the screen does.
func (l *linear) doUndo(ctx context.Context, id string) error {
	u, err := l.engine.PlanUndo(ctx, id, model.PlanOptions{})
	if err != nil {
		return err
	}
	withdrawn, err := l.entries(ctx, u.Withdraw)
	if err != nil {
		return err
	}
	if u.Marks == 0 && (u.Asks() || u.Nothing() || len(u.Blocked)+u.InFlight > 0) {
		l.printLines(l.Out, append(undoLines(u, withdrawn), l.preview(u.Plan)...)...)
	}
	if u.Nothing() {
		if len(u.Blocked) == 0 {
			l.print("There is nothing to take back.")
		}
		return nil
	}
	if u.Asks() {
		yes, err := l.asked.confirm(ctx, "Take this back?", needsWhole(u.Plan.Risks()))
		if err != nil || !yes {
			return err
		}
	}
	ids, err := l.engine.ApplyUndo(ctx, u)
	switch {
	case errors.Is(err, model.ErrUndoMoved):
		l.print("It has moved on meanwhile, and nothing was taken back: undo again to see what is so now.")
		return nil
	case err != nil:
		return err
	case u.Marks > 0:
		l.print("taken back: %s", u.Sentence)
		return nil
	}
	l.forget(u.Submission)
	if n := len(u.Withdraw); n > 0 {
		l.print("withdrawn, nothing was changed: %s", u.Sentence)
	}
	if len(ids) > 0 {
		l.followed(u.Plan)
		return l.settle(ctx)
	}
	return nil
}

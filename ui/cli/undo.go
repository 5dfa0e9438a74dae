package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		Args: cobra.ExactArgs(1),
		RunE: r.do(func(cmd *cobra.Command, args []string) error {
			if err := r.mayAsk(send); err != nil {
				return err
			}
			return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
				return r.undo(ctx, e, args[0], send)
			})
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
func (r *run) undo(ctx context.Context, e Engine, id string, o sendOptions) error {
	u, err := e.PlanUndo(ctx, id, model.PlanOptions{DryRun: o.dryRun})
	if err != nil {
		return err
	}
	began := false // something has been withdrawn
	for range undoTries {
		waiting, err := r.entries(ctx, e, u.Withdraw)
		if err != nil {
			return err
		}
		err = r.takeBack(ctx, e, u, waiting, began, o)
		if !errors.Is(err, model.ErrUndoMoved) {
			return err
		}
		r.say("It has moved on meanwhile.")
		again, withdrawn, err := e.PlanUndoAgain(ctx, id, u, model.PlanOptions{})
		u, began = again, began || len(withdrawn) > 0
		gone := slices.DeleteFunc(waiting, func(x model.OutboxEntry) bool { return !slices.Contains(withdrawn, x.ID) })
		if err := r.withdrawn(gone); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return &ExitError{Code: ExitRefused, Err: errors.New("it moves on faster than it can be planned. " + nothing(began) + " was taken back")}
}

func nothing(began bool) string {
	if began {
		return "Nothing else"
	}
	return "Nothing"
}

// withdrawn reports edits that left the outbox unsent.
func (r *run) withdrawn(entries []model.OutboxEntry) error {
	for _, entry := range entries {
		entry.State = model.Withdrawn
		if err := r.reportResult(model.DeliveryResult{Entry: entry}); err != nil {
			return err
		}
	}
	return nil
}

// takeBack shows an undo, asks and does it. waiting are the edits that it
// withdraws; began says that some were withdrawn before.
func (r *run) takeBack(ctx context.Context, e Engine, u model.Undo, waiting []model.OutboxEntry, began bool, o sendOptions) error {
	out := r.Out
	if r.flags.json {
		out = r.Err
	}
	r.printUndo(out, u, waiting)
	if !o.dryRun {
		r.printPlan(out, u.Plan)
	}
	var codes []int
	if len(u.Blocked) > 0 || u.Plan.Count(model.PlanBlocked) > 0 {
		codes = append(codes, ExitRefused)
	}
	switch {
	case u.Nothing():
		if len(u.Blocked) == 0 {
			r.say("There is %s to take back.", strings.ToLower(nothing(began)))
		}
		return status(codes)
	case o.dryRun:
		if err := r.dryRun(ctx, e, u.Plan, nil); err != nil {
			return err
		}
		return status(codes)
	case !o.yes:
		yes, err := r.asked.confirm(ctx, "Take this back?", needsWhole(u.Plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			r.say("%s was taken back.", nothing(began))
			return &ExitError{Code: ExitRefused}
		}
	}
	ids, err := e.ApplyUndo(ctx, u)
	if err != nil {
		return err
	}
	if err := r.withdrawn(waiting); err != nil {
		return err
	}
	switch {
	case len(ids) == 0:
	case o.noWait:
		err = r.reportQueued(ctx, e, ids)
	default:
		var awaited []string
		for _, edit := range u.Plan.Edits() {
			awaited = append(awaited, edit.Undoes)
		}
		codes = append(codes, r.deliverWith(ctx, e, ids, awaited)...)
	}
	if err != nil {
		return err
	}
	return status(codes)
}

// printUndo shows what taking back will do.
func (r *run) printUndo(w io.Writer, u model.Undo, withdrawn []model.OutboxEntry) {
	say := func(format string, args ...any) { fmt.Fprintln(w, r.plainText(fmt.Sprintf(format, args...))) }
	say("To take back: %s", u.Sentence)
	for _, entry := range withdrawn {
		say("not sent yet, withdrawn: %s  %s", cell(entry.Ref.String()), shortEdit(entry.Edit))
	}
	for _, why := range u.Blocked {
		say("can't: %s", model.CleanLine(why.String(), 1000))
	}
	if u.InFlight > 0 {
		say("%s under way: it is taken back once that has ended.", isOrAre(u.InFlight, "edit"))
	}
}

// isOrAre counts things and gives the verb with them.
func isOrAre(n int, one string) string {
	verb := " are"
	if n == 1 {
		verb = " is"
	}
	return theme.Count(n, one) + verb
}

// doUndo takes back the newest act, or one by its id, and asks
// where the screen does.
func (l *linear) doUndo(ctx context.Context, id string) error {
	u, err := l.engine.PlanUndo(ctx, id, model.PlanOptions{})
	if err != nil {
		return err
	}
	withdrawn, err := l.entries(ctx, l.engine, u.Withdraw)
	if err != nil {
		return err
	}
	if u.Marks == 0 {
		l.printUndo(l.Out, u, withdrawn)
		l.printPlan(l.Out, u.Plan)
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
		l.print("withdrawn, nothing was changed: %s", theme.Count(n, "edit"))
	}
	if len(ids) > 0 {
		l.followed(u.Plan)
	}
	return nil
}

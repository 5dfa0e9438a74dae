package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

// historyPage is how many entries are read at a time.
const historyPage = 200

func (r *run) historyCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "history [REF]",
		Short: "Print delivered edits, newest first",
		Args:  cobra.MaximumNArgs(1),
		RunE: r.do(func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return usage("--limit must not be negative")
			}
			return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
				var ref model.Ref
				if len(args) == 1 {
					var err error
					if ref, err = r.ref(args[0]); err != nil {
						return err
					}
				}
				return r.history(ctx, e, ref, limit)
			})
		}),
	}
	c.Flags().IntVar(&limit, "limit", 0, "print at most n edits; 0 is all")
	return c
}

func (r *run) history(ctx context.Context, e Engine, ref model.Ref, limit int) error {
	t := table{head: []string{"ID", "AT", "REF", "EDIT"}}
	before := ""
	for n := 0; limit == 0 || n < limit; {
		want := historyPage
		if limit > 0 {
			want = min(want, limit-n)
		}
		page, err := e.History(ctx, model.HistoryRequest{Ref: ref, Limit: want, Before: before})
		if err != nil {
			return err
		}
		for _, j := range page {
			if r.flags.json {
				if err := r.object(model.NewHistoryJSON(j)); err != nil {
					return err
				}
				continue
			}
			t.add(j.ID, at(j.At), j.Ref.String(), historyLine(j))
		}
		n += len(page)
		if len(page) < want || page[len(page)-1].ID == before {
			break
		}
		before = page[len(page)-1].ID
	}
	r.printTable(t)
	return nil
}

func historyLine(j model.JournalEntry) string {
	e := j.Edit
	if e.Kind != model.EditCreate && e.Kind != model.EditArchive && e.Kind != model.EditDelete {
		e.Base, e.Target = j.Before, j.After
	}
	line := shortEdit(e)
	if j.State == model.OutcomeAlreadySet {
		line += " (already so)"
	}
	if j.Undone != "" {
		line += " (undone by " + j.Undone + ")"
	}
	return line
}

func (r *run) undoCommand() *cobra.Command {
	var send sendOptions
	c := &cobra.Command{
		Use:   "undo ID",
		Short: "Take back an edit, or a whole submission",
		Long: `Takes back an edit by its id from history or the outbox, or everything that was submitted with it by the id of
the submission. What was not sent yet is withdrawn; the rest is undone by an edit of its own.`,
		Args: cobra.ExactArgs(1),
		RunE: r.do(func(cmd *cobra.Command, args []string) error {
			if err := r.mayAsk(send); err != nil {
				return err
			}
			return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
				u, err := e.PlanUndo(ctx, args[0])
				if err != nil {
					return err
				}
				return r.undo(ctx, e, u, send)
			})
		}),
	}
	send.register(c, false)
	return c
}

func (r *run) undo(ctx context.Context, e Engine, u model.Undo, o sendOptions) error {
	out := r.Out
	if r.flags.json {
		out = r.Err
	}
	say := func(format string, args ...any) { fmt.Fprintln(out, r.plainText(fmt.Sprintf(format, args...))) }
	if len(u.Titles) > 0 {
		say("%s", model.CleanLine(strings.Join(u.Titles, ", "), 500))
	}
	for _, id := range u.Withdraw {
		say("withdraw %s, which was not sent yet", id)
	}
	for _, why := range u.Blocked {
		say("can't: %s", model.CleanLine(why, 1000))
	}
	var codes []int
	if len(u.Blocked) > 0 || u.Plan.Count(model.PlanBlocked) > 0 {
		codes = append(codes, ExitRefused)
	}
	if o.dryRun {
		if err := r.dryRun(ctx, e, u.Plan, nil); err != nil {
			return err
		}
		return status(codes)
	}
	r.printPlan(out, u.Plan)
	if len(u.Withdraw) == 0 && u.Plan.Count(model.PlanChange) == 0 {
		return status(codes)
	}
	if !o.yes {
		yes, err := r.asked.confirm(ctx, "Take this back?", needsWhole(u.Plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			r.say("Nothing was taken back.")
			return &ExitError{Code: ExitRefused}
		}
	}
	withdrawn, err := r.entries(ctx, e, u.Withdraw)
	if err != nil {
		return err
	}
	ids, err := e.ApplyUndo(ctx, u)
	if err != nil {
		return err
	}
	for _, entry := range withdrawn {
		entry.State = model.Withdrawn
		if err := r.reportResult(model.DeliveryResult{Entry: entry}); err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		codes = append(codes, r.deliver(ctx, e, ids)...)
	}
	return status(codes)
}

// entries gives the outbox rows with these ids.
func (r *run) entries(ctx context.Context, e Engine, ids []string) ([]model.OutboxEntry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := e.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	var out []model.OutboxEntry
	for _, entry := range all {
		for _, id := range ids {
			if entry.ID == id {
				out = append(out, entry)
			}
		}
	}
	return out, nil
}

package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) outboxCommand() *cobra.Command {
	list := r.do(func(cmd *cobra.Command, _ []string) error {
		return r.withEngine(cmd.Context(), r.listOutbox)
	})
	c := &cobra.Command{Use: "outbox", Short: "Print the edits that are not delivered", Args: noArgs, RunE: list}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "Print the edits that are not delivered", Args: noArgs, RunE: list},
		&cobra.Command{
			Use: "retry ID...", Short: "Queue failed, waiting or held edits again", Args: cobra.MinimumNArgs(1),
			RunE: r.do(func(cmd *cobra.Command, ids []string) error {
				return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
					return r.settle(ctx, e, ids, e.Retry, "queued again; the inbox or `confab sync` delivers")
				})
			}),
		},
		&cobra.Command{
			Use: "discard ID...", Short: "Give edits up that are not delivered", Args: cobra.MinimumNArgs(1),
			RunE: r.do(func(cmd *cobra.Command, ids []string) error {
				return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
					return r.settle(ctx, e, ids, e.Discard, "discarded")
				})
			}),
		},
	)
	return c
}

func (r *run) listOutbox(ctx context.Context, e Engine) error {
	entries, err := e.Outbox(ctx)
	if err != nil {
		return err
	}
	t := table{head: []string{"ID", "STATE", "REF", "NEXT TRY", "EDIT", "ERROR"}}
	for _, entry := range entries {
		if r.flags.json {
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return err
			}
			continue
		}
		problem := ""
		if entry.Error != nil {
			problem = errorText(entry.Error)
		}
		t.add(entry.ID, string(entry.State), entry.Ref.String(), at(entry.NextTry), shortEdit(entry.Edit), problem)
	}
	r.printTable(t)
	return nil
}

// settle does something to edits that are all in the outbox.
func (r *run) settle(ctx context.Context, e Engine, ids []string, do func(context.Context, ...string) error, done string) error {
	entries, err := e.Outbox(ctx)
	if err != nil {
		return err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	missing := false
	for _, id := range ids {
		if !slices.ContainsFunc(entries, func(x model.OutboxEntry) bool { return x.ID == id }) {
			r.say("confab: there is no edit %q in the outbox", model.CleanLine(id, 80))
			missing = true
		}
	}
	if missing {
		return &ExitError{Code: ExitRefused}
	}
	if err := do(ctx, ids...); err != nil {
		return err
	}
	if !r.flags.json {
		for _, id := range ids {
			r.print("%s  %s", id, done)
		}
		return nil
	}
	left, err := e.Outbox(ctx)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !slices.Contains(ids, entry.ID) {
			continue
		}
		now := slices.IndexFunc(left, func(x model.OutboxEntry) bool { return x.ID == entry.ID })
		if now >= 0 {
			entry = left[now]
		} else {
			entry.State = model.Withdrawn
		}
		if err := r.object(model.NewEditJSON(entry)); err != nil {
			return err
		}
	}
	return nil
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"confab/model"
)

const nothingWaits = "Nothing is on its way, and nothing needs you."

func (r *run) outboxCommand() *cobra.Command {
	list := r.do(func(ctx context.Context, _ []string) error {
		return r.withEngine(ctx, func() error { return r.listOutbox(ctx) })
	})
	c := &cobra.Command{Use: "outbox", Short: "Print the edits that are not delivered, and settle them", Args: noArgs, RunE: list}
	const applies = ". ID is an edit, or a submission: then those of its edits to which this applies."
	retry, discard := "Send edits again that were refused, are held, unknown or waiting", "Give edits up that are not delivered"
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "Print the edits that are not delivered", Args: noArgs, RunE: list},
		r.decisionCommand("retry ID...", retry, retry+applies+" An edit in conflict is settled with `confab outbox resolve`.", nil),
		r.decisionCommand("discard ID...", discard, discard+applies, nil),
		r.decisionCommand("resolve ID... --mine|--theirs|--merged", "Settle edits that met somebody else's change",
			`Settles edits in conflict, not verified or of unknown outcome. ID is an edit, or a submission: then those of its
edits in such a state. Before mine is sent the conversation is read afresh, and what is there now is shown.`,
			map[model.Resolution]string{
				model.ResolveMine:   "send mine over what is there now",
				model.ResolveTheirs: "leave what is there now, and give mine up",
				model.ResolveMerged: "send what is there now with my changes applied (people and contacts)",
			}),
	)
	return c
}

// listOutbox prints what is not delivered: for a person one submission after
// the other with its edits under it, for a program one edit a line.
func (r *run) listOutbox(ctx context.Context) error {
	entries, err := r.engine.Outbox(ctx)
	if err != nil {
		return err
	}
	entries = r.engine.Explained(ctx, entries)
	if r.flags.json {
		for _, entry := range entries {
			r.object(model.NewEditJSON(entry))
		}
		return nil
	}
	forPerson := r.Width() > 0 || r.flags.plain
	if forPerson && len(entries) == 0 {
		r.print(nothingWaits)
	}
	submissions := map[string]model.Submission{}
	t := table{}
	for _, x := range entries {
		sub, known := submissions[x.Submission]
		if !known {
			if sub, _, err = r.engine.Submission(ctx, x.Submission); err != nil {
				return err
			}
			submissions[x.Submission] = sub
		}
		if !forPerson {
			t.add(x.ID, x.State.Words(), x.Ref.String(), shortEdit(x.Edit), x.Error.Words(), at(x.NextTry), x.Submission, sub.Words())
			continue
		}
		if known {
			continue // printed with the first of its submission
		}
		r.print("%s  %s: %s", cell(x.Submission), sub.Words(), sub.Ending(r.clock))
		for _, of := range entries {
			if of.Submission == x.Submission {
				r.printLines(r.Out, entryLines(of)...)
			}
		}
	}
	r.printTable(t)
	return nil
}

// entryLines show one edit of the outbox under its submission, with the three
// values where the service shows another one than the edit was made from.
func entryLines(x model.OutboxEntry) []string {
	line := "  " + x.ID + "  " + x.State.Words() + "  " + cell(x.Ref.String())
	if x.Title != "" && x.Kind != model.EditCreate {
		line += "  " + quote(x.Title)
	}
	lines := []string{line + "  " + shortEdit(x.Edit) + nextTry(x)}
	if x.Error != nil {
		lines = append(lines, "    "+x.Error.Words())
	}
	if x.Theirs != nil {
		lines = append(lines, "    it was     "+value(x.Base), "    mine       "+value(x.Target), "    it is now  "+value(*x.Theirs))
	}
	if x.Orphaned {
		lines = append(lines, "    "+orphaned)
	}
	return lines
}

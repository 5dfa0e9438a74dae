package cli

import (
	"context"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) outboxCommand() *cobra.Command {
	list := func(ctx context.Context, _ []string, _ flags) error {
		return r.withEngine(ctx, func() error { return r.listOutbox(ctx) })
	}
	c := r.commandOf("outbox", noArgs, list)
	c.AddCommand(r.commandOf("outbox list", noArgs, list),
		r.decisionCommand("retry"), r.decisionCommand("discard"), r.decisionCommand("resolve"))
	return c
}

// listOutbox prints what is not delivered: for a person one submission after the other with its edits under it, for a
// program one edit a line.
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
		r.print("Nothing is on its way, and nothing needs you.")
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

// entryLines show one edit of the outbox under its submission, with the three values where the service shows another
// one than the edit was made from.
func entryLines(x model.OutboxEntry) []string {
	title := only(x.Title != "" && x.Kind != model.EditCreate, "  "+quote(x.Title))
	lines := []string{"  " + x.ID + "  " + x.State.Words() + "  " + cell(x.Ref.String()) + title + "  " + shortEdit(x.Edit) + nextTry(x)}
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

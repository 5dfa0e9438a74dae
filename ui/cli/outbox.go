package cli

import (
	"context"

	"github.com/spf13/cobra"

	"confab/model"
)

// nothingWaits is what an empty outbox says to a person.
const nothingWaits = "Nothing is on its way, and nothing needs you."

func (r *run) outboxCommand() *cobra.Command {
	list := r.do(func(cmd *cobra.Command, _ []string) error {
		return r.withEngine(cmd.Context(), r.listOutbox)
	})
	c := &cobra.Command{Use: "outbox", Short: "Print the edits that are not delivered, and settle them", Args: noArgs, RunE: list}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "Print the edits that are not delivered", Args: noArgs, RunE: list},
		r.decisionCommand("retry", "Send edits again that were refused, are held, unknown or waiting",
			"An edit in conflict is settled with `confab outbox resolve`."),
		r.decisionCommand("discard", "Give edits up that are not delivered", ""),
		r.resolveCommand(),
	)
	return c
}

// listOutbox prints what is not delivered: for a person one submission after
// the other with its edits under it, for a program one edit a line.
func (r *run) listOutbox(ctx context.Context, e Engine) error {
	entries, err := e.Outbox(ctx)
	if err != nil {
		return err
	}
	entries = e.Explained(ctx, entries)
	if r.flags.json {
		for _, entry := range entries {
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return err
			}
		}
		return nil
	}
	sentences := map[string]string{}
	for _, entry := range entries {
		id := entry.Submission
		if _, known := sentences[id]; known {
			continue
		}
		sub, _, err := e.Submission(ctx, id)
		if err != nil {
			return err
		}
		sentences[id] = sub.Words()
		if r.forPerson() {
			r.print("%s  %s: %s", cell(id), sub.Words(), sub.Ending(r.clock))
			for _, of := range entries {
				if of.Submission == id {
					r.printEntry(of)
				}
			}
		}
	}
	switch {
	case !r.forPerson():
		t := table{}
		for _, x := range entries {
			t.add(x.ID, x.State.Words(), x.Ref.String(), shortEdit(x.Edit), x.Error.Words(), at(x.NextTry),
				x.Submission, sentences[x.Submission])
		}
		r.printTable(t)
	case len(entries) == 0:
		r.print(nothingWaits)
	}
	return nil
}

// forPerson reports whether what is printed is read by a person as it comes.
func (r *run) forPerson() bool { return r.Width() > 0 || r.flags.plain }

// printEntry prints one edit of the outbox under its submission, with the three
// values where the service shows another one than the edit was made from.
func (r *run) printEntry(x model.OutboxEntry) {
	line := "  " + x.ID + "  " + x.State.Words() + "  " + cell(x.Ref.String())
	if x.Title != "" && x.Kind != model.EditCreate {
		line += "  " + quote(x.Title)
	}
	r.print("%s", line+"  "+shortEdit(x.Edit)+nextTry(x))
	if x.Error != nil {
		r.print("    %s", x.Error.Words())
	}
	if x.Theirs != nil {
		for _, v := range []struct {
			name string
			v    model.Value
		}{{"it was", x.Base}, {"mine", x.Target}, {"it is now", *x.Theirs}} {
			r.print("    %-9s  %s", v.name, value(v.v))
		}
	}
	if x.Orphaned {
		r.print("    the config gives its account another identity now: set it back, or discard the edit")
	}
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/ui/theme"
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

type decision struct {
	name string
	how  model.Resolution
}

func (d decision) sends() bool {
	return d.name == "retry" || d.how == model.ResolveMine || d.how == model.ResolveMerged
}

// typed returns how a verb of the outbox is typed, "" for the outbox itself: among the commands, or in the line mode.
func (r *run) typed(verb string) string {
	return pick(r.inLines, cmp.Or(verb, "outbox"), strings.TrimSpace("confab outbox "+verb))
}

func (r *run) decisionCommand(name string) *cobra.Command {
	hows := []string{"mine", "theirs", "merged"}
	c := r.sendingCommand("outbox "+name, needs("ID...", 1, 0), func(ctx context.Context, ids []string, f flags) error {
		d := decision{name: name}
		for _, how := range hows {
			if name == "resolve" && f.on(how) {
				d.how = model.Resolution(how)
			}
		}
		if err := r.mayAsk(f.sending()); err != nil {
			return err
		}
		return r.withEngine(ctx, func() error { return r.decide(ctx, d, ids, f.sending()) })
	})
	if name == "resolve" {
		c.MarkFlagsOneRequired(hows...)
		c.MarkFlagsMutuallyExclusive(hows...)
	}
	return c
}

func (r *run) decide(ctx context.Context, d decision, ids []string, o sendOptions) error {
	picked, plan, err := r.planDecision(ctx, r.plans(), d, ids, o.dryRun)
	if err != nil || o.dryRun && !d.sends() {
		return err
	}
	return r.carryOut(ctx, plan, o, d.question(len(picked)), "Nothing was changed.",
		func() ([]string, error) { return r.apply(ctx, d, picked) })
}

func (d decision) question(n int) string {
	return pick(d.sends(), "Send ", "Give up ") + theme.Count(n, "edit") + "?"
}

// pickDecided finds the edits that ids name, read afresh where somebody else's change is settled.
func (r *run) pickDecided(ctx context.Context, d decision, ids []string, dry bool) (picked []model.OutboxEntry, err error) {
	all, err := r.engine.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, id := range ids {
		found := false
		var why []error
		for _, x := range all {
			if x.ID != id && x.Submission != id {
				continue
			}
			if reason := r.refuses(d, x, dry); reason != "" {
				why = append(why, fmt.Errorf("%s %s: %s", x.ID, shortEdit(x.Edit), reason))
				continue
			}
			found = true
			if !slices.ContainsFunc(picked, func(p model.OutboxEntry) bool { return p.ID == x.ID }) {
				picked = append(picked, x)
			}
		}
		if !found && len(why) == 0 {
			why = []error{fmt.Errorf("there is no edit or submission %q in the outbox", model.CleanLine(id, 80))}
		}
		if !found {
			wrong = append(wrong, why...)
		}
	}
	if len(wrong) > 0 {
		return nil, refused("%w", errors.Join(wrong...))
	}
	for i, x := range picked {
		if d.how == model.ResolveMerged && x.Kind.Shape() != model.ShapePeople {
			return nil, usage("only people and contacts can be merged, and %s changes the %s: --mine or --theirs", x.ID,
				model.FieldName(x.Kind))
		}
		if d.how != "" && d.sends() {
			if picked[i], err = r.engine.Recheck(ctx, x.ID); err != nil {
				return nil, of(x.Ref.Account, err)
			}
		}
	}
	return picked, nil
}

func (r *run) refuses(d decision, x model.OutboxEntry, dry bool) string {
	account, _ := r.engine.Describe(x.Ref.Account)
	settled := x.State == model.InConflict || x.State == model.NotVerified || x.State == model.OutcomeNotKnown
	switch {
	case account.ReadOnly && d.sends() && !dry:
		return "nothing is sent: read-only"
	case x.State == model.Sending:
		return "it is being sent right now"
	case x.Orphaned && d.sends():
		return orphaned
	case d.name == "retry" && x.State == model.InConflict:
		return "it is in conflict, and would be again; settle it: " + r.typed("resolve "+x.ID+" --mine|--theirs|--merged")
	case d.name == "resolve" && !settled:
		return "it met nobody else's change (" + strings.TrimPrefix(x.State.Words(), "needs you: ") + "): " + r.typed("retry or discard")
	}
	return ""
}

const orphaned = "the config gives its account another identity now: set it back, or discard the edit"

// planDecision finds what a decision is about, plans what it sends and shows what it does; a dry run shows what is
// sent with its requests.
func (r *run) planDecision(ctx context.Context, w io.Writer, d decision, ids []string, dry bool) (
	picked []model.OutboxEntry, plan model.Plan, err error) {
	if picked, err = r.pickDecided(ctx, d, ids, dry); err != nil {
		return nil, plan, err
	}
	for _, x := range picked {
		r.printLines(w, entryLines(x)...)
		if !d.sends() {
			continue
		}
		edit := x.Edit
		edit.Undoes = "" // nothing but what was decided about is delivered
		if d.how != "" && x.Theirs != nil {
			edit.Base = *x.Theirs
			if merged := model.Merged(x.Edit, edit.Base); d.how == model.ResolveMerged && merged == nil {
				return nil, plan, refused("%s: what is there now is not known, so nothing can be merged", x.ID)
			} else if d.how == model.ResolveMerged {
				edit.Target = *merged
			}
		}
		row, _, err := r.engine.Row(ctx, x.Ref)
		if err != nil {
			return nil, plan, err
		}
		account, _ := r.engine.Describe(x.Ref.Account)
		at := slices.IndexFunc(plan.Items, func(p model.PlanItem) bool { return p.Ref == x.Ref && x.Ref.ID != "" })
		if at < 0 {
			at = len(plan.Items)
			plan.Items = append(plan.Items, model.PlanItem{Ref: x.Ref, Title: x.Title, Provider: account.Provider, State: model.PlanChange})
		}
		it := &plan.Items[at]
		it.Edits = append(it.Edits, edit)
		it.Risks = append(it.Risks, model.Risks(edit, row.Conversation, account)...)
	}
	switch {
	case !d.sends():
		r.printLines(w, "To be given up: "+theme.Count(len(picked), "edit")+".")
	case !dry:
		r.printLines(w, append([]string{"To be sent:"}, planLines(plan)...)...)
	}
	return picked, plan, nil
}

// apply does what was decided, and returns the ids of the edits that are sent. Of those that were given up it says so,
// and how their submissions stand now: what was to follow them may need a person.
func (r *run) apply(ctx context.Context, d decision, picked []model.OutboxEntry) (ids []string, err error) {
	var submissions []string
	for _, x := range picked {
		ids = append(ids, x.ID)
		submissions = appendNew(submissions, x.Submission)
	}
	switch d.name {
	case "retry":
		err = r.engine.Retry(ctx, ids...)
	case "discard":
		err = r.engine.Discard(ctx, ids...)
	default:
		for i := 0; i < len(ids) && err == nil; i++ {
			err = r.engine.Resolve(ctx, ids[i], d.how)
		}
	}
	if err != nil || d.sends() {
		return ids, err
	}
	for _, x := range picked {
		x.State, x.NextTry = model.Withdrawn, time.Time{}
		r.result(model.NewEditJSON(x), "given up  %s  %s", cell(x.Ref.String()), shortEdit(x.Edit))
	}
	return nil, r.endings(ctx, submissions, false, false)
}

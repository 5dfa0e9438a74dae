package cli

import (
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

// decision is what a person decides about edits of the outbox.
type decision struct {
	// name is the verb: retry, discard or resolve.
	name string
	// how is the choice of resolve.
	how model.Resolution
	// prefix stands before a verb where a person types one.
	prefix string
}

// onCommandLine is the prefix of the verbs among the commands.
const onCommandLine = "confab outbox "

// sends reports whether the edits are sent, rather than given up.
func (d decision) sends() bool {
	return d.name == "retry" || d.how == model.ResolveMine || d.how == model.ResolveMerged
}

func (r *run) decisionCommand(name, short, long string) *cobra.Command {
	d := decision{name: name, prefix: onCommandLine}
	var send sendOptions
	c := &cobra.Command{
		Use: d.name + " ID...", Short: short, Args: cobra.MinimumNArgs(1),
		Long: strings.TrimSpace(short + ". ID is an edit, or a submission: then those of its edits to which this applies. " + long),
		RunE: r.do(func(cmd *cobra.Command, ids []string) error { return r.decideCommand(cmd.Context(), d, ids, send) }),
	}
	send.register(c)
	return c
}

func (r *run) resolveCommand() *cobra.Command {
	var send sendOptions
	var mine, theirs, merged bool
	c := &cobra.Command{
		Use: "resolve ID... --mine|--theirs|--merged", Short: "Settle edits that met somebody else's change", Args: cobra.MinimumNArgs(1),
		Long: `Settles edits in conflict, not verified or of unknown outcome. ID is an edit, or a submission: then those of its
edits in such a state. Before mine is sent the conversation is read afresh, and what is there now is shown.`,
		RunE: r.do(func(cmd *cobra.Command, ids []string) error {
			d := decision{name: "resolve", how: model.ResolveTheirs, prefix: onCommandLine}
			switch {
			case mine:
				d.how = model.ResolveMine
			case merged:
				d.how = model.ResolveMerged
			}
			return r.decideCommand(cmd.Context(), d, ids, send)
		}),
	}
	s := c.Flags()
	s.BoolVar(&mine, "mine", false, "send mine over what is there now")
	s.BoolVar(&theirs, "theirs", false, "leave what is there now, and give mine up")
	s.BoolVar(&merged, "merged", false, "send what is there now with my changes applied (people and contacts)")
	c.MarkFlagsOneRequired("mine", "theirs", "merged")
	c.MarkFlagsMutuallyExclusive("mine", "theirs", "merged")
	send.register(c)
	return c
}

func (r *run) decideCommand(ctx context.Context, d decision, ids []string, o sendOptions) error {
	if err := r.mayAsk(o); err != nil {
		return err
	}
	return r.withEngine(ctx, func(ctx context.Context, e Engine) error {
		picked, err := r.pickDecided(ctx, e, d, ids, o.dryRun)
		if err != nil {
			return err
		}
		out := r.Out
		if r.flags.json {
			out = r.Err
		}
		plan, err := r.showDecision(ctx, e, d, picked, out, o.dryRun)
		switch {
		case err != nil:
			return err
		case o.dryRun && d.sends():
			return r.dryRun(ctx, e, plan, nil)
		case o.dryRun:
			return nil
		}
		if !o.yes {
			yes, err := r.asked.confirm(ctx, d.question(len(picked)), d.sends() && needsWhole(plan.Risks()))
			if err != nil {
				return err
			}
			if !yes {
				r.say("Nothing was changed.")
				return &ExitError{Code: ExitRefused}
			}
		}
		if err := d.apply(ctx, e, picked); err != nil {
			return err
		}
		return r.afterDecision(ctx, e, d, picked, o)
	})
}

func (d decision) question(n int) string {
	if d.sends() {
		return "Send " + theme.Count(n, "edit") + "?"
	}
	return "Give up " + theme.Count(n, "edit") + "?"
}

// pickDecided finds the edits that ids name, read afresh where somebody else's
// change is settled.
func (r *run) pickDecided(ctx context.Context, e Engine, d decision, ids []string, dry bool) ([]model.OutboxEntry, error) {
	all, err := e.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	var picked []model.OutboxEntry
	var wrong []error
	for _, id := range ids {
		found := false
		var why []error
		for _, x := range all {
			if x.ID != id && x.Submission != id || slices.ContainsFunc(picked, func(p model.OutboxEntry) bool { return p.ID == x.ID }) {
				continue
			}
			reason := d.refuses(x)
			if account, ok := e.Describe(x.Ref.Account); ok && account.ReadOnly && d.sends() && !dry {
				reason = "nothing is sent: read-only"
			}
			if reason == "" {
				found, picked = true, append(picked, x)
				continue
			}
			why = append(why, fmt.Errorf("%s %s: %s", x.ID, shortEdit(x.Edit), reason))
		}
		switch {
		case found || len(why) == 0 && slices.ContainsFunc(picked, func(p model.OutboxEntry) bool { return p.ID == id }):
		case len(why) == 0:
			wrong = append(wrong, fmt.Errorf("there is no edit or submission %q in the outbox", model.CleanLine(id, 80)))
		default:
			wrong = append(wrong, why...)
		}
	}
	if len(wrong) > 0 {
		return nil, &ExitError{Code: ExitRefused, Err: errors.Join(wrong...)}
	}
	for i, x := range picked {
		if d.how == model.ResolveMerged && x.Kind.Shape() != model.ShapePeople {
			return nil, usage("only people and contacts can be merged, and %s changes the %s: --mine or --theirs", x.ID, model.FieldName(x.Kind))
		}
		if d.name == "resolve" && d.sends() {
			if picked[i], err = e.Recheck(ctx, x.ID); err != nil {
				return nil, of(x.Ref.Account, err)
			}
		}
	}
	return picked, nil
}

// refuses says why a decision does not apply to an edit, "" where it does.
func (d decision) refuses(x model.OutboxEntry) string {
	settled := x.State == model.InConflict || x.State == model.NotVerified || x.State == model.OutcomeNotKnown
	switch {
	case x.State == model.Sending:
		return "it is being sent right now"
	case x.Orphaned && d.sends():
		return "the config gives its account another identity now: set it back, or discard the edit"
	case d.name == "retry" && x.State == model.InConflict:
		return "it is in conflict, and would be again; settle it: " + d.prefix + "resolve " + x.ID + " --mine|--theirs|--merged"
	case d.name == "resolve" && !settled:
		return "it met nobody else's change (" + strings.TrimPrefix(x.State.Words(), "needs you: ") + "): " + d.prefix + "retry or discard"
	}
	return ""
}

// showDecision prints what a decision does, and gives the plan of what it sends;
// a dry run shows that with its requests.
func (r *run) showDecision(ctx context.Context, e Engine, d decision, picked []model.OutboxEntry, w io.Writer,
	dry bool) (model.Plan, error) {
	shown := *r
	shown.Out = w
	var plan model.Plan
	for _, x := range picked {
		shown.printEntry(x)
		if !d.sends() {
			continue
		}
		edit, err := d.edit(x)
		if err != nil {
			return plan, err
		}
		row, _, err := e.Row(ctx, x.Ref)
		if err != nil {
			return plan, err
		}
		account, _ := e.Describe(x.Ref.Account)
		it := model.PlanItem{Ref: x.Ref, Title: x.Title, Provider: account.Provider, State: model.PlanChange, Edits: []model.Edit{edit},
			Risks: model.Risks(edit, row.Conversation, account)}
		at := slices.IndexFunc(plan.Items, func(p model.PlanItem) bool { return p.Ref == x.Ref && x.Ref.ID != "" })
		if at < 0 {
			plan.Items = append(plan.Items, it)
			continue
		}
		plan.Items[at].Edits = append(plan.Items[at].Edits, it.Edits...)
		plan.Items[at].Risks = append(plan.Items[at].Risks, it.Risks...)
	}
	switch {
	case !d.sends():
		shown.print("To be given up: %s.", theme.Count(len(picked), "edit"))
	case !dry:
		shown.print("To be sent:")
		shown.printPlan(w, plan)
	}
	return plan, nil
}

// edit gives an edit as it would be sent.
func (d decision) edit(x model.OutboxEntry) (model.Edit, error) {
	edit := x.Edit
	if d.name == "retry" || x.Theirs == nil {
		return edit, nil
	}
	edit.Base = *x.Theirs
	if d.how == model.ResolveMerged {
		merged := model.Merged(x.Edit, *x.Theirs)
		if merged == nil {
			return edit, &ExitError{Code: ExitRefused, Err: fmt.Errorf("%s: what is there now is not known, so nothing can be merged", x.ID)}
		}
		edit.Target = *merged
	}
	return edit, nil
}

func (d decision) apply(ctx context.Context, e Engine, picked []model.OutboxEntry) error {
	ids := make([]string, len(picked))
	for i, x := range picked {
		ids[i] = x.ID
	}
	switch d.name {
	case "retry":
		return e.Retry(ctx, ids...)
	case "discard":
		return e.Discard(ctx, ids...)
	}
	for _, id := range ids {
		if err := e.Resolve(ctx, id, d.how); err != nil {
			return err
		}
	}
	return nil
}

// afterDecision delivers and reports what was decided.
func (r *run) afterDecision(ctx context.Context, e Engine, d decision, picked []model.OutboxEntry, o sendOptions) error {
	var ids []string
	for _, x := range picked {
		ids = append(ids, x.ID)
	}
	switch {
	case d.sends() && o.noWait:
		return r.reportQueued(ctx, e, ids)
	case d.sends():
		return status(r.deliver(ctx, e, ids))
	}
	return r.gaveUp(ctx, e, picked, "confab outbox")
}

// gaveUp reports edits that were given up, and how their submissions stand now:
// what was to follow them may need a person. outbox is how to look at that.
func (r *run) gaveUp(ctx context.Context, e Engine, picked []model.OutboxEntry, outbox string) error {
	told := map[string]bool{}
	for _, x := range picked {
		x.State, x.NextTry = model.Withdrawn, time.Time{}
		if r.flags.json {
			if err := r.object(model.NewEditJSON(x)); err != nil {
				return err
			}
			continue
		}
		r.print("given up  %s  %s", cell(x.Ref.String()), shortEdit(x.Edit))
	}
	for _, x := range picked {
		if r.flags.json || told[x.Submission] {
			continue
		}
		told[x.Submission] = true
		sub, ok, err := e.Submission(ctx, x.Submission)
		if err != nil {
			return err
		}
		if ok {
			r.print("%s", r.ending(sub, true, outbox))
		}
	}
	return nil
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/ui/theme"
)

func (r *run) outboxCommand() *cobra.Command {
	list := r.inEngine(func(ctx context.Context, _ []string, _ flags) error { return r.listOutbox(ctx) })
	c := r.command("outbox", noArgs, list)
	c.AddCommand(r.command("outbox list", noArgs, list),
		r.decisionCommand("retry"), r.decisionCommand("discard"), r.decisionCommand("resolve"))
	return c
}

// listOutbox prints the edits that are not delivered: for a person grouped by submission, for a program one a line.
func (r *run) listOutbox(ctx context.Context) error {
	all, err := r.engine.Outbox(ctx)
	pending, _, wrong := r.engine.Changed(ctx, 0, 0)
	if err = cmp.Or(err, wrong); err != nil {
		return err
	}
	entries := map[string][]model.OutboxEntry{} // by submission
	for _, x := range all {
		if !r.setup.leftOut(x.Ref.Account) {
			entries[x.Submission] = append(entries[x.Submission], x)
		}
	}
	forPerson := !r.flags.json && (r.Width() > 0 || r.flags.plain)
	if forPerson && len(entries) == 0 {
		r.print("Nothing is on its way, and nothing needs you.")
	}
	for _, sub := range slices.Backward(pending) {
		if forPerson && entries[sub.ID] != nil {
			r.print("%s  %s: %s", cell(sub.ID), sub.Words(), sub.Ending(r.clock))
		}
		for _, x := range entries[sub.ID] {
			switch {
			case r.flags.json:
				r.object(model.NewEditJSON(x))
			case forPerson:
				r.printLines(r.Out, entryLines(x)...)
			default:
				r.printCells("\t", x.ID, x.State.Words(), x.Ref.String(), shortEdit(x.Edit), x.Error.Words(), dateTime(x.NextTry), sub.ID,
					sub.Words())
			}
		}
	}
	return nil
}

// entryLines shows an edit of the outbox under its submission. Where the service's value is no longer the base, all three
// values are shown.
func entryLines(x model.OutboxEntry) []string {
	title := only(x.Title != "" && x.Kind != model.EditCreate, "  "+quote(x.Title))
	lines := []string{"  " + x.ID + "  " + x.State.Words() + "  " + cell(x.Ref.String()) + title + "  " + shortEdit(x.Edit) + nextTry(x)}
	if x.Error != nil {
		lines = append(lines, "    "+x.Error.Words())
	}
	if x.Theirs != nil {
		lines = append(lines, "    it was     "+value(x.Base), "    mine       "+value(x.Target), "    it is now  "+value(*x.Theirs))
	}
	if x.Orphaned && x.Error.Words() != model.OrphanedMeans {
		lines = append(lines, "    "+model.OrphanedMeans)
	}
	return lines
}

// decision is what a person decides about an edit of the outbox: retry, discard, or a resolution.
type decision string

var resolutions = []string{"mine", "theirs", "merged"}

func (d decision) resolves() bool { return slices.Contains(resolutions, string(d)) }

func (d decision) sends() bool { return d != "discard" && d != "theirs" }

// commandFor returns what to type for a verb of the outbox, or for the outbox itself if the verb is "": a command, or a word of
// the linear mode.
func (r *run) commandFor(verb string) string {
	return theme.Pick(r.linear != nil, cmp.Or(verb, "outbox"), strings.TrimSpace("confab outbox "+verb))
}

func (r *run) decisionCommand(verb string) *cobra.Command {
	how := strings.Join(resolutions, " ")
	return r.sendingCommand("outbox "+verb, needs("ID...", 1, 0),
		func(ctx context.Context, ids []string, f flags) (func(sendOptions) error, error) {
			d := decision(verb)
			for _, word := range f.given(how) {
				d = decision(word)
			}
			if verb == "resolve" && !d.resolves() {
				return nil, usage("say how: --mine, --theirs or --merged")
			}
			return func(o sendOptions) error { return r.decide(ctx, d, ids, o) }, nil
		}, how)
}

// decide shows the edits of a decision and what it sends, and carries it out.
func (r *run) decide(ctx context.Context, d decision, ids []string, o sendOptions) error {
	entries, err := r.findDecided(ctx, d, ids, o.dryRun)
	var plan model.Plan
	if err == nil && d.sends() {
		plan, err = r.engine.PlanDecision(ctx, model.Decision(d), entries)
	}
	if err != nil {
		return err
	}
	for _, x := range entries {
		r.printLines(r.plans(), entryLines(x)...)
	}
	switch {
	case !d.sends():
		left := only(d == "discard", theme.LeftAlready(entries))
		r.printLines(r.plans(), strings.TrimSpace("To be given up: "+theme.Count(len(entries), "edit")+". "+left))
		if o.dryRun {
			return nil
		}
	case !o.dryRun:
		r.printLines(r.plans(), append([]string{"To be sent:"}, planLines(plan)...)...)
	}
	o.yes = o.yes || r.linear != nil && d.sends() && !plan.Risky() && !plan.Bulk() // as an edit with that plan
	question := theme.Pick(d.sends(), "Send ", "Give up ") + theme.Count(len(entries), "edit") + "?"
	return r.carryOut(ctx, plan, o, question, "Nothing was changed.", func() ([]string, error) { return r.apply(ctx, d, entries) })
}

// findDecided returns the edits that ids name, of edits and submissions. Those that are sent over another's change are
// compared with the service first.
func (r *run) findDecided(ctx context.Context, d decision, ids []string, dry bool) (entries []model.OutboxEntry, err error) {
	all, err := r.engine.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []error
	taken := map[string]bool{} // a submission may have very many edits
	for _, id := range ids {
		found := false
		var reasons []error
		for _, x := range all {
			if x.ID != id && x.Submission != id {
				continue
			}
			if reason := r.whyNot(d, x, dry); reason != "" {
				reasons = append(reasons, fmt.Errorf("%s %s: %s", x.ID, shortEdit(x.Edit), reason))
				continue
			}
			if found = true; !taken[x.ID] {
				entries, taken[x.ID] = append(entries, x), true
			}
		}
		if !found && reasons == nil {
			reasons = []error{fmt.Errorf("there is no edit or submission %q in the outbox", model.CleanLine(id, 80))}
		}
		if !found {
			wrong = append(wrong, reasons...)
		}
	}
	if len(wrong) > 0 {
		return nil, refused("%w", errors.Join(wrong...))
	}
	for i, x := range entries {
		if d == "merged" && x.Kind.Shape() != model.ShapePeople {
			return nil, usage("only people and contacts can be merged, and %s changes the %s: --mine or --theirs", x.ID,
				model.FieldName(x.Kind))
		}
		if d.resolves() && d.sends() {
			if entries[i], err = r.engine.Recheck(ctx, x.ID); err != nil {
				return nil, withAccount(x.Ref.Account, err)
			}
		}
	}
	return entries, nil
}

// whyNot returns why a decision is not possible for an edit, or "".
func (r *run) whyNot(d decision, x model.OutboxEntry, dry bool) string {
	account, _ := r.engine.Describe(x.Ref.Account)
	switch {
	case r.setup.leftOut(x.Ref.Account):
		return "it is left out by --account"
	case account.ReadOnly && d.sends() && !dry:
		return "nothing is sent: read-only"
	case x.State == model.Sending:
		return "it is being sent right now"
	case x.Orphaned && d.sends():
		return model.OrphanedMeans
	case d == "retry" && x.State == model.InConflict:
		how := "--mine|--theirs" + only(x.Kind.Shape() == model.ShapePeople, "|--merged")
		return "it is in conflict, and would be again; settle it: " + r.commandFor("resolve "+x.ID+" "+how)
	case d.resolves() && !x.State.Resolvable():
		state := strings.TrimPrefix(x.State.Words(), "needs you: ")
		return "it met nobody else's change (" + state + "): " + r.commandFor("retry or discard")
	}
	return ""
}

// apply carries a decision out and returns the ids of the edits to deliver. If the edits were given up it reports them and
// their submissions instead: an edit that was to follow one of them may need a person now.
func (r *run) apply(ctx context.Context, d decision, entries []model.OutboxEntry) (ids []string, err error) {
	var submissions []string
	for _, x := range entries {
		ids = append(ids, x.ID)
		submissions = appendNew(submissions, x.Submission)
	}
	if _, err = r.engine.Decide(ctx, model.Decision(d), entries...); err != nil || d.sends() {
		return ids, err
	}
	for _, x := range entries {
		x.State, x.NextTry = model.Withdrawn, time.Time{}
		r.result(model.NewEditJSON(x), "given up  %s  %s", cell(x.Ref.String()), shortEdit(x.Edit))
	}
	return nil, r.endings(ctx, submissions, false, false)
}

func (r *run) sync(ctx context.Context, _ []string, f flags) error {
	if os.Getenv("GOGC") == "" {
		// Reading lists makes much garbage and keeps little: to collect half as often saves a sixth of the CPU time, and costs
		// about 15 MB.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	keepGoing()
	return r.withEngine(ctx, func() error { return r.syncNow(ctx, f.on("full")) })
}

func (r *run) syncNow(ctx context.Context, full bool) error {
	submissions, err := r.reportAll(ctx, func(report func(model.DeliveryResult)) error { return r.engine.SyncNow(ctx, full, report) })
	if err != nil {
		return err
	}
	pending, _, err := r.engine.Changed(ctx, 0, 0)
	if err != nil {
		return err
	}
	var older []string
	for _, sub := range slices.Backward(pending) {
		if sub.NeedPerson > 0 && !slices.Contains(submissions, sub.ID) {
			older = append(older, sub.ID)
		}
	}
	if err := r.endings(ctx, older, false, true); err != nil {
		return err
	}
	for _, a := range r.engine.Accounts() {
		r.reportAccount(a)
	}
	return nil
}

type accountJSON struct {
	Account       string           `json:"account"`
	Provider      string           `json:"provider"`
	ReadOnly      bool             `json:"read_only"`
	Conversations int              `json:"conversations"`
	Waiting       int              `json:"waiting"`
	NeedPerson    int              `json:"need_person"`
	Checked       model.Stamp      `json:"checked"`
	Swept         model.Stamp      `json:"swept"`
	Error         *model.ErrorJSON `json:"error"`
}

func (r *run) reportAccount(a model.AccountState) {
	checked := theme.Pick(a.Checked.IsZero(), "not read yet", "checked "+dateTime(a.Checked))
	line := a.Name + "  " + theme.Commas(theme.Count(a.Conversations, "conversation"), checked,
		only(a.Waiting > 0, theme.Count(a.Waiting, "edit")+" waiting"), only(a.NeedPerson > 0, theme.Need(a.NeedPerson)+": confab outbox"))
	r.result(accountJSON{a.Name, a.Provider, a.ReadOnly, a.Conversations, a.Waiting, a.NeedPerson, model.Stamp(a.Checked),
		model.Stamp(a.Swept),
		model.NewErrorJSON(a.Error)}, "%s%s", line, because(a.Error))
}

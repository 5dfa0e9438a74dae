package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/ui/theme"
)

// sendOptions are the flags of every command that sends edits.
type sendOptions struct {
	yes, dryRun, noWait bool
	// allowed, which may be nil, refuses a plan by how many conversations change.
	allowed func(n int) error
}

func (o *sendOptions) register(c *cobra.Command) {
	c.Flags().BoolVar(&o.yes, "yes", false, "don't ask")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the exact requests, and send nothing")
	c.Flags().BoolVar(&o.noWait, "no-wait", false, "leave the edits in the outbox, for the inbox or confab sync to deliver")
	c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
}

// mayAsk refuses, before anything is read, what could not be asked about later.
func (r *run) mayAsk(o sendOptions) error {
	if o.dryRun || o.yes || r.interactive() {
		return nil
	}
	return usage("there is no terminal to ask on: give --yes, or --dry-run to see what would be sent")
}

// send shows a plan, asks, submits and delivers, and reports. wants are what
// was asked for and failed what kept conversations from being planned, for the
// report of those that don't change.
func (r *run) send(ctx context.Context, e Engine, plan model.Plan, wants []want, failed failures, o sendOptions) error {
	if o.allowed != nil {
		if err := o.allowed(plan.Count(model.PlanChange)); err != nil {
			r.printPlan(r.Err, plan)
			return err
		}
	}
	if o.dryRun {
		return r.dryRun(ctx, e, plan, failed)
	}
	if !r.flags.json {
		r.printPlan(r.Out, plan)
	} else if !o.yes {
		r.printPlan(r.Err, plan)
	}
	var codes []int
	if failed.refused(plan) {
		codes = append(codes, ExitRefused)
	}
	for _, it := range plan.Items {
		for _, entry := range it.Waiting {
			if !o.noWait {
				codes = append(codes, codeOfEdit(entry))
			}
			if !r.flags.json {
				continue
			}
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return err
			}
		}
	}
	if r.flags.json {
		if err := r.reportUnsent(ctx, e, plan, wants, failed); err != nil {
			return err
		}
	}
	if plan.Count(model.PlanChange) == 0 {
		return status(codes)
	}
	if !o.yes {
		yes, err := r.asked.confirm(ctx, question(plan), needsWhole(plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			r.say("Nothing was sent.")
			return &ExitError{Code: ExitRefused}
		}
	}
	ids, err := e.Submit(ctx, plan)
	if err != nil {
		return err
	}
	if o.noWait {
		if err := r.reportQueued(ctx, e, ids); err != nil {
			return err
		}
		return status(codes)
	}
	return status(append(codes, r.deliver(ctx, e, ids)...))
}

func question(plan model.Plan) string {
	return "Send " + theme.Count(len(plan.Edits()), "edit") + " to " + theme.Count(plan.Count(model.PlanChange), "conversation") + "?"
}

func needsWhole(risks []model.Risk) bool {
	return slices.ContainsFunc(risks, func(r model.Risk) bool { return r.Twice })
}

// status ends a command whose results have been shown.
func status(codes []int) error {
	if code := Worst(codes...); code != ExitOK {
		return &ExitError{Code: code}
	}
	return nil
}

// deliver waits for the edits and prints what became of each, and how the
// submissions that they belong to ended.
func (r *run) deliver(ctx context.Context, e Engine, ids []string) []int {
	return r.deliverWith(ctx, e, ids, nil)
}

// deliverWith also delivers edits that the others wait for, without a word.
func (r *run) deliverWith(ctx context.Context, e Engine, ids, awaited []string) []int {
	queued, err := r.entries(ctx, e, ids)
	if err != nil {
		return []int{r.failed(err)}
	}
	told := map[string]bool{}
	codes := r.results(ctx, func(report func(model.DeliveryResult)) error {
		return e.Deliver(ctx, append(slices.Clone(ids), awaited...), func(d model.DeliveryResult) {
			if told[d.Entry.ID] = true; slices.Contains(ids, d.Entry.ID) {
				report(d)
			}
		})
	})
	if ctx.Err() != nil {
		return codes
	}
	var submissions []string
	for _, entry := range queued {
		if !told[entry.ID] && r.flags.json { // it left the outbox without being sent; in words, the ending says so
			entry.State = model.Withdrawn
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return append(codes, r.failed(err))
			}
		}
		if !slices.Contains(submissions, entry.Submission) {
			submissions = append(submissions, entry.Submission)
		}
	}
	if err := r.endings(ctx, e, submissions, true); err != nil {
		codes = append(codes, r.failed(err))
	}
	return codes
}

// endings says how submissions ended, each in a line, and how to take back the
// one that changed something. told says that the edits themselves were reported.
func (r *run) endings(ctx context.Context, e Engine, ids []string, told bool) error {
	if r.flags.json {
		return nil
	}
	for _, id := range ids {
		sub, ok, err := e.Submission(ctx, id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		r.print("%s", r.ending(sub, !told, "confab outbox"))
		if len(ids) != 1 || sub.Delivered == sub.TakenBack || sub.Undoes != "" {
			continue
		}
		_, settled, err := e.SubmissionEdits(ctx, id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(settled, takesBack) {
			r.say("To take it back: confab undo %s", sub.ID)
		}
	}
	return nil
}

// takesBack reports whether undo can do something about a settled edit.
func takesBack(j model.JournalEntry) bool {
	can, _ := model.Undoable(j.Kind)
	return can && j.State == model.Done && j.Undone == ""
}

// ending says in one line what a submission did and how it ended, and the reason
// where that has not been said. outbox is how to look at what needs a person.
func (r *run) ending(sub model.Submission, reason bool, outbox string) string {
	line := sub.Words() + ": " + sub.Ending(r.clock)
	if p := sub.Problem; p != nil && reason {
		if p.State.NeedsPerson() {
			line += ": " + strings.TrimPrefix(p.State.Words(), "needs you: ")
		} else {
			line += nextTry(*p)
		}
		if p.Error != nil {
			line += ": " + p.Error.Words()
		}
	}
	if sub.NeedPerson > 0 {
		line += "; settle it: " + outbox
	}
	return line
}

// failed shows a failure beside results, and gives its status.
func (r *run) failed(err error) int {
	r.complain(err)
	return CodeOf(err)
}

// results prints what a delivery reports, and gives the statuses.
func (r *run) results(ctx context.Context, deliver func(report func(model.DeliveryResult)) error) []int {
	var codes []int
	err := deliver(func(d model.DeliveryResult) {
		codes = append(codes, codeOfEdit(d.Entry))
		if err := r.reportResult(d); err != nil {
			codes = append(codes, r.failed(err))
		}
	})
	switch {
	case err == nil:
		return codes
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		r.say("What was not delivered stays in the outbox: confab outbox")
		return append(codes, ExitInterrupted)
	}
	return append(codes, r.failed(err))
}

// reportResult prints what became of one edit.
func (r *run) reportResult(d model.DeliveryResult) error {
	if r.flags.json {
		if d.Journal != nil {
			return r.object(model.NewHistoryJSON(*d.Journal))
		}
		return r.object(model.NewEditJSON(d.Entry))
	}
	r.print("%s", resultLine(d))
	return nil
}

// want is one field that was asked to change.
type want struct {
	kind model.EditKind
	key  string
}

// reportUnsent prints, as JSON, the conversations that a plan leaves alone:
// with the state already, or blocked and the reason.
func (r *run) reportUnsent(ctx context.Context, e Engine, plan model.Plan, wants []want, failed failures) error {
	for _, it := range plan.Items {
		if it.State == model.PlanChange || len(it.Waiting) > 0 {
			continue
		}
		row, cached, err := e.Row(ctx, it.Ref)
		if err != nil {
			return err
		}
		for _, w := range wants {
			entry := model.OutboxEntry{Edit: model.Edit{Ref: it.Ref, Kind: w.kind, Key: w.key}, State: model.OutcomeAlreadySet}
			if now, known := entry.Read(row.Conversation); cached && known {
				entry.Base = now
			}
			entry.Target = entry.Base
			if it.State == model.PlanBlocked {
				entry.State, entry.Target = model.OutcomeBlocked, model.Value{}
				entry.Error = &model.EntryError{Kind: model.Unsupported, Message: it.Reason}
				if err := failed[it.Ref]; err != nil {
					entry.Error = model.NewEntryError(err)
				}
			}
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) reportQueued(ctx context.Context, e Engine, ids []string) error {
	entries, err := r.entries(ctx, e, ids)
	if err != nil {
		return err
	}
	if !r.flags.json {
		r.print("%s in the outbox; the inbox or `confab sync` delivers", theme.Count(len(ids), "edit"))
		for _, entry := range entries {
			r.print("queued  %s  %s  %s", entry.ID, cell(entry.Ref.String()), shortEdit(entry.Edit))
		}
		return nil
	}
	for _, entry := range entries {
		if err := r.object(model.NewEditJSON(entry)); err != nil {
			return err
		}
	}
	return nil
}

// entries gives the outbox rows with these ids.
func (r *run) entries(ctx context.Context, e Engine, ids []string) ([]model.OutboxEntry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := e.Outbox(ctx)
	return slices.DeleteFunc(all, func(x model.OutboxEntry) bool { return !slices.Contains(ids, x.ID) }), err
}

// requestJSON is one request as --dry-run prints it. Query is escaped; Body is
// the JSON that would be sent, null where there is none, and a string where it
// is something else than JSON.
type requestJSON struct {
	Ref    string          `json:"ref"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Query  string          `json:"query"`
	Body   json.RawMessage `json:"body"`
}

func newRequestJSON(ref model.Ref, q model.Request) requestJSON {
	out := requestJSON{Ref: ref.String(), Method: q.Method, Path: q.Path, Query: q.Query, Body: json.RawMessage("null")}
	switch {
	case len(q.Body) == 0:
	case json.Valid(q.Body):
		out.Body = q.Body
	default:
		out.Body, _ = json.Marshal(string(q.Body))
	}
	return out
}

// dryRun prints what would be sent.
func (r *run) dryRun(ctx context.Context, e Engine, plan model.Plan, failed failures) error {
	plan, err := e.Requests(ctx, plan)
	if err != nil {
		return err
	}
	if !r.flags.json {
		r.printPlan(r.Out, plan)
	}
	for _, it := range plan.Items {
		if r.flags.json && it.State == model.PlanBlocked {
			r.complain(fmt.Errorf("%s: %s", it.Ref, it.Reason))
		}
		if it.State != model.PlanChange {
			continue
		}
		for _, q := range it.Requests {
			if r.flags.json {
				if err := r.object(newRequestJSON(it.Ref, q)); err != nil {
					return err
				}
				continue
			}
			target := q.Path
			if q.Query != "" {
				target += "?" + q.Query
			}
			r.print("%s %s", q.Method, model.CleanLine(target, 0))
			if len(q.Body) > 0 {
				r.print("%s", model.Clean(string(q.Body)))
			}
		}
	}
	if failed.refused(plan) {
		return &ExitError{Code: ExitRefused}
	}
	return nil
}

// progress reports on a terminal how far a longer reading is.
func (r *run) progress(verb string) func(done, total int) {
	if !r.interactive() {
		return func(int, int) {}
	}
	shown := false
	return func(done, total int) {
		switch {
		case total > 1 && done < total:
			fmt.Fprintf(r.Err, "\r%s %d of %d", verb, done, total)
			shown = true
		case shown:
			fmt.Fprintf(r.Err, "\r%*s\r", len(verb)+2*len(fmt.Sprint(total))+5, "")
			shown = false
		}
	}
}

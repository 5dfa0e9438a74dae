package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"confab/model"
)

// sendOptions are the flags of every command that sends edits.
type sendOptions struct {
	yes, dryRun, noWait bool
}

func (o *sendOptions) register(c *cobra.Command, waits bool) {
	c.Flags().BoolVar(&o.yes, "yes", false, "don't ask")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the exact requests, and send nothing")
	if waits {
		c.Flags().BoolVar(&o.noWait, "no-wait", false, "leave the edits in the outbox, for the inbox or confab sync to deliver")
		c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
	}
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
	return "Send " + count(len(plan.Edits()), "edit") + " to " + count(plan.Count(model.PlanChange), "conversation") + "?"
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

// deliver waits for the edits and prints what became of each.
func (r *run) deliver(ctx context.Context, e Engine, ids []string) []int {
	return r.results(ctx, func(report func(model.DeliveryResult)) error { return e.Deliver(ctx, ids, report) })
}

// results prints what a delivery reports, and gives the statuses.
func (r *run) results(ctx context.Context, deliver func(report func(model.DeliveryResult)) error) []int {
	var codes []int
	tally := map[model.EditState]int{}
	var order []model.EditState
	batch := ""
	err := deliver(func(d model.DeliveryResult) {
		codes = append(codes, codeOfEdit(d.Entry))
		if tally[d.Entry.State]++; tally[d.Entry.State] == 1 {
			order = append(order, d.Entry.State)
		}
		if ok, _ := model.Undoable(d.Entry.Kind); ok && d.Entry.State == model.Done {
			batch = d.Entry.Submission
		}
		if err := r.reportResult(d); err != nil {
			codes = append(codes, CodeOf(err))
		}
	})
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			r.say("What was not delivered stays in the outbox: confab outbox")
			return append(codes, ExitInterrupted)
		}
		r.complain(err)
		codes = append(codes, CodeOf(err))
	}
	if !r.flags.json && len(codes) > 1 {
		line := ""
		for i, s := range order {
			if i > 0 {
				line += ", "
			}
			line += fmt.Sprintf("%d %s", tally[s], stateWord(s))
		}
		r.print("%s", line)
	}
	if batch != "" && !r.flags.json {
		r.say("To take it back: confab undo %s", batch)
	}
	return codes
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
		if it.State == model.PlanChange {
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
	if !r.flags.json {
		r.print("%s in the outbox; the inbox or `confab sync` delivers", count(len(ids), "edit"))
		for _, id := range ids {
			r.print("queued  %s", id)
		}
		return nil
	}
	entries, err := e.Outbox(ctx)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(ids, entry.ID) {
			if err := r.object(model.NewEditJSON(entry)); err != nil {
				return err
			}
		}
	}
	return nil
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

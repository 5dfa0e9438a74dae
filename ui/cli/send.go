package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"confab/model"
	"confab/ui/theme"
)

type sendOptions struct{ yes, dryRun, noWait bool }

// checkCanAsk refuses a command that would have to ask where there is no terminal.
func (r *run) checkCanAsk(o sendOptions) error {
	if o.dryRun || o.yes || r.interactive() {
		return nil
	}
	return usage("there is no terminal to ask on: give --yes, or --dry-run to see what would be sent")
}

// agree asks, unless --yes was given. If the person declines it prints declined and ends the command.
func (r *run) agree(ctx context.Context, o sendOptions, question string, whole bool, declined string) error {
	switch {
	case o.yes && errors.Is(r.writeErr, syscall.EPIPE): // nobody reads the plan
		return nil
	case o.yes || r.writeErr != nil:
		return r.writeErr
	}
	yes, err := r.prompter.confirm(ctx, question, whole)
	if err == nil && !yes {
		r.printLines(theme.Pick(r.linear != nil, r.Out, r.Err), declined)
		return errShown
	}
	return err
}

// plans returns where plans are shown: with --json apart from the results.
func (r *run) plans() io.Writer { return theme.Pick(r.flags.json, r.Err, r.Out) }

// send shows a plan, asks, submits, delivers and reports. fields are the fields that were to change, for the report on the
// conversations that do not change.
func (r *run) send(ctx context.Context, plan model.Plan, fields []model.Edit, o sendOptions) error {
	if !o.dryRun {
		r.noteBlocked(plan)
		if !r.flags.json || !o.yes {
			r.printLines(r.plans(), planLines(plan)...)
		}
		if err := r.reportUnsent(ctx, plan, fields, o); err != nil || plan.Count(model.PlanChange) == 0 {
			return err
		}
	}
	return r.carryOut(ctx, plan, o, question(plan), "Nothing was sent.", func() ([]string, error) { return r.engine.Submit(ctx, plan) })
}

// carryOut asks about a plan that was shown, calls do, and delivers the edits whose ids do returns. With --no-wait it leaves
// them in the outbox; a dry run only prints the requests.
func (r *run) carryOut(ctx context.Context, plan model.Plan, o sendOptions, question, declined string,
	do func() (ids []string, err error)) error {
	if o.dryRun {
		return r.dryRun(ctx, plan)
	}
	whole := slices.ContainsFunc(plan.Risks(), func(r model.Risk) bool { return r.Twice })
	if err := r.agree(ctx, o, question, whole, declined); err != nil {
		return err
	}
	ids, err := do()
	if err != nil || len(ids) == 0 {
		return err
	}
	switch {
	case r.linear != nil:
		return r.linear.follow(ctx, plan) // the engine delivers in the background
	case !o.noWait:
		return r.deliver(ctx, ids, plan)
	}
	entries, err := r.entries(ctx, ids)
	if err != nil {
		return err
	}
	if !r.flags.json {
		r.print("%s in the outbox; the inbox or `confab sync` delivers", theme.Count(len(ids), "edit"))
	}
	for _, entry := range entries {
		r.result(model.NewEditJSON(entry), "queued  %s  %s  %s", entry.ID, cell(entry.Ref.String()), shortEdit(entry.Edit))
	}
	return nil
}

func question(plan model.Plan) string {
	return "Send " + theme.Count(len(plan.Edits()), "edit") + " to " + theme.Count(plan.Count(model.PlanChange), "conversation") + "?"
}

// deliver delivers edits of a plan and reports each of them and their submissions. The edits that they take back are delivered
// first, and not reported.
func (r *run) deliver(ctx context.Context, ids []string, plan model.Plan) error {
	awaited, own := slices.Clone(ids), among(ids)
	for _, edit := range plan.Edits() {
		if edit.Undoes != "" {
			awaited = append(awaited, edit.Undoes)
		}
	}
	_, err := r.reportAll(ctx, func(report func(model.DeliveryResult)) error {
		return r.engine.Deliver(ctx, awaited, func(d model.DeliveryResult) {
			if own(d.Entry.ID) {
				report(d)
			}
		})
	})
	return err
}

// reportAll reports each edit that deliver delivers, the error that ended the delivery, and how the submissions ended, which it
// returns. If the person interrupted the delivery, it says where the rest is.
func (r *run) reportAll(ctx context.Context, deliver func(report func(model.DeliveryResult)) error) (submissions []string, err error) {
	err = deliver(func(d model.DeliveryResult) {
		submissions = appendNew(submissions, d.Entry.Submission)
		r.report(d)
	})
	if err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled)) {
		if left, _ := r.waiting(context.WithoutCancel(ctx)); left > 0 {
			r.say("What was not delivered stays in the outbox: confab outbox")
		}
		r.addStatus(ExitInterrupted)
	} else {
		r.addError(err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	slices.Sort(submissions) // the oldest first
	return submissions, r.endings(ctx, submissions, true, true)
}

// endings prints a line for each submission that says how it ended, with the reason unless its edits were reported already.
// With hint it says how to take the submission back, if it is the only one and changed something.
func (r *run) endings(ctx context.Context, ids []string, reported, hint bool) error {
	if r.flags.json {
		return nil
	}
	for _, id := range ids {
		edits, err := r.engine.SubmissionEdits(ctx, id, 0)
		sub := edits.Submission
		switch {
		case err != nil:
			return err
		case sub.ID == "":
			continue
		}
		r.print("%s", r.ending(sub, !reported))
		if hint && len(ids) == 1 && sub.Undoes == "" && slices.ContainsFunc(edits.Journal, canUndo) {
			r.say("To take it back: confab undo %s", id)
		}
	}
	return nil
}

func canUndo(j model.JournalEntry) bool {
	can, _ := model.Undoable(j.Kind)
	return can && j.State == model.Done && j.Undone == ""
}

// ending says in one line what a submission did and how it ended, and with reason also why.
func (r *run) ending(sub model.Submission, reason bool) string {
	line := sub.Words() + ": " + sub.Ending(r.clock)
	if p := sub.Problem; p != nil && reason {
		line += theme.Pick(p.State.NeedsPerson(), ": "+strings.TrimPrefix(p.State.Words(), "needs you: "), nextTry(*p)) + because(p.Error)
	}
	return line + only(sub.NeedPerson > 0, "; settle it: "+r.commandFor(""))
}

func because(e *model.EntryError) string { return only(e != nil, ": "+e.Words()) }

// report prints what became of an edit, and counts it in the exit status.
func (r *run) report(d model.DeliveryResult) {
	r.addStatus(codeOfEdit(d.Entry))
	var v any = model.NewEditJSON(d.Entry)
	if d.Journal != nil {
		v = model.NewHistoryJSON(*d.Journal)
	}
	r.result(v, "%s", resultLine(d))
}

// reportUnsent reports what a plan does not send: edits of the outbox that want the same and, with --json, the fields that are
// as wanted or blocked.
func (r *run) reportUnsent(ctx context.Context, plan model.Plan, fields []model.Edit, o sendOptions) error {
	for _, it := range plan.Items {
		for _, entry := range it.Waiting {
			if !o.noWait {
				r.addStatus(codeOfEdit(entry))
			}
			if r.flags.json {
				r.object(model.NewEditJSON(entry))
			}
		}
		if !r.flags.json || it.State == model.PlanChange || len(it.Waiting) > 0 {
			continue
		}
		row, cached, err := r.engine.Row(ctx, it.Ref)
		if err != nil {
			return err
		}
		for _, f := range fields {
			entry := model.OutboxEntry{Edit: f, State: model.OutcomeAlreadySet}
			entry.Ref = it.Ref
			if now, known := entry.Read(row.Conversation); cached && known {
				entry.Base = now
			}
			entry.Target = entry.Base
			if it.State == model.PlanBlocked {
				entry.State, entry.Target = model.OutcomeBlocked, model.Value{}
				impossible := &model.Error{Kind: model.Unsupported, Message: it.Reason}
				entry.Error = model.NewEntryError(cmp.Or(it.Err, error(impossible)))
			}
			r.object(model.NewEditJSON(entry))
		}
	}
	return nil
}

// entries returns the edits with these ids that are still in the outbox.
func (r *run) entries(ctx context.Context, ids []string) ([]model.OutboxEntry, error) {
	all, err := r.engine.Outbox(ctx)
	wanted := among(ids)
	return slices.DeleteFunc(all, func(x model.OutboxEntry) bool { return !wanted(x.ID) }), err
}

// among returns a function that reports whether an id is one of several, however many these are.
func among(ids []string) func(id string) bool {
	sorted := slices.Sorted(slices.Values(ids))
	return func(id string) bool { _, found := slices.BinarySearch(sorted, id); return found }
}

// requestJSON is one request as --dry-run prints it. Query is escaped. Body is the JSON that would be sent, null if there is none.
type requestJSON struct {
	Ref    string          `json:"ref"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Query  string          `json:"query"`
	Body   json.RawMessage `json:"body"`
}

func (r *run) dryRun(ctx context.Context, plan model.Plan) error {
	plan, err := r.engine.Requests(ctx, plan)
	if err != nil {
		return err
	}
	r.noteBlocked(plan)
	if !r.flags.json {
		r.printLines(r.Out, planLines(plan)...)
	}
	for _, it := range plan.Items {
		if r.flags.json && it.State == model.PlanBlocked {
			r.printError(fmt.Errorf("%s: %s", it.Ref, it.Reason))
		}
		for _, why := range it.Stops {
			r.addStatus(ExitRefused)
			r.printError(fmt.Errorf("%s: would not be sent: %s", it.Ref, why))
		}
		if it.State != model.PlanChange {
			continue
		}
		for _, q := range it.Requests {
			r.result(requestJSON{Ref: it.Ref.String(), Method: q.Method, Path: q.Path, Query: q.Query, Body: q.Body},
				"%s %s", q.Method, model.CleanLine(q.Path+only(q.Query != "", "?"+q.Query), 0))
			if len(q.Body) > 0 && !r.flags.json {
				r.print("%s", escapeJSON(string(q.Body), r.setup.ASCII))
			}
		}
	}
	return nil
}

// progress returns a function that shows on a terminal how many conversations are read; in the linear mode, which repaints
// nothing, with a line for every hundred.
func (r *run) progress() func(done, total int) {
	shown := false
	return func(done, total int) {
		switch {
		case !r.interactive():
		case r.linear != nil:
			if done > 0 && done < total && done%100 == 0 {
				r.say("read %d of %d", done, total)
			}
		case total > 1 && done < total:
			fmt.Fprintf(r.Err, "\rread %d of %d", done, total)
			shown = true
		case shown:
			fmt.Fprintf(r.Err, "\r%*s\r", len("read ")+2*len(fmt.Sprint(total))+len(" of "), "")
			shown = false
		}
	}
}

func planLines(plan model.Plan) []string {
	var out []string
	if plan.Bulk() {
		var parts []string
		for _, p := range []struct {
			state model.PlanState
			word  string
		}{{model.PlanChange, "to change"}, {model.PlanAlready, "already so"}, {model.PlanBlocked, "can't be done"}} {
			if n := plan.Count(p.state); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, p.word))
			}
		}
		out = append(out, theme.Count(len(plan.Items), "conversation")+": "+strings.Join(parts, ", "))
	}
	for _, it := range plan.Items {
		out = append(out, itemLines(it)...)
	}
	return out
}

// whyUnchanged returns why a plan leaves a conversation alone, or "" if it changes it.
func whyUnchanged(it model.PlanItem) string {
	switch {
	case it.State == model.PlanBlocked:
		return "can't: " + model.CleanLine(it.Reason, 1000)
	case it.State == model.PlanAlready && len(it.Waiting) > 0:
		return "asked for already, and not delivered yet"
	case it.State == model.PlanAlready:
		return "already so"
	}
	return ""
}

// riskLines returns the reasons to ask. If it is known who sees the conversation before and after, that replaces the risks
// about visibility.
func riskLines(seen *model.AudienceChange, risks []model.Risk) (lines []string) {
	if seen != nil {
		lines = seen.Lines()
	}
	for _, risk := range risks {
		if seen == nil || !risk.Kind.Exposes() {
			lines = append(lines, risk.Text)
		}
	}
	for i, line := range lines {
		lines[i] = model.CleanLine(line, 500)
	}
	return lines
}

func itemLines(it model.PlanItem) []string {
	why := whyUnchanged(it)
	out := []string{cell(it.Ref.String()) + only(it.Title != "", "  "+quote(it.Title)) + only(why != "", ": "+why)}
	if why == "" {
		for _, e := range it.Edits {
			out = append(out, indent("  ", editLines(e))...)
		}
	}
	if it.State != model.PlanBlocked {
		for _, e := range it.Waiting {
			out = append(out, "  in the outbox: "+e.ID+"  "+e.State.Words()+"  "+shortEdit(e.Edit)+nextTry(e)+because(e.Error))
		}
	}
	if why != "" {
		return out
	}
	out = append(out, indent("  ! ", riskLines(it.Audience, it.Risks))...)
	return append(out, indent("  note: ", notes(nil, it))...)
}

// notes appends the notes of an item that are not in the list yet.
func notes(list []string, it model.PlanItem) []string {
	for _, note := range it.Notes {
		if note != "" {
			list = appendNew(list, model.CleanLine(note, 500))
		}
	}
	return list
}

func indent(by string, lines []string) []string {
	for i := range lines {
		lines[i] = by + lines[i]
	}
	return lines
}

func field(e model.Edit) string {
	return theme.Pick(e.Kind.Shape() == model.ShapePairs, e.Kind.Pair()+" "+cell(e.Key), e.Kind.Words())
}

// editLines says what an edit changes, of sets and new conversations one part a line.
func editLines(e model.Edit) []string {
	var out []string
	switch n := e.Target.New; {
	case n != nil:
		out = []string{"create " + quote(n.Title)}
		for _, f := range [][2]string{{"description", n.Description}, {"space", n.Space}, {"privacy", string(n.Privacy)},
			{"access", n.Access}, {"default role", model.RoleName(n.DefaultRole)}, {"first message", n.Message}} {
			if f[1] != "" {
				out = append(out, "  "+f[0]+": "+model.CleanLine(f[1], 200))
			}
		}
		for _, p := range n.People {
			p.Status = ""
			out = append(out, "  + "+personWith(p))
		}
		return out
	case e.Kind.Shape() != model.ShapePeople:
		return []string{shortEdit(e)}
	}
	d := model.DiffPeople(e.Base.Set(), e.Target.Set())
	out = []string{field(e)}
	if was, will := len(e.Base.Set()), len(e.Target.Set()); was != will {
		out[0] += fmt.Sprintf(": %d → %d", was, will)
	}
	for _, p := range d.Added {
		out = append(out, "  + "+personWith(p))
	}
	for i, p := range d.Altered {
		was, line := d.Was[i], "  ~ "+p.Distinct()
		if was.Role != p.Role {
			line += ", " + cmp.Or(shortText(model.RoleName(was.Role)), "no role") + " → " + shortText(model.RoleName(p.Role))
		}
		if was.Status != p.Status {
			line += ", " + cmp.Or(shortText(was.Status), "no status") + " → " + shortText(p.Status)
		}
		out = append(out, line)
	}
	for _, p := range d.Removed {
		out = append(out, "  - "+p.Distinct())
	}
	return out
}

func resultLine(d model.DeliveryResult) string {
	e := d.Entry
	if d.Journal != nil && d.Journal.Ref.ID != "" {
		e.Ref = d.Journal.Ref // a created conversation has its id only now
	}
	line := fmt.Sprintf("%s  %s  %s", e.State.Words(), cell(e.Ref.String()), shortEdit(e.Edit))
	if e.State.Waiting() {
		line += ": stays in the outbox" + nextTry(e)
	}
	if e.Theirs != nil && e.Kind != model.EditArchive {
		line += "; it is now " + value(*e.Theirs)
	}
	// An edit that is done may still carry the error of an earlier try.
	if e.State.Waiting() || e.State.NeedsPerson() {
		line += because(e.Error)
	}
	return line
}

func nextTry(e model.OutboxEntry) string {
	return only(!e.NextTry.IsZero(), ", next try "+e.NextTry.Local().Format(time.TimeOnly))
}

// shortEdit says in one line what an edit changes: "title: Old → New".
func shortEdit(e model.Edit) string {
	switch e.Kind.Shape() {
	case model.ShapeAct:
		if e.Kind == model.EditCreate {
			return "create " + value(e.Target)
		}
		return field(e)
	case model.ShapePeople:
		d := model.DiffPeople(e.Base.Set(), e.Target.Set())
		parts := slices.Concat(peopleShort("+", d.Added), peopleShort("~", d.Altered), peopleShort("-", d.Removed))
		return field(e) + ": " + strings.Join(parts, ", ")
	}
	return field(e) + ": " + value(e.Base) + " → " + value(e.Target)
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

const historyPage = 200

func (r *run) history(ctx context.Context, args []string, f flags) (err error) {
	req := model.HistoryRequest{Limit: f.number("limit")}
	if req.Limit < 0 {
		return usage("--limit must not be negative")
	}
	if f.Changed("since") {
		if req.Since, err = parseSince(f.text("since"), r.Now()); err != nil {
			return err
		}
	}
	return r.withEngine(ctx, func() (err error) {
		if len(args) == 1 {
			if req.Ref, err = r.ref(args[0]); err != nil {
				return err
			}
		}
		req.Accounts = r.setup.Accounts
		return r.printHistory(ctx, req, f.on("edits"))
	})
}

// parseSince reads an age, a date or a time as the time it names.
func parseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	if from, ok := query.DateFrom(text, now, time.Local); ok {
		return from, nil
	}
	if d, err := config.ParseDuration(text); err == nil { // 1d12h
		return now.Add(-d), nil
	}
	return time.Time{}, usage("--since wants an age (36h, 7d, 2w, 3mo, 1y), a date (2026-01-31, 2026-01, today) or a time "+
		"(2026-01-31T08:00), not %q", cell(text))
}

func (r *run) printHistory(ctx context.Context, req model.HistoryRequest, edits bool) error {
	t := table{head: []string{"ID", "AT", "WHAT", "ENDED"}, least: []int{0, 0, narrowest, narrowest}}
	err := paged(req.Limit, historyPage, func(_, want int) (n int, err error) {
		req.Limit = want
		if r.flags.json {
			delivered, err := r.engine.History(ctx, req)
			for _, j := range delivered {
				r.object(model.NewHistoryJSON(j))
				req.Before = j.ID
			}
			return len(delivered), cmp.Or(err, r.writeErr)
		}
		submissions, err := r.engine.Submissions(ctx, req)
		for _, s := range submissions {
			t.add(s.ID, dateTime(s.At), s.Words(), s.Ending(r.clock))
			if req.Before = s.ID; edits {
				err = cmp.Or(err, r.historyEdits(ctx, &t, s.ID, req.Ref))
			}
		}
		return len(submissions), err
	})
	if err == nil {
		r.printTable(t)
	}
	return err
}

func (r *run) historyEdits(ctx context.Context, t *table, submission string, ref model.Ref) error {
	edits, err := r.engine.SubmissionEdits(ctx, submission, 0)
	add := func(e model.Edit, when time.Time, ending string) {
		if (ref.IsZero() || e.Ref == ref) && !r.setup.leftOut(e.Ref.Account) {
			what := []string{e.Ref.String(), shortEdit(e)}
			if r.Width() > 0 {
				slices.Reverse(what) // the end may be cut
			}
			t.add("  "+e.ID, dateTime(when), strings.Join(what, "  "), ending)
		}
	}
	for _, j := range edits.Journal {
		ending := theme.Pick(j.Undone != "", "taken back by "+j.Undone, j.State.Words())
		if j.Kind.Shape() != model.ShapeAct {
			j.Base, j.Target = j.Before, j.After
		}
		add(j.Edit, j.At, ending)
	}
	for _, w := range edits.Outbox {
		add(w.Edit, w.Created, w.State.Words())
	}
	return err
}

func (r *run) prepareUndo(ctx context.Context, args []string, _ flags) (func(sendOptions) error, error) {
	return func(o sendOptions) error { return r.undo(ctx, args[0], o) }, nil
}

const undoTries = 20

// undo plans, shows, asks, takes back and delivers. If edits are sent or settled while the person reads, it withdraws those
// that are not sent yet, so that no more of them change, and plans and shows the rest again.
func (r *run) undo(ctx context.Context, id string, o sendOptions) error {
	var waiting []model.OutboxEntry
	how, nothing := model.PlanOptions{DryRun: o.dryRun}, "Nothing"
	for range undoTries {
		u, err := r.engine.PlanUndo(ctx, id, how)
		if len(u.Withdrawn) > 0 {
			nothing = "Nothing else"
		}
		r.reportWithdrawn(slices.DeleteFunc(waiting, func(x model.OutboxEntry) bool { return !slices.Contains(u.Withdrawn, x.ID) }))
		if err == nil {
			waiting, err = r.entries(ctx, u.Withdraw)
		}
		if err != nil {
			return err
		}
		err = r.takeBack(ctx, u, waiting, nothing, o)
		if !errors.Is(err, model.ErrUndoMoved) {
			if err == nil && len(u.Blocked) > 0 {
				r.addStatus(ExitRefused)
			}
			return err
		}
		r.say("Some of it was sent or settled meanwhile, so the plan is made again.")
		how = model.PlanOptions{Was: &u}
	}
	return refused("its state keeps changing, so no plan of it stays true. %s was taken back", nothing)
}

func (r *run) reportWithdrawn(entries []model.OutboxEntry) {
	for _, entry := range entries {
		entry.State = model.Withdrawn
		r.report(model.DeliveryResult{Entry: entry})
	}
}

// takeBack shows an undo, asks and carries it out. waiting holds the edits that it withdraws; nothing is "Nothing", or
// "Nothing else" after an earlier try withdrew some.
func (r *run) takeBack(ctx context.Context, u model.Undo, waiting []model.OutboxEntry, nothing string, o sendOptions) error {
	r.printLines(r.plans(), undoLines(u, waiting)...)
	if !o.dryRun {
		r.printLines(r.plans(), planLines(u.Plan)...)
	}
	if u.Nothing() {
		if len(u.Blocked) == 0 {
			r.say("There is %s to take back.", strings.ToLower(nothing))
		}
		return nil
	}
	return r.carryOut(ctx, u.Plan, o, "Take this back?", nothing+" was taken back.", func() ([]string, error) {
		ids, err := r.engine.ApplyUndo(ctx, u)
		if err == nil {
			r.reportWithdrawn(waiting)
		}
		return ids, err
	})
}

func undoLines(u model.Undo, withdrawn []model.OutboxEntry) []string {
	lines := []string{"To take back: " + u.Sentence}
	for _, entry := range withdrawn {
		lines = append(lines, "not sent yet, withdrawn: "+cell(entry.Ref.String())+"  "+shortEdit(entry.Edit))
	}
	for _, why := range u.Blocked {
		lines = appendNew(lines, "can't: "+model.CleanLine(why.String(), 1000))
	}
	if u.InFlight > 0 {
		lines = append(lines, theme.Count(u.InFlight, "edit")+are(u.InFlight)+" under way: it is taken back once that has ended.")
	}
	return lines
}

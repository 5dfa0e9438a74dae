package cli

import (
	"cmp"
	"context"
	"time"

	"confab/config"
	"confab/model"
	"confab/model/query"
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
		return r.printHistory(ctx, req, f.on("edits"))
	})
}

// parseSince reads an age, a date or a time as the time it names.
func parseSince(text string, now time.Time) (time.Time, error) {
	if d, err := config.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05",
		"2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	if from, ok := query.DateFrom(text, now, time.Local); ok {
		return from, nil
	}
	return time.Time{}, usage("--since wants an age (7d, 2w, 36h), a date (2026-01-31, 2026-01, today) or a time "+
		"(2026-01-31T08:00), not %q", cell(text))
}

func (r *run) printHistory(ctx context.Context, req model.HistoryRequest, edits bool) error {
	t := table{head: []string{"ID", "AT", "WHAT", "ENDED"}, least: []int{0, narrowest, narrowest, narrowest}}
	err := paged(req.Limit, historyPage, func(_, want int) (n int, err error) {
		req.Limit = want
		if r.flags.json {
			delivered, err := r.engine.History(ctx, req)
			for _, j := range delivered {
				r.object(model.NewHistoryJSON(j))
				req.Before = j.ID
			}
			return len(delivered), cmp.Or(err, r.unwritten)
		}
		submissions, err := r.engine.Submissions(ctx, req)
		for _, s := range submissions {
			t.add(s.ID, at(s.At), s.Words(), s.Ending(r.clock))
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
	waiting, done, err := r.engine.SubmissionEdits(ctx, submission)
	add := func(e model.Edit, when time.Time, ending string) {
		if ref.IsZero() || e.Ref == ref {
			t.add("  "+e.ID, at(when), e.Ref.String()+"  "+shortEdit(e), ending)
		}
	}
	for _, j := range done {
		ending := pick(j.Undone != "", "taken back by "+j.Undone, j.State.Words())
		if j.Kind.Shape() != model.ShapeAct {
			j.Base, j.Target = j.Before, j.After
		}
		add(j.Edit, j.At, ending)
	}
	for _, w := range waiting {
		add(w.Edit, w.Created, w.State.Words())
	}
	return err
}

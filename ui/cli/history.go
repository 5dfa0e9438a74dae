package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/model/query"
)

const historyPage = 200

type historyRange struct {
	ref   model.Ref
	since time.Time
	limit int
	edits bool
}

func (r *run) historyCommand() *cobra.Command {
	var h historyRange
	var since string
	var c *cobra.Command
	c = &cobra.Command{
		Use:   "history [REF]",
		Short: "Print what was submitted and how it ended, newest first",
		Long: `Prints a line for each submission, newest first: its id, when it was made, what it asked for, how it ended.
"confab undo ID" takes one back. With --json it prints each delivered edit on a line, with what was there before and
after; --limit then counts edits.`,
		Example: "  confab history --since 7d\n  confab history projects:1481000003663 --edits\n  confab history --since 2026-01-31 --json",
		Args:    needs("REF", 0, 1),
		RunE: r.do(func(ctx context.Context, args []string) (err error) {
			if h.limit < 0 {
				return usage("--limit must not be negative")
			}
			if c.Flags().Changed("since") {
				if h.since, err = parseSince(since, r.Now()); err != nil {
					return err
				}
			}
			return r.withEngine(ctx, func() (err error) {
				if len(args) == 1 {
					if h.ref, err = r.ref(args[0]); err != nil {
						return err
					}
				}
				return r.history(ctx, h)
			})
		}),
	}
	c.Flags().IntVar(&h.limit, "limit", 0, "print at most n submissions; 0 is all")
	c.Flags().StringVar(&since, "since", "", "leave out what is older: an age (7d, 2w, 36h), a date or a time")
	c.Flags().BoolVar(&h.edits, "edits", false, "print the edits of each submission under it")
	return c
}

func parseSince(text string, now time.Time) (time.Time, error) {
	if d, err := config.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
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

// paged reads page after page, up to limit entries if that is not zero.
func paged[T any](ctx context.Context, h historyRange, read func(context.Context, model.HistoryRequest) ([]T, error),
	id func(T) string, print func(T) error) error {
	before := ""
	for n := 0; h.limit == 0 || n < h.limit; {
		want := historyPage
		if h.limit > 0 {
			want = min(want, h.limit-n)
		}
		page, err := read(ctx, model.HistoryRequest{Ref: h.ref, Since: h.since, Limit: want, Before: before})
		if err != nil {
			return err
		}
		for _, entry := range page {
			if err := print(entry); err != nil {
				return err
			}
		}
		n += len(page)
		if len(page) < want || id(page[len(page)-1]) == before {
			break
		}
		before = id(page[len(page)-1])
	}
	return nil
}

func (r *run) history(ctx context.Context, h historyRange) error {
	if r.flags.json {
		return paged(ctx, h, r.engine.History, func(j model.JournalEntry) string { return j.ID }, func(j model.JournalEntry) error {
			r.object(model.NewHistoryJSON(j))
			return r.unwritten
		})
	}
	t := table{head: []string{"ID", "AT", "WHAT", "ENDED"}}
	err := paged(ctx, h, r.engine.Submissions, func(s model.Submission) string { return s.ID }, func(s model.Submission) error {
		t.add(s.ID, at(s.At), s.Words(), s.Ending(r.clock))
		if !h.edits {
			return nil
		}
		return r.historyEdits(ctx, &t, s.ID, h.ref)
	})
	if err != nil {
		return err
	}
	r.printTable(t)
	return nil
}

// historyEdits adds the edits of a submission, set in under it.
func (r *run) historyEdits(ctx context.Context, t *table, submission string, ref model.Ref) error {
	waiting, done, err := r.engine.SubmissionEdits(ctx, submission)
	add := func(e model.Edit, when time.Time, ending string) {
		if ref.IsZero() || e.Ref == ref {
			t.addUnder(e.ID, at(when), e.Ref.String()+"  "+shortEdit(e), ending)
		}
	}
	for _, j := range done {
		ending := j.State.Words()
		if j.Undone != "" {
			ending = "taken back by " + j.Undone
		}
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

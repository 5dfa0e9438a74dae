package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// pendingTriage is a change of local marks that is shown but not written yet.
type pendingTriage struct {
	text   string // to show once it is written
	of     subjects
	change model.TriageChange
	op     *operation // nil for one conversation
}

// triages are the changes that are shown but not written yet, the oldest first.
type triages struct{ waiting []pendingTriage }

// saving reports whether the list must not be read, because triage marks are being written and
// it could return the old ones. A change that takes long does not count.
func (t *triages) saving() bool {
	return len(t.waiting) > 0 && (t.waiting[0].op == nil || !t.waiting[0].op.shown)
}

// overlay applies the changes to rows that were read.
func (t *triages) overlay(p *model.Page) {
	if len(t.waiting) == 0 {
		return
	}
	p.Rows = slices.Clone(p.Rows)
	for i := range p.Rows {
		for _, w := range t.waiting {
			if w.of.has(&p.Rows[i]) {
				p.Rows[i].Triage = w.change.Apply(p.Rows[i].Triage)
			}
		}
	}
}

// triage changes local marks: the list shows a change at once, and it is written after those before it.
type triage struct {
	*overlays
	*triages
	list     *listing
	detail   *conversation
	followed *followed
	undo     *undo
	quit     *quitting
}

// handler sets a local mark, or removes it from a single conversation that has it.
func (t *triage) handler(on, off string, change func(v *bool) model.TriageChange) handler {
	return handler{wants: wantsRows, run: func(in intent) {
		v, word := true, on
		if in.single && change(&v).Apply(in.row.Triage) == in.row.Triage {
			v, word = false, off
		}
		t.change(in, word, change(&v))
	}}
}

// change changes local marks. From an open conversation it goes on to the next one, or to the list.
func (t *triage) change(in intent, word string, change model.TriageChange) {
	n := in.size()
	w := pendingTriage{text: word, of: in.subjects, change: change}
	if n > 1 {
		w.text = theme.Count(n, "conversation") + " " + word
	}
	if in.marked {
		t.list.clearMarks()
	}
	opened := t.inDetail && t.list.MoveToRef(t.detail.Ref())
	last := opened && t.list.Cursor()+n >= t.list.Total()
	w.text += theme.Pick(last, "; that was the last one", "")
	before := t.list.Ref()
	t.show(w) // now, since the next key is about the row that this brings under the cursor
	t.submitting++
	t.followed.otherAct()
	t.list.outdate()
	t.waiting = append(t.waiting, w)
	if len(t.waiting) == 1 {
		t.write()
	}
	stays := t.list.Ref() == before
	switch {
	case last:
		t.inDetail = false
		t.detail.previewAfterRest()
	case opened:
		if stays {
			t.list.Move(n)
		}
		t.detail.openSelected()
	case !stays:
		t.detail.previewAfterRest()
	}
}

func (t *triage) show(w pendingTriage) {
	q := t.list.parsedQuery().Inbox()
	now := t.now()
	in := func(row *model.Row) bool { return q.Match(query.NewSubject(*row), now, now.Location()) }
	if row := t.detail.Row(); w.of.has(&row) {
		row.Triage = w.change.Apply(row.Triage)
		t.detail.showRow(row)
	}
	t.list.Change(func(row *model.Row) bool {
		if !w.of.has(row) {
			return true
		}
		was := in(row)
		row.Triage = w.change.Apply(row.Triage)
		return !was || in(row)
	})
}

// write writes the oldest change. Changes are written one after the other, in the order of their keys.
func (t *triage) write() {
	w := &t.waiting[0]
	if n := w.of.size(); n != 1 {
		w.op = inLine("marking "+theme.Count(n, "conversation"), "")
		w.op.onShow = func() { t.list.reload(false) }
	}
	of, change := w.of, w.change
	operate(t.overlays, w.op, func(ctx context.Context, report func(int, int)) (struct{}, error) {
		refs, err := of.refs(ctx, t.be)
		if err == nil {
			err = t.be.Triage(ctx, refs, change, report)
		}
		return struct{}{}, err
	}, t.written)
}

func (t *triage) written(_ struct{}, err error) {
	text := t.waiting[0].text
	t.submitting--
	t.waiting = t.waiting[1:]
	switch {
	case errors.Is(err, context.Canceled):
		t.say(theme.Warning, model.Words(err))
	case err != nil:
		t.fail("mark it", err)
	default:
		t.say(theme.Good, text)
		t.undo.noteAct()
	}
	if len(t.waiting) > 0 {
		t.write()
		return
	}
	t.list.reload(false)
	t.quit.ifReady()
}

// snooze asks until when to snooze, or wakes a single conversation that is snoozed.
func (t *triage) snooze(in intent) {
	if in.single && !in.row.Triage.SnoozedUntil.IsZero() && in.arg == "" {
		t.change(in, "awake again", model.TriageChange{Snooze: &time.Time{}})
		return
	}
	until := func(text string) error {
		at, err := parseWhen(text, t.now())
		if err == nil {
			t.change(in, "snoozed until "+at.Format("Mon 2 Jan 15:04"), model.TriageChange{Snooze: &at})
		}
		return err
	}
	if in.arg != "" {
		if err := until(in.arg); err != nil {
			t.say(theme.Error, err.Error())
		}
		return
	}
	d := dialog.NewPrompt(titleFor("Snooze until", in), "tomorrow", "2h  3d  2w  14:30  tomorrow  monday  2026-12-31  2026-12-31 14:30")
	t.ask(d, "", func(text string) {
		if err := until(text); err != nil {
			d.Complain(err.Error())
		} else {
			t.closeOverlay(d)
		}
	})
}

const morning = 8 * time.Hour

// parseWhen parses a future time as people write it.
func parseWhen(text string, now time.Time) (time.Time, error) {
	s, short := strings.ToLower(strings.TrimSpace(text)), model.CleanLine(text, 40)
	bad := fmt.Errorf("%q is no time: try 2h, 3d, 14:30, tomorrow, monday or 2026-12-31", short)
	y, mo, d := now.Date()
	on := func(days int, clock time.Time) time.Time {
		return time.Date(y, mo, d+days, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	dawn := time.Time{}.Add(morning)
	switch s {
	case "":
		return time.Time{}, bad
	case "tomorrow":
		return on(1, dawn), nil
	case "week", "next week":
		s = "monday"
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(s) >= 2 && strings.HasPrefix(strings.ToLower(day.String()), s) {
			return on((int(day)-int(now.Weekday())+6)%7+1, dawn), nil
		}
	}
	for layout, at := range map[string]time.Duration{
		"2006-01-02 15:04": 0, "2006-01-02T15:04": 0, time.RFC3339: 0, time.DateOnly: morning} {
		t, err := time.ParseInLocation(layout, strings.TrimSpace(text), now.Location())
		if t = t.Add(at); err == nil && !t.After(now) {
			return t, fmt.Errorf("%s is in the past", short)
		}
		if err == nil {
			return t, nil
		}
	}
	if clock, err := time.Parse("15:04", s); err == nil {
		return on(theme.Pick(on(0, clock).After(now), 0, 1), clock), nil
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n <= 0 || n > 10_000 {
		return time.Time{}, bad
	}
	switch s[len(s)-1] {
	case 'm':
		return now.Add(time.Duration(n) * time.Minute), nil
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), nil
	case 'd':
		return now.AddDate(0, 0, n), nil
	case 'w':
		return now.AddDate(0, 0, 7*n), nil
	}
	return time.Time{}, bad
}

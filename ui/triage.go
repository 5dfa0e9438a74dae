package ui

import (
	"context"
	"errors"
	"slices"
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
	t.followed.undoable = false // the undo key takes this act back first
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
		t.undo.acts++
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
		at, err := model.ParseWhen(text, t.now())
		if err == nil {
			t.change(in, "snoozed until "+theme.Moment(at, t.now()), model.TriageChange{Snooze: &at})
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
	draft := draftOf("snooze", in)
	t.ask(d, draft, func(text string) {
		if err := until(text); err != nil {
			d.Complain(err.Error())
		} else {
			t.closeOverlay(d)
			t.clearDraft(draft)
		}
	})
}

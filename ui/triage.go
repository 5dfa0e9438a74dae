package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// triage changes local marks. The list shows it at once, so that the next key is about
// what then is under the cursor.
func (m *Model) triage(text string, of subjects, change model.TriageChange) tea.Cmd {
	m.showTriage(of, change)
	m.submitting++
	m.told.takes = false // the undo key takes this back first
	m.pages.stale = m.pages.busy
	m.triages = append(m.triages, triageWork{text: text, of: of, change: change})
	if len(m.triages) > 1 {
		return nil
	}
	return m.nextTriage()
}

// triageWork is a change of local marks that is shown and not written yet.
type triageWork struct {
	text   string
	of     subjects
	change model.TriageChange
	op     *operation // nil for one conversation
}

// keepingMarks reports whether the list waits until what it shows is written, because it
// may read what is older. It does not wait for a change that takes long.
func (m *Model) keepingMarks() bool {
	if len(m.triages) == 0 {
		return false
	}
	op := m.triages[0].op
	return op == nil || !op.shown
}

func (m *Model) layTriages(p *model.Page) {
	if len(m.triages) == 0 {
		return
	}
	p.Rows = slices.Clone(p.Rows)
	for i := range p.Rows {
		for _, w := range m.triages {
			if w.of.has(&p.Rows[i]) {
				p.Rows[i].Triage = w.change.Apply(p.Rows[i].Triage)
			}
		}
	}
}

// nextTriage writes the oldest change: one after the other, in the order of their keys.
func (m *Model) nextTriage() tea.Cmd {
	next := m.triages[0]
	write := func(ctx context.Context, report func(int, int)) (text string, err error) {
		refs, err := next.of.refs(ctx, m.be)
		if err == nil {
			err = m.be.TriageMany(ctx, refs, next.change, report)
		}
		return next.text, err
	}
	if next.of.size() == 1 {
		return read(m, func(ctx context.Context) (string, error) { return write(ctx, nil) }, m.triaged)
	}
	op := inLine("marking " + theme.Count(next.of.size(), "conversation"))
	m.triages[0].op = op
	return operate(m, op, write, m.triaged)
}

func (m *Model) triaged(text string, err error) tea.Cmd {
	m.submitting--
	m.triages = m.triages[1:]
	switch {
	case errors.Is(err, context.Canceled):
		m.say(theme.Warning, model.Words(err))
	case err != nil:
		m.fail("mark it", err)
	case text != "":
		m.say(theme.Good, text)
		m.acts++
	}
	if len(m.triages) > 0 {
		return m.nextTriage()
	}
	return tea.Batch(m.reload(false), m.reloadLedger(), m.quitIfReady())
}

// showTriage changes the rows at hand, and removes those that leave the view.
func (m *Model) showTriage(of subjects, change model.TriageChange) {
	text, err := m.query()
	if err != nil {
		return
	}
	q, err := query.Parse(text)
	if err != nil {
		return
	}
	q = q.Inbox()
	now := m.now()
	in := func(row *model.Row) bool { return q.Match(query.NewSubject(*row), now, now.Location()) }
	if row := m.detail.Row(); of.has(&row) {
		row.Triage = change.Apply(row.Triage)
		m.show(row)
	}
	m.list.Change(func(row *model.Row) bool {
		if !of.has(row) {
			return true
		}
		was := in(row)
		row.Triage = change.Apply(row.Triage)
		return !was || in(row)
	})
}

func (m *Model) triageMany(in intent, word string, change model.TriageChange) tea.Cmd {
	text := word
	if n := in.size(); n > 1 {
		text = theme.Count(n, "conversation") + " " + word
	}
	if in.marked {
		m.list.ClearMarks()
		m.list.EndRange()
	}
	if m.screen == screenDetail && m.list.MoveToRef(m.detail.Ref()) {
		return m.triageOn(text, in.subjects, change)
	}
	before := m.list.Ref()
	cmd := m.triage(text, in.subjects, change)
	if m.list.Ref() != before {
		return tea.Batch(cmd, m.cursorMoved())
	}
	return cmd
}

// triageOn marks the open conversation and opens the one below, or goes back to the list
// after the last.
func (m *Model) triageOn(text string, of subjects, change model.TriageChange) tea.Cmd {
	last := m.list.Cursor()+of.size() >= m.list.Total()
	if last {
		text += "; that was the last one"
	}
	at := m.detail.Ref()
	cmd := m.triage(text, of, change)
	if last {
		m.screen = screenList
		m.arrange()
		return tea.Batch(cmd, m.cursorMoved())
	}
	if m.list.Ref() == at {
		m.list.Move(of.size()) // the view still holds them
	}
	row, ok := m.list.Selected()
	if !ok {
		m.follow = true
		return cmd
	}
	return tea.Batch(cmd, m.openRow(row))
}

// marksAs returns the handler that sets a local mark, or takes it off a conversation that
// has it.
func marksAs(on, off string, has func(model.Triage) bool, change func(v *bool) model.TriageChange) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		v, word := true, on
		if in.one && has(in.row.Triage) {
			v, word = false, off
		}
		return m.triageMany(in, word, change(&v))
	}
}

var (
	triageDone = marksAs("done until something changes; is:done shows it", "not done any more",
		func(t model.Triage) bool { return t.Done }, func(v *bool) model.TriageChange { return model.TriageChange{Done: v} })
	triagePin = marksAs("pinned", "not pinned any more",
		func(t model.Triage) bool { return t.Pinned }, func(v *bool) model.TriageChange { return model.TriageChange{Pinned: v} })
	triageSeen = marksAs("seen", "unseen",
		func(t model.Triage) bool { return t.Seen }, func(v *bool) model.TriageChange { return model.TriageChange{Seen: v} })
)

// snooze asks until when, or wakes one that is snoozed.
func (m *Model) snooze(in intent) tea.Cmd {
	if in.one && !in.row.Triage.SnoozedUntil.IsZero() && in.arg == "" {
		return m.triageMany(in, "awake again", model.TriageChange{Snooze: &time.Time{}})
	}
	until := func(text string) (tea.Cmd, error) {
		t, err := parseWhen(text, m.now())
		if err != nil {
			return nil, err
		}
		return m.triageMany(in, "snoozed until "+t.Format("Mon 2 Jan 15:04"), model.TriageChange{Snooze: &t}), nil
	}
	if in.arg != "" {
		cmd, err := until(in.arg)
		if err != nil {
			m.say(theme.Error, err.Error())
		}
		return cmd
	}
	d := dialog.NewPrompt(titled("Snooze until", in), "tomorrow", "2h  3d  2w  14:30  tomorrow  monday  2026-12-31  2026-12-31 14:30")
	m.open(layer{overlay: d, act: func(asks any) tea.Cmd {
		text, ok := asks.(dialog.Entered)
		if !ok {
			return nil
		}
		cmd, err := until(string(text))
		if err != nil {
			d.Complain(err.Error())
			return nil
		}
		m.closeOverlay(d)
		return cmd
	}})
	return nil
}

// morning is when a day begins that is named without a time.
const morning = 8 * time.Hour

// parseWhen reads a time to come, as people write it.
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
	for layout, at := range map[string]time.Duration{"2006-01-02 15:04": 0, "2006-01-02T15:04": 0, time.RFC3339: 0, time.DateOnly: morning} {
		t, err := time.ParseInLocation(layout, strings.TrimSpace(text), now.Location())
		if t = t.Add(at); err == nil && !t.After(now) {
			return t, fmt.Errorf("%s is in the past", short)
		}
		if err == nil {
			return t, nil
		}
	}
	if clock, err := time.Parse("15:04", s); err == nil {
		if t := on(0, clock); t.After(now) {
			return t, nil
		}
		return on(1, clock), nil
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

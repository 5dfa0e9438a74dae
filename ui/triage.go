package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// triage changes local marks; text is said once it is done.
func (m *Model) triage(text string, refs []model.Ref, change model.TriageChange) tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		return settledMsg{text, be.Triage(ctx, refs, change), "triage"}
	}
}

func (m *Model) triageMany(in intent, word string, change model.TriageChange) tea.Cmd {
	text := word
	if len(in.refs) > 1 {
		text = fmt.Sprintf("%s: %d conversations", word, len(in.refs))
	}
	if in.marked {
		m.list.ClearMarks()
		m.list.EndRange()
	}
	return m.triage(text, in.refs, change)
}

func (m *Model) triageDone(in intent) tea.Cmd {
	v := !(in.one && in.row.Triage.Done)
	word := "done until something changes; is:done shows it"
	if !v {
		word = "not done any more"
	}
	return m.triageMany(in, word, model.TriageChange{Done: &v})
}

func (m *Model) triagePin(in intent) tea.Cmd {
	v := !(in.one && in.row.Triage.Pinned)
	word := "pinned"
	if !v {
		word = "not pinned any more"
	}
	return m.triageMany(in, word, model.TriageChange{Pinned: &v})
}

func (m *Model) triageSeen(in intent) tea.Cmd {
	v := !(in.one && in.row.Triage.Seen)
	word := "seen"
	if !v {
		word = "unseen"
	}
	return m.triageMany(in, word, model.TriageChange{Seen: &v})
}

// snooze asks until when, or wakes one that is snoozed.
func (m *Model) snooze(in intent) tea.Cmd {
	if in.one && !in.row.Triage.SnoozedUntil.IsZero() && in.arg == "" {
		return m.triageMany(in, "awake again", model.TriageChange{Snooze: &time.Time{}})
	}
	until := func(m *Model, text string) (tea.Cmd, error) {
		t, err := parseWhen(text, m.now())
		if err != nil {
			return nil, err
		}
		return m.triageMany(in, "snoozed until "+t.Format("Mon 2 Jan 15:04"), model.TriageChange{Snooze: &t}), nil
	}
	if in.arg != "" {
		cmd, err := until(m, in.arg)
		if err != nil {
			m.say(theme.Error, err.Error())
		}
		return cmd
	}
	o := &promptOverlay{d: dialog.NewPrompt(bulkTitle("snooze until", len(in.refs)), "tomorrow",
		"2h  3d  2w  14:30  tomorrow  monday  2026-12-31  2026-12-31 14:30")}
	o.done = func(m *Model, text string) tea.Cmd {
		cmd, err := until(m, text)
		if err != nil {
			o.complain(err.Error())
			return nil
		}
		m.closeOverlay(o)
		return cmd
	}
	m.open(o)
	return nil
}

// morning is when a day begins that is named without a time.
const morning = 8

// parseWhen reads a time to come, as people write it.
func parseWhen(text string, now time.Time) (time.Time, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	bad := fmt.Errorf("%q is no time: try 2h, 3d, 14:30, tomorrow, monday or 2026-12-31", model.CleanLine(text, 40))
	at := func(days int) time.Time {
		y, mo, d := now.Date()
		return time.Date(y, mo, d+days, morning, 0, 0, 0, now.Location())
	}
	late := func(t time.Time) (time.Time, error) {
		if !t.After(now) {
			return t, fmt.Errorf("%s is in the past", model.CleanLine(text, 40))
		}
		return t, nil
	}
	switch s {
	case "":
		return time.Time{}, bad
	case "tomorrow":
		return at(1), nil
	case "week", "next week":
		s = "monday"
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if len(s) >= 2 && strings.HasPrefix(strings.ToLower(d.String()), s) {
			days := (int(d)-int(now.Weekday())+6)%7 + 1
			return at(days), nil
		}
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(text), now.Location()); err == nil {
			return late(t)
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", s, now.Location()); err == nil {
		return late(t.Add(morning * time.Hour))
	}
	if t, err := time.Parse("15:04", s); err == nil {
		y, mo, d := now.Date()
		then := time.Date(y, mo, d, t.Hour(), t.Minute(), 0, 0, now.Location())
		if !then.After(now) {
			then = time.Date(y, mo, d+1, t.Hour(), t.Minute(), 0, 0, now.Location())
		}
		return then, nil
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

func (m *Model) mark(in intent) tea.Cmd {
	if m.screen != screenList {
		m.say(theme.Dim, "marks are made in the list")
		return nil
	}
	if m.list.Ranging() {
		return m.endRange()
	}
	m.list.ToggleMark()
	m.list.Move(1)
	return m.cursorMoved()
}

func (m *Model) markRange(in intent) tea.Cmd {
	if m.screen != screenList {
		m.say(theme.Dim, "marks are made in the list")
		return nil
	}
	if m.list.Ranging() {
		return m.endRange()
	}
	m.list.StartRange()
	if in.count > 1 {
		m.list.Move(in.count - 1)
		return m.cursorMoved()
	}
	return nil
}

// endRange turns the range into marks.
func (m *Model) endRange() tea.Cmd {
	refs, ok := m.list.RangeRefs()
	if !ok {
		in := m.intent(keymap.MarkRange)
		in.action = markRefs
		return m.readRange(in)
	}
	m.list.EndRange()
	for _, r := range refs {
		row, _ := m.list.Row(r)
		m.list.Mark(r, row.Conversation.Title)
	}
	return nil
}

// markRefs marks what an intent holds. It is not in the key table: it ends a
// range that had to be read first.
const markRefs keymap.Action = "mark_refs"

func (m *Model) markRead(in intent) tea.Cmd {
	m.list.EndRange()
	for _, r := range in.refs {
		m.list.Mark(r, "")
	}
	return nil
}

// markAll marks all of this view, or none if all are marked.
func (m *Model) markAll(intent) tea.Cmd {
	if m.screen != screenList {
		m.say(theme.Dim, "marks are made in the list")
		return nil
	}
	if n := m.list.MarkCount(); n > 0 && n >= m.list.Total() {
		m.list.ClearMarks()
		return nil
	}
	q, err := m.query()
	if err != nil {
		return nil
	}
	m.marking, m.deferred = true, nil
	be, ctx, tab := m.be, m.ctx, m.tab
	return func() tea.Msg {
		refs, err := be.Refs(ctx, q, true)
		return refsMsg{tab, q, refs, err}
	}
}

func (m *Model) clearMarks(intent) tea.Cmd {
	m.list.ClearMarks()
	m.list.EndRange()
	return nil
}

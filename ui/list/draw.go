package list

import (
	"fmt"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Options is what drawing needs to know besides the state.
type Options struct {
	Now time.Time
	// Account is how wide the longest name of an account is.
	Account int
	// Swept is when each account was last walked completely: a row checked
	// before that may be out of date.
	Swept map[string]time.Time
	// Empty is what to say in an empty list, in lines.
	Empty []string
}

// columns are the widths of a line; 0 means that it is dropped.
type columns struct{ privacy, title, status, people, account, time int }

const lead = 4 // pointer, mark, sign, blank

func columnsFor(w, account int) columns {
	var c columns
	left := w - lead
	take := func(n int) int { left -= n + 1; return n }
	switch {
	case w >= 30:
		c.privacy = take(9)
	case w >= 8:
		c.privacy = take(1)
	}
	if w >= 36 {
		c.time = take(6)
	}
	if w >= 50 {
		limit := 14
		if w >= 100 {
			limit = 18
		}
		c.account = take(layout.Clamp(account, 4, limit))
	}
	if w >= 66 {
		wide := 8
		if w >= 110 {
			wide = 10
		}
		c.status = take(wide)
	}
	if w >= 76 {
		c.people = take(layout.Clamp(w/7, 10, 32))
	}
	c.title = max(0, left)
	return c
}

// Draw returns the lines of the list, exactly as many as the rectangle has.
func (l *List) Draw(th *theme.Theme, r layout.Rect, o Options) []string {
	out := make([]string, 0, max(0, r.H))
	if r.Empty() {
		return out
	}
	if l.loaded && l.total == 0 {
		out = append(out, layout.Spaces(r.W))
		for _, line := range o.Empty {
			for _, part := range th.Wrap(line, max(1, r.W-4)) {
				out = append(out, "  "+th.Paint(theme.Dim, part, r.W-2))
			}
		}
		return th.Block(out, r.W, r.H)
	}
	cols := columnsFor(r.W, o.Account)
	for y := range r.H {
		i := l.bar.Top + y
		row := l.at(i)
		switch {
		case i >= l.total:
			out = append(out, layout.Spaces(r.W))
		case row == nil:
			out = append(out, th.Fit(th.Pointer(i == l.bar.At)+layout.Spaces(lead-1)+th.Say(theme.Dim, th.Ellipsis), r.W, ""))
		default:
			out = append(out, l.line(th, row, i, r.W, cols, o))
		}
	}
	return out
}

func (l *List) line(th *theme.Theme, row *model.Row, i, w int, cols columns, o Options) string {
	c := &row.Conversation
	var s strings.Builder
	s.Grow(w * 2)
	s.WriteString(th.Pointer(i == l.bar.At))
	if w < lead {
		return th.Fit(s.String(), w, "")
	}
	if l.Marked(row) || l.inRange(i) {
		s.WriteString(th.Say(theme.Marked, th.MarkSign))
	} else {
		s.WriteByte(' ')
	}
	s.WriteString(sign(th, row, o.Swept[c.Ref.Account]))
	s.WriteByte(' ')
	shield, word, look := th.PrivacySign(c.Privacy)
	switch {
	case cols.privacy >= 9:
		s.WriteString(th.Say(look, th.Fit(shield+" "+word, cols.privacy, "")))
		s.WriteByte(' ')
	case cols.privacy > 0:
		s.WriteString(th.Say(look, shield) + " ")
	}
	title := model.CleanLine(c.Title, 400)
	if strings.TrimSpace(title) == "" {
		title = "(no title)"
	}
	look = theme.Text
	switch {
	case i == l.bar.At:
		look = theme.Selected
	case !row.Triage.Seen:
		look = theme.Unseen
	}
	s.WriteString(th.Paint(look, title, cols.title))
	if cols.status > 0 {
		text, look := status(th, row)
		s.WriteString(" " + th.Paint(look, text, cols.status))
	}
	if cols.people > 0 {
		s.WriteString(" " + th.Paint(theme.Text, people(c), cols.people))
	}
	// The end of the line is one run of one look: every run costs bytes.
	end := ""
	if cols.account > 0 {
		end = " " + th.Fit(model.CleanLine(c.Ref.Account, 60), cols.account, th.Ellipsis)
	}
	if cols.time > 0 {
		end += " " + th.FitRight(Time(when(c), o.Now), cols.time, "")
	}
	s.WriteString(th.Say(theme.Dim, end))
	return th.Fit(s.String(), w, "")
}

// sign returns the one sign in front of a row: an edit on its way before a pin
// before what may be out of date before what was not looked at.
func sign(th *theme.Theme, row *model.Row, swept time.Time) string {
	if s := row.Worst(); s != "" {
		sign, _, look := th.StateSign(s)
		return th.Say(look, sign)
	}
	switch {
	case row.Triage.Pinned:
		return th.Say(theme.Marked, th.PinSign)
	case theme.Stale(*row, swept):
		return th.Say(theme.Dim, th.StaleSign)
	case !row.Triage.Seen:
		return th.Say(theme.Accent, th.UnseenSign)
	}
	return " "
}

// status returns the provider's own word, or the state of an edit on its way
// where there is one.
func status(th *theme.Theme, row *model.Row) (string, theme.Token) {
	if s := row.Worst(); s != "" {
		_, word, look := th.StateSign(s)
		return word, look
	}
	c := &row.Conversation
	switch {
	case c.Archived:
		return "archived", theme.Dim
	case row.Triage.Done:
		return "done", theme.Dim
	case !row.Triage.SnoozedUntil.IsZero():
		return "snoozed", theme.Dim
	}
	look := theme.Text
	if c.Closed {
		look = theme.Dim
	}
	return model.CleanLine(c.Status, 60), look
}

// people names the first few people of a conversation and counts the others.
func people(c *model.Conversation) string {
	all := c.People()
	shown := all[:min(len(all), 4)]
	text := theme.People(shown, len(shown), theme.Name)
	if n := max(len(all), c.ParticipantCount) - len(shown); n > 0 && len(shown) > 0 {
		text += fmt.Sprintf(" +%d", n)
	}
	return text
}

func when(c *model.Conversation) time.Time {
	if !c.Updated.IsZero() {
		return c.Updated
	}
	return c.Created
}

// Time returns a time in at most six cells: the clock today, the day this year,
// else month and year. It never says how long ago, which would have to tick.
func Time(t, now time.Time) string { return theme.Clock(t, now, "15:04", "2 Jan", "Jan'06") }

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
	// Account is how wide the longest name of an account is, 0 to leave it out.
	Account int
	// Settle is the key that settles what needs a person, "" if there is none.
	Settle string
	// Swept is when each account was last walked completely: a row checked
	// before that may be out of date.
	Swept map[string]time.Time
	// Audience has the rules of each account for who can see a conversation.
	Audience map[string]model.Audiences
	// Empty is what to say in an empty list, in lines.
	Empty []string
}

// columns are the widths of a line; 0 means that it is dropped.
type columns struct{ gap, privacy, title, people, account, time int }

const (
	lead = 4 // pointer, mark, sign, blank
	// fairTitle is what the title has before there is an account beside people,
	// leastTitle what it has before there are people.
	fairTitle, leastTitle = 36, 28
	leastPeople           = 13
	// leastWithStatus is the title that has room for a status at its end.
	leastWithStatus = 26
)

func columnsFor(w, account int) columns {
	c := columns{gap: 1}
	if w >= 60 {
		c.gap = 2
	}
	left := w - lead
	take := func(n int) int { left -= n + c.gap; return n }
	switch {
	case w >= 30:
		c.privacy = take(9)
	case w >= 8:
		c.privacy = take(1)
	}
	if w >= 36 {
		c.time = take(6)
		left -= c.gap - 1 // clear of what stands beside the list
	}
	if account = layout.Clamp(account, 0, 16); account > 0 && left-account-c.gap >= fairTitle+c.gap+leastPeople {
		c.account = take(account)
	}
	if left >= leastTitle+c.gap+leastPeople {
		c.people = take(layout.Clamp(left*3/10, leastPeople, 36))
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
	s.WriteString(l.markOf(th, row, i) + sign(th, row, o.Swept[c.Ref.Account]) + " ")
	gap := layout.Spaces(cols.gap)
	shield, word, look := th.AudienceSign(o.Audience[c.Ref.Account].For(c))
	switch {
	case cols.privacy >= 9:
		s.WriteString(th.Say(look, th.Fit(shield+" "+word, cols.privacy, "")) + gap)
	case cols.privacy > 0:
		s.WriteString(th.Say(look, shield) + gap)
	}
	title := model.CleanLine(c.Title, 400)
	if strings.TrimSpace(title) == "" {
		title = "(no title)"
	}
	state, stateLook := status(th, row, o.Settle)
	room := cols.title
	if cols.title < leastWithStatus {
		state = ""
	}
	if state != "" {
		room -= th.Width(state) + cols.gap
	}
	// The blanks behind it have no look: in reverse they would have to be written out.
	title = th.Truncate(title, room, th.Ellipsis)
	s.WriteString(th.Say(titleLook(i == l.bar.At, row.Triage.Seen), title) + layout.Spaces(room-th.Width(title)))
	if state != "" {
		s.WriteString(gap + th.Say(stateLook, state))
	}
	if cols.people > 0 {
		s.WriteString(gap + th.Fit(people(th, c, cols.people), cols.people, ""))
	}
	// The end of the line is one run of one look: every run costs bytes.
	end := ""
	if cols.account > 0 {
		end = gap + th.Fit(model.CleanLine(c.Ref.Account, 60), cols.account, th.Ellipsis)
	}
	if cols.time > 0 {
		end += gap + fmt.Sprintf("%*s", cols.time, theme.Day(when(c), o.Now))
	}
	s.WriteString(th.Say(theme.Dim, end))
	return th.Fit(s.String(), w, "")
}

func titleLook(selected, seen bool) theme.Token {
	switch {
	case selected && seen:
		return theme.Selected
	case selected:
		return theme.SelectedUnseen
	case seen:
		return theme.Text
	}
	return theme.Unseen
}

// markOf returns the sign of a row that is marked, else of one that was not looked at.
func (l *List) markOf(th *theme.Theme, row *model.Row, i int) string {
	switch {
	case l.Marked(row) || l.inRange(i):
		return th.Say(theme.Marked, th.MarkSign)
	case !row.Triage.Seen:
		return th.Say(theme.Accent, th.UnseenSign)
	}
	return " "
}

// sign returns the one sign of what is out of the ordinary: an edit on its way before a
// pin before what may be out of date.
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
	}
	return " "
}

// status returns what is not plain about a conversation: an edit on its way, with the key
// that settles it where it needs a person, else why it is not in the inbox, else its
// status; "" where it is simply open.
func status(th *theme.Theme, row *model.Row, settle string) (string, theme.Token) {
	if s := row.Worst(); s != "" {
		_, word, look := th.StateSign(s)
		if s.NeedsPerson() && settle != "" {
			word += " (" + settle + ")"
		}
		return word, look
	}
	switch state := row.Conversation.PlainStatus(); {
	case row.Conversation.Archived:
		return "archived", theme.Dim
	case row.Triage.Done:
		return "done", theme.Dim
	case !row.Triage.SnoozedUntil.IsZero():
		return "snoozed", theme.Dim
	case state == model.StatusFailed:
		return state, theme.Warning
	case state != model.StatusOpen:
		return state, theme.Dim
	}
	return "", theme.Text
}

// people names as many people as there is room for, the first one at least, and counts
// the others.
func people(th *theme.Theme, c *model.Conversation, w int) string {
	all := c.People()
	total := max(len(all), c.ParticipantCount)
	text, others := "", ""
	for i, p := range all {
		named, rest := theme.Name(p), ""
		if i > 0 {
			named = text + ", " + named
		}
		if n := total - i - 1; n > 0 {
			rest = fmt.Sprintf(" +%d", n)
		}
		if i > 0 && th.Width(named+rest) > w {
			break
		}
		text, others = named, rest
	}
	return th.Truncate(text, max(1, w-th.Width(others)), th.Ellipsis) + others
}

func when(c *model.Conversation) time.Time {
	if !c.Updated.IsZero() {
		return c.Updated
	}
	return c.Created
}

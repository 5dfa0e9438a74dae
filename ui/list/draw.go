package list

import (
	"fmt"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Options is what Draw needs to know besides the state of the list.
type Options struct {
	Now      time.Time
	Account  int                        // the width of the longest account name, 0 to leave the column out
	Settle   string                     // the key that settles an edit which needs a person, "" for none
	Swept    map[string]time.Time       // when each account was last read completely
	Audience map[string]model.Audiences // by account
	Empty    []string                   // the lines to show in an empty list
}

// columns holds the widths of the columns of a line, 0 for those that are left out.
type columns struct{ gap, privacy, title, people, account, time int }

const (
	lead = 4 // pointer, mark, sign, blank

	// The least widths of the title beside an account and people, beside people, and with a status at its end.
	titleBesideAccount = 36
	titleBesidePeople  = 28
	titleWithStatus    = 26
	leastPeople        = 13
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
		left -= c.gap - 1 // a gap to the preview beside the list
	}
	if account = layout.Clamp(account, 0, 16); account > 0 && left-account-c.gap >= titleBesideAccount+c.gap+leastPeople {
		c.account = take(account)
	}
	if left >= titleBesidePeople+c.gap+leastPeople {
		c.people = take(layout.Clamp(left*3/10, leastPeople, 36))
	}
	c.title = max(0, left)
	return c
}

// Draw returns the lines of the list, exactly as many as the rectangle has rows.
func (l *List) Draw(th *theme.Theme, r layout.Rect, o Options) (out []string) {
	if l.loaded && l.total == 0 {
		out = th.Write(r.W-2, func(p *theme.Page) {
			p.Line("")
			p.Add(theme.Dim, "  ", strings.Join(o.Empty, "\n"))
		})
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
	s.WriteString(l.markSign(th, row, i) + sign(th, row, o.Swept[c.Ref.Account]) + " ")
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
	room, state := cols.title, ""
	if word, look := status(th, row, o.Settle); word != "" && room >= titleWithStatus {
		state = gap + th.Say(look, word)
		room -= th.Width(state)
	}
	look = theme.Pick(row.Triage.Seen, theme.Text, theme.Unseen)
	if i == l.bar.At {
		look = theme.Pick(row.Triage.Seen, theme.Selected, theme.SelectedUnseen)
	}
	// The blanks after the title have no look, because the terminal could not skip blanks in reverse.
	title = th.Truncate(title, room, th.Ellipsis)
	s.WriteString(th.Say(look, title) + layout.Spaces(room-th.Width(title)) + state)
	if cols.people > 0 {
		s.WriteString(gap + th.Fit(people(th, c, cols.people), cols.people, ""))
	}
	// The rest of the line is one run of one look, because every run costs bytes.
	end := ""
	if cols.account > 0 {
		end = gap + th.Fit(model.CleanLine(c.Ref.Account, 60), cols.account, th.Ellipsis)
	}
	if cols.time > 0 {
		end += gap + fmt.Sprintf("%*s", cols.time, theme.Day(theme.LastChange(c), o.Now))
	}
	s.WriteString(th.Say(theme.Dim, end))
	return th.Fit(s.String(), w, "")
}

// markSign returns the sign of a marked row, else of an unseen one, else a blank.
func (l *List) markSign(th *theme.Theme, row *model.Row, i int) string {
	switch {
	case l.marked(row) || l.inRange(i):
		return th.Say(theme.Marked, th.MarkSign)
	case !row.Triage.Seen:
		return th.Say(theme.Accent, th.UnseenSign)
	}
	return " "
}

// sign returns the sign of an undelivered edit, else of a pin, else of a row that may be out of date, else a blank.
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

// status returns the words at the end of the title: the state of an undelivered edit, with the key that settles it if it
// needs a person, else why the conversation is not in the inbox, else its status if it is not open.
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

// people names as many people as fit into w cells, at least the first one, and counts the others.
func people(th *theme.Theme, c *model.Conversation, w int) string {
	all := c.People()
	total := max(len(all), c.ParticipantCount)
	text, others := "", ""
	for i, p := range all {
		named := text + theme.Pick(i > 0, ", ", "") + theme.Name(p)
		rest := theme.Pick(total > i+1, fmt.Sprintf(" +%d", total-i-1), "")
		if i > 0 && th.Width(named+rest) > w {
			break
		}
		text, others = named, rest
	}
	return th.Truncate(text, max(1, w-th.Width(others)), th.Ellipsis) + others
}

package outbox

import (
	"fmt"
	"slices"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Screen is the state of the screen.
type Screen struct {
	outbox    []model.OutboxEntry
	history   []model.JournalEntry
	loaded    bool
	delivered bool // the history is shown
	cursor    [2]int
	id        [2]string // of what is under the cursor
	top       [2]int
	height    int
}

// Set takes what was read. Edits that need a person come first, then those on
// their way, oldest first.
func (s *Screen) Set(outbox []model.OutboxEntry, history []model.JournalEntry) {
	s.outbox = append([]model.OutboxEntry(nil), outbox...)
	slices.SortStableFunc(s.outbox, func(a, b model.OutboxEntry) int {
		return rank(a.State) - rank(b.State)
	})
	s.history, s.loaded = history, true
	for section, find := range []func(string) int{
		func(id string) int {
			return slices.IndexFunc(s.outbox, func(e model.OutboxEntry) bool { return e.ID == id })
		},
		func(id string) int {
			return slices.IndexFunc(s.history, func(e model.JournalEntry) bool { return e.ID == id })
		},
	} {
		if i := find(s.id[section]); i >= 0 {
			s.cursor[section] = i
		}
	}
	s.take()
}

func rank(st model.EditState) int {
	switch {
	case st == model.InConflict:
		return 0
	case st.NeedsPerson():
		return 1
	}
	return 2
}

func (s *Screen) section() int {
	if s.delivered {
		return 1
	}
	return 0
}

func (s *Screen) length() int {
	if s.delivered {
		return len(s.history)
	}
	return len(s.outbox)
}

func (s *Screen) take() {
	for i, n := range []int{len(s.outbox), len(s.history)} {
		s.cursor[i] = max(0, min(s.cursor[i], n-1))
	}
	s.id = [2]string{}
	if len(s.outbox) > 0 {
		s.id[0] = s.outbox[s.cursor[0]].ID
	}
	if len(s.history) > 0 {
		s.id[1] = s.history[s.cursor[1]].ID
	}
}

// Switch shows the other of outbox and history.
func (s *Screen) Switch() { s.delivered = !s.delivered }

// Move moves the cursor.
func (s *Screen) Move(by int) {
	s.cursor[s.section()] += by
	s.take()
}

// PutAt puts the cursor on the row drawn at a line; it reports whether it was
// there already.
func (s *Screen) PutAt(line int) (again bool) {
	sec := s.section()
	i := s.top[sec] + line
	if line < 0 || line >= s.height || i >= s.length() {
		return false
	}
	again = i == s.cursor[sec]
	s.cursor[sec] = i
	s.take()
	return again
}

// InHistory reports whether the delivered edits are shown.
func (s *Screen) InHistory() bool { return s.delivered }

// Page gives how many rows a page has.
func (s *Screen) Page() int { return max(1, s.height-1) }

// Find puts the cursor on the first edit of a conversation that is on its way.
func (s *Screen) Find(ref model.Ref) {
	for i, e := range s.outbox {
		if e.Ref == ref {
			s.cursor[0] = i
			s.take()
			return
		}
	}
}

// Waiting gives the edit under the cursor of the outbox.
func (s *Screen) Waiting() (model.OutboxEntry, bool) {
	if s.delivered || len(s.outbox) == 0 {
		return model.OutboxEntry{}, false
	}
	return s.outbox[s.cursor[0]], true
}

// Delivered gives the edit under the cursor of the history.
func (s *Screen) Delivered() (model.JournalEntry, bool) {
	if !s.delivered || len(s.history) == 0 {
		return model.JournalEntry{}, false
	}
	return s.history[s.cursor[1]], true
}

// Failed lists the ids of all edits that can be sent again.
func (s *Screen) Failed() []string {
	var out []string
	for _, e := range s.outbox {
		if e.State.Failed() || e.State == model.Held || e.State == model.RetryAt {
			out = append(out, e.ID)
		}
	}
	return out
}

// Draw draws the screen. footer is its last line.
func (s *Screen) Draw(th *theme.Theme, r layout.Rect, now time.Time, footer string) []string {
	if r.Empty() {
		return nil
	}
	tab := func(name string, n int, on bool) string {
		look := theme.Tab
		if on {
			look = theme.TabActive
		}
		return " " + th.Say(look, fmt.Sprintf("%s %d", name, n)) + " "
	}
	head := th.Fit(tab("Outbox", len(s.outbox), !s.delivered)+tab("History", len(s.history), s.delivered), r.W, "")
	foot := th.Fit(" "+footer, r.W, "")
	body := max(0, r.H-2)
	info := []string{}
	if body >= 6 {
		info = s.info(th, r.W, now)
		body = max(0, body-len(info))
	}
	s.height = body
	var rows []string
	sec := s.section()
	if s.cursor[sec] < s.top[sec] {
		s.top[sec] = s.cursor[sec]
	}
	if s.cursor[sec] >= s.top[sec]+body {
		s.top[sec] = s.cursor[sec] - body + 1
	}
	s.top[sec] = max(0, min(s.top[sec], s.length()-body))
	for i := s.top[sec]; i < s.length() && i < s.top[sec]+body; i++ {
		rows = append(rows, s.row(th, i, r.W, now))
	}
	if s.length() == 0 {
		rows = append(rows, "", th.Paint(theme.Dim, "  "+s.empty(th), r.W))
	}
	out := append([]string{head}, th.Block(rows, r.W, body)...)
	out = append(out, info...)
	out = append(out, foot)
	return th.Block(out, r.W, r.H)
}

func (s *Screen) empty(th *theme.Theme) string {
	switch {
	case !s.loaded:
		return "Reading" + th.Ellipsis
	case s.delivered:
		return "No edit was delivered in the last 90 days."
	}
	return "Nothing is on its way, and nothing needs you."
}

func (s *Screen) row(th *theme.Theme, i, w int, now time.Time) string {
	pointer := "  "
	look := theme.Text
	if i == s.cursor[s.section()] {
		pointer, look = th.Say(theme.Pointer, th.PointerSign)+" ", theme.Selected
	}
	var edit model.Edit
	var state model.EditState
	var when, title string
	if s.delivered {
		e := s.history[i]
		edit, state, title, when = e.Edit, e.State, e.Title, clock(e.At, now)
		if state == "" {
			state = model.Done
		}
		if e.Undone != "" {
			when = "undone"
		}
	} else {
		e := s.outbox[i]
		edit, state, title, when = e.Edit, e.State, e.Title, clock(e.Created, now)
		if e.Orphaned {
			when = "moved"
		}
	}
	sign, word, stateLook := th.StateSign(state)
	title = model.CleanLine(title, 300)
	if title == "" {
		title = model.CleanLine(edit.Ref.String(), 300)
	}
	lead := pointer + th.Say(stateLook, th.Fit(sign+" "+word, 12, "")) + " "
	room := w - 15
	if room < 10 {
		return th.Fit(lead, w, "")
	}
	tail := ""
	if w >= 60 {
		tail = " " + th.Say(theme.Dim, th.FitRight(when, 7, ""))
		room -= 8
	}
	titleW := max(8, room*2/5)
	phrase := th.Phrase(edit)
	return lead + th.Paint(look, title, titleW) + " " + th.Fit(phrase, max(0, room-titleW-1), th.Ellipsis) + tail
}

// info says in three lines what is known of the edit under the cursor.
func (s *Screen) info(th *theme.Theme, w int, now time.Time) []string {
	out := []string{th.Say(theme.Border, rule(th, w))}
	add := func(look theme.Token, text string) { out = append(out, " "+th.Paint(look, text, w-1)) }
	if e, ok := s.Waiting(); ok {
		add(theme.Text, th.Phrase(e.Edit))
		switch {
		case e.Error != nil:
			add(theme.Error, theme.Failure(e.Error))
		case e.State == model.InConflict && e.Theirs != nil:
			add(theme.Warning, "somebody else set it to "+th.Value(e.Kind, *e.Theirs))
		default:
			add(theme.Dim, fmt.Sprintf("%s, %d attempts", model.CleanLine(e.Ref.String(), 200), e.Attempts))
		}
		if e.State == model.RetryAt && !e.NextTry.IsZero() {
			add(theme.Dim, "next try at "+e.NextTry.In(now.Location()).Format("15:04:05"))
		}
	} else if e, ok := s.Delivered(); ok {
		add(theme.Text, th.Phrase(e.Edit))
		add(theme.Dim, fmt.Sprintf("%s  at %s  by %s", model.CleanLine(e.Ref.String(), 200), e.At.In(now.Location()).Format("2 Jan 2006 15:04:05"), model.CleanLine(e.User, 40)))
	}
	return th.Block(out, w, 4)
}

func rule(th *theme.Theme, w int) string {
	out := ""
	for range w {
		out += th.Horizontal
	}
	return out
}

func clock(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan")
}

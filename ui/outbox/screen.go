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
	accounts  map[string]model.AccountState
	readOnly  bool
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

// SetAccounts takes how the accounts do, and whether the whole program is
// read-only: it may be why an edit waits.
func (s *Screen) SetAccounts(all []model.AccountState, readOnly bool) {
	s.accounts, s.readOnly = make(map[string]model.AccountState, len(all)), readOnly
	for _, a := range all {
		s.accounts[a.Name] = a
	}
}

// before gives the edit that another one waits for: edits of one field of a
// conversation go in order, and one of its existence goes alone.
func (s *Screen) before(e model.OutboxEntry) (model.OutboxEntry, bool) {
	var found model.OutboxEntry
	for _, p := range s.outbox {
		if p.Ref != e.Ref || p.ID >= e.ID || p.Kind == model.EditCreate || e.Kind == model.EditCreate {
			continue
		}
		const existence = "existence"
		if f, g := p.Field(), e.Field(); f != g && f != existence && g != existence {
			continue
		}
		if found.ID == "" || p.ID > found.ID {
			found = p
		}
	}
	return found, found.ID != ""
}

// why says what an edit waits for, "" where it is on its way.
func (s *Screen) why(th *theme.Theme, e model.OutboxEntry, now time.Time) (string, theme.Token) {
	a, known := s.accounts[e.Ref.Account]
	failure := e.Error.Words()
	switch {
	case e.Orphaned:
		return "waits: the config now gives this account's name to another service or workspace; move it or discard it", theme.Warning
	case e.State == model.RetryAt:
		if !e.NextTry.IsZero() {
			failure = "next try at " + e.NextTry.In(now.Location()).Format("15:04:05") + sep(failure) + failure
		}
		return failure, theme.Warning
	case e.State == model.InConflict && e.Theirs != nil:
		return "somebody else set it to " + th.Value(e.Kind, *e.Theirs), theme.Warning
	case e.State == model.Held:
		return "waits for you: it was queued a while ago" + sep(failure) + failure, theme.Warning
	case e.State != model.Queued:
		return failure, theme.Error
	}
	if p, ok := s.before(e); ok {
		_, word, _ := th.StateSign(p.State)
		return "waits for the edit before it (" + word + "): " + th.Phrase(p.Edit), theme.Warning
	}
	switch {
	case s.readOnly || known && a.ReadOnly:
		return "waits: nothing is sent while it is read-only", theme.Warning
	case known && a.Error != nil:
		text := "waits: " + a.Error.Words()
		if !a.NextTry.IsZero() {
			text += ", next try at " + a.NextTry.In(now.Location()).Format("15:04:05")
		}
		return text, theme.Warning
	}
	return failure, theme.Dim
}

func sep(s string) string {
	if s == "" {
		return ""
	}
	return ": "
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
		h := 4
		if body >= 14 {
			h = 5
		}
		info = s.info(th, r.W, h, now)
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
		switch {
		case e.Orphaned:
			when = "moved"
		case state == model.RetryAt && !e.NextTry.IsZero():
			when = th.RetrySign + clock(e.NextTry, now)
		}
	}
	sign, word, stateLook := th.StateSign(state)
	if !s.delivered && state == model.Queued {
		if _, ok := s.before(s.outbox[i]); ok {
			word = "waits"
		}
	}
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

// info says in a few lines what is known of the edit under the cursor.
func (s *Screen) info(th *theme.Theme, w, h int, now time.Time) []string {
	out := []string{th.Say(theme.Border, rule(th, w))}
	add := func(look theme.Token, text string, most int) {
		lines := th.Wrap(text, max(1, w-2))
		if len(lines) > most {
			lines = append(lines[:most-1:most-1], th.Truncate(lines[most-1]+th.Ellipsis+th.Ellipsis, max(1, w-2), th.Ellipsis))
		}
		for _, l := range lines {
			out = append(out, " "+th.Say(look, l))
		}
	}
	if e, ok := s.Waiting(); ok {
		add(theme.Text, th.Phrase(e.Edit), 1)
		if text, look := s.why(th, e, now); text != "" {
			add(look, text, max(1, h-3))
		}
		text := model.CleanLine(e.Ref.String(), 200)
		if !e.Created.IsZero() {
			text += ", queued " + clock(e.Created, now)
		}
		switch {
		case e.Attempts == 1:
			text += ", tried once"
		case e.Attempts > 1:
			text += fmt.Sprintf(", tried %d times", e.Attempts)
		}
		add(theme.Dim, text, 1)
	} else if e, ok := s.Delivered(); ok {
		add(theme.Text, th.Phrase(e.Edit), 1)
		add(theme.Dim, fmt.Sprintf("%s  at %s  by %s", model.CleanLine(e.Ref.String(), 200), e.At.In(now.Location()).Format("2 Jan 2006 15:04:05"), model.CleanLine(e.User, 40)), 1)
		if ok, why := model.Undoable(e.Kind); !ok {
			add(theme.Warning, why, 1)
		} else if e.Undone != "" {
			add(theme.Dim, "it has been undone", 1)
		}
	}
	return th.Block(out, w, h)
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

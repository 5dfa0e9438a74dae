package dialog

import (
	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// fold is a line that opens to rows. Without a head the rows stand by themselves.
type fold struct {
	head func(th *theme.Theme, w int) []string
	row  func(th *theme.Theme, i, w int) []string
	// words are what is looked for in row i, nil where nothing is.
	words func(i int) string
	// name is what the line is known by when it is made anew.
	name string
	n    int
	open bool
	// found says that a search opened it, to show its match.
	found bool
	// lay lays text out, which has as many rows as lines; nil for other folds.
	lay func(th *theme.Theme, w int)
	// keyed says that a key does something about the line, though it may not open.
	keyed bool
}

// stops returns on how many places of a fold the cursor can be.
func (f *fold) stops() int { return b(f.head != nil) + f.rows() }

func (f *fold) rows() int {
	if f.head == nil || f.open {
		return f.n
	}
	return 0
}

func (f *fold) opens() bool { return f.head != nil && f.n > 0 }

// sheet is a list of folds with a cursor. It lays out only what it draws.
type sheet struct {
	folds []*fold
	// at is the stop under the cursor, top the first in sight, skip the lines of top above
	// that; last is the last that was in sight.
	at, top, skip, last int
	room                int
	// drawn are the stops by the lines in sight, w how wide these are.
	drawn []int
	w     int
	th    *theme.Theme

	finder keymap.Finder
}

// points reports whether a line can be chosen: where none opens, the list scrolls.
func (s *sheet) points() bool {
	for _, f := range s.folds {
		if f.opens() || f.keyed {
			return true
		}
	}
	return false
}

func (s *sheet) size() int {
	n := 0
	for _, f := range s.folds {
		n += f.stops()
	}
	return n
}

// spot returns the fold of a stop and the row in it, -1 for its head; nil beyond the end.
func (s *sheet) spot(stop int) (*fold, int) {
	for _, f := range s.folds {
		if n := f.stops(); stop >= n {
			stop -= n
			continue
		}
		return f, stop - b(f.head != nil)
	}
	return nil, -1
}

// stopOf returns the stop of a row of a fold, or of its head for -1.
func (s *sheet) stopOf(of *fold, row int) int {
	at := 0
	for _, f := range s.folds {
		if f == of {
			return at + row + b(f.head != nil)
		}
		at += f.stops()
	}
	return 0
}

func (s *sheet) lines(stop int) []string {
	f, row := s.spot(stop)
	switch {
	case f == nil:
		return nil
	case row < 0:
		return f.head(s.th, s.w)
	}
	return f.row(s.th, row, s.w)
}

// Scroll moves the cursor, and within what is taller than the window.
func (s *sheet) Scroll(by int) {
	if s.at == s.top && s.room > 0 && (by == 1 || by == -1) {
		if skip := s.skip + by; skip >= 0 && skip <= len(s.lines(s.at))-s.room {
			s.skip = skip
			return
		}
	}
	switch {
	case s.points():
	case by > 0:
		s.at = max(s.at, s.last)
	default:
		s.at = min(s.at, s.top)
	}
	s.at = layout.Clamp(s.at+by, 0, s.size()-1)
}

// Update moves, opens, closes and finds. It returns what else a key means, and
// whether the message was taken.
func (s *sheet) Update(keys *keymap.Keys, msg tea.Msg) (a keymap.Action, took bool) {
	if s.finder.Typing() {
		if by, look := s.finder.Read(keys, msg); look {
			s.next(by)
		}
		return "", true
	}
	if at, ok := msg.(layout.Click); ok {
		if i := int(at); i >= 0 && i < len(s.drawn) {
			again := s.at == s.drawn[i]
			if s.at = s.drawn[i]; again {
				s.toggle()
			}
		}
		return "", true
	}
	a = keys.Read(msg, page, s.Scroll)
	switch a {
	case keymap.OpenLine:
		if f, row := s.spot(s.at); f != nil && row < 0 && !f.open {
			s.toggle()
		}
	case keymap.CloseLine:
		s.shut()
	case keymap.Search:
		s.finder.Begin()
	case keymap.SearchNext:
		s.next(1)
	case keymap.SearchPrev:
		s.next(-1)
	default:
		return a, a == ""
	}
	return "", true
}

// toggle opens or closes the line under the cursor.
func (s *sheet) toggle() {
	if f, row := s.spot(s.at); f != nil && row < 0 && f.opens() {
		f.open, f.found = !f.open, false
	}
}

// shut closes the line that the cursor is on or in, and reports whether one was open.
func (s *sheet) shut() bool {
	f, _ := s.spot(s.at)
	if f == nil || f.head == nil || !f.open {
		return false
	}
	s.at = s.stopOf(f, -1)
	f.open = false
	return true
}

// next goes to the next match after the cursor, or before it, in a circle; by 0 stays on
// a match. A closed line is opened for it, and closed again when the match lies elsewhere.
func (s *sheet) next(by int) {
	if s.finder.Missed = false; s.finder.Query == "" {
		return
	}
	total, at, before := 0, -1, 0
	here, row := s.spot(s.at)
	for _, f := range s.folds {
		if f == here {
			before, at = total, total+row
		}
		total += f.n
	}
	step := 1
	if by < 0 {
		step = -1
	}
	switch {
	case row < 0 && step < 0:
		at = before - 1
	case row < 0:
		at = before
	default:
		at += by
	}
	for range total {
		at = (at + total) % total
		if f, row := s.rowAt(at); f.words != nil && s.finder.Matches(f.words(row)) {
			s.show(f, row)
			return
		}
		at += step
	}
	s.finder.Missed = true
}

// rowAt returns a row by its number among those of all folds, open or not.
func (s *sheet) rowAt(i int) (*fold, int) {
	for _, f := range s.folds {
		if i < f.n {
			return f, i
		}
		i -= f.n
	}
	return nil, -1
}

func (s *sheet) show(f *fold, row int) {
	for _, other := range s.folds {
		if other.found && other != f {
			other.open, other.found = false, false
		}
	}
	if f.opens() && !f.open {
		f.open, f.found = true, true
	}
	s.at = s.stopOf(f, row)
}

// lay fits the list to a width, which the cursor takes a cell of.
func (s *sheet) lay(th *theme.Theme, w int) {
	s.th, s.w = th, max(1, w-b(s.points()))
	for _, f := range s.folds {
		if f.lay != nil {
			f.lay(th, s.w)
		}
	}
}

// draw returns the lines in sight.
func (s *sheet) draw(th *theme.Theme, w, room int) []string {
	s.lay(th, w)
	s.room = room
	n := s.size()
	if s.drawn = s.drawn[:0]; n == 0 {
		return nil
	}
	s.at, s.top = layout.Clamp(s.at, 0, n-1), layout.Clamp(s.top, 0, n-1)
	s.skip = layout.Clamp(s.skip, 0, len(s.lines(s.top))-1)
	if s.at < s.top {
		s.top, s.skip = s.at, 0
	}
	if first := s.back(s.at, room); first > s.top {
		s.top, s.skip = first, 0
	}
	if top, skip := s.end(room); s.top > top || s.top == top && s.skip > skip {
		s.top, s.skip = top, skip // the end is in sight: what stands above it fills the room
	}
	var out []string
	for i := s.top; i < n && len(out) < room; i++ {
		lines := s.lines(i)
		if i == s.top {
			lines = lines[s.skip:]
		}
		for _, l := range lines[:min(len(lines), room-len(out))] {
			out, s.drawn = append(out, l), append(s.drawn, i)
		}
		s.last = i
	}
	return s.pointed(out)
}

// back returns the first stop of a window that ends with a stop.
func (s *sheet) back(stop, room int) int {
	for used := len(s.lines(stop)); stop > 0; stop-- {
		if used += len(s.lines(stop - 1)); used > room {
			break
		}
	}
	return max(0, stop)
}

// end returns where a window begins that ends with the list.
func (s *sheet) end(room int) (top, skip int) {
	for i := s.size() - 1; i >= 0; i-- {
		if room -= len(s.lines(i)); room <= 0 {
			return i, -room
		}
	}
	return 0, 0
}

// pointed puts the cursor before the lines, where there is one.
func (s *sheet) pointed(lines []string) []string {
	if !s.points() {
		return lines
	}
	for i := range lines {
		mark := " "
		if s.drawn[i] == s.at {
			mark = s.th.Pointer(true)
		}
		lines[i] = mark + lines[i]
	}
	return lines
}

// height returns how many lines there are, or at least that there are so many.
func (s *sheet) height(th *theme.Theme, w, most int) int {
	s.lay(th, w)
	n := 0
	for i := 0; i < s.size() && n < most; i++ {
		n += len(s.lines(i))
	}
	return n
}

// say gives text its look, the match of a search in it marked.
func (s *sheet) say(th *theme.Theme, look theme.Token, text string) string {
	return th.Highlight(look, text, s.finder.Query, 1)
}

// headed draws the head of a fold: what it says, how many, and what more is said of them.
// Where there is no room that goes below; nothing is cut.
func headed(th *theme.Theme, look theme.Token, text, tail string, n int, f *fold, w int) []string {
	number, sign := "", ""
	if n > 0 {
		number = "  " + theme.Number(n)
	}
	if f.opens() && f.open {
		sign = " " + th.OpenSign
	} else if f.opens() {
		sign = " " + th.ShutSign
	}
	aside := ""
	room := w - th.Width(number) - th.Width(sign)
	if tail != "" && th.Width(text)+3+th.Width(tail) <= room {
		aside, tail = "   "+tail, ""
		room -= th.Width(aside)
	}
	lines := th.Wrap(text, max(1, min(w, room)))
	gap := layout.Spaces(max(0, room-th.Width(lines[0])))
	out := []string{th.Say(look, lines[0]) + gap + th.Say(theme.Heading, number) + th.Say(theme.Dim, aside+sign)}
	for _, l := range lines[1:] {
		out = append(out, th.Say(look, l))
	}
	if tail != "" {
		out = append(out, th.Wrapped(tail, w, theme.Dim, "  ")...)
	}
	return out
}

// textual is a fold of plain text: every line of it is a stop.
func textual(text func(th *theme.Theme, w int) []string) *fold {
	var lines []string
	var drawn *theme.Theme
	width := 0
	f := &fold{}
	f.lay = func(th *theme.Theme, w int) {
		if drawn != th || width != w {
			lines, drawn, width = text(th, w), th, w
			f.n = len(lines)
		}
	}
	f.row = func(_ *theme.Theme, i, _ int) []string { return lines[i : i+1] }
	return f
}

package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// fold is a line that opens to show its rows. Without a head the rows are always shown.
type fold struct {
	head func(p *theme.Page)
	row  func(p *theme.Page, i int)
	n    int
	// words returns the text of a row that a search looks at; nil for rows that are not searched.
	words func(i int) string
	// text, where set, makes the rows: each line of it is one.
	text           func(p *theme.Page)
	open, bySearch bool // bySearch: a search opened it to show its match
}

func (f *fold) opens() bool { return f.head != nil && f.n > 0 }

// stop is a place of the cursor: row i of a fold, or its head for -1.
type stop struct {
	*fold
	i int
}

// sheet is a list of folds with a cursor. It lays out only the rows that it draws.
type sheet struct {
	folds []*fold
	// at is the stop under the cursor, top and last are the first and the last in sight;
	// skip lines of top are scrolled out of sight.
	at, top, last, skip int
	height              int
	above               int   // the lines of the box above the list
	drawn               []int // the stop of each line in sight
	w                   int   // of the lines
	th                  *theme.Theme
	buf                 []stop
	finder              keymap.Finder
}

// hasCursor reports whether a row can be chosen: where no fold opens, the list only scrolls.
func (s *sheet) hasCursor() bool { return slices.ContainsFunc(s.folds, (*fold).opens) }

// stops lists the stops, with the rows of closed folds if all is set. The next call reuses
// the slice, since there may be a hundred thousand.
func (s *sheet) stops(all bool) []stop {
	out := s.buf[:0]
	for _, f := range s.folds {
		if f.head != nil {
			out = append(out, stop{f, -1})
		}
		if all || f.open || f.head == nil {
			for i := range f.n {
				out = append(out, stop{f, i})
			}
		}
	}
	s.buf = out
	return out
}

// current returns the stop under the cursor, that of an empty head if there is none.
func (s *sheet) current() stop {
	if stops := s.stops(false); s.at < len(stops) {
		return stops[s.at]
	}
	return stop{&fold{head: func(*theme.Page) {}}, -1}
}

func (s *sheet) linesOf(p stop) []string {
	if p.i < 0 {
		return s.th.Write(s.w, p.head)
	}
	return s.th.Write(s.w, func(page *theme.Page) { p.row(page, p.i) })
}

// Scroll moves the cursor; a stop that is taller than the window is scrolled line by line.
func (s *sheet) Scroll(by int) {
	if s.at == s.top && s.height > 0 && (by == 1 || by == -1) {
		if skip := s.skip + by; skip >= 0 && skip <= len(s.linesOf(s.current()))-s.height {
			s.skip = skip
			return
		}
	}
	switch {
	case s.hasCursor():
	case by > 0:
		s.at = max(s.at, s.last)
	default:
		s.at = min(s.at, s.top)
	}
	s.at = layout.Clamp(s.at+by, 0, len(s.stops(false))-1)
}

// Update moves the cursor, opens and closes folds, and searches. It returns the action of a
// key that means something else; handled reports whether there is nothing left to do.
func (s *sheet) Update(keys *keymap.Keys, msg tea.Msg) (a keymap.Action, handled bool) {
	if s.finder.Typing() {
		if by, look := s.finder.Read(keys, msg); look {
			s.find(by)
		}
		return "", true
	}
	if line, ok := msg.(layout.Click); ok {
		if i := int(line) - s.above; i >= 0 && i < len(s.drawn) {
			again := s.at == s.drawn[i]
			if s.at = s.drawn[i]; again {
				s.toggle()
			}
		}
		return "", true
	}
	switch a = keys.Read(msg, page, s.Scroll); a {
	case keymap.OpenLine:
		if !s.current().open {
			s.toggle()
		}
	case keymap.CloseLine:
		s.close()
	case keymap.Search:
		s.finder.Begin()
	case keymap.SearchNext:
		s.find(1)
	case keymap.SearchPrev:
		s.find(-1)
	default:
		return a, a == ""
	}
	return "", true
}

func (s *sheet) toggle() {
	if p := s.current(); p.i < 0 && p.opens() {
		p.open, p.bySearch = !p.open, false
	}
}

// close closes the fold under the cursor and reports whether it was open.
func (s *sheet) close() bool {
	p := s.current()
	if p.head == nil || !p.open {
		return false
	}
	s.at -= p.i + 1
	p.open = false
	return true
}

// find moves the cursor to the next match, or to the one before for a negative by; for 0 it stays on a match. The fold of the
// match is opened; it closes again once the search has moved on.
func (s *sheet) find(by int) {
	here, all := s.current(), s.stops(true)
	i, ok := s.finder.Next(slices.Index(all, here)+by, by, len(all), func(i int) string {
		if p := all[i]; p.i >= 0 && p.words != nil {
			return p.words(p.i)
		}
		return ""
	})
	if !ok {
		return
	}
	match := all[i]
	for _, f := range s.folds {
		if f.bySearch && f != match.fold {
			f.open, f.bySearch = false, false
		}
	}
	if match.opens() && !match.open {
		match.open, match.bySearch = true, true
	}
	s.at = slices.Index(s.stops(false), match)
}

// layOut fits the list to a width, of which the pointer takes a cell.
func (s *sheet) layOut(th *theme.Theme, w int) {
	s.th, s.w = th, max(1, w-theme.Pick(s.hasCursor(), 1, 0))
	for _, f := range s.folds {
		if f.text != nil {
			lines := th.Write(s.w, f.text)
			f.n, f.row = len(lines), func(p *theme.Page, i int) { p.Line(lines[i]) }
		}
	}
	s.at = layout.Clamp(s.at, 0, len(s.stops(false))-1)
}

func (s *sheet) draw(th *theme.Theme, w, height int) []string {
	s.layOut(th, w)
	s.height, s.drawn = height, s.drawn[:0]
	stops := s.stops(false)
	end := len(stops) - 1
	if end < 0 {
		return nil
	}
	s.top = layout.Clamp(s.top, 0, end)
	s.skip = layout.Clamp(s.skip, 0, len(s.linesOf(stops[s.top]))-1)
	first, cut := s.windowTo(stops[:s.at+1], height)
	if top := layout.Clamp(s.top, min(s.at, first+theme.Pick(cut > 0, 1, 0)), s.at); top != s.top {
		s.top, s.skip = top, 0
	}
	if top, skip := s.windowTo(stops, height); s.top > top || s.top == top && s.skip > skip {
		s.top, s.skip = top, skip // no room is left empty below the end
	}
	cursor := s.hasCursor()
	var out []string
	for i := s.top; i <= end && len(out) < height; i++ {
		lines := s.linesOf(stops[i])
		if i == s.top {
			lines = lines[s.skip:]
		}
		for _, l := range lines[:min(len(lines), height-len(out))] {
			if cursor {
				l = th.Pointer(i == s.at) + l
			}
			out, s.drawn = append(out, l), append(s.drawn, i)
		}
		s.last = i
	}
	return out
}

// windowTo returns the top and the skip of a window that ends with the last of some stops.
func (s *sheet) windowTo(stops []stop, height int) (top, skip int) {
	for i, p := range slices.Backward(stops) {
		if height -= len(s.linesOf(p)); height <= 0 {
			return i, -height
		}
	}
	return 0, 0
}

// frame draws the list in a box, between above and below, which are always in sight. Under them stands the input of a word, nil
// for none. footer gets the width of the screen, and whether the list is taller than the box.
func (s *sheet) frame(th *theme.Theme, screen layout.Rect, title string, width int, look theme.Token,
	footer func(w int, taller bool) []string, above, below func(p *theme.Page), word *theme.Input) layout.Picture {
	w, most := min(screen.W-2, width), screen.H-3
	inside := max(1, w-4)
	s.layOut(th, inside)
	h := len(th.Write(inside, above)) + len(th.Write(inside, below)) + theme.Pick(word != nil, 1, 0) + theme.Pick(s.finder.Shown(), 1, 0)
	for _, p := range s.stops(false) {
		if h > most {
			break
		}
		h += len(s.linesOf(p))
	}
	return th.Frame(screen, title, footer(screen.W, h > most), w, min(h, most), look, func(w, h int) ([]string, *layout.Cursor) {
		var cursor *layout.Cursor
		head, tail := th.Write(w, above), th.Write(w, below)
		if word != nil {
			line, x := word.Draw(th, w)
			tail, cursor = append(tail, line), &layout.Cursor{X: x, Y: len(tail)}
		}
		if s.finder.Shown() {
			line, at := s.finder.Draw(th, w)
			if tail = append(tail, line); at != nil {
				cursor = &layout.Cursor{X: at.X, Y: len(tail) - 1}
			}
		}
		cut := layout.Clamp(len(tail)-h, 0, len(tail)) // what is typed stays in sight
		tail = tail[cut:]
		height := max(0, h-len(head)-len(tail))
		s.above = len(head)
		if cursor != nil {
			cursor.Y += len(head) + height - cut
		}
		return slices.Concat(head, th.Block(s.draw(th, w, height), w, height), tail), cursor
	})
}

// highlight gives text its look and marks the match of a search in it.
func (s *sheet) highlight(look theme.Token, text string) string {
	return s.th.Highlight(look, text, s.finder.Query, 1)
}

// drawHead draws the head of a fold: its text, a count unless it is 0, and a tail, which
// goes below where there is no room beside the text. Nothing is cut.
func drawHead(p *theme.Page, look theme.Token, text, tail string, n int, f *fold) {
	number, sign, aside := "", "", ""
	if n > 0 {
		number = "  " + theme.Number(n)
	}
	if f.opens() {
		sign = " " + p.Fold(f.open)
	}
	room := p.W - p.Width(number) - p.Width(sign)
	if tail != "" && p.Width(text)+3+p.Width(tail) <= room {
		aside, tail = "   "+tail, ""
		room -= p.Width(aside)
	}
	lines := p.Wrap(text, max(1, room))
	p.Line(p.Say(look, lines[0]) + layout.Spaces(room-p.Width(lines[0])) + p.Say(theme.Heading, number) + p.Say(theme.Dim, aside+sign))
	for _, l := range lines[1:] {
		p.Line(p.Say(look, l))
	}
	if tail != "" {
		p.Add(theme.Dim, "  ", tail)
	}
}

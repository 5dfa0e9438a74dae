package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// fold is a line that opens to rows. Without a head the rows stand by themselves.
type fold struct {
	head func(p *theme.Page)
	row  func(p *theme.Page, i int)
	n    int
	// words are what is looked for in a row, nil where nothing is.
	words func(i int) string
	// text is laid out into lines, each of which is a row.
	text  func(p *theme.Page)
	lines []string
	open  bool
	// found says that a search opened it, to show its match.
	found bool
}

func (f *fold) opens() bool { return f.head != nil && f.n > 0 }

// stop is where the cursor can be: on a row of a fold, or on its head for -1.
type stop struct {
	*fold
	at int
}

func (at stop) draw(p *theme.Page) {
	switch {
	case at.at < 0:
		at.head(p)
	case at.text != nil:
		p.Line(at.lines[at.at])
	default:
		at.row(p, at.at)
	}
}

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
	buf   []stop

	finder keymap.Finder
}

// points reports whether a line can be chosen: where none opens, the list scrolls.
func (s *sheet) points() bool { return slices.ContainsFunc(s.folds, (*fold).opens) }

// stops lists the stops, the rows of closed folds among them if all is set.
func (s *sheet) stops(all bool) []stop {
	out := s.buf[:0]
	for _, f := range s.folds {
		if f.head != nil {
			out = append(out, stop{f, -1})
		}
		for i := range f.n {
			if all || f.open || f.head == nil {
				out = append(out, stop{f, i})
			}
		}
	}
	s.buf = out
	return out
}

func (s *sheet) here() stop {
	if stops := s.stops(false); s.at < len(stops) {
		return stops[s.at]
	}
	return stop{&fold{}, -1}
}

func (s *sheet) linesOf(at stop) []string { return s.th.Write(s.w, at.draw) }

// Scroll moves the cursor, and within what is taller than the window.
func (s *sheet) Scroll(by int) {
	if s.at == s.top && s.room > 0 && (by == 1 || by == -1) {
		if skip := s.skip + by; skip >= 0 && skip <= len(s.linesOf(s.here()))-s.room {
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
	s.at = layout.Clamp(s.at+by, 0, len(s.stops(false))-1)
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
	if line, ok := msg.(layout.Click); ok {
		if i := int(line); i >= 0 && i < len(s.drawn) {
			again := s.at == s.drawn[i]
			if s.at = s.drawn[i]; again {
				s.toggle()
			}
		}
		return "", true
	}
	switch a = keys.Read(msg, page, s.Scroll); a {
	case keymap.OpenLine:
		if !s.here().open {
			s.toggle()
		}
	case keymap.CloseLine:
		s.shut()
	case keymap.Search:
		s.finder.Begin()
	case keymap.SearchNext, keymap.SearchPrev:
		s.next(theme.Pick(a == keymap.SearchNext, 1, -1))
	default:
		return a, a == ""
	}
	return "", true
}

func (s *sheet) toggle() {
	if p := s.here(); p.at < 0 && p.opens() {
		p.open, p.found = !p.open, false
	}
}

func (s *sheet) shut() bool {
	p := s.here()
	if p.head == nil || !p.open {
		return false
	}
	s.at -= p.at + 1
	p.open = false
	return true
}

// next goes to the next match after the cursor, or before it; by 0 stays on a match. A
// closed line is opened for it, and closed again when the match lies elsewhere.
func (s *sheet) next(by int) {
	here, all := s.here(), s.stops(true)
	i, ok := s.finder.Next(slices.Index(all, here)+by, by, len(all), func(i int) string {
		if p := all[i]; p.at >= 0 && p.words != nil {
			return p.words(p.at)
		}
		return ""
	})
	if !ok {
		return
	}
	match := all[i]
	for _, f := range s.folds {
		if f.found && f != match.fold {
			f.open, f.found = false, false
		}
	}
	if match.opens() && !match.open {
		match.open, match.found = true, true
	}
	s.at = slices.Index(s.stops(false), match)
}

// lay fits the list to a width, which the cursor takes a cell of.
func (s *sheet) lay(th *theme.Theme, w int) {
	s.th, s.w = th, max(1, w-b(s.points()))
	for _, f := range s.folds {
		if f.text != nil {
			f.lines = th.Write(s.w, f.text)
			f.n = len(f.lines)
		}
	}
	s.at = layout.Clamp(s.at, 0, len(s.stops(false))-1)
}

func (s *sheet) draw(th *theme.Theme, w, room int) []string {
	s.lay(th, w)
	s.room, s.drawn = room, s.drawn[:0]
	stops := s.stops(false)
	last := len(stops) - 1
	if last < 0 {
		return nil
	}
	s.top = layout.Clamp(s.top, 0, last)
	s.skip = layout.Clamp(s.skip, 0, len(s.linesOf(stops[s.top]))-1)
	first, cut := s.back(stops[:s.at+1], room)
	if to := layout.Clamp(s.top, min(s.at, first+b(cut > 0)), s.at); to != s.top {
		s.top, s.skip = to, 0
	}
	if top, skip := s.back(stops, room); s.top > top || s.top == top && s.skip > skip {
		s.top, s.skip = top, skip // the end is in sight: what stands above it fills the room
	}
	var out []string
	for i := s.top; i <= last && len(out) < room; i++ {
		lines := s.linesOf(stops[i])
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

// back returns where so many lines begin that end with the last of some stops.
func (s *sheet) back(stops []stop, room int) (top, skip int) {
	for i, p := range slices.Backward(stops) {
		if room -= len(s.linesOf(p)); room <= 0 {
			return i, -room
		}
	}
	return 0, 0
}

func (s *sheet) pointed(lines []string) []string {
	if s.points() {
		for i := range lines {
			lines[i] = s.th.Pointer(s.drawn[i] == s.at) + lines[i]
		}
	}
	return lines
}

// frame draws the list in a box, between what is always in sight. Below stands a word
// that is typed, nil for none. more is the key that is named where there is more to see.
func (s *sheet) frame(th *theme.Theme, screen layout.Rect, title string, wide int, look theme.Token, more string,
	footer func(w int) []string, above, below func(p *theme.Page), word *theme.Input) layout.Picture {
	w, most := min(screen.W-2, wide), screen.H-3
	inside := max(1, w-4)
	s.lay(th, inside)
	foot := footer(screen.W)
	h := len(th.Write(inside, above)) + len(th.Write(inside, below)) + b(word != nil) + b(s.finder.Shown())
	for _, p := range s.stops(false) {
		if h > most {
			break
		}
		h += len(s.linesOf(p))
	}
	if more != "" && h > most {
		first := 0
		for first < len(foot)-2 && foot[first] == "" {
			first += 2
		}
		foot = slices.Insert(foot, first+2, more, "more")
	}
	return th.Frame(screen, title, foot, w, min(h, most), look, func(w, h int) ([]string, *layout.Cursor) {
		var cursor *layout.Cursor
		out, tail := th.Write(w, above), th.Write(w, below)
		if word != nil {
			line, x := word.Draw(th, w, theme.Text)
			tail, cursor = append(tail, line), &layout.Cursor{X: x, Y: len(tail)}
		}
		if s.finder.Shown() {
			line, at := s.finder.Draw(th, w)
			if tail = append(tail, line); at != nil {
				cursor = &layout.Cursor{X: at.X, Y: len(tail) - 1}
			}
		}
		room := max(0, h-len(out)-len(tail))
		if cursor != nil {
			cursor.Y += len(out) + room
		}
		return slices.Concat(out, th.Block(s.draw(th, w, room), w, room), tail), cursor
	})
}

// say gives text its look, the match of a search in it marked.
func (s *sheet) say(look theme.Token, text string) string {
	return s.th.Highlight(look, text, s.finder.Query, 1)
}

// headed draws the head of a fold: what it says, how many, and what more is said of them.
// Where there is no room that goes below; nothing is cut.
func headed(p *theme.Page, look theme.Token, text, tail string, n int, f *fold) {
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
	gap := layout.Spaces(room - p.Width(lines[0]))
	p.Line(p.Say(look, lines[0]) + gap + p.Say(theme.Heading, number) + p.Say(theme.Dim, aside+sign))
	for _, l := range lines[1:] {
		p.Line(p.Say(look, l))
	}
	if tail != "" {
		p.Add(theme.Dim, "  ", tail)
	}
}

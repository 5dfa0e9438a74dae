package theme

import (
	"slices"
	"strings"

	"confab/model"
	"confab/ui/layout"
)

// Frame draws a box of at most w by h cells in the middle of the screen, or fills the screen if that is too small for a
// border. body gets the size of the inside and returns its lines, already with their looks, and the place of the cursor
// in it, nil for none. The last line holds the footer as KeyLine draws it.
func (t *Theme) Frame(screen layout.Rect, title string, footer []string, w, h int, look Token,
	body func(w, h int) ([]string, *layout.Cursor)) layout.Picture {
	at := screen
	_, inside := screen.Top(1)
	boxed := screen.W >= 24 && screen.H >= 6
	if boxed {
		if w >= screen.W-6 {
			w = screen.W // without narrow strips of the screen below at its sides
		}
		at = screen.Center(w, h+3)
		inside = layout.Rect{X: at.X + 2, Y: at.Y + 1, W: at.W - 4, H: at.H - 2}
	}
	inside, bottom := inside.Bottom(1)
	lines, cursor := body(inside.W, inside.H)
	line, keys := t.KeyLine(bottom, footer...)
	out := append(t.Block(lines, inside.W, inside.H), t.Fit(line, inside.W, ""))
	if cursor != nil {
		cursor = &layout.Cursor{X: inside.X + cursor.X, Y: inside.Y + cursor.Y}
	}
	title = model.CleanLine(title, 200)
	if boxed {
		out = t.border(title, out, at.W, look)
	} else {
		out = append([]string{t.Paint(Heading, title, at.W)}, out...)
	}
	return layout.Picture{At: at, Lines: t.Block(out, at.W, at.H), Cursor: cursor, Keys: keys, Inside: inside}
}

func (t *Theme) border(title string, lines []string, w int, look Token) []string {
	edge := func(s string) string { return t.Say(look, s) }
	title = " " + t.Truncate(title, max(0, w-6), t.Ellipsis) + " "
	out := []string{edge(t.TopLeft+t.Horizontal) + t.Say(Heading, title) +
		edge(strings.Repeat(t.Horizontal, max(0, w-3-t.Width(title)))+t.TopRight)}
	for _, l := range lines {
		out = append(out, edge(t.Vertical)+" "+l+" "+edge(t.Vertical))
	}
	return append(out, edge(t.BottomLeft+strings.Repeat(t.Horizontal, w-2)+t.BottomRight))
}

// KeyLine draws pairs of a key and what it does, as many as fit, the last pair before all others. A pair without a key is
// left out. The place of every key is returned too.
func (t *Theme) KeyLine(at layout.Rect, pairs ...string) (line string, keys []layout.KeyHit) {
	var shown [][]string
	for pair := range slices.Chunk(pairs, 2) {
		if pair[0] != "" {
			shown = append(shown, pair)
		}
	}
	label := func(key string) string {
		switch {
		case key == "right":
			return t.Arrow
		case key == "left" && !t.ASCII:
			return "←"
		}
		return key
	}
	width := func(pair []string) int { return t.Width(label(pair[0])) + 1 + t.Width(pair[1]) }
	used := 0
	for i, pair := range shown {
		gap, room := min(2, used), at.W
		if last := len(shown) - 1; i < last {
			room -= width(shown[last]) + 2
		}
		n := width(pair)
		if used+gap+n > room {
			continue
		}
		line += layout.Spaces(gap) + t.Say(Key, label(pair[0])) + " " + pair[1]
		keys = append(keys, layout.KeyHit{At: layout.Rect{X: at.X + used + gap, Y: at.Y, W: n, H: 1}, Key: pair[0]})
		used += gap + n
	}
	return line, keys
}

// Tabs draws the labels that fit, the open one always. It returns where each label is, none for one that does not fit.
func (t *Theme) Tabs(r layout.Rect, labels []string, open int) (line string, at []layout.Rect) {
	at = make([]layout.Rect, len(labels))
	more := " " + t.Say(Tab, t.Ellipsis)
	fits := func(first, end int) bool {
		cut := Pick(first > 0, 2, 0) + Pick(end < len(labels), 2, 0)
		return t.Width(strings.Join(labels[first:end], "  "))+2+cut <= r.W
	}
	first, end := 0, min(open+1, len(labels))
	for first < open && !fits(first, end) {
		first++
	}
	for end < len(labels) && fits(first, end+1) {
		end++
	}
	line = Pick(first > 0, more, "")
	for i := first; i < end; i++ {
		at[i] = layout.Rect{X: r.X + t.Width(line), Y: r.Y, W: t.Width(labels[i]) + 2, H: 1}
		line += " " + t.Say(Pick(i == open, TabActive, Tab), labels[i]) + " "
	}
	return line + Pick(end < len(labels), more, ""), at
}

// Page collects lines of at most W cells.
type Page struct {
	*Theme
	W     int
	Lines []string
}

// Add adds text with a look, wrapped, each line after an indent.
func (p *Page) Add(look Token, indent, text string) {
	for _, line := range p.Wrap(text, max(1, p.W-p.Width(indent))) {
		p.Line(indent + p.Say(look, line))
	}
}

// Line adds lines unchanged.
func (p *Page) Line(lines ...string) { p.Lines = append(p.Lines, lines...) }

// Write returns the lines that part adds to a page of w cells.
func (t *Theme) Write(w int, part func(p *Page)) []string {
	p := &Page{Theme: t, W: w}
	part(p)
	return p.Lines
}

// Highlight returns text with a look, and with at most so many matches of a folded query marked in it. Folding may change
// the length of a text, so the query is compared with the folded runes one by one.
func (t *Theme) Highlight(look Token, text, query string, most int) string {
	if query == "" || !strings.Contains(model.FoldText(text), query) {
		return t.Say(look, text)
	}
	runes := []rune(text)
	var out strings.Builder
	rest := 0
	for i := 0; i < len(runes) && most > 0; i++ {
		n := matchAt(runes[i:], query)
		if n == 0 || layout.Joins(runes[i]) {
			continue
		}
		for i+n < len(runes) && layout.Joins(runes[i+n]) {
			n++ // combining marks stay with their letter
		}
		out.WriteString(t.Say(look, string(runes[rest:i])) + t.Say(Match, string(runes[i:i+n])))
		rest = i + n
		i = rest - 1
		most--
	}
	return out.String() + t.Say(look, string(runes[rest:]))
}

// matchAt returns how many runes at the start of a text match a folded query, 0 for none.
func matchAt(runes []rune, query string) int {
	folded := ""
	for n, r := range runes {
		folded += model.FoldText(string(r))
		if strings.HasPrefix(folded, query) {
			return n + 1
		}
		if !strings.HasPrefix(query, folded) {
			return 0
		}
	}
	return 0
}

package theme

import (
	"slices"
	"strings"

	"confab/model"
	"confab/ui/layout"
)

// Frame draws a box of at most the wanted size in the middle of the screen, or
// fills a screen that is too small for a border. body gets the size of the inside
// and returns its lines, already styled, and the place of the cursor in it (nil
// for none). The footer is the last line: pairs of key and what it does, as many
// as fit. The picture tells where each key stands.
func (t *Theme) Frame(screen layout.Rect, title string, footer []string, w, h int, look Token,
	body func(w, h int) ([]string, *layout.Cursor)) layout.Picture {
	at, inside := screen, screen
	boxed, titled := screen.W >= 24 && screen.H >= 6, screen.H > 3
	switch {
	case boxed:
		if w >= screen.W-6 {
			w = screen.W // slivers of what lies below would only distract
		}
		at = screen.Center(min(w, screen.W), min(h+3, screen.H))
		inside = layout.Rect{X: at.X + 2, Y: at.Y + 1, W: at.W - 4, H: at.H - 2}
	case titled:
		_, inside = screen.Top(1)
	}
	foot := boxed || inside.H > 1
	inside, bottom := inside.Bottom(cells(foot))
	lines, cursor := body(inside.W, inside.H)
	out := t.Block(lines, inside.W, inside.H)
	var keys []layout.KeyHit
	if foot {
		var line string
		line, keys = t.KeyLine(bottom, footer...)
		out = append(out, t.Fit(line, inside.W, ""))
	}
	if cursor != nil {
		cursor = &layout.Cursor{X: inside.X + cursor.X, Y: inside.Y + cursor.Y}
	}
	title = model.CleanLine(title, 200)
	switch {
	case boxed:
		out = t.border(title, out, at.W, look)
	case titled:
		out = append([]string{t.Paint(Heading, title, at.W)}, out...)
	}
	return layout.Picture{At: at, Lines: t.Block(out, at.W, at.H), Cursor: cursor, Keys: keys, Inside: inside}
}

func cells(one bool) int {
	if one {
		return 1
	}
	return 0
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

// KeyLine writes pairs of key and what it does, as many as fit; the last pair is
// always among them if anything is. A pair without a key is left out. It also
// returns where each key stands.
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

// Wrapped breaks text into lines of at most w cells, each with an indent and a
// look.
func (t *Theme) Wrapped(text string, w int, look Token, indent string) []string {
	lines := t.Wrap(text, max(1, w-t.Width(indent)))
	for i, l := range lines {
		lines[i] = indent + t.Say(look, l)
	}
	return lines
}

// Page collects lines of at most W cells.
type Page struct {
	*Theme
	W     int
	Lines []string
}

// Add adds text with a look, wrapped behind an indent.
func (p *Page) Add(look Token, indent, text string) {
	p.Lines = append(p.Lines, p.Wrapped(text, p.W, look, indent)...)
}

// Line adds lines as they are.
func (p *Page) Line(lines ...string) { p.Lines = append(p.Lines, lines...) }

// Write returns the lines that a part writes.
func (t *Theme) Write(w int, part func(p *Page)) []string {
	p := &Page{Theme: t, W: w}
	part(p)
	return p.Lines
}

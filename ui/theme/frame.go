package theme

import (
	"strings"

	"confab/model"
	"confab/ui/layout"
)

// Frame draws a box of at most the wanted size in the middle of the screen.
// body gets the size of the inside and gives its lines, already styled, and
// the place of the cursor in it (nil for none). The footer is the last line:
// pairs of key and what it does, as many as fit. The picture tells where each
// key stands.
func (t *Theme) Frame(screen layout.Rect, title string, footer []string, w, h int, look Token,
	body func(w, h int) ([]string, *layout.Cursor)) layout.Picture {
	if screen.W < 24 || screen.H < 6 {
		return t.bare(screen, title, footer, body)
	}
	if w >= screen.W-6 {
		w = screen.W // slivers of what lies below would only distract
	}
	at := screen.Center(min(w, screen.W), min(h+3, screen.H))
	inner, rows := at.W-4, at.H-3
	lines, cursor := body(inner, rows)
	edge := func(s string) string { return t.Say(look, s) }
	title = " " + t.Truncate(model.CleanLine(title, 200), max(0, at.W-6), t.Ellipsis) + " "
	out := make([]string, 0, at.H)
	out = append(out, edge(t.TopLeft+t.Horizontal)+t.Say(Heading, title)+
		edge(strings.Repeat(t.Horizontal, max(0, at.W-3-t.Width(title)))+t.TopRight))
	for _, l := range t.Block(lines, inner, rows) {
		out = append(out, edge(t.Vertical)+" "+l+" "+edge(t.Vertical))
	}
	line, hits := t.keyLine(inner, footer)
	out = append(out, edge(t.Vertical)+" "+t.Fit(line, inner, "")+" "+edge(t.Vertical))
	out = append(out, edge(t.BottomLeft+strings.Repeat(t.Horizontal, at.W-2)+t.BottomRight))
	if cursor != nil {
		cursor = &layout.Cursor{X: at.X + 2 + cursor.X, Y: at.Y + 1 + cursor.Y}
	}
	return layout.Picture{At: at, Lines: out, Cursor: cursor, Keys: moved(hits, at.X+2, at.Y+at.H-2),
		Inside: layout.Rect{X: at.X + 2, Y: at.Y + 1, W: inner, H: rows}}
}

func moved(hits []layout.KeyHit, x, y int) []layout.KeyHit {
	for i := range hits {
		hits[i].At.X += x
		hits[i].At.Y += y
	}
	return hits
}

// bare fills a screen that is too small for a border.
func (t *Theme) bare(screen layout.Rect, title string, footer []string, body func(w, h int) ([]string, *layout.Cursor)) layout.Picture {
	rows := screen.H
	above := 0
	if rows > 3 {
		rows--
		above = 1
	}
	foot := rows > 1
	if foot {
		rows--
	}
	var out []string
	if above > 0 {
		out = append(out, t.Paint(Heading, model.CleanLine(title, 200), screen.W))
	}
	lines, cursor := body(screen.W, max(0, rows))
	out = append(out, t.Block(lines, screen.W, rows)...)
	var hits []layout.KeyHit
	if foot {
		line, places := t.keyLine(screen.W, footer)
		hits = moved(places, screen.X, screen.Y+len(out))
		out = append(out, t.Fit(line, screen.W, ""))
	}
	if cursor != nil {
		cursor = &layout.Cursor{X: screen.X + cursor.X, Y: screen.Y + cursor.Y + above}
	}
	return layout.Picture{At: screen, Lines: t.Block(out, screen.W, screen.H), Cursor: cursor, Keys: hits,
		Inside: layout.Rect{X: screen.X, Y: screen.Y + above, W: screen.W, H: max(0, rows)}}
}

// KeyLineIn writes pairs of key and what it does, as many as fit into w cells; the
// last pair is always among them if anything is. A pair without a key is left out.
func (t *Theme) KeyLineIn(w int, pairs ...string) string {
	line, _ := t.keyLine(w, pairs)
	return line
}

// KeyLineHits is KeyLineIn for a line of the screen; it also gives where each
// key stands.
func (t *Theme) KeyLineHits(at layout.Rect, pairs ...string) (string, []layout.KeyHit) {
	line, hits := t.keyLine(at.W, pairs)
	return line, moved(hits, at.X, at.Y)
}

// keyLine also gives where in the line each key stands.
func (t *Theme) keyLine(w int, pairs []string) (string, []layout.KeyHit) {
	type item struct {
		text, key string
		width     int
	}
	var items []item
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != "" {
			items = append(items, item{t.Say(Key, pairs[i]) + " " + pairs[i+1], pairs[i], t.Width(pairs[i]) + 1 + t.Width(pairs[i+1])})
		}
	}
	if len(items) == 0 {
		return "", nil
	}
	last := items[len(items)-1]
	out, used := "", 0
	var hits []layout.KeyHit
	for i, it := range items {
		room := w - last.width - 2
		if i == len(items)-1 {
			room = w
		}
		gap := 0
		if used > 0 {
			gap = 2
		}
		if used+gap+it.width > room {
			continue
		}
		out += layout.Spaces(gap) + it.text
		hits = append(hits, layout.KeyHit{At: layout.Rect{X: used + gap, W: it.width, H: 1}, Key: it.key})
		used += gap + it.width
	}
	return out, hits
}

// Wrapped breaks text into lines of at most w cells, each with an indent and a
// look.
func (t *Theme) Wrapped(text string, w int, look Token, indent string) []string {
	var out []string
	for _, l := range t.Wrap(text, max(1, w-t.Width(indent))) {
		out = append(out, indent+t.Say(look, l))
	}
	return out
}

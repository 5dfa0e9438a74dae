package main

import (
	"fmt"
	"html"
	"image/color"
	"io"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// The size of one cell, in the units of the picture.
const (
	cellW, cellH = 8.4, 18.0
	margin       = 12.0
)

const fonts = "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', 'Noto Sans Mono', Menlo, Consolas, monospace"

// screen is what a picture is made of; an emulator is one.
type screen interface {
	CellAt(x, y int) *uv.Cell
	Width() int
	Height() int
}

// writeSVG draws the cells of a screen. Each run of cells with one look is one
// text, stretched to its cells, so that the columns stand whatever font the
// viewer has.
func writeSVG(w io.Writer, s screen, dark bool) error {
	fg, bg := "#24292f", "#ffffff"
	if dark {
		fg, bg = "#d0d7de", "#16181d"
	}
	width, height := float64(s.Width())*cellW+2*margin, float64(s.Height())*cellH+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.1f %.1f" `+
		`font-family="%s" font-size="14">`+"\n",
		width, height, width, height, fonts)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", bg)
	for y := range s.Height() {
		for x := 0; x < s.Width(); {
			c := s.CellAt(x, y)
			look := lookOf(c, fg, bg)
			from, cells := x, 0
			var text strings.Builder
			for x < s.Width() {
				next := s.CellAt(x, y)
				if lookOf(next, fg, bg) != look || cells > 0 && (wide(c) || wide(next)) {
					break
				}
				content, n := " ", 1
				if next != nil && next.Content != "" {
					content, n = next.Content, max(1, next.Width)
				}
				text.WriteString(content)
				x += n
				cells += n
				if wide(next) {
					break
				}
			}
			left, top := margin+float64(from)*cellW, margin+float64(y)*cellH
			if look.bg != bg {
				fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`,
					left, top, float64(cells)*cellW, cellH, look.bg)
			}
			line := strings.TrimRight(text.String(), " ")
			if line == "" {
				continue
			}
			spaces := len(line) - len(strings.TrimLeft(line, " "))
			line = line[spaces:]
			left += float64(spaces) * cellW
			used := cells - spaces - (len(text.String()) - len(strings.TrimRight(text.String(), " ")))
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" `+
				`xml:space="preserve" fill="%s"%s>%s</text>`+"\n",
				left, top+13.5, float64(used)*cellW, look.fg, look.extra, html.EscapeString(line))
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// wide reports whether a cell takes two columns or is a joined cluster: those
// are drawn alone, since fonts disagree on their width.
func wide(c *uv.Cell) bool { return c != nil && (c.Width > 1 || len([]rune(c.Content)) > 1) }

type look struct{ fg, bg, extra string }

func lookOf(c *uv.Cell, fg, bg string) look {
	l := look{fg: fg, bg: bg}
	if c == nil {
		return l
	}
	if c.Style.Fg != nil {
		l.fg = hex(c.Style.Fg)
	}
	if c.Style.Bg != nil {
		l.bg = hex(c.Style.Bg)
	}
	if c.Style.Attrs&uv.AttrReverse != 0 {
		l.fg, l.bg = l.bg, l.fg
	}
	if c.Style.Attrs&uv.AttrBold != 0 {
		l.extra += ` font-weight="bold"`
	}
	if c.Style.Attrs&uv.AttrItalic != 0 {
		l.extra += ` font-style="italic"`
	}
	if c.Style.Attrs&uv.AttrFaint != 0 {
		l.extra += ` opacity="0.6"`
	}
	if c.Style.Underline != 0 {
		l.extra += ` text-decoration="underline"`
	}
	return l
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

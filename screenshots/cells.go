package main

import (
	"fmt"
	"html"
	"image/color"
	"iter"
	"strings"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Sizes in the units of the picture.
const (
	cellW, cellH = 8.4, 18.0
	baseline     = 14.0
	margin       = 12.0
	captionH     = 38.0
)

const fonts = "ui-monospace,'SF Mono','DejaVu Sans Mono','Noto Sans Mono',Menlo,Consolas,monospace"

// screen is the part of a terminal emulator that is drawn.
type screen interface {
	CellAt(x, y int) *uv.Cell
}

// run is a sequence of cells with the same look.
type run struct {
	look
	text     string
	x, cells int
}

// row returns the markup of a row of cells, relative to its baseline. Texts are stretched to the width of their cells, so
// that columns line up in any font.
func (f *film) row(s screen, y int) string {
	var b strings.Builder
	for _, r := range f.runs(s, y) {
		if r.bg != f.Bg {
			fmt.Fprintf(&b, `<rect x="%.5g" y="-14" width="%.5g" height="%.4g" fill="%s"/>`,
				float64(r.x)*cellW, float64(r.cells)*cellW, cellH, r.bg)
		}
		if r.hidden {
			continue
		}
		for at, words := range splitAtGaps(r.text) {
			cells := utf8.RuneCountInString(words)
			if r.alone {
				cells = r.cells
			}
			fmt.Fprintf(&b, `<text x="%.5g" textLength="%.5g" class="%s">%s</text>`,
				float64(r.x+at)*cellW, float64(cells)*cellW, f.class(r.css), html.EscapeString(words))
		}
	}
	return b.String()
}

// splitAtGaps yields the parts of a text between two or more blanks, and their places. Viewers would draw several blanks as
// one.
func splitAtGaps(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		at := 0
		for part := range strings.SplitSeq(text, "  ") {
			words := strings.TrimLeft(part, " ")
			if words != "" && !yield(at+len(part)-len(words), strings.TrimRight(words, " ")) {
				return
			}
			at += utf8.RuneCountInString(part) + 2
		}
	}
}

func (f *film) runs(s screen, y int) (all []run) {
	for x := 0; x < f.w; {
		c := s.CellAt(x, y)
		text, cells := " ", 1
		if c != nil && c.Content != "" {
			text, cells = c.Content, max(1, c.Width)
		}
		// Wide characters and clusters are drawn alone, because fonts differ in their width.
		alone := c != nil && (c.Width > 1 || len([]rune(c.Content)) > 1)
		look := f.lookOf(c)
		look.alone = alone
		if last := len(all) - 1; last >= 0 && !alone && all[last].look == look {
			all[last].text += text
			all[last].cells += cells
		} else {
			all = append(all, run{look: look, text: text, x: x, cells: cells})
		}
		x += cells
	}
	return all
}

type look struct {
	bg, css       string
	hidden, alone bool
}

func (f *film) lookOf(c *uv.Cell) look {
	fg, bg, css := f.Fg, f.Bg, ""
	if c == nil {
		return look{bg: bg, css: "fill:" + fg}
	}
	if c.Style.Fg != nil {
		fg = f.colour(c.Style.Fg)
	}
	if c.Style.Bg != nil {
		bg = f.colour(c.Style.Bg)
	}
	attrs := c.Style.Attrs
	if attrs&uv.AttrReverse != 0 {
		fg, bg = bg, fg
	}
	for i, attr := range []uint8{uv.AttrBold, uv.AttrItalic, uv.AttrFaint} {
		if attrs&attr != 0 {
			css += []string{";font-weight:bold", ";font-style:italic", ";opacity:.6"}[i]
		}
	}
	if c.Style.Underline != 0 {
		css += ";text-decoration:underline"
	}
	return look{bg: bg, css: "fill:" + fg + css, hidden: attrs&uv.AttrConceal != 0}
}

// colour returns a colour for SVG. The sixteen basic ones depend on the page.
func (p page) colour(c color.Color) string {
	if basic, ok := c.(ansi.BasicColor); ok {
		return p.Sixteen[basic&15]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

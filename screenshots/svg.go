package main

import (
	"cmp"
	"fmt"
	"html"
	"image/color"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Sizes in the units of the picture.
const (
	cellW, cellH = 8.4, 18.0
	baseline     = 14.0
	margin       = 12.0
	captionH     = 38.0
)

const fonts = "ui-monospace,'SF Mono','DejaVu Sans Mono','Noto Sans Mono',Menlo,Consolas,monospace"

// run is a sequence of cells with the same look.
type run struct {
	look
	text     string
	x, cells int
}

// row returns the markup of a row of cells, relative to its baseline. Texts are stretched to the width of their cells, so
// that columns line up in any font.
func (f *film) row(y int) string {
	var b strings.Builder
	for _, r := range f.runs(y) {
		if r.bg != f.Bg {
			fmt.Fprintf(&b, `<rect x="%.5g" y="-14" width="%.5g" height="%.4g" fill="%s"/>`,
				float64(r.x)*cellW, float64(r.cells)*cellW, cellH, r.bg)
		}
		if r.hidden {
			continue
		}
		x := r.x
		for part := range strings.SplitSeq(r.text, "  ") { // viewers would draw several blanks as one
			if words := strings.Trim(part, " "); words != "" {
				cells := utf8.RuneCountInString(words)
				if r.alone {
					cells = r.cells
				}
				fmt.Fprintf(&b, `<text x="%.5g" textLength="%.5g" class="%s">%s</text>`,
					float64(x+strings.Index(part, words))*cellW, float64(cells)*cellW, f.class(r.css), html.EscapeString(words))
			}
			x += utf8.RuneCountInString(part) + 2
		}
	}
	return b.String()
}

func (f *film) runs(y int) (all []run) {
	for x := 0; x < f.term.Width(); {
		c := cmp.Or(f.term.CellAt(x, y), &uv.EmptyCell)
		text, cells, look := cmp.Or(c.Content, " "), max(1, c.Width), f.lookOf(c)
		// Wide characters and clusters are drawn alone, because fonts differ in their width.
		look.alone = c.Width > 1 || len([]rune(c.Content)) > 1
		if last := len(all) - 1; last >= 0 && !look.alone && all[last].look == look {
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

// film holds the frames that a terminal showed.
type film struct {
	page
	term    *vt.Emulator
	caption string
	frames  []frame
	still   int      // the frame to show without motion, counted from 1; 0 for the last
	looks   []string // CSS declarations, by the number of their class
}

// frame holds the markup of the rows of a screen, with the caption last, and how long it is shown.
type frame struct {
	rows []string
	hold time.Duration
}

// setCaption sets the caption to a key and what it does.
func (f *film) setCaption(key, does string) {
	x := 0.0
	if f.caption = ""; key+does == "" {
		return
	}
	if key != "" {
		wide := float64(len(key))*cellW + 16
		x = wide + 12
		f.caption = fmt.Sprintf(`<rect y="-16" width="%.4g" height="24" rx="5" fill="none" stroke="%s"/>`+
			`<text x="8" class="%s">%s</text>`, wide, f.Fg, f.class("fill:"+f.Fg+";font-weight:bold"), html.EscapeString(key))
	}
	plain := f.class("fill:" + f.Fg + ";font-family:system-ui,sans-serif")
	f.caption += fmt.Sprintf(`<text x="%.4g" class="%s">%s</text>`, x, plain, html.EscapeString(does))
}

// addFrame adds a frame, or holds the last one longer if nothing has changed.
func (f *film) addFrame(cursor uv.Position, hold time.Duration) {
	var rows []string
	for y := range f.term.Height() {
		row := f.row(y)
		if cursor.X >= 0 && cursor.Y == y {
			row += fmt.Sprintf(`<rect x="%.5g" y="-14" width="%.4g" height="%.4g" fill="%s" opacity=".6"/>`,
				float64(cursor.X)*cellW, cellW, cellH, f.Fg)
		}
		rows = append(rows, row)
	}
	rows = append(rows, f.caption)
	if last := len(f.frames) - 1; last >= 0 && slices.Equal(f.frames[last].rows, rows) {
		f.frames[last].hold += hold
		return
	}
	f.frames = append(f.frames, frame{rows: rows, hold: hold})
}

// class returns the CSS class of a look.
func (f *film) class(look string) string {
	i := slices.Index(f.looks, look)
	if i < 0 {
		i = len(f.looks)
		f.looks = append(f.looks, look)
	}
	return fmt.Sprintf("l%d", i)
}

// part holds rows of the picture that are shown in the same frames.
type part struct {
	shown []bool // by frame
	rows  string
}

// parts returns the parts of all frames. Every different content of a row is in them once.
func (f *film) parts() (all []*part) {
	contents, order := map[string]*part{}, []string{}
	height := f.term.Height()
	for y := range height + 1 {
		for i, fr := range f.frames {
			if fr.rows[y] == "" {
				continue
			}
			place := margin + float64(y)*cellH + baseline
			if y == height {
				place += captionH - cellH
			}
			row := fmt.Sprintf(`<g transform="translate(%g %g)">%s</g>`, margin, place, fr.rows[y])
			if contents[row] == nil {
				contents[row] = &part{shown: make([]bool, len(f.frames))}
				order = append(order, row)
			}
			contents[row].shown[i] = true
		}
	}
	for _, row := range order {
		shown := contents[row].shown
		i := slices.IndexFunc(all, func(p *part) bool { return slices.Equal(p.shown, shown) })
		if i < 0 {
			i, all = len(all), append(all, &part{shown: shown})
		}
		all[i].rows += row
	}
	slices.SortFunc(all, func(a, b *part) int { return strings.Compare(a.rows, b.rows) })
	return all
}

// svg returns the picture. Each part is visible for as long as it was on the screen. Without animation, or if no motion is
// wanted, only the parts of one frame are visible.
func (f *film) svg() []byte {
	width, height := float64(f.term.Width())*cellW+2*margin, float64(f.term.Height())*cellH+2*margin
	if f.caption != "" {
		height += captionH
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]g %[2]g" font-family="%s" `+
		`font-size="14">`+"\n<style>\n", width, height, fonts)
	for i, look := range f.looks {
		fmt.Fprintf(&b, ".l%d{%s}\n", i, look)
	}
	parts := f.parts()
	for i, p := range parts {
		if slices.Contains(p.shown, false) {
			f.animate(&b, i, p)
		}
	}
	b.WriteString("@media (prefers-reduced-motion: reduce){*{animation:none!important}}\n</style>\n")
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%g" height="%g" rx="6" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, f.Bg, f.Edge)
	for i, p := range parts {
		switch {
		case !slices.Contains(p.shown, false):
			b.WriteString("<g>")
		case p.shown[cmp.Or(f.still, len(f.frames))-1]:
			fmt.Fprintf(&b, `<g class="k%d">`, i)
		default:
			fmt.Fprintf(&b, `<g class="k%d" visibility="hidden">`, i)
		}
		b.WriteString(p.rows + "</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// animate writes the animation that makes a part visible, in percent of the length of the film.
func (f *film) animate(b *strings.Builder, i int, p *part) {
	var all, at time.Duration
	for _, fr := range f.frames {
		all += fr.hold
	}
	fmt.Fprintf(b, ".k%d{animation:k%[1]d %gs step-end infinite}@keyframes k%[1]d{", i, all.Seconds())
	for j, on := range p.shown {
		if j == 0 || on != p.shown[j-1] {
			fmt.Fprintf(b, "%.5g%%{visibility:%s}", 100*at.Seconds()/all.Seconds(), map[bool]string{true: "visible", false: "hidden"}[on])
		}
		at += f.frames[j].hold
	}
	b.WriteString("}\n")
}

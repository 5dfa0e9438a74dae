package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
)

// film is what a screen showed, frame by frame.
type film struct {
	page
	w, h    int
	caption string
	frames  []frame
	still   int      // the frame that is shown where nothing moves, counted from 1; 0 is the last
	looks   []string // declarations, in the order of their classes
}

// frame is the markup of each row of a screen, the caption being the last, and for how long it stands.
type frame struct {
	rows []string
	hold time.Duration
}

// say sets the caption: a key, and what it does.
func (f *film) say(key, does string) {
	x := 0.0
	if f.caption = ""; key+does == "" {
		return
	}
	if key != "" {
		wide := float64(len(key))*cellW + 16
		x = wide + 12
		f.caption = fmt.Sprintf(`<rect y="-16" width="%.4g" height="24" rx="5" fill="none" stroke="%s"/>`+
			`<text x="8" class="%s">%s</text>`, wide, f.Fg, f.class("fill:"+f.Fg+";font-weight:bold"), escape(key))
	}
	f.caption += fmt.Sprintf(`<text x="%.4g" class="%s">%s</text>`, x, f.class("fill:"+f.Fg+";font-family:system-ui,sans-serif"), escape(does))
}

// shoot takes a frame.
func (f *film) shoot(s screen, cursor uv.Position, hold time.Duration) {
	var rows []string
	for y := range f.h {
		row := f.row(s, y)
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

// class is the name of a look.
func (f *film) class(look string) string {
	i := slices.Index(f.looks, look)
	if i < 0 {
		i = len(f.looks)
		f.looks = append(f.looks, look)
	}
	return fmt.Sprintf("l%d", i)
}

// shown is when a row has one content: the starts and ends, in thousandths of a percent of the film.
type shown struct {
	times []string
	still bool // also where nothing moves
	rows  string
}

// svg is the picture. A content of a row stands in it once, and is visible for the spans of time that it was on the screen.
// Without animation, and where motion is not wanted, one frame is what is visible.
func (f *film) svg() []byte {
	var all time.Duration
	for _, fr := range f.frames {
		all += fr.hold
	}
	var parts []*shown
	by := map[string]*shown{}
	lines := f.h
	if f.caption != "" {
		lines++
	}
	for y := range lines {
		for row, spans := range f.spans(y, all) {
			name := strings.Join(spans.times, " ")
			part := by[name]
			if part == nil {
				part = &shown{times: spans.times, still: spans.still}
				parts, by[name] = append(parts, part), part
			}
			part.rows += row
		}
	}
	slices.SortFunc(parts, func(a, b *shown) int { return strings.Compare(a.rows, b.rows) })

	width, height := float64(f.w)*cellW+2*margin, float64(f.h)*cellH+2*margin
	if lines > f.h {
		height += captionH
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]g %[2]g" font-family="%s" `+
		`font-size="14">`+"\n<style>\n", width, height, fonts)
	for i, look := range f.looks {
		fmt.Fprintf(&b, ".l%d{%s}\n", i, look)
	}
	for i, p := range parts {
		if len(p.times) == 0 {
			continue
		}
		fmt.Fprintf(&b, ".k%d{animation:k%[1]d %gs step-end infinite}@keyframes k%[1]d{", i, all.Seconds())
		if p.times[0] != "0" {
			b.WriteString("0%{visibility:hidden}")
		}
		for j, at := range p.times {
			b.WriteString(at + "%{visibility:" + [...]string{"visible", "hidden"}[j%2] + "}")
		}
		b.WriteString("}\n")
	}
	b.WriteString("@media (prefers-reduced-motion: reduce){*{animation:none!important}}\n</style>\n")
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%g" height="%g" rx="6" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, f.Bg, f.Edge)
	for i, p := range parts {
		switch {
		case len(p.times) == 0:
			b.WriteString("<g>")
		case p.still:
			fmt.Fprintf(&b, `<g class="k%d">`, i)
		default:
			fmt.Fprintf(&b, `<g class="k%d" visibility="hidden">`, i)
		}
		b.WriteString(p.rows + "</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// spans is when which content of a row was on the screen; no times for one that always was.
func (f *film) spans(y int, all time.Duration) map[string]*shown {
	out := map[string]*shown{}
	at, before := time.Duration(0), ""
	percent := func() string { return fmt.Sprintf("%.5g", 100*at.Seconds()/all.Seconds()) }
	for i, fr := range f.frames {
		if row := fr.rows[y]; row != before || i == 0 {
			if last := out[before]; last != nil {
				last.times = append(last.times, percent())
			}
			if out[row] == nil {
				out[row] = &shown{}
			}
			out[row].times = append(out[row].times, percent())
			before = row
		}
		if i+1 == cmp.Or(f.still, len(f.frames)) {
			out[before].still = true
		}
		at += fr.hold
	}
	moved := map[string]*shown{}
	for row, spans := range out {
		if len(out) == 1 {
			spans.times = nil
		}
		if row != "" {
			place := margin + float64(y)*cellH + baseline
			if y == f.h {
				place += captionH - cellH
			}
			moved[fmt.Sprintf(`<g transform="translate(%g %g)">%s</g>`, margin, place, row)] = spans
		}
	}
	return moved
}

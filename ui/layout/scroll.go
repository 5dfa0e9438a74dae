package layout

// Far is more lines than anything has.
const Far = 1 << 20

// Clamp returns v, or the bound that it lies beyond; lo where the bounds cross.
func Clamp(v, lo, hi int) int { return max(lo, min(v, hi)) }

// Reveal moves a window of so many rows as little as brings the lines from first to before
// end into it, and returns its first line.
func Reveal(top, first, end, rows int) int {
	top = min(top, first)
	return max(top, end-rows)
}

// Bar is the place in a list: the row that is chosen, and the first in sight.
type Bar struct{ At, Top int }

// Put puts the bar on a row of n, or the nearer end.
func (b *Bar) Put(i, n int) { b.At = Clamp(i, 0, n-1) }

// Move moves the bar by rows of n; it stops at the ends.
func (b *Bar) Move(by, n int) { b.Put(b.At+by, n) }

// Steps returns how far a key moves in a list below a line that is typed, 0 for none.
func Steps(key string, page int) int {
	return map[string]int{"up": -1, "down": 1, "pgup": -page, "pgdown": page}[key]
}

// Click puts the bar on the row of n drawn at a line, and reports whether it was there
// already.
func (b *Bar) Click(line, n int) (again bool) {
	i := b.Top + line
	if line < 0 || i >= n {
		return false
	}
	again = i == b.At
	b.At = i
	return again
}

// Show brings the bar into sight and returns which of n rows are drawn: from first to
// before end.
func (b *Bar) Show(n, rows int) (first, end int) {
	b.Top = max(0, Reveal(b.Top, b.At, b.At+1, rows))
	return b.Top, min(n, b.Top+rows)
}

type Pager struct {
	Top int
	// Lines and Rows are those of the whole text and those in sight, as Show was told.
	Lines, Rows int
}

// Scroll moves by lines; it stops at the ends.
func (p *Pager) Scroll(by int) {
	p.Top = max(0, p.Top+by)
	if p.Rows > 0 {
		p.Top = Clamp(p.Top, 0, p.Lines-p.Rows)
	}
}

// Page returns how many lines a page has.
func (p *Pager) Page() int { return max(1, p.Rows-1) }

// Show returns which of so many lines are drawn in rows: from first to before end.
func (p *Pager) Show(lines, rows int) (first, end int) {
	p.Top, p.Lines, p.Rows = Clamp(p.Top, 0, lines-rows), lines, rows
	return p.Top, min(lines, p.Top+rows)
}

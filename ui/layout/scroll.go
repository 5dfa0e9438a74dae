package layout

// Far is more lines than any text or list has.
const Far = 1 << 20

// Clamp returns v limited to lo and hi, or lo if hi is below it.
func Clamp(v, lo, hi int) int { return max(lo, min(v, hi)) }

// Reveal scrolls a window of rows that begins at line top by as little as brings the lines from first to before end into
// sight, and returns its new first line.
func Reveal(top, first, end, rows int) int {
	top = min(top, first)
	return max(top, end-rows)
}

// Bar is the selection bar of a list: the selected row, and the first row in sight.
type Bar struct{ At, Top int }

// Put puts the bar on row i of n, or on the nearest row.
func (b *Bar) Put(i, n int) { b.At = Clamp(i, 0, n-1) }

// Move moves the bar among n rows. It stops at the ends.
func (b *Bar) Move(by, n int) { b.Put(b.At+by, n) }

// Steps returns by how many rows a key moves in a list below a prompt, where letters are typed; 0 for other keys.
func Steps(key string, page int) int {
	return map[string]int{"up": -1, "down": 1, "pgup": -page, "pgdown": page}[key]
}

// Click puts the bar on the row drawn at a line, if one of the n rows is, and reports whether the bar was there before.
func (b *Bar) Click(line, n int) (again bool) {
	i := b.Top + line
	if line < 0 || i >= n {
		return false
	}
	again = i == b.At
	b.At = i
	return again
}

// Show scrolls the bar into sight, and back where rows would stay empty. Of n rows, those from first to before end are drawn.
func (b *Bar) Show(n, rows int) (first, end int) {
	b.Top = Clamp(Reveal(b.Top, b.At, b.At+1, rows), 0, n-rows)
	return b.Top, min(n, b.Top+rows)
}

// Pager scrolls a text that is longer than the screen.
type Pager struct {
	Top         int // the first line in sight
	Lines, Rows int // those of the text and of the screen, as last passed to Show
}

// Scroll moves by lines and stops at the ends.
func (p *Pager) Scroll(by int) {
	p.Top = max(0, p.Top+by)
	if p.Rows > 0 {
		p.Top = Clamp(p.Top, 0, p.Lines-p.Rows)
	}
}

// Page returns by how many lines a page key scrolls.
func (p *Pager) Page() int { return max(1, p.Rows-1) }

// Show sets the size of the text and of the screen. The lines from first to before end are drawn.
func (p *Pager) Show(lines, rows int) (first, end int) {
	p.Top, p.Lines, p.Rows = Clamp(p.Top, 0, lines-rows), lines, rows
	return p.Top, min(lines, p.Top+rows)
}

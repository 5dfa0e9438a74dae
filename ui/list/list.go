package list

import (
	"cmp"
	"slices"

	"confab/model"
	"confab/ui/layout"
)

// margin is how many rows stay in sight above and below the cursor.
const margin = 2

// stride is how many rows the list scrolls on past the margin, so that every
// other key moves the cursor alone: that takes half the bytes of a scroll, and
// beside a preview a tenth.
const stride = 1

// List is the state of the list. The zero value is empty and not loaded.
type List struct {
	rows   []model.Row
	start  int // index of rows[0] in the whole list
	total  int
	loaded bool

	bar    layout.Bar // in the whole list
	ref    model.Ref  // what is under the bar, zero where not loaded
	height int

	// moved says that the person chose the place; until then the cursor stays
	// at the top while rows come in above it.
	moved bool

	marks      model.Selection
	hidden     int // how many of them the view doesn't hold
	rangeFrom  int
	rangeStart model.Ref
	ranging    bool
}

// Reset empties the list for another view, with the cursor on a conversation
// that may be in it.
func (l *List) Reset(at model.Ref) {
	*l = List{height: l.height, ref: at, moved: !at.IsZero(), marks: l.marks, hidden: l.hidden}
}

// ResetTo empties the list with the cursor on a conversation, at an index and with
// another at the top as they were last.
func (l *List) ResetTo(at model.Ref, index, top int) {
	l.Reset(at)
	l.bar.At, l.bar.Top = index, top
}

// Showing returns the window, the index of its first row, and that of the first in sight.
func (l *List) Showing() (rows []model.Row, start, top int) { return l.rows, l.start, l.bar.Top }

// Loaded reports whether a first window has come.
func (l *List) Loaded() bool { return l.loaded }

// Total returns the length of the whole list.
func (l *List) Total() int { return l.total }

// Cursor returns the index under the cursor, -1 in an empty list.
func (l *List) Cursor() int {
	if l.total == 0 {
		return -1
	}
	return l.bar.At
}

// Ref returns the conversation under the cursor, zero while it is not loaded.
func (l *List) Ref() model.Ref { return l.ref }

// Selected returns the row under the cursor; false while it is not loaded.
func (l *List) Selected() (model.Row, bool) { return value(l.at(l.bar.At)) }

// Row returns a row of the window by ref.
func (l *List) Row(ref model.Ref) (model.Row, bool) {
	i, ok := l.indexOf(ref)
	if !ok {
		return model.Row{}, false
	}
	return value(l.at(i))
}

func value(r *model.Row) (model.Row, bool) {
	if r == nil {
		return model.Row{}, false
	}
	return *r, true
}

// at returns a row of the window by its index in the whole list, nil where the
// window does not hold it.
func (l *List) at(i int) *model.Row {
	if i < l.start || i >= l.start+len(l.rows) {
		return nil
	}
	return &l.rows[i-l.start]
}

// Rows returns the window. It must not be changed.
func (l *List) Rows() []model.Row { return l.rows }

// SetPage takes a new window. wanted is the conversation that it was placed
// around, zero if it was asked for by position.
func (l *List) SetPage(p model.Page, wanted model.Ref) {
	screenRow := l.bar.At - l.bar.Top
	l.rows, l.start, l.loaded = p.Rows, max(0, p.Offset), true
	l.total = max(p.Total, l.start+len(l.rows))
	switch i, ok := l.indexOf(l.ref); {
	case !l.moved:
		l.bar.At = 0
	case ok:
		l.bar.At = i
	case !wanted.IsZero() && p.Index >= 0 && (wanted == l.ref || l.ref.IsZero()):
		l.bar.At = p.Index
		// else the cursor moved on while this was read, and its new place is not in
		// this window: it stays at its distance in rows
	}
	l.bar.Move(0, l.total)
	l.bar.Top = l.bar.At - screenRow
	l.takeRef()
	if l.ranging {
		if i, ok := l.indexOf(l.rangeStart); ok {
			l.rangeFrom = i
		}
	}
	l.scroll()
}

func (l *List) indexOf(ref model.Ref) (int, bool) {
	i := slices.IndexFunc(l.rows, func(r model.Row) bool { return r.Conversation.Ref == ref })
	return l.start + i, i >= 0 && !ref.IsZero()
}

func (l *List) takeRef() {
	l.ref = model.Ref{}
	if r := l.at(l.bar.At); r != nil {
		l.ref = r.Conversation.Ref
	}
}

// Replace puts a fresh row in the place of the one with its ref.
func (l *List) Replace(row model.Row) {
	if i, ok := l.indexOf(row.Conversation.Ref); ok {
		*l.at(i) = row
	}
}

// Change changes rows of the window. Those for which it returns false are taken
// out: the list no longer holds them. Where that is the row under the cursor, the
// one below it, or at the end the one above, comes there.
func (l *List) Change(change func(*model.Row) (stays bool)) {
	kept := make([]model.Row, 0, len(l.rows))
	above := 0
	for i := range l.rows {
		row := l.rows[i]
		if change(&row) {
			kept = append(kept, row)
		} else if l.start+i < l.bar.At {
			above++
		}
	}
	gone := len(l.rows) - len(kept)
	l.rows = kept
	if gone == 0 {
		return
	}
	l.total -= gone
	l.bar.Move(-above, l.total)
	l.takeRef()
	l.scroll()
}

// Anchor returns the conversation that the next window is placed around, zero for
// the top of the list.
func (l *List) Anchor() model.Ref {
	if !l.moved {
		return model.Ref{}
	}
	return l.ref
}

// Seek says where the cursor is to be in the next window: on a conversation,
// or, for zero, at the top.
func (l *List) Seek(ref model.Ref) {
	l.moved = !ref.IsZero()
	if l.moved {
		l.ref = ref
	}
}

// Move moves the cursor by rows; it stops at the ends.
func (l *List) Move(by int) { l.MoveTo(l.bar.At + by) }

// MoveTo puts the cursor on an index of the whole list.
func (l *List) MoveTo(i int) {
	if l.total == 0 {
		return
	}
	l.bar.Put(i, l.total)
	l.moved = true
	l.takeRef()
	l.scroll()
}

// MoveToRef puts the cursor on a conversation of the window.
func (l *List) MoveToRef(ref model.Ref) bool {
	i, ok := l.indexOf(ref)
	if ok {
		l.MoveTo(i)
	}
	return ok
}

// SetHeight tells how many rows are drawn.
func (l *List) SetHeight(h int) {
	if h != l.height {
		l.height = h
		l.scroll()
	}
}

// Height returns how many rows are drawn.
func (l *List) Height() int { return max(1, l.height) }

func (l *List) scroll() {
	h := max(1, l.height)
	m := min(margin, (h-1)/2)
	on := min(stride, (h-1)/2-m)
	top := layout.Reveal(l.bar.Top, l.bar.At-m, l.bar.At+m+1, h)
	top += on * cmp.Compare(top, l.bar.Top)
	l.bar.Top = layout.Clamp(top, 0, l.total-h)
}

// Window tells which rows are wanted, and whether the ones at hand are not
// enough: a screen above and below what is seen.
func (l *List) Window() (offset, limit int, missing bool) {
	h := max(8, l.height)
	limit = 3 * h
	offset = max(0, l.bar.Top-h)
	if !l.loaded {
		return offset, limit, true
	}
	first, last := l.bar.Top, min(l.total, l.bar.Top+max(1, l.height))
	// Half a screen of slack before the next window is read.
	slack := h / 2
	missing = max(0, first-slack) < l.start || min(l.total, last+slack) > l.start+len(l.rows)
	return offset, limit, missing
}

// Blank reports whether a row in sight is not at hand.
func (l *List) Blank() bool {
	first, last := l.bar.Top, min(l.total, l.bar.Top+l.Height())
	return !l.loaded || first < last && (first < l.start || last > l.start+len(l.rows))
}

// IndexAt returns the index of the row drawn at a line; false below the end.
func (l *List) IndexAt(line int) (int, bool) {
	i := l.bar.Top + line
	return i, line >= 0 && i < l.total
}

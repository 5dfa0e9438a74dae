package list

import (
	"cmp"
	"slices"

	"confab/model"
	"confab/ui/layout"
)

const (
	// margin is how many rows stay in sight above and below the cursor.
	margin = 2
	// stride is how many rows the list scrolls beyond the margin, so that only every other key scrolls. A key that just
	// moves the cursor sends half the bytes of a scroll, and a tenth where a preview stands beside the list.
	stride = 1
)

// List is the state of the list. The zero value is empty and not loaded.
type List struct {
	rows   []model.Row // the window
	start  int         // the index of rows[0] in the whole list
	total  int         // the length of the whole list
	loaded bool

	bar    layout.Bar // by index in the whole list
	ref    model.Ref  // the conversation under the cursor, zero while it is not loaded
	height int

	// moved means that the person moved the cursor. Until then it stays at the top while rows come in above it.
	moved bool

	// Marks are the marked conversations: every change of the marks makes another Selection. Hidden is how many of them the
	// view does not hold, as far as that was counted.
	Marks      model.Selection
	Hidden     int
	rangeFrom  int
	rangeStart model.Ref
	ranging    bool
}

// Reset empties the list for another view, which may hold the conversation that the cursor is to be on.
func (l *List) Reset(at model.Ref) {
	*l = List{height: l.height, ref: at, moved: !at.IsZero(), Marks: l.Marks, Hidden: l.Hidden}
}

// ResetTo is Reset with the index that the conversation had last, and that of the first row in sight.
func (l *List) ResetTo(at model.Ref, index, top int) {
	l.Reset(at)
	l.bar.At, l.bar.Top = index, top
}

// Showing returns the window, which must not be changed, the index of its first row, and that of the first row in sight.
func (l *List) Showing() (rows []model.Row, start, top int) { return l.rows, l.start, l.bar.Top }

// Loaded reports whether the list was given a window.
func (l *List) Loaded() bool { return l.loaded }

// Total returns the length of the whole list.
func (l *List) Total() int { return l.total }

// Cursor returns the index of the row under the cursor, -1 in an empty list.
func (l *List) Cursor() int {
	if l.total == 0 {
		return -1
	}
	return l.bar.At
}

// Ref returns the conversation under the cursor, or the zero Ref while it is not loaded.
func (l *List) Ref() model.Ref { return l.ref }

// Selected returns the row under the cursor, false while it is not loaded.
func (l *List) Selected() (model.Row, bool) { return value(l.at(l.bar.At)) }

// Row returns the row of a conversation, false if the window does not hold it.
func (l *List) Row(ref model.Ref) (model.Row, bool) { return value(l.at(l.indexOf(ref))) }

func value(r *model.Row) (model.Row, bool) {
	if r == nil {
		return model.Row{}, false
	}
	return *r, true
}

// at returns the row at an index of the whole list, nil if the window does not hold it.
func (l *List) at(i int) *model.Row {
	if i < l.start || i >= l.start+len(l.rows) {
		return nil
	}
	return &l.rows[i-l.start]
}

// indexOf returns the index of a conversation in the whole list, -1 if the window does not hold it.
func (l *List) indexOf(ref model.Ref) int {
	i := slices.IndexFunc(l.rows, func(r model.Row) bool { return r.Conversation.Ref == ref })
	if i < 0 || ref.IsZero() {
		return -1
	}
	return l.start + i
}

// SetPage gives the list a window. If that does not hold the conversation under the cursor, the cursor moved beyond it
// while it was read or the conversation is gone: its index stays.
func (l *List) SetPage(p model.Page) {
	line := l.bar.At - l.bar.Top
	l.rows, l.start, l.loaded = p.Rows, max(0, p.Offset), true
	l.total = max(p.Total, l.start+len(l.rows))
	switch i := l.indexOf(l.ref); {
	case !l.moved:
		l.bar.At = 0
	case i >= 0:
		l.bar.At = i
	}
	l.bar.Move(0, l.total)
	l.bar.Top = l.bar.At - line
	l.afterMove()
	if i := l.indexOf(l.rangeStart); i >= 0 {
		l.rangeFrom = i
	}
}

// afterMove takes over the conversation that is now under the cursor, and scrolls the cursor into sight.
func (l *List) afterMove() {
	row, _ := l.Selected()
	l.ref = row.Conversation.Ref
	l.scroll()
}

// Change changes the rows of the window, and removes those for which change returns false. If the row under the cursor
// is removed, the cursor is on the next one, or on the last one of the list.
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
	removed := len(l.rows) - len(kept)
	l.rows = kept
	if removed > 0 {
		l.total -= removed
		l.bar.Move(-above, l.total)
		l.afterMove()
	}
}

// Anchor returns the conversation to read the next window around, zero to read it from the top of the list.
func (l *List) Anchor() model.Ref {
	if !l.moved {
		return model.Ref{}
	}
	return l.ref
}

// Seek sets the conversation that the cursor is to be on in the next window, zero for the first one.
func (l *List) Seek(ref model.Ref) {
	l.moved = !ref.IsZero()
	if l.moved {
		l.ref = ref
	}
}

// Move moves the cursor by rows. It stops at the ends.
func (l *List) Move(by int) { l.MoveTo(l.bar.At + by) }

// MoveTo puts the cursor on an index of the whole list, or on the nearest one.
func (l *List) MoveTo(i int) {
	if l.total == 0 {
		return
	}
	l.bar.Put(i, l.total)
	l.moved = true
	l.afterMove()
}

// MoveToRef puts the cursor on a conversation, or returns false if the window does not hold it.
func (l *List) MoveToRef(ref model.Ref) bool {
	i := l.indexOf(ref)
	if i >= 0 {
		l.MoveTo(i)
	}
	return i >= 0
}

// SetHeight sets how many rows are drawn.
func (l *List) SetHeight(h int) {
	if h != l.height {
		l.height = h
		l.scroll()
	}
}

// Height returns how many rows are drawn, at least one.
func (l *List) Height() int { return max(1, l.height) }

func (l *List) scroll() {
	h := l.Height()
	m := min(margin, (h-1)/2)
	on := min(stride, (h-1)/2-m)
	top := layout.Reveal(l.bar.Top, l.bar.At-m, l.bar.At+m+1, h)
	top += on * cmp.Compare(top, l.bar.Top)
	l.bar.Top = layout.Clamp(top, 0, l.total-h)
}

// Window returns the window to read next: a screen above and below the rows in sight. missing means that the list needs
// it now, because it holds less than half a screen more than the rows in sight.
func (l *List) Window() (offset, limit int, missing bool) {
	h := max(8, l.height)
	return max(0, l.bar.Top-h), 3 * h, l.lacks(h / 2)
}

// Blank reports whether the list does not hold all rows in sight.
func (l *List) Blank() bool { return l.lacks(0) }

// lacks reports whether the window does not hold all rows in sight and so many beyond.
func (l *List) lacks(beyond int) bool {
	first, end := max(0, l.bar.Top-beyond), min(l.total, l.bar.Top+l.Height()+beyond)
	return !l.loaded || first < end && (first < l.start || end > l.start+len(l.rows))
}

// IndexAt returns the index of the row drawn at a line, false if there is none.
func (l *List) IndexAt(line int) (int, bool) {
	i := l.bar.Top + line
	return i, line >= 0 && i < l.total
}

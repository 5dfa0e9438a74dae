package list

import "confab/model"

// The marked rows are a set of keys. Whoever was handed it may keep it: a change
// of the marks makes another set.

// ToggleMark marks or unmarks the row under the cursor.
func (l *List) ToggleMark() {
	r := l.at(l.bar.At)
	if r == nil {
		return
	}
	l.marks = l.marks.Clone()
	if l.Marked(r) {
		l.marks.Remove(r.Conversation.Ref.Account, r.Key)
	} else {
		l.marks.Add(r.Conversation.Ref.Account, r.Key)
	}
}

// Mark marks rows beside what is marked, in this window or not.
func (l *List) Mark(rows model.Selection) {
	l.marks = l.marks.Clone()
	l.marks.AddAll(rows)
}

// ToggleMarks marks all of these beside what is marked, or, where all of them are
// marked, unmarks them. It reports which.
func (l *List) ToggleMarks(rows model.Selection) (marked bool) {
	if rows.Missing(l.marks) > 0 {
		l.Mark(rows)
		return true
	}
	l.marks = l.marks.Clone()
	l.marks.RemoveAll(rows)
	return false
}

// ClearMarks takes all marks away.
func (l *List) ClearMarks() { l.marks, l.hidden = model.Selection{}, 0 }

// SetHidden tells how many of the marked conversations the view doesn't hold.
func (l *List) SetHidden(n int) { l.hidden = n }

// Hidden returns how many of the marked conversations the view doesn't hold.
func (l *List) Hidden() int { return min(l.hidden, l.marks.Len()) }

// Marks returns the marked conversations.
func (l *List) Marks() model.Selection { return l.marks }

// MarkCount returns how many are marked.
func (l *List) MarkCount() int { return l.marks.Len() }

// Marked reports whether a row is marked.
func (l *List) Marked(r *model.Row) bool { return l.marks.Has(r.Conversation.Ref.Account, r.Key) }

// Held returns how many of a set the window holds.
func (l *List) Held(set model.Selection) int {
	n := 0
	for i := range l.rows {
		if r := &l.rows[i]; set.Has(r.Conversation.Ref.Account, r.Key) {
			n++
		}
	}
	return n
}

// StartRange begins a range at the cursor.
func (l *List) StartRange() {
	if l.ref.IsZero() {
		return
	}
	l.ranging, l.rangeFrom, l.rangeStart = true, l.bar.At, l.ref
}

// EndRange gives up the range.
func (l *List) EndRange() { l.ranging = false }

// Ranging reports whether a range is being drawn.
func (l *List) Ranging() bool { return l.ranging }

// RangeBounds returns the first and last index of the range.
func (l *List) RangeBounds() (first, last int) {
	return min(l.rangeFrom, l.bar.At), max(l.rangeFrom, l.bar.At)
}

// RangeEnds returns the conversations where the range began and where the cursor
// is; the latter is zero while that is not loaded.
func (l *List) RangeEnds() (from, to model.Ref) { return l.rangeStart, l.ref }

// Range returns the rows of the range; whole is false where the window doesn't
// hold all of them.
func (l *List) Range() (rows model.Selection, whole bool) {
	first, last := l.RangeBounds()
	return l.between(first, last)
}

// From returns n rows from a conversation on down, or as many as there are below
// it. here is false where the window does not hold the first, whole where it does
// not hold all.
func (l *List) From(ref model.Ref, n int) (rows model.Selection, here, whole bool) {
	first, here := l.indexOf(ref)
	if !here {
		return rows, false, false
	}
	rows, whole = l.between(first, min(first+n, l.total)-1)
	return rows, true, whole
}

func (l *List) between(first, last int) (rows model.Selection, whole bool) {
	for i := first; i <= last; i++ {
		r := l.at(i)
		if r == nil {
			return rows, false
		}
		rows.Add(r.Conversation.Ref.Account, r.Key)
	}
	return rows, true
}

func (l *List) inRange(i int) bool {
	if !l.ranging {
		return false
	}
	first, last := l.RangeBounds()
	return i >= first && i <= last
}

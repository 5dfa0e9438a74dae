package list

import "confab/model"

// A Selection that the list returned never changes: every change of the marks makes another one.

// ToggleMark marks the row under the cursor, or removes its mark.
func (l *List) ToggleMark() {
	if row, ok := l.between(l.bar.At, l.bar.At); ok {
		l.ToggleMarks(row)
	}
}

// Mark marks more rows, which the window need not hold.
func (l *List) Mark(rows model.Selection) {
	l.marks = l.marks.Clone()
	l.marks.AddAll(rows)
}

// ToggleMarks marks more rows and returns true, or removes their marks and returns false if all of them are marked.
func (l *List) ToggleMarks(rows model.Selection) (marked bool) {
	if rows.Missing(l.marks) > 0 {
		l.Mark(rows)
		return true
	}
	l.marks = l.marks.Clone()
	l.marks.RemoveAll(rows)
	return false
}

// ClearMarks removes all marks.
func (l *List) ClearMarks() { l.marks, l.hidden = model.Selection{}, 0 }

// SetHidden sets how many marked conversations the view does not hold.
func (l *List) SetHidden(n int) { l.hidden = n }

// Hidden returns how many marked conversations the view does not hold.
func (l *List) Hidden() int { return min(l.hidden, l.marks.Len()) }

// Marks returns the marked conversations.
func (l *List) Marks() model.Selection { return l.marks }

// MarkCount returns how many conversations are marked.
func (l *List) MarkCount() int { return l.marks.Len() }

func (l *List) marked(r *model.Row) bool { return l.marks.Has(r.Conversation.Ref.Account, r.Key) }

// CountHeld returns how many conversations of a set the window holds.
func (l *List) CountHeld(set model.Selection) (n int) {
	for i := range l.rows {
		if r := &l.rows[i]; set.Has(r.Conversation.Ref.Account, r.Key) {
			n++
		}
	}
	return n
}

// StartRange begins a range at the cursor.
func (l *List) StartRange() {
	if !l.ref.IsZero() {
		l.ranging, l.rangeFrom, l.rangeStart = true, l.bar.At, l.ref
	}
}

// EndRange ends the range without marking it.
func (l *List) EndRange() { l.ranging = false }

// Ranging reports whether a range was started.
func (l *List) Ranging() bool { return l.ranging }

// RangeBounds returns the first and the last index of the range.
func (l *List) RangeBounds() (first, last int) {
	return min(l.rangeFrom, l.bar.At), max(l.rangeFrom, l.bar.At)
}

func (l *List) inRange(i int) bool {
	first, last := l.RangeBounds()
	return l.ranging && i >= first && i <= last
}

// RangeEnds returns the conversation where the range began and the one under the cursor, which is zero while that is not
// loaded.
func (l *List) RangeEnds() (from, to model.Ref) { return l.rangeStart, l.ref }

// Range returns the rows of the range. whole is false if the window does not hold all of them.
func (l *List) Range() (rows model.Selection, whole bool) {
	first, last := l.RangeBounds()
	return l.between(first, last)
}

// From returns the rows of a conversation and those below it, n at most. here is false if the window does not hold the
// first row, whole if it does not hold all of them.
func (l *List) From(ref model.Ref, n int) (rows model.Selection, here, whole bool) {
	first := l.indexOf(ref)
	if first < 0 {
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

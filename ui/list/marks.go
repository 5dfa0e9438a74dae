package list

import "confab/model"

// ToggleMark marks the row under the cursor, or removes its mark.
func (l *List) ToggleMark() {
	if row, ok := l.between(l.bar.At, l.bar.At); ok {
		l.ToggleMarks(row)
	}
}

// WithMarks returns rows, which the window need not hold, and the marked ones.
func (l *List) WithMarks(rows model.Selection) model.Selection {
	all := l.Marks.Clone()
	all.AddAll(rows)
	return all
}

// Mark marks more rows, which the window need not hold.
func (l *List) Mark(rows model.Selection) { l.Marks = l.WithMarks(rows) }

// ToggleMarks marks more rows and returns true, or removes their marks and returns false if all of them are marked.
func (l *List) ToggleMarks(rows model.Selection) (marked bool) {
	if rows.Missing(l.Marks) > 0 {
		l.Mark(rows)
		return true
	}
	l.Marks = l.Marks.Clone()
	l.Marks.RemoveAll(rows)
	return false
}

// ClearMarks removes all marks.
func (l *List) ClearMarks() { l.Marks, l.Hidden = model.Selection{}, 0 }

func (l *List) marked(r *model.Row) bool { return l.Marks.Has(r.Conversation.Ref.Account, r.Key) }

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

// RangeRequest asks for the rows of the range.
func (l *List) RangeRequest() model.SelectRequest {
	return model.SelectRequest{First: l.rangeStart, Last: l.ref}
}

// Rows returns the rows from the first one of a request. whole is false if the window does not hold all of them.
func (l *List) Rows(req model.SelectRequest) (rows model.Selection, whole bool) {
	first, last := l.indexOf(req.First), l.indexOf(req.Last)
	if req.N > 0 {
		last = min(first+req.N, l.total) - 1
	}
	if first < 0 || last < 0 {
		return rows, false
	}
	return l.between(min(first, last), max(first, last))
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

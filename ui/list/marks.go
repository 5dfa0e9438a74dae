package list

import (
	"slices"

	"confab/model"
)

// ToggleMark marks or unmarks the row under the cursor.
func (l *List) ToggleMark() {
	r, ok := l.Selected()
	if !ok {
		return
	}
	ref := r.Conversation.Ref
	if _, ok := l.marks[ref]; ok {
		l.unmark(ref)
		return
	}
	l.Mark(ref, r.Conversation.Title)
}

// Mark marks a conversation, in this window or not.
func (l *List) Mark(ref model.Ref, title string) {
	if l.marks == nil {
		l.marks = map[model.Ref]string{}
	}
	if _, ok := l.marks[ref]; !ok {
		l.order = append(l.order, ref)
	}
	l.marks[ref] = title
}

func (l *List) unmark(ref model.Ref) {
	delete(l.marks, ref)
	for i, r := range l.order {
		if r == ref {
			l.order = append(l.order[:i:i], l.order[i+1:]...)
			return
		}
	}
}

// MarkOn marks n rows from the cursor on and moves below them.
func (l *List) MarkOn(n int) {
	for range n {
		r, ok := l.Selected()
		if !ok {
			return
		}
		l.Mark(r.Conversation.Ref, r.Conversation.Title)
		before := l.cursor
		if l.Move(1); l.cursor == before {
			return
		}
	}
}

// ToggleMarks marks all of these beside what is marked, or, where all of them are
// marked, unmarks them. It reports which.
func (l *List) ToggleMarks(refs []model.Ref) (marked bool) {
	for _, r := range refs {
		marked = marked || !l.Marked(r)
	}
	if marked {
		for _, r := range refs {
			l.Mark(r, "")
		}
		return true
	}
	of := make(map[model.Ref]bool, len(refs))
	for _, r := range refs {
		of[r] = true
		delete(l.marks, r)
	}
	l.order = slices.DeleteFunc(l.order, func(r model.Ref) bool { return of[r] })
	return false
}

// ClearMarks takes all marks away.
func (l *List) ClearMarks() { l.marks, l.order, l.hidden = nil, nil, 0 }

// SetHidden tells how many of the marked conversations the view doesn't hold.
func (l *List) SetHidden(n int) { l.hidden = n }

// Hidden gives how many of the marked conversations the view doesn't hold.
func (l *List) Hidden() int { return min(l.hidden, len(l.order)) }

// Marks gives the marked conversations in the order of marking.
func (l *List) Marks() []model.Ref { return append([]model.Ref(nil), l.order...) }

// MarkCount gives how many are marked.
func (l *List) MarkCount() int { return len(l.order) }

// Marked reports whether a conversation is marked.
func (l *List) Marked(ref model.Ref) bool { _, ok := l.marks[ref]; return ok }

// StartRange begins a range at the cursor.
func (l *List) StartRange() {
	if l.ref.IsZero() {
		return
	}
	l.ranging, l.rangeFrom, l.rangeStart = true, l.cursor, l.ref
}

// EndRange gives up the range.
func (l *List) EndRange() { l.ranging = false }

// Ranging reports whether a range is being drawn.
func (l *List) Ranging() bool { return l.ranging }

// RangeBounds gives the first and last index of the range.
func (l *List) RangeBounds() (first, last int) {
	return min(l.rangeFrom, l.cursor), max(l.rangeFrom, l.cursor)
}

// RangeEnds gives the conversations at both ends of the range.
func (l *List) RangeEnds() (a, b model.Ref) { return l.rangeStart, l.ref }

// RangeRefs gives the conversations of the range; false where the window
// doesn't hold all of them.
func (l *List) RangeRefs() ([]model.Ref, bool) {
	first, last := l.RangeBounds()
	var out []model.Ref
	for i := first; i <= last; i++ {
		r, ok := l.at(i)
		if !ok {
			return nil, false
		}
		out = append(out, r.Conversation.Ref)
	}
	return out, true
}

func (l *List) inRange(i int) bool {
	if !l.ranging {
		return false
	}
	first, last := l.RangeBounds()
	return i >= first && i <= last
}

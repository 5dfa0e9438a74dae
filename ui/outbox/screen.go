package outbox

import (
	"cmp"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// section is a part of the list.
type section int

const (
	needsYou section = iota
	onItsWay
	settled
	sections
)

func sectionOf(s model.Submission) section {
	switch {
	case s.NeedPerson > 0:
		return needsYou
	case s.Waiting > 0:
		return onItsWay
	}
	return settled
}

// line is a line of the list: a submission, or an edit of the open one.
type line struct {
	sub  model.Submission
	edit *Edit
}

func (l line) key() string {
	if l.edit != nil {
		return l.edit.ID
	}
	return l.sub.ID
}

// Screen is the outbox and the history on screen.
type Screen struct {
	Keys *keymap.Keys
	Now  func() time.Time

	answer struct { // to a key
		look theme.Token
		text string
	}
	loaded bool
	// more says that older submissions exist that were not read; last is the id
	// of the oldest that was.
	more bool
	last string
	subs []model.Submission // those of which nothing is in the outbox come last

	open  string // the submission whose edits are shown
	edits Edits

	lines  []line
	bar    layout.Bar
	under  string // key of the line under the bar
	height int
}

// Set takes what was read: the submissions of which something is in the outbox,
// and a page of all, newest first. Older pages stay. more says whether there
// are any.
func (s *Screen) Set(pending, page []model.Submission, more bool) {
	var older []model.Submission
	if n := len(page); n > 0 && s.loaded {
		for _, o := range s.subs {
			if newestFirst(page[n-1], o) < 0 && sectionOf(o) == settled {
				older = append(older, o)
			}
		}
	}
	if len(older) == 0 {
		s.more = more
		s.last = ""
		if len(page) > 0 {
			s.last = page[len(page)-1].ID
		}
	}
	s.loaded = true
	s.take(pending, page, older)
}

// AddOlder takes the page after the oldest submission.
func (s *Screen) AddOlder(page []model.Submission, more bool) {
	s.more = more
	if len(page) > 0 {
		s.last = page[len(page)-1].ID
	}
	s.take(s.subs, page)
}

// Replace takes submissions that were read again, or are new. A settled one that
// is older than the pages that were read is of a page that follows.
func (s *Screen) Replace(subs ...model.Submission) {
	have := map[string]model.Submission{}
	for _, sub := range s.subs {
		have[sub.ID] = sub
	}
	oldest, paged := have[s.last]
	subs = slices.DeleteFunc(slices.Clone(subs), func(sub model.Submission) bool {
		_, known := have[sub.ID]
		return !known && s.more && paged && sectionOf(sub) == settled && newestFirst(oldest, sub) < 0
	})
	s.take(subs, s.subs)
}

// Waiting lists the submissions on screen that wait for a reason.
func (s *Screen) Waiting() []string {
	var out []string
	for _, l := range s.lines[min(s.bar.Top, len(s.lines)):min(s.bar.Top+s.height, len(s.lines))] {
		if l.edit == nil && l.sub.Problem != nil {
			out = append(out, l.sub.ID)
		}
	}
	return out
}

// Watched lists the submissions that may have changed since they were read
// without being among those that Set takes: what was on its way, and what the
// person looks at.
func (s *Screen) Watched() []string {
	var out []string
	for _, sub := range s.subs {
		if sectionOf(sub) != settled || sub.ID == s.open {
			out = append(out, sub.ID)
		}
	}
	if sub, _, ok := s.Under(); ok {
		out = append(out, sub.ID)
	}
	return out
}

// take joins lists of submissions; the first that has one of an id counts.
func (s *Screen) take(lists ...[]model.Submission) {
	seen := map[string]bool{}
	var all []model.Submission
	for _, list := range lists {
		for _, sub := range list {
			if !seen[sub.ID] {
				seen[sub.ID] = true
				all = append(all, sub)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b model.Submission) int {
		return cmp.Or(cmp.Compare(sectionOf(a), sectionOf(b)), newestFirst(a, b))
	})
	s.subs = all
	s.relist()
}

func newestFirst(a, b model.Submission) int {
	return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
}

// Agrees reports whether the edits of the open submission are as many as are
// counted of it.
func (s *Screen) Agrees() bool {
	i := slices.IndexFunc(s.subs, func(sub model.Submission) bool { return sub.ID == s.open })
	return i < 0 || s.edits.Agree(s.subs[i])
}

// Edits are those of the open submission.
func (s *Screen) Edits() Edits { return s.edits }

// SetEdits takes the edits of the open submission, or where refs names some
// those on these conversations.
func (s *Screen) SetEdits(id string, refs []model.Ref, waiting []model.OutboxEntry, done []model.JournalEntry) {
	if id != s.open {
		return
	}
	s.edits = s.edits.With(refs, waiting, done)
	s.relist()
}

// relist makes the lines anew and keeps the cursor on what it is on. Where an
// edit is gone, that is its submission.
func (s *Screen) relist() {
	var owner string
	if s.bar.At < len(s.lines) {
		owner = s.lines[s.bar.At].sub.ID
	}
	s.lines = nil
	for _, sub := range s.subs {
		s.lines = append(s.lines, line{sub: sub})
		if sub.ID == s.open {
			for _, e := range s.edits.list {
				s.lines = append(s.lines, line{sub: sub, edit: e})
			}
		}
	}
	for _, want := range []string{s.under, owner} {
		if i := s.find(want); want != "" && i >= 0 {
			s.bar.At = i
			break
		}
	}
	s.Move(0)
}

func (s *Screen) find(key string) int {
	return slices.IndexFunc(s.lines, func(l line) bool { return l.key() == key })
}

// What the screen asks for beside actions: more that is to be read where the cursor
// moved, or the edits of a submission that was opened.
type (
	Moved  struct{}
	Opened struct{}
)

// Update moves the cursor, opens and shuts submissions, and returns what else is
// asked for with the line under the cursor. Resolve is about an edit.
func (s *Screen) Update(msg tea.Msg) any {
	if at, ok := msg.(layout.Click); ok {
		if again := s.putAt(int(at)); again {
			return s.look()
		}
		return nil
	}
	moved := false
	a := s.Keys.Read(msg, max(1, s.height-1), func(by int) {
		s.Move(by)
		moved = true
	})
	switch {
	case moved:
		return Moved{}
	case a == keymap.Back && s.Shut():
		return nil
	case a == keymap.Hide, a == keymap.OutboxScreen:
		return keymap.Back
	case a == keymap.NextSection:
		s.NextSection()
		return Moved{}
	case a == keymap.Resolve:
		return s.look()
	}
	return a
}

// look opens or shuts the submission under the cursor, or asks about the edit there.
func (s *Screen) look() any {
	sub, edit, ok := s.Under()
	switch {
	case !ok:
		return nil
	case edit != nil:
		return keymap.Resolve
	case sub.ID == s.open:
		s.Shut()
		return nil
	}
	s.Open(sub.ID)
	return Opened{}
}

// Move moves the cursor.
func (s *Screen) Move(by int) { s.moveTo(s.bar.At + by) }

func (s *Screen) moveTo(i int) {
	s.bar.Put(i, len(s.lines))
	s.under = ""
	if len(s.lines) > 0 {
		s.under = s.lines[s.bar.At].key()
	}
}

// Find puts the cursor on a submission.
func (s *Screen) Find(id string) {
	if i := s.find(id); i >= 0 {
		s.moveTo(i)
	}
}

// NextSection puts the cursor on the first line of the next section that has
// any, in a circle.
func (s *Screen) NextSection() {
	if len(s.lines) == 0 {
		return
	}
	here := sectionOf(s.lines[s.bar.At].sub)
	for step := range sections {
		want := (here + 1 + step) % sections
		if i := slices.IndexFunc(s.lines, func(l line) bool { return sectionOf(l.sub) == want }); i >= 0 {
			s.moveTo(i)
			return
		}
	}
}

// putAt puts the cursor on the row drawn at a line; it reports whether it was
// there already.
func (s *Screen) putAt(at int) (again bool) {
	if at < s.height {
		again = s.bar.Click(at, len(s.lines))
		s.Move(0)
	}
	return again
}

// Under gives what is under the cursor: a submission, and its edit where the
// cursor is on one.
func (s *Screen) Under() (sub model.Submission, edit *Edit, ok bool) {
	if len(s.lines) == 0 {
		return sub, nil, false
	}
	l := s.lines[s.bar.At]
	return l.sub, l.edit, true
}

// Opened gives the submission whose edits are shown, "" for none.
func (s *Screen) Opened() string { return s.open }

// Open shows the edits of a submission in place of those of any other.
func (s *Screen) Open(id string) {
	s.open, s.edits = id, Edits{}
	s.relist()
}

// Shut hides the edits of the open submission; false if none was open.
func (s *Screen) Shut() bool {
	if s.open == "" {
		return false
	}
	if sub, edit, _ := s.Under(); edit != nil {
		s.under = sub.ID
	}
	s.Open("")
	return true
}

// WantsOlder gives the id before which a page is to be read, since the cursor
// is near the end of what was.
func (s *Screen) WantsOlder() (before string, ok bool) {
	return s.last, s.more && s.bar.At+s.height >= len(s.lines)-1
}

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
	// more says that older submissions were not read; last is the oldest that was.
	more bool
	last model.Submission
	subs []model.Submission // those of which nothing is in the outbox come last
	// namesakes are the conversations of submissions of one edit, by their sentences.
	namesakes theme.Namesakes

	open  string // the submission whose edits are shown
	edits Edits

	lines  []line
	bar    layout.Bar
	height int

	finder keymap.Finder
	// seeking says that a search goes on in what is not read yet.
	seeking bool
}

// Set takes the submissions of which something is in the outbox and the newest page of
// all. more says that there are older ones; those that were read stay.
func (s *Screen) Set(pending, page []model.Submission, more bool) {
	older := slices.DeleteFunc(slices.Clone(s.subs), func(o model.Submission) bool {
		return len(page) == 0 || newestFirst(page[len(page)-1], o) >= 0 || sectionOf(o) != settled
	})
	if len(older) == 0 {
		s.last = model.Submission{}
		s.paged(page, more)
	}
	s.loaded = true
	s.take(pending, page, older)
}

func (s *Screen) paged(page []model.Submission, more bool) {
	if s.more = more; len(page) > 0 {
		s.last = page[len(page)-1]
	}
}

// AddOlder takes the page after the oldest submission.
func (s *Screen) AddOlder(page []model.Submission, more bool) {
	s.paged(page, more)
	s.take(s.subs, page)
	if s.seeking {
		s.next(0)
	}
}

// Replace takes submissions that were read again or are new, unless they are older than
// what was read.
func (s *Screen) Replace(subs ...model.Submission) {
	s.take(slices.DeleteFunc(slices.Clone(subs), func(sub model.Submission) bool {
		known := slices.ContainsFunc(s.subs, func(o model.Submission) bool { return o.ID == sub.ID })
		return !known && s.more && s.last.ID != "" && sectionOf(sub) == settled && newestFirst(s.last, sub) < 0
	}), s.subs)
}

// Waiting returns the submissions in sight that wait for a reason.
func (s *Screen) Waiting() []string {
	var out []string
	for _, l := range s.lines[min(s.bar.Top, len(s.lines)):min(s.bar.Top+s.height, len(s.lines))] {
		if l.edit == nil && l.sub.Problem != nil {
			out = append(out, l.sub.ID)
		}
	}
	return out
}

// Watched returns the submissions that may have changed and are not among those that Set
// takes.
func (s *Screen) Watched() []string {
	var out []string
	here, _, _ := s.Under()
	for _, sub := range s.subs {
		if sectionOf(sub) != settled || sub.ID == s.open || sub.ID == here.ID {
			out = append(out, sub.ID)
		}
	}
	return out
}

// take joins lists of submissions; the first of an id counts.
func (s *Screen) take(lists ...[]model.Submission) {
	seen := map[string]bool{}
	s.subs = slices.DeleteFunc(slices.Concat(lists...), func(sub model.Submission) bool {
		again := seen[sub.ID]
		seen[sub.ID] = true
		return again
	})
	slices.SortStableFunc(s.subs, func(a, b model.Submission) int {
		return cmp.Or(cmp.Compare(sectionOf(a), sectionOf(b)), newestFirst(a, b))
	})
	s.namesakes = theme.Namesakes{}
	for _, sub := range s.subs {
		if !sub.Ref.IsZero() {
			s.namesakes.Add(sub.Sentence, sub.Ref)
		}
	}
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

func (s *Screen) Edits() Edits { return s.edits }

// SetEdits takes the edits of the open submission, all or those on refs.
func (s *Screen) SetEdits(id string, refs []model.Ref, waiting []model.OutboxEntry, done []model.JournalEntry) {
	if id == s.open {
		s.edits = s.edits.With(refs, waiting, done)
		s.relist()
	}
}

// relist makes the lines anew. The cursor stays where it is, or goes to the submission of
// an edit that is gone.
func (s *Screen) relist() {
	var under line
	if s.bar.At < len(s.lines) {
		under = s.lines[s.bar.At]
	}
	s.lines = nil
	for _, sub := range s.subs {
		s.lines = append(s.lines, line{sub: sub})
		if sub.ID == s.open {
			for _, e := range s.edits.list {
				s.lines = append(s.lines, line{sub, e})
			}
		}
	}
	s.Move(0)
	s.Find(under.sub.ID)
	s.Find(under.key())
}

// Moved asks for what the cursor moved to, Opened for the edits of a submission.
type (
	Moved  struct{}
	Opened struct{}
)

// Update returns what is asked for with the line under the cursor; Resolve is about an
// edit.
func (s *Screen) Update(msg tea.Msg) any {
	if s.finder.Typing() {
		if by, look := s.finder.Read(s.Keys, msg); look {
			s.next(by)
		}
		s.seeking = s.seeking && s.finder.Query != ""
		return Moved{}
	}
	if line, ok := msg.(layout.Click); ok {
		if int(line) < s.height && s.bar.Click(int(line), len(s.lines)) {
			return s.look()
		}
		return nil
	}
	moved := false
	a := s.Keys.Read(msg, max(1, s.height-1), func(by int) {
		s.Move(by)
		moved = true
	})
	switch a {
	case keymap.Back:
		if s.finder.Shown() {
			s.finder, s.seeking = keymap.Finder{}, false
			return nil
		}
		if s.Shut() {
			return nil
		}
	case keymap.Search:
		s.finder.Begin()
		return nil
	case keymap.Hide, keymap.OutboxScreen:
		return keymap.Back
	case keymap.Resolve:
		return s.look()
	case keymap.SearchNext, keymap.SearchPrev:
		s.next(theme.Pick(a == keymap.SearchNext, 1, -1))
		return Moved{}
	case keymap.NextSection:
		s.NextSection()
		return Moved{}
	}
	if moved {
		return Moved{}
	}
	return a
}

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

func (s *Screen) Move(by int) { s.bar.Move(by, len(s.lines)) }

func (s *Screen) Find(id string) {
	if i := slices.IndexFunc(s.lines, func(l line) bool { return l.key() == id }); i >= 0 {
		s.bar.At = i
	}
}

// NextSection goes to the next section that has any lines, in a circle.
func (s *Screen) NextSection() {
	here, _, _ := s.Under()
	for step := range sections {
		want := (sectionOf(here) + 1 + step) % sections
		if i := slices.IndexFunc(s.lines, func(l line) bool { return sectionOf(l.sub) == want }); i >= 0 {
			s.bar.At = i
			return
		}
	}
}

// next goes to the next match after the line under the cursor, or before it; by 0 stays on
// a match. Where none was read yet, older ones are wanted.
func (s *Screen) next(by int) {
	i, ok := s.finder.Next(s.bar.At+by, by, len(s.lines), func(i int) string { return s.lines[i].words() })
	if ok {
		s.bar.At = i
	}
	s.seeking = s.finder.Missed && s.more
	s.finder.Missed = s.finder.Missed && !s.more
}

// words are what is looked for in a line.
func (l line) words() string {
	switch p := l.sub.Problem; {
	case l.edit != nil:
		return titleOf(l.edit.OutboxEntry)
	case p != nil:
		return l.sub.Words() + " " + p.Title + " " + p.Error.Words()
	}
	return l.sub.Words()
}

// Under returns the submission under the cursor, and the edit where it is on one.
func (s *Screen) Under() (sub model.Submission, edit *Edit, ok bool) {
	if len(s.lines) == 0 {
		return sub, nil, false
	}
	l := s.lines[s.bar.At]
	return l.sub, l.edit, true
}

// Opened returns the submission whose edits are shown, "" for none.
func (s *Screen) Opened() string { return s.open }

func (s *Screen) Open(id string) {
	s.open, s.edits = id, Edits{}
	s.relist()
}

// Shut hides the edits of the open submission, if one is.
func (s *Screen) Shut() bool {
	if s.open == "" {
		return false
	}
	s.Open("")
	return true
}

// WantsOlder returns the submission before which a page is to be read, since the cursor is
// near the end.
func (s *Screen) WantsOlder() (before string, ok bool) {
	return s.last.ID, s.more && (s.seeking || s.bar.At+s.height >= len(s.lines)-1)
}

package outbox

import (
	"cmp"
	"context"
	"iter"
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

// line shows a submission, or an edit of the open one.
type line struct {
	sub  model.Submission
	edit *Edit // nil for the submission
}

func (l line) id() string {
	if l.edit != nil {
		return l.edit.ID
	}
	return l.sub.ID
}

// Screen shows the outbox and the history.
type Screen struct {
	Keys *keymap.Keys
	Now  func() time.Time

	answer struct { // to the last key
		look theme.Token
		text string
	}
	loaded    bool
	subs      []model.Submission // by section, newest first
	oldest    model.Submission   // the last of the pages that were read
	more      bool               // older submissions were not read
	namesakes theme.Namesakes    // of submissions of one edit: the conversations by sentence

	opened string // the submission whose edits are shown, "" for none
	edits  Edits

	lines  []line
	bar    layout.Bar
	height int

	finder         keymap.Finder
	searchingOlder bool // the search goes on in the next page
}

// Set takes submissions that changed or are new, newest first. With a limit, they are everything in the outbox and that many of
// the newest: nothing else stays but older pages that were read before. What belongs to a page that was not read is dropped.
func (s *Screen) Set(subs []model.Submission, limit int) {
	known, kept := map[string]bool{}, s.subs
	for _, o := range s.subs {
		known[o.ID] = true
	}
	if limit > 0 {
		page := subs[:min(limit, len(subs))]
		kept = slices.DeleteFunc(slices.Clone(s.subs), func(o model.Submission) bool {
			return len(page) == 0 || newestFirst(page[len(page)-1], o) >= 0 || sectionOf(o) != settled
		})
		if s.loaded = true; len(kept) == 0 {
			s.oldest = model.Submission{}
			s.endPage(page, len(page) == limit)
		}
	}
	s.merge(slices.DeleteFunc(slices.Clone(subs), func(sub model.Submission) bool {
		return !known[sub.ID] && s.more && s.oldest.ID != "" && sectionOf(sub) == settled && newestFirst(s.oldest, sub) < 0
	}), kept)
}

func (s *Screen) endPage(page []model.Submission, more bool) {
	if s.more = more; len(page) > 0 {
		s.oldest = page[len(page)-1]
	}
}

// AddOlder takes the page that follows the oldest submission.
func (s *Screen) AddOlder(page []model.Submission, more bool) {
	s.endPage(page, more)
	s.merge(s.subs, page)
	if s.searchingOlder {
		s.search(0)
	}
}

// Waiting returns the ids of the submissions in sight that give a reason why they wait.
func (s *Screen) Waiting() []string {
	var out []string
	for _, l := range s.lines[min(s.bar.Top, len(s.lines)):min(s.bar.Top+s.height, len(s.lines))] {
		if l.edit == nil && l.sub.Problem != nil {
			out = append(out, l.sub.ID)
		}
	}
	return out
}

// merge joins lists of submissions. The first one with an id counts.
func (s *Screen) merge(lists ...[]model.Submission) {
	seen := map[string]bool{}
	s.subs = slices.DeleteFunc(slices.Concat(lists...), func(sub model.Submission) bool {
		duplicate := seen[sub.ID]
		seen[sub.ID] = true
		return duplicate
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

func (s *Screen) Edits() Edits { return s.edits }

// SetEdits takes the edits of a submission, unless it is not open any more.
func (s *Screen) SetEdits(id string, edits Edits) {
	if id == s.opened {
		changed := !slices.Equal(s.edits.list, edits.list)
		if s.edits = edits; changed {
			s.relist()
		}
	}
}

// relist makes the lines again. The cursor stays on its edit or submission; from an edit that is gone it goes to the submission.
func (s *Screen) relist() {
	var here line
	if s.bar.At < len(s.lines) {
		here = s.lines[s.bar.At]
	}
	s.lines = nil
	for _, sub := range s.subs {
		s.lines = append(s.lines, line{sub: sub})
		if sub.ID == s.opened {
			for _, e := range s.edits.list {
				s.lines = append(s.lines, line{sub, e})
			}
		}
	}
	s.move(0)
	s.Find(here.sub.ID)
	s.Find(here.id())
}

// Moved says that the cursor has moved, Opened that a submission was opened whose edits have to be read.
type (
	Moved  struct{}
	Opened struct{}
)

// Update returns Moved, Opened, or an action for the line under the cursor; keymap.Resolve is about an edit.
func (s *Screen) Update(msg tea.Msg) any {
	if s.finder.Typing() {
		if by, look := s.finder.Read(s.Keys, msg); look {
			s.search(by)
		}
		s.searchingOlder = s.searchingOlder && s.finder.Query != ""
		return Moved{}
	}
	if line, ok := msg.(layout.Click); ok {
		if int(line) < s.height && s.bar.Click(int(line), len(s.lines)) {
			return s.openLine()
		}
		return nil
	}
	moved := false
	a := s.Keys.Read(msg, max(1, s.height-1), func(by int) {
		s.move(by)
		moved = true
	})
	switch a {
	case keymap.Back:
		if s.finder.Shown() {
			s.finder, s.searchingOlder = keymap.Finder{}, false
			return nil
		}
		if s.close() {
			return nil
		}
	case keymap.Search:
		s.finder.Begin()
		return nil
	case keymap.Hide, keymap.OutboxScreen:
		return keymap.Back
	case keymap.Resolve:
		return s.openLine()
	case keymap.SearchNext, keymap.SearchPrev:
		s.search(theme.Pick(a == keymap.SearchNext, 1, -1))
		return Moved{}
	case keymap.NextSection:
		s.nextSection()
		return Moved{}
	}
	if moved {
		return Moved{}
	}
	return a
}

func (s *Screen) openLine() any {
	sub, edit, ok := s.Under()
	switch {
	case !ok:
		return nil
	case edit != nil:
		return keymap.Resolve
	case sub.ID == s.opened:
		s.close()
		return nil
	}
	s.open(sub.ID)
	return Opened{}
}

func (s *Screen) move(by int) { s.bar.Move(by, len(s.lines)) }

// Find moves the cursor to the submission or the edit with an id, if it is listed.
func (s *Screen) Find(id string) {
	if i := slices.IndexFunc(s.lines, func(l line) bool { return l.id() == id }); i >= 0 {
		s.bar.At = i
	}
}

// nextSection goes to the next section that has any lines, in a circle.
func (s *Screen) nextSection() {
	here, _, _ := s.Under()
	for step := range sections {
		want := (sectionOf(here) + 1 + step) % sections
		if i := slices.IndexFunc(s.lines, func(l line) bool { return sectionOf(l.sub) == want }); i >= 0 {
			s.bar.At = i
			return
		}
	}
}

// search moves the cursor to the next match, or to the one before for a negative by; for 0
// it stays on a match. If no line matches, the search goes on in older pages.
func (s *Screen) search(by int) {
	i, ok := s.finder.Next(s.bar.At+by, by, len(s.lines), func(i int) string { return s.lines[i].words() })
	if ok {
		s.bar.At = i
	}
	s.searchingOlder = s.finder.Missed && s.more
	s.finder.Missed = s.finder.Missed && !s.more
}

// words returns the text that a search looks at.
func (l line) words() string {
	switch p := l.sub.Problem; {
	case l.edit != nil:
		return titleOf(l.edit.OutboxEntry)
	case p != nil:
		return l.sub.Words() + " " + p.Title + " " + p.Error.Words()
	}
	return l.sub.Words()
}

// Under returns the submission under the cursor, and the edit if the cursor is on one.
func (s *Screen) Under() (sub model.Submission, edit *Edit, ok bool) {
	if len(s.lines) == 0 {
		return sub, nil, false
	}
	l := s.lines[s.bar.At]
	return l.sub, l.edit, true
}

// Opened returns the id of the submission whose edits are shown, "" for none.
func (s *Screen) Opened() string { return s.opened }

func (s *Screen) open(id string) {
	s.opened, s.edits = id, Edits{}
	s.relist()
}

// close hides the edits of the open submission and reports whether there was one.
func (s *Screen) close() bool {
	if s.opened == "" {
		return false
	}
	s.open("")
	return true
}

// WantsOlder reports whether the next page should be read, because the cursor is near the
// end or a search goes on there, and returns the id before which the page begins.
func (s *Screen) WantsOlder() (before string, ok bool) {
	return s.oldest.ID, s.more && (s.searchingOlder || s.bar.At+s.height >= len(s.lines)-1)
}

// Edit is an edit of the open submission. Journal is nil until the edit is settled.
type Edit struct {
	model.OutboxEntry
	Journal *model.JournalEntry
}

func (e *Edit) rank() int {
	switch {
	case e.State.NeedsPerson():
		return 0
	case e.Journal == nil:
		return 1
	}
	return 2
}

// Edits are the edits of one submission, those that need a person first. A value is immutable.
type Edits struct {
	// Version is that of the answer they come from, 0 if they were not read.
	Version   int64
	list      []*Edit
	namesakes theme.Namesakes
}

// Read brings the edits of a submission up to date with get, which reads what changed since
// a version. It returns the submission, too.
func (s Edits) Read(ctx context.Context, id string,
	get func(ctx context.Context, id string, since int64) (model.SubmissionEdits, error)) (Edits, model.Submission, error) {
	read, err := get(ctx, id, s.Version)
	out := s.with(read)
	if err == nil && read.Partial && !out.agree(read.Submission) {
		if read, err = get(ctx, id, 0); err == nil {
			out = Edits{}.with(read)
		}
	}
	return out, read.Submission, err
}

func (s Edits) with(read model.SubmissionEdits) Edits {
	replaced := map[model.Ref]bool{}
	for _, ref := range read.Changed {
		replaced[ref] = true
	}
	out := Edits{Version: read.Version, namesakes: theme.Namesakes{}}
	out.list = slices.DeleteFunc(slices.Clone(s.list), func(e *Edit) bool { return !read.Partial || replaced[e.Ref] })
	if read.Partial && len(out.list) == len(s.list) && len(read.Outbox)+len(read.Journal) == 0 {
		s.Version = read.Version // nothing changed
		return s
	}
	for _, e := range read.Outbox {
		out.list = append(out.list, &Edit{OutboxEntry: e})
	}
	for _, j := range read.Journal {
		out.list = append(out.list, &Edit{OutboxEntry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
	}
	slices.SortFunc(out.list, func(a, b *Edit) int { return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.ID, b.ID)) })
	for _, e := range out.list {
		out.namesakes.Add(e.Title, e.Ref)
	}
	return out
}

// Unsettled returns the edits without the settled ones.
func (s Edits) Unsettled() Edits {
	s.list = slices.DeleteFunc(slices.Clone(s.list), func(e *Edit) bool { return e.Journal != nil })
	return s
}

// Waiting returns the edits that are not settled.
func (s Edits) Waiting() iter.Seq[model.OutboxEntry] {
	return func(yield func(model.OutboxEntry) bool) {
		for _, e := range s.list {
			if e.Journal == nil && !yield(e.OutboxEntry) {
				return
			}
		}
	}
}

// agree reports whether the unsettled edits are as many as their submission counts. They may
// not be: an edit of a conversation that is not cached changes without a changed row.
func (s Edits) agree(sub model.Submission) bool {
	for _, e := range s.list {
		switch {
		case e.Journal != nil:
		case e.State.Waiting():
			sub.Waiting--
		default:
			sub.NeedPerson--
		}
	}
	return sub.Waiting == 0 && sub.NeedPerson == 0
}

package dialog

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Results shows a submission of several edits, while it is delivered and how it ended:
// what needs a person first, what is well in one line that opens.
type Results struct {
	Keys *keymap.Keys
	Now  func() time.Time

	sub    model.Submission
	told   Told
	answer string // to a key, "" for none
	sheet
	// opened are the lines that the person opened, by their names.
	opened map[string]bool
	// settled are the first conversations that are well, once they were read.
	settled   []model.JournalEntry
	namesakes theme.Namesakes // of those told one by one
	// read is how many edits were well when these were read, more the others of them.
	read, more int
}

// toldAtMost is how many edits are told of one by one.
const toldAtMost = 500

// Told is what there is to tell of the unsettled edits of a submission.
type Told struct {
	// edits are the first that need a person or wait for a reason; more counts the others.
	edits []model.OutboxEntry
	more  int
	// refused may be sent again as they are, unsent can be withdrawn, rest are on their
	// way.
	refused, unsent, rest int
}

// Tell sorts out the edits of a submission that are not settled.
func Tell(waiting iter.Seq[model.OutboxEntry]) Told {
	var t Told
	var later []model.OutboxEntry
	for e := range waiting {
		t.refused += b(Refused(e))
		t.unsent += b(Unsent(e))
		switch {
		case e.State.NeedsPerson() && len(t.edits) < toldAtMost:
			t.edits = append(t.edits, e)
		case e.State.NeedsPerson():
			t.more++
		case e.Error != nil && e.State != model.Sending && len(later) < toldAtMost:
			later = append(later, e)
		default:
			t.rest++
		}
	}
	t.edits = append(t.edits, later...)
	return t
}

// TellCounts is Tell where no edit needs a person or waits for a reason.
func TellCounts(s model.Submission) Told { return Told{unsent: s.Waiting - s.Sending, rest: s.Waiting} }

// Set takes what is known now. Lines that are open stay open.
func (d *Results) Set(sub model.Submission, told Told) {
	d.sub, d.told = sub, told
	if d.folds != nil {
		d.opened = map[string]bool{}
	}
	for _, f := range d.folds {
		d.opened[f.name] = f.open
	}
	d.folds = nil
}

// SetSettled takes the conversations that are well.
func (d *Results) SetSettled(settled []model.JournalEntry) {
	n := min(len(settled), toldAtMost)
	d.read, d.more, d.settled = d.fine(), len(settled)-n, slices.Clone(settled[:n])
	d.Set(d.sub, d.told)
}

func (d *Results) Submission() model.Submission { return d.sub }

// Refused reports whether an edit may be sent once more as it is.
func Refused(e model.OutboxEntry) bool {
	return e.State.NeedsPerson() && e.State != model.InConflict
}

// Unsent reports whether an edit can be withdrawn.
func Unsent(e model.OutboxEntry) bool {
	return !e.Sent && e.State.Waiting() && e.State != model.Sending
}

// Answer shows what a key did.
func (d *Results) Answer(_ theme.Token, text string) { d.answer = text }

// Settled asks for the conversations that are well.
type Settled struct{}

// Update returns Retry, Stop, SaveReport, Undo or Settled.
func (d *Results) Update(msg tea.Msg) any {
	was := d.isOpen()
	a, took := d.sheet.Update(d.Keys, msg)
	if !was && d.isOpen() && d.read != d.fine() {
		return Settled{}
	}
	switch {
	case took:
	case a == keymap.Undo && d.sub.Undoes != "":
		d.Answer(theme.Dim, "this took something back; the outbox and history can take that back, too")
	case a == keymap.Back, a == keymap.Accept:
		return keymap.Back
	case a == keymap.Retry, a == keymap.Stop, a == keymap.SaveReport, a == keymap.Undo:
		return a
	}
	return nil
}

// isOpen reports whether what is well is listed.
func (d *Results) isOpen() bool {
	return slices.ContainsFunc(d.folds, func(f *fold) bool { return f.name == wellLine && f.open })
}

// WantsSettled reports whether what is well is listed, all of it is known by now, and it
// has not been read since.
func (d *Results) WantsSettled() bool {
	return (d.isOpen() || d.opened[wellLine]) && d.sub.Settled() && d.read != d.fine()
}

// fine counts the edits that are well.
func (d *Results) fine() int { return d.sub.Delivered + d.sub.Already }

// Draw draws the results.
func (d *Results) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w, now := min(screen.W-2, 92), d.Now()
	if d.folds == nil {
		d.fill(th, now)
	}
	look := theme.Accent
	if d.sub.NeedPerson > 0 {
		look = theme.Warning
	}
	answer := func(w int) []string {
		if d.answer == "" {
			return nil
		}
		return th.Wrapped(model.CleanLine(d.answer, 300), w, theme.Key, "")
	}
	inside := max(1, w-4)
	extra := 2*b(!d.sub.Settled()) + len(answer(inside)) + b(d.finder.Shown())
	h := min(d.height(th, inside, screen.H)+extra, screen.H-3)
	return th.Frame(screen, d.title(), d.footer(screen.W), w, h, look, func(w, h int) ([]string, *layout.Cursor) {
		head := answer(w)
		if !d.sub.Settled() && h >= 3 {
			head = append(head, bar(th, d.sub.Edits-d.sub.Waiting, d.sub.Edits, w), "")
		}
		room := max(0, h-len(head)-b(d.finder.Shown()))
		out := append(head, th.Block(d.draw(th, w, room), w, room)...)
		if !d.finder.Shown() {
			return out, nil
		}
		line, cursor := d.finder.Draw(th, w)
		if cursor != nil {
			cursor.Y = len(out)
		}
		return append(out, line), cursor
	})
}

// counted matches a sentence of which the number of conversations can be told apart:
// "made 75 private".
var counted = regexp.MustCompile(`^(\w+) [\d,]+( \w+)?$`)

// title says what was asked for, and of how many it is done: "Made private: 73 of 75".
func (d *Results) title() string {
	if d.sub.ID == "" {
		return "On its way"
	}
	words := capital(d.sub.Words())
	if d.fine() == d.sub.Edits || !counted.MatchString(words) {
		return words
	}
	return counted.ReplaceAllString(words, "$1$2") + ": " + theme.Number(d.fine()) + " of " + theme.Number(d.sub.Edits)
}

// backable counts the edits that can be taken back here. What took something back is none:
// that would make the change once more.
func (d *Results) backable() int {
	if !d.sub.Settled() || d.sub.Undoes != "" {
		return 0
	}
	return d.sub.Delivered - d.sub.TakenBack
}

func (d *Results) footer(w int) []string {
	var out []string
	add := func(a keymap.Action, does string) { out = append(out, d.Keys.Of(a), does) }
	if d.told.refused > 0 {
		add(keymap.Retry, "retry the refused")
	}
	if n := d.told.unsent; n > 0 {
		add(keymap.Stop, "withdraw the "+theme.Number(n)+" unsent")
	}
	if n := d.backable(); n > 0 {
		add(keymap.Undo, "take the "+theme.Number(n)+" back")
	}
	if f, row := d.spot(d.at); w >= 60 && f != nil && f.opens() && row < 0 && !f.open {
		add(keymap.OpenLine, "open")
	}
	add(keymap.SaveReport, "save the report")
	return append(out, "esc", "close")
}

// wellLine is the name of the line of what is well.
const wellLine = "well"

// fill makes the lines: what needs a person, what waits and why, what is on its way, and
// what is well.
func (d *Results) fill(th *theme.Theme, now time.Time) {
	rest := d.told.rest
	var by []*problem
	for _, e := range d.told.edits {
		reason := th.Reason(e, now)
		if reason == "" {
			rest++
			continue
		}
		alike := e
		if e.Error != nil && e.Error.RequestID != "" {
			cause := *e.Error
			cause.RequestID = ""
			alike.Error = &cause
		}
		p := problem{reason: th.Reason(alike, now), person: e.State.NeedsPerson(), state: e.State}
		i := slices.IndexFunc(by, func(q *problem) bool { return q.person == p.person && q.reason == p.reason })
		if i < 0 {
			i, by = len(by), append(by, &p)
		}
		by[i].edits, by[i].reasons = append(by[i].edits, e), append(by[i].reasons, reason)
	}
	slices.SortStableFunc(by, func(p, q *problem) int { return b(q.person) - b(p.person) })
	d.namesakes = theme.Namesakes{}
	for _, e := range d.told.edits {
		d.namesakes.Add(e.Title, e.Ref)
	}
	for _, j := range d.settled {
		d.namesakes.Add(j.Title, j.Ref)
	}
	d.folds = []*fold{}
	for _, p := range by {
		d.folds = append(d.folds, d.failed(p))
	}
	d.folds = append(d.folds, textual(func(th *theme.Theme, w int) (out []string) {
		if n := d.told.more; n > 0 {
			out = th.Wrapped(theme.Number(n)+" more need you: the outbox lists them", w, theme.Attention, "")
		}
		if rest > 0 {
			out = append(out, th.Wrapped(th.QueuedSign+" "+theme.Number(rest)+" on "+its(rest)+" way", w, theme.Pending, "")...)
		}
		return out
	}), d.fineOnes(now))
	for _, f := range d.folds {
		f.open = d.opened[f.name]
	}
	d.at = min(d.at, max(0, d.size()-1))
}

// problem is why some edits need a person or wait; reasons say it with the id of each
// request.
type problem struct {
	reason  string
	person  bool
	state   model.EditState
	edits   []model.OutboxEntry
	reasons []string
}

// failed tells of a problem: of a few edits one by one in two lines, of more in one that
// opens.
func (d *Results) failed(p *problem) *fold {
	const few = 3
	f := &fold{n: len(p.edits), name: p.reason, words: func(i int) string { return p.edits[i].Title }}
	f.row = func(th *theme.Theme, i, w int) []string {
		e := &p.edits[i]
		sign, _, look := th.StateSign(e.State)
		apart := th.Truncate(d.namesakes.Apart(e.Title, e.Ref, "  "), w/2, th.Ellipsis)
		title := d.say(th, theme.Text, th.Truncate(titleOf(e.Title, e.Ref), max(1, w-2-th.Width(apart)), th.Ellipsis))
		out := []string{th.Say(look, sign) + " " + title + th.Say(theme.Dim, apart)}
		if f.head != nil && p.reasons[i] == p.reason {
			return out
		}
		return append(out, th.Wrapped(p.reasons[i], w, look, "  ")...)
	}
	if f.n > few {
		f.head = func(th *theme.Theme, w int) []string {
			sign, _, look := th.StateSign(p.state)
			return headed(th, look, sign+" "+p.reason, "", f.n, f, w)
		}
	}
	return f
}

// fineOnes is the line of what is well, which opens to the conversations.
func (d *Results) fineOnes(now time.Time) *fold {
	f := &fold{name: wellLine}
	s := d.sub
	s.Waiting, s.Sending, s.NeedPerson = 0, 0, 0
	if s.ID == "" || d.fine()+s.Withdrawn+s.Discarded+s.Replaced == 0 && s.Edits > 0 {
		return f // it has not been read yet
	}
	f.head = func(th *theme.Theme, w int) []string {
		return headed(th, theme.Good, th.DoneSign+" "+th.Ending(s, now), "", 0, f, w)
	}
	if d.fine() == 0 {
		return f
	}
	f.n = max(1, len(d.settled)+b(d.more > 0))
	f.words = func(i int) string {
		if i < len(d.settled) {
			return d.settled[i].Title
		}
		return ""
	}
	f.row = func(th *theme.Theme, i, w int) []string {
		switch {
		case len(d.settled) == 0:
			return []string{th.Say(theme.Dim, "    reading"+th.Ellipsis)}
		case i == len(d.settled):
			return th.Wrapped(theme.Number(d.more)+" more: the report lists them all", w, theme.Dim, "    ")
		}
		j := d.settled[i]
		info := cmp.Or(d.namesakes.Apart(j.Title, j.Ref, ""), model.CleanLine(j.Ref.Account, 40))
		if j.State == model.OutcomeAlreadySet {
			info += ", already so"
		} else if j.Undone != "" {
			info += ", taken back"
		}
		room := max(1, w-6-th.Width(info))
		return []string{"    " + d.say(th, theme.Text, th.Truncate(titleOf(j.Title, j.Ref), room, th.Ellipsis)) + "  " + th.Say(theme.Dim, info)}
	}
	return f
}

func its(n int) string {
	if n == 1 {
		return "its"
	}
	return "their"
}

// Report returns the results of a submission as text to be saved.
func Report(th *theme.Theme, sub model.Submission, waiting []model.OutboxEntry, settled []model.JournalEntry, now time.Time) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n%s\n\n", capital(sub.Words()), th.Ending(sub, now))
	line := func(state model.EditState, e model.Edit, title, reason string) {
		_, word, _ := th.StateSign(state)
		fmt.Fprintf(&s, "%s\t%s\t%s\t%s", word, model.CleanLine(e.Ref.String(), 0), th.Phrase(e), model.CleanLine(title, 0))
		if reason != "" {
			s.WriteString("\t" + reason)
		}
		s.WriteByte('\n')
	}
	waiting = slices.SortedStableFunc(slices.Values(waiting), func(a, c model.OutboxEntry) int {
		return cmp.Compare(b(c.State.NeedsPerson()), b(a.State.NeedsPerson()))
	})
	for _, e := range waiting {
		line(e.State, e.Edit, e.Title, th.Reason(e, now))
	}
	for _, j := range settled {
		line(j.State, j.Edit, j.Title, "")
	}
	return s.String()
}

package dialog

import (
	"cmp"
	"fmt"
	"iter"
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
// what needs a person first, what is well in one line.
type Results struct {
	Keys *keymap.Keys
	Now  func() time.Time

	sub    model.Submission
	told   Told
	answer string // to a key, "" for none
	layout.Pager
	// drawn are the lines of the edits, drawnW cells wide.
	drawn  []string
	drawnW int
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

func (d *Results) Set(sub model.Submission, told Told) { d.sub, d.told, d.drawn = sub, told, nil }

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

// Update returns Retry, Stop, SaveReport or Undo.
func (d *Results) Update(msg tea.Msg) any {
	switch a := d.Keys.Read(msg, page, d.Scroll); a {
	case keymap.Back, keymap.Accept:
		return keymap.Back
	case keymap.Retry, keymap.Stop, keymap.SaveReport, keymap.Undo:
		return a
	}
	return nil
}

// Draw draws the results.
func (d *Results) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w, now := min(screen.W-2, 92), d.Now()
	body := d.lines(th, max(1, w-4), now)
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
	h := min(len(body)+2*b(!d.sub.Settled())+len(answer(max(1, w-4))), screen.H-3)
	return th.Frame(screen, d.title(), d.footer(), w, h, look, func(w, h int) ([]string, *layout.Cursor) {
		head := answer(w)
		if !d.sub.Settled() && h > 3 {
			head = append(head, bar(th, d.sub.Edits-d.sub.Waiting, d.sub.Edits, w), "")
		}
		body := d.lines(th, w, now)
		first, end := d.Show(len(body), max(0, h-len(head)))
		return append(head, body[first:end]...), nil
	})
}

func (d *Results) title() string {
	if d.sub.ID == "" {
		return "On its way"
	}
	return capital(d.sub.Words())
}

func (d *Results) footer() []string {
	var out []string
	add := func(a keymap.Action, does string) { out = append(out, d.Keys.Of(a), does) }
	if d.told.refused > 0 {
		add(keymap.Retry, "retry the refused")
	}
	if n := d.told.unsent; n > 0 {
		add(keymap.Stop, "withdraw the "+theme.Number(n)+" unsent")
	}
	add(keymap.SaveReport, "save report")
	if n := d.sub.Delivered - d.sub.TakenBack; n > 0 && d.sub.Settled() {
		add(keymap.Undo, "take the "+theme.Number(n)+" back")
	}
	return append(out, "esc", "close")
}

// lines lists what needs a person or waits, each reason once under its titles, and counts
// the rest.
func (d *Results) lines(th *theme.Theme, w int, now time.Time) []string {
	if d.drawn != nil && d.drawnW == w {
		return d.drawn
	}
	type item struct {
		model.OutboxEntry
		reason string
	}
	var items []item
	rest := d.told.rest
	for _, e := range d.told.edits {
		if reason := th.Reason(e, now); reason != "" {
			items = append(items, item{e, reason})
		} else {
			rest++
		}
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(person(b.State)-person(a.State), cmp.Compare(a.reason, b.reason))
	})
	var out []string
	for i, it := range items {
		sign, _, look := th.StateSign(it.State)
		out = append(out, th.Say(look, sign)+" "+th.Truncate(titleOf(it.Title, it.Ref), max(1, w-2), th.Ellipsis))
		if i+1 == len(items) || items[i+1].reason != it.reason {
			out = append(out, th.Wrapped(it.reason, w, look, "  ")...)
		}
	}
	if d.told.more > 0 {
		out = append(out, th.Say(theme.Attention, theme.Number(d.told.more)+" more need you: the outbox lists them"))
	}
	if rest > 0 {
		out = append(out, th.Say(theme.Pending, th.QueuedSign+" "+theme.Number(rest)+" on their way"))
	}
	if well := d.well(th, now); well != "" {
		out = append(out, th.Wrapped(th.DoneSign+" "+well, w, theme.Good, "")...)
	}
	d.drawn, d.drawnW = out, w
	return out
}

func (d *Results) well(th *theme.Theme, now time.Time) string {
	s := d.sub
	if s.ID == "" {
		return "" // it has not been read yet
	}
	s.Waiting, s.Sending, s.NeedPerson = 0, 0, 0
	return th.Ending(s, now)
}

func person(s model.EditState) int { return b(s.NeedsPerson()) }

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
	for _, e := range waiting {
		line(e.State, e.Edit, e.Title, th.Reason(e, now))
	}
	for _, j := range settled {
		line(j.State, j.Edit, j.Title, "")
	}
	return s.String()
}

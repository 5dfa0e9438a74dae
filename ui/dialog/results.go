package dialog

import (
	"cmp"
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
	problems []*problem // nil before they are sorted out
	// well is the line of what is well, settled the first conversations of it, once they
	// were read; read is how many were well then, more the others of them.
	well       fold
	settled    []model.JournalEntry
	read, more int
	namesakes  theme.Namesakes // of those told one by one
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
func (d *Results) Set(sub model.Submission, told Told) { d.sub, d.told, d.folds = sub, told, nil }

// SetSettled takes the conversations that are well.
func (d *Results) SetSettled(settled []model.JournalEntry) {
	n := min(len(settled), toldAtMost)
	d.read, d.more, d.settled, d.folds = d.fine(), len(settled)-n, slices.Clone(settled[:n]), nil
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

func (d *Results) Answer(_ theme.Token, text string) { d.answer = text }

// Settled asks for the conversations that are well.
type Settled struct{}

// Update returns Retry, Stop, SaveReport, Undo or Settled.
func (d *Results) Update(msg tea.Msg) any {
	was := d.well.open
	a, took := d.sheet.Update(d.Keys, msg)
	switch {
	case !was && d.well.open && d.read != d.fine():
		return Settled{}
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

// WantsSettled reports whether what is well is listed, all of it is known by now, and it
// has not been read since.
func (d *Results) WantsSettled() bool {
	return d.well.open && d.sub.Settled() && d.read != d.fine()
}

func (d *Results) fine() int { return d.sub.Delivered + d.sub.Already }

func (d *Results) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	if d.folds == nil {
		d.fill(th)
	}
	look := theme.Pick(d.sub.NeedPerson > 0, theme.Warning, theme.Accent)
	above := func(p *theme.Page) {
		if d.answer != "" {
			p.Add(theme.Key, "", model.CleanLine(d.answer, 300))
		}
		if !d.sub.Settled() && screen.H >= 5 {
			p.Line(bar(p.Theme, d.sub.Edits-d.sub.Waiting, d.sub.Edits, p.W), "")
		}
	}
	return d.frame(th, screen, d.title(), 92, look, "", d.footer, above, func(*theme.Page) {}, nil)
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

func (d *Results) footer(w int) []string {
	p, back := d.here(), d.sub.Delivered-d.sub.TakenBack
	// What took something back can't be taken back here: that would make the change again.
	undoes := back > 0 && d.sub.Settled() && d.sub.Undoes == ""
	return []string{
		d.Keys.If(d.told.refused > 0, keymap.Retry), "retry the refused",
		d.Keys.If(d.told.unsent > 0, keymap.Stop), "withdraw the " + theme.Number(d.told.unsent) + " unsent",
		d.Keys.If(undoes, keymap.Undo), "take the " + theme.Number(back) + " back",
		d.Keys.If(w >= 60 && p.opens() && !p.open, keymap.OpenLine), "open",
		d.Keys.Of(keymap.SaveReport), "save the report", "esc", "close",
	}
}

// problem is a fold of edits that need a person or wait for one reason, which is said without
// the ids of their requests.
type problem struct {
	fold
	reason string
	edits  []model.OutboxEntry
}

func (p *problem) is(q *problem) bool {
	return p.reason == q.reason && p.edits[0].State.NeedsPerson() == q.edits[0].State.NeedsPerson()
}

// fill makes the lines: what needs a person, what waits and why, what is on its way, and
// what is well.
func (d *Results) fill(th *theme.Theme) {
	rest, now, was := d.told.rest, d.Now(), d.problems
	d.problems, d.namesakes, d.folds = nil, theme.Namesakes{}, []*fold{}
	for _, e := range d.told.edits {
		d.namesakes.Add(e.Title, e.Ref)
		alike := e
		if e.Error != nil {
			cause := *e.Error
			cause.RequestID = ""
			alike.Error = &cause
		}
		p := &problem{reason: th.Reason(alike, now), edits: []model.OutboxEntry{e}}
		if p.reason == "" {
			rest++
		} else if i := slices.IndexFunc(d.problems, p.is); i >= 0 {
			d.problems[i].edits = append(d.problems[i].edits, e)
		} else {
			p.open = slices.ContainsFunc(was, func(q *problem) bool { return q.open && q.is(p) })
			d.problems, d.folds = append(d.problems, p), append(d.folds, &p.fold)
		}
	}
	for _, p := range d.problems {
		d.describe(p, now)
	}
	for _, j := range d.settled {
		d.namesakes.Add(j.Title, j.Ref)
	}
	d.describeWell(now)
	d.folds = append(d.folds, &fold{text: func(p *theme.Page) {
		if n := d.told.more; n > 0 {
			p.Add(theme.Attention, "", theme.Number(n)+" more need you: the outbox lists them")
		}
		if rest > 0 {
			p.Add(theme.Pending, "", p.QueuedSign+" "+theme.Number(rest)+" on "+theme.Pick(rest == 1, "its", "their")+" way")
		}
	}}, &d.well)
}

// describe tells of a problem: of a few edits one by one in two lines, of more in one that
// opens.
func (d *Results) describe(q *problem, now time.Time) {
	const few = 3
	f := &q.fold
	f.n, f.words = len(q.edits), func(i int) string { return q.edits[i].Title }
	f.row = func(p *theme.Page, i int) {
		e := q.edits[i]
		sign, _, look := p.StateSign(e.State)
		apart := p.Truncate(d.namesakes.Apart(e.Title, e.Ref, "  "), p.W/2, p.Ellipsis)
		d.titled(p, p.Say(look, sign)+" ", e.Title, e.Ref, apart)
		if reason := p.Reason(e, now); f.head == nil || reason != q.reason {
			p.Add(look, "  ", reason)
		}
	}
	if f.n > few {
		f.head = func(p *theme.Page) {
			sign, _, look := p.StateSign(q.edits[0].State)
			headed(p, look, sign+" "+q.reason, "", f.n, f)
		}
	}
}

func (d *Results) describeWell(now time.Time) {
	s, f := d.sub, &d.well
	s.Waiting, s.Sending, s.NeedPerson = 0, 0, 0
	*f = fold{open: f.open, found: f.found}
	if s.ID == "" || d.fine()+s.Withdrawn+s.Discarded+s.Replaced == 0 && s.Edits > 0 {
		return // it has not been read yet
	}
	f.head = func(p *theme.Page) { headed(p, theme.Good, p.DoneSign+" "+p.Ending(s, now), "", 0, f) }
	if d.fine() > 0 {
		f.n = max(1, len(d.settled)+b(d.more > 0))
	}
	f.words = func(i int) string {
		if i < len(d.settled) {
			return d.settled[i].Title
		}
		return ""
	}
	f.row = func(p *theme.Page, i int) {
		switch {
		case len(d.settled) == 0:
			p.Line(p.Say(theme.Dim, "    reading"+p.Ellipsis))
			return
		case i == len(d.settled):
			p.Add(theme.Dim, "    ", theme.Number(d.more)+" more: the report lists them all")
			return
		}
		j := d.settled[i]
		info := cmp.Or(d.namesakes.Apart(j.Title, j.Ref, ""), model.CleanLine(j.Ref.Account, 40))
		if j.State == model.OutcomeAlreadySet {
			info += ", already so"
		} else if j.Undone != "" {
			info += ", taken back"
		}
		d.titled(p, "    ", j.Title, j.Ref, "  "+info)
	}
}

// titled draws the title of a conversation, cut where there is no room for what stands behind.
func (d *Results) titled(p *theme.Page, lead, title string, ref model.Ref, behind string) {
	room := max(1, p.W-p.Width(lead)-p.Width(behind))
	p.Line(lead + d.say(theme.Text, p.Truncate(theme.TitleOf(title, ref, 200), room, p.Ellipsis)) + p.Say(theme.Dim, behind))
}

// Report returns the results of a submission as text to be saved.
func Report(th *theme.Theme, sub model.Submission, waiting []model.OutboxEntry, settled []model.JournalEntry, now time.Time) string {
	lines := []string{capital(sub.Words()), th.Ending(sub, now), ""}
	add := func(state model.EditState, e model.Edit, title, reason string) {
		_, word, _ := th.StateSign(state)
		fields := []string{word, model.CleanLine(e.Ref.String(), 0), th.Phrase(e), model.CleanLine(title, 0)}
		lines = append(lines, strings.Join(fields, "\t")+theme.Around("\t", reason, ""))
	}
	for _, person := range []bool{true, false} {
		for _, e := range waiting {
			if e.State.NeedsPerson() == person {
				add(e.State, e.Edit, e.Title, th.Reason(e, now))
			}
		}
	}
	for _, j := range settled {
		add(j.State, j.Edit, j.Title, "")
	}
	return strings.Join(lines, "\n") + "\n"
}

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

// Results shows the edits of a submission while they are delivered and after: first those
// that need a person, last the successful ones in one line that opens.
type Results struct {
	Keys *keymap.Keys
	Now  func() time.Time

	sub       model.Submission
	unsettled Unsettled
	answer    string // to the last key, "" for none
	sheet
	problems   map[problemKey]*problem
	successful fold
	// settled are the first successful edits, more the number of the others, and readAt the
	// number of successful edits when they were read.
	settled      []model.JournalEntry
	more, readAt int
	namesakes    theme.Namesakes // of the conversations listed one by one
}

// maxListed bounds the edits that are listed one by one.
const maxListed = 500

// Unsettled holds what Results shows of the unsettled edits of a submission.
type Unsettled struct {
	edits []model.OutboxEntry // the first edits that need a person, then those that wait for a reason
	more  int                 // other edits that need a person
	// refused may be sent again as they are, unsent can be withdrawn, rest are on their way.
	refused, unsent, rest int
}

func SortUnsettled(edits iter.Seq[model.OutboxEntry]) Unsettled {
	var t Unsettled
	var waiting []model.OutboxEntry
	for e := range edits {
		t.refused += theme.Pick(e.Stopped(), 1, 0)
		t.unsent += theme.Pick(e.Withdrawable(), 1, 0)
		switch {
		case e.State.NeedsPerson() && len(t.edits) < maxListed:
			t.edits = append(t.edits, e)
		case e.State.NeedsPerson():
			t.more++
		case e.Error != nil && e.State != model.Sending && len(waiting) < maxListed:
			waiting = append(waiting, e)
		default:
			t.rest++
		}
	}
	t.edits = append(t.edits, waiting...)
	return t
}

// CountUnsettled does without the edits. It is for a submission of which no edit needs a person or waits for a reason.
func CountUnsettled(s model.Submission) Unsettled {
	return Unsettled{unsent: s.Waiting - s.Sending, rest: s.Waiting}
}

// Set shows the submission as it is now. Lines that are open stay open.
func (d *Results) Set(sub model.Submission, u Unsettled) { d.sub, d.unsettled, d.folds = sub, u, nil }

// SetSettled takes the successful edits.
func (d *Results) SetSettled(settled []model.JournalEntry) {
	n := min(len(settled), maxListed)
	d.settled, d.more, d.readAt, d.folds = slices.Clone(settled[:n]), len(settled)-n, d.successes(), nil
}

func (d *Results) Submission() model.Submission { return d.sub }

func (d *Results) Answer(_ theme.Token, text string) { d.answer = text }

// Settled is what Update of Results returns to have the successful edits read.
type Settled struct{}

// Update returns keymap.Retry, Stop, SaveReport or Undo, or Settled.
func (d *Results) Update(msg tea.Msg) any {
	wasOpen := d.successful.open
	a, handled := d.sheet.Update(d.Keys, msg)
	switch {
	case !wasOpen && d.successful.open && d.readAt != d.successes():
		return Settled{}
	case handled:
	case a == keymap.Undo && d.sub.Undoes != "":
		d.answer = "this took something back; the outbox and history can take that back, too"
	case a == keymap.Back, a == keymap.Accept:
		return keymap.Back
	case a == keymap.Retry, a == keymap.Stop, a == keymap.SaveReport, a == keymap.Undo:
		return a
	}
	return nil
}

// WantsSettled reports whether the successful edits are shown, are complete by now, and have to be read again.
func (d *Results) WantsSettled() bool {
	return d.successful.open && d.sub.Settled() && d.readAt != d.successes()
}

func (d *Results) successes() int { return d.sub.Delivered + d.sub.Already }

func (d *Results) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	if d.folds == nil {
		d.addFolds(th, d.Now())
	}
	look := theme.Pick(d.sub.NeedPerson > 0, theme.Warning, theme.Accent)
	above := func(p *theme.Page) {
		if d.answer != "" {
			p.Add(theme.Key, "", model.CleanLine(d.answer, 300))
		}
		if !d.sub.Settled() && screen.H >= 5 {
			p.Line(bar(p, d.sub.Edits-d.sub.Waiting, d.sub.Edits), "")
		}
	}
	return d.frame(th, screen, d.title(), 92, look, d.footer, above, func(*theme.Page) {}, nil)
}

// countedSentence matches a sentence that holds the number of conversations: "made 75 private".
var countedSentence = regexp.MustCompile(`^(\w+) [\d,]+( \w+)?$`)

// title returns the sentence of the submission, and how far it is: "Made private: 73 of 75".
func (d *Results) title() string {
	if d.sub.ID == "" {
		return "On its way"
	}
	words := capital(d.sub.Words())
	if d.successes() == d.sub.Edits || !countedSentence.MatchString(words) {
		return words
	}
	return countedSentence.ReplaceAllString(words, "$1$2") + ": " + theme.Number(d.successes()) + " of " + theme.Number(d.sub.Edits)
}

func (d *Results) footer(w int, _ bool) []string {
	p, undoable := d.current(), d.sub.Delivered-d.sub.TakenBack
	// An undo can't be taken back here: u would make the change again.
	canUndo := undoable > 0 && d.sub.Settled() && d.sub.Undoes == ""
	return []string{
		d.Keys.If(d.unsettled.refused > 0, keymap.Retry), "retry the refused",
		d.Keys.If(d.unsettled.unsent > 0, keymap.Stop), "withdraw the " + theme.Number(d.unsettled.unsent) + " unsent",
		d.Keys.If(canUndo, keymap.Undo), "take the " + theme.Number(undoable) + " back",
		d.Keys.If(w >= 60 && p.opens() && !p.open, keymap.OpenLine), "open",
		d.Keys.Of(keymap.SaveReport), "save the report", "esc", "close",
	}
}

// problem lists the edits that need a person, or wait, for the same reason.
type problem struct {
	fold
	edits []model.OutboxEntry
}

type problemKey struct {
	reason      string // without the id of the request
	needsPerson bool
}

// maxSeparate is the number of edits of a problem that are shown without a head.
const maxSeparate = 3

// addFolds makes the lines: the problems, what is on its way, and what was successful.
func (d *Results) addFolds(th *theme.Theme, now time.Time) {
	rest, before := d.unsettled.rest, d.problems
	d.problems, d.namesakes, d.folds = map[problemKey]*problem{}, theme.Namesakes{}, nil
	for _, e := range d.unsettled.edits {
		d.namesakes.Add(e.Title, e.Ref)
		general := e
		if e.Error != nil {
			cause := *e.Error
			cause.RequestID = ""
			general.Error = &cause
		}
		key := problemKey{th.Reason(general, now), e.State.NeedsPerson()}
		q := d.problems[key]
		if q == nil {
			q = d.newProblem(key.reason, now)
			q.open = before[key] != nil && before[key].open
			d.problems[key], d.folds = q, append(d.folds, &q.fold)
		}
		q.edits, q.n = append(q.edits, e), q.n+1
	}
	for _, q := range d.problems {
		if q.n <= maxSeparate {
			q.head = nil
		}
	}
	for _, j := range d.settled {
		d.namesakes.Add(j.Title, j.Ref)
	}
	d.describeSuccesses(now)
	d.folds = append(d.folds, &fold{text: func(p *theme.Page) {
		if n := d.unsettled.more; n > 0 {
			p.Add(theme.Attention, "", theme.Number(n)+" more need you: the outbox lists them")
		}
		if rest > 0 {
			p.Add(theme.Pending, "", p.QueuedSign+" "+theme.Number(rest)+" on "+theme.Pick(rest == 1, "its", "their")+" way")
		}
	}}, &d.successful)
}

func (d *Results) newProblem(reason string, now time.Time) *problem {
	q := &problem{}
	q.head = func(p *theme.Page) {
		sign, _, look := p.StateSign(q.edits[0].State)
		drawHead(p, look, sign+" "+reason, "", q.n, &q.fold)
	}
	q.words = func(i int) string { return q.edits[i].Title }
	q.row = func(p *theme.Page, i int) {
		e := q.edits[i]
		sign, _, look := p.StateSign(e.State)
		apart := p.Truncate(d.namesakes.Apart(e.Title, e.Ref, "  "), p.W/2, p.Ellipsis)
		d.writeTitle(p, p.Say(look, sign)+" ", e.Title, e.Ref, apart)
		if own := p.Reason(e, now); q.head == nil || own != reason {
			p.Add(look, "  ", own)
		}
	}
	return q
}

func (d *Results) describeSuccesses(now time.Time) {
	s, f := d.sub, &d.successful
	s.Waiting, s.Sending, s.NeedPerson = 0, 0, 0
	*f = fold{open: f.open, bySearch: f.bySearch}
	if s.ID == "" || d.successes()+s.Withdrawn+s.Discarded+s.Replaced == 0 && s.Edits > 0 {
		return // the submission was not read yet, or nothing of it is settled
	}
	f.head = func(p *theme.Page) { drawHead(p, theme.Good, p.DoneSign+" "+p.Ending(s, now), "", 0, f) }
	if d.successes() > 0 {
		f.n = max(1, len(d.settled)+theme.Pick(d.more > 0, 1, 0))
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
		d.writeTitle(p, "    ", j.Title, j.Ref, "  "+info)
	}
}

// writeTitle writes the title of a conversation between two texts; the title is cut to fit.
func (d *Results) writeTitle(p *theme.Page, before, title string, ref model.Ref, after string) {
	room := max(1, p.W-p.Width(before)-p.Width(after))
	title = p.Truncate(theme.TitleOf(title, ref, 200), room, p.Ellipsis)
	p.Line(before + d.highlight(theme.Text, title) + p.Say(theme.Dim, after))
}

// Report returns the results of a submission as text that can be saved.
func Report(th *theme.Theme, edits model.SubmissionEdits, now time.Time) string {
	sub := edits.Submission
	lines := []string{capital(sub.Words()), th.Ending(sub, now), ""}
	add := func(state model.EditState, e model.Edit, title, reason string) {
		_, word, _ := th.StateSign(state)
		fields := []string{word, model.CleanLine(e.Ref.String(), 0), th.Phrase(e), model.CleanLine(title, 0)}
		lines = append(lines, strings.Join(fields, "\t")+theme.Around("\t", reason, ""))
	}
	for _, needsPerson := range []bool{true, false} {
		for _, e := range edits.Outbox {
			if e.State.NeedsPerson() == needsPerson {
				add(e.State, e.Edit, e.Title, th.Reason(e, now))
			}
		}
	}
	for _, j := range edits.Journal {
		add(j.State, j.Edit, j.Title, "")
	}
	return strings.Join(lines, "\n") + "\n"
}

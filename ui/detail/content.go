package detail

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// page collects the lines of a tab.
type page struct {
	*theme.Theme
	w     int
	now   time.Time
	lines []line
}

// blank adds an empty line, unless the page is empty or ends with one.
func (p *page) blank() {
	if n := len(p.lines); n > 0 && p.lines[n-1].label+p.lines[n-1].text != "" {
		p.lines = append(p.lines, line{})
	}
}

func (p *page) text(look theme.Token, indent int, s string) {
	pad := layout.Spaces(min(indent, p.w-1))
	for _, l := range p.Wrap(s, max(1, p.w-len(pad))) {
		p.lines = append(p.lines, line{text: pad + l, look: look})
	}
}

func (p *page) heading(s string) {
	p.blank()
	p.text(theme.Heading, 0, s)
}

// maxColumn bounds the column of labels; a longer label moves its value to the right.
const maxColumn = 18

// facts writes labelled values under the headings of their groups. The values of a group
// stand in a column; on a narrow screen they stand under their labels.
func (p *page) facts(look theme.Token, facts ...model.Fact) {
	facts = slices.DeleteFunc(facts, func(f model.Fact) bool { return strings.TrimSpace(f.Value) == "" })
	for len(facts) > 0 {
		n := 1
		for n < len(facts) && facts[n].Group == facts[0].Group {
			n++
		}
		if facts[0].Group != "" {
			p.heading(facts[0].Group)
		}
		widest := 0
		for _, f := range facts[:n] {
			widest = max(widest, p.Width(f.Label))
		}
		for _, f := range facts[:n] {
			if p.w < 36 || p.w-widest < 26 {
				p.text(theme.Dim, 0, f.Label+":")
				p.text(look, 2, f.Value)
				continue
			}
			wide := max(min(widest, maxColumn), p.Width(f.Label)) + 2
			label := p.Fit(f.Label, wide, "")
			for _, l := range p.Wrap(f.Value, max(1, p.w-wide)) {
				p.lines = append(p.lines, line{label, l, look})
				label = layout.Spaces(wide)
			}
		}
		facts = facts[n:]
	}
}

// build makes the lines of the tab, unless there are current ones.
func (v *View) build(th *theme.Theme, w int, now time.Time) {
	want := key{v.tab, w, now.YearDay(), th}
	if want == v.built {
		return
	}
	p := &page{Theme: th, w: w, now: now}
	tabs[v.tab].build(v, p)
	v.built, v.lines = want, p.lines
	v.find()
}

const goneText = "The service does not have this conversation any more: it was deleted, or this account may no longer see it."

func (v *View) notLoaded(p *page, what string) {
	switch {
	case v.reading.Loading:
		p.text(theme.Dim, 0, "Reading from the service"+p.Ellipsis)
	case v.reading.Gone:
		p.text(theme.Error, 0, goneText)
	case v.reading.Problem != "":
		p.text(theme.Error, 0, "The service could not be read: "+model.CleanLine(v.reading.Problem, 0))
	default:
		p.text(theme.Dim, 0, what+" not loaded yet. Open the conversation to read it.")
	}
}

// overview tells what the conversation is, who can see it, who is in it, what was said last,
// and the rest.
func (v *View) overview(p *page) {
	c := &v.row.Conversation
	about := v.aboutRow(p.now)
	p.text(theme.Heading, 0, cmp.Or(model.CleanLine(c.Title, 0), "(no title)"))
	p.text(theme.Dim, 0, about.What)
	for _, e := range v.row.Pending {
		s, word, look := p.StateSign(e.State)
		p.text(look, 0, s+" "+e.Kind.Words()+": "+word)
	}
	if v.reading.Gone {
		p.text(theme.Error, 0, goneText)
	}
	if v.reading.Problem != "" {
		p.text(theme.Error, 0, "Could not be read again: "+model.CleanLine(v.reading.Problem, 0))
	}
	p.facts(theme.Text, about.Head...)
	p.blank()
	v.lastMessages(p)
	if about.Assumed != "" {
		p.blank()
		p.text(theme.Dim, 0, about.Assumed)
	}
	p.blank()
	checked := model.Fact{Label: "Checked", Value: theme.Moment(v.row.Checked, p.now)}
	rest := []model.Fact{checked}
	if theme.Stale(v.row, v.swept) {
		checked.Value += ", before the last sweep: it may have changed since"
		p.facts(theme.Warning, checked)
		rest = nil
	}
	if until := v.row.Triage.SnoozedUntil; !until.IsZero() {
		rest = append(rest, model.Fact{Label: "Snoozed", Value: "until " + theme.Moment(until, p.now)})
	}
	p.facts(theme.Text, append(rest, about.Facts...)...)
}

// aboutRow describes the conversation, with the facts of the last whole read.
func (v *View) aboutRow(now time.Time) theme.About {
	c := v.row.Conversation
	if v.detail != nil {
		c.Facts = v.detail.Conversation.Facts
	}
	return theme.NewAbout(&c, v.about, now)
}

// The overview shows the beginnings of the last messages.
const (
	lastShown = 3
	lastRunes = 280
)

// lastMessages writes what was said last: "11:02 Owen  The VAT line…".
func (v *View) lastMessages(p *page) {
	if v.detail == nil || len(v.detail.Messages.Items) == 0 {
		p.facts(theme.Text, model.Fact{Label: "Last said", Value: model.CleanLine(v.row.Conversation.Preview, 0)})
		return
	}
	shown := v.detail.Messages.Items
	shown = shown[max(0, len(shown)-lastShown):]
	firstName := func(m model.Message) string { return strings.SplitN(m.Author, " ", 2)[0] }
	var facts []model.Fact
	for _, m := range shown {
		namesake := func(o model.Message) bool { return o.Author != m.Author && firstName(o) == firstName(m) }
		if !slices.ContainsFunc(shown, namesake) {
			m.Author = firstName(m)
		}
		facts = append(facts, model.Fact{Label: theme.Speaker(m, p.now), Value: model.CleanLine(m.Text, lastRunes)})
	}
	p.facts(theme.Text, facts...)
}

func (v *View) people(p *page) {
	c := &v.row.Conversation
	if !c.Participants.Known && !c.Contacts.Known {
		v.notLoaded(p, "The full list of people is")
		p.table(len(c.Featured) > 0, "Known so far", c.Featured)
		return
	}
	var people, rooms []model.Participant
	for _, q := range c.Participants.Items {
		if q.Kind == model.KindRoom {
			rooms = append(rooms, q)
		} else {
			people = append(people, q)
		}
	}
	p.table(c.Participants.Known, fmt.Sprintf("People (%d)", len(people)), people)
	p.table(c.Contacts.Known, fmt.Sprintf("Contacts (%d)", len(c.Contacts.Items)), c.Contacts.Items)
	p.table(len(rooms) > 0, "Calendar resources (rooms and equipment, not contacts)", rooms)
}

func (p *page) table(shown bool, title string, people []model.Participant) {
	if !shown {
		return
	}
	p.heading(title)
	people = slices.Clone(people)
	model.SortPeople(people)
	if len(people) == 0 {
		p.text(theme.Dim, 0, "nobody")
	}
	nameOf := theme.Naming(people)
	for _, q := range people {
		role := strings.TrimSpace(model.RoleName(model.CleanLine(q.Role, 40)) + " " + model.CleanLine(q.Status, 40))
		name := theme.KnownName(q)
		if p.w < 50 { // no room for a column of addresses
			name = theme.Pick(name == theme.Name(q), nameOf(q), name)
			p.text(theme.Text, 0, strings.TrimSpace(name+"  "+role))
			continue
		}
		nameW := max(12, (p.w-9-22)/2)
		l := p.Fit(model.CleanLine(q.Kind, 20), 8, "") + " " + p.Fit(name, nameW, p.Ellipsis) + " " +
			p.Fit(theme.Mail(q), p.w-9-22-nameW-1, p.Ellipsis) + " " + p.Truncate(role, 21, p.Ellipsis)
		p.lines = append(p.lines, line{text: l, look: theme.Text})
	}
}

func (v *View) messages(p *page) {
	if v.detail == nil {
		v.notLoaded(p, "The messages are")
		return
	}
	if !v.detail.Messages.Known {
		p.text(theme.Dim, 0, "The service gave no messages for this conversation.")
		return
	}
	if v.detail.MoreMessages {
		p.text(theme.Dim, 0, "Older messages exist and were not read.")
		p.blank()
	}
	if len(v.detail.Messages.Items) == 0 {
		p.text(theme.Dim, 0, "No messages.")
	}
	for _, m := range v.detail.Messages.Items {
		head := theme.Speaker(m, p.now)
		for _, extra := range []string{m.Kind, m.Status} {
			head += theme.Around(" "+p.Separator+" ", model.CleanLine(extra, 40), "")
		}
		p.text(theme.Pick(m.Incoming, theme.Heading, theme.Accent), 0, head)
		p.text(theme.Text, 2, model.Clean(m.Text))
	}
}

// activity lists the submissions about this conversation, newest first, with how those of
// their edits ended that are about it.
func (v *View) activity(p *page) {
	if !v.activityRead {
		p.text(theme.Dim, 0, "Reading"+p.Ellipsis)
		return
	}
	if len(v.subs) == 0 {
		p.text(theme.Dim, 0, "No edits of this conversation were made here in the last 90 days.")
	}
	at := map[string]time.Time{}
	for _, j := range v.history {
		at[j.ID] = j.At
	}
	for _, whole := range v.subs {
		waiting := slices.DeleteFunc(slices.Clone(v.outbox), func(e model.OutboxEntry) bool { return e.Submission != whole.ID })
		settled := slices.DeleteFunc(slices.Clone(v.history), func(j model.JournalEntry) bool { return j.Submission != whole.ID })
		sub := whole.Narrowed(waiting, settled)
		for _, j := range settled {
			if t := at[j.Undone]; t.After(sub.TakenBackAt) {
				sub.TakenBackAt = t
			}
		}
		look := theme.Text
		if sub.Problem != nil {
			_, _, look = p.StateSign(sub.Problem.State)
		}
		p.text(look, 0, p.Fit(theme.When(sub.At, p.now), 11, "")+sub.Words()+" "+p.Separator+" "+p.Ending(sub, p.now))
		for _, e := range waiting {
			if reason := p.Reason(e, p.now); reason != "" {
				p.text(look, 11, reason)
			}
		}
		if whole.Edits > sub.Edits {
			for _, e := range waiting {
				p.text(theme.Dim, 11, p.Phrase(e.Edit))
			}
			for _, j := range settled {
				p.text(theme.Dim, 11, p.Phrase(j.Edit))
			}
		}
		if user := model.CleanLine(sub.User, 40); user != "" {
			p.text(theme.Dim, 11, "by "+user)
		}
	}
}

func (v *View) raw(p *page) {
	p.facts(theme.Text, v.aboutRow(p.now).Raw...)
	p.blank()
	switch {
	case v.detail == nil:
		v.notLoaded(p, "The service's answer is")
		return
	case len(v.detail.Raw) == 0:
		p.text(theme.Dim, 0, "The service's own answer was not kept.")
		return
	}
	var out bytes.Buffer
	if json.Indent(&out, v.detail.Raw, "", "  ") != nil {
		out.Write(v.detail.Raw)
	}
	p.text(theme.Text, 0, model.Clean(out.String()))
}

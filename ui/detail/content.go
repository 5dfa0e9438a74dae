package detail

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// page collects lines of a width.
type page struct {
	th    *theme.Theme
	w     int
	now   time.Time
	lines []line
}

func (p *page) blank() {
	if len(p.lines) > 0 && p.lines[len(p.lines)-1].text != "" {
		p.lines = append(p.lines, line{})
	}
}

func (p *page) text(look theme.Token, indent int, s string) {
	pad := strings.Repeat(" ", min(indent, max(0, p.w-1)))
	for _, l := range p.th.Wrap(s, max(1, p.w-len(pad))) {
		p.lines = append(p.lines, line{text: pad + l, look: look})
	}
}

func (p *page) head(s string) {
	p.blank()
	p.text(theme.Heading, 0, s)
}

// fact writes a label and its value, the value wrapped beside the label.
func (p *page) fact(label, value string, look theme.Token) {
	if strings.TrimSpace(value) == "" {
		return
	}
	const column = 14
	label = model.CleanLine(label, 200)
	wide := max(column, p.th.Width(label))
	if p.w < 36 || p.w-wide < 24 {
		p.text(theme.Dim, 0, label+":")
		p.text(look, 2, value)
		return
	}
	head := p.th.Fit(label, wide+1, "")
	for i, l := range p.th.Wrap(value, max(1, p.w-wide-1)) {
		if i > 0 {
			head = strings.Repeat(" ", wide+1)
		}
		p.lines = append(p.lines, line{text: head + l, look: look, styled: p.th.Say(theme.Dim, head) + p.th.Say(look, l)})
	}
}

func (p *page) clock(t time.Time) string {
	const day = "Mon 2 Jan 2006 15:04"
	return theme.Clock(t, p.now, "today 15:04", day, day)
}

func (v *View) build(th *theme.Theme, w int, now time.Time) {
	p := &page{th: th, w: max(1, w), now: now}
	tabs[v.tab].build(v, p)
	v.lines = p.lines
	v.find()
}

const goneText = "The service does not have this conversation any more: it was deleted, or this account may no longer see it."

func (v *View) notLoaded(p *page, what string) {
	switch {
	case v.loading:
		p.text(theme.Dim, 0, "Reading from the service"+p.th.Ellipsis)
	case v.gone:
		p.text(theme.Error, 0, goneText)
	case v.problem != "":
		p.text(theme.Error, 0, "The service could not be read: "+model.CleanLine(v.problem, 0))
	default:
		p.text(theme.Dim, 0, what+" not loaded yet. Open the conversation to read it.")
	}
}

func (v *View) overview(p *page) {
	c := &v.row.Conversation
	p.text(theme.Heading, 0, cmp.Or(model.CleanLine(c.Title, 0), "(no title)"))
	sign, word, look := p.th.PrivacySign(c.Privacy)
	if c.Privacy == model.PrivacyParticipants {
		word = "participants only"
	}
	state := []string{sign + " " + word}
	for _, part := range []string{model.CleanLine(c.Status, 60), when(c.Archived, "archived"), model.CleanLine(c.Kind, 60),
		model.CleanLine(c.Provider+" "+c.Ref.Account, 100), when(!c.Updated.IsZero(), "updated "+p.clock(c.Updated))} {
		if part != "" {
			state = append(state, part)
		}
	}
	p.text(look, 0, strings.Join(state, " "+p.th.Separator+" "))
	for _, e := range v.row.Pending {
		s, word, look := p.th.StateSign(e.State)
		p.text(look, 0, s+" "+strings.ReplaceAll(string(e.Kind), "_", " ")+": "+word)
	}
	if v.gone {
		p.text(theme.Error, 0, goneText)
	}
	if v.problem != "" {
		p.text(theme.Error, 0, "Could not be read again: "+model.CleanLine(v.problem, 0))
	}
	p.fact("people", theme.People(c.People(), 8, theme.Name), theme.Text)
	p.fact("last message", model.CleanLine(c.Preview, 0), theme.Text)
	p.fact("description", strings.TrimSpace(model.Clean(c.Description)), theme.Text)
	p.blank()
	p.fact("created", p.clock(c.Created), theme.Text)
	p.fact("duration", when(c.Duration > 0, c.Duration.Round(time.Second).String()), theme.Text)
	if theme.Stale(v.row, v.swept) {
		p.fact("checked", p.clock(v.row.Checked)+", before the last sweep: it may have changed since", theme.Warning)
	} else {
		p.fact("checked", p.clock(v.row.Checked), theme.Dim)
	}
	p.fact("owner", owner(c.Owner), theme.Text)
	p.fact("team", named(c.Team), theme.Text)
	p.fact("space", named(c.Space), theme.Text)
	p.fact("channel", named(c.Channel), theme.Text)
	var companies []string
	for _, n := range c.Companies {
		companies = append(companies, named(n))
	}
	p.fact("companies", strings.Join(companies, ", "), theme.Text)
	if c.Internal != nil {
		p.fact("internal", map[bool]string{true: "yes", false: "no"}[*c.Internal], theme.Text)
	}
	p.fact("access", model.CleanLine(c.Access, 100), theme.Text)
	p.fact("default role", model.CleanLine(model.RoleName(c.DefaultRole), 100), theme.Text)
	snoozed := v.row.Triage.SnoozedUntil
	p.fact("snoozed", when(!snoozed.IsZero(), "until "+p.clock(snoozed)), theme.Text)
	p.fact("link", model.CleanLine(c.URL, 0), theme.Dim)
	p.fact("ref", model.CleanLine(c.Ref.String(), 0), theme.Dim)
	pairs(p, "Labels", c.Labels)
	pairs(p, "Attributes", c.Attributes)
	v.facts(p)
	v.canDo(p)
}

// facts writes what has no common field, under the groups of its service.
func (v *View) facts(p *page) {
	facts := v.row.Conversation.Facts
	if v.detail != nil {
		facts = v.detail.Conversation.Facts
	}
	group := ""
	for i, f := range facts {
		if i == 0 || f.Group != group {
			group = f.Group
			p.head(cmp.Or(model.CleanLine(group, 100), "Other"))
		}
		p.fact(f.Label, model.Clean(f.Value), theme.Text)
	}
}

// when returns a text where something is so, else "".
func when(so bool, text string) string {
	if !so {
		return ""
	}
	return text
}

func (v *View) canDo(p *page) {
	if len(v.caps) == 0 {
		return
	}
	p.head("What can be edited")
	for _, k := range model.EditKinds() {
		if k == model.EditCreate {
			continue
		}
		c := v.caps.Of(k)
		look, word := theme.Good, "yes"
		switch c.State {
		case model.CapabilityAssumed:
			look, word = theme.Warning, "assumed"
		case model.CapabilityNo:
			look, word = theme.Disabled, "no"
		}
		reason := strings.TrimPrefix(model.CleanLine(c.Reason, 0), word+": ") // adapters say so in their sentence too
		if reason != "" {
			word += ": " + reason
		}
		p.fact(strings.ReplaceAll(string(k), "_", " "), word, look)
	}
}

func pairs(p *page, head string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	p.head(head)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		p.fact(k, cmp.Or(model.Clean(m[k]), "(set)"), theme.Text)
	}
}

func (v *View) people(p *page) {
	c := &v.row.Conversation
	if !c.Participants.Known && !c.Contacts.Known {
		v.notLoaded(p, "The full list of people is")
		if len(c.Featured) > 0 {
			p.head("Known so far")
			table(p, c.Featured)
		}
		return
	}
	isRoom := func(q model.Participant) bool { return q.Kind == model.KindRoom }
	if c.Participants.Known {
		people := slices.DeleteFunc(slices.Clone(c.Participants.Items), isRoom)
		p.head(fmt.Sprintf("Participants (%d)", len(people)))
		table(p, people)
	}
	if c.Contacts.Known {
		p.head(fmt.Sprintf("Contacts (%d)", len(c.Contacts.Items)))
		table(p, c.Contacts.Items)
	}
	rooms := slices.DeleteFunc(slices.Clone(c.Participants.Items), func(q model.Participant) bool { return !isRoom(q) })
	if len(rooms) > 0 {
		p.head("Calendar resources (rooms and equipment, not contacts)")
		table(p, rooms)
	}
}

func table(p *page, people []model.Participant) {
	people = slices.Clone(people)
	model.SortPeople(people)
	if len(people) == 0 {
		p.text(theme.Dim, 0, "nobody")
	}
	for _, q := range people {
		role := strings.TrimSpace(model.RoleName(model.CleanLine(q.Role, 40)) + " " + model.CleanLine(q.Status, 40))
		name := model.CleanLine(q.Display(), 200)
		if p.w < 50 {
			p.text(theme.Text, 0, strings.TrimSpace(name+"  "+role))
			continue
		}
		nameW := max(12, (p.w-9-22)/2)
		mailW := max(0, p.w-9-22-nameW)
		l := p.th.Fit(model.CleanLine(q.Kind, 20), 8, "") + " " + p.th.Fit(name, nameW, p.th.Ellipsis) + " " +
			p.th.Fit(theme.Mail(q), max(0, mailW-1), p.th.Ellipsis) + " " + p.th.Truncate(role, 21, p.th.Ellipsis)
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
		head := cmp.Or(model.CleanLine(m.Author, 100), "unknown")
		switch {
		case !m.At.IsZero():
			head = p.clock(m.At) + "  " + head
		case m.Offset > 0:
			s := int(m.Offset.Seconds())
			head = fmt.Sprintf("%d:%02d:%02d  %s", s/3600, s/60%60, s%60, head)
		}
		for _, extra := range []string{m.Kind, m.Status} {
			if extra != "" {
				head += " " + p.th.Separator + " " + model.CleanLine(extra, 40)
			}
		}
		look := theme.Accent
		if m.Incoming {
			look = theme.Heading
		}
		p.text(look, 0, head)
		p.text(theme.Text, 2, model.Clean(m.Text))
	}
}

// activityLines lists what was submitted for this conversation, newest first,
// with what became of its part of it.
func (v *View) activityLines(p *page) {
	if !v.activity {
		p.text(theme.Dim, 0, "Reading"+p.th.Ellipsis)
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
			_, _, look = p.th.StateSign(sub.Problem.State)
		}
		p.text(look, 0, p.th.Fit(theme.When(sub.At, p.now), 11, "")+sub.Words()+" "+p.th.Separator+" "+p.th.Ending(sub, p.now))
		for _, e := range waiting {
			if reason := p.th.Reason(e, p.now); reason != "" {
				p.text(look, 11, reason)
			}
		}
		if whole.Edits > sub.Edits {
			for _, e := range waiting {
				p.text(theme.Dim, 11, p.th.Phrase(e.Edit))
			}
			for _, j := range settled {
				p.text(theme.Dim, 11, p.th.Phrase(j.Edit))
			}
		}
		if user := model.CleanLine(sub.User, 40); user != "" {
			p.text(theme.Dim, 11, "by "+user)
		}
	}
}

func (v *View) raw(p *page) {
	switch {
	case v.detail == nil:
		v.notLoaded(p, "The service's answer is")
		return
	case len(v.detail.Raw) == 0:
		p.text(theme.Dim, 0, "The service's own answer was not kept.")
		return
	}
	text := string(v.detail.Raw)
	var out bytes.Buffer
	if json.Indent(&out, v.detail.Raw, "", "  ") == nil {
		text = out.String()
	}
	p.text(theme.Text, 0, model.Clean(text))
}

func named(n model.Named) string {
	return cmp.Or(model.CleanLine(n.Name, 200), when(n.ID != "", "#"+model.CleanLine(n.ID, 100)))
}

func owner(q model.Participant) string {
	if q == (model.Participant{}) {
		return ""
	}
	name := model.CleanLine(q.Display(), 100)
	if mail := theme.Mail(q); mail != "" {
		name += " <" + mail + ">"
	}
	return name
}

package detail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
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
	switch v.tab {
	case Overview:
		v.overview(p)
	case People:
		v.people(p)
	case Messages:
		v.messages(p)
	case Activity:
		v.activityLines(p)
	case Raw:
		v.raw(p)
	}
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
	title := model.CleanLine(c.Title, 0)
	if title == "" {
		title = "(no title)"
	}
	p.text(theme.Heading, 0, title)
	sign, word, look := p.th.PrivacySign(c.Privacy)
	if c.Privacy == model.PrivacyParticipants {
		word = "participants only"
	}
	state := sign + " " + word
	for _, part := range []string{model.CleanLine(c.Status, 60), archived(c), model.CleanLine(c.Kind, 60),
		model.CleanLine(c.Provider+" "+c.Ref.Account, 100), v.age(p)} {
		if part != "" {
			state += " " + p.th.Separator + " " + part
		}
	}
	p.text(look, 0, state)
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
	v.peopleSummary(p)
	if s := model.CleanLine(c.Preview, 0); s != "" {
		p.fact("last message", s, theme.Text)
	}
	if s := strings.TrimSpace(model.Clean(c.Description)); s != "" {
		p.fact("description", s, theme.Text)
	}
	p.blank()
	p.fact("created", p.clock(c.Created), theme.Text)
	if c.Duration > 0 {
		p.fact("duration", c.Duration.Round(time.Second).String(), theme.Text)
	}
	if v.stale() {
		p.fact("checked", p.clock(v.row.Checked)+", before the last sweep: it may have changed since", theme.Warning)
	} else {
		p.fact("checked", p.clock(v.row.Checked), theme.Dim)
	}
	p.fact("owner", personLine(c.Owner), theme.Text)
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
	if t := v.row.Triage; !t.SnoozedUntil.IsZero() {
		p.fact("snoozed", "until "+p.clock(t.SnoozedUntil), theme.Text)
	}
	p.fact("link", model.CleanLine(c.URL, 0), theme.Dim)
	p.fact("ref", model.CleanLine(c.Ref.String(), 0), theme.Dim)
	pairs(p, "Labels", c.Labels)
	pairs(p, "Attributes", c.Attributes)
	facts := c.Facts
	if v.detail != nil {
		facts = v.detail.Conversation.Facts
	}
	group := ""
	for i, f := range facts {
		if i == 0 || f.Group != group {
			group = f.Group
			name := model.CleanLine(group, 100)
			if name == "" {
				name = "Other"
			}
			p.head(name)
		}
		p.fact(f.Label, model.Clean(f.Value), theme.Text)
	}
	v.canDo(p)
}

// stale reports whether the last complete walk did not show the conversation.
func (v *View) stale() bool {
	return theme.Stale(v.row, v.swept)
}

func archived(c *model.Conversation) string {
	if c.Archived {
		return "archived"
	}
	return ""
}

// age says when the conversation changed.
func (v *View) age(p *page) string {
	if u := v.row.Conversation.Updated; !u.IsZero() {
		return "updated " + p.clock(u)
	}
	return ""
}

func (v *View) peopleSummary(p *page) {
	c := &v.row.Conversation
	var names []string
	all := c.People()
	for i, q := range all {
		if i == 8 {
			names = append(names, fmt.Sprintf("%d more", len(all)-i))
			break
		}
		names = append(names, model.CleanLine(q.Display(), 60))
	}
	p.fact("people", strings.Join(names, ", "), theme.Text)
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
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v := model.Clean(m[k])
		if v == "" {
			v = "(set)"
		}
		p.fact(k, v, theme.Text)
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
	var rooms, rest []model.Participant
	for _, q := range c.Participants.Items {
		if q.Kind == model.KindRoom {
			rooms = append(rooms, q)
		} else {
			rest = append(rest, q)
		}
	}
	if c.Participants.Known {
		p.head(fmt.Sprintf("Participants (%d)", len(rest)))
		table(p, rest)
	}
	if c.Contacts.Known {
		p.head(fmt.Sprintf("Contacts (%d)", len(c.Contacts.Items)))
		table(p, c.Contacts.Items)
	}
	if len(rooms) > 0 {
		p.head("Calendar resources (rooms and equipment, not contacts)")
		table(p, rooms)
	}
}

func table(p *page, people []model.Participant) {
	people = append([]model.Participant(nil), people...)
	model.SortPeople(people)
	if len(people) == 0 {
		p.text(theme.Dim, 0, "nobody")
	}
	for _, q := range people {
		role := strings.TrimSpace(model.RoleName(model.CleanLine(q.Role, 40)) + " " + model.CleanLine(q.Status, 40))
		name := model.CleanLine(q.Display(), 200)
		mail := model.CleanLine(q.Email, 200)
		if mail == name {
			mail = ""
		}
		kind := model.CleanLine(q.Kind, 20)
		if p.w < 50 {
			p.text(theme.Text, 0, strings.TrimSpace(name+"  "+role))
			continue
		}
		nameW := max(12, (p.w-9-22)/2)
		mailW := max(0, p.w-9-22-nameW)
		l := p.th.Fit(kind, 8, "") + " " + p.th.Fit(name, nameW, p.th.Ellipsis) + " " +
			p.th.Fit(mail, max(0, mailW-1), p.th.Ellipsis) + " " + p.th.Truncate(role, 21, p.th.Ellipsis)
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
		head := model.CleanLine(m.Author, 100)
		if head == "" {
			head = "unknown"
		}
		switch {
		case !m.At.IsZero():
			head = p.clock(m.At) + "  " + head
		case m.Offset > 0:
			head = offset(m.Offset) + "  " + head
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

func offset(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
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
		var waiting []model.OutboxEntry
		var settled []model.JournalEntry
		for _, e := range v.outbox {
			if e.Submission == whole.ID {
				waiting = append(waiting, e)
			}
		}
		for _, j := range v.history {
			if j.Submission == whole.ID {
				settled = append(settled, j)
			}
		}
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
	if v.detail == nil || len(v.detail.Raw) == 0 {
		if v.detail != nil {
			p.text(theme.Dim, 0, "The service's own answer was not kept.")
			return
		}
		v.notLoaded(p, "The service's answer is")
		return
	}
	var out bytes.Buffer
	if err := json.Indent(&out, v.detail.Raw, "", "  "); err != nil {
		out.Reset()
		out.Write(v.detail.Raw)
	}
	p.text(theme.Text, 0, model.Clean(out.String()))
}

func named(n model.Named) string {
	if n.Name != "" {
		return model.CleanLine(n.Name, 200)
	}
	if n.ID != "" {
		return "#" + model.CleanLine(n.ID, 100)
	}
	return ""
}

func personLine(q model.Participant) string {
	if q == (model.Participant{}) {
		return ""
	}
	name, mail := model.CleanLine(q.Display(), 100), model.CleanLine(q.Email, 100)
	if mail != "" && mail != name {
		name += " <" + mail + ">"
	}
	return name
}

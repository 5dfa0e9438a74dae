package model

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Renaming is a rule that makes a new title for each of several conversations, for OpRename. It replaces every literal
// occurrence of Old in the title by New; if Old is "", a template makes the title.
type Renaming struct {
	Old, New string
	parts    []titlePart
	zone     *time.Location // of dates
}

// titlePart is a literal text or, if field is set, a value of the conversation. For the field "label", text is the label's name.
type titlePart struct{ field, text string }

// TitleFields are the fields of a template.
const TitleFields = "{title} {company} {people} {date} {label:NAME}"

const (
	maxTitle       = 1000 // characters in a new title, unless the present one is longer
	maxTitlePeople = 4    // people named in a new title
)

// ParseRenaming reads a template or s/OLD/NEW/, in which \/ is a slash.
func ParseRenaming(text string, zone *time.Location) (r Renaming, err error) {
	rest, replaces := strings.CutPrefix(text, "s/")
	if !replaces {
		return ParseTemplate(text, zone)
	}
	const slash = "\x00"
	parts := strings.Split(strings.ReplaceAll(rest, `\/`, slash), "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(part, slash, "/")
	}
	parts = append(parts, "") // the last / may be missing
	switch {
	case len(parts) < 3:
		return r, errors.New("s/old/new/ replaces a text in each title: the new text is missing")
	case parts[0] == "":
		return r, errors.New("s/old/new/ replaces a text in each title: the old text is missing")
	case len(parts) > 4 || parts[2] != "" && parts[2] != "g":
		return r, errors.New(`nothing may follow s/old/new/; a / within a text is \/`)
	}
	return Renaming{Old: parts[0], New: parts[1]}, nil
}

var templateToken = regexp.MustCompile(`\{\{|\}\}|\{[^}]*\}?|\}|[^{}]+`)

// ParseTemplate reads a template such as "{title} · {company}", in which {{ and }} are literal braces. Dates are those of the
// zone, UTC if it is nil.
func ParseTemplate(text string, zone *time.Location) (Renaming, error) {
	r := Renaming{zone: cmp.Or(zone, time.UTC)}
	for _, token := range templateToken.FindAllString(text, -1) {
		part := titlePart{text: token}
		switch {
		case token == "{{" || token == "}}":
			part.text = token[:1]
		case token[0] == '{':
			var err error
			if part, err = parseTitleField(token); err != nil {
				return Renaming{}, err
			}
		}
		r.parts = append(r.parts, part)
	}
	return r, nil
}

func parseTitleField(token string) (p titlePart, err error) {
	text, closed := strings.CutSuffix(token[1:], "}")
	if !closed {
		return p, fmt.Errorf("%s has no } at its end; {{ is a brace", CleanLine(token, 40))
	}
	name, label, named := strings.Cut(text, ":")
	name, label = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(label)
	known := []string{"title", "company", "people", "date", "label"}
	switch {
	case !slices.Contains(known, name):
		why := fmt.Sprintf("there is no {%s}", CleanLine(text, 40))
		if near := Nearest(name, known); near != "" {
			return p, fmt.Errorf("%s; did you mean {%s}?", why, near)
		}
		return p, fmt.Errorf("%s; there are %s", why, TitleFields)
	case name == "label" && label == "":
		return p, errors.New("{label:NAME} wants the name of a label")
	case name != "label" && named:
		return p, fmt.Errorf("{%s} takes no name: only {label:NAME} does", name)
	}
	return titlePart{name, label}, nil
}

// Change returns the change that applies the renaming. A template without fields makes an ordinary OpSet.
func (r Renaming) Change() Change {
	if text, ok := r.Literal(); ok {
		return Change{Kind: EditTitle, Op: OpSet, Target: TextValue(text)}
	}
	return Change{Kind: EditTitle, Op: OpRename, Renaming: r}
}

// Literal returns the title that all conversations get; ok is false if it depends on the conversation.
func (r Renaming) Literal() (text string, ok bool) {
	for _, p := range r.parts {
		if p.field != "" {
			return "", false
		}
		text += p.text
	}
	return text, r.Old == ""
}

// Reads returns the fields, other than the changed one, that must be loaded before the change can be planned and are not.
func (ch Change) Reads(c *Conversation) []EditKind {
	people := func(p titlePart) bool { return p.field == "people" }
	if !c.PeopleKnown() && slices.ContainsFunc(ch.Renaming.parts, people) {
		return []EditKind{EditParticipants}
	}
	return nil
}

// Title returns the new title of a conversation. It fails if a value of the template is missing or the title would be too long.
func (r Renaming) Title(c *Conversation) (title string, err error) {
	if r.Old != "" {
		n := strings.Count(c.Title, r.Old)
		if n == 0 {
			return c.Title, nil
		}
		if len(c.Title)+n*(len(r.New)-len(r.Old)) > 4*max(maxTitle, len(c.Title)) {
			return "", errors.New("the title would be far too long")
		}
		title = strings.ReplaceAll(c.Title, r.Old, r.New)
	}
	for _, p := range r.parts {
		text, missing := r.value(c, p)
		if missing != "" && strings.TrimSpace(text) == "" {
			return "", errors.New(missing)
		}
		title += text
	}
	switch n := utf8.RuneCountInString(title); {
	case strings.TrimSpace(title) == "":
		return "", errors.New("nothing would be left of its title")
	case n > maxTitle && n > utf8.RuneCountInString(c.Title):
		return "", fmt.Errorf("the title would be %s characters long", Number(n))
	}
	return title, nil
}

// value returns the text of a part, cleaned unless it is literal or the title; missing is the error message to use if it is blank.
func (r Renaming) value(c *Conversation, p titlePart) (text, missing string) {
	var list []string
	switch p.field {
	case "":
		return p.text, ""
	case "title":
		return c.Title, "it has no title"
	case "company":
		missing = "no company is known"
		for _, n := range c.Companies {
			if n.Name != "" {
				list = append(list, n.Name)
			}
		}
	case "people":
		if missing = "nobody is in it"; !c.PeopleKnown() {
			return "", "who is in it is not known yet"
		}
		for _, p := range c.People() {
			if p.Kind != KindRoom && p.Kind != KindFlow {
				list = append(list, p.Display())
			}
		}
		if more := len(list) - maxTitlePeople; more > 0 {
			list = append(list[:maxTitlePeople-1], fmt.Sprintf("%s +%d", list[maxTitlePeople-1], more))
		}
	case "date":
		at := c.Created
		if at.IsZero() {
			at = c.Updated
		}
		if missing = "it has no date"; !at.IsZero() {
			text = at.In(r.zone).Format(time.DateOnly)
		}
	case "label":
		text, missing = labelOf(c.Labels, p.text), "it has no label "+CleanLine(p.text, 60)
	}
	return strings.Join(strings.Fields(CleanLine(text+strings.Join(list, ", "), 0)), " "), missing
}

func labelOf(labels map[string]string, name string) string {
	if v, ok := labels[name]; ok {
		return v
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if strings.EqualFold(k, name) {
			return labels[k]
		}
	}
	return ""
}

// PeopleKnown reports whether the people of a conversation were read, beyond those named in a list row.
func (c *Conversation) PeopleKnown() bool { return c.Participants.Known || c.Contacts.Known }

// SameTitles is the risk that a plan gives several conversations the same title.
var SameTitles = Risk{Kind: EditTitle, Text: "several conversations get the same title", Twice: true}

// AskForSameTitles adds the risk SameTitles to items of a plan. Conversations that had the same title before and are renamed by
// a rule are left out: they lose no distinction.
func (p *Plan) AskForSameTitles(changes []Change) {
	literal := slices.ContainsFunc(changes, func(ch Change) bool { return ch.Kind == EditTitle && ch.Op != OpRename })
	type renamed struct {
		item *PlanItem
		was  string
	}
	byTitle := map[string][]renamed{}
	for i := range p.Items {
		for _, e := range p.Items[i].Edits {
			if to := e.Target.String(); e.Kind == EditTitle {
				byTitle[to] = append(byTitle[to], renamed{&p.Items[i], e.Base.String()})
			}
		}
	}
	for _, group := range byTitle {
		differed := slices.ContainsFunc(group, func(r renamed) bool { return r.was != group[0].was })
		for _, r := range group {
			if (differed || literal && len(group) > 1) && !slices.Contains(r.item.Risks, SameTitles) {
				r.item.Risks = append(r.item.Risks, SameTitles)
			}
		}
	}
}

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

// Renaming makes a title for each of several conversations; it is the operand of OpRename. Old is replaced by New
// wherever it stands in a title, letter for letter; where it is "", a template makes the title.
type Renaming struct {
	Old, New string
	parts    []titlePart
	zone     *time.Location // of dates
}

// titlePart is a text or, where field is set, what a conversation holds; of labels, the one that text names.
type titlePart struct{ field, text string }

// TitleFields are the fields of a template.
const TitleFields = "{title} {company} {people} {date} {label:NAME}"

// The bounds of a made title: of its length in characters, unless the present one is longer, and of the people that
// are named in it.
const (
	maxTitle       = 1000
	maxTitlePeople = 4
)

// ParseRenaming reads s/OLD/NEW/, where \/ is a slash, or a template.
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

// ParseTemplate reads a template such as "{title} · {company}", in which {{ and }} are braces. Dates are those of a zone.
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

// Change returns the change that renames so. One text for all is set as any title is.
func (r Renaming) Change() Change {
	if text, ok := r.Literal(); ok {
		return Change{Kind: EditTitle, Op: OpSet, Target: TextValue(text)}
	}
	return Change{Kind: EditTitle, Op: OpRename, Renaming: r}
}

// Literal returns the title that all conversations get, if it is one text.
func (r Renaming) Literal() (text string, ok bool) {
	for _, p := range r.parts {
		if p.field != "" {
			return "", false
		}
		text += p.text
	}
	return text, r.Old == ""
}

// Reads returns the kinds of edit whose field a conversation must hold for the change, and doesn't, beside the field
// that it changes.
func (ch Change) Reads(c *Conversation) []EditKind {
	people := func(p titlePart) bool { return p.field == "people" }
	if !c.PeopleKnown() && slices.ContainsFunc(ch.Renaming.parts, people) {
		return []EditKind{EditParticipants}
	}
	return nil
}

// Title returns the new title of a conversation, or why it gets none: a value that is missing would leave a bad one.
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
		text, missing := p.text, ""
		if p.field != "" {
			text, missing = r.value(c, p)
		}
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

// value returns what a conversation holds in a field, as it is shown in the plan, and what to say where that is blank.
func (r Renaming) value(c *Conversation, p titlePart) (text, missing string) {
	var list []string
	switch p.field {
	case "title":
		return c.Title, "it has no title"
	case "company":
		for _, n := range c.Companies {
			list = append(list, n.Name)
		}
		list, missing = slices.DeleteFunc(list, func(name string) bool { return name == "" }), "no company is known"
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

// PeopleKnown reports whether the people of a conversation were read, not only those that a list names.
func (c *Conversation) PeopleKnown() bool { return c.Participants.Known || c.Contacts.Known }

// SameTitles is the risk of a plan under which several conversations get one title.
var SameTitles = Risk{Kind: EditTitle, Text: "several conversations get the same title", Twice: true}

// AskForSameTitles has a plan of changes asked about twice where several conversations get one title. What had one
// before, and is renamed by a rule, has nothing to lose.
func (p *Plan) AskForSameTitles(changes []Change) {
	set := slices.ContainsFunc(changes, func(ch Change) bool { return ch.Kind == EditTitle && ch.Op != OpRename })
	titled := func(each func(it *PlanItem, to, was string)) {
		for i := range p.Items {
			for _, e := range p.Items[i].Edits {
				if e.Kind == EditTitle {
					each(&p.Items[i], e.Target.String(), e.Base.String())
				}
			}
		}
	}
	former := map[string]int{}   // how many former titles those of a new one have
	alike := map[[2]string]int{} // how many of a new title have a former one
	titled(func(_ *PlanItem, to, was string) {
		if alike[[2]string{to, was}]++; alike[[2]string{to, was}] == 1 {
			former[to]++
		}
	})
	titled(func(it *PlanItem, to, was string) {
		if (former[to] > 1 || set && alike[[2]string{to, was}] > 1) && !slices.Contains(it.Risks, SameTitles) {
			it.Risks = append(it.Risks, SameTitles)
		}
	})
}

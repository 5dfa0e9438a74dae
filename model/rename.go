package model

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Renaming makes a title for each of several conversations: by replacing a text in
// the present one, or from a template. It is the operand of OpRename.
type Renaming struct {
	// Old is replaced by New wherever it stands in a title, letter for letter; ""
	// where Parts make the title.
	Old, New string
	Parts    []TitlePart
	// Zone is the one of dates.
	Zone *time.Location
}

// TitlePart is a text or, where Field is set, what a conversation holds; of labels,
// the one that Text names.
type TitlePart struct{ Field, Text string }

// TitleFields are the names that a template knows, with what they stand for.
func TitleFields() []string {
	return []string{"{title}", "{company}", "{people}", "{date}", "{label:NAME}"}
}

const (
	fieldTitle   = "title"
	fieldCompany = "company"
	fieldPeople  = "people"
	fieldDate    = "date"
	fieldLabel   = "label"
)

// The bounds of a made title: of its length in characters, unless the present one is
// longer, and of the people that are named in it.
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
	var parts []string
	var part strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], `\/`):
			part.WriteByte('/')
			i++
		case rest[i] == '/':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(rest[i])
		}
	}
	parts = append(parts, part.String(), "") // the last / may be missing
	switch {
	case len(parts) < 3:
		return r, errors.New("s/old/new/ replaces a text in each title: the new text is missing")
	case parts[0] == "":
		return r, errors.New("s/old/new/ replaces a text in each title: the old text is missing")
	case len(parts) > 4 || parts[2] != "" && parts[2] != "g":
		return r, errors.New(`nothing may follow s/old/new/; a / within a text is \/`)
	}
	r.Old, r.New = parts[0], parts[1]
	return r, nil
}

// ParseTemplate reads a template such as "{title} · {company}", in which {{ and }} are
// braces. Dates are those of a zone.
func ParseTemplate(text string, zone *time.Location) (Renaming, error) {
	parts, err := parseTemplate(text)
	return Renaming{Parts: parts, Zone: zone}, err
}

func parseTemplate(text string) (parts []TitlePart, err error) {
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			parts = append(parts, TitlePart{Text: plain.String()})
			plain.Reset()
		}
	}
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			i = len(text)
		}
		plain.WriteString(text[:i])
		switch text = text[i:]; {
		case text == "":
		case strings.HasPrefix(text, "{{"), strings.HasPrefix(text, "}}"):
			plain.WriteByte(text[0])
			text = text[2:]
		case text[0] == '}':
			plain.WriteByte('}')
			text = text[1:]
		default:
			name, rest, ok := strings.Cut(text[1:], "}")
			if !ok {
				return nil, fmt.Errorf("%s has no } at its end; {{ is a brace", CleanLine(text, 40))
			}
			flush()
			part, err := parseField(name)
			if err != nil {
				return nil, err
			}
			parts, text = append(parts, part), rest
		}
	}
	flush()
	return parts, nil
}

func parseField(text string) (p TitlePart, err error) {
	name, label, _ := strings.Cut(text, ":")
	name, label = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(label)
	known := []string{fieldTitle, fieldCompany, fieldPeople, fieldDate, fieldLabel}
	switch {
	case !slices.Contains(known, name):
		why := fmt.Sprintf("there is no {%s}", CleanLine(text, 40))
		if near := Nearest(name, known); near != "" {
			return p, fmt.Errorf("%s; did you mean {%s}?", why, near)
		}
		return p, fmt.Errorf("%s; there are %s", why, strings.Join(TitleFields(), " "))
	case name == fieldLabel && label == "":
		return p, errors.New("{label:NAME} wants the name of a label")
	case name != fieldLabel && strings.Contains(text, ":"):
		return p, fmt.Errorf("{%s} takes no name: only {label:NAME} does", name)
	}
	return TitlePart{Field: name, Text: label}, nil
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
	switch {
	case r.Old != "" || len(r.Parts) > 1:
		return "", false
	case len(r.Parts) == 0:
		return "", true
	}
	return r.Parts[0].Text, r.Parts[0].Field == ""
}

// Reads returns the kinds of edit whose field a conversation must hold for the change,
// and doesn't, beside the field that it changes.
func (ch Change) Reads(c *Conversation) []EditKind {
	people := func(p TitlePart) bool { return p.Field == fieldPeople }
	if ch.Op == OpRename && !c.PeopleKnown() && slices.ContainsFunc(ch.Renaming.Parts, people) {
		return []EditKind{EditParticipants}
	}
	return nil
}

// Title returns the new title of a conversation, or why it gets none: a value that is
// missing would leave a bad one.
func (r Renaming) Title(c *Conversation) (string, error) {
	var title string
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
	for _, p := range r.Parts {
		text, err := p.value(c, r.Zone)
		if err != nil {
			return "", err
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

func (p TitlePart) value(c *Conversation, zone *time.Location) (text string, err error) {
	missing := ""
	switch p.Field {
	case "":
		return p.Text, nil
	case fieldTitle:
		text, missing = c.Title, "it has no title"
	case fieldCompany:
		var names []string
		for _, n := range c.Companies {
			if n.Name != "" {
				names = append(names, n.Name)
			}
		}
		text, missing = strings.Join(names, ", "), "no company is known"
	case fieldPeople:
		if text, missing = titlePeople(c), "nobody is in it"; !c.PeopleKnown() {
			missing = "who is in it is not known yet"
		}
	case fieldDate:
		at := c.Created
		if at.IsZero() {
			at = c.Updated
		}
		if missing = "it has no date"; !at.IsZero() {
			text = at.In(cmp.Or(zone, time.UTC)).Format(time.DateOnly)
		}
	case fieldLabel:
		text, missing = labelOf(c.Labels, p.Text), "it has no label "+CleanLine(p.Text, 60)
	}
	if strings.TrimSpace(text) == "" {
		return "", errors.New(missing)
	}
	if p.Field != fieldTitle {
		// It goes into the titles of others as it is shown in the plan.
		text = strings.Join(strings.Fields(CleanLine(text, 0)), " ")
	}
	return text, nil
}

// labelOf returns the value of a label, whose name may be written in other cases.
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

// PeopleKnown reports whether the people of a conversation were read, not only those
// that a list names.
func (c *Conversation) PeopleKnown() bool { return c.Participants.Known || c.Contacts.Known }

// titlePeople names the people of a conversation: "Grace Chen, Owen Park".
func titlePeople(c *Conversation) string {
	if !c.PeopleKnown() {
		return ""
	}
	var names []string
	for _, p := range c.People() {
		if p.Kind != KindRoom && p.Kind != KindFlow {
			names = append(names, p.Display())
		}
	}
	if more := len(names) - maxTitlePeople; more > 0 {
		return fmt.Sprintf("%s +%d", strings.Join(names[:maxTitlePeople], ", "), more)
	}
	return strings.Join(names, ", ")
}

// SameTitles is the risk of a plan under which several conversations get one title.
var SameTitles = Risk{Kind: EditTitle, Text: "several conversations get the same title", Twice: true}

// AskForSameTitles has a plan of changes asked about twice where several
// conversations get one title. What had one before, and is renamed by a rule, has
// nothing to lose.
func (p *Plan) AskForSameTitles(changes []Change) {
	set := func(ch Change) bool { return ch.Kind == EditTitle && ch.Op != OpRename }
	always := slices.ContainsFunc(changes, set)
	titled := func(it *PlanItem) *Edit {
		for i := range it.Edits {
			if it.Edits[i].Kind == EditTitle {
				return &it.Edits[i]
			}
		}
		return nil
	}
	// first is the title that the first of those with the same new one has, asks is true
	// where another of them makes it a question.
	type group struct {
		first string
		asks  bool
	}
	groups, some := map[string]group{}, false
	for i := range p.Items {
		e := titled(&p.Items[i])
		if e == nil {
			continue
		}
		to, was := e.Target.String(), e.Base.String()
		if g, ok := groups[to]; !ok {
			groups[to] = group{first: was}
		} else if !g.asks && (always || g.first != was) {
			g.asks, some = true, true
			groups[to] = g
		}
	}
	if !some {
		return
	}
	for i := range p.Items {
		it := &p.Items[i]
		if e := titled(it); e != nil && groups[e.Target.String()].asks && !slices.Contains(it.Risks, SameTitles) {
			it.Risks = append(it.Risks, SameTitles)
		}
	}
}

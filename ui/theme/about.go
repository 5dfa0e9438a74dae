package theme

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// About is what is said of a conversation, in the order in which a person asks: what it is, who can see it, who is in
// it, and the rest in a person's words and times. Its texts are cleaned.
type About struct {
	What string // kind, account, time
	// Head has who can see it, who is in it, its labels, and what it is about; Facts has the rest by group, Raw what
	// tells a person nothing.
	Head, Facts, Raw []model.Fact
	// Assumed is the note behind the star in Head, "" where there is none.
	Assumed string
}

// NewAbout says what is known of a conversation of an account that is described.
func NewAbout(c *model.Conversation, d model.Description, now time.Time) About {
	seen := d.AudienceOf(c)
	a := About{What: what(c, now)}
	if seen.Assumed != "" {
		a.Assumed = "* assumed: " + model.CleanLine(seen.Assumed, 0)
	}
	add := func(to *[]model.Fact, group, label, value string) {
		if strings.TrimSpace(value) != "" {
			*to = append(*to, model.Fact{Group: group, Label: label, Value: value})
		}
	}
	people, rooms := members(c, d.Domains)
	add(&a.Head, "", "Seen by", model.CleanLine(seen.Marked(), 0))
	add(&a.Head, "", "People", people)
	add(&a.Head, "", "Rooms", rooms)
	add(&a.Head, "", "Labels", chips(c.Labels))
	add(&a.Head, "", "Attributes", chips(c.Attributes))
	add(&a.Head, "", "About", strings.TrimSpace(model.Clean(c.Description)))

	add(&a.Facts, "", "Owner", owner(c.Owner))
	for _, n := range []struct {
		label string
		named model.Named
	}{{"Team", c.Team}, {"Space", c.Space}, {"Channel", c.Channel}} {
		add(&a.Facts, "", n.label, model.CleanLine(n.named.Name, 200))
		add(&a.Raw, "", n.label+" id", model.CleanLine(n.named.ID, 200))
	}
	var companies []string
	for _, n := range c.Companies {
		companies = append(companies, model.CleanLine(n.Name, 200))
		add(&a.Raw, "", "Company id", model.CleanLine(n.ID, 200))
	}
	add(&a.Facts, "", "Companies", strings.Join(slices.DeleteFunc(companies, func(s string) bool { return s == "" }), ", "))
	if c.Internal != nil {
		add(&a.Facts, "", "Internal", map[bool]string{true: "yes", false: "no"}[*c.Internal])
	}
	add(&a.Facts, "", "Status", sayStatus(c))
	add(&a.Facts, "", "Default role", model.CleanLine(model.RoleName(c.DefaultRole), 100))
	add(&a.Facts, "", "Created", Moment(c.Created, now))
	add(&a.Facts, "", "Link", model.CleanLine(c.URL, 0))

	raw := []model.Fact{{Label: "Ref", Value: c.Ref.String()}, {Label: "Provider", Value: c.Provider},
		{Label: "Privacy", Value: string(c.Privacy)}, {Label: "Access", Value: c.Access}, {Label: "Status", Value: c.Status},
		{Label: "Created", Value: stamp(c.Created)}, {Label: "Updated", Value: stamp(c.Updated)},
		{Label: "Owner id", Value: c.Owner.ID}, {Label: "Last message id", Value: c.LastMessage}, {Label: "ETag", Value: c.ETag}}
	for _, f := range raw {
		add(&a.Raw, "", f.Label, model.CleanLine(f.Value, 0))
	}
	for _, f := range c.Facts {
		group, label := model.CleanLine(f.Group, 100), model.CleanLine(f.Label, 200)
		if f.ForMachines() {
			if group != "" && group != model.GroupRaw {
				label = group + ": " + label
			}
			add(&a.Raw, "", label, model.Clean(f.Value))
			continue
		}
		switch group {
		case "":
			group = "Other"
		case label: // a heading would say the same
			group = ""
		}
		said := model.Clean(f.Value)
		if t, ok := stampIn(f.Value); ok {
			said = Moment(t, now)
			add(&a.Raw, "", group+": "+label, model.Clean(f.Value))
		}
		add(&a.Facts, group, labelWords(label), inWords(said))
	}
	// A group stands where its first fact does.
	first := map[string]int{}
	for i, f := range a.Facts {
		if _, ok := first[f.Group]; !ok {
			first[f.Group] = i
		}
	}
	slices.SortStableFunc(a.Facts, func(x, y model.Fact) int { return first[x.Group] - first[y.Group] })
	return a
}

// what says what a conversation is in one line: "call · sales · today 04:03 · 44 min".
func what(c *model.Conversation, now time.Time) string {
	parts := []string{model.CleanLine(c.Kind, 60), model.CleanLine(c.Ref.Account, 60), Moment(LastChange(c), now), Span(c.Duration)}
	switch {
	case c.Archived:
		parts = append(parts, "archived")
	case c.Closed:
		parts = append(parts, "closed")
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// LastChange returns when a conversation was last updated, or when it was created if the service doesn't say.
func LastChange(c *model.Conversation) time.Time {
	if c.Updated.IsZero() {
		return c.Created
	}
	return c.Updated
}

func sayStatus(c *model.Conversation) string {
	return strings.ToLower(strings.ReplaceAll(model.CleanLine(c.Status, 60), "_", " "))
}

// Moment writes a time as a person says it: "today 03:09", "Fri 20 Nov 15:30", with the year where it is another.
func Moment(t, now time.Time) string {
	return Clock(t, now, "today 15:04", "Mon 2 Jan 15:04", "Mon 2 Jan 2006 15:04")
}

// Span writes a duration as a person says it: "44 min", "1 h 5 min"; "" for none.
func Span(d time.Duration) string {
	m := int(d.Round(time.Minute).Minutes())
	switch {
	case d <= 0:
		return ""
	case m == 0:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m%60 == 0:
		return fmt.Sprintf("%d h", m/60)
	}
	return fmt.Sprintf("%d h %d min", m/60, m%60)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func stampIn(value string) (time.Time, bool) {
	if len(value) < len("2006-01-02T15:04:05Z") || len(value) > len(time.RFC3339Nano)+5 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	return t, err == nil
}

// inWords says the values that are made for machines.
func inWords(value string) string {
	switch {
	case value == "true":
		return "yes"
	case value == "false":
		return "no"
	case strings.Contains(value, "_") && strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "":
		return strings.ToLower(strings.ReplaceAll(value, "_", " "))
	}
	return value
}

// labelWords writes the path of a fact in words: "Tessella.domains.1.domain" is "Tessella domain", "object_type" is
// "Object type". A dot that may be one of a name or an address stays.
func labelWords(label string) string {
	parts := strings.Split(label, ".")
	said, field, begun := "", false, false
	for i := 0; i < len(parts); i++ {
		part, was := parts[i], field
		number := func(i int) bool {
			return i < len(parts) && parts[i] != "" && strings.Trim(parts[i], "0123456789") == ""
		}
		switch {
		case number(i+1) && i+2 < len(parts) && part == parts[i+2]+"s":
			if part = parts[i+2]; parts[i+1] != "1" {
				part += " " + parts[i+1]
			}
			i, field = i+2, true
		case fieldName.MatchString(part):
			part, field = strings.ToLower(strings.ReplaceAll(hump.ReplaceAllString(part, "$1 $2"), "_", " ")), true
		default:
			field = number(i)
		}
		if begun {
			said += map[bool]string{true: " ", false: "."}[was || field]
		}
		said, begun = said+part, true
	}
	if said != "" && fieldName.MatchString(parts[0]) {
		said = strings.ToUpper(said[:1]) + said[1:]
	}
	return said
}

// fieldName matches a field of two words or more as services name them, hump where one of its words ends.
var (
	fieldName = regexp.MustCompile(`^[a-z]+(?:_[a-z0-9]+|[A-Z][A-Za-z0-9]*)+$`)
	hump      = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// chips writes labels in one line: "Type=Renewal  Stage=Negotiation".
func chips(pairs map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		chip := model.CleanLine(k, 100)
		if v := model.CleanLine(pairs[k], 300); v != "" {
			chip += "=" + v
		}
		out = append(out, chip)
	}
	return strings.Join(out, "  ")
}

// membersNamed is how many people of a conversation are named.
const membersNamed = 12

// members says who is in a conversation and as what, those from outside by where they are from, and its rooms.
func members(c *model.Conversation, ours []string) (people, rooms string) {
	var own, away, resources []string
	from := map[string][]string{} // by domain
	all := c.People()
	named, unnamed := 0, 0
	for _, p := range all {
		domain := model.Outside(p, c, ours)
		switch {
		case p.Kind == model.KindRoom:
			resources = append(resources, Name(p))
			continue
		case Called(p) == nameless:
			unnamed++
			continue
		case named == membersNamed:
			continue
		case domain == "":
			name := member(p)
			if p.Stranger() && name == Called(p) {
				name += " (contact)"
			}
			own = append(own, name)
		default:
			if from[domain] == nil {
				away = append(away, domain)
			}
			from[domain] = append(from[domain], member(p))
		}
		named++
	}
	var out []string
	if len(own) > 0 {
		out = append(out, strings.Join(own, ", "))
	}
	for _, domain := range away {
		out = append(out, "from "+model.CleanLine(company(c, domain), 60)+": "+strings.Join(from[domain], ", "))
	}
	switch {
	case unnamed == 1:
		out = append(out, nameless)
	case unnamed > 1:
		out = append(out, fmt.Sprintf("%d people without a name", unnamed))
	}
	if more := max(len(all), c.ParticipantCount) - len(resources) - named - unnamed; more > 0 && named+unnamed > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, "; "), strings.Join(resources, ", ")
}

// company returns what people of a domain are said to be from: the company that has its name, else the domain.
func company(c *model.Conversation, domain string) string {
	name, _, _ := strings.Cut(domain, ".")
	for _, n := range c.Companies {
		if strings.Contains(model.FoldText(strings.ReplaceAll(n.Name, " ", "")), name) {
			return n.Name
		}
	}
	return domain
}

// nameless is what somebody is called of whom only an id is known.
const nameless = "somebody without a name"

// Called returns what to call somebody.
func Called(p model.Participant) string {
	if p.Name == "" && p.Email == "" && p.Identifier == "" {
		return nameless
	}
	return Name(p)
}

// member names somebody with what they are in a conversation. What is usual is not said.
func member(p model.Participant) string {
	name := Called(p)
	var as []string
	if p.Kind != model.KindUser && p.Kind != model.KindContact && p.Kind != "person" && p.Kind != "other" {
		as = append(as, model.CleanLine(p.Kind, 40))
	}
	switch p.Role {
	case "organizer":
		as = append(as, "host")
	case "":
	default:
		as = append(as, model.CleanLine(model.RoleName(p.Role), 40))
	}
	switch strings.ToLower(p.Status) {
	case "", "active", "accepted":
	case "pending":
		as = append(as, "waiting to join")
	case "needsaction", "needs_action":
		as = append(as, "not answered")
	default:
		as = append(as, strings.ToLower(model.CleanLine(p.Status, 40)))
	}
	if len(as) > 0 && name != "" {
		name += " (" + strings.Join(as, ", ") + ")"
	}
	return name
}

func owner(p model.Participant) string {
	if p.Name == "" && p.Email == "" {
		return "" // an id is for Raw
	}
	name := Name(p)
	if mail := Mail(p); mail != "" {
		name += " <" + mail + ">"
	}
	return name
}

// Speaker says who said a message and when, or how far into a recording: "11:02 Owen Park", "1:06 Owen Park".
func Speaker(m model.Message, now time.Time) string {
	who := model.CleanLine(m.Author, 60)
	if who == "" {
		who = "somebody"
	}
	switch s := int(m.Offset.Seconds()); {
	case !m.At.IsZero():
		return When(m.At, now) + " " + who
	case m.Offset > 0 && s < 3600:
		return fmt.Sprintf("%d:%02d %s", s/60, s%60, who)
	case m.Offset > 0:
		return fmt.Sprintf("%d:%02d:%02d %s", s/3600, s/60%60, s%60, who)
	}
	return who
}

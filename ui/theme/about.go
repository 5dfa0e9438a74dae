package theme

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// About is what the detail view says about a conversation, in the order in which a person asks: what it is, who can see
// it, who is in it, and the rest. Its texts are cleaned.
type About struct {
	What  string       // kind, account, time
	Head  []model.Fact // who can see it, who is in it, its labels, and its description
	Facts []model.Fact // the rest, by group
	Raw   []model.Fact // ids and other values for machines
	// Assumed explains the star in Head. It is "" if there is none.
	Assumed string
}

// NewAbout describes a conversation of an account.
func NewAbout(c *model.Conversation, d model.Description, now time.Time) About {
	seen := d.AudienceOf(c)
	a := About{What: what(c, now), Assumed: Around("* assumed: ", model.CleanLine(seen.Assumed, 0), "")}
	people, rooms := members(c, d.Domains)
	add(&a.Head, "", "Seen by", model.CleanLine(seen.Marked(), 0))
	add(&a.Head, "", "People", people)
	add(&a.Head, "", "Rooms", rooms)
	add(&a.Head, "", "Labels", chips(c.Labels))
	add(&a.Head, "", "Attributes", chips(c.Attributes))
	add(&a.Head, "", "About", strings.TrimSpace(model.Clean(c.Description)))

	add(&a.Facts, "", "Owner", owner(c.Owner))
	for i, n := range []model.Named{c.Team, c.Space, c.Channel} {
		label := []string{"Team", "Space", "Channel"}[i]
		add(&a.Facts, "", label, model.CleanLine(n.Name, 200))
		add(&a.Raw, "", label+" id", model.CleanLine(n.ID, 200))
	}
	var companies []string
	for _, n := range c.Companies {
		companies = append(companies, model.CleanLine(n.Name, 200))
		add(&a.Raw, "", "Company id", model.CleanLine(n.ID, 200))
	}
	add(&a.Facts, "", "Companies", Commas(companies...))
	if c.Internal != nil {
		add(&a.Facts, "", "Internal", Pick(*c.Internal, "yes", "no"))
	}
	add(&a.Facts, "", "Status", strings.ToLower(strings.ReplaceAll(model.CleanLine(c.Status, 60), "_", " ")))
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
		a.addFact(f, now)
	}
	// The facts of a group stand together, at the place of the first one.
	first := map[string]int{}
	for i, f := range a.Facts {
		if _, ok := first[f.Group]; !ok {
			first[f.Group] = i
		}
	}
	slices.SortStableFunc(a.Facts, func(x, y model.Fact) int { return first[x.Group] - first[y.Group] })
	return a
}

func add(to *[]model.Fact, group, label, value string) {
	if strings.TrimSpace(value) != "" {
		*to = append(*to, model.Fact{Group: group, Label: label, Value: value})
	}
}

// addFact adds a fact that the service returned, in words. A time in words is added to Raw too, as it was returned.
func (a *About) addFact(f model.Fact, now time.Time) {
	group, label, value := model.CleanLine(f.Group, 100), model.CleanLine(f.Label, 200), model.Clean(f.Value)
	if f.ForMachines() {
		if group != "" && group != model.GroupRaw {
			label = group + ": " + label
		}
		add(&a.Raw, "", label, value)
		return
	}
	switch group {
	case "":
		group = "Other"
	case label: // the heading would only repeat it
		group = ""
	}
	if t, err := time.Parse(time.RFC3339Nano, f.Value); err == nil {
		add(&a.Raw, "", group+": "+label, value)
		value = Moment(t, now)
	}
	add(&a.Facts, group, labelWords(label), valueWords(value))
}

// what says what a conversation is in one line: "call, sales, today 04:03, 44 min".
func what(c *model.Conversation, now time.Time) string {
	state := Pick(c.Archived, "archived", Pick(c.Closed, "closed", ""))
	return Commas(model.CleanLine(c.Kind, 60), model.CleanLine(c.Ref.Account, 60), Moment(LastChange(c), now), span(c.Duration), state)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// valueWords writes a value for machines as words: "yes" for true, "in progress" for "IN_PROGRESS".
func valueWords(value string) string {
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

// labelWords writes the path of a fact as words: "Tessella domain" for "Tessella.domains.1.domain", "Object type" for
// "object_type". A dot that may belong to a name or an address stays.
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

// fieldName matches a field name of two or more words as services write it, hump the end of a word in it.
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

// membersNamed is the number of people that are named before the rest is counted.
const membersNamed = 12

// members lists the people of a conversation with their roles, guests by their company, and its rooms.
func members(c *model.Conversation, ours []string) (people, rooms string) {
	var domains, resources []string
	from := map[string][]string{} // names by mail domain, "" for our own people
	all := c.People()
	nameOf := Naming(all)
	named, unnamed := 0, 0
	for _, p := range all {
		domain := model.Outside(p, c, ours)
		switch {
		case p.Kind == model.KindRoom:
			resources = append(resources, Name(p))
		case KnownName(p) == nameless:
			unnamed++
		case named < membersNamed:
			name := nameOf(p)
			if details := unusual(p); details != "" {
				name += " (" + details + ")"
			} else if domain == "" && p.Stranger() {
				name += " (contact)"
			}
			if from[domain] == nil && domain != "" {
				domains = append(domains, domain)
			}
			from[domain] = append(from[domain], name)
			named++
		}
	}
	var out []string
	if len(from[""]) > 0 {
		out = append(out, strings.Join(from[""], ", "))
	}
	for _, domain := range domains {
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

// company returns the name of the company that a mail domain belongs to, or the domain if none of the conversation fits.
func company(c *model.Conversation, domain string) string {
	name, _, _ := strings.Cut(domain, ".")
	for _, n := range c.Companies {
		if strings.Contains(model.FoldText(strings.ReplaceAll(n.Name, " ", "")), name) {
			return n.Name
		}
	}
	return domain
}

// nameless stands for the name of a person of whom only an id is known.
const nameless = "somebody without a name"

// KnownName returns the name of a person, or nameless if only an id is known or nothing of the name can be shown.
func KnownName(p model.Participant) string {
	if p.Name == "" && p.Email == "" && p.Identifier == "" {
		return nameless
	}
	return cmp.Or(Name(p), nameless)
}

// unusual returns the kind, role and status of a person, as far as these are unusual.
func unusual(p model.Participant) string {
	kind, role, status := "", model.CleanLine(model.RoleName(p.Role), 40), strings.ToLower(p.Status)
	if p.Kind != model.KindUser && p.Kind != model.KindContact && p.Kind != "person" && p.Kind != "other" {
		kind = model.CleanLine(p.Kind, 40)
	}
	if p.Role == "organizer" {
		role = "host"
	}
	switch status {
	case "active", "accepted":
		status = ""
	case "pending":
		status = "waiting to join"
	case "needsaction", "needs_action":
		status = "not answered"
	default:
		status = strings.ToLower(model.CleanLine(p.Status, 40))
	}
	return Commas(kind, role, status)
}

func owner(p model.Participant) string {
	if p.Name == "" && p.Email == "" {
		return "" // the id is in Raw
	}
	return Name(p) + Around(" <", Mail(p), ">")
}

// Speaker returns who wrote or said a message, after the time or the time into the recording: "11:02 Owen Park", "1:06
// Owen Park".
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

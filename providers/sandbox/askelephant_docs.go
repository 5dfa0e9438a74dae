package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// elephantTime shows a time as the service does: milliseconds, or none when they are zero.
func elephantTime(t time.Time) any {
	t = t.Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return stamp(t)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// placed knows ids, and records as an engagement shows them: a company is an account, a tag a label, a user a person.
func (a *AskElephant) placed(_ int, kind string, n int) any {
	switch kind {
	case "account":
		c := a.data.company(n)
		return map[string]any{
			"object": "engagement_company", "id": a.idOf("company", n), "name": c.Name, "domains": []any{map[string]any{"domain": c.Domain}},
		}
	case "label":
		return picked(a.tag(n), "object", "id", "name")
	case "person":
		u := picked(a.user(n), "object", "id", "first_name", "last_name")
		u["emails"] = []any{map[string]any{"email": a.data.Staff[n].Email, "is_primary": true}}
		return u
	}
	return a.idOf(kind, n)
}

// picked are some members of an object.
func picked(object map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		out[name] = object[name]
	}
	return out
}

// managedContacts returns the contact set the API manages, in the directory's order, without contacts that were deleted.
func (a *AskElephant) managedContacts(row int) []int {
	set, replaced := a.managed[row]
	if !replaced {
		set = a.taking(row, "contact")
	}
	return slices.DeleteFunc(slices.Clone(set), func(c int) bool { return a.contactRemoved[c] })
}

// taking are those of one kind who take part.
func (a *AskElephant) taking(row int, kind string) (set []int) {
	for _, entry := range a.record(row).With {
		if k, n := reference(entry["who"].(string)); k == kind {
			set = append(set, n)
		}
	}
	return set
}

// engagement builds a record with the expansions. Empty optional fields are left out.
func (a *AskElephant) engagement(row int, expand []string) map[string]any {
	m := a.doc(row)
	if _, changed := m["contacts"]; !changed && !a.switches.DropExpand {
		m["contacts"] = a.participants(row)
	}
	if said := a.record(row).Said; len(said) > 0 {
		m["transcript"] = a.data.transcript(said)
	}
	for _, e := range elephantExpansions {
		if list, ok := m[e].([]any); ok && len(list) == 0 && a.switches.NullExpand {
			m[e] = nil
		}
		if !slices.Contains(expand, e) {
			delete(m, e)
		}
	}
	if a.switches.OldSchema {
		maps.DeleteFunc(m, func(k string, _ any) bool { return k == "is_private" || k == "external_url" || k == "crm_association" })
	}
	return m
}

// participants are the managed contacts, and the rooms: those survive every replacement.
func (a *AskElephant) participants(row int) []any {
	list := []any{}
	for _, c := range a.managedContacts(row) {
		list = append(list, a.participant(c))
	}
	for _, n := range a.taking(row, "room") {
		if a.switches.CalendarResourceHidden {
			break
		}
		r := a.file.Rooms.Rows[n].Set
		room := map[string]any{"object": "calendar_resource", "id": a.idOf("room", n), "name": r["name"]}
		if a.switches.CalendarResourceAsContact {
			id := strings.Replace(a.idOf("room", n), "clrs_", "cnt_", 1)
			room = map[string]any{"object": "contact", "id": id, "first_name": r["name"], "last_name": nil}
		}
		room["emails"] = []any{map[string]any{"email": r["email"], "is_primary": true}}
		list = slices.Insert(list, len(list)/2, any(room))
	}
	return list
}

// participant is a contact as an engagement's expansion shows it: any part of a name may be null, and there may be no
// address.
func (a *AskElephant) participant(c int) map[string]any {
	return picked(a.contact(c), "object", "id", "first_name", "last_name", "emails")
}

// contactText is what a search for contacts looks in: full name and addresses.
func (a *AskElephant) contactText(c int) string {
	m := a.participant(c)
	first, _ := m["first_name"].(string)
	last, _ := m["last_name"].(string)
	text := first + " " + last
	for _, e := range m["emails"].([]any) {
		text += "\n" + e.(map[string]any)["email"].(string)
	}
	return text
}

// contacts and companies are how many there are: stories that are told again have their own.
func (a *AskElephant) contacts() int { return len(a.file.Contacts.Rows) * a.tellings() }

func (a *AskElephant) companies() int { return len(a.file.Companies.Rows) * a.tellings() }

func (a *AskElephant) tellings() int {
	if a.data.recasting == nil {
		return 1
	}
	return tellings(a.conversations, len(a.seeded.Rows))
}

func (a *AskElephant) contact(i int) map[string]any {
	p := a.data.contact(i)
	words := a.data.words(p)
	words["employer"] = a.idOf("company", p.Company)
	return a.entry(&a.file.Contacts, i, a.idOf("contact", i), words)
}

func (a *AskElephant) company(i int) map[string]any {
	c := a.data.company(i)
	return a.entry(&a.file.Companies, i, a.idOf("company", i), map[string]any{"name": c.Name, "domain": c.Domain, "industry": c.Industry})
}

func (a *AskElephant) user(i int) map[string]any {
	return a.entry(&a.file.Users, i, a.idOf("user", i), a.data.words(a.data.Staff[i]))
}

func (a *AskElephant) tag(i int) map[string]any {
	return a.entry(&a.file.Tags, i, a.idOf("tag", i), map[string]any{})
}

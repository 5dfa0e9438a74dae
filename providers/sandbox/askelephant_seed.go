package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	streamAskElephant          uint64 = 6
	streamAskElephantDirectory uint64 = 7
)

var elephantData = load[struct {
	// Types and Statuses are the documented ones, the mixes what engagements have.
	Types, Statuses, TypeMix, StatusMix     []string
	Tags, Rooms, Signals                    []string
	Engagement, Contact, Company, User, Tag steps
}]("askelephant")

// elephantTime shows a time as the service does: milliseconds, or none when they are zero.
func elephantTime(t time.Time) string {
	if t.Nanosecond() == 0 {
		return stamp(t)
	}
	return millis(t)
}

// elephantDirectoryTime is when the record number i of a directory changed.
func elephantDirectoryTime(d *seedData, i int) time.Time {
	t := d.base.Add(-time.Duration(i+1) * 17 * time.Hour)
	if i%3 == 1 {
		t = t.Add(250 * time.Millisecond)
	}
	return t
}

// fill makes the directories and the rows.
func (a *AskElephant) fill(r *rand.Rand) {
	ids := func(prefix string, n int) (list []string) {
		for i := range n {
			list = append(list, prefix+ulid(r, elephantDirectoryTime(a.data, i).Add(-time.Hour)))
		}
		return list
	}
	a.contactIDs = ids("cnt_", len(a.data.contacts))
	a.companyIDs = ids("cmp_", len(a.data.companies))
	a.userIDs = ids("usr_", len(a.data.staff))
	a.tagIDs = ids("tag_", len(elephantData.Tags))
	for i, id := range a.contactIDs {
		a.contactIndex[id] = i
	}
	for i := range a.conversations {
		r := a.data.rng(streamAskElephant, i)
		created := a.data.created(i, a.conversations).Truncate(time.Millisecond)
		row := elephantRow{id: "ngmt_" + ulid(r, created), created: created, private: chance(r, 0.15)}
		// Most change within the hour they end; some days later.
		change := time.Duration(r.Int64N(int64(100 * time.Minute)))
		if chance(r, 0.1) {
			change = time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))
		}
		row.updated = created.Add(change).Truncate([...]time.Duration{time.Second, time.Millisecond}[i%2])
		if row.updated.After(a.data.base) || row.updated.Before(created) {
			row.updated = created
		}
		a.list = append(a.list, row)
		a.index[row.id] = i
	}
}

// elephantFacts are the generated parts of an engagement that filters and expansions share.
type elephantFacts struct {
	title, kind, status string
	start               time.Time
	duration            time.Duration
	contacts, companies []int
	owner, host         int // -1 for none
	tags                []int
	deal                string // CRM id of the linked deal
	resource            bool   // a calendar resource takes part
}

func (a *AskElephant) facts(i int) elephantFacts {
	row, d := a.list[i], a.data
	r := d.rng(streamAskElephant, len(a.list)+i)
	f := elephantFacts{
		title: d.title(r, i), kind: pick(r, elephantData.TypeMix), status: pick(r, elephantData.StatusMix),
		start: row.created.Add(-time.Duration(r.IntN(90)) * time.Minute), duration: time.Duration(60+r.IntN(5400)) * time.Second,
		owner: r.IntN(len(d.staff)), host: -1, resource: i%5 == 2,
	}
	f.contacts = someOf(r, r.IntN(5), len(d.contacts))
	slices.Sort(f.contacts)
	for _, c := range f.contacts {
		if company := d.contacts[c].company; !slices.Contains(f.companies, company) {
			f.companies = append(f.companies, company)
		}
	}
	if chance(r, 0.4) {
		f.host = r.IntN(len(d.staff))
	}
	if chance(r, 0.07) {
		f.owner = -1
	}
	if chance(r, 0.25) {
		f.deal = digits(r, 9)
	}
	f.tags = someOf(r, r.IntN(4), len(elephantData.Tags))
	slices.Sort(f.tags)
	return f
}

// managedContacts returns the contact set the API manages, in the directory's order, without contacts that were deleted.
func (a *AskElephant) managedContacts(i int) []int {
	set, ok := a.managed[i]
	if !ok {
		set = a.facts(i).contacts
	}
	return slices.DeleteFunc(slices.Clone(set), func(c int) bool { return a.contactRemoved[c] })
}

// engagement builds a record with the expansions. Empty optional fields are left out.
func (a *AskElephant) engagement(i int, expand []string) map[string]any {
	row, f := a.list[i], a.facts(i)
	vars := map[string]any{
		"id": row.id, "title": f.title, "kind": f.kind, "status": f.status,
		"created": elephantTime(row.created), "updated": elephantTime(row.updated),
		"internal": len(f.contacts) == 0, "start": elephantTime(f.start), "ended": elephantTime(f.start.Add(f.duration)),
		"seconds": int(f.duration / time.Second), "private": row.private, "meeting": f.kind == "MEETING",
		"owned": f.owner >= 0, "hosted": f.host >= 0, "linked": f.deal != "", "deal": f.deal, "old": a.switches.OldSchema,
	}
	if f.owner >= 0 {
		vars["owner"] = a.userIDs[f.owner]
	}
	if f.host >= 0 {
		vars["host"] = a.userIDs[f.host]
	}
	m := a.record(elephantData.Engagement, i, vars)
	for _, e := range expand {
		a.addExpansion(m, i, f, e)
	}
	for k, v := range a.changed[i] {
		if !slices.Contains(elephantExpansions, k) || slices.Contains(expand, k) {
			m[k] = v
		}
	}
	return m
}

func (a *AskElephant) record(s steps, i int, vars map[string]any) map[string]any {
	m := map[string]any{}
	s.apply(&cook{d: a.data, row: i, vars: vars}, m)
	return m
}

// addExpansion adds one expansion.
func (a *AskElephant) addExpansion(m map[string]any, i int, f elephantFacts, what string) {
	list := []any{}
	switch what {
	case "contacts":
		if a.switches.DropExpand {
			return
		}
		for _, c := range a.managedContacts(i) {
			list = append(list, a.participant(c))
		}
		if f.resource && !a.switches.CalendarResourceHidden {
			list = slices.Insert(list, len(list)/2, any(a.calendarResource(i)))
		}
	case "companies":
		for _, c := range f.companies {
			list = append(list, map[string]any{
				"object": "engagement_company", "id": a.companyIDs[c], "name": a.data.companies[c].name,
				"domains": []any{map[string]any{"domain": a.data.companies[c].domain}},
			})
		}
	case "tags":
		for _, t := range f.tags {
			list = append(list, map[string]any{"object": "tag", "id": a.tagIDs[t], "name": elephantData.Tags[t]})
		}
	case "owner":
		m["owner"] = nil
		if f.owner >= 0 {
			p := a.data.staff[f.owner]
			m["owner"] = map[string]any{
				"object": "user", "id": a.userIDs[f.owner], "first_name": p.first, "last_name": p.last,
				"emails": []any{map[string]any{"email": p.email, "is_primary": true}},
			}
		}
		return
	case "transcript", "media_url":
		m[what] = nil
		if f.status == "COMPLETED" && what == "transcript" {
			m[what] = a.transcript(i)
		} else if f.status == "COMPLETED" && (f.kind == "MEETING" || f.kind == "CALL") {
			m[what] = "https://media.askelephant.example/" + a.list[i].id + ".mp4?expires=600&signature=c0ffee"
		}
		return
	case "signals":
		r := a.data.rng(streamAskElephant, -2*i-1)
		for n := range r.IntN(3) {
			list = append(list, map[string]any{
				"object": "signal", "id": "sgnl_" + ulid(r, a.list[i].created), "name": elephantData.Signals[n], "text": a.data.sentence(r),
			})
		}
	case "action_items":
		r := a.data.rng(streamAskElephant, -2*i-2)
		for range r.IntN(3) {
			list = append(list, map[string]any{
				"object": "action_item", "id": "actn_" + ulid(r, a.list[i].created), "title": a.data.sentence(r),
				"completed": chance(r, 0.3),
			})
		}
	}
	m[what] = list
	if len(list) == 0 && a.switches.NullExpand {
		m[what] = nil
	}
}

// calendarResource is a room that takes part. It survives every replacement.
func (a *AskElephant) calendarResource(i int) map[string]any {
	n := i % len(elephantData.Rooms)
	id := ulid(a.data.rng(streamAskElephantDirectory, -100-n), a.data.base)
	email := []any{map[string]any{"email": fmt.Sprintf("c_188%d@resource.calendar.example", n), "is_primary": true}}
	if a.switches.CalendarResourceAsContact {
		return map[string]any{
			"object": "contact", "id": "cnt_" + id, "first_name": elephantData.Rooms[n], "last_name": nil, "emails": email,
		}
	}
	return map[string]any{"object": "calendar_resource", "id": "clrs_" + id, "name": elephantData.Rooms[n], "emails": email}
}

// participant is a contact as an engagement's expansion shows it: any part of a name may be null, and there may be no
// address.
func (a *AskElephant) participant(c int) map[string]any {
	p := a.data.contacts[c]
	m := map[string]any{"object": "contact", "id": a.contactIDs[c], "first_name": p.first, "last_name": p.last}
	switch c % 19 {
	case 7:
		m["last_name"] = nil
	case 13:
		m["first_name"], m["last_name"] = nil, nil
	}
	emails := []any{map[string]any{"email": p.email, "is_primary": true}}
	switch {
	case c%38 == 13: // neither name nor address
		emails = []any{}
	case c%10 == 3:
		emails = []any{map[string]any{"email": "old-" + p.email, "is_primary": false}, emails[0]}
	}
	m["emails"] = emails
	return m
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

// directoryRecord makes a record of a directory.
func (a *AskElephant) directoryRecord(s steps, i int, id string, vars map[string]any) map[string]any {
	t := elephantDirectoryTime(a.data, i)
	vars["id"], vars["created"], vars["updated"] = id, elephantTime(t.Add(-time.Hour).Truncate(time.Second)), elephantTime(t)
	return a.record(s, i, vars)
}

// contact is a contact as its own endpoints show it.
func (a *AskElephant) contact(c int) map[string]any {
	p := a.data.contacts[c]
	m := a.directoryRecord(elephantData.Contact, c, a.contactIDs[c], map[string]any{
		"phone": p.phone, "job": p.job, "zone": p.zone, "company_id": a.companyIDs[p.company],
	})
	for k, v := range a.participant(c) {
		m[k] = v
	}
	return m
}

func (a *AskElephant) company(i int) map[string]any {
	c := a.data.companies[i]
	return a.directoryRecord(elephantData.Company, i, a.companyIDs[i], map[string]any{
		"name": c.name, "domain": c.domain, "industry": c.industry, "employees": 20 + i*37,
	})
}

func (a *AskElephant) user(i int) map[string]any {
	p := a.data.staff[i]
	return a.directoryRecord(elephantData.User, i, a.userIDs[i], map[string]any{
		"first": p.first, "last": p.last, "email": p.email, "job": p.job, "zone": p.zone,
		"active": elephantTime(a.data.base.Add(-time.Duration(i) * time.Hour)),
	})
}

func (a *AskElephant) tag(i int) map[string]any {
	return a.directoryRecord(elephantData.Tag, i, a.tagIDs[i], map[string]any{"name": elephantData.Tags[i]})
}

func (a *AskElephant) transcript(i int) string {
	r := a.data.rng(streamAskElephant, -1_000_000-i)
	speakers := []person{a.data.staff[r.IntN(staffCount)], a.data.contacts[r.IntN(contactCount)]}
	var text strings.Builder
	for range 4 + r.IntN(8) {
		said := a.data.sentence(r)
		text.WriteString(speakers[r.IntN(2)].name() + ": " + said + "\n")
	}
	return text.String()
}

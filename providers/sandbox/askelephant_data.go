package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	streamAskElephant          uint64 = 6
	streamAskElephantDirectory uint64 = 7
)

var elephantExpansions = []string{"companies", "contacts", "owner", "action_items", "signals", "transcript", "media_url", "tags"}

// elephantTags are the workspace's tags; lists of them need two pages at the
// default limit.
var elephantTags = []string{
	"renewal", "churn-risk", "pricing", "interview", "legal", "onboarding", "bug", "feature request", "VIP ⭐", "no-show", "follow-up",
	"высокий приоритет", "見積もり", "متابعة", "דחוף", "Größe", "competitor: Gong", "competitor: Chorus", "pilot", "security", "procurement",
	"q1", "q2", "q3", "q4", "emea", "apac", "amer", "partner", "reference", "case study", "training", "escalation",
}

var (
	elephantTypes     = []string{"MEETING", "CALL", "EMAIL", "TASK", "NOTE", "CALENDAR_EVENT", "DOCUMENT"}
	elephantStatuses  = []string{"PENDING", "PROCESSING", "COMPLETED", "FAILED"}
	elephantTypeMix   = []string{"MEETING", "MEETING", "MEETING", "CALL", "CALL", "CALL", "EMAIL", "NOTE", "TASK", "CALENDAR_EVENT", "DOCUMENT", "HUDDLE"}
	elephantStatusMix = []string{
		"COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "PROCESSING", "PENDING", "FAILED", "QUEUED_V2",
	}
	elephantRoles = []string{"OWNER", "MANAGER", "USER", "USER", "USER", "INACTIVE", "NOT_INVITED", "BILLING_ADMIN"}
)

// elephantTime shows a time as the service does: milliseconds, or none when
// they are zero.
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

// elephantFacts are the generated parts of an engagement that filters and
// expansions share.
type elephantFacts struct {
	title, kind, status string
	start               time.Time
	duration            time.Duration
	contacts            []int
	companies           []int
	owner, host         int // -1 for none
	tags                []int
	deal                string // CRM id of the linked deal
	resource            bool   // a calendar resource takes part
}

func (a *AskElephant) facts(i int) elephantFacts {
	row := a.rows[i]
	d := a.data
	r := d.rng(streamAskElephant, len(a.rows)+i)
	f := elephantFacts{
		title: d.title(r, i), kind: pick(r, elephantTypeMix), status: pick(r, elephantStatusMix),
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
	f.tags = someOf(r, r.IntN(4), len(elephantTags))
	slices.Sort(f.tags)
	return f
}

// managedContacts returns the contact set the API manages, in the directory's
// order, without contacts that were deleted.
func (a *AskElephant) managedContacts(i int) []int {
	set, ok := a.managed[i]
	if !ok {
		set = a.facts(i).contacts
	}
	if len(a.contactRemoved) == 0 {
		return set
	}
	return slices.DeleteFunc(slices.Clone(set), func(c int) bool { return a.contactRemoved[c] })
}

// engagement builds a record with the expansions.
func (a *AskElephant) engagement(i int, expand []string) map[string]any {
	row := a.rows[i]
	f := a.facts(i)
	ended := f.start.Add(f.duration)
	m := map[string]any{
		"object": "engagement", "id": row.id, "title": f.title, "engagement_type": f.kind, "processing_status": f.status,
		"created_at": elephantTime(row.created), "updated_at": elephantTime(row.updated),
		"data_source": [...]string{"GOOGLE_MEET", "zoom", "DIALER", "teams", "UPLOAD"}[i%5], "is_internal": len(f.contacts) == 0,
		"engagement_at": elephantTime(f.start), "start_at": elephantTime(f.start), "end_at": elephantTime(ended),
		"duration_seconds": int(f.duration / time.Second), "is_private": row.private,
	}
	// Empty optional fields are left out.
	if i%3 == 0 {
		m["description"] = "Agenda:\n1. status\n2. next steps"
	}
	if f.kind == "MEETING" && i%4 != 3 {
		m["meeting_url"] = "https://meet.example/" + strconv.Itoa(100000+i)
	}
	if f.owner >= 0 {
		m["owner_user_id"] = a.userIDs[f.owner]
	}
	if f.host >= 0 {
		m["host_user_id"] = a.userIDs[f.host]
	}
	if i%9 == 4 {
		m["external_url"] = "dialpad://call/" + strconv.Itoa(i)
	}
	if f.deal != "" {
		m["crm_association"] = map[string]any{"object_type": "deal", "crm_object_id": f.deal, "source": "hubspot"}
	}
	switch i % 13 {
	case 6: // fields of a later version
		m["sentiment"] = map[string]any{"overall": 0.4, "label": "MIXED"}
		m["recap_version"] = 3
	case 8: // older records lack what the schema calls optional
		for _, k := range []string{"data_source", "is_internal", "engagement_at", "start_at", "end_at", "duration_seconds"} {
			delete(m, k)
		}
	}
	if a.switches.OldSchema {
		delete(m, "is_private")
		delete(m, "external_url")
		delete(m, "crm_association")
	}
	for _, e := range expand {
		a.expand(m, i, f, e)
	}
	for k, v := range a.changed[i] {
		if !slices.Contains(elephantExpansions, k) || slices.Contains(expand, k) {
			m[k] = v
		}
	}
	return m
}

// expand adds one expansion.
func (a *AskElephant) expand(m map[string]any, i int, f elephantFacts, what string) {
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
			list = append(list, map[string]any{"object": "tag", "id": a.tagIDs[t], "name": elephantTags[t]})
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
	case "transcript":
		m["transcript"] = nil
		if f.status == "COMPLETED" {
			m["transcript"] = a.transcript(i)
		}
		return
	case "media_url":
		m["media_url"] = nil
		if f.status == "COMPLETED" && (f.kind == "MEETING" || f.kind == "CALL") {
			m["media_url"] = "https://media.askelephant.example/" + a.rows[i].id + ".mp4?expires=600&signature=c0ffee"
		}
		return
	case "signals":
		r := a.data.rng(streamAskElephant, -2*i-1)
		for n := range r.IntN(3) {
			list = append(list, map[string]any{
				"object": "signal", "id": "sgnl_" + ulid(r, a.rows[i].created), "name": [...]string{"Pricing objection", "Next step", "Risk"}[n],
				"text": a.data.sentence(r),
			})
		}
	case "action_items":
		r := a.data.rng(streamAskElephant, -2*i-2)
		for range r.IntN(3) {
			list = append(list, map[string]any{
				"object": "action_item", "id": "actn_" + ulid(r, a.rows[i].created), "title": a.data.sentence(r), "completed": chance(r, 0.3),
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
	r := a.data.rng(streamAskElephantDirectory, -100-i%7)
	name := [...]string{"Room Atlas (8)", "Room Κνωσός", "Room 富士", "Phone Booth 2", "Board Room", "Lab", "Garden"}[i%7]
	email := []any{map[string]any{"email": fmt.Sprintf("c_188%d@resource.calendar.example", i%7), "is_primary": true}}
	if a.switches.CalendarResourceAsContact {
		return map[string]any{
			"object": "contact", "id": "cnt_" + ulid(r, a.data.base), "first_name": name, "last_name": nil, "emails": email,
		}
	}
	return map[string]any{"object": "calendar_resource", "id": "clrs_" + ulid(r, a.data.base), "name": name, "emails": email}
}

// names returns first and last name as a contact has them: either may be null.
func (a *AskElephant) names(c int) (first, last any) {
	p := a.data.contacts[c]
	first, last = p.first, p.last
	switch c % 19 {
	case 7:
		last = nil
	case 13:
		first, last = nil, nil
	}
	return first, last
}

func (a *AskElephant) emails(c int) []any {
	p := a.data.contacts[c]
	switch {
	case c%38 == 13: // neither name nor address
		return []any{}
	case c%10 == 3:
		return []any{
			map[string]any{"email": "old-" + p.email, "is_primary": false}, map[string]any{"email": p.email, "is_primary": true},
		}
	}
	return []any{map[string]any{"email": p.email, "is_primary": true}}
}

// participant is a contact as an engagement's expansion shows it.
func (a *AskElephant) participant(c int) map[string]any {
	first, last := a.names(c)
	return map[string]any{"object": "contact", "id": a.contactIDs[c], "first_name": first, "last_name": last, "emails": a.emails(c)}
}

// contact is a contact as its own endpoints show it.
func (a *AskElephant) contact(c int) map[string]any {
	p := a.data.contacts[c]
	m := a.participant(c)
	m["phone_numbers"] = []any{}
	if c%2 == 0 {
		m["phone_numbers"] = []any{map[string]any{"phone_number": p.phone, "is_primary": true}}
	}
	if c%4 == 0 {
		m["description"] = p.job
	}
	if c%3 != 2 {
		m["time_zone"] = p.zone
	}
	if c%6 != 5 {
		m["company"] = map[string]any{"id": a.companyIDs[p.company], "object": "company"}
	}
	if c%5 == 1 {
		m["crm_association"] = map[string]any{"object_type": "contact", "crm_object_id": strconv.Itoa(7000 + c), "source": "hubspot"}
	}
	a.dates(m, c)
	return m
}

func (a *AskElephant) dates(m map[string]any, i int) {
	t := elephantDirectoryTime(a.data, i)
	m["created_at"] = elephantTime(t.Add(-time.Hour).Truncate(time.Second))
	m["updated_at"] = elephantTime(t)
}

func (a *AskElephant) company(i int) map[string]any {
	c := a.data.companies[i]
	m := map[string]any{
		"object": "company", "id": a.companyIDs[i], "name": c.name, "domains": []any{map[string]any{"domain": c.domain}},
	}
	if i%16 == 9 {
		m["name"] = nil
	}
	if i%2 == 0 {
		m["industry"], m["website"], m["number_of_employees"] = c.industry, "https://"+c.domain, 20+i*37
	}
	if i%5 == 2 {
		m["crm_association"] = map[string]any{"object_type": "company", "crm_object_id": strconv.Itoa(9000 + i), "source": "hubspot"}
	}
	a.dates(m, i)
	return m
}

func (a *AskElephant) user(i int) map[string]any {
	p := a.data.staff[i]
	m := map[string]any{
		"object": "user", "id": a.userIDs[i], "role": elephantRoles[i%len(elephantRoles)], "first_name": p.first, "last_name": p.last,
		"emails": []any{map[string]any{"email": p.email}},
	}
	if i%3 != 0 {
		m["job_title"], m["time_zone"] = p.job, p.zone
		m["last_activity_at"] = elephantTime(a.data.base.Add(-time.Duration(i) * time.Hour))
	}
	a.dates(m, i)
	return m
}

func (a *AskElephant) tag(i int) map[string]any {
	m := map[string]any{"object": "tag", "id": a.tagIDs[i], "name": elephantTags[i]}
	a.dates(m, i)
	return m
}

// spoken is one piece of a transcript.
type spoken struct {
	speaker    int
	text       string
	start, end float64
}

func (a *AskElephant) spoken(i int) (speakers []person, pieces []spoken) {
	r := a.data.rng(streamAskElephant, -1_000_000-i)
	speakers = []person{a.data.staff[r.IntN(staffCount)], a.data.contacts[r.IntN(contactCount)]}
	at := 0.0
	for range 4 + r.IntN(8) {
		said := a.data.sentence(r)
		end := at + 0.06*float64(len(said))
		pieces = append(pieces, spoken{r.IntN(2), said, at, end})
		at = end + 0.4
	}
	return speakers, pieces
}

func (a *AskElephant) transcript(i int) string {
	speakers, pieces := a.spoken(i)
	var text strings.Builder
	for _, p := range pieces {
		text.WriteString(speakers[p.speaker].name() + ": " + p.text + "\n")
	}
	return text.String()
}

// timeline is the transcript with times. The names of an entry's fields are
// documented nowhere.
func (a *AskElephant) timeline(i int) map[string]any {
	speakers, pieces := a.spoken(i)
	m := map[string]any{"object": "transcript_timeline", "engagement_id": a.rows[i].id, "overall_sentiment": nil}
	var names, entries []any
	for _, s := range speakers {
		names = append(names, map[string]any{"name": s.name(), "email": s.email})
	}
	for _, p := range pieces {
		entries = append(entries, map[string]any{"speaker_index": p.speaker, "text": p.text, "start_seconds": p.start, "end_seconds": p.end})
	}
	m["speakers"], m["entries"] = names, entries
	if i%2 == 0 {
		m["overall_sentiment"] = 0.25
	}
	return m
}

package sandbox

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	streamAttention          uint64 = 4
	streamAttentionDirectory uint64 = 5
)

type attentionLabel struct {
	Name, Description string
	Options           []string
}

var attentionData = load[struct {
	// Chances are how likely a conversation is what its flags say.
	Chances struct{ Private, Internal, Empty, Archived, Pending, Failed, Imported float64 }
	Replies []string
	Teams   []struct {
		Name   string
		Parent int
	}
	Labels []attentionLabel
	// States make the fixed attributes, Extras what comes after people and labels.
	States, Extras, OddLabels steps
	Person                    recipe
	User                      steps
	Team, Label               recipe
}]("attention")

// attentionRow is what lists need of a conversation without generating it.
type attentionRow struct {
	id      string
	created time.Time
	flags   attentionFlag
}

type attentionFlag uint16

const (
	attentionPrivate attentionFlag = 1 << iota
	attentionInternal
	attentionEmpty
	attentionArchived
	attentionPending
	attentionFailed
	attentionImported
)

// How a transcript is shown.
type transcriptForm int

const (
	// transcriptText is a plain string, as in lists.
	transcriptText transcriptForm = iota
	// transcriptObject holds the pieces under final, v1.final or v2.final.
	transcriptObject
	// transcriptDetailed is an array of speakers with timed words.
	transcriptDetailed
)

// attentionView says which parts of a conversation an answer shows.
type attentionView struct {
	transcript   transcriptForm
	intelligence bool
	// internal includes the participants of the caller's own organisation.
	internal       bool
	zoom, imported bool
}

// fill makes the rows.
func (a *Attention) fill() {
	c := attentionData.Chances
	for i := range a.conversations {
		r := a.data.rng(streamAttention, i)
		row := attentionRow{id: uuid(r), created: a.data.created(i, a.conversations)}
		for bit, p := range []float64{c.Private, c.Internal, c.Empty, c.Archived, c.Pending, c.Failed, c.Imported} {
			if chance(r, p) {
				row.flags |= 1 << bit
			}
		}
		a.list = append(a.list, row)
		a.index[row.id] = i
	}
}

// has tells a flag, unless the attribute that shows it was changed.
func (a *Attention) has(i int, flag attentionFlag, field string) bool {
	if v, ok := a.changed[i][field].(bool); ok {
		return v
	}
	return a.list[i].flags&flag != 0
}

// attribute returns the current value of one attribute.
func (a *Attention) attribute(i int, field string) any {
	if v, ok := a.changed[i][field]; ok {
		return v
	}
	return a.generated(i)[field]
}

// generated builds the attributes of row i as they were at the start, all of them, with the internal participants.
func (a *Attention) generated(i int) map[string]any {
	row := a.list[i]
	r := a.data.rng(streamAttention, len(a.list)+i)
	owner := r.IntN(len(a.data.staff))
	duration := 120 + 3600*r.Float64()
	if row.flags&attentionEmpty != 0 {
		duration = 0
	}
	ended := row.created.Add(time.Duration(duration * float64(time.Second))).Truncate(time.Second)
	c := &cook{d: a.data, r: r, row: i, vars: map[string]any{
		"id": row.id, "created": stamp(row.created), "started": stamp(row.created.Truncate(time.Second)), "finished": stamp(ended),
		"owner": a.dir.userIDs[owner], "team": a.dir.teamOf(owner), "user": a.dir.person(owner),
		"duration": duration, "seconds": int(duration),
		"private": row.flags&attentionPrivate != 0, "internal": row.flags&attentionInternal != 0, "empty": row.flags&attentionEmpty != 0,
		"archived": row.flags&attentionArchived != 0, "pending": row.flags&attentionPending != 0, "failed": row.flags&attentionFailed != 0,
	}}
	at := map[string]any{}
	attentionData.States.apply(c, at)
	a.people(r, at, i, owner, row.flags&attentionInternal != 0)
	labels := map[string]any{}
	for _, n := range someOf(r, r.IntN(4), len(attentionData.Labels)) {
		if l := attentionData.Labels[n]; len(l.Options) > 0 {
			labels[l.Name] = pick(r, l.Options)
		}
	}
	attentionData.OddLabels.apply(c, labels)
	at["labels"] = labels
	attentionData.Extras.apply(c, at)
	return at
}

// people fills participants (invited) and attendees (present).
func (a *Attention) people(r *rand.Rand, at map[string]any, i, owner int, internal bool) {
	d := a.data
	entry := func(p person, organizer bool) map[string]any {
		m := map[string]any{
			"id": uuid(r), "email": p.email, "name": p.name(), "organizer": organizer, "status": pick(r, attentionData.Replies),
		}
		switch r.IntN(12) {
		case 0:
			m["name"] = ""
		case 1:
			m["type"] = "required"
		case 2:
			m["status"] = "delegated"
		}
		return m
	}
	list := []any{entry(d.staff[owner], true)}
	for _, s := range someOf(r, r.IntN(3), len(d.staff)) {
		if s != owner {
			list = append(list, entry(d.staff[s], false))
		}
	}
	if !internal {
		for _, c := range someOf(r, 1+r.IntN(3), len(d.contacts)) {
			m := entry(d.contacts[c], false)
			if r.IntN(15) == 0 {
				m["email"] = nil
			}
			list = append(list, m)
		}
	}
	if i%41 == 40 {
		// A dial-in with a number for a name and nothing else.
		list = append(list, map[string]any{"id": uuid(r), "name": "+" + digits(r, 11)})
	}
	at["participants"] = list
	at["attendees"] = list[:1+r.IntN(len(list))]
}

// resource builds a conversation as an answer shows it.
func (a *Attention) resource(i int, v attentionView) map[string]any {
	row := a.list[i]
	at := a.generated(i)
	at["transcript"] = a.transcript(i, v.transcript)
	maps.Copy(at, a.changed[i])
	if !v.intelligence {
		delete(at, "extractedIntelligence")
		delete(at, "confirmedExtractedIntelligence")
	}
	for _, list := range []string{"participants", "attendees"} {
		if people, ok := at[list].([]any); ok && !v.internal {
			at[list] = withoutInternal(people)
		}
	}
	if v.zoom && i%3 == 0 {
		callee := a.data.contacts[i%contactCount]
		at["zoomMetadata"] = map[string]any{
			"calleeName": callee.name(), "calleeNumber": callee.phone,
			"callerName": "", "callerNumber": "+4420" + strconv.Itoa(7_000_000+i),
		}
	}
	if v.imported && row.flags&attentionImported != 0 {
		at["importMetadata"] = map[string]any{"batch": i % 7, "extra": map[string]any{"dialer": "aircall"}}
	}
	for _, k := range []string{"videoStatus", "mediaStorageStatus", "transcriptStatus", "crmExportStatus", "importStatus"} {
		s, ok := at[k].(string)
		switch {
		case ok && a.switches.LowerStatuses:
			at[k] = strings.ToLower(s)
		case ok && a.switches.UpperStatuses:
			at[k] = strings.ToUpper(s)
		}
	}
	if a.switches.NullLists {
		at = nullEmpty(at).(map[string]any)
	}
	res := map[string]any{
		"type": "conversations", "id": row.id, "attributes": at, "links": map[string]any{"self": "/v2/conversations/" + row.id},
	}
	if a.switches.IDInAttributesOnly {
		delete(res, "id")
	}
	return res
}

// nullEmpty replaces empty lists and maps inside v by null, at any depth.
func nullEmpty(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = nullEmpty(v[i])
		}
		return out
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = nullEmpty(v[k])
		}
		return out
	}
	return v
}

// withoutInternal drops the people of the caller's own organisation, told by mail domain.
func withoutInternal(people []any) any {
	kept := []any{}
	for _, p := range people {
		m, _ := p.(map[string]any)
		if email, _ := m["email"].(string); !strings.HasSuffix(email, "@"+ownDomain) {
			kept = append(kept, p)
		}
	}
	return kept
}

// transcript builds the transcript of row i; without one it is {} or null.
func (a *Attention) transcript(i int, form transcriptForm) any {
	if a.list[i].flags&(attentionEmpty|attentionPending|attentionFailed) != 0 {
		if i%2 == 0 {
			return nil
		}
		return map[string]any{}
	}
	r := a.data.rng(streamAttention, -1-i)
	speakers := []person{a.data.staff[r.IntN(staffCount)], a.data.contacts[r.IntN(contactCount)]}
	pieces := 4 + r.IntN(8)
	if i%97 == 50 {
		pieces = 400
	}
	var text strings.Builder
	var detailed, flat []any
	at := 0.4
	for range pieces {
		who := r.IntN(2)
		p := speakers[who]
		said := a.data.sentence(r)
		start := at
		end := start + 0.05*float64(len(said))
		at = end + 0.3
		switch form {
		case transcriptText:
			text.WriteString(p.name() + ": " + said + "\n")
		case transcriptDetailed:
			speaker := map[string]any{"id": strconv.Itoa(who), "name": p.name(), "email": p.email}
			if who == 1 && i%5 == 0 {
				speaker = map[string]any{"email": p.email}
			}
			if who == 1 && i%7 == 0 {
				speaker = map[string]any{}
			}
			detailed = append(detailed, map[string]any{"speaker": speaker, "words": spokenWords(said, start, end, i%3 == 1)})
		case transcriptObject:
			piece := map[string]any{"speaker": p.name(), "startTimestamp": start, "endTimestamp": end, "sentence": said}
			if i%2 != 0 {
				piece = map[string]any{"speaker": p.name(), "words": spokenWords(said, start, end, i%3 == 1)}
			}
			flat = append(flat, piece)
		}
	}
	switch form {
	case transcriptText:
		return text.String()
	case transcriptDetailed:
		return detailed
	}
	switch i % 3 {
	case 0:
		return map[string]any{"final": flat}
	case 1:
		return map[string]any{"v1": map[string]any{"final": flat}}
	}
	return map[string]any{"v2": map[string]any{"final": flat, "pieceInFlux": nil}}
}

// spokenWords splits a sentence into timed tokens. Tokens carry their own spaces, or none at all when bare.
func spokenWords(said string, start, end float64, bare bool) []any {
	tokens := strings.SplitAfter(said, " ")
	step := (end - start) / float64(len(tokens))
	words := make([]any, len(tokens))
	for k, t := range tokens {
		if bare {
			t = strings.TrimSpace(t)
		}
		words[k] = map[string]any{"text": t, "startTimestamp": start + step*float64(k), "endTimestamp": start + step*float64(k+1)}
	}
	return words
}

// attentionDirectory is the organisation around the conversations. It doesn't change.
type attentionDirectory struct {
	data                               *seedData
	orgID                              string
	roleIDs, userIDs, teamIDs, labelID []string
}

func newAttentionDirectory(d *seedData) attentionDirectory {
	r := d.rng(streamAttentionDirectory, 0)
	ids := func(n int) (list []string) {
		for range n {
			list = append(list, uuid(r))
		}
		return list
	}
	return attentionDirectory{
		data: d, orgID: uuid(r), roleIDs: ids(3), userIDs: ids(len(d.staff)), teamIDs: ids(len(attentionData.Teams)),
		labelID: ids(len(attentionData.Labels)),
	}
}

func (dir *attentionDirectory) emailOf(id string) string {
	if i := slices.Index(dir.userIDs, id); i >= 0 {
		return dir.data.staff[i].email
	}
	return ""
}

func (dir *attentionDirectory) teamOf(user int) string { return dir.teamIDs[user%len(dir.teamIDs)] }

// deleted tells whether a user left: those show only with includeDeleted.
func (dir *attentionDirectory) deleted(i int) bool { return i%11 == 10 }

func (dir *attentionDirectory) cook(i int) *cook {
	p := dir.data.staff[i]
	vars := map[string]any{
		"id": dir.userIDs[i], "email": p.email, "first": p.first, "last": p.last, "team": dir.teamOf(i), "roleID": dir.roleIDs[min(i, 2)],
		"admin": i == 0, "manager": i == 1, "hired": stamp(dir.data.base.Add(-time.Duration(400+i) * 24 * time.Hour)), "left": nil,
	}
	if dir.deleted(i) {
		vars["left"] = stamp(dir.data.base.Add(-30 * 24 * time.Hour))
	}
	return &cook{d: dir.data, row: i, vars: vars}
}

// person is the short form of a user inside conversations.
func (dir *attentionDirectory) person(i int) any { return dir.cook(i).make(attentionData.Person) }

// team is one team with its sub-teams, as deep as they go.
func (dir *attentionDirectory) team(i int) any {
	t := attentionData.Teams[i]
	vars := map[string]any{"id": dir.teamIDs[i], "name": t.Name, "domain": ownDomain, "parent": nil, "organization": dir.orgID}
	if t.Parent >= 0 {
		vars["parent"] = dir.teamIDs[t.Parent]
	}
	vars["children"] = dir.teams(i)
	return (&cook{d: dir.data, row: i, vars: vars}).make(attentionData.Team)
}

func (dir *attentionDirectory) teams(parent int) []any {
	list := []any{}
	for i, t := range attentionData.Teams {
		if t.Parent == parent {
			list = append(list, dir.team(i))
		}
	}
	return list
}

func (a *Attention) listTeams(x *exchange) { x.json(200, rowsOrNull(a.dir.teams(-1))) }

func (a *Attention) listLabels(x *exchange) {
	var rows []any
	for i, l := range attentionData.Labels {
		options := []any{}
		for _, o := range l.Options {
			options = append(options, map[string]any{"value": o, "description": ""})
		}
		c := &cook{d: a.data, row: i, vars: map[string]any{
			"id": a.dir.labelID[i], "name": l.Name, "description": l.Description, "first": i == 0,
			"options": options, "organization": a.dir.orgID,
		}}
		rows = append(rows, c.make(attentionData.Label))
	}
	x.json(200, rowsOrNull(rows))
}

func (a *Attention) listUsers(x *exchange) {
	deleted := x.flag("includeDeleted", false)
	var rows []any
	for i, id := range a.dir.userIDs {
		q := x.query
		switch {
		case a.dir.deleted(i) && !deleted,
			q.Has("filter[id]") && !slices.Contains(q["filter[id]"], id),
			q.Has("filter[email]") && !slices.Contains(q["filter[email]"], a.data.staff[i].email),
			q.Has("teamUUID") && q.Get("teamUUID") != a.dir.teamOf(i):
			continue
		}
		user := map[string]any{}
		attentionData.User.apply(a.dir.cook(i), user)
		rows = append(rows, user)
	}
	x.json(200, rowsOrNull(rows))
}

// rowsOrNull wraps a directory list; an empty one is null, as met in the field.
func rowsOrNull(rows []any) map[string]any {
	if len(rows) == 0 {
		return map[string]any{"data": nil}
	}
	return map[string]any{"data": rows}
}

package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// attentionDirectory is the organisation around the conversations. It doesn't
// change.
type attentionDirectory struct {
	data     *seedData
	orgID    string
	userIDs  []string
	teamIDs  []string
	labelIDs []string
	roleIDs  [3]string
}

var attentionTeams = []struct {
	name   string
	parent int
}{
	{"[Northwind] Sales", -1}, {"[Northwind] Sales EMEA", 0}, {"[Northwind] Sales 日本", 0}, {"[Northwind] Customer Success", -1},
	{"[Northwind] People & Hiring", -1}, {"[Northwind] Εμπορικό", 1},
}

func newAttentionDirectory(d *seedData) attentionDirectory {
	r := d.rng(streamAttentionDirectory, 0)
	dir := attentionDirectory{data: d, orgID: uuid(r)}
	for i := range dir.roleIDs {
		dir.roleIDs[i] = uuid(r)
	}
	for range d.staff {
		dir.userIDs = append(dir.userIDs, uuid(r))
	}
	for range attentionTeams {
		dir.teamIDs = append(dir.teamIDs, uuid(r))
	}
	for range attentionLabels {
		dir.labelIDs = append(dir.labelIDs, uuid(r))
	}
	return dir
}

func (dir *attentionDirectory) emailOf(id string) string {
	if i := slices.Index(dir.userIDs, id); i >= 0 {
		return dir.data.staff[i].email
	}
	return ""
}

// deleted tells whether a user left: those show only with includeDeleted.
func (dir *attentionDirectory) deleted(i int) bool { return i%11 == 10 }

// user is the short form inside conversations and members.
func (dir *attentionDirectory) user(i int) map[string]any {
	p := dir.data.staff[i]
	return map[string]any{"uuid": dir.userIDs[i], "email": p.email, "firstName": p.first, "lastName": p.last}
}

func (dir *attentionDirectory) fullUser(i int) map[string]any {
	u := dir.user(i)
	role := min(i, 2)
	u["primaryTeamUUID"] = dir.teamIDs[i%len(dir.teamIDs)]
	u["organizationRoleUUID"] = dir.roleIDs[role]
	u["roles"] = []any{map[string]any{
		"uuid": dir.roleIDs[role], "name": [...]string{"Admin", "Manager", "Sales Rep"}[role],
		"type": [...]string{"ADMIN", "MANAGER", "SALES_REP"}[role],
	}}
	u["settings"] = map[string]any{"autoJoin": true, "shareByDefault": false}
	u["createdAt"] = stamp(dir.data.base.Add(-time.Duration(400+i) * 24 * time.Hour))
	u["deletedAt"] = nil
	u["seatType"] = [...]string{"recording", "listener", "admin"}[i%3]
	if dir.deleted(i) {
		u["deletedAt"] = stamp(dir.data.base.Add(-30 * 24 * time.Hour))
	}
	if i%3 == 0 {
		u["botName"], u["botImageURL"], u["teams"] = "", nil, nil
		delete(u, "settings")
	}
	return u
}

// team is one team with its sub-teams, as deep as they go.
func (dir *attentionDirectory) team(i int) map[string]any {
	t := map[string]any{
		"uuid": dir.teamIDs[i], "name": attentionTeams[i].name, "phrases": []any{}, "slackConnection": nil, "domain": ownDomain,
		"organizerJoinInternalMeetings": false, "consentEmailEnabled": true, "parentTeamUUID": nil, "organizationUUID": dir.orgID,
	}
	if p := attentionTeams[i].parent; p >= 0 {
		t["parentTeamUUID"] = dir.teamIDs[p]
	}
	children := []any{}
	for c, sub := range attentionTeams {
		if sub.parent == i {
			children = append(children, dir.team(c))
		}
	}
	t["children"] = children
	return t
}

func (dir *attentionDirectory) label(i int) map[string]any {
	l := attentionLabels[i]
	options := []any{}
	for _, o := range l.options {
		options = append(options, map[string]any{"value": o, "description": ""})
	}
	return map[string]any{
		"uuid": dir.labelIDs[i], "name": l.name, "description": l.description, "aiFlow": nil, "allTeams": true, "isDefaultTemplate": i == 0,
		"options": options, "organizationUUID": dir.orgID, "createdAt": stamp(dir.data.base.Add(-300 * 24 * time.Hour)),
	}
}

// directory answers users, teams and labels. All are read only here.
func (a *Attention) directory(x *exchange, kind string, rest []string) {
	dir := &a.dir
	path := strings.Join(append([]string{kind}, rest...), "/")
	var (
		params []string
		answer func() (any, bool)
	)
	one := func(ids []string, id string, build func(int) any) (any, bool) {
		if i := slices.Index(ids, id); i >= 0 {
			return build(i), true
		}
		return nil, false
	}
	switch {
	case path == "users":
		params = []string{"filter[id]", "filter[email]", "teamUUID", "includeDeleted"}
		answer = func() (any, bool) { return rowsOrNull(a.users(x)), true }
	case path == "organizations/users":
		params = []string{"teamUUID"}
		answer = func() (any, bool) { return rowsOrNull(a.users(x)), true }
	case path == "organizations/teams", path == "teams":
		answer = func() (any, bool) {
			var rows []any
			for i, t := range attentionTeams {
				if t.parent < 0 {
					rows = append(rows, dir.team(i))
				}
			}
			return rowsOrNull(rows), true
		}
	case path == "labels":
		answer = func() (any, bool) {
			var rows []any
			for i := range attentionLabels {
				rows = append(rows, dir.label(i))
			}
			return rowsOrNull(rows), true
		}
	case kind == "teams" && len(rest) == 1:
		answer = func() (any, bool) {
			return one(dir.teamIDs, rest[0], func(i int) any { return dir.team(i) })
		}
	case kind == "teams" && len(rest) == 2 && rest[1] == "members":
		answer = func() (any, bool) {
			return one(dir.teamIDs, rest[0], func(t int) any {
				var rows []any
				for i := range dir.userIDs {
					if i%len(dir.teamIDs) == t && !dir.deleted(i) {
						rows = append(rows, map[string]any{
							"userUUID": dir.userIDs[i], "teamUUID": dir.teamIDs[t], "user": dir.user(i), "team": nil,
						})
					}
				}
				return rowsOrNull(rows)
			})
		}
	case kind == "labels" && len(rest) == 1:
		answer = func() (any, bool) {
			return one(dir.labelIDs, rest[0], func(i int) any { return map[string]any{"data": dir.label(i)} })
		}
	default:
		a.fail(x, http.StatusNotFound, "no such path")
		return
	}
	if !a.allow(x, http.MethodGet) || !a.only(x, params...) || !a.bodyless(x) {
		return
	}
	if _, ok := a.flag(x, "includeDeleted", false); !ok {
		return
	}
	v, ok := answer()
	if !ok {
		a.fail(x, http.StatusNotFound, strings.TrimSuffix(kind, "s")+" not found")
		return
	}
	x.json(http.StatusOK, v)
}

func (a *Attention) users(x *exchange) []any {
	dir := &a.dir
	var rows []any
	for i, id := range dir.userIDs {
		p := dir.data.staff[i]
		switch q := x.query; {
		case dir.deleted(i) && q.Get("includeDeleted") != "true",
			q.Has("filter[id]") && !slices.Contains(q["filter[id]"], id),
			q.Has("filter[email]") && !slices.Contains(q["filter[email]"], p.email),
			q.Has("teamUUID") && q.Get("teamUUID") != dir.teamIDs[i%len(dir.teamIDs)]:
			continue
		}
		rows = append(rows, dir.fullUser(i))
	}
	return rows
}

// rowsOrNull wraps a directory list; an empty one is null, as met in the
// field.
func rowsOrNull(rows []any) map[string]any {
	if len(rows) == 0 {
		return map[string]any{"data": nil}
	}
	return map[string]any{"data": rows}
}

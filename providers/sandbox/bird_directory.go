package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// contactDoc is a contact as the contacts API shows it; attributes have mixed types.
func (s birdSeed) contactDoc(i int) map[string]any {
	p := s.contact(i)
	created := s.base.Add(-time.Duration(i+1) * 47 * time.Minute)
	identifiers := []any{
		map[string]any{"key": "emailaddress", "value": p.email},
		map[string]any{"key": "phonenumber", "value": p.phone},
	}
	if i%12 == 7 {
		identifiers = append(identifiers, map[string]any{"key": "whatsappusername", "value": "wa." + strconv.Itoa(i)})
	}
	attributes := map[string]any{
		"emailaddress": []any{p.email}, "phonenumber": []any{p.phone}, "timezone": p.zone, "company": p.company, "countryCode": nil,
		"orders": i % 12, "subscribedEmail": i%4 != 0,
	}
	name := p.name()
	if s.displayName(i, p) == "" {
		name = p.phone // the vendor computes a name when none was given
	} else {
		attributes["firstName"], attributes["lastName"] = p.first, p.last
	}
	doc := map[string]any{
		"id": s.contactID(i), "computedDisplayName": name, "featuredIdentifiers": identifiers, "identifierCount": len(identifiers),
		"attributes": attributes, "listIds": []any{}, "accountIds": nil, "workspaceId": birdWorkspace,
		"createdAt": birdTime(created, i), "updatedAt": birdTime(created.Add(time.Hour), i+1),
	}
	if i%10 == 3 {
		doc["listIds"] = nil
		doc["spamStatus"] = "unknown"
	}
	return doc
}

func (b *Bird) listContacts(r birdRequest) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse"); !ok {
		return a
	}
	return b.page(r, birdList{
		n: b.seed.contacts, defaultLimit: birdDefaultLimit, limit: birdMaxLimit,
		key: func(i int) (string, string) {
			created, _ := b.seed.contactDoc(i)["createdAt"].(string)
			return created, b.seed.contactID(i)
		},
		find:   func(id string) (int, bool) { return b.seed.number(birdContactKind, id, b.seed.contacts) },
		render: func(i int) any { return b.seed.contactDoc(i) },
	})
}

// getContact takes a repeatable attribute parameter, which limits the attributes to the named ones.
func (b *Bird) getContact(r birdRequest, id string) birdAnswer {
	if a, ok := r.only("attribute"); !ok {
		return a
	}
	i, ok := b.seed.number(birdContactKind, id, b.seed.contacts)
	if !ok {
		return birdNotFound()
	}
	doc := b.seed.contactDoc(i)
	if names := r.query["attribute"]; len(names) > 0 {
		attributes := doc["attributes"].(map[string]any)
		for k := range attributes {
			if !slices.Contains(names, k) {
				delete(attributes, k)
			}
		}
	}
	return birdOK(doc)
}

// searchContacts finds by exact identifier or platform address; the answer is a list without paging.
func (b *Bird) searchContacts(r birdRequest) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "identifier", "platformAddress")
	var wanted []birdIdentifier
	_, byIdentifier := members["identifier"]
	_, byAddress := members["platformAddress"]
	switch {
	case byIdentifier == byAddress:
		problems.add("", "exactly one of identifier and platformAddress is required")
	case byIdentifier:
		identifier, _ := birdMembers(members["identifier"])
		birdUnknown(problems, ".identifier", identifier, "key", "value")
		key, okKey := birdString(identifier["key"])
		value, okValue := birdString(identifier["value"])
		if !okKey || !okValue {
			problems.add(".identifier", "key and value are required")
		}
		wanted = []birdIdentifier{{key, value}}
	default:
		address, ok := birdString(members["platformAddress"])
		if !ok {
			problems.add(".platformAddress", "must be a string")
		}
		wanted = []birdIdentifier{{"emailaddress", address}, {"phonenumber", address}}
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	results := []any{}
	for _, id := range wanted {
		if i, ok := b.seed.contactByIdentifier(id.key, id.value); ok {
			results = append(results, b.seed.contactDoc(i))
		}
	}
	return birdOK(map[string]any{"results": results})
}

func (b *Bird) listChannels(r birdRequest) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse", "platform", "status", "conferencial", "onlyMyChannels"); !ok {
		return a
	}
	for _, name := range []string{"conferencial", "onlyMyChannels"} {
		if v := r.query.Get(name); r.query.Has(name) && v != "true" && v != "false" {
			return birdProblem("."+name, "must be true or false")
		}
	}
	status := func(i int) string {
		if i == len(birdChannels)-1 {
			return "inactive"
		}
		return "active"
	}
	created := func(i int) string { return birdTime(b.seed.base.Add(-seedSpan-time.Duration(i)*31*time.Hour), i) }
	return b.page(r, birdList{
		n: len(birdChannels), defaultLimit: birdDefaultLimit, limit: 1000,
		key:  func(i int) (string, string) { return created(i), b.seed.channelID(i) },
		find: func(id string) (int, bool) { return b.seed.number(birdChannelKind, id, len(birdChannels)) },
		keep: func(i int) bool {
			return (!r.query.Has("platform") || r.query.Get("platform") == birdChannels[i].platform) &&
				(!r.query.Has("status") || r.query.Get("status") == status(i)) && r.query.Get("conferencial") != "true"
		},
		render: func(i int) any {
			c := birdChannels[i]
			return map[string]any{
				"id": b.seed.channelID(i), "name": c.name, "platformId": c.platform, "connectorId": b.seed.id(birdConnectorKind, 0),
				"identifier": c.identifier, "status": status(i), "overrides": map[string]any{}, "createdAt": created(i), "updatedAt": created(i),
			}
		},
	})
}

// listAgents belongs to another API of the vendor, with another default page.
func (b *Bird) listAgents(r birdRequest) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse", "sortBy", "name", "email", "agentStatuses", "roleIds"); !ok {
		return a
	}
	if v := r.query.Get("sortBy"); r.query.Has("sortBy") && !slices.Contains([]string{"createdAt", "statusAssignedCount", "assignedCount", "name"}, v) {
		return birdProblem(".sortBy", "must be one of createdAt, statusAssignedCount, assignedCount, name")
	}
	name := func(i int) string {
		s, _ := b.seed.participant(birdRef{birdUserKind, i, "active"}, -1)["displayName"].(string)
		return s
	}
	email := func(i int) string { return b.seed.staff[i%len(b.seed.staff)].email }
	created := func(i int) string { return birdTime(b.seed.base.Add(-seedSpan-time.Duration(i)*53*time.Hour), i) }
	availability := func(i int) string { return [...]string{"available", "busy", "available"}[i%3] }
	matches := func(have, param string) bool {
		return !r.query.Has(param) || strings.Contains(strings.ToLower(have), strings.ToLower(r.query.Get(param)))
	}
	return b.page(r, birdList{
		n: birdUsers, defaultLimit: 25, limit: birdMaxLimit,
		key:  func(i int) (string, string) { return created(i), b.seed.userID(i) },
		find: func(id string) (int, bool) { return b.seed.number(birdUserKind, id, birdUsers) },
		keep: func(i int) bool {
			return matches(name(i), "name") && matches(email(i), "email") && matches(availability(i), "agentStatuses")
		},
		render: func(i int) any {
			return map[string]any{
				"id": b.seed.userID(i), "displayName": name(i), "email": email(i),
				"teams":                 []any{map[string]any{"id": b.seed.id(birdTeamKind, i%birdTeams), "name": "Team " + strconv.Itoa(i%birdTeams+1)}},
				"availability":          map[string]any{"status": "active", "activity": availability(i)},
				"rootItemAssignedCount": i % 7, "createdAt": created(i),
			}
		},
	})
}

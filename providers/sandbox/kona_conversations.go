package sandbox

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// konaView is where a conversation is shown.
type konaView int

const (
	konaStored konaView = iota // everything, whatever the API would leave out
	konaAlone
	konaInList
	konaInListBare // without participants and groups
)

func (c *konaConversation) render(view konaView) map[string]any {
	out := map[string]any{
		"id": c.id, "name": c.name, "href": konaHost + "conversations/" + strconv.FormatInt(c.id, 10), "details": c.details, "space_id": c.space,
		"creator_id": c.creator, "stakeholder": c.stakeholder, "default_role": c.defaultRole, "tags": c.tags,
		"participants": konaMembers(c.people, "user_id"), "groups": konaMembers(c.groups, "group_id"),
	}
	for key, v := range c.extra {
		out[key] = v
	}
	if c.external != nil {
		if c.externals {
			out["external_objects"] = []any{c.external}
		} else {
			out["external_object"] = c.external
		}
	}
	// The schema has no times, though lists can be sorted by them; about half of the rows carry them.
	if c.dated {
		out["created_at"], out["updated_at"] = c.created.UnixMilli(), c.updated.UnixMilli()
	}
	if view == konaStored {
		return out
	}
	if c.peopleNull {
		out["participants"] = nil
	}
	if c.groupsNull {
		out["groups"] = nil
	}
	switch {
	case view == konaInListBare, view == konaInList && c.row%24 == 14:
		delete(out, "participants")
		delete(out, "groups")
	case view == konaInList && c.row%24 == 6:
		out["participants"], out["groups"] = nil, nil
	}
	return out
}

func konaMembers(list []konaMember, key string) []any {
	out := make([]any, 0, len(list))
	for _, m := range list {
		out = append(out, map[string]any{key: m.id, "role": m.role})
	}
	return out
}

// set is a change by JSON name; v is plain JSON data.
func (c *konaConversation) set(field string, v any) {
	number := func(x any) int {
		f, _ := x.(float64)
		return int(f)
	}
	members := func(key string) (list []konaMember) {
		items, _ := v.([]any)
		for _, item := range items {
			m, _ := item.(map[string]any)
			list = append(list, konaMember{int64(number(m[key])), number(m["role"])})
		}
		return list
	}
	switch field {
	case "name":
		c.name, _ = v.(string)
	case "details":
		c.details = nil
		if s, ok := v.(string); ok {
			c.details = &s
		}
	case "space_id":
		c.space = int64(number(v))
	case "creator_id":
		c.creator = int64(number(v))
	case "stakeholder":
		c.stakeholder = number(v)
	case "default_role":
		c.defaultRole = number(v)
	case "participants":
		c.people, c.peopleNull = members("user_id"), v == nil
	case "groups":
		c.groups, c.groupsNull = members("group_id"), v == nil
	case "tags":
		c.tags = nil
		if items, ok := v.([]any); ok {
			c.tags = []string{}
			for _, item := range items {
				c.tags = append(c.tags, fmt.Sprint(item))
			}
		}
	case "external_object":
		c.external, _ = v.(map[string]any)
		c.externals = false
	default:
		extra := map[string]any{field: v}
		for key, old := range c.extra {
			if key != field {
				extra[key] = old
			}
		}
		c.extra = extra
	}
}

// byCreation walks all rows, newest first, gone ones included.
func (k *Kona) byCreation() iter.Seq[int] {
	return func(yield func(int) bool) {
		for row := k.seed.conversations + k.created - 1; row >= k.seed.conversations; row-- {
			if !yield(row) {
				return
			}
		}
		for row := range k.seed.conversations {
			if !yield(row) {
				return
			}
		}
	}
}

// byID walks all rows, oldest first: the order when none is asked for, which the vendor doesn't document.
func (k *Kona) byID() iter.Seq[int] {
	return func(yield func(int) bool) {
		for row := k.seed.conversations - 1; row >= 0; row-- {
			if !yield(row) {
				return
			}
		}
		for row := range k.created {
			if !yield(k.seed.conversations + row) {
				return
			}
		}
	}
}

// byUpdate walks all rows, latest updated first.
func (k *Kona) byUpdate() iter.Seq[int] {
	if k.order == nil {
		times := make([]time.Time, k.seed.conversations+k.created)
		for row := range times {
			k.order = append(k.order, row)
			if c, ok := k.changed[row]; ok {
				times[row] = c.updated
			} else {
				times[row] = k.seed.updatedAt(row)
			}
		}
		slices.SortStableFunc(k.order, func(a, b int) int { return times[b].Compare(times[a]) })
	}
	return slices.Values(k.order)
}

func (k *Kona) spaceOf(row int) int64 {
	if c, ok := k.changed[row]; ok {
		return c.space
	}
	return konaSpaceID(k.seed.spaceOf(row))
}

func (k *Kona) listConversations(x *exchange) konaAnswer {
	if a, ok := konaOnly(x, "space_id", "order_by", "page", "per_page"); !ok {
		return a
	}
	skip, size, a, ok := k.page(x)
	if !ok {
		return a
	}
	space := int64(-1)
	if x.query.Has("space_id") {
		var err error
		if space, err = strconv.ParseInt(x.query.Get("space_id"), 10, 64); err != nil {
			return konaBad("space_id must be an integer.")
		}
		if _, ok := k.seed.spaceIndex(space); !ok {
			return konaNotFound()
		}
	}
	var rows iter.Seq[int]
	switch order := x.query.Get("order_by"); {
	case !x.query.Has("order_by"):
		rows = k.byID()
	case order == "created_at":
		rows = k.byCreation()
	case order == "updated_at":
		rows = k.byUpdate()
	default:
		return konaBad("order_by must be created_at or updated_at.")
	}
	if k.switches.ShiftBetweenPages && skip > 0 && skip < k.seed.conversations+k.created {
		k.shift(rows, x.query.Get("order_by") == "updated_at", x.now)
	}
	view := konaInList
	if k.switches.ListWithoutPeople {
		view = konaInListBare
	}
	items := []any{}
	for row := range rows {
		if k.isGone(row) || space >= 0 && k.spaceOf(row) != space {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(items) == size {
			break
		}
		items = append(items, k.at(row).render(view))
	}
	return konaOK("conversations", items...)
}

// shift lets somebody else move a row to the head of the list.
func (k *Kona) shift(rows iter.Seq[int], update bool, now time.Time) {
	last := -1
	for row := range rows {
		if !k.isGone(row) {
			last = row
		}
	}
	if update && last >= 0 {
		c := k.at(last)
		k.keep(c)
		k.touch(c)
		return
	}
	k.touches++
	c := k.newConversation(now)
	c.name = "Posted in between (" + strconv.Itoa(k.touches) + ")"
	c.space, c.creator = konaSpaceID(0), konaUserID(konaMe+1)
	c.people = []konaMember{{c.creator, 1}, {konaUserID(konaMe), 2}}
	k.store(c)
}

func (k *Kona) newConversation(now time.Time) *konaConversation {
	row := k.seed.conversations + k.created
	now = now.Truncate(time.Millisecond)
	return &konaConversation{
		row: row, id: k.seed.conversationID(row), creator: konaUserID(konaMe), stakeholder: 1, defaultRole: 2, people: []konaMember{},
		groups: []konaMember{}, tags: []string{}, created: now, updated: now, dated: row%2 == 0,
	}
}

// store adds a created conversation.
func (k *Kona) store(c *konaConversation) {
	k.created++
	k.keep(c)
	if k.order != nil {
		k.order = slices.Insert(k.order, 0, c.row)
	}
}

func (k *Kona) getConversation(x *exchange, c *konaConversation) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	return konaOK("conversations", c.render(konaAlone))
}

// deleteConversation is for the creator only.
func (k *Kona) deleteConversation(x *exchange, c *konaConversation) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	if c.creator != konaUserID(konaMe) {
		return konaForbidden("Only the creator can delete a conversation.")
	}
	if !k.switches.DeleteIgnored {
		k.drop(c)
	}
	return konaAnswer{status: http.StatusNoContent}
}

// access is what the token's user may do: see, and edit.
func (k *Kona) access(c *konaConversation) (see, edit bool) {
	me := konaUserID(konaMe)
	if c.creator == me {
		return true, true
	}
	for _, m := range c.people {
		if m.id == me {
			see, edit = true, edit || m.role == 1
		}
	}
	for _, m := range c.groups {
		if k.seed.inGroup(m.id, me) {
			see, edit = true, edit || m.role == 1
		}
	}
	if c.stakeholder == 2 {
		see, edit = true, edit || c.defaultRole == 1
	}
	return see, edit
}

// createConversation answers 201 with a Location on the vendor's own host, which is not where the client asked.
func (k *Kona) createConversation(x *exchange) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	fields, a, ok := konaElement(x, "conversations")
	if !ok {
		return a
	}
	c := k.newConversation(x.now)
	if fields["name"] == nil {
		return konaRule("Name can't be blank.")
	}
	space, err := konaInt(fields["space_id"])
	if _, known := k.seed.spaceIndex(space); err != nil || !known {
		return konaRule("Space must be one you are in.")
	}
	c.space = space
	first, a, ok := k.apply(c, fields, true)
	if !ok {
		return a
	}
	if !k.switches.CreateIgnored {
		k.store(c)
		if first != "" {
			k.post(c, first, 0, x.now)
		}
	}
	a = konaOK("conversations", c.render(konaAlone))
	a.status, a.location = http.StatusCreated, konaHost+"conversations/"+strconv.FormatInt(c.id, 10)
	return a
}

// updateConversation changes the given keys; participants and groups are each the complete new list [assumed].
func (k *Kona) updateConversation(x *exchange, c *konaConversation) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	fields, a, ok := konaElement(x, "conversations")
	if !ok {
		return a
	}
	if k.switches.ConcurrentOnPut {
		k.somebodyElse(c, x.body)
	}
	if _, edit := k.access(c); !edit {
		return konaForbidden("Only editors can change a conversation.")
	}
	next := *c
	if _, a, ok := k.apply(&next, fields, false); !ok {
		return a
	}
	*c = next
	k.keep(c)
	k.touch(c)
	a = konaOK("conversations", c.render(konaAlone))
	// A conversation is visible to its participants only: who took himself out can't come back.
	if see, _ := k.access(c); !see {
		c.gone = true
		k.gone++
	}
	return a
}

// apply sets the given keys of a conversation, or nothing when it refuses one. first is the initial comment.
func (k *Kona) apply(c *konaConversation, fields map[string]json.RawMessage, create bool) (first string, a konaAnswer, ok bool) {
	refuse := func(details string) (string, konaAnswer, bool) { return "", konaRule(details), false }
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw := fields[name]
		var text *string
		isText := json.Unmarshal(raw, &text) == nil
		switch name {
		case "id", "href", "creator_id", "tags", "created_at", "updated_at":
			return refuse(name + " is read-only.")
		case "name":
			if !isText || text == nil || *text == "" {
				return refuse("Name can't be blank.")
			}
			c.name = *text
		case "details":
			if !isText {
				return refuse("Details must be text.")
			}
			c.details = text
		case "space_id":
			if n, err := konaInt(raw); err != nil || n != c.space {
				return refuse("Space can't be changed.")
			}
		case "stakeholder":
			n, err := konaInt(raw)
			if err != nil || (n < 0 || n > 2) && n != int64(c.stakeholder) {
				return refuse("Stakeholder must be 0, 1 or 2.")
			}
			c.stakeholder = int(n)
		case "default_role":
			n, err := konaInt(raw)
			if err != nil || (n < 1 || n > 3) && n != int64(c.defaultRole) {
				return refuse("Default role must be 1, 2 or 3.")
			}
			c.defaultRole = int(n)
		case "participants":
			list, problem := konaReadMembers(raw, "user_id", c.people, func(id int64) bool { _, known := konaUserIndex(id); return known })
			if problem != "" {
				return refuse("Participants " + problem)
			}
			if len(list) > 0 || !k.switches.EmptyListIgnored {
				c.people, c.peopleNull = k.merge(c.people, list), false
			}
		case "groups":
			list, problem := konaReadMembers(raw, "group_id", c.groups, func(id int64) bool {
				g, known := k.seed.groupIndex(id)
				return known && k.seed.groupSpace(g) == c.space
			})
			if problem != "" {
				return refuse("Groups " + problem)
			}
			if len(list) > 0 || !k.switches.EmptyListIgnored {
				c.groups, c.groupsNull = k.merge(c.groups, list), false
			}
		case "initial_comment":
			if !create {
				return refuse("Initial comment can only be given on create.")
			}
			if !isText || text == nil || *text == "" {
				return refuse("Initial comment must be text.")
			}
			markup, found := k.mentions(c, *text)
			if !found {
				return "", konaNotFound(), false
			}
			first = markup
		case "external_object":
			external, problem := k.readExternal(raw)
			if problem != "" {
				return refuse(problem)
			}
			c.external, c.externals = external, false
		default:
			return refuse("Unknown attribute " + name + ".")
		}
	}
	return first, konaAnswer{}, true
}

// merge replaces the list, or adds to it when the switch says so; what was sent wins.
func (k *Kona) merge(old, sent []konaMember) []konaMember {
	if !k.switches.MergeLists {
		return sent
	}
	out := slices.Clone(sent)
	for _, m := range old {
		if !slices.ContainsFunc(out, func(n konaMember) bool { return n.id == m.id }) {
			out = append(out, m)
		}
	}
	return out
}

// konaReadMembers reads a list of ids with roles. Roles outside 1 to 3 and ids that can't be seen are taken back only
// as they are stored.
func konaReadMembers(raw json.RawMessage, key string, old []konaMember, known func(int64) bool) (list []konaMember, problem string) {
	var items []map[string]json.RawMessage
	if json.Unmarshal(raw, &items) != nil || items == nil {
		return nil, "must be an array."
	}
	list = []konaMember{}
	for _, item := range items {
		id, idErr := konaInt(item[key])
		role, roleErr := konaInt(item["role"])
		if len(item) != 2 || idErr != nil || roleErr != nil {
			return nil, "must have " + key + " and role, both integers, and nothing else."
		}
		i := slices.IndexFunc(old, func(m konaMember) bool { return m.id == id })
		if i < 0 && !known(id) {
			return nil, "has an unknown " + key + ": " + strconv.FormatInt(id, 10) + "."
		}
		if (role < 1 || role > 3) && (i < 0 || int64(old[i].role) != role) {
			return nil, "has an unknown role: " + strconv.FormatInt(role, 10) + "."
		}
		if slices.ContainsFunc(list, func(m konaMember) bool { return m.id == id }) {
			return nil, "has " + strconv.FormatInt(id, 10) + " twice."
		}
		list = append(list, konaMember{id, int(role)})
	}
	return list, ""
}

// readExternal reads an external object; {} removes it.
func (k *Kona) readExternal(raw json.RawMessage) (map[string]any, string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || object == nil {
		return nil, "External object must be an object."
	}
	if len(object) == 0 {
		return nil, ""
	}
	label := "data"
	if k.switches.ExternalName {
		label = "name"
	}
	out := map[string]any{}
	for key, v := range object {
		var s *string
		if !slices.Contains([]string{"id", label, "url"}, key) || json.Unmarshal(v, &s) != nil || s == nil {
			return nil, "External object has a wrong " + key + "."
		}
		out[key] = *s
	}
	if out["id"] == nil || out[label] == nil {
		return nil, "External object needs id and " + label + "."
	}
	return out, ""
}

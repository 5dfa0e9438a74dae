package sandbox

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
		"id": c.id, "name": c.name, "href": konaHref("conversations", c.id), "details": c.details, "space_id": c.space,
		"creator_id": c.creator, "stakeholder": c.stakeholder, "default_role": c.defaultRole,
		"participants": konaMembers(c.people, "user_id"), "groups": konaMembers(c.groups, "group_id"),
	}
	maps.Copy(out, c.extra)
	// The schema has no times, though lists can be sorted by them; about half of the rows carry them.
	if c.dated {
		out["created_at"], out["updated_at"] = c.created.UnixMilli(), c.updated.UnixMilli()
	}
	if view == konaStored {
		return out
	}
	if c.peopleNull || view == konaInList && c.row%24 == 6 {
		out["participants"] = nil
	}
	if c.groupsNull || view == konaInList && c.row%24 == 6 {
		out["groups"] = nil
	}
	if view == konaInListBare || view == konaInList && c.row%24 == 14 {
		delete(out, "participants")
		delete(out, "groups")
	}
	return out
}

// konaHref is an address on the vendor's own host, which is not where the client asks.
func konaHref(resource string, id int64) string {
	return konaHost + resource + "/" + strconv.FormatInt(id, 10)
}

func konaMembers(list []konaMember, key string) []any {
	out := make([]any, 0, len(list))
	for _, m := range list {
		out = append(out, map[string]any{key: m.id, "role": m.role})
	}
	return out
}

// wrap answers with elements in the envelope every resource has.
func (x *exchange) wrap(status int, resource string, items ...any) {
	x.json(status, map[string]any{resource: items})
}

// page answers one page of a list. There is no total and no maximum is documented.
func (k *Kona) page(x *exchange, resource string, rows iter.Seq[int], show func(int) any) {
	number, size := x.number("page", 1, 1<<30), min(x.number("per_page", konaDefaultPage, 1<<30), konaMaxPage)
	if k.switches.IgnorePage {
		number = 1
	}
	items, _, _ := page(rows, (number-1)*size, size, show)
	x.wrap(http.StatusOK, resource, items...)
}

// byUpdate walks all rows, latest updated first.
func (k *Kona) byUpdate() iter.Seq[int] {
	if k.order == nil {
		times := make([]time.Time, k.conversations+k.created)
		for row := range times {
			if c, ok := k.changed[row]; ok {
				times[row] = c.updated
			} else {
				times[row] = k.seed.updatedAt(row)
			}
		}
		k.order = slices.SortedStableFunc(numbered(len(times)), func(a, b int) int { return times[b].Compare(times[a]) })
	}
	return slices.Values(k.order)
}

func (k *Kona) listConversations(x *exchange) {
	space, filtered := k.space(x)
	order := x.choice("order_by", "created_at", "updated_at")
	walk := k.allRows
	switch order {
	case "updated_at":
		walk = k.byUpdate
	case "": // not documented: by id
		walk = func() iter.Seq[int] {
			all := slices.Collect(k.allRows())
			slices.Reverse(all)
			return slices.Values(all)
		}
	}
	if k.switches.ShiftBetweenPages && x.number("page", 1, 1<<30) > 1 {
		k.shift(walk(), order == "updated_at", x.now)
	}
	view := konaInList
	if k.switches.ListWithoutPeople {
		view = konaInListBare
	}
	k.page(x, "conversations", where(walk(), func(row int) bool {
		if k.gone[row] || !filtered {
			return !k.gone[row]
		}
		if c, ok := k.changed[row]; ok {
			return c.space == konaSpaceID(space)
		}
		return k.seed.spaceOf(row) == space
	}), func(row int) any { return k.at(row).render(view) })
}

// shift lets somebody else move a row to the head of the list.
func (k *Kona) shift(rows iter.Seq[int], update bool, now time.Time) {
	live := slices.Collect(where(rows, func(row int) bool { return !k.gone[row] }))
	if update && len(live) > 0 {
		k.touch(k.keep(live[len(live)-1]))
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
	row := k.conversations + k.created
	now = now.Truncate(time.Millisecond)
	return &konaConversation{
		row: row, id: k.seed.conversationID(row), creator: konaUserID(konaMe), stakeholder: 1, defaultRole: 2, people: []konaMember{},
		groups: []konaMember{}, created: now, updated: now, dated: row%2 == 0, extra: map[string]any{"tags": []any{}},
	}
}

// store adds a created conversation.
func (k *Kona) store(c *konaConversation) {
	k.created++
	k.changed[c.row] = c
	if k.order != nil {
		k.order = slices.Insert(k.order, 0, c.row)
	}
}

func (k *Kona) getConversation(x *exchange) {
	x.wrap(http.StatusOK, "conversations", k.at(k.wanted(x)).render(konaAlone))
}

// deleteConversation is for the creator only.
func (k *Kona) deleteConversation(x *exchange) {
	row := k.wanted(x)
	if k.at(row).creator != konaUserID(konaMe) {
		x.refuse(http.StatusForbidden, "forbidden", "Only the creator can delete a conversation.")
	}
	k.gone[row] = !k.switches.DeleteIgnored
	x.raw(http.StatusNoContent, "", nil)
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

// element decodes a wrapped body with exactly one element: {"conversations":[{…}]}.
func (x *exchange) element(resource string) {
	x.only(nil, nil)
	if kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err != nil || kind != "application/json" {
		x.refuse(http.StatusUnsupportedMediaType, "media_type", "The body must be application/json.")
	}
	if !json.Valid(x.body) {
		// Without the header the vendor answers malformed JSON in plain text.
		panic(refusal{
			status: http.StatusBadRequest, detail: "There was a problem in the JSON you submitted",
			details: !strings.Contains(x.header.Get("Accept"), "application/json"),
		})
	}
	wrapped, _ := members(x.body)
	list, ok := read[[]map[string]json.RawMessage](wrapped[resource])
	if !ok || len(wrapped) != 1 {
		x.refuse(http.StatusBadRequest, "bad_request", "The body must be an object with the key "+resource+" holding an array.")
	}
	if len(list) != 1 || list[0] == nil {
		x.refuse(http.StatusUnprocessableEntity, "one", "Exactly one element is expected in "+resource+".")
	}
	x.fields = list[0]
}

// createConversation answers 201 with a Location.
func (k *Kona) createConversation(x *exchange) {
	x.element("conversations")
	c := k.newConversation(x.now)
	if x.fields["name"] == nil {
		x.badField("name", "blank", "can't be blank")
	}
	space, _ := read[int64](x.fields["space_id"])
	if _, known := k.seed.spaceIndex(space); !known {
		x.badField("space_id", "unknown", "must be one you are in")
	}
	c.space = space
	first := k.apply(x, c, true)
	if !k.switches.CreateIgnored {
		k.store(c)
		if first != "" {
			k.comments++
			now := x.now.Truncate(time.Millisecond)
			c.comments = []konaComment{{konaFirstPosted + int64(k.comments), konaUserID(konaMe), first, 0, now}}
		}
	}
	x.answer.Set("Location", konaHref("conversations", c.id))
	x.wrap(http.StatusCreated, "conversations", c.render(konaAlone))
}

// updateConversation changes the given keys; participants and groups are each the complete new list [assumed].
func (k *Kona) updateConversation(x *exchange) {
	row := k.wanted(x)
	switch {
	case k.switches.NoPut405:
		x.methodNotAllowed("DELETE, GET")
	case k.switches.NoPut404:
		x.notFound("Path")
	}
	x.element("conversations")
	if k.switches.ConcurrentOnPut {
		k.touches++
		k.colleague(x, row, k.touches)
	}
	c := k.at(row)
	if _, edit := k.access(c); !edit {
		x.refuse(http.StatusForbidden, "forbidden", "Only editors can change a conversation.")
	}
	next := *c
	k.apply(x, &next, false)
	k.changed[row] = &next
	k.touch(&next)
	// A conversation is visible to its participants only: who took himself out can't come back.
	see, _ := k.access(&next)
	k.gone[row] = !see
	x.wrap(http.StatusOK, "conversations", next.render(konaAlone))
}

// apply sets the given keys of a conversation, or refuses one. first is the initial comment.
func (k *Kona) apply(x *exchange, c *konaConversation, create bool) (first string) {
	for _, name := range slices.Sorted(maps.Keys(x.fields)) {
		raw := x.fields[name]
		text, isText := read[string](raw)
		n, isInt := read[int64](raw)
		check := func(ok bool, problem string) {
			if !ok {
				x.badField(name, "invalid", problem)
			}
		}
		switch name {
		case "id", "href", "creator_id", "tags", "created_at", "updated_at":
			check(false, "is read-only")
		case "name":
			check(text != "", "can't be blank")
			c.name = text
		case "details":
			check(isText || isNull(raw), "must be text")
			c.details = nil
			if isText {
				c.details = &text
			}
		case "space_id":
			check(isInt && n == c.space, "can't be changed")
		case "stakeholder":
			check(isInt && (n >= 0 && n <= 2 || n == int64(c.stakeholder)), "must be 0, 1 or 2")
			c.stakeholder = int(n)
		case "default_role":
			check(isInt && (n >= 1 && n <= 3 || n == int64(c.defaultRole)), "must be 1, 2 or 3")
			c.defaultRole = int(n)
		case "participants":
			list := k.members(x, name, "user_id", c.people, func(id int64) bool { _, known := konaUserIndex(id); return known })
			if list != nil {
				c.people, c.peopleNull = list, false
			}
		case "groups":
			list := k.members(x, name, "group_id", c.groups, func(id int64) bool {
				g, known := k.seed.groupIndex(id)
				return known && k.seed.groupSpace(g) == c.space
			})
			if list != nil {
				c.groups, c.groupsNull = list, false
			}
		case "initial_comment":
			check(create, "can only be given on create")
			check(text != "", "must be text")
			first = text
		default:
			check(false, "is unknown")
		}
	}
	return first
}

// members reads a list of ids with roles, nil for one to be ignored. Roles outside 1 to 3 and ids that can't be seen are taken
// back only as they are stored.
func (k *Kona) members(x *exchange, name, key string, old []konaMember, known func(int64) bool) []konaMember {
	refuse := func(format string, args ...any) { x.badField(name, "invalid", fmt.Sprintf(format, args...)) }
	items, ok := read[[]map[string]json.RawMessage](x.fields[name])
	if !ok {
		refuse("must be an array")
	}
	if len(items) == 0 && k.switches.EmptyListIgnored {
		return nil
	}
	list := []konaMember{}
	has := func(in []konaMember, id int64) int {
		return slices.IndexFunc(in, func(m konaMember) bool { return m.id == id })
	}
	for _, item := range items {
		id, isID := read[int64](item[key])
		role, isRole := read[int64](item["role"])
		i := has(old, id)
		switch {
		case len(item) != 2 || !isID || !isRole:
			refuse("must have %s and role, both integers, and nothing else", key)
		case i < 0 && !known(id):
			refuse("has an unknown %s: %d", key, id)
		case (role < 1 || role > 3) && (i < 0 || int64(old[i].role) != role):
			refuse("has an unknown role: %d", role)
		case has(list, id) >= 0:
			refuse("has %d twice", id)
		}
		list = append(list, konaMember{id, int(role)})
	}
	if k.switches.MergeLists { // what was sent wins
		for _, m := range old {
			if has(list, m.id) < 0 {
				list = append(list, m)
			}
		}
	}
	return list
}

// thread is the comments of a conversation, newest first. Who wrote a seeded one doesn't change with the participants.
func (k *Kona) thread(c *konaConversation) []konaComment {
	all := slices.Clone(c.comments)
	slices.Reverse(all)
	if n := k.seed.seededComments(c.row); n > 0 {
		seeded := k.seed.conversation(c.row)
		for i := n - 1; i >= 0; i-- {
			all = append(all, k.seed.comment(seeded, i))
		}
	}
	return all
}

// listComments wants both parameters and answers newest first. The sandbox has no tasks, events or attachments.
func (k *Kona) listComments(x *exchange) {
	kind := x.choice("resource_type", "conversation", "task", "calendar_event", "attachment")
	id := x.query.Get("resource_id")
	if kind == "" || id == "" {
		x.refuse(http.StatusBadRequest, "bad_request", "resource_type and resource_id are required.")
	}
	row, ok := k.live(id)
	if !ok || kind != "conversation" {
		x.notFound("Conversation")
	}
	all := k.thread(k.at(row))
	k.page(x, "comments", numbered(len(all)), func(i int) any { return all[i].render() })
}

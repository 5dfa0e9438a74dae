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

// wrap answers with elements in the envelope every resource has.
func (x *exchange) wrap(status int, resource string, items ...any) {
	x.json(status, map[string]any{resource: items})
}

// page answers one page of a list. There is no total and no maximum is documented.
func (k *Kona) page(x *exchange, resource string, rows iter.Seq[int], show func(int) map[string]any) {
	number, size := x.number("page", 1, 1<<30), min(x.number("per_page", konaDefaultPage, 1<<30), konaMaxPage)
	if k.switches.IgnorePage {
		number = 1
	}
	items, _, _ := page(rows, (number-1)*size, size, func(i int) any { return show(i) })
	x.wrap(http.StatusOK, resource, items...)
}

func (k *Kona) listConversations(x *exchange) {
	space, filtered := k.space(x)
	// The default order is not documented: by id.
	order, walk := x.choice("order_by", "created_at", "updated_at"), slices.Collect(k.live())
	switch order {
	case "updated_at":
		walk = slices.DeleteFunc(slices.Clone(k.byUpdate()), func(row int) bool { return k.gone[row] })
		slices.Reverse(walk)
	case "":
		slices.Reverse(walk)
	}
	if k.switches.ShiftBetweenPages && x.number("page", 1, 1<<30) > 1 {
		walk = k.shift(walk, order == "updated_at", x.now)
	}
	view := konaInList
	if k.switches.ListWithoutPeople {
		view = konaInListBare
	}
	k.page(x, "conversations", where(slices.Values(walk), func(row int) bool {
		return !filtered || integer(k.value(row, "space_id")) == konaSpaceID(space)
	}), func(row int) map[string]any { return k.render(row, view) })
}

// shift lets somebody else move a row to the head of the list: the last one, or a new one.
func (k *Kona) shift(rows []int, update bool, now time.Time) []int {
	if last := len(rows) - 1; update && last >= 0 {
		k.touch(rows[last])
		return slices.Concat(rows[last:], rows[:last])
	}
	k.touches++
	creator := konaUserID(konaMe + 1)
	row := k.newConversation(now, map[string]any{
		"name": "Posted in between (" + strconv.Itoa(k.touches) + ")", "space_id": konaSpaceID(0), "creator_id": creator,
		"participants": konaMembers([]konaMember{{creator, 1}, {k.Me(), 2}}, "user_id"),
	})
	return slices.Concat([]int{row}, rows)
}

// newConversation adds a conversation with these members.
func (k *Kona) newConversation(now time.Time, set map[string]any) int {
	row := k.create(now.Truncate(time.Millisecond), map[string]any{"updated_at": "@"})
	k.edited[row] = with(map[string]any{
		"details": nil, "creator_id": k.Me(), "stakeholder": 1, "default_role": 2, "participants": []any{}, "groups": []any{},
	}, set)
	return row
}

func (k *Kona) getConversation(x *exchange) {
	x.wrap(http.StatusOK, "conversations", k.render(k.wanted(x), konaAlone))
}

// deleteConversation is for the creator only.
func (k *Kona) deleteConversation(x *exchange) {
	row := k.wanted(x)
	if integer(k.value(row, "creator_id")) != k.Me() {
		x.refuse(http.StatusForbidden, "forbidden", "Only the creator can delete a conversation.")
	}
	k.gone[row] = !k.switches.DeleteIgnored
	x.raw(http.StatusNoContent, "", nil)
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
	if x.fields["name"] == nil {
		x.badField("name", "blank", "can't be blank")
	}
	space, _ := read[int64](x.fields["space_id"])
	if _, known := k.spaceIndex(space); !known {
		x.badField("space_id", "unknown", "must be one you are in")
	}
	set, first := k.changes(x, map[string]any{"space_id": space}, true)
	row := k.newConversation(x.now, set)
	if first != "" {
		k.posted[row] = k.comment(row, 0, k.Me(), first, x.now)
	}
	x.answer.Set("Location", konaHref("conversations", k.conversationID(row)))
	x.wrap(http.StatusCreated, "conversations", k.render(row, konaAlone))
	k.gone[row] = k.switches.CreateIgnored
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
		k.contest(x, row)
	}
	if _, edit := k.access(row); !edit {
		x.refuse(http.StatusForbidden, "forbidden", "Only editors can change a conversation.")
	}
	set, _ := k.changes(x, k.doc(row), false)
	k.touch(row)
	maps.Copy(k.edited[row], set)
	// A conversation is visible to its participants only: who took himself out can't come back.
	see, _ := k.access(row)
	k.gone[row] = !see
	x.wrap(http.StatusOK, "conversations", k.render(row, konaAlone))
}

// changes reads the given keys of a conversation, or refuses one. first is the initial comment.
func (k *Kona) changes(x *exchange, old map[string]any, create bool) (set map[string]any, first string) {
	set = map[string]any{"space_id": old["space_id"]}
	rules := k.rules(x, old, create)
	for _, name := range slices.Sorted(maps.Keys(x.fields)) {
		rule, known := rules[name]
		if !known {
			x.badField(name, "invalid", "is unknown")
		}
		v, ok := rule.read(x.fields[name])
		if !ok {
			x.badField(name, "invalid", rule.want)
		}
		set[name] = v
	}
	first, _ = set["initial_comment"].(string)
	delete(set, "initial_comment")
	return set, first
}

// rules say what the members of a conversation may be. Numbers outside the documented sets are taken back only as stored.
func (k *Kona) rules(x *exchange, old map[string]any, create bool) map[string]rule {
	never := func(problem string) rule {
		return rule{problem, func(json.RawMessage) (any, bool) { return nil, false }}
	}
	text := func(want string) rule {
		return rule{want, func(raw json.RawMessage) (any, bool) { s, _ := read[string](raw); return s, s != "" }}
	}
	number := func(name, want string, least, most int64) rule {
		return rule{want, func(raw json.RawMessage) (any, bool) {
			n, ok := read[int64](raw)
			return n, ok && (n >= least && n <= most || n == integer(old[name]))
		}}
	}
	list := func(name, key string, known func(id int64) bool) rule {
		return rule{"must be an array", func(raw json.RawMessage) (any, bool) { return k.memberChange(x, raw, old, name, key, known) }}
	}
	comment := never("can only be given on create")
	if create {
		comment = text("must be text")
	}
	readOnly := never("is read-only")
	return map[string]rule{
		"id": readOnly, "href": readOnly, "creator_id": readOnly, "tags": readOnly, "created_at": readOnly, "updated_at": readOnly,
		"name": text("can't be blank"), "initial_comment": comment,
		"details": {"must be text", func(raw json.RawMessage) (any, bool) {
			s, ok := read[any](raw)
			_, isText := s.(string)
			return s, isText || !ok && isNull(raw)
		}},
		"space_id":     number("space_id", "can't be changed", 1, 0),
		"stakeholder":  number("stakeholder", "must be 0, 1 or 2", 0, 2),
		"default_role": number("default_role", "must be 1, 2 or 3", 1, 3),
		"participants": list("participants", "user_id", func(id int64) bool { _, known := k.userIndex(id); return known }),
		"groups": list("groups", "group_id", func(id int64) bool {
			g, known := k.groupIndex(id)
			return known && k.groupSpace(g) == integer(old["space_id"])
		}),
	}
}

// memberChange reads a list of ids with roles. Roles outside 1 to 3 and ids that can't be seen are taken back only as they are
// stored.
func (k *Kona) memberChange(x *exchange, raw json.RawMessage, stored map[string]any, name, key string, known func(int64) bool) (any, bool) {
	refuse := func(format string, args ...any) { x.badField(name, "invalid", fmt.Sprintf(format, args...)) }
	items, ok := read[[]map[string]json.RawMessage](raw)
	if !ok || len(items) == 0 && k.switches.EmptyListIgnored {
		return stored[name], ok
	}
	old, list := konaMemberList(stored[name], key), []konaMember{}
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
		case (role < 1 || role > 3) && (i < 0 || old[i].role != role):
			refuse("has an unknown role: %d", role)
		case has(list, id) >= 0:
			refuse("has %d twice", id)
		}
		list = append(list, konaMember{id, role})
	}
	for _, m := range old { // what was sent wins
		if k.switches.MergeLists && has(list, m.id) < 0 {
			list = append(list, m)
		}
	}
	return konaMembers(list, key), true
}

// listComments wants both parameters and answers newest first. The sandbox has no tasks, events or attachments.
func (k *Kona) listComments(x *exchange) {
	kind := x.choice("resource_type", "conversation", "task", "calendar_event", "attachment")
	id := x.query.Get("resource_id")
	if kind == "" || id == "" {
		x.refuse(http.StatusBadRequest, "bad_request", "resource_type and resource_id are required.")
	}
	row, ok := k.find(id)
	if !ok || kind != "conversation" {
		x.notFound("Conversation")
	}
	all := k.thread(row)
	k.page(x, "comments", upTo(len(all)), func(i int) map[string]any { return all[i] })
}

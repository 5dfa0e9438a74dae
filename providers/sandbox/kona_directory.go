package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// like matches the start of any of the texts, whatever the case.
func (x *exchange) like(texts ...any) bool {
	like := strings.ToLower(x.query.Get("like"))
	return slices.ContainsFunc(texts, func(t any) bool { s, _ := t.(string); return strings.HasPrefix(strings.ToLower(s), like) })
}

// integer reads the id of the route; ids are canonical integers.
func (x *exchange) integer() int64 {
	n, err := strconv.ParseInt(x.arg("id"), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != x.arg("id") {
		x.notFound("Id")
	}
	return n
}

// space reads an optional space_id.
func (k *Kona) space(x *exchange) (index int, given bool) {
	if !x.query.Has("space_id") {
		return 0, false
	}
	id, err := strconv.ParseInt(x.query.Get("space_id"), 10, 64)
	if err != nil {
		x.badParameter("space_id", "invalid_value", "must be an integer")
	}
	index, ok := k.spaceIndex(id)
	if !ok {
		x.notFound("Space")
	}
	return index, true
}

// userinfo is about the token's user and answers under the key users.
func (k *Kona) userinfo(x *exchange) {
	doc := k.userDoc(k.signedIn(x))
	doc["current_account"] = map[string]any{"id": konaAccount, "member": true}
	if !k.switches.NoUnreadCount {
		doc["unread_conversation_count"] = 3
	}
	x.wrap(http.StatusOK, "users", doc)
}

func (k *Kona) listUsers(x *exchange) {
	space, filtered := k.space(x)
	k.page(x, "users", where(upTo(len(k.file.Users.Rows)), func(i int) bool {
		u := k.userDoc(i)
		return (!filtered || k.spaceMember(space, i)) && x.like(u["name"], u["email"])
	}), k.userDoc)
}

func (k *Kona) getUser(x *exchange) {
	i, ok := k.userIndex(x.integer())
	if !ok {
		x.notFound("User")
	}
	x.wrap(http.StatusOK, "users", k.userDoc(i))
}

func (k *Kona) listGroups(x *exchange) {
	space, filtered := k.space(x)
	k.page(x, "groups", where(upTo(k.groups()), func(i int) bool {
		return (!filtered || k.groupSpace(i) == konaSpaceID(space)) && x.like(k.groupDoc(i)["name"])
	}), k.groupDoc)
}

func (k *Kona) getGroup(x *exchange) {
	i, ok := k.groupIndex(x.integer())
	if !ok {
		x.notFound("Group")
	}
	x.wrap(http.StatusOK, "groups", k.groupDoc(i))
}

// listSpaces leaves hidden spaces out, and with hidden=true answers those alone; that it is not both is [assumed].
func (k *Kona) listSpaces(x *exchange) {
	people, hidden := x.choice("include", "participants") != "", x.flag("hidden", false)
	k.page(x, "spaces", where(upTo(k.spaces), func(i int) bool { return i >= k.spaces-konaHiddenSpaces == hidden }),
		func(i int) map[string]any { return k.spaceDoc(i, people) })
}

func (k *Kona) getSpace(x *exchange) {
	people := x.choice("include", "participants") != ""
	i, ok := k.spaceIndex(x.integer())
	if !ok {
		x.notFound("Space")
	}
	x.wrap(http.StatusOK, "spaces", k.spaceDoc(i, people))
}

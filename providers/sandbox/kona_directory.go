package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// like matches the start of any of the texts, whatever the case.
func (x *exchange) like(texts ...string) bool {
	like := strings.ToLower(x.query.Get("like"))
	for _, t := range texts {
		if strings.HasPrefix(strings.ToLower(t), like) {
			return true
		}
	}
	return false
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
	index, ok := k.seed.spaceIndex(id)
	if !ok {
		x.notFound("Space")
	}
	return index, true
}

func (k *Kona) vars(resource string, id int64, name string, age time.Duration) map[string]any {
	return map[string]any{"id": id, "name": name, "href": konaHref(resource, id), "updated": k.data.base.Add(-age).UnixMilli()}
}

func (k *Kona) userDoc(i int) any {
	name, email := k.seed.user(i)
	vars := k.vars("users", konaUserID(i), name, time.Duration(i)*11*time.Hour)
	vars["email"] = email
	return (&cook{d: k.data, row: i, vars: vars}).make(konaData.User)
}

// userinfo is about the token's user and answers under the key users.
func (k *Kona) userinfo(x *exchange) {
	doc := k.userDoc(k.signedIn(x)).(map[string]any)
	doc["current_account"] = map[string]any{"id": konaAccount, "member": true}
	if !k.switches.NoUnreadCount {
		doc["unread_conversation_count"] = 3
	}
	x.wrap(http.StatusOK, "users", doc)
}

func (k *Kona) listUsers(x *exchange) {
	space, filtered := k.space(x)
	k.page(x, "users", where(numbered(konaUsers), func(i int) bool {
		name, email := k.seed.user(i)
		return (!filtered || k.seed.member(space, i)) && x.like(name, email)
	}), k.userDoc)
}

func (k *Kona) getUser(x *exchange) {
	i, ok := konaUserIndex(x.integer())
	if !ok {
		x.notFound("User")
	}
	x.wrap(http.StatusOK, "users", k.userDoc(i))
}

func (k *Kona) groupDoc(i int) any {
	doc := map[string]any{
		"id": konaGroupID(i), "name": k.seed.groupName(i), "space_id": k.seed.groupSpace(i), "user_ids": k.seed.groupMembers(i),
		"href": konaHref("groups", konaGroupID(i)), "updated_at": k.data.base.Add(-time.Duration(i) * 17 * time.Hour).UnixMilli(),
	}
	return doc
}

func (k *Kona) listGroups(x *exchange) {
	space, filtered := k.space(x)
	k.page(x, "groups", where(numbered(k.seed.groups), func(i int) bool {
		return (!filtered || k.seed.groupSpace(i) == konaSpaceID(space)) && x.like(k.seed.groupName(i))
	}), k.groupDoc)
}

func (k *Kona) getGroup(x *exchange) {
	i, ok := k.seed.groupIndex(x.integer())
	if !ok {
		x.notFound("Group")
	}
	x.wrap(http.StatusOK, "groups", k.groupDoc(i))
}

func (k *Kona) spaceDoc(i int, people bool) any {
	doc := map[string]any{}
	vars := k.vars("spaces", konaSpaceID(i), k.seed.spaceName(i), time.Duration(i)*29*time.Hour)
	konaData.Space.apply(&cook{d: k.data, row: i, vars: vars}, doc)
	if people {
		list := []any{}
		for u := range konaUsers {
			if !k.seed.member(i, u) {
				continue
			}
			// 1 is owner and 2 participant here: not the roles of a conversation.
			h := k.seed.hash(8, i, u)
			list = append(list, map[string]any{
				"user_id": konaUserID(u), "role": 2 - btoi(h%9 == 0), "status": [...]int{1, 1, 1, 1, 0, 2}[h>>8%6],
				"updated_at": doc["updated_at"],
			})
		}
		doc["participants"] = list
	}
	return doc
}

// listSpaces leaves hidden spaces out, and with hidden=true answers those alone; that it is not both is [assumed].
func (k *Kona) listSpaces(x *exchange) {
	people, hidden := x.choice("include", "participants") != "", x.flag("hidden", false)
	k.page(x, "spaces", where(numbered(k.seed.spaces), func(i int) bool { return k.seed.spaceHidden(i) == hidden }),
		func(i int) any { return k.spaceDoc(i, people) })
}

func (k *Kona) getSpace(x *exchange) {
	people := x.choice("include", "participants") != ""
	i, ok := k.seed.spaceIndex(x.integer())
	if !ok {
		x.notFound("Space")
	}
	x.wrap(http.StatusOK, "spaces", k.spaceDoc(i, people))
}

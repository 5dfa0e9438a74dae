package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// list answers one page of the n things that keep accepts.
func (k *Kona) list(x *exchange, resource string, n int, keep func(i int) bool, render func(i int) map[string]any) konaAnswer {
	skip, size, a, ok := k.page(x)
	if !ok {
		return a
	}
	items := []any{}
	for i := range n {
		if !keep(i) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(items) == size {
			break
		}
		items = append(items, render(i))
	}
	return konaOK(resource, items...)
}

// konaLike matches the start of any of the texts, whatever the case.
func konaLike(x *exchange, texts ...string) bool {
	like := strings.ToLower(x.query.Get("like"))
	for _, t := range texts {
		if strings.HasPrefix(strings.ToLower(t), like) {
			return true
		}
	}
	return false
}

// space reads an optional space_id; -1 is none.
func (k *Kona) space(x *exchange) (index int, a konaAnswer, ok bool) {
	if !x.query.Has("space_id") {
		return -1, konaAnswer{}, true
	}
	id, err := strconv.ParseInt(x.query.Get("space_id"), 10, 64)
	if err != nil {
		return 0, konaBad("space_id must be an integer."), false
	}
	if index, ok = k.seed.spaceIndex(id); !ok {
		return 0, konaNotFound(), false
	}
	return index, konaAnswer{}, true
}

func (k *Kona) userDoc(i int) map[string]any {
	name, email := k.seed.user(i)
	id := konaUserID(i)
	return map[string]any{
		"id": id, "email": email, "name": name, "picture_thumb": "https://pictures.example/" + strconv.FormatInt(id, 10) + ".png",
		"updated_at": k.seed.base.Add(-time.Duration(i) * 11 * time.Hour).UnixMilli(), "href": konaHost + "users/" + strconv.FormatInt(id, 10),
	}
}

// userinfo is about the token's user and answers under the key users.
func (k *Kona) userinfo(x *exchange) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	doc := k.userDoc(k.signedIn(x))
	doc["current_account"] = map[string]any{"id": konaAccount, "member": true}
	if !k.switches.NoUnreadCount {
		doc["unread_conversation_count"] = 3
	}
	return konaOK("users", doc)
}

func (k *Kona) listUsers(x *exchange) konaAnswer {
	if a, ok := konaOnly(x, "space_id", "like", "page", "per_page"); !ok {
		return a
	}
	space, a, ok := k.space(x)
	if !ok {
		return a
	}
	return k.list(x, "users", konaUsers, func(i int) bool {
		name, email := k.seed.user(i)
		return (space < 0 || k.seed.member(space, i)) && konaLike(x, name, email)
	}, k.userDoc)
}

func (k *Kona) getUser(x *exchange, id string) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	n, err := strconv.ParseInt(id, 10, 64)
	i, ok := konaUserIndex(n)
	if err != nil || !ok {
		return konaNotFound()
	}
	return konaOK("users", k.userDoc(i))
}

func (k *Kona) groupDoc(i int) map[string]any {
	id := konaGroupID(i)
	return map[string]any{
		"id": id, "name": k.seed.groupName(i), "space_id": k.seed.groupSpace(i), "user_ids": k.seed.groupMembers(i),
		"updated_at": k.seed.base.Add(-time.Duration(i) * 17 * time.Hour).UnixMilli(), "href": konaHost + "groups/" + strconv.FormatInt(id, 10),
	}
}

func (k *Kona) listGroups(x *exchange) konaAnswer {
	if a, ok := konaOnly(x, "space_id", "like", "page", "per_page"); !ok {
		return a
	}
	space, a, ok := k.space(x)
	if !ok {
		return a
	}
	return k.list(x, "groups", k.seed.groups, func(i int) bool {
		return (space < 0 || k.seed.groupSpace(i) == konaSpaceID(space)) && konaLike(x, k.seed.groupName(i))
	}, k.groupDoc)
}

func (k *Kona) getGroup(x *exchange, id string) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	n, err := strconv.ParseInt(id, 10, 64)
	i, ok := k.seed.groupIndex(n)
	if err != nil || !ok {
		return konaNotFound()
	}
	return konaOK("groups", k.groupDoc(i))
}

func (k *Kona) spaceDoc(i int, people bool) map[string]any {
	id := konaSpaceID(i)
	doc := map[string]any{
		"id": id, "name": k.seed.spaceName(i), "href": konaHost + "spaces/" + strconv.FormatInt(id, 10), "account_id": konaAccount,
		"details": nil, "welcome_message": "Welcome!", "updated_at": k.seed.base.Add(-time.Duration(i) * 29 * time.Hour).UnixMilli(),
		"picture_thumb": "/images/space.png", "category": btoi(i%7 != 0), "space_type": i % 4, "template": false, "published": i%3 == 0,
	}
	if i%2 == 0 {
		doc["details"], doc["welcome_message"] = "About "+k.seed.spaceName(i), nil
	}
	if people {
		list := []any{}
		for u := range konaUsers {
			if !k.seed.member(i, u) {
				continue
			}
			// 1 is owner and 2 participant here: not the roles of a conversation.
			h := k.seed.hash(8, i, u)
			list = append(list, map[string]any{
				"user_id": konaUserID(u), "role": 2 - btoi(h%9 == 0), "status": [...]int{1, 1, 1, 1, 0, 2}[h>>8%6], "updated_at": doc["updated_at"],
			})
		}
		doc["participants"] = list
	}
	return doc
}

// include reads the one value the vendor names.
func konaInclude(x *exchange) (people bool, a konaAnswer, ok bool) {
	if !x.query.Has("include") {
		return false, konaAnswer{}, true
	}
	if x.query.Get("include") != "participants" {
		return false, konaBad("include must be participants."), false
	}
	return true, konaAnswer{}, true
}

// listSpaces leaves hidden spaces out, and with hidden=true answers those alone; that it is not both is [assumed].
func (k *Kona) listSpaces(x *exchange) konaAnswer {
	if a, ok := konaOnly(x, "hidden", "add_on_type", "include", "page", "per_page"); !ok {
		return a
	}
	people, a, ok := konaInclude(x)
	if !ok {
		return a
	}
	hidden := x.query.Get("hidden")
	if x.query.Has("hidden") && hidden != "true" && hidden != "false" {
		return konaBad("hidden must be true or false.")
	}
	return k.list(x, "spaces", k.seed.spaces, func(i int) bool {
		// No space of the sandbox has an add-on.
		return k.seed.spaceHidden(i) == (hidden == "true") && !x.query.Has("add_on_type")
	}, func(i int) map[string]any { return k.spaceDoc(i, people) })
}

func (k *Kona) getSpace(x *exchange, id string) konaAnswer {
	if a, ok := konaOnly(x, "include"); !ok {
		return a
	}
	people, a, ok := konaInclude(x)
	if !ok {
		return a
	}
	n, err := strconv.ParseInt(id, 10, 64)
	i, known := k.seed.spaceIndex(n)
	if err != nil || !known {
		return konaNotFound()
	}
	return konaOK("spaces", k.spaceDoc(i, people))
}

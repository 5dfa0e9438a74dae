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

// konaDirectory is a list of things beside the conversations.
type konaDirectory struct {
	name, one string
	query     []string
	n         func() int
	index     func(id int64) (int, bool)
	doc       func(i int) map[string]any
	// keep tells what a list shows.
	keep func(x *exchange) func(doc map[string]any, i int) bool
}

func (k *Kona) directories() []konaDirectory {
	query := []string{"space_id", "like", "page", "per_page"}
	return []konaDirectory{
		{
			"users", "User", query, func() int { return len(k.file.Users.Rows) }, k.userIndex, k.userDoc,
			func(x *exchange) func(map[string]any, int) bool {
				space, filtered := k.space(x)
				return func(u map[string]any, i int) bool {
					return (!filtered || k.spaceMember(space, i)) && x.like(u["name"], u["email"])
				}
			},
		}, {
			"groups", "Group", query, k.groups, k.groupIndex, k.groupDoc,
			func(x *exchange) func(map[string]any, int) bool {
				space, filtered := k.space(x)
				return func(g map[string]any, _ int) bool {
					return (!filtered || g["space_id"] == konaSpaceID(space)) && x.like(g["name"])
				}
			},
		}, {
			// Hidden spaces are left out; hidden=true answers those alone. That it is not both is [assumed].
			"spaces", "Space", []string{"hidden", "page", "per_page"}, func() int { return k.spaces }, k.spaceIndex, k.spaceDoc,
			func(x *exchange) func(map[string]any, int) bool {
				hidden := x.flag("hidden", false)
				return func(_ map[string]any, i int) bool { return i >= k.spaces-konaHiddenSpaces == hidden }
			},
		},
	}
}

// directoryRoutes are a list and a read of each.
func (k *Kona) directoryRoutes() (all []route) {
	for _, d := range k.directories() {
		all = append(all, route{pattern: "GET /api/" + d.name, query: d.query, handle: func(x *exchange) {
			keep := d.keep(x)
			k.page(x, d.name, where(upTo(d.n()), func(i int) bool { return keep(d.doc(i), i) }), d.doc)
		}}, route{pattern: "GET /api/" + d.name + "/{id}", handle: func(x *exchange) {
			i, ok := d.index(x.integer())
			if !ok {
				x.notFound(d.one)
			}
			x.wrap(http.StatusOK, d.name, d.doc(i))
		}})
	}
	return all
}

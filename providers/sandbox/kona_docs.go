package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	konaMe           = 4 // the user the token belongs to
	konaHiddenSpaces = 4
	konaAccount      = 7001
	// Ids of conversations and comments have 13 digits, as the vendor's samples do.
	konaFirstConversation = 1_480_000_000_000
	konaIDStep            = 37
	konaFirstComment      = 2_000_000_000_000
	konaCommentsPer       = 1000
	konaGroupsPerSpace    = 4
)

func konaUserID(i int) int64  { return int64(10 + 3*i) }
func konaSpaceID(i int) int64 { return int64(40 + 11*i) }
func konaGroupID(i int) int64 { return int64(5 + 7*i) }

// konaIndex is the inverse of an id that starts at first and grows by step.
func konaIndex(id, first, step int64, n int) (int, bool) {
	i := (id - first) / step
	return int(i), id >= first && (id-first)%step == 0 && i < int64(n)
}

func (k *Kona) userIndex(id int64) (int, bool)  { return konaIndex(id, 10, 3, len(k.file.Users.Rows)) }
func (k *Kona) spaceIndex(id int64) (int, bool) { return konaIndex(id, 40, 11, k.spaces) }
func (k *Kona) groupIndex(id int64) (int, bool) { return konaIndex(id, 5, 7, k.groups()) }

// groups counts those of all spaces: group g belongs to space g % spaces.
func (k *Kona) groups() int { return konaGroupsPerSpace * k.spaces }

func (k *Kona) groupSpace(g int) int64 { return konaSpaceID(g % k.spaces) }

// groupRow is the record of a group: spaces beyond those of the file repeat them.
func (k *Kona) groupRow(g int) int {
	file := len(k.file.Spaces.Rows)
	return g%k.spaces%file + g/k.spaces*file
}

// conversationID grows with time: row 0 is the newest seeded row, rows from conversations on were created later.
func (k *Kona) conversationID(row int) int64 {
	if row >= k.conversations {
		return k.firstID() + int64(row+1)*konaIDStep
	}
	return k.firstID() + int64(k.conversations-row)*konaIDStep
}

func (k *Kona) firstID() int64 { return konaFirstConversation + int64(k.data.seed%1000)*1_000_000_000 }

// placed knows ids; hidden spaces are counted from the last one, groups within the space of the conversation. Rows that repeat
// the file as it stands are in other spaces.
func (k *Kona) placed(row int, kind string, n int) any {
	switch kind {
	case "space":
		if k.data.recasting == nil {
			n += row / len(k.seeded.Rows) * 13
		}
		return konaSpaceID(n % (k.spaces - konaHiddenSpaces))
	case "hidden":
		return konaSpaceID(k.spaces - 1 - n)
	case "group":
		space, _ := k.spaceIndex(integer(k.value(row, "space_id")))
		return konaGroupID(space + n*k.spaces)
	}
	return konaUserID(n)
}

// integer reads a whole number, wherever it comes from.
func integer(v any) int64 {
	switch n := v.(type) {
	case float64:
		return int64(n)
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// konaMember is a user or group with its role.
type konaMember struct{ id, role int64 }

// members are the participants or groups of a conversation.
func (k *Kona) members(row int, field, key string) []konaMember {
	return konaMemberList(k.value(row, field), key)
}

func konaMemberList(value any, key string) (list []konaMember) {
	items, _ := value.([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		list = append(list, konaMember{integer(m[key]), integer(m["role"])})
	}
	return list
}

func konaMembers(list []konaMember, key string) []any {
	out := make([]any, 0, len(list))
	for _, m := range list {
		out = append(out, map[string]any{key: m.id, "role": m.role})
	}
	return out
}

// inGroup tells whether the token's user is in a group.
func (k *Kona) inGroup(id int64) bool {
	g, ok := k.groupIndex(id)
	if !ok {
		return false
	}
	users, _ := k.groupDoc(g)["user_ids"].([]any)
	return slices.Contains(users, any(k.Me()))
}

// access is what the token's user may do: see, and edit.
func (k *Kona) access(row int) (see, edit bool) {
	if integer(k.value(row, "creator_id")) == k.Me() {
		return true, true
	}
	for _, m := range k.members(row, "participants", "user_id") {
		if m.id == k.Me() {
			see, edit = true, edit || m.role == 1
		}
	}
	for _, m := range k.members(row, "groups", "group_id") {
		if k.inGroup(m.id) {
			see, edit = true, edit || m.role == 1
		}
	}
	if integer(k.value(row, "stakeholder")) == 2 {
		see, edit = true, edit || integer(k.value(row, "default_role")) == 1
	}
	return see, edit
}

// konaView is where a conversation is shown.
type konaView int

const (
	konaStored konaView = iota // everything, whatever the API would leave out
	konaAlone
	konaInList
	konaInListBare // without participants and groups
)

func (k *Kona) render(row int, view konaView) map[string]any {
	out := k.doc(row)
	out["id"] = k.conversationID(row)
	// The schema has no times, though lists can be sorted by them; about half of the rows carry them.
	if k.data.Odd && row%2 == 1 {
		delete(out, "created_at")
		delete(out, "updated_at")
	}
	if k.data.Odd && view == konaInList && row%24 == 6 {
		out["participants"], out["groups"] = nil, nil
	}
	if view == konaInListBare || k.data.Odd && view == konaInList && row%24 == 14 {
		delete(out, "participants")
		delete(out, "groups")
	}
	return out
}

// konaHref is an address on the vendor's own host, which is not where the client asks.
func konaHref(resource string, id int64) string {
	return konaHost + resource + "/" + strconv.FormatInt(id, 10)
}

// comment is the number i of a conversation, as it stood in the data file or was posted.
func (k *Kona) comment(row, i int, creator int64, content string, at time.Time) map[string]any {
	id := konaFirstComment + int64(row)*konaCommentsPer + int64(i)
	return map[string]any{
		"id": id, "creator_id": creator, "content": content, "href": konaHref("comments", id), "priority": 0, "created_at": at.UnixMilli(),
	}
}

// thread is the comments of a conversation, newest first.
func (k *Kona) thread(row int) (all []map[string]any) {
	scene := k.scene(row)
	for i, l := range k.record(row).Said {
		_, user := reference(l.By)
		m := k.comment(row, i, konaUserID(user), l.Text, scene.time(time.Duration(l.At)))
		all = append(all, with(m, scene.make(nil, l.Set, nil)))
	}
	if first, ok := k.posted[row]; ok {
		all = append(all, first)
	}
	slices.Reverse(all)
	return all
}

func (k *Kona) userDoc(i int) map[string]any {
	return k.entry(&k.file.Users, i, konaUserID(i), map[string]any{})
}

func (k *Kona) groupDoc(g int) map[string]any {
	return k.entry(&k.file.Groups, k.groupRow(g), konaGroupID(g), map[string]any{"space": k.groupSpace(g)})
}

func (k *Kona) spaceDoc(i int) map[string]any {
	return k.entry(&k.file.Spaces, i, konaSpaceID(i), map[string]any{})
}

// spaceMember tells who is in a space.
func (k *Kona) spaceMember(space, user int) bool {
	return slices.ContainsFunc(k.file.Spaces.Rows[space%len(k.file.Spaces.Rows)].With, func(p map[string]any) bool {
		_, n := reference(p["who"].(string))
		return n == user
	})
}

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

package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Kona is a stand-in for the Kona API (https://io.kona.com/api, github.com/KonaTeam/kona-api up to 2017-02-02, read
// 2026-11-20): conversations, comments, spaces, users and groups, and the OAuth endpoints.
//
// The update of a conversation isn't documented; PUT follows the vendor's general rules for updates [assumed].
type Kona struct {
	*server
	refresh  string              // the valid refresh token
	codes    map[string]konaCode // not yet used
	issued   int                 // the number of tokens and codes issued
	requests uint64
}

const (
	konaMe           = 4 // the user the token belongs to
	konaHiddenSpaces = 4 // the last spaces are hidden
	konaAccount      = 7001
	konaMaxPage      = 100 // not documented; that larger sizes are capped silently is [assumed]
	konaHost         = "https://api.kona.com/"
	// The ids of conversations and comments have 13 digits, as in the vendor's samples.
	konaFirstComment   = 2_000_000_000_000
	konaCommentsPer    = 1000
	konaGroupsPerSpace = 4
)

// Kona returns the stand-in for Kona.
func (s *Sandbox) Kona() *Kona { return serviceOf[*Kona](s) }

func newKona(s *server) {
	k := &Kona{server: s, refresh: s.Secrets["refresh_token"], codes: map[string]konaCode{}, issued: 1}
	k.readers = map[string]reader{"number": k.readNumber, "users": k.readMembers, "groups": k.readMembers}
	k.start(k, map[string]func(*exchange){
		"authorize": k.authorize, "token": k.token, "userinfo": k.userinfo, "list": k.list, "create": k.create, "update": k.update,
		"delete": k.delete, "comments": k.comments,
		"user":  func(x *exchange) { k.takeIn(x.row, "participants", "user", k.count("user")) },
		"group": func(x *exchange) { k.takeIn(x.row, "groups", "group", konaGroupsPerSpace) },
	})
	k.keys[k.key] = konaMe
}

// greet sets the headers of the only answer that the vendor's documentation shows in full.
func (k *Kona) greet(x *exchange) {
	k.requests++
	for name, v := range map[string]string{
		"X-Request-Id": fmt.Sprintf("%016x", mix(k.data.seed^k.requests<<20)), "X-Runtime": "0.004242", "X-Api-Version": "web",
		"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache",
	} {
		x.answer.Set(name, v)
	}
}

// ExpireTokens invalidates all access tokens. The refresh token still works.
func (k *Kona) ExpireTokens() {
	defer k.hold()()
	clear(k.keys)
}

// Me returns the id of the user to whom the token belongs.
func (k *Kona) Me() int64 { return k.number("user", konaMe) }

func (k *Kona) number(kind string, n int) int64 { return k.idOf(kind, n).(int64) }

// count takes the number of spaces from a switch. Group g belongs to space g % spaces.
func (k *Kona) count(kind string) int {
	spaces, set := k.reading("Spaces").(int)
	switch {
	case kind == "space" && set:
		return spaces
	case kind == "group":
		return konaGroupsPerSpace * k.count("space")
	}
	return k.server.count(kind)
}

// place counts hidden spaces from the last one and groups within the conversation's space. Rows that repeat the file without
// retelling it are in other spaces.
func (k *Kona) place(row int, kind string, n int) any {
	spaces := k.count("space")
	switch kind {
	case "space":
		if !k.data.retells() {
			n += k.round(row) * 13
		}
		return k.idOf("space", n%(spaces-konaHiddenSpaces))
	case "hidden":
		return k.idOf("space", spaces-1-n)
	case "group":
		space, _ := k.numberOf("space", fmt.Sprint(integer(k.value(row, "space_id"))))
		return k.idOf("group", space+n*spaces)
	}
	return k.idOf("user", n)
}

func (k *Kona) clock(t time.Time) any { return t.UnixMilli() }

// integer returns a whole number from JSON data or from Go.
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

// konaKeys has the member that holds the id of somebody in a list.
var konaKeys = map[string]string{"participants": "user_id", "groups": "group_id"}

// members returns the participants or groups of a conversation, none if row is -1.
func (k *Kona) members(row int, field string) (list []konaMember) {
	if row < 0 {
		return nil
	}
	items, _ := k.value(row, field).([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		list = append(list, konaMember{integer(m[konaKeys[field]]), integer(m["role"])})
	}
	return list
}

func konaMembers(field string, list ...konaMember) []any {
	out := make([]any, 0, len(list))
	for _, m := range list {
		out = append(out, map[string]any{konaKeys[field]: m.id, "role": m.role})
	}
	return out
}

func among(list []konaMember, id int64) int {
	return slices.IndexFunc(list, func(m konaMember) bool { return m.id == id })
}

// takeIn adds the first of n users or groups who isn't on a list yet.
func (k *Kona) takeIn(row int, field, kind string, n int) {
	list := k.members(row, field)
	for i := range n {
		if id := k.place(row, kind, i).(int64); among(list, id) < 0 {
			k.set(row, field, konaMembers(field, append(list, konaMember{id, 2})...))
			return
		}
	}
}

// access reports whether the token's user may see and edit a conversation.
func (k *Kona) access(row int) (see, edit bool) {
	if integer(k.value(row, "creator_id")) == k.Me() {
		return true, true
	}
	var roles []int64
	for _, m := range k.members(row, "participants") {
		if m.id == k.Me() {
			roles = append(roles, m.role)
		}
	}
	for _, m := range k.members(row, "groups") {
		if g, ok := k.numberOf("group", fmt.Sprint(m.id)); ok {
			if users, _ := k.thing("group", g)["user_ids"].([]any); slices.Contains(users, any(k.Me())) {
				roles = append(roles, m.role)
			}
		}
	}
	if integer(k.value(row, "stakeholder")) == 2 {
		roles = append(roles, integer(k.value(row, "default_role")))
	}
	return roles != nil, slices.Contains(roles, 1)
}

func (k *Kona) show(row int) map[string]any {
	out := k.doc(row)
	out["id"] = k.idOf("conversation", row)
	// The schema has no times, although lists can be sorted by them. About half of the rows have some.
	if k.data.Odd && row%2 == 1 {
		delete(out, "created_at")
		delete(out, "updated_at")
	}
	return out
}

// inList returns a conversation as lists show it, which may lack participants and groups.
func (k *Kona) inList(row int) map[string]any {
	out := k.show(row)
	switch {
	case k.on("ListWithoutPeople"), k.data.Odd && row%24 == 14:
		delete(out, "participants")
		delete(out, "groups")
	case k.data.Odd && row%24 == 6:
		out["participants"], out["groups"] = nil, nil
	}
	return out
}

// konaHref returns an address on the vendor's own host, whatever host the client uses.
func konaHref(resource string, id any) string { return konaHost + resource + "/" + fmt.Sprint(id) }

// Comments returns a copy of a conversation's comments, newest first.
func (k *Kona) Comments(id string) []map[string]any { return k.copies(id, k.thread) }

// thread returns the comments of a conversation, newest first.
func (k *Kona) thread(row int) (all []map[string]any) {
	scene := k.scene(row)
	for i, l := range k.said(row) {
		_, user := reference(l.By)
		id := konaFirstComment + int64(row)*konaCommentsPer + int64(i)
		all = append(all, with(map[string]any{
			"id": id, "creator_id": k.idOf("user", user), "content": l.Text, "href": konaHref("comments", id), "priority": 0,
			"created_at": k.clock(scene.time(time.Duration(l.At))),
		}, scene.make(nil, l.Set, nil)))
	}
	slices.Reverse(all)
	return all
}

// page answers with a page of a list, which has no total.
func (k *Kona) page(x *exchange, resource string, rows []int, show func(int) map[string]any) {
	if k.on("IgnorePage") {
		x.param["page"] = 1
	}
	k.ok(x, map[string]any{resource: numbered(x, rows, min(x.number("per_page"), konaMaxPage), show)["rows"]})
}

func (k *Kona) listed(x *exchange, kind string, rows []int) {
	rows = slices.DeleteFunc(rows, func(i int) bool { return k.hidden(x, kind, i) })
	k.page(x, k.Directories[kind].Rows, rows, func(i int) map[string]any { return k.entry(kind, i) })
}

func (k *Kona) one(x *exchange, status int, kind string, doc map[string]any) {
	x.jsonAs(status, k.Answers, map[string]any{k.Directories[kind].Rows: []any{doc}})
}

// hidden leaves out users and groups of other spaces than the one in the query, and hidden spaces. The parameter hidden=true
// selects the hidden spaces alone; that it doesn't select both is [assumed].
func (k *Kona) hidden(x *exchange, kind string, i int) bool {
	space, filtered := x.param["space_id"].(int)
	switch {
	case kind == "space":
		return (i >= k.count("space")-konaHiddenSpaces) != (x.param["hidden"] == true)
	case !filtered:
		return false
	case kind == "group":
		return i%k.count("space") != space
	}
	rows := k.file["spaces"].Rows
	return !slices.ContainsFunc(rows[space%len(rows)].With, func(p map[string]any) bool {
		_, n := reference(p["who"].(string))
		return n == i
	})
}

func (k *Kona) list(x *exchange) {
	// The default order isn't documented; here it is by id.
	order, walk := x.param["order_by"], k.live()
	switch order {
	case "updated_at":
		walk = slices.DeleteFunc(slices.Clone(k.byUpdate()), func(row int) bool { return k.gone[row] })
		slices.Reverse(walk)
	case nil:
		slices.Reverse(walk)
	}
	if k.on("ShiftBetweenPages") && x.number("page") > 1 {
		walk = k.shift(walk, order == "updated_at", x.now)
	}
	if space, filtered := x.param["space_id"].(int); filtered {
		walk = slices.DeleteFunc(walk, func(row int) bool { return integer(k.value(row, "space_id")) != k.number("space", space) })
	}
	k.page(x, "conversations", walk, k.inList)
}

// shift lets somebody else update the last row of a list or create a conversation, which is then at the head of the list.
func (k *Kona) shift(rows []int, update bool, now time.Time) []int {
	if last := len(rows) - 1; update && last >= 0 {
		k.touch(rows[last])
		return slices.Concat(rows[last:], rows[:last])
	}
	k.touches++
	creator := k.number("user", konaMe+1)
	row := k.insert(now, map[string]any{
		"name": "Posted in between (" + strconv.Itoa(k.touches) + ")", "space_id": k.idOf("space", 0), "creator_id": creator,
		"participants": konaMembers("participants", konaMember{creator, 1}, konaMember{k.Me(), 2}),
	})
	return slices.Concat([]int{row}, rows)
}

// insert adds a conversation with default values.
func (k *Kona) insert(now time.Time, set map[string]any) int {
	return k.server.create(now, with(map[string]any{
		"details": nil, "creator_id": k.Me(), "stakeholder": 1, "default_role": 2, "participants": []any{}, "groups": []any{},
	}, set))
}

// delete refuses anybody but the creator.
func (k *Kona) delete(x *exchange) {
	if integer(k.value(x.row, "creator_id")) != k.Me() {
		x.refuse(http.StatusForbidden, "forbidden", "Only the creator can delete a conversation.")
	}
	k.deleteConversation(x)
}

// create answers 201 with a Location.
func (k *Kona) create(x *exchange) {
	first, commented := x.set["initial_comment"].(string)
	delete(x.set, "initial_comment")
	row := k.insert(x.now, x.set)
	if commented {
		k.raw(row).Said = []line{{By: fmt.Sprint("user ", konaMe), Text: first}}
	}
	x.answer.Set("Location", konaHref("conversations", k.idOf("conversation", row)))
	k.one(x, http.StatusCreated, "conversation", k.show(row))
	k.gone[row] = k.on("CreateIgnored")
}

// update changes the given members. Participants and groups are each the complete new list [assumed].
func (k *Kona) update(x *exchange) {
	row := k.wanted(x)
	if k.on("ConcurrentOnPut") {
		k.contest(x, row)
	}
	if _, edit := k.access(row); !edit {
		x.refuse(http.StatusForbidden, "forbidden", "Only editors can change a conversation.")
	}
	k.receive(x)
	for field, v := range x.set {
		k.edit(row, field, v)
	}
	k.touch(row)
	// A conversation is visible to its participants only, so users can remove themselves but not come back.
	see, _ := k.access(row)
	k.gone[row] = !see
	k.one(x, http.StatusOK, "conversation", k.show(row))
}

// readNumber reads a number from Least to Most. It accepts another one only if that is stored already.
func (k *Kona) readNumber(x *exchange, at string, raw json.RawMessage) any {
	r := x.call.Body[at]
	n, ok := read[int](raw)
	if !ok || (n < r.Least || n > r.Most) && (x.row < 0 || int64(n) != integer(k.value(x.row, at))) {
		x.wrong.add(at, "invalid", r.Want)
	}
	return int64(n)
}

// readMembers reads a list of ids with roles. It accepts roles outside 1 to 3 and unknown ids only if they are stored already.
func (k *Kona) readMembers(x *exchange, field string, raw json.RawMessage) any {
	refuse := func(format string, args ...any) { x.wrong.add(field, "invalid", fmt.Sprintf(format, args...)) }
	items, ok := read[[]object](raw)
	old, list, key := k.members(x.row, field), []konaMember{}, konaKeys[field]
	switch {
	case !ok:
		refuse("must be an array")
	case len(items) == 0 && k.on("EmptyListIgnored") && x.row >= 0:
		return k.value(x.row, field)
	}
	for _, item := range items {
		id, isID := read[int64](item[key])
		role, isRole := read[int64](item["role"])
		i := among(old, id)
		switch {
		case len(item) != 2 || !isID || !isRole:
			refuse("must have %s and role, both integers, and nothing else", key)
		case i < 0 && !k.known(x, field, id):
			refuse("has an unknown %s: %d", key, id)
		case (role < 1 || role > 3) && (i < 0 || old[i].role != role):
			refuse("has an unknown role: %d", role)
		case among(list, id) >= 0:
			refuse("has %d twice", id)
		}
		list = append(list, konaMember{id, role})
	}
	for _, m := range old {
		if k.on("MergeLists") && among(list, m.id) < 0 {
			list = append(list, m)
		}
	}
	return konaMembers(field, list...)
}

// known reports whether an id can be put on a list: that of a user, or of a group in the conversation's space.
func (k *Kona) known(x *exchange, field string, id int64) bool {
	if field == "participants" {
		_, known := k.numberOf("user", strconv.FormatInt(id, 10))
		return known
	}
	space, _ := read[int64](x.fields["space_id"])
	if x.row >= 0 {
		space = integer(k.value(x.row, "space_id"))
	}
	g, known := k.numberOf("group", strconv.FormatInt(id, 10))
	return known && k.number("space", g%k.count("space")) == space
}

// comments answers newest first. The sandbox has no comments on tasks, events or attachments.
func (k *Kona) comments(x *exchange) {
	row, ok := k.find(fmt.Sprint(x.param["resource_id"]))
	if !ok || x.param["resource_type"] != "conversation" {
		x.notFound("Conversation")
	}
	all := k.thread(row)
	k.page(x, "comments", upTo(len(all)), func(i int) map[string]any { return all[i] })
}

// userinfo answers with the token's user, under the key users.
func (k *Kona) userinfo(x *exchange) {
	k.one(x, http.StatusOK, "user", with(k.entry("user", x.owner), map[string]any{
		"current_account": map[string]any{"id": konaAccount, "member": true}, "unread_conversation_count": 3,
	}))
}

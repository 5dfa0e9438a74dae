package sandbox

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// konaSeed derives every seeded thing of Kona from its number. Where something odd should be met even in a small sandbox,
// the row number decides, not chance.
type konaSeed struct {
	*seedData
	conversations int
	spaces        int // the last konaHiddenSpaces of them are hidden
	groups        int
}

const (
	streamKona          uint64 = 10
	streamKonaDirectory uint64 = 11
)

var konaData = load[struct {
	// Spaces and Groups are names; in those of spaces {company} stands for a company.
	Spaces, Groups []string
	OddSpace       string
	Comments       []recipe
	Extras, Space  steps
	User           recipe
}]("kona")

const (
	konaUsers        = 140 // more than the largest page
	konaMe           = 4   // the user the token belongs to
	konaHiddenSpaces = 4
	konaAccount      = 7001
	// konaStranger is a user who left: participants name the id, nothing resolves it.
	konaStranger = 990017
	// Ids of conversations and comments have 13 digits, as the vendor's samples do.
	konaFirstConversation = 1_480_000_000_000
	konaIDStep            = 37
	konaFirstComment      = 2_000_000_000_000
	konaFirstPosted       = 7_000_000_000_000
	konaCommentsPer       = 1000
)

func newKonaSeed(d *seedData, n int) konaSeed {
	spaces := min(36+n/400, 120)
	return konaSeed{seedData: d, conversations: n, spaces: spaces, groups: 4 * spaces}
}

func konaUserID(i int) int64  { return int64(10 + 3*i) }
func konaSpaceID(i int) int64 { return int64(40 + 11*i) }
func konaGroupID(i int) int64 { return int64(5 + 7*i) }

// konaIndex is the inverse of an id that starts at first and grows by step.
func konaIndex(id, first, step int64, n int) (int, bool) {
	i := (id - first) / step
	return int(i), id >= first && (id-first)%step == 0 && i < int64(n)
}

func konaUserIndex(id int64) (int, bool) { return konaIndex(id, 10, 3, konaUsers) }

func (s konaSeed) spaceIndex(id int64) (int, bool) { return konaIndex(id, 40, 11, s.spaces) }
func (s konaSeed) groupIndex(id int64) (int, bool) { return konaIndex(id, 5, 7, s.groups) }

// conversationID grows with time: row 0 is the newest seeded row, rows from conversations on were created later.
func (s konaSeed) conversationID(row int) int64 {
	if row >= s.conversations {
		return konaFirstConversation + int64(row+1)*konaIDStep
	}
	return konaFirstConversation + int64(s.conversations-row)*konaIDStep
}

func (s konaSeed) conversationRow(id int64, created int) (int, bool) {
	i, ok := konaIndex(id, konaFirstConversation, konaIDStep, s.conversations+created+1)
	if !ok || i == 0 {
		return 0, false
	}
	if i <= s.conversations {
		return s.conversations - i, true
	}
	return i - 1, true
}

func (s konaSeed) hash(kind, a, b int) uint64 {
	return mix(mix(s.seed^0x6b6f<<48^uint64(kind)<<40^uint64(a)) ^ uint64(b))
}

// user is a person's name and e-mail; the name is empty for people who were invited and have not signed up.
func (s konaSeed) user(i int) (name, email string) {
	p := s.staff[i%len(s.staff)]
	if i >= len(s.staff) {
		p = s.contacts[(i-len(s.staff))%len(s.contacts)]
	}
	if i%17 == 9 {
		return "", p.email
	}
	return p.name(), p.email
}

func (s konaSeed) spaceName(i int) string {
	if i%19 == 13 {
		return konaData.OddSpace
	}
	return strings.ReplaceAll(konaData.Spaces[i%len(konaData.Spaces)], "{company}", s.companies[i%len(s.companies)].name)
}

func (s konaSeed) spaceHidden(i int) bool { return i >= s.spaces-konaHiddenSpaces }

// member tells who is in a space: the token's user is in all of them.
func (s konaSeed) member(space, user int) bool {
	return user == konaMe || s.hash(1, space, user)%4 == 0
}

// groupSpace is the id of the space a group belongs to.
func (s konaSeed) groupSpace(g int) int64 { return konaSpaceID(g % s.spaces) }

func (s konaSeed) groupName(g int) string {
	return konaData.Groups[g%len(konaData.Groups)] + " " + strconv.Itoa(g/s.spaces+1)
}

func (s konaSeed) groupMembers(g int) []int64 {
	out := []int64{}
	space := g % s.spaces
	for u := range konaUsers {
		if s.member(space, u) && s.hash(2, g, u)%3 == 0 {
			out = append(out, konaUserID(u))
		}
	}
	return out
}

func (s konaSeed) inGroup(group, user int64) bool {
	g, ok := s.groupIndex(group)
	return ok && slices.Contains(s.groupMembers(g), user)
}

// konaMember is a user or group with its role.
type konaMember struct {
	id   int64
	role int
}

// konaConversation is one row with everything that can be changed about it.
type konaConversation struct {
	row                      int
	id                       int64
	name                     string
	details                  *string
	space, creator           int64
	people, groups           []konaMember
	peopleNull, groupsNull   bool
	stakeholder, defaultRole int
	created, updated         time.Time
	dated                    bool           // created_at and updated_at are shown
	extra                    map[string]any // what can't be changed: tags, external objects, fields of a later version
	comments                 []konaComment  // posted, oldest first; the seeded ones are derived
}

// spaceOf is the space of a seeded row.
func (s konaSeed) spaceOf(row int) int {
	if row%12 == 10 {
		return s.spaces - 1 - row/12%konaHiddenSpaces
	}
	return int(s.hash(3, row, 0) % uint64(s.spaces-konaHiddenSpaces))
}

func (s konaSeed) updatedAt(row int) time.Time {
	created := s.spaced(row, s.conversations)
	h := s.hash(4, row, 0)
	room := s.base.Add(-5 * time.Minute).Sub(created)
	if h%9 != 0 {
		room = min(room, 50*time.Hour)
	}
	return created.Add(time.Duration(float64(room) * float64(h>>8%1000) / 1000)).Truncate(time.Millisecond)
}

// conversation derives a seeded row in full. The token's user can always see it: as creator, participant, member of a
// group, or because it addresses everyone.
func (s konaSeed) conversation(row int) *konaConversation {
	r := s.rng(streamKona, row*4)
	space := s.spaceOf(row)
	c := &konaConversation{
		row: row, id: s.conversationID(row), name: s.title(r, row+3), space: konaSpaceID(space), stakeholder: 1, defaultRole: 2,
		created: s.spaced(row, s.conversations).Truncate(time.Millisecond), updated: s.updatedAt(row), dated: row%2 == 0,
		people: []konaMember{}, groups: []konaMember{}, extra: map[string]any{"tags": []any{}},
	}
	if c.name == "" {
		c.name = " " // required, but blanks are a name
	}
	if r.IntN(3) > 0 {
		details := s.sentence(r)
		c.details = &details
	}
	mine := row%3 == 0
	c.creator = konaUserID(konaMe)
	for i := 0; !mine; i++ {
		if u := int(s.hash(5, row, i) % konaUsers); u != konaMe && s.member(space, u) {
			c.creator = konaUserID(u)
			break
		}
	}
	s.admit(c, r, space, mine)
	s.odd(c, space, row%15 == 7 && !mine)
	konaData.Extras.apply(&cook{d: s.seedData, row: row}, c.extra)
	return c
}

func (c *konaConversation) add(id int64, role int) {
	if !slices.ContainsFunc(c.people, func(m konaMember) bool { return m.id == id }) {
		c.people = append(c.people, konaMember{id, role})
	}
}

// admit fills people, groups and audience.
func (s konaSeed) admit(c *konaConversation, r *rand.Rand, space int, mine bool) {
	row := c.row
	if row%5 != 2 {
		c.add(c.creator, 1)
	}
	// Some are seen and edited through Everyone only, in some others the token's user is no editor: PUT is forbidden.
	everyone, viewer := row%15 == 7 && !mine, row%16 == 5
	if !everyone {
		c.add(konaUserID(konaMe), 1+btoi(viewer))
	}
	for range r.IntN(6) {
		if u := r.IntN(konaUsers); u != konaMe && s.member(space, u) {
			c.add(konaUserID(u), 1+r.IntN(2))
		}
	}
	for g := space; g < s.groups; g += s.spaces {
		if r.IntN(4) == 0 {
			role := 1 + r.IntN(2)
			if viewer {
				role = 2
			}
			c.groups = append(c.groups, konaMember{konaGroupID(g), role})
		}
	}
	if r.IntN(6) == 0 {
		c.stakeholder = 2
	}
	if len(c.people) == 1 && len(c.groups) == 0 && mine {
		c.stakeholder = 0
	}
	if r.IntN(7) == 0 && !viewer {
		c.defaultRole = 1 + 2*r.IntN(2)
	}
	if everyone {
		c.stakeholder, c.defaultRole = 2, 1
	}
}

// odd adds numbers outside the documented sets, and lists that are null.
func (s konaSeed) odd(c *konaConversation, space int, everyone bool) {
	row := c.row
	if row%21 == 8 {
		c.add(konaUserID(konaMe+1), 7)
	}
	if row%25 == 11 {
		c.add(konaUserID(konaMe+2), 3)
	}
	if row%27 == 13 {
		c.add(konaStranger, 2)
	}
	if row%35 == 17 {
		c.groups = append(c.groups[:0], konaMember{konaGroupID(space), 9})
	}
	if row%33 == 19 && !everyone {
		c.stakeholder = 5
	}
	if row%39 == 22 && !everyone {
		c.defaultRole = 6
	}
	c.peopleNull, c.groupsNull = row%71 == 30, row%71 == 30
}

// konaComment is one message of a conversation.
type konaComment struct {
	id, creator int64
	content     string
	priority    int
	created     time.Time
}

func (c konaComment) render() map[string]any {
	return map[string]any{
		"id": c.id, "creator_id": c.creator, "content": c.content, "href": konaHref("comments", c.id),
		"priority": c.priority, "created_at": c.created.UnixMilli(),
	}
}

// seededComments is how many comments a seeded row has.
func (s konaSeed) seededComments(row int) int {
	switch h := s.hash(6, row, 0); {
	case row >= s.conversations, row%13 == 11:
		return 0
	case row%40 == 16:
		return 110 + int(h%60)
	default:
		return 1 + int(h%30)
	}
}

// comment derives the i-th comment of a seeded row, 0 being the oldest.
func (s konaSeed) comment(c *konaConversation, i int) konaComment {
	r := s.rng(streamKona, (c.row*konaCommentsPer+i)*4+1)
	from := c.creator
	if len(c.people) > 0 && i > 0 {
		from = c.people[r.IntN(len(c.people))].id
	}
	name, _ := s.user(konaMe)
	k := &cook{d: s.seedData, r: r, row: c.row, vars: map[string]any{"text": s.sentence(r), "me": konaUserID(konaMe), "name": name}}
	text := k.make(pick(r, konaData.Comments)).(string)
	count := s.seededComments(c.row)
	span := s.base.Add(-time.Minute).Sub(c.created)
	if s.hash(7, c.row, 0)%5 != 0 {
		span = min(span, 90*time.Hour)
	}
	return konaComment{
		id: konaFirstComment + int64(c.row)*konaCommentsPer + int64(i), creator: from, content: text, priority: btoi(r.IntN(15) == 0),
		created: c.created.Add(span / time.Duration(count+1) * time.Duration(i+1)).Truncate(time.Millisecond),
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

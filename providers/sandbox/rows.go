package sandbox

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// rows are the objects of a server. A conversation is known by its row: those of the data file come first, then those created
// since. Changed members are kept apart from the records.
type rows struct {
	file    map[string]*collection
	seeded  *collection // the conversations of the file
	made    []created
	edited  map[int]map[string]any // changed members by row
	touched map[int]time.Time
	latest  time.Time // the last time in touched
	order   []int     // the rows by time of change, latest last; nil until needed
	entries map[thing]map[string]any
}

// created is a conversation that was created after the start.
type created struct {
	record
	at time.Time
}

// raw returns the record of a conversation.
func (s *server) raw(row int) *record {
	if row >= s.conversations {
		return &s.made[row-s.conversations].record
	}
	return &s.seeded.Rows[row%len(s.seeded.Rows)]
}

// round returns how many earlier rows have the same record.
func (s *server) round(row int) int {
	if row >= s.conversations {
		return 0
	}
	return row / len(s.seeded.Rows)
}

// takingPart yields those who take part, "contact 3" and the like, with the members of their entries.
func (s *server) takingPart(row int) iter.Seq2[string, map[string]any] {
	return func(yield func(string, map[string]any) bool) {
		scene := s.scene(row)
		for _, entry := range s.raw(row).With {
			members := maps.Clone(entry)
			delete(members, "who")
			if who, _ := entry["who"].(string); !yield(scene.plays(who), members) {
				return
			}
		}
	}
}

// said returns what was said in a conversation.
func (s *server) said(row int) []line {
	all := slices.Clone(s.raw(row).Said)
	if scene := s.scene(row); s.data.retells() {
		for i, l := range all {
			all[i].By, all[i].Text = scene.plays(l.By), scene.text(l.Text).(string)
		}
	}
	return all
}

// createdAt returns times with fractions of a second of various lengths, or none.
func (s *server) createdAt(row int) time.Time {
	file, again := len(s.seeded.Rows), s.data.retells()
	switch {
	case row >= s.conversations:
		return s.made[row-s.conversations].at
	case again && row < file:
		return s.data.base.Add(-time.Duration(s.raw(row).Age))
	case again:
		return s.data.earlier(row-file, s.conversations-file, file)
	}
	at := s.data.base.Add(-s.seeded.age(row, s.conversations))
	if s.conversations != file {
		at = at.Truncate([...]time.Duration{time.Second, time.Millisecond, time.Microsecond}[row%3])
	}
	return at
}

// scene returns what the placeholders of a conversation's record stand for.
func (s *server) scene(row int) *scene {
	at, pace := s.createdAt(row), 1.0
	if age := s.raw(row).Age; age > 0 {
		pace = float64(s.data.base.Sub(at)) / float64(age)
	}
	_, week := at.In(s.data.zone).ISOWeek()
	words := map[string]any{"id": s.idOf("conversation", row), "week": week, "month": at.In(s.data.zone).Month()}
	if s.Ids["conversation"] != nil {
		words["serial"] = s.serial(row)
	}
	tell := telling{w: s.data}
	if round := s.round(row); round > 0 && s.data.retells() {
		tell.n, tell.years = round, s.data.base.Year()-at.Year()
	}
	return &scene{
		at: at, pace: pace, clock: s.parts.clock, words: words, tell: tell,
		place: func(kind string, n int) any { return s.parts.place(row, kind, n) },
	}
}

// doc returns a conversation as it is now. The caller may change the top level.
func (s *server) doc(row int) map[string]any {
	r := s.raw(row)
	doc := s.scene(row).make(s.seeded.All, r.Set, r.Drop)
	maps.Copy(doc, s.edited[row])
	for name, members := range s.Without {
		if s.on(name) {
			maps.DeleteFunc(doc, func(member string, _ any) bool { return slices.Contains(members, member) })
		}
	}
	return doc
}

// value returns one member of what doc returns.
func (s *server) value(row int, field string) any {
	if v, ok := s.edited[row][field]; ok {
		return v
	}
	r := s.raw(row)
	v, ok := r.Set[field]
	if !ok && !slices.Contains(r.Drop, field) {
		v = s.seeded.All[field]
	}
	switch v := v.(type) {
	case nil, bool, float64:
		return v
	case string:
		if !strings.ContainsAny(v, "@{") {
			return v
		}
	}
	return s.scene(row).value(v)
}

func (s *server) edit(row int, field string, value any) {
	if s.edited[row] == nil {
		s.edited[row] = map[string]any{}
	}
	s.edited[row][field] = value
}

// create adds a conversation with these members and returns its row.
func (s *server) create(now time.Time, set map[string]any) int {
	s.made, s.order = append(s.made, created{record{Set: map[string]any{s.Updated: "@"}}, now.Truncate(time.Millisecond)}), nil
	row := s.all() - 1
	s.edited[row] = set
	return row
}

// updatedAt returns the time of a conversation's last change.
func (s *server) updatedAt(row int) time.Time {
	if at, ok := s.touched[row]; ok {
		return at
	}
	var at time.Time
	scene, r := s.scene(row), s.raw(row)
	scene.clock = func(t time.Time) any { at = t; return nil }
	scene.value(cmp.Or(r.Set[s.Updated], s.seeded.All[s.Updated], any("@")))
	return at.Truncate(time.Millisecond)
}

// touch sets the time of the last change to now, but at least a millisecond later than it was. Changes within a millisecond keep
// their order, though they show the same time.
func (s *server) touch(row int) {
	now, least := s.now().UTC().Truncate(time.Millisecond), s.updatedAt(row).Truncate(time.Millisecond).Add(time.Millisecond)
	if now.Before(least) {
		now = least
	}
	s.edit(row, s.Updated, s.parts.clock(now))
	if now.Equal(s.latest.Truncate(time.Millisecond)) {
		now = s.latest.Add(1)
	}
	s.touched[row], s.latest, s.order = now, now, nil
}

// unseen returns the ids of the conversations that are unseen when a demo starts, nil if the world has none.
func (s *server) unseen() (ids []string) {
	for row := range min(s.conversations, len(s.seeded.Rows)) {
		if s.raw(row).Unseen {
			ids = append(ids, s.id(row))
		}
	}
	return ids
}

// acts returns what was done before a demo starts.
func (s *server) acts() (all []Act) {
	for _, d := range s.seeded.Acts {
		all = append(all, Act{At: s.data.on(d.On), Query: d.Query, Field: d.Field, To: d.To, Prepare: func() {
			defer s.hold()()
			s.refused = cmp.Or(d.Refused, s.refused)
		}})
	}
	return all
}

// byUpdate returns the rows by time of change and id, latest last.
func (s *server) byUpdate() []int {
	if s.order == nil {
		s.order = upTo(s.all())
		places := make([]place, len(s.order))
		for row := range places {
			places[row] = place{s.updatedAt(row), s.id(row)}
		}
		slices.SortFunc(s.order, func(a, b int) int { return places[a].compare(places[b]) })
	}
	return s.order
}

// place is the position of an object in a list by time of change.
type place struct {
	at time.Time
	id string
}

func (p place) compare(q place) int { return cmp.Or(p.at.Compare(q.at), strings.Compare(p.id, q.id)) }

// all returns the number of rows, deleted ones included.
func (s *server) all() int { return s.conversations + len(s.made) }

// ordered returns all rows, newest created first.
func (s *server) ordered() []int {
	rows := upTo(s.all())
	slices.Reverse(rows[s.conversations:])
	return slices.Concat(rows[s.conversations:], rows[:s.conversations])
}

// live returns the rows that aren't deleted, newest created first.
func (s *server) live() []int {
	return slices.DeleteFunc(s.ordered(), func(row int) bool { return s.gone[row] })
}

// page shows at most size of the rows that keep accepts, after skipping some of them. It returns the last row that it shows and
// whether more follow.
func page(rows []int, skip, size int, keep func(int) bool, show func(int) map[string]any) (items []any, last int, more bool) {
	items = []any{}
	for _, row := range rows {
		switch {
		case keep != nil && !keep(row):
		case skip > 0:
			skip--
		case len(items) == size:
			return items, last, true
		default:
			items, last = append(items, show(row)), row
		}
	}
	return items, last, false
}

// upTo returns the numbers from 0 to n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// directory is a list of other objects than conversations.
type directory struct {
	// Rows names the collection of the data file; Of says whose words its records use: staff, contact, company or space.
	Rows, Of string
	// Without is a member that hides an entry from lists.
	Without string
	// Again gives each telling of the stories entries of its own, in every world.
	Again bool
}

// count returns the number of entries in a directory, with those of all tellings if these are about other people.
func (s *server) count(kind string) int {
	d := s.Directories[kind]
	switch {
	case kind == "conversation":
		return s.all()
	case d == nil:
		return 0
	case d.Again || (d.Of == "contact" || d.Of == "company") && s.data.retells():
		return len(s.file[d.Rows].Rows) * tellings(s.conversations, len(s.seeded.Rows))
	}
	return len(s.file[d.Rows].Rows)
}

// entry returns entry i of a directory. The caller may change the top level.
func (s *server) entry(kind string, i int) map[string]any { return maps.Clone(s.thing(kind, i)) }

func (s *server) entriesOf(kind string, rows []int) []any {
	all := []any{}
	for _, i := range rows {
		all = append(all, s.entry(kind, i))
	}
	return all
}

// thing returns entry i of a directory for reading. It is made once, because nothing changes a directory.
func (s *server) thing(kind string, i int) map[string]any {
	key := thing{kind, i}
	if s.entries[key] == nil {
		c := s.file[s.Directories[kind].Rows]
		r, words := c.Rows[i%len(c.Rows)], s.words(kind, i)
		words["id"] = s.idOf(kind, i)
		place := func(kind string, n int) any { return s.parts.place(-1, kind, n) }
		s.entries[key] = (&scene{at: s.data.base, pace: 1, clock: s.parts.clock, words: words, place: place}).make(c.All, r.Set, r.Drop)
	}
	return s.entries[key]
}

type thing struct {
	kind string
	i    int
}

// listDirectory answers with the entries of a directory that match the query.
func (s *server) listDirectory(x *exchange) {
	kind, found := x.call.Of, s.found(x)
	without := s.Directories[kind].Without
	rows := slices.DeleteFunc(upTo(s.parts.count(kind)), func(i int) bool {
		doc := s.thing(kind, i)
		return doc[without] != nil || s.removed[thing{kind, i}] || !found(func(member string) any { return doc[member] })
	})
	s.parts.listed(x, kind, rows)
}

// found compiles the query into a test of an object, which it reads member by member.
func (s *server) found(x *exchange) func(of func(member string) any) bool {
	var tests []func(of func(member string) any) bool
	for name, wanted := range x.param {
		r, text := s.rule(x.call, name), strings.ToLower(fmt.Sprint(wanted))
		list, several := wanted.([]string)
		switch {
		case r.Same != "" && several:
			tests = append(tests, func(of func(string) any) bool { return slices.Contains(list, fmt.Sprint(of(r.Same))) })
		case r.Same != "":
			tests = append(tests, func(of func(string) any) bool { return of(r.Same) == wanted })
		case r.In != nil || r.Like != nil:
			tests = append(tests, func(of func(string) any) bool {
				return slices.ContainsFunc(r.In, func(m []string) bool { return strings.Contains(texts(of, m...), text) }) ||
					slices.ContainsFunc(r.Like, func(m string) bool { return strings.HasPrefix(texts(of, m), text) })
			})
		}
	}
	return func(of func(string) any) bool {
		return !slices.ContainsFunc(tests, func(fits func(func(string) any) bool) bool { return !fits(of) })
	}
}

// texts returns the texts in some members of an object, joined and in lower case.
func texts(of func(member string) any, members ...string) string {
	var all []string
	for _, member := range members {
		rebuilt(of(member), func(v any) any {
			if t, ok := v.(string); ok {
				all = append(all, t)
			}
			return v
		})
	}
	return strings.ToLower(strings.Join(all, " "))
}

// readEntry answers with an entry of a directory.
func (s *server) readEntry(x *exchange) {
	i, ok := s.numberOf(x.call.Of, x.args["who"])
	if !ok {
		x.notFound(recased(x.call.Of, strings.ToUpper))
	}
	s.parts.one(x, http.StatusOK, x.call.Of, s.entry(x.call.Of, i))
}

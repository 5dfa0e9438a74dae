package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// rows are the things of a server: the conversations of the data file, then the created ones, over both what was changed, and
// its directories.
type rows struct {
	file    map[string]*collection
	seeded  *collection
	made    []created
	edited  map[int]map[string]any
	touched map[int]time.Time
	latest  time.Time // of touched, the one touched last
	order   []int     // by time of change, latest last; nil until somebody asks
	entries map[thing]map[string]any
}

// created is a conversation that a client made.
type created struct {
	record
	at time.Time
}

// open reads the data file.
func (s *server) open() {
	s.file = *load[map[string]*collection](s.data.files, "data/"+s.data.name+"/"+s.Provider+".json")
	s.seeded = s.data.dated(s.file["conversations"])
	s.edited, s.touched, s.entries = map[int]map[string]any{}, map[int]time.Time{}, map[thing]map[string]any{}
}

// raw is the record of a conversation as its file has it.
func (s *server) raw(row int) *record {
	if row >= s.conversations {
		return &s.made[row-s.conversations].record
	}
	return &s.seeded.Rows[row%len(s.seeded.Rows)]
}

// round is how often the story of a conversation was told before.
func (s *server) round(row int) int {
	if row >= s.conversations {
		return 0
	}
	return row / len(s.seeded.Rows)
}

// telling tells how a conversation differs from the one of the file.
func (s *server) telling(row int) telling {
	if s.round(row) == 0 || !s.data.retells() {
		return telling{w: s.data, years: func() int { return 0 }}
	}
	return telling{s.data, s.round(row), func() int { return s.data.base.Year() - s.createdAt(row).Year() }}
}

// takingPart are those who take part in a conversation, said what was said in it.
func (s *server) takingPart(row int) []map[string]any {
	all, scene := []map[string]any{}, s.scene(row)
	for _, entry := range s.raw(row).With {
		who, _ := entry["who"].(string)
		all = append(all, with(entry, map[string]any{"who": scene.plays(who)}))
	}
	return all
}

func (s *server) said(row int) []line {
	all := slices.Clone(s.raw(row).Said)
	if scene := s.scene(row); s.data.retells() {
		for i, l := range all {
			all[i].By, all[i].Text = scene.plays(l.By), scene.text(l.Text).(string)
		}
	}
	return all
}

// createdAt has fractions of a second in different lengths, none included.
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

// scene is what the places of a conversation's record stand for.
func (s *server) scene(row int) *scene {
	at, pace := s.createdAt(row), 1.0
	if age := s.raw(row).Age; age > 0 {
		pace = float64(s.data.base.Sub(at)) / float64(age)
	}
	_, week := at.In(s.data.zone).ISOWeek()
	words := map[string]any{"id": s.parts.idOf("conversation", row), "week": week, "month": at.In(s.data.zone).Month()}
	if s.Ids["conversation"] != nil {
		words["serial"] = s.serial(row)
	}
	return &scene{
		at: at, pace: pace, clock: s.parts.clock, words: words, tell: s.telling(row),
		place: func(kind string, n int) any { return s.parts.place(row, kind, n) },
	}
}

// doc is a conversation's document as it is now, the caller's to change at the top.
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

// value is one member of the document.
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

// updatedAt is when a conversation last changed.
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

// touch moves the time of the last change forward, by a millisecond at least. Among changes in one millisecond the later one is
// kept as such, though it shows no difference.
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

// unseen are the ids of the conversations that a demo begins with unseen; nil where the world doesn't say.
func (s *server) unseen() (ids []string) {
	for row := range min(s.conversations, len(s.seeded.Rows)) {
		if s.raw(row).Unseen {
			ids = append(ids, s.id(row))
		}
	}
	return ids
}

// acts are what a demo begins with having done.
func (s *server) acts() (all []Act) {
	for _, d := range s.seeded.Acts {
		all = append(all, Act{At: s.data.on(d.On), Query: d.Query, Field: d.Field, To: d.To, Prepare: func() {
			defer s.hold()()
			if r := d.Refused; r != nil {
				next := refused(r.Status, r.Code, r.Detail)
				s.refused = &next
			}
		}})
	}
	return all
}

// byUpdate is the rows by time of change and id, latest last.
func (s *server) byUpdate() []int {
	if s.order == nil {
		s.order = sorted(s.all(), func(row int) place { return place{s.updatedAt(row), s.id(row)} })
	}
	return s.order
}

// place is where a thing stands in a list by time of change.
type place struct {
	at time.Time
	id string
}

func (p place) compare(q place) int { return cmp.Or(p.at.Compare(q.at), strings.Compare(p.id, q.id)) }

// sorted are the numbers below n by their places.
func sorted(n int, of func(int) place) []int {
	places := make([]place, n)
	for i := range places {
		places[i] = of(i)
	}
	return slices.SortedFunc(slices.Values(upTo(n)), func(a, b int) int { return places[a].compare(places[b]) })
}

// all counts the rows, removed ones included; ordered are their numbers, newest created first, live those that are left.
func (s *server) all() int { return s.conversations + len(s.made) }

func (s *server) ordered() []int {
	rows := upTo(s.all())
	slices.Reverse(rows[s.conversations:])
	return slices.Concat(rows[s.conversations:], rows[:s.conversations])
}

func (s *server) live() []int {
	return slices.DeleteFunc(s.ordered(), func(row int) bool { return s.gone[row] })
}

// page shows at most size of the rows that keep accepts, after the first skip ones; last is the row shown last, more tells that
// others follow.
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

// upTo are 0 to n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// directory is a list of things beside the conversations, by their kind: which rows of the data file it has, whose words they
// use, a member that a thing must not have to be listed, and whether stories that are told again have their own in every world.
type directory struct {
	Rows, Of, Without string
	Again             bool
}

// things counts those of a directory; where stories are told again of others, those are in it.
func (s *server) things(kind string) int {
	d := s.Directories[kind]
	n := len(s.file[d.Rows].Rows)
	if d.Again || (d.Of == "contact" || d.Of == "company") && s.data.retells() {
		n *= tellings(s.conversations, len(s.seeded.Rows))
	}
	return n
}

// entry is thing i of a kind, the caller's to change at the top; thing is the same, to be read. It is made once: nothing changes
// a directory.
func (s *server) entry(kind string, i int) map[string]any { return maps.Clone(s.thing(kind, i)) }

func (s *server) thing(kind string, i int) map[string]any {
	key := thing{kind, i}
	if s.entries[key] == nil {
		c := s.file[s.Directories[kind].Rows]
		r, words := c.Rows[i%len(c.Rows)], s.parts.words(kind, i)
		words["id"] = s.parts.idOf(kind, i)
		place := func(kind string, n int) any { return s.parts.place(-1, kind, n) }
		s.entries[key] = (&scene{at: s.data.base, pace: 1, clock: s.parts.clock, words: words, place: place}).make(c.All, r.Set, r.Drop)
	}
	return s.entries[key]
}

type thing struct {
	kind string
	i    int
}

// listDirectory answers with the things of a kind that the query looks for.
func (s *server) listDirectory(x *exchange) {
	kind, found := x.call.Of, s.found(x)
	without := s.Directories[kind].Without
	rows := slices.DeleteFunc(upTo(s.parts.count(kind)), func(i int) bool {
		doc := s.thing(kind, i)
		return doc[without] != nil || s.parts.hidden(x, kind, i) || !found(func(member string) any { return doc[member] })
	})
	s.parts.listed(x, kind, rows)
}

// found compiles the query into a test of a thing that has some members.
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

// texts are those in some members of a thing, as one in lower case.
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

// readEntry answers with a thing.
func (s *server) readEntry(x *exchange) {
	i, ok := s.parts.numberOf(x.call.Of, x.args["who"])
	if !ok {
		x.notFound(sentence(x.call.Of))
	}
	s.parts.one(x, http.StatusOK, x.call.Of, s.entry(x.call.Of, i))
}

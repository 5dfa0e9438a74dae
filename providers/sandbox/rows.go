package sandbox

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// rows are the conversations of a server: those of the data file, then the created ones, and over both what was changed.
type rows struct {
	seeded  *collection
	made    []*record
	edited  map[int]map[string]any
	touched map[int]time.Time
	latest  time.Time       // of touched, the one touched last
	order   []int           // by time of change, latest last; nil until somebody asks
	told    map[int]*record // some of the records that differ from those of the file
	// clock shows a time; updated is the member that holds the time of the last change, where there is one.
	clock   func(time.Time) any
	updated string
	// place is what a place with a number stands for in the data about a row, which is -1 outside of conversations.
	place func(row int, kind string, n int) any
}

// record is what a conversation began as.
func (s *server[S]) record(row int) *record {
	r := s.raw(row)
	t, again := s.telling(row)
	if !again {
		return r
	}
	if told, ok := s.told[row]; ok {
		return told
	}
	if len(s.told) > 64 || s.told == nil {
		s.told = map[int]*record{}
	}
	s.told[row] = t.record(r)
	return s.told[row]
}

// raw is the record of a conversation as its file has it.
func (s *server[S]) raw(row int) *record {
	if row >= s.conversations {
		return s.made[row-s.conversations]
	}
	return &s.seeded.Rows[row%len(s.seeded.Rows)]
}

// telling tells how a conversation that is there again differs from the one of the file.
func (s *server[S]) telling(row int) (t telling, again bool) {
	if row < len(s.seeded.Rows) || row >= s.conversations || s.data.recasting == nil {
		return telling{}, false
	}
	years := func() int { return s.data.base.Year() - s.createdAt(row).Year() }
	return telling{s.data, row / len(s.seeded.Rows), years}, true
}

// createdAt has fractions of a second in different lengths, none included.
func (s *server[S]) createdAt(row int) time.Time {
	if row >= s.conversations {
		return s.record(row).made
	}
	file := len(s.seeded.Rows)
	if s.data.recasting != nil {
		if row < file {
			return s.data.base.Add(-time.Duration(s.raw(row).Age))
		}
		return s.data.earlier(row-file, s.conversations-file, file)
	}
	at := s.data.base.Add(-s.seeded.age(row, s.conversations))
	if s.conversations != file {
		at = at.Truncate([...]time.Duration{time.Second, time.Millisecond, time.Microsecond}[row%3])
	}
	return at
}

// scene is what the places of a conversation's record stand for.
func (s *server[S]) scene(row int) *scene {
	at, pace := s.createdAt(row), 1.0
	if age := s.raw(row).Age; age > 0 {
		pace = float64(s.data.base.Sub(at)) / float64(age)
	}
	_, week := at.In(s.data.zone).ISOWeek()
	words := map[string]any{"id": s.parts.id(row), "week": week, "month": at.In(s.data.zone).Month()}
	return &scene{
		at: at, pace: pace, clock: s.clock, words: words,
		place: func(kind string, n int) any { return s.place(row, kind, n) },
	}
}

// entry is row i of a directory, with words for its places, the caller's to change at the top. It is made once: nothing
// changes a directory.
func (s *server[S]) entry(c *collection, i int, id any, words map[string]any) map[string]any {
	type key struct {
		of  *collection
		row int
		id  any
	}
	if kept, ok := s.entries.Load(key{c, i, id}); ok {
		return maps.Clone(kept.(map[string]any))
	}
	words["id"] = id
	place := func(kind string, n int) any { return s.place(-1, kind, n) }
	r := c.Rows[i%len(c.Rows)]
	made := (&scene{at: s.data.base, pace: 1, clock: s.clock, words: words, place: place}).make(c.All, r.Set, r.Drop)
	s.entries.Store(key{c, i, id}, made)
	return maps.Clone(made)
}

// doc is a conversation's document as it is now, the caller's to change at the top.
func (s *server[S]) doc(row int) map[string]any {
	r := s.record(row)
	doc := s.scene(row).make(s.seeded.All, r.Set, r.Drop)
	maps.Copy(doc, s.edited[row])
	return doc
}

// value is one member of the document.
func (s *server[S]) value(row int, field string) any {
	if v, ok := s.edited[row][field]; ok {
		return v
	}
	r := s.raw(row)
	v, ok := r.Set[field]
	if !ok && !slices.Contains(r.Drop, field) {
		v = s.seeded.All[field]
	}
	if t, again := s.telling(row); again {
		v = t.value(v)
	}
	if text, ok := v.(string); ok && !strings.ContainsAny(text, "@{") {
		return text
	}
	return s.scene(row).value(v)
}

func (s *server[S]) edit(row int, field string, value any) {
	if s.edited[row] == nil {
		s.edited[row] = map[string]any{}
	}
	s.edited[row][field] = value
}

// set is somebody else's change.
func (s *server[S]) set(row int, field string, value any) {
	s.edit(row, field, value)
	if s.updated != "" {
		s.touch(row)
	}
}

// create adds a conversation with these members and returns its row.
func (s *server[S]) create(now time.Time, set map[string]any) int {
	s.made, s.order = append(s.made, &record{Set: set, made: now}), nil
	return s.all() - 1
}

// updatedAt is when a conversation last changed.
func (s *server[S]) updatedAt(row int) time.Time {
	if at, ok := s.touched[row]; ok {
		return at
	}
	var at time.Time
	scene, r := s.scene(row), s.raw(row)
	scene.clock = func(t time.Time) any { at = t; return nil }
	scene.value(cmp.Or(r.Set[s.updated], s.seeded.All[s.updated], any("@")))
	return at.Truncate(time.Millisecond)
}

// touch moves the time of the last change forward, by a millisecond at least. Among changes in one millisecond the later one is
// kept as such, though it shows no difference.
func (s *server[S]) touch(row int) {
	now, least := s.now().UTC().Truncate(time.Millisecond), s.updatedAt(row).Truncate(time.Millisecond).Add(time.Millisecond)
	if now.Before(least) {
		now = least
	}
	s.edit(row, s.updated, s.clock(now))
	if now.Equal(s.latest.Truncate(time.Millisecond)) {
		now = s.latest.Add(1)
	}
	s.touched[row], s.latest, s.order = now, now, nil
}

// unseen are the ids of the seeded conversations that a demo begins with unseen; nil where the world doesn't say.
func (s *server[S]) unseen() (ids []string) {
	if s.seeded == nil {
		return nil
	}
	for row := range min(s.conversations, len(s.seeded.Rows)) {
		if s.record(row).Unseen {
			ids = append(ids, s.parts.id(row))
		}
	}
	return ids
}

// acts are what a demo begins with having done.
func (s *server[S]) acts() (all []Act) {
	if s.seeded == nil {
		return nil
	}
	for _, d := range s.seeded.Acts {
		all = append(all, Act{At: s.data.on(d.On), Query: d.Query, Field: d.Field, To: d.To, Prepare: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if r := d.Refused; r != nil {
				s.refused = &refusal{status: r.Status, code: r.Code, detail: r.Detail}
			}
		}})
	}
	return all
}

// byUpdate is the rows by time of change and id, latest last.
func (s *server[S]) byUpdate() []int {
	if s.order == nil {
		type key struct {
			at time.Time
			id string
		}
		keys := make([]key, s.all())
		for row := range keys {
			keys[row] = key{s.updatedAt(row), s.parts.id(row)}
		}
		s.order = slices.SortedFunc(upTo(len(keys)), func(a, b int) int {
			return cmp.Or(keys[a].at.Compare(keys[b].at), strings.Compare(keys[a].id, keys[b].id))
		})
	}
	return s.order
}

// all counts the rows, removed ones included.
func (s *server[S]) all() int { return s.conversations + len(s.made) }

// live walks the rows that are left, newest created first.
func (s *server[S]) live() iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := range s.all() {
			if row := s.rowAt(at); !s.gone[row] && !yield(row) {
				return
			}
		}
	}
}

// rowAt returns the row at a position in the order newest created first: the created ones backwards, then the seeded ones.
// It is its own inverse but for the sizes of the two parts, which position takes into account.
func (s *server[S]) rowAt(position int) int {
	if position < len(s.made) {
		return s.all() - 1 - position
	}
	return position - len(s.made)
}

func (s *server[S]) position(row int) int {
	if row >= s.conversations {
		return s.all() - 1 - row
	}
	return row + len(s.made)
}

// where walks the rows that keep accepts.
func where(rows iter.Seq[int], keep func(int) bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for row := range rows {
			if keep(row) && !yield(row) {
				return
			}
		}
	}
}

// page shows at most size of the rows after the first skip ones; last is the row shown last, more tells that others follow.
func page(rows iter.Seq[int], skip, size int, show func(int) any) (items []any, last int, more bool) {
	items = []any{}
	for row := range rows {
		switch {
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

// upTo walks 0 to n-1.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

package index

import (
	"strings"

	"confab/model"
	"confab/model/query"
)

// row is one conversation. Texts that many rows have are stored once, as numbered words and shapes.
type row struct {
	text                                string // id, title, people and preview, joined
	title, people, preview              uint32 // where they begin in text
	shape                               uint32 // 0 if there is no row
	words                               [wordFields]uint32
	flags                               query.Flag
	duration                            uint32
	snoozed, created, updated, revision int64
}

// shape holds the fields in which most conversations of an account agree.
type shape struct{ account, provider, kind, status, privacy, access, roles string }

const (
	chunkBits = 8
	chunkRows = 1 << chunkBits
)

// chunk is the unit that is copied when a row changes. It exactly fills a size class of the allocator.
type chunk [chunkRows]row

// table holds the rows by key. Words and shapes are only added, never changed.
type table struct {
	chunks []*chunk
	words  []string
	shapes []shape

	// Versions of a table share these; only writers use them.
	wordNumbers  map[string]uint32
	shapeNumbers map[shape]uint32
}

// at returns the row with a key, which may be a tombstone, or nil.
func (t *table) at(key int64) *row {
	i := key >> chunkBits
	if key <= 0 || i >= int64(len(t.chunks)) || t.chunks[i] == nil {
		return nil
	}
	if r := &t.chunks[i][key%chunkRows]; r.shape != 0 {
		return r
	}
	return nil
}

// subject sets s to the subject of a row. It allocates nothing.
func (t *table) subject(r *row, s *query.Subject) {
	t.orderFields(r, s)
	h := &t.shapes[r.shape]
	s.Kind, s.Status, s.Privacy, s.Access, s.Roles = h.kind, h.status, h.privacy, h.access, h.roles
	s.People, s.Preview, s.SnoozedUntil = r.text[r.people:r.preview], r.text[r.preview:], r.snoozed
	for i, w := range wordsOf(s) {
		*w = t.words[r.words[i]]
	}
}

const wordFields = 6

// wordsOf returns the fields of a subject that are stored as numbered words.
func wordsOf(s *query.Subject) [wordFields]*string {
	return [wordFields]*string{&s.Owner, &s.Team, &s.Space, &s.Channel, &s.Company, &s.Labels}
}

// orderFields sets the fields of s that query.Compare reads.
func (t *table) orderFields(r *row, s *query.Subject) {
	h := &t.shapes[r.shape]
	s.Ref = model.Ref{Account: h.account, ID: r.text[:r.title]}
	s.Provider, s.Title = h.provider, r.text[r.title:r.people]
	s.Flags, s.Created, s.Updated, s.Duration = r.flags, r.created, r.updated, int64(r.duration)
}

func (t *table) ref(r *row) model.Ref {
	return model.Ref{Account: t.shapes[r.shape].account, ID: r.text[:r.title]}
}

// word returns the number of a word, which it adds if it is new. Only writers call it.
func (t *table) word(s string) uint32 {
	n, ok := t.wordNumbers[s]
	if !ok {
		s, n = strings.Clone(s), uint32(len(t.words))
		t.wordNumbers[s] = n
		t.words = append(t.words, s)
	}
	return n
}

// shape returns the number of a subject's shape, which it adds if it is new. Only writers call it.
func (t *table) shape(s *query.Subject) uint32 {
	h := shape{s.Ref.Account, s.Provider, s.Kind, s.Status, s.Privacy, s.Access, s.Roles}
	n, ok := t.shapeNumbers[h]
	if !ok {
		for _, p := range []*string{&h.account, &h.provider, &h.kind, &h.status, &h.privacy, &h.access, &h.roles} {
			*p = t.words[t.word(*p)]
		}
		n = uint32(len(t.shapes))
		t.shapeNumbers[h] = n
		t.shapes = append(t.shapes, h)
	}
	return n
}

// pack makes a row of an entry. text stores the joined texts of the row. Only writers call it.
func (t *table) pack(e *query.Entry, text func(parts ...string) string) row {
	s := &e.Subject
	r := row{
		shape: t.shape(s), flags: s.Flags, snoozed: s.SnoozedUntil, created: s.Created, updated: s.Updated,
		revision: e.Revision, duration: uint32(s.Duration),
	}
	for i, w := range wordsOf(s) {
		r.words[i] = t.word(*w)
	}
	if e.Gone {
		r.flags |= query.FlagTombstone
	}
	r.title = uint32(len(s.Ref.ID))
	r.people = r.title + uint32(len(s.Title))
	r.preview = r.people + uint32(len(s.People))
	r.text = text(s.Ref.ID, s.Title, s.People, s.Preview)
	return r
}

// arena stores many texts in few allocations.
type arena struct{ piece strings.Builder }

const pieceSize = 1 << 20

func (a *arena) add(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if a.piece.Cap()-a.piece.Len() < n {
		a.piece = strings.Builder{}
		a.piece.Grow(max(n, pieceSize))
	}
	from := a.piece.Len()
	for _, p := range parts {
		a.piece.WriteString(p)
	}
	return a.piece.String()[from:]
}

// newTable returns an empty table. Number 0 is the empty word and no shape.
func newTable() table {
	return table{words: []string{""}, shapes: make([]shape, 1), wordNumbers: map[string]uint32{"": 0}, shapeNumbers: map[shape]uint32{}}
}

// put stores a row. It copies the row's chunk first if that is shared with an earlier version of the table.
func (t *table) put(earlier *table, key int64, r row) {
	i := int(key >> chunkBits)
	for len(t.chunks) <= i {
		t.chunks = append(t.chunks, nil)
	}
	switch c := t.chunks[i]; {
	case c == nil:
		t.chunks[i] = new(chunk)
	case i < len(earlier.chunks) && c == earlier.chunks[i]:
		own := *c
		t.chunks[i] = &own
	}
	t.chunks[i][key%chunkRows] = r
}

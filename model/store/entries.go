package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/model/query"
)

// Point says up to where the conversations were read. If the epoch changes, rows came or
// went other than one by one, and everything must be read again from revision 0. Edits is
// the revision of the newest change of an edit.
type Point struct{ Revision, Epoch, Edits int64 }

const indexedColumns = "SELECT key, account, id, rev, gone, subject"

const (
	// All entries are read in the order of the table. The order of an index would read the
	// file at random.
	allEntries   = indexedColumns + " FROM conversation NOT INDEXED WHERE gone = 0"
	entriesSince = indexedColumns + " FROM conversation WHERE rev > ?"
	entriesOf    = indexedColumns + " FROM conversation WHERE gone = 0 AND key IN (SELECT value FROM json_each(?))"
	// headQuery reads in the order of the index conversation_order. Head sorts rows of the
	// same times.
	headQuery = indexedColumns + `, pinned, updated, created FROM conversation INDEXED BY conversation_order
WHERE gone = 0 ORDER BY pinned DESC, updated DESC, created DESC`
)

// Entries calls tell for every conversation of the scope that changed after a revision or,
// for revision 0, for every one that is not gone, in any order. It returns the point of its
// transaction. tell must not use the store.
func (s *Store) Entries(ctx context.Context, since int64, tell func(query.Entry) error) (Point, error) {
	return read(ctx, s, "read the conversations", func(t *tx) Point {
		p := Point{Revision: t.number("revision"), Epoch: t.number("epoch")}
		p.Edits, _ = column[int64](t.row(newestEdit))
		text, args := allEntries, []any{}
		if since > 0 {
			text, args = entriesSince, []any{since}
		}
		t.entries(tell, text, args...)
		return p
	})
}

// entries calls tell for the conversations of the scope that a query returns.
func (t *tx) entries(tell func(query.Entry) error, text string, args ...any) {
	reader := t.s.indexedReader()
	for r := range t.rows(text, args...) {
		if e, ok := reader.scan(r); ok {
			t.fail(tell(e))
		}
	}
}

func (t *tx) newEpoch() { t.setMeta("epoch", strconv.FormatInt(t.number("epoch")+1, 10)) }

// indexedReader scans rows of indexedColumns, reusing its variables for each.
type indexedReader struct {
	scope *[]string
	// names maps each account to one string that all its rows share, "" outside the scope.
	names           map[string]string
	account, packed sql.RawBytes
	row             query.Entry
	into            []any
}

func (s *Store) indexedReader(more ...any) *indexedReader {
	x := &indexedReader{scope: s.scope.Load(), names: map[string]string{}}
	x.into = append([]any{&x.row.Key, &x.account, &x.row.Subject.Ref.ID, &x.row.Revision, &x.row.Gone, &x.packed}, more...)
	return x
}

// scan reads a row; ok is false if its account is not in the scope. A subject that is
// damaged, or that another version folded, is computed again.
func (x *indexedReader) scan(r row) (e query.Entry, ok bool) {
	if !r.scan(x.into...) {
		return e, false
	}
	account, met := x.names[string(x.account)]
	if !met {
		name := string(x.account)
		if x.scope == nil || slices.Contains(*x.scope, name) {
			account = name
		}
		x.names[name] = account
	}
	if account == "" {
		return e, false
	}
	e = x.row
	ref, folded := model.Ref{Account: account, ID: x.row.Subject.Ref.ID}, true
	if e.Gone {
		e.Subject = query.Subject{Flags: query.FlagTombstone}
	} else if e.Subject, folded = query.Unpack(x.packed); !folded {
		k := r.t.known(ref)[ref]
		c, _ := k.body()
		e.Subject = *query.NewSubject(k.row(c))
	}
	e.Subject.Ref = ref
	return e, true
}

// Matching returns those of the rows that exist and match, in the given order.
func (s *Store) Matching(ctx context.Context, keys []int64, match func(*query.Subject) bool) ([]int64, error) {
	return read(ctx, s, "read rows", func(t *tx) []int64 { return t.matching(keys, match) })
}

func (t *tx) matching(keys []int64, match func(*query.Subject) bool) []int64 {
	matches := map[int64]bool{}
	for some := range slices.Chunk(keys, rowsAtOnce) {
		t.entries(func(e query.Entry) error {
			matches[e.Key] = match(&e.Subject)
			return nil
		}, entriesOf, asList(some))
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k int64) bool { return !matches[k] })
}

// headMost bounds how many rows of the same times Head reads after its budget.
const headMost = 2000

// Head reads the keys of conversations in the default order (pinned, newest change, newest
// creation, ref) from disk, until limit of them match or the budget is used up. whole
// reports whether no other conversation matches.
func (s *Store) Head(ctx context.Context, match func(*query.Subject) bool, limit int, budget time.Duration) (
	keys []int64, whole bool, err error) {
	until := time.Now().Add(budget)
	keys, err = read(ctx, s, "read the newest conversations", func(t *tx) []int64 {
		var found []query.Entry
		var times, last [3]int64 // pinned, updated, created
		same, before := 0, 0     // rows with the times last, and how many were found before them
		reader := s.indexedReader(&times[0], &times[1], &times[2])
		whole = true
		for row := range t.rows(headQuery) {
			e, in := reader.scan(row)
			over := time.Now().After(until)
			if times != last || same == 0 {
				if same > 0 && (over || len(found) >= limit) {
					whole = false
					break
				}
				last, same, before = times, 0, len(found)
			}
			if same++; over && same > headMost {
				// More rows of these times may follow, so their order is unknown.
				found, whole = found[:before], false
				break
			}
			if in && match(&e.Subject) {
				found = append(found, e)
			}
		}
		slices.SortFunc(found, func(a, b query.Entry) int { return query.Query{}.Compare(&a.Subject, &b.Subject) })
		whole = whole && len(found) <= limit
		keys := make([]int64, min(limit, len(found)))
		for i := range keys {
			keys[i] = found[i].Key
		}
		return keys
	})
	return keys, whole, err
}

// KeptView is what a view showed last: the keys of its first rows, and the number of all
// its rows.
type KeptView struct {
	Keys  []int64
	Total int
	At    time.Time
}

const viewsKept = 50

// scopedQuery is the key of a kept view: in another scope the same query shows other rows.
func (s *Store) scopedQuery(q string) string {
	if scope := s.scope.Load(); scope != nil {
		q = strings.Join(slices.Sorted(slices.Values(*scope)), " ") + "\n" + q
	}
	return q
}

// KeepView keeps what a query showed.
func (s *Store) KeepView(ctx context.Context, q string, v KeptView) error {
	packed := []byte{}
	for _, k := range v.Keys {
		packed = binary.AppendVarint(packed, k)
	}
	return s.changeCache(ctx, "keep a view", func(t *tx) {
		t.exec(`INSERT INTO view (query, keys, total, at) VALUES (?, ?, ?, ?)
ON CONFLICT (query) DO UPDATE SET keys = excluded.keys, total = excluded.total, at = excluded.at`,
			s.scopedQuery(q), packed, v.Total, ms(v.At))
		t.exec("DELETE FROM view WHERE query NOT IN (SELECT query FROM view ORDER BY at DESC LIMIT ?)", viewsKept)
	})
}

// KeptView reads what a query showed last, without rows that no longer match.
func (s *Store) KeptView(ctx context.Context, q string, match func(*query.Subject) bool) (v KeptView, ok bool, err error) {
	return one(ctx, s, "read a kept view", func(r row) (v KeptView, ok bool) {
		var packed []byte
		ok = r.scan(&packed, &v.Total, fromMS{&v.At})
		var keys []int64
		for len(packed) > 0 {
			k, n := binary.Varint(packed)
			if n <= 0 {
				break
			}
			keys, packed = append(keys, k), packed[n:]
		}
		v.Keys = r.t.matching(keys, match)
		v.Total = max(v.Total-(len(keys)-len(v.Keys)), len(v.Keys))
		return v, ok
	}, "SELECT keys, total, at FROM view WHERE query = ?", s.scopedQuery(q))
}

// Key returns the key of a conversation; ok is false if it is gone or not cached.
func (s *Store) Key(ctx context.Context, ref model.Ref) (key int64, ok bool, err error) {
	return one(ctx, s, "look up a conversation", column[int64],
		"SELECT key FROM conversation WHERE account = ? AND id = ? AND gone = 0", ref.Account, ref.ID)
}

// Refold rewrites up to n subjects that an earlier version folded, and their bodies. done
// reports whether none is left. No row shows anything else afterwards.
func (s *Store) Refold(ctx context.Context, n int) (done bool, err error) {
	version := strconv.Itoa(query.FoldVersion)
	const op = "fold the conversations"
	done, err = read(ctx, s, op, func(t *tx) bool { return t.meta("fold") == version })
	if err != nil || done { // nothing to do, so no writer has to wait
		return done, err
	}
	from := s.refolded.Load()
	err = s.changeCache(ctx, op, func(t *tx) {
		var refs []model.Ref
		for r := range t.rows(`SELECT key, account, id FROM conversation
WHERE key > ? AND (subject IS NULL OR substr(subject, 1, 1) <> ?) ORDER BY key LIMIT ?`, from, []byte{query.FoldVersion}, n) {
			var ref model.Ref
			r.scan(&from, &ref.Account, &ref.ID)
			refs = append(refs, ref)
		}
		for _, k := range t.known(refs...) {
			c, ok := k.body()
			if t.fold(k, c); ok {
				t.repack(k, c)
			}
		}
		if done = len(refs) < n; done {
			t.setMeta("fold", version)
		}
	})
	if err != nil { // the next call visits the same rows again
		return false, err
	}
	s.refolded.Store(from)
	return done, nil
}

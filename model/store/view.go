package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/model/query"
)

// KeptView is what a view showed last: the keys of its first rows in order, and
// how many rows there were.
type KeptView struct {
	Keys  []int64
	Total int
	At    time.Time
}

// viewsKept is how many views are kept.
const viewsKept = 50

// scopedQuery names a view of the scope: that of fewer accounts shows, and
// counts, other rows.
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
	q = s.scopedQuery(q)
	return localError("keep a view", s.txRead(ctx, func(t *tx) error {
		t.exec(`INSERT INTO view (query, keys, total, at) VALUES (?, ?, ?, ?)
ON CONFLICT (query) DO UPDATE SET keys = excluded.keys, total = excluded.total, at = excluded.at`, q, packed, v.Total, ms(v.At))
		return t.exec("DELETE FROM view WHERE query NOT IN (SELECT query FROM view ORDER BY at DESC LIMIT ?)", viewsKept)
	}))
}

// KeptView gives what a query showed last, without what has left the scope or
// no longer matches; ok is false where nothing was kept.
func (s *Store) KeptView(ctx context.Context, q string, match func(*query.Subject) bool) (v KeptView, ok bool, err error) {
	err = s.reading(ctx, "read a kept view", func(t *tx) error {
		var packed []byte
		var at int64
		err := t.QueryRowContext(ctx, "SELECT keys, total, at FROM view WHERE query = ?", s.scopedQuery(q)).Scan(&packed, &v.Total, &at)
		if ok, err = found(err); !ok {
			return err
		}
		v.At = fromMS(at)
		var keys []int64
		for len(packed) > 0 {
			k, n := binary.Varint(packed)
			if n <= 0 {
				break
			}
			keys, packed = append(keys, k), packed[n:]
		}
		for some := range slices.Chunk(keys, rowsAtOnce) {
			if err := t.stillMatch(some, match, &v.Keys); err != nil {
				return err
			}
		}
		v.Total = max(v.Total-(len(keys)-len(v.Keys)), len(v.Keys))
		return nil
	})
	return v, ok, err
}

// stillMatch appends those of some keys whose conversation matches.
func (t *tx) stillMatch(keys []int64, match func(*query.Subject) bool, out *[]int64) error {
	names := t.s.scoped()
	entries, matching := []Indexed{}, map[int64]bool{}
	err := each(t.ctx, t, func(row scanner) error {
		var e Indexed
		var ref model.Ref
		var account, packed sql.RawBytes
		if err := row.Scan(&e.Key, &account, &ref.ID, &packed); err != nil {
			return err
		}
		var in, ok bool
		if ref.Account, in = names.get(account); !in {
			return nil
		}
		e.Subject, ok = query.Unpack(packed)
		e.Subject.Ref, e.Subject.Account = ref, ref.Account
		if ok {
			matching[e.Key] = match(&e.Subject)
		} else {
			entries = append(entries, e)
		}
		return nil
	}, "SELECT key, account, id, subject FROM conversation WHERE gone = 0 AND key IN (SELECT value FROM json_each(?))", asList(keys))
	if err != nil {
		return err
	}
	if err := t.fold(entries); err != nil {
		return err
	}
	for i := range entries {
		matching[entries[i].Key] = match(&entries[i].Subject)
	}
	for _, k := range keys {
		if matching[k] {
			*out = append(*out, k)
		}
	}
	return nil
}

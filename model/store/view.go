package store

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"confab/model/query"
)

// KeptView is what a view showed last: the keys of its first rows in order, and
// how many rows there were.
type KeptView struct {
	Keys  []int64
	Total int
	At    time.Time
}

const viewsKept = 50

// scopedQuery names a view of the scope: another scope shows and counts other rows.
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

// KeptView reads what a query showed last, without what has left the scope or
// no longer matches; ok is false where nothing was kept.
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

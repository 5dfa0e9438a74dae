package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"confab/model"
	"confab/model/store"
)

// rowCache remembers the rows that were shown last, each with the revision of
// its conversation, so that an event costs the reading of what it changed.
type rowCache struct {
	mu   sync.Mutex
	rows map[int64]cachedRow
}

type cachedRow struct {
	revision int64
	row      model.Row
}

// cachedRows is how many rows are remembered; readRows how many are read at once.
const (
	cachedRows = 1000
	readRows   = 500
)

// read returns the rows of these keys, as they are at a moment: a snooze that
// has ended is none.
func (c *rowCache) read(ctx context.Context, s *store.Store, keys, revisions []int64, now time.Time) ([]model.Row, error) {
	have := make(map[int64]model.Row, len(keys))
	var missing []int64
	c.mu.Lock()
	for i, key := range keys {
		if r, ok := c.rows[key]; ok && r.revision == revisions[i] {
			have[key] = r.row
		} else {
			missing = append(missing, key)
		}
	}
	c.mu.Unlock()
	for part := range slices.Chunk(missing, readRows) {
		rows, err := s.Rows(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			have[r.Key] = r
		}
	}
	out := make([]model.Row, 0, len(keys))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) > cachedRows {
		c.rows = nil
	}
	for i, key := range keys {
		r, ok := have[key]
		if !ok {
			continue // gone since
		}
		if len(keys) <= cachedRows {
			if c.rows == nil {
				c.rows = make(map[int64]cachedRow, len(keys))
			}
			c.rows[key] = cachedRow{revisions[i], r}
		}
		if !r.Triage.SnoozedUntil.After(now) {
			r.Triage.SnoozedUntil = time.Time{}
		}
		out = append(out, r)
	}
	return out, nil
}

// forget drops the rows: when a service showed them last has changed, which is
// no change of the conversations.
func (c *rowCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = nil
}

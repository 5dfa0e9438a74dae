package inbox

import (
	"context"
	"sync"
	"time"

	"confab/model"
	"confab/model/store"
)

// rowCache remembers the rows that were shown last, by revision: an event costs the reading of what it changed.
type rowCache struct {
	mu   sync.Mutex
	rows map[int64]cachedRow
}

type cachedRow struct {
	revision int64
	row      model.Row
}

const cachedRows = 1000 // remembered

// read returns the rows of these keys as they are now: a snooze that has ended is none.
func (c *rowCache) read(ctx context.Context, s *store.Store, keys, revisions []int64, now time.Time) ([]model.Row, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[int64]cachedRow{}
	}
	var missing []int64
	for i, key := range keys {
		if r, ok := c.rows[key]; !ok || r.revision != revisions[i] {
			c.rows[key] = cachedRow{revision: revisions[i]}
			missing = append(missing, key)
		}
	}
	rows, err := s.Rows(ctx, missing)
	if err != nil {
		c.rows = nil
		return nil, err
	}
	for _, r := range rows {
		c.rows[r.Key] = cachedRow{c.rows[r.Key].revision, r}
	}
	out := make([]model.Row, 0, len(keys))
	for _, key := range keys {
		r := c.rows[key].row
		if r.Key == 0 { // gone since
			delete(c.rows, key)
			continue
		}
		if !r.Triage.SnoozedUntil.After(now) {
			r.Triage.SnoozedUntil = time.Time{}
		}
		out = append(out, r)
	}
	if len(c.rows) > cachedRows {
		c.rows = nil
	}
	return out, nil
}

// forget drops the rows, for changes that make no new revision, such as when a service showed them last.
func (c *rowCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = nil
}

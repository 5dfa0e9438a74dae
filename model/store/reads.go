package store

import (
	"sync"

	"modernc.org/sqlite"
)

// Ran is a statement that was run.
type Ran struct {
	Text string
	// Rows is how many rows it returned, Pages how many pages of the database it
	// looked at.
	Rows, Pages int
}

// Reads notes the statements that a store runs (Options.Reads): tests count with it
// what an act costs.
type Reads struct {
	mu  sync.Mutex
	ran []Ran
}

// Take returns what was run since it was last asked.
func (r *Reads) Take() []Ran {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.ran
	r.ran = nil
	return out
}

// begin notes a statement that is about to be run; end is told how many rows it
// returned.
func (r *Reads) begin(c sqliteConn, text string) (end func(rows int)) {
	if r == nil {
		return func(int) {}
	}
	before := pages(c.(sqlite.DBStatus))
	return func(rows int) {
		looked := pages(c.(sqlite.DBStatus)) - before
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ran = append(r.ran, Ran{text, rows, looked})
	}
}

func pages(c sqlite.DBStatus) int {
	hit, _, _ := c.Status(sqlite.DBStatusCacheHit, false)
	miss, _, _ := c.Status(sqlite.DBStatusCacheMiss, false)
	return hit + miss
}

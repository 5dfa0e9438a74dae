package index

import (
	"context"
	"testing"
)

// Matched tells how often a query was matched against a row.
func (x *Index) Matched() int64 { return x.matched.Load() }

// Lists tells how many lists are held.
func (x *Index) Lists() int { return len(x.state.Load().lists) }

// Reminders tells how often rows are noted to be matched again.
func (x *Index) Reminders() int {
	n := 0
	for _, l := range x.state.Load().lists {
		n += len(l.due)
	}
	return n
}

// Searching tells how many searches are under way.
func (x *Index) Searching() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.searches)
}

// HoldSearches lets searches wait until the channel is closed; the one returned
// is told each that began.
func (x *Index) HoldSearches(until <-chan struct{}) (began <-chan struct{}) {
	waiting := make(chan struct{}, 100)
	x.beforeSearch = func(ctx context.Context) {
		waiting <- struct{}{}
		select {
		case <-until:
		case <-ctx.Done():
		}
	}
	return waiting
}

// SmallBlocks makes the blocks of lists small for a test.
func SmallBlocks(t *testing.T) {
	before := blockMost
	blockMost = 8
	t.Cleanup(func() { blockMost = before })
}

// FewValues has the index keep few values of a field for a test.
func FewValues(t *testing.T) {
	before := valuesMost
	valuesMost = 5
	t.Cleanup(func() { valuesMost = before })
}

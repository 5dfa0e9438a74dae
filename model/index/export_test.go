package index

import (
	"context"
	"testing"

	"confab/model"
	"confab/model/query"
)

// Matched returns how often a query was matched against a row.
func (x *Index) Matched() int64 { return x.matched.Load() }

// Ref returns the conversation of a row, which may be a tombstone.
func (x *Index) Ref(key int64) (model.Ref, bool) {
	t := &x.state.Load().table
	if r := t.at(key); r != nil {
		return t.ref(r), true
	}
	return model.Ref{}, false
}

// Count returns how many conversations a query matches.
func (x *Index) Count(ctx context.Context, q query.Query) (int, error) {
	w, err := x.Window(ctx, q, WindowRequest{})
	return w.Total, err
}

// Lists returns the number of lists.
func (x *Index) Lists() int { return len(x.state.Load().lists) }

// Searching returns the number of running searches.
func (x *Index) Searching() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.searches)
}

// HoldSearches makes searches wait until a channel is closed. The returned channel receives a value from each that begins.
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

// SmallBlocks makes the blocks of lists small during a test.
func SmallBlocks(t *testing.T) {
	before := blockMost
	blockMost = 8
	t.Cleanup(func() { blockMost = before })
}

// FewValues makes the index keep few values of a field during a test.
func FewValues(t *testing.T) {
	before := valuesMost
	valuesMost = 5
	t.Cleanup(func() { valuesMost = before })
}

// Counting reports whether values are being counted.
func (x *Index) Counting() bool { return len(x.counting) > 0 }

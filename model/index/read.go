package index

import (
	"context"
	"slices"

	"confab/model"
	"confab/model/query"
)

// WindowRequest asks for a part of a list, around Anchor if that is in the list, else from Offset on.
type WindowRequest struct {
	Offset, Limit int
	Anchor        int64
}

// Window is a part of a list of Total rows, from Offset on. Index is where the anchor is, -1 if it is not in the list.
type Window struct {
	Keys                 []int64
	Revisions            []int64
	Total, Offset, Index int
	// Partial says that Total counts what was found so far. Asked again, Window answers at the end of the search.
	Partial bool
}

// Window returns a part of the list of a query.
func (x *Index) Window(ctx context.Context, q query.Query, w WindowRequest) (Window, error) {
	w.Offset, w.Limit = max(0, w.Offset), max(0, w.Limit)
	out := Window{Index: -1}
	l, st, hits, err := x.find(ctx, q, x.wanted(q, w))
	if err != nil {
		return out, err
	}
	if out.Partial = hits != nil; out.Partial {
		out.Total, out.Index = len(hits), slices.Index(hits, uint32(w.Anchor))
	} else if out.Total = l.count; l.has(w.Anchor) {
		out.Index = l.rank(&st.table, w.Anchor)
	}
	if out.Offset = w.Offset; out.Index >= 0 {
		out.Offset = out.Index - w.Limit/2
	}
	out.Offset = max(0, min(out.Offset, out.Total-w.Limit))
	if out.Partial {
		hits = hits[out.Offset:min(out.Offset+w.Limit, len(hits))]
	} else {
		hits = l.window(out.Offset, w.Limit)
	}
	for _, key := range hits {
		out.Keys = append(out.Keys, int64(key))
		out.Revisions = append(out.Revisions, st.table.at(int64(key)).revision)
	}
	return out, nil
}

// wanted returns what a search has to find before a window can be answered, nil for all. An anchor that does not match
// is not waited for.
func (x *Index) wanted(q query.Query, w WindowRequest) *WindowRequest {
	if w.Limit == 0 {
		return nil
	}
	t := &x.state.Load().table
	r := t.at(w.Anchor)
	var s query.Subject
	if r != nil {
		t.subject(r, &s)
	}
	if r == nil || !q.Match(&s, x.now(), x.loc) {
		w.Anchor = 0
	}
	return &w
}

// Count returns how many conversations a query matches.
func (x *Index) Count(ctx context.Context, q query.Query) (int, error) {
	l, _, _, err := x.find(ctx, q, nil)
	if err != nil {
		return 0, err
	}
	return l.count, nil
}

// Select returns the rows of a list: all where first is 0, else those from first to last, in either direction, or n of
// them where n is not 0; none where the list does not hold what is named.
func (x *Index) Select(ctx context.Context, q query.Query, first, last int64, n int) (out model.Selection, err error) {
	l, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return out, err
	}
	from, to := 0, l.count
	if first != 0 {
		if !l.has(first) || n <= 0 && !l.has(last) {
			return out, nil
		}
		from = l.rank(&st.table, first)
		if to = from + n; n <= 0 {
			to = l.rank(&st.table, last)
			from, to = min(from, to), max(from, to)+1
		}
	}
	for _, key := range l.window(from, to-from) {
		out.Add(st.table.shapes[st.table.at(int64(key)).shape].account, int64(key))
	}
	return out, nil
}

// Hidden returns how many rows of a selection the list of a query does not hold.
func (x *Index) Hidden(ctx context.Context, q query.Query, s model.Selection) (n int, err error) {
	l, _, _, err := x.find(ctx, q, nil)
	if err != nil {
		return 0, err
	}
	for _, key := range s.Keys() {
		if !l.has(key) {
			n++
		}
	}
	return n, nil
}

// Refs returns all conversations of a list, in its order.
func (x *Index) Refs(ctx context.Context, q query.Query) ([]model.Ref, error) {
	l, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return st.table.refs(l.window(0, l.count)), nil
}

// RefsOf returns the conversations of a selection that are not gone, pinned ones first, then the newest.
func (x *Index) RefsOf(s model.Selection) []model.Ref {
	st := x.state.Load()
	keys := make([]uint32, 0, s.Len())
	for _, key := range s.Keys() {
		if st.lists[0].has(key) {
			keys = append(keys, uint32(key))
		}
	}
	return st.table.refs(st.table.sorted(st.lists[0].query, keys))
}

func (t *table) refs(keys []uint32) []model.Ref {
	out := make([]model.Ref, len(keys))
	for i, key := range keys {
		out[i] = t.ref(t.at(int64(key)))
	}
	return out
}

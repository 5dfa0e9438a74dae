package index

import (
	"context"
	"slices"

	"confab/model"
	"confab/model/query"
)

// WindowRequest asks for a part of a list: around the row Anchor if that is in the list, else starting at Offset.
type WindowRequest struct {
	Offset, Limit int
	Anchor        int64
}

// Window is a part of a list.
type Window struct {
	Keys      []int64
	Revisions []int64
	Total     int  // the length of the list
	Offset    int  // the position of the first key
	Index     int  // the position of the anchor, -1 if it is not in the list
	Partial   bool // the search is not finished: Total is what it has found so far
}

// Window returns a part of the list of a query. If that takes long, the first answer may be partial; the next call with the
// same query waits for the end of the search.
func (x *Index) Window(ctx context.Context, q query.Query, w WindowRequest) (Window, error) {
	w.Offset, w.Limit = max(0, w.Offset), max(0, w.Limit)
	out := Window{Index: -1}
	l, st, hits, err := x.find(ctx, q, x.firstWindow(q, w))
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

// firstWindow returns the window that a search must find before it can be answered partially, or nil if it can't. The window
// does not wait for an anchor that the query does not match.
func (x *Index) firstWindow(q query.Query, w WindowRequest) *WindowRequest {
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

// Select returns rows of a list: all of them if first is 0; else n rows starting at first; or, if n is 0, those from first to
// last, which may come before first. If first or last is not in the list, it returns none.
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

// Hidden returns how many rows of a selection are not in the list of a query.
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

// Refs returns the conversations of a list, in its order.
func (x *Index) Refs(ctx context.Context, q query.Query) ([]model.Ref, error) {
	l, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return st.table.refs(l.window(0, l.count)), nil
}

// RefsOf returns the conversations of a selection in the default order, without tombstones.
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

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
	h, st, hits, err := x.find(ctx, q, x.request(q, w))
	if err != nil {
		return Window{Index: -1}, err
	}
	out := Window{Index: -1, Total: len(hits), Offset: w.Offset, Partial: hits != nil}
	switch {
	case out.Partial:
		out.Index = slices.Index(hits, uint32(w.Anchor))
	default:
		if out.Total = h.list.count; h.list.has(w.Anchor) {
			out.Index = h.list.rank(&st.table, w.Anchor)
		}
	}
	if out.Index >= 0 {
		out.Offset = out.Index - w.Limit/2
	}
	out.Offset = max(0, min(out.Offset, out.Total-w.Limit))
	if out.Partial {
		hits = hits[out.Offset:min(out.Offset+w.Limit, len(hits))]
	} else {
		hits = h.list.window(out.Offset, w.Limit)
	}
	for _, key := range hits {
		out.Keys = append(out.Keys, int64(key))
		out.Revisions = append(out.Revisions, st.table.at(int64(key)).revision)
	}
	return out, nil
}

// request returns what a search has to find before a window can be answered, nil for all. An anchor that does not match
// is not waited for.
func (x *Index) request(q query.Query, w WindowRequest) *request {
	if w.Limit == 0 {
		return nil
	}
	want := &request{offset: w.Offset, limit: w.Limit}
	t := &x.state.Load().table
	if r := t.at(w.Anchor); r != nil {
		var s query.Subject
		if t.subject(r, &s); q.Match(&s, x.now(), x.loc) {
			want.anchor = w.Anchor
		}
	}
	return want
}

// Count returns how many conversations a query matches.
func (x *Index) Count(ctx context.Context, q query.Query) (int, error) {
	h, _, _, err := x.find(ctx, q, nil)
	if err != nil {
		return 0, err
	}
	return h.list.count, nil
}

// Select returns the rows of a list: all where first is 0, else those from first to last, in either direction, or n of
// them where n is not 0; none where the list does not hold what is named.
func (x *Index) Select(ctx context.Context, q query.Query, first, last int64, n int) (model.Selection, error) {
	var out model.Selection
	h, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return out, err
	}
	from, to := 0, h.list.count
	if first != 0 {
		if !h.list.has(first) || n <= 0 && !h.list.has(last) {
			return out, nil
		}
		from = h.list.rank(&st.table, first)
		if to = from + n; n <= 0 {
			to = h.list.rank(&st.table, last)
			from, to = min(from, to), max(from, to)+1
		}
	}
	for _, key := range h.list.window(from, to-from) {
		out.Add(st.table.shapes[st.table.at(int64(key)).shape].account, int64(key))
	}
	return out, nil
}

// Hidden returns how many rows of a selection the list of a query does not hold.
func (x *Index) Hidden(ctx context.Context, q query.Query, s model.Selection) (int, error) {
	h, _, _, err := x.find(ctx, q, nil)
	if err != nil {
		return 0, err
	}
	n := s.Len()
	for _, key := range s.Keys() {
		if h.list.has(key) {
			n--
		}
	}
	return n, nil
}

// Refs returns all conversations of a list, in its order.
func (x *Index) Refs(ctx context.Context, q query.Query) ([]model.Ref, error) {
	h, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return st.table.refs(h.list.window(0, h.list.count)), nil
}

// RefsOf returns the conversations of a selection that are not gone, pinned ones first, then the newest.
func (x *Index) RefsOf(s model.Selection) []model.Ref {
	st := x.state.Load()
	all := st.lists[0]
	keys := make([]uint32, 0, s.Len())
	for _, key := range s.Keys() {
		if all.list.has(key) {
			keys = append(keys, uint32(key))
		}
	}
	return st.table.refs(st.table.sorted(all.query, keys))
}

func (t *table) refs(keys []uint32) []model.Ref {
	out := make([]model.Ref, len(keys))
	for i, key := range keys {
		out[i] = t.ref(t.at(int64(key)))
	}
	return out
}

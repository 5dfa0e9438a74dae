package inbox

import (
	"context"
	"slices"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// Complete returns ways to complete a query at a cursor, from the values of all conversations.
func (b *Inbox) Complete(ctx context.Context, text string, cursor int) ([]query.Completion, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	f := valueSource{b: b, ctx: ctx}
	return query.Complete(text, cursor, f.values), f.err
}

// valueSource is a query.Source that remembers its first error.
type valueSource struct {
	b   *Inbox
	ctx context.Context
	err error
}

func (f *valueSource) values(field string, rank func(string) int, limit int) (out []query.Value) {
	if f.err != nil {
		return nil
	}
	found, err := f.b.lists.index.Values(f.ctx, field, rank, limit)
	if err == nil {
		err = f.b.spell(f.ctx, field, found)
	}
	f.err = err
	for _, v := range found {
		out = append(out, query.Value{Text: v.Text, Count: v.Count})
	}
	return out
}

// spell replaces values of a field by their spelling on the service. The index holds folded values, and for each a
// conversation in which to look up the spelling.
func (b *Inbox) spell(ctx context.Context, field string, values []index.Value) error {
	keys := make([]int64, len(values))
	for i, v := range values {
		keys[i] = v.Key
	}
	rows, err := b.store.Rows(ctx, keys)
	for i, v := range values {
		if at := slices.IndexFunc(rows, func(r model.Row) bool { return r.Key == v.Key }); at >= 0 {
			values[i].Text = query.Spelled(rows[at], field, v.Text)
		}
	}
	return err
}

const nearestTried = 10 // queries at most

// Nearest returns, for a filter that matches nothing in a view (a query), the nearest filter that matches something
// there, and how many rows; "" if there is none. With inbox the view leaves out what query.Inbox does.
func (b *Inbox) Nearest(ctx context.Context, view, filter string, inbox bool) (nearest string, found int, err error) {
	v, err := query.Parse(view)
	if err != nil {
		return "", 0, err
	}
	q, err := b.search(ctx, filter, false)
	if err != nil {
		return "", 0, err
	}
	source := valueSource{b: b, ctx: ctx}
	for i, near := range q.Nearby(source.values, inbox) {
		if source.err != nil || i == nearestTried {
			break
		}
		whole := v.And(near)
		if inbox {
			whole = whole.Inbox()
		}
		if w, err := b.lists.index.Window(ctx, whole, index.WindowRequest{}); err != nil || w.Total > 0 {
			return near.String(), w.Total, err
		}
	}
	return "", 0, source.err
}

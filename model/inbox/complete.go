package inbox

import (
	"cmp"
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

// unfolded are fields with few values, which the index keeps as services spell them.
var unfolded = []string{query.FieldAccount, query.FieldProvider, "kind", "status"}

func (f *valueSource) values(field string, rank func(string) int, limit int) []query.Value {
	if f.err != nil {
		return nil
	}
	folding := rank
	if slices.Contains(unfolded, field) {
		folding = func(text string) int { return rank(model.FoldText(text)) }
	}
	found, err := f.b.lists.index.Values(f.ctx, field, folding, limit)
	if err == nil {
		err = f.b.spell(f.ctx, field, found)
	}
	f.err = err
	var out []query.Value
	for _, v := range found {
		// Values that differ only in spelling are equal to a query.
		same := func(o query.Value) bool { return model.FoldText(o.Text) == model.FoldText(v.Text) }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Count += v.Count
		} else {
			out = append(out, query.Value{Text: v.Text, Count: v.Count})
		}
	}
	slices.SortStableFunc(out, func(a, b query.Value) int {
		return cmp.Or(cmp.Compare(rank(model.FoldText(a.Text)), rank(model.FoldText(b.Text))), cmp.Compare(b.Count, a.Count))
	})
	return out
}

// spell replaces values of a field by their spelling on the service. The index holds folded values, and for each a
// conversation in which to look up the spelling.
func (b *Inbox) spell(ctx context.Context, field string, values []index.Value) error {
	if field == "role" || slices.Contains(unfolded, field) {
		return nil
	}
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

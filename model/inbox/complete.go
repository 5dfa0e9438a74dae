package inbox

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

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

// spelling remembers how services spell values of fields.
type spelling struct {
	mu    sync.Mutex
	known map[[2]string]string // at most spellingsKnown
}

const spellingsKnown = 5000

// spell replaces values of a field by their spelling on the service. The index holds folded values, and for each a
// conversation in which to look up the spelling.
func (b *Inbox) spell(ctx context.Context, field string, values []index.Value) error {
	if field == "role" || slices.Contains(unfolded, field) {
		return nil
	}
	s := &b.lists.spelling
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) > spellingsKnown {
		s.known = map[[2]string]string{}
	}
	unknown := map[int64]model.Row{}
	for _, v := range values {
		if _, ok := s.known[[2]string{field, v.Text}]; !ok {
			unknown[v.Key] = model.Row{}
		}
	}
	rows, err := b.store.Rows(ctx, slices.Collect(maps.Keys(unknown)))
	for _, r := range rows {
		unknown[r.Key] = r
	}
	for i, v := range values {
		id := [2]string{field, v.Text}
		if r := unknown[v.Key]; r.Key != 0 && s.known[id] == "" {
			s.known[id] = query.Spelled(r, field, v.Text)
		}
		values[i].Text = cmp.Or(s.known[id], v.Text)
	}
	return err
}

// nearestTried is how many queries Nearest tries at most.
const nearestTried = 10

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
		if found, err = b.lists.index.Count(ctx, whole); err != nil || found > 0 {
			return near.String(), found, err
		}
	}
	return "", 0, source.err
}

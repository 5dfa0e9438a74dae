package inbox

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// Complete offers ways to go on with a query at a cursor, from what all conversations hold.
func (b *Inbox) Complete(ctx context.Context, text string, cursor int) ([]query.Completion, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	f := finding{b: b, ctx: ctx}
	return query.Complete(text, cursor, f.values), f.err
}

// finding is a query.Source, with the first error of what it asked.
type finding struct {
	b   *Inbox
	ctx context.Context
	err error
}

func (f *finding) values(field string, rank func(string) int, limit int) []query.Value {
	if f.err != nil {
		return nil
	}
	folding := rank
	switch field {
	case query.FieldAccount, query.FieldProvider, "kind", "status": // few, and not folded by the index
		folding = func(text string) int { return rank(model.FoldText(text)) }
	}
	found, err := f.b.lists.index.Values(f.ctx, field, folding, limit)
	if err == nil {
		err = f.b.lists.spelling.learn(f.ctx, f.b, field, found)
	}
	f.err = err
	var out []query.Value
	for _, v := range found {
		text := f.b.lists.spelling.of(field, v.Text)
		// Services spell one word in several ways, which are the same to a query.
		if i := slices.IndexFunc(out, func(o query.Value) bool { return model.FoldText(o.Text) == model.FoldText(text) }); i >= 0 {
			out[i].Count += v.Count
			continue
		}
		out = append(out, query.Value{Text: text, Count: v.Count})
	}
	slices.SortStableFunc(out, func(a, b query.Value) int {
		return cmp.Or(cmp.Compare(rank(model.FoldText(a.Text)), rank(model.FoldText(b.Text))), cmp.Compare(b.Count, a.Count))
	})
	return out
}

// spelling remembers how services spell the values that were offered: the index knows them as they are searched.
type spelling struct {
	mu    sync.Mutex
	known map[[2]string]string // at most spellingsKnown
}

const spellingsKnown = 5000

func (s *spelling) of(field, folded string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.known[[2]string{field, folded}]; ok {
		return text
	}
	return folded
}

// learn reads the conversations that show how values are spelled, each once.
func (s *spelling) learn(ctx context.Context, b *Inbox, field string, values []index.Value) error {
	switch field {
	case query.FieldAccount, query.FieldProvider, "kind", "status", "role":
		return nil
	}
	var keys []int64
	s.mu.Lock()
	if s.known == nil || len(s.known) > spellingsKnown {
		s.known = map[[2]string]string{}
	}
	for _, v := range values {
		if _, ok := s.known[[2]string{field, v.Text}]; !ok {
			keys = append(keys, v.Key)
		}
	}
	s.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	rows, err := b.store.Rows(ctx, keys)
	by := make(map[int64]model.Row, len(rows))
	for _, r := range rows {
		by[r.Key] = r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if r, ok := by[v.Key]; ok {
			s.known[[2]string{field, v.Text}] = query.Spelled(r, field, v.Text)
		}
	}
	return err
}

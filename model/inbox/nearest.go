package inbox

import (
	"context"

	"confab/model/query"
)

// nearestTried is how many queries are tried at most.
const nearestTried = 10

// Nearest returns, for a filter that finds nothing in a view (a query), the nearest one that finds something there, and
// how much; "" where there is none. With inbox the view leaves out what query.Inbox does.
func (b *Inbox) Nearest(ctx context.Context, view, filter string, inbox bool) (nearest string, found int, err error) {
	v, err := query.Parse(view)
	if err != nil {
		return "", 0, err
	}
	q, err := b.search(ctx, filter, false)
	if err != nil {
		return "", 0, err
	}
	from := finding{b: b, ctx: ctx}
	for i, near := range q.Nearby(from.values, inbox) {
		if from.err != nil || i == nearestTried {
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
	return "", 0, from.err
}

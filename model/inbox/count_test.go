package inbox

import (
	"context"

	"confab/model"
)

// Count returns how many conversations match a query.
func (b *Inbox) Count(ctx context.Context, query string, inbox bool) (int, error) {
	p, err := b.List(ctx, model.ListRequest{Query: query, Inbox: inbox})
	return p.Total, err
}

// Look follows the changes of another process, as the watcher does.
func (b *Inbox) Look(ctx context.Context) { b.announce(ctx) }

package cli

import (
	"context"

	"confab/model"
)

// Engine is what the commands need of the inbox.
type Engine interface {
	model.Facts
	model.Reader
	model.Planner
	model.Ledger
	Sender

	Refs(ctx context.Context, query string, inbox bool) ([]model.Ref, error)
	// Nearest returns, for a query that finds nothing in a view, the nearest one that does, and how much; "" for none.
	Nearest(ctx context.Context, view, query string, inbox bool) (nearest string, found int, err error)
	// Requests adds to a plan what would be sent.
	Requests(ctx context.Context, p model.Plan) (model.Plan, error)
	Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error
	// Explained returns edits of the outbox with why they wait and until when.
	Explained(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry
	// Recheck reads afresh what an edit that waits for a person wants to change.
	Recheck(ctx context.Context, id string) (model.OutboxEntry, error)
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange) error

	// Sync waits for a refresh of the named accounts, of all if none is named.
	Sync(ctx context.Context, accounts ...string) error
	// SyncNow reads the head of each list, delivers what is due or waits for its
	// next try, and reads on.
	SyncNow(ctx context.Context, full bool, report func(model.DeliveryResult)) error
	// SyncQuery refreshes the named accounts as far as a query needs it: where a
	// service can narrow its list, what the query may match is enough.
	SyncQuery(ctx context.Context, query string, accounts ...string) error
	// Start syncs and delivers everything due in the background.
	Start(ctx context.Context)
}

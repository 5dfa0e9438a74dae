package cli

import (
	"context"

	"confab/model"
)

// Engine is what the commands need of the inbox. Every method but Accounts,
// Describe and Capabilities reads the disk or the network.
type Engine interface {
	Subscribe() (<-chan model.Event, func())
	Accounts() []model.AccountState
	Describe(account string) (model.Description, bool)
	Capabilities(c model.Conversation) model.Capabilities

	List(ctx context.Context, req model.ListRequest) (model.Page, error)
	Refs(ctx context.Context, query string, inbox bool) ([]model.Ref, error)
	Row(ctx context.Context, ref model.Ref) (model.Row, bool, error)
	Load(ctx context.Context, ref model.Ref, need model.Need) (model.Detail, error)
	Lookup(ctx context.Context, account string, req model.LookupRequest) (model.LookupPage, error)

	Plan(ctx context.Context, refs []model.Ref, changes []model.Change, o model.PlanOptions) (model.Plan, error)
	PlanCreate(ctx context.Context, account string, n model.NewConversation, o model.PlanOptions) (model.Plan, error)
	Requests(ctx context.Context, p model.Plan) (model.Plan, error)
	Submit(ctx context.Context, p model.Plan) (ids []string, err error)
	Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error
	PlanUndo(ctx context.Context, id string, o model.PlanOptions) (model.Undo, error)
	// PlanUndoAgain first withdraws what is not sent yet, and returns which edits
	// those were.
	PlanUndoAgain(ctx context.Context, id string, was model.Undo, o model.PlanOptions) (u model.Undo, withdrawn []string, err error)
	ApplyUndo(ctx context.Context, u model.Undo) (ids []string, err error)

	Outbox(ctx context.Context) ([]model.OutboxEntry, error)
	// Explained gives edits of the outbox with why they wait and until when.
	Explained(ctx context.Context, entries []model.OutboxEntry) []model.OutboxEntry
	Submission(ctx context.Context, id string) (sub model.Submission, ok bool, err error)
	SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) ([]model.OutboxEntry, []model.JournalEntry, error)
	Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error)
	// Pending lists the submissions of which something is in the outbox.
	Pending(ctx context.Context) ([]model.Submission, error)
	History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error)
	Retry(ctx context.Context, ids ...string) error
	Discard(ctx context.Context, ids ...string) error
	// Recheck reads afresh what an edit that waits for a person wants to change.
	Recheck(ctx context.Context, id string) (model.OutboxEntry, error)
	Resolve(ctx context.Context, id string, r model.Resolution) error
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange) error
	See(ctx context.Context, ref model.Ref) error

	// Sync waits for a refresh of the named accounts, of all if none is named.
	Sync(ctx context.Context, accounts ...string) error
	// SyncNow reads the head of each list, delivers what is due or waits for its
	// next try, and reads on.
	SyncNow(ctx context.Context, full bool, report func(model.DeliveryResult)) error
	// SyncQuery refreshes the named accounts as far as a query needs it: where a
	// service can narrow its list, what the query may match is enough.
	SyncQuery(ctx context.Context, query string, accounts ...string) error
	// Refresh asks for one and returns at once. It needs Start.
	Refresh(accounts ...string)
	// Start syncs and delivers everything due in the background.
	Start(ctx context.Context)
	Sender
}

package model

import "context"

// The parts of the engine that the screen and the commands both use. Every method
// but those of AccountReader may read a disk or a network.

// AccountReader methods are answered from memory, without I/O and without waiting.
type AccountReader interface {
	// Accounts returns the state of every account in config order.
	Accounts() []AccountState
	// Describe returns the fixed data of an account.
	Describe(account string) (Description, bool)
	// Capabilities tells what can be edited in a conversation, and why not.
	Capabilities(c Conversation) Capabilities
}

// Reader reads conversations.
type Reader interface {
	// Subscribe announces changes; the channel is closed by the returned func.
	Subscribe() (<-chan Event, func())
	List(ctx context.Context, req ListRequest) (Page, error)
	Row(ctx context.Context, ref Ref) (Row, bool, error)
	Load(ctx context.Context, ref Ref, need Need) (Detail, error)
	Lookup(ctx context.Context, account string, req LookupRequest) (LookupPage, error)
	// See marks a conversation seen; that is no act.
	See(ctx context.Context, ref Ref) error
	// Refresh asks for a sync of the named accounts, of all if none is named, and returns at once.
	Refresh(accounts ...string)
}

// Planner plans edits and takes them into the outbox.
type Planner interface {
	Plan(ctx context.Context, refs []Ref, changes []Change, o PlanOptions) (Plan, error)
	PlanCreate(ctx context.Context, account string, n NewConversation, o PlanOptions) (Plan, error)
	Submit(ctx context.Context, p Plan) (ids []string, err error)
	PlanUndo(ctx context.Context, id string, o PlanOptions) (Undo, error)
	ApplyUndo(ctx context.Context, u Undo) (ids []string, err error)
}

// Ledger is the outbox and the history, and what a person decides about them.
type Ledger interface {
	Outbox(ctx context.Context) ([]OutboxEntry, error)
	Submission(ctx context.Context, id string) (sub Submission, ok bool, err error)
	// SubmissionEdits returns the edits of a submission; where refs are given those on these conversations.
	SubmissionEdits(ctx context.Context, id string, refs ...Ref) ([]OutboxEntry, []JournalEntry, error)
	Submissions(ctx context.Context, req HistoryRequest) ([]Submission, error)
	// Pending lists the submissions of which something is in the outbox.
	Pending(ctx context.Context) ([]Submission, error)
	History(ctx context.Context, req HistoryRequest) ([]JournalEntry, error)
	Retry(ctx context.Context, ids ...string) error
	Discard(ctx context.Context, ids ...string) error
	Resolve(ctx context.Context, id string, r Resolution) error
}

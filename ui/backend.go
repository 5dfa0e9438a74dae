package ui

import (
	"context"

	"confab/model"
	"confab/model/query"
)

// Facts are answered from memory, without I/O and without waiting: they may be
// called from Update and View.
type Facts interface {
	// Accounts gives the state of every account in config order.
	Accounts() []model.AccountState
	// Describe gives the fixed data of an account.
	Describe(account string) (model.Description, bool)
	// Capabilities tells what can be edited in a conversation, and why not.
	Capabilities(c model.Conversation) model.Capabilities
}

// Backend is what the screen needs of the engine. Every method but those of
// Facts may read a disk or a network, so they are called inside a tea.Cmd only.
type Backend interface {
	Facts

	// Subscribe announces changes; the channel is closed by the returned func.
	Subscribe() (<-chan model.Event, func())

	List(ctx context.Context, req model.ListRequest) (model.Page, error)
	// Opening gives what can be shown before List can answer: what the view
	// showed last, or the head of the list on disk.
	Opening(ctx context.Context, req model.ListRequest) (model.Page, error)
	// Counts gives the lengths of the lists of the tabs, in the inbox's sense.
	Counts(ctx context.Context, queries []string) ([]int, error)
	// Select gives a set of rows of a list, RefsOf the conversations of a set,
	// Hidden how many of a set a list does not hold.
	Select(ctx context.Context, req model.SelectRequest) (model.Selection, error)
	RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error)
	Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error)
	Vocabulary(ctx context.Context) (query.Vocabulary, error)
	Row(ctx context.Context, ref model.Ref) (model.Row, bool, error)
	Load(ctx context.Context, ref model.Ref, need model.Need) (model.Detail, error)
	Lookup(ctx context.Context, account string, req model.LookupRequest) (model.LookupPage, error)
	Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error)

	Plan(ctx context.Context, refs []model.Ref, changes []model.Change, o model.PlanOptions) (model.Plan, error)
	PlanCreate(ctx context.Context, account string, n model.NewConversation, o model.PlanOptions) (model.Plan, error)
	Submit(ctx context.Context, plan model.Plan) (ids []string, err error)
	PlanUndo(ctx context.Context, id string, o model.PlanOptions) (model.Undo, error)
	// PlanUndoAgain first withdraws what is not sent yet, and returns which edits
	// those were.
	PlanUndoAgain(ctx context.Context, id string, was model.Undo, o model.PlanOptions) (u model.Undo, withdrawn []string, err error)
	ApplyUndo(ctx context.Context, undo model.Undo) (ids []string, err error)

	Outbox(ctx context.Context) ([]model.OutboxEntry, error)
	OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error)
	// Undecided counts, of the edits that an account has on their way, those that
	// wait for a decision on an earlier one.
	Undecided(ctx context.Context) (map[string]int, error)
	Submission(ctx context.Context, id string) (sub model.Submission, ok bool, err error)
	// SubmissionEdits gives the edits of a submission; where refs are given those on
	// these conversations.
	SubmissionEdits(ctx context.Context, id string, refs ...model.Ref) ([]model.OutboxEntry, []model.JournalEntry, error)
	Submissions(ctx context.Context, req model.HistoryRequest) ([]model.Submission, error)
	Pending(ctx context.Context) ([]model.Submission, error)
	History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error)
	Retry(ctx context.Context, ids ...string) error
	Discard(ctx context.Context, ids ...string) error
	Withdraw(ctx context.Context, ids ...string) (n int, err error)
	Resolve(ctx context.Context, id string, r model.Resolution) error

	Refresh(accounts ...string)
	// TriageMany is an act that can be taken back; See is none. Where it ends
	// early the error says how far it came, and the act is what was done.
	TriageMany(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error
	See(ctx context.Context, ref model.Ref) error
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
}

package model

import (
	"context"
	"errors"
	"time"
)

// The interfaces in this file are the parts of the engine that both the screen and the commands use. Methods without a context
// answer from memory, without waiting; the others may read from disk or network.

// AccountReader returns what is known of the accounts.
type AccountReader interface {
	// Accounts returns the state of every account, in config order.
	Accounts() []AccountState
	// Describe returns the fixed data of an account.
	Describe(account string) (Description, bool)
	// Capabilities says what can be edited in a conversation.
	Capabilities(c Conversation) Capabilities
}

// Reader reads conversations.
type Reader interface {
	// Subscribe returns a channel of changes and the function that closes it.
	Subscribe() (<-chan Event, func())
	// List returns a window of a list from the cache.
	List(ctx context.Context, req ListRequest) (Page, error)
	// Row returns a conversation from the cache; ok is false if it is not there.
	Row(ctx context.Context, ref Ref) (row Row, ok bool, err error)
	// Load reads a conversation from its service.
	Load(ctx context.Context, ref Ref, need Need) (Detail, error)
	// Lookup searches a directory of a service.
	Lookup(ctx context.Context, account string, req LookupRequest) (LookupPage, error)
	// See marks a conversation as seen. This is no act: it can't be undone.
	See(ctx context.Context, ref Ref) error
	// Refresh starts a sync of the named accounts, or of all if none is named, and returns at once.
	Refresh(accounts ...string)
}

// Planner plans edits and submits them. The ids that its methods return are those of the submitted edits.
type Planner interface {
	Plan(ctx context.Context, refs []Ref, changes []Change, o PlanOptions) (Plan, error)
	PlanCreate(ctx context.Context, account string, n NewConversation, o PlanOptions) (Plan, error)
	Submit(ctx context.Context, p Plan) (ids []string, err error)
	PlanUndo(ctx context.Context, id string, o PlanOptions) (Undo, error)
	ApplyUndo(ctx context.Context, u Undo) (ids []string, err error)
	// PlanDecision plans what a decision about edits of the outbox sends.
	PlanDecision(ctx context.Context, d Decision, all []OutboxEntry) (Plan, error)
}

// Ledger reads the outbox and the history, and carries out a person's decisions about edits.
type Ledger interface {
	Outbox(ctx context.Context) ([]OutboxEntry, error)
	Submission(ctx context.Context, id string) (sub Submission, ok bool, err error)
	// SubmissionEdits returns a submission and its edits. With the version of an earlier answer, it may leave out edits that have
	// not changed since.
	SubmissionEdits(ctx context.Context, id string, since int64) (SubmissionEdits, error)
	Submissions(ctx context.Context, req HistoryRequest) ([]Submission, error)
	// Changed returns submissions, newest first: those that changed since the version of an earlier answer, or for version 0 those
	// with an edit in the outbox, and those with these ids. With a limit it also returns those with an edit in the outbox, and the
	// newest.
	Changed(ctx context.Context, since int64, limit int, ids ...string) (subs []Submission, version int64, err error)
	History(ctx context.Context, req HistoryRequest) ([]JournalEntry, error)
	// Decide carries out a decision about edits of the outbox as the person saw them, and returns how many it was about.
	Decide(ctx context.Context, d Decision, edits ...OutboxEntry) (n int, err error)
}

// ListRequest asks for a window of a list.
type ListRequest struct {
	Query         string // in the query language; the error for a bad query is a *query.Error
	Inbox         bool   // leave out what query.Inbox leaves out
	Offset, Limit int    // the window; a Limit of zero asks only for the total
	Partial       bool   // accept a full page before a long search has ended
	// Anchor, if set and in the list, places the window around that conversation; Page.Index is its position. Otherwise Offset
	// places the window.
	Anchor Ref
	Was    *Session // if set, what the list showed when the program was left
}

// Session is where a person was in the inbox. A start after a dropped connection returns there.
type Session struct {
	View   string    `json:"view"`
	Filter string    `json:"filter"`
	Order  string    `json:"order"`  // what follows sort:, "" for the order of the view
	At     Ref       `json:"at"`     // the conversation under the cursor
	Index  int       `json:"index"`  // its position in the list
	Top    int       `json:"top"`    // the position of the first visible row
	Keys   []int64   `json:"keys"`   // the rows of the list that were loaded
	Offset int       `json:"offset"` // the position of the first of them
	Total  int       `json:"total"`  // the length of the list
	Seen   time.Time `json:"seen"`   // when this was so
}

// SelectRequest asks for a set of conversations of a list: the whole list, or a range from First, either to Last, which may
// come before First, or of N rows.
type SelectRequest struct {
	Query       string
	Inbox       bool
	First, Last Ref
	N           int
}

// PlanOptions say how a plan is made.
type PlanOptions struct {
	DryRun   bool                  // the plan won't be submitted; read-only accounts are allowed
	Sure     bool                  // what the cache shows as already so is read again: nobody has seen it
	Progress func(done, total int) // if set, it is called with the number of conversations that are ready
	With     []Change              // for PlanCreate: whom to add to the new conversation besides its People
	// Was, if set, is an undo that the person agreed to and that was out of date by then. Its unsent edits are withdrawn first, so
	// that the new plan can't become out of date in the same way.
	Was *Undo
}

// TriageChange changes local marks. A nil field leaves its mark unchanged.
type TriageChange struct {
	Done, Pinned, Seen *bool
	Snooze             *time.Time // snooze until that time; the zero time ends a snooze
}

// Sentence says in the past tense what the change does to conversations with these titles: "marked 3 done".
func (ch TriageChange) Sentence(titles []string) string {
	object := Number(len(titles))
	if len(titles) == 1 {
		object = quoteTitle(titles[0])
	}
	switch {
	case ch.Done != nil:
		return "marked " + object + pick(*ch.Done, " done", " not done")
	case ch.Snooze != nil:
		return pick(ch.Snooze.IsZero(), "woke ", "snoozed ") + object
	case ch.Pinned != nil:
		return pick(*ch.Pinned, "pinned ", "unpinned ") + object
	case ch.Seen != nil:
		return "marked " + object + pick(*ch.Seen, " seen", " unseen")
	}
	return "changed nothing"
}

// Apply returns the marks after the change.
func (ch TriageChange) Apply(t Triage) Triage {
	set(&t.Done, ch.Done)
	set(&t.Pinned, ch.Pinned)
	set(&t.Seen, ch.Seen)
	set(&t.SnoozedUntil, ch.Snooze)
	return t
}

func set[T any](field, to *T) {
	if to != nil {
		*field = *to
	}
}

// Undo is the plan for taking back an act.
type Undo struct {
	Act        int    // the number of the act in this session, if the whole act is taken back; else 0
	Submission string // the id of the submission that is taken back, "" for local marks
	Sentence   string // what that submission did
	Marks      int    // the number of conversations whose local marks are restored

	Withdraw  []string // edits that were not sent
	GiveUp    []string // edits that were sent and need a person; Plan holds their inverse
	Withdrawn []string // edits that were withdrawn to make this plan, see PlanOptions.Was

	Plan     Plan      // the inverse of what was delivered or is being sent; its ID is the one of the future submission
	Later    []Risk    // the risks of undoing Withdraw, in case an edit of it is sent before it can be withdrawn
	InFlight int       // the number of items of Plan that wait for an edit that is being sent
	Blocked  []Blocked // what can't be taken back
	Titles   []string  // of the conversations of Withdraw; Plan has its own
	Again    bool      // u was pressed again: ask before changing anything on a service
}

// Blocked says what can't be taken back, and why.
type Blocked struct{ Title, Why string }

func (b Blocked) String() string { return b.Title + ": " + b.Why }

// Nothing reports whether there is nothing to take back.
func (u Undo) Nothing() bool {
	return u.Marks == 0 && len(u.Withdraw) == 0 && u.Plan.Count(PlanChange) == 0
}

// Asks reports whether a person must agree first.
func (u Undo) Asks() bool {
	changes := u.Plan.Count(PlanChange)
	return u.Plan.Risky() || changes > 1 || changes > 0 && (u.Again || len(u.Blocked) > 0)
}

// ErrUndoMoved says that the undo is out of date and must be planned again.
var ErrUndoMoved = errors.New("what is to be taken back has changed since it was planned")

// Decision is what a person decides about edits of the outbox.
type Decision string

// The decisions. Mine, theirs and merged are about what the service showed in place of the edit's base or target; merged is
// possible only for sets. Edits that are being sent wait for no decision.
const (
	DecideRetry    Decision = "retry"    // send them as they are, now
	DecideDiscard  Decision = "discard"  // give them up
	DecideWithdraw Decision = "withdraw" // give up those of them that were never sent
	DecideMine     Decision = "mine"     // send the edit, replacing the service's value
	DecideTheirs   Decision = "theirs"   // give the edit up
	DecideMerged   Decision = "merged"   // send the service's value with the changes of the edit applied
)

// HistoryRequest asks for submissions or delivered edits, newest first.
type HistoryRequest struct {
	Ref      Ref       // only this conversation; zero for all
	Accounts []string  // without Ref, only what is about conversations of these; empty for all
	Since    time.Time // nothing older; zero for all
	Limit    int       // the most entries; zero leaves it to the engine
	Before   string    // the id of the last entry of the page before; "" starts at the newest
}

// DeliveryResult is what happened to an edit. Journal is set if it was delivered.
type DeliveryResult struct {
	Entry   OutboxEntry
	Journal *JournalEntry
}

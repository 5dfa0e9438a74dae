package model

import "time"

// ListRequest asks for a window of a list. Query is written in the query
// language; the engine parses it and answers a *query.Error where it is bad.
type ListRequest struct {
	Query string
	// Inbox leaves out what is done, snoozed, archived or empty unless the
	// query names it.
	Inbox bool
	// Offset and Limit give the window. A Limit of zero asks for no rows, only
	// the total.
	Offset, Limit int
	// Anchor, if set, places the window around that conversation; Page.Index
	// says where it is. Where it is not in the list, Offset counts.
	Anchor Ref
}

// PlanOptions say how a plan is made.
type PlanOptions struct {
	// DryRun plans for looking only: what a read-only account would be sent is
	// shown rather than refused.
	DryRun bool
	// Progress, which may be nil, is told how many conversations are ready,
	// never twice at once.
	Progress func(done, total int)
}

// TriageChange changes local marks; a nil field leaves its mark alone.
type TriageChange struct {
	Done, Pinned, Seen *bool
	// Snooze hides until that time; the zero time ends a snooze.
	Snooze *time.Time
}

// Undo is what taking back a submission will do, planned and not yet done.
type Undo struct {
	// Withdraw are the outbox ids that have not been sent.
	Withdraw []string
	// Plan holds the inverse of what was delivered.
	Plan Plan
	// Blocked says what cannot be taken back, and why.
	Blocked []string
	// What names the conversations in one line.
	What string
}

// Resolution is how a person settles an edit that waits for them.
type Resolution string

// The resolutions. Merged is offered for sets only.
const (
	ResolveMine   Resolution = "mine"   // send mine over theirs
	ResolveTheirs Resolution = "theirs" // give mine up
	ResolveMerged Resolution = "merged" // send theirs with my changes applied
)

// HistoryRequest asks for delivered edits, newest first.
type HistoryRequest struct {
	// Ref narrows to one conversation; zero means all.
	Ref Ref
	// Limit is the most entries to answer; zero leaves it to the engine.
	Limit int
	// Before is the id of the last entry seen, to page on; "" starts at the newest.
	Before string
}

// DeliveryResult tells what became of one edit. Journal is set where it was
// delivered.
type DeliveryResult struct {
	Entry   OutboxEntry
	Journal *JournalEntry
}

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

// TriageChange changes local marks; a nil field leaves its mark alone.
type TriageChange struct {
	Done, Pinned, Seen *bool
	// Snooze hides until that time; the zero time ends a snooze.
	Snooze *time.Time
}

// Apply gives local marks as they are after the change.
func (c TriageChange) Apply(t Triage) Triage {
	for mark, to := range map[*bool]*bool{&t.Done: c.Done, &t.Pinned: c.Pinned, &t.Seen: c.Seen} {
		if to != nil {
			*mark = *to
		}
	}
	if c.Snooze != nil {
		t.SnoozedUntil = *c.Snooze
	}
	return t
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

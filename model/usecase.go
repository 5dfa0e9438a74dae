package model

import (
	"errors"
	"time"
)

// ListRequest asks for a window of a list. Query is written in the query language; the engine answers a *query.Error where
// it is bad.
type ListRequest struct {
	Query         string
	Inbox         bool // leave out what query.Inbox does
	Offset, Limit int  // the window; a Limit of zero asks for the total only
	Partial       bool // accept a page that is filled before a long search has ended
	// Anchor, if set, places the window around that conversation; Page.Index says where it is. Where it is not in the list,
	// Offset counts.
	Anchor Ref
	Was    *Session // if set, what the list showed when confab was left
}

// Session is where a person was in the inbox: what a start after a dropped link goes back to.
type Session struct {
	View   string `json:"view"`
	Filter string `json:"filter"`
	Order  string `json:"order"` // what follows sort:, "" for that of the view
	// At was under the cursor, at Index of the list, of which Top was the first row in sight.
	At    Ref `json:"at"`
	Index int `json:"index"`
	Top   int `json:"top"`
	// Keys are the rows that were at hand, from Offset on, of Total.
	Keys   []int64   `json:"keys"`
	Offset int       `json:"offset"`
	Total  int       `json:"total"`
	Seen   time.Time `json:"seen"`
}

// SelectRequest asks for a set of conversations of a list: all of it, or those from First on: to Last, in either
// direction, or N of them.
type SelectRequest struct {
	Query       string
	Inbox       bool
	First, Last Ref
	N           int
}

// PlanOptions say how a plan is made.
type PlanOptions struct {
	DryRun   bool                  // for looking only, also for read-only accounts
	Progress func(done, total int) // if set, is told how many conversations are ready
	// Was, if set, is an undo that was agreed to and has moved on since. What of it is not sent yet is withdrawn first, so
	// that nothing moves on any more.
	Was *Undo
}

// TriageChange changes local marks; a nil field leaves its mark alone.
type TriageChange struct {
	Done, Pinned, Seen *bool
	Snooze             *time.Time // hides until that time; the zero time ends a snooze
}

// Sentence says in the past tense what the change does: "marked 3 done".
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

// Apply returns local marks as they are after the change.
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

// Undo is what taking back an act will do, planned and not yet done.
type Undo struct {
	// Act numbers the act of this session that is taken back whole; 0 for none.
	Act int
	// Submission is the id of the submission that is taken back, "" for local marks. Sentence says what it did.
	Submission string
	Sentence   string
	Marks      int // the conversations whose local marks go back
	// Withdraw are the edits that have not been sent. GiveUp are edits that were sent and wait for a person: their inverse
	// takes their place.
	Withdraw, GiveUp []string
	// Withdrawn were withdrawn so that it could be planned again.
	Withdrawn []string
	// Plan holds the inverse of what was delivered or is being sent. Its ID is that of the submission that the undo will be.
	Plan     Plan
	Later    []Risk    // of Withdraw, should it be sent before it is withdrawn
	InFlight int       // the items of Plan that wait for what is being sent
	Blocked  []Blocked // the edits that cannot be taken back
	Titles   []string  // the conversations of Withdraw; the Plan names its own
	Again    bool      // u was pressed again: ask before anything on a service changes
}

// Blocked is something that can't be taken back: what it was about, and why.
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

// ErrUndoMoved asks to plan the undo anew.
var ErrUndoMoved = errors.New("what is to be taken back has moved on meanwhile")

// Resolution is how a person settles an edit that waits for them.
type Resolution string

// The resolutions. Merged is offered for sets only.
const (
	ResolveMine   Resolution = "mine"   // send mine over theirs
	ResolveTheirs Resolution = "theirs" // give mine up
	ResolveMerged Resolution = "merged" // send theirs with my changes applied
)

// HistoryRequest asks for submissions or delivered edits, newest first.
type HistoryRequest struct {
	Ref    Ref       // one conversation; zero means all
	Since  time.Time // leave out what is older; zero means all
	Limit  int       // the most entries to answer; zero leaves it to the engine
	Before string    // the id of the last entry seen, to page on; "" starts at the newest
}

// DeliveryResult says what became of an edit; Journal is set if it was delivered.
type DeliveryResult struct {
	Entry   OutboxEntry
	Journal *JournalEntry
}

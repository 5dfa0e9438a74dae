package model

import (
	"cmp"
	"slices"
	"time"
)

// EditState is where an edit is on its way.
type EditState string

// The states of an edit in the outbox. Done edits have left it for the journal.
const (
	Queued            EditState = "queued"
	Sending           EditState = "sending"
	RetryAt           EditState = "retry"      // tried, waiting for NextTry
	Held              EditState = "held"       // waits for a person to confirm it
	InConflict        EditState = "conflict"   // somebody else changed the field
	Refused           EditState = "refused"    // the service (or its adapter) said no
	NotVerified       EditState = "unverified" // accepted, but the service shows another value
	OutcomeNotKnown   EditState = "unknown"    // sent, and what became of it can't be told
	Done              EditState = "done"
	Withdrawn         EditState = "withdrawn" // taken back or given up before it was sent
	Replaced          EditState = "replaced"  // a newer edit of the same field took its place
	OutcomeAlreadySet EditState = "already"   // nothing was sent: it already was so
	OutcomeBlocked    EditState = "blocked"   // never in the outbox: it can't be done
)

// EditStates lists the states: of an edit on its way, of one that needs a person, of one that is over.
func EditStates() []EditState {
	return []EditState{Queued, Sending, RetryAt, Held, InConflict, Refused, NotVerified, OutcomeNotKnown,
		Done, OutcomeAlreadySet, OutcomeBlocked, Withdrawn, Replaced}
}

// Words returns a state as it is said.
func (s EditState) Words() string {
	if s.Waiting() {
		return "waiting"
	}
	return pick(s.NeedsPerson(), "needs you: ", "") + cmp.Or(stateWords[s], string(s))
}

var stateWords = map[EditState]string{NotVerified: "not verified", OutcomeNotKnown: "outcome unknown",
	OutcomeAlreadySet: "already so", OutcomeBlocked: "can't be done"}

// Waiting reports whether the edit is still on its way by itself.
func (s EditState) Waiting() bool { return s == Queued || s == Sending || s == RetryAt }

// NeedsPerson reports whether nothing happens until a person decides.
func (s EditState) NeedsPerson() bool {
	return s == Held || s == InConflict || s == Refused || s == NotVerified || s == OutcomeNotKnown
}

// Shown reports whether a row shows what the edit wants rather than what the service has: it is on its way, or may be.
func (s EditState) Shown() bool { return s.Waiting() || s == Held }

// Failed is what is:failed finds.
func (s EditState) Failed() bool { return s == Refused || s == NotVerified || s == OutcomeNotKnown }

// EntryError is an error as it is kept with an edit.
type EntryError struct {
	Kind      ErrorKind `json:"kind"`
	Status    *int      `json:"status"` // of HTTP, nil where no answer came
	Message   string    `json:"message"`
	Hint      string    `json:"hint,omitempty"` // confab's own advice, which the service did not say
	Code      string    `json:"code,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	// Existing is the ref of a conversation to look at: the one that stands in the way of a create or reopen, or that a
	// create made or may have made.
	Existing string `json:"existing,omitempty"`
}

// NewEntryError keeps the parts of an error that a person reads.
func NewEntryError(err error) *EntryError {
	e := AsError(err)
	if e == nil {
		return nil
	}
	return &EntryError{Kind: e.Kind, Status: orNull(e.Status), Message: e.said(), Hint: e.Hint, Code: e.Code, RequestID: e.RequestID}
}

// OutboxEntry is an edit on its way.
type OutboxEntry struct {
	Edit
	Title    string
	State    EditState
	Attempts int
	Sent     bool      // a write for this edit has left at least once
	NextTry  time.Time // zero unless a next try is known
	Error    *EntryError
	Theirs   *Value // what the service showed at the conflict or failed verification
	Orphaned bool   // its account is set aside: the config gave the name another identity
}

// JournalEntry is a delivered edit with what was there before and after.
type JournalEntry struct {
	Edit
	Title  string
	Before Value
	After  Value
	At     time.Time
	Undone string    // the id of the journal entry that took this one back
	State  EditState // Done or OutcomeAlreadySet
}

// Triage is what a person keeps locally about a conversation.
type Triage struct {
	Done         bool // until the fingerprint of the content changes
	SnoozedUntil time.Time
	Pinned       bool
	Seen         bool
}

// Pending is what a row shows of an edit on its way.
type Pending struct {
	ID         string    `json:"id"`
	Submission string    `json:"submission"`
	Kind       EditKind  `json:"kind"`
	State      EditState `json:"state"`
	Edit       Edit      `json:"-"`
}

// Row is one line of the inbox: a projected conversation and its local marks.
type Row struct {
	Key          int64 // the number of the row in the database, for good; 0 is none
	Conversation Conversation
	Pending      []Pending
	Triage       Triage
	Checked      time.Time // when the service last showed this conversation
}

// PendingEdits returns the edits of a field that are on their way, oldest first.
func (r Row) PendingEdits(field string) (out []Edit) {
	for _, p := range r.Pending {
		if p.Edit.Field() == field && p.State.Shown() {
			out = append(out, p.Edit)
		}
	}
	return out
}

// Worst returns the state that needs a person most, else one on its way, else "".
func (r Row) Worst() EditState {
	for _, s := range []EditState{InConflict, Refused, OutcomeNotKnown, NotVerified, Held, RetryAt, Sending, Queued} {
		if slices.ContainsFunc(r.Pending, func(p Pending) bool { return p.State == s }) {
			return s
		}
	}
	return ""
}

// Page is a window of a list.
type Page struct {
	Rows   []Row
	Total  int // of the whole list
	Offset int // where the window starts
	Index  int // the position of the anchor that was asked for, -1 if it is not in the list
	// Partial says that the search goes on: Total counts what was found so far, in the order of the list. Asked again, the
	// engine answers once it has ended.
	Partial bool
	// AsOf is set on a page that was not searched but kept: what the view showed last, at that time, or the head of the list on
	// disk (then it is now, and Total is -1 where that is not known).
	AsOf time.Time
}

// AccountState is how an account does, for the status line.
type AccountState struct {
	Name     string
	Provider string
	ReadOnly bool
	// While a walk is under way, Read counts its rows so far; Total is the service's count or -1.
	Syncing     bool
	Read, Total int
	// Checked is when the last refresh succeeded, Swept the last complete walk.
	Checked, Swept time.Time
	// Error is why the last attempt failed; NextTry is when the next one comes.
	Error   *EntryError
	NextTry time.Time
	// Conversations counts the cached rows, the others the outbox.
	Conversations, Waiting, NeedPerson int
}

// Offline reports whether the last attempt could not reach the service.
func (a AccountState) Offline() bool { return a.Error != nil && a.Error.Kind == Unavailable }

// Event announces that something changed, and what.
type Event struct {
	Refs        []Ref    // the conversations whose rows changed
	Submissions []string // those of which an edit changed
	Accounts    []string // those whose state changed: their counts, their last refresh
	All         bool     // more may have changed than the lists name
}

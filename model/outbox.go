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
	words := cmp.Or(stateWords[s], string(s))
	switch {
	case s.Waiting():
		return "waiting"
	case s.NeedsPerson():
		return "needs you: " + words
	}
	return words
}

var stateWords = map[EditState]string{NotVerified: "not verified", OutcomeNotKnown: "outcome unknown",
	OutcomeAlreadySet: "already so", OutcomeBlocked: "can't be done"}

// Waiting reports whether the edit is still on its way by itself.
func (s EditState) Waiting() bool { return s == Queued || s == Sending || s == RetryAt }

// NeedsPerson reports whether nothing happens until a person decides.
func (s EditState) NeedsPerson() bool {
	return s == Held || s == InConflict || s == Refused || s == NotVerified || s == OutcomeNotKnown
}

// Shown reports whether a row shows what the edit wants rather than what the
// service has: it is on its way, or may be.
func (s EditState) Shown() bool { return s.Waiting() || s == Held }

// Failed is what is:failed finds.
func (s EditState) Failed() bool { return s == Refused || s == NotVerified || s == OutcomeNotKnown }

// EntryError is an error as it is kept with an edit.
type EntryError struct {
	Kind ErrorKind `json:"kind"`
	// Status is the HTTP status, nil where no answer came.
	Status  *int   `json:"status"`
	Message string `json:"message"`
	// Hint is confab's own advice, which the service did not say.
	Hint      string `json:"hint,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	// Existing is the ref of a conversation to look at: the one that stands in
	// the way of a create or reopen, or that a create made or may have made.
	Existing string `json:"existing,omitempty"`
}

// NewEntryError keeps the parts of an error that a person reads.
func NewEntryError(err error) *EntryError {
	e := AsError(err)
	if e == nil {
		return nil
	}
	out := &EntryError{Kind: e.Kind, Message: e.said(), Hint: e.Hint, Code: e.Code, RequestID: e.RequestID}
	if e.Status != 0 {
		out.Status = &e.Status
	}
	return out
}

// OutboxEntry is an edit on its way.
type OutboxEntry struct {
	Edit
	Title    string
	State    EditState
	Attempts int
	// Sent says that a write for this edit has left at least once.
	Sent    bool
	NextTry time.Time // zero unless a next try is known
	Error   *EntryError
	// Theirs is what the service showed at the conflict or failed verification.
	Theirs *Value
	// Account is set aside: the config gave its name another identity.
	Orphaned bool
}

// JournalEntry is a delivered edit with what was there before and after.
type JournalEntry struct {
	Edit
	Title  string
	Before Value
	After  Value
	At     time.Time
	// Undone is the id of the journal entry that took this one back.
	Undone string
	// State is Done or OutcomeAlreadySet.
	State EditState
}

// Triage is what a person keeps locally about a conversation.
type Triage struct {
	// Done holds until the fingerprint of the content changes.
	Done         bool
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
	// Key is the number of the row in the database, for good; 0 is none.
	Key          int64
	Conversation Conversation
	Pending      []Pending
	Triage       Triage
	// Checked is when the service last showed this conversation.
	Checked time.Time
}

// Upon returns the edits of a field that are on their way, oldest first.
func (r Row) Upon(field string) (out []Edit) {
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

// Page is a window of a list. Total counts the whole list; Offset is where
// the window starts.
type Page struct {
	Rows   []Row
	Total  int
	Offset int
	// Index is the position of the anchor that was asked for, -1 if it is not in the list.
	Index int
	// Partial says that the search goes on: Total counts what was found so far,
	// in the order of the list. Asked again, the engine answers once it has ended.
	Partial bool
	// AsOf is set on a page that was not searched but kept: what the view showed
	// last, at that time, or the head of the list on disk (then it is now, and
	// Total is -1 where that is not known).
	AsOf time.Time
}

// AccountState is how an account does, for the status line.
type AccountState struct {
	Name     string
	Provider string
	ReadOnly bool
	// Syncing says a walk is under way; Read counts its rows so far, Total is
	// the service's count or -1.
	Syncing bool
	Read    int
	Total   int
	// Checked is when the last refresh succeeded, Swept the last complete walk.
	Checked time.Time
	Swept   time.Time
	// Error is why the last attempt failed; NextTry is when the next one comes.
	Error   *EntryError
	NextTry time.Time
	// Conversations counts the cached rows, the others the outbox.
	Conversations int
	Waiting       int
	NeedPerson    int
}

// Offline reports whether the last attempt could not reach the service.
func (a AccountState) Offline() bool { return a.Error != nil && a.Error.Kind == Unavailable }

// Event announces that something changed, and what.
type Event struct {
	// Refs are the conversations whose rows changed.
	Refs []Ref
	// Submissions are those of which an edit changed.
	Submissions []string
	// Accounts are those whose state changed: their counts, their last refresh.
	Accounts []string
	// All says that more may have changed than the lists name.
	All bool
}

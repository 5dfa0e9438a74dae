package model

import (
	"cmp"
	"slices"
	"time"
)

// EditState is how far an edit has come.
type EditState string

// The states of an edit. From Done on, the edit is no longer in the outbox.
const (
	Queued            EditState = "queued"
	Sending           EditState = "sending"
	RetryAt           EditState = "retry"      // tried; waits for NextTry
	Held              EditState = "held"       // waits for a person to confirm it
	InConflict        EditState = "conflict"   // somebody else changed the field
	Refused           EditState = "refused"    // the service (or its adapter) said no
	NotVerified       EditState = "unverified" // accepted, but the service shows another value
	OutcomeNotKnown   EditState = "unknown"    // sent, but it can't be determined whether it took effect
	Done              EditState = "done"
	Withdrawn         EditState = "withdrawn" // taken back or given up before it was sent
	Replaced          EditState = "replaced"  // a newer edit of the same field took its place
	OutcomeAlreadySet EditState = "already"   // nothing was sent: the service had the value already
	OutcomeBlocked    EditState = "blocked"   // never in the outbox: it can't be done
)

// EditStates returns all states: first those of a pending edit, then those that need a person, then the final ones.
func EditStates() []EditState {
	return []EditState{Queued, Sending, RetryAt, Held, InConflict, Refused, NotVerified, OutcomeNotKnown,
		Done, OutcomeAlreadySet, OutcomeBlocked, Withdrawn, Replaced}
}

// Words returns a state in words.
func (s EditState) Words() string {
	if s.Waiting() {
		return "waiting"
	}
	return pick(s.NeedsPerson(), "needs you: ", "") + cmp.Or(stateWords[s], string(s))
}

var stateWords = map[EditState]string{NotVerified: "not verified", OutcomeNotKnown: "outcome unknown",
	OutcomeAlreadySet: "already so", OutcomeBlocked: "can't be done"}

// Waiting reports whether the edit will be delivered without anybody's help.
func (s EditState) Waiting() bool { return s == Queued || s == Sending || s == RetryAt }

// NeedsPerson reports whether nothing more happens until a person decides.
func (s EditState) NeedsPerson() bool { return s == Held || s == Refused || s.Resolvable() }

// Resolvable reports whether a person may choose between the edit and what the service shows.
func (s EditState) Resolvable() bool {
	return s == InConflict || s == NotVerified || s == OutcomeNotKnown
}

// Shown reports whether a row shows the target of the edit rather than the service's value.
func (s EditState) Shown() bool { return s.Waiting() || s == Held }

// Failed reports whether is:failed finds the edit.
func (s EditState) Failed() bool { return s == Refused || s == NotVerified || s == OutcomeNotKnown }

// OutboxEntry is an edit in the outbox.
type OutboxEntry struct {
	Edit
	Title    string
	State    EditState
	Attempts int
	Sent     bool      // a write for this edit was sent at least once
	NextTry  time.Time // zero if no next try is planned
	Error    *EntryError
	Theirs   *Value // what the service showed at the conflict or the failed verification
	Orphaned bool   // its account was set aside: the name has another identity now
}

// OrphanedMeans explains OutboxEntry.Orphaned to a person.
const OrphanedMeans = "its account has another identity now (service, workspace or user): change that back, or discard the edit"

// HeldMeans explains to a person why an edit is held, if nothing else does.
const HeldMeans = "it was queued a while ago, and was not sent since"

// Unsent reports whether no write for the edit was sent.
func (e OutboxEntry) Unsent() bool { return !e.Sent && e.State != Sending }

func (e OutboxEntry) Withdrawable() bool { return e.Unsent() && e.State.Waiting() }

// Stopped reports whether the edit needs a person, who may send it again as it is.
func (e OutboxEntry) Stopped() bool { return e.State.Failed() || e.State == Held }

// Retriable reports whether the edit may be sent again as it is.
func (e OutboxEntry) Retriable() bool { return e.Stopped() || e.State == RetryAt }

// JournalEntry is a delivered edit with the service's values before and after it.
type JournalEntry struct {
	Edit
	Title  string
	Before Value
	After  Value
	At     time.Time
	Undone string    // the id of the journal entry that took this one back
	State  EditState // Done or OutcomeAlreadySet
}

// Triage holds the local marks of a conversation. They are never sent.
type Triage struct {
	Done         bool // cleared when the fingerprint of the content changes
	SnoozedUntil time.Time
	Pinned       bool
	Seen         bool
}

// Pending is what a row shows of an edit in the outbox.
type Pending struct {
	ID         string    `json:"id"`
	Submission string    `json:"submission"`
	Kind       EditKind  `json:"kind"`
	State      EditState `json:"state"`
	Edit       Edit      `json:"-"`
}

// Row is one line of the inbox: a projected conversation and its local marks.
type Row struct {
	Key          int64 // the permanent number of the row in the database; 0 for none
	Conversation Conversation
	Pending      []Pending
	Triage       Triage
	Checked      time.Time // when the conversation was last read from the service
}

// PendingEdits returns the edits of a field that the row already shows, oldest first.
func (r Row) PendingEdits(field string) (out []Edit) {
	for _, p := range r.Pending {
		if p.Edit.Field() == field && p.State.Shown() {
			out = append(out, p.Edit)
		}
	}
	return out
}

// Worst returns the most urgent state of the row's edits: first those that need a person, then the waiting ones. It returns
// "" if there are none.
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
	Total  int // the length of the whole list
	Offset int // the position of the first row
	Index  int // the position of the anchor that was asked for, -1 if it is not in the list
	// Partial says that the search is not finished: Total counts what was found so far, in the order of the list. The same
	// request made again is answered when the search ends.
	Partial bool
	// AsOf is set if the page is not the result of a search. It is then either what the view showed last, at that time, or the
	// head of the list on disk: AsOf is then the present, and Total is -1 if unknown.
	AsOf time.Time
}

// AccountState is the condition of an account, for the status line.
type AccountState struct {
	Name          string
	Provider      string
	ReadOnly      bool
	Syncing       bool        // a walk is under way
	Read, Total   int         // the rows that the walk has read, and the service's count or -1
	Checked       time.Time   // when the last refresh succeeded
	Swept         time.Time   // when the last complete walk ended
	Error         *EntryError // why the last attempt failed, nil if it succeeded
	NextTry       time.Time   // when the next attempt is made
	Conversations int         // in the cache
	Waiting       int         // edits in the outbox that wait
	NeedPerson    int         // edits in the outbox that need a person
}

// Offline reports whether the last attempt could not reach the service.
func (a AccountState) Offline() bool { return a.Error != nil && a.Error.Kind == Unavailable }

// Event announces that something changed, if only the state of an account.
type Event struct {
	Refs  []Ref // the conversations whose rows changed
	Edits bool  // an edit of the outbox or the history changed
	All   bool  // more rows may have changed than Refs holds, and edits
}

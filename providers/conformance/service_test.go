package conformance

import (
	"net/http"
	"testing"

	"confab/model"
)

// Service is what the suite needs to know of a service and its adapter.
type Service struct {
	// Provider is the name of the provider. The file of that name in
	// testdata/facts lists the documented calls.
	Provider string
	// Folder is the adapter's folder, with the file leftout.txt.
	Folder string
	// Header carries the credential; "" means Authorization.
	Header string
	// Open returns a new stand-in with a new account on it. Neither may outlive
	// the test.
	Open func(t testing.TB, o Options) Standin
	// IsWrite reports whether a request is meant to change something; path is the
	// whole escaped path.
	IsWrite func(method, path string) bool

	// Engine opens an empty engine for the account of a bench.
	Engine func(t testing.TB, b *Bench) Engine

	// Sizes are the parameters for the length of a page.
	Sizes []string
	// Turn is another number for each service, from 0: with -short, services try
	// different ones of the values that all of them could try, and each is tried.
	Turn int
	// Several is a number of conversations that fills at least three pages.
	Several int
	// Edits has a case for every kind of edit that an account declares.
	Edits []EditCase
	// Mixed are cases of several edits of one conversation at once.
	Mixed []MixedCase
	// EmptyLists are bodies that the service may send for an empty list.
	EmptyLists []string
	// Stored lists the fields of Standin.State that an edit of each kind may
	// change.
	Stored map[model.EditKind][]string

	Lookups []LookupCase
	// Silent are ways for a stand-in to leave a set out of its answers for one
	// conversation. The account must treat such sets as unknown.
	Silent []SilentCase
	// IgnoreCreate and IgnoreDelete make the stand-in accept a create, or a delete
	// or archiving, without doing it. They are nil if the service has no such call.
	IgnoreCreate, IgnoreDelete func(b *Bench)
	// ByHand creates a conversation on behalf of somebody else. It is nil if the
	// service creates none.
	ByHand func(b *Bench, n model.NewConversation)
	// Lessons are refusals that an account must not meet twice.
	Lessons []Lesson
	// Elsewhere lists ends of paths that the account replaces by others if the
	// service does not have them.
	Elsewhere []string
	// Quirks are the other readings of the service's documentation that the
	// stand-in can take.
	Quirks []Quirk

	Budget Budget
	// BudgetSize is the number of conversations to which Budget applies.
	BudgetSize int
}

// Options configures a stand-in and its account.
type Options struct {
	// Conversations is the number of conversations of the stand-in.
	Conversations int
	ReadOnly      bool
	// Wrap wraps the stand-in's transport; never nil.
	Wrap  func(http.RoundTripper) http.RoundTripper
	Pacer model.Pacer
	// Credential returns the account's only source of credentials, given the one
	// that the stand-in accepts. If it is nil, the credential never changes.
	Credential func(secret string) model.CredentialSource
	// Log receives the lines that the account logs; never nil.
	Log func(format string, args ...any)
}

// Standin is a stand-in server with an account on it. The functions act on the
// server itself, never through the account.
type Standin struct {
	Account model.Provider
	// Secrets are the texts that must never be shown.
	Secrets []string
	// IDs returns the ids of the conversations.
	IDs func() []string
	// State returns what the server stores of a conversation, without times of
	// change, as plain JSON data; nil if the conversation is gone.
	State func(id string) map[string]any
	// Field returns the server's value of a field as a value of the model.
	Field func(id string, kind model.EditKind, key string) model.Value
	// Retitle changes a title on behalf of somebody else.
	Retitle func(id, title string)
	// Remove deletes a conversation on behalf of somebody else.
	Remove func(id string)
	// Insert moves the rows of the list on behalf of somebody else, by creating or
	// changing a conversation.
	Insert func()
	Revoke func()
	// AnswerNext refuses the next n requests with a status, in the service's own
	// shape.
	AnswerNext func(status, n int)
	// Fault injects one of the faults below into the next n requests.
	Fault   func(name string, n int)
	Offline func(down bool)
	// Log returns the requests that the server received since ResetLog.
	Log      func() []Received
	ResetLog func()
	// Server is for the functions of the caller.
	Server any
}

// The faults that a stand-in can inject.
const (
	FaultRate       = "429"         // with Retry-After: 2
	FaultRateDate   = "429-date"    // with a date two to three seconds ahead
	FaultPage       = "500-html"    // a web page
	FaultDropAfter  = "drop-after"  // does a write, then loses the connection
	FaultDropBefore = "drop-before" // refuses the connection
	FaultSlow       = "slow"        // answers after 20 seconds
)

// Received is a request that the server received.
type Received struct {
	model.Request
	Status int
	Write  bool
}

// EditCase is an edit to try.
type EditCase struct {
	Name string
	Kind model.EditKind
	// Edit returns key and target for a conversation that was loaded with what the
	// edit needs; ok is false if the conversation does not suit. For a create, c is
	// the zero value.
	Edit func(b *Bench, c model.Conversation) (key string, target model.Value, ok bool)
	// Requests is the number of requests that Apply makes, reads included.
	Requests int
	// Exists says that the service refuses the create and names an existing
	// conversation.
	Exists bool
}

// MixedCase is a set of edits of one conversation.
type MixedCase struct {
	Name string
	// Edits returns them in a wrong order; ok is false if the conversation does not
	// suit.
	Edits    func(b *Bench, c model.Conversation) (edits []model.Edit, ok bool)
	Requests int
	// Prepare, if not nil, changes the server first on behalf of somebody else.
	Prepare func(b *Bench)
	// First and Last are the indexes of two edits, the first of which must be in
	// effect before the last; -1 for none. Guards says that the last must not be
	// sent if the first is refused, because it widens what that would have narrowed.
	First, Last int
	Guards      bool
}

// LookupCase is a directory.
type LookupCase struct {
	Kind  model.LookupKind
	Scope func(b *Bench) string // nil for none
	// IDs returns all ids of the directory; nil if they are not known.
	IDs func(b *Bench) []string
	// Search returns a text that must find an entry. ByID says that the entry's id
	// must find it too.
	Search func(p model.Participant) string
	ByID   bool
	// None says that the service has no such directory, so that lookups must find
	// nobody and send nothing.
	None bool
}

// SilentCase is a way for a service to leave a set out of its answers.
type SilentCase struct {
	Name string
	Kind model.EditKind // EditContacts or EditParticipants
	Turn func(b *Bench, id string)
}

// Lesson is a refusal that rules out some kinds of edits for the run.
type Lesson struct {
	Name string
	Turn func(b *Bench)
	// Try is the name of the EditCase that is refused.
	Try string
	// Kinds can no longer be edited afterwards, in any conversation or, with Row, in
	// the one of the refused edit.
	Kinds []model.EditKind
	Row   bool
	// Requests is the number of requests of the first try; later ones make none.
	Requests int
	// Err is the kind of error of the first try.
	Err model.ErrorKind
}

// Quirk is another reading of a service's documentation. An account must cope or
// return an error; the suite checks that nothing it returns is wrong.
type Quirk struct {
	Name string
	// Turn turns the quirk on, before any request.
	Turn func(b *Bench)
	// Writes says that every EditCase is tried, too.
	Writes bool
	// SyncErr is the kind of error that a full walk must return, "" if it must
	// succeed. LoadErr returns the same for loading a conversation; nil means "".
	SyncErr model.ErrorKind
	LoadErr func(b *Bench, id string) model.ErrorKind
	// LoadMay is another kind of error that a load may return.
	LoadMay model.ErrorKind
	// Incomplete says that a walk can't list everything. It must not say that it is
	// complete, and may return a malformed error.
	Incomplete bool
	// Hidden reports whether the service hides a conversation; nil if it hides none.
	Hidden func(b *Bench, id string) bool
	// Blind says why an account can't know that the sets of a conversation are
	// wrong. If it is "", sets must be right or unknown.
	Blind string
	// Check, if not nil, is called with a new account on a stand-in with the quirk.
	Check func(t *testing.T, b *Bench)
}

// Budget says how many requests things cost.
type Budget struct {
	// FirstSync is a full walk right after the start, Walk is a later one.
	FirstSync, Walk int
	// Refresh is a read of the head of the list without news.
	Refresh int
	// Open opens a conversation with its people and messages; Reopen does so
	// again; Fresh is the read before an edit of the title is sent.
	Open, Reopen, Fresh int
}

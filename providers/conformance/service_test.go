package conformance

import (
	"net/http"
	"testing"

	"confab/model"
)

// Service is what the suite needs to know of one service and its adapter.
type Service struct {
	// Provider is the name of the provider. Its documented calls are those of
	// testdata/facts, in the file of that name.
	Provider string
	// Folder is that of the adapter, whose leftout.txt says what is left out.
	Folder string
	// Header carries the credential; "" is Authorization.
	Header string
	// Open makes a stand-in and opens an account on it, both fresh. Nothing of
	// it may outlive the test.
	Open func(t testing.TB, o Options) Standin
	// IsWrite tells whether a request means to change something; path is
	// escaped and below the host.
	IsWrite func(method, path string) bool

	// Engine opens an engine with nothing in it on the account of a bench.
	Engine func(t testing.TB, b *Bench) Engine

	// Sizes are the parameters that say how long a page is.
	Sizes []string
	// Several is a number of conversations that takes at least three pages.
	Several int
	// Edits has a case for every kind that an account declares.
	Edits []EditCase
	// Mixed are several edits of one conversation at once.
	Mixed []MixedCase
	// EmptyLists are bodies that the service may send for a list of none.
	EmptyLists []string
	// Stored names the fields of Standin.State that an edit of a kind may
	// change.
	Stored map[model.EditKind][]string

	Lookups []LookupCase
	// Silent turns a stand-in into one that does not say what a set holds,
	// for one conversation; absent sets must stay unknown.
	Silent []SilentCase
	// IgnoreCreate and IgnoreDelete let the stand-in accept a create, or a
	// delete or archiving, and do nothing; nil where the service has neither.
	IgnoreCreate, IgnoreDelete func(b *Bench)
	// ByHand lets somebody else create a conversation as asked for, nil where
	// nothing can be created.
	ByHand func(b *Bench, n model.NewConversation)
	// Lessons are refusals that an account must learn from.
	Lessons []Lesson
	// Elsewhere are ends of paths that the account reads in another way where
	// the service does not have them.
	Elsewhere []string
	// Quirks are the readings of the service's documentation that its stand-in
	// can take beside the default one.
	Quirks []Quirk

	Budget Budget
	// BudgetSize is the number of conversations that Budget was counted with.
	BudgetSize int
}

// Options is how a stand-in and its account are opened.
type Options struct {
	// Conversations is how many the stand-in holds.
	Conversations int
	ReadOnly      bool
	// Wrap is laid round the stand-in's transport; never nil.
	Wrap  func(http.RoundTripper) http.RoundTripper
	Pacer model.Pacer
	// Credential gives the source of the credential that the stand-in takes, of
	// which the account then lives alone; nil is one that never changes.
	Credential func(secret string) model.CredentialSource
	// Log takes the lines that the account logs; never nil.
	Log func(format string, args ...any)
}

// Standin is a stand-in server with an account that speaks to it. The
// functions look at the server itself, never through the account.
type Standin struct {
	Account model.Provider
	// Secrets are the texts that must never be seen.
	Secrets []string
	// IDs lists the conversations.
	IDs func() []string
	// State is all that is stored of a conversation, but for times of change,
	// as plain JSON data; nil where it is gone.
	State func(id string) map[string]any
	// Field is what the server holds for a field, in the words of the model.
	Field func(id string, kind model.EditKind, key string) model.Value
	// Retitle is somebody else's change of a title.
	Retitle func(id, title string)
	// Remove is somebody else's removal of a conversation.
	Remove func(id string)
	// Insert lets somebody else disturb the list, by a new conversation or a
	// changed one, as the service can.
	Insert func()
	Revoke func()
	// AnswerNext answers the next n requests with a status, in the service's
	// own shape, and does nothing.
	AnswerNext func(status, n int)
	// Fault makes the next n requests meet a fault: one of the names below.
	Fault   func(name string, n int)
	Offline func(down bool)
	// Log are the requests as the server received them since ResetLog.
	Log      func() []Received
	ResetLog func()
	// Server is for the caller's own functions.
	Server any
}

// Names of the faults that a stand-in produces.
const (
	FaultRate       = "429"         // with Retry-After: 2
	FaultRateDate   = "429-date"    // with a date two to three seconds ahead
	FaultPage       = "500-html"    // a web page
	FaultDropAfter  = "drop-after"  // does a write, then loses the connection
	FaultDropBefore = "drop-before" // refuses the connection
	FaultSlow       = "slow"        // answers after 20 seconds
)

// Received is one request as the server saw it.
type Received struct {
	model.Request
	Status int
	Write  bool
}

// EditCase is one edit to try.
type EditCase struct {
	Name string
	Kind model.EditKind
	// Edit gives key and target for a conversation that was loaded with what
	// the edit needs; ok is false where the conversation does not suit. For a
	// create, c is the zero value.
	Edit func(b *Bench, c model.Conversation) (key string, target model.Value, ok bool)
	// Requests is how many requests Apply makes, reads included.
	Requests int
	// Exists says that the service refuses the create, naming a conversation
	// that is there.
	Exists bool
}

// MixedCase is several edits of one conversation.
type MixedCase struct {
	Name string
	// Edits gives them in an order that is not the right one; ok is false
	// where the conversation does not suit.
	Edits    func(b *Bench, c model.Conversation) (edits []model.Edit, ok bool)
	Requests int
	// Prepare changes the server first, as somebody else would; nil for no need.
	Prepare func(b *Bench)
	// First and Last are indexes of edits of which the first must be in effect
	// before the last; -1 for none. Guards says that the last is not sent where
	// the first is refused: it widens what the first would have narrowed.
	First, Last int
	Guards      bool
}

// LookupCase is one directory.
type LookupCase struct {
	Kind  model.LookupKind
	Scope func(b *Bench) string // nil for none
	// IDs are all ids of the directory; nil where they are not known.
	IDs func(b *Bench) []string
	// Search gives a text that must find an entry, made from the entry; ByID
	// says that its id finds it too.
	Search func(p model.Participant) string
	ByID   bool
	// None says that the service has no such directory, only its members:
	// nobody is found, whatever is asked for, and nothing is sent.
	None bool
}

// SilentCase is a way for a set to be left out of an answer.
type SilentCase struct {
	Name string
	Kind model.EditKind // EditContacts or EditParticipants
	Turn func(b *Bench, id string)
}

// Lesson is a refusal that rules kinds of edits out for the run.
type Lesson struct {
	Name string
	Turn func(b *Bench)
	// Try names the EditCase that meets the refusal.
	Try string
	// Kinds can no longer be edited after it, anywhere; where Row is set, in
	// that conversation alone.
	Kinds []model.EditKind
	Row   bool
	// Requests is how many requests the first try makes; later ones make none.
	Requests int
	// Kind is the kind of the error of the first try.
	Err model.ErrorKind
}

// Quirk is one other reading of a service's documentation. An account must
// cope or give an error: the suite checks that nothing it says is wrong.
type Quirk struct {
	Name string
	// Turn is called before anything is asked.
	Turn func(b *Bench)
	// Writes lets every EditCase be tried too.
	Writes bool
	// SyncErr is the kind of error that a full walk must end with, "" where it
	// must succeed; LoadErr gives that of loading a conversation, nil is "".
	SyncErr model.ErrorKind
	LoadErr func(b *Bench, id string) model.ErrorKind
	// LoadMay is a kind of error that a load may end with, too.
	LoadMay model.ErrorKind
	// Incomplete says that a walk cannot bring everything: it must not claim
	// to be complete, and may call the list malformed.
	Incomplete bool
	// Hidden are conversations that the service does not show; nil for none.
	Hidden func(b *Bench, id string) bool
	// Blind says why no account can tell the sets of a conversation right, ""
	// where they must be right or unknown.
	Blind string
	// Check, if set, is called with a fresh account on which the quirk is on.
	Check func(t *testing.T, b *Bench)
}

// Budget is how many requests things cost.
type Budget struct {
	// FirstSync is a full walk right after the start, Walk another one.
	FirstSync, Walk int
	// Refresh is a head with nothing new.
	Refresh int
	// Open is opening a conversation with its people and messages; Reopen is
	// doing so again; Fresh is what an edit of the title reads before sending.
	Open, Reopen, Fresh int
}

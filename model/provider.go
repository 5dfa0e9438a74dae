package model

import (
	"context"
	"time"
)

// Provider is the contract of an adapter: one account of one service. All methods may be called from several goroutines;
// each obeys its context, returns *Error, and never has a credential in an error. Reads may be repeated by the adapter; a
// write is sent once (a replay after a 401 that refreshed the credential or swapped its form counts as that once).
type Provider interface {
	// Describe returns fixed data about the account and its service.
	Describe() Description

	// Capabilities says what can be edited in a conversation, one entry for every kind, without I/O. Read-only accounts are
	// the engine's matter. What a 403, 404 or 405 taught about the account lasts for the run.
	Capabilities(c Conversation) Capabilities

	// Sync walks the list of conversations and emits it page by page. What is emitted belongs to the receiver, who may still
	// be storing it while the next page is read. Where emit returns false, Sync stops without error.
	Sync(ctx context.Context, req SyncRequest, emit func(Batch) (more bool, err error)) (SyncResult, error)

	// Load reads one conversation afresh, at least with what need names. A set that need names and the service did not
	// deliver is left unknown.
	Load(ctx context.Context, id string, need Need) (Detail, error)

	// Lookup searches a directory of the service for a picker.
	Lookup(ctx context.Context, req LookupRequest) (LookupPage, error)

	// Check tests the account live, for doctor: credential, rights, reach.
	Check(ctx context.Context) []CheckResult

	// Link returns a URL to open: the web page (no request) or a recording (fetched now; never stored or logged).
	Link(ctx context.Context, c Conversation, kind LinkKind) (string, error)

	// Needs says what must be loaded before edits of these kinds can be planned and compared, without I/O.
	Needs(kinds ...EditKind) Need

	// Requests returns exactly what Apply would send for edits of one conversation, without a credential and without I/O,
	// also for a read-only account.
	Requests(fresh Conversation, edits []Edit) ([]Request, error)

	// Apply sends the fewest requests that make the edits of one conversation, narrowing visibility first and widening last,
	// and returns one outcome per edit, in their order. An edit that is not supported fails with Unsupported and sends
	// nothing. fresh has just been loaded with Needs of the edits; for a create it is zero.
	Apply(ctx context.Context, fresh Conversation, edits []Edit) []Outcome
}

// Creator is what a Provider has too where its service can create conversations.
type Creator interface {
	// Newest lists the head of the list in which a create of n would show itself. It is asked right before a create is first
	// sent.
	Newest(ctx context.Context, n NewConversation) (Newest, error)

	// Find looks, after a lost answer, for what the create of e made. known is what Newest gave right before e was first
	// sent: one of those is not it. No time of this machine is compared with one of the service.
	Find(ctx context.Context, e Edit, known []string) (FoundCreates, error)
}

// Need names what a Load must bring beyond the plain conversation.
type Need uint8

// What can be asked for; combine with |.
const (
	NeedParticipants Need = 1 << iota
	NeedContacts
	NeedMessages
	// NeedEverything also brings what costs extra or is large: all expansions.
	NeedEverything
)

// Has reports whether all of m is asked for.
func (n Need) Has(m Need) bool { return n&m == m }

// Description is fixed data about one account.
type Description struct {
	Provider string // the name in the config file
	Name     string // the service's name for people: "AskElephant"
	Account  string
	BaseURL  string
	// Identity is provider + base URL + workspace, or the user where what is seen depends on who signed in; stored rows carry
	// it. Under Formerly, if it is set, rows may have been stored before the user was known.
	Identity, Formerly string
	ReadOnly           bool

	// What may be chosen, in order of display; empty where the service has none.
	Roles               []string
	DefaultRole         string // the role of an added participant where none is chosen
	AccessValues        []string
	ParticipantStatuses []string
	DefaultStatus       string // the status of an added participant where none is chosen
	DefaultRoleValues   []string

	People          []LookupKind // the directories from which participants are added
	EmptyTitle      bool         // a conversation may be renamed to nothing
	NewNeedsSpace   bool         // a create must name a space
	NewTakesChannel bool         // a create may name a channel

	Audience   Audiences // who can see a conversation, see Seen
	NewPrivacy Privacy   // of a new conversation for which nothing was chosen
	NewAccess  string
	Domains    []string // the mail domains that are ours; where there are none, that of a conversation's owner is
	// Effects says what else comes of an edit, by its kind and target: "default_role:editor". Sentences say "assumed"
	// where the vendor does not tell.
	Effects map[string]string

	Filters     []FilterRule  // by what that can't be edited the service can narrow its list without leaving out a match
	Incremental bool          // a refresh sees every change; otherwise a sweep is needed
	MinRefresh  time.Duration // the shortest time between two polls
}

// SyncMode says how much of a list to read.
type SyncMode int

// The modes of Sync.
const (
	// SyncHead reads the newest part, until emit says stop, or everything since the cursor's checkpoint where the service can.
	SyncHead SyncMode = iota
	// SyncFull walks the whole list, resuming at the cursor if it is one of an unfinished walk.
	SyncFull
)

// SyncRequest says what Sync is to read.
type SyncRequest struct {
	Mode   SyncMode
	Cursor string    // what an earlier Batch or SyncResult gave, opaque outside the adapter; "" at the start
	Since  time.Time // how far back to list, where the service can; zero is everything
	// Filter narrows the list; it holds only what Description.Filters names. A walk that is narrowed proves no deletion,
	// whatever its result says.
	Filter Filter
}

// Batch is one page of a list. Cursor, if set, lets a later Sync in the same mode go on after this page.
type Batch struct {
	Conversations []Conversation
	Cursor        string
	Total         int // the service's count of the whole list; -1 where it gives none
	// Names says that the rows have come before in this run: of these only what people and spaces are called counts. It is no
	// page of the list, and whether emit wants more is not asked.
	Names bool
}

// SyncResult ends a Sync.
type SyncResult struct {
	// Cursor is for the next Sync in the same mode; after a complete SyncFull it is where the next SyncHead starts, "" for anew.
	Cursor string
	// Complete says that every page was read, without error, without being stopped, and without a row that could not be read:
	// what was not met may be deleted.
	Complete bool
}

// LookupKind names a directory of a service.
type LookupKind string

// The directories.
const (
	LookupUsers    LookupKind = "user"
	LookupContacts LookupKind = "contact"
	LookupGroups   LookupKind = "group"
	LookupFlows    LookupKind = "flow"
	LookupSpaces   LookupKind = "space"
	LookupChannels LookupKind = "channel"
	LookupTeams    LookupKind = "team"
	LookupLabels   LookupKind = "label"
	LookupTags     LookupKind = "tag"
	LookupCompany  LookupKind = "company"
)

// LookupRequest asks a directory. Text "" lists from the start; a text that is an id, an e-mail address or a Bird
// identifier finds exactly that where the service can.
type LookupRequest struct {
	Kind   LookupKind
	Text   string
	Scope  string // a space id, where the directory is per space
	Cursor string
	Limit  int // at most; 0 leaves it to the adapter
}

// LookupPage is one page of a directory; Cursor is "" at the end. An unknown kind is answered with an Unsupported error.
type LookupPage struct {
	Items  []Participant
	Cursor string
}

// LinkKind says which URL is wanted.
type LinkKind int

// The links.
const (
	LinkWeb LinkKind = iota
	LinkRecording
)

// CheckList is the name of the check that every provider has: whether the list of conversations can be read.
const CheckList = "conversations"

// CheckResult is one line of doctor.
type CheckResult struct {
	Name   string    `json:"name"`
	OK     bool      `json:"ok"`
	Detail string    `json:"detail"`
	Kind   ErrorKind `json:"kind,omitempty"` // of the error where the check failed with one
}

// FailedCheck is the line of a check that ended with an error.
func FailedCheck(name string, err error) CheckResult {
	return CheckResult{Name: name, Detail: Words(err), Kind: KindOf(err)}
}

// Request is one HTTP request as it would be sent, without a credential, its Path and Query escaped.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`
	Body   []byte `json:"-"`
}

// Outcome is what became of one edit.
type Outcome struct {
	// After is what the service shows after the write where its answer said so for the edited field, else nil: the caller
	// then reads again.
	After *Conversation
	Err   error // nil where the service accepted
	// Created is the id of the new conversation, for a create; the caller reads it back. One that the service refuses because
	// it exists already fails with ConflictKind and, where the service names it, its id in Error.Existing.
	Created string
}

// Pacer spaces the requests of one account: Wait returns when the next may be sent.
type Pacer interface {
	Wait(ctx context.Context) error
}

// CredentialSource gives a credential. Reject tells it which one the service refused, so that the next Get asks again.
type CredentialSource interface {
	Get(ctx context.Context) (string, error)
	Reject(refused string)
}

package model

import (
	"context"
	"regexp"
	"slices"
	"time"
)

// Provider is the contract of an adapter: one account of one service. Its methods may be called from several goroutines. Each
// obeys its context, returns errors of type *Error, and never puts a credential into an error. An adapter may repeat a read,
// but sends a write once. A replay after a 401 that led to a refreshed credential, or to another form of it, is no repetition.
type Provider interface {
	// Describe returns the fixed data of the account and its service.
	Describe() Description

	// Capabilities says what can be edited in a conversation, with one entry for every kind. It does no I/O and ignores whether
	// the account is read-only, which the engine enforces. What a 403, 404 or 405 revealed about the account is remembered until
	// the program ends.
	Capabilities(c Conversation) Capabilities

	// Sync reads the list of conversations and calls emit for each page. Emitted values belong to the receiver, who may still be
	// storing them while Sync reads the next page. If emit returns false, Sync stops without an error.
	Sync(ctx context.Context, req SyncRequest, emit func(Batch) (more bool, err error)) (SyncResult, error)

	// Load reads one conversation from the service, including everything in need. A set that is in need but not delivered by the
	// service stays unknown.
	Load(ctx context.Context, id string, need Need) (Detail, error)

	// Lookup searches a directory of the service for a picker.
	Lookup(ctx context.Context, req LookupRequest) (LookupPage, error)

	// Check tests the account live, for doctor: credential, rights, reach.
	Check(ctx context.Context) []CheckResult

	// Link returns a URL to open. The one of the web page needs no request; the one of a recording is fetched from the service
	// and must never be stored or logged.
	Link(ctx context.Context, c Conversation, kind LinkKind) (string, error)

	// Needs returns what must be loaded before edits of these kinds can be planned and compared. It does no I/O.
	Needs(kinds ...EditKind) Need

	// Requests returns exactly what Apply would send for edits of one conversation, without credentials. It does no I/O, and
	// works for a read-only account too.
	Requests(fresh Conversation, edits []Edit) ([]Request, error)

	// Apply makes the edits of one conversation with the fewest requests, narrowing visibility first and widening it last. It
	// returns one outcome for each edit, in the order of edits. An edit that is not supported sends nothing and fails with
	// Unsupported. fresh was just loaded with Needs of the edits; for a create it is zero. No two of the edits are of one field.
	Apply(ctx context.Context, fresh Conversation, edits []Edit) []Outcome
}

// Creator is implemented by a Provider whose service can create conversations.
type Creator interface {
	// Newest returns the beginning of the list in which a conversation created from n would appear. It is called right before a
	// create is sent for the first time.
	Newest(ctx context.Context, n NewConversation) (Newest, error)

	// Find searches for the conversation that the create e may have made, after its answer was lost. known are the IDs that
	// Newest returned right before e was first sent, so the conversation is not among them. Find never compares this machine's
	// clock with the service's.
	Find(ctx context.Context, e Edit, known []string) (FoundCreates, error)
}

// Newest is the beginning of a list that is sorted by creation, newest first.
type Newest struct {
	IDs []string
	// Sure says that the list was in that order and complete. If a later list reaches one of IDs, it then holds everything that
	// was created since.
	Sure bool
}

// FoundCreates is the result of searching for a conversation whose create was sent and not answered.
type FoundCreates struct {
	// Same are the new conversations that equal what was asked for in every point: place, title, people, creator, first
	// message. Each was just read whole.
	Same   []Conversation
	Marked bool     // the conversation in Same carries a mark that only this edit sets
	Alike  []string // the ids of all new conversations with that title in that place
	Sure   bool     // every conversation created since was examined
}

// Need is what a Load must include beyond the plain conversation.
type Need uint8

// What can be needed; combine them with |.
const (
	NeedParticipants Need = 1 << iota
	NeedContacts
	NeedMessages
	NeedEverything // all expansions, including those that are large or cost extra requests
)

// Has reports whether all of m is needed.
func (n Need) Has(m Need) bool { return n&m == m }

// Description is the fixed data of one account.
type Description struct {
	Provider string // the name in the config file
	Name     string // the service's name for people: "AskElephant"
	Account  string
	BaseURL  string
	// Identity is provider, base URL and workspace; or the user in place of the workspace, if the user determines what is seen.
	// It is stored with every row. Formerly, if set, is an identity under which rows may have been stored before the user was
	// known.
	Identity, Formerly string
	ReadOnly           bool

	// The values to choose from, in display order; empty if the service has none.
	Roles               []string
	DefaultRole         string // for an added participant, if none is chosen
	AccessValues        []string
	ParticipantStatuses []string
	DefaultStatus       string // for an added participant, if none is chosen
	DefaultRoleValues   []string

	People          []LookupKind // the directories from which participants are added
	EmptyTitle      bool         // a title may be empty
	NewNeedsSpace   bool         // a create must name a space
	NewTakesChannel bool         // a create may name a channel

	Audience   Audiences // who can see a conversation, see AudienceOf
	NewPrivacy Privacy   // of a new conversation, if none is chosen
	NewAccess  string    // likewise
	Domains    []string  // our mail domains; if empty, the domain of a conversation's owner is ours
	// Effects says what else an edit brings about, by kind and target, such as "default_role:editor". A sentence says "assumed" if
	// the vendor does not document it.
	Effects map[string]string

	Filters     FilterRules   // how the service can narrow its list; never by a field that can be edited
	Incremental bool          // a refresh sees every change, so no sweep is needed
	MinRefresh  time.Duration // the shortest time between two polls
}

// SyncMode says how much of a list to read.
type SyncMode int

// The modes of Sync.
const (
	// SyncHead reads the newest part of the list, until emit returns false; or, if the service can, everything since the cursor.
	SyncHead SyncMode = iota
	// SyncFull reads the whole list. Given the cursor of an unfinished walk, it resumes there.
	SyncFull
)

// SyncRequest says what Sync is to read.
type SyncRequest struct {
	Mode   SyncMode
	Cursor string    // from an earlier Batch or SyncResult, opaque outside the adapter; "" to start
	Since  time.Time // how far back to list, if the service supports it; zero for everything
	// Filter narrows the list. It holds only what Description.Filters covers. A conversation that a narrowed walk does not
	// contain is not deleted, even if the walk is complete.
	Filter Filter
}

// Batch is one page of a list. A later Sync in the same mode can continue after the page if Cursor is set.
type Batch struct {
	Conversations []Conversation
	Cursor        string
	Total         int // the service's count of the whole list; -1 if it gives none
	// Names marks a batch of conversations that were emitted before in this run, of which only the names of people and spaces may
	// be used. Such a batch is no page of the list, and what emit returns for it is ignored.
	Names bool
}

// SyncResult is the result of a Sync.
type SyncResult struct {
	// Cursor is for the next Sync in the same mode; after a complete SyncFull it is for the next SyncHead. "" starts anew.
	Cursor string
	// Complete says that the walk was not stopped and that every page and every row of it was read without error. A conversation
	// that it did not contain may then be deleted.
	Complete bool
}

// LookupKind is a directory of a service.
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

// LookupRequest searches a directory. An empty Text lists it from the start. A Text that is an id, an e-mail address or a Bird
// identifier finds exactly that entry, if the service supports it.
type LookupRequest struct {
	Kind   LookupKind
	Text   string
	Scope  string // a space id, if each space has a directory of its own
	Cursor string
	Limit  int // the most items; 0 leaves it to the adapter
}

// LookupPage is one page of a directory; Cursor is "" at the end. For an unknown kind Lookup fails with Unsupported.
type LookupPage struct {
	Items  []Participant
	Cursor string
}

// LinkKind says what a link leads to.
type LinkKind int

// The links.
const (
	LinkWeb LinkKind = iota
	LinkRecording
)

// CheckList is the name of the check that every provider makes: whether the list of conversations can be read.
const CheckList = "conversations"

// CheckResult is one line of doctor.
type CheckResult struct {
	Name   string    `json:"name"`
	OK     bool      `json:"ok"`
	Detail string    `json:"detail"`
	Kind   ErrorKind `json:"kind,omitempty"` // of the error with which the check failed
}

// FailedCheck returns the result of a check that failed with an error.
func FailedCheck(name string, err error) CheckResult {
	return CheckResult{Name: name, Detail: Words(err), Kind: KindOf(err)}
}

// Request is an HTTP request as it would be sent, but without a credential. Path and Query are escaped.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`
	Body   []byte `json:"-"`
}

// Outcome is the result of sending one edit.
type Outcome struct {
	// After is the conversation after the write, if the answer shows the target of the edit. Otherwise it is nil, and the caller
	// reads the conversation.
	After *Conversation
	Err   error // nil if the service accepted the edit
	// Created is the id of a created conversation, which the caller then reads. A create that the service refuses because the
	// conversation exists fails with ConflictKind and, if the service names the conversation, its id in Error.Existing.
	Created string
}

// Pacer spaces the requests of one account. Wait returns when the next one may be sent.
type Pacer interface {
	Wait(ctx context.Context) error
}

// CredentialSource returns a credential. Reject reports a credential that the service refused, so that the next Get fetches it
// again.
type CredentialSource interface {
	Get(ctx context.Context) (string, error)
	Reject(refused string)
}

// SignIn is a sign-in of one account in the browser.
type SignIn interface {
	// Redirect returns the address on this machine to which the browser returns, as registered with the service.
	Redirect() string
	// Page returns the address of the page where the person agrees. The browser returns with a code and the given state.
	Page(state string) string
	// Finish exchanges the code for tokens, stores them, and returns who signed in, or "" if the service does not say.
	Finish(ctx context.Context, code string) (who string, err error)
}

// CapabilityState says whether an edit can be made.
type CapabilityState string

// The states of a capability.
const (
	CapabilityYes     CapabilityState = "yes"
	CapabilityAssumed CapabilityState = "assumed" // see AssumedMeans
	CapabilityNo      CapabilityState = "no"
)

// AssumedMeans explains CapabilityAssumed to a person.
const AssumedMeans = `"assumed" means that the vendor does not document the call, or not all of it: confab sends it and checks the answer.`

// Capability says whether one kind of edit can be made to one conversation, and why.
type Capability struct {
	State  CapabilityState `json:"state"`
	Reason string          `json:"reason"`
}

// CapabilityRow says whether a service can make a kind of edit, whatever the account.
type CapabilityRow struct {
	Kind   EditKind
	State  CapabilityState
	Call   string // the request that makes the edit; "" if there is none
	Reason string
	Whole  bool // the set must be loaded before it is edited, because a row of the list may lack it
}

// Can reports whether the edit may be tried.
func (c Capability) Can() bool { return c.State == CapabilityYes || c.State == CapabilityAssumed }

// Capabilities holds one entry for every EditKind.
type Capabilities map[EditKind]Capability

// Of returns the capability for a kind of edit; a kind without an entry can't be made.
func (c Capabilities) Of(k EditKind) Capability {
	if v, ok := c[k]; ok {
		return v
	}
	return Capability{State: CapabilityNo, Reason: "the service can't do this"}
}

// Filter is the part of a query that a service can evaluate. Every match fulfils it, but not everything that fulfils it is a
// match, so the rows that a service returns must still be matched.
type Filter struct {
	Kind, Status         []string  // folded words; the whole kind or status of a match is one of them, or any if there are none
	Owner, Team, Company []string  // texts as typed; folded, each is contained in the id or name that the match has there
	External             bool      // a match is known to include people from outside
	CreatedFrom          time.Time // a match was created then or later; zero is no limit
	UpdatedFrom          time.Time // a match was last changed then or later; zero is no limit
	UpdatedTo            time.Time // a match was last changed before; zero is no limit
}

// FilterRules says by which parts of a Filter a service can narrow its list: kind, status, owner, team, company, external,
// created, updated. The expression of a part matches the values that the service is known to compare as a query does, such as
// the words of a closed vocabulary or whole ids. Other values are not sent.
type FilterRules map[string]*regexp.Regexp

// Only returns the part of the filter that the rules cover. Kind and Status are kept only if the rules match all their words,
// since a match may have any of them. Of Owner, Team and Company the first text that matches is enough.
func (f Filter) Only(rules FilterRules) (out Filter) {
	all := func(part string, words []string) []string {
		if r := rules[part]; r == nil || slices.ContainsFunc(words, func(w string) bool { return !r.MatchString(w) }) {
			return nil
		}
		return words
	}
	first := func(part string, texts []string) []string {
		r := rules[part]
		if i := slices.IndexFunc(texts, func(t string) bool { return r != nil && r.MatchString(t) }); i >= 0 {
			return texts[i : i+1]
		}
		return nil
	}
	out.Kind, out.Status = all("kind", f.Kind), all("status", f.Status)
	out.Owner, out.Team, out.Company = first("owner", f.Owner), first("team", f.Team), first("company", f.Company)
	out.External = f.External && rules["external"] != nil
	if rules["created"] != nil {
		out.CreatedFrom = f.CreatedFrom
	}
	if rules["updated"] != nil {
		out.UpdatedFrom, out.UpdatedTo = f.UpdatedFrom, f.UpdatedTo
	}
	return out
}

// IsZero reports whether the filter is empty, so that everything fulfils it.
func (f Filter) IsZero() bool {
	return len(f.Kind)+len(f.Status)+len(f.Owner)+len(f.Team)+len(f.Company) == 0 &&
		!f.External && f.CreatedFrom.IsZero() && f.UpdatedFrom.IsZero() && f.UpdatedTo.IsZero()
}

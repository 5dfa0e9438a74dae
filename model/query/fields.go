package query

import "slices"

// The fields of the language. A term without a field is a word.
const (
	FieldAccount  = "account"
	FieldProvider = "provider"
	FieldTitle    = "title"
	FieldWith     = "with"
	FieldOwner    = "owner"
	FieldTeam     = "team"
	FieldSpace    = "space"
	FieldChannel  = "channel"
	FieldCompany  = "company"
	FieldRole     = "role"
	FieldStatus   = "status"
	FieldKind     = "kind"
	FieldLabel    = "label"
	FieldID       = "id"
	FieldIs       = "is"
	FieldHas      = "has"
	FieldUpdated  = "updated"
	FieldCreated  = "created"
	fieldSort     = "sort"
)

// The words of is:.
const (
	IsPrivate  = "private"
	IsPublic   = "public"
	IsOpen     = "open"
	IsClosed   = "closed"
	IsArchived = "archived"
	IsInternal = "internal"
	IsExternal = "external"
	IsDone     = "done"
	IsSnoozed  = "snoozed"
	IsPinned   = "pinned"
	IsUnseen   = "unseen"
	IsPending  = "pending"
	IsFailed   = "failed"
	IsConflict = "conflict"
	IsEmpty    = "empty"
	IsAny      = "any"
)

// The words of has:.
const (
	HasContacts   = "contacts"
	HasMessages   = "messages"
	HasRecording  = "recording"
	HasTranscript = "transcript"
)

// The words of sort:.
const (
	SortUpdated  = "updated"
	SortCreated  = "created"
	SortTitle    = "title"
	SortDuration = "duration"
	SortProvider = "provider"
)

// Word is a word of the language with what it means.
type Word struct{ Name, Help string }

// Fields lists the fields in the order of display; sort is among them.
func Fields() []Word {
	return []Word{
		{FieldIs, "a state: private, open, done …"},
		{FieldWith, "a participant's name, e-mail or id"},
		{FieldTitle, "in the title"},
		{FieldAccount, "one account of the config"},
		{FieldProvider, "one service"},
		{FieldLabel, "a label, or NAME=VALUE"},
		{FieldOwner, "the owner's name, e-mail or id"},
		{FieldStatus, "the service's own word"},
		{FieldKind, "call, email, meeting …"},
		{FieldHas, "contacts, messages, recording, transcript"},
		{FieldUpdated, "last change: <7d, >2026-01-31, 2026-01..2026-02"},
		{FieldCreated, "creation: <7d, >2026-01-31, 2026-01..2026-02"},
		{FieldTeam, "team name"},
		{FieldSpace, "space name"},
		{FieldChannel, "channel name"},
		{FieldCompany, "company name"},
		{FieldRole, "somebody has this role: editor, viewer …"},
		{FieldID, "the id or the whole ref"},
		{fieldSort, "the order; sort:-title reverses"},
	}
}

// IsWords lists what may follow is:.
func IsWords() []Word {
	return []Word{
		{IsPrivate, "private, or seen by participants only"},
		{IsPublic, "public"},
		{IsOpen, "neither closed nor archived"},
		{IsClosed, "closed"},
		{IsArchived, "archived"},
		{IsInternal, "people of the own company only"},
		{IsExternal, "with people from outside"},
		{IsDone, "marked done here"},
		{IsSnoozed, "snoozed here, and not due yet"},
		{IsPinned, "pinned here"},
		{IsUnseen, "not looked at since it changed"},
		{IsPending, "an edit is on its way, or held"},
		{IsFailed, "an edit was refused, unverified, or its outcome is unknown"},
		{IsConflict, "an edit met somebody else's change"},
		{IsEmpty, "nothing in it yet"},
		{IsAny, "everything, also what the inbox leaves out"},
	}
}

// HasWords lists what may follow has:.
func HasWords() []Word {
	return []Word{
		{HasContacts, "contacts are set"},
		{HasMessages, "messages or comments"},
		{HasRecording, "a recording"},
		{HasTranscript, "a transcript"},
	}
}

// SortWords lists what may follow sort:.
func SortWords() []Word {
	return []Word{
		{SortUpdated, "newest change first"},
		{SortCreated, "newest first"},
		{SortTitle, "A to Z"},
		{SortDuration, "longest first"},
		{SortProvider, "by service, then account"},
	}
}

// otherNames are what people call the fields elsewhere, for suggestions.
func otherNames(field string) string {
	switch field {
	case "from", "to", "who", "people", "person", "participant", "participants", "member", "contact", "email", "user":
		return FieldWith
	case "name", "subject":
		return FieldTitle
	case "tag", "tags", "labels":
		return FieldLabel
	case "state":
		return FieldStatus
	case "type", "platform":
		return FieldKind
	case "date", "after", "before", "newer", "older", "since":
		return FieldUpdated
	case "service":
		return FieldProvider
	case "in", "group":
		return FieldSpace
	case "ref":
		return FieldID
	case "order", "by":
		return fieldSort
	}
	return ""
}

func names(words []Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Name
	}
	return out
}

// services are the names of the providers, in the order used everywhere.
var services []string

// SetServices tells which providers there are, before the first query is read:
// a name that is nearly one of them is a slip. Any name matches all the same.
func SetServices(names []string) { services = slices.Clone(names) }

// closedWords gives the words a field may take, nil where it takes any text.
func closedWords(field string) []string {
	switch field {
	case FieldIs:
		return names(IsWords())
	case FieldHas:
		return names(HasWords())
	case FieldProvider:
		return services
	case fieldSort:
		return names(SortWords())
	}
	return nil
}

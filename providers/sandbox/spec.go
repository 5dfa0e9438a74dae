package sandbox

// spec is a service as its file in data/services describes it: what it is asked, what it refuses and in which words. In the
// texts of answers "{word}" stands for a word of the occasion, as in a record.
type spec struct {
	// Account is how a configuration calls it; Provider is the first path segment of the server, Path the base URL's path.
	Account, Provider, Path string
	// Settings are further settings of the account and words for its records. Key is the credential and Header where it stands,
	// for a service with one key that stays.
	Settings    map[string]string
	Key, Header string
	// Thing is what the service calls a conversation.
	Thing string
	// Root is the start of the paths that need a credential: without it they answer 401, with the sentence Denied, whether they
	// exist or not. One is what stands before the id of a conversation in the paths about it.
	Root, One, Denied string
	// Reads end the paths of a POST that changes nothing. Media are the content types of a JSON body, Answers that of an answer.
	Reads, Media []string
	Answers      string
	// Wrap is the key under which a body holds its only element; "" for a body that is the element.
	Wrap string
	// Updated is the member that holds the time of the last change, if there is one.
	Updated string
	// Switches say what each reading of the documentation means that can be turned; off is the default reading.
	Switches map[string]string
	Refuse   []guard
	Errors   []failure
	// Query are the parameters of the calls by name.
	Query map[string]*rule
	// Directories are the things beside the conversations by their kind, Shown the members of a conversation that hold ids of
	// them and show the things, Without the members that are left out while a switch is on.
	Directories map[string]*directory
	Shown       map[string]string
	Without     map[string][]string
	// Ids are those that count, by the kind; others are UUIDs.
	Ids map[string]*serial
	// List is a page of conversations, of Size rows unless the call says.
	List any
	Size int
	// Calls are the documented ones, by method ("ANY" for all) and path, in which "{name}" is any part.
	Calls    map[string]*call
	Contests []contest
}

// call is one documented call.
type call struct {
	// Do names what answers it; Of is the kind of things it is about, where those aren't conversations.
	Do, Of string
	// Query names the parameters it knows; Params are those that differ from the others of that name.
	Query  []string
	Params map[string]*rule
	// Body are the members of its JSON body; a call without them takes none. Free leaves query and body to what answers it.
	Body   map[string]*rule
	Free   bool
	Refuse []guard
	// Gone is a switch that lets it find a conversation that was deleted.
	Gone string
}

// guard refuses a call while a switch is on, or as often as the switch's number says; one with a query only where that parameter
// has a word in its list.
type guard struct {
	When, Query, Has    string
	Status              int
	Code, Detail, Allow string
}

// failure says how a refusal is answered. All of a service's failures that fit count, in their order.
type failure struct {
	// It fits a refusal of these statuses and this code, with or without a field, below a path, while a switch has a value, and
	// where the client doesn't accept a media type; what isn't given doesn't matter.
	On               []int
	Only, Path, When string
	Is               any
	Field            *bool
	Unaccepted       string
	// As is the status instead, Words are further ones for the Body, Drop is a header that is left out.
	As    int
	Words map[string]any
	Body  any
	Drop  string
}

// contest is how somebody else changes a conversation: to the next value of a cycle, by further members, to a text, or by what
// Do names. The first applies whose sign is in the path or the body of the request. {n} counts the changes, {was} is the value.
type contest struct {
	Sign, Field, Text, Do string
	Cycle                 []any
	Merge                 map[string]any
}

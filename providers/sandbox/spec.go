package sandbox

// spec is the description of a service, a file in data/services. In the texts of answers "{word}" stands for a word that depends
// on the request, as in a record.
type spec struct {
	// Account is the name of the account in a configuration; Provider is the first path segment of the server, Path the path of
	// the base URL.
	Account, Provider, Path string
	// Settings are further settings of the account; records may use them as words.
	Settings map[string]string
	// Key is the credential and Header the header that carries it, for a service with a single key that never changes.
	Key, Header string
	// Thing is the service's name for a conversation.
	Thing string
	// Root is the start of the paths that need a credential. Without one they answer 401 with the sentence Denied, whether or not
	// the path exists. One is what precedes the id of a conversation in a path.
	Root, One, Denied string
	// Reads lists the ends of the paths to which a POST changes nothing. Media lists the content types of a JSON body; Answers is
	// the content type of an answer.
	Reads, Media []string
	Answers      string
	// Wrap is the key under which a body holds an array with its only element; "" if the body is the element.
	Wrap string
	// Updated is the member that holds the time of the last change; "" for none.
	Updated string
	// Switches explains each switch, which selects another reading of the documentation than the default.
	Switches map[string]string
	Refuse   []guard
	Errors   []failure
	// Query has the parameters of all calls by name.
	Query map[string]*rule
	// Directories has the lists of other objects than conversations by kind. Shown maps members of a conversation that hold ids of
	// such objects, and show the objects themselves, to their kind. Without lists the members that a switch removes.
	Directories map[string]*directory
	Shown       map[string]string
	Without     map[string][]string
	// Ids describes serial ids by kind; the ids of other kinds are UUIDs.
	Ids map[string]*serial
	// List is the form of a page of conversations, which has Size rows.
	List any
	Size int
	// Calls has the documented calls by method ("ANY" for all) and path, in which "{name}" stands for any part.
	Calls    map[string]*call
	Contests []contest
}

// call is a documented call.
type call struct {
	// Do names its handler; Of is the kind of objects it is about, if those aren't conversations.
	Do, Of string
	// Query names its parameters; Params has those whose rule differs from the service's.
	Query  []string
	Params map[string]*rule
	// Body has the members of its JSON body; a call without any takes no body. Free leaves query and body to the handler.
	Body   map[string]*rule
	Free   bool
	Refuse []guard
	// Gone is a switch that lets the call find deleted conversations.
	Gone string
}

// guard refuses requests while a switch is on, or as many of them as the switch's number says. With Query, it refuses only
// requests in which the list of that parameter contains Has.
type guard struct {
	When, Query, Has    string
	Status              int
	Code, Detail, Allow string
}

// failure says how refusals are answered. All failures that fit a refusal apply, in their order.
type failure struct {
	// A failure fits refusals with one of the statuses On, the code Only and a path below Path, while the switch When has the
	// value Is (by default true), with or without a field as Field says, from clients that don't accept the media type
	// Unaccepted. Empty conditions always fit.
	On               []int
	Only, Path, When string
	Is               any
	Field            *bool
	Unaccepted       string
	// As replaces the status, Body is the form of the answer, Words are further words for it, Drop is a header to leave out.
	As    int
	Words map[string]any
	Body  any
	Drop  string
}

// contest says how somebody else changes a field of a conversation: to the next value of Cycle, by adding the members of Merge, to
// Text, or by the handler Do. The first contest applies whose Sign is in the path or the body of the request. {n} is the number of
// changes so far, {was} the old value.
type contest struct {
	Sign, Field, Text, Do string
	Cycle                 []any
	Merge                 map[string]any
}

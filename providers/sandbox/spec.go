package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spec is the description of a service, a file in data/services. In the texts of answers "{word}" stands for a word that depends
// on the request, as in a record.
type spec struct {
	// Account is the name of the account in a configuration; Provider is the first path segment of the server, Path the path of
	// the base URL.
	Account, Provider, Path string
	// Settings and Secrets are further settings of the account. Settings may use ids and switches as words, and records may use
	// settings.
	Settings, Secrets map[string]string
	// Key is the credential, unless it depends on the seed. Header carries it, by default Authorization, after one of the Schemes;
	// each has a switch that refuses it, or "".
	Key, Header string
	Schemes     map[string]string
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
	// Switches explains each switch, which selects another reading of the documentation than the default. Defaults has the values of
	// those that are off.
	Switches map[string]string
	Defaults map[string]any
	Refuse   []guard
	Errors   []failure
	// Query has the parameters of all calls by name.
	Query map[string]*rule
	// Directories has the lists of other objects than conversations by kind. Shown maps members of a conversation that hold ids of
	// such objects, and show the objects themselves, to their kind. Without lists the members that a switch removes.
	Directories map[string]*directory
	Shown       map[string]string
	Without     map[string][]string
	// Ids describes ids by kind; those of other kinds are UUIDs. Forms has what stands in records for an object of another kind, with
	// its members as words.
	Ids   map[string]*idForm
	Forms map[string]*struct {
		Of   string
		Form any
	}
	// List has the form of a page of conversations; the last one applies whose switch When is on. A page has Size rows.
	List []struct {
		When string
		Body any
	}
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
// Text, or by the handler Do. The first contest applies whose Sign is in the path or the body of the request; the Sign of the last is
// empty. {n} is the number of changes so far, {was} the old value.
type contest struct {
	Sign, Field, Text, Do string
	Cycle                 []any
	Merge                 map[string]any
}

// The methods of service that apply where a type doesn't override them.

func (s *server) greet(*exchange) {}

func (s *server) enter(*exchange) {}

func (s *server) blame(*exchange, map[string]any) {}

// idForm describes the ids of a kind: texts with a Prefix or, without one, numbers. They count from First in steps of Step, and from
// First + n*Seeded with the seed n. With ULID, a word that tells them from those of other kinds, they are ULIDs.
type idForm struct {
	Prefix, ULID        string
	First, Step, Seeded int64
}

// epoch is the time in the ULIDs of directory entries.
var epoch = time.Unix(1_767_225_600, 0)

// serial returns the position of a conversation's id, which grows with time: row 0 is the newest one of the file, and rows from
// conversations on were created later.
func (s *server) serial(row int) int {
	if row < s.conversations {
		return s.conversations - 1 - row
	}
	return row
}

// idOf returns the id of object n of a kind.
func (s *server) idOf(kind string, n int) any {
	form := s.Ids[kind]
	switch {
	case form == nil:
		return s.data.id(s.Provider+" "+kind, n)
	case form.ULID != "":
		at := epoch
		if kind == "conversation" {
			at = s.createdAt(n)
		}
		return form.Prefix + ulid(at, s.data.id(s.Provider+" "+form.ULID, n))
	case kind == "conversation":
		n = s.serial(n)
	}
	id := form.First + int64(s.data.seed%1000)*form.Seeded + int64(n)*form.Step
	if form.Prefix == "" {
		return id
	}
	return form.Prefix + strconv.FormatInt(id, 10)
}

// numberOf is the inverse of idOf. It doesn't find entries that were removed.
func (s *server) numberOf(kind, id string) (int, bool) {
	form := s.Ids[kind]
	switch {
	case form == nil:
		return s.data.number(s.Provider+" "+kind, id, s.parts.count(kind))
	case form.ULID != "":
		tail := strings.TrimPrefix(id, form.Prefix)
		n := s.data.decode(s.Provider+" "+form.ULID, tail[min(10, len(tail)):])
		return n, n < s.parts.count(kind) && s.idOf(kind, n) == id && !s.removed[thing{kind, n}]
	}
	first := form.First + int64(s.data.seed%1000)*form.Seeded
	n, err := strconv.ParseInt(strings.TrimPrefix(id, form.Prefix), 10, 64)
	i := int((n - first) / form.Step)
	if err != nil || n < first || i >= s.parts.count(kind) {
		return 0, false
	}
	if kind == "conversation" {
		i = s.serial(i)
	}
	return i, fmt.Sprint(s.idOf(kind, i)) == id
}

func (s *server) place(_ int, kind string, n int) any {
	if short := s.Forms[kind]; short != nil {
		if s.entries[thing{kind, n}] == nil {
			words := with(s.thing(short.Of, n), s.words(short.Of, n))
			s.entries[thing{kind, n}] = fill(short.Form, words).(map[string]any)
		}
		return s.entries[thing{kind, n}]
	}
	return s.idOf(kind, n)
}

func (s *server) clock(t time.Time) any { return stamp(t) }

// words returns the words of the person or the company that an entry is about, and of the object to which it belongs.
func (s *server) words(kind string, i int) map[string]any {
	words := map[string]any{}
	switch of := s.Directories[kind].Of; of {
	case "staff", "contact":
		p := s.data.Staff[i%len(s.data.Staff)]
		if of == "contact" {
			p = s.data.contact(i)
		}
		words = map[string]any{
			"first": p.First, "last": p.Last, "name": p.name(), "email": p.Email, "job": p.Job, "phone": p.Phone, "zone": p.Zone,
			"company": s.data.company(p.Company).Name, "employer": s.idOf("company", p.Company),
		}
	case "company":
		c := s.data.company(i)
		words["name"], words["domain"], words["industry"] = c.Name, c.Domain, c.Industry
	case "space":
		words[of] = s.idOf(of, i%s.parts.count(of))
	}
	for name, v := range s.Settings {
		words[name] = v
	}
	return words
}

func (s *server) one(x *exchange, status int, _ string, doc map[string]any) {
	s.ok(x, doc)
}

func (s *server) listed(x *exchange, kind string, rows []int) {
	s.ok(x, map[string]any{s.Directories[kind].Rows: s.entriesOf(kind, rows)})
}

func (s *server) show(row int) map[string]any {
	doc := s.doc(row)
	for member, kind := range s.Shown {
		ids, there := doc[member].([]any)
		things := make([]any, len(ids))
		for i, id := range ids {
			n, _ := s.numberOf(kind, fmt.Sprint(id))
			things[i] = s.entry(kind, n)
		}
		if there {
			doc[member] = things
		}
	}
	return doc
}

func (s *server) set(row int, field string, value any) {
	s.edit(row, field, value)
	if s.Updated != "" {
		s.touch(row)
	}
}

// listConversations answers with a page of conversations.
func (s *server) listConversations(x *exchange) {
	s.ok(x, s.listForm(numbered(x, s.live(), s.Size, s.parts.show)))
}

// numbered returns the words for a page that the query names by its number.
func numbered(x *exchange, rows []int, size int, show func(int) map[string]any) map[string]any {
	number := x.number("page")
	shown, _, more := page(rows, (number-1)*size, size, nil, show)
	words := map[string]any{"rows": shown, "total": len(rows), "page": number, "next": nil}
	if more {
		words["next"] = number + 1
	}
	return words
}

// listForm fills in the form of a list.
func (s *server) listForm(words map[string]any) any {
	for _, form := range slices.Backward(s.List) {
		if form.When == "" || s.on(form.When) {
			return fill(form.Body, words)
		}
	}
	return nil
}

func (s *server) readConversation(x *exchange) {
	s.parts.one(x, http.StatusOK, "conversation", s.parts.show(x.row))
}

// changeConversation sets the members of the body.
func (s *server) changeConversation(x *exchange) {
	for field, v := range x.set {
		s.parts.set(x.row, field, v)
	}
	s.readConversation(x)
}

func (s *server) deleteConversation(x *exchange) {
	s.gone[x.row] = !s.on("DeleteIgnored")
	x.raw(http.StatusNoContent, "", nil)
}

package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

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
	// Calls are the documented ones, by method and path as [http.ServeMux] takes them.
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

// guard refuses a call while a switch is on, or as often as the switch's number says.
type guard struct {
	When, Code, Detail, Allow string
	Status                    int
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
	// As is the status instead, Code, Title, Detail and Slug are words for the Body, Drop is a header that is left out.
	As                        int
	Code, Title, Detail, Slug string
	Body                      any
	Type, Drop                string
}

// contest is how somebody else changes a conversation: to the next value of a cycle, by further members, to a text, or by what
// Do names. The first applies whose sign is in the path or the body of the request. {n} counts the changes, {was} is the value.
type contest struct {
	Sign, Field, Text, Do string
	Cycle                 []any
	Merge                 map[string]any
}

// refusal is an answer that isn't the one asked for. Handlers panic with it; serve recovers it.
type refusal struct {
	status int
	// code is a short word for the reason, detail a sentence.
	code, detail string
	// problems are what is wrong with parameters or members; the first stands in code and detail.
	problems []problem
	details  any // further members of the answer
}

type problem struct{ field, code, detail string }

// parts are what a service may define on top of a server. All are called with the lock held.
type parts interface {
	// account completes what the description says.
	account(a *Account)
	// greet sets the headers that every answer has, authorized tells whether the credential is right, enter refuses what isn't
	// served whatever the call is.
	greet(x *exchange)
	authorized(x *exchange) bool
	enter(x *exchange)
	// blame adds words for the answer to a refusal.
	blame(x *exchange, words map[string]any)
	// idOf is the id of number n of a kind of things, and numberOf its inverse.
	idOf(kind string, n int) any
	numberOf(kind, id string) (int, bool)
	// count is how many there are of a kind.
	count(kind string) int
	// place is what a numbered place stands for in a record of row, -1 outside of conversations; clock shows a time.
	place(row int, kind string, n int) any
	clock(t time.Time) any
	// words are what the record of a thing in a directory can say, hidden leaves it out of a list, one answers with it and listed
	// with several.
	words(kind string, i int) map[string]any
	hidden(x *exchange, kind string, i int) bool
	one(x *exchange, kind string, doc map[string]any)
	listed(x *exchange, kind string, rows []int)
	// show returns a conversation with everything a caller may ask for.
	show(row int) map[string]any
	// set is somebody else's change of a field; value is plain JSON data.
	set(row int, field string, value any)
}

// server is a service that runs. One that is more than its description embeds it and defines some of the parts.
type server struct {
	*spec
	parts         parts
	conversations int
	data          *world
	now           func() time.Time
	mu            sync.Mutex
	switches      Switches
	mux           *http.ServeMux
	do            map[string]func(*exchange)
	contests      map[string]func(row, n int)
	readers       map[string]reader
	gone          map[int]bool
	revoked       bool
	forced        []int    // statuses to answer instead of handling
	refused       *refusal // of the next write
	touches       int      // how often somebody else changed something
	rows
}

// Switches are values by the names of what they switch: true and false, a number, a text or texts.
type Switches map[string]any

// Server is what every service has.
type Server = server

// own returns the server that a service embeds.
func (s *server) own() *server { return s }

// start readies a server; what answers calls and contests is named in the description.
func (s *server) start(p parts, do map[string]func(*exchange), contests map[string]func(row, n int)) {
	s.parts, s.contests = p, contests
	s.do = map[string]func(*exchange){
		"directory": s.listDirectory, "entry": s.readEntry, "list": s.listConversations, "read": s.readConversation,
		"change": s.changeConversation, "delete": s.deleteConversation,
	}
	s.gone, s.mux, s.switches = map[int]bool{}, http.NewServeMux(), Switches{}
	for name, handle := range do {
		s.do[name] = handle
	}
	s.open()
	for pattern, c := range s.Calls {
		handle := s.do[c.Do]
		if handle == nil {
			panic("sandbox: " + s.Provider + ": nothing answers " + pattern)
		}
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, in *http.Request) {
			x := w.(unrouted).exchange
			x.match, x.call = in, c
			s.guard(x, c.Refuse)
			if !c.Free {
				s.receive(x)
			}
			handle(x)
		})
	}
}

// writes tells whether a request means to change a resource.
func (s *server) writes(x *exchange) bool {
	switch x.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	case http.MethodPost:
		return !slices.ContainsFunc(s.Reads, func(end string) bool { return strings.HasSuffix(x.rest, end) })
	}
	return true
}

// unrouted takes what [http.ServeMux] answers where it has no route.
type unrouted struct {
	*exchange
	about http.Header
}

func (u unrouted) Header() http.Header         { return u.about }
func (u unrouted) Write(p []byte) (int, error) { return len(p), nil }

func (u unrouted) WriteHeader(status int) {
	if status == http.StatusMethodNotAllowed {
		allow := strings.Split(u.about.Get("Allow"), ", ")
		u.methodNotAllowed(strings.Join(slices.DeleteFunc(allow, func(m string) bool { return m == http.MethodHead }), ", "))
	}
	u.notFound("Path")
}

// serve answers one request; it must not wait.
func (s *server) serve(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			s.answer(x, r)
		default:
			panic(r)
		}
	}()
	s.parts.greet(x)
	if strings.HasPrefix(x.rest, s.Root) {
		if !s.parts.authorized(x) {
			x.refuse(http.StatusUnauthorized, "unauthorized", s.Denied)
		}
		s.parts.enter(x)
		s.guard(x, s.Refuse)
		if len(s.forced) > 0 {
			s.answerForced(x)
			return
		}
		if r := s.refused; r != nil && s.writes(x) {
			s.refused = nil
			panic(*r)
		}
		if x.badQuery {
			x.refuse(http.StatusBadRequest, "malformed_query", "The query string could not be parsed.")
		}
	}
	// None of the services cleans paths, redirects to cleaned ones or documents HEAD, all of which the mux would do.
	plain, err := url.PathUnescape(x.rest)
	if err != nil || path.Clean(x.rest) != x.rest {
		x.notFound("Path")
	}
	method := x.method
	if method == http.MethodHead || method == http.MethodConnect {
		method = "-" // matches no route, so that the mux names the methods there are
	}
	s.mux.ServeHTTP(unrouted{x, http.Header{}}, &http.Request{Method: method, URL: &url.URL{Path: plain, RawPath: x.rest}})
}

// guard refuses by the switches that are on.
func (s *server) guard(x *exchange, all []guard) {
	for _, g := range all {
		if !s.spend(g.When) {
			continue
		}
		if g.Allow != "" {
			x.methodNotAllowed(g.Allow)
		}
		x.refuse(g.Status, g.Code, g.Detail)
	}
}

// on tells whether a switch is, spend whether it is still: one with a number is on so often.
func (s *server) on(name string) bool { return s.reading(name) == true }

func (s *server) spend(name string) bool {
	n, counts := s.reading(name).(int)
	if counts && n > 0 {
		s.switches[name] = n - 1
	}
	return n > 0 || s.on(name)
}

func (s *server) reading(name string) any {
	if s.Switches[name] == "" {
		panic("sandbox: " + s.Provider + " has no switch " + name)
	}
	return s.switches[name]
}

// answerForced answers with the next status of AnswerNext.
func (s *server) answerForced(x *exchange) {
	status := s.forced[0]
	s.forced = s.forced[1:]
	if status > http.StatusInternalServerError {
		x.gatewayError(status)
		return
	}
	text := http.StatusText(status)
	x.refuse(status, strings.ReplaceAll(strings.ToLower(text), " ", "_"), text+".")
}

// answer writes a refusal in the service's form.
func (s *server) answer(x *exchange, r refusal) {
	details, first := map[string][]string{}, problem{}
	for _, p := range r.problems {
		at := strings.TrimSuffix("."+p.field, ".")
		details[at] = append(details[at], p.detail)
	}
	if r.problems != nil {
		first = r.problems[0]
		r.code, r.detail = first.code, first.detail
	}
	if r.problems == nil {
		details[""] = []string{r.detail}
	}
	out := failure{As: r.status, Code: r.code, Detail: r.detail, Slug: r.code, Type: s.Answers}
	for _, f := range s.Errors {
		switch {
		case f.On != nil && !slices.Contains(f.On, out.As), f.Only != "" && f.Only != out.Code, !strings.HasPrefix(x.rest, f.Path),
			f.Field != nil && *f.Field == (first.field == ""), f.When != "" && fmt.Sprint(s.reading(f.When)) != fmt.Sprint(cmp.Or(f.Is, any(true))),
			f.Unaccepted != "" && strings.Contains(x.header.Get("Accept"), f.Unaccepted):
			continue
		}
		out.As, out.Code, out.Title = cmp.Or(f.As, out.As), cmp.Or(f.Code, out.Code), cmp.Or(f.Title, out.Title)
		out.Detail, out.Slug, out.Type = cmp.Or(f.Detail, out.Detail), cmp.Or(f.Slug, out.Slug), cmp.Or(f.Type, out.Type)
		if f.Body != nil {
			out.Body = f.Body
		}
		x.answer.Del(f.Drop)
	}
	text := http.StatusText(out.As)
	words := map[string]any{
		"status": out.As, "digits": strconv.Itoa(out.As), "code": out.Code, "slug": out.Slug, "title": cmp.Or(out.Title, text), "word": strings.ReplaceAll(text, " ", ""),
		"field": first.field, "Field": sentence(first.field), "problem": r.detail, "lower": lowered(r.detail), "details": details,
		"more": cmp.Or(r.details, any(nothing{})),
	}
	s.parts.blame(x, words)
	words["detail"] = fill(out.Detail, words)
	if body := fill(out.Body, words); out.Type == "text/plain; charset=utf-8" {
		x.raw(out.As, out.Type, fmt.Append(nil, body))
	} else {
		x.jsonAs(out.As, out.Type, body)
	}
}

// sentence is the name of a field as the start of one, lowered a sentence as a part of another.
func sentence(field string) string {
	if field == "" {
		return ""
	}
	return strings.ReplaceAll(strings.ToUpper(field[:1])+field[1:], "_", " ")
}

func lowered(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + strings.TrimSuffix(text[1:], ".")
}

// rateLimited writes the service's form of a 429; Retry-After is set already.
func (s *server) rateLimited(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts.greet(x)
	s.answer(x, refusal{status: http.StatusTooManyRequests, code: "too_many_requests", detail: "Too many requests."})
}

// disturb makes somebody else's change to the conversation the request is about, if it is about one and the caller may see it.
func (s *server) disturb(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, rest, found := strings.Cut(x.rest, s.One)
	id, _, _ := strings.Cut(rest, "/")
	if row, ok := s.find(id); found && ok && s.parts.authorized(x) {
		s.contest(x, row)
	}
}

// contest lets somebody else change what the request is about.
func (s *server) contest(x *exchange, row int) {
	s.touches++
	i := slices.IndexFunc(s.Contests, func(c contest) bool { return strings.Contains(x.rest+string(x.body), c.Sign) })
	if i < 0 {
		return
	}
	c := s.Contests[i]
	if c.Do != "" {
		s.contests[c.Do](row, s.touches)
		return
	}
	was := s.value(row, c.Field)
	words := map[string]any{"n": strconv.Itoa(s.touches), "was": was}
	switch object, _ := was.(map[string]any); {
	case c.Cycle != nil:
		at := slices.IndexFunc(c.Cycle, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(was) })
		s.parts.set(row, c.Field, c.Cycle[(at+1)%len(c.Cycle)])
	case c.Merge != nil:
		s.parts.set(row, c.Field, with(object, fill(c.Merge, words).(map[string]any)))
	default:
		s.parts.set(row, c.Field, strings.TrimSpace(fill(c.Text, words).(string)))
	}
}

// Set turns switches, and leaves the others. It panics on a name that the service's description doesn't have.
func (s *server) Set(to Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, v := range to {
		s.reading(name)
		s.switches[name] = v
	}
}

// Reset turns all switches off but these.
func (s *server) Reset(to Switches) {
	s.mu.Lock()
	clear(s.switches)
	s.mu.Unlock()
	s.Set(to)
}

func (s *server) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// AnswerNext answers the next n requests that carry the right credential with the status, in the service's form and without
// doing anything. 502, 503 and 504 are HTML pages, as a gateway sends them.
func (s *server) AnswerNext(status, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = append(s.forced, slices.Repeat([]int{status}, n)...)
}

// Len returns the number of conversations that can be read.
func (s *server) Len() int { return len(s.IDs()) }

// IDs returns the ids of the conversations that can be read, newest created first.
func (s *server) IDs() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range s.live() {
		ids = append(ids, s.id(row))
	}
	return ids
}

// JSON returns a conversation as it is stored, with everything the service can show of it, or nil if it is gone or never
// was. It is the caller's to change.
func (s *server) JSON(id string) map[string]any {
	if one := s.copies(id, func(row int) []map[string]any { return []map[string]any{s.parts.show(row)} }); one != nil {
		return one[0]
	}
	return nil
}

// copies returns copies of objects of a conversation, nil if it is gone or never was.
func (s *server) copies(id string, of func(row int) []map[string]any) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.find(id)
	if !ok {
		return nil
	}
	all := []map[string]any{}
	for _, m := range of(row) {
		all = append(all, viaJSON(m).(map[string]any))
	}
	return all
}

// Change sets a field of a conversation as somebody else would, behind the client's back. It panics on an unknown id.
func (s *server) Change(id, field string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts.set(s.must(id), field, viaJSON(value))
}

// Insert is somebody else creating a conversation, with what the first of the file has.
func (s *server) Insert() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, created{s.seeded.Rows[0], s.now()})
}

// Remove is somebody else deleting a conversation. It panics on an unknown id.
func (s *server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[s.must(id)] = true
}

// id is the id of a conversation as text; find looks for one that can be read.
func (s *server) id(row int) string { return fmt.Sprint(s.parts.idOf("conversation", row)) }

func (s *server) find(id string) (int, bool) {
	row, ok := s.parts.numberOf("conversation", id)
	return row, ok && !s.gone[row]
}

func (s *server) must(id string) int {
	row, ok := s.find(id)
	if !ok {
		panic("sandbox: " + s.Provider + " has no conversation " + id)
	}
	return row
}

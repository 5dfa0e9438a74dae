package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// refusal is an answer that isn't the one asked for. Handlers panic with it; serve recovers it.
type refusal struct {
	status   int
	problems []problem
	details  any // further members of the answer
}

// problem is what is wrong with a parameter or a member, or with the whole request: a short word for the reason, and a sentence.
type problem struct{ field, code, detail string }

// refused is a refusal of a whole request.
func refused(status int, code, detail string) refusal {
	return refusal{status: status, problems: problems{{"", code, detail}}}
}

// lock is a mutex that is taken and given back in one line: defer l.hold()().
type lock struct{ mu sync.Mutex }

func (l *lock) hold() func() {
	l.mu.Lock()
	return l.mu.Unlock
}

// service is a server with what it may define on top of one. All but own are called with the lock held.
type service interface {
	// own returns the server that the service embeds.
	own() *server
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
	one(x *exchange, status int, kind string, doc map[string]any)
	listed(x *exchange, kind string, rows []int)
	// show returns a conversation with everything a caller may ask for.
	show(row int) map[string]any
	// set is somebody else's change of a field; value is plain JSON data.
	set(row int, field string, value any)
}

// server is a service that runs. One that is more than its description embeds it and defines some of what a service has.
type server struct {
	*spec
	parts         service
	conversations int
	data          *world
	now           func() time.Time
	key           string // the account's credential
	lock
	switches Switches
	do       map[string]func(*exchange) // what answers calls and makes contests, by name
	readers  map[string]reader          // of members of bodies
	gone     map[int]bool
	revoked  bool
	forced   []int    // statuses to answer instead of handling
	refused  *refusal // of the next write
	touches  int      // how often somebody else changed something
	rows
}

// Switches are values by the names of what they switch: true and false, a number, a text or texts.
type Switches map[string]any

// Server is what every service has.
type Server = server

func (s *server) own() *server { return s }

// start readies a server; what answers calls and contests is named in the description.
func (s *server) start(p service, do map[string]func(*exchange)) {
	s.parts, s.gone, s.switches = p, map[int]bool{}, Switches{}
	s.do = map[string]func(*exchange){
		"directory": s.listDirectory, "entry": s.readEntry, "list": s.listConversations, "read": s.readConversation,
		"change": s.changeConversation, "delete": s.deleteConversation,
	}
	maps.Copy(s.do, do)
	s.open()
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

// route finds the call of a request, or refuses it. A path is taken as it stands: none of the services cleans it.
func (s *server) route(x *exchange) {
	var allow []string
	// In this order a word comes before a place for any.
	for _, pattern := range slices.Sorted(maps.Keys(s.Calls)) {
		method, path, _ := strings.Cut(pattern, " ")
		args, fits := matched(path, x.rest)
		switch {
		case !fits:
		case method == x.method || method == "ANY":
			x.call, x.args = s.Calls[pattern], args
			return
		default:
			allow = append(allow, method)
		}
	}
	if allow != nil {
		x.methodNotAllowed(strings.Join(allow, ", "))
	}
	x.notFound("Path")
}

// matched compares a path with a pattern, part by part; what stands for "{name}" is returned unescaped.
func matched(pattern, given string) (map[string]string, bool) {
	want, parts, args := strings.Split(pattern, "/"), strings.Split(given, "/"), map[string]string{}
	if len(want) != len(parts) {
		return nil, false
	}
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		name, open := strings.CutPrefix(want[i], "{")
		if err != nil || open && plain == "" || !open && plain != want[i] {
			return nil, false
		}
		if open {
			args[strings.TrimSuffix(name, "}")] = plain
		}
	}
	return args, true
}

// serve answers one request; it must not wait.
func (s *server) serve(x *exchange) {
	defer s.hold()()
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
	s.route(x)
	s.guard(x, x.call.Refuse)
	if !x.call.Free {
		s.receive(x)
	}
	s.do[x.call.Do](x)
}

// guard refuses by the switches that are on.
func (s *server) guard(x *exchange, all []guard) {
	for _, g := range all {
		if g.Has != "" && !slices.Contains(strings.Split(x.query.Get(g.Query), ","), g.Has) || !s.spend(g.When) {
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
	details, first := map[string][]string{}, r.problems[0]
	for _, p := range r.problems {
		at := strings.TrimSuffix("."+p.field, ".")
		details[at] = append(details[at], p.detail)
	}
	status, body, said := r.status, any(nil), map[string]any{"type": s.Answers, "detail": first.detail}
	for _, f := range s.Errors {
		switch {
		case f.On != nil && !slices.Contains(f.On, status), f.Only != "" && f.Only != first.code, !strings.HasPrefix(x.rest, f.Path),
			f.Field != nil && *f.Field == (first.field == ""),
			f.When != "" && fmt.Sprint(s.reading(f.When)) != fmt.Sprint(cmp.Or(f.Is, any(true))),
			f.Unaccepted != "" && strings.Contains(x.header.Get("Accept"), f.Unaccepted):
			continue
		}
		status, body = cmp.Or(f.As, status), cmp.Or(f.Body, body)
		maps.Copy(said, f.Words)
		x.answer.Del(f.Drop)
	}
	text := http.StatusText(status)
	words := map[string]any{
		"status": status, "digits": strconv.Itoa(status), "title": text, "word": strings.ReplaceAll(text, " ", ""),
		"code": first.code, "slug": first.code, "field": first.field, "problem": first.detail, "details": details,
		"Field": sentence(first.field), "lower": lowered(first.detail), "more": cmp.Or(r.details, any(nothing{})),
	}
	maps.Copy(words, said)
	s.parts.blame(x, words)
	words["detail"] = fill(said["detail"], words)
	if plain := "text/plain; charset=utf-8"; said["type"] == plain {
		x.raw(status, plain, fmt.Append(nil, fill(body, words)))
	} else {
		x.jsonAs(status, fmt.Sprint(said["type"]), fill(body, words))
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
	defer s.hold()()
	s.parts.greet(x)
	s.answer(x, refused(http.StatusTooManyRequests, "too_many_requests", "Too many requests."))
}

// disturb makes somebody else's change to the conversation the request is about, if it is about one and the caller may see it.
func (s *server) disturb(x *exchange) {
	defer s.hold()()
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
		x.row = row
		s.do[c.Do](x)
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
	defer s.hold()()
	for name, v := range to {
		s.reading(name)
		s.switches[name] = v
	}
}

// Reset turns all switches off but these.
func (s *server) Reset(to Switches) {
	all := Switches{}
	for name := range s.Switches {
		all[name] = to[name]
	}
	s.Set(all)
}

func (s *server) revoke() {
	defer s.hold()()
	s.revoked = true
}

// AnswerNext answers the next n requests that carry the right credential with the status, in the service's form and without
// doing anything. 502, 503 and 504 are HTML pages, as a gateway sends them.
func (s *server) AnswerNext(status, n int) {
	defer s.hold()()
	s.forced = append(s.forced, slices.Repeat([]int{status}, n)...)
}

// Len returns the number of conversations that can be read.
func (s *server) Len() int { return len(s.IDs()) }

// IDs returns the ids of the conversations that can be read, newest created first.
func (s *server) IDs() (ids []string) {
	defer s.hold()()
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
	defer s.hold()()
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
	defer s.hold()()
	s.parts.set(s.must(id), field, viaJSON(value))
}

// Insert is somebody else creating a conversation, with what the first of the file has.
func (s *server) Insert() {
	defer s.hold()()
	s.made = append(s.made, created{s.seeded.Rows[0], s.now()})
}

// Remove is somebody else deleting a conversation. It panics on an unknown id.
func (s *server) Remove(id string) {
	defer s.hold()()
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

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

// refusal is an error answer. Handlers panic with it; serve recovers it.
type refusal struct {
	status   int
	problems problems
	details  any // further members of the answer
}

// problem says what is wrong with a parameter, with a member of the body or, if field is "", with the whole request.
type problem struct{ field, code, detail string }

func refused(status int, field, code, detail string) refusal {
	return refusal{status: status, problems: problems{{field, code, detail}}}
}

// lock is a mutex that one line locks and unlocks: defer l.hold()().
type lock struct{ mu sync.Mutex }

func (l *lock) hold() func() {
	l.mu.Lock()
	return l.mu.Unlock
}

// service is what a type that embeds server may override. All methods are called with the lock held.
type service interface {
	// greet sets the headers that every answer has.
	greet(x *exchange)
	// enter refuses requests before their call is looked up.
	enter(x *exchange)
	// blame adds words for the answer to a refusal.
	blame(x *exchange, words map[string]any)
	// count returns the number of objects of a kind.
	count(kind string) int
	// place returns what "{kind n}" stands for in the record of a conversation, or of a directory entry if row is -1.
	place(row int, kind string, n int) any
	// clock formats a time.
	clock(t time.Time) any
	// one answers with a single object, listed with a directory.
	one(x *exchange, status int, kind string, doc map[string]any)
	listed(x *exchange, kind string, rows []int)
	// show returns a conversation with everything that a client can request.
	show(row int) map[string]any
	// set changes a field on behalf of somebody else; value is plain JSON data.
	set(row int, field string, value any)
}

// server is a running service.
type server struct {
	*spec
	parts         service // the type that embeds the server, or the server itself
	conversations int     // at the start
	data          *world
	now           func() time.Time
	planned       []string // the faults of the next requests; like offline, it is guarded by the lock of the sandbox
	offline       bool
	key           string         // the account's credential
	keys          map[string]any // all valid keys, with what else is known about them
	lock
	switches Switches
	do       map[string]func(*exchange) // handlers of calls and contests by name
	readers  map[string]reader          // of members of bodies, by kind of value
	gone     map[int]bool               // rows of deleted conversations
	removed  map[thing]bool             // entries of directories
	revoked  bool
	forced   []int  // the statuses of the next answers
	refused  *guard // refuses the next write
	touches  int    // how often somebody else changed something
	rows
}

// Switches maps the names of a service's switches to values: a bool, a number, a text or a list of texts.
type Switches map[string]any

// Server has the accessors that all services share.
type Server = server

// start completes a server. The description refers to the handlers by their names in do.
func (s *server) start(p service, do map[string]func(*exchange)) {
	s.parts, s.gone, s.switches, s.keys = p, map[int]bool{}, Switches{}, map[string]any{s.key: nil}
	s.removed = map[thing]bool{}
	s.do = map[string]func(*exchange){
		"directory": s.listDirectory, "entry": s.readEntry, "list": s.listConversations, "read": s.readConversation,
		"change": s.changeConversation, "delete": s.deleteConversation,
	}
	maps.Copy(s.do, do)
	s.file = *load[map[string]*collection](s.data.files, "data/"+s.data.name+"/"+s.Provider+".json")
	s.seeded = s.data.dated(s.file["conversations"])
	s.edited, s.touched, s.entries = map[int]map[string]any{}, map[int]time.Time{}, map[thing]map[string]any{}
}

// writes reports whether a request is meant to change a resource.
func (s *server) writes(x *exchange) bool {
	switch x.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	case http.MethodPost:
		return !slices.ContainsFunc(s.Reads, func(end string) bool { return strings.HasSuffix(x.rest, end) })
	}
	return true
}

// route finds the call of a request, or refuses the request. It doesn't clean the path, as none of the services does.
func (s *server) route(x *exchange) {
	var allow []string
	// In this order a word comes before "{name}".
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

// matched compares a path with a pattern and returns the unescaped parts that stand for each "{name}".
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

// authorized reports whether a request carries a valid key, once.
func (s *server) authorized(x *exchange) bool {
	given := x.header.Values(cmp.Or(s.Header, "Authorization"))
	if len(given) != 1 || s.revoked {
		return false
	}
	for scheme, off := range s.Schemes {
		key, fits := strings.CutPrefix(given[0], scheme)
		if owner, known := s.keys[key]; fits && known && (off == "" || !s.on(off)) {
			x.owner = owner
			return true
		}
	}
	return false
}

// serve answers a request. It must not wait.
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
		if !s.authorized(x) {
			x.refuse(http.StatusUnauthorized, "unauthorized", s.Denied)
		}
		s.parts.enter(x)
		s.guard(x, s.Refuse)
		if len(s.forced) > 0 {
			text := http.StatusText(s.forced[0])
			next := refused(s.forced[0], "", strings.ReplaceAll(strings.ToLower(text), " ", "_"), text+".")
			s.forced = s.forced[1:]
			panic(next)
		}
		if g := s.refused; g != nil && s.writes(x) {
			s.refused = nil
			x.refuse(g.Status, g.Code, g.Detail)
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

// guard refuses a request for which a switch of the guards is on.
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

// on reports whether a switch is true.
func (s *server) on(name string) bool { return s.reading(name) == true }

// spend reports whether a switch is on, which one with a number is that many times.
func (s *server) spend(name string) bool {
	n, counts := s.reading(name).(int)
	if counts && n > 0 {
		s.switches[name] = n - 1
	}
	return n > 0 || s.on(name)
}

// reading returns the value of a switch, or its default.
func (s *server) reading(name string) any {
	if s.Switches[name] == "" {
		panic("sandbox: " + s.Provider + " has no switch " + name)
	}
	return cmp.Or(s.switches[name], s.Defaults[name])
}

// answer writes a refusal in the service's form.
func (s *server) answer(x *exchange, r refusal) {
	if r.status > http.StatusInternalServerError {
		x.gatewayError(r.status)
		return
	}
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
		"Field": strings.ReplaceAll(recased(first.field, strings.ToUpper), "_", " "),
		"lower": strings.TrimSuffix(recased(first.detail, strings.ToLower), "."), "more": cmp.Or(r.details, any(nothing{})),
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

// recased returns a text with another case of its first letter.
func recased(text string, by func(string) string) string {
	n := min(1, len(text))
	return by(text[:n]) + text[n:]
}

// rateLimited answers 429 in the service's form. The caller has set Retry-After.
func (s *server) rateLimited(x *exchange) {
	defer s.hold()()
	s.parts.greet(x)
	s.answer(x, refused(http.StatusTooManyRequests, "", "too_many_requests", "Too many requests."))
}

// disturb lets somebody else change the conversation that the request is about, if there is one and the client may see it.
func (s *server) disturb(x *exchange) {
	defer s.hold()()
	_, rest, found := strings.Cut(x.rest, s.One)
	id, _, _ := strings.Cut(rest, "/")
	if row, ok := s.find(id); found && ok && s.authorized(x) {
		s.contest(x, row)
	}
}

// contest lets somebody else change the part of a conversation that the request is about.
func (s *server) contest(x *exchange, row int) {
	s.touches++
	i := slices.IndexFunc(s.Contests, func(c contest) bool { return strings.Contains(x.rest+string(x.body), c.Sign) })
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

// Set changes some switches. It panics on a name that the service's description doesn't have.
func (s *server) Set(to Switches) {
	defer s.hold()()
	for name, v := range to {
		s.reading(name)
		s.switches[name] = v
	}
}

// Reset sets these switches and turns all others off.
func (s *server) Reset(to Switches) {
	s.mu.Lock()
	s.switches = Switches{}
	s.mu.Unlock()
	s.Set(to)
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

// JSON returns a copy of a conversation with everything that the service can show, or nil if there is no such conversation.
func (s *server) JSON(id string) map[string]any {
	if one := s.copies(id, func(row int) []map[string]any { return []map[string]any{s.parts.show(row)} }); one != nil {
		return one[0]
	}
	return nil
}

// copies returns copies of objects of a conversation, or nil if there is no such conversation.
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

// Change sets a field of a conversation on behalf of somebody else. It panics on an unknown id.
func (s *server) Change(id, field string, value any) {
	defer s.hold()()
	s.parts.set(s.must(id), field, viaJSON(value))
}

// Insert creates a conversation on behalf of somebody else, with the members of the first one in the file.
func (s *server) Insert() {
	defer s.hold()()
	s.made = append(s.made, created{s.seeded.Rows[0], s.now()})
}

// Remove deletes a conversation on behalf of somebody else. It panics on an unknown id.
func (s *server) Remove(id string) {
	defer s.hold()()
	s.gone[s.must(id)] = true
}

func (s *server) id(row int) string { return fmt.Sprint(s.idOf("conversation", row)) }

// find returns the row of a conversation that can be read.
func (s *server) find(id string) (int, bool) {
	row, ok := s.numberOf("conversation", id)
	return row, ok && !s.gone[row]
}

func (s *server) must(id string) int {
	row, ok := s.find(id)
	if !ok {
		panic("sandbox: " + s.Provider + " has no conversation " + id)
	}
	return row
}

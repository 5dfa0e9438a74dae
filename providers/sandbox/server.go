package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// vendor is what one server brings along. Together with the files that define it, it is all there is to a vendor: the
// rest of the package knows none by name.
type vendor struct {
	// account is how a configuration calls it; its provider is the first path segment of the server.
	account, provider string
	// root is the start of the paths that need a credential: without it they answer 401 whether they exist or not.
	root string
	// denied is the sentence for a wrong credential.
	denied string
	// one is what stands before the id of a conversation in the paths about it.
	one string
	// reads tells a POST, by its path after the provider, that changes nothing.
	reads func(path string) bool
	open  func(base) service
}

// writes tells whether a request means to change a resource.
func (v *vendor) writes(x *exchange) bool {
	switch x.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	case http.MethodPost:
		return v.reads == nil || !v.reads(x.rest)
	}
	return true
}

// vendors are the servers, in the order their accounts are listed. One more is one more line.
var vendors = []vendor{attentionVendor, birdVendor, elephantVendor, konaVendor}

// service is one vendor's server as the core sees it. All methods may be called from several goroutines at once.
type service interface {
	// account completes what the registration says.
	account(a *Account)
	// unseen are the ids of the conversations that a demo begins with unseen.
	unseen() []string
	// acts are what a demo begins with having done.
	acts() []Act
	// serve answers one request; it must not wait.
	serve(x *exchange)
	// rateLimited writes the vendor's form of a 429; Retry-After is set already.
	rateLimited(x *exchange)
	// disturb makes somebody else's change to the conversation the request is about, if it is about one and the caller
	// may see it.
	disturb(x *exchange)
	// revoke makes the account's credential answer 401.
	revoke()
}

// base is what a server is made with.
type base struct {
	vendor        *vendor
	conversations int
	data          *world
	now           func() time.Time
}

// parts are what a vendor defines on top of a server. All are called with the lock held.
type parts interface {
	// authorized tells whether the credential is right.
	authorized(x *exchange) bool
	// form writes a refusal.
	form(x *exchange, r refusal)
	// row finds a conversation by id, removed ones included.
	row(id string) (int, bool)
	// id is the inverse of row.
	id(row int) string
	// show returns a conversation with everything a caller may ask for.
	show(row int) map[string]any
	// set is somebody else's change of a field; value is plain JSON data. The server's own edits the document.
	set(row int, field string, value any)
}

// contested is how somebody else changes a field, for the n-th time.
type contested struct {
	sign   string
	change func(row, n int)
}

// route is one documented call.
type route struct {
	// pattern is method and path as [http.ServeMux] takes them, without the provider's prefix.
	pattern string
	// query are the parameters it knows, repeated those of them that may be given more than once.
	query, repeated []string
	// fields are the members of its JSON body; nil takes no body, unless it is free.
	fields []string
	// free leaves query and body to the handler.
	free   bool
	handle func(x *exchange)
}

// server is what the stand-ins have in common; S is the vendor's switches.
type server[S any] struct {
	base
	parts    parts
	mu       sync.Mutex
	switches S
	mux      *http.ServeMux
	media    []string // content types of a JSON body
	// before sets what every answer has, gate refuses what isn't served whatever the route is; nil is nothing.
	before, gate func(x *exchange)
	gone         map[int]bool
	revoked      bool
	forced       []int    // statuses to answer instead of handling
	refused      *refusal // of the next write
	touches      int      // how often somebody else changed something
	// contested is what they change; the first applies whose sign is in the path or the body of the request.
	contested []contested
	entries   sync.Map // what entry has made
	rows
}

func (s *server[S]) start(b base, p parts, routes []route) {
	s.base, s.parts, s.gone, s.mux = b, p, map[int]bool{}, http.NewServeMux()
	s.edited, s.touched = map[int]map[string]any{}, map[int]time.Time{}
	if s.media == nil {
		s.media = []string{"application/json"}
	}
	for _, r := range routes {
		s.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, in *http.Request) {
			x := w.(unrouted).exchange
			x.match = in
			switch {
			case r.free:
			case r.fields != nil:
				x.only(r.query, r.repeated)
				x.object(r.fields, s.media...)
			default:
				x.only(r.query, r.repeated)
				if len(x.body) > 0 {
					x.refuse(http.StatusBadRequest, "unexpected_body", "This request takes no body.")
				}
			}
			r.handle(x)
		})
	}
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

func (s *server[S]) serve(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			s.parts.form(x, r)
		default:
			panic(r)
		}
	}()
	if s.before != nil {
		s.before(x)
	}
	if strings.HasPrefix(x.rest, s.vendor.root) {
		if !s.parts.authorized(x) {
			x.refuse(http.StatusUnauthorized, "unauthorized", s.vendor.denied)
		}
		if s.gate != nil {
			s.gate(x)
		}
		if len(s.forced) > 0 {
			s.answerForced(x)
			return
		}
		if r := s.refused; r != nil && s.vendor.writes(x) {
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

// answerForced answers with the next status of AnswerNext.
func (s *server[S]) answerForced(x *exchange) {
	status := s.forced[0]
	s.forced = s.forced[1:]
	if status > http.StatusInternalServerError {
		x.gatewayError(status)
		return
	}
	text := http.StatusText(status)
	x.refuse(status, strings.ReplaceAll(strings.ToLower(text), " ", "_"), text+".")
}

func (s *server[S]) rateLimited(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before(x)
	}
	s.parts.form(x, refusal{status: http.StatusTooManyRequests, code: "too_many_requests", detail: "Too many requests."})
}

func (s *server[S]) disturb(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, rest, found := strings.Cut(x.rest, s.vendor.one)
	id, _, _ := strings.Cut(rest, "/")
	if row, ok := s.find(id); found && ok && s.parts.authorized(x) {
		s.contest(x, row)
	}
}

// contest lets somebody else change what the request is about.
func (s *server[S]) contest(x *exchange, row int) {
	s.touches++
	for _, c := range s.contested {
		if strings.Contains(x.rest+string(x.body), c.sign) {
			c.change(row, s.touches)
			return
		}
	}
}

// cycle changes a field to the next of some values.
func (s *server[S]) cycle(field string, values ...any) contested {
	return contested{`"` + field + `"`, func(row, _ int) {
		at := slices.IndexFunc(values, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(s.value(row, field)) })
		s.parts.set(row, field, values[(at+1)%len(values)])
	}}
}

// numbered changes a text to one with the number of the change.
func (s *server[S]) numbered(sign, field, format string) contested {
	return contested{sign, func(row, n int) { s.parts.set(row, field, fmt.Sprintf(format, n)) }}
}

func (s *server[S]) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// Set changes the switches.
func (s *server[S]) Set(change func(*S)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// AnswerNext answers the next n requests that carry the right credential with the status, in the vendor's form and without
// doing anything. 502, 503 and 504 are HTML pages, as a gateway sends them.
func (s *server[S]) AnswerNext(status, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = append(s.forced, slices.Repeat([]int{status}, n)...)
}

// Len returns the number of conversations that can be read.
func (s *server[S]) Len() int { return len(s.IDs()) }

// IDs returns the ids of the conversations that can be read, newest created first.
func (s *server[S]) IDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, 0, s.all())
	for row := range s.live() {
		ids = append(ids, s.parts.id(row))
	}
	return ids
}

// JSON returns a conversation as it is stored, with everything the service can show of it, or nil if it is gone or never
// was. It is the caller's to change.
func (s *server[S]) JSON(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.find(id)
	if !ok {
		return nil
	}
	return viaJSON(s.parts.show(row)).(map[string]any)
}

// list returns copies of objects of a conversation, nil if it is gone or never was.
func (s *server[S]) list(id string, of func(row int) []map[string]any) []map[string]any {
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
func (s *server[S]) Change(id, field string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts.set(s.must(id), field, viaJSON(value))
}

// Remove is somebody else deleting a conversation. It panics on an unknown id.
func (s *server[S]) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[s.must(id)] = true
}

// find looks for a conversation that can be read.
func (s *server[S]) find(id string) (int, bool) {
	row, ok := s.parts.row(id)
	return row, ok && !s.gone[row]
}

func (s *server[S]) must(id string) int {
	row, ok := s.find(id)
	if !ok {
		panic("sandbox: " + s.vendor.provider + " has no conversation " + id)
	}
	return row
}

// wanted finds the conversation of the route, or refuses with 404.
func (s *server[S]) wanted(x *exchange) int {
	row, ok := s.find(x.arg("id"))
	if !ok {
		x.notFound("Conversation")
	}
	return row
}

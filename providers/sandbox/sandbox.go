package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const defaultConversations = 400

// Options says what a [Sandbox] holds and how it behaves. The zero value is 400 conversations, no latency and no faults.
type Options struct {
	// Conversations is the total over the four services, spread evenly; 0 means 400.
	Conversations int
	// Seed chooses the data and the random faults; the same seed gives the same.
	Seed uint64
	// Latency is added to every answer.
	Latency time.Duration
	// Faults maps fault names to the probability per request, 0 to 1.
	Faults map[string]float64
	// Now is the servers' clock; nil means time.Now. The data is dated relative to its value when the sandbox is made.
	Now func() time.Time
}

// Account is what a client needs to use one of the servers.
type Account struct {
	// Name and Provider as a confab configuration would have them.
	Name, Provider string
	// Path is appended to the root of the server to make the base URL.
	Path string
	// Settings are further non-secret settings by name. A value that starts with a slash is appended to the root like Path.
	Settings map[string]string
	// Credential is the key or token; Secrets are further ones by setting.
	Credential string
	Secrets    map[string]string
}

// outcome is how an exchange ended.
type outcome int

const (
	answered outcome = iota
	refused          // the connection was never accepted
	dropped          // the connection was lost after the request was handled
	canceled         // the caller went away
)

// Sandbox is the servers. Use [New].
type Sandbox struct {
	now      func() time.Time
	vendors  []vendor
	services []service // as vendors

	mu       sync.Mutex
	rng      *rand.Rand
	latency  time.Duration
	rates    map[string]float64
	planned  map[string][]plannedFault
	offline  map[string]bool
	requests []Request
}

// New makes a sandbox. The error names an unknown fault, a rate outside 0..1, or a negative number of conversations.
func New(o Options) (*Sandbox, error) { return newWith(o, vendors) }

func newWith(o Options, all []vendor) (*Sandbox, error) {
	if o.Conversations < 0 {
		return nil, errors.New("sandbox: the number of conversations is negative")
	}
	if o.Conversations == 0 {
		o.Conversations = defaultConversations
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sandbox{
		now:     o.Now,
		vendors: all,
		latency: o.Latency,
		rng:     rand.New(rand.NewPCG(o.Seed, 1)),
		rates:   map[string]float64{},
		planned: map[string][]plannedFault{},
		offline: map[string]bool{},
	}
	for name, rate := range o.Faults {
		if err := checkFault(name, rate); err != nil {
			return nil, err
		}
		s.rates[name] = rate
	}
	data := newWorld(o.Seed, o.Now().UTC())
	for i := range all {
		// Spread evenly; the first ones take the remainder.
		share := (o.Conversations + len(all) - 1 - i) / len(all)
		s.services = append(s.services, all[i].open(base{vendor: &all[i], conversations: share, data: data, now: o.Now}))
	}
	return s, nil
}

// Accounts returns one account per server, in the order attention ("sales"), bird ("support"), askelephant ("meetings"),
// kona ("projects").
func (s *Sandbox) Accounts() []Account {
	accounts := make([]Account, 0, len(s.services))
	for i, v := range s.vendors {
		a := Account{Name: v.account, Provider: v.provider, Settings: map[string]string{}, Secrets: map[string]string{}}
		s.services[i].account(&a)
		accounts = append(accounts, a)
	}
	return accounts
}

// index finds a server, -1 for none.
func (s *Sandbox) index(provider string) int {
	return slices.IndexFunc(s.vendors, func(v vendor) bool { return v.provider == provider })
}

func (s *Sandbox) mustKnow(provider string) int {
	i := s.index(provider)
	if i < 0 {
		panic(fmt.Sprintf("sandbox: unknown provider %q", provider))
	}
	return i
}

// serverOf finds the server of one type.
func serverOf[T service](s *Sandbox) T {
	i := slices.IndexFunc(s.services, func(v service) bool { _, ok := v.(T); return ok })
	return s.services[i].(T)
}

// ServeHTTP routes by the first path segment, which is the provider. A lost connection is a panic with
// [http.ErrAbortHandler], which the HTTP server turns into a closed connection.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, how := s.handle(r)
	if how != answered {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for k, v := range x.answer {
		h[k] = v
	}
	if x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(x.out.Len()))
	}
	w.WriteHeader(x.status)
	// A failing write means the client went away; nothing is left to do.
	_, _ = w.Write(x.out.Bytes())
}

// handle runs one request through the faults and its service.
func (s *Sandbox) handle(r *http.Request) (*exchange, outcome) {
	ctx := r.Context()
	provider, rest := splitProvider(r.URL.EscapedPath())
	at := s.index(provider)

	s.mu.Lock()
	offline := s.offline[provider]
	latency := s.latency
	s.mu.Unlock()
	if offline {
		return nil, refused
	}

	x := &exchange{method: r.Method, rest: rest, header: r.Header, host: r.Host, answer: http.Header{}}
	var ok bool
	if x.path, ok = splitPath(rest); at < 0 || !ok {
		x.raw(http.StatusNotFound, "text/plain; charset=utf-8", []byte("404 page not found\n"))
		return x, answered
	}
	v := s.services[at]
	write := s.vendors[at].writes(x)
	met := s.faultsFor(provider, write)
	if met[FaultDropBefore] {
		return nil, refused
	}
	if how := x.readBody(r); how != answered {
		return nil, how
	}
	if pause(ctx, latency) != nil {
		return nil, canceled
	}
	x.now = s.now().UTC()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		x.badQuery = true
	} else {
		x.query = query
	}

	switch {
	case x.status != 0: // the body was too large
	case met[Fault429]:
		x.answer.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		v.rateLimited(x)
	case met[Fault429Date]:
		// Round up: a date in whole seconds must not be earlier than meant.
		at := x.now.Add(retryAfter + time.Second - 1).Truncate(time.Second)
		x.answer.Set("Retry-After", at.Format(http.TimeFormat))
		v.rateLimited(x)
	case met[Fault500HTML]:
		x.gatewayError(http.StatusInternalServerError)
	default:
		if met[FaultConcurrent] {
			v.disturb(x)
		}
		v.serve(x)
	}
	s.record(Request{
		Provider: provider, Method: x.method, Path: rest, Query: r.URL.RawQuery,
		Body: x.body, Status: x.status, Write: write,
	})
	if met[FaultDropAfter] {
		return nil, dropped
	}
	if met[FaultSlow] && pause(ctx, slowDelay) != nil {
		return nil, canceled
	}
	if ctx.Err() != nil {
		return nil, canceled
	}
	return x, answered
}

// splitProvider takes the first segment off an escaped path.
func splitProvider(escaped string) (provider, rest string) {
	provider, rest, found := strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
	if found {
		rest = "/" + rest
	}
	return provider, rest
}

// splitPath unescapes the segments of an escaped path one by one, so that an escaped slash stays inside its segment. Empty
// segments are kept: no service is known to clean paths.
func splitPath(escaped string) ([]string, bool) {
	if escaped == "" || escaped == "/" {
		return nil, true
	}
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, seg := range segments {
		plain, err := url.PathUnescape(seg)
		if err != nil {
			return nil, false
		}
		segments[i] = plain
	}
	return segments, true
}

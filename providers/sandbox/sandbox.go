package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The four providers, as they appear in paths, accounts and requests.
const (
	providerAttention   = "attention"
	providerBird        = "bird"
	providerAskElephant = "askelephant"
	providerKona        = "kona"
)

const (
	defaultConversations = 400
	// maxBody bounds a request body, in bytes.
	maxBody = 8 << 20
)

// Options says what a [Sandbox] holds and how it behaves. The zero value is
// 400 conversations, no latency and no faults.
type Options struct {
	// Conversations is the total over the four services, spread evenly; 0
	// means 400.
	Conversations int
	// Seed chooses the data and the random faults; the same seed gives the
	// same.
	Seed uint64
	// Latency is added to every answer.
	Latency time.Duration
	// Faults maps fault names to the probability per request, 0 to 1.
	Faults map[string]float64
	// Now is the servers' clock; nil means time.Now. The data is dated
	// relative to its value when the sandbox is made.
	Now func() time.Time
}

// Account is what a client needs to use one of the servers.
type Account struct {
	// Name and Provider as a confab configuration would have them.
	Name, Provider string
	// Path is appended to the root of the server to make the base URL.
	Path string
	// Settings are further non-secret settings, such as Bird's workspace_id.
	// Kona's token_url is a path here, appended to the root like Path.
	Settings map[string]string
	// Credential is the key or token; Secrets are further ones by setting.
	Credential string
	Secrets    map[string]string
}

// service is one vendor's server as the core sees it. All methods may be
// called from several goroutines at once.
type service interface {
	provider() string
	account() Account
	// serve answers one request; it must not wait.
	serve(x *exchange)
	// isWrite tells whether a request means to change a resource; path is as
	// in exchange.
	isWrite(method string, path []string) bool
	// rateLimited writes the vendor's form of a 429; Retry-After is set
	// already.
	rateLimited(x *exchange)
	// disturb makes somebody else's change to the conversation the request is
	// about, if it is about one and the caller may see it.
	disturb(x *exchange)
	// revoke makes the account's credential answer 401.
	revoke()
}

// exchange is one request and the answer being built for it.
type exchange struct {
	method string
	// path holds the unescaped segments after the provider's prefix.
	path []string
	// query is nil, and badQuery true, when it doesn't parse.
	query    url.Values
	badQuery bool
	// header is the request's header, body its whole body.
	header http.Header
	body   []byte
	host   string
	// now is the server's clock when the request was handled, UTC.
	now time.Time

	status int
	answer http.Header
	out    bytes.Buffer
}

// json answers with v. Strings are not HTML-escaped: none of the four
// services is known to do that.
func (x *exchange) json(status int, v any) { x.jsonAs(status, "application/json; charset=utf-8", v) }

func (x *exchange) jsonAs(status int, contentType string, v any) {
	x.status = status
	x.answer.Set("Content-Type", contentType)
	x.out.Reset()
	enc := json.NewEncoder(&x.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("sandbox: answer of %s /%s: %v", x.method, strings.Join(x.path, "/"), err))
	}
	x.out.Truncate(x.out.Len() - 1)
}

// raw answers with bytes as they are; an empty contentType sets none.
func (x *exchange) raw(status int, contentType string, body []byte) {
	x.status = status
	if contentType != "" {
		x.answer.Set("Content-Type", contentType)
	}
	x.out.Reset()
	x.out.Write(body)
}

// outcome is how an exchange ended.
type outcome int

const (
	answered outcome = iota
	refused          // the connection was never accepted
	dropped          // the connection was lost after the request was handled
	canceled         // the caller went away
)

// Sandbox is the four servers. Use [New].
type Sandbox struct {
	now      func() time.Time
	services []service

	mu       sync.Mutex
	rng      *rand.Rand
	latency  time.Duration
	rates    map[string]float64
	planned  map[string][]plannedFault
	offline  map[string]bool
	requests []Request
}

// New makes a sandbox. The error names an unknown fault, a rate outside 0..1,
// or a negative number of conversations.
func New(o Options) (*Sandbox, error) {
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
		latency: o.Latency,
		rng:     rand.New(rand.NewPCG(o.Seed, streamFaults)),
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
	s.services = newServices(o.Conversations, newSeedData(o.Seed, o.Now().UTC()), o.Now)
	return s, nil
}

// Accounts returns one account per server, in the order attention ("sales"),
// bird ("support"), askelephant ("meetings"), kona ("projects").
func (s *Sandbox) Accounts() []Account {
	accounts := make([]Account, 0, len(s.services))
	for _, v := range s.services {
		accounts = append(accounts, v.account())
	}
	return accounts
}

func (s *Sandbox) providers() []string {
	names := make([]string, 0, len(s.services))
	for _, v := range s.services {
		names = append(names, v.provider())
	}
	return names
}

func (s *Sandbox) service(provider string) service {
	i := slices.IndexFunc(s.services, func(v service) bool { return v.provider() == provider })
	if i < 0 {
		return nil
	}
	return s.services[i]
}

func (s *Sandbox) mustKnow(provider string) {
	if s.service(provider) == nil {
		panic(fmt.Sprintf("sandbox: unknown provider %q", provider))
	}
}

// ServeHTTP routes by the first path segment: /attention, /bird, /askelephant,
// /kona. A lost connection is a panic with [http.ErrAbortHandler], which the
// HTTP server turns into a closed connection.
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
	v := s.service(provider)

	s.mu.Lock()
	offline := s.offline[provider]
	latency := s.latency
	s.mu.Unlock()
	if offline {
		return nil, refused
	}

	x := &exchange{method: r.Method, header: r.Header, host: r.Host, answer: http.Header{}}
	var ok bool
	if x.path, ok = splitPath(rest); v == nil || !ok {
		x.raw(http.StatusNotFound, "text/plain; charset=utf-8", []byte("404 page not found\n"))
		return x, answered
	}
	write := v.isWrite(x.method, x.path)
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

// readBody takes the whole body; a too large one is answered with 413.
func (x *exchange) readBody(r *http.Request) outcome {
	if r.Body == nil {
		return answered
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return canceled
		}
		return dropped
	}
	x.body = body
	if len(body) > maxBody {
		x.body = nil
		x.raw(http.StatusRequestEntityTooLarge, "text/plain; charset=utf-8", []byte("Payload Too Large"))
	}
	return answered
}

// splitProvider takes the first segment off an escaped path.
func splitProvider(escaped string) (provider, rest string) {
	provider, rest, found := strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
	if found {
		rest = "/" + rest
	}
	return provider, rest
}

// splitPath unescapes the segments of an escaped path one by one, so that an
// escaped slash stays inside its segment. Empty segments are kept: no service
// is known to clean paths.
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

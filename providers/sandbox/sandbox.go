package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const defaultConversations = 400

// The worlds that a sandbox can show: Hostile has every odd string, length and gap, Northwind is a year of a believable company.
const (
	Hostile   = "hostile"
	Northwind = "northwind"
)

// Options configures a [Sandbox]. The zero value means 400 conversations, no latency and no faults.
type Options struct {
	// Conversations is the total over the four services, spread evenly; 0 means 400.
	Conversations int
	// World is a folder of Files; "" means Hostile. If Files is nil, the package's own files are used.
	World string
	Files fs.FS
	// Seed determines the ids and the random faults.
	Seed uint64
	// Latency is added to every answer.
	Latency time.Duration
	// Faults maps the name of a fault to its probability per request, 0 to 1.
	Faults map[string]float64
	// Now is the servers' clock; nil means time.Now. The data is dated relative to the time at which New is called.
	Now func() time.Time
}

// Account is what a client needs to use one of the servers.
type Account struct {
	// Name, Provider and BaseURL are those of a confab configuration. Credential is the key or token.
	Name, Provider, BaseURL, Credential string
	// Settings are the other non-secret settings by name, Secrets the other secret ones.
	Settings, Secrets map[string]string
	// Unseen lists the ids of the conversations that are unseen when a demo starts. If any account lists some, all other
	// conversations start as seen.
	Unseen []string
	// Acts lists what was done in this account before a demo starts, oldest first.
	Acts []Act
}

// Act is an edit that was made before a demo starts: it set Field to To in all conversations that Query, in confab's query
// language, finds. The demo calls Prepare before it makes the edit; the service may then refuse the next write. It is an alias, so
// that an Account converts to the type with which config describes it.
type Act = struct {
	At               time.Time
	Query, Field, To string
	Prepare          func()
}

// The errors of a connection that was never accepted, and of one that was lost after the request was handled.
var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	errDropped = &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
)

// Sandbox is a set of stand-in servers. Use [New].
type Sandbox struct {
	services []*server

	lock
	rng      *rand.Rand
	latency  time.Duration
	rates    map[string]float64
	requests []Request
}

// makers has the constructors of the services that have behaviour of their own.
var makers = map[string]func(*server){
	"attention": newAttention, "bird": newBird, "askelephant": newAskElephant, "kona": newKona,
}

func newService(name string, conversations int, data *world, now func() time.Time) *server {
	s := &server{spec: load[spec](data.files, "data/services/"+name+".json"), conversations: conversations, data: data, now: now}
	s.key = s.Key
	if own := makers[name]; own != nil {
		own(s)
	} else {
		s.start(s, nil)
	}
	return s
}

// New returns a new sandbox. It fails for an unknown world or fault, a rate outside 0..1, or a negative number of conversations.
func New(o Options) (*Sandbox, error) {
	if o.Conversations < 0 {
		return nil, errors.New("the number of conversations is negative")
	}
	o.Conversations = cmp.Or(o.Conversations, defaultConversations)
	o.World = cmp.Or(o.World, Hostile)
	if _, err := fs.Stat(cmp.Or(o.Files, fs.FS(files)), "data/"+o.World+"/people.json"); err != nil {
		return nil, fmt.Errorf("there is no world %q", o.World)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sandbox{latency: o.Latency, rng: rand.New(rand.NewPCG(o.Seed, 1)), rates: map[string]float64{}}
	for name, rate := range o.Faults {
		if err := checkFault(name, rate); err != nil {
			return nil, err
		}
		s.rates[name] = rate
	}
	data := newWorld(o.Files, o.World, o.Seed, o.Now())
	for i, name := range data.Services {
		// The first services take the remainder.
		share := (o.Conversations + len(data.Services) - 1 - i) / len(data.Services)
		s.services = append(s.services, newService(name, share, data, o.Now))
	}
	return s, nil
}

// Accounts returns one account per server, in the order of the world's people.json, for clients that reach the servers at a root
// URL, which ends without a slash.
func (s *Sandbox) Accounts(root string) (accounts []Account) {
	for _, v := range s.services {
		accounts = append(accounts, v.account(root))
	}
	return accounts
}

func (s *server) account(root string) Account {
	defer s.hold()()
	a := Account{Name: s.Account, Provider: s.Provider, BaseURL: root + s.Path, Credential: s.key, Settings: map[string]string{},
		Secrets: maps.Clone(s.Secrets), Unseen: s.unseen(), Acts: s.acts()}
	words := scene{words: with(s.Defaults, s.switches), place: func(kind string, n int) any { return s.parts.place(-1, kind, n) }}
	for name, value := range s.Settings {
		if a.Settings[name] = fmt.Sprint(words.text(value)); strings.HasPrefix(value, "/") {
			a.Settings[name] = root + value
		}
	}
	return a
}

// server returns the server of a provider, or nil.
func (s *Sandbox) server(provider string) *server {
	for _, v := range s.services {
		if v.Provider == provider {
			return v
		}
	}
	return nil
}

// Of returns the server of a provider. It panics on an unknown one.
func (s *Sandbox) Of(provider string) *Server {
	if v := s.server(provider); v != nil {
		return v
	}
	panic(fmt.Sprintf("unknown provider %q", provider))
}

// serviceOf returns the service of type T.
func serviceOf[T service](s *Sandbox) T {
	i := slices.IndexFunc(s.services, func(v *server) bool { _, ok := v.parts.(T); return ok })
	return s.services[i].parts.(T)
}

// ServeHTTP routes a request by its first path segment, the provider. To lose a connection it panics with
// [http.ErrAbortHandler], upon which the HTTP server closes the connection.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, err := s.handle(r)
	if err != nil {
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
	// A write fails only if the client has gone away.
	_, _ = w.Write(x.out.Bytes())
}

// handle applies the faults to a request and lets its service answer it. The error is that of the connection or the context.
func (s *Sandbox) handle(r *http.Request) (*exchange, error) {
	ctx := r.Context()
	provider, rest, found := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if found {
		rest = "/" + rest
	}
	v := s.server(provider)
	x := &exchange{method: r.Method, rest: rest, header: r.Header, answer: http.Header{}}
	if v == nil {
		x.raw(http.StatusNotFound, "text/plain; charset=utf-8", []byte("404 page not found\n"))
		return x, nil
	}
	write := v.writes(x)
	met, latency := s.faultsFor(v, write)
	if met[FaultDropBefore] {
		return nil, errRefused
	}
	if err := x.readBody(r); err != nil {
		return nil, err
	}
	if err := pause(ctx, latency); err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	x.now, x.query, x.badQuery = v.now().UTC(), query, err != nil

	switch {
	case x.status != 0: // the body was too large
	case met[Fault429]:
		x.answer.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		v.rateLimited(x)
	case met[Fault429Date]:
		// Round up, because the date has whole seconds and must not be early.
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
		Provider: provider, Method: x.method, Path: rest, Query: r.URL.RawQuery, Body: x.body, Status: x.status, Write: write,
	})
	if met[FaultDropAfter] {
		return nil, errDropped
	}
	if met[FaultSlow] {
		return x, pause(ctx, slowDelay)
	}
	return x, ctx.Err()
}

// maxRequests bounds the log of requests, so that a demo which runs for days doesn't grow. The oldest are dropped.
const maxRequests = 1 << 16

// Request is a request that a server received. Requests whose connection was refused or lost before they were handled are
// not logged.
type Request struct {
	Provider, Method string
	// Path is the path after the provider's prefix, escaped as received.
	Path string
	// Query is the query as received, without the question mark.
	Query string
	Body  []byte
	// Status is the status of the answer, even if the connection was lost before it was sent.
	Status int
	// Write is true if the request was meant to change a resource, even if it was refused.
	Write bool
}

// Requests returns the requests received since the start or the last [Sandbox.ResetRequests], in the order in which they were
// handled. At least the last 65,536 are kept.
func (s *Sandbox) Requests() []Request {
	defer s.hold()()
	all := slices.Clone(s.requests)
	for i := range all {
		all[i].Body = slices.Clone(all[i].Body)
	}
	return all
}

// ResetRequests forgets the requests received so far.
func (s *Sandbox) ResetRequests() {
	defer s.hold()()
	s.requests = nil
}

func (s *Sandbox) record(r Request) {
	defer s.hold()()
	if len(s.requests) >= 2*maxRequests {
		s.requests = slices.Clone(s.requests[maxRequests:])
	}
	s.requests = append(s.requests, r)
}

// Transport returns a round tripper that answers from the sandbox in memory, in the caller's goroutine, whatever the host. The
// error of a connection that is lost after the request was handled is a *net.OpError with Op "read" around
// [io.ErrUnexpectedEOF]; that of one that was never accepted has Op "dial" and wraps [syscall.ECONNREFUSED]. When the context of
// a waiting request ends, the context's error is returned at once.
func (s *Sandbox) Transport() http.RoundTripper { return transport{s} }

type transport struct{ sandbox *Sandbox }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	x, err := t.sandbox.handle(req)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", x.status, http.StatusText(x.status)), StatusCode: x.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: x.answer, Request: req,
		Body: io.NopCloser(bytes.NewReader(x.out.Bytes())), ContentLength: int64(x.out.Len()),
	}, nil
}

// The faults that a [Sandbox] can inject.
const (
	// Fault429 answers 429 with Retry-After in seconds (2). Nothing is done.
	Fault429 = "429"
	// Fault429Date answers 429 with Retry-After as an HTTP date two to three seconds ahead (HTTP dates have whole seconds).
	// Nothing is done.
	Fault429Date = "429-date"
	// Fault500HTML answers 500 with an HTML page, as a gateway would. Nothing is done.
	Fault500HTML = "500-html"
	// FaultDropBefore loses the connection before anything is done.
	FaultDropBefore = "drop-before"
	// FaultDropAfter does the write and then loses the connection instead of answering. It only meets writes.
	FaultDropAfter = "drop-after"
	// FaultSlow handles the request and holds the answer back for 20 seconds.
	FaultSlow = "slow"
	// FaultConcurrent lets somebody else change a conversation right before a read of it is answered or a write to it applied.
	FaultConcurrent = "concurrent"
)

const (
	retryAfter = 2 * time.Second
	slowDelay  = 20 * time.Second
)

// FaultNames returns the names of all faults in the order of their documentation.
func FaultNames() []string {
	return []string{Fault429, Fault429Date, Fault500HTML, FaultDropBefore, FaultDropAfter, FaultSlow, FaultConcurrent}
}

func checkFault(name string, rate float64) error {
	if !slices.Contains(FaultNames(), name) {
		return fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(FaultNames(), ", "))
	}
	if math.IsNaN(rate) || rate < 0 || rate > 1 {
		return fmt.Errorf("the rate of %s is from 0 to 1, not %v", name, rate)
	}
	return nil
}

// writesOnly reports whether a planned fault waits for a write.
func writesOnly(fault string) bool { return fault == FaultDropAfter || fault == FaultConcurrent }

// SetLatency sets the delay that is added to every answer.
func (s *Sandbox) SetLatency(d time.Duration) {
	defer s.hold()()
	s.latency = d
}

// FailNext injects a fault into the next n requests to the provider, whatever the rates; drop-after and concurrent wait for
// writes. Several calls queue up. It panics on an unknown provider or fault.
func (s *Sandbox) FailNext(provider, fault string, n int) {
	if err := checkFault(fault, 0); err != nil {
		panic(err)
	}
	v := s.Of(provider)
	defer s.hold()()
	v.planned = append(v.planned, slices.Repeat([]string{fault}, n)...)
}

// SetOffline makes every connection to the provider fail, or to all providers if provider is empty. In memory the error is
// "connection refused"; over a socket, which is open already, the connection is closed without an answer. It panics on an
// unknown provider.
func (s *Sandbox) SetOffline(provider string, down bool) {
	if provider != "" {
		s.Of(provider)
	}
	defer s.hold()()
	for _, v := range s.services {
		if provider == "" || provider == v.Provider {
			v.offline = down
		}
	}
}

// Revoke makes the provider answer 401 to its credential from now on. It panics on an unknown provider.
func (s *Sandbox) Revoke(provider string) {
	s.Of(provider).revoke()
}

// faultsFor returns the faults to inject into a request, and the latency. Being offline consumes no fault.
func (s *Sandbox) faultsFor(v *server, write bool) (met map[string]bool, latency time.Duration) {
	defer s.hold()()
	if v.offline {
		return map[string]bool{FaultDropBefore: true}, 0
	}
	met = map[string]bool{}
	if i := slices.IndexFunc(v.planned, func(fault string) bool { return write || !writesOnly(fault) }); i >= 0 {
		met[v.planned[i]] = true
		v.planned = slices.Delete(v.planned, i, i+1)
	}
	for _, name := range FaultNames() {
		// Draw for every fault with a rate, so that the draws of one don't depend on the outcome of another.
		if rate := s.rates[name]; rate > 0 && s.rng.Float64() < rate && (write || name != FaultDropAfter) {
			met[name] = true
		}
	}
	return met, s.latency
}

// pause waits for d, or returns the context's error when that ends earlier.
func pause(ctx context.Context, d time.Duration) error {
	over, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-over.Done()
	return ctx.Err()
}

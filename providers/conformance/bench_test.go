package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// Bench is a stand-in with an account on it, all of whose answers are checked.
type Bench struct {
	Standin
	// Account is Standin.Account with the checks of watched.
	Account model.Provider
	// Creator is the Account if the service creates conversations, else nil.
	Creator model.Creator

	t       testing.TB
	service Service
	wire    *wire
}

// Tamper answers a request in place of the server, which is next.
type Tamper func(req *http.Request, next http.RoundTripper) (*http.Response, error)

// size is the default number of conversations in a stand-in.
const size = 60

// aFew returns all values for a test to try or, with -short, n of them, which
// start elsewhere with each turn. The run with the race detector is short, because
// the values hardly matter for what goroutines do to each other.
func aFew[T any](all []T, n, turn int) []T {
	if !testing.Short() || len(all) <= n {
		return all
	}
	out := make([]T, n)
	for i := range out {
		out[i] = all[(n*turn+i)%len(all)]
	}
	return out
}

func (s Service) open(t testing.TB, o Options) *Bench {
	t.Helper()
	if o.Conversations == 0 {
		o.Conversations = size
	}
	b := &Bench{t: t, service: s, wire: &wire{header: cmp.Or(s.Header, "Authorization")}}
	var lines lineLog
	o.Log = lines.add
	o.Wrap = func(next http.RoundTripper) http.RoundTripper {
		b.wire.next = next
		return b.wire
	}
	b.Standin = s.Open(t, o)
	w := &watched{Provider: b.Standin.Account, t: t, secrets: b.Secrets, lines: &lines}
	b.Account = w
	if _, ok := b.Standin.Account.(model.Creator); ok {
		b.Creator = w
	}
	return b
}

// bubble runs a subtest in a synctest bubble of its own.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// Tamper puts f between the account and its server; nil removes it.
func (b *Bench) Tamper(f Tamper) {
	b.wire.mu.Lock()
	defer b.wire.mu.Unlock()
	b.wire.tamper = f
}

// TamperWrites puts f between the account and its server for writes alone.
func (b *Bench) TamperWrites(f Tamper) { b.tamperWhere(true, f) }

// TamperReads puts f between the account and its server for reads alone.
func (b *Bench) TamperReads(f Tamper) { b.tamperWhere(false, f) }

func (b *Bench) tamperWhere(write bool, f Tamper) {
	b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		if b.service.IsWrite(req.Method, req.URL.EscapedPath()) == write {
			return f(req, next)
		}
		return next.RoundTrip(req)
	})
}

// T returns the test that opened the bench.
func (b *Bench) T() testing.TB { return b.t }

// Reset forgets the requests so far.
func (b *Bench) Reset() {
	b.wire.mu.Lock()
	b.wire.sent = nil
	b.wire.mu.Unlock()
	b.ResetLog()
}

// Sent returns the requests that the account has sent since Reset, answered or
// not.
func (b *Bench) Sent() []Sent {
	b.wire.mu.Lock()
	defer b.wire.mu.Unlock()
	return slices.Clone(b.wire.sent)
}

// Writes returns the requests of Sent that are meant to change something.
func (b *Bench) Writes() []Sent {
	return slices.DeleteFunc(b.Sent(), func(s Sent) bool { return !b.service.IsWrite(s.Method, s.Path) })
}

// Sent is a request that an account sent.
type Sent struct {
	model.Request
	Host string
	// Credential is the header that carries it.
	Credential string
}

func (s Sent) String() string {
	out := s.Method + " " + s.Path
	if s.Query != "" {
		out += "?" + s.Query
	}
	if s.Body != nil {
		out += " " + string(s.Body)
	}
	return out
}

// wire records the requests of an account.
type wire struct {
	next   http.RoundTripper
	header string // the one that carries the credential

	mu     sync.Mutex
	tamper Tamper
	sent   []Sent
}

func (w *wire) credential(req *http.Request) string { return req.Header.Get(w.header) }

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.sent = append(w.sent, Sent{
		Request: model.Request{Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery, Body: body},
		Host:    req.URL.Host, Credential: w.credential(req),
	})
	tamper := w.tamper
	w.mu.Unlock()
	if tamper != nil {
		return tamper(req, w.next)
	}
	return w.next.RoundTrip(req)
}

// lineLog collects the lines that an account logs.
type lineLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *lineLog) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *lineLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.lines
	l.lines = nil
	return out
}

// watched checks everything that an account returns: errors must be of type
// model.Error, and nothing may contain a credential.
type watched struct {
	model.Provider
	t       testing.TB
	secrets []string
	lines   *lineLog
}

var kinds = []model.ErrorKind{
	model.Unauthorized, model.NoCredential, model.Forbidden, model.NotFound, model.ConflictKind, model.Invalid, model.RateLimited, model.Unavailable,
	model.UnknownOutcome, model.Unsupported, model.Unverified, model.Malformed, model.Canceled, model.Local,
}

// failed checks an error of an account.
func (w *watched) failed(what string, err error) {
	w.t.Helper()
	if err == nil {
		return
	}
	var e *model.Error
	switch {
	case !errors.As(err, &e):
		w.t.Errorf("%s: the error is a %T, want a *model.Error: %v", what, err, err)
		return
	case !slices.Contains(kinds, e.Kind):
		w.t.Errorf("%s: the error has the unknown kind %q: %v", what, e.Kind, err)
	case e.Op == "":
		w.t.Errorf("%s: the error has no Op: %v", what, err)
	}
	members := *e
	members.Err = nil // the texts of the causes are checked below
	w.hidden(what+": the error", err.Error(), members)
	for inner := error(e); inner != nil; inner = errors.Unwrap(inner) {
		w.hidden(what+": the error within", inner.Error())
	}
}

// hidden fails if a text in one of the values contains a credential.
func (w *watched) hidden(what string, values ...any) {
	w.t.Helper()
	for _, v := range values {
		eachText(reflect.ValueOf(v), func(text string) {
			for _, s := range w.secrets {
				if strings.Contains(text, s) {
					w.t.Errorf("%s shows a credential: %.400s", what, text)
				}
			}
		})
	}
}

// eachText calls f with every text in a value.
func eachText(v reflect.Value, f func(string)) {
	switch v.Kind() {
	case reflect.String:
		f(v.String())
	case reflect.Pointer, reflect.Interface:
		eachText(v.Elem(), f)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			f(string(v.Bytes()))
			return
		}
		for i := range v.Len() {
			eachText(v.Index(i), f)
		}
	case reflect.Map:
		for at := v.MapRange(); at.Next(); {
			eachText(at.Key(), f)
			eachText(at.Value(), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() {
				eachText(v.Field(i), f)
			}
		}
	}
}

// after checks the lines that were logged meanwhile.
func (w *watched) after(what string) {
	w.t.Helper()
	w.hidden(what+": the log", w.lines.take())
}

func (w *watched) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	w.t.Helper()
	var own error
	res, err := w.Provider.Sync(ctx, req, func(b model.Batch) (bool, error) {
		w.hidden("sync", b)
		more, err := emit(b)
		own = err
		return more, err
	})
	if own == nil || !errors.Is(err, own) {
		w.failed("sync", err)
	}
	w.after("sync")
	return res, err
}

func (w *watched) Load(ctx context.Context, id string, need model.Need) (model.Detail, error) {
	w.t.Helper()
	d, err := w.Provider.Load(ctx, id, need)
	w.failed("load", err)
	w.after("load")
	w.hidden("load", d)
	return d, err
}

func (w *watched) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	w.t.Helper()
	page, err := w.Provider.Lookup(ctx, req)
	w.failed("look up", err)
	w.after("look up")
	w.hidden("look up", page)
	return page, err
}

func (w *watched) Check(ctx context.Context) []model.CheckResult {
	w.t.Helper()
	out := w.Provider.Check(ctx)
	w.after("check")
	w.hidden("check", out)
	return out
}

func (w *watched) Link(ctx context.Context, c model.Conversation, kind model.LinkKind) (string, error) {
	w.t.Helper()
	link, err := w.Provider.Link(ctx, c, kind)
	w.failed("link", err)
	w.after("link")
	w.hidden("link", link)
	return link, err
}

func (w *watched) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	w.t.Helper()
	list, err := w.Provider.Requests(fresh, edits)
	w.failed("requests", err)
	w.hidden("requests", list)
	return list, err
}

func (w *watched) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	w.t.Helper()
	out := w.Provider.Apply(ctx, fresh, edits)
	if len(out) != len(edits) {
		w.t.Fatalf("apply: %d outcomes for %d edits", len(out), len(edits))
	}
	for _, o := range out {
		w.failed("apply", o.Err)
		w.hidden("apply", o.After)
	}
	w.after("apply")
	return out
}

func (w *watched) Newest(ctx context.Context, n model.NewConversation) (model.Newest, error) {
	w.t.Helper()
	newest, err := w.Provider.(model.Creator).Newest(ctx, n)
	w.failed("newest", err)
	w.after("newest")
	return newest, err
}

func (w *watched) Find(ctx context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	w.t.Helper()
	found, err := w.Provider.(model.Creator).Find(ctx, e, known)
	w.failed("find", err)
	w.after("find")
	return found, err
}

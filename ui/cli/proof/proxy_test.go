package proof

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"confab/config"
	"confab/providers/sandbox"
)

// request is a request as the stand-in got it.
type request struct {
	Provider, Method, Path, Query, Body string
	Write                               bool
	// Status is the service's answer, delivered or not; 0 if the service never saw the request.
	Status int
}

// effect reports whether the service carried a write out.
func (r request) effect() bool { return r.Write && r.Status >= 200 && r.Status < 300 }

// verdict is what becomes of a request after a hook.
type verdict int

const (
	pass verdict = iota
	drop         // the connection is lost here
)

// hooks are called while a request is handled, with no lock held. A hook may wait.
type hooks struct {
	arrived  func(r request) verdict // before the service sees it
	done     func(r request) verdict // after its effect, before the answer
	answered func(r request)         // after the answer has left
	// instead answers in place of the service. A nil answer passes the request on to the service.
	instead func(r request) *answer
}

// answer is the answer of a service.
type answer struct {
	status int
	header map[string]string
	body   string
}

// proxy stands before the services, records requests and calls the hooks of a test.
type proxy struct {
	mu    sync.Mutex
	box   *sandbox.Sandbox
	hooks hooks
	log   []request
}

// open puts fresh services behind the proxy.
func (p *proxy) open(box *sandbox.Sandbox, h hooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.box, p.hooks, p.log = box, h, nil
}

func (p *proxy) watch(h hooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hooks = h
}

// requests returns the requests since open.
func (p *proxy) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.log...)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	box, h := p.box, p.hooks
	p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	provider, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	seen := request{Provider: provider, Method: r.Method, Path: rest, Query: r.URL.RawQuery, Body: string(body)}
	seen.Write = r.Method != http.MethodGet && !strings.HasSuffix(rest, "/search") && !strings.HasSuffix(rest, "oauth/token")
	if h.arrived != nil && h.arrived(seen) == drop {
		panic(http.ErrAbortHandler)
	}
	if h.instead != nil {
		if a := h.instead(seen); a != nil {
			for k, v := range a.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(a.status)
			_, _ = io.WriteString(w, a.body)
			return
		}
	}
	// The service carries the request out, and the proxy records it, even if the client was killed meanwhile.
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	box.ServeHTTP(answer, again)
	seen.Status = answer.Code
	p.mu.Lock()
	p.log = append(p.log, seen)
	p.mu.Unlock()
	if h.done != nil && h.done(seen) == drop {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if h.answered != nil {
		h.answered(seen)
	}
}

// serve makes a proxy that listens on a socket.
func serve(t *testing.T) (*proxy, string) {
	t.Helper()
	p := &proxy{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL
}

// newBox makes services whose data depends only on the seed and the time born, from which their clock runs on.
func newBox(t testing.TB, seed uint64, born time.Time) *sandbox.Sandbox {
	t.Helper()
	first := true
	began := time.Now()
	b, err := sandbox.New(sandbox.Options{Conversations: 40, Seed: seed, Now: func() time.Time {
		if first {
			return born
		}
		return born.Add(time.Since(began))
	}})
	if err != nil {
		t.Fatal(err)
	}
	first = false
	return b
}

// configOf returns the accounts of services whose addresses are below root.
func configOf(b *sandbox.Sandbox, root string) []config.SandboxAccount {
	var out []config.SandboxAccount
	for _, a := range b.Accounts(root) {
		out = append(out, config.SandboxAccount(a))
	}
	return out
}

// TestTheProxyRecordsTheWriteOfAKilledClient kills a client after the service got its request and before the answer.
func TestTheProxyRecordsTheWriteOfAKilledClient(t *testing.T) {
	ctx, gone := context.WithCancel(t.Context())
	armed := false
	box, err := sandbox.New(sandbox.Options{Conversations: 4, Seed: 7, Now: func() time.Time {
		if armed {
			gone()
		}
		return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	}})
	if err != nil {
		t.Fatal(err)
	}
	armed = true
	p := &proxy{}
	p.open(box, hooks{})
	i := slices.IndexFunc(box.Accounts(""), func(a sandbox.Account) bool { return a.Provider == "attention" })
	account := box.Accounts("")[i]
	id := box.Attention().IDs()[0]
	r := httptest.NewRequestWithContext(ctx, http.MethodPut, account.BaseURL+"/conversations/"+id+"/title", strings.NewReader(`{"title":"new"}`))
	r.Header.Set("Authorization", "Bearer "+account.Credential)
	r.Header.Set("Content-Type", "application/json")
	p.ServeHTTP(httptest.NewRecorder(), r)
	if is := titleOf(account.Name+":"+id, box); is != "new" {
		t.Fatalf("the title is %q, want that of the request", is)
	}
	if log := p.requests(); len(log) != 1 || !log[0].effect() {
		t.Errorf("the proxy recorded %+v", log)
	}
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

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

// request is one request as the stand-in met it.
type request struct {
	Provider, Method, Path, Query, Body string
	Write                               bool
	// Status is what the service answered, whether or not the answer was
	// delivered; 0 where it never saw the request.
	Status int
}

// effect reports whether the service did what a write asked for.
func (r request) effect() bool { return r.Write && r.Status >= 200 && r.Status < 300 }

// verdict is what a hook does with a request.
type verdict int

const (
	pass verdict = iota
	drop         // the connection is lost here
)

// hooks are called while a request is handled, without any lock held. Each may
// wait.
type hooks struct {
	arrived  func(r request) verdict // before the service sees it
	done     func(r request) verdict // after its effect, before the answer
	answered func(r request)         // after the answer has left
	// instead answers in the place of the service, which then sees nothing; nil
	// is that it sees the request.
	instead func(r request) *answer
}

// answer is what a service says.
type answer struct {
	status int
	header map[string]string
	body   string
}

// door stands before the services and lets a test in.
type door struct {
	mu    sync.Mutex
	box   *sandbox.Sandbox
	hooks hooks
	log   []request
}

// open puts fresh services behind the door.
func (d *door) open(box *sandbox.Sandbox, h hooks) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.box, d.hooks, d.log = box, h, nil
}

func (d *door) watch(h hooks) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks = h
}

// requests returns what was asked since open.
func (d *door) requests() []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]request(nil), d.log...)
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	box, h := d.box, d.hooks
	d.mu.Unlock()
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
	// A service does what it was asked, and the door notes it, though whoever
	// asked was killed meanwhile.
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	box.ServeHTTP(answer, again)
	seen.Status = answer.Code
	d.mu.Lock()
	d.log = append(d.log, seen)
	d.mu.Unlock()
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

// serve opens the door on a socket.
func serve(t *testing.T) (*door, string) {
	t.Helper()
	d := &door{}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	return d, s.URL
}

// newBox makes services whose data depends on nothing but the seed and the
// moment born; afterwards their clock runs.
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

// configOf returns the accounts of services that are reached at root.
func configOf(b *sandbox.Sandbox, root string) []config.SandboxAccount {
	var out []config.SandboxAccount
	for _, a := range b.Accounts() {
		settings := map[string]string{}
		for k, v := range a.Settings {
			if strings.HasPrefix(v, "/") {
				v = root + v
			}
			settings[k] = v
		}
		out = append(out, config.SandboxAccount{Name: a.Name, Provider: a.Provider, BaseURL: root + a.Path,
			Credential: a.Credential, Settings: settings, Secrets: a.Secrets})
	}
	return out
}

// TestTheDoorNotesWhatAKilledClientAsked: who asked is gone after the service
// took the request in, and before it answers.
func TestTheDoorNotesWhatAKilledClientAsked(t *testing.T) {
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
	d := &door{}
	d.open(box, hooks{})
	i := slices.IndexFunc(box.Accounts(), func(a sandbox.Account) bool { return a.Provider == "attention" })
	account := box.Accounts()[i]
	id := box.Attention().IDs()[0]
	r := httptest.NewRequestWithContext(ctx, http.MethodPut, account.Path+"/conversations/"+id+"/title", strings.NewReader(`{"title":"new"}`))
	r.Header.Set("Authorization", "Bearer "+account.Credential)
	r.Header.Set("Content-Type", "application/json")
	d.ServeHTTP(httptest.NewRecorder(), r)
	if is := titleOf(account.Name+":"+id, box); is != "new" {
		t.Fatalf("the service did not take the request in: the title is %q", is)
	}
	if log := d.requests(); len(log) != 1 || !log[0].effect() {
		t.Errorf("the door noted %+v", log)
	}
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

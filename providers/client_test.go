package providers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// secret is a credential that never changes.
type secret string

func (s secret) Get(context.Context) (string, error) { return string(s), nil }
func (secret) Reject(string)                         {}

const token = "tok-VERY-secret/1"

func testClient(t *testing.T, o ClientOptions, a Account, f roundTrip) *Client {
	t.Helper()
	a.Transport = f
	if a.BaseURL == "" {
		a.BaseURL = "https://api.example.test/v2"
	}
	if a.Credential == nil {
		a.Credential = secret(token)
	}
	if o.Credential == nil {
		o.Credential = &Credential{}
	}
	c, err := NewClient(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	read  = Endpoint{Name: "read thing", Method: http.MethodGet, Path: "/things/{id}"}
	write = Endpoint{Name: "change thing", Method: http.MethodPut, Path: "/things/{id}", Write: true}
	one   = map[string]string{"id": "a/b c"}
)

func TestReadOnlySendsNothing(t *testing.T) {
	c := testClient(t, ClientOptions{}, Account{ReadOnly: true}, func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			t.Error("a write was sent")
		}
		return answer(r, 200, nil, "{}"), nil
	})
	_, err := c.Do(context.Background(), Call{Endpoint: write, Params: one})
	if e := model.AsError(err); e == nil || e.Kind != model.Unsupported || e.Message != "this account is read-only" {
		t.Error(err)
	}
	if _, err := c.Request(Call{Endpoint: write, Params: one}); err != nil {
		t.Error("Request of a write on a read-only account:", err)
	}
	if _, err := c.Do(context.Background(), Call{Endpoint: Endpoint{Name: "sign", Method: http.MethodPost, Path: "/x"}}); err != nil {
		t.Error("POST that is declared as a read, on a read-only account:", err)
	}
}

func TestLostConnections(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	dropped := &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			name  string
			err   error
			reads int32
			write model.ErrorKind
		}{
			{"refused", refused, 2, model.Unavailable},
			{"no such host", &net.DNSError{Name: "api.example.test", Err: "no such host"}, 1, model.Unavailable},
			{"dropped", dropped, 2, model.UnknownOutcome},
			{"whatever", errors.New("http2: stream reset?token=" + token), 2, model.UnknownOutcome},
		} {
			var n atomic.Int32
			c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
				n.Add(1)
				return nil, tc.err
			})
			_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one, Query: url.Values{"q": {"hidden-query"}}})
			if model.KindOf(err) != model.Unavailable || n.Load() != tc.reads {
				t.Errorf("%s: read: got %v after %d requests, want Unavailable after %d", tc.name, err, n.Load(), tc.reads)
			}
			mustBeClean(t, err)
			n.Store(0)
			_, err = c.Do(context.Background(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != tc.write || n.Load() != 1 {
				t.Errorf("%s: write: got %v after %d requests, want %s after 1", tc.name, err, n.Load(), tc.write)
			}
			mustBeClean(t, err)
		}
	})
}

func mustBeClean(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s := e.Error(); strings.Contains(s, token) || strings.Contains(s, "hidden-query") {
			t.Errorf("error contains a secret: %s", s)
		}
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	synctest.Test(t, func(t *testing.T) {
		c := testClient(t, ClientOptions{}, Account{}, hang)
		start := time.Now()
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if model.KindOf(err) != model.Unavailable || time.Since(start) != defaultTimeout {
			t.Errorf("read: got %v after %v, want Unavailable after %v", err, time.Since(start), defaultTimeout)
		}
		slow := write
		slow.Seconds = 1
		start = time.Now()
		_, err = c.Do(context.Background(), Call{Endpoint: slow, Params: one})
		if model.KindOf(err) != model.UnknownOutcome || time.Since(start) != time.Second {
			t.Errorf("write: got %v after %v, want UnknownOutcome after 1s", err, time.Since(start))
		}
		for endpoint, want := range map[*Endpoint]model.ErrorKind{&read: model.Canceled, &write: model.UnknownOutcome} {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			if _, err = c.Do(ctx, Call{Endpoint: *endpoint, Params: one}); model.KindOf(err) != want {
				t.Errorf("%s, cancelled in flight: got %v, want %s", endpoint.Name, err, want)
			}
			cancel()
			if _, err = c.Do(ctx, Call{Endpoint: *endpoint, Params: one}); model.KindOf(err) != model.Canceled {
				t.Errorf("%s, cancelled before: got %v, want Canceled", endpoint.Name, err)
			}
		}
		sent := 0
		c = testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) { sent++; return answer(r, 502, nil, ""), nil })
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(100*time.Millisecond, cancel)
		start = time.Now()
		_, err = c.Do(ctx, Call{Endpoint: read, Params: one})
		if model.KindOf(err) != model.Canceled || time.Since(start) != 100*time.Millisecond || sent != 1 {
			t.Errorf("cancelled before a repeat: got %v after %v and %d requests, want Canceled after 100ms and 1", err, time.Since(start), sent)
		}
	})
}

type brokenPacer struct{}

func (brokenPacer) Wait(context.Context) error {
	return errors.New("the file of the pace cannot be locked")
}

func TestNothingIsSentWithoutItsTurn(t *testing.T) {
	c := testClient(t, ClientOptions{}, Account{Pacer: brokenPacer{}}, func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", r.URL)
		return answer(r, 200, nil, "{}"), nil
	})
	for _, endpoint := range []Endpoint{read, write} {
		if _, err := c.Do(t.Context(), Call{Endpoint: endpoint, Params: one}); model.KindOf(err) != model.Local {
			t.Errorf("%s: got %v, want Local", endpoint.Name, err)
		}
	}
}

type countingPacer struct{ n atomic.Int32 }

func (p *countingPacer) Wait(ctx context.Context) error { p.n.Add(1); return ctx.Err() }

func TestPaceAndRequestsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		pacer := &countingPacer{}
		c := testClient(t, ClientOptions{InFlight: 3}, Account{Pacer: pacer}, func(r *http.Request) (*http.Response, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			time.Sleep(time.Second)
			return answer(r, 200, nil, "{}"), nil
		})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := c.Do(context.Background(), Call{Endpoint: read, Params: one}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() != 3 || pacer.n.Load() != 10 {
			t.Errorf("got %d requests in flight and %d paced, want 3 and 10", most.Load(), pacer.n.Load())
		}
		pacer.n.Store(0)
		c = testClient(t, ClientOptions{}, Account{Pacer: pacer}, func(r *http.Request) (*http.Response, error) { return answer(r, 502, nil, ""), nil })
		c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if pacer.n.Load() != 2 {
			t.Errorf("got %d paced requests with a repeat, want 2", pacer.n.Load())
		}
	})
}

func TestRedirects(t *testing.T) {
	for _, tc := range []struct {
		name, location string
		status         int
		ok             bool
	}{
		{"same host", "/v2/other", 302, true},
		{"same host, as the result of a write", "/v2/other", 303, true},
		{"same host, whole", "https://api.example.test/v2/other", 307, true},
		{"outside the base", "/login", 302, false},
		{"outside the base, by dots", "/v2/../login", 302, false},
		{"outside the base, by escaped dots", "/v2/%2e%2e/login", 302, false},
		{"outside the base, by an escaped slash", "/v2/..%2flogin", 302, false},
		{"outside the base, by a backslash", `/v2/..\login`, 302, false},
		{"a longer name than the base", "/v2x/other", 302, false},
		{"another host", "https://evil.test/v2/other?key=hidden-query", 302, false},
		{"another host, without scheme", "//evil.test/v2/other", 302, false},
		{"another host, which begins as ours", "https://api.example.test.evil.test/v2/other", 302, false},
		{"a user", "https://evil@api.example.test/v2/other", 302, false},
		{"no TLS", "http://api.example.test/v2/other", 301, false},
		{"another port", "https://api.example.test:444/v2/other", 308, false},
		{"nowhere", "", 302, false},
	} {
		var asked []string
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			if r.Header.Get("Authorization") == "" {
				t.Errorf("%s: request without a credential", tc.name)
			}
			if strings.HasSuffix(r.URL.Path, "/other") {
				return answer(r, 200, nil, `{"ok":true}`), nil
			}
			h := http.Header{}
			if tc.location != "" {
				h.Set("Location", tc.location)
			}
			return answer(r, tc.status, h, ""), nil
		})
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if (err == nil) != tc.ok {
			t.Errorf("%s: got error %v, want success %t", tc.name, err, tc.ok)
		}
		mustBeClean(t, err)
		if strings.HasPrefix(tc.location, "https://evil.test") && !strings.Contains(err.Error(), "evil.test") {
			t.Errorf("error lacks the host of the redirect: %v", err)
		}
		if want := map[bool]int{true: 2, false: 1}[tc.ok]; len(asked) != want {
			t.Errorf("%s: got requests to %q, want %d", tc.name, asked, want)
		}
		n := len(asked)
		want := map[bool]model.ErrorKind{true: model.UnknownOutcome, false: model.Unavailable}[tc.status == 303]
		if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: one}); model.KindOf(err) != want || len(asked) != n+1 {
			t.Errorf("%s: write: got %v after %d requests, want %s after 1", tc.name, err, len(asked)-n, want)
		}
	}
}

func TestRedirectsAreLimited(t *testing.T) {
	n := 0
	c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
		n++
		return answer(r, 302, http.Header{"Location": {"/v2/again"}}, ""), nil
	})
	if _, err := c.Do(context.Background(), Call{Endpoint: read, Params: one}); err == nil || n != 1+maxRedirects {
		t.Errorf("got %v after %d requests, want an error after %d", err, n, 1+maxRedirects)
	}
}

// A real connection distinguishes requests that were never sent from those that may have been.
func TestRealTransport(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/drop") {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":true}`)
	}))
	c, err := NewClient(Account{BaseURL: s.URL}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(context.Background(), Call{Endpoint: read, Params: one}); err != nil {
		t.Error(err)
	}
	if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: map[string]string{"id": "drop"}}); model.KindOf(err) != model.UnknownOutcome {
		t.Errorf("write that loses its connection: got %v, want UnknownOutcome", err)
	}
	s.Close()
	if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: one}); model.KindOf(err) != model.Unavailable {
		t.Errorf("write without a connection: got %v, want Unavailable", err)
	}
}

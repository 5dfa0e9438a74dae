package providers

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
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

	"github.com/google/go-cmp/cmp"

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

func TestRequestIsWhatDoSends(t *testing.T) {
	for _, call := range []Call{
		{Endpoint: write, Params: one, Query: url.Values{"filter[title]": {"a&b"}}, Body: map[string]string{"t": "<x>"}},
		{Endpoint: write, Params: one},
		{Endpoint: Endpoint{Name: "drop", Method: http.MethodDelete, Path: "/things/{id}", Write: true}, Params: one},
		{Endpoint: Endpoint{Name: "form", Method: http.MethodPost, Path: "/token"}, Body: url.Values{"grant": {"x y"}}},
	} {
		var got model.Request
		var header http.Header
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
			got = model.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery}
			header = r.Header
			if r.Body != nil {
				if b, _ := io.ReadAll(r.Body); len(b) > 0 {
					got.Body = b
				}
			}
			if got.Body == nil && r.ContentLength != 0 {
				t.Errorf("content length %d without a body", r.ContentLength)
			}
			return answer(r, 200, nil, "{}"), nil
		})
		want, err := c.Request(call)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(context.Background(), call); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if (call.Body == nil) != (header.Get("Content-Type") == "") {
			t.Errorf("content type %q", header.Get("Content-Type"))
		}
		if header.Get("User-Agent") != "confab" || header.Get("Accept") != "application/json" || header.Get("Authorization") != "Bearer "+token {
			t.Errorf("headers: %v", header)
		}
	}
}

func TestPathsAreSafe(t *testing.T) {
	c := testClient(t, ClientOptions{}, Account{}, nil)
	for _, id := range []string{"", ".", ".."} {
		_, err := c.Request(Call{Endpoint: read, Params: map[string]string{"id": id}})
		if model.KindOf(err) != model.Invalid {
			t.Errorf("%q: %v", id, err)
		}
	}
	for id, want := range map[string]string{
		"a/../b": "/v2/things/a%2F..%2Fb", "a?b=c#d": "/v2/things/a%3Fb=c%23d", "{id}": "/v2/things/%7Bid%7D", "é\n": "/v2/things/%C3%A9%0A", "%2e%2e": "/v2/things/%252e%252e",
	} {
		r, err := c.Request(Call{Endpoint: read, Params: map[string]string{"id": id}})
		if err != nil || r.Path != want {
			t.Errorf("%q: %q, %v; want %q", id, r.Path, err, want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://x.test/v2": true, "https://x.test/v2/": true, "http://127.0.0.1:80/a": true, "http://[::1]:8/": true, "http://localhost:1": true,
		"http://x.test": false, "ftp://x.test": false, "https://u:p@x.test": false, "https://x.test?a=b": false, "": false, "x.test": false, "://": false,
	} {
		if _, err := NewClient(Account{BaseURL: base}, ClientOptions{}); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
}

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
		t.Error("a dry run is allowed:", err)
	}
	if _, err := c.Do(context.Background(), Call{Endpoint: Endpoint{Name: "sign", Method: http.MethodPost, Path: "/x"}}); err != nil {
		t.Error("a POST that is declared a read is allowed:", err)
	}
}

func TestStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			status      int
			read, write model.ErrorKind
			reads       int32
		}{
			{400, model.Invalid, model.Invalid, 1}, {401, model.Unauthorized, model.Unauthorized, 1},
			{403, model.Forbidden, model.Forbidden, 1}, {404, model.NotFound, model.NotFound, 1},
			{405, model.Unsupported, model.Unsupported, 1}, {408, model.Unavailable, model.UnknownOutcome, 1},
			{409, model.ConflictKind, model.ConflictKind, 1}, {410, model.NotFound, model.NotFound, 1},
			{412, model.ConflictKind, model.ConflictKind, 1}, {413, model.Invalid, model.Invalid, 1},
			{418, model.Invalid, model.Invalid, 1}, {422, model.Invalid, model.Invalid, 1},
			{429, model.RateLimited, model.RateLimited, 1}, {500, model.Unavailable, model.UnknownOutcome, 1},
			{501, model.Unsupported, model.Unsupported, 1}, {502, model.Unavailable, model.UnknownOutcome, 2},
			{503, model.Unavailable, model.UnknownOutcome, 2}, {504, model.Unavailable, model.UnknownOutcome, 2},
		} {
			var n atomic.Int32
			c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
				n.Add(1)
				return answer(r, tc.status, nil, `{"detail":"no luck","code":7,"request_id":"r1"}`), nil
			})
			_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
			e := model.AsError(err)
			if e.Kind != tc.read || e.Status != tc.status || e.Message != "no luck" || e.Code != "7" || e.RequestID != "r1" || e.Op != "read thing" {
				t.Errorf("%d read: %#v", tc.status, e)
			}
			if n.Load() != tc.reads {
				t.Errorf("%d: read %d times", tc.status, n.Load())
			}
			n.Store(0)
			_, err = c.Do(context.Background(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != tc.write || n.Load() != 1 {
				t.Errorf("%d write: %v, sent %d times", tc.status, err, n.Load())
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, value, date string
		want              time.Duration
		asked             bool
	}{
		{"seconds", "30", "", 30 * time.Second, true},
		{"fraction", "1.5", "", 1500 * time.Millisecond, true},
		{"negative", "-5", "", 0, true},
		{"too long", "999999999999", "", time.Hour, true},
		{"endless", "Inf", "", time.Hour, true},
		{"no number", "NaN", "", 0, false},
		{"date", "Fri, 20 Nov 2026 10:01:00 GMT", "", time.Minute, true},
		{"date with their wrong clock", "Fri, 20 Nov 2026 08:01:00 GMT", "Fri, 20 Nov 2026 08:00:00 GMT", time.Minute, true},
		{"past", "Fri, 20 Nov 2020 10:01:00 GMT", "", 0, true},
		{"far", "Fri, 20 Nov 2099 10:01:00 GMT", "", time.Hour, true},
		{"none", "", "", 0, false},
		{"junk", "soon", "", 0, false},
	} {
		h := http.Header{}
		h.Set("Retry-After", tc.value)
		h.Set("Date", tc.date)
		at, asked := retryAfter(h, now)
		if asked != tc.asked || asked && at.Sub(now) != tc.want {
			t.Errorf("%s: %v %v", tc.name, at.Sub(now), asked)
		}
	}
}

func TestAServiceThatAsksForTimeIsNotAskedAgain(t *testing.T) {
	for _, status := range []int{429, 503} {
		var n atomic.Int32
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
			n.Add(1)
			return answer(r, status, http.Header{"Retry-After": {"20"}}, ""), nil
		})
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		e := model.AsError(err)
		if e.Kind != model.RateLimited || n.Load() != 1 || time.Until(e.RetryAt) < 10*time.Second {
			t.Errorf("%d: %v, %d requests, %v", status, e, n.Load(), e.RetryAt)
		}
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
				t.Errorf("%s: read %v after %d", tc.name, err, n.Load())
			}
			mustBeClean(t, err)
			n.Store(0)
			_, err = c.Do(context.Background(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != tc.write || n.Load() != 1 {
				t.Errorf("%s: write %v after %d", tc.name, err, n.Load())
			}
			mustBeClean(t, err)
		}
	})
}

func mustBeClean(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s := e.Error(); strings.Contains(s, token) || strings.Contains(s, "hidden-query") {
			t.Errorf("not clean: %s", s)
		}
	}
}

func TestNothingSecretIsShown(t *testing.T) {
	var lines []string
	a := Account{Log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
	c := testClient(t, ClientOptions{}, a, func(r *http.Request) (*http.Response, error) {
		return answer(r, 400, nil, `{"message":"key `+token+` at https://api.example.test/x?sig=hidden-query failed","code":"`+token+`",
			"request_id":"`+token+`"}`), nil
	})
	_, err := c.Do(context.Background(), Call{Endpoint: read, Params: map[string]string{"id": token}, Query: url.Values{"q": {"hidden-query"}}})
	mustBeClean(t, err)
	if e := model.AsError(err); !strings.Contains(e.Message, "https://api.example.test/x failed") {
		t.Errorf("the words of the service are gone: %q", e.Message)
	}
	all := strings.Join(lines, " ")
	if strings.Contains(all, url.PathEscape(token)) || strings.Contains(all, token) || strings.Contains(all, "hidden-query") || !strings.Contains(all, "400") {
		t.Errorf("log: %s", all)
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
		if model.KindOf(err) != model.Unavailable || time.Since(start) != DefaultTimeout {
			t.Errorf("read: %v after %v", err, time.Since(start))
		}
		slow := write
		slow.Seconds = 1
		start = time.Now()
		_, err = c.Do(context.Background(), Call{Endpoint: slow, Params: one})
		if model.KindOf(err) != model.UnknownOutcome || time.Since(start) != time.Second {
			t.Errorf("write: %v after %v", err, time.Since(start))
		}
		for endpoint, want := range map[*Endpoint]model.ErrorKind{&read: model.Canceled, &write: model.UnknownOutcome} {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			if _, err = c.Do(ctx, Call{Endpoint: *endpoint, Params: one}); model.KindOf(err) != want {
				t.Errorf("%s given up: %v", endpoint.Name, err)
			}
			cancel()
			if _, err = c.Do(ctx, Call{Endpoint: *endpoint, Params: one}); model.KindOf(err) != model.Canceled {
				t.Errorf("%s given up before: %v", endpoint.Name, err)
			}
		}
	})
}

type countingPacer struct{ n atomic.Int32 }

func (p *countingPacer) Wait(ctx context.Context) error { p.n.Add(1); return ctx.Err() }

func TestPaceAndPlaces(t *testing.T) {
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
			t.Errorf("%d at once, paced %d times", most.Load(), pacer.n.Load())
		}
		pacer.n.Store(0)
		c = testClient(t, ClientOptions{}, Account{Pacer: pacer}, func(r *http.Request) (*http.Response, error) { return answer(r, 502, nil, ""), nil })
		c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if pacer.n.Load() != 2 {
			t.Errorf("the repeat was not paced: %d", pacer.n.Load())
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
				t.Errorf("%s: asked without the credential", tc.name)
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
			t.Errorf("%s: %v", tc.name, err)
		}
		mustBeClean(t, err)
		if strings.HasPrefix(tc.location, "https://evil.test") && !strings.Contains(err.Error(), "evil.test") {
			t.Errorf("the host is not named: %v", err)
		}
		if want := map[bool]int{true: 2, false: 1}[tc.ok]; len(asked) != want {
			t.Errorf("%s: the credential went to %q", tc.name, asked)
		}
		n := len(asked)
		if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: one}); model.KindOf(err) != model.UnknownOutcome || len(asked) != n+1 {
			t.Errorf("%s: a write was redirected: %v", tc.name, err)
		}
	}
}

func TestEndlessRedirects(t *testing.T) {
	n := 0
	c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
		n++
		return answer(r, 302, http.Header{"Location": {"/v2/again"}}, ""), nil
	})
	if _, err := c.Do(context.Background(), Call{Endpoint: read, Params: one}); err == nil || n != 1+maxRedirects {
		t.Errorf("%v after %d", err, n)
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(bytes.Repeat([]byte("[1,"), 1<<20))
	z.Close()
	for _, tc := range []struct {
		name   string
		header http.Header
		body   string
		says   string
	}{
		{"web page", http.Header{"Content-Type": {"text/html"}}, "<html><title>Log in</title>", "web page"},
		{"too large", nil, `"` + strings.Repeat("x", 1<<20) + `"`, "larger than 1 MiB"},
		{"bomb", http.Header{"Content-Encoding": {"gzip"}}, bomb.String(), "larger than 1 MiB"},
		{"odd coding", http.Header{"Content-Encoding": {"zstd"}}, "{}", "compressed"},
		{"plain text", http.Header{"Content-Type": {"text/plain"}}, "Bad Gateway", "not JSON"},
	} {
		c := testClient(t, ClientOptions{BodyLimit: 1 << 20}, Account{}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, tc.header, tc.body), nil
		})
		for endpoint, want := range map[*Endpoint]model.ErrorKind{&read: model.Malformed, &write: model.UnknownOutcome} {
			_, err := c.Do(context.Background(), Call{Endpoint: *endpoint, Params: one})
			if model.KindOf(err) != want || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
	}
	c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200, http.Header{"Content-Type": {"text/plain"}}, ` {"a":1`), nil
	})
	if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: one}); model.KindOf(err) != model.UnknownOutcome {
		t.Errorf("broken JSON after a write: %v", err)
	}
	a, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Object(); model.KindOf(err) != model.Malformed {
		t.Errorf("broken JSON of a read: %v", err)
	}
}

func TestErrorBodies(t *testing.T) {
	for body, want := range map[string]string{
		`{"title":"Not Found","detail":"conversation not found","code":"404"}`:                "conversation not found",
		`{"errors":[{"status":"404","title":"Not Found","detail":"conversation not found"}]}`: "conversation not found",
		`{"message":"Unauthorized"}`:         "Unauthorized",
		`{"error":"forbidden"}`:              "forbidden",
		`{"error":{"message":"deep"}}`:       "deep",
		`{"data":{"message":"inside"}}`:      "inside",
		`Bad Gateway`:                        "Bad Gateway",
		`<html><title> Oops </title></html>`: "Oops",
		``:                                   "Not Found",
		`null`:                               "Not Found",
		`"words"`:                            "words",
		"\xff\xfe":                           "Not Found",
	} {
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) { return answer(r, 404, nil, body), nil })
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if e := model.AsError(err); e.Message != want || e.Kind != model.NotFound {
			t.Errorf("%s: %q", body, e.Message)
		}
	}
}

// Over a real connection: what was never sent is told from what may have been.
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
		t.Error(err)
	}
	s.Close()
	if _, err := c.Do(context.Background(), Call{Endpoint: write, Params: one}); model.KindOf(err) != model.Unavailable {
		t.Error(err)
	}
}

// TestAnAnswerOfAnotherShapeIsToldInOurWords: an answer that is JSON and not the documented one has no words of the
// service, so its error has no status that would make ours look like them.
func TestAnAnswerOfAnotherShapeIsToldInOurWords(t *testing.T) {
	for _, body := range []string{"[]", "null", "7", "{}", `{"rows":7}`} {
		a := &Answer{Status: 200, Body: []byte(body), op: "list things"}
		rows, _, err := a.Rows("rows")
		e := model.AsError(err)
		if rows != nil || e == nil || e.Kind != model.Malformed || e.Status != 0 || e.Message != "the answer holds no list of rows" {
			t.Errorf("%s: %v, %+v", body, rows, e)
		}
	}
}

package providers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

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
				t.Errorf("read answered %d: got %#v, want kind %s", tc.status, e, tc.read)
			}
			if n.Load() != tc.reads {
				t.Errorf("read answered %d: got %d requests, want %d", tc.status, n.Load(), tc.reads)
			}
			n.Store(0)
			_, err = c.Do(context.Background(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != tc.write || n.Load() != 1 {
				t.Errorf("write answered %d: got %v and %d requests, want kind %s and 1", tc.status, err, n.Load(), tc.write)
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
			t.Errorf("%s: got %v, %t; want %v, %t", tc.name, at.Sub(now), asked, tc.want, tc.asked)
		}
	}
}

func TestNoRepeatAfterRetryAfter(t *testing.T) {
	for _, status := range []int{429, 503} {
		var n atomic.Int32
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) {
			n.Add(1)
			return answer(r, status, http.Header{"Retry-After": {"20"}}, ""), nil
		})
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		e := model.AsError(err)
		if e.Kind != model.RateLimited || n.Load() != 1 || time.Until(e.RetryAt) < 10*time.Second {
			t.Errorf("%d: got %v after %d requests, retry at %v; want RateLimited after 1", status, e, n.Load(), e.RetryAt)
		}
	}
}

func TestErrorsAndLogHaveNoSecrets(t *testing.T) {
	var lines []string
	a := Account{Log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
	c := testClient(t, ClientOptions{}, a, func(r *http.Request) (*http.Response, error) {
		return answer(r, 400, nil, `{"message":"key `+token+` at https://api.example.test/x?sig=hidden-query failed","code":"`+token+`",
			"request_id":"`+token+`"}`), nil
	})
	_, err := c.Do(context.Background(), Call{Endpoint: read, Params: map[string]string{"id": token}, Query: url.Values{"q": {"hidden-query"}}})
	mustBeClean(t, err)
	if e := model.AsError(err); !strings.Contains(e.Message, "https://api.example.test/x failed") {
		t.Errorf("message lacks the text of the service: %q", e.Message)
	}
	all := strings.Join(lines, " ")
	if strings.Contains(all, url.PathEscape(token)) || strings.Contains(all, token) || strings.Contains(all, "hidden-query") || !strings.Contains(all, "400") {
		t.Errorf("log contains a secret or lacks the status: %s", all)
	}
}

// A secret is hidden in each form that a service may quote, and the number of fields of an error is bounded.
func TestQuotedSecretsAndManyFields(t *testing.T) {
	const secret = "a b/c+d"
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	o := ClientOptions{DecodeError: func(int, []byte) *model.Error {
		e := &model.Error{Existing: secret, Fields: make([]model.FieldError, maxFields+5)}
		for i := range e.Fields {
			text := forms[i%len(forms)]
			e.Fields[i] = model.FieldError{Field: text, Code: text, Message: text}
		}
		return e
	}}
	c := testClient(t, o, Account{}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 400, http.Header{"X-Request-Id": {forms[1]}}, ""), nil
	})
	c.Protect(secret, " \n", "the")
	_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
	e := model.AsError(err)
	hidden := model.FieldError{Field: "[hidden]", Code: "[hidden]", Message: "[hidden]"}
	if len(e.Fields) != maxFields || slices.ContainsFunc(e.Fields, func(f model.FieldError) bool { return f != hidden }) {
		t.Errorf("got fields %v, want %d that are hidden", e.Fields, maxFields)
	}
	if e.RequestID != "[hidden]" || e.Existing != "[hidden]" {
		t.Errorf("got request %q and conversation %q, want both hidden", e.RequestID, e.Existing)
	}
	if text := c.secrets.scrub("the end"); text != "the end" {
		t.Errorf("a short text counts as a secret: %q", text)
	}
}

func TestErrorBodies(t *testing.T) {
	for body, want := range map[string]string{
		`{"title":"Not Found","detail":"conversation not found","code":"404"}`:                "conversation not found",
		`{"errors":[{"status":"404","title":"Not Found","detail":"conversation not found"}]}`: "conversation not found",
		`{"message":"Unauthorized"}`:                    "Unauthorized",
		`{"error":"forbidden"}`:                         "forbidden",
		`{"error":{"message":"deep"}}`:                  "deep",
		`{"data":{"message":"inside"}}`:                 "inside",
		`Bad Gateway`:                                   "Bad Gateway",
		`<html><title> Oops &amp; more </title></html>`: "Oops & more",
		``:                    "Not Found",
		`null`:                "Not Found",
		`"words"`:             "words",
		"\xff\xfe":            "Not Found",
		`{"message":"cut he`:  "Not Found",
		`[{"message":"cut he`: "Not Found",
		`{"message":"whole","more":"` + strings.Repeat("x", errorBodyLimit) + `"}`:   "Not Found",
		`<html><title>Big</title>` + strings.Repeat("x", errorBodyLimit) + `</html>`: "Big",
		// What lies too deep is not looked for, and a text that is too long is cut between two characters.
		strings.Repeat(`{"error":`, 8) + `"deep"` + strings.Repeat("}", 8): "Not Found",
		"x" + strings.Repeat("é", 150):                                     "x" + strings.Repeat("é", 99) + "…",
	} {
		c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) { return answer(r, 404, nil, body), nil })
		_, err := c.Do(context.Background(), Call{Endpoint: read, Params: one})
		if e := model.AsError(err); e.Message != want || e.Kind != model.NotFound {
			t.Errorf("%s: got %q of kind %s, want %q", body, e.Message, e.Kind, want)
		}
	}
}

func TestJoinTitle(t *testing.T) {
	for _, c := range []struct{ title, detail, want string }{
		{"", "", ""},
		{"Not Found", "", "Not Found"},
		{"", "no such thing", "no such thing"},
		{"Not Found", "no such thing", "Not Found: no such thing"},
		{"Unprocessable Entity", "Unprocessable Entity", "Unprocessable Entity"},
		{"Unprocessable Entity", "unprocessable entity: the name is too long", "unprocessable entity: the name is too long"},
		{" Unprocessable Entity ", "Unprocessable Entity\n", "Unprocessable Entity"},
	} {
		if got := JoinTitle(c.title, c.detail); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.title, c.detail, got, c.want)
		}
	}
}

func TestOneOf(t *testing.T) {
	if OneOf("op", "b", "a", "b") != nil {
		t.Error("OneOf refused a word of the list")
	}
	for want, words := range map[string][]string{`"x" is neither a nor b`: {"a", "b"}, `"x" is none of a, b, c`: {"a", "b", "c"}} {
		if e := OneOf("op", "x", words...); e == nil || e.Message != want {
			t.Errorf("OneOf(x, %v): got %v, want %s", words, e, want)
		}
	}
}

// counted is a connection that counts the bytes read from it.
type counted struct {
	net.Conn
	read *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// counting returns the transport of an account, and counters of the bytes that it reads and the connections that it opens.
func counting(t *testing.T) (transport *http.Transport, read, dialled *atomic.Int64) {
	t.Helper()
	transport = ownTransport()
	read, dialled = new(atomic.Int64), new(atomic.Int64)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return counted{conn, read}, err
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport, read, dialled
}

// speaking returns a server that lets a function write the answer to each request, until the client closes the connection.
func speaking(t *testing.T, say func(w io.Writer) error) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_ = say(conn)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// forever returns a function that writes a head, and then the same text again and again.
func forever(head, again string) func(io.Writer) error {
	block := []byte(strings.Repeat(again, 1+(4<<10)/len(again)))
	return func(w io.Writer) error {
		_, err := io.WriteString(w, head)
		for n := 0; err == nil && n < 64<<20; n += len(block) {
			_, err = w.Write(block)
		}
		return err
	}
}

func TestEndlessAnswersAreCutEarly(t *testing.T) {
	long := strings.Repeat("x", 1000)
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 8<<20))
	_ = z.Close()
	for _, tc := range []struct {
		name string
		say  func(io.Writer) error
		most int64 // limit of the bytes read
		says string
	}{
		{"informational answers", forever("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"), headerLimit, "headers of the answer are larger than 256 KiB"},
		{"long informational answers", forever("", "HTTP/1.1 103 Early Hints\r\nLink: "+long+"\r\n\r\n"), headerLimit, "headers of the answer"},
		{"100 Continue", forever("", "HTTP/1.1 100 Continue\r\n\r\n"), headerLimit, "headers of the answer"},
		{"headers", forever("HTTP/1.1 200 OK\r\n", "X-A: "+long+"\r\n"), headerLimit, "headers of the answer"},
		{"one header", forever("HTTP/1.1 200 OK\r\nX-A: ", long), headerLimit, "headers of the answer"},
		{"headers of a redirect", forever("HTTP/1.1 302 Found\r\nLocation: /v2/other\r\n", "X-A: "+long+"\r\n"), headerLimit, "headers of the answer"},
		{"a status line", forever("HTTP/1.1 200 ", long), headerLimit, "headers of the answer"},
		{"no HTTP", forever("", long+"\r\n"), headerLimit, "not proper HTTP"},
		{"a chunk extension", forever(ok+"Transfer-Encoding: chunked\r\n\r\n5;a=", long), headerLimit, "not proper HTTP"},
		{"chunk extensions", forever(ok+"Transfer-Encoding: chunked\r\n\r\n", "1;a="+long+"\r\n1\r\n"), headerLimit, "not proper HTTP"},
		{"trailers", forever(ok+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "X-A: "+long+"\r\n"), headerLimit, "not proper HTTP"},
		{"a body", forever(ok+"\r\n", " "), 1<<20 + 64<<10, "larger than 1 MiB"},
		{"a small body that unfolds", forever(ok+"Content-Encoding: gzip\r\n\r\n"+zipped.String(), "x"), 256 << 10, "larger than 1 MiB"},
		{"a body that is not compressed as it says", forever(ok+"Content-Encoding: gzip\r\n\r\n", long), 64 << 10, "compressed"},
		{"an error", forever("HTTP/1.1 500 Oops\r\n\r\n", long), errorBodyLimit + 64<<10, "500"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transport, read, dialled := counting(t)
			c, err := NewClient(Account{BaseURL: speaking(t, tc.say) + "/v2", Transport: transport}, ClientOptions{BodyLimit: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Do(t.Context(), Call{Endpoint: getThing, Params: one})
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
			// The transport may have read ahead.
			if n := read.Load(); n > tc.most+8<<10 || dialled.Load() != 1 {
				t.Errorf("got %d bytes read over %d connections", n, dialled.Load())
			}
			_, err = c.Do(t.Context(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != model.UnknownOutcome {
				t.Errorf("write: got %v", err)
			}
		})
	}
}

var getThing = Endpoint{Name: "get thing", Method: http.MethodGet, Path: "/things/{id}"}

func TestEndlessHeadersOfHTTP2AreCutEarly(t *testing.T) {
	for name, say := range map[string]func(http.ResponseWriter){
		"informational answers": func(w http.ResponseWriter) {
			w.Header().Set("Link", "<x>"+strings.Repeat("x", 500))
			for range 20_000 {
				w.WriteHeader(http.StatusEarlyHints)
			}
		},
		"headers": func(w http.ResponseWriter) {
			for i := range 5_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 500))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.ProtoMajor != 2 {
					t.Error(r.Proto)
				}
				say(w)
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			transport, read, _ := counting(t)
			transport.TLSClientConfig = trusting(server)
			c, err := NewClient(Account{BaseURL: server.URL, Transport: transport}, ClientOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Do(t.Context(), Call{Endpoint: getThing, Params: one})
			// The library closes the connection after too many fields, without saying why.
			if said := fmt.Sprint(err); model.KindOf(err) != model.Malformed ||
				!strings.Contains(said, "headers of the answer are larger") && !strings.Contains(said, "not proper HTTP") {
				t.Error(err)
			}
			if n := read.Load(); n > 8*headerLimit || asked.Load() != 1 {
				t.Errorf("got %d bytes read and %d requests, want at most %d and 1", n, asked.Load(), 8*headerLimit)
			}
		})
	}
}

func trusting(s *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots}
}

// An unknown name, a bad certificate or a missing TLS would be the same a moment later.
func TestPermanentFailuresAreNotRepeated(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	quiet := func(s *httptest.Server) *httptest.Server {
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		return s
	}
	secure := quiet(httptest.NewUnstartedServer(ok))
	secure.StartTLS()
	defer secure.Close()
	plain := quiet(httptest.NewServer(ok))
	defer plain.Close()
	choosy := quiet(httptest.NewUnstartedServer(ok))
	choosy.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	choosy.StartTLS()
	defer choosy.Close()
	old := trusting(choosy)
	old.MaxVersion = tls.VersionTLS12
	port := secure.URL[strings.LastIndex(secure.URL, ":"):]
	for _, tc := range []struct {
		name, base string
		tls        *tls.Config
		says       string
	}{
		{"unknown authority", secure.URL, nil, "the certificate of the service is not trusted: "},
		{"another name", "https://localhost" + port, trusting(secure), "the certificate of the service is not trusted: "},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), nil, "the service does not speak TLS"},
		{"no common version", choosy.URL, old, "no secure connection: "},
	} {
		transport, _, dialled := counting(t)
		transport.TLSClientConfig = tc.tls
		c, err := NewClient(Account{BaseURL: tc.base, Transport: transport}, ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, endpoint := range []Endpoint{getThing, write} {
			dialled.Store(0)
			_, err := c.Do(t.Context(), Call{Endpoint: endpoint, Params: one})
			if e := model.AsError(err); e == nil || e.Kind != model.Unavailable || !strings.HasPrefix(e.Message, tc.says) || dialled.Load() != 1 {
				t.Errorf("%s, %s: got %v after %d connections, want %q after 1", tc.name, endpoint.Name, err, dialled.Load(), tc.says)
			}
		}
	}
	for says, invalid := range map[string]x509.CertificateInvalidError{
		"the certificate of the service has expired, or this machine's clock is wrong: ": {Cert: secure.Certificate(), Reason: x509.Expired},
		"the certificate of the service is not trusted: ":                                {Cert: secure.Certificate(), Reason: x509.TooManyIntermediates},
	} {
		if got := tlsMessage(&tls.CertificateVerificationError{Err: invalid}); !strings.HasPrefix(got, says) {
			t.Errorf("got %q, want %q", got, says)
		}
	}
	for says, dns := range map[string]*net.DNSError{
		"there is no host named api.example.test":               {Name: "api.example.test", Err: "no such host", IsNotFound: true},
		"the host name api.example.test cannot be resolved":     {Name: "api.example.test", Err: "server misbehaving", IsTemporary: true},
		"the host name api.example.test cannot be resolved\x00": {Name: "api.example.test", Err: "i/o timeout", IsTimeout: true},
	} {
		asked := 0
		c := testClient(t, ClientOptions{}, Account{}, func(*http.Request) (*http.Response, error) {
			asked++
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dns}
		})
		_, err := c.Do(t.Context(), Call{Endpoint: getThing, Params: one})
		if e := model.AsError(err); e.Kind != model.Unavailable || e.Message != strings.TrimRight(says, "\x00") || asked != 1 {
			t.Errorf("got %v after %d requests, want %q after 1", err, asked, says)
		}
	}
}

func TestLogHasNoTextFromTheService(t *testing.T) {
	var lines []string
	a := Account{Log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
	a.Logf("names: %v", &model.Error{Kind: model.Forbidden, Op: "list users", Status: 403, Message: "said", Code: "said", RequestID: "said", Hint: "said"})
	a.Logf("a row was left out: %s", fmt.Errorf("said %q", "said"))
	a.Logf("%d of %s", 2, "c1")
	want := []string{"names: list users: forbidden (403)", "a row was left out: local", "2 of c1"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

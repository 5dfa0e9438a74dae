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
	"strings"
	"sync/atomic"
	"testing"

	"confab/model"
)

// counted is a connection that counts what is read of it.
type counted struct {
	net.Conn
	read *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// counting returns the transport that accounts have, and what it reads and dials.
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

// speaking serves what a function writes after each request's head, until the
// client hangs up.
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

// forever writes a head and then the same again and again.
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
		most int64 // bytes read
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
		{"an error", forever("HTTP/1.1 500 Oops\r\n\r\n", long), ErrorBodyLimit + 64<<10, "500"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transport, read, dialled := counting(t)
			c, err := NewClient(Account{BaseURL: speaking(t, tc.say) + "/v2", Transport: transport}, ClientOptions{BodyLimit: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Do(t.Context(), Call{Endpoint: getThing, Params: one})
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
			// What the transport reads ahead is not asked for.
			if n := read.Load(); n > tc.most+8<<10 || dialled.Load() != 1 {
				t.Errorf("%d bytes were read, over %d connections", n, dialled.Load())
			}
			_, err = c.Do(t.Context(), Call{Endpoint: write, Params: one})
			if model.KindOf(err) != model.UnknownOutcome {
				t.Errorf("a write: %v", err)
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
			// The library ends the connection over too many fields, and does not say why.
			if said := fmt.Sprint(err); model.KindOf(err) != model.Malformed ||
				!strings.Contains(said, "headers of the answer are larger") && !strings.Contains(said, "not proper HTTP") {
				t.Error(err)
			}
			if n := read.Load(); n > 8*headerLimit || asked.Load() != 1 {
				t.Errorf("%d bytes were read, asked %d times", n, asked.Load())
			}
		})
	}
}

func trusting(s *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots}
}

// A name, a certificate or a service without TLS is the same a moment later.
func TestWhatStaysWrongIsNotAskedAgain(t *testing.T) {
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
				t.Errorf("%s, %s: %v after %d connections", tc.name, endpoint.Name, err, dialled.Load())
			}
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
			t.Errorf("%v after %d requests", err, asked)
		}
	}
}

func TestTheLogHoldsNoWordsOfAService(t *testing.T) {
	var lines []string
	a := Account{Log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
	a.Logf("names: %v", &model.Error{Kind: model.Forbidden, Op: "list users", Status: 403, Message: "said", Code: "said", RequestID: "said", Hint: "said"})
	a.Logf("a row was left out: %s", fmt.Errorf("said %q", "said"))
	a.Logf("%d of %s", 2, "c1")
	want := []string{"names: list users: forbidden (403)", "a row was left out: local", "2 of c1"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("%q", lines)
	}
}

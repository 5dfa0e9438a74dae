package providers

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
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
				t.Errorf("content length of a call without a body: got %d, want 0", r.ContentLength)
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
			t.Errorf("body %v: got content type %q", call.Body, header.Get("Content-Type"))
		}
		if header.Get("User-Agent") != "confab" || header.Get("Accept") != "application/json" || header.Get("Authorization") != "Bearer "+token {
			t.Errorf("unexpected User-Agent, Accept or Authorization: %v", header)
		}
	}
}

func TestPathsAreSafe(t *testing.T) {
	c := testClient(t, ClientOptions{}, Account{}, nil)
	for _, id := range []string{"", ".", ".."} {
		_, err := c.Request(Call{Endpoint: read, Params: map[string]string{"id": id}})
		if model.KindOf(err) != model.Invalid {
			t.Errorf("id %q: got %v, want an error of kind Invalid", id, err)
		}
	}
	for what, call := range map[string]Call{
		"a path that is none": {Endpoint: Endpoint{Path: "/%zz"}}, "a body that is no JSON": {Endpoint: Endpoint{Path: "/a"}, Body: func() {}},
	} {
		if r, err := c.Request(call); model.KindOf(err) != model.Invalid {
			t.Errorf("%s: got %+v, %v; want an error of kind Invalid", what, r, err)
		}
	}
	for id, want := range map[string]string{
		"a/../b": "/v2/things/a%2F..%2Fb", "a?b=c#d": "/v2/things/a%3Fb=c%23d", "{id}": "/v2/things/%7Bid%7D", "é\n": "/v2/things/%C3%A9%0A", "%2e%2e": "/v2/things/%252e%252e",
	} {
		r, err := c.Request(Call{Endpoint: read, Params: map[string]string{"id": id}})
		if err != nil || r.Path != want {
			t.Errorf("id %q: got path %q, error %v; want %q", id, r.Path, err, want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://x.test/v2": true, "https://x.test/v2/": true, "http://127.0.0.1:80/a": true, "http://[::1]:8/": true, "http://localhost:1": true,
		"http://x.test": false, "ftp://x.test": false, "https://u:p@x.test": false, "https://x.test?a=b": false, "": false, "x.test": false, "://": false,
	} {
		if _, err := NewClient(Account{BaseURL: base}, ClientOptions{}); (err == nil) != ok {
			t.Errorf("%q: got error %v, want success %t", base, err, ok)
		}
	}
}

func TestUnreadableAnswers(t *testing.T) {
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
		{"bomb", http.Header{"Content-Encoding": {"gzip"}}, bomb.String(), "compressed"},
		{"odd coding", http.Header{"Content-Encoding": {"zstd"}}, "{}", "compressed"},
		{"plain text", http.Header{"Content-Type": {"text/plain"}}, "Bad Gateway", "the answer is not JSON but text/plain"},
		{"broken JSON", http.Header{"Content-Type": {"text/plain"}}, ` {"a":1`, "the answer is broken JSON"},
		{"text without a type", http.Header{"Content-Type": nil}, "Bad Gateway", "the answer is not JSON"},
	} {
		c := testClient(t, ClientOptions{BodyLimit: 1 << 20}, Account{}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, tc.header, tc.body), nil
		})
		for endpoint, want := range map[*Endpoint]model.ErrorKind{&read: model.Malformed, &write: model.UnknownOutcome} {
			_, err := c.Do(context.Background(), Call{Endpoint: *endpoint, Params: one})
			if model.KindOf(err) != want || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s, %s: got %v, want %s with %q", tc.name, endpoint.Name, err, want, tc.says)
			}
		}
	}
	c := testClient(t, ClientOptions{}, Account{}, func(r *http.Request) (*http.Response, error) { return answer(r, 200, nil, " "), nil })
	if _, err := c.Do(context.Background(), Call{Endpoint: read, Params: one}); model.KindOf(err) != model.Malformed || !strings.Contains(err.Error(), "the answer is empty") {
		t.Errorf("an empty answer to a read: got %v, want Malformed", err)
	}
}

// An answer in another shape than documented has no message of the service, so its error has no status either.
func TestRowsOfAnUndocumentedAnswer(t *testing.T) {
	for _, body := range []string{"[]", "null", "7", "{}", `{"rows":7}`} {
		a := &Answer{Status: 200, Body: []byte(body), op: "list things"}
		rows, _, err := a.Rows("rows")
		e := model.AsError(err)
		if rows != nil || e == nil || e.Kind != model.Malformed || e.Status != 0 || e.Message != "the answer holds no list of rows" {
			t.Errorf("%s: got %v, %+v; want Malformed without a status", body, rows, e)
		}
	}
}

func TestCallWithoutBodyHasLengthZero(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 0 || len(r.TransferEncoding) != 0 || r.Header.Get("Content-Type") != "" {
				t.Errorf("%s: length %d, transfer %v, content type %q", method, r.ContentLength, r.TransferEncoding, r.Header.Get("Content-Type"))
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{}`))
		}))
		c, err := NewClient(Account{Name: "a", BaseURL: server.URL}, ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(context.Background(), Call{Endpoint: Endpoint{Name: "call", Method: method, Path: "/x", Write: method != http.MethodGet}}); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		server.Close()
	}
}

// A write counts as accepted with any 2xx; a read whose answer may not be whole is refused, although its body can be read.
func TestUndocumentedSuccessStatus(t *testing.T) {
	for status, whole := range map[int]bool{200: true, 201: true, 202: false, 203: true, 206: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			w.Write([]byte(`{"rows": []}`))
		}))
		c, err := NewClient(Account{Name: "a", BaseURL: server.URL}, ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		call := Call{Endpoint: Endpoint{Name: "call", Method: http.MethodPut, Path: "/x", Write: true}}
		if a, err := c.Do(context.Background(), call); err != nil || a.Status != status {
			t.Errorf("write answered %d: got %v, want success", status, err)
		}
		call.Write, call.Method = false, http.MethodGet
		if _, err := c.Do(context.Background(), call); (err == nil) != whole {
			t.Errorf("read answered %d: error %v, want success %t", status, err, whole)
		}
		server.Close()
	}
}

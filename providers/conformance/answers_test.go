package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// answer returns an answer of a server. If retryAfter is "", the answer lacks that header.
func answer(status int, retryAfter, contentType, body string) *http.Response {
	res := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
	}
	if contentType != "" {
		res.Header.Set("Content-Type", contentType)
	}
	if retryAfter != "" {
		res.Header.Set("Retry-After", retryAfter)
	}
	return res
}

// instead gives every request the same answer without sending it to the server.
func instead(status int, contentType, body string) Tamper {
	return func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
		res := answer(status, "", contentType, body)
		res.Request = req
		return res, nil
	}
}

// readAnswer returns the answer of the server and its whole body.
func readAnswer(req *http.Request, next http.RoundTripper) (*http.Response, []byte, error) {
	res, err := next.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

// Rewrite changes the body of every answer of the server.
func Rewrite(f func(req *http.Request, body []byte) []byte) Tamper {
	return func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, body, err := readAnswer(req, next)
		if err != nil {
			return nil, err
		}
		body = f(req, body)
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return res, nil
	}
}

// rewriteJSON changes every value in every JSON answer, the innermost first.
func rewriteJSON(f func(v any) any) Tamper {
	return Rewrite(func(_ *http.Request, body []byte) []byte {
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			return body
		}
		out, err := json.Marshal(each(v, f))
		if err != nil {
			return body
		}
		return out
	})
}

func each(v any, f func(any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = each(v[k], f)
		}
	case []any:
		for i := range v {
			v[i] = each(v[i], f)
		}
	}
	return f(v)
}

// cutBody ends every body half way, with an error or, as a proxy might,
// without one.
func cutBody(fail error) Tamper {
	return func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, body, err := readAnswer(req, next)
		if err != nil {
			return nil, err
		}
		half := io.Reader(bytes.NewReader(body[:len(body)/2]))
		if fail != nil {
			half = io.MultiReader(half, failing{fail})
		}
		res.Body, res.ContentLength = io.NopCloser(half), -1
		return res, nil
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless is a body that never ends; taken counts the bytes that were read.
type endless struct {
	head  []byte
	taken *atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		e.taken.Add(int64(n))
		return n, nil
	}
	n := copy(p, filling)
	e.taken.Add(int64(n))
	return n, nil
}

var filling = bytes.Repeat([]byte{'a'}, 64<<10)

func (e *endless) Close() error { return nil }

// flood answers with an endless text.
func flood(status int, taken *atomic.Int64) Tamper {
	return func(*http.Request, http.RoundTripper) (*http.Response, error) {
		res := answer(status, "", "application/json", "")
		res.Body, res.ContentLength = &endless{head: []byte(`{"id":"`), taken: taken}, -1
		return res, nil
	}
}

// packed is a small gzip body that unpacks to far more than any answer needs.
var packed = sync.OnceValue(func() string {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	spaces := bytes.Repeat([]byte{' '}, 1<<20)
	for range 96 {
		_, _ = z.Write(spaces)
	}
	_ = z.Close()
	return out.String()
})

// bomb answers with packed.
func bomb() Tamper {
	return func(*http.Request, http.RoundTripper) (*http.Response, error) {
		res := answer(200, "", "application/json", packed())
		res.Header.Set("Content-Encoding", "gzip")
		return res, nil
	}
}

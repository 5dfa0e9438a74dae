package providertest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Credential is a credential that does not change.
type Credential string

// Get returns the credential.
func (c Credential) Get(context.Context) (string, error) { return string(c), nil }

// Reject does nothing.
func (Credential) Reject(string) {}

// Request is a request that a stub has received. Its path is escaped, its query is not.
type Request struct {
	Method, Path, Query, Body string
	Header                    http.Header
	Values                    url.Values // the query
}

// Line returns the request without its header: "PUT /title?x=1 {}".
func (r Request) Line() string {
	out := r.Method + " " + r.Path
	if r.Query != "" {
		out += "?" + r.Query
	}
	if r.Body != "" {
		out += " " + r.Body
	}
	return out
}

// Answers holds what answers a request, by its method and path: "GET /v2/users".
type Answers map[string]func(Request) (status int, body string)

// Says returns an answer that is always the same.
func Says(status int, body string) func(Request) (int, string) {
	return func(Request) (int, string) { return status, body }
}

// Stub answers requests in memory, and records them. It is safe for concurrent use if its answers are.
type Stub struct {
	// Answer, if set, answers every request, and else Answers does. Bodies are JSON. Header, which may be nil, goes with every answer.
	Answer  func(Request) (status int, body string)
	Answers Answers
	Header  http.Header
	// Base is left out of paths.
	Base string
	// Names tells the requests for names, which adapters send when they need them, so that Lines can leave them out. It may be nil.
	Names func(Request) bool

	Sent []Request
	mu   sync.Mutex
}

// RoundTrip answers a request.
func (s *Stub) RoundTrip(r *http.Request) (*http.Response, error) {
	in := Request{Method: r.Method, Path: strings.TrimPrefix(r.URL.EscapedPath(), s.Base), Header: r.Header.Clone(), Values: r.URL.Query()}
	in.Query, _ = url.QueryUnescape(r.URL.RawQuery)
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		in.Body = string(b)
	}
	s.mu.Lock()
	s.Sent = append(s.Sent, in)
	s.mu.Unlock()
	status, body := 404, `{"title":"Not Found","detail":"no such path","status":404,"request_id":"rid_1"}`
	if answer := s.Answers[in.Method+" "+in.Path]; s.Answer != nil {
		status, body = s.Answer(in)
	} else if answer != nil {
		status, body = answer(in)
	}
	header := s.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// Lines returns the requests so far in one line each, except those for names.
func (s *Stub) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, r := range s.Sent {
		if s.Names == nil || !s.Names(r) {
			out = append(out, r.Line())
		}
	}
	return out
}

// Take returns what Lines does, and forgets all requests.
func (s *Stub) Take() []string {
	out := s.Lines()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Sent = nil
	return out
}

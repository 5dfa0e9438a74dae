package kona

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
)

const (
	base  = "/api"
	one71 = base + "/conversations/71"
)

// secret is a credential that does not change.
type secret string

func (s secret) Get(context.Context) (string, error) { return string(s), nil }
func (secret) Reject(string)                         {}

// sent is a request to the stub.
type sent struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

func (s sent) line() string {
	out := s.Method + " " + s.Path
	if s.Query != "" {
		out += "?" + s.Query
	}
	if s.Body != "" {
		out += " " + s.Body
	}
	return out
}

// stub answers requests in memory, and records them.
type stub struct {
	answer func(sent) (status int, body string)

	mu   sync.Mutex
	sent []sent
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	in := sent{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header}
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		in.Body = string(b)
	}
	s.mu.Lock()
	s.sent = append(s.sent, in)
	s.mu.Unlock()
	status, body := s.answer(in)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// lines returns the requests, except for those for names.
func (s *stub) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, r := range s.sent {
		if strings.Contains(r.Path, "/conversations") || strings.Contains(r.Path, "/comments") {
			out = append(out, r.line())
		}
	}
	return out
}

func openStub(t *testing.T, answer func(sent) (int, string), change ...func(*providers.Account)) (*provider, *stub) {
	t.Helper()
	s := &stub{}
	s.answer = func(r sent) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/spaces"):
			return 200, `{"spaces":[{"id":40,"name":"Lifts"}]}`
		case strings.HasSuffix(r.Path, "/users"):
			return 200, `{"users":[{"id":3,"name":"Ann","email":"ann@example.com"},{"id":9,"name":"","email":"bob@example.com"}]}`
		case strings.HasSuffix(r.Path, "/groups"):
			return 200, `{"groups":[{"id":5,"name":"Board"}]}`
		}
		return answer(r)
	}
	a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", Credential: secret("token-of-the-tests"), Transport: s}
	for _, f := range change {
		f(&a)
	}
	p, err := open(a)
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

// blank returns an adapter without a client.
func blank(name string) *provider {
	return &provider{Adapter: &providers.Adapter{Service: service, Account: providers.Account{Name: name}}}
}

// accountAt lets a stub answer all requests of an account.
func accountAt(s *stub) func(*providers.Account) {
	return func(a *providers.Account) { a.Transport = s }
}

// element returns a conversation as the API sends it.
func element(id int, change map[string]any) string {
	m := map[string]any{"id": id, "name": "n", "details": "d", "space_id": 40, "creator_id": 3, "stakeholder": 1, "default_role": 2,
		"participants": []any{map[string]any{"user_id": 3, "role": 1}, map[string]any{"user_id": 8, "role": 2}},
		"groups":       []any{map[string]any{"group_id": 5, "role": 2}}, "tags": []any{}}
	for k, v := range change {
		if v == absent {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, _ := json.Marshal(m)
	return string(b)
}

// absent is the value of a key that element leaves out.
const absent = "\x00absent"

func wrapped(elements ...string) string {
	return `{"conversations":[` + strings.Join(elements, ",") + `]}`
}

func wantKind(t *testing.T, err error, kind model.ErrorKind) *model.Error {
	t.Helper()
	if got := model.KindOf(err); got != kind {
		t.Fatalf("got %v of kind %q, want kind %q", err, got, kind)
	}
	return model.AsError(err)
}

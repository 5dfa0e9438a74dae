package bird

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
	workspace = "11111111-1111-4111-8111-111111111111"
	base      = "/workspaces/" + workspace
	c1        = "22222222-2222-4222-8222-222222222222"
	one       = base + "/conversations/" + c1
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

// lines returns the requests, except for those for names of channels.
func (s *stub) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, r := range s.sent {
		if !strings.HasSuffix(r.Path, "/channels") {
			out = append(out, r.line())
		}
	}
	return out
}

func openStub(t *testing.T, answer func(sent) (int, string), change ...func(*providers.Account)) (*provider, *stub) {
	t.Helper()
	s := &stub{}
	s.answer = func(r sent) (int, string) {
		if strings.HasSuffix(r.Path, "/channels") {
			return 200, `{"results":[{"id":"ch-1","name":"Support mail","platformId":"email"}]}`
		}
		return answer(r)
	}
	a := providers.Account{Name: "support", BaseURL: "https://bird.example", Credential: secret("key-of-the-tests"), Transport: s,
		Settings: map[string]string{settingWorkspace: workspace, settingAccessKey: "key-1"}}
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

// row returns a conversation as the API sends it.
func row(id string, change map[string]any) string {
	m := map[string]any{"id": id, "name": "n", "description": "d", "status": "active", "visibility": "public", "accessibility": "open",
		"attributes": map[string]any{}, "createdAt": "2026-11-01T10:00:00Z", "updatedAt": "2026-11-02T10:00:00.5Z", "platformStyle": "email"}
	for k, v := range change {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func results(next string, rows ...string) string {
	out := `{"results":[` + strings.Join(rows, ",") + `]`
	if next != "" {
		out += `,"nextPageToken":"` + next + `"`
	}
	return out + "}"
}

func wantKind(t *testing.T, err error, kind model.ErrorKind) *model.Error {
	t.Helper()
	if got := model.KindOf(err); got != kind {
		t.Fatalf("got %v of kind %q, want kind %q", err, got, kind)
	}
	return model.AsError(err)
}

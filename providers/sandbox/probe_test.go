package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

var testNow = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func newTestSandbox(t testing.TB, o Options) *Sandbox {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return testNow }
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// probe is an in-memory client of a server.
type probe struct {
	t       testing.TB
	s       *Sandbox
	account Account
	auth    string
	key     string // the header that carries the credential; "" means Authorization
}

// reply is an answer with its whole body.
type reply struct {
	status int
	header http.Header
	text   string
}

// object decodes the answer as a JSON object.
func (r reply) object(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.text), &m); err != nil {
		t.Fatalf("status %d, not an object: %v\n%.300s", r.status, err, r.text)
	}
	return m
}

func newProbe(t testing.TB, s *Sandbox, provider string) probe {
	t.Helper()
	for _, a := range s.Accounts("") {
		if a.Provider == provider {
			scheme := map[string]string{"bird": "AccessKey ", "kona": "Bearer "}[provider]
			return probe{t: t, s: s, account: a, auth: scheme + a.Credential}
		}
	}
	t.Fatalf("no account of %s", provider)
	return probe{}
}

func (p probe) request(ctx context.Context, method, path, body string) *http.Request {
	p.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://sandbox.test"+p.account.BaseURL+path, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.auth != "" {
		req.Header.Set(cmp.Or(p.key, "Authorization"), p.auth)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (p probe) try(method, path, body string) (reply, error) {
	p.t.Helper()
	return p.send(p.request(p.t.Context(), method, path, body))
}

func (p probe) send(req *http.Request) (reply, error) {
	p.t.Helper()
	res, err := p.s.Transport().RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}, nil
}

func (p probe) do(method, path, body string) reply {
	p.t.Helper()
	r, err := p.try(method, path, body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// want sends a request and checks the status.
func (p probe) want(status int, method, path, body string) reply {
	p.t.Helper()
	r := p.do(method, path, body)
	if r.status != status {
		p.t.Fatalf("%s %s %s: status %d, want %d: %.300s", method, path, body, r.status, status, r.text)
	}
	return r
}

// listPaths has the path of a list page of each provider.
func listPaths(s *Sandbox) map[string]string {
	paths := map[string]string{
		"attention": "/conversations/list?size=50", "askelephant": "/v2/engagements?limit=50&expand=contacts,owner",
		"kona": "/conversations",
	}
	for _, a := range s.Accounts("") {
		if a.Provider == "bird" {
			paths[a.Provider] = "/workspaces/" + a.Settings["workspace_id"] + "/conversations?limit=20"
		}
	}
	return paths
}

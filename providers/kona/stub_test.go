package kona

import (
	"encoding/json"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

const (
	base  = "/api"
	one71 = base + "/conversations/71"
)

func openStub(t *testing.T, answer func(providertest.Request) (int, string), change ...func(*providers.Account)) (*provider, *providertest.Stub) {
	t.Helper()
	s := &providertest.Stub{Names: func(r providertest.Request) bool {
		return !strings.Contains(r.Path, "/conversations") && !strings.Contains(r.Path, "/comments")
	}}
	s.Answer = func(r providertest.Request) (int, string) {
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
	a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", Credential: providertest.Credential("token-of-the-tests"), Transport: s}
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
func accountAt(s *providertest.Stub) func(*providers.Account) {
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

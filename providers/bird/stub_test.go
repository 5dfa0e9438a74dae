package bird

import (
	"encoding/json"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

const (
	workspace = "11111111-1111-4111-8111-111111111111"
	base      = "/workspaces/" + workspace
	c1        = "22222222-2222-4222-8222-222222222222"
	one       = base + "/conversations/" + c1
)

func openStub(t *testing.T, answer func(providertest.Request) (int, string), change ...func(*providers.Account)) (*provider, *providertest.Stub) {
	t.Helper()
	s := &providertest.Stub{Names: func(r providertest.Request) bool {
		return strings.HasSuffix(r.Path, "/channels")
	}}
	s.Answer = func(r providertest.Request) (int, string) {
		if strings.HasSuffix(r.Path, "/channels") {
			return 200, `{"results":[{"id":"ch-1","name":"Support mail","platformId":"email"}]}`
		}
		return answer(r)
	}
	a := providers.Account{Name: "support", BaseURL: "https://bird.example", Credential: providertest.Credential("key-of-the-tests"), Transport: s,
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

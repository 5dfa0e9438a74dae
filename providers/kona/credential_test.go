package kona

import (
	"context"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

// changing is a credential whose value can be set; it takes effect after a rejection.
type changing struct {
	mu        sync.Mutex
	now, kept string
	reads     int
}

func (c *changing) Get(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == "" {
		c.kept = c.now
		c.reads++
	}
	return c.kept, nil
}

func (c *changing) Reject(refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == refused {
		c.kept = ""
	}
}

func TestRefusalOfAReplacedTokenIsIgnored(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true}
	p, _ := openStub(t, nil, withRefresh(i))
	old, err := p.session.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.session.Reject(old)
		if now, err := p.session.Get(t.Context()); err != nil || now != "access-1" || i.refreshes != 1 {
			t.Errorf("got %q, %v after %d refreshes; want access-1 after 1", now, err, i.refreshes)
		}
	}
}

// A refused access token is read again if there is no refresh token, or if the refresh token has expired.
func TestConfiguredTokenIsReadAgain(t *testing.T) {
	for name, change := range map[string]func(*providers.Account){
		"an access token alone":      func(a *providers.Account) { a.Settings, a.Secrets = nil, nil },
		"a refresh token that ended": func(a *providers.Account) { a.Secrets[settingRefreshToken] = providertest.Credential("ended") },
	} {
		i := &issuer{access: "one", refresh: "refresh-0"}
		c := &changing{now: " Bearer one\n"}
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(t.TempDir()), change, func(a *providers.Account) { a.Credential = c })
		if err := load(p); err != nil || c.reads != 1 {
			t.Fatalf("%s: got %v after %d reads, want success after 1", name, err, c.reads)
		}
		i.access, c.now = "two", "two"
		if err := load(p); err != nil || c.reads != 2 {
			t.Errorf("%s: got %v after %d reads, want success after 2", name, err, c.reads)
		}
		i.access = "three"
		wantKind(t, load(p), model.Unauthorized)
		if c.reads != 3 {
			t.Errorf("%s: got %d reads, want 3", name, c.reads)
		}
	}
}

func TestRefusedSecretsAreReadAgain(t *testing.T) {
	for _, name := range []string{settingRefreshToken, settingClientSecret} {
		i := &issuer{access: "gone", refresh: "refresh-0"}
		c := &changing{now: "wrong"}
		p, _ := openStub(t, nil, withRefresh(i), func(a *providers.Account) { a.Secrets[name] = c })
		wantKind(t, load(p), model.Unauthorized)
		c.now = map[string]string{settingRefreshToken: "refresh-0", settingClientSecret: "client-secret"}[name]
		if err := load(p); err != nil || c.reads != 2 {
			t.Errorf("%s: got %v after %d reads, want success after 2", name, err, c.reads)
		}
	}
}

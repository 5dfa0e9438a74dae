package kona

import (
	"context"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
)

// changing is a credential that gives what it is set to, once it is asked again.
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

// A refusal of a token that has been replaced since asks nobody.
func TestOldTokenIsRefused(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true}
	p, _ := openStub(t, nil, everything(i))
	old, err := p.session.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.session.Reject(old)
		if now, err := p.session.Get(t.Context()); err != nil || now != "access-1" || i.refreshes != 1 {
			t.Errorf("%q, %v after %d refreshes", now, err, i.refreshes)
		}
	}
}

// An access token alone is read again where it is refused, and so is one whose refresh token has ended.
func TestConfiguredTokenIsReadAgain(t *testing.T) {
	for name, change := range map[string]func(*providers.Account){
		"an access token alone":      func(a *providers.Account) { a.Settings, a.Secrets = nil, nil },
		"a refresh token that ended": func(a *providers.Account) { a.Secrets[settingRefreshToken] = secret("ended") },
	} {
		i := &issuer{access: "one", refresh: "refresh-0"}
		c := &changing{now: " Bearer one\n"}
		p, _ := openStub(t, nil, everything(i), kept(t.TempDir()), change, func(a *providers.Account) { a.Credential = c })
		if err := load(p); err != nil || c.reads != 1 {
			t.Fatalf("%s: %v after %d reads", name, err, c.reads)
		}
		i.access, c.now = "two", "two"
		if err := load(p); err != nil || c.reads != 2 {
			t.Errorf("%s: %v after %d reads", name, err, c.reads)
		}
		i.access = "three"
		wantKind(t, load(p), model.Unauthorized)
		if c.reads != 3 {
			t.Errorf("%s: %d reads", name, c.reads)
		}
	}
}

// What an exchange refused is read again for the next one.
func TestRefusedSecretsAreReadAgain(t *testing.T) {
	for _, name := range []string{settingRefreshToken, settingClientSecret} {
		i := &issuer{access: "gone", refresh: "refresh-0"}
		c := &changing{now: "wrong"}
		p, _ := openStub(t, nil, everything(i), func(a *providers.Account) { a.Secrets[name] = c })
		wantKind(t, load(p), model.Unauthorized)
		c.now = map[string]string{settingRefreshToken: "refresh-0", settingClientSecret: "client-secret"}[name]
		if err := load(p); err != nil || c.reads != 2 {
			t.Errorf("%s: %v after %d reads", name, err, c.reads)
		}
	}
}

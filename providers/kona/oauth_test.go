package kona

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers"
)

// issuer is a service that takes one access token at a time and hands out the next for the refresh token.
type issuer struct {
	mu        sync.Mutex
	access    string
	refresh   string
	rotates   bool
	lifetime  int
	refreshes int
	forms     []url.Values
}

func (i *issuer) answer(r sent) (int, string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.Path == "/oauth/token" {
		form, _ := url.ParseQuery(r.Body)
		i.forms = append(i.forms, form)
		if form.Get("grant_type") == "authorization_code" {
			if form.Get("code") != "the-code" || form.Get("redirect_uri") != "http://localhost:3000/callback" || form.Get("client_id") != "client" || form.Get("client_secret") != "client-secret" {
				return 400, `{"error":"invalid_grant","error_description":"The code is not valid."}`
			}
			i.access = "signed-in"
			return 200, `{"access_token":"signed-in","token_type":"bearer","expires_in":604800,"refresh_token":"` + i.refresh + `"}`
		}
		i.refreshes++
		if form.Get("refresh_token") != i.refresh || form.Get("client_secret") != "client-secret" || r.Query != "" {
			return 401, `{"error":"invalid_grant","error_description":"The refresh token ` + form.Get("refresh_token") + ` is not valid."}`
		}
		i.access = fmt.Sprintf("access-%d", i.refreshes)
		if i.rotates {
			i.refresh = fmt.Sprintf("refresh-%d", i.refreshes)
		}
		return 200, fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":%d,"refresh_token":%q}`, i.access, i.lifetime, i.refresh)
	}
	if r.Header.Get("Authorization") != "Bearer "+i.access {
		return 401, `{"error":"invalid_token","error_description":"The token has expired."}`
	}
	return 200, wrapped(element(71, nil))
}

// everything lets the token endpoint decide on all paths.
func everything(i *issuer) func(*providers.Account) {
	return func(a *providers.Account) {
		a.Transport = &stub{answer: i.answer}
		a.Settings = map[string]string{settingClientID: "client"}
		a.Secrets = map[string]model.CredentialSource{settingRefreshToken: secret("refresh-0"), settingClientSecret: secret("client-secret")}
	}
}

func kept(dir string) func(*providers.Account) {
	return func(a *providers.Account) { a.StateDir = dir }
}

func load(p *Provider) error {
	_, err := p.client.Do(context.Background(), p.client.getConversation("71"))
	return err
}

func TestOneRefreshForMany(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true, lifetime: 604800}
	dir := filepath.Join(t.TempDir(), "state")
	// Three processes, each with several goroutines, share the state directory.
	var wg sync.WaitGroup
	for range 3 {
		p, _ := openStub(t, nil, everything(i), kept(dir))
		for range 4 {
			wg.Go(func() {
				if err := load(p); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if i.refreshes != 1 {
		t.Errorf("%d refreshes", i.refreshes)
	}
	f := i.forms[0]
	if f.Get("grant_type") != "refresh_token" || f.Get("client_id") != "client" || f.Get("refresh_token") != "refresh-0" {
		t.Errorf("sent %v", f)
	}
	files, err := filepath.Glob(filepath.Join(dir, "kona-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".kona-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// The next start goes on with the kept pair, although the configured tokens are worth nothing now.
	p, _ := openStub(t, nil, everything(i), kept(dir))
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Errorf("%v after %d refreshes", err, i.refreshes)
	}
	// And with its refresh token, when the access token ends.
	i.access = "ended"
	if err := load(p); err != nil || i.refreshes != 2 || i.forms[1].Get("refresh_token") != "refresh-1" {
		t.Errorf("%v after %d refreshes with %v", err, i.refreshes, i.forms)
	}
	// A new token in the configuration is not shadowed by the old file.
	i.access = "configured-anew"
	p, _ = openStub(t, nil, everything(i), kept(dir), func(a *providers.Account) { a.Credential = secret("configured-anew") })
	if err := load(p); err != nil || i.refreshes != 2 {
		t.Errorf("%v after %d refreshes", err, i.refreshes)
	}
}

func TestOneRefreshWithoutAFile(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true}
	p, _ := openStub(t, nil, everything(i))
	if again, err := p.session.refresh(t.Context(), "never-used"); !again || err != nil || i.refreshes != 1 {
		t.Fatal(again, err, i.refreshes)
	}
	// Others whose token was refused meanwhile use what has just been brought.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if again, err := p.session.refresh(t.Context(), "never-used"); !again || err != nil {
				t.Error(again, err)
			}
		})
	}
	wg.Wait()
	if i.refreshes != 1 {
		t.Errorf("%d refreshes", i.refreshes)
	}
}

func TestRefreshAheadOfTheEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 3600}
		p, _ := openStub(t, nil, everything(i), kept(dir))
		for _, step := range []struct {
			after     time.Duration
			refreshes int
		}{{0, 1}, {time.Hour - refreshEarly - time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 2}} {
			time.Sleep(step.after)
			if err := load(p); err != nil || i.refreshes != step.refreshes {
				t.Errorf("%v after %d refreshes, want %d", err, i.refreshes, step.refreshes)
			}
		}
	})
	// A service whose tokens live for a moment only is not asked for one before each request.
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 60}
	p, _ := openStub(t, nil, everything(i))
	for range 3 {
		if err := load(p); err != nil || i.refreshes != 1 {
			t.Errorf("%v after %d refreshes", err, i.refreshes)
		}
	}
}

func TestRefreshAlone(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 1000}
	p, _ := openStub(t, nil, everything(i), func(a *providers.Account) { a.Credential = nil })
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Errorf("%v after %d refreshes", err, i.refreshes)
	}
	p, _ = openStub(t, nil, everything(i), func(a *providers.Account) { a.Credential, a.Secrets = nil, nil })
	e := wantKind(t, load(p), model.NoCredential)
	if e.Hint != hintSignIn {
		t.Error(e)
	}
}

func TestRefusedTokens(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*providers.Account)
		refreshes int
	}{
		{"a refresh token that is refused", func(a *providers.Account) { a.Secrets[settingRefreshToken] = secret("wrong-refresh") }, 1},
		{"no client secret", func(a *providers.Account) { delete(a.Secrets, settingClientSecret) }, 0},
		{"no client id", func(a *providers.Account) { a.Settings = nil }, 0},
		{"nothing to refresh with", func(a *providers.Account) { a.Secrets = nil }, 0},
	} {
		i := &issuer{access: "gone", refresh: "refresh-0"}
		p, _ := openStub(t, nil, everything(i), kept(t.TempDir()), tt.change)
		e := wantKind(t, load(p), model.Unauthorized)
		if i.refreshes != tt.refreshes {
			t.Errorf("%s: %d refreshes", tt.name, i.refreshes)
		}
		if s := e.Error(); strings.Contains(s, "wrong-refresh") || strings.Contains(s, "client-secret") || !strings.Contains(s, "confab login") {
			t.Errorf("%s: %s", tt.name, s)
		}
	}
}

func TestExpiredPasswordRefreshesNothing(t *testing.T) {
	for _, status := range []int{401, 403} {
		requests := 0
		i := &issuer{access: "x", refresh: "refresh-0"}
		p, _ := openStub(t, nil, everything(i), func(a *providers.Account) {
			a.Transport = &stub{answer: func(r sent) (int, string) {
				if r.Path == "/oauth/token" {
					return i.answer(r)
				}
				requests++
				return status, `{"problemType":"https://x/exceptions.md#expired","title":"Expired Password","details":"Your password has expired."}`
			}}
		})
		e := wantKind(t, load(p), model.Unauthorized)
		if e.Hint != hintPassword || i.refreshes != 0 || requests != 1 {
			t.Errorf("%d: %v after %d requests, %d refreshes", status, e, requests, i.refreshes)
		}
	}
}

func TestTokenAddress(t *testing.T) {
	for _, tt := range []struct{ base, setting, want string }{
		{"", "", "https://io.kona.com/oauth/token"},
		{"https://sandbox.kona.com/api/", "", "https://sandbox.kona.com/oauth/token"},
		{"http://127.0.0.1:8080/kona/api", "", "http://127.0.0.1:8080/kona/oauth/token"},
		{"", "https://login.example/token", "https://login.example/token"},
	} {
		got, err := tokenAddress(providers.Account{BaseURL: tt.base, Settings: map[string]string{settingTokenURL: tt.setting}})
		if got != tt.want || err != nil {
			t.Errorf("%+v: %s, %v", tt, got, err)
		}
	}
	for _, bad := range []string{"http://login.example/token", "login", "https://u:p@login.example/", "ftp://127.0.0.1/"} {
		if checkTokenURL(bad) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestDamagedTokenFile(t *testing.T) {
	a := providers.Account{Name: "a", StateDir: t.TempDir()}
	f := tokenFileOf(a)
	for _, content := range []string{"", "{", "null", `{"identity":"another","access_token":"x"}`} {
		if err := os.WriteFile(f.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := f.read(); err != nil || got != (tokens{}) {
			t.Errorf("%q: %+v, %v", content, got, err)
		}
	}
	want := tokens{Access: "a", Refresh: "r", Origin: "o", Expires: time.Unix(1480000000, 0).UTC()}
	if err := f.write(want); err != nil {
		t.Fatal(err)
	}
	want.Identity = f.identity
	if got, err := f.read(); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	b := a
	b.Name = "b"
	if tokenFileOf(b).path == f.path {
		t.Error("two accounts share a file")
	}
	if err := Forget(a); err != nil {
		t.Fatal(err)
	}
	if got, err := f.read(); err != nil || got != (tokens{}) {
		t.Errorf("after forgetting: %+v, %v", got, err)
	}
	if err := Forget(a); err != nil {
		t.Error(err)
	}
}

func TestSigningIn(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-of-the-person"}
	dir := t.TempDir()
	p, _ := openStub(t, nil, everything(i), kept(dir))
	page, err := p.AuthorizeURL("http://localhost:3000/callback", "st")
	if want := "https://kona.example/oauth/authorize?client_id=client&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&response_type=code&state=st"; page != want || err != nil {
		t.Errorf("%s, %v", page, err)
	}
	wantKind(t, p.Exchange(t.Context(), "another", "http://localhost:3000/callback"), model.Unauthorized)
	if err := p.Exchange(t.Context(), "the-code", "http://localhost:3000/callback"); err != nil {
		t.Fatal(err)
	}
	if err := load(p); err != nil || i.refreshes != 0 {
		t.Errorf("%v after %d refreshes", err, i.refreshes)
	}
	// The next start uses what was signed in with, and its refresh token, rather than the configured ones.
	p, _ = openStub(t, nil, everything(i), kept(dir))
	i.access = "ended"
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Errorf("%v after %d refreshes", err, i.refreshes)
	}
	p, _ = openStub(t, nil, everything(i), func(a *providers.Account) { a.Settings = nil })
	if _, err := p.AuthorizeURL("", ""); err == nil {
		t.Error("a page without a client id")
	}
	if err := p.Exchange(t.Context(), "the-code", ""); err == nil {
		t.Error("tokens are taken without a place to keep them")
	}
}

// turns counts the requests that waited for their turn.
type turns struct {
	mu sync.Mutex
	n  int
}

func (w *turns) Wait(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return ctx.Err()
}

func TestRefreshWaitsForItsTurn(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 1000}
	pace := &turns{}
	var at *stub
	p, _ := openStub(t, nil, everything(i), func(a *providers.Account) { a.Pacer, at = pace, a.Transport.(*stub) })
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Fatalf("%v after %d refreshes", err, i.refreshes)
	}
	if n := len(at.sent); n != 3 || pace.n != n {
		t.Errorf("%d of %d requests waited for their turn", pace.n, n)
	}
}

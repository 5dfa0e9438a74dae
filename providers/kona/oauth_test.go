package kona

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

// issuer is a service that accepts one access token at a time, and issues the next in exchange for the refresh token.
type issuer struct {
	mu        sync.Mutex
	access    string
	refresh   string
	rotates   bool
	lifetime  int
	refreshes int
	forms     []url.Values
}

func (i *issuer) answer(r providertest.Request) (int, string) {
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

// withRefresh configures all that a refresh needs.
func withRefresh(i *issuer) func(*providers.Account) {
	return func(a *providers.Account) {
		a.Transport = &providertest.Stub{Answer: i.answer}
		a.Settings = map[string]string{settingClientID: "client"}
		a.Secrets = map[string]model.CredentialSource{settingRefreshToken: providertest.Credential("refresh-0"), settingClientSecret: providertest.Credential("client-secret")}
	}
}

func withStateDir(dir string) func(*providers.Account) {
	return func(a *providers.Account) { a.StateDir = dir }
}

func load(p *provider) error {
	_, err := p.Client.Do(context.Background(), calls.GetConversation.Of("71", nil))
	return err
}

func TestOneRefreshForManyProcesses(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true, lifetime: 604800}
	dir := filepath.Join(t.TempDir(), "state")
	// Three processes, each with several goroutines, share the state directory.
	var wg sync.WaitGroup
	for range 3 {
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(dir))
		for range 4 {
			wg.Go(func() {
				if err := load(p); err != nil {
					t.Errorf("load: %v", err)
				}
			})
		}
	}
	wg.Wait()
	if i.refreshes != 1 {
		t.Errorf("got %d refreshes, want 1", i.refreshes)
	}
	f := i.forms[0]
	if f.Get("grant_type") != "refresh_token" || f.Get("client_id") != "client" || f.Get("refresh_token") != "refresh-0" {
		t.Errorf("got parameters %v", f)
	}
	files, err := filepath.Glob(filepath.Join(dir, "kona-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got files %v, error %v; want one", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, error %v; want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".kona-*")); len(left) > 0 {
		t.Errorf("temporary files remain: %v", left)
	}
	// The next start uses the stored pair, because the configured tokens have become invalid.
	p, _ := openStub(t, nil, withRefresh(i), withStateDir(dir))
	if token, err := p.session.Get(t.Context()); token != "access-1" || err != nil {
		t.Errorf("next start: got token %q, %v; want the stored one at once", token, err)
	}
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Errorf("next start: got %v after %d refreshes, want success after 1", err, i.refreshes)
	}
	// When the access token expires, it uses the stored refresh token.
	other, _ := openStub(t, nil, withRefresh(i), withStateDir(dir))
	if err := load(other); err != nil {
		t.Fatal(err)
	}
	i.access = "ended"
	if err := load(p); err != nil || i.refreshes != 2 || i.forms[1].Get("refresh_token") != "refresh-1" {
		t.Errorf("expired access token: got %v after %d refreshes with %v, want success after 2", err, i.refreshes, i.forms)
	}
	// A process that still has the old pair uses the refresh token that another has stored with a token that has expired as well.
	stored, err := other.session.file.read()
	if stored.Expires = time.Now(); err != nil || other.session.file.write(stored) != nil {
		t.Fatal(err)
	}
	i.access = "ended again"
	if err := load(other); err != nil || i.refreshes != 3 || i.forms[2].Get("refresh_token") != "refresh-2" {
		t.Errorf("other process: got %v after %d refreshes with %v, want success after 3", err, i.refreshes, i.forms)
	}
	// A new token in the configuration takes precedence over the file.
	i.access = "configured-anew"
	p, _ = openStub(t, nil, withRefresh(i), withStateDir(dir), func(a *providers.Account) { a.Credential = providertest.Credential("configured-anew") })
	if err := load(p); err != nil || i.refreshes != 3 {
		t.Errorf("new configured token: got %v after %d refreshes, want success after 3", err, i.refreshes)
	}
	// If it is refused, the stored pair of the old configuration is not used in its place.
	i.access, i.refresh = "access-3", "refresh-0"
	if err := load(p); err != nil || i.refreshes != 4 || i.forms[3].Get("refresh_token") != "refresh-0" {
		t.Errorf("refused configured token: got %v after %d refreshes with %v, want success after 4", err, i.refreshes, i.forms)
	}
}

func TestOneRefreshWithoutAFile(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", rotates: true}
	p, _ := openStub(t, nil, withRefresh(i))
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Fatalf("got %v after %d refreshes, want success after 1", err, i.refreshes)
	}
	// Other calls whose token was refused meanwhile use the new one.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p.session.Reject("never-used")
			if token, err := p.session.Get(t.Context()); token == "" || err != nil {
				t.Errorf("got %q, %v", token, err)
			}
		})
	}
	wg.Wait()
	if i.refreshes != 1 {
		t.Errorf("got %d refreshes, want 1", i.refreshes)
	}
}

func TestRefreshBeforeExpiry(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 3600}
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(dir))
		for _, step := range []struct {
			after     time.Duration
			refreshes int
		}{{0, 1}, {time.Hour - refreshEarly - time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 2}} {
			time.Sleep(step.after)
			if err := load(p); err != nil || i.refreshes != step.refreshes {
				t.Errorf("got %v after %d refreshes, want %d", err, i.refreshes, step.refreshes)
			}
		}
	})
	// A short-lived token is not refreshed before each request.
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 60}
	p, _ := openStub(t, nil, withRefresh(i))
	for range 3 {
		if err := load(p); err != nil || i.refreshes != 1 {
			t.Errorf("short-lived token: got %v after %d refreshes, want 1", err, i.refreshes)
		}
	}
}

// While a token lasts it is used, even if it can't be refreshed. Afterwards the refusal of the refresh is reported.
func TestFailedRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 3600}
		p, _ := openStub(t, nil, withRefresh(i))
		if err := load(p); err != nil {
			t.Fatal(err)
		}
		i.refresh = "ended"
		time.Sleep(time.Hour - refreshEarly + time.Second)
		if err := load(p); err != nil {
			t.Errorf("a token that lasts: %v", err)
		}
		time.Sleep(refreshEarly)
		if e := wantKind(t, load(p), model.Unauthorized); !strings.Contains(e.Message, "refresh token") {
			t.Errorf("got %v, want the refusal of the refresh token", e)
		}
	})
}

// A new refresh token that can't be stored is an error, because the old one may no longer be valid. Otherwise the next start
// refreshes again. Both ways this run goes on.
func TestTokensThatCannotBeStored(t *testing.T) {
	for rotates, want := range map[bool]model.ErrorKind{true: model.Local, false: ""} {
		i := &issuer{access: "gone", refresh: "refresh-0", rotates: rotates}
		var logged []string
		var p *provider
		p, _ = openStub(t, nil, withRefresh(i), withStateDir(t.TempDir()), func(a *providers.Account) {
			a.Log = func(format string, args ...any) { logged = append(logged, fmt.Sprintf(format, args...)) }
			a.Transport = &providertest.Stub{Answer: func(r providertest.Request) (int, string) {
				if r.Path == "/oauth/token" {
					if err := os.Mkdir(p.session.file.path, 0o700); err != nil {
						t.Error(err)
					}
				}
				return i.answer(r)
			}}
		})
		wantKind(t, load(p), want)
		if err := load(p); err != nil || i.refreshes != 1 {
			t.Errorf("rotates %t: got %v after %d refreshes, want the new token to serve this run", rotates, err, i.refreshes)
		}
		if !slices.Contains(logged, "the new token could not be kept") {
			t.Errorf("rotates %t: got the log %q, want a line about the token", rotates, logged)
		}
	}
}

func TestRefreshTokenAlone(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 1000}
	p, _ := openStub(t, nil, withRefresh(i), func(a *providers.Account) { a.Credential = nil })
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Errorf("got %v after %d refreshes, want success after 1", err, i.refreshes)
	}
	p, _ = openStub(t, nil, withRefresh(i), func(a *providers.Account) { a.Credential, a.Secrets = nil, nil })
	e := wantKind(t, load(p), model.NoCredential)
	if e.Hint != "sign in: confab login projects" {
		t.Errorf("got %v, want a hint that names the account", e)
	}
	p, _ = openStub(t, nil, withRefresh(i), func(a *providers.Account) { a.Credential, a.Settings = nil, nil })
	if e := wantKind(t, load(p), model.NoCredential); !strings.Contains(e.Message, "client_id or client_secret is missing") {
		t.Errorf("without a client id: got %v, want an error that names what is missing", e)
	}
}

func TestRefusedTokens(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*providers.Account)
		refreshes int
	}{
		{"a refresh token that is refused", func(a *providers.Account) { a.Secrets[settingRefreshToken] = providertest.Credential("wrong-refresh") }, 1},
		{"no client secret", func(a *providers.Account) { delete(a.Secrets, settingClientSecret) }, 0},
		{"no client id", func(a *providers.Account) { a.Settings = nil }, 0},
		{"nothing to refresh with", func(a *providers.Account) { a.Secrets = nil }, 0},
	} {
		i := &issuer{access: "gone", refresh: "refresh-0"}
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(t.TempDir()), tt.change)
		e := wantKind(t, load(p), model.Unauthorized)
		if i.refreshes != tt.refreshes {
			t.Errorf("%s: got %d refreshes, want %d", tt.name, i.refreshes, tt.refreshes)
		}
		if s := e.Error(); strings.Contains(s, "wrong-refresh") || strings.Contains(s, "client-secret") || !strings.Contains(s, "confab login") {
			t.Errorf("%s: error contains a secret or lacks the command: %s", tt.name, s)
		}
	}
}

func TestExpiredPasswordRefreshesNothing(t *testing.T) {
	for _, status := range []int{401, 403} {
		requests := 0
		i := &issuer{access: "x", refresh: "refresh-0"}
		p, _ := openStub(t, nil, withRefresh(i), func(a *providers.Account) {
			a.Transport = &providertest.Stub{Answer: func(r providertest.Request) (int, string) {
				if r.Path == "/oauth/token" {
					return i.answer(r)
				}
				requests++
				return status, `{"problemType":"https://x/exceptions.md#expired","title":"Expired Password","details":"Your password has expired."}`
			}}
		})
		e := wantKind(t, load(p), model.Unauthorized)
		if e.Hint != hintPassword || i.refreshes != 0 || requests != 1 {
			t.Errorf("%d: got %v after %d requests and %d refreshes, want the hint on the password after 1 and 0", status, e, requests, i.refreshes)
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
		if err != nil || got.String() != tt.want {
			t.Errorf("%+v: got %s, %v; want %s", tt, got, err, tt.want)
		}
	}
	for _, bad := range []string{"http://login.example/token", "login", "https://u:p@login.example/", "https://login.example/token?a=b", "ftp://127.0.0.1/"} {
		_, err := open(providers.Account{Credential: providertest.Credential("token"), Settings: map[string]string{settingTokenURL: bad}})
		if e := model.AsError(err); checkToken(bad) == nil || e == nil || e.Kind != model.Local || !strings.Contains(e.Message, settingTokenURL) {
			t.Errorf("%s: got %v, want both the check and the opening to refuse it", bad, err)
		}
	}
}

func TestSigningIn(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-of-the-person"}
	dir := t.TempDir()
	account := func(change ...func(*providers.Account)) providers.Account {
		a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", Credential: providertest.Credential("token-of-the-tests")}
		for _, f := range append([]func(*providers.Account){withRefresh(i), withStateDir(dir)}, change...) {
			f(&a)
		}
		return a
	}
	l, err := newSignIn(account())
	if err != nil {
		t.Fatal(err)
	}
	page := "https://kona.example/oauth/authorize?client_id=client&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&response_type=code&state=st"
	if got := l.Page("st"); got != page || l.Redirect() != "http://localhost:3000/callback" {
		t.Errorf("got page %s, redirect to %s", got, l.Redirect())
	}
	_, err = l.Finish(t.Context(), "another")
	wantKind(t, err, model.Unauthorized)
	if _, err := l.Finish(t.Context(), "the-code"); err != nil {
		t.Fatal(err)
	}
	// The next start uses the tokens of the sign-in rather than the configured ones.
	before := i.refreshes // the search for the user of the configured tokens, which are invalid, has refreshed too
	for refreshes := range 2 {
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(dir))
		if err := load(p); err != nil || i.refreshes-before != refreshes {
			t.Errorf("got %v after %d refreshes, want success after %d", err, i.refreshes-before, refreshes)
		}
		i.access = "ended"
	}
	for what, change := range map[string]func(*providers.Account){
		"no client id":     func(a *providers.Account) { a.Settings = nil },
		"no client secret": func(a *providers.Account) { delete(a.Secrets, settingClientSecret) },
		"no place":         func(a *providers.Account) { a.StateDir = "" },
		"elsewhere":        func(a *providers.Account) { a.Settings[settingRedirectURL] = "https://example.com/callback" },
	} {
		if _, err := newSignIn(account(change)); err == nil {
			t.Errorf("%s: newSignIn succeeded", what)
		}
	}
}

func TestCheckRedirect(t *testing.T) {
	for _, good := range []string{"", defaultRedirect, "http://127.0.0.1:8123/back", "http://[::1]:8123", "http://LOCALHOST:1/"} {
		if err := checkRedirect(good); err != nil {
			t.Errorf("%s: got %v", good, err)
		}
	}
	for _, bad := range []string{"https://localhost:1/x", "http://example.com:80/x", "http://localhost/x", "http://localhost:0/x", "http://127.0.0.1:1/x?a=b",
		"http://127.0.0.1:1/x#a", "http://a:b@127.0.0.1:1/", "localhost:3000", "://"} {
		if checkRedirect(bad) == nil {
			t.Errorf("checkRedirect accepted %s", bad)
		}
	}
}

// Whatever the token endpoint answers, the secrets are sent once, in the way that the setting says. The hint names the other way,
// unless the answer proves that the parameters were read.
func TestParametersAreSentOneWay(t *testing.T) {
	oauth := func(code string) string { return `{"error":"` + code + `","error_description":"No."}` }
	for _, tt := range []struct {
		status int
		body   string
		kind   model.ErrorKind
		other  bool // the hint names the other way
	}{
		{400, oauth("invalid_grant"), model.Unauthorized, false},
		{401, oauth("invalid_grant"), model.Unauthorized, false},
		{400, oauth("unauthorized_client"), model.Unauthorized, false},
		{403, oauth("access_denied"), model.Unauthorized, false},
		{401, oauth("invalid_client"), model.Unauthorized, true},
		{400, oauth("invalid_request"), model.Unauthorized, true},
		{400, oauth("unsupported_grant_type"), model.Unauthorized, true},
		{401, ``, model.Unauthorized, true},
		{403, `{"title":"Forbidden"}`, model.Unauthorized, true},
		{404, ``, model.Unavailable, true},
		{405, ``, model.Unavailable, true},
		{415, ``, model.Unauthorized, true},
		{422, `{"title":"Unprocessable Entity","details":"Unprocessable Entity"}`, model.Unauthorized, true},
		{302, ``, model.Unavailable, true},
		{401, `{"problemType":"https://x/e.md#expired","title":"Expired Password"}`, model.Unauthorized, false},
		{429, ``, model.RateLimited, false},
		{500, ``, model.Unavailable, false},
		{503, oauth("temporarily_unavailable"), model.Unavailable, false},
		{200, `{"token_type":"bearer"}`, model.Malformed, false},
		{200, `<html>hello</html>`, model.Malformed, false},
	} {
		for _, way := range []string{"", requestForm, requestQuery} {
			var log strings.Builder
			at := &providertest.Stub{Answer: func(providertest.Request) (int, string) { return tt.status, tt.body }}
			p, _ := openStub(t, nil, func(a *providers.Account) {
				a.Transport, a.Credential = at, nil
				a.Settings = map[string]string{settingClientID: "client", settingTokenRequest: way}
				a.Secrets = map[string]model.CredentialSource{settingRefreshToken: providertest.Credential("refresh-0"), settingClientSecret: providertest.Credential("client-secret")}
				a.Log = func(format string, args ...any) { fmt.Fprintf(&log, format+"\n", args...) }
			})
			e := wantKind(t, load(p), tt.kind)
			other := `token_request = "query"`
			if way == requestQuery {
				other = `token_request = "form"`
			}
			if strings.Contains(e.Hint, other) != tt.other {
				t.Errorf("%d %s, sent as %q: got %v, want the hint on the other way: %t", tt.status, tt.body, way, e, tt.other)
			}
			want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-0"}, "client_id": {"client"}, "client_secret": {"client-secret"}}.Encode()
			query, body := "", want
			if way == requestQuery {
				query, body = want, ""
			}
			if len(at.Sent) != 1 || at.Sent[0].Method != "POST" || at.Sent[0].Path != "/oauth/token" || at.Sent[0].Query != query || at.Sent[0].Body != body {
				t.Errorf("%d %s, sent as %q: got requests %+v, want one", tt.status, tt.body, way, at.Sent)
			}
			if said := fmt.Sprint(e, log.String()); strings.Contains(said, "refresh-0") || strings.Contains(said, "client-secret") {
				t.Errorf("error or log contains a secret: %s", said)
			}
		}
	}
}

// countingPacer is a pacer that counts requests.
type countingPacer struct {
	mu sync.Mutex
	n  int
}

func (w *countingPacer) Wait(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return ctx.Err()
}

func TestRefreshIsPaced(t *testing.T) {
	i := &issuer{access: "gone", refresh: "refresh-0", lifetime: 1000}
	pace := &countingPacer{}
	var at *providertest.Stub
	p, _ := openStub(t, nil, withRefresh(i), func(a *providers.Account) { a.Pacer, at = pace, a.Transport.(*providertest.Stub) })
	if err := load(p); err != nil || i.refreshes != 1 {
		t.Fatalf("got %v after %d refreshes, want success after 1", err, i.refreshes)
	}
	if n := len(at.Sent); n != 3 || pace.n != n {
		t.Errorf("got %d requests, of which %d were paced; want all 3", n, pace.n)
	}
}

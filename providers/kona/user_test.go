package kona

import (
	"cmp"
	"net/url"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

// userService is a service where each access token belongs to a user.
type userService struct {
	users map[string]string // ids by access token; "" and null are users whom the service does not name
	codes map[string]string // access tokens by authorization code or refresh token
	sent  []string
}

func (s *userService) answer(r providertest.Request) (int, string) {
	s.sent = append(s.sent, r.Method+" "+r.Path)
	if r.Path == "/oauth/token" {
		form, _ := url.ParseQuery(r.Body)
		key := form.Get("code") + form.Get("refresh_token")
		access, ok := s.codes[key]
		if !ok {
			return 400, `{"error":"invalid_grant"}`
		}
		if key == "refresh of ann" { // it stays valid, so the answer may leave it out
			return 200, `{"access_token":"` + access + `"}`
		}
		return 200, `{"access_token":"` + access + `","refresh_token":"refresh of ` + access + `"}`
	}
	user, ok := s.users[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	switch {
	case !ok:
		return 401, `{"error":"invalid_token"}`
	case strings.HasSuffix(r.Path, "/userinfo") && user == "":
		return 404, `{"title":"Not Found"}`
	case strings.HasSuffix(r.Path, "/userinfo"):
		return 200, `{"users":[{"id":` + user + `,"name":"Person ` + user + `"}]}`
	}
	return 200, wrapped(element(71, nil))
}

// requests returns the requests since the last call.
func (s *userService) requests() string {
	all := strings.Join(s.sent, ", ")
	s.sent = nil
	return all
}

func (s *userService) at(dir, credential string) providers.Account {
	a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", StateDir: dir, Transport: &providertest.Stub{Answer: s.answer},
		Settings: map[string]string{settingClientID: "client"}, Secrets: map[string]model.CredentialSource{settingClientSecret: providertest.Credential("client-secret")}}
	if credential != "" {
		a.Credential = providertest.Credential(credential)
	}
	return a
}

func (s *userService) open(t *testing.T, dir, credential string) *provider {
	t.Helper()
	p, err := open(s.at(dir, credential))
	if err != nil {
		t.Fatal(err)
	}
	if took := s.requests(); took != "" {
		t.Errorf("Open sent %s", took)
	}
	return p
}

func (s *userService) signIn(t *testing.T, dir, credential, code string) {
	t.Helper()
	l, err := newSignIn(s.at(dir, credential))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Finish(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	s.requests()
}

const (
	atHost = "kona https://kona.example/api"
	asAnn  = atHost + " user 3"
	asBob  = atHost + " user 9"
)

func wantIdentity(t *testing.T, p *provider, identity, formerly string) {
	t.Helper()
	if d := p.Describe(); d.Identity != identity || d.Formerly != formerly {
		t.Errorf("got identity %q, formerly %q; want %q and %q", d.Identity, d.Formerly, identity, formerly)
	}
}

func newUserService() *userService {
	return &userService{users: map[string]string{"anns": "3", "bobs": "9", "anns second": "3"},
		codes: map[string]string{"ann agrees": "anns", "bob agrees": "bobs"}}
}

const (
	askedWho = "GET /api/userinfo"
	readOne  = "GET /api/conversations/71"
)

func TestUserOfAConfiguredTokenIsRequestedOnce(t *testing.T) {
	s, dir := newUserService(), t.TempDir()
	p := s.open(t, dir, "anns")
	wantIdentity(t, p, atHost, "")
	for _, want := range []string{askedWho + ", " + readOne, readOne} {
		if err := load(p); err != nil || s.requests() != want {
			t.Errorf("got %v, want success and the requests %s", err, want)
		}
	}
	wantIdentity(t, p, atHost, "") // the identity does not change during a run
	// The rows of the first run belong to the same user.
	p = s.open(t, dir, "anns")
	wantIdentity(t, p, asAnn, atHost)
	if err := load(p); err != nil || s.requests() != readOne {
		t.Errorf("second start: got %v, want success after one request", err)
	}
	// The configured token is not stored.
	kept, err := p.session.file.read()
	if err != nil || kept.Access != "" || kept.User != "3" {
		t.Errorf("got %+v, %v; want the user without the token", kept, err)
	}
	// Another token of the same user does not change the identity.
	p = s.open(t, dir, "anns second")
	if err := load(p); err != nil || s.requests() != askedWho+", "+readOne {
		t.Errorf("another token of the same user: %v", err)
	}
	wantIdentity(t, s.open(t, dir, "anns second"), asAnn, atHost)
	// Nor does a pair of an earlier configuration prevent that the user is stored.
	if err := p.session.file.write(tokens{Origin: "earlier", Access: "earlier token", User: "3"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{askedWho + ", " + readOne, readOne} {
		if err := load(s.open(t, dir, "anns")); err != nil || s.requests() != want {
			t.Errorf("pair of an earlier configuration: got %v, want success and the requests %s", err, want)
		}
	}
}

// What is stored for one user is never mixed with what another user sees.
func TestCredentialOfAnotherUser(t *testing.T) {
	s, dir := newUserService(), t.TempDir()
	for range 2 {
		if err := load(s.open(t, dir, "anns")); err != nil {
			t.Fatal(err)
		}
		s.requests()
	}
	p := s.open(t, dir, "bobs")
	wantIdentity(t, p, asAnn, atHost)
	e := wantKind(t, load(p), model.Unauthorized)
	if s.requests() != askedWho || !strings.Contains(e.Message, "user 3") || !strings.Contains(e.Message, "user 9") || !strings.Contains(e.Hint, "start confab again") {
		t.Errorf("got %v, want both users and a hint", e)
	}
	p = s.open(t, dir, "bobs")
	wantIdentity(t, p, asBob, "")
	if err := load(p); err != nil || s.requests() != readOne {
		t.Errorf("start as the other user: %v", err)
	}
	// The first user returns.
	_ = load(s.open(t, dir, "anns"))
	s.requests()
	wantIdentity(t, s.open(t, dir, "anns"), asAnn, atHost)
}

// A stored pair that has ended is not replaced by a pair of the configured refresh token, if that belongs to another user. Nor does
// an error show a token, old or new.
func TestRefreshTokenOfAnotherUser(t *testing.T) {
	s, dir := newUserService(), t.TempDir()
	a := s.at(dir, "")
	a.Secrets[settingRefreshToken] = providertest.Credential("refresh of bob")
	s.codes["refresh of bob"] = "bobs"
	stored := tokens{Origin: origin("", "refresh of bob"), Access: "ended", Refresh: "refresh of ann", User: "3"}
	if err := tokenFileOf(a).write(stored); err != nil {
		t.Fatal(err)
	}
	p, err := open(a)
	if err != nil {
		t.Fatal(err)
	}
	if e := wantKind(t, load(p), model.Unauthorized); !strings.Contains(e.Message, "user 9") || strings.Contains(s.requests(), readOne+", "+readOne) {
		t.Errorf("got %v, want both users and no read with the new token", e)
	}
	a.Transport = &providertest.Stub{Answer: func(r providertest.Request) (int, string) {
		if strings.HasSuffix(r.Path, "/userinfo") {
			return 422, `{"title":"No","details":"not with refresh of anns, refresh of bobs"}`
		}
		return s.answer(r)
	}}
	for _, stored := range []tokens{{}, {Origin: originLogin, Access: "anns", Refresh: "refresh of anns"}} {
		if err := tokenFileOf(a).write(stored); err != nil {
			t.Fatal(err)
		}
		if p, err = open(a); err != nil {
			t.Fatal(err)
		}
		used := cmp.Or(stored.Refresh, "refresh of bobs")
		if e := wantKind(t, load(p), model.Invalid); strings.Contains(e.Message, used) || !strings.Contains(e.Message, "not with") {
			t.Errorf("got %v, want an error without the token %s", e, used)
		}
	}
	l, err := newSignIn(a)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Finish(t.Context(), "bob agrees")
	if e := wantKind(t, err, model.Invalid); strings.Contains(e.Message, "refresh of bobs") {
		t.Errorf("sign-in: got %v, want an error without the token", e)
	}
}

// A run for one user does not continue with the tokens of another.
func TestAnotherUserSignsInMeanwhile(t *testing.T) {
	s, dir := newUserService(), t.TempDir()
	s.signIn(t, dir, "", "ann agrees")
	p := s.open(t, dir, "")
	wantIdentity(t, p, asAnn, "")
	if err := load(p); err != nil || s.requests() != readOne {
		t.Errorf("load: %v", err)
	}
	s.signIn(t, dir, "", "bob agrees")
	delete(s.users, "anns")
	wantKind(t, load(p), model.Unauthorized)
	if took := s.requests(); strings.Count(took, readOne) != 1 {
		t.Errorf("sent %s, want one load", took)
	}
	p = s.open(t, dir, "")
	wantIdentity(t, p, asBob, "")
	if err := load(p); err != nil {
		t.Errorf("load after another sign-in: %v", err)
	}
}

// The rows that an earlier version stored belong to the user of the tokens that it stored, even if a sign-in replaces those tokens
// first.
func TestTokensStoredWithoutAUser(t *testing.T) {
	earlier := func(t *testing.T, s *userService) string {
		dir := t.TempDir()
		if err := tokenFileOf(s.at(dir, "")).write(tokens{Origin: originLogin, Access: "anns", Refresh: "refresh of ann"}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Run("they go on", func(t *testing.T) {
		s := newUserService()
		dir := earlier(t, s)
		p := s.open(t, dir, "")
		wantIdentity(t, p, atHost, "")
		if err := load(p); err != nil || s.requests() != askedWho+", "+readOne {
			t.Errorf("load: %v", err)
		}
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("they have ended and are refreshed", func(t *testing.T) {
		s := newUserService()
		dir := earlier(t, s)
		delete(s.users, "anns")
		for _, next := range []string{"anns second", "anns third"} {
			s.codes["refresh of ann"], s.users[next] = next, "3"
			if err := load(s.open(t, dir, "")); err != nil {
				t.Errorf("load: %v", err)
			}
			s.requests()
			delete(s.users, next)
		}
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("the same person signs in", func(t *testing.T) {
		s := newUserService()
		dir := earlier(t, s)
		s.signIn(t, dir, "", "ann agrees")
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("another person signs in, and the first one again", func(t *testing.T) {
		s := newUserService()
		dir := earlier(t, s)
		s.signIn(t, dir, "", "bob agrees")
		wantIdentity(t, s.open(t, dir, ""), asBob, "")
		s.signIn(t, dir, "", "ann agrees")
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("nobody can tell whose they were", func(t *testing.T) {
		s := newUserService()
		dir := earlier(t, s)
		s.users = map[string]string{"bobs": "9"}
		s.signIn(t, dir, "", "bob agrees")
		wantIdentity(t, s.open(t, dir, ""), asBob, "")
	})
}

// What another process stores while the user is requested is not replaced by the user of a configured token.
func TestSignInWhileTheUserIsRequested(t *testing.T) {
	s, dir := newUserService(), t.TempDir()
	signedIn := tokens{Origin: originLogin, Access: "anns second", Refresh: "refresh", User: "3"}
	a := s.at(dir, "anns")
	a.Transport = &providertest.Stub{Answer: func(r providertest.Request) (int, string) {
		if strings.HasSuffix(r.Path, "/userinfo") {
			if err := tokenFileOf(a).write(signedIn); err != nil {
				t.Error(err)
			}
		}
		return s.answer(r)
	}}
	p, err := open(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := load(p); err != nil {
		t.Errorf("load: %v", err)
	}
	kept, err := p.session.file.read()
	if signedIn.Identity = kept.Identity; err != nil || kept != signedIn {
		t.Errorf("got %+v, %v; want the pair of the sign-in", kept, err)
	}
}

func TestServiceWithoutUserInfo(t *testing.T) {
	for name, user := range map[string]string{"the call is missing": "", "the answer has no id": "null"} {
		t.Run(name, func(t *testing.T) { testWithoutUserInfo(t, user) })
	}
}

func testWithoutUserInfo(t *testing.T, nobody string) {
	s, dir := newUserService(), t.TempDir()
	s.users["anns"] = nobody
	for range 2 {
		p := s.open(t, dir, "anns")
		wantIdentity(t, p, atHost, "")
		if err := load(p); err != nil || s.requests() != askedWho+", "+readOne {
			t.Errorf("load: %v", err)
		}
	}
	s.signIn(t, dir, "", "ann agrees")
	wantIdentity(t, s.open(t, dir, ""), atHost, "")
	// Rows of a known user are not shown to a user whom the service does not name.
	s.users["anns"] = "3"
	if err := load(s.open(t, dir, "")); err != nil {
		t.Errorf("load: %v", err)
	}
	s.users["bobs"] = nobody
	s.signIn(t, dir, "", "bob agrees")
	p := s.open(t, dir, "")
	wantIdentity(t, p, atHost+" user unknown", "")
	if err := load(p); err != nil {
		t.Errorf("load: %v", err)
	}
	// Nor are they, once the service names that user.
	delete(s.users, "bobs")
	s.users["bobs second"], s.codes["refresh of bobs"] = "9", "bobs second"
	s.requests()
	if err := load(s.open(t, dir, "")); err != nil {
		t.Errorf("load: %v", err)
	}
	s.requests()
	p = s.open(t, dir, "")
	wantIdentity(t, p, asBob, "")
	// A run for a known user does not continue with tokens of a user whom the service does not name.
	s.users["somebodys"] = nobody
	if err := load(s.open(t, dir, "somebodys")); err != nil || s.requests() != readOne {
		t.Errorf("the pair of the sign-in: %v", err)
	}
	if err := p.session.file.write(tokens{Origin: "another", User: "9", Rows: "3"}); err != nil {
		t.Fatal(err)
	}
	if err := load(s.open(t, dir, "somebodys")); err == nil || s.requests() != askedWho {
		t.Errorf("a user who is not named: got %v, want a failure after one request", err)
	}
}

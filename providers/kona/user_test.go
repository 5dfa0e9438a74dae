package kona

import (
	"net/url"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
)

// town is a service at which each access token is somebody's.
type town struct {
	users map[string]string // by access token; "" is somebody whom the service does not name
	codes map[string]string // access tokens by authorization code or refresh token
	sent  []string
}

func (s *town) answer(r sent) (int, string) {
	s.sent = append(s.sent, r.Method+" "+r.Path)
	if r.Path == "/oauth/token" {
		form, _ := url.ParseQuery(r.Body)
		key := form.Get("code") + form.Get("refresh_token")
		access, ok := s.codes[key]
		if !ok {
			return 400, `{"error":"invalid_grant"}`
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

// took returns what was asked since the last time.
func (s *town) took() string {
	all := strings.Join(s.sent, ", ")
	s.sent = nil
	return all
}

func (s *town) at(dir, credential string) providers.Account {
	a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", StateDir: dir, Transport: &stub{answer: s.answer},
		Settings: map[string]string{settingClientID: "client"}, Secrets: map[string]model.CredentialSource{settingClientSecret: secret("client-secret")}}
	if credential != "" {
		a.Credential = secret(credential)
	}
	return a
}

func (s *town) open(t *testing.T, dir, credential string) *provider {
	t.Helper()
	p, err := open(s.at(dir, credential))
	if err != nil {
		t.Fatal(err)
	}
	if took := s.took(); took != "" {
		t.Errorf("opening asked for %s", took)
	}
	return p
}

func (s *town) signIn(t *testing.T, dir, credential, code string) {
	t.Helper()
	l, err := newSignIn(s.at(dir, credential))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Finish(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	s.took()
}

const (
	atHost = "kona https://kona.example/api"
	asAnn  = atHost + " user 3"
	asBob  = atHost + " user 9"
)

func wantIdentity(t *testing.T, p *provider, identity, formerly string) {
	t.Helper()
	if d := p.Describe(); d.Identity != identity || d.Formerly != formerly {
		t.Errorf("identity %q, formerly %q; want %q and %q", d.Identity, d.Formerly, identity, formerly)
	}
}

func newTown() *town {
	return &town{users: map[string]string{"anns": "3", "bobs": "9", "anns second": "3"},
		codes: map[string]string{"ann agrees": "anns", "bob agrees": "bobs"}}
}

const (
	askedWho = "GET /api/userinfo"
	readOne  = "GET /api/conversations/71"
)

func TestTheUserOfAConfiguredTokenIsAskedForOnce(t *testing.T) {
	s, dir := newTown(), t.TempDir()
	p := s.open(t, dir, "anns")
	wantIdentity(t, p, atHost, "")
	for _, want := range []string{askedWho + ", " + readOne, readOne} {
		if err := load(p); err != nil || s.took() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	wantIdentity(t, p, atHost, "") // it does not change under the rows of a run
	// What the first run stored is hers.
	p = s.open(t, dir, "anns")
	wantIdentity(t, p, asAnn, atHost)
	if err := load(p); err != nil || s.took() != readOne {
		t.Error(err)
	}
	// The configured token is not written down.
	kept, err := p.session.kept()
	if err != nil || kept.Access != "" || kept.User != "3" {
		t.Errorf("%+v, %v", kept, err)
	}
	// Another token of hers is no other account.
	p = s.open(t, dir, "anns second")
	if err := load(p); err != nil || s.took() != askedWho+", "+readOne {
		t.Error(err)
	}
	wantIdentity(t, s.open(t, dir, "anns second"), asAnn, atHost)
}

// TestAnotherUsersCredential: what is kept of one user never meets what another one sees.
func TestAnotherUsersCredential(t *testing.T) {
	s, dir := newTown(), t.TempDir()
	for range 2 {
		if err := load(s.open(t, dir, "anns")); err != nil {
			t.Fatal(err)
		}
		s.took()
	}
	p := s.open(t, dir, "bobs")
	wantIdentity(t, p, asAnn, atHost)
	e := wantKind(t, load(p), model.Unauthorized)
	if s.took() != askedWho || !strings.Contains(e.Message, "user 3") || !strings.Contains(e.Message, "user 9") || !strings.Contains(e.Hint, "start confab again") {
		t.Errorf("%v", e)
	}
	p = s.open(t, dir, "bobs")
	wantIdentity(t, p, asBob, "")
	if err := load(p); err != nil || s.took() != readOne {
		t.Error(err)
	}
	// And back.
	_ = load(s.open(t, dir, "anns"))
	s.took()
	wantIdentity(t, s.open(t, dir, "anns"), asAnn, atHost)
}

// TestSomebodyElseSignsInMeanwhile: a run that is open for one user does not go on with the tokens of another.
func TestSomebodyElseSignsInMeanwhile(t *testing.T) {
	s, dir := newTown(), t.TempDir()
	s.signIn(t, dir, "", "ann agrees")
	p := s.open(t, dir, "")
	wantIdentity(t, p, asAnn, "")
	if err := load(p); err != nil || s.took() != readOne {
		t.Error(err)
	}
	s.signIn(t, dir, "", "bob agrees")
	delete(s.users, "anns")
	wantKind(t, load(p), model.Unauthorized)
	if took := s.took(); strings.Count(took, readOne) != 1 {
		t.Errorf("asked for %s", took)
	}
	p = s.open(t, dir, "")
	wantIdentity(t, p, asBob, "")
	if err := load(p); err != nil {
		t.Error(err)
	}
}

// TestTokensFromBeforeUsersWereKept: the rows that an earlier version stored are those of the tokens that it kept, be
// they still in use or replaced by a sign-in before anything else happens.
func TestTokensFromBeforeUsersWereKept(t *testing.T) {
	earlier := func(t *testing.T, s *town) string {
		dir := t.TempDir()
		if err := tokenFileOf(s.at(dir, "")).write(tokens{Origin: originLogin, Access: "anns", Refresh: "refresh of ann"}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Run("they go on", func(t *testing.T) {
		s := newTown()
		dir := earlier(t, s)
		p := s.open(t, dir, "")
		wantIdentity(t, p, atHost, "")
		if err := load(p); err != nil || s.took() != askedWho+", "+readOne {
			t.Error(err)
		}
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("they have ended and are refreshed", func(t *testing.T) {
		s := newTown()
		dir := earlier(t, s)
		delete(s.users, "anns")
		s.codes["refresh of ann"] = "anns second"
		if err := load(s.open(t, dir, "")); err != nil {
			t.Error(err)
		}
		s.took()
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("the same person signs in", func(t *testing.T) {
		s := newTown()
		dir := earlier(t, s)
		s.signIn(t, dir, "", "ann agrees")
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("another person signs in, and the first one again", func(t *testing.T) {
		s := newTown()
		dir := earlier(t, s)
		s.signIn(t, dir, "", "bob agrees")
		wantIdentity(t, s.open(t, dir, ""), asBob, "")
		s.signIn(t, dir, "", "ann agrees")
		wantIdentity(t, s.open(t, dir, ""), asAnn, atHost)
	})
	t.Run("nobody can tell whose they were", func(t *testing.T) {
		s := newTown()
		dir := earlier(t, s)
		s.users = map[string]string{"bobs": "9"}
		s.signIn(t, dir, "", "bob agrees")
		wantIdentity(t, s.open(t, dir, ""), asBob, "")
	})
}

func TestAServiceThatDoesNotSayWhoIsSignedIn(t *testing.T) {
	s, dir := newTown(), t.TempDir()
	s.users["anns"] = ""
	for range 2 {
		p := s.open(t, dir, "anns")
		wantIdentity(t, p, atHost, "")
		if err := load(p); err != nil || s.took() != askedWho+", "+readOne {
			t.Error(err)
		}
	}
	s.signIn(t, dir, "", "ann agrees")
	wantIdentity(t, s.open(t, dir, ""), atHost, "")
	// Rows that are known to be somebody's are not shown to one of whom the service does not say who it is.
	s.users["anns"] = "3"
	if err := load(s.open(t, dir, "")); err != nil {
		t.Error(err)
	}
	s.users["bobs"] = ""
	s.signIn(t, dir, "", "bob agrees")
	p := s.open(t, dir, "")
	wantIdentity(t, p, atHost+" user unknown", "")
	if err := load(p); err != nil {
		t.Error(err)
	}
}

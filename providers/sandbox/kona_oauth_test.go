package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestKonaSignIn performs an authorization-code grant.
func TestKonaSignIn(t *testing.T) {
	box, err := New(Options{Conversations: 8})
	if err != nil {
		t.Fatal(err)
	}
	const redirect = "http://localhost:21212/back"
	box.Kona().Set(Switches{"Redirect": redirect})
	for _, a := range box.Accounts("") {
		if a.Provider == "kona" && a.Settings["redirect_url"] != redirect {
			t.Errorf("the account's settings are %v", a.Settings)
		}
	}
	send := func(method, path string, form url.Values, token string) *http.Response {
		body := strings.NewReader(form.Encode())
		q := httptest.NewRequest(method, "http://box/kona"+path, body)
		if method == http.MethodPost {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if token != "" {
			q.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		box.ServeHTTP(w, q)
		return w.Result()
	}
	good := func() url.Values {
		return url.Values{"response_type": {"code"}, "client_id": {konaClientID}, "redirect_uri": {redirect}, "state": {"a b&c"}}
	}
	authorize := func(v url.Values) (status int, back url.Values) {
		res := send(http.MethodGet, "/oauth/authorize?"+v.Encode(), nil, "")
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || res.StatusCode == http.StatusFound && !strings.HasPrefix(to.String(), redirect+"?") {
			t.Errorf("redirected to %s: %v", to, err)
		}
		return res.StatusCode, to.Query()
	}
	with := func(name string, values ...string) url.Values {
		v := good()
		if v[name] = values; len(values) == 0 {
			delete(v, name)
		}
		return v
	}
	if res := send(http.MethodGet, "/oauth/authorize?"+good().Encode()+"&scope=%zz", nil, ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a query that can't be read: status %d, want 400", res.StatusCode)
	}
	// An unregistered client or address is never redirected.
	for what, v := range map[string]url.Values{
		"no client": with("client_id"), "another client": with("client_id", "x"), "two clients": with("client_id", konaClientID, konaClientID),
		"no redirect": with("redirect_uri"), "another port": with("redirect_uri", "http://localhost:21213/back"), "a longer path": with("redirect_uri", redirect+"/"),
	} {
		if status, back := authorize(v); status != http.StatusBadRequest || len(back) > 0 {
			t.Errorf("%s: got status %d and the parameters %v, want 400 and no redirect", what, status, back)
		}
	}
	for what, tt := range map[string]struct {
		v    url.Values
		want string
	}{
		"no response type": {with("response_type"), "unsupported_response_type"}, "the implicit grant": {with("response_type", "token"), "unsupported_response_type"},
		"a scope": {with("scope", "all"), "invalid_request"},
	} {
		if status, back := authorize(tt.v); status != http.StatusFound || back.Get("error") != tt.want || back.Get("state") != "a b&c" || back.Has("code") {
			t.Errorf("%s: got status %d and the parameters %v, want a redirect with the error %s", what, status, back, tt.want)
		}
	}
	if status, back := authorize(with("state")); status != http.StatusFound || back.Has("state") || !back.Has("code") {
		t.Errorf("without a state: got status %d and the parameters %v, want a code alone", status, back)
	}
	if res := send(http.MethodPost, "/oauth/authorize?"+good().Encode(), nil, ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST to the page: the status is %d, want 405", res.StatusCode)
	}

	box.Kona().Set(Switches{"SignsIn": konaMe + 1})
	_, back := authorize(good())
	box.Kona().Set(Switches{"SignsIn": konaMe})
	token := func(code, redirect string) *http.Response {
		return send(http.MethodPost, "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect},
			"client_id": {konaClientID}, "client_secret": {konaClientSecret}}, "")
	}
	if res := token(back.Get("code"), "http://localhost:1/back"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a code for another address: the status is %d, want 400", res.StatusCode)
	}
	if res := token(back.Get("code"), redirect); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a code that was used before: the status is %d, want 400", res.StatusCode)
	}
	_, back = authorize(good())
	if res := token(back.Get("code"), redirect); res.StatusCode != http.StatusOK {
		t.Errorf("a valid code: the status is %d, want 200", res.StatusCode)
	}
	box.Kona().Set(Switches{"NoConsent": true})
	if status, back := authorize(good()); status != http.StatusFound || back.Get("error") != "access_denied" || back.Get("state") != "a b&c" {
		t.Errorf("without consent: got status %d and the parameters %v, want a redirect with the error access_denied", status, back)
	}
}

// A token belongs to the user who agreed. With QueryOnly, a form is ignored.
func TestKonaSignedInAs(t *testing.T) {
	c := newKonaClient(t, 20)
	c.Set(Switches{"SignsIn": 7})
	body := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {konaClientID}, "client_secret": {konaClientSecret}, "code": {c.IssueCode()},
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	var out struct {
		Access string `json:"access_token"`
	}
	if status := c.send("POST", "oauth/token", body.Encode(), form); status != 200 || json.Unmarshal(c.raw, &out) != nil {
		t.Fatalf("the exchange of a code is answered %d %s", status, c.raw)
	}
	c.auth = "Bearer " + out.Access
	if me := c.want(200, "GET", "userinfo", "")[0]; me["id"] != float64(c.number("user", 7)) {
		t.Errorf("signed in as %v, want user %d", me["id"], c.number("user", 7))
	}
	c.Set(Switches{"QueryOnly": true})
	if status := c.send("POST", "oauth/token", body.Encode(), form); status != 401 {
		t.Errorf("with QueryOnly, a form is answered %d, want 401", status)
	}
	if status := c.send("GET", "oauth/elsewhere", "", http.Header{}); status != 404 {
		t.Errorf("another path below /oauth is answered %d, want 404", status)
	}
}

func TestKonaToken(t *testing.T) {
	c := newKonaClient(t, 20)
	form := func(more ...string) string {
		v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {konaRefresh}, "client_id": {konaClientID}, "client_secret": {konaClientSecret}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v.Encode()
	}
	post := func(body, query string) (int, map[string]any) {
		t.Helper()
		h := http.Header{}
		if body != "" {
			h.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		path := "oauth/token"
		if query != "" {
			path += "?" + query
		}
		status := c.send("POST", path, body, h)
		var out map[string]any
		if err := json.Unmarshal(c.raw, &out); err != nil {
			t.Fatalf("the answer %s is no JSON: %v", c.raw, err)
		}
		return status, out
	}
	for _, tt := range []struct {
		status int
		name   string
		body   string
	}{
		{401, "invalid_client", form("client_secret", "wrong")},
		{401, "invalid_client", form("client_id", "")},
		{400, "invalid_grant", form("refresh_token", "wrong")},
		{400, "unsupported_grant_type", form("grant_type", "password")},
		{400, "invalid_grant", form("grant_type", "authorization_code", "code", "wrong")},
		{400, "invalid_request", form("scope", "all")},
	} {
		if status, out := post(tt.body, ""); status != tt.status || out["error"] != tt.name || out["error_description"] == nil {
			t.Errorf("%s: got %d %v, want %d %s", tt.body, status, out, tt.status, tt.name)
		}
	}
	for _, tt := range []struct{ kind, body, query string }{
		{"application/x-www-form-urlencoded", "grant_type=%zz", ""}, {"application/json", `{"grant_type":"refresh_token"}`, ""}, {"", "", "?grant_type=%zz"},
	} {
		if status := c.send("POST", "oauth/token"+tt.query, tt.body, http.Header{"Content-Type": {tt.kind}}); status != 400 || !strings.Contains(string(c.raw), `"invalid_request"`) {
			t.Errorf("a %q body %q with the query %q: status %d, %s; want 400, invalid_request", tt.kind, tt.body, tt.query, status, c.raw)
		}
	}
	for _, how := range []string{"form", "query"} {
		body, query := form(), ""
		if how == "query" {
			body, query = "", form()
		}
		status, out := post(body, query)
		if status != 200 || out["token_type"] != "bearer" || out["expires_in"] != 604800.0 || out["refresh_token"] != konaRefresh {
			t.Fatalf("a refresh by %s: got %d %v, want a token and the same refresh token", how, status, out)
		}
		c.want(200, "GET", "userinfo", "") // the old token still works
		c.auth = "Bearer " + out["access_token"].(string)
		c.want(200, "GET", "userinfo", "")
	}
	c.Set(Switches{"ExpireOnRefresh": true, "RotateRefresh": true})
	_, out := post(form(), "")
	c.want(401, "GET", "userinfo", "")
	c.auth = "Bearer " + out["access_token"].(string)
	c.want(200, "GET", "userinfo", "")
	if out["refresh_token"] == konaRefresh {
		t.Error("with RotateRefresh, the refresh token didn't change")
	}
	if status, out := post(form(), ""); status != 400 || out["error"] != "invalid_grant" {
		t.Errorf("the old refresh token: got %d %v, want 400 invalid_grant", status, out)
	}
	c.ExpireTokens()
	c.want(401, "GET", "userinfo", "")
	c.Set(Switches{"OmitRefresh": true})
	code := c.IssueCode()
	status, out := post(form("grant_type", "authorization_code", "code", code, "redirect_uri", "http://localhost:3000/callback"), "")
	if status != 200 || docHas(out, "refresh_token") {
		t.Errorf("with OmitRefresh, a code is answered %d %v", status, out)
	}

	for _, r := range c.s.Requests() {
		if strings.HasPrefix(r.Path, "/oauth") && r.Write {
			t.Error("a token request counts as a write")
		}
	}
	c.s.Revoke("kona")
	if status, out := post(form("refresh_token", fmt.Sprint(out["refresh_token"])), ""); status != 400 {
		t.Errorf("after the revocation, a refresh is answered %d %v, want 400", status, out)
	}
	if status := c.send("GET", "oauth/token", "", http.Header{}); status != 405 {
		t.Errorf("a GET of a token: the status is %d, want 405", status)
	}
}

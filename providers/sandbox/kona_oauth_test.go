package sandbox

import (
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
	// An unregistered client or address is never redirected.
	for what, v := range map[string]url.Values{
		"no client": with("client_id"), "another client": with("client_id", "x"), "two clients": with("client_id", konaClientID, konaClientID),
		"no redirect": with("redirect_uri"), "another port": with("redirect_uri", "http://localhost:21213/back"), "a longer path": with("redirect_uri", redirect+"/"),
	} {
		if status, back := authorize(v); status != http.StatusBadRequest || len(back) > 0 {
			t.Errorf("%s: %d %v", what, status, back)
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
			t.Errorf("%s: %d %v", what, status, back)
		}
	}
	if status, back := authorize(with("state")); status != http.StatusFound || back.Has("state") || !back.Has("code") {
		t.Errorf("without a state: %d %v", status, back)
	}
	if res := send(http.MethodPost, "/oauth/authorize?"+good().Encode(), nil, ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", res.StatusCode)
	}

	box.Kona().Set(Switches{"SignsIn": konaMe + 1})
	_, back := authorize(good())
	box.Kona().Set(Switches{"SignsIn": konaMe})
	token := func(code, redirect string) *http.Response {
		return send(http.MethodPost, "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect},
			"client_id": {konaClientID}, "client_secret": {konaClientSecret}}, "")
	}
	if res := token(back.Get("code"), "http://localhost:1/back"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a code for another address: %d", res.StatusCode)
	}
	if res := token(back.Get("code"), redirect); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a code that was used before: %d", res.StatusCode)
	}
	_, back = authorize(good())
	if res := token(back.Get("code"), redirect); res.StatusCode != http.StatusOK {
		t.Errorf("a valid code: %d", res.StatusCode)
	}
	box.Kona().Set(Switches{"NoConsent": true})
	if status, back := authorize(good()); status != http.StatusFound || back.Get("error") != "access_denied" || back.Get("state") != "a b&c" {
		t.Errorf("without consent: %d %v", status, back)
	}
}

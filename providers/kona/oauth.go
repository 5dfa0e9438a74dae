package kona

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// defaultRedirect is the redirect address of the vendor's sample application.
const defaultRedirect = "http://localhost:3000/callback"

// identifyTimeout is how long a sign-in tries to find the user of the tokens that it replaces.
const identifyTimeout = 10 * time.Second

type signIn struct {
	*session
	redirect string
}

func newSignIn(a providers.Account) (model.SignIn, error) {
	if service.Value(a, settingClientID) == "" || a.Secrets[settingClientSecret] == nil {
		return nil, errors.New("signing in needs client_id and client_secret in [account.settings]: " +
			"an administrator registers an application in Kona (Account Management, Integrations) and gets both")
	}
	if a.StateDir == "" {
		return nil, errors.New("there is no place to keep the tokens")
	}
	s, err := newSession(a)
	if err != nil {
		return nil, err
	}
	redirect := service.Value(a, settingRedirectURL)
	return &signIn{session: s, redirect: redirect}, checkRedirect(redirect)
}

func checkRedirect(v string) error {
	u, err := url.Parse(v)
	switch {
	case v == "":
		return nil
	case err != nil || u.Scheme != "http" || !providers.Loopback(u.Hostname()) || u.Port() == "" || u.Port() == "0" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be http on loopback with a port of its own, such as " + defaultRedirect)
	}
	return nil
}

func (l *signIn) Redirect() string { return l.redirect }

func (l *signIn) Page(state string) string {
	page := *l.endpoint
	// The page /oauth/authorize is beside /oauth/token.
	page.Path = strings.TrimSuffix(strings.TrimSuffix(page.Path, "/"), "/token") + "/authorize"
	page.RawPath = ""
	page.RawQuery = url.Values{"response_type": {"code"}, "client_id": {service.Value(l.account, settingClientID)},
		"redirect_uri": {l.redirect}, "state": {state}}.Encode()
	return page.String()
}

// Finish implements model.SignIn. From then on, its tokens are used instead of the configured ones, until the account is
// forgotten.
func (l *signIn) Finish(ctx context.Context, code string) (string, error) {
	const op = "sign in"
	clientSecret, err := secretOf(ctx, l.account.Secrets[settingClientSecret])
	if err != nil {
		return "", err
	}
	if err := l.lock.Acquire(ctx, 1); err != nil {
		return "", providers.GivenUp(op, err)
	}
	defer l.lock.Release(1)
	l.identifyStored(ctx)
	stored, unlock, err := l.file.lock(ctx, op)
	if err != nil {
		return "", err
	}
	defer unlock()
	// Only some of the vendor's samples have redirect_uri.
	t, err := l.exchange(ctx, op, clientSecret, "authorization_code", url.Values{"code": {code}, "redirect_uri": {l.redirect}})
	if err != nil {
		return "", err
	}
	who, err := l.userOf(ctx, t.Access)
	if err != nil && !isUserUnavailable(err) {
		return "", err
	}
	t.Origin, t.User, t.Rows = originLogin, who.ID, stored.Rows
	l.setCurrent(t)
	return who.Display(), l.store(t, true)
}

// identifyStored finds the user of the tokens that the sign-in replaces, because the rows that were stored while the user was
// unknown belong to that user. If the user can't be found any more, those rows are set aside.
func (l *signIn) identifyStored(ctx context.Context) {
	if stored, err := l.file.read(); err != nil || stored.User != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	if err := l.ensureToken(ctx); err != nil || l.userID() != "" {
		return
	}
	if _, err := l.userOf(ctx, l.current.Access); model.KindOf(err) == model.Unauthorized {
		_, _ = l.renew(ctx, l.current.Access)
	}
}

// Values of token_request.
const (
	requestForm  = "form"
	requestQuery = "query"
)

// tokenAddress returns the token endpoint: the setting token_url, or /oauth/token beside the base URL.
func tokenAddress(a providers.Account) (*url.URL, error) {
	u, err := providers.Address(cmp.Or(service.Value(a, settingTokenURL), strings.TrimSuffix(service.Base(a), "/api")+"/oauth/token"))
	if err != nil {
		return nil, errors.New(settingTokenURL + ": " + err.Error())
	}
	return u, nil
}

// exchange requests a pair from the token endpoint. By default the parameters are sent as a form, which keeps the secrets out of the
// logs of proxies. The vendor documents only the query string; that a form works too is [assumed] of an OAuth server. Only the
// setting token_request decides: the secrets are never sent again in the other way.
func (s *session) exchange(ctx context.Context, op, clientSecret, grant string, parameters url.Values) (t tokens, err error) {
	s.protect(clientSecret, parameters.Get("refresh_token"), parameters.Get("code"))
	parameters.Set("grant_type", grant)
	parameters.Set("client_id", service.Value(s.account, settingClientID))
	parameters.Set("client_secret", clientSecret)
	call := providers.Call{Endpoint: providers.Endpoint{Name: op, Method: http.MethodPost, Path: s.endpoint.EscapedPath(),
		Success: []int{http.StatusOK}, Seconds: 30}}
	if s.inQuery() {
		call.Query = parameters
	} else {
		call.Body = parameters
	}
	start := time.Now()
	answer, err := s.tokens.Do(ctx, call)
	if err != nil {
		return t, s.refusal(err)
	}
	got, _ := answer.Object()
	t = tokens{Access: got.Text("access_token"), Refresh: got.Text("refresh_token")}
	if t.Access == "" {
		e := answer.Malformed("the token endpoint gave no token")
		e.Status = answer.Status
		return tokens{}, e
	}
	s.protect(t.Access, t.Refresh)
	if lifetime, ok := got.Seconds("expires_in"); ok && lifetime > 2*refreshEarly && lifetime < maxLifetime {
		t.Expires = start.Add(lifetime).UTC()
	}
	return t, nil
}

func (s *session) inQuery() bool {
	return service.Value(s.account, settingTokenRequest) == requestQuery
}

// parametersRead lists the codes of OAuth 2.0 (RFC 6749, section 5.2) that prove that the server has read the parameters. A server
// that expects them elsewhere would call the client or the request invalid.
var parametersRead = []string{"invalid_grant", "unauthorized_client", "access_denied"}

// refusal corrects the kind and the hint of the error of a failed exchange.
func (s *session) refusal(err error) error {
	e := model.AsError(err)
	other := requestQuery
	if s.inQuery() {
		other = requestForm
	}
	try := "token_request = " + strconv.Quote(other)
	switch {
	case e.Hint == hintPassword, e.Status == 0, e.Kind == model.RateLimited:
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, e.Status == http.StatusBadRequest:
		e.Kind, e.Hint = model.Unauthorized, hintSignIn
		if !slices.Contains(parametersRead, e.Code) {
			e.Hint = "check client_id and client_secret, or set " + try
		}
	case e.Status >= 300 && e.Status < 500:
		e.Kind, e.Hint = model.Local, "check token_url, or set "+try
	case e.Kind == model.Malformed:
		e.Hint = "check token_url"
	}
	return e
}

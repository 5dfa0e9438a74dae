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
	"sync"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	// refreshEarly is how long before its end a token is renewed, if it lives for more than twice as long.
	refreshEarly = 5 * time.Minute
	tokenTimeout = 30 * time.Second
	maxLife      = 10 * 365 * 24 * time.Hour // of a token; more is no number of seconds
	maxTokenBody = 64 << 10
)

// Values of token_request.
const (
	requestForm  = "form"
	requestQuery = "query"
)

// session returns the access token of an account, and a new one when the service refuses it and the configuration
// holds what a refresh takes: client_id, client_secret and a refresh token. One refresh runs at a time, in this
// process and among processes; whoever waited for it uses what it brought.
type session struct {
	account  providers.Account
	clientID string
	inQuery  bool // parameters go in the query of the token endpoint
	file     tokenFile
	endpoint *url.URL            // of tokens
	tokens   *providers.Client   // to the host of that
	plain    *providers.Client   // to the API, for a call that brings its own access token
	clients  []*providers.Client // whose errors and logs show no token

	expired atomic.Bool    // the password has: no token helps
	gate    providers.Gate // of one place, taken while a token is had or renewed
	held    tokens         // of whoever holds the gate

	mu      sync.Mutex
	refused string // an access token, until a refresh was tried
	user    string // whose rows and edits this run is about, "" until that is known
}

func newSession(a providers.Account, endpoint *url.URL) (*session, error) {
	s := &session{account: a, endpoint: endpoint, gate: providers.NewGate(1), clientID: strings.TrimSpace(a.Settings[settingClientID]),
		inQuery: a.Settings[settingTokenRequest] == requestQuery}
	if a.StateDir != "" {
		s.file = tokenFileOf(a)
	}
	a.Credential = nil
	var err error
	if s.plain, err = providers.NewClient(a, providers.ClientOptions{DecodeError: decodeError(s.expired.Store)}); err != nil {
		return nil, err
	}
	a.BaseURL = endpoint.Scheme + "://" + endpoint.Host
	s.tokens, err = providers.NewClient(a,
		providers.ClientOptions{InFlight: 1, BodyLimit: maxTokenBody, DecodeError: decodeError(s.expired.Store)})
	s.clients = []*providers.Client{s.plain, s.tokens}
	return s, err
}

// hide keeps texts out of errors and logs.
func (s *session) hide(texts ...string) {
	for _, c := range s.clients {
		for _, text := range texts {
			c.Protect(text)
		}
	}
}

// tokenAddress is the token endpoint: the setting, or the one beside the base URL.
func tokenAddress(a providers.Account) (*url.URL, error) {
	address := cmp.Or(strings.TrimSpace(a.Settings[settingTokenURL]), strings.TrimSuffix(a.Base(DefaultBaseURL), "/api")+"/oauth/token")
	u, err := providers.Address(address)
	if err != nil {
		return nil, errors.New(settingTokenURL + ": " + err.Error())
	}
	return u, nil
}

// ready makes sure that a token is held, and that it does not end soon where another can be had. The gate is held, here
// and below.
func (s *session) ready(ctx context.Context) error {
	if s.held.Access == "" {
		if err := s.first(ctx); err != nil {
			return err
		}
	}
	end := s.held.Expires
	if end.IsZero() || time.Until(end) >= refreshEarly {
		return nil
	}
	if _, err := s.renew(ctx, s.held.Access); err != nil && time.Until(end) <= 0 {
		return err
	}
	return nil
}

func (s *session) hold(t tokens) {
	s.hide(t.Access, t.Refresh)
	s.held = t
}

// first finds the token to begin with: the kept pair if it descends from what is configured or from signing in, else
// the configured token, else a refresh.
func (s *session) first(ctx context.Context) error {
	kept, err := s.kept()
	if err != nil {
		return err
	}
	if kept.Origin == originLogin && kept.Access != "" {
		return s.use(ctx, kept)
	}
	configured, err := get(ctx, s.account.Credential)
	if err != nil {
		return err
	}
	if configured != "" {
		return s.use(ctx, kept.from(origin(configured), configured))
	}
	secret, err := get(ctx, s.account.Secrets[settingRefreshToken])
	if err != nil {
		return err
	}
	if secret == "" {
		return noToken("nobody has signed in")
	}
	if kept = kept.from(origin("", secret), ""); kept.Access != "" {
		return s.use(ctx, kept)
	}
	s.hold(kept)
	renewed, err := s.renew(ctx, "")
	if err == nil && !renewed {
		err = noToken("client_id or client_secret is missing to get one")
	}
	return err
}

func noToken(why string) *model.Error {
	return &model.Error{Kind: model.NoCredential, Message: "no access token is configured, and " + why, Hint: hintSignIn}
}

func (s *session) kept() (tokens, error) {
	t, err := s.file.read()
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Local, Op: "read the kept token", Message: err.Error(), Err: err}
	}
	return t, nil
}

// lock keeps other processes from the kept pair.
func (s *session) lock(ctx context.Context, op string) (unlock func(), err error) {
	unlock, err = s.file.lock(ctx)
	switch {
	case err == nil:
		return unlock, nil
	case ctx.Err() != nil:
		return nil, providers.GivenUp(op, ctx.Err())
	}
	return nil, &model.Error{Kind: model.Local, Op: op, Message: "the token file cannot be locked: " + err.Error(), Err: err}
}

// renew replaces a token that was refused or is about to end, under the lock shared by processes. again is false where
// nothing can replace it.
func (s *session) renew(ctx context.Context, refused string) (again bool, err error) {
	unlock, err := s.lock(ctx, "refresh the token")
	if err != nil {
		return false, err
	}
	defer unlock()
	held := s.held
	kept, err := s.kept()
	if err != nil {
		return false, err
	}
	lineage := held
	if kept.Origin == held.Origin || kept.Origin == originLogin {
		lineage = kept
	}
	if lineage.Access != "" && lineage.Access != refused && (lineage.Expires.IsZero() || time.Until(lineage.Expires) > refreshEarly) {
		err := s.accept(ctx, &lineage) // another process was faster
		if err == nil {
			s.hold(lineage)
		}
		return true, err
	}
	secret, err := get(ctx, s.account.Secrets[settingRefreshToken])
	if err != nil {
		return false, err
	}
	clientSecret, err := get(ctx, s.account.Secrets[settingClientSecret])
	if err != nil || s.clientID == "" || clientSecret == "" {
		return false, err
	}
	s.hide(clientSecret)
	var tried []string
	for _, refresh := range []string{lineage.Refresh, held.Refresh, secret} {
		if refresh == "" || slices.Contains(tried, refresh) {
			continue
		}
		tried = append(tried, refresh)
		s.hide(refresh)
		var next tokens
		next, err = s.exchange(ctx, "refresh the token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh},
			"client_id": {s.clientID}, "client_secret": {clientSecret}})
		if model.KindOf(err) == model.Unauthorized {
			continue // the refresh token itself is refused; an older or newer one may do
		}
		if err != nil {
			return false, err
		}
		rotated := next.Refresh != "" && next.Refresh != refresh
		next.Refresh = cmp.Or(next.Refresh, refresh) // said not to change
		next.Origin, next.Rows = lineage.Origin, kept.Rows
		switch refresh {
		case lineage.Refresh:
			next.User = lineage.User
		case held.Refresh:
			next.User = held.User
		}
		return true, s.renewed(ctx, next, rotated)
	}
	return false, err
}

// renewed takes a new pair. It is kept before anything else can fail: the old one may be worth nothing now.
func (s *session) renewed(ctx context.Context, next tokens, rotated bool) error {
	if err := s.keep(next, rotated); err != nil {
		return err
	}
	was := next
	err := s.accept(ctx, &next)
	if next != was {
		_ = s.keep(next, false) // not to be asked whose it is again
	}
	if err == nil {
		s.hold(next)
	}
	return err
}

// keep writes a pair. Where that fails, a pair whose refresh token has changed is an error, since the old one may be
// worth nothing now; otherwise the next start refreshes again.
func (s *session) keep(t tokens, rotated bool) error {
	err := s.file.write(t)
	if err == nil {
		return nil
	}
	s.account.Logf("the new token could not be kept")
	if !rotated {
		return nil
	}
	return &model.Error{Kind: model.Local, Op: "keep the new token", Message: err.Error(), Err: err}
}

// exchange asks the token endpoint. The parameters go as a form, so that secrets stay out of the logs of proxies; the
// vendor documents them in the query string only, and that a form does as well is [assumed] of an OAuth server. The
// setting token_request chooses, and nothing else does: secrets are never sent a second time in another way.
func (s *session) exchange(ctx context.Context, op string, parameters url.Values) (tokens, error) {
	call := providers.Call{Endpoint: providers.Endpoint{Name: op, Method: http.MethodPost, Path: s.endpoint.EscapedPath(),
		Success: []int{http.StatusOK}, Timeout: tokenTimeout}}
	if s.inQuery {
		call.Query = parameters
	} else {
		call.Body = parameters
	}
	start := time.Now()
	answer, err := s.tokens.Do(ctx, call)
	if err != nil {
		return tokens{}, s.refusal(err)
	}
	got, _ := answer.Object()
	t := tokens{Access: got.Text("access_token"), Refresh: got.Text("refresh_token")}
	if t.Access == "" {
		e := answer.Malformed("the token endpoint gave no token")
		e.Status = answer.Status
		return tokens{}, e
	}
	s.hide(t.Access, t.Refresh)
	if lives, ok := got.Seconds("expires_in"); ok && lives > 2*refreshEarly && lives < maxLife {
		t.Expires = start.Add(lives).UTC()
	}
	return t, nil
}

// wasRead are the codes of OAuth 2.0 (RFC 6749, section 5.2) that say that the parameters were read and refused. A
// server that has not seen them, because it looks for them elsewhere, may well call the client or the request invalid.
var wasRead = []string{"invalid_grant", "unauthorized_client", "access_denied"}

// refusal returns the error of a failed exchange its kind and the advice what to try.
func (s *session) refusal(err error) error {
	e := model.AsError(err)
	other := requestQuery
	if s.inQuery {
		other = requestForm
	}
	try := "token_request = " + strconv.Quote(other)
	switch {
	case e.Hint == hintPassword, e.Status == 0, e.Kind == model.RateLimited:
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, e.Status == http.StatusBadRequest:
		e.Kind, e.Hint = model.Unauthorized, hintSignIn
		if !slices.Contains(wasRead, e.Code) {
			e.Hint = "check client_id and client_secret, or set " + try
		}
	case e.Status >= 300 && e.Status < 500:
		e.Kind, e.Hint = model.Local, "check token_url, or set "+try
	case e.Kind == model.Malformed:
		e.Hint = "check token_url"
	}
	return e
}

func get(ctx context.Context, source model.CredentialSource) (string, error) {
	if source == nil {
		return "", nil
	}
	v, err := source.Get(ctx)
	return providers.BareCredential(v), err
}

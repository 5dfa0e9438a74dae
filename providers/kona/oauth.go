package kona

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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
	maxTokenBody = 64 << 10
)

// session gives the access token of an account, and a new one when the service refuses it and the configuration
// holds what a refresh takes: client_id, client_secret and a refresh token. One refresh runs at a time, in this
// process and among processes; whoever waited for it uses what it brought.
type session struct {
	account  providers.Account
	tokenURL string
	clientID string
	file     tokenFile
	http     *http.Client
	// hide keeps a text out of errors and logs.
	hide  func(string)
	scrub func(string) string

	gate    chan struct{} // of one place, taken while a token is had or renewed
	expired atomic.Bool   // the password has: no token helps
	inQuery atomic.Bool   // the token endpoint takes its parameters in the query only

	mu      sync.Mutex
	held    tokens
	refused string // an access token, until a refresh was tried
}

func newSession(a providers.Account, tokenURL string) *session {
	s := &session{
		account: a, tokenURL: tokenURL, clientID: strings.TrimSpace(a.Settings[settingClientID]),
		http: &http.Client{
			Transport:     a.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		hide: func(string) {}, scrub: func(t string) string { return t },
		gate: make(chan struct{}, 1),
	}
	if a.StateDir != "" {
		s.file = tokenFileOf(a)
	}
	return s
}

// tokenAddress gives the token endpoint: the setting, or the one beside the base URL.
func tokenAddress(a providers.Account) (string, error) {
	address := strings.TrimSpace(a.Settings[settingTokenURL])
	if address == "" {
		address = strings.TrimSuffix(baseURL(a), "/api") + "/oauth/token"
	}
	return address, checkTokenURL(address)
}

func checkTokenURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("not an address")
	case u.Scheme == "https", u.Scheme == "http" && providers.Loopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https, except on loopback")
}

func (s *session) passwordExpired(expired bool) { s.expired.Store(expired) }

// token gives the access token to use.
func (s *session) token(ctx context.Context) (string, error) {
	t := s.current()
	if t.Access == "" {
		if err := s.enter(ctx); err != nil {
			return "", err
		}
		err := s.first(ctx)
		s.leave()
		if err != nil {
			return "", err
		}
		t = s.current()
	}
	if !t.Expires.IsZero() && time.Until(t.Expires) < refreshEarly {
		if _, err := s.refresh(ctx, t.Access); err != nil && time.Until(t.Expires) <= 0 {
			return "", err
		}
		t = s.current()
	}
	return t.Access, nil
}

func (s *session) current() tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *session) hold(t tokens) {
	s.hide(t.Access)
	s.hide(t.Refresh)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = t
}

func (s *session) enter(ctx context.Context) error {
	select {
	case s.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *session) leave() { <-s.gate }

// first finds the token to begin with: the kept pair if it descends from what is configured or from signing in, else
// the configured token, else a refresh.
func (s *session) first(ctx context.Context) error {
	if s.current().Access != "" {
		return nil
	}
	kept, err := s.kept()
	if err != nil {
		return err
	}
	if kept.Origin == originLogin && kept.Access != "" {
		s.hold(kept)
		return nil
	}
	configured, err := get(ctx, s.account.Credential)
	if err != nil {
		return err
	}
	if configured != "" {
		from := origin(configured)
		if kept.Origin != from || kept.Access == "" {
			kept = tokens{Origin: from, Access: configured}
		}
		s.hold(kept)
		return nil
	}
	secret, err := get(ctx, s.account.Secrets[settingRefreshToken])
	if err != nil {
		return err
	}
	if secret == "" {
		return &model.Error{Kind: model.NoCredential, Message: "no access token is configured, and nobody has signed in", Hint: hintSignIn}
	}
	from := origin("", secret)
	if kept.Origin == from && kept.Access != "" {
		s.hold(kept)
		return nil
	}
	s.hold(tokens{Origin: from})
	renewed, err := s.renew(ctx, "")
	if err == nil && !renewed {
		err = &model.Error{Kind: model.NoCredential, Message: "no access token is configured, and client_id or client_secret is missing to get one", Hint: hintSignIn}
	}
	return err
}

func (s *session) kept() (tokens, error) {
	if s.file.path == "" {
		return tokens{}, nil
	}
	t, err := s.file.read()
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Local, Op: "read the kept token", Message: err.Error(), Err: err}
	}
	return t, nil
}

// refresh replaces a token that was refused or is about to end. again is false where nothing can replace it.
func (s *session) refresh(ctx context.Context, refused string) (again bool, err error) {
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.leave()
	if now := s.current(); now.Access != "" && now.Access != refused {
		return true, nil // another goroutine was faster
	}
	return s.renew(ctx, refused)
}

// renew does the refresh, under the lock shared by processes. The gate is held.
func (s *session) renew(ctx context.Context, refused string) (again bool, err error) {
	if s.file.path != "" {
		unlock, err := s.file.lock(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			return false, &model.Error{Kind: model.Local, Op: "refresh the token", Message: "the token file cannot be locked: " + err.Error(), Err: err}
		}
		defer unlock()
	}
	held := s.current()
	kept, err := s.kept()
	if err != nil {
		return false, err
	}
	if kept.Origin != held.Origin && kept.Origin != originLogin {
		kept = tokens{}
	}
	if kept.Access != "" && kept.Access != refused && (kept.Expires.IsZero() || time.Until(kept.Expires) > refreshEarly) {
		s.hold(kept) // another process was faster
		return true, nil
	}
	secret, err := get(ctx, s.account.Secrets[settingRefreshToken])
	if err != nil {
		return false, err
	}
	clientSecret, err := get(ctx, s.account.Secrets[settingClientSecret])
	if err != nil {
		return false, err
	}
	s.hide(secret)
	s.hide(clientSecret)
	if s.clientID == "" || clientSecret == "" {
		return false, nil
	}
	var tried []string
	for _, refresh := range []string{kept.Refresh, held.Refresh, secret} {
		if refresh == "" || slices.Contains(tried, refresh) {
			continue
		}
		tried = append(tried, refresh)
		var next tokens
		next, err = s.exchange(ctx, "refresh the token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh},
			"client_id": {s.clientID}, "client_secret": {clientSecret}})
		if model.KindOf(err) == model.Unauthorized {
			continue // the refresh token itself is refused; an older or newer one may do
		}
		if err != nil {
			return false, err
		}
		if next.Refresh == "" {
			next.Refresh = refresh // said not to change
		}
		next.Origin = held.Origin
		if kept.Origin != "" {
			next.Origin = kept.Origin
		}
		s.hold(next)
		return true, s.keep(next, next.Refresh != refresh)
	}
	return false, err
}

// keep writes a pair. Where that fails, a pair whose refresh token has changed is an error, since the old one may be
// worth nothing now; otherwise the next start refreshes again.
func (s *session) keep(t tokens, rotated bool) error {
	if s.file.path == "" {
		return nil
	}
	err := s.file.write(t)
	if err == nil {
		return nil
	}
	s.account.Logf("kona: the new token could not be kept")
	if !rotated {
		return nil
	}
	return &model.Error{Kind: model.Local, Op: "keep the new token", Message: err.Error(), Err: err}
}

// exchange asks the token endpoint. The parameters go as a form, so that secrets stay out of the logs of proxies; the
// vendor documents them in the query string only, and that a form does as well is [assumed] of an OAuth server. A
// server that does not take the form is asked once more in the documented way, and then always: a refused exchange
// did nothing.
func (s *session) exchange(ctx context.Context, op string, form url.Values) (tokens, error) {
	if !s.inQuery.Load() {
		t, err := s.ask(ctx, op, s.tokenURL, form.Encode())
		if e := model.AsError(err); e == nil || e.Hint == hintPassword || !slices.Contains(notTaken, e.Status) || slices.Contains(wasRead, e.Code) {
			return t, err
		}
	}
	address := s.tokenURL + "?" + form.Encode()
	if strings.Contains(s.tokenURL, "?") {
		address = s.tokenURL + "&" + form.Encode()
	}
	t, err := s.ask(ctx, op, address, "")
	if err == nil {
		s.inQuery.Store(true)
	}
	return t, err
}

// notTaken are the answers that a server may give to parameters in a form where it looks for them in the query.
var notTaken = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}

// wasRead are the codes of OAuth 2.0 (RFC 6749, section 5.2) that say that the parameters were read and refused. A
// server that has not seen them may well call the client invalid.
var wasRead = []string{"invalid_grant", "unauthorized_client", "access_denied"}

func (s *session) ask(ctx context.Context, op, address, form string) (tokens, error) {
	if s.account.Pacer != nil {
		if err := s.account.Pacer.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return tokens{}, providers.GivenUp(op, ctx.Err())
			}
			return tokens{}, &model.Error{Kind: model.Local, Op: op, Message: err.Error(), Err: err}
		}
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Local, Op: op, Message: "token_url cannot be used"}
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", providers.UserAgent)
	start := time.Now()
	res, err := s.http.Do(req)
	if err != nil && outer.Err() != nil {
		return tokens{}, providers.GivenUp(op, outer.Err())
	}
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Unavailable, Op: op, Message: "the token endpoint cannot be reached: " + s.scrub(unwrapURL(err).Error())}
	}
	defer res.Body.Close()
	s.account.Logf("POST %s: %d after %s", req.URL.Path, res.StatusCode, time.Since(start).Round(time.Millisecond))
	body, err := io.ReadAll(io.LimitReader(res.Body, maxTokenBody))
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Unavailable, Op: op, Message: "the connection to the token endpoint was lost"}
	}
	if res.StatusCode != http.StatusOK {
		return tokens{}, s.refusal(op, res, body)
	}
	var answer struct {
		Access  providers.Text `json:"access_token"`
		Refresh providers.Text `json:"refresh_token"`
		Expires providers.Text `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Access == "" {
		return tokens{}, &model.Error{Kind: model.Malformed, Op: op, Message: "the token endpoint gave no token"}
	}
	t := tokens{Access: answer.Access.String(), Refresh: answer.Refresh.String()}
	if seconds, err := strconv.Atoi(answer.Expires.String()); err == nil && seconds > int(2*refreshEarly/time.Second) && seconds < 10*365*24*3600 {
		t.Expires = start.Add(time.Duration(seconds) * time.Second).UTC()
	}
	return t, nil
}

func (s *session) refusal(op string, res *http.Response, body []byte) error {
	f, _ := readFailure(body)
	e := &model.Error{Op: op, Status: res.StatusCode, Code: s.scrub(f.code), Message: s.scrub(f.message), RequestID: res.Header.Get("X-Request-Id")}
	if e.Message == "" {
		e.Message = "the token endpoint answered " + http.StatusText(res.StatusCode)
	}
	switch {
	case passwordExpired(res.StatusCode, f):
		e.Kind, e.Hint = model.Unauthorized, hintPassword
	case res.StatusCode == http.StatusBadRequest, res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		e.Kind, e.Hint = model.Unauthorized, hintSignIn
	case res.StatusCode == http.StatusTooManyRequests:
		e.Kind = model.RateLimited
		e.RetryAt, _ = providers.RetryAfter(res.Header, time.Now())
	case res.StatusCode >= 300 && res.StatusCode < 500:
		e.Kind, e.Hint = model.Local, "check token_url"
	default:
		e.Kind = model.Unavailable
	}
	return e
}

func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// get asks a source; "" where there is none.
func get(ctx context.Context, source model.CredentialSource) (string, error) {
	if source == nil {
		return "", nil
	}
	v, err := source.Get(ctx)
	return providers.BareCredential(v), err
}

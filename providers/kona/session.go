package kona

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	// refreshEarly is how long before its end a token is renewed, if it lives for more than twice as long.
	refreshEarly = 5 * time.Minute
	maxLife      = 10 * 365 * 24 * time.Hour // of a token; more is no number of seconds
	maxTokenBody = 64 << 10
)

// Values of token_request.
const (
	requestForm  = "form"
	requestQuery = "query"
)

// session is the source of the account's credential: an access token, and a new one when the service refuses it and the
// configuration holds what a refresh takes: client_id, client_secret and a refresh token. One refresh runs at a time, in
// this process and among processes; whoever waited for it uses what it brought.
//
// What an account of Kona sees follows from who signed in, so its identity names the user. The user of a credential is
// asked for once, by /userinfo, when that credential is first used, and kept with the tokens; opening an account reads
// the file and nothing else. Until the user is known the identity is the host alone, and what is stored meanwhile is
// this user's, which the file remembers too (tokens.Rows).
type session struct {
	account  providers.Account
	file     tokenFile
	endpoint *url.URL            // of tokens
	tokens   *providers.Client   // to the host of that
	plain    *providers.Client   // to the API, for a call that brings its own access token
	clients  []*providers.Client // whose errors and logs show no token

	expired atomic.Bool    // the password has: no token helps
	gate    providers.Gate // of one place, taken while a token is had or renewed
	held    tokens         // of whoever holds the gate

	refused atomic.Value // string: an access token, until a refresh was tried
	user    atomic.Value // string: whose rows and edits this run is about, "" until that is known
}

var _ model.CredentialSource = (*session)(nil)

func newSession(a providers.Account) (s *session, err error) {
	a.BaseURL = service.Base(a)
	s = &session{account: a, gate: providers.NewGate(1)}
	if s.endpoint, err = tokenAddress(a); err != nil {
		return nil, providers.Local("open account", err.Error())
	}
	if a.StateDir != "" {
		s.file = tokenFileOf(a)
	}
	a.Credential = nil
	o := providers.ClientOptions{DecodeError: decodeError(s.expired.Store)}
	if s.plain, err = providers.NewClient(a, o); err != nil {
		return nil, err
	}
	a.BaseURL = s.endpoint.Scheme + "://" + s.endpoint.Host
	o.InFlight, o.BodyLimit = 1, maxTokenBody
	s.tokens, err = providers.NewClient(a, o)
	s.clients = []*providers.Client{s.plain, s.tokens}
	return s, err
}

// tokenAddress is the token endpoint: the setting, or the one beside the base URL.
func tokenAddress(a providers.Account) (*url.URL, error) {
	u, err := providers.Address(cmp.Or(service.Value(a, settingTokenURL), strings.TrimSuffix(service.Base(a), "/api")+"/oauth/token"))
	if err != nil {
		return nil, errors.New(settingTokenURL + ": " + err.Error())
	}
	return u, nil
}

// hide keeps texts out of errors and logs.
func (s *session) hide(texts ...string) {
	for _, c := range s.clients {
		for _, text := range texts {
			c.Protect(text)
		}
	}
}

func (s *session) userID() string {
	user, _ := s.user.Load().(string)
	return user
}

// Get implements model.CredentialSource: the access token to use, after a refresh where it was refused or ends soon.
func (s *session) Get(ctx context.Context) (string, error) {
	if err := s.gate.Enter(ctx); err != nil {
		return "", err
	}
	defer s.gate.Leave()
	err := s.replace(ctx)
	if err == nil {
		err = s.ready(ctx)
	}
	if model.KindOf(err) == model.Unauthorized {
		// What was refused for an exchange is read again for the next one.
		for _, name := range []string{settingRefreshToken, settingClientSecret} {
			_ = reject(ctx, s.account.Secrets[name])
		}
	}
	if err != nil {
		return "", err
	}
	return s.held.Access, nil
}

// Reject implements model.CredentialSource. Nothing is done about a token that was refused because the password has
// expired: no other one would be taken.
func (s *session) Reject(refused string) {
	if !s.expired.Load() {
		s.refused.Store(refused)
	}
}

// replace refreshes the token that was refused, once for all who wait for it. Where the configuration holds a token
// alone, that one is read again. The gate is held, here and below.
func (s *session) replace(ctx context.Context) error {
	refused, _ := s.refused.Swap("").(string)
	if refused == "" || refused != s.held.Access {
		return nil
	}
	again, err := s.renew(ctx, refused)
	if err == nil && !again || model.KindOf(err) == model.Unauthorized {
		if read, failed := s.reread(ctx); read || failed != nil {
			return failed
		}
	}
	return err
}

// reread asks for the configured access token once more where the refused one came from it, and tells whether that
// brought another.
func (s *session) reread(ctx context.Context) (bool, error) {
	was, err := get(ctx, s.account.Credential)
	if was == "" || err != nil || s.held.Origin != origin(was) {
		return false, err
	}
	if err := reject(ctx, s.account.Credential); err != nil {
		return false, err
	}
	now, err := get(ctx, s.account.Credential)
	if err != nil || now == "" || now == was {
		return false, err
	}
	return true, s.use(ctx, tokens{Origin: origin(now), Access: now})
}

// ready makes sure that a token is held, and that it does not end soon where another can be had.
func (s *session) ready(ctx context.Context) (err error) {
	if s.held.Access == "" {
		err = s.first(ctx)
	}
	if err != nil || !s.held.endsSoon() {
		return err
	}
	end := s.held.Expires
	if _, err = s.renew(ctx, s.held.Access); time.Until(end) > 0 {
		return nil
	}
	return err
}

// first finds the token to begin with: the kept pair if it descends from what is configured or from signing in, else
// the configured token, else a refresh.
func (s *session) first(ctx context.Context) error {
	kept, err := s.kept()
	if err == nil && (kept.Origin != originLogin || kept.Access == "") {
		kept, err = s.configured(ctx, kept)
	}
	switch {
	case err != nil:
		return err
	case kept.Access != "":
		return s.use(ctx, kept)
	}
	s.hold(kept)
	renewed, err := s.renew(ctx, "")
	if err == nil && !renewed {
		err = noToken("client_id or client_secret is missing to get one")
	}
	return err
}

func (s *session) configured(ctx context.Context, kept tokens) (tokens, error) {
	access, err := get(ctx, s.account.Credential)
	if err != nil || access != "" {
		return kept.from(origin(access), access), err
	}
	refresh, err := get(ctx, s.account.Secrets[settingRefreshToken])
	if err == nil && refresh == "" {
		err = noToken("nobody has signed in")
	}
	return kept.from(origin("", refresh), ""), err
}

func noToken(why string) *model.Error {
	return &model.Error{Kind: model.NoCredential, Message: "no access token is configured, and " + why, Hint: hintSignIn}
}

func (s *session) hold(t tokens) {
	s.hide(t.Access, t.Refresh)
	s.held = t
}

// use takes a pair that no refresh brought: it finds out whose it is, where that is not known, and keeps that. A token
// that is refused stays: its first use tells, and leads to a refresh.
func (s *session) use(ctx context.Context, t tokens) error {
	was := t
	err := s.accept(ctx, &t)
	if t != was {
		if err := s.remember(ctx, t); err != nil {
			return err
		}
	}
	if e := model.AsError(err); e != nil && (e.Status != http.StatusUnauthorized || e.Hint == hintPassword) {
		return err
	}
	s.hold(t)
	return nil
}

// accept makes sure that a pair is that of the user whom this run is about, and notes the user in it.
func (s *session) accept(ctx context.Context, t *tokens) error {
	if s.file.path == "" {
		return nil // there is no place to keep a user
	}
	if t.User == "" {
		who, err := s.whoIs(ctx, t.Access)
		if saysNobody(err) && s.userID() == "" {
			return nil
		}
		if err != nil {
			return err
		}
		t.User = who.ID
	}
	switch user := s.userID(); user {
	case "":
		s.user.Store(t.User)
		t.Rows = cmp.Or(t.Rows, t.User)
	case t.User:
	default:
		return &model.Error{Kind: model.Unauthorized, Op: "sign in",
			Message: fmt.Sprintf("the account was opened for user %s, and its credential is that of user %s", user, t.User),
			Hint:    "start confab again: what is kept of each user stays apart"}
	}
	return nil
}

func saysNobody(err error) bool {
	switch model.KindOf(err) {
	case model.Forbidden, model.NotFound, model.Unsupported, model.Malformed:
		return true
	}
	return false
}

func (s *session) whoIs(ctx context.Context, access string) (who model.Participant, err error) {
	s.hide(access)
	call := providers.Call{Endpoint: calls.UserInfo, Header: http.Header{"Authorization": {providers.Bearer + " " + access}}}
	raw, err := users.first(s.plain.Do(ctx, call))
	if err != nil {
		return who, err
	}
	if who, _ = convertNamed(users, raw); !isID(who.ID) {
		return model.Participant{}, providers.Malformed(calls.UserInfo.Name, "the answer does not say who is signed in")
	}
	return who, nil
}

// remember keeps whose a pair is. A configured token is not written down, and a pair that another process has brought
// since is left alone.
func (s *session) remember(ctx context.Context, t tokens) error {
	kept, unlock, err := s.lock(ctx, "keep the user")
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case kept.Access != "" && kept.Access != t.Access && kept.succeeds(t):
		return nil
	case kept.Access != t.Access:
		t.Access, t.Refresh = "", ""
	}
	t.Rows = cmp.Or(kept.Rows, t.Rows)
	return s.keep(t, false)
}

func (s *session) kept() (tokens, error) {
	t, err := s.file.read()
	if err != nil {
		return tokens{}, &model.Error{Kind: model.Local, Op: "read the kept token", Message: err.Error(), Err: err}
	}
	return t, nil
}

// lock reads the kept pair, and keeps other processes from it.
func (s *session) lock(ctx context.Context, op string) (kept tokens, unlock func(), err error) {
	unlock, err = s.file.lock(ctx)
	switch {
	case ctx.Err() != nil && err != nil:
		return kept, nil, providers.GivenUp(op, ctx.Err())
	case err != nil:
		return kept, nil, &model.Error{Kind: model.Local, Op: op, Message: "the token file cannot be locked: " + err.Error(), Err: err}
	}
	if kept, err = s.kept(); err != nil {
		unlock()
	}
	return kept, unlock, err
}

// renew replaces a token that was refused or is about to end, under the lock shared by processes. again is false where
// nothing can replace it.
func (s *session) renew(ctx context.Context, refused string) (again bool, err error) {
	const op = "refresh the token"
	kept, unlock, err := s.lock(ctx, op)
	if err != nil {
		return false, err
	}
	defer unlock()
	held, lineage := s.held, s.held
	if kept.succeeds(held) {
		lineage = kept
	}
	if lineage.Access != "" && lineage.Access != refused && !lineage.endsSoon() {
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
	if err != nil || service.Value(s.account, settingClientID) == "" || clientSecret == "" {
		return false, err
	}
	var tried []string
	for _, from := range []tokens{lineage, held, {Refresh: secret}} {
		if from.Refresh == "" || slices.Contains(tried, from.Refresh) {
			continue
		}
		tried = append(tried, from.Refresh)
		var next tokens
		next, err = s.exchange(ctx, op, clientSecret, "refresh_token", url.Values{"refresh_token": {from.Refresh}})
		switch model.KindOf(err) {
		case "":
		case model.Unauthorized:
			continue // the refresh token itself is refused; an older or newer one may do
		default:
			return false, err
		}
		rotated := next.Refresh != "" && next.Refresh != from.Refresh
		next.Refresh = cmp.Or(next.Refresh, from.Refresh) // said not to change
		next.Origin, next.Rows, next.User = lineage.Origin, kept.Rows, from.User
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

// exchange asks the token endpoint for a pair. The parameters go as a form, so that secrets stay out of the logs of
// proxies; the vendor documents them in the query string only, and that a form does as well is [assumed] of an OAuth
// server. The setting token_request chooses, and nothing else does: secrets are never sent a second time in another way.
func (s *session) exchange(ctx context.Context, op, clientSecret, grant string, parameters url.Values) (t tokens, err error) {
	s.hide(clientSecret, parameters.Get("refresh_token"), parameters.Get("code"))
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
	s.hide(t.Access, t.Refresh)
	if lives, ok := got.Seconds("expires_in"); ok && lives > 2*refreshEarly && lives < maxLife {
		t.Expires = start.Add(lives).UTC()
	}
	return t, nil
}

func (s *session) inQuery() bool {
	return service.Value(s.account, settingTokenRequest) == requestQuery
}

// wasRead are the codes of OAuth 2.0 (RFC 6749, section 5.2) that say that the parameters were read and refused. A
// server that has not seen them, because it looks for them elsewhere, may well call the client or the request invalid.
var wasRead = []string{"invalid_grant", "unauthorized_client", "access_denied"}

// refusal gives the error of a failed exchange its kind and the advice what to try.
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

// reject has a source asked again for what it gave.
func reject(ctx context.Context, source model.CredentialSource) error {
	if source == nil {
		return nil
	}
	secret, err := source.Get(ctx)
	if err == nil {
		source.Reject(secret)
	}
	return err
}

func get(ctx context.Context, source model.CredentialSource) (string, error) {
	if source == nil {
		return "", nil
	}
	v, err := source.Get(ctx)
	return providers.BareCredential(v), err
}

package kona

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"confab/model"
	"confab/providers"
)

const (
	// refreshEarly is how long before its expiry a token is refreshed, unless its whole lifetime is less than twice as long.
	refreshEarly = 5 * time.Minute
	maxTokenBody = 64 << 10 // bytes
)

// session is the source of the account's access token. It refreshes the token if the service refuses it and the configuration has
// client_id, client_secret and a refresh token. Only one refresh runs at a time, in this process and among processes; everybody
// who waited for it uses its result.
//
// What a Kona account sees depends on the user who signed in, so the user is part of the account's identity. The user of a token
// is requested once, from /userinfo, when the token is first used, and stored with the tokens. Opening an account only reads the
// file. Until the user is known, the host alone is the identity. Rows that are stored meanwhile belong to this user, which the
// file records (see tokens.Rows).
type session struct {
	account  providers.Account
	file     tokenFile
	endpoint *url.URL          // the token endpoint
	tokens   *providers.Client // for the host of the token endpoint
	api      *providers.Client // for API calls that bring their own access token

	expired atomic.Bool         // the password has expired, so no token helps
	lock    *semaphore.Weighted // held to obtain or replace the tokens
	current tokens              // protected by lock

	refused atomic.Value // string: the access token that was refused and not yet replaced
	user    atomic.Value // string: the user whose rows and edits this run handles; "" until known
}

var _ model.CredentialSource = (*session)(nil)

func newSession(a providers.Account) (s *session, err error) {
	a.BaseURL = service.Base(a)
	s = &session{account: a, lock: semaphore.NewWeighted(1)}
	if s.endpoint, err = tokenAddress(a); err != nil {
		return nil, providers.Local("open account", err.Error())
	}
	if a.StateDir != "" {
		s.file = tokenFileOf(a)
	}
	o := providers.ClientOptions{DecodeError: s.decodeError, Hints: service.Hints}
	if s.api, err = providers.NewClient(a, o); err != nil {
		return nil, err
	}
	a.BaseURL = s.endpoint.Scheme + "://" + s.endpoint.Host
	o.InFlight, o.BodyLimit, o.Shares = 1, maxTokenBody, s.api
	s.tokens, err = providers.NewClient(a, o)
	return s, err
}

func (s *session) userID() string {
	user, _ := s.user.Load().(string)
	return user
}

// Get implements model.CredentialSource. It returns an access token that was not refused and does not expire soon, if it can.
func (s *session) Get(ctx context.Context) (string, error) {
	if err := s.lock.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer s.lock.Release(1)
	err := s.replaceRefused(ctx)
	if err == nil {
		err = s.ensureToken(ctx)
	}
	if model.KindOf(err) == model.Unauthorized {
		// The refresh token or the secret was refused: read them again for the next exchange.
		for _, name := range []string{settingRefreshToken, settingClientSecret} {
			rejectSecret(ctx, s.account.Secrets[name])
		}
	}
	if err != nil {
		return "", err
	}
	return s.current.Access, nil
}

// Reject implements model.CredentialSource. It ignores a refusal that is due to an expired password, because the service would
// refuse any other token too.
func (s *session) Reject(refused string) {
	if !s.expired.Load() {
		s.refused.Store(refused)
	}
}

// replaceRefused replaces the token that was refused, once for all who wait for it. If it can't be refreshed, it reads the
// configured token again. The caller holds the lock, here and in the methods below.
func (s *session) replaceRefused(ctx context.Context) error {
	refused, _ := s.refused.Swap("").(string)
	if refused == "" || refused != s.current.Access {
		return nil
	}
	renewed, err := s.renew(ctx, refused)
	if err == nil && !renewed || model.KindOf(err) == model.Unauthorized {
		if replaced, failed := s.reconfigure(ctx); replaced || failed != nil {
			return failed
		}
	}
	return err
}

// reconfigure reads the configured access token again, if the current token is that one. It reports whether it got another token.
func (s *session) reconfigure(ctx context.Context) (bool, error) {
	was, err := secretOf(ctx, s.account.Credential)
	if was == "" || err != nil || s.current.Origin != origin(was) {
		return false, err
	}
	rejectSecret(ctx, s.account.Credential)
	now, err := secretOf(ctx, s.account.Credential)
	if err != nil || now == "" || now == was {
		return false, err
	}
	return true, s.adopt(ctx, tokens{Origin: origin(now), Access: now}, false)
}

// ensureToken obtains a token if there is none, and refreshes one that expires soon.
func (s *session) ensureToken(ctx context.Context) (err error) {
	if s.current.Access == "" {
		err = s.initialize(ctx)
	}
	if err != nil || !s.current.expiresSoon() {
		return err
	}
	expires := s.current.Expires
	if _, err = s.renew(ctx, s.current.Access); time.Until(expires) > 0 {
		return nil
	}
	return err
}

// initialize obtains the first token: the stored pair if it descends from the configuration or from a sign-in, or else the
// configured token, or else a refreshed one.
func (s *session) initialize(ctx context.Context) error {
	pair, err := s.file.read()
	if err == nil && (pair.Origin != originLogin || pair.Access == "") {
		pair, err = s.configured(ctx, pair)
	}
	switch {
	case err != nil:
		return err
	case pair.Access != "":
		return s.adopt(ctx, pair, false)
	}
	s.current = pair
	renewed, err := s.renew(ctx, "")
	if err == nil && !renewed {
		err = s.noToken("client_id or client_secret is missing to get one")
	}
	return err
}

// configured returns the pair to use for the configured access token, or else for the configured refresh token.
func (s *session) configured(ctx context.Context, stored tokens) (tokens, error) {
	access, err := secretOf(ctx, s.account.Credential)
	if err != nil || access != "" {
		return stored.forOrigin(origin(access), access), err
	}
	refresh, err := secretOf(ctx, s.account.Secrets[settingRefreshToken])
	if err == nil && refresh == "" {
		err = s.noToken("nobody has signed in")
	}
	return stored.forOrigin(origin("", refresh), ""), err
}

func (s *session) noToken(why string) *model.Error {
	return &model.Error{Kind: model.NoCredential, Message: "no access token is configured, and " + why, Hint: s.hintSignIn()}
}

func (s *session) hintSignIn() string { return "sign in: confab login " + s.account.Name }

// adopt makes a pair current. It finds out and stores the user of the pair, if that is unknown. A pair that did not come from a
// refresh becomes current even if the service refuses it: its first use is refused again, and leads to a refresh. The file is
// locked if the pair is renewed.
func (s *session) adopt(ctx context.Context, t tokens, renewed bool) error {
	s.api.Protect(t.Access, t.Refresh)
	before := t
	err := s.checkUser(ctx, &t)
	switch {
	case t == before:
	case renewed:
		_ = s.store(t) // only saves another request for the user
	default:
		if err := s.storeUser(ctx, t); err != nil {
			return err
		}
	}
	if e := model.AsError(err); e != nil && (renewed || e.Status != http.StatusUnauthorized) {
		return err
	}
	s.current = t
	return nil
}

// checkUser refuses a pair of another user than this run handles. If the user of the pair is unknown, it finds out and sets it.
func (s *session) checkUser(ctx context.Context, t *tokens) error {
	if s.file.path == "" {
		return nil // the user could not be stored
	}
	if t.User == "" {
		who, err := s.userOf(ctx, t.Access)
		if isUserUnavailable(err) && s.userID() == "" {
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

// isUserUnavailable reports whether an error of userOf means that the service does not say who is signed in.
func isUserUnavailable(err error) bool {
	switch model.KindOf(err) {
	case model.Forbidden, model.NotFound, model.Unsupported, model.Malformed:
		return true
	}
	return false
}

// userOf asks the service for the user of an access token.
func (s *session) userOf(ctx context.Context, access string) (model.Participant, error) {
	call := providers.Call{Endpoint: calls.UserInfo, Header: http.Header{"Authorization": {providers.Bearer + " " + access}}}
	return signedIn(s.api.Do(ctx, call))
}

// signedIn reads the answer of /userinfo.
func signedIn(a *providers.Answer, err error) (who model.Participant, _ error) {
	raw, err := users.first(a, err)
	if err != nil {
		return who, err
	}
	if who, _ = convertEntity(users, raw); !isID(who.ID) {
		return model.Participant{}, providers.Malformed(calls.UserInfo.Name, "the answer does not say who is signed in")
	}
	return who, nil
}

// storeUser stores the user of a pair. It does not store a token that is configured, and does not replace a pair that another
// process has stored meanwhile.
func (s *session) storeUser(ctx context.Context, t tokens) error {
	stored, unlock, err := s.file.lock(ctx, "keep the user")
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case stored.Access != "" && stored.Access != t.Access && stored.replaces(t):
		return nil
	case stored.Access != t.Access:
		t.Access, t.Refresh = "", ""
	}
	t.Rows = cmp.Or(stored.Rows, t.Rows)
	return s.store(t)
}

// renew replaces a token that was refused or expires soon, under the lock shared by processes. renewed is false if the
// configuration lacks what a refresh needs.
func (s *session) renew(ctx context.Context, refused string) (renewed bool, err error) {
	const op = "refresh the token"
	stored, unlock, err := s.file.lock(ctx, op)
	if err != nil {
		return false, err
	}
	defer unlock()
	latest := s.current
	if stored.replaces(latest) {
		latest = stored
	}
	if latest.Access != "" && latest.Access != refused && !latest.expiresSoon() {
		return true, s.adopt(ctx, latest, true) // another process was faster
	}
	secret, err := secretOf(ctx, s.account.Secrets[settingRefreshToken])
	if err != nil {
		return false, err
	}
	clientSecret, err := secretOf(ctx, s.account.Secrets[settingClientSecret])
	if err != nil || service.Value(s.account, settingClientID) == "" || clientSecret == "" {
		return false, err
	}
	for i, from := range []tokens{latest, {Refresh: secret}} {
		if from.Refresh == "" || i > 0 && from.Refresh == latest.Refresh {
			continue
		}
		var next tokens
		next, err = s.exchange(ctx, op, clientSecret, "refresh_token", url.Values{"refresh_token": {from.Refresh}})
		switch model.KindOf(err) {
		case "":
		case model.Unauthorized:
			continue // this refresh token is refused; another may be accepted
		default:
			return false, err
		}
		next.Refresh = cmp.Or(next.Refresh, from.Refresh)
		next.Origin, next.Rows, next.User = latest.Origin, stored.Rows, from.User
		// The pair is stored before anything else can fail, because the old pair may have become invalid. One that can't be stored
		// still serves this run. That is reported only if the refresh token has changed: otherwise the next start refreshes again.
		kept := s.store(next)
		if err = s.adopt(ctx, next, true); err == nil && next.Refresh != from.Refresh {
			err = kept
		}
		return true, err
	}
	return false, err
}

func (s *session) store(t tokens) error {
	err := s.file.write(t)
	if err != nil {
		s.account.Logf("the new token could not be kept")
		err = localError("keep the new token", "", err)
	}
	return err
}

// rejectSecret makes a source ask again for its secret.
func rejectSecret(ctx context.Context, source model.CredentialSource) {
	if source == nil {
		return
	}
	if secret, err := source.Get(ctx); err == nil {
		source.Reject(secret)
	}
}

// secretOf returns the secret of a source, or "" if the source is nil.
func secretOf(ctx context.Context, source model.CredentialSource) (string, error) {
	if source == nil {
		return "", nil
	}
	v, err := source.Get(ctx)
	return providers.BareCredential(v), err
}

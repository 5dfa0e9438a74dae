package kona

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// defaultRedirect is the redirect address of the vendor's sample application.
const defaultRedirect = "http://localhost:3000/callback"

// identifyTimeout is how long a sign-in tries to find the user of the tokens that it replaces.
const identifyTimeout = 10 * time.Second

// signIn implements providers.SignIn.

type signIn struct {
	*session
	redirect string
}

func newSignIn(a providers.Account) (providers.SignIn, error) {
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
	redirect := cmp.Or(a.Settings[settingRedirectURL], defaultRedirect)
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

// Finish implements providers.SignIn. From then on, its tokens are used instead of the configured ones, until the account is
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
	stored, unlock, err := l.lockFile(ctx, op)
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
	if stored, err := l.stored(); err != nil || stored.User != "" {
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

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

// defaultRedirect is where the vendor's sample application has the browser come back to.
const defaultRedirect = "http://localhost:3000/callback"

// learnTimeout is how long a sign-in may look for the user of the tokens that it replaces.
const learnTimeout = 10 * time.Second

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
	// The two stand side by side: /oauth/authorize and /oauth/token.
	page.Path = strings.TrimSuffix(strings.TrimSuffix(page.Path, "/"), "/token") + "/authorize"
	page.RawPath = ""
	page.RawQuery = url.Values{"response_type": {"code"}, "client_id": {service.Value(l.account, settingClientID)},
		"redirect_uri": {l.redirect}, "state": {state}}.Encode()
	return page.String()
}

// Finish implements providers.SignIn. From then on the tokens are used rather than the configured ones, until the
// account is forgotten.
func (l *signIn) Finish(ctx context.Context, code string) (string, error) {
	const op = "sign in"
	clientSecret, err := get(ctx, l.account.Secrets[settingClientSecret])
	if err != nil {
		return "", err
	}
	if err := l.gate.Enter(ctx); err != nil {
		return "", providers.GivenUp(op, err)
	}
	defer l.gate.Leave()
	l.learn(ctx)
	kept, unlock, err := l.lock(ctx, op)
	if err != nil {
		return "", err
	}
	defer unlock()
	// redirect_uri is absent from some of the vendor's samples and present in others; it is sent.
	t, err := l.exchange(ctx, op, clientSecret, "authorization_code", url.Values{"code": {code}, "redirect_uri": {l.redirect}})
	if err != nil {
		return "", err
	}
	who, err := l.whoIs(ctx, t.Access)
	if err != nil && !saysNobody(err) {
		return "", err
	}
	t.Origin, t.User, t.Rows = originLogin, who.ID, kept.Rows
	l.hold(t)
	return who.Display(), l.keep(t, true)
}

// learn finds out, before another pair takes its place, whose the present one is and thus the rows that were stored
// while that was not known. Where it cannot be known any more, those rows are set aside.
func (l *signIn) learn(ctx context.Context) {
	if kept, err := l.kept(); err != nil || kept.User != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	if err := l.ready(ctx); err != nil || l.userID() != "" {
		return
	}
	if _, err := l.whoIs(ctx, l.held.Access); model.KindOf(err) == model.Unauthorized {
		_, _ = l.renew(ctx, l.held.Access)
	}
}

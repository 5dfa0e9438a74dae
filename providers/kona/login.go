package kona

import (
	"context"
	"net/url"
	"strings"

	"confab/model"
	"confab/providers"
)

// AuthorizeURL gives the page where a person lets confab in: the authorization-code grant (authentication.md). redirect
// must be exactly what the application was registered with; state comes back with the code.
func (p *Provider) AuthorizeURL(redirect, state string) (string, error) {
	const op = "sign in"
	if p.session.clientID == "" {
		return "", &model.Error{Kind: model.Local, Op: op, Message: "the account has no client_id", Hint: hintApplication}
	}
	page, err := url.Parse(p.session.tokenURL)
	if err != nil {
		return "", &model.Error{Kind: model.Local, Op: op, Message: "token_url cannot be used"}
	}
	// The two stand side by side: /oauth/authorize and /oauth/token.
	page.Path = strings.TrimSuffix(strings.TrimSuffix(page.Path, "/"), "/token") + "/authorize"
	page.RawPath = ""
	page.RawQuery = url.Values{"response_type": {"code"}, "client_id": {p.session.clientID}, "redirect_uri": {redirect}, "state": {state}}.Encode()
	return page.String(), nil
}

const hintApplication = "an administrator registers an application in Kona (Account Management, Integrations) and gets a client id and a client secret"

// Exchange swaps the code that came back for tokens and keeps them. From then on they are used rather than the
// configured ones, until the account is forgotten.
func (p *Provider) Exchange(ctx context.Context, code, redirect string) error {
	const op = "sign in"
	s := p.session
	if s.file.path == "" {
		return &model.Error{Kind: model.Local, Op: op, Message: "there is no place to keep the tokens"}
	}
	clientSecret, err := get(ctx, s.account.Secrets[settingClientSecret])
	if err != nil {
		return err
	}
	if s.clientID == "" || clientSecret == "" {
		return &model.Error{Kind: model.Local, Op: op, Message: "client_id or client_secret is missing", Hint: hintApplication}
	}
	s.hide(clientSecret)
	s.hide(code)
	if err := s.enter(ctx); err != nil {
		return providers.GivenUp(op, err)
	}
	defer s.leave()
	unlock, err := s.file.lock(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return providers.GivenUp(op, ctx.Err())
		}
		return &model.Error{Kind: model.Local, Op: op, Message: "the token file cannot be locked: " + err.Error(), Err: err}
	}
	defer unlock()
	// redirect_uri is absent from some of the vendor's samples and present in others; it is sent.
	t, err := s.exchange(ctx, op, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect},
		"client_id": {s.clientID}, "client_secret": {clientSecret}})
	if err != nil {
		return err
	}
	t.Origin = originLogin
	s.hold(t)
	return s.keep(t, true)
}

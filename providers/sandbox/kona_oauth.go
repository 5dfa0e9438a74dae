package sandbox

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const konaLifetime = 604800 // seconds

// konaCode is an authorization code that was issued.
type konaCode struct {
	redirect string
	user     int
}

// issueCode returns a new authorization code, which can be used once.
func (k *Kona) issueCode(redirect string) string {
	user, chosen := k.reading("SignsIn").(int)
	if !chosen {
		user = konaMe
	}
	k.issued++
	code := "kona-sandbox-code-" + strconv.Itoa(k.issued)
	k.codes[code] = konaCode{redirect, user}
	return code
}

// authorize is the page where a person lets an application in; here the person agrees at once. It shows an error itself if the
// client or the address isn't registered, and sends all other errors to the registered address (RFC 6749, 4.1.2.1).
func (k *Kona) authorize(x *exchange) {
	is := func(name, value string) bool { return slices.Equal(x.query[name], []string{value}) }
	redirect, page := fmt.Sprint(k.reading("Redirect")), ""
	switch {
	case x.badQuery:
		page = "The request could not be read."
	case !is("client_id", k.Settings["client_id"]):
		page = "There is no such application."
	case !is("redirect_uri", redirect):
		page = "The redirect uri is not the one that is registered."
	}
	if page != "" {
		x.raw(http.StatusBadRequest, "text/plain; charset=utf-8", []byte(page))
		return
	}
	back := url.Values{}
	if state := x.query["state"]; len(state) == 1 {
		back["state"] = state
	}
	fail := func(code, detail string) {
		back.Set("error", code)
		back.Set("error_description", detail)
	}
	odd := ""
	for name, values := range x.query {
		if len(values) != 1 || !slices.Contains([]string{"response_type", "client_id", "redirect_uri", "state"}, name) {
			odd = name
		}
	}
	switch {
	case odd != "":
		fail("invalid_request", "Parameter "+odd+" is unknown or repeated.")
	case x.query.Get("response_type") != "code":
		fail("unsupported_response_type", "The response type must be code.")
	case k.on("NoConsent"):
		fail("access_denied", "The person said no.")
	default:
		back.Set("code", k.issueCode(redirect))
	}
	x.answer.Set("Location", redirect+"?"+back.Encode())
	x.raw(http.StatusFound, "", nil)
}

// token is the OAuth token endpoint. It takes its parameters from a form body or, as in the vendor's samples, from the query.
func (k *Kona) token(x *exchange) {
	bad := func(code, detail string) { x.refuse(http.StatusBadRequest, code, detail) }
	form := url.Values{}
	if kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		var err error
		if form, err = url.ParseQuery(string(x.body)); err != nil {
			bad("invalid_request", "The form could not be parsed.")
		}
	} else if len(x.body) > 0 {
		bad("invalid_request", "The body must be a form.")
	}
	if x.badQuery {
		bad("invalid_request", "The query could not be parsed.")
	}
	for name, values := range form {
		if !k.on("QueryOnly") {
			x.query[name] = append(x.query[name], values...)
		}
	}
	k.receiveQuery(x)
	user, redirect := konaMe, x.param["redirect_uri"]
	if x.param["grant_type"] == "authorization_code" {
		code, ok := k.codes[x.query.Get("code")]
		delete(k.codes, x.query.Get("code"))
		// Some of the vendor's samples leave the address out.
		if user = code.user; k.revoked || !ok || redirect != nil && redirect != code.redirect {
			bad("invalid_grant", "The authorization code is invalid, was used, or belongs to another redirect uri.")
		}
	} else if k.revoked || x.param["refresh_token"] != k.refresh {
		bad("invalid_grant", "The refresh token is invalid or was revoked.")
	}
	k.issued++
	access := "kona-sandbox-access-" + strconv.Itoa(k.issued)
	if k.on("ExpireOnRefresh") {
		clear(k.keys)
	}
	k.keys[access] = user
	if k.on("RotateRefresh") {
		k.refresh = "kona-sandbox-refresh-" + strconv.Itoa(k.issued)
	}
	out := map[string]any{"access_token": access, "token_type": "bearer", "expires_in": konaLifetime, "refresh_token": k.refresh}
	if k.on("OmitRefresh") {
		delete(out, "refresh_token")
	}
	k.ok(x, out)
}

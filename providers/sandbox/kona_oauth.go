package sandbox

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// konaRedirect is the address that is registered with the application: the one of the vendor's sample application.
const konaRedirect = "http://localhost:3000/callback"

// konaCode is an authorization code that was handed out.
type konaCode struct {
	redirect string // "" where it was not asked for at the page
	user     int
}

// Register has the application come back to another address. It is for before the accounts are asked for.
func (k *Kona) Register(redirect string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.redirect = redirect
}

// SignInAs chooses the person who agrees at the page from now on, by the place in the seeded list.
func (k *Kona) SignInAs(place int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.signsIn = place
}

// IssueCode makes an authorization code, as the vendor's page does after a person agreed. It can be used once.
func (k *Kona) IssueCode() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issueCode("")
}

func (k *Kona) issueCode(redirect string) string {
	k.issued++
	code := "kona-sandbox-code-" + strconv.Itoa(k.issued)
	k.codes[code] = konaCode{redirect, k.signsIn}
	return code
}

// signedIn returns the user of a request by its token.
func (k *Kona) signedIn(x *exchange) int {
	if user, ok := k.users[strings.TrimPrefix(x.header.Get("Authorization"), "Bearer ")]; ok {
		return user
	}
	return konaMe
}

// oauthRoutes are the two OAuth endpoints; they need no token.
func (k *Kona) oauthRoutes() []route {
	return []route{
		{pattern: "GET /oauth/authorize", free: true, handle: k.authorize},
		{pattern: "POST /oauth/token", free: true, handle: k.token},
	}
}

// authorize is the page where a person lets an application in; here the person agrees at once. A client or an address
// that is not registered is told here, everything else at the address the person comes back to (RFC 6749, 4.1.2.1).
func (k *Kona) authorize(x *exchange) {
	is := func(name, value string) bool { v := x.query[name]; return len(v) == 1 && v[0] == value }
	page := ""
	switch {
	case x.badQuery:
		page = "The request could not be read."
	case !is("client_id", konaClientID):
		page = "There is no such application."
	case !is("redirect_uri", k.redirect):
		page = "The redirect uri is not the one that is registered."
	}
	if page != "" {
		x.raw(http.StatusBadRequest, "text/plain; charset=utf-8", []byte(page))
		return
	}
	back := url.Values{}
	if state := x.query["state"]; len(state) == 1 {
		back.Set("state", state[0])
	}
	switch bad := konaOddParameter(x.query, "response_type", "client_id", "redirect_uri", "state"); {
	case bad != "":
		back.Set("error", "invalid_request")
		back.Set("error_description", "Parameter "+bad+" is unknown or repeated.")
	case x.query.Get("response_type") != "code":
		back.Set("error", "unsupported_response_type")
		back.Set("error_description", "The response type must be code.")
	case k.switches.NoConsent:
		back.Set("error", "access_denied")
		back.Set("error_description", "The person said no.")
	default:
		back.Set("code", k.issueCode(k.redirect))
	}
	x.answer.Set("Location", k.redirect+"?"+back.Encode())
	x.raw(http.StatusFound, "", nil)
}

// konaOddParameter names a parameter that is none of those known, or repeated.
func konaOddParameter(q url.Values, known ...string) string {
	for name, values := range q {
		if !slices.Contains(known, name) || len(values) != 1 {
			return name
		}
	}
	return ""
}

// token is the OAuth token endpoint. Parameters come as a form body or, as the vendor's samples show, in the query.
func (k *Kona) token(x *exchange) {
	if x.badQuery {
		x.refuse(http.StatusBadRequest, "invalid_request", "The query could not be parsed.")
	}
	params := url.Values{}
	if kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(x.body))
		if err != nil {
			x.refuse(http.StatusBadRequest, "invalid_request", "The form could not be parsed.")
		}
		if !k.switches.QueryOnly {
			params = form
		}
	} else if len(x.body) > 0 {
		x.refuse(http.StatusBadRequest, "invalid_request", "The body must be a form.")
	}
	for name, values := range x.query {
		params[name] = append(params[name], values...)
	}
	if bad := konaOddParameter(params, "grant_type", "refresh_token", "code", "client_id", "client_secret", "redirect_uri"); bad != "" {
		x.refuse(http.StatusBadRequest, "invalid_request", "Parameter "+bad+" is unknown or repeated.")
	}
	if params.Get("client_id") != konaClientID || params.Get("client_secret") != konaClientSecret {
		x.refuse(http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
	}
	user := konaMe
	switch params.Get("grant_type") {
	case "refresh_token":
		if k.revoked || params.Get("refresh_token") != k.refresh {
			x.refuse(http.StatusBadRequest, "invalid_grant", "The refresh token is invalid or was revoked.")
		}
	case "authorization_code":
		code, ok := k.codes[params.Get("code")]
		delete(k.codes, params.Get("code"))
		// Some of the samples leave the address out.
		if k.revoked || !ok || code.redirect != "" && params.Has("redirect_uri") && params.Get("redirect_uri") != code.redirect {
			x.refuse(http.StatusBadRequest, "invalid_grant",
				"The authorization code is invalid, was used, or belongs to another redirect uri.")
		}
		user = code.user
	default:
		x.refuse(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported.")
	}
	k.issued++
	access := "kona-sandbox-access-" + strconv.Itoa(k.issued)
	if k.switches.ExpireOnRefresh {
		k.tokens = nil
	}
	k.tokens = append(k.tokens, access)
	if user != konaMe {
		k.users[access] = user
	}
	if k.switches.RotateRefresh {
		k.refresh = "kona-sandbox-refresh-" + strconv.Itoa(k.issued)
	}
	out := map[string]any{"access_token": access, "token_type": "bearer", "expires_in": konaLifetime, "refresh_token": k.refresh}
	if k.switches.OmitRefresh {
		delete(out, "refresh_token")
	}
	x.json(http.StatusOK, out)
}

package kona

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/model/private"
	"confab/providers"
)

const (
	maxTokenFile = 64 << 10
	// lockPause is the time between two attempts to get a lock that another process holds.
	lockPause = 50 * time.Millisecond
	// originLogin is the origin of a pair that came from a sign-in rather than from the configuration.
	originLogin = "login"
	// tempPrefix is the beginning of the names of files that are being written.
	tempPrefix = ".kona-"
)

// tokens is a pair of an access token, which lives for a week, and a refresh token, which is documented not to change
// (authentication.md).
type tokens struct {
	Identity string `json:"identity"`
	// Origin is a digest of the configured secrets from which the pair descends, or originLogin. So a new secret in the
	// configuration takes precedence over a stored pair.
	Origin  string    `json:"origin"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	// User is the id of the user of the pair, or "" while it is unknown. In a record without tokens, it is the user of the
	// configured tokens.
	User string `json:"user,omitempty"`
	// Rows is the id of the user to whom the rows belong that were stored while the user was unknown.
	Rows string `json:"rows,omitempty"`
}

// forOrigin returns the pair to use for a configured secret: t itself if it descends from that secret, or else a pair with the
// configured access token.
func (t tokens) forOrigin(origin, access string) tokens {
	if t.Origin != origin {
		t = tokens{Origin: origin}
	}
	t.Access = cmp.Or(t.Access, access)
	return t
}

func (t tokens) expiresSoon() bool {
	return !t.Expires.IsZero() && time.Until(t.Expires) < refreshEarly
}

// replaces reports whether a stored pair takes precedence over another pair.
func (t tokens) replaces(other tokens) bool {
	return t.Origin == other.Origin || t.Origin == originLogin
}

// identity returns the identity of an account with this pair. formerly is the identity under which rows of the same user may have
// been stored before the user was known.
func (t tokens) identity(host string) (identity, formerly string) {
	switch {
	case t.User == "" && t.Rows == "":
		return host, ""
	case t.User == "":
		return host + " user unknown", ""
	case t.User == t.Rows:
		formerly = host
	}
	return host + " user " + t.User, formerly
}

// origin returns a digest of configured secrets.
func origin(secrets ...string) string {
	h := sha256.New()
	for _, s := range secrets {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// tokenFile is the file that stores the pair of an account. Only its owner may read it. It is replaced as a whole, under a lock
// shared by processes.
type tokenFile struct {
	path     string
	identity string
}

// tokenFileOf returns the token file of an account. There is one for each host and account name, because two accounts on a host may
// be two people. Its name is a digest, because the host is a URL.
func tokenFileOf(a providers.Account) tokenFile {
	key := a.Name + " " + service.Name + " " + service.Base(a)
	return tokenFile{path: filepath.Join(a.StateDir, "kona-"+origin(key)[:16]+".json"), identity: key}
}

// files lists the token files of an account in the state directory, for all hosts, and the remains of a crash while one was
// written. Files of pairs that can't be read are useless, so they are included.
func files(stateDir, account string) ([]string, error) {
	entries, err := os.ReadDir(stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		pair := strings.HasPrefix(e.Name(), "kona-") && strings.HasSuffix(e.Name(), ".json")
		if !pair && !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		path := filepath.Join(stateDir, e.Name())
		var t tokens
		if raw, err := private.Read(path, maxTokenFile, private.Any); err == nil && json.Unmarshal(raw, &t) == nil && t.Identity != "" {
			if name, _, _ := strings.Cut(t.Identity, " "); name == account {
				out = append(out, path)
			}
		} else if pair {
			out = append(out, path)
		}
	}
	return out, err
}

// read returns the stored pair, or the zero value if there is no file, or only a damaged one or one of another account. A file that
// others can read or write, or that is not a regular file of this user, is an error.
func (f tokenFile) read() (t tokens, err error) {
	if f.path == "" {
		return t, nil
	}
	raw, err := private.Read(f.path, maxTokenFile, private.Own)
	if refused, ok := errors.AsType[*private.Error](err); ok {
		refused.Fix = cmp.Or(refused.Fix, "confab forget, then confab login")
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && (json.Unmarshal(raw, &t) != nil || t.Identity != f.identity) {
		return tokens{}, nil
	}
	return t, err
}

// write replaces the file in one step: even after a crash, a reader finds the old pair or the new one.
func (f tokenFile) write(t tokens) error {
	if f.path == "" {
		return nil
	}
	t.Identity = f.identity
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return private.Replace(f.path, raw)
}

// lock locks the file against other processes, and reads it.
func (f tokenFile) lock(ctx context.Context, op string) (stored tokens, unlock func(), err error) {
	if f.path == "" {
		return stored, func() {}, nil
	}
	if err = os.MkdirAll(filepath.Dir(f.path), 0o700); err == nil {
		unlock, err = private.Lock(ctx, f.path+".lock", lockPause)
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return stored, nil, providers.GivenUp(op, ctx.Err())
	case err != nil:
		return stored, nil, localError(op, "the token file cannot be locked: ", err)
	}
	if stored, err = f.read(); err != nil {
		unlock()
	}
	return stored, unlock, err
}

func localError(op, before string, err error) error {
	return &model.Error{Kind: model.Local, Op: op, Message: before + err.Error(), Err: err}
}

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
	return who.Display(), l.store(t)
}

// identifyStored finds the user of the tokens that the sign-in replaces, because the rows that were stored while the user was
// unknown belong to that user. If the user can't be found any more, those rows are set aside.
func (l *signIn) identifyStored(ctx context.Context) {
	if stored, err := l.file.read(); err != nil || stored.User != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	_ = l.ensureToken(ctx)
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
	s.api.Protect(clientSecret, parameters.Get("refresh_token"), parameters.Get("code"))
	parameters.Set("grant_type", grant)
	parameters.Set("client_id", service.Value(s.account, settingClientID))
	parameters.Set("client_secret", clientSecret)
	call := providers.Call{Endpoint: providers.Endpoint{Name: op, Method: http.MethodPost, Path: s.endpoint.EscapedPath(), Seconds: 30}}
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
		return tokens{}, s.refusal(answer.Malformed("the token endpoint gave no token"))
	}
	s.api.Protect(t.Access, t.Refresh)
	if lifetime, ok := got.Seconds("expires_in"); ok && lifetime > 2*refreshEarly {
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
	case e.Hint == hintPassword, e.Kind == model.RateLimited:
	case e.Kind == model.Unauthorized, e.Kind == model.Forbidden, e.Kind == model.Invalid:
		e.Kind, e.Hint = model.Unauthorized, s.hintSignIn()
		if !slices.Contains(parametersRead, e.Code) {
			e.Hint = "check client_id and client_secret, or set " + try
		}
	case e.Status >= 300 && e.Status < 500: // there is no token endpoint at this address
		e.Kind, e.Hint = model.Unavailable, "check token_url, or set "+try
	case e.Kind == model.Malformed:
		e.Hint = "check token_url"
	}
	return e
}

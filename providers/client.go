package providers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"confab/model"
)

// Limits that hold where an endpoint or the options name no other.
const (
	DefaultTimeout  = 60 * time.Second
	DefaultInFlight = 2
	// DefaultBodyLimit bounds an answer, after decompression, in bytes.
	DefaultBodyLimit = 16 << 20
	// ErrorBodyLimit bounds what is read of an answer that is an error.
	ErrorBodyLimit = 64 << 10

	// headerLimit bounds the headers of an answer, those of the informational
	// answers before it included, in bytes.
	headerLimit = 256 << 10

	maxRedirects = 3

	// UserAgent is what every request says it comes from.
	UserAgent = "confab"
)

// ClientOptions is how the client of one provider differs from the others.
type ClientOptions struct {
	// Credential says how the service takes the credential; nil sends none. Its
	// source is asked while a request holds its place, so it must not send
	// requests through the same client.
	Credential *Credential
	// Proof is a read that every good credential may make. Nil takes each 401 for
	// a refusal of the credential.
	Proof *Call
	// DecodeError reads the error body of the service, at most
	// ErrorBodyLimit bytes of it. What it leaves zero (Kind, Op, Status,
	// RetryAt) is filled in; nil takes the default reading.
	DecodeError func(status int, header http.Header, body []byte) *model.Error

	InFlight  int   // requests under way at most; 0 is DefaultInFlight
	BodyLimit int64 // bytes of an answer at most; 0 is DefaultBodyLimit
}

// Endpoint is one call of a service. The tables of endpoints are the only
// place where paths stand.
type Endpoint struct {
	Name   string // for errors and the log: "change privacy"
	Method string
	// Path is appended to the base URL and may hold {name} placeholders.
	Path string
	// Write says that the call may change something. Read-only accounts
	// refuse it, and it is never repeated.
	Write bool
	// MayLack says that a 401 may mean that the credential has no right to this
	// call, and is good for others: ClientOptions.Proof then tells.
	MayLack bool
	// Success lists the statuses of success; empty is any 2xx.
	Success []int
	// Timeout is for one request with its answer; 0 is DefaultTimeout.
	Timeout time.Duration
}

// Call is one use of an endpoint.
type Call struct {
	Endpoint
	// Params fill the placeholders of Path, escaped; "", "." and ".." are
	// refused.
	Params map[string]string
	Query  url.Values
	// Body is sent as JSON; url.Values as a form; json.RawMessage and []byte
	// as they are, as JSON. Nil sends no body and no content type.
	Body   any
	Header http.Header
}

// Answer is a successful answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	op string
}

// Decode reads the body as JSON. A body that cannot be read is Malformed.
func (a *Answer) Decode(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return &model.Error{Kind: model.Malformed, Op: a.op, Status: a.Status,
			Message: "the answer cannot be read: " + err.Error(), Err: err}
	}
	return nil
}

// JSON gives the body, which is then known to be valid JSON. One that cannot be
// read is Malformed.
func (a *Answer) JSON() (json.RawMessage, error) {
	if json.Valid(a.Body) {
		return a.Body, nil
	}
	var none json.RawMessage
	return nil, a.Decode(&none)
}

// Client sends the requests of one account.
type Client struct {
	account Account
	options ClientOptions
	base    *url.URL
	resty   *resty.Client
	places  chan struct{}
	secrets secrets
	auth    *authorization // nil where no credential is sent
}

// NewClient checks the base URL and gives a client. It does no I/O.
func NewClient(a Account, o ClientOptions) (*Client, error) {
	base, err := parseBase(a.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.InFlight <= 0 {
		o.InFlight = DefaultInFlight
	}
	if o.BodyLimit <= 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	transport := a.Transport
	if transport == nil {
		transport = ownTransport()
	}
	h := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r := resty.NewWithClient(h)
	r.SetRetryCount(0)
	r.SetLogger(silent{})
	r.SetDisableWarn(true)
	r.SetPreRequestHook(func(_ *resty.Client, raw *http.Request) error {
		// A call without a body says so with Content-Length: 0; left alone,
		// resty sends an empty chunked body, which some servers do not read.
		if raw.Header.Get("Content-Type") == "" {
			raw.Body, raw.GetBody, raw.ContentLength = http.NoBody, nil, 0
		}
		return nil
	})
	c := &Client{account: a, options: o, base: base, resty: r, places: make(chan struct{}, o.InFlight)}
	if o.Credential != nil {
		taken := *o.Credential
		if taken.Source == nil {
			taken.Source = a.Credential
		}
		c.auth = newAuthorization(taken)
	}
	return c, nil
}

func ownTransport() http.RoundTripper {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		c := t.Clone()
		c.MaxIdleConnsPerHost = 4
		c.ResponseHeaderTimeout = 0 // the endpoint's timeout covers it
		c.MaxResponseHeaderBytes = headerLimit
		return c
	}
	return http.DefaultTransport
}

func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	switch {
	case err != nil:
		return nil, &model.Error{Kind: model.Local, Op: "open account", Message: "base_url cannot be read"}
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, &model.Error{Kind: model.Local, Op: "open account", Message: "base_url must be scheme, host and path alone"}
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return u, nil
	}
	return nil, &model.Error{Kind: model.Local, Op: "open account", Message: "base_url must be https, except on loopback"}
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Account gives what the client was opened with.
func (c *Client) Account() Account { return c.account }

// Protect adds a text that no error and no log line may show.
func (c *Client) Protect(secret string) { c.secrets.add(secret) }

// Scrub replaces every protected text and cuts query strings off URLs.
func (c *Client) Scrub(s string) string { return c.secrets.scrub(s) }

// Scheme gives the form in which the credential was accepted, if it was.
func (c *Client) Scheme() (scheme string, ok bool) {
	if c.auth == nil {
		return Raw, false
	}
	return c.auth.worked()
}

// Request gives what Do would send for a call, without the credential. It
// does no I/O and is not refused by a read-only account.
func (c *Client) Request(call Call) (model.Request, error) {
	b, err := c.build(call)
	if err != nil {
		return model.Request{}, err
	}
	return model.Request{Method: call.Method, Path: b.url.EscapedPath(), Query: b.url.RawQuery, Body: b.body}, nil
}

// Do sends a call and gives the answer of success. Every other end is a
// *model.Error; for a write, Unavailable means that nothing was changed.
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	if call.Write && c.account.ReadOnly {
		return nil, &model.Error{Kind: model.Unsupported, Op: call.Name, Message: "this account is read-only"}
	}
	b, err := c.build(call)
	if err != nil {
		return nil, err
	}
	var (
		auth      = c.beginAuth()
		repeats   int
		redirects int
		reads     = !call.Write && call.Method == http.MethodGet
	)
	for {
		res, fault := c.send(ctx, call, b, auth)
		switch {
		case fault == nil:
			return res, nil
		case fault.repeat && reads && repeats == 0:
			repeats++
			if err := pause(ctx); err != nil {
				return nil, c.clean(call, fault.err)
			}
		case fault.redirect != nil && reads && redirects < maxRedirects:
			redirects++
			b.url = fault.redirect
		case fault.replay:
		default:
			return nil, c.clean(call, fault.err)
		}
	}
}

func (c *Client) beginAuth() *attempt {
	if c.auth == nil {
		return nil
	}
	return c.auth.begin()
}

type built struct {
	url         *url.URL
	body        []byte
	contentType string
}

func (c *Client) build(call Call) (built, error) {
	bad := func(format string, args ...any) (built, error) {
		return built{}, &model.Error{Kind: model.Invalid, Op: call.Name, Message: fmt.Sprintf(format, args...)}
	}
	p, err := fillPath(call.Path, call.Params)
	if err != nil {
		return bad("%s", err)
	}
	u, err := url.Parse(c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + p)
	if err != nil {
		return bad("the path of the call cannot be built")
	}
	u.RawQuery = call.Query.Encode()
	b := built{url: u}
	switch body := call.Body.(type) {
	case nil:
	case url.Values:
		b.body, b.contentType = []byte(body.Encode()), "application/x-www-form-urlencoded"
	case json.RawMessage:
		b.body, b.contentType = body, "application/json"
	case []byte:
		b.body, b.contentType = body, "application/json"
	default:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(body); err != nil {
			return bad("the body of the call cannot be built: %s", err)
		}
		b.body, b.contentType = bytes.TrimRight(buf.Bytes(), "\n"), "application/json"
	}
	return b, nil
}

// fillPath replaces {name} by the escaped parameter. A parameter that the
// path does not name is ignored, so that one call suits a path from settings.
func fillPath(template string, params map[string]string) (string, error) {
	var out strings.Builder
	for rest := template; ; {
		before, after, open := strings.Cut(rest, "{")
		out.WriteString(before)
		if !open {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return "", errors.New("the path has a { without a }")
		}
		v := params[name]
		switch v {
		case "":
			return "", fmt.Errorf("the %s is empty", strings.ReplaceAll(name, "_", " "))
		case ".", "..":
			return "", fmt.Errorf("%q is no %s", v, strings.ReplaceAll(name, "_", " "))
		}
		out.WriteString(url.PathEscape(v))
		rest = tail
	}
	p := out.String()
	if p == "" {
		return "", nil
	}
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p, nil
}

// fault is why a request brought no answer of success.
type fault struct {
	err      *model.Error
	repeat   bool     // a read may be sent again at once
	redirect *url.URL // a read may go on there
	refused  bool     // the service refused the credential
	replay   bool     // there is another credential, or form of it, to send
}

// send sends a request with the credential. A credential that was refused is
// renewed before the place is given to the next request, which would only send
// the old one again.
func (c *Client) send(ctx context.Context, call Call, b built, t *attempt) (*Answer, *fault) {
	if err := c.enter(ctx, call); err != nil {
		return nil, &fault{err: err}
	}
	defer func() { <-c.places }()
	if c.auth == nil {
		return c.exchange(ctx, call, b, proof{})
	}
	p, err := c.auth.proof(ctx, t)
	if err != nil {
		return nil, &fault{err: c.credentialError(ctx, call, err)}
	}
	c.secrets.add(p.bare)
	answer, f := c.exchange(ctx, call, b, p)
	if f != nil && f.refused {
		f = c.judge(ctx, call, f, p)
	}
	if f != nil && f.refused {
		if f.replay, err = c.auth.refused(ctx, t, p); err != nil {
			return nil, &fault{err: c.credentialError(ctx, call, err)}
		}
	}
	return answer, f
}

// exchange sends one request and reads its answer.
func (c *Client) exchange(ctx context.Context, call Call, b built, p proof) (*Answer, *fault) {
	timeout := call.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	var dialled, connected atomic.Bool
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GetConn: func(string) { dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})

	req := c.resty.R().SetContext(traced).SetDoNotParseResponse(true)
	req.SetHeader("Accept", "application/json")
	req.SetHeader("User-Agent", UserAgent)
	if b.body != nil {
		req.SetHeader("Content-Type", b.contentType).SetBody(b.body)
	}
	for name, values := range call.Header {
		req.Header[name] = append([]string(nil), values...)
	}
	if c.auth != nil {
		req.SetHeader(c.auth.Header, p.value())
	}

	start := time.Now()
	res, err := req.Execute(call.Method, b.url.String())
	if err != nil {
		left := !neverSent(err) && (!dialled.Load() || connected.Load())
		c.account.Logf("%s %s: no answer after %s", call.Method, c.Scrub(b.url.EscapedPath()), since(start))
		return nil, c.lost(ctx, call, err, left, timeout)
	}
	raw := res.RawResponse
	defer raw.Body.Close()
	c.account.Logf("%s %s: %d after %s", call.Method, c.Scrub(b.url.EscapedPath()), raw.StatusCode, since(start))

	// Another 2xx than the documented one is no reason to repeat a write: it
	// counts as taken, and what the service then shows decides.
	if succeeded(call.Success, raw.StatusCode) || call.Write && succeeded(nil, raw.StatusCode) {
		if c.auth != nil {
			c.auth.accepted(p)
		}
		return c.accept(ctx, call, raw, timeout)
	}
	return nil, c.refuse(call, b, raw)
}

// enter waits for a place and for the pacer, in this order, so that a request
// that waits for a place has not used up its turn.
func (c *Client) enter(ctx context.Context, call Call) *model.Error {
	if err := ctx.Err(); err != nil {
		return stopped(call.Name, err)
	}
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return stopped(call.Name, ctx.Err())
	}
	if c.account.Pacer == nil {
		return nil
	}
	if err := c.account.Pacer.Wait(ctx); err != nil {
		<-c.places
		if ctx.Err() != nil {
			return stopped(call.Name, ctx.Err())
		}
		return &model.Error{Kind: model.Local, Op: call.Name, Message: err.Error(), Err: err}
	}
	return nil
}

// pause waits a short jittered time before a read is repeated.
func pause(ctx context.Context) error {
	t := time.NewTimer(200*time.Millisecond + rand.N(200*time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }

func succeeded(success []int, status int) bool {
	if len(success) == 0 {
		return status >= 200 && status < 300
	}
	for _, s := range success {
		if s == status {
			return true
		}
	}
	return false
}

// sameOrigin reports whether the credential may go to a location.
func sameOrigin(base, to *url.URL) bool {
	return strings.EqualFold(base.Scheme, to.Scheme) && strings.EqualFold(base.Host, to.Host) && to.User == nil
}

// underBase reports whether a location is below the base path.
func underBase(base, to *url.URL) bool {
	root := strings.TrimRight(base.Path, "/") + "/"
	return strings.HasPrefix(path.Clean(strings.ReplaceAll(to.Path, `\`, "/"))+"/", root)
}

// silent takes what resty would print.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

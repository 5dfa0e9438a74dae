package providers

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"confab/model"
)

// Limits that hold where an endpoint or the options name no other.
const (
	DefaultTimeout  = 60 * time.Second
	DefaultInFlight = 2
	ConflictPause   = time.Second
	// bytes, after decompression
	DefaultBodyLimit = 16 << 20
	// what is read of an answer that is an error
	ErrorBodyLimit = 64 << 10

	// of an answer and of the informational answers before it, in bytes
	headerLimit  = 256 << 10
	maxRedirects = 3

	UserAgent = "confab"
)

// ClientOptions is how the client of one provider differs from the others.
type ClientOptions struct {
	// Credential is nil where none is sent. Its source is asked while a request holds its place, so it must not send
	// requests through the same client.
	Credential *Credential
	// Proof is a read that every good credential may make. Nil takes each 401 for a refusal of the credential.
	Proof *Call
	// DecodeError reads an error body, cut at ErrorBodyLimit. What it leaves zero is filled in; nil takes the default reading.
	DecodeError func(status int, header http.Header, body []byte) *model.Error
	// Answered is told of each success.
	Answered func(*Answer)

	InFlight  int   // requests under way at most; 0 is DefaultInFlight
	BodyLimit int64 // bytes of an answer at most; 0 is DefaultBodyLimit
}

// Client sends the requests of one account.
type Client struct {
	account Account
	options ClientOptions
	base    *url.URL
	resty   *resty.Client
	places  Gate
	secrets secrets
	auth    *authorization // nil where no credential is sent
	lacks   sync.Map       // by the names of calls: why the account may not make them
}

// NewClient checks the base URL and gives a client. It does no I/O.
func NewClient(a Account, o ClientOptions) (*Client, error) {
	base, err := Address(strings.TrimRight(a.BaseURL, "/"))
	if err != nil {
		return nil, Local("open account", "base_url: "+err.Error())
	}
	o.InFlight = cmp.Or(o.InFlight, DefaultInFlight)
	o.BodyLimit = cmp.Or(o.BodyLimit, DefaultBodyLimit)
	if a.Transport == nil {
		a.Transport = ownTransport()
	}
	r := resty.NewWithClient(&http.Client{
		Transport:     a.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	r.SetLogger(silent{}).SetHeaders(map[string]string{"Accept": "application/json", "User-Agent": UserAgent})
	r.SetPreRequestHook(func(_ *resty.Client, raw *http.Request) error {
		// A call without a body says so with Content-Length: 0; left alone,
		// resty sends an empty chunked body, which some servers do not read.
		if raw.Header.Get("Content-Type") == "" {
			raw.Body, raw.GetBody, raw.ContentLength = http.NoBody, nil, 0
		}
		return nil
	})
	c := &Client{account: a, options: o, base: base, resty: r, places: NewGate(o.InFlight)}
	if o.Credential != nil {
		c.auth = &authorization{Credential: *o.Credential, gate: NewGate(1)}
		c.auth.Header = cmp.Or(c.auth.Header, "Authorization")
		if c.auth.Source == nil {
			c.auth.Source = a.Credential
		}
	}
	return c, nil
}

func ownTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 4
	t.ResponseHeaderTimeout = 0 // the endpoint's timeout covers it
	t.MaxResponseHeaderBytes = headerLimit
	return t
}

// Protect adds a text that no error and no log line may show.
func (c *Client) Protect(secret string) { c.secrets.add(secret) }

// Scheme returns the form in which the credential was accepted.
func (c *Client) Scheme() string {
	if worked := c.auth.scheme.Load(); worked != nil {
		return *worked
	}
	return Raw
}

// Request returns what Do would send for a call, without the credential, and also for a read-only account.
func (c *Client) Request(call Call) (model.Request, error) {
	b, err := c.build(call)
	if err != nil {
		return model.Request{}, err
	}
	return model.Request{Method: call.Method, Path: b.url.EscapedPath(), Query: b.url.RawQuery, Body: b.body}, nil
}

// Lacking is why the account has no right to a call, nil where it may have.
func (c *Client) Lacking(e Endpoint) error {
	if was, ok := c.lacks.Load(e.Name); ok {
		e := was.(model.Error)
		return &e
	}
	return nil
}

// AskAgain forgets what the account has no right to.
func (c *Client) AskAgain() { c.lacks.Clear() }

// Do sends a call and returns the answer of success. Every other end is a *model.Error; for a write, Unavailable means
// that nothing was changed.
func (c *Client) Do(ctx context.Context, call Call) (*Answer, error) {
	if call.Write && c.account.ReadOnly {
		return nil, Unsupported(call.Name, "this account is read-only")
	}
	if err := c.Lacking(call.Endpoint); err != nil {
		return nil, err
	}
	b, err := c.build(call)
	if err != nil {
		return nil, err
	}
	auth, reads := c.auth.begin(), !call.Write && call.Method == http.MethodGet
	for repeated, redirects := false, 0; ; {
		answer, f := c.send(ctx, call, b, auth)
		switch {
		case f == nil:
			if c.options.Answered != nil {
				c.options.Answered(answer)
			}
			return answer, nil
		case f.repeat && reads && !repeated && pause(ctx, 200*time.Millisecond+rand.N(200*time.Millisecond)),
			f.err.Kind == model.ConflictKind && call.Again && !repeated && pause(ctx, ConflictPause):
			repeated = true
		case f.redirect != nil && reads && redirects < maxRedirects:
			redirects++
			b.url = f.redirect
		case f.replay:
		default:
			e := c.clean(call, f.err)
			if slices.Contains(call.Lasts, e.Kind) || call.MayLack && e.Kind == model.Forbidden && e.Status == http.StatusUnauthorized {
				c.lacks.Store(call.Name, *e)
			}
			return nil, e
		}
	}
}

// fault is why a request brought no answer of success.
type fault struct {
	err      *model.Error
	repeat   bool     // a read may be sent again at once
	redirect *url.URL // a read may go on there
	refused  bool     // the service refused the credential
	replay   bool     // there is another credential, or form of it, to send
}

// send sends a request with the credential. A refused one is renewed before the place is given to the next request, which
// would only send the old one again.
func (c *Client) send(ctx context.Context, call Call, b built, t *attempt) (*Answer, *fault) {
	// The place comes first: who waits for one has not used up its turn.
	if err := c.places.Enter(ctx); err != nil {
		return nil, &fault{err: GivenUp(call.Name, err)}
	}
	defer c.places.Leave()
	if err := c.pace(ctx, call); err != nil {
		return nil, &fault{err: err}
	}
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

// judge tells a missing right from a refused credential, for a call that may lack one and was answered 401. The proof is
// sent with that very credential, in the place of the call: waiting for another could wait for those who wait for this one.
// A proof that fails other than by being refused proves nothing, and the call fails as the proof did.
func (c *Client) judge(ctx context.Context, call Call, f *fault, p proof) *fault {
	if !call.MayLack || c.options.Proof == nil {
		return f
	}
	b, err := c.build(*c.options.Proof)
	if err != nil {
		return f
	}
	if err := c.pace(ctx, call); err != nil {
		return &fault{err: err}
	}
	_, not := c.exchange(ctx, *c.options.Proof, b, p)
	switch {
	case not == nil:
		f.refused = false
		f.err.Kind, f.err.Hint = model.Forbidden, "the credential is good, and has no right to "+call.Name
	case !not.refused:
		f = &fault{err: not.err}
		f.err.Op = call.Name
	}
	return f
}

func (c *Client) exchange(ctx context.Context, call Call, b built, p proof) (*Answer, *fault) {
	timeout := cmp.Or(time.Duration(call.Seconds)*time.Second, DefaultTimeout)
	var dialled, connected atomic.Bool
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GetConn: func(string) { dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req := c.resty.R().SetContext(traced).SetDoNotParseResponse(true).SetHeaderMultiValues(call.Header)
	if b.body != nil {
		req.SetHeader("Content-Type", b.contentType).SetBody(b.body)
	}
	if c.auth != nil {
		req.SetHeader(c.auth.Header, p.value())
	}

	start := time.Now()
	log := func(ended any) {
		took := time.Since(start).Round(time.Millisecond)
		c.account.Logf("%s %s: %v after %s", call.Method, c.secrets.scrub(b.url.EscapedPath()), ended, took)
	}
	res, err := req.Execute(call.Method, b.url.String())
	if err != nil {
		left := !neverSent(err) && (!dialled.Load() || connected.Load())
		log("no answer")
		return nil, c.lost(ctx, call, err, left, timeout)
	}
	raw := res.RawResponse
	defer raw.Body.Close()
	log(raw.StatusCode)

	// Another 2xx than the documented one is no reason to repeat a write: it
	// counts as taken, and what the service then shows decides.
	succeeded := raw.StatusCode >= 200 && raw.StatusCode < 300
	if len(call.Success) > 0 && !call.Write {
		succeeded = slices.Contains(call.Success, raw.StatusCode)
	}
	if !succeeded {
		return nil, c.refuse(call, b, raw)
	}
	c.auth.accepted(p)
	return c.accept(ctx, call, raw, timeout)
}

func (c *Client) pace(ctx context.Context, call Call) *model.Error {
	if c.account.Pacer == nil {
		return nil
	}
	err := c.account.Pacer.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return GivenUp(call.Name, ctx.Err())
	}
	return &model.Error{Kind: model.Local, Op: call.Name, Message: err.Error(), Err: err}
}

// pause waits; false is where the context has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

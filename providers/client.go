package providers

import (
	"cmp"
	"context"
	"fmt"
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
	"golang.org/x/sync/semaphore"

	"confab/model"
)

// Defaults and limits of a client.
const (
	defaultTimeout   = 60 * time.Second
	defaultInFlight  = 2
	defaultBodyLimit = 16 << 20 // bytes, after decompression
	errorBodyLimit   = 64 << 10 // bytes read of the body of an error, and of other bodies at once
	headerLimit      = 256 << 10
	maxRedirects     = 3
	ConflictPause    = time.Second
)

// ClientOptions holds what differs between the clients of the services.
type ClientOptions struct {
	// Credential is nil if none is sent. Its source is asked while a request occupies a slot, so the source must not send
	// requests through the same client.
	Credential *Credential
	// Proof is a read that every valid credential may make. Without it, each 401 counts as a refusal of the credential.
	Proof *Call
	// DecodeError reads an error body, cut at errorBodyLimit. The client fills in fields that it leaves zero. If DecodeError is
	// nil or returns nil, the body is read as one of unknown shape.
	DecodeError func(status int, body []byte) *model.Error
	// Hints holds advice by status, or by status and code, for errors that DecodeError has read.
	Hints map[string]string
	// Shares is another client of the account; nil for none. A text that one of them protects, the other does not show either.
	Shares *Client
	// Answered is called with each successful answer.
	Answered func(*Answer)

	InFlight  int   // limit of requests in flight; 0 is defaultInFlight
	BodyLimit int64 // limit of an answer in bytes; 0 is defaultBodyLimit
}

// Client sends the requests of one account.
type Client struct {
	account Account
	options ClientOptions
	base    *url.URL
	resty   *resty.Client
	slots   *semaphore.Weighted
	secrets *secrets
	auth    *authorization // nil if no credential is sent
	refused sync.Map       // name of a call: the model.Error that rules it out for the account
}

// NewClient checks the base URL and returns a client, without I/O.
func NewClient(a Account, o ClientOptions) (*Client, error) {
	base, err := Address(strings.TrimRight(a.BaseURL, "/"))
	if err != nil {
		return nil, Local("open account", "base_url: "+err.Error())
	}
	o.InFlight = cmp.Or(o.InFlight, defaultInFlight)
	o.BodyLimit = cmp.Or(o.BodyLimit, defaultBodyLimit)
	if a.Transport == nil {
		a.Transport = ownTransport()
	}
	r := resty.NewWithClient(&http.Client{
		Transport:     a.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	r.SetLogger(silent{}).SetHeaders(map[string]string{"Accept": "application/json", "User-Agent": "confab"})
	r.SetPreRequestHook(func(_ *resty.Client, raw *http.Request) error {
		// By default resty sends an empty chunked body for a call without one, which some servers can't read.
		if raw.Header.Get("Content-Type") == "" {
			raw.Body, raw.GetBody, raw.ContentLength = http.NoBody, nil, 0
		}
		return nil
	})
	c := &Client{account: a, options: o, base: base, resty: r, slots: semaphore.NewWeighted(int64(o.InFlight)), secrets: new(secrets)}
	if o.Shares != nil {
		c.secrets = o.Shares.secrets
	}
	if o.Credential != nil {
		c.auth = &authorization{Credential: *o.Credential, lock: semaphore.NewWeighted(1)}
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
	t.MaxResponseHeaderBytes = headerLimit
	return t
}

// Protect adds texts that no error and no log line may show.
func (c *Client) Protect(texts ...string) {
	for _, text := range texts {
		c.secrets.add(text)
	}
}

// Scheme returns the scheme with which the service accepted the credential. It may be called after a successful call only.
func (c *Client) Scheme() string { return *c.auth.scheme.Load() }

// Request returns what Do would send for a call, without the credential. It works for read-only accounts too.
func (c *Client) Request(call Call) (model.Request, error) {
	b, err := c.build(call)
	if err != nil {
		return model.Request{}, err
	}
	return model.Request{Method: call.Method, Path: b.url.EscapedPath(), Query: b.url.RawQuery, Body: b.body}, nil
}

// Lacking returns the error that rules out an endpoint for the account, or nil.
func (c *Client) Lacking(e Endpoint) error {
	if err, ok := c.refused.Load(e.Name); ok {
		e := err.(model.Error)
		return &e
	}
	return nil
}

// AskAgain forgets which endpoints are ruled out.
func (c *Client) AskAgain() { c.refused.Clear() }

// Do sends a call and returns the successful answer. Every error is a *model.Error; for a write, Unavailable means that
// nothing was changed.
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
	auth, reads := c.auth.begin(call.Name), !call.Write && call.Method == http.MethodGet
	for repeated, redirects := false, 0; ; {
		answer, f := c.send(ctx, call, b, auth)
		switch {
		case f == nil:
			if c.options.Answered != nil {
				c.options.Answered(answer)
			}
			return answer, nil
		case f.repeat && reads && !repeated:
			pause(ctx, 200*time.Millisecond+rand.N(200*time.Millisecond))
			repeated = true
		case f.err.Kind == model.ConflictKind && call.RetryConflict && !repeated:
			pause(ctx, ConflictPause)
			repeated = true
		case f.redirect != nil && reads && redirects < maxRedirects:
			redirects++
			b.url = f.redirect
		case f.replay:
		default:
			e := c.clean(call, f.err)
			if slices.Contains(call.Permanent, e.Kind) || call.MayLack && e.Kind == model.Forbidden && e.Status == http.StatusUnauthorized {
				c.refused.Store(call.Name, *e)
			}
			return nil, e
		}
	}
}

// fault describes a request without a successful answer.
type fault struct {
	err      *model.Error
	repeat   bool     // a read may be repeated at once
	redirect *url.URL // where a read may continue
	refused  bool     // the service refused the credential
	replay   bool     // there is another credential, or another scheme, to send
}

// send sends a request with the credential. A refused credential is renewed before the slot is freed, because the next
// request would only send the old credential again.
func (c *Client) send(ctx context.Context, call Call, b built, t *attempt) (*Answer, *fault) {
	// The slot comes before the pace, so that a request which waits for a slot does not use up its turn.
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return nil, &fault{err: GivenUp(call.Name, err)}
	}
	defer c.slots.Release(1)
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
		f = c.verifyRefusal(ctx, call, f, p)
	}
	if f != nil && f.refused {
		if f.replay, err = c.auth.refused(ctx, t, p); err != nil {
			return nil, &fault{err: c.credentialError(ctx, call, err)}
		}
	}
	return answer, f
}

// verifyRefusal distinguishes a missing right from a refused credential, for a call that may lack a right and was answered
// 401. It sends the proof with the same credential and in the same slot: waiting for a second slot could deadlock with calls
// that do the same. If the proof fails for another reason, the call fails with that error.
func (c *Client) verifyRefusal(ctx context.Context, call Call, f *fault, p proof) *fault {
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
	_, failed := c.exchange(ctx, *c.options.Proof, b, p)
	switch {
	case failed == nil:
		f.refused = false
		f.err.Kind, f.err.Hint = model.Forbidden, "the credential is good, and has no right to "+call.Name
	case !failed.refused:
		f = &fault{err: failed.err}
		f.err.Op = call.Name
	}
	return f
}

func (c *Client) exchange(ctx context.Context, call Call, b built, p proof) (*Answer, *fault) {
	timeout := cmp.Or(time.Duration(call.Seconds)*time.Second, defaultTimeout)
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
	log := func(result any) {
		took := time.Since(start).Round(time.Millisecond)
		c.account.Logf("%s %s: %v after %s", call.Method, c.secrets.scrub(b.url.EscapedPath()), result, took)
	}
	res, err := req.Execute(call.Method, b.url.String())
	if err != nil {
		sent := !neverSent(err) && (!dialled.Load() || connected.Load())
		log("no answer")
		return nil, transportFault(ctx, call, err, sent, timeout)
	}
	raw := res.RawResponse
	defer raw.Body.Close()
	log(raw.StatusCode)

	// A write that is answered with another 2xx than the documented one is not repeated: it counts as accepted, and what the
	// service shows afterwards decides.
	switch status := raw.StatusCode; {
	case status < 200 || status >= 300:
		return nil, c.statusFault(call, b, raw)
	case !call.Write && (status == http.StatusAccepted || status == http.StatusPartialContent):
		// The rows of an answer that is not whole must not be taken for all there are.
		return nil, unreadable(call, status, fmt.Sprintf("the service answered %d, which is not expected here", status))
	}
	c.auth.accepted(call.Name, p)
	return c.readAnswer(ctx, call, raw, timeout)
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

// pause waits until d has passed or the context ends.
func pause(ctx context.Context, d time.Duration) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-limited.Done()
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

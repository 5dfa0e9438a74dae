package providers

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"confab/model"
)

// maxRetryAfter bounds how long a service may ask to be left alone.
const maxRetryAfter = time.Hour

// maxMessage bounds the service's words in an error, in bytes.
const maxMessage = 600

// StatusKind gives the kind of error of an HTTP status. For a write, a 5xx is
// UnknownOutcome: the service may have done it before it failed.
func StatusKind(status int, write bool) model.ErrorKind {
	switch status {
	case 400, 406, 411, 413, 414, 415, 422, 431:
		return model.Invalid
	case 401:
		return model.Unauthorized
	case 402, 403, 451:
		return model.Forbidden
	case 404, 410:
		return model.NotFound
	case 407:
		return model.Unavailable
	case 405, 501:
		return model.Unsupported
	case 409, 412, 423, 428:
		return model.ConflictKind
	case 429:
		return model.RateLimited
	}
	switch {
	case status >= 400 && status < 500 && status != 408 && status != 425:
		return model.Invalid
	case write:
		return model.UnknownOutcome
	}
	return model.Unavailable
}

// accept reads the answer of a success.
func (c *Client) accept(ctx context.Context, call Call, raw *http.Response, timeout time.Duration) (*Answer, *fault) {
	body, err := readBody(raw, c.options.BodyLimit)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, &fault{err: c.unreadable(call, raw.StatusCode, fmt.Sprintf("the answer is larger than %d MiB", c.options.BodyLimit>>20))}
	case errors.Is(err, errEncoding), corrupt(err):
		return nil, &fault{err: c.unreadable(call, raw.StatusCode, "the answer is compressed in a way that cannot be read")}
	case err != nil:
		return nil, c.lost(ctx, call, err, true, timeout)
	}
	if complaint := notJSON(raw.Header.Get("Content-Type"), body, call.Write); complaint != "" {
		return nil, &fault{err: c.unreadable(call, raw.StatusCode, complaint)}
	}
	return &Answer{Status: raw.StatusCode, Header: raw.Header, Body: body, op: call.Name}, nil
}

// notJSON says what is wrong with a body that cannot be an answer of an API.
// The content type alone decides nothing: some services name it wrongly.
func notJSON(contentType string, body []byte, write bool) string {
	t := bytes.TrimSpace(body)
	if len(t) == 0 {
		return ""
	}
	if t[0] == '<' {
		return "the answer is a web page, not data"
	}
	if !strings.ContainsRune(`{["tfn-0123456789`, rune(t[0])) {
		return "the answer is not JSON" + named(contentType)
	}
	if write && !json.Valid(t) {
		return "the answer is broken JSON"
	}
	return ""
}

func named(contentType string) string {
	if contentType == "" {
		return ""
	}
	return " but " + cut(contentType, 60)
}

func (c *Client) unreadable(call Call, status int, message string) *model.Error {
	kind := model.Malformed
	if call.Write {
		kind = model.UnknownOutcome
	}
	return &model.Error{Kind: kind, Op: call.Name, Status: status, Message: message}
}

// refuse turns an answer that is no success into a fault.
func (c *Client) refuse(call Call, b built, raw *http.Response) *fault {
	status := raw.StatusCode
	if status >= 300 && status < 400 {
		return c.redirected(call, b, raw)
	}
	if status >= 200 && status < 300 {
		return &fault{err: c.unreadable(call, status, fmt.Sprintf("the service answered %d, which is not expected here", status))}
	}
	body, _ := readBody(raw, ErrorBodyLimit)
	var e *model.Error
	if c.options.DecodeError != nil {
		e = c.options.DecodeError(status, raw.Header, body)
	}
	if e == nil {
		e = ReadError(raw.Header, body)
	}
	if e.Kind == "" {
		e.Kind = StatusKind(status, call.Write)
	}
	if e.Op == "" {
		e.Op = call.Name
	}
	e.Status = status
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	after, asked := RetryAfter(raw.Header, time.Now())
	if status == http.StatusServiceUnavailable && asked && !call.Write {
		e.Kind = model.RateLimited
	}
	if e.RetryAt.IsZero() && asked {
		e.RetryAt = after
	}
	repeat := (status == 502 || status == 503 || status == 504) && !asked
	return &fault{err: e, repeat: repeat, refused: e.Kind == model.Unauthorized}
}

func (c *Client) redirected(call Call, b built, raw *http.Response) *fault {
	status := raw.StatusCode
	e := &model.Error{Kind: StatusKind(status, call.Write), Op: call.Name, Status: status}
	to, err := b.url.Parse(raw.Header.Get("Location"))
	if err != nil || to.Host == "" || raw.Header.Get("Location") == "" {
		e.Message = "the service redirects without saying where"
		return &fault{err: e}
	}
	where := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}
	e.Message = "the service redirects to " + cut(where.String(), 200) + ", which confab does not follow"
	e.Hint = "check base_url"
	f := &fault{err: e}
	if sameOrigin(c.base, to) && underBase(c.base, to) && status != http.StatusNotModified {
		f.redirect = to
	}
	return f
}

func stopped(op string, err error) *model.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &model.Error{Kind: model.Unavailable, Op: op, Message: "no time left", Err: err}
	}
	return &model.Error{Kind: model.Canceled, Op: op, Message: "given up", Err: err}
}

// credentialError is for a credential that could not be had.
func (c *Client) credentialError(ctx context.Context, call Call, err error) *model.Error {
	if ctx.Err() != nil {
		return stopped(call.Name, ctx.Err())
	}
	var e *model.Error
	if !errors.As(err, &e) {
		e = &model.Error{Kind: model.Local, Message: err.Error()}
	}
	return c.clean(call, e)
}

// clean gives an error that may be shown: no secret, no query string, bounded.
func (c *Client) clean(call Call, e *model.Error) *model.Error {
	out := *e
	if out.Op == "" {
		out.Op = call.Name
	}
	text := func(s string) string { return cut(c.Scrub(s), maxMessage) }
	out.Message, out.Hint = text(out.Message), text(out.Hint)
	out.Code, out.RequestID, out.Existing = text(out.Code), text(out.RequestID), c.Scrub(out.Existing)
	out.Fields = nil
	for i, f := range e.Fields {
		if i == 20 {
			break
		}
		out.Fields = append(out.Fields, model.FieldError{Field: text(f.Field), Code: text(f.Code), Message: text(f.Message)})
	}
	if out.Err != nil {
		out.Err = hidden{text: text(out.Err.Error()), err: out.Err}
	}
	return &out
}

// hidden keeps the chain of an error for errors.Is and shows a cleaned text.
type hidden struct {
	text string
	err  error
}

func (h hidden) Error() string        { return h.text }
func (h hidden) Is(target error) bool { return errors.Is(h.err, target) }

// RetryAfter reads Retry-After in both of its forms, at most an hour ahead. A
// date is taken relative to the answer's own Date where it has one, so that a
// wrong clock here or there does not matter.
func RetryAfter(h http.Header, now time.Time) (time.Time, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return time.Time{}, false
	}
	var wait time.Duration
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if math.IsNaN(s) {
			return time.Time{}, false
		}
		wait = time.Duration(max(0, min(s, maxRetryAfter.Seconds())) * float64(time.Second))
	} else if at, err := http.ParseTime(v); err == nil {
		from := now
		if d, err := http.ParseTime(h.Get("Date")); err == nil {
			from = d
		}
		wait = at.Sub(from)
	} else {
		return time.Time{}, false
	}
	return now.Add(max(0, min(wait, maxRetryAfter))), true
}

// ReadError reads an error body of unknown shape: the first of detail,
// message, error, title and errors[0] that holds words, the same inside
// "data" or "error", else the beginning of a plain text. Code and request id
// are taken where they stand. Kind is left to the status.
func ReadError(h http.Header, body []byte) *model.Error {
	e := &model.Error{RequestID: requestID(h)}
	t := bytes.TrimSpace(body)
	var top any
	if len(t) > 0 && t[0] != '<' && json.Unmarshal(t, &top) == nil {
		readErrorValue(e, top, 0)
		return e
	}
	if len(t) > 0 && t[0] == '<' {
		e.Message = "a web page instead of an answer" + pageTitle(t)
		return e
	}
	if utf8.Valid(t) {
		e.Message = cut(string(t), 200)
	}
	return e
}

func readErrorValue(e *model.Error, v any, depth int) {
	if depth > 4 {
		return
	}
	switch v := v.(type) {
	case string:
		if e.Message == "" {
			e.Message = v
		}
	case []any:
		if len(v) > 0 {
			readErrorValue(e, v[0], depth+1)
		}
	case map[string]any:
		for _, k := range []string{"detail", "message", "error_description", "error", "title", "details", "errors", "data"} {
			if inner, ok := v[k]; ok && e.Message == "" {
				readErrorValue(e, inner, depth+1)
			}
		}
		if e.Code == "" {
			e.Code = scalar(v["code"])
		}
		for _, k := range []string{"request_id", "requestId"} {
			if id := scalar(v[k]); id != "" {
				e.RequestID = id
			}
		}
	}
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func requestID(h http.Header) string {
	for _, k := range []string{"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Amzn-Requestid"} {
		if v := h.Get(k); v != "" {
			return cut(v, 100)
		}
	}
	return ""
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>\s*([^<]{1,80})`)

func pageTitle(page []byte) string {
	if m := titleTag.FindSubmatch(page); m != nil && utf8.Valid(m[1]) {
		return ": " + strings.TrimSpace(string(m[1]))
	}
	return ""
}

var (
	errTooLarge = errors.New("too large")
	errEncoding = errors.New("unknown content encoding")
)

// mostReserved is the most that is reserved for a body before it has come.
const mostReserved = 1 << 20

// readBody reads at most limit bytes, counted after decompression. With
// errTooLarge it gives the beginning.
func readBody(raw *http.Response, limit int64) ([]byte, error) {
	var r io.Reader = raw.Body
	switch enc := strings.ToLower(strings.TrimSpace(raw.Header.Get("Content-Encoding"))); {
	case raw.Uncompressed, enc == "", enc == "identity":
	case enc == "gzip" || enc == "x-gzip":
		z, err := gzip.NewReader(raw.Body)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, errEncoding
		}
		defer z.Close()
		r = z
	default:
		return nil, errEncoding
	}
	var b bytes.Buffer
	if raw.ContentLength > 0 {
		b.Grow(int(min(raw.ContentLength, mostReserved)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(r, limit+1))
	body := b.Bytes()
	if int64(len(body)) > limit {
		return body[:limit], errTooLarge
	}
	return body, err
}

// corrupt reports whether a body is not compressed as it says.
func corrupt(err error) bool {
	var input flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &input)
}

var queryInURL = regexp.MustCompile(`(https?://[^\s"'?#<>]*)[?#][^\s"'<>]*`)

func stripQueries(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	return queryInURL.ReplaceAllString(s, "$1")
}

// cut shortens a text to at most n bytes at a rune's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

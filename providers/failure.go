package providers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"confab/model"
)

const maxRetryAfter = time.Hour

// Bounds of the service's words in an error.
const (
	maxMessage = 600 // bytes of each text
	maxFields  = 20
)

// statusKinds maps the statuses that differ from the rest of their class.
var statusKinds = map[int]model.ErrorKind{
	401: model.Unauthorized,
	402: model.Forbidden, 403: model.Forbidden, 451: model.Forbidden,
	404: model.NotFound, 410: model.NotFound,
	405: model.Unsupported, 501: model.Unsupported,
	407: model.Unavailable,
	409: model.ConflictKind, 412: model.ConflictKind, 423: model.ConflictKind, 428: model.ConflictKind,
	429: model.RateLimited,
}

// statusKind returns the kind of error that a status means. A write that is answered 5xx may have taken effect before it failed,
// and 303 may lead to its result. Any other redirect asks for the write to be sent elsewhere, so it has changed nothing.
func statusKind(status int, write bool) model.ErrorKind {
	kind, known := statusKinds[status]
	switch {
	case known:
		return kind
	case status >= 400 && status < 500 && status != 408 && status != 425:
		return model.Invalid
	case write && (status < 300 || status >= 400 || status == http.StatusSeeOther):
		return model.UnknownOutcome
	}
	return model.Unavailable
}

// unreadable returns the fault of an answer of success that can't be used.
func unreadable(call Call, status int, message string) *fault {
	kind := model.Malformed
	if call.Write {
		kind = model.UnknownOutcome
	}
	return &fault{err: &model.Error{Kind: kind, Op: call.Name, Status: status, Message: message}}
}

// statusFault returns the fault of an answer whose status is not one of success.
func (c *Client) statusFault(call Call, b built, raw *http.Response) *fault {
	status := raw.StatusCode
	if status >= 300 && status < 400 {
		return c.redirectFault(call, b, raw)
	}
	body, _ := readBody(raw, errorBodyLimit)
	var e *model.Error
	number := strconv.Itoa(status)
	if c.options.DecodeError != nil {
		e = c.options.DecodeError(status, body)
	}
	if e == nil {
		e = readError(body)
	} else {
		e.Hint = cmp.Or(e.Hint, c.options.Hints[number+" "+e.Code], c.options.Hints[number])
	}
	e.Status = status
	for _, k := range []string{"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Amzn-Requestid"} {
		e.RequestID = cmp.Or(e.RequestID, cut(raw.Header.Get(k), 100))
	}
	e.Kind = cmp.Or(e.Kind, statusKind(status, call.Write))
	e.Op = cmp.Or(e.Op, call.Name)
	e.Message = cmp.Or(e.Message, http.StatusText(status))
	e.Hint = cmp.Or(e.Hint, call.Hints[number])
	if e.Kind == model.Forbidden && e.Hint == "" && call.Scope != "" {
		e.Hint = "the credential needs the scope " + call.Scope
	}
	after, asked := retryAfter(raw.Header, time.Now())
	if status == http.StatusServiceUnavailable && asked && !call.Write {
		e.Kind = model.RateLimited
	}
	if e.RetryAt.IsZero() && asked {
		e.RetryAt = after
	}
	repeat := (status == 502 || status == 503 || status == 504) && !asked
	return &fault{err: e, repeat: repeat, refused: e.Kind == model.Unauthorized}
}

func (c *Client) redirectFault(call Call, b built, raw *http.Response) *fault {
	f := &fault{err: &model.Error{Kind: statusKind(raw.StatusCode, call.Write), Op: call.Name, Status: raw.StatusCode}}
	to, err := b.url.Parse(raw.Header.Get("Location"))
	if err != nil || raw.Header.Get("Location") == "" {
		f.err.Message = "the service redirects without saying where"
		return f
	}
	shown := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}
	f.err.Message = "the service redirects to " + cut(shown.String(), 200) + ", which confab does not follow"
	f.err.Hint = "check base_url"
	if raw.StatusCode != http.StatusNotModified && c.isBelowBase(to) {
		f.redirect = to
	}
	return f
}

// isBelowBase reports whether an address is below the base URL, where the credential may be sent.
func (c *Client) isBelowBase(to *url.URL) bool {
	root := strings.TrimRight(c.base.Path, "/") + "/"
	return strings.EqualFold(c.base.Scheme, to.Scheme) && strings.EqualFold(c.base.Host, to.Host) && to.User == nil &&
		strings.HasPrefix(path.Clean(strings.ReplaceAll(to.Path, `\`, "/"))+"/", root)
}

func (c *Client) credentialError(ctx context.Context, call Call, err error) *model.Error {
	if ctx.Err() != nil {
		return GivenUp(call.Name, ctx.Err())
	}
	return c.clean(call, model.AsError(err))
}

// clean returns an error that may be shown: bounded, without secrets and query strings.
func (c *Client) clean(call Call, e *model.Error) *model.Error {
	out := *e
	out.Op = cmp.Or(out.Op, call.Name)
	text := func(s string) string { return cut(c.secrets.scrub(s), maxMessage) }
	out.Message, out.Hint = text(out.Message), text(out.Hint)
	out.Code, out.RequestID, out.Existing = text(out.Code), text(out.RequestID), c.secrets.scrub(out.Existing)
	out.Fields = nil
	for _, f := range e.Fields[:min(len(e.Fields), maxFields)] {
		out.Fields = append(out.Fields, model.FieldError{Field: text(f.Field), Code: text(f.Code), Message: text(f.Message)})
	}
	if out.Err != context.Canceled && out.Err != context.DeadlineExceeded {
		out.Err = nil // its text may hold a secret
	}
	return &out
}

// retryAfter reads both forms of Retry-After, and limits the result to an hour ahead. A date is compared with the answer's own
// Date header, so that a wrong clock on either side does not matter.
func retryAfter(h http.Header, now time.Time) (time.Time, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(v, 64)
	if err != nil {
		at, err := http.ParseTime(v)
		if err != nil {
			return time.Time{}, false
		}
		from := now
		if d, err := http.ParseTime(h.Get("Date")); err == nil {
			from = d
		}
		seconds = at.Sub(from).Seconds()
	}
	if math.IsNaN(seconds) {
		return time.Time{}, false
	}
	return now.Add(time.Duration(max(0, min(seconds, maxRetryAfter.Seconds())) * float64(time.Second))), true
}

// transportFault returns the fault of a request that got no complete answer. sent says that the service may have received it.
func transportFault(ctx context.Context, call Call, err error, sent bool, timeout time.Duration) *fault {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	e := &model.Error{Kind: model.Unavailable, Op: call.Name, Err: err}
	f := &fault{err: e}
	switch {
	case ctx.Err() != nil:
		f.err = GivenUp(call.Name, ctx.Err())
		if call.Write && sent {
			f.err.Message = "given up while the service was answering"
		}
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("no answer within %s", timeout)
	case tlsMessage(err) != "":
		e.Message = tlsMessage(err)
	case mentions(err, headerWords):
		e.Kind, e.Message = model.Malformed, fmt.Sprintf("the headers of the answer are larger than %d KiB", headerLimit>>10)
	case mentions(err, protocolWords):
		e.Kind, e.Message = model.Malformed, "the answer is not proper HTTP"
	default:
		e.Message, f.repeat = reachMessage(err)
	}
	if call.Write && sent {
		f.err.Kind = model.UnknownOutcome
	}
	return f
}

// reachMessage returns why a service was not reached, and whether repeating the request at once may help.
func reachMessage(err error) (message string, repeat bool) {
	dns, unresolved := errors.AsType[*net.DNSError](err)
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case unresolved && dns.IsNotFound:
		return "there is no host named " + dns.Name, false
	case unresolved:
		return "the host name " + dns.Name + " cannot be resolved", false
	case op != nil && op.Op == "dial":
		return "cannot connect: " + op.Err.Error(), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was lost", true
	}
	return "the connection was lost: " + err.Error(), true
}

// tlsMessage returns why there is no secure connection, or "" for another kind of error.
func tlsMessage(err error) string {
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case isError[tls.RecordHeaderError](err) || err.Error() == "http: server gave HTTP response to HTTPS client":
		return "the service does not speak TLS"
	case invalid.Reason == x509.Expired:
		return "the certificate of the service has expired, or this machine's clock is wrong: " + err.Error()
	case badCertificate(err):
		return "the certificate of the service is not trusted: " + err.Error()
	case failedDuring(err, "remote error"):
		return "no secure connection: " + err.Error()
	}
	return ""
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func badCertificate(err error) bool {
	return isError[x509.UnknownAuthorityError](err) || isError[x509.HostnameError](err) || isError[x509.CertificateInvalidError](err) ||
		isError[x509.SystemRootsError](err) || isError[*tls.CertificateVerificationError](err)
}

func failedDuring(err error, operation string) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == operation
}

// neverSent reports whether an error means that no byte of the request was sent.
func neverSent(err error) bool {
	return isError[*net.DNSError](err) || badCertificate(err) || isError[tls.RecordHeaderError](err) ||
		failedDuring(err, "dial") || failedDuring(err, "proxyconnect")
}

// Words of errors of the standard library that have no type. Such an error may quote the service, so nothing that matters to a
// write may depend on these words.
var (
	headerWords   = []string{"response headers exceeded", "response header list larger", "header list too large"}
	protocolWords = []string{"malformed ", "too much non-data", "suspiciously long trailer", "bad trailer key", "invalid Trailer key",
		"header line too long", "in chunk length", "for chunk length", "chunk length too large", "chunked line", "Content-Length",
		"unsupported transfer encoding", "PROTOCOL_ERROR"}
)

func mentions(err error, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(err.Error(), w) })
}

// readError reads an error body of unknown shape: the first well-known field with a text, also inside lists and objects, or
// the beginning of a plain text.
func readError(body []byte) *model.Error {
	e := &model.Error{}
	t := bytes.TrimSpace(body)
	switch {
	case len(t) == 0:
	case t[0] == '<':
		e.Hint = "it answered with a web page"
		if m := titleTag.FindSubmatch(t); m != nil && utf8.Valid(m[1]) {
			e.Message = HTMLText(string(m[1]))
		}
	case json.Valid(t):
		readErrorValue(e, t, 0)
	case utf8.Valid(t) && t[0] != '{' && t[0] != '[': // JSON that is broken or was cut tells a person nothing
		e.Message = cut(string(t), 200)
	}
	return e
}

func readErrorValue(e *model.Error, raw json.RawMessage, depth int) {
	if depth > 4 {
		return
	}
	if o, ok := ObjectOf(raw); ok {
		for _, k := range []string{"detail", "message", "error_description", "error", "title", "details", "errors", "data"} {
			if e.Message == "" {
				readErrorValue(e, o.Peek(k), depth+1)
			}
		}
		e.Code = cmp.Or(e.Code, o.Text("code"))
		e.RequestID = cmp.Or(o.Text("requestId"), o.Text("request_id"), e.RequestID)
	} else if list, ok := Elements(raw); ok && len(list) > 0 {
		readErrorValue(e, list[0], depth+1)
	} else if bytes.HasPrefix(raw, []byte{'"'}) && e.Message == "" {
		e.Message = unquote(raw)
	}
}

var (
	titleTag   = regexp.MustCompile(`(?is)<title[^>]*>\s*([^<]{1,80})`)
	queryInURL = regexp.MustCompile(`(https?://[^\s"'?#<>]*)[?#][^\s"'<>]*`)
)

// cut shortens a text to n bytes at most, at the boundary of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Invalid returns the error of a value that the service is known to reject, and which is not sent.
func Invalid(op, message string) *model.Error { return failure(model.Invalid, op, message) }

// Unsupported returns the error of something that the service has no call for.
func Unsupported(op, message string) *model.Error { return failure(model.Unsupported, op, message) }

// OneOf returns an error unless word is one of words.
func OneOf(op, word string, words ...string) *model.Error {
	switch {
	case slices.Contains(words, word):
		return nil
	case len(words) == 2:
		return Invalid(op, fmt.Sprintf("%q is neither %s nor %s", word, words[0], words[1]))
	}
	return Invalid(op, fmt.Sprintf("%q is none of %s", word, strings.Join(words, ", ")))
}

// Malformed returns the error of an answer that is not what the service documents.
func Malformed(op, message string) *model.Error { return failure(model.Malformed, op, message) }

// Local returns the error of a problem on this machine or in its configuration.
func Local(op, message string) *model.Error { return failure(model.Local, op, message) }

func failure(k model.ErrorKind, op, message string) *model.Error {
	return &model.Error{Kind: k, Op: op, Message: message}
}

// GivenUp returns the error of a context that has ended.
func GivenUp(op string, err error) *model.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &model.Error{Kind: model.Unavailable, Op: op, Message: "no time left", Err: err}
	}
	return &model.Error{Kind: model.Canceled, Op: op, Message: "given up", Err: err}
}

// JoinTitle joins the title of an error with its detail. A detail that contains the title is returned alone.
func JoinTitle(title, detail string) string {
	title, detail = strings.TrimSpace(title), strings.TrimSpace(detail)
	switch {
	case detail == "":
		return title
	case strings.Contains(strings.ToLower(detail), strings.ToLower(title)):
		return detail
	}
	return title + ": " + detail
}

// secrets are the texts that no error and no log line may show.
type secrets struct {
	mu   sync.Mutex
	text []string
}

const (
	minSecret  = 5 // bytes; shorter texts occur in ordinary sentences
	maxSecrets = 64
)

func (s *secrets) add(text string) {
	text = strings.TrimSpace(text)
	if len(text) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text)} {
		if !slices.Contains(s.text, form) {
			s.text = append(s.text, form)
		}
	}
	s.text = slices.Delete(s.text, 0, max(0, len(s.text)-maxSecrets))
}

func (s *secrets) scrub(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.text {
		text = strings.ReplaceAll(text, t, "[hidden]")
	}
	return queryInURL.ReplaceAllString(text, "$1")
}

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
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"confab/model"
)

// Endpoint is one call of a service, as service.json declares it. No path stands anywhere else.
type Endpoint struct {
	Name   string // for errors and the log: "change privacy"
	Method string
	Path   string // below the base URL; may contain {name} placeholders
	// Write marks a call that may change something. Read-only accounts refuse it, and it is never repeated.
	Write bool
	// MayLack says that a 401 may mean a missing right to this call alone. ClientOptions.Proof then decides.
	MayLack bool
	Scope   string            // the right that the call needs, named in the hint of a 403
	Hints   map[string]string // advice by status, see ClientOptions.Hints
	// Permanent lists the kinds of errors that rule out the call for the account as long as the program runs. A missing right
	// that MayLack found does so too.
	Permanent []model.ErrorKind
	// RetryConflict says that a 409 is assumed to be temporary: the call is sent once more after ConflictPause.
	RetryConflict bool
	Seconds       int // timeout of a request including its answer; 0 is defaultTimeout
}

type Call struct {
	Endpoint
	// Params holds the values for the placeholders of Path, which are escaped; "", "." and ".." are refused.
	Params map[string]string
	Query  url.Values
	// Body is sent as a form if it is a url.Values, unchanged if it is a json.RawMessage or []byte, otherwise as JSON. Nil sends
	// no body.
	Body   any
	Header http.Header
}

// Of returns a call of an endpoint whose path has the placeholder {id}.
func (e Endpoint) Of(id string, body any) Call {
	return Call{Endpoint: e, Params: map[string]string{"id": id}, Body: body}
}

// With returns a call of an endpoint with a query. It takes pairs of name and value, and leaves out those with an empty value.
func (e Endpoint) With(pairs ...string) Call {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return Call{Endpoint: e, Query: q}
}

// Body is a JSON object whose members keep the order in which they were added.
type Body []member

type member struct {
	Name  string
	Value any
}

func (b *Body) Add(name string, value any) { *b = append(*b, member{name, value}) }

// AddText adds a text, unless it is empty.
func (b *Body) AddText(name, text string) {
	if text != "" {
		b.Add(name, text)
	}
}

func (b Body) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range b {
		if i > 0 {
			out.WriteByte(',')
		}
		raw, err := WriteJSON(m.Value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%q:%s", m.Name, raw)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// WriteJSON encodes a value as JSON without escaping <, > and &.
func WriteJSON(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}

// built is a call as it is sent, except for the credential.
type built struct {
	url         *url.URL
	body        []byte
	contentType string
}

func (c *Client) build(call Call) (b built, err error) {
	bad := func(format string, args ...any) (built, error) {
		return built{}, Invalid(call.Name, fmt.Sprintf(format, args...))
	}
	p, err := fillPath(call.Path, call.Params)
	if err != nil {
		return bad("%s", err)
	}
	if b.url, err = url.Parse(c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + p); err != nil {
		return bad("the path of the call cannot be built")
	}
	b.url.RawQuery = call.Query.Encode()
	b.contentType = "application/json"
	switch body := call.Body.(type) {
	case nil:
		b.contentType = ""
	case url.Values:
		b.body, b.contentType = []byte(body.Encode()), "application/x-www-form-urlencoded"
	case json.RawMessage:
		b.body = body
	case []byte:
		b.body = body
	default:
		if b.body, err = WriteJSON(body); err != nil {
			return bad("the body of the call cannot be built: %s", err)
		}
	}
	return b, nil
}

var placeholder = regexp.MustCompile(`\{([^}]*)\}`)

// fillPath replaces each {name} by the escaped parameter. It ignores parameters that the template does not name, because a
// template from the settings may choose among several.
func fillPath(template string, params map[string]string) (p string, err error) {
	p = placeholder.ReplaceAllStringFunc(template, func(part string) string {
		m := placeholder.FindStringSubmatch(part)
		switch v, what := params[m[1]], strings.ReplaceAll(m[1], "_", " "); {
		case v == "":
			err = fmt.Errorf("the %s is empty", what)
		case v == ".", v == "..":
			err = fmt.Errorf("%q is no %s", v, what)
		default:
			return url.PathEscape(v)
		}
		return part
	})
	return p, err
}

// Address parses the address of a service: https, or http on loopback, with nothing but host and path.
func Address(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("not an address of scheme, host and path alone")
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("must be https, except on loopback")
}

// Loopback reports whether a host name or address means this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Answer is the answer to a call that succeeded.
type Answer struct {
	Status int
	Header http.Header
	Body   json.RawMessage // valid JSON; empty if a write was answered without a body

	op string
}

// Malformed returns the error of an answer that is not what the service documents. It has no status, since the text is ours.
func (a *Answer) Malformed(message string) *model.Error { return Malformed(a.op, message) }

func (a *Answer) Object() (*Object, error) {
	if o, ok := ObjectOf(a.Body); ok {
		return o, nil
	}
	return nil, a.Malformed("the answer is no object")
}

// Rows returns the list that the body has under a name, and the body itself. Null is a nil list. A missing list is an error
// rather than an empty list, from which a walk would conclude that every row was deleted.
func (a *Answer) Rows(name string) (rows []json.RawMessage, top *Object, err error) {
	top, _ = ObjectOf(a.Body)
	rows, ok := Elements(top.Peek(name))
	if !ok && !(top.Has(name) && top.Null(name)) {
		return nil, top, a.Malformed("the answer holds no list of " + name)
	}
	return rows, top, nil
}

// readAnswer reads the body of an answer whose status means success.
func (c *Client) readAnswer(ctx context.Context, call Call, raw *http.Response, timeout time.Duration) (*Answer, *fault) {
	body, err := readBody(raw, c.options.BodyLimit)
	complaint := ""
	switch {
	case errors.Is(err, errTooLarge):
		complaint = fmt.Sprintf("the answer is larger than %d MiB", c.options.BodyLimit>>20)
	case errors.Is(err, errEncoding), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum),
		isError[flate.CorruptInputError](err):
		complaint = "the answer is compressed in a way that cannot be read"
	case err != nil:
		return nil, transportFault(ctx, call, err, true, timeout)
	default:
		complaint = notJSON(raw.Header.Get("Content-Type"), body, call.Write)
	}
	if complaint != "" {
		return nil, unreadable(call, raw.StatusCode, complaint)
	}
	return &Answer{Status: raw.StatusCode, Header: raw.Header, Body: body, op: call.Name}, nil
}

// notJSON returns a complaint about a body that is not JSON, or "". The content type does not decide, because some services
// declare a wrong one. The answer to a write may be empty.
func notJSON(contentType string, body []byte, write bool) string {
	t := bytes.TrimSpace(body)
	switch {
	case json.Valid(t), len(t) == 0 && write:
		return ""
	case len(t) == 0:
		return "the answer is empty"
	case t[0] == '<':
		return "the answer is a web page, not data"
	case strings.ContainsRune(`{["tfn-0123456789`, rune(t[0])):
		return "the answer is broken JSON"
	case contentType != "":
		return "the answer is not JSON but " + cut(contentType, 60)
	}
	return "the answer is not JSON"
}

var (
	errTooLarge = errors.New("too large")
	errEncoding = errors.New("unknown content encoding")
)

// readBody reads at most limit bytes, counted after decompression, which the transport has done. With errTooLarge it returns the
// beginning. It reads in parts, because one buffer that grows would hold several times the size of a large answer.
func readBody(raw *http.Response, limit int64) (body []byte, err error) {
	if enc := raw.Header.Get("Content-Encoding"); !raw.Uncompressed && enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, errEncoding
	}
	var parts [][]byte
	for size := int64(0); err == nil; {
		var b bytes.Buffer
		b.Grow(errorBodyLimit + bytes.MinRead)
		_, err = io.CopyN(&b, raw.Body, errorBodyLimit)
		parts, size = append(parts, b.Bytes()), size+int64(b.Len())
		if size > limit {
			return parts[0], errTooLarge
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.Join(parts, nil), err
}

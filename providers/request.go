package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"confab/model"
)

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

// Get is the endpoint of a read.
func Get(name, path string, success ...int) Endpoint {
	return Endpoint{Name: name, Method: http.MethodGet, Path: path, Success: success}
}

// Writing is the endpoint of a write.
func Writing(name, method, path string, success ...int) Endpoint {
	return Endpoint{Name: name, Method: method, Path: path, Write: true, Success: success}
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

// Of is the call of an endpoint whose path names one thing by "id".
func (e Endpoint) Of(id string, body any) Call {
	return Call{Endpoint: e, Params: map[string]string{"id": id}, Body: body}
}

// built is a call as it is sent, but for the credential.
type built struct {
	url         *url.URL
	body        []byte
	contentType string
}

func (c *Client) build(call Call) (built, error) {
	bad := func(format string, args ...any) (built, error) {
		return built{}, Invalid(call.Name, fmt.Sprintf(format, args...))
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
	b := built{url: u, contentType: "application/json"}
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

// WriteJSON writes a value as JSON, with <, > and & as they are.
func WriteJSON(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
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
		switch v := params[name]; v {
		case "":
			return "", fmt.Errorf("the %s is empty", strings.ReplaceAll(name, "_", " "))
		case ".", "..":
			return "", fmt.Errorf("%q is no %s", v, strings.ReplaceAll(name, "_", " "))
		default:
			out.WriteString(url.PathEscape(v))
		}
		rest = tail
	}
	p := out.String()
	if p != "" && !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p, nil
}

// Address reads the address of a service: https, or http on loopback, with
// host and path alone.
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

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Answer is a successful answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	op string
}

// Malformed is for an answer that is not what the service documents. It has no
// status: the words are ours, and with one they would be shown as the service's.
func (a *Answer) Malformed(message string) *model.Error { return Malformed(a.op, message) }

// JSON returns the body, which is then known to be valid JSON.
func (a *Answer) JSON() (json.RawMessage, error) {
	if json.Valid(a.Body) {
		return a.Body, nil
	}
	var none any
	err := json.Unmarshal(a.Body, &none)
	e := a.Malformed(fmt.Sprintf("the answer cannot be read: %v", err))
	e.Status = a.Status
	return nil, e
}

// Object returns the object that the body is.
func (a *Answer) Object() (*Object, error) {
	raw, err := a.JSON()
	if err != nil {
		return nil, err
	}
	if o, ok := ObjectOf(raw); ok {
		return o, nil
	}
	return nil, a.Malformed("the answer is no object")
}

// Rows returns the list under a name of the object that the body is; null is
// nil. What holds no list is no empty one: a walk would take every row for gone.
func (a *Answer) Rows(name string) (rows []json.RawMessage, top *Object, err error) {
	raw, err := a.JSON()
	if err != nil {
		return nil, nil, err
	}
	top, _ = ObjectOf(raw)
	rows, ok := Elements(top.Peek(name))
	if !ok && !(top.Has(name) && top.Null(name)) {
		return nil, top, a.Malformed("the answer holds no list of " + name)
	}
	return rows, top, nil
}

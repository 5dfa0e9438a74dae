package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"confab/model"
)

// Endpoint is one call of a service, as service.json declares it. Paths stand nowhere else.
type Endpoint struct {
	Name   string // for errors and the log: "change privacy"
	Method string
	Path   string // below the base URL; may hold {name} placeholders
	// Write says that the call may change something. Read-only accounts refuse it, and it is never repeated.
	Write bool
	// MayLack says that a 401 may mean a missing right to this call alone: ClientOptions.Proof then tells.
	MayLack bool
	Scope   string // the right that the call needs, for a 403
	// Lasts are the kinds of refusals that hold for the account while the program runs, a missing right in any case.
	Lasts []model.ErrorKind
	// Again says that a 409 is taken to be passing: the call is sent once more after ConflictPause.
	Again bool
	// Success lists the statuses of success of a read; empty is any 2xx.
	Success []int
	Seconds int // for one request with its answer; 0 is DefaultTimeout
}

// Call is one use of an endpoint.
type Call struct {
	Endpoint
	// Params fill the placeholders of Path, escaped; "", "." and ".." are refused.
	Params map[string]string
	Query  url.Values
	// Body is sent as JSON; url.Values as a form; json.RawMessage and []byte as they are. Nil sends no body.
	Body   any
	Header http.Header
}

// Of is the call of an endpoint whose path names one thing by "id".
func (e Endpoint) Of(id string, body any) Call {
	return Call{Endpoint: e, Params: map[string]string{"id": id}, Body: body}
}

// With is the call of an endpoint with a query, of pairs of name and value; those without a value are left out.
func (e Endpoint) With(pairs ...string) Call {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return Call{Endpoint: e, Query: q}
}

// Body is a JSON object whose members are written as they were added.
type Body []Member

// Member is a member of a Body.
type Member struct {
	Name  string
	Value any
}

func (b *Body) Add(name string, value any) { *b = append(*b, Member{name, value}) }

// AddText adds a text, unless it is empty.
func (b *Body) AddText(name, text string) {
	if text != "" {
		b.Add(name, text)
	}
}

// MarshalJSON implements json.Marshaler.
func (b Body) MarshalJSON() ([]byte, error) {
	out := []byte("{")
	for i, m := range b {
		if i > 0 {
			out = append(out, ',')
		}
		for _, part := range []any{m.Name, m.Value} {
			raw, err := WriteJSON(part)
			if err != nil {
				return nil, err
			}
			out = append(append(out, raw...), ':')
		}
		out = out[:len(out)-1]
	}
	return append(out, '}'), nil
}

// WriteJSON writes a value as JSON, with <, > and & as they are.
func WriteJSON(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}

// built is a call as it is sent, but for the credential.
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

var placeholder = regexp.MustCompile(`\{([^}]*)(\}?)`)

// fillPath replaces {name} by the escaped parameter. One that the path does not name is ignored, so that one call suits a
// path from settings.
func fillPath(template string, params map[string]string) (p string, err error) {
	p = placeholder.ReplaceAllStringFunc(template, func(part string) string {
		m := placeholder.FindStringSubmatch(part)
		switch v, what := params[m[1]], strings.ReplaceAll(m[1], "_", " "); {
		case m[2] == "":
			err = errors.New("the path has a { without a }")
		case v == "":
			err = fmt.Errorf("the %s is empty", what)
		case v == ".", v == "..":
			err = fmt.Errorf("%q is no %s", v, what)
		default:
			return url.PathEscape(v)
		}
		return part
	})
	if p != "" && !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p, err
}

// Address reads the address of a service: https, or http on loopback, with host and path alone.
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

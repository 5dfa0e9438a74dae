package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request body, in bytes.
const maxBody = 8 << 20

// exchange is one request and the answer being built for it.
type exchange struct {
	method string
	// rest is the path after the provider's prefix, escaped as received.
	rest string
	// query is nil, and badQuery true, when it doesn't parse.
	query    url.Values
	badQuery bool
	// header is the request's header, body its whole body.
	header http.Header
	body   []byte
	// fields are the members of the body, where a route takes a JSON object.
	fields map[string]json.RawMessage
	// now is the server's clock when the request was handled, UTC.
	now time.Time
	// match holds the wildcards of the route.
	match *http.Request

	status int
	answer http.Header
	out    bytes.Buffer
}

// refusal is an answer that isn't the one asked for. Handlers panic with it through the methods below; serve recovers it
// and lets the vendor write its form.
type refusal struct {
	status int
	// code is a short word for the reason, detail a sentence; field names what it is about, "" for the whole request.
	code, field, detail string
	// details are further members of the body, in the vendor's own shape.
	details any
}

func (x *exchange) refuse(status int, code, detail string) {
	panic(refusal{status: status, code: code, detail: detail})
}

func (x *exchange) notFound(what string) {
	x.refuse(http.StatusNotFound, "not_found", what+" not found.")
}

func (x *exchange) methodNotAllowed(allow string) {
	x.answer.Set("Allow", allow)
	x.refuse(http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed.")
}

// badParameter refuses a query parameter, badField a member of the body.
func (x *exchange) badParameter(name, code, detail string) {
	panic(refusal{status: http.StatusBadRequest, code: code, field: name, detail: detail})
}

func (x *exchange) badField(name, code, detail string) {
	panic(refusal{status: http.StatusUnprocessableEntity, code: code, field: name, detail: detail})
}

// authorization is the one header of that name.
func (x *exchange) authorization() string {
	values := x.header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// arg returns what a wildcard of the route's pattern caught, unescaped.
func (x *exchange) arg(name string) string { return x.match.PathValue(name) }

// only refuses query parameters outside known, and repeated ones outside repeated.
func (x *exchange) only(known, repeated []string) {
	for _, k := range slices.Sorted(maps.Keys(x.query)) {
		if !slices.Contains(known, k) {
			x.badParameter(k, "unknown_parameter", "is not known here")
		}
		if len(x.query[k]) > 1 && !slices.Contains(repeated, k) {
			x.badParameter(k, "duplicate", "given more than once")
		}
	}
}

// flag reads a boolean query parameter.
func (x *exchange) flag(name string, absent bool) bool {
	if !x.query.Has(name) {
		return absent
	}
	return x.choice(name, "true", "false") == "true"
}

// choice reads a query parameter that must be one of the values; "" is none given.
func (x *exchange) choice(name string, values ...string) string {
	v := x.query.Get(name)
	if x.query.Has(name) && !slices.Contains(values, v) {
		x.badParameter(name, "invalid_value", "must be one of "+strings.Join(values, ", "))
	}
	return v
}

// number reads a whole number from 1 to most.
func (x *exchange) number(name string, absent, most int) int {
	if !x.query.Has(name) {
		return absent
	}
	n, err := strconv.Atoi(x.query.Get(name))
	if err != nil || n < 1 || n > most {
		x.badParameter(name, "invalid_range", "must be an integer from 1 to "+strconv.Itoa(most))
	}
	return n
}

// object decodes the body into its members, keeping the difference between absent and null.
func (x *exchange) object(known []string, media ...string) {
	if kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err != nil || !slices.Contains(media, kind) {
		x.refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json.")
	}
	fields, err := members(x.body)
	if err != nil {
		x.refuse(http.StatusBadRequest, "malformed_body", "The body must be a JSON object.")
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, k) {
			x.badField(k, "unknown_field", "is not known here")
		}
	}
	x.fields = fields
}

// json answers with v. Strings are not HTML-escaped: none of the services is known to do that.
func (x *exchange) json(status int, v any) { x.jsonAs(status, "application/json; charset=utf-8", v) }

func (x *exchange) jsonAs(status int, contentType string, v any) {
	x.status = status
	x.answer.Set("Content-Type", contentType)
	x.out.Reset()
	enc := json.NewEncoder(&x.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("sandbox: answer of %s %s: %v", x.method, x.rest, err))
	}
	x.out.Truncate(x.out.Len() - 1)
}

// raw answers with bytes as they are; an empty contentType sets none.
func (x *exchange) raw(status int, contentType string, body []byte) {
	x.status = status
	if contentType != "" {
		x.answer.Set("Content-Type", contentType)
	}
	x.out.Reset()
	x.out.Write(body)
}

// gatewayPage is what a proxy in front of a service answers when the service is ill: HTML, whatever the client asked for.
const gatewayPage = "<!DOCTYPE html>\n<html><head><title>%d %s</title></head>\n" +
	"<body><center><h1>%d %s</h1></center><hr><center>cloud gateway</center></body></html>\n"

func (x *exchange) gatewayError(status int) {
	text := http.StatusText(status)
	x.raw(status, "text/html; charset=utf-8", fmt.Appendf(nil, gatewayPage, status, text, status, text))
}

// readBody takes the whole body; a too large one is answered with 413.
func (x *exchange) readBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case r.Context().Err() != nil:
		return r.Context().Err()
	case err != nil:
		return errDropped
	case len(body) > maxBody:
		x.raw(http.StatusRequestEntityTooLarge, "text/plain; charset=utf-8", []byte("Payload Too Large"))
	default:
		x.body = body
	}
	return nil
}

// members reads one JSON object and nothing after it.
func members(raw []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("an object is expected")
	}
	return fields, nil
}

// read decodes a JSON value that must be there and not null.
func read[T any](raw json.RawMessage) (T, bool) {
	var v *T
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return *new(T), false
	}
	return *v, true
}

// rule is what a member of a body may be, and the sentence for one that is something else.
type rule struct {
	want string
	read func(raw json.RawMessage) (any, bool)
}

// must is a rule for a value of one type, which null is not.
func must[T any](want string) rule {
	return rule{want, func(raw json.RawMessage) (any, bool) { v, ok := read[T](raw); return v, ok }}
}

func oneOf(values ...string) rule {
	return rule{"must be one of " + strings.Join(values, ", "), func(raw json.RawMessage) (any, bool) {
		s, ok := read[string](raw)
		return s, ok && slices.Contains(values, s)
	}}
}

// orNull takes null for the empty value.
func orNull[T any](want string) rule {
	return rule{want, func(raw json.RawMessage) (any, bool) {
		var v T
		err := json.Unmarshal(raw, &v)
		return v, err == nil
	}}
}

// member reads a member of the body that must be there.
func (x *exchange) member(name string, r rule) any {
	v, ok := r.read(x.fields[name])
	if !ok {
		x.badField(name, "invalid_type", r.want)
	}
	return v
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// with is an object and over it the members of another.
func with(object, over map[string]any) map[string]any {
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, over)
	return out
}

// viaJSON turns any value into the maps, slices, strings, float64 and bools it is in JSON, sharing nothing with it.
func viaJSON(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic("sandbox: " + err.Error())
	}
	return out
}

package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
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

// exchange is a request and the answer that is being built for it.
type exchange struct {
	method string
	rest   string // the path after the provider's prefix, escaped as received
	// query is nil and badQuery true if the query can't be parsed.
	query    url.Values
	badQuery bool
	header   http.Header // of the request
	body     []byte
	now      time.Time // on the server's clock, UTC

	// The call of the request, and the parts of the path that stand for its "{name}"s.
	call *call
	args map[string]string

	owner  int            // the number of the user to whom the key belongs
	row    int            // of the conversation in the path, -1 for none
	param  map[string]any // the values of the parameters
	fields object         // the members of the body
	set    map[string]any // their values
	wrong  problems       // with the body
	after  *place         // where the previous page of a list ended

	status int
	answer http.Header
	out    bytes.Buffer
}

// rule says which values a parameter or a member of a body may have.
type rule struct {
	// Is names the type, see parameter and member; "" means any text.
	Is string
	// Of lists the permitted values; Most is the greatest permitted number. The least one is 1 for a parameter, Least for a member.
	Of          []string
	Least, Most int
	// Kind is the kind of object that an id belongs to.
	Kind string
	// Absent is the value if none is given. With Need, a value must be given. With Null, null means Absent.
	Absent     any
	Need, Null bool
	// Many permits a parameter to be repeated.
	Many bool
	// Code, Want and Status are the code, the sentence and the status of the refusal of a wrong value.
	Code, Want string
	Status     int
	// A list shows the objects that contain the value in one of the groups of members of In, have it at the start of a member of
	// Like, or as the value of the member Same.
	In   [][]string
	Like []string
	Same string
}

func (x *exchange) refuse(status int, code, detail string) {
	panic(refused(status, "", code, detail))
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
	panic(refused(http.StatusBadRequest, name, code, detail))
}

func (x *exchange) badField(name, code, detail string) {
	panic(refused(http.StatusUnprocessableEntity, name, code, detail))
}

// reader reads a member of a body for a service and adds to x.wrong what is wrong with it.
type reader func(x *exchange, at string, raw json.RawMessage) any

// problems collects what is wrong with a request.
type problems []problem

func (p *problems) add(field, code, detail string) { *p = append(*p, problem{field, code, detail}) }

// unknown adds a problem for each member that isn't known.
func (p *problems) unknown(at string, fields object, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, name) {
			p.add(strings.TrimPrefix(at+"."+name, "."), "unknown_field", "is not known here")
		}
	}
}

func (p problems) refuse() {
	if len(p) > 0 {
		panic(refusal{status: http.StatusUnprocessableEntity, problems: p})
	}
}

// number returns the value of a parameter that always has one.
func (x *exchange) number(name string) int { return int(integer(x.param[name])) }

// receive reads a request or refuses it: first its parameters, then its conversation, then its body.
func (s *server) receive(x *exchange) {
	s.receiveQuery(x)
	x.row = -1
	if _, named := x.args["id"]; named {
		x.row = s.wanted(x)
	}
	switch {
	case x.call.Body != nil:
		s.receiveBody(x)
	case len(x.body) > 0:
		x.refuse(http.StatusBadRequest, "unexpected_body", "This request takes no body.")
	}
}

func (s *server) receiveQuery(x *exchange) {
	x.param = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(x.query)) {
		if !slices.Contains(x.call.Query, name) {
			x.badParameter(name, "unknown_parameter", "is not known here")
		}
	}
	for _, name := range x.call.Query {
		r := s.rule(x.call, name)
		switch given := x.query[name]; {
		case len(given) > 1 && !r.Many:
			x.badParameter(name, "duplicate", "given more than once")
		case r.Many && given != nil:
			x.param[name] = given
		case given != nil:
			x.param[name] = s.parameter(x, name, given[0], r)
		case r.Need:
			r.refuse(name, "required", "is required")
		case r.Absent != nil:
			x.param[name] = r.Absent
		}
	}
}

// refuse refuses a parameter. The rule's own words replace the given ones.
func (r *rule) refuse(name, code, want string) {
	panic(refused(cmp.Or(r.Status, http.StatusBadRequest), name, cmp.Or(r.Code, code), cmp.Or(r.Want, want)))
}

// rule returns the rule for a parameter of a call.
func (s *server) rule(c *call, name string) *rule {
	return cmp.Or(c.Params[name], s.Query[name])
}

// wanted returns the row of the conversation in the path, or refuses with 404.
func (s *server) wanted(x *exchange) int {
	row, there := s.numberOf("conversation", x.args["id"])
	if !there || s.gone[row] && (x.call.Gone == "" || !s.on(x.call.Gone)) {
		x.notFound(cmp.Or(s.Thing, "Conversation"))
	}
	return row
}

// parameter reads a query parameter.
func (s *server) parameter(x *exchange, name, given string, r *rule) any {
	code, want, value, ok := "invalid_value", "must be one of "+strings.Join(r.Of, ", "), any(given), true
	switch r.Is {
	case "number":
		code, want = "invalid_range", "must be an integer from 1 to "+strconv.Itoa(r.Most)
		n, err := strconv.Atoi(given)
		value, ok = n, err == nil && n >= 1 && n <= r.Most
	case "flag":
		want, value, ok = "must be one of true, false", given == "true", given == "true" || given == "false"
	case "time", "utc":
		want = "must be an ISO 8601 time"
		t, err := time.Parse(time.RFC3339Nano, given)
		_, offset := t.Zone()
		value, ok = t, err == nil && (r.Is == "time" || offset == 0)
	case "list":
		list := strings.Split(given, ",")
		for _, one := range list {
			if !slices.Contains(r.Of, one) {
				x.badParameter(name, code, fmt.Sprintf("%q is not one of %s", one, strings.Join(r.Of, ", ")))
			}
		}
		value = list
	case "id":
		want = "must be an integer"
		if _, err := strconv.ParseInt(given, 10, 64); err == nil {
			if value, ok = s.numberOf(r.Kind, given); !ok {
				x.notFound(r.Kind)
			}
		} else {
			ok = false
		}
	case "prefix":
		ok = strings.HasPrefix(given, r.Of[0])
	default:
		ok = r.Of == nil || slices.Contains(r.Of, given)
	}
	if !ok {
		r.refuse(name, code, want)
	}
	return value
}

// receiveBody reads the members of a JSON body. Members that are absent, unlike null ones, are not in x.set.
func (s *server) receiveBody(x *exchange) {
	if kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err != nil || !slices.Contains(s.Media, kind) {
		x.refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json.")
	}
	fields, ok := read[object](x.body)
	if !json.Valid(x.body) || !ok && s.Wrap == "" {
		x.refuse(http.StatusBadRequest, "malformed_body", "The body must be a JSON object.")
	}
	if s.Wrap != "" {
		list, ok := read[[]object](fields[s.Wrap])
		if !ok || len(fields) != 1 {
			x.refuse(http.StatusBadRequest, "bad_request", "The body must be an object with the key "+s.Wrap+" holding an array.")
		}
		if len(list) != 1 || list[0] == nil {
			x.refuse(http.StatusUnprocessableEntity, "one", "Exactly one element is expected in "+s.Wrap+".")
		}
		fields = list[0]
	}
	x.fields, x.set, x.wrong = fields, map[string]any{}, nil
	x.wrong.unknown("", fields, slices.Collect(maps.Keys(x.call.Body))...)
	x.wrong.refuse()
	for _, name := range slices.Sorted(maps.Keys(x.call.Body)) {
		r, raw := x.call.Body[name], fields[name]
		own := s.readers[r.Is]
		if r.Is == "id" || r.Is == "ids" {
			own = s.readIDs
		}
		switch v, ok := r.member(raw); {
		case raw == nil && !r.Need:
		case raw != nil && own != nil && !(r.Null && isNull(raw)):
			x.set[name] = own(x, name, raw)
		case ok:
			x.set[name] = v
		default:
			x.wrong.add(name, cmp.Or(r.Code, "invalid_type"), r.Want)
		}
	}
	x.wrong.refuse()
}

// readIDs reads an id or a list of ids, which must be of the type that the service shows.
func (s *server) readIDs(x *exchange, at string, raw json.RawMessage) any {
	r, list, ok := x.call.Body[at], []json.RawMessage{raw}, true
	if r.Is == "ids" {
		list, ok = read[[]json.RawMessage](raw)
	}
	for _, one := range list {
		n, known := s.numberOf(r.Kind, strings.Trim(string(one), `"`))
		id, _ := json.Marshal(s.idOf(r.Kind, n))
		ok = ok && known && bytes.Equal(id, one)
	}
	if !ok {
		x.wrong.add(at, cmp.Or(r.Code, "invalid"), r.Want)
	}
	v, _ := read[any](raw)
	return v
}

// member reads a member of a body. Without a type it accepts any value and leaves it to the handler.
func (r *rule) member(raw json.RawMessage) (v any, ok bool) {
	if r.Null && isNull(raw) {
		return r.Absent, true
	}
	switch r.Is {
	case "string", "text":
		s, isText := read[string](raw)
		return s, isText && (r.Is == "string" || s != "") && (r.Of == nil || slices.Contains(r.Of, s))
	case "flag":
		v, ok = read[bool](raw)
	case "object":
		v, ok = read[map[string]any](raw)
	case "texts":
		v, ok = read[[]string](raw)
	case "any", "":
		ok = raw != nil
	}
	return v, ok
}

// ok answers 200 with v.
func (s *server) ok(x *exchange, v any) { x.jsonAs(http.StatusOK, s.Answers, v) }

// jsonAs answers with v as JSON. It doesn't escape HTML, as none of the services is known to.
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

// raw answers with a body as it is. An empty contentType sets no header.
func (x *exchange) raw(status int, contentType string, body []byte) {
	x.status = status
	if contentType != "" {
		x.answer.Set("Content-Type", contentType)
	}
	x.out.Reset()
	x.out.Write(body)
}

// gatewayPage is the answer of a proxy whose service fails: HTML, whatever the client accepts.
const gatewayPage = "<!DOCTYPE html>\n<html><head><title>%d %s</title></head>\n" +
	"<body><center><h1>%d %s</h1></center><hr><center>cloud gateway</center></body></html>\n"

func (x *exchange) gatewayError(status int) {
	text := http.StatusText(status)
	x.raw(status, "text/html; charset=utf-8", fmt.Appendf(nil, gatewayPage, status, text, status, text))
}

// readBody reads the body. It answers 413 if the body is too large.
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

// object has the members of a JSON object.
type object = map[string]json.RawMessage

// read decodes a JSON value. It returns false for null, a missing value or another type.
func read[T any](raw json.RawMessage) (T, bool) {
	var v *T
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return *new(T), false
	}
	return *v, true
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// with returns a copy of an object with the members of another added or replaced.
func with(object, over map[string]any) map[string]any {
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, over)
	return out
}

// viaJSON returns a deep copy of a value as plain JSON data: maps, slices, strings, float64 and bools.
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

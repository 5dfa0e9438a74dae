package providers

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"confab/model"
)

// Object is a JSON object whose fields are taken one by one. A method takes a field only if its value has the expected form.
// Fields that are never taken become facts, so nothing that a service sends is lost. A nil *Object is an empty object.
type Object struct {
	fields []field // if a name is repeated, the last field counts
}

type field struct {
	name  []byte
	value json.RawMessage
	taken bool
}

// ParseObject parses a JSON object; ok is false for anything else.
func ParseObject(raw []byte) (o *Object, ok bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	return ObjectOf(raw)
}

// ObjectOf is ParseObject for bytes that are known to be valid JSON.
func ObjectOf(raw json.RawMessage) (o *Object, ok bool) {
	o = new(Object)
	return o, o.split(raw)
}

func (o *Object) find(name string) *field {
	if o == nil {
		return nil
	}
	for i := len(o.fields) - 1; i >= 0; i-- {
		if string(o.fields[i].name) == name {
			return &o.fields[i]
		}
	}
	return nil
}

// remaining returns the fields that have not been taken, sorted by name.
func (o *Object) remaining() (rest []field) {
	if o == nil {
		return nil
	}
	all := slices.Clone(o.fields)
	slices.SortStableFunc(all, func(a, b field) int { return bytes.Compare(a.name, b.name) })
	for i, f := range all {
		if repeated := i+1 < len(all) && bytes.Equal(f.name, all[i+1].name); !f.taken && !repeated {
			rest = append(rest, f)
		}
	}
	return rest
}

// Names returns the names of the fields that have not been taken, sorted.
func (o *Object) Names() (names []string) {
	for _, f := range o.remaining() {
		names = append(names, string(f.name))
	}
	return names
}

// Has reports whether the object has the field, even if it is null.
func (o *Object) Has(name string) bool { return o.find(name) != nil }

// Null reports whether the field is absent or null.
func (o *Object) Null(name string) bool { return isNull(o.Peek(name)) }

// Peek returns the raw field without taking it.
func (o *Object) Peek(name string) json.RawMessage {
	if f := o.find(name); f != nil {
		return f.value
	}
	return nil
}

// Take takes the field and returns it raw, or nil if it is absent.
func (o *Object) Take(name string) json.RawMessage {
	f := o.find(name)
	if f == nil {
		return nil
	}
	f.taken = true
	return f.value
}

// PutBack undoes the taking of a field, which then becomes a fact.
func (o *Object) PutBack(name string) {
	if f := o.find(name); f != nil {
		f.taken = false
	}
}

// scalar returns a field and its text if it is a string, a number, a bool or null, whose text is "". Otherwise f is nil.
func (o *Object) scalar(name string) (f *field, text string) {
	f = o.find(name)
	if f == nil {
		return nil, ""
	}
	switch raw := f.value; {
	case isNull(raw):
		return f, ""
	case raw[0] == '{' || raw[0] == '[':
		return nil, ""
	case raw[0] == '"':
		return f, unquote(raw)
	default:
		return f, string(raw)
	}
}

// Text takes a string, a number or a bool. It returns "" for anything else.
func (o *Object) Text(name string) string {
	f, s := o.scalar(name)
	if f != nil {
		f.taken = true
	}
	return s
}

// FirstText takes the first of some fields whose text is not empty.
func (o *Object) FirstText(names ...string) string {
	for _, name := range names {
		if v := o.Text(name); v != "" {
			return v
		}
	}
	return ""
}

// Time takes a time in any form that ParseTime accepts.
func (o *Object) Time(name string) time.Time {
	f, s := o.scalar(name)
	if f == nil {
		return time.Time{}
	}
	at, ok := ParseTime(s)
	f.taken = f.taken || ok
	return at
}

// Bool takes true or false, also as a text; ok is false for anything else.
func (o *Object) Bool(name string) (v, ok bool) {
	f, s := o.scalar(name)
	switch s {
	case "true", "True", "TRUE":
		v, ok = true, true
	case "false", "False", "FALSE":
		ok = true
	}
	if ok {
		f.taken = true
	}
	return v, ok
}

// Maybe is Bool with nil for anything else.
func (o *Object) Maybe(name string) *bool {
	if v, ok := o.Bool(name); ok {
		return &v
	}
	return nil
}

// Privacy takes a bool that is true for a private conversation.
func (o *Object) Privacy(name string) model.Privacy {
	switch private, ok := o.Bool(name); {
	case !ok:
		return model.PrivacyUnknown
	case private:
		return model.PrivacyPrivate
	}
	return model.PrivacyPublic
}

// Number takes a finite number, also as a text; ok is false for anything else.
func (o *Object) Number(name string) (v float64, ok bool) {
	f, s := o.scalar(name)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false
	}
	f.taken = true
	return v, true
}

// Count takes a whole number of things; ok is false for anything else.
func (o *Object) Count(name string) (n int, ok bool) {
	v, ok := o.Number(name)
	if ok && (v < 0 || v > math.MaxInt32 || v != math.Trunc(v)) {
		o.PutBack(name)
		return 0, false
	}
	return int(v), ok
}

// Seconds takes a number of seconds as a duration of at most a century.
func (o *Object) Seconds(name string) (time.Duration, bool) {
	n, ok := o.Number(name)
	if ok && (n < 0 || n > 100*366*24*3600) {
		o.PutBack(name)
		return 0, false
	}
	return time.Duration(n * float64(time.Second)), ok
}

// Object takes an object; it returns nil for anything else.
func (o *Object) Object(name string) *Object {
	inner, ok := ObjectOf(o.Peek(name))
	if !ok {
		return nil
	}
	o.Take(name)
	return inner
}

// Map takes an object and returns copies of its values by name. Null is an empty map; the map is nil if the field is absent or
// something else.
func (o *Object) Map(name string) map[string]json.RawMessage {
	inner, ok := ObjectOf(o.Peek(name))
	if !o.Has(name) || !ok && !o.Null(name) {
		return nil
	}
	o.Take(name)
	m := make(map[string]json.RawMessage, len(inner.fields))
	for _, f := range inner.fields {
		m[string(f.name)] = bytes.Clone(f.value)
	}
	return m
}

// List takes an array, or a single value as an array of one; ok is false if the field is null or absent. An element that is not
// an object becomes an object whose only field is named "".
func (o *Object) List(name string) (list []*Object, ok bool) {
	if o.Null(name) {
		return nil, false
	}
	return Objects(o.Take(name)), true
}

// Items is List for a field that may be absent.
func (o *Object) Items(name string) []*Object {
	list, _ := o.List(name)
	return list
}

// Objects returns the elements of an array as List does.
func Objects(raw json.RawMessage) []*Object {
	elements := OneOrMore(raw)
	all, list := make([]Object, len(elements)), make([]*Object, len(elements))
	for i, e := range elements {
		if list[i] = &all[i]; !list[i].split(e) {
			list[i].fields = []field{{value: e}}
		}
	}
	return list
}

// OneOrMore returns the elements of an array that are not null, or a single value as the only element.
func OneOrMore(raw json.RawMessage) []json.RawMessage {
	elements, ok := Elements(raw)
	if !ok {
		elements = []json.RawMessage{raw}
	}
	return slices.DeleteFunc(elements, func(e json.RawMessage) bool { return isNull(e) })
}

// Facts returns the fields that have not been taken as facts of a group, with a prefix before their labels.
func (o *Object) Facts(group, prefix string) []model.Fact {
	var f Facts
	f.Rest(group, prefix, o)
	return f.List()
}

// TextOf returns a JSON value as a text: a string decoded, null as "", an array or object as compact JSON, others as written.
func TextOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	switch {
	case isNull(raw):
		return ""
	case raw[0] == '"':
		return unquote(raw)
	case raw[0] == '{', raw[0] == '[':
		var out bytes.Buffer
		_ = json.Compact(&out, raw)
		return out.String()
	}
	return string(raw)
}

// millisFrom is the number above which a time since 1970 counts milliseconds: as seconds it would be after the year 5138.
const millisFrom = 1e11

// ParseTime parses a time as services send it: RFC 3339 with any fraction, or a number of seconds or milliseconds since 1970. The
// result is in UTC. It is zero for "" and for the zero time of Go, and not ok for a year that RFC 3339 can't express.
func ParseTime(s string) (at time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasPrefix(s, "0001-01-01T00:00:00") {
		return time.Time{}, true
	}
	inRange := func(at time.Time) bool { return at.Year() >= 1 && at.Year() <= 9999 }
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			at = at.UTC()
			return at, inRange(at)
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 2e14 {
		return time.Time{}, false
	}
	if n == 0 {
		return time.Time{}, true
	}
	if math.Abs(n) < millisFrom {
		n *= 1000
	}
	at = time.UnixMilli(int64(math.Round(n))).UTC()
	return at, inRange(at)
}

func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) == 0 || string(b) == "null"
}

// Decoding an object level by level with json.Unmarshal checks and scans each byte twice for every enclosing level, which took
// three quarters of the time of a sync. Here a body is checked once and then only split. A json.RawMessage counts as valid JSON;
// for other bytes the functions return nonsense, but do not panic.

// split takes the fields from a valid JSON object, and returns false for anything else.
func (o *Object) split(raw json.RawMessage) bool {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return false
	}
	var buffer [48]field // stays on the stack, and is large enough for most objects
	fields := buffer[:0]
	i = skipSpace(raw, i+1)
	for i < len(raw) && raw[i] == '"' {
		end := skipString(raw, i)
		name := raw[i+1 : max(i+1, end-1)]
		if !isVerbatim(name) {
			name = []byte(unquote(raw[i:end]))
		}
		i = skipSpace(raw, skipSpace(raw, end)+1) // the colon
		end = skipValue(raw, i)
		fields = append(fields, field{name: name, value: raw[i:end:end]})
		i = skipSpace(raw, skipSpace(raw, end)+1) // the comma or the brace
	}
	o.fields = slices.Clone(fields)
	return true
}

// Elements returns the elements of a JSON array; ok is false for anything else.
func Elements(raw json.RawMessage) (elements []json.RawMessage, ok bool) {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '[' {
		return nil, false
	}
	elements = []json.RawMessage{}
	i = skipSpace(raw, i+1)
	for i < len(raw) && raw[i] != ']' {
		end := skipValue(raw, i)
		elements = append(elements, raw[i:end:end])
		i = skipSpace(raw, end)
		if i >= len(raw) || raw[i] == ']' {
			break
		}
		i = skipSpace(raw, i+1)
	}
	return elements, true
}

// Written returns a map of texts as it is to be written back. A value that has not changed since it was read keeps the form in which
// the service sent it, which may be other than a string. sure is false if another value may not have been a string.
func Written(now map[string]string, read map[string]json.RawMessage) (out map[string]json.RawMessage, sure bool) {
	out, sure = make(map[string]json.RawMessage, len(now)), true
	for name, text := range now {
		raw, known := read[name]
		if known = known && (TextOf(raw) == text || text == "null" && isNull(raw)); !known {
			raw, _ = WriteJSON(text) // a string can always be encoded
		}
		out[name] = raw
		sure = sure && (known || !json.Valid([]byte(text)))
	}
	return out, sure
}

// Edited returns a map of texts after edits of some of them.
func Edited(m map[string]json.RawMessage, edits []model.Edit) map[string]json.RawMessage {
	m = maps.Clone(m)
	for _, e := range edits {
		if delete(m, e.Key); e.Target.Text != nil {
			m[e.Key], _ = WriteJSON(*e.Target.Text)
		}
	}
	return m
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return min(i, len(raw))
}

func skipValue(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			if i = skipString(raw, i); depth == 0 {
				return i
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
			if depth <= 0 {
				return i
			}
		default:
			if depth == 0 {
				return i + max(0, bytes.IndexAny(raw[i:], ",]} \n\t\r")) // in valid JSON, the end of the object or array follows
			}
			i++
		}
	}
	return i
}

func skipString(raw []byte, i int) int {
	for i++; ; i++ {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return len(raw)
		}
		escaped := false
		for k := i + n - 1; k >= i && raw[k] == '\\'; k-- {
			escaped = !escaped
		}
		if i += n; !escaped {
			return i + 1
		}
	}
}

// isVerbatim reports whether a JSON string, without its quotes, is its own text.
func isVerbatim(inner []byte) bool { return bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) }

func unquote(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	if inner := raw[1 : len(raw)-1]; isVerbatim(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

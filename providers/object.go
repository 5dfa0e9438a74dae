package providers

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"confab/model"
)

// Object is a JSON object that is taken apart field by field. A field is taken only if it had the wanted form; whatever is
// never taken becomes a fact, so nothing that a service sends is lost. A nil *Object is an empty one.
type Object struct {
	raw    json.RawMessage
	fields []field // of a repeated name the last one counts
}

// ParseObject reads a JSON object; ok is false for anything else.
func ParseObject(raw []byte) (o *Object, ok bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	return ObjectOf(raw)
}

// ObjectOf is ParseObject for what is known to be valid JSON.
func ObjectOf(raw json.RawMessage) (o *Object, ok bool) {
	o = new(Object)
	return o, o.split(raw)
}

func (o *Object) split(raw json.RawMessage) bool {
	if i := skipSpace(raw, 0); i >= len(raw) || raw[i] != '{' {
		return false
	}
	o.raw, o.fields = raw, splitObject(raw)
	return true
}

func (o *Object) name(f *field) []byte {
	if f.quoted {
		return []byte(unquote(o.raw[f.name-1 : f.nameEnd+1]))
	}
	return o.raw[f.name:f.nameEnd]
}

func (o *Object) value(f *field) json.RawMessage { return o.raw[f.value:f.valueEnd:f.valueEnd] }

func (o *Object) find(name string) *field {
	if o == nil {
		return nil
	}
	for i := len(o.fields) - 1; i >= 0; i-- {
		f := &o.fields[i]
		if (f.quoted || int(f.nameEnd-f.name) == len(name)) && string(o.name(f)) == name {
			return f
		}
	}
	return nil
}

// left returns the fields that are not taken, sorted by name.
func (o *Object) left() (names []string, values []json.RawMessage) {
	if o == nil {
		return nil, nil
	}
	type named struct {
		name []byte
		*field
	}
	all := make([]named, len(o.fields))
	for i := range o.fields {
		all[i] = named{o.name(&o.fields[i]), &o.fields[i]}
	}
	slices.SortStableFunc(all, func(a, b named) int { return bytes.Compare(a.name, b.name) })
	for i, f := range all {
		if repeated := i+1 < len(all) && bytes.Equal(f.name, all[i+1].name); !f.taken && !repeated {
			names, values = append(names, string(f.name)), append(values, o.value(f.field))
		}
	}
	return names, values
}

func (o *Object) Names() []string {
	names, _ := o.left()
	return names
}

// Has reports whether the field is there, be it null.
func (o *Object) Has(name string) bool { return o.find(name) != nil }

// Null reports whether the field is absent or null.
func (o *Object) Null(name string) bool { return isNull(o.Peek(name)) }

// Peek returns the raw field without taking it.
func (o *Object) Peek(name string) json.RawMessage {
	if f := o.find(name); f != nil {
		return o.value(f)
	}
	return nil
}

// Take returns the raw field, nil where absent.
func (o *Object) Take(name string) json.RawMessage {
	f := o.find(name)
	if f == nil {
		return nil
	}
	f.taken = true
	return o.value(f)
}

// Put returns a taken field back to the facts.
func (o *Object) Put(name string) {
	if f := o.find(name); f != nil {
		f.taken = false
	}
}

// scalar returns the text of a field that is a string, number or bool, "" for null.
func (o *Object) scalar(name string) (f *field, text string) {
	f = o.find(name)
	if f == nil {
		return nil, ""
	}
	switch raw := o.value(f); {
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

// Text takes a string, number or bool. Anything else stays, and "" is given.
func (o *Object) Text(name string) string {
	f, s := o.scalar(name)
	if f != nil {
		f.taken = true
	}
	return s
}

// FirstText takes the first of some fields that holds a text.
func (o *Object) FirstText(names ...string) string {
	for _, name := range names {
		if v := o.Text(name); v != "" {
			return v
		}
	}
	return ""
}

// Time takes a time in any form that ParseTime knows.
func (o *Object) Time(name string) time.Time {
	f, s := o.scalar(name)
	if f == nil {
		return time.Time{}
	}
	at, ok := ParseTime(s)
	f.taken = f.taken || ok
	return at
}

// Bool takes true and false, also as texts; ok is false for anything else.
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

// Maybe takes true and false as Bool does; nil is anything else.
func (o *Object) Maybe(name string) *bool {
	if v, ok := o.Bool(name); ok {
		return &v
	}
	return nil
}

// Privacy takes whether something is private.
func (o *Object) Privacy(name string) model.Privacy {
	switch private, ok := o.Bool(name); {
	case !ok:
		return model.PrivacyUnknown
	case private:
		return model.PrivacyPrivate
	}
	return model.PrivacyPublic
}

// Number takes a finite number, also as a text.
func (o *Object) Number(name string) (v float64, ok bool) {
	f, s := o.scalar(name)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false
	}
	f.taken = true
	return v, true
}

// Count takes a number of things; ok is false for what can't be one.
func (o *Object) Count(name string) (n int, ok bool) {
	v, ok := o.Number(name)
	if ok && (v < 0 || v > math.MaxInt32 || v != math.Trunc(v)) {
		o.Put(name)
		return 0, false
	}
	return int(v), ok
}

// Seconds takes a number of seconds as a duration of at most a century.
func (o *Object) Seconds(name string) (time.Duration, bool) {
	n, ok := o.Number(name)
	if ok && (n < 0 || n > 100*366*24*3600) {
		o.Put(name)
		return 0, false
	}
	return time.Duration(n * float64(time.Second)), ok
}

// Object takes an inner object, nil where it is none.
func (o *Object) Object(name string) *Object {
	inner, ok := ObjectOf(o.Peek(name))
	if !ok {
		return nil
	}
	o.Take(name)
	return inner
}

// List takes an array or a lone object; ok is false for null and absence. Elements that are no objects come as one whose only
// field is "".
func (o *Object) List(name string) (list []*Object, ok bool) {
	if o.Null(name) {
		return nil, false
	}
	return Objects(o.Take(name)), true
}

// Objects returns the elements of an array, or a lone value as one, as List does.
func Objects(raw json.RawMessage) []*Object {
	elements := OneOrMore(raw)
	all, list := make([]Object, len(elements)), make([]*Object, len(elements))
	for i, e := range elements {
		if list[i] = &all[i]; !list[i].split(e) {
			*list[i] = Object{raw: e, fields: []field{{valueEnd: int32(len(e))}}}
		}
	}
	return list
}

// OneOrMore returns the elements of an array but for nulls, or a lone value as one.
func OneOrMore(raw json.RawMessage) []json.RawMessage {
	elements, ok := Elements(raw)
	if !ok {
		elements = []json.RawMessage{raw}
	}
	return slices.DeleteFunc(elements, func(e json.RawMessage) bool { return isNull(e) })
}

// Facts returns what was not taken as facts of a group, labels prefixed.
func (o *Object) Facts(group, prefix string) []model.Fact {
	var f Facts
	f.Rest(group, prefix, o)
	return f.List()
}

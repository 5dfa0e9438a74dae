package providers

import (
	"bytes"
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"time"

	"confab/model"
)

// Object is a JSON object that is taken apart field by field. A field is
// taken only if it had the wanted form; whatever is never taken is what Facts
// gives, so nothing that a service sends is lost. A nil *Object is an empty
// one.
type Object struct {
	fields map[string]json.RawMessage
	taken  map[string]bool
}

// ParseObject reads a JSON object; ok is false for anything else.
func ParseObject(raw []byte) (o *Object, ok bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	return parseValid(raw)
}

// parseValid is ParseObject for what is known to be valid JSON.
func parseValid(raw []byte) (o *Object, ok bool) {
	if t := bytes.TrimSpace(raw); len(t) == 0 || t[0] != '{' {
		return nil, false
	}
	return &Object{fields: splitObject(raw), taken: map[string]bool{}}, true
}

// UnmarshalJSON reads an object; anything else is kept under the field "".
func (o *Object) UnmarshalJSON(b []byte) error {
	*o = *wrap(bytes.Clone(b)) // the decoder owns b
	return nil
}

// wrap gives a valid JSON value as an object.
func wrap(b []byte) *Object {
	p, ok := parseValid(b)
	if !ok {
		p = &Object{fields: map[string]json.RawMessage{}, taken: map[string]bool{}}
		if !isNull(b) {
			p.fields[""] = b
		}
	}
	return p
}

// Has reports whether the field is there, be it null.
func (o *Object) Has(name string) bool {
	if o == nil {
		return false
	}
	_, ok := o.fields[name]
	return ok
}

// Null reports whether the field is absent or null.
func (o *Object) Null(name string) bool { return o == nil || isNull(o.fields[name]) }

// Peek gives the raw field without taking it.
func (o *Object) Peek(name string) json.RawMessage {
	if o == nil {
		return nil
	}
	return o.fields[name]
}

// Take gives the raw field, nil where absent.
func (o *Object) Take(name string) json.RawMessage {
	if !o.Has(name) {
		return nil
	}
	o.taken[name] = true
	return o.fields[name]
}

// Put gives a taken field back to the facts.
func (o *Object) Put(name string) {
	if o != nil {
		delete(o.taken, name)
	}
}

// Text takes a string, number or bool. Anything else stays, and "" is given.
func (o *Object) Text(name string) string {
	raw := bytes.TrimSpace(o.Peek(name))
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
		return ""
	}
	s, err := textOf(raw)
	if err != nil {
		return ""
	}
	o.taken[name] = true
	return s
}

// Time takes a time in any form that ParseTime knows.
func (o *Object) Time(name string) time.Time {
	raw := bytes.TrimSpace(o.Peek(name))
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
		return time.Time{}
	}
	s, err := textOf(raw)
	if err != nil {
		return time.Time{}
	}
	at, ok := ParseTime(s)
	if ok {
		o.taken[name] = true
	}
	return at
}

// Bool takes true and false, also as texts; ok is false for anything else.
func (o *Object) Bool(name string) (v, ok bool) {
	s, err := textOf(o.Peek(name))
	if err != nil {
		return false, false
	}
	switch s {
	case "true", "True", "TRUE":
		v, ok = true, true
	case "false", "False", "FALSE":
		v, ok = false, true
	}
	if ok {
		o.taken[name] = true
	}
	return v, ok
}

// Number takes a finite number, also as a text.
func (o *Object) Number(name string) (v float64, ok bool) {
	s, err := textOf(o.Peek(name))
	if err != nil {
		return 0, false
	}
	v, err = strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false
	}
	o.taken[name] = true
	return v, true
}

// Seconds takes a number of seconds as a duration of at most a century.
func (o *Object) Seconds(name string) (time.Duration, bool) {
	n, ok := o.Number(name)
	if !ok || n < 0 || n > 100*366*24*3600 {
		if ok {
			o.Put(name)
		}
		return 0, false
	}
	return time.Duration(n * float64(time.Second)), true
}

// Object takes an inner object, nil where it is none. What is not taken of
// the inner object is up to the caller: see Facts of it.
func (o *Object) Object(name string) *Object {
	inner, ok := parseValid(o.Peek(name))
	if !ok {
		return nil
	}
	o.taken[name] = true
	return inner
}

// List takes an array or a lone object; ok is false for null and absence, for
// which the field counts as taken. Elements that are no objects come as one
// whose only field is "".
func (o *Object) List(name string) (list []*Object, ok bool) {
	elements, ok := elementsOf(o.Peek(name))
	if !ok {
		return nil, false
	}
	o.taken[name] = true
	list = make([]*Object, 0, len(elements))
	for _, e := range elements {
		if isNull(e) {
			continue
		}
		list = append(list, wrap(e))
	}
	return list, true
}

// Names lists the fields that are not taken, sorted.
func (o *Object) Names() []string {
	if o == nil {
		return nil
	}
	out := make([]string, 0, len(o.fields))
	for name := range o.fields {
		if !o.taken[name] {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// Facts gives what was not taken as facts of a group, labels prefixed.
func (o *Object) Facts(group, prefix string) []model.Fact {
	var f Facts
	f.Rest(group, prefix, o)
	return f.List()
}

package providertest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/providers"
)

// Decode reads JSON and keeps its numbers as they stand. ok is false if it is no JSON, or so large or deep that facts, which
// are bounded, can't hold it.
func Decode(in []byte) (v any, ok bool) {
	d := json.NewDecoder(strings.NewReader(string(in)))
	d.UseNumber()
	if len(in) > 6000 || strings.Count(string(in), ",") > 200 || !json.Valid(in) || d.Decode(&v) != nil {
		return nil, false
	}
	_, deep := leaves(v, 0)
	return v, !deep
}

// MustShow fails if a text, truth value or json.Number of a decoded answer is in no field and no fact of the conversation, and in
// none of its messages.
// Scalars in spared, which the adapter has other words for, may be missing, and so may long ones, which are cut.
func MustShow(t rapid.TB, v any, c model.Conversation, messages []model.Message, spared ...string) {
	t.Helper()
	if len(c.Facts) >= providers.MaxFacts {
		return
	}
	var shown strings.Builder
	var times []time.Time
	visit(reflect.ValueOf(struct {
		C model.Conversation
		M []model.Message
	}{c, messages}), func(s string) {
		shown.WriteString(strings.ToLower(s) + "\x00")
		if at, ok := providers.ParseTime(s); ok {
			times = append(times, at)
		}
		if inner, ok := Decode([]byte(s)); ok { // a value that is shown as JSON
			in, _ := leaves(inner, 0)
			shown.WriteString(strings.ToLower(strings.Join(in, "\x00")) + "\x00")
		}
	}, func(at time.Time) { times = append(times, at) })
	all, _ := leaves(v, 0)
	for _, leaf := range all {
		at, isTime := providers.ParseTime(leaf)
		switch {
		case slices.Contains(spared, leaf), len(leaf) > 190, strings.Contains(shown.String(), strings.ToLower(strings.TrimSpace(leaf))):
		case isTime && (at.IsZero() || slices.ContainsFunc(times, at.Equal)):
		default:
			t.Errorf("%q is in no field and no fact of %+v", leaf, c)
		}
	}
}

// leaves returns the scalars in a JSON value, but null and "". deep says that it is deeper than facts are.
func leaves(v any, depth int) (out []string, deep bool) {
	if depth > 9 {
		return nil, true
	}
	add := func(x any) {
		more, d := leaves(x, depth+1)
		out, deep = append(out, more...), deep || d
	}
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			add(x)
		}
	case []any:
		for _, x := range v {
			add(x)
		}
	case string:
		if v != "" {
			out = []string{v}
		}
	case json.Number:
		out = []string{v.String()}
	case bool:
		out = []string{map[bool]string{true: "true", false: "false"}[v]}
	}
	return out, deep
}

// visit calls text and at with every string and every time in a value.
func visit(v reflect.Value, text func(string), at func(time.Time)) {
	if v.CanInterface() {
		if x, ok := v.Interface().(time.Time); ok {
			at(x)
			return
		}
	}
	switch v.Kind() {
	case reflect.String:
		text(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			visit(v.Field(i), text, at)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), text, at)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			visit(k, text, at)
			visit(v.MapIndex(k), text, at)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), text, at)
		}
	}
}

// Disturb replaces a value somewhere below the top of a decoded answer by one of another form, or adds a field.
func Disturb(r *rapid.T, v any) any {
	switch x := v.(type) {
	case map[string]any:
		if len(x) > 0 && rapid.IntRange(0, 5).Draw(r, "whole") > 0 {
			if rapid.IntRange(0, 5).Draw(r, "add") == 0 {
				x["surprise"] = "leaf-six"
				return x
			}
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(x))).Draw(r, "name")
			x[name] = Disturb(r, x[name])
			return x
		}
	case []any:
		if len(x) > 0 && rapid.Bool().Draw(r, "into") {
			i := rapid.IntRange(0, len(x)-1).Draw(r, "index")
			x[i] = Disturb(r, x[i])
			return x
		}
	}
	return rapid.SampledFrom([]any{nil, "", "leaf-one", true, 1.5, []any{}, []any{"leaf-two", map[string]any{"k": "leaf-three"}},
		map[string]any{"id": "leaf-four", "name": map[string]any{"n": "leaf-five"}}, "2026-11-20T10:00:00Z", "confirmed"}).Draw(r, "value")
}

package kona

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/providers"
)

// checkLeaves fails if a scalar of the input is in no field and no fact.
func checkLeaves(t *testing.T, in []byte, c model.Conversation) {
	t.Helper()
	if len(in) > 4000 || strings.Count(string(in), ",") > 200 {
		return // the number of facts is bounded
	}
	var top any
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	if d.Decode(&top) != nil {
		return
	}
	leaves, deep := leavesOf(top, 0)
	if deep {
		return // the depth of facts is bounded
	}
	var shown strings.Builder
	var times []time.Time
	texts(reflect.ValueOf(c), func(s string) {
		shown.WriteString(strings.ToLower(s) + "\x00")
		var inner any
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		if (strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")) && d.Decode(&inner) == nil {
			more, _ := leavesOf(inner, 0)
			shown.WriteString(strings.ToLower(strings.Join(more, "\x00")) + "\x00")
		}
	}, func(at time.Time) { times = append(times, at) })
next:
	for _, leaf := range leaves {
		if leaf == "0" || leaf == "1" || leaf == "2" || leaf == "3" {
			continue // numbers that have words
		}
		if at, ok := providers.ParseTime(leaf); ok {
			if at.IsZero() {
				continue
			}
			for _, x := range times {
				if x.Equal(at) {
					continue next
				}
			}
		}
		if !strings.Contains(shown.String(), strings.ToLower(leaf)) {
			t.Errorf("%q of %s is in no field and no fact of %+v", leaf, in, c)
		}
	}
}

func leavesOf(v any, depth int) (out []string, deep bool) {
	if depth > 9 {
		return nil, true
	}
	add := func(x any) {
		more, d := leavesOf(x, depth+1)
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
			return []string{v}, false
		}
	case json.Number:
		return []string{v.String()}, false
	case bool:
		if v {
			return []string{"true"}, false
		}
		return []string{"false"}, false
	}
	return out, deep
}

// texts visits every string and time in a value.
func texts(v reflect.Value, text func(string), at func(time.Time)) {
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
			texts(v.Field(i), text, at)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), text, at)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			texts(k, text, at)
			texts(v.MapIndex(k), text, at)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), text, at)
		}
	}
}

package model_test

import (
	"encoding/json"
	"errors"
	"testing"

	"confab/model"
)

func TestParseRef(t *testing.T) {
	for _, c := range []struct {
		text string
		want model.Ref
	}{
		{"sales:1", model.Ref{Account: "sales", ID: "1"}},
		{"sales:a:b/c d", model.Ref{Account: "sales", ID: "a:b/c d"}},
		{"sales::", model.Ref{Account: "sales", ID: ":"}},
	} {
		if got, err := model.ParseRef(c.text); err != nil || got != c.want || got.String() != c.text {
			t.Errorf("%q: got %+v, %v", c.text, got, err)
		}
	}
	for _, bad := range []string{"", "sales", ":", ":1", "sales:"} {
		if got, err := model.ParseRef(bad); !errors.Is(err, model.ErrRef) || !got.IsZero() {
			t.Errorf("%q: got %+v, %v, want an error", bad, got, err)
		}
	}
}

func TestRefIsAJSONStringAndKey(t *testing.T) {
	in := map[model.Ref]model.Ref{{Account: "a", ID: "1:2"}: {Account: "b", ID: "\""}}
	b, err := json.Marshal(in)
	if err != nil || string(b) != `{"a:1:2":"b:\""}` {
		t.Fatalf("got %s, %v", b, err)
	}
	var out map[model.Ref]model.Ref
	if err := json.Unmarshal(b, &out); err != nil || out[model.Ref{Account: "a", ID: "1:2"}] != in[model.Ref{Account: "a", ID: "1:2"}] {
		t.Errorf("got %+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"b:1"}`), &out); err == nil {
		t.Error("a key without a colon was accepted")
	}
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"", "sales:1", ":", "a:", ":b", "a:b:c", "a\x00:\xff", "sales:../../etc", "a:\u202eb", "ä:ö"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := model.ParseRef(s)
		if err != nil {
			if !r.IsZero() {
				t.Errorf("%q: got %+v together with an error", s, r)
			}
			return
		}
		if r.String() != s || r.Account == "" || r.ID == "" {
			t.Errorf("%q: got %+v", s, r)
		}
	})
}

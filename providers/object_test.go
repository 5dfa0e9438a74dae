package providers

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
)

func TestParseTime(t *testing.T) {
	want := time.Date(2024, 3, 18, 10, 0, 0, 250e6, time.UTC)
	for _, s := range []string{"2024-03-18T10:00:00.250Z", "2024-03-18T12:00:00.25+02:00", "2024-03-18 10:00:00.25", "1710756000250", "1710756000.25"} {
		if at, ok := ParseTime(s); !ok || !at.Equal(want) {
			t.Errorf("%s: got %v, %t; want %v", s, at, ok, want)
		}
	}
	for s, ok := range map[string]bool{"": true, "0": true, "0001-01-01T00:00:00Z": true, "0001-01-01T00:00:00+01:00": true, "soon": false, "NaN": false, "1e300": false, "-1e14": false} {
		if at, got := ParseTime(s); got != ok || ok && !at.IsZero() {
			t.Errorf("%q: got %v, %t; want zero if %t", s, at, got, ok)
		}
	}
}

func TestTextOf(t *testing.T) {
	for in, want := range map[string]string{`"x"`: "x", "1.50": "1.50", "true": "true", "null": "", "": "", ` {"k": [1]}`: `{"k":[1]}`} {
		if got := TextOf(json.RawMessage(in)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	o, _ := ParseObject([]byte(`{"L":null,"M":[],"N":"one","O":[1,null,"b"]}`))
	for name, want := range map[string]int{"L": -1, "M": 0, "N": 1, "O": 2} {
		if list, known := o.List(name); known != (want >= 0) || len(list) != max(0, want) {
			t.Errorf("list %s: got %d elements, known %t; want %d (-1: unknown)", name, len(list), known, want)
		}
	}
}

func TestFieldsThatAreNotTakenBecomeFacts(t *testing.T) {
	o, ok := ParseObject([]byte(`{"id":"1","title":{"odd":true},"when":"never","n":"12","list":[1,{"a":2}],"rest":{"z":[null,"",{"y":"deep"}]},"flag":"perhaps"}`))
	if !ok {
		t.Fatal("ParseObject: got not ok")
	}
	if o.Text("id") != "1" || o.Text("title") != "" || !o.Time("when").IsZero() {
		t.Error("Text or Time returned a wrong value")
	}
	if n, ok := o.Number("n"); !ok || n != 12 {
		t.Errorf("Number: got %v, %t; want 12", n, ok)
	}
	if _, ok := o.Bool("flag"); ok {
		t.Error("Bool accepted \"perhaps\"")
	}
	list, ok := o.List("list")
	if !ok || len(list) != 2 || list[0].Text("") != "1" || list[1].Text("a") != "2" {
		t.Errorf("List: got %d elements, known %t; want 1 and an object", len(list), ok)
	}
	got := fmt.Sprint(o.Facts(GroupOther, ""))
	if want := "[{Other flag perhaps false} {Other rest.z.3.y deep false} {Other title.odd true false} {Other when never false}]"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	var none *Object
	if none.Text("a") != "" || none.Has("a") || !none.Null("a") || none.Take("a") != nil || none.Names() != nil || none.Object("a") != nil {
		t.Error("a nil object has fields")
	}
	var zero Object
	if zero.Text("a") != "" || zero.Take("a") != nil {
		t.Error("a zero object has fields")
	}
}

func TestFactsAreBounded(t *testing.T) {
	var f Facts
	for i := range MaxFacts + 7 {
		f.Add("g", fmt.Sprint(i), strings.Repeat("é", maxFactValue))
	}
	list := f.List()
	if len(list) != MaxFacts+1 || list[MaxFacts].Value != "7 more values" || len(list[0].Value) > maxFactValue+4 {
		t.Errorf("got %d facts, the last %v; want %d", len(list), list[len(list)-1], MaxFacts+1)
	}
	deep := strings.Repeat(`{"a":`, 5000) + `"end"` + strings.Repeat("}", 5000)
	if facts := unknown(json.RawMessage(deep)); len(facts) != 1 {
		t.Errorf("deeply nested value: got %d facts, want 1", len(facts))
	}
}

func TestVolatileFactsAreNotStored(t *testing.T) {
	for value, want := range map[string]bool{
		"plain": false, "https://example.test/a": false, "https://s3.example.test/a?X-Amz-Signature=1": true,
		"see https://u:p@example.test/": true, "https://u:p@example.test/": true, strings.Repeat("x", 500): true,
	} {
		if isVolatile(value) != want {
			t.Errorf("isVolatile(%q): want %t", value, want)
		}
	}
	facts := unknown(json.RawMessage(`{"url":"https://x.test/?sig=1","id":"7","known":1}`), "known")
	if len(facts) != 2 || facts[0].Volatile || !facts[1].Volatile {
		t.Errorf("got %v, want id and a volatile url", facts)
	}
	var again Facts
	again.AddAll(facts, false)
	if d := cmp.Diff(facts, again.List()); d != "" {
		t.Errorf("added again:\n%s", d)
	}
	stored := model.Conversation{Facts: facts}.Stored()
	if len(stored.Facts) != 1 {
		t.Errorf("stored: got %v, want id alone", stored.Facts)
	}
}

func TestImpossibleCountsBecomeFacts(t *testing.T) {
	for _, value := range []string{`-1`, `1.5`, `3e9`, `"NaN"`, `"Inf"`} {
		o, _ := ParseObject([]byte(`{"n":` + value + `}`))
		if n, ok := o.Count("n"); ok || n != 0 || len(o.Names()) != 1 {
			t.Errorf("%s: got count %d, known %t, left %v; want it left", value, n, ok, o.Names())
		}
		if d, ok := o.Seconds("n"); (ok || len(o.Names()) != 1) && value != `1.5` && value != `3e9` {
			t.Errorf("%s: got duration %v, left %v; want it left", value, d, o.Names())
		}
	}
}

// many returns an object with n names, each twice.
func many(n int) string {
	var b strings.Builder
	for i := range 2 * n {
		fmt.Fprintf(&b, `,"\u0061%d":%d`, i%n, i)
	}
	return "{" + b.String()[1:] + "}"
}

// FuzzSplit compares the splitting of JSON with encoding/json.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{`{}`, ` { "a" : 1 , "b\\"\\u0041" : [ {} , "]" , "\\\\" ] } `, `[]`, `[ 1 ,[2,[3]],{"a":"}"},null , true,"x"]`, `{"a":1,"a":-2.5e3}`, many(65), `"\ud800"`, `{"a"`, `{"`, `{"a":`, `["`, `[,`, `{"a":{"b`, `{"a":"`, `{"a":1`, `[1`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, _ := ObjectOf(raw)
		o.Facts("", "")
		Elements(raw)
		if !json.Valid(raw) {
			return
		}
		var fields map[string]json.RawMessage
		var elements []json.RawMessage
		var text string
		switch trimmed := strings.TrimSpace(string(raw)); trimmed[0] {
		case '{':
			_ = json.Unmarshal(raw, &fields)
			got := map[string]json.RawMessage{}
			for _, name := range o.Names() {
				got[name] = o.Take(name)
			}
			if d := cmp.Diff(fields, got); d != "" || len(o.Names()) != 0 {
				t.Error(d, o.Names())
			}
		case '[':
			_ = json.Unmarshal(raw, &elements)
			got, _ := Elements(raw)
			if d := cmp.Diff(elements, got); d != "" {
				t.Error(d)
			}
		case '"':
			_ = json.Unmarshal(raw, &text)
			if got := unquote([]byte(trimmed)); got != text {
				t.Errorf("%q, want %q", got, text)
			}
		}
	})
}

// unknown returns the facts of a JSON value, except for the known fields.
func unknown(raw []byte, known ...string) []model.Fact {
	if !json.Valid(raw) {
		return nil
	}
	o, ok := ObjectOf(raw)
	if !ok {
		var f Facts
		f.Tree(GroupOther, "value", raw)
		return f.List()
	}
	for _, name := range known {
		o.Take(name)
	}
	return o.Facts(GroupOther, "")
}

func FuzzUnknown(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,"b",{"c":null}],"d":"2024-01-01T00:00:00Z"}`, `[1]`, `"x"`, `null`, `{"":{"":1}}`, `{"a":1,"a":2}`, `nonsense`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		facts := unknown(raw)
		var v any
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.UseNumber()
		if !json.Valid(raw) || d.Decode(&v) != nil || len(raw) > 2000 {
			return
		}
		var have []string
		for _, f := range facts {
			have = append(have, f.Value)
		}
		all := strings.Join(have, "\x00")
		for _, leaf := range leaves(v) {
			if !strings.Contains(all, leaf) && len(facts) < MaxFacts {
				q, _ := json.Marshal(leaf)
				if !strings.Contains(all, strings.Trim(string(q), `"`)) && !strings.Contains(all, `\u`) {
					t.Errorf("lost %q of %s: %v", leaf, raw, facts)
				}
			}
		}
	})
}

func leaves(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for _, x := range v {
			out = append(out, leaves(x)...)
		}
		sort.Strings(out)
		return out
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, leaves(x)...)
		}
		return out
	case string:
		return []string{v}
	case json.Number:
		return []string{v.String()}
	case bool:
		return []string{fmt.Sprint(v)}
	}
	return nil
}

func TestSplitTranscript(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     string
	}{
		{"none", " \n", ""},
		{"speakers", "Ada: Hello.\nStill me.\n\nBob Ray: Hi: there\nBob Ray: again", "Ada|-1ns|Hello.\nStill me.;Bob Ray|-1ns|Hi: there\nagain"},
		{"times", "[00:05] Ada: One\nBob (1:02:03): Two", "Ada|5s|One;Bob|1h2m3s|Two"},
		{"prose", "It was late.\nThe rule: none.\nNobody came.", "|-1ns|It was late.\nThe rule: none.\nNobody came."},
		{"a link", "https://example.test/a", "|-1ns|https://example.test/a"},
		{"windows", "Ada: a\r\nBob: b", "Ada|-1ns|a;Bob|-1ns|b"},
	} {
		var got []string
		for _, m := range SplitTranscript(tc.in) {
			got = append(got, fmt.Sprintf("%s|%s|%s", m.Author, m.Offset, m.Text))
		}
		if s := strings.Join(got, ";"); s != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, s, tc.want)
		}
	}
}

func TestHTMLTextIsBounded(t *testing.T) {
	if got, want := HTMLText("x"+strings.Repeat("é", maxHTML)), "x"+strings.Repeat("é", maxHTML/2-1); got != want {
		t.Errorf("got %d bytes that end in %q, want %d bytes of whole characters", len(got), got[len(got)-4:], len(want))
	}
}

func TestJoinWords(t *testing.T) {
	for want, words := range map[string][]string{
		"Good morning.": {"Good ", "morning."},
		"Good morning!": {"Good", "morning", "!"},
		"a b":           {"a", "", " b"},
		"":              nil,
	} {
		if got := JoinWords(words); got != want {
			t.Errorf("%q: got %q", words, got)
		}
	}
}

func FuzzSplitTranscript(f *testing.F) {
	f.Add("Ada: Hello\nBob: Hi")
	f.Add("[00:01] A: b\n\xff: c\n99:99 x: y")
	f.Fuzz(func(t *testing.T, text string) {
		var all strings.Builder
		for _, m := range SplitTranscript(text) {
			all.WriteString(m.Author + " " + m.Text + " ")
		}
		have := all.String()
		for _, word := range strings.Fields(text) {
			word = strings.Trim(word, ":[]()0123456789")
			if !strings.Contains(have, word) {
				t.Errorf("lost %q of %q: %q", word, text, have)
			}
		}
	})
}

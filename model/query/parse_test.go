package query_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"confab/model/query"
)

func fromThisModule(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), "confab/") }

func TestParseAndPrint(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"  \t ", ""},
		{"Acme  deal", "Acme deal"},
		{`"Acme deal"`, `"Acme deal"`},
		{`"acme"`, `acme`},
		{"a b OR c", "a b OR c"},
		{"a (b OR c)", "a (b OR c)"},
		{"(a OR b) OR c", "a OR b OR c"},
		{"(a (b (c)))", "a b c"},
		{"-(a b)", "-(a b)"},
		{"-(a)", "-a"},
		{"-(a OR b) c", "-(a OR b) c"},
		{"--a", "--a"},
		{"or OR orange", "or OR orange"},
		{`"OR"`, `"OR"`},
		{"acme - renewal", `acme "-" renewal`},
		{"e-mail", "e-mail"},
		{"12:30", "12:30"},
		{`"re: budget"`, `"re: budget"`},
		{`say"hello there"now`, `say "hello there" now`},
		{`"a \"b\" \\ c"`, `"a \"b\" \\ c"`},
		{"TITLE:Foo", "title:Foo"},
		{`title:"two words" x`, `title:"two words" x`},
		{"IS:Private", "is:private"},
		{"provider:Bird", "provider:bird"},
		{"provider:Fifth", "provider:fifth"},
		{"id:sales:abc/1", "id:sales:abc/1"},
		{`label:"Deal stage"="Closed won"`, `label:"Deal stage"="Closed won"`},
		{`label:interview`, `label:interview`},
		{`label:stage=`, `label:stage=""`},
		{`label:"a=b"=c=d`, `label:"a=b"=c=d`},
		{"sort:title", "sort:title"},
		{"sort:-Title a", "a sort:-title"},
		{"a sort:created b OR c sort:duration", "a b OR c sort:duration"},
		{"updated:<7D", "updated:<7d"},
		{"created:2026-01..2026-02", "created:2026-01..2026-02"},
	} {
		q, err := query.Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.text, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("Parse(%q) prints %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		text       string
		pos, end   int
		message    string
		suggestion string
	}{
		{"titel:x", 0, 6, "no field", "title:"},
		{"foo  wiht:x", 5, 10, "no field", "with:"},
		{"si:private", 0, 3, "no field", "is:"},
		{"participant:ann", 0, 12, "no field", "with:"},
		{"tag:x", 0, 4, "no field", "label:"},
		{"http://example.com", 0, 5, "quotes", ""},
		{"Größe:3", 0, 8, "no field", ""},
		{"title:", 6, 6, "needs a value", ""},
		{`title:""`, 6, 6, "needs a value", ""},
		{"is: x", 3, 3, "private, public", ""},
		{"is:privat", 3, 9, "means nothing", "is:private"},
		{"is:transcript", 3, 13, "means nothing", "has:transcript"},
		{"has:pinned", 4, 10, "means nothing", "is:pinned"},
		{"audience:evryone", 9, 16, "means nothing: everyone, group, members", "audience:everyone"},
		{"is:everyone", 3, 11, "means nothing", "audience:everyone"},
		{"visibility:everyone", 0, 11, "no field", "audience:"},
		{"has:outsider", 4, 12, "means nothing", "has:outsiders"},
		{"provider:attenton", 9, 17, "means nothing", "provider:attention"},
		{"provider:private", 9, 16, "means nothing", "is:private"},
		{"sort:titel", 5, 10, "means nothing", "sort:title"},
		{"-sort:title", 0, 11, "negated", "sort:-title"},
		{"(a sort:title)", 3, 13, "parentheses", ""},
		{"a OR", 4, 4, "both sides", `"OR"`},
		{"OR a", 0, 2, "both sides", `"OR"`},
		{"a OR OR b", 5, 7, "both sides", `"OR"`},
		{"(a OR) b", 5, 7, "both sides", `"OR"`},
		{"sort:title OR a", 11, 13, "both sides", `"OR"`},
		{"-OR a", 0, 3, "negated", `-"OR"`},
		{"a -", 2, 3, "dash", `"-"`},
		{"(-)", 1, 2, "dash", `"-"`},
		{"a (b", 2, 3, "never closed", ""},
		{"a) b", 1, 2, "close", ""},
		{"()", 0, 2, "nothing between", ""},
		{`a "b c`, 2, 6, "never closed", ""},
		{`title:"b`, 6, 8, "never closed", ""},
		{`""`, 0, 2, "nothing between", ""},
		{"label:=x", 6, 6, "name of a label", ""},
		{"updated:7d", 8, 10, "younger", "updated:<7d"},
		{"updated:<7days", 8, 14, "a date is", "updated:<7d"},
		{"updated:5min", 8, 12, "a date is", "updated:<5m"},
		{"updated:=2026-01-31", 8, 19, "a date is", ""},
		{"updated:2026..soon", 8, 18, "a date is", ""},
		{"updated:2026-02-30", 8, 18, "calendar has no", ""},
		{"updated:2026-13", 8, 15, "calendar has no", ""},
		{"updated:0000", 8, 12, "calendar has no", ""},
		{"updated:<1000000d", 8, 17, "at most", ""},
		{"updated:<99999999999999999999d", 8, 30, "at most", ""},
		{"updated:2026-02..2026-01", 8, 24, "ends before", "updated:2026-01..2026-02"},
		{"updated:..", 8, 10, "at least one", ""},
		{"updated:2026-1-1", 8, 16, "a date is", ""},
		{"updated:soon", 8, 12, "a date is", ""},
		{"a\xff", 1, 2, "UTF-8", ""},
		{strings.Repeat("x", 4097), 4096, 4097, "longer", ""},
		{strings.Repeat("(", 100), 65, 66, "deeper", ""},
		{strings.Repeat("-", 100) + "a", 65, 66, "deeper", ""},
	} {
		_, err := query.Parse(c.text)
		var e *query.Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%.20q) returned no error", c.text)
			continue
		}
		if e.Pos != c.pos || e.End != c.end || !strings.Contains(e.Message, c.message) || e.Suggestion != c.suggestion {
			t.Errorf("Parse(%.20q) = %d..%d %q (suggests %q), want %d..%d …%s… (%q)", c.text, e.Pos, e.End, e.Message, e.Suggestion,
				c.pos, c.end, c.message, c.suggestion)
		}
		if e.Error() == "" {
			t.Errorf("Parse(%.20q): the error has no text", c.text)
		}
	}
}

// What an error suggests is a valid query.
func TestSuggestionsAreValid(t *testing.T) {
	for _, text := range []string{"is:privat", "is:transcript", "provider:attenton", "sort:titel", "-sort:title", "updated:7d", "updated:2026-02..2026-01", "a -", "-OR a"} {
		_, err := query.Parse(text)
		var e *query.Error
		if !errors.As(err, &e) || e.Suggestion == "" {
			t.Fatalf("%q: no suggestion in %v", text, err)
		}
		if _, err := query.Parse(e.Suggestion); err != nil {
			t.Errorf("%q suggests %q, which is not valid: %v", text, e.Suggestion, err)
		}
	}
}

func TestNestingUpToTheLimit(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", query.MaxDepth) + "a" + strings.Repeat(")", query.MaxDepth),
		strings.Repeat("-", query.MaxDepth) + "a",
	} {
		if _, err := query.Parse(text); err != nil {
			t.Errorf("Parse(%.20q): %v", text, err)
		}
	}
}

func TestParsedTermsAndOrder(t *testing.T) {
	q, _ := query.Parse(`label:"Deal Stage"="Closed Wön"`)
	n := q.Root()
	if n.Op != query.Leaf || n.Term.Field != query.FieldLabel || n.Term.Key != "deal stage" || n.Term.RawKey != "Deal Stage" ||
		n.Term.Value != "closed won" || n.Term.Raw != "Closed Wön" || !n.Term.HasValue {
		t.Errorf("unexpected term %+v", n.Term)
	}
	if q, _ = query.Parse("  "); q.Root() != nil || !q.IsZero() || q.Sorted() {
		t.Errorf("blank query: got %q", q)
	}
	if q, _ = query.Parse("sort:updated"); !q.IsZero() || !q.Sorted() {
		t.Errorf("default order: got zero %t, sorted %t", q.IsZero(), q.Sorted())
	}
	if q, _ = query.Parse("sort:-updated"); q.IsZero() {
		t.Errorf("reversed order: got the zero query")
	}
}

func TestConditional(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "  ": false, "sort:title": false, `" "`: false, "\u0301": false, `title:" "`: false, `x OR " "`: false, `--" "`: false,
		`" " sort:-created`: false, `-x OR --" "`: false,
		"is:any": true, "x": true, "-x": true, `x " "`: true, `-" "`: true, "updated:<7d": true, "label:a": true, "account:sales sort:title": true, `-(" " OR x)`: true,
	} {
		q, err := query.Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := q.Conditional(); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

// What is still being typed is left out, with its dashes; what is wrong stays wrong.
func TestWithoutBare(t *testing.T) {
	for _, c := range []struct {
		text, rest string
		ok         bool
	}{{"x -is:", "x", true}, {"(a OR --title:) b", "", false}, {"is: label: acme", "acme", true}, {"acme title:x", "acme title:x", true},
		{"is: foo:x", "", false}, {"is:", "", true}} {
		if rest, ok := query.WithoutBare(c.text); strings.Join(strings.Fields(rest), " ") != c.rest || ok != c.ok {
			t.Errorf("%q: got %q, %t", c.text, rest, ok)
		}
	}
}

package cli

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
)

// declared lists the types that the Go files of a directory declare, and the constants of a type. Tests are left out.
func declared(t *testing.T, dir, of string) (types, constants []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatal(dir, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				types = append(types, n.Name.Name)
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == of {
					for _, v := range n.Values {
						constants = append(constants, strings.Trim(v.(*ast.BasicLit).Value, `"`))
					}
				}
			}
			return true
		})
	}
	return types, constants
}

func TestTheReferenceOfJSONHasEveryObject(t *testing.T) {
	shown := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var see func(reflect.Type)
	see = func(kind reflect.Type) {
		if seen[kind] {
			return
		}
		seen[kind] = true
		switch kind.Kind() {
		case reflect.Pointer, reflect.Slice:
			see(kind.Elem())
		case reflect.Struct:
			shown[kind.Name()] = true
			for i := range kind.NumField() {
				if kind.Field(i).IsExported() {
					see(kind.Field(i).Type)
				}
			}
		}
	}
	_, text := topic("json")
	for _, s := range jsonObjects() {
		see(reflect.TypeOf(s.value))
		if !strings.Contains(text, "{{"+s.name+"}}") {
			t.Errorf("the topic json has no place for %s", s.name)
		}
	}
	for _, dir := range []string{".", "../../model"} {
		types, _ := declared(t, dir, "")
		for _, name := range types {
			if strings.HasSuffix(name, "JSON") && !shown[name] {
				t.Errorf("no sample prints %s", name)
			}
		}
	}
}

func TestTheReferenceOfJSONHasEveryState(t *testing.T) {
	_, states := declared(t, "../../model", "EditState")
	for _, s := range states {
		if !slices.Contains(model.EditStates(), model.EditState(s)) {
			t.Errorf("%s is missing in EditStates", s)
		}
	}
	if len(states) != len(model.EditStates()) {
		t.Errorf("there are %d states, but EditStates has %d", len(states), len(model.EditStates()))
	}
}

func TestEveryExitStatusIsExplained(t *testing.T) {
	_, text := topic("exit-codes")
	for _, code := range append(slices.Clone(precedence), ExitOK) {
		if !strings.Contains(text, fmt.Sprintf("\n  %-3d  ", code)) && !strings.HasPrefix(text, fmt.Sprintf("  %-3d  ", code)) {
			t.Errorf("the topic exit-codes does not explain %d", code)
		}
	}
}

func TestTheTermsOfTheReferenceAreValid(t *testing.T) {
	_, text := topic("query")
	_, terms, found := strings.Cut(text, "TERMS\n")
	terms, _, _ = strings.Cut(terms, "\n\n")
	for line := range strings.Lines(terms) {
		term, help, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if _, err := query.Parse(term); err != nil || !ok || help == "" {
			t.Errorf("%q: the term is wrong (%v) or lacks help", line, err)
		}
	}
	if !found || strings.Count(terms, "\n") < 5 {
		t.Errorf("the reference lists too few terms: %q", terms)
	}
}

func TestTopicsFitTheirWidth(t *testing.T) {
	b := newBench(t)
	b.program.Services = []Service{{Title: "Kona", Edits: []model.CapabilityRow{
		{Kind: model.EditTitle, State: model.CapabilityAssumed, Call: "PUT /conversations/{id} name",
			Reason: "assumed: " + strings.Repeat("long words ", 30)},
		{Kind: model.EditArchive, State: model.CapabilityNo, Reason: "there is no such call"},
	}}}
	b.program.Keys = []Key{{"list", "j  down", "down", "next"}, {"list", "", "clear_marks", strings.Repeat("clear all ", 20)}}
	var measure layout.Measure
	for _, width := range []int{0, 30, 80, 200} {
		b.program.Width = func() int { return width }
		for _, topic := range topics {
			b.out.Reset()
			b.want(t, ExitOK, "help", topic)
			text := b.out.String()
			if strings.ContainsAny(text, "\x1b\t") || strings.Contains(text, "{{") {
				t.Errorf("%s: not plain", topic)
			}
			limit := width
			if width == 0 {
				limit = 100
			}
			for line := range strings.SplitSeq(text, "\n") {
				if measure.Width(line) > limit {
					t.Errorf("%s at %d: %d cells: %s", topic, width, measure.Width(line), line)
				}
			}
			whole := strings.Join(strings.Fields(b.program.topicText(topic)), "")
			if got := strings.Join(strings.Fields(text), ""); got != whole {
				t.Errorf("%s at %d: words were lost:\n%s", topic, width, text)
			}
		}
	}
}

func TestALineThatDoesNotFitContinuesBelowItsColumn(t *testing.T) {
	const text = "  one    a call that goes on and on and on\n         and why it is so\n  three  short\n"
	for width, want := range map[int][]string{
		100: {"  one    a call that goes on and on and on", "         and why it is so", "  three  short"},
		30:  {"  one    a call that goes on", "         and on and on", "         and why it is so", "  three  short"},
		20: {"  one a call that", "    goes on and on", "    and on", // too narrow for the columns
			"  and why it is so", "  three  short"},
	} {
		if got := fold(text, width); !slices.Equal(got, want) {
			t.Errorf("width %d: got %q", width, got)
		}
	}
}

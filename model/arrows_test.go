package model_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule says what a package may import, apart from its tests.
type rule struct {
	// ours are packages of this module; "ui/*" stands for every package below ui.
	ours []string
	// theirs are prefixes of import paths from other modules; "*" stands for any that is not in owned.
	theirs []string
	// never are packages of the standard library that are forbidden.
	never []string
}

// owned are libraries that only some packages may import.
var owned = map[string][]string{
	"github.com/go-resty/": {"providers", "providers/*"},
	"charm.land/bubbletea": {".", "ui", "ui/*", "screenshots"},
	"charm.land/lipgloss":  {".", "ui", "ui/*", "screenshots"},
	"charm.land/bubbles":   {".", "ui", "ui/*", "screenshots"},
	"charm.land/fang":      {".", "ui/cli"},
	"modernc.org/sqlite":   {"model/store"},
}

var pure = []string{"os", "os/exec", "net", "net/http", "database/sql", "log", "log/slog", "syscall", "io/ioutil"}

// ruleOf returns the rule for a package; ok is false if there is none.
func ruleOf(pkg string) (rule, bool) {
	switch pkg {
	case ".", "screenshots":
		return rule{ours: []string{"*"}, theirs: []string{"*"}}, true
	case "config":
		return rule{ours: []string{"model/private"}, theirs: []string{"*"}}, true
	case "model/private":
		return rule{theirs: []string{"*"}}, true
	case "model":
		return rule{theirs: []string{"golang.org/x/text/"}, never: pure}, true
	case "model/query":
		return rule{ours: []string{"model"}, theirs: []string{"golang.org/x/text/"}, never: pure}, true
	case "model/index":
		return rule{ours: []string{"model", "model/query"}, never: pure}, true
	case "model/store":
		return rule{ours: []string{"model", "model/query", "model/private"}, theirs: []string{"*"}}, true
	case "model/store/crowd": // for tests alone
		return rule{ours: []string{"model", "model/store"}, theirs: []string{"*"}}, true
	case "model/inbox":
		return rule{ours: []string{"model", "model/query", "model/index", "model/store"}, theirs: []string{"*"}}, true
	case "providers", "providers/conformance":
		return rule{ours: []string{"model"}, theirs: []string{"*"}}, true
	case "providers/sandbox":
		return rule{}, true
	case "ui":
		return rule{ours: []string{"model", "model/query", "ui/*"}, theirs: []string{"*"}}, true
	case "ui/prompt":
		return rule{ours: []string{"model/query", "ui/layout", "ui/theme"}, theirs: []string{"*"}}, true
	case "ui/cli/proof":
		return rule{}, true // tests alone
	case "ui/cli":
		return rule{ours: []string{"model", "model/query", "model/private", "config", "ui/theme", "ui/layout"}, theirs: []string{"*"}}, true
	}
	if strings.HasPrefix(pkg, "ui/") {
		return rule{ours: []string{"model", "ui/keymap", "ui/layout", "ui/theme"}, theirs: []string{"*"}}, true
	}
	if strings.HasPrefix(pkg, "providers/") { // an adapter
		return rule{ours: []string{"model", "model/private", "providers"}, theirs: []string{"*"}}, true
	}
	return rule{}, false
}

func matches(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		under, all := strings.CutSuffix(s, "*")
		return s == pkg || all && strings.HasPrefix(pkg, under)
	})
}

// forbidden returns why pkg may not import imported, or "".
func forbidden(pkg, imported string) string {
	r, known := ruleOf(pkg)
	if !known {
		return "the package has no place in the table of packages"
	}
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case first == "confab":
		ours := strings.TrimPrefix(strings.TrimPrefix(imported, "confab"), "/")
		if ours == "" {
			ours = "."
		}
		if !matches(r.ours, ours) {
			return "of this module it may import only: " + strings.Join(r.ours, ", ")
		}
	case strings.Contains(first, "."):
		for library, owners := range owned {
			if strings.HasPrefix(imported, library) && !matches(owners, pkg) {
				return library + " belongs to: " + strings.Join(owners, ", ")
			}
		}
		fits := slices.ContainsFunc(r.theirs, func(s string) bool { return s == "*" || strings.HasPrefix(imported+"/", s) })
		if !fits {
			return "of other modules it may import only: " + strings.Join(r.theirs, ", ")
		}
	case slices.Contains(r.never, imported):
		return "it is pure: no input or output"
	}
	return ""
}

// The imports of every package follow the rules.
func TestImportsFollowTheRules(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	seen := map[string]bool{}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(files, file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		seen[pkg] = true
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(pkg, imported); why != "" {
				t.Errorf("%s imports %s (%s): %s", path.Join("confab", pkg), imported, files.Position(i.Pos()), why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !seen["model"] || !seen["model/query"] {
		t.Errorf("this is not the root of the module; packages found: %v", slices.Sorted(maps.Keys(seen)))
	}
}

// The rules do forbid something.
func TestRulesForbidWrongImports(t *testing.T) {
	for _, edge := range []struct {
		pkg, imported string
		wrong         bool
	}{
		{"model", "strings", false},
		{"model", "golang.org/x/text/unicode/norm", false},
		{"model", "golang.org/x/sys/unix", true},
		{"model", "confab/model/query", true},
		{"model", "os", true},
		{"model/query", "confab/model", false},
		{"model/query", "confab/model/store", true},
		{"model/index", "confab/model/query", false},
		{"model/index", "confab/model/store", true},
		{"model/index", "os", true},
		{"model/store", "confab/model/index", true},
		{"model/inbox", "confab/model/index", false},
		{"model/store", "modernc.org/sqlite", false},
		{"model/store", "confab/model/inbox", true},
		{"model/inbox", "confab/model/store", false},
		{"model/inbox", "confab/providers", true},
		{"model/inbox", "confab/config", true},
		{"config", "github.com/pelletier/go-toml/v2", false},
		{"config", "confab/model", true},
		{"config", "confab/model/private", false},
		{"model/private", "confab/model", true},
		{"providers", "github.com/go-resty/resty/v2", false},
		{"providers", "confab/config", true},
		{"providers/kona", "confab/providers", false},
		{"providers/kona", "confab/providers/bird", true},
		{"providers/kona", "confab/ui", true},
		{"providers/kona", "confab/model/store", true},
		{"providers/sandbox", "net/http", false},
		{"providers/sandbox", "confab/model", true},
		{"providers/sandbox", "github.com/google/uuid", true},
		{"providers/conformance", "confab/model", false},
		{"providers/fifth", "confab/providers", false},
		{"providers/fifth", "confab/providers/kona", true},
		{"model/fifth", "confab/model", true},
		{"ui", "confab/ui/list", false},
		{"ui", "confab/model/query", false},
		{"ui", "confab/model/inbox", true},
		{"ui", "confab/model/store", true},
		{"ui", "confab/providers", true},
		{"ui", "github.com/go-resty/resty/v2", true},
		{"ui/list", "confab/ui/theme", false},
		{"ui/list", "confab/ui/detail", true},
		{"ui/list", "confab/ui", true},
		{"ui/list", "confab/model/query", true},
		{"ui/cli", "confab/config", false},
		{"ui/cli", "confab/ui/keymap", true},
		{"ui/cli", "confab/model/inbox", true},
		{"ui/cli/proof", "confab/model", true},
		{".", "confab/model/inbox", false},
		{"screenshots", "confab/ui", false},
		{"attic", "strings", true},
	} {
		if why := forbidden(edge.pkg, edge.imported); (why != "") != edge.wrong {
			t.Errorf("%s imports %s: the rules say %q", edge.pkg, edge.imported, why)
		}
	}
}

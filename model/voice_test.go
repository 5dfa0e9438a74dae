package model_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// forbiddenWords are what no text for a person may contain, by the reason.
var forbiddenWords = map[string]*regexp.Regexp{
	"machine language":                   regexp.MustCompile(`(?i)\b(successfully|error:|failed to|unable to|please|invalid argument)\b|\berror: `),
	"the name of a package":              regexp.MustCompile(`^(store|inbox|sandbox|config|query|index|model|providers?|resty|cobra|kona|bird|attention|askelephant|ui|cli): `),
	"a plural for a count that may be 1": regexp.MustCompile(`%d (edits|conversations|accounts|rows|problems|submissions|views|participants|contacts|matches)\b`),
	"a plural in parentheses":            regexp.MustCompile(`[a-z]\(s\)`),
	"a word of the API":                  regexp.MustCompile(`PUT is sent`),
}

// needles are literals that the program searches for in other programs' messages.
var needles = []string{"unable to parse"}

// No string literal and no embedded text of the program contains forbidden words.
func TestTextsAreWrittenForPeople(t *testing.T) {
	root := os.DirFS("..")
	seen := 0
	check := func(at, text string) {
		if !strings.Contains(strings.TrimSpace(text), " ") {
			return
		}
		seen++
		for what, is := range forbiddenWords {
			if found := is.FindString(text); found != "" {
				t.Errorf("%s: %s (%q) in %q", at, what, found, text)
			}
		}
	}
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == "testdata" || name == "crowd" || name == "sandbox" || name == "screenshots" || len(name) > 1 && name[0] == '.'):
			return fs.SkipDir
		case strings.HasSuffix(name, "_test.go") || d.IsDir():
		case strings.HasSuffix(name, ".txt"):
			text, err := fs.ReadFile(root, path)
			for i, line := range strings.Split(string(text), "\n") {
				check(path+":"+strconv.Itoa(i+1), line)
			}
			return err
		case strings.HasSuffix(name, ".go"):
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join("..", path), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					text, _ := strconv.Unquote(l.Value)
					for _, needle := range needles {
						text = strings.ReplaceAll(text, needle, "")
					}
					check(files.Position(l.Pos()).String(), text)
				}
				return true
			})
		}
		return nil
	})
	if err != nil || seen < 1500 {
		t.Errorf("only %d texts were read: %v", seen, err)
	}
}

package conformance

import (
	"cmp"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentedCall is a call in a service's documentation with its parameters: those
// of the query, and the fields of the body with dots between the levels.
type documentedCall struct {
	method, path string
	params       []string
	elsewhere    bool // not sent by the calls of an account, so the test doesn't look for it
}

func (d documentedCall) String() string { return d.method + " " + d.path }

// readFacts reads the table that was made from a fact sheet.
func readFacts(t *testing.T, provider string) []documentedCall {
	t.Helper()
	text, err := os.ReadFile("testdata/facts/" + provider + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []documentedCall
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case strings.HasPrefix(line, "  ") && len(out) > 0 && (words[0] == "query" || words[0] == "body"):
			last := &out[len(out)-1]
			last.params = append(last.params, words[1:]...)
		case len(words) == 2 && strings.HasPrefix(words[1], "/"):
			method, elsewhere := strings.CutPrefix(words[0], "~")
			out = append(out, documentedCall{method: method, path: words[1], elsewhere: elsewhere})
		default:
			t.Fatalf("%s.txt:%d cannot be read: %s", provider, n+1, line)
		}
	}
	return out
}

// matches reports whether an escaped path below the base is one of the call.
func (d documentedCall) matches(path string) bool {
	want, got := strings.Split(d.path, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || g != "" && strings.HasPrefix(w, "{") })
}

// placeholders counts the parts that any text fits. The call with the fewest is meant.
func (d documentedCall) placeholders() int { return strings.Count(d.path, "{") }

// leftOutItem is a line of an adapter's leftout.txt: methods and paths, then
// parameters if only those are left out, then the reason.
var leftOutItem = regexp.MustCompile(`^((?:[A-Z]+[, ]+)+/[^:]*): (.+)$`)

// readLeftOut reads the list of what an adapter doesn't use: calls as "METHOD
// path", parameters as "METHOD path name".
func readLeftOut(t *testing.T, folder string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "leftout.txt"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		m := leftOutItem.FindStringSubmatch(line)
		if m == nil && line != "" {
			t.Fatalf("leftout.txt cannot be read: %s", line)
		}
		if m == nil {
			continue
		}
		var methods, paths, names []string
		for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ' ' || r == ',' }) {
			switch {
			case strings.HasPrefix(word, "/"):
				paths = append(paths, word)
			case len(paths) == 0:
				methods = append(methods, word)
			default:
				names = append(names, word)
			}
		}
		for _, method := range methods {
			for _, path := range paths {
				if len(names) == 0 {
					out[method+" "+path] = true
				}
				for _, name := range names {
					out[method+" "+path+" "+name] = true
				}
			}
		}
	}
	return out
}

// usage collects what was sent: the parameters of each documented call.
type usage struct {
	facts []documentedCall
	base  string // path of the base URL
	used  map[string]map[string]bool
	// strange lists calls and parameters that are not documented.
	strange map[string]bool
}

func (u *usage) add(s Sent) {
	path, below := strings.CutPrefix(s.Path, u.base)
	if !below { // outside the base, where the first part names the stand-in
		_, path, _ = strings.Cut(strings.TrimPrefix(s.Path, "/"), "/")
		path = "/" + path
	}
	fits := slices.DeleteFunc(slices.Clone(u.facts), func(d documentedCall) bool { return d.method != s.Method || !d.matches(path) })
	if len(fits) == 0 {
		u.strange[s.Method+" "+path] = true
		return
	}
	call := slices.MinFunc(fits, func(a, b documentedCall) int { return cmp.Compare(a.placeholders(), b.placeholders()) })
	if u.used[call.String()] == nil {
		u.used[call.String()] = map[string]bool{}
	}
	var names []string
	query, _ := url.ParseQuery(s.Query)
	for name := range query {
		names = append(names, name)
	}
	var body any
	if json.Unmarshal(s.Body, &body) == nil {
		names = append(names, bodyFields("", body)...)
	} else if form, err := url.ParseQuery(string(s.Body)); err == nil && len(s.Body) > 0 {
		for name := range form {
			names = append(names, name)
		}
	}
	for _, name := range names {
		i := slices.IndexFunc(call.params, func(p string) bool { return p == name || strings.HasPrefix(name, p+".") })
		if i < 0 {
			u.strange[call.String()+" "+name] = true
			continue
		}
		u.used[call.String()][call.params[i]] = true
	}
}

// bodyFields returns the names of the fields in a body, down to the leaves.
func bodyFields(at string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for name, inner := range v {
			out = append(out, bodyFields(strings.TrimPrefix(at+"."+name, "."), inner)...)
		}
		if len(v) > 0 || at == "" {
			return out
		}
	case []any:
		var out []string
		for _, inner := range v {
			out = append(out, bodyFields(at, inner)...)
		}
		if len(out) > 0 {
			return out
		}
	}
	return []string{at}
}

// documented compares what the service documents with what an account sends and
// with what its adapter's leftout.txt lists: everything documented must be in
// exactly one of them, and nothing else may be sent.
func documented(t *testing.T, s Service) {
	facts, left := readFacts(t, s.Provider), readLeftOut(t, s.Folder)
	u := usage{facts: facts, used: map[string]map[string]bool{}, strange: map[string]bool{}}
	bubble(t, "whatever an account sends", func(t *testing.T) { exercise(t, s, &u) })
	known := map[string]bool{}
	check := func(name string, used, parent bool) {
		known[name] = true
		switch {
		case used && left[name]:
			t.Errorf("leftout.txt lists this, but it is used: %s", name)
		case !used && !left[name] && !parent:
			t.Errorf("documented, but neither used nor in leftout.txt: %s", name)
		}
	}
	for _, call := range facts {
		params, used := u.used[call.String()]
		check(call.String(), used || call.elsewhere, false)
		for _, p := range call.params {
			check(call.String()+" "+p, params[p], !used)
		}
	}
	for name := range left {
		if !known[name] {
			t.Errorf("leftout.txt lists what is not documented: %s", name)
		}
	}
	for name := range u.strange {
		t.Errorf("sent, but not documented: %s", name)
	}
	if testing.Verbose() {
		t.Logf("%d calls are documented, %d of them are used", len(facts), len(u.used))
	}
}

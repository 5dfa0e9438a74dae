package config

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// decoder turns a settings file into a Config and collects what is wrong with it.
type decoder struct {
	file, dir string
	data      []byte
	rules     Validators
	problems  Errors
	taken     map[string]*node // the names that are taken, in lower case after the kind of table
	broken    bool             // the text could not be parsed to its end, so nothing is reported as missing
}

// report adds a problem. It hides anything that looks like a secret in every part of the problem.
func (d *decoder) report(offset int, key, suggestion, format string, args ...any) {
	line, column := d.place(offset)
	d.problems = append(d.problems, Problem{
		File: d.file, Line: line, Column: column, Key: redact(key),
		Message: redact(fmt.Sprintf(format, args...)), Suggestion: redact(suggestion),
	})
}

func (d *decoder) wrong(n *node, format string, args ...any) {
	d.report(n.at, n.path(), "", format, args...)
}

func (d *decoder) wrongKey(n *node, format string, args ...any) {
	d.report(n.keyAt, n.path(), "", format, args...)
}

func (d *decoder) unknown(n *node, known []string, format string, args ...any) {
	d.report(n.keyAt, n.path(), d.rules.Nearest(n.key, known), format, args...)
}

// oneOf returns true if a value is a known one, else reports a problem.
func (d *decoder) oneOf(n *node, known []string, format string, args ...any) bool {
	if !slices.Contains(known, n.text) {
		d.report(n.at, n.path(), d.rules.Nearest(n.text, known), format, args...)
		return false
	}
	return true
}

func (d *decoder) decode() (*Config, error) {
	d.data = bytes.TrimPrefix(d.data, []byte("\xef\xbb\xbf"))
	root := d.parse()
	c := &Config{Refresh: defaultRefresh, UI: UI{Theme: builtinThemes[0], Layout: layouts[0]}}
	d.fields(root, []field{
		{"refresh", anyKind, func(n *node) {
			if c.Refresh = d.duration(n); c.Refresh > 0 && c.Refresh < time.Second {
				d.wrong(n, `"refresh" must be at least "1s", or "0" for no polling`)
			}
		}},
		{"themes", tableKind, func(n *node) { c.Themes = mapOf(d, n, nil, "", nil, d.theme) }},
		{"ui", tableKind, func(n *node) { d.ui(n, c) }},
		{"keys", tableKind, func(n *node) { c.Keys = d.keys(n) }},
		{"view", anyKind, func(n *node) { c.Views = tables(d, n, d.view) }},
		{"account", anyKind, func(n *node) { c.Accounts = tables(d, n, d.account) }},
	}, func(n *node, known []string) bool {
		secret := n.isSecret() || n.isSecretSetting() && d.rules.Nearest(n.key, known) == ""
		if secret {
			d.plainSecret(n, "credential", EnvFor("", "api_key"))
		}
		return secret
	})
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return c, nil
}

// allowed returns true if a rule, which may be nil, accepts a value, else reports a problem.
func (d *decoder) allowed(n *node, rule func(string) error, what string) bool {
	if rule == nil {
		return true
	}
	err := rule(n.text)
	if err != nil {
		d.wrong(n, "%s: %s", what, err)
	}
	return err == nil
}

// field is a known key of a table. read is called if the value is of the right kind.
type field struct {
	name string
	kind kind
	read func(n *node)
}

// fields reads the keys of a table in the order of the list. It reports unknown keys, unless stray, which may be nil,
// reports them itself and returns true.
func (d *decoder) fields(t *node, list []field, stray func(n *node, known []string) bool) {
	known := make([]string, len(list))
	for i, f := range list {
		known[i] = f.name
	}
	for _, n := range t.items {
		if !slices.Contains(known, n.key) && (stray == nil || !stray(n, known)) {
			d.unknown(n, known, "unknown key %s", quoted(n.key))
		}
	}
	for _, f := range list {
		if n := t.get(f.name); n != nil && (f.kind == anyKind || d.is(n, f.kind)) {
			f.read(n)
		}
	}
}

// is returns true if a value is of a kind, else reports a problem.
func (d *decoder) is(n *node, want kind) bool {
	switch {
	case n.kind == want:
		return true
	case n.headers && want == tableKind:
		d.wrongKey(n, "%s is one table, not a list: write [%s]", quoted(n.key), n.path())
	default:
		d.wrong(n, "%s must be %s, not %s", quoted(n.key), want, n.kind)
	}
	return false
}

// strings returns the strings of an array, and reports its other elements.
func (d *decoder) strings(n *node) (list []*node) {
	for _, item := range n.items {
		if item.kind == stringKind {
			list = append(list, item)
		} else {
			d.wrong(item, "%s must hold strings only, not %s", quoted(n.key), item.kind)
		}
	}
	return list
}

// parsed parses a string, and reports the error of the parser.
func parsed[T any](d *decoder, n *node, parse func(string) (T, error)) T {
	value, err := parse(n.text)
	if err != nil {
		d.wrong(n, "%s %s", quoted(n.key), err)
	}
	return value
}

// name reads the name of a table, which must be unique in its list regardless of letter case.
func (d *decoder) name(n *node, what string, valid func(string) bool, rule string) string {
	id := what + " " + strings.ToLower(n.text)
	switch first := d.taken[id]; {
	case !valid(n.text):
		d.wrong(n, "%s", rule)
	case first != nil:
		d.wrong(n, "%s %s is already on line %d", what, quoted(n.text), d.line(first))
	default:
		d.taken[id] = n
	}
	return n.text
}

// tables reads a list of tables, and adds the index of each to its key. It reports a single [table], but also reads it, to
// find the problems in it.
func tables[T any](d *decoder, n *node, read func(t *node) T) (list []T) {
	items := n.items
	switch n.kind {
	case tableKind:
		d.wrongKey(n, "%s is a list: write [[%s]]", quoted(n.key), n.path())
		items = []*node{n}
	case arrayKind:
	default:
		d.wrong(n, "%s must be a list of tables, not %s: write [[%s]]", quoted(n.key), n.kind, n.path())
		return nil
	}
	for _, item := range items {
		if item.kind != tableKind {
			d.wrong(item, "%s must hold tables only, not %s: write [[%s]]", quoted(n.key), item.kind, n.path())
			continue
		}
		item.key += fmt.Sprintf("[%d]", len(list))
		list = append(list, read(item))
	}
	return list
}

// duration reads a duration. The number 0 may stand for "0".
func (d *decoder) duration(n *node) time.Duration {
	switch {
	case n.text == "" && n.kind == stringKind, n.text == "0" && n.kind == numberKind:
		return 0
	case n.kind == numberKind, d.is(n, stringKind):
		return parsed(d, n, ParseDuration) // which rejects a number, as it has no unit
	}
	return 0
}

// mapOf reads a table whose keys are names. If known is not nil it reports other keys, unless stray, which may be nil,
// reports them itself and returns true.
func mapOf[T any](d *decoder, t *node, known []string, what string, stray func(n *node) bool, read func(n *node) T) map[string]T {
	m := map[string]T{}
	for _, n := range t.items {
		switch {
		case known == nil || slices.Contains(known, n.key):
			m[n.key] = read(n)
		case stray == nil || !stray(n):
			d.unknown(n, known, "unknown %s %s", what, quoted(n.key))
		}
	}
	return m
}

func (d *decoder) ui(n *node, c *Config) {
	d.fields(n, []field{
		{"theme", stringKind, func(n *node) {
			c.UI.Theme = n.text
			if !d.broken { // otherwise the rest of the file may define the theme
				d.oneOf(n, slices.Concat(builtinThemes, d.rules.Themes, names(c.Themes)), "unknown theme %s", quoted(n.text))
			}
		}},
		{"layout", stringKind, func(n *node) {
			c.UI.Layout = n.text
			d.oneOf(n, layouts, "unknown layout %s: one of %s", quoted(n.text), strings.Join(layouts, ", "))
		}},
		{"domains", arrayKind, func(n *node) { c.UI.Domains = d.domains(n) }},
	}, nil)
}

var mailDomain = regexp.MustCompile(`^[\pL\pN]([\pL\pN-]*[\pL\pN])?(\.[\pL\pN]([\pL\pN-]*[\pL\pN])?)*$`)

func (d *decoder) domains(n *node) (list []string) {
	for _, item := range d.strings(n) {
		_, after, address := strings.Cut(item.text, "@")
		switch domain := strings.ToLower(item.text); {
		case address && mailDomain.MatchString(after):
			d.wrong(item, "%s is an address; a domain is what follows the @: write %s", quoted(item.text), quoted(after))
		case !mailDomain.MatchString(domain):
			d.wrong(item, `%s is no mail domain such as "example.com"`, quoted(item.text))
		case !slices.Contains(list, domain):
			list = append(list, domain)
		}
	}
	return list
}

func (d *decoder) theme(theme *node) map[string]string {
	switch {
	case slices.Contains(builtinThemes, theme.key):
		d.wrongKey(theme, "%s is a built-in theme; give yours another name", quoted(theme.key))
		return nil
	case theme.kind != tableKind:
		d.wrongKey(theme, "%s must be a table of colours: write [themes.NAME]", quoted(theme.key))
		return nil
	}
	return mapOf(d, theme, d.rules.ThemeColorNames, "colour", nil, func(n *node) string {
		if d.is(n, stringKind) && d.rules.ThemeColor != nil {
			d.allowed(n, func(value string) error { return d.rules.ThemeColor(n.key, value) }, "colour "+quoted(n.key))
		}
		return n.text
	})
}

func (d *decoder) keys(t *node) map[string]map[string][]string {
	contexts := names(d.rules.Actions)
	outside := func(c *node) bool {
		if c.kind != tableKind {
			d.wrongKey(c, "%s stands outside a context: keys belong into [keys.CONTEXT]", quoted(c.key))
		}
		return c.kind != tableKind
	}
	return mapOf(d, t, contexts, "key context", outside, func(c *node) map[string][]string {
		if outside(c) {
			return nil
		}
		elsewhere := func(a *node) bool {
			i := slices.IndexFunc(contexts, func(other string) bool { return slices.Contains(d.rules.Actions[other], a.key) })
			if i >= 0 {
				d.wrongKey(a, "%s is no action of [keys.%s], but of [keys.%s]", quoted(a.key), c.key, contexts[i])
			} else {
				d.unknown(a, d.rules.Actions[c.key], "unknown action %s in [keys.%s]", quoted(a.key), c.key)
			}
			return true
		}
		bound := map[string]*node{} // actions of the context by key
		return mapOf(d, c, d.rules.Actions[c.key], "", elsewhere, func(a *node) []string { return d.bindings(a, bound) })
	})
}

func (d *decoder) bindings(a *node, bound map[string]*node) []string {
	if a.kind != arrayKind || a.headers {
		d.wrong(a, `%s must be a list of keys such as ["p", "ctrl+p"], not %s`, quoted(a.key), a.kind)
		return nil
	}
	list := []string{}
	for _, item := range d.strings(a) {
		if !d.allowed(item, d.rules.Key, "key "+quoted(item.text)) {
			continue
		}
		if first := bound[item.text]; first != nil {
			d.wrong(item, "key %s is already bound to %s on line %d", quoted(item.text), quoted(first.key), d.line(first))
		}
		bound[item.text] = cmp.Or(bound[item.text], a)
		list = append(list, item.text)
	}
	return list
}

func (d *decoder) view(t *node) View {
	var v View
	d.fields(t, []field{
		{"name", stringKind, func(n *node) {
			v.Name = d.name(n, "view", validViewName, "a view's name has 1 to 64 characters on one line")
		}},
		{"query", stringKind, func(n *node) {
			v.Query = n.text
			d.allowed(n, d.rules.Query, "query")
		}},
	}, nil)
	d.required(t, "a view", "name")
	return v
}

func validViewName(s string) bool {
	return strings.TrimSpace(s) != "" && len([]rune(s)) <= 64 && !strings.ContainsFunc(s, unicode.IsControl)
}

func (d *decoder) required(t *node, what string, keys ...string) {
	for _, k := range keys {
		if t.get(k) == nil && !d.broken {
			d.report(t.at, t.path()+"."+k, "", "%s needs %q", what, k)
		}
	}
}

// maxProblems is the greatest number of problems reported. One more entry then says how many were left out.
const maxProblems = 100

// Problem is one thing wrong with a settings file.
type Problem struct {
	File string
	// Line and Column start at 1. Column counts characters, not bytes. Both are 0 if the problem has no place.
	Line, Column int
	Key          string // the dotted path, with indexes from 0: "account[0].settings.workspace_id"
	Message      string
	Suggestion   string // the nearest valid word, "" if none is close
}

// String returns "file:line:col: message (did you mean "x"?)".
func (p Problem) String() string {
	text := p.File
	if p.Line > 0 {
		text += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	text += ": " + p.Message
	if p.Suggestion != "" {
		text += fmt.Sprintf(" (did you mean %q?)", p.Suggestion)
	}
	return text
}

// Errors holds all problems of a settings file in the order of their lines. It is the error that Load returns for them.
type Errors []Problem

// Error lists the problems, one on a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted sorts the problems by their place, and keeps the first maxProblems.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	if len(e) > maxProblems {
		left := len(e) - maxProblems
		e = append(e[:maxProblems:maxProblems], Problem{File: e[0].File, Message: fmt.Sprintf("and %d more problems", left)})
	}
	return e
}

package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// decoder turns a document into a Config and gathers what is wrong with it.
type decoder struct {
	file, dir string
	rules     Validators
	problems  Errors
	// broken means that the text could not be read to its end, so nothing is reported as missing.
	broken bool
}

// report adds a problem. What looks like a secret is taken out of every part here, whoever wrote the message.
func (d *decoder) report(at place, key, suggestion, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: at.line, Column: at.column, Key: redact(key),
		Message: redact(fmt.Sprintf(format, args...)), Suggestion: redact(suggestion),
	})
}

func (d *decoder) decode(data []byte) (*Config, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	doc := parseDocument(data, d.report)
	d.broken = doc.broken
	c := &Config{Path: d.file, Refresh: DefaultRefresh, UI: UI{DefaultTheme, DefaultLayout}}
	var theme *entry
	d.fields(doc.root, "", []field{
		{"refresh", func(e *entry, key string) { c.Refresh = d.refresh(e, key) }},
		{"ui", func(e *entry, key string) {
			if t := d.table(e, key); t != nil {
				theme = t.get("theme")
				d.ui(t, key, c)
			}
		}},
		{"themes", func(e *entry, key string) { c.Themes = d.themes(e, key) }},
		{"keys", func(e *entry, key string) { c.Keys = d.keys(e, key) }},
		{"view", func(e *entry, key string) { c.Views = d.views(e, key) }},
		{"account", func(e *entry, key string) { c.Accounts = d.accounts(e, key) }},
	})
	if theme != nil && !d.broken {
		known := append(BuiltinThemes(), names(c.Themes)...)
		if name, ok := d.text(theme, "ui.theme"); ok && !slices.Contains(known, name) {
			d.report(theme.value.at, "ui.theme", Nearest(name, known), "unknown theme %s", quoted(name))
		}
	}
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	if len(c.Views) == 0 {
		c.Views, c.DefaultedViews = DefaultViews(c.Accounts), true
	}
	return c, nil
}

// field reads one known key of a table.
type field struct {
	name string
	read func(e *entry, key string)
}

// fields reads the keys of a table in the order of the list, and reports those that are not in it.
func (d *decoder) fields(t *table, path string, list []field) {
	known := make([]string, len(list))
	for i, f := range list {
		known[i] = f.name
		if e := t.get(f.name); e != nil {
			f.read(e, join(path, f.name))
		}
	}
	for _, e := range t.entries {
		switch {
		case slices.Contains(known, e.key):
		case path == "" && (isSecretText(e.value) || e.value.kind == stringValue && secretKey(e.key) && Nearest(e.key, known) == ""):
			d.plainSecret(e, e.key, "credential", envFor("", "api_key"))
		default:
			d.report(e.at, join(path, e.key), Nearest(e.key, known), "unknown key %s", quoted(e.key))
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) wrongType(e *entry, key, want string) {
	d.report(e.value.at, key, "", "%s must be %s, not %s", quoted(e.key), want, e.value.kind)
}

// text reads a string, or reports that it is none.
func (d *decoder) text(e *entry, key string) (string, bool) {
	if e.value.kind != stringValue {
		d.wrongType(e, key, "a string")
		return "", false
	}
	return e.value.text, true
}

func (d *decoder) table(e *entry, key string) *table {
	switch {
	case e.value.kind == tableValue:
		return e.value.table
	case e.value.tables:
		d.report(e.at, key, "", "%s is one table, not a list: write [%s]", quoted(e.key), redact(key))
	default:
		d.wrongType(e, key, "a table")
	}
	return nil
}

// tables reads a list of tables. A lone [table] is reported, and read all the same for its own problems.
func (d *decoder) tables(e *entry, key string) []*table {
	if e.value.kind == tableValue {
		d.report(e.at, key, "", "%s is a list: write [[%s]]", quoted(e.key), key)
		return []*table{e.value.table}
	}
	if e.value.kind != arrayValue {
		d.report(e.value.at, key, "", "%s must be a list of tables, not %s: write [[%s]]", quoted(e.key), e.value.kind, key)
		return nil
	}
	var list []*table
	for _, item := range e.value.items {
		if item.kind != tableValue {
			d.report(item.at, key, "", "%s must hold tables only, not %s: write [[%s]]", quoted(e.key), item.kind, key)
			continue
		}
		list = append(list, item.table)
	}
	return list
}

func (d *decoder) refresh(e *entry, key string) time.Duration {
	n, ok := d.duration(e, key)
	if ok && n > 0 && n < time.Second {
		d.report(e.value.at, key, "", `"refresh" must be at least "1s", or "0" for no polling`)
	}
	return n
}

// duration reads a duration; the number 0 is allowed in place of "0".
func (d *decoder) duration(e *entry, key string) (time.Duration, bool) {
	if e.value.kind == numberValue {
		if e.value.text == "0" {
			return 0, true
		}
		d.report(e.value.at, key, "", "%s %s", quoted(e.key), errDuration)
		return 0, false
	}
	s, ok := d.text(e, key)
	if !ok || s == "" {
		return 0, ok
	}
	n, err := ParseDuration(s)
	if err != nil {
		d.report(e.value.at, key, "", "%s %s", quoted(e.key), err)
		return 0, false
	}
	return n, true
}

func (d *decoder) ui(t *table, path string, c *Config) {
	d.fields(t, path, []field{
		{"theme", func(e *entry, _ string) {
			// Checked, types included, once all themes are known.
			if e.value.kind == stringValue && e.value.text != "" {
				c.UI.Theme = e.value.text
			}
		}},
		{"layout", func(e *entry, key string) {
			s, ok := d.text(e, key)
			if !ok {
				return
			}
			if !slices.Contains(Layouts(), s) {
				d.report(e.value.at, key, Nearest(s, Layouts()), "unknown layout %s: one of %s", quoted(s), strings.Join(Layouts(), ", "))
				return
			}
			c.UI.Layout = s
		}},
	})
}

func (d *decoder) themes(e *entry, key string) map[string]map[string]string {
	t := d.table(e, key)
	if t == nil {
		return nil
	}
	themes := map[string]map[string]string{}
	for _, theme := range t.entries {
		path := join(key, theme.key)
		if slices.Contains(BuiltinThemes(), theme.key) {
			d.report(theme.at, path, "", "%s is a built-in theme; give yours another name", quoted(theme.key))
			continue
		}
		if theme.value.kind != tableValue {
			d.report(theme.at, path, "", "%s must be a table of colours: write [themes.NAME]", quoted(theme.key))
			continue
		}
		colors := map[string]string{}
		for _, color := range theme.value.table.entries {
			path := join(path, color.key)
			if known := d.rules.ThemeColorNames; known != nil && !slices.Contains(known, color.key) {
				d.report(color.at, path, Nearest(color.key, known), "unknown colour %s", quoted(color.key))
				continue
			}
			s, ok := d.text(color, path)
			if !ok {
				continue
			}
			if d.rules.ThemeColor != nil {
				if err := d.rules.ThemeColor(color.key, s); err != nil {
					d.report(color.value.at, path, "", "colour %s: %s", quoted(color.key), err)
					continue
				}
			}
			colors[color.key] = s
		}
		themes[theme.key] = colors
	}
	return themes
}

func (d *decoder) keys(e *entry, key string) map[string]map[string][]string {
	t := d.table(e, key)
	if t == nil {
		return nil
	}
	contexts := names(d.rules.Actions)
	keys := map[string]map[string][]string{}
	for _, c := range t.entries {
		path := join(key, c.key)
		if c.value.kind != tableValue {
			d.report(c.at, path, "", "%s stands outside a context: keys belong into [keys.CONTEXT]", quoted(c.key))
			continue
		}
		if d.rules.Actions != nil && !slices.Contains(contexts, c.key) {
			d.report(c.at, path, Nearest(c.key, contexts), "unknown key context %s", quoted(c.key))
			continue
		}
		keys[c.key] = d.context(c, path)
	}
	return keys
}

// context reads the bindings of one context. One key for two actions is reported, as far as the file itself says so.
func (d *decoder) context(c *entry, path string) map[string][]string {
	actions := map[string][]string{}
	bound := map[string]*entry{}
	for _, a := range c.value.table.entries {
		key := join(path, a.key)
		if known := d.rules.Actions[c.key]; d.rules.Actions != nil && !slices.Contains(known, a.key) {
			if other := d.contextOf(a.key); other != "" {
				d.report(a.at, key, "", "%s is no action of [keys.%s], but of [keys.%s]", quoted(a.key), c.key, other)
			} else {
				d.report(a.at, key, Nearest(a.key, known), "unknown action %s in [keys.%s]", quoted(a.key), c.key)
			}
			continue
		}
		if a.value.kind != arrayValue || a.value.tables {
			d.report(a.value.at, key, "", `%s must be a list of keys such as ["p", "ctrl+p"], not %s`, quoted(a.key), a.value.kind)
			continue
		}
		list := []string{}
		for _, item := range a.value.items {
			if item.kind != stringValue {
				d.report(item.at, key, "", "%s must hold strings only, not %s", quoted(a.key), item.kind)
				continue
			}
			if d.rules.Key != nil {
				if err := d.rules.Key(item.text); err != nil {
					d.report(item.at, key, "", "key %s: %s", quoted(item.text), err)
					continue
				}
			}
			if first := bound[item.text]; first != nil {
				d.report(item.at, key, "", "key %s is already bound to %s on line %d", quoted(item.text), quoted(first.key), first.at.line)
				continue
			}
			bound[item.text] = a
			list = append(list, item.text)
		}
		actions[a.key] = list
	}
	return actions
}

func (d *decoder) contextOf(action string) string {
	for _, c := range names(d.rules.Actions) {
		if slices.Contains(d.rules.Actions[c], action) {
			return c
		}
	}
	return ""
}

func (d *decoder) views(e *entry, key string) []View {
	var views []View
	seen := map[string]place{}
	for i, t := range d.tables(e, key) {
		path := fmt.Sprintf("%s[%d]", key, i)
		var v View
		d.fields(t, path, []field{
			{"name", func(e *entry, key string) {
				s, ok := d.text(e, key)
				if !ok {
					return
				}
				folded := strings.ToLower(s)
				switch first, double := seen[folded]; {
				case strings.TrimSpace(s) == "" || len([]rune(s)) > 64 || strings.ContainsFunc(s, unicode.IsControl):
					d.report(e.value.at, key, "", "a view's name has 1 to 64 characters on one line")
				case double:
					d.report(e.value.at, key, "", "view %s is already on line %d", quoted(s), first.line)
				default:
					seen[folded] = e.value.at
				}
				v.Name = s
			}},
			{"query", func(e *entry, key string) {
				s, ok := d.text(e, key)
				if ok && d.rules.Query != nil {
					if err := d.rules.Query(s); err != nil {
						d.report(e.value.at, key, "", "query: %s", err)
					}
				}
				v.Query = s
			}},
		})
		d.required(t, path, "a view", "name")
		views = append(views, v)
	}
	return views
}

// required reports keys that a table must have.
func (d *decoder) required(t *table, path, what string, keys ...string) {
	for _, k := range keys {
		if t.get(k) == nil && !d.broken {
			d.report(t.at, join(path, k), "", "%s needs %q", what, k)
		}
	}
}

package edit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// field is one line, or more, of a form.
type field struct {
	control
	kind model.EditKind // of a new conversation also what only that has
	off  string         // why it can't be edited
	note string
	base *model.Value
}

// control is what a field is filled in with: a theme.Input, a theme.Area, or one of
// those below.
type control interface {
	// Update reports whether the value changed.
	Update(msg tea.Msg) bool
	Touched() bool
	// Value is what a draft keeps, and Set takes back.
	Value() string
	Set(text string)
}

// choice is one of some values, "" for none of them.
type choice struct {
	options    []string
	value, was string
}

func (c *choice) Update(msg tea.Msg) bool {
	k, ok := msg.(tea.KeyPressMsg)
	return ok && k.String() == "space" && c.cycle(1)
}

func (c *choice) cycle(by int) bool {
	if len(c.options) > 0 {
		c.value = next(c.options, c.value, by)
	}
	return len(c.options) > 0
}

func (c *choice) Touched() bool { return c.value != c.was }
func (c *choice) Value() string { return c.value }
func (c *choice) Set(text string) {
	if slices.Contains(c.options, text) {
		c.value = text
	}
}

// next returns another of some values: the one so many further, round the end.
func next(values []string, now string, by int) string {
	at, n := slices.Index(values, now), len(values)
	if at < 0 && by < 0 {
		at = n // none: from the end back
	}
	return values[(at+by+n)%n]
}

// table is a set of people, which opens as a screen of its own.
type table struct{ *People }

func (table) Update(tea.Msg) bool { return false }

func (t table) Touched() bool   { return t.changed() || t.draft != "" }
func (t table) Value() string   { return t.Draft() }
func (t table) Set(text string) { t.Restore(text) }

// pick is an entry of a directory.
type pick struct {
	kind model.LookupKind
	who  model.Participant
	// required says that nothing can be sent before something is picked.
	required bool
}

func (p *pick) Update(msg tea.Msg) bool {
	k, _ := msg.(tea.KeyPressMsg)
	clears := k.String() == "backspace" || k.String() == "delete"
	if clears {
		p.who = model.Participant{}
	}
	return clears
}

func (p *pick) Touched() bool   { return p.who.ID != "" }
func (p *pick) Value() string   { return p.who.ID + "\n" + p.who.Name }
func (p *pick) Set(text string) { p.who.ID, p.who.Name, _ = strings.Cut(text, "\n") }

// area is a control of several lines.
type area interface {
	Draw(th *theme.Theme, w, h int) ([]string, *layout.Cursor)
}

func (f *field) multiline() bool {
	_, ok := f.control.(area)
	return ok
}

func (f *field) rows() int { return theme.Pick(f.off == "" && f.multiline(), 4, 1) }

func (f *field) cycle(by int) {
	if c, ok := f.control.(*choice); ok {
		c.cycle(by)
	}
}

// needs reports whether the field takes a key that else moves in the form.
func (f *field) needs(key string) bool {
	switch key {
	case "up", "down", "enter":
		return f.multiline()
	case "left", "right":
		_, chosen := f.control.(*choice)
		return !chosen
	}
	return false
}

func (f *field) touched() bool { return f.off == "" && f.Touched() }

func (f *field) changes() ([]model.Change, error) {
	if !f.touched() {
		return nil, nil
	}
	switch c := f.control.(type) {
	case table:
		return c.Changes(), nil
	case *pairs:
		return c.changes(f.kind, f.base != nil)
	}
	if f.kind == model.EditTitle && strings.TrimSpace(f.Value()) == "" {
		return nil, errEmptyTitle
	}
	return []model.Change{{Kind: f.kind, Op: model.OpSet, Target: model.TextValue(f.Value()), Base: f.base}}, nil
}

// pairs is a control of lines "name = value". exact holds the pairs as the service
// has them.
type pairs struct {
	*theme.Area
	exact map[string]string
}

func newPairs(exact map[string]string) *pairs {
	return &pairs{theme.NewArea(formatPairs(exact)), exact}
}

func (p *pairs) changes(kind model.EditKind, known bool) ([]model.Change, error) {
	now, err := parsePairs(p.Value())
	if err != nil {
		return nil, err
	}
	was, _ := parsePairs(p.Initial())
	all := maps.Clone(now)
	maps.Copy(all, was)
	var out []model.Change
	for _, shown := range slices.Sorted(maps.Keys(all)) {
		v, has := now[shown]
		old, had := was[shown]
		if has == had && v == old {
			continue
		}
		ch := model.Change{Kind: kind, Op: model.OpSet, Key: shown}
		base := model.Value{}
		for k, v := range p.exact {
			if pairName(k) == shown {
				ch.Key, base = k, model.TextValue(v)
			}
		}
		if has {
			ch.Target = model.TextValue(v)
		}
		if known {
			ch.Base = &base
		}
		out = append(out, ch)
	}
	return out, nil
}

func pairName(k string) string {
	return strings.TrimSpace(strings.ReplaceAll(model.CleanLine(k, 200), "=", ":"))
}

var (
	escapes   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	unescapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

func formatPairs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pairName(k)+" = "+escapes.Replace(model.Clean(m[k])))
	}
	return strings.Join(out, "\n")
}

// parsePairs reads lines "name = value"; \n in a value is a line break.
func parsePairs(text string) (map[string]string, error) {
	out := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		k, v, _ := strings.Cut(line, "=")
		k = strings.TrimSpace(k)
		if k == "" {
			return nil, errors.New("a line of labels or attributes needs a name before the =")
		}
		if _, ok := out[k]; ok {
			return nil, fmt.Errorf("%q is there twice", k)
		}
		out[k] = unescapes.Replace(strings.TrimSpace(v))
	}
	return out, nil
}

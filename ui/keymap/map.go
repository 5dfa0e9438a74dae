package keymap

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Map is the table with the person's own keys in it.
type Map struct {
	bindings []Binding
	index    map[Context][]entry
}

type entry struct {
	keys []string
	at   int
}

// Problem is something in the [keys] tables that was not taken over, or that
// makes a key do two things.
type Problem struct {
	Context, Action, Text string
}

// String gives one line.
func (p Problem) String() string {
	return fmt.Sprintf("[keys.%s] %s: %s", p.Context, p.Action, p.Text)
}

// New lays overrides (context, action, key sequences) over the defaults. An
// empty list leaves an action without keys; reserved keys stay where they are.
func New(overrides map[string]map[string][]string) (*Map, []Problem) {
	m := &Map{index: map[Context][]entry{}}
	var problems []Problem
	for _, r := range table {
		b := Binding{Context: r.context, Action: r.action, Help: r.help, Section: r.section}
		for _, k := range strings.Split(r.keys, ",") {
			if k != "" {
				b.Keys = append(b.Keys, strings.Fields(k))
			}
		}
		if own, ok := overrides[string(r.context)][string(r.action)]; ok {
			var bad []Problem
			b.Keys, bad = override(b, own)
			problems = append(problems, bad...)
		}
		m.bindings = append(m.bindings, b)
	}
	problems = append(problems, m.unknown(overrides)...)
	problems = append(problems, m.conflicts()...)
	m.build()
	return m, problems
}

func override(b Binding, own []string) ([][]string, []Problem) {
	var keys [][]string
	var problems []Problem
	for _, k := range b.Keys {
		if len(k) == 1 && slices.Contains(reserved, k[0]) {
			keys = append(keys, k)
		}
	}
	for _, text := range own {
		seq, err := ParseKey(text)
		switch {
		case err != nil:
			problems = append(problems, Problem{string(b.Context), string(b.Action), err.Error()})
		case slices.ContainsFunc(keys, func(k []string) bool { return slices.Equal(k, seq) }):
		case slices.Contains(reserved, seq[0]):
			problems = append(problems, Problem{string(b.Context), string(b.Action),
				seq[0] + " always keeps its own meaning"})
		default:
			keys = append(keys, seq)
		}
	}
	return keys, problems
}

func (m *Map) unknown(overrides map[string]map[string][]string) []Problem {
	var out []Problem
	for c, actions := range overrides {
		for a := range actions {
			if !slices.ContainsFunc(m.bindings, func(b Binding) bool { return string(b.Context) == c && string(b.Action) == a }) {
				out = append(out, Problem{c, a, "there is no such action"})
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].String() < out[j].String() })
	return out
}

// conflicts finds keys that two actions of one context claim, and keys that
// are the start of another sequence, which could then never be typed.
func (m *Map) conflicts() []Problem {
	var out []Problem
	for i, b := range m.bindings {
		for _, k := range b.Keys {
			for _, other := range m.bindings[i+1:] {
				if other.Context != b.Context {
					continue
				}
				for _, o := range other.Keys {
					if overlap(k, o) {
						out = append(out, Problem{string(b.Context), string(other.Action),
							fmt.Sprintf("%s is also %s of %s", Label(o), Label(k), b.Action)})
					}
				}
			}
		}
	}
	return out
}

func overlap(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

func (m *Map) build() {
	for i, b := range m.bindings {
		for _, k := range b.Keys {
			m.index[b.Context] = append(m.index[b.Context], entry{k, i})
		}
	}
}

// Result says how a key sequence relates to the table.
type Result int

// The results of Lookup.
const (
	None   Result = iota // it means nothing here
	Prefix               // more keys may follow
	Match                // it is bound
)

// Lookup resolves the keys typed so far. The first context that knows them wins.
func (m *Map) Lookup(stack []Context, keys []string) (Binding, Result) {
	for _, c := range stack {
		prefix := false
		for _, e := range m.index[c] {
			if len(e.keys) < len(keys) || !slices.Equal(e.keys[:len(keys)], keys) {
				continue
			}
			if len(e.keys) == len(keys) {
				return m.bindings[e.at], Match
			}
			prefix = true
		}
		if prefix {
			return Binding{}, Prefix
		}
	}
	return Binding{}, None
}

// Following lists what may follow the keys typed so far.
func (m *Map) Following(stack []Context, keys []string) []Binding {
	var out []Binding
	for _, c := range stack {
		for _, e := range m.index[c] {
			if len(e.keys) > len(keys) && slices.Equal(e.keys[:len(keys)], keys) {
				b := m.bindings[e.at]
				b.Keys = [][]string{e.keys[len(keys):]}
				out = append(out, b)
			}
		}
	}
	return out
}

// Bindings lists the rows of the given contexts in table order, of all where
// none is given.
func (m *Map) Bindings(contexts ...Context) []Binding {
	var out []Binding
	for _, b := range m.bindings {
		if len(contexts) == 0 || slices.Contains(contexts, b.Context) {
			out = append(out, b)
		}
	}
	return out
}

// KeyOf gives the first key of an action as it is shown, "" if it has none.
func (m *Map) KeyOf(c Context, a Action) string {
	for _, b := range m.bindings {
		if b.Context == c && b.Action == a && len(b.Keys) > 0 {
			return Label(b.Keys[0])
		}
	}
	return ""
}

// AllKeys gives every key of a binding as they are shown.
func (b Binding) AllKeys() string {
	out := make([]string, len(b.Keys))
	for i, k := range b.Keys {
		out[i] = Label(k)
	}
	return strings.Join(out, "  ")
}

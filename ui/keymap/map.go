package keymap

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Map is the table with the person's own keys in it.
type Map struct{ bindings []Binding }

// New lays overrides (context, action, key sequences) over the defaults, and returns
// what of the [keys] tables was not taken over or makes a key do two things. An empty
// list leaves an action without keys; reserved keys stay where they are.
func New(overrides map[string]map[string][]string) (m *Map, problems []string) {
	m = &Map{}
	for _, b := range table {
		b.Keys = slices.Clone(b.Keys)
		own, ok := overrides[string(b.Context)][string(b.Action)]
		if !ok && slices.Contains(special, b.Context) {
			if own, ok = overrides[string(Dialog)][string(b.Action)]; !ok {
				b.yield(overrides[string(Dialog)])
			}
		}
		if ok {
			problems = append(problems, b.override(own)...)
		}
		m.bindings = append(m.bindings, b)
	}
	problems = append(problems, m.unknown(overrides)...)
	return m, append(problems, m.conflicts()...)
}

func problem[C, A ~string](c C, a A, text string) string {
	return fmt.Sprintf("[keys.%s] %s: %s", c, a, text)
}

func (b *Binding) override(own []string) (problems []string) {
	b.Keys = slices.DeleteFunc(b.Keys, func(k []string) bool { return len(k) > 1 || !slices.Contains(reserved, k[0]) })
	for _, text := range own {
		seq, err := ParseKey(text)
		switch {
		case err != nil:
			problems = append(problems, problem(b.Context, b.Action, err.Error()))
		case slices.ContainsFunc(b.Keys, func(k []string) bool { return slices.Equal(k, seq) }):
		case slices.Contains(reserved, seq[0]):
			problems = append(problems, problem(b.Context, b.Action, seq[0]+" always keeps its own meaning"))
		default:
			b.Keys = append(b.Keys, seq)
		}
	}
	return problems
}

// yield gives up default keys that the person set for something else below.
func (b *Binding) yield(below map[string][]string) {
	for _, own := range below {
		for _, text := range own {
			if seq, err := ParseKey(text); err == nil {
				b.Keys = slices.DeleteFunc(b.Keys, func(k []string) bool {
					n := min(len(k), len(seq))
					return slices.Equal(k[:n], seq[:n]) && !slices.Contains(reserved, k[0])
				})
			}
		}
	}
}

func (m *Map) unknown(overrides map[string]map[string][]string) []string {
	var out []string
	known := Actions()
	for c, actions := range overrides {
		for a := range actions {
			if !slices.Contains(known[c], a) {
				out = append(out, problem(c, a, "there is no such action"))
			}
		}
	}
	slices.Sort(out)
	return out
}

// conflicts finds keys that two actions of one context claim, and keys that
// are the start of another sequence, which could then never be typed.
func (m *Map) conflicts() []string {
	var out []string
	for i, b := range m.bindings {
		for _, k := range b.Keys {
			later := Map{m.bindings[i+1:]}
			for other, o := range later.keys(b.Context) {
				if n := min(len(k), len(o)); slices.Equal(k[:n], o[:n]) {
					out = append(out, problem(b.Context, other.Action, fmt.Sprintf("%s is also %s of %s", Label(o), Label(k), b.Action)))
				}
			}
		}
	}
	return out
}

// keys yields the key sequences of a context.
func (m *Map) keys(c Context) iter.Seq2[Binding, []string] {
	return func(yield func(Binding, []string) bool) {
		for _, b := range m.bindings {
			for _, k := range b.Keys {
				if b.Context == c && !yield(b, k) {
					return
				}
			}
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
func (m *Map) Lookup(stack []Context, typed []string) (Binding, Result) {
	for _, c := range stack {
		result := None
		for b, k := range m.keys(c) {
			switch {
			case len(k) < len(typed) || !slices.Equal(k[:len(typed)], typed):
			case len(k) == len(typed):
				return b, Match
			default:
				result = Prefix
			}
		}
		if result == Prefix {
			return Binding{}, Prefix
		}
	}
	return Binding{}, None
}

// Following lists what may follow the keys typed so far.
func (m *Map) Following(stack []Context, typed []string) []Binding {
	var out []Binding
	for _, c := range stack {
		for b, k := range m.keys(c) {
			if len(k) > len(typed) && slices.Equal(k[:len(typed)], typed) {
				b.Keys = [][]string{k[len(typed):]}
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

// KeyOf returns the first key of an action as it is shown, "" if it has none.
func (m *Map) KeyOf(c Context, a Action) string {
	for _, b := range m.bindings {
		if b.Context == c && b.Action == a && len(b.Keys) > 0 {
			return Label(b.Keys[0])
		}
	}
	return ""
}

// AllKeys returns every key of a binding as they are shown.
func (b Binding) AllKeys() string {
	out := make([]string, len(b.Keys))
	for i, k := range b.Keys {
		out[i] = Label(k)
	}
	return strings.Join(out, "  ")
}

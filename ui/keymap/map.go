package keymap

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/ui/layout"
)

// Map is the table of keys with the bindings of the config applied.
type Map struct{ bindings []Binding }

// New applies overrides (context, action, key sequences) to the default bindings, and returns what is wrong with them:
// unknown actions, keys that can't be bound, and keys bound twice. An empty list leaves an action without keys; reserved
// keys stay where they are.
func New(overrides map[string]map[string][]string) (m *Map, problems []string) {
	m = &Map{}
	for _, b := range table {
		b.Keys = slices.Clone(b.Keys)
		own, ok := overrides[string(b.Context)][string(b.Action)]
		if !ok && slices.Contains(dialogs, b.Context) {
			if own, ok = overrides[string(Dialog)][string(b.Action)]; !ok {
				b.yield(overrides[string(Dialog)])
			}
		}
		if ok {
			problems = append(problems, b.override(own)...)
		}
		m.bindings = append(m.bindings, b)
	}
	problems = append(problems, unknown(overrides)...)
	return m, append(problems, m.conflicts()...)
}

func problem[C, A ~string](c C, a A, text string) string {
	return fmt.Sprintf("[keys.%s] %s: %s", c, a, text)
}

func (b *Binding) override(own []string) (problems []string) {
	b.Keys = slices.DeleteFunc(b.Keys, func(k string) bool { return !slices.Contains(reserved, k) })
	for _, text := range own {
		sequence, err := ParseKey(text)
		first, _, _ := strings.Cut(sequence, " ")
		switch {
		case err != nil:
			problems = append(problems, problem(b.Context, b.Action, err.Error()))
		case slices.Contains(b.Keys, sequence):
		case slices.Contains(reserved, first):
			problems = append(problems, problem(b.Context, b.Action, first+" always keeps its own meaning"))
		default:
			b.Keys = append(b.Keys, sequence)
		}
	}
	return problems
}

// yield gives up the default keys that the config binds to other actions of the context below.
func (b *Binding) yield(below map[string][]string) {
	for _, sequences := range below {
		for _, text := range sequences {
			if sequence, err := ParseKey(text); err == nil {
				b.Keys = slices.DeleteFunc(b.Keys, func(k string) bool { return overlap(k, sequence) && !slices.Contains(reserved, k) })
			}
		}
	}
}

// overlap reports whether two sequences are the same or one begins with the other, which could then never be typed.
func overlap(a, b string) bool {
	return strings.HasPrefix(a+" ", b+" ") || strings.HasPrefix(b+" ", a+" ")
}

func unknown(overrides map[string]map[string][]string) (problems []string) {
	known := Actions()
	for c, actions := range overrides {
		for a := range actions {
			if !slices.Contains(known[c], a) {
				problems = append(problems, problem(c, a, "there is no such action"))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

// conflicts finds the sequences of one context that overlap.
func (m *Map) conflicts() (problems []string) {
	for i, b := range m.bindings {
		for _, k := range b.Keys {
			for _, later := range m.bindings[i+1:] {
				for _, o := range later.Keys {
					if later.Context == b.Context && overlap(k, o) {
						problems = append(problems, problem(b.Context, later.Action, fmt.Sprintf("%s is also %s of %s", o, k, b.Action)))
					}
				}
			}
		}
	}
	return problems
}

// Result is the outcome of Lookup.
type Result int

// The results of Lookup.
const (
	None   Result = iota // no sequence begins with these keys
	Prefix               // more keys may follow
	Match                // the sequence is bound
)

// Lookup finds the binding of the keys typed so far. The first context that has a sequence beginning with them decides.
func (m *Map) Lookup(stack []Context, typed []string) (Binding, Result) {
	for _, c := range stack {
		result := None
		for b, rest := range m.continuations(c, typed) {
			if rest == "" {
				return b, Match
			}
			result = Prefix
		}
		if result == Prefix {
			return Binding{}, Prefix
		}
	}
	return Binding{}, None
}

// Following lists the bindings that more keys may lead to after those typed so far; Keys holds only the remaining keys.
func (m *Map) Following(stack []Context, typed []string) (all []Binding) {
	for _, c := range stack {
		for b, rest := range m.continuations(c, typed) {
			if rest != "" {
				b.Keys = []string{rest}
				all = append(all, b)
			}
		}
	}
	return all
}

// continuations yields the bindings of a context for each sequence that begins with the typed keys, with its other keys.
func (m *Map) continuations(c Context, typed []string) iter.Seq2[Binding, string] {
	start := strings.Join(typed, " ")
	return func(yield func(Binding, string) bool) {
		for _, b := range m.bindings {
			for _, k := range b.Keys {
				rest, ok := strings.CutPrefix(k, start)
				if ok = ok && (rest == "" || rest[0] == ' '); ok && b.Context == c && !yield(b, strings.TrimSpace(rest)) {
					return
				}
			}
		}
	}
}

// Bindings lists the bindings of the given contexts, or of all contexts if none is given, in the order of the table.
func (m *Map) Bindings(contexts ...Context) (all []Binding) {
	for _, b := range m.bindings {
		if len(contexts) == 0 || slices.Contains(contexts, b.Context) {
			all = append(all, b)
		}
	}
	return all
}

// KeyOf returns the first key sequence of an action, "" if it has none.
func (m *Map) KeyOf(c Context, a Action) string {
	for _, b := range m.bindings {
		if b.Context == c && b.Action == a && len(b.Keys) > 0 {
			return b.Keys[0]
		}
	}
	return ""
}

// AllKeys returns every key sequence of a binding in one line.
func (b Binding) AllKeys() string { return strings.Join(b.Keys, "  ") }

// Keys reads the keys of one screen: it turns key presses into actions and names the keys of actions for the footer.
type Keys struct {
	table *Map
	stack []Context
	typed []string
}

// Keys returns the keys of a screen. They are looked up in the contexts in order.
func (m *Map) Keys(stack ...Context) *Keys { return &Keys{table: m, stack: stack} }

// Of returns the first key sequence of an action, "" if it has none.
func (k *Keys) Of(a Action) string {
	if k == nil {
		return ""
	}
	for _, c := range k.stack {
		if key := k.table.KeyOf(c, a); key != "" {
			return key
		}
	}
	return ""
}

// If returns Of(a) if the action is possible, else "", which a footer leaves out.
func (k *Keys) If(possible bool, a Action) string {
	if !possible {
		return ""
	}
	return k.Of(a)
}

// Press adds a key to those typed so far and returns the action that they are bound to, "" if there is none or if more
// keys may follow.
func (k *Keys) Press(key string) Action {
	k.typed = append(k.typed, key)
	b, r := k.table.Lookup(k.stack, k.typed)
	if r != Prefix {
		k.typed = nil
	}
	return b.Action
}

// Read handles a message for a screen that scrolls by lines, page being the lines of one page. It calls scroll for the
// wheel and the keys that move, and returns the action of any other key. esc always means Back.
func (k *Keys) Read(msg tea.Msg, page int, scroll func(by int)) Action {
	switch msg := msg.(type) {
	case layout.Wheel:
		scroll(int(msg))
	case tea.KeyPressMsg:
		if msg.String() == "esc" {
			k.typed = nil
			return Back
		}
		a := k.Press(msg.String())
		by, ok := map[Action]int{Down: 1, Up: -1, PageDown: page, PageUp: -page, Top: -layout.Far, Bottom: layout.Far}[a]
		if !ok {
			return a
		}
		scroll(by)
	}
	return ""
}

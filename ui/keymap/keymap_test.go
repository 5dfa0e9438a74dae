package keymap

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"confab/ui/layout"
)

func TestDefaultsAreFreeOfConflicts(t *testing.T) {
	_, problems := New(nil)
	for _, p := range problems {
		t.Error(p)
	}
}

func TestEveryBindingIsDescribed(t *testing.T) {
	m, _ := New(nil)
	seen := map[string]bool{}
	for _, b := range m.Bindings() {
		if b.Help == "" || b.Section == "" || !slices.Contains(Contexts(), b.Context) {
			t.Errorf("help, section or context is missing: %+v", b)
		}
		if id := string(b.Context) + "." + string(b.Action); seen[id] {
			t.Errorf("%s is in the table twice", id)
		} else {
			seen[id] = true
		}
		for _, k := range b.Keys {
			if again, err := ParseKey(k); err != nil || again != k {
				t.Errorf("ParseKey(%q) = %q, %v; want the key as it is in the table", k, again, err)
			}
		}
	}
}

// TestDefaultKeys holds the documented default keys.
func TestDefaultKeys(t *testing.T) {
	m, _ := New(nil)
	list := []Context{List, Global}
	for keys, want := range map[string]Action{
		"j": Down, "k": Up, "down": Down, "up": Up, "g g": Top, "G": Bottom, "ctrl+d": HalfDown, "ctrl+u": HalfUp,
		"ctrl+f": PageDown, "ctrl+b": PageUp, "pgdown": PageDown, "pgup": PageUp, "home": Top, "end": Bottom,
		"enter": Open, "l": Open, "esc": Back, "h": Back, "v": CyclePreview, "tab": NextView, "shift+tab": PreviousView,
		"alt+1": "view_1", "alt+9": "view_9", "g 1": "view_1", "g 9": "view_9", "[": PreviousTab, "]": NextTab, "J": NextItem, "K": PreviousItem,
		"/": Filter, ":": CommandLine, "ctrl+p": Palette, "space": Mark, "V": MarkRange, "*": MarkAll,
		"p": TogglePrivacy, "t": Rename, "P": Participants, "c": Contacts, "s": ToggleStatus, "e": EditForm, "A": Archive, "D": Delete,
		"N": NewItem, ".": Repeat, "u": Undo, "d": Done, "z": Snooze, "b": Pin, "U": Seen, "y": CopyRef, "Y": CopyLink, "o": Browser,
		"O": OutboxScreen, "r": Refresh, "ctrl+l": Redraw, "?": Help, "q": Quit, "ctrl+z": Suspend, "ctrl+c": Interrupt,
	} {
		if b, r := m.Lookup(list, strings.Fields(keys)); r != Match || b.Action != want {
			t.Errorf("in the list %s is %q, want %q", keys, b.Action, want)
		}
	}
	detail := []Context{Detail, List, Global}
	for keys, want := range map[string]Action{"/": Search, "n": SearchNext, "N": SearchPrev, "j": Down, "h": Back, "p": TogglePrivacy, "]": NextTab} {
		if b, r := m.Lookup(detail, strings.Fields(keys)); r != Match || b.Action != want {
			t.Errorf("in detail %s is %q, want %q", keys, b.Action, want)
		}
	}
	dialog := []Context{Dialog}
	for keys, want := range map[string]Action{"y": Yes, "n": No, "enter": Accept, "m": Mine, "t": Theirs, "g": Merged} {
		if b, r := m.Lookup(dialog, []string{keys}); r != Match || b.Action != want {
			t.Errorf("in a dialog %s is %q, want %q", keys, b.Action, want)
		}
	}
	if _, r := m.Lookup(list, []string{"g"}); r != Prefix {
		t.Errorf("Lookup of g = %v, want Prefix", r)
	}
	if next := m.Following(list, []string{"g"}); len(next) != 10 {
		t.Errorf("%d keys follow g, want 10", len(next))
	}
}

func TestOverrides(t *testing.T) {
	m, problems := New(map[string]map[string][]string{"list": {"toggle_privacy": {"ctrl+X", "z z"}, "rename": {}, "snooze": {}, "open": {"x"}}})
	if len(problems) != 0 {
		t.Errorf("problems: %v, want none", problems)
	}
	// A key that an action has anyway may be named again.
	if _, problems := New(map[string]map[string][]string{"list": {"open": {"enter", "x", "right", "x"}}}); len(problems) != 0 {
		t.Errorf("problems with keys named again: %v, want none", problems)
	}
	list := []Context{List, Global}
	for keys, want := range map[string]Action{"ctrl+x": TogglePrivacy, "z z": TogglePrivacy, "x": Open, "enter": Open, "right": Open} {
		if b, r := m.Lookup(list, strings.Fields(keys)); r != Match || b.Action != want {
			t.Errorf("%s is %q, want %q", keys, b.Action, want)
		}
	}
	for _, gone := range []string{"p", "t", "l"} {
		if b, r := m.Lookup(list, []string{gone}); r != None {
			t.Errorf("%s is still bound to %q", gone, b.Action)
		}
	}
	if m.KeyOf(List, Rename) != "" || m.KeyOf(List, TogglePrivacy) != "ctrl+x" {
		t.Errorf("KeyOf: rename has %q, want none; toggle_privacy has %q, want ctrl+x", m.KeyOf(List, Rename), m.KeyOf(List, TogglePrivacy))
	}
}

func TestProblems(t *testing.T) {
	for want, over := range map[string]map[string]map[string][]string{
		"there is no such action":         {"list": {"fly": {"x"}}},
		"always keeps its own meaning":    {"list": {"rename": {"esc"}}},
		"p is also p of toggle_privacy":   {"list": {"rename": {"p"}}},
		"g x is also g of toggle_privacy": {"list": {"toggle_privacy": {"g"}, "rename": {"g x"}, "top": {}, "view_1": {}, "view_2": {}, "view_3": {}, "view_4": {}, "view_5": {}, "view_6": {}, "view_7": {}, "view_8": {}, "view_9": {}}},
		"is no key":                       {"list": {"rename": {"hyper"}}},
		"a key is missing":                {"list": {"rename": {" "}}},
	} {
		_, problems := New(over)
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("problems for %v: %q, want %q among them", over, problems, want)
		}
	}
}

func TestReservedKeysStay(t *testing.T) {
	over := map[string]map[string][]string{}
	for c, actions := range Actions() {
		over[c] = map[string][]string{}
		for _, a := range actions {
			over[c][a] = nil
		}
	}
	m, _ := New(over)
	for _, k := range []struct {
		context Context
		key     string
		want    Action
	}{{List, "enter", Open}, {List, "up", Up}, {List, "down", Down}, {Global, "esc", Back}, {Global, "ctrl+c", Interrupt}, {Dialog, "enter", Accept}} {
		if b, r := m.Lookup([]Context{k.context}, []string{k.key}); r != Match || b.Action != k.want {
			t.Errorf("%s in %s is %q, want %q", k.key, k.context, b.Action, k.want)
		}
	}
}

func TestParseKey(t *testing.T) {
	for in, want := range map[string]string{"p": "p", "P": "P", "shift+p": "P", "ctrl+P": "ctrl+p", "g g": "g g", "pgdn": "pgdown", "Escape": "esc",
		"alt+ctrl+x": "ctrl+alt+x", "+": "+", "ctrl++": "ctrl++", "é": "é", "shift+tab": "shift+tab", "F5": "f5", " a  b ": "a b"} {
		got, err := ParseKey(in)
		if err != nil || got != want {
			t.Errorf("ParseKey(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "hyper", "ctrl+", "ab", "ctrl+shift", "cmd+x"} {
		if _, err := ParseKey(in); err == nil {
			t.Errorf("ParseKey(%q) reports no error", in)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"g g", "ctrl+alt+shift+x", "+", "ctrl++", "\x00", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := ParseKey(s)
		if err != nil {
			return
		}
		if again, err := ParseKey(keys); err != nil || again != keys {
			t.Errorf("ParseKey(%q) = %q, and ParseKey of that is %q, %v", s, keys, again, err)
		}
	})
}

// Keys that the config sets for dialogs win over the default keys of the plan and the results; keys set for one of these
// apply only there.
func TestKeysOfDialogsApplyToThePlanAndTheResults(t *testing.T) {
	m, problems := New(map[string]map[string][]string{
		"dialog":  {"yes": {"x"}, "leave_hidden_out": {"H"}, "retry": {"t t"}, "take_theirs": {"o"}},
		"results": {"save_report": {"s"}},
	})
	if len(problems) != 0 {
		t.Errorf("problems: %v, want none", problems)
	}
	for _, c := range []struct {
		context Context
		keys    string
		want    Action
	}{{Plan, "x", Yes}, {Plan, "H", LeaveHidden}, {Plan, "h", ""}, {Plan, "n", No}, {Plan, "right", OpenLine}, {Plan, "j", Down},
		{Results, "t t", Retry}, {Results, "r", ""}, {Results, "s", SaveReport}, {Results, "w", ""}, {Results, "u", Undo}, {Results, "x", Yes}} {
		if b, _ := m.Lookup([]Context{c.context, Dialog}, strings.Fields(c.keys)); b.Action != c.want {
			t.Errorf("%s in %s is %q, want %q", c.keys, c.context, b.Action, c.want)
		}
	}
	if !slices.Contains(Actions()["dialog"], "retry") || slices.Contains(Actions()["dialog"], "toggle_privacy") {
		t.Errorf("actions that can be bound for dialogs: %v, want retry but not toggle_privacy", Actions()["dialog"])
	}
}

func TestScreenIsScrolledByKeysAndWheel(t *testing.T) {
	m, _ := New(nil)
	k := m.Keys(Pager)
	at := 0
	for _, msg := range []tea.Msg{layout.Wheel(3), key(t, "j"), key(t, "pgdown"), key(t, "g"), key(t, "x"), key(t, "k")} {
		if a := k.Read(msg, 10, func(by int) { at += by }); a != "" {
			t.Errorf("%v returned %v, want nothing", msg, a)
		}
	}
	if at != 13 {
		t.Errorf("scrolled to %d, want 13", at)
	}
	if a := k.Read(key(t, "q"), 10, nil); a != Hide {
		t.Errorf("q returned %v, want %v", a, Hide)
	}
}

func key(t *testing.T, name string) tea.Msg {
	k, err := Press(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

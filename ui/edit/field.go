package edit

import (
	"sort"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/theme"
)

// fieldType says how a field is filled in.
type fieldType int

const (
	textField  fieldType = iota
	areaField            // text of several lines
	pairsField           // lines "name = value"
	choiceField
	peopleField // opens a table
	pickField   // opens a picker
)

// field is one line, or more, of a form.
type field struct {
	name  string // for drafts
	label string
	kind  model.EditKind
	typ   fieldType
	// off is why it can't be edited.
	off  string
	note string

	input   theme.Input
	area    textarea.Model
	initial string // of the area, as it came back from it

	options []string
	choice  int // -1: left as it is
	was     int

	people *People
	picked model.Participant
	pick   model.LookupKind
	// required says that nothing can be sent before something is picked.
	required bool

	base  *model.Value
	pairs map[string]string
}

func newArea(text string) textarea.Model {
	a := textarea.New()
	a.Prompt = ""
	a.ShowLineNumbers = false
	a.CharLimit = 0
	a.MaxHeight = 0
	a.KeyMap.Paste = key.NewBinding()
	a.SetVirtualCursor(false)
	// The look is that of the theme: what is drawn is plain.
	a.SetStyles(textarea.Styles{})
	a.SetWidth(60)
	a.SetHeight(4)
	a.SetValue(model.Clean(text))
	a.MoveToBegin()
	return a
}

// rows gives how many lines the field takes.
func (f *field) rows() int {
	if f.off == "" && (f.typ == areaField || f.typ == pairsField) {
		return 4
	}
	return 1
}

func (f *field) key(k tea.KeyPressMsg) bool {
	switch f.typ {
	case textField:
		return f.input.Key(k)
	case areaField, pairsField:
		before := f.area.Value()
		f.area, _ = f.area.Update(theme.Typed(k))
		return f.area.Value() != before
	case pickField:
		if name := k.String(); name == "backspace" || name == "delete" {
			return f.clear()
		}
	}
	return false
}

func (f *field) paste(text string) bool {
	switch f.typ {
	case textField:
		return f.input.Paste(text)
	case areaField, pairsField:
		before := f.area.Value()
		f.area, _ = f.area.Update(tea.PasteMsg{Content: model.Clean(text)})
		return f.area.Value() != before
	}
	return false
}

func (f *field) cycle(by int) bool {
	if f.typ != choiceField || len(f.options) == 0 {
		return false
	}
	n := len(f.options)
	if f.choice < 0 {
		f.choice = 0
		if by < 0 {
			f.choice = n - 1
		}
		return true
	}
	f.choice = ((f.choice+by)%n + n) % n
	return true
}

func (f *field) touched() bool {
	if f.off != "" {
		return false
	}
	switch f.typ {
	case textField:
		return f.input.Touched()
	case areaField, pairsField:
		return f.area.Value() != f.initial
	case choiceField:
		return f.choice != f.was
	case peopleField:
		return f.people != nil && f.people.Changed()
	case pickField:
		return f.picked.ID != ""
	}
	return false
}

// clear empties a field that is filled in by picking.
func (f *field) clear() bool {
	if f.typ != pickField || f.picked.ID == "" {
		return false
	}
	f.picked = model.Participant{}
	return true
}

// value gives what a draft keeps of the field.
func (f *field) value() string {
	switch f.typ {
	case textField:
		return f.input.Value()
	case areaField, pairsField:
		return f.area.Value()
	case choiceField:
		if f.choice >= 0 && f.choice < len(f.options) {
			return f.options[f.choice]
		}
	case peopleField:
		if f.people != nil {
			return f.people.Draft()
		}
	case pickField:
		return f.picked.ID + "\n" + f.picked.Name
	}
	return ""
}

func (f *field) restore(text string) {
	if f.off != "" {
		return
	}
	switch f.typ {
	case textField:
		f.input.Set(text)
	case areaField, pairsField:
		f.area.SetValue(model.Clean(text))
	case choiceField:
		for i, o := range f.options {
			if o == text {
				f.choice = i
			}
		}
	case peopleField:
		if f.people != nil {
			f.people.Restore(text)
		}
	case pickField:
		f.picked.ID, f.picked.Name, _ = strings.Cut(text, "\n")
	}
}

// changes gives what the field asks for.
func (f *field) changes() ([]model.Change, error) {
	if !f.touched() {
		return nil, nil
	}
	set := func(v model.Value) []model.Change {
		return []model.Change{{Kind: f.kind, Op: model.OpSet, Target: v, Base: f.base}}
	}
	switch f.typ {
	case textField:
		if f.kind == model.EditTitle && strings.TrimSpace(f.input.Value()) == "" {
			return nil, errEmptyTitle
		}
		return set(model.TextValue(f.input.Value())), nil
	case areaField:
		return set(model.TextValue(f.area.Value())), nil
	case choiceField:
		return set(model.TextValue(f.options[f.choice])), nil
	case peopleField:
		return f.people.Changes(), nil
	case pairsField:
		return f.pairChanges()
	}
	return nil, nil
}

func (f *field) pairChanges() ([]model.Change, error) {
	now, err := parsePairs(f.area.Value())
	if err != nil {
		return nil, err
	}
	was, err := parsePairs(f.initial)
	if err != nil {
		was = nil
	}
	var out []model.Change
	names := map[string]bool{}
	for k := range now {
		names[k] = true
	}
	for k := range was {
		names[k] = true
	}
	sorted := make([]string, 0, len(names))
	for k := range names {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		v, has := now[k]
		old, had := was[k]
		if has == had && v == old {
			continue
		}
		exact, name := f.exact(k)
		ch := model.Change{Kind: f.kind, Op: model.OpSet, Key: name}
		if has {
			ch.Target = model.TextValue(v)
		}
		if f.base != nil {
			ch.Base = &exact
		}
		out = append(out, ch)
	}
	return out, nil
}

// exact gives the value and name as the service has them, for a name as it is
// shown.
func (f *field) exact(shown string) (model.Value, string) {
	for k, v := range f.pairs {
		if pairName(k) == shown {
			return model.TextValue(v), k
		}
	}
	return model.Value{}, shown
}

func pairName(k string) string {
	return strings.TrimSpace(strings.ReplaceAll(model.CleanLine(k, 200), "=", ":"))
}

var lineBreaks = strings.NewReplacer("\\", `\\`, "\n", `\n`)

func formatPairs(m map[string]string) string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	var out []string
	for _, k := range names {
		out = append(out, pairName(k)+" = "+lineBreaks.Replace(model.Clean(m[k])))
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
			return nil, errNoName
		}
		if _, ok := out[k]; ok {
			return nil, errTwice(k)
		}
		out[k] = unescape(strings.TrimSpace(v))
	}
	return out, nil
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

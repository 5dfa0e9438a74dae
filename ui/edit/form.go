package edit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Form edits a conversation, or several, field by field.
type Form struct {
	Title         string
	Keys          *keymap.Keys
	fields        []*field
	at            int   // the field that takes keys
	top           int   // the first line in sight
	starts        []int // the first line of each field
	several       bool
	about         model.Description
	unset         string // what an empty choice means
	problem, note string
}

// Subject is what a form is made for.
type Subject struct {
	Conversation model.Conversation
	Capabilities model.Capabilities
	About        model.Description
	// People describes the accounts in which a kind of edit of people can be made.
	People func(model.EditKind) []model.Description
	// Several makes a form for several conversations: it starts empty, and only what is filled in changes.
	Several bool
	Kinds   []model.EditKind // the fields of the form, all if there are none
}

// Fields are the edits that a form has a field for.
var Fields = []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditStatus,
	model.EditAccess, model.EditDefaultRole, model.EditParticipants, model.EditContacts, model.EditLabels, model.EditAttributes}

func NewForm(title string, s Subject) *Form {
	f := &Form{Title: title, several: s.Several, about: s.About, unset: "left as it is"}
	for _, k := range Fields {
		if len(s.Kinds) == 0 || slices.Contains(s.Kinds, k) {
			f.fields = append(f.fields, newField(k, s))
		}
	}
	f.move(0)
	return f
}

func newField(k model.EditKind, s Subject) *field {
	fl := &field{kind: k}
	switch cp := s.Capabilities.Of(k); {
	case !cp.Can():
		fl.off = cmp.Or(model.CleanLine(cp.Reason, 300), "the service can't do this")
	case cp.State == model.CapabilityAssumed:
		fl.note = cmp.Or(model.CleanLine(cp.Reason, 300), "assumed")
	}
	var now model.Value
	known := false
	if !s.Several {
		if now, known = model.Read(s.Conversation, k, ""); known {
			fl.base = &now
		}
	}
	switch k.Shape() {
	case model.ShapeLine:
		in := theme.NewInput(now.String())
		fl.control = &in
	case model.ShapeText:
		fl.control = theme.NewArea(now.String())
	case model.ShapeChoice:
		options, v := k.Choices(s.About), now.String()
		if v != "" && !slices.Contains(options, v) {
			options = append([]string{v}, options...)
		}
		fl.control = &choice{options: options, value: v, initial: v}
	case model.ShapePeople:
		people := NewPeople(strings.ToUpper(string(k[:1]))+string(k[1:]), k, s.Several, s.People(k)...)
		if known {
			people.load(Loaded{{Conversation: s.Conversation}})
		}
		fl.control = table{People: people}
	case model.ShapePairs:
		var exact map[string]string
		if known {
			exact = model.Pairs(s.Conversation, k)
		} else if !s.Several && fl.off == "" {
			fl.note = "not loaded: only what is added here changes"
		}
		fl.control = &pairs{theme.NewArea(formatPairs(exact)), exact}
	}
	return fl
}

// Update returns keymap.Submit, or the *People or *Picker that a field opens.
func (f *Form) Update(msg tea.Msg) any {
	fl := f.field()
	switch msg := msg.(type) {
	case tea.PasteMsg:
		fl.Update(msg)
	case layout.Click:
		f.click(int(msg))
	case tea.KeyPressMsg:
		key := msg.String()
		if key == "esc" {
			return keymap.Back
		}
		f.problem = ""
		var a keymap.Action
		if !fl.needs(key) {
			a = f.Keys.Press(key)
		}
		switch a {
		case keymap.Submit:
			return a
		case keymap.Accept:
			return f.enter(fl)
		case keymap.NextField:
			f.move(1)
		case keymap.PreviousField:
			f.move(-1)
		case keymap.ChoiceNext, keymap.ChoicePrev:
			if c, ok := fl.control.(*choice); ok {
				c.cycle(theme.Pick(a == keymap.ChoiceNext, 1, -1))
			}
		default:
			fl.Update(msg)
		}
	}
	return nil
}

// enter opens the table or the picker of a field; from other fields it goes to the next.
func (f *Form) enter(fl *field) any {
	switch c := fl.control.(type) {
	case table:
		return c.People
	case *pick:
		return newPicker("Choose a "+string(c.kind), []directory{{account: f.about.Account, kind: c.kind}},
			func(_ string, p model.Participant) { c.entry = p })
	}
	f.move(1)
	return nil
}

// move goes to the next field that can be edited, or the one before; for 0 it stays if the field can be edited.
func (f *Form) move(by int) {
	for i, n := 0, len(f.fields); i < n; i++ {
		if at := (f.at + by + i*cmp.Or(by, 1) + n) % n; f.fields[at].off == "" {
			f.at = at
			return
		}
	}
}

// click goes to the field that is drawn at a line, if it can be edited.
func (f *Form) click(line int) {
	at := len(f.starts) - 1
	for at > 0 && f.starts[at] > line+f.top {
		at--
	}
	if at >= 0 && f.fields[at].off == "" {
		f.at = at
	}
}

// field returns the field that takes keys, an empty field if none can be edited.
func (f *Form) field() *field {
	if f.at >= len(f.fields) || f.fields[f.at].off != "" {
		return &field{control: &choice{}}
	}
	return f.fields[f.at]
}

func (f *Form) Complain(problem string) { f.problem = problem }

func (f *Form) touched() bool { return slices.ContainsFunc(f.fields, (*field).touched) }

func (f *Form) Changes() ([]model.Change, error) {
	var out []model.Change
	for _, fl := range f.fields {
		ch, err := fl.changes()
		if err != nil {
			return nil, err
		}
		out = append(out, ch...)
	}
	return out, nil
}

// Draft returns what was filled in as JSON, "" for nothing.
func (f *Form) Draft() string {
	m := map[model.EditKind]string{}
	for _, fl := range f.fields {
		if fl.touched() {
			m[fl.kind] = fl.Value()
		}
	}
	if len(m) == 0 {
		return ""
	}
	b, _ := json.Marshal(m) // text can't fail
	return string(b)
}

// Restore fills in a draft. It ignores text that is no draft.
func (f *Form) Restore(draft string) (message string) {
	var m map[model.EditKind]string
	if json.Unmarshal([]byte(draft), &m) != nil {
		return ""
	}
	for _, fl := range f.fields {
		if v, ok := m[fl.kind]; ok && fl.off == "" {
			fl.Set(v)
		}
	}
	f.note = "restored from your draft; fields with * differ from what is there"
	return ""
}

// field is a labelled control of a form. Its kind may also be one of the fields that only a new conversation has.
type field struct {
	control
	kind model.EditKind
	off  string // why it can't be edited, "" if it can
	note string
	base *model.Value
}

// control edits the value of a field: a theme.Input, a theme.Area, or a type of this file.
type control interface {
	Update(msg tea.Msg) (changed bool)
	Touched() bool
	Value() string // as kept in a draft, which Set restores
	Set(text string)
}

// choice selects one of its options, or none: "".
type choice struct {
	options        []string
	value, initial string
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

func (c *choice) Touched() bool { return c.value != c.initial }
func (c *choice) Value() string { return c.value }
func (c *choice) Set(text string) {
	if slices.Contains(c.options, text) {
		c.value = text
	}
}

// next returns the value that stands by places after now, in a circle.
func next(values []string, now string, by int) string {
	at, n := slices.Index(values, now), len(values)
	if at < 0 && by < 0 {
		at = n // without a value, back begins at the end
	}
	return values[(at+by+n)%n]
}

// table edits a set of people, on a screen of its own.
type table struct{ *People }

func (table) Update(tea.Msg) bool { return false }

func (t table) Touched() bool   { return t.changed() || t.draft != "" }
func (t table) Value() string   { return t.Draft() }
func (t table) Set(text string) { t.Restore(text) }

// pick holds an entry of a directory.
type pick struct {
	kind     model.LookupKind
	entry    model.Participant
	required bool // for the conversation to be created
}

func (p *pick) Update(msg tea.Msg) bool {
	k, _ := msg.(tea.KeyPressMsg)
	clears := k.String() == "backspace" || k.String() == "delete"
	if clears {
		p.entry = model.Participant{}
	}
	return clears
}

func (p *pick) Touched() bool   { return p.entry.ID != "" }
func (p *pick) Value() string   { return p.entry.ID + "\n" + p.entry.Name }
func (p *pick) Set(text string) { p.entry.ID, p.entry.Name, _ = strings.Cut(text, "\n") }

// area is a control of several lines.
type area interface {
	Draw(th *theme.Theme, w, h int) ([]string, *layout.Cursor)
}

// needs reports whether the field takes a key that otherwise moves in the form.
func (f *field) needs(key string) bool {
	switch key {
	case "up", "down", "enter":
		_, several := f.control.(area)
		return several
	case "left", "right":
		_, isChoice := f.control.(*choice)
		return !isChoice
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
	return []model.Change{{Kind: f.kind, Op: model.OpSet, Target: model.TextValue(f.Value()), Base: f.base}}, nil
}

// pairs edits lines "name = value".
type pairs struct {
	*theme.Area
	exact map[string]string // the pairs as the service has them, which may not fit a line
}

func (p *pairs) changes(kind model.EditKind, known bool) ([]model.Change, error) {
	now, err := parsePairs(p.Value())
	if err != nil {
		return nil, err
	}
	was, _ := parsePairs(formatPairs(p.exact))
	all := maps.Clone(now)
	maps.Copy(all, was)
	var out []model.Change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v, has := now[name]
		old, had := was[name]
		if has == had && v == old {
			continue
		}
		ch := model.Change{Kind: kind, Op: model.OpSet, Key: name}
		base := model.Value{}
		for k, v := range p.exact {
			if pairName(k) == name {
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

// pairName returns the name of a pair as a line shows it.
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

// parsePairs reads lines "name = value". In a value, \n stands for a line break.
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
			return nil, fmt.Errorf("there are two lines for %q", k)
		}
		out[k] = unescapes.Replace(strings.TrimSpace(v))
	}
	return out, nil
}

package edit

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var errEmptyTitle = errors.New("a title can't be empty")

// Form is what can be edited of a conversation, in fields.
type Form struct {
	Title   string
	Keys    *keymap.Keys
	fields  []*field
	at, top int
	starts  []int // the line on which each field begins
	several bool
	about   model.Description
	unset   string // what an empty choice means
	problem string
	note    string
}

// Subject is what a form is made for.
type Subject struct {
	Conversation model.Conversation
	Capabilities model.Capabilities
	About        model.Description
	// People describes the accounts in which a kind of edit of people can be made.
	People func(model.EditKind) []model.Description
	// Several says that the form is for several conversations: it starts empty,
	// and only what is filled in changes.
	Several bool
	// Kinds narrows the form to some fields; none means all.
	Kinds []model.EditKind
}

var formKinds = []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditStatus,
	model.EditAccess, model.EditDefaultRole, model.EditParticipants, model.EditContacts, model.EditLabels, model.EditAttributes}

func NewForm(title string, s Subject) *Form {
	f := &Form{Title: title, several: s.Several, about: s.About, unset: "left as it is"}
	for _, k := range formKinds {
		if len(s.Kinds) == 0 || slices.Contains(s.Kinds, k) {
			f.fields = append(f.fields, newField(k, s))
		}
	}
	f.move(0)
	if f.field().kind == "" {
		f.problem = "nothing of this conversation can be edited"
	}
	return f
}

func newField(k model.EditKind, s Subject) *field {
	fl := &field{kind: k}
	switch cp := s.Capabilities.Of(k); {
	case !cp.Can():
		fl.off = cmp.Or(model.CleanLine(cp.Reason, 300), "the service can't do this")
	case cp.State == model.CapabilityAssumed:
		fl.note = "assumed"
	}
	var now model.Value
	known := false
	if !s.Several {
		now, known = model.Read(s.Conversation, k, "")
	}
	if known {
		fl.base = &now
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
		fl.control = &choice{options: options, value: v, was: v}
	case model.ShapePeople:
		people := NewPeople(strings.ToUpper(string(k[:1]))+string(k[1:]), k, s.Several, s.People(k)...)
		if known {
			people.take(Loaded{{Conversation: s.Conversation}})
		}
		fl.control = table{People: people}
	case model.ShapePairs:
		var exact map[string]string
		if known {
			exact = model.Pairs(s.Conversation, k)
		} else if !s.Several && fl.off == "" {
			fl.note = "not loaded: only what is added here changes"
		}
		fl.control = newPairs(exact)
	}
	return fl
}

// Update returns keymap.Submit, or what is to be opened: the *People or the *Picker of a
// field.
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
		case keymap.ChoiceNext:
			fl.cycle(1)
		case keymap.ChoicePrev:
			fl.cycle(-1)
		default:
			fl.Update(msg)
		}
	}
	return nil
}

// enter opens what a field is filled in with, else goes on to the next.
func (f *Form) enter(fl *field) any {
	switch c := fl.control.(type) {
	case table:
		return c.People
	case *pick:
		return newPicker("Choose a "+string(c.kind), []place{{account: f.about.Account, kind: c.kind}},
			func(_ string, p model.Participant) { c.who = p })
	}
	f.move(1)
	return nil
}

// move goes to another field that can be edited; by 0 stays unless this one can't.
func (f *Form) move(by int) {
	for i, n := 0, len(f.fields); i < n; i++ {
		if at := (f.at + by + i*cmp.Or(by, 1) + n) % n; f.fields[at].off == "" {
			f.at = at
			return
		}
	}
}

// click goes to the field drawn at a line, unless it is off.
func (f *Form) click(line int) {
	at := len(f.starts) - 1
	for at > 0 && f.starts[at] > line+f.top {
		at--
	}
	if at >= 0 && f.fields[at].off == "" {
		f.at = at
	}
}

// field returns the field that takes keys, one of nothing where none can be edited.
func (f *Form) field() *field {
	if f.at >= len(f.fields) || f.fields[f.at].off != "" {
		return &field{control: &choice{}}
	}
	return f.fields[f.at]
}

func (f *Form) Complain(why string) { f.problem = why }

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

// Draft returns what was filled in as text, "" for nothing.
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
	b, _ := json.Marshal(m) // text alone
	return string(b)
}

// Restore fills in a draft, unless something was filled in already; a text that is
// none is ignored.
func (f *Form) Restore(draft string) (said string) {
	var m map[model.EditKind]string
	if f.touched() || json.Unmarshal([]byte(draft), &m) != nil || len(m) == 0 {
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

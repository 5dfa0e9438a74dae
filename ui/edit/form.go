package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

var (
	errEmptyTitle = errors.New("a title can't be empty")
	errNoName     = errors.New("a line of labels or attributes needs a name before the =")
)

func errTwice(name string) error { return fmt.Errorf("%q is there twice", name) }

// Form is what can be edited of a conversation, in fields.
type Form struct {
	Title   string
	Problem string
	Note    string
	// Keys names the keys of the footer.
	Keys    keymap.Names
	fields  []*field
	at, top int
	starts  []int // the line on which each field begins
	several bool
	about   model.Description
	// unset is what an empty choice means.
	unset string
}

// Subject is what a form is made for.
type Subject struct {
	Conversation model.Conversation
	Capabilities model.Capabilities
	About        model.Description
	// Several says that the form is for several conversations: it starts empty,
	// and only what is filled in changes.
	Several bool
	// Kinds narrows the form to some fields; none means all.
	Kinds []model.EditKind
}

// NewForm makes the form of a conversation.
func NewForm(title string, s Subject) *Form {
	f := &Form{Title: title, several: s.Several, about: s.About, unset: "left as it is"}
	c := s.Conversation
	for _, k := range []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditStatus,
		model.EditAccess, model.EditDefaultRole, model.EditParticipants, model.EditContacts, model.EditLabels, model.EditAttributes} {
		if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, k) {
			continue
		}
		f.fields = append(f.fields, newField(k, c, s))
	}
	f.settle(1)
	return f
}

func newField(k model.EditKind, c model.Conversation, s Subject) *field {
	fl := &field{kind: k, name: string(k), label: k.Words(), choice: -1, was: -1}
	cp := s.Capabilities.Of(k)
	if !cp.Can() {
		fl.off = model.CleanLine(cp.Reason, 300)
		if fl.off == "" {
			fl.off = "the service has no call for this"
		}
	} else if cp.State == model.CapabilityAssumed {
		fl.note = "assumed"
	}
	now, known := model.Read(c, k, "")
	if s.Several {
		now, known = model.Value{}, false
	}
	if known {
		fl.base = &now
	}
	switch k.Shape() {
	case model.ShapeLine:
		fl.input = theme.NewInput(now.String())
	case model.ShapeText:
		fl.typ, fl.area = areaField, newArea(now.String())
		fl.initial = fl.area.Value()
	case model.ShapeChoice:
		fl.typ, fl.options = choiceField, k.Choices(s.About)
		if v := now.String(); v != "" {
			if !slices.Contains(fl.options, v) {
				fl.options = append([]string{v}, fl.options...)
			}
			fl.choice = slices.Index(fl.options, v)
			fl.was = fl.choice
		}
	case model.ShapePeople:
		fl.typ = peopleField
		fl.people = NewPeople(strings.ToUpper(string(k[:1]))+string(k[1:]), k, s.About, s.Several)
		if known {
			fl.people.Load(now.Set(), resources(k, c))
		}
	case model.ShapePairs:
		if known {
			fl.pairs = model.Pairs(c, k)
		} else if !s.Several && fl.off == "" {
			fl.note = "not loaded: only what is added here changes"
		}
		fl.typ, fl.area = pairsField, newArea(formatPairs(fl.pairs))
		fl.initial = fl.area.Value()
	}
	return fl
}

// resources gives the calendar resources, which are shown beside contacts.
func resources(k model.EditKind, c model.Conversation) []model.Participant {
	var out []model.Participant
	if k == model.EditContacts {
		for _, p := range c.Participants.Items {
			if p.Kind == model.KindRoom {
				out = append(out, p)
			}
		}
	}
	return out
}

// Move goes to another field that can be edited.
func (f *Form) Move(by int) {
	if len(f.fields) == 0 {
		return
	}
	f.at = (f.at + by + len(f.fields)) % len(f.fields)
	f.settle(by)
}

// PutAt goes to the field drawn at a line, unless it is off.
func (f *Form) PutAt(line int) {
	at := -1
	for i, start := range f.starts {
		if start <= line+f.top {
			at = i
		}
	}
	if at >= 0 && at < len(f.fields) && f.fields[at].off == "" {
		f.at = at
		f.settle(1)
	}
}

// settle steps on from fields that are off, and moves the focus.
func (f *Form) settle(by int) {
	if len(f.fields) == 0 {
		return
	}
	for range f.fields {
		if f.fields[f.at].off == "" {
			break
		}
		f.at = (f.at + by + len(f.fields)) % len(f.fields)
	}
	for i, fl := range f.fields {
		if fl.typ != areaField && fl.typ != pairsField || fl.off != "" {
			continue
		}
		if i == f.at {
			fl.area.Focus()
		} else {
			fl.area.Blur()
		}
	}
}

func (f *Form) field() *field {
	if f.at >= len(f.fields) || f.fields[f.at].off != "" {
		return nil
	}
	return f.fields[f.at]
}

// Multiline reports whether the field has lines of its own to move in.
func (f *Form) Multiline() bool {
	fl := f.field()
	return fl != nil && (fl.typ == areaField || fl.typ == pairsField)
}

// Choice reports whether the field is chosen from values.
func (f *Form) Choice() bool {
	fl := f.field()
	return fl != nil && fl.typ == choiceField
}

// People gives the table of the field, nil where it has none.
func (f *Form) People() *People {
	if fl := f.field(); fl != nil && fl.typ == peopleField {
		return fl.people
	}
	return nil
}

// Pick gives the directory of the field; false where it has none.
func (f *Form) Pick() (model.LookupKind, bool) {
	if fl := f.field(); fl != nil && fl.typ == pickField {
		return fl.pick, true
	}
	return "", false
}

// Picked takes what was chosen from the directory.
func (f *Form) Picked(p model.Participant) {
	if fl := f.field(); fl != nil && fl.typ == pickField {
		fl.picked = p
	}
}

// Key takes a key of the field; it reports whether the field changed.
func (f *Form) Key(k tea.KeyPressMsg) bool {
	fl := f.field()
	return fl != nil && fl.key(k)
}

// Paste takes pasted text.
func (f *Form) Paste(text string) bool {
	fl := f.field()
	return fl != nil && fl.paste(text)
}

// Cycle goes to another choice; it reports whether there is one.
func (f *Form) Cycle(by int) bool {
	fl := f.field()
	return fl != nil && fl.cycle(by)
}

// Editable reports whether anything can be edited at all.
func (f *Form) Editable() bool {
	return slices.ContainsFunc(f.fields, func(fl *field) bool { return fl.off == "" })
}

// Touched reports whether anything was filled in.
func (f *Form) Touched() bool {
	return slices.ContainsFunc(f.fields, (*field).touched)
}

// Changes gives what was filled in.
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

// Draft gives what was filled in as text, "" for nothing.
func (f *Form) Draft() string {
	m := map[string]string{}
	for _, fl := range f.fields {
		if fl.touched() {
			m[fl.name] = fl.value()
		}
	}
	if len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(b)
}

// Restore fills in a draft; a text that is none is ignored.
func (f *Form) Restore(text string) bool {
	var m map[string]string
	if json.Unmarshal([]byte(text), &m) != nil || len(m) == 0 {
		return false
	}
	for _, fl := range f.fields {
		if v, ok := m[fl.name]; ok {
			fl.restore(v)
		}
	}
	return true
}

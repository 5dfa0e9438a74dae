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
	"confab/ui/layout"
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
	f := &Form{Title: title, several: s.Several, about: s.About}
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
	fl := &field{kind: k, name: string(k), label: strings.ReplaceAll(string(k), "_", " "), choice: -1, was: -1}
	cp := s.Capabilities.Of(k)
	if !cp.Can() {
		fl.off = model.CleanLine(cp.Reason, 300)
		if fl.off == "" {
			fl.off = "the service has no call for this"
		}
	} else if cp.State == model.CapabilityAssumed {
		fl.note = "assumed"
	}
	if v, ok := model.Read(c, k, ""); ok && !s.Several && k != model.EditLabels && k != model.EditAttributes {
		fl.base = &v
	}
	choose := func(options []string, now string) {
		fl.typ, fl.options = choiceField, options
		if !s.Several {
			if now != "" && !slices.Contains(options, now) {
				fl.options = append([]string{now}, options...)
			}
			fl.choice = slices.Index(fl.options, now)
			fl.was = fl.choice
		}
	}
	text := func(t string) string {
		if s.Several {
			return ""
		}
		return t
	}
	switch k {
	case model.EditTitle:
		fl.input = theme.NewInput(text(c.Title))
	case model.EditDescription:
		fl.typ, fl.area = areaField, newArea(text(c.Description))
		fl.initial = fl.area.Value()
	case model.EditPrivacy:
		choose([]string{string(model.PrivacyPrivate), string(model.PrivacyPublic)}, string(c.Privacy))
	case model.EditStatus:
		v, _ := model.Read(c, k, "")
		choose([]string{model.StatusOpen, model.StatusClosed}, v.String())
	case model.EditAccess:
		choose(s.About.AccessValues, c.Access)
	case model.EditDefaultRole:
		choose(s.About.DefaultRoleValues, c.DefaultRole)
	case model.EditParticipants, model.EditContacts:
		fl.typ = peopleField
		fl.people = NewPeople(strings.ToUpper(string(k[:1]))+string(k[1:]), k, s.About, s.Several)
		set := c.Participants
		if k == model.EditContacts {
			set = c.Contacts
		}
		if set.Known && !s.Several {
			fl.people.Load(set.Items, resources(k, c))
		}
	case model.EditLabels, model.EditAttributes:
		m := c.Labels
		if k == model.EditAttributes {
			m = c.Attributes
		}
		if s.Several {
			m = nil
		} else if m == nil && fl.off == "" {
			fl.note = "not loaded: only what is added here changes"
		}
		fl.typ, fl.pairs, fl.area = pairsField, m, newArea(formatPairs(m))
		fl.initial = fl.area.Value()
		if !s.Several && m != nil {
			fl.base = &model.Value{}
		}
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

// Draw draws the form.
func (f *Form) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	foot := []string{f.Keys.Of(keymap.NextField), "next"}
	switch fl := f.field(); {
	case fl == nil:
	case fl.typ == choiceField:
		foot = append(foot, "left/right", "choose")
	case fl.typ == peopleField || fl.typ == pickField:
		foot = append(foot, "enter", "open")
	}
	foot = append(foot, f.Keys.Of(keymap.Submit), "show what changes", "esc", "back, kept as a draft")
	total := 1
	for _, fl := range f.fields {
		total += fl.rows()
	}
	h := max(4, min(total+1, screen.H-4))
	return th.Frame(screen, f.Title, foot, min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		var lines []string
		var cursor *layout.Cursor
		first, last := 0, 0
		f.starts = f.starts[:0]
		for i, fl := range f.fields {
			f.starts = append(f.starts, len(lines))
			if i == f.at {
				first = len(lines)
			}
			drawn, c := f.drawField(th, fl, i == f.at, w)
			if c != nil {
				cursor = &layout.Cursor{X: c.X, Y: c.Y + len(lines)}
			}
			lines = append(lines, drawn...)
			if i == f.at {
				last = len(lines)
			}
		}
		rows := max(1, h-1)
		if first < f.top {
			f.top = first
		}
		if last > f.top+rows {
			f.top = last - rows
		}
		f.top = max(0, min(f.top, len(lines)-1))
		shown := lines[f.top:min(len(lines), f.top+rows)]
		if cursor != nil {
			cursor.Y -= f.top
			if cursor.Y < 0 || cursor.Y >= rows {
				cursor = nil
			}
		}
		out := th.Block(shown, w, rows)
		switch {
		case f.Problem != "":
			out = append(out, th.Paint(theme.Error, f.Problem, w))
		default:
			out = append(out, th.Paint(theme.Dim, f.Note, w))
		}
		return out, cursor
	})
}

const labelWidth = 14

func (f *Form) drawField(th *theme.Theme, fl *field, focused bool, w int) ([]string, *layout.Cursor) {
	pointer, look := "  ", theme.Text
	if focused && fl.off == "" {
		pointer = th.Say(theme.Pointer, th.PointerSign) + " "
		look = theme.Heading
	}
	if fl.off != "" {
		look = theme.Disabled
	}
	lw := min(labelWidth, max(0, w/3))
	label := fl.label
	if fl.touched() {
		label += " *"
	}
	head := pointer + th.Paint(look, label, lw) + " "
	room := max(1, w-lw-3)
	if fl.off != "" {
		return []string{head + th.Paint(theme.Disabled, "off: "+fl.off, room)}, nil
	}
	start := lw + 3
	switch fl.typ {
	case textField:
		line, x := fl.input.Draw(th, room, theme.Text)
		if fl.input.Value() == "" && f.several {
			line = th.Paint(theme.Dim, "left as it is", room)
		}
		if focused {
			return []string{head + line}, &layout.Cursor{X: start + x}
		}
		return []string{head + line}, nil
	case areaField, pairsField:
		return f.drawArea(th, fl, focused, head, start, room)
	case choiceField:
		return []string{head + drawChoice(th, fl, focused, room)}, nil
	case peopleField:
		text := "not loaded yet"
		if fl.people.Loaded() {
			text = fl.people.Summary()
		}
		return []string{head + th.Paint(theme.Text, text+"  (enter opens the table)", room)}, nil
	case pickField:
		text, look := "none (enter looks one up)", theme.Dim
		switch {
		case fl.picked.ID != "":
			text, look = model.CleanLine(fl.picked.Display(), 200)+"  (backspace clears it)", theme.Text
		case fl.required:
			text = "required: enter looks one up"
		}
		return []string{head + th.Paint(look, text, room)}, nil
	}
	return []string{head}, nil
}

func (f *Form) drawArea(th *theme.Theme, fl *field, focused bool, head string, start, room int) ([]string, *layout.Cursor) {
	fl.area.SetWidth(room)
	fl.area.SetHeight(fl.rows())
	lines := strings.Split(fl.area.View(), "\n")
	out := make([]string, fl.rows())
	for i := range out {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		indent := layout.Spaces(start)
		if i == 0 {
			indent = head
		}
		if i == 1 && fl.note != "" {
			indent = "  " + th.Paint(theme.Dim, fl.note, max(0, start-3)) + " "
		}
		out[i] = indent + th.Fit(strings.TrimRight(text, " "), room, "")
	}
	if !focused {
		return out, nil
	}
	c := fl.area.Cursor()
	if c == nil {
		return out, nil
	}
	return out, &layout.Cursor{X: start + min(max(0, c.X), room-1), Y: min(max(0, c.Y), len(out)-1)}
}

func drawChoice(th *theme.Theme, fl *field, focused bool, room int) string {
	var s strings.Builder
	used := 0
	if fl.choice < 0 {
		s.WriteString(th.Say(theme.Dim, "left as it is") + "  ")
		used += 15
	}
	for i, o := range fl.options {
		text := model.CleanLine(model.RoleName(o), 40)
		sign := "( ) "
		if i == fl.choice {
			sign = "(" + th.Bullet + ") "
		}
		look := theme.Dim
		if i == fl.choice {
			look = theme.Text
			if focused {
				look = theme.Selected
			}
		}
		n := th.Width(sign+text) + 2
		if used+n > room {
			break
		}
		s.WriteString(th.Say(look, sign+text) + "  ")
		used += n
	}
	if fl.note != "" && used+th.Width(fl.note)+2 <= room {
		s.WriteString(th.Say(theme.Dim, "("+fl.note+")"))
	}
	return th.Fit(s.String(), room, "")
}

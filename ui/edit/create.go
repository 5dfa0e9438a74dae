package edit

import (
	"fmt"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

// The names of fields that only a new conversation has.
const (
	fieldSpace   = "space"
	fieldChannel = "channel"
	fieldMessage = "message"
)

// NewTitle says in which account of which service a new conversation is made.
func NewTitle(about model.Description) string {
	return "New conversation in " + model.CleanLine(about.Account, 60) + " (" + model.CleanLine(about.Name, 60) + ")"
}

// NewCreate makes the form of a new conversation in an account.
func NewCreate(about model.Description, caps model.Capabilities) *Form {
	f := &Form{Title: NewTitle(about), about: about, unset: "the service decides"}
	add := func(fl *field) *field {
		if fl.label == "" {
			fl.label = fl.name
		}
		f.fields = append(f.fields, fl)
		return fl
	}
	add(&field{name: "title", kind: model.EditTitle, input: theme.NewInput("")})
	if about.NewNeedsSpace {
		add(&field{name: fieldSpace, typ: pickField, pick: model.LookupSpaces, required: true})
	}
	if about.NewTakesChannel {
		add(&field{name: fieldChannel, typ: pickField, pick: model.LookupChannels})
	}
	area := func(name string) {
		fl := add(&field{name: name, typ: areaField, area: newArea("")})
		fl.initial = fl.area.Value()
	}
	area("description")
	for _, k := range []model.EditKind{model.EditPrivacy, model.EditAccess, model.EditDefaultRole} {
		if options := k.Choices(about); len(options) > 0 && (k != model.EditPrivacy || caps.Of(k).Can()) {
			add(&field{name: string(k), label: k.Words(), kind: k, typ: choiceField, options: options, choice: -1, was: -1})
		}
	}
	if len(about.People) > 0 {
		fl := add(&field{name: "people", kind: model.EditParticipants, typ: peopleField})
		fl.people = NewPeople("People of the new conversation", model.EditParticipants, about, false)
		fl.people.Load(nil, nil)
	}
	area(fieldMessage)
	if cp := caps.Of(model.EditCreate); cp.State == model.CapabilityAssumed {
		f.Note = model.CleanLine(cp.Reason, 300)
	}
	f.settle(1)
	return f
}

// New gives the conversation that was filled in.
func (f *Form) New() (model.NewConversation, error) {
	var n model.NewConversation
	for _, fl := range f.fields {
		switch fl.name {
		case "title":
			n.Title = fl.input.Value()
		case "description":
			n.Description = fl.area.Value()
		case fieldMessage:
			n.Message = fl.area.Value()
		case fieldSpace:
			n.Space = fl.picked.ID
			if n.Space == "" {
				return n, fmt.Errorf("a conversation in %s needs a space", f.about.Name)
			}
		case fieldChannel:
			n.Channel = fl.picked.ID
		case "people":
			n.People = fl.people.Target()
		case string(model.EditPrivacy):
			n.Privacy = model.Privacy(chosen(fl))
		case string(model.EditAccess):
			n.Access = chosen(fl)
		case string(model.EditDefaultRole):
			n.DefaultRole = chosen(fl)
		}
	}
	if n.Title == "" {
		return n, errEmptyTitle
	}
	return n, nil
}

// Review says in words what was filled in beside the title, and who will see it, so
// that the plan shows all of what is about to be made.
func (f *Form) Review() []string {
	out := []string{"account: " + model.CleanLine(f.about.Account, 60) + " (" + model.CleanLine(f.about.Name, 60) + ")"}
	for _, fl := range f.fields {
		if fl.name == "title" || !fl.touched() {
			continue
		}
		value := ""
		switch fl.typ {
		case areaField:
			value = fl.area.Value()
		case choiceField:
			value = model.RoleName(chosen(fl))
		case pickField:
			value = fl.picked.Display()
		case peopleField:
			var names []string
			for _, p := range fl.people.Target() {
				name := nameOf(p)
				if s := standingOf(p); s != "" {
					name += " (" + s + ")"
				}
				names = append(names, name)
			}
			value = strings.Join(names, ", ")
		}
		out = append(out, fl.label+": "+model.CleanLine(value, 300))
	}
	if n, err := f.New(); err == nil {
		out = append(out, "who will see it: "+model.CreateAudience(n, f.about))
	}
	return out
}

func chosen(fl *field) string {
	if fl.choice < 0 || fl.choice >= len(fl.options) {
		return ""
	}
	return fl.options[fl.choice]
}

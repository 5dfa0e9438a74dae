package edit

import (
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

// The names of fields that only a new conversation has.
const (
	fieldSpace   = "space"
	fieldChannel = "channel"
	fieldMessage = "message"
	fieldPeople  = "people"
)

func accountOf(about model.Description) string {
	return model.CleanLine(about.Account, 60) + " (" + model.CleanLine(about.Name, 60) + ")"
}

// NewCreate makes the form of a new conversation in an account.
func NewCreate(about model.Description, caps model.Capabilities) *Form {
	f := &Form{Title: "New conversation in " + accountOf(about), about: about, unset: "the service decides"}
	add := func(name string, c control) {
		f.fields = append(f.fields, &field{name: name, label: model.EditKind(name).Words(), control: c})
	}
	title := theme.NewInput("")
	add(string(model.EditTitle), &title)
	if about.NewNeedsSpace {
		add(fieldSpace, &pick{kind: model.LookupSpaces, required: true})
	}
	if about.NewTakesChannel {
		add(fieldChannel, &pick{kind: model.LookupChannels})
	}
	add(string(model.EditDescription), theme.NewArea(""))
	for _, k := range []model.EditKind{model.EditPrivacy, model.EditAccess, model.EditDefaultRole} {
		if options := k.Choices(about); len(options) > 0 && (k != model.EditPrivacy || caps.Of(k).Can()) {
			add(string(k), &choice{options: options})
		}
	}
	if len(about.People) > 0 {
		people := NewPeople("People of the new conversation", model.EditParticipants, about, false)
		people.take(model.Conversation{Participants: model.SetOf[model.Participant]()})
		add(fieldPeople, table{People: people})
	}
	add(fieldMessage, theme.NewArea(""))
	if cp := caps.Of(model.EditCreate); cp.State == model.CapabilityAssumed {
		f.note = model.CleanLine(cp.Reason, 300)
	}
	return f
}

// New returns the conversation that was filled in.
func (f *Form) New() (model.NewConversation, error) {
	value := func(name string) string {
		i := slices.IndexFunc(f.fields, func(fl *field) bool { return fl.name == name })
		if i < 0 {
			return ""
		}
		return f.fields[i].Value()
	}
	space, _, _ := strings.Cut(value(fieldSpace), "\n")
	channel, _, _ := strings.Cut(value(fieldChannel), "\n")
	n := model.NewConversation{Title: value(string(model.EditTitle)), Description: value(string(model.EditDescription)), Message: value(fieldMessage),
		Space: space, Channel: channel, Privacy: model.Privacy(value(string(model.EditPrivacy))), Access: value(string(model.EditAccess)),
		DefaultRole: value(string(model.EditDefaultRole))}
	for _, fl := range f.fields {
		if people, ok := fl.control.(table); ok {
			n.People = people.target()
		}
	}
	switch {
	case n.Space == "" && f.about.NewNeedsSpace:
		return n, fmt.Errorf("a conversation in %s needs a space", f.about.Name)
	case n.Title == "":
		return n, errEmptyTitle
	}
	return n, nil
}

// Review says in words what was filled in beside the title, and who will see it, so
// that the plan shows all of what is about to be made.
func (f *Form) Review() []string {
	out := []string{"account: " + accountOf(f.about)}
	for _, fl := range f.fields[1:] {
		if !fl.touched() {
			continue
		}
		value := fl.Value()
		switch c := fl.control.(type) {
		case *choice:
			value = model.RoleName(value)
		case *pick:
			value = c.who.Display()
		case table:
			people := c.target()
			value = theme.People(people, len(people), personOf)
		}
		out = append(out, fl.label+": "+model.CleanLine(value, 300))
	}
	if n, err := f.New(); err == nil {
		out = append(out, "who will see it: "+model.CreateAudience(n, f.about))
	}
	return out
}

func personOf(p model.Participant) string {
	if s := theme.Standing(p); s != "" {
		return nameOf(p) + " (" + s + ")"
	}
	return nameOf(p)
}

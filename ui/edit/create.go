package edit

import (
	"confab/model"
	"confab/ui/theme"
)

// The fields that only a new conversation has.
const (
	fieldSpace   model.EditKind = "space"
	fieldChannel model.EditKind = "channel"
	fieldMessage model.EditKind = "message"
	fieldPeople  model.EditKind = "people"
)

func accountName(about model.Description) string {
	return model.CleanLine(about.Account, 60) + " (" + model.CleanLine(about.Name, 60) + ")"
}

// NewCreate makes a form for a new conversation.
func NewCreate(about model.Description, caps model.Capabilities) *Form {
	f := &Form{Title: "New conversation in " + accountName(about), about: about, unset: "the service decides"}
	add := func(has bool, k model.EditKind, c control) {
		if has {
			f.fields = append(f.fields, &field{kind: k, control: c})
		}
	}
	title := theme.NewInput("")
	add(true, model.EditTitle, &title)
	add(about.NewNeedsSpace, fieldSpace, &pick{kind: model.LookupSpaces, required: true})
	add(about.NewTakesChannel, fieldChannel, &pick{kind: model.LookupChannels})
	add(true, model.EditDescription, theme.NewArea(""))
	for _, k := range []model.EditKind{model.EditPrivacy, model.EditAccess, model.EditDefaultRole} {
		options := k.Choices(about)
		add(len(options) > 0 && (k != model.EditPrivacy || caps.Of(k).Can()), k, &choice{options: options})
	}
	people := NewPeople("People of the new conversation", model.EditParticipants, false, about)
	nobody := model.Conversation{Ref: model.Ref{Account: about.Account}, Participants: model.SetOf[model.Participant]()}
	people.load(Loaded{{Conversation: nobody}})
	add(len(about.People) > 0, fieldPeople, table{People: people})
	add(true, fieldMessage, theme.NewArea(""))
	if cp := caps.Of(model.EditCreate); cp.State == model.CapabilityAssumed {
		f.note = model.CleanLine(cp.Reason, 300)
	}
	return f
}

// New returns the conversation that the form describes.
func (f *Form) New() (n model.NewConversation) {
	into := map[model.EditKind]*string{model.EditTitle: &n.Title, model.EditDescription: &n.Description,
		model.EditPrivacy: (*string)(&n.Privacy), model.EditAccess: &n.Access, model.EditDefaultRole: &n.DefaultRole,
		fieldSpace: &n.Space, fieldChannel: &n.Channel, fieldMessage: &n.Message}
	for _, fl := range f.fields {
		switch c := fl.control.(type) {
		case table:
			n.People = c.target()
		case *pick:
			*into[fl.kind] = c.entry.ID
		default:
			*into[fl.kind] = fl.Value()
		}
	}
	return n
}

// Review describes the new conversation for the plan: what was filled in besides the title, and who will see it.
func (f *Form) Review() []string {
	out := []string{"account: " + accountName(f.about)}
	for _, fl := range f.fields[1:] {
		if !fl.touched() {
			continue
		}
		value := fl.Value()
		switch c := fl.control.(type) {
		case *choice:
			value = model.RoleName(value)
		case *pick:
			value = c.entry.Display()
		case table:
			people := c.target()
			value = theme.People(people, len(people), func(p model.Participant) string {
				return nameOf(p) + theme.Around(" (", theme.Standing(p), ")")
			})
		}
		out = append(out, fl.kind.Words()+": "+model.CleanLine(value, 300))
	}
	return append(out, "will be seen by: "+f.about.AudienceOfNew(f.New()).Words())
}

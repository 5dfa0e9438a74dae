package kona

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// words translates the numbers of a field. A number without a word is shown after a prefix, and sent back unchanged.
type words struct {
	of     map[string]string
	prefix string
}

// The numbers of stakeholder (conversations.md) and of roles. 1 and 2 are documented for participants, and all three for
// default_role; that 3 means the same for participants is [assumed].
var (
	access = words{map[string]string{"0": "just_me", "1": "group", "2": "everyone"}, ""}
	role   = words{map[string]string{"1": model.RoleEditor, "2": model.RoleViewer, "3": model.RoleComplete}, "role "}
)

func (w words) text(number string) string {
	if number == "" {
		return ""
	}
	return cmp.Or(w.of[number], w.prefix+number)
}

// number is the inverse of text; ok is false for anything that is neither a word nor a number.
func (w words) number(text string) (json.RawMessage, bool) {
	for n, word := range w.of {
		if word == text {
			return json.RawMessage(n), true
		}
	}
	n, ok := strings.CutPrefix(text, w.prefix)
	switch {
	case !ok || n == "":
		return nil, false
	case !strings.ContainsAny(n, "\"[{tfn \t\r\n") && json.Valid([]byte(n)):
		return json.RawMessage(n), true
	case w.prefix == "":
		return nil, false
	}
	raw, _ := json.Marshal(n)
	return raw, true
}

func (w words) add(b *providers.Body, name, text string) {
	if n, ok := w.number(text); ok {
		b.Add(name, n)
	}
}

// isID reports whether a text is a whole number, as all ids of the API are.
func isID(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}

// checkID refuses a text that is no id.
func checkID(op, what, id string) *model.Error {
	if isID(id) {
		return nil
	}
	return providers.Invalid(op, fmt.Sprintf("%q is no %s: a Kona id is a whole number", id, what))
}

// plan implements providers.Adapter.Plan: one PUT, which no page documents, for all fields.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	id := fresh.Ref.ID
	update := fieldsOf(fresh).Write(func(b providers.Body) providers.Call { return calls.UpdateConversation.Of(id, wrap(b)) })
	update.Shows = p.shown
	update.Learn = func(err *model.Error) providers.Lesson {
		if err.Hint == "" && err.Kind == model.Invalid {
			err.Hint = hintUpdate
		}
		return providers.Lesson{}
	}
	update.Assumed = &providers.Assumption{
		Probe: calls.GetConversation.Of(id, nil),
		Proves: func(a *providers.Answer) bool {
			raw, err := conversationKey.first(a, nil)
			return err == nil && idOf(raw) == id
		},
		Missing: noUpdate,
	}
	return func(e model.Edit) providers.Planned {
		switch e.Kind {
		case model.EditParticipants:
			if err := checkPeople(e.Kind.Op(), e.Target.Set()); err != nil {
				return providers.Refuse(err)
			}
		case model.EditCreate:
			return p.planCreate(e)
		case model.EditDelete:
			return providers.Change(providers.Single(e.Kind, calls.DeleteConversation.Of(id, nil)), fresh, e)
		}
		return providers.Change(update, fresh, e)
	}
}

// fieldsOf returns the fields that the PUT can change. A field that is not sent keeps its value. That is documented for other
// resources, and [assumed] for conversations.
func fieldsOf(fresh model.Conversation) providers.Fields {
	return providers.Fields{
		{Kind: model.EditTitle, Names: []string{"name"}},
		{Kind: model.EditDescription, Names: []string{"details"}},
		access.field(model.EditAccess, "stakeholder"),
		role.field(model.EditDefaultRole, "default_role"),
		{Kind: model.EditParticipants, Names: []string{"participants", "groups"},
			// Each list that changes is sent whole, because whoever is missing from it is taken to be removed [assumed]. An empty
			// list is sent as []; the answer shows whether the service accepts that.
			Add: func(b *providers.Body, edits []model.Edit) {
				for _, l := range lists {
					if want, changed := listOf(l.kind, fresh.Participants.Items, edits[0].Target.Set()); changed {
						b.Add(l.field, roles(l.id, want))
					}
				}
			}},
	}
}

func (w words) field(k model.EditKind, name string) providers.Field {
	return providers.Field{Kind: k, Names: []string{name},
		Add: func(b *providers.Body, edits []model.Edit) { w.add(b, name, edits[0].Target.String()) }}
}

// isKnown implements providers.Adapter.IsKnown: a number without a word was read from the service, and goes back to it.
func isKnown(k model.EditKind, value string) bool {
	_, known := map[model.EditKind]words{model.EditAccess: access, model.EditDefaultRole: role}[k].number(value)
	return known
}

// checkPeople refuses participants that the two lists can't hold.
func checkPeople(op string, people []model.Participant) *model.Error {
	for _, p := range people {
		switch {
		case p.Kind != model.KindUser && p.Kind != model.KindGroup:
			return providers.Unsupported(op, fmt.Sprintf("a conversation holds users and groups, not a participant of kind %q", p.Kind))
		case p.ID == "":
			return providers.Invalid(op, p.Display()+" has no id: look the person up first")
		}
		if err := checkID(op, p.Kind, p.ID); err != nil {
			return err
		}
		if _, known := role.number(p.Role); !known && p.Role != "" {
			return providers.OneOf(op, p.Role, service.About.Roles...)
		}
	}
	return nil
}

// listOf returns the participants of one kind that target wants, in the order of fresh, and whether they differ from those of
// fresh.
func listOf(kind string, fresh, target []model.Participant) (want []model.Participant, changed bool) {
	was, will := only(kind, fresh), only(kind, target)
	for _, p := range slices.Concat(was, will) {
		same := func(q model.Participant) bool { return model.SamePerson(p, q) }
		if i := slices.IndexFunc(will, same); i >= 0 && !slices.ContainsFunc(want, same) {
			want = append(want, will[i])
		}
	}
	return want, !model.SamePeople(was, will)
}

func only(kind string, in []model.Participant) []model.Participant {
	return slices.DeleteFunc(slices.Clone(in), func(p model.Participant) bool { return p.Kind != kind })
}

// roles returns the body of a list of participants. Their ids have passed checkID, because the API writes ids as numbers.
func roles(id string, in []model.Participant) []providers.Body {
	out := make([]providers.Body, len(in))
	for i, p := range in {
		out[i].Add(id, json.RawMessage(p.ID))
		role.add(&out[i], "role", p.Role)
	}
	return out
}

func wrap(conversation providers.Body) any {
	return map[resource][]providers.Body{conversationKey: {conversation}}
}

func (p *provider) shown(a *providers.Answer) (c model.Conversation, ok bool) {
	raw, err := conversationKey.first(a, nil)
	if err != nil {
		return c, false
	}
	return p.convertNamed(raw)
}

func (p *provider) planCreate(e model.Edit) providers.Planned {
	body, refused := newConversation(*e.Target.New)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(e.Kind, providers.Call{Endpoint: calls.CreateConversation, Body: body})
	w.Created = func(a *providers.Answer) string {
		if raw, err := conversationKey.first(a, nil); err == nil && idOf(raw) != "" {
			return idOf(raw)
		}
		// Otherwise the location ends with the id. Its host does not matter, since it is not followed.
		if u, err := url.Parse(a.Header.Get("Location")); err == nil && isID(path.Base(u.Path)) {
			return path.Base(u.Path)
		}
		return ""
	}
	return providers.Change(w, model.Conversation{}, e)
}

// newConversation returns the body of a create. It contains a stakeholder only if the person chose an access, because the vendor's
// samples leave it out if they list people.
func newConversation(n model.NewConversation) (any, *model.Error) {
	op := model.EditCreate.Op()
	refused := cmp.Or(checkID(op, "space", n.Space), checkPeople(op, n.People))
	switch {
	case n.Space == "":
		refused = providers.Invalid(op, "a conversation is made in a space: name one")
	case n.Channel != "":
		refused = providers.Invalid(op, "the service has no channels")
	case n.Privacy == model.PrivacyPublic:
		refused = providers.Invalid(op, "the service's conversations are visible to their participants only")
	}
	if refused != nil {
		return nil, refused
	}
	var b providers.Body
	b.Add("name", n.Title)
	b.AddText("details", n.Description)
	b.Add("space_id", json.RawMessage(n.Space))
	access.add(&b, "stakeholder", n.Access)
	role.add(&b, "default_role", n.DefaultRole)
	for _, l := range lists {
		if people := only(l.kind, n.People); len(people) > 0 {
			b.Add(l.field, roles(l.id, people))
		}
	}
	b.AddText("initial_comment", commentText(n.Message))
	return wrap(b), nil
}

package kona

import (
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// check refuses what cannot be sent, before anything is.
func check(fresh model.Conversation, e model.Edit) *model.Error {
	op, target := e.Kind.Op(), e.Target.String()
	switch e.Kind {
	case model.EditTitle:
		if strings.TrimSpace(target) == "" {
			return providers.Invalid(op, "the service wants a name")
		}
	case model.EditAccess:
		if _, ok := accessNumber(target); !ok {
			return providers.OneOf(op, target, accesses...)
		}
	case model.EditDefaultRole:
		if _, ok := roleNumber(target); !ok || target == "" {
			return providers.OneOf(op, target, roles...)
		}
	case model.EditParticipants:
		if !fresh.Participants.Known {
			return providers.Malformed(op, "the service did not give the list of participants, so it cannot be replaced")
		}
		return sendable(op, e.Target.Set())
	}
	return nil
}

// sendable refuses people that the two lists cannot hold.
func sendable(op string, people []model.Participant) *model.Error {
	for _, p := range people {
		if p.Kind != model.KindUser && p.Kind != model.KindGroup {
			return providers.Unsupported(op, fmt.Sprintf("a conversation holds users and groups, not a participant of kind %q", p.Kind))
		}
		if p.ID == "" {
			return providers.Invalid(op, p.Display()+" has no id: look the person up first")
		}
		if err := checkID(op, p.Kind, p.ID); err != nil {
			return err
		}
		if _, ok := roleNumber(p.Role); !ok {
			return providers.OneOf(op, p.Role, roles...)
		}
	}
	return nil
}

// updateOf is the body of a PUT for some edits: only the keys they change.
func updateOf(fresh model.Conversation, edits []model.Edit) envelope {
	var f fields
	for _, e := range edits {
		text := e.Target.String()
		switch e.Kind {
		case model.EditTitle:
			f.Name = &text
		case model.EditDescription:
			f.Details = &text
		case model.EditAccess:
			f.Stakeholder, _ = accessNumber(text)
		case model.EditDefaultRole:
			f.DefaultRole, _ = roleNumber(text)
		case model.EditParticipants:
			f.Participants, f.Groups = lists(fresh, e.Target.Set())
		}
	}
	return wrap(f)
}

// lists returns each list that changes, whole: what is not in it is taken to be removed [assumed]. The order of fresh is
// kept, and an empty list is sent as []; whether the service takes that is checked against its answer.
func lists(fresh model.Conversation, target []model.Participant) (users *[]userRole, groups *[]groupRole) {
	if want, changed := listOf(model.KindUser, fresh.Participants.Items, target); changed {
		users = userRoles(want)
	}
	if want, changed := listOf(model.KindGroup, fresh.Participants.Items, target); changed {
		groups = groupRoles(want)
	}
	return users, groups
}

// listOf returns the people of one kind as they are to be, and whether that differs from how they are.
func listOf(kind string, fresh, target []model.Participant) (want []model.Participant, changed bool) {
	was, will := only(kind, fresh), only(kind, target)
	at := func(in []model.Participant, p model.Participant) int {
		return slices.IndexFunc(in, func(q model.Participant) bool { return model.SamePerson(p, q) })
	}
	for _, p := range was {
		if i := at(will, p); i >= 0 {
			want = append(want, will[i])
		}
	}
	for _, p := range will {
		if at(was, p) < 0 && at(want, p) < 0 {
			want = append(want, p)
		}
	}
	return want, !model.SamePeople(was, will)
}

func only(kind string, in []model.Participant) []model.Participant {
	return slices.DeleteFunc(slices.Clone(in), func(p model.Participant) bool { return p.Kind != kind })
}

func userRoles(in []model.Participant) *[]userRole {
	out := make([]userRole, len(in))
	for i, p := range in {
		out[i].UserID = idValue(p.ID)
		out[i].Role, _ = roleNumber(p.Role)
	}
	return &out
}

func groupRoles(in []model.Participant) *[]groupRole {
	out := make([]groupRole, len(in))
	for i, r := range *userRoles(in) {
		out[i] = groupRole{GroupID: r.UserID, Role: r.Role}
	}
	return &out
}

// newConversation is the body of a create. A stakeholder is sent only where one is asked for, since the samples leave
// it out where people are listed.
func newConversation(n model.NewConversation) (envelope, *model.Error) {
	op := model.EditCreate.Op()
	switch {
	case strings.TrimSpace(n.Title) == "":
		return envelope{}, providers.Invalid(op, "the service wants a name")
	case n.Space == "":
		return envelope{}, providers.Invalid(op, "a conversation is made in a space: name one")
	case n.Channel != "":
		return envelope{}, providers.Invalid(op, "the service has no channels")
	case n.Privacy == model.PrivacyPublic:
		return envelope{}, providers.Invalid(op, "the service's conversations are visible to their participants only")
	}
	if err := checkID(op, "space", n.Space); err != nil {
		return envelope{}, err
	}
	if err := sendable(op, n.People); err != nil {
		return envelope{}, err
	}
	f := fields{Name: &n.Title, SpaceID: idValue(n.Space)}
	if n.Description != "" {
		f.Details = &n.Description
	}
	var ok bool
	if n.Access != "" {
		if f.Stakeholder, ok = accessNumber(n.Access); !ok {
			return envelope{}, providers.OneOf(op, n.Access, accesses...)
		}
	}
	if f.DefaultRole, ok = roleNumber(n.DefaultRole); !ok {
		return envelope{}, providers.OneOf(op, n.DefaultRole, roles...)
	}
	if users := only(model.KindUser, n.People); len(users) > 0 {
		f.Participants = userRoles(users)
	}
	if groups := only(model.KindGroup, n.People); len(groups) > 0 {
		f.Groups = groupRoles(groups)
	}
	if n.Message != "" {
		text := commentText(n.Message)
		f.Comment = &text
	}
	return wrap(f), nil
}

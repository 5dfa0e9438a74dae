package kona

import (
	"strings"
	"testing"

	"confab/model"
)

func TestOtherIDsThanWholeNumbersAreRefused(t *testing.T) {
	for _, id := range []string{"abc", "1e3", "../9", "1.5", "-4", "+4", "007", "0x1f", " 7", "7/8", "99999999999999999999", "٣", "null", "\"7\"", ""} {
		if isID(id) {
			t.Errorf("isID(%q): got true", id)
		}
	}
	for _, id := range []string{"0", "7", "1480000000000", "9223372036854775807"} {
		if !isID(id) {
			t.Errorf("isID(%q): got false", id)
		}
	}
	p, s := openStub(t, func(sent) (int, string) { return 500, "" })
	here := model.Conversation{Ref: model.Ref{Account: "projects", ID: "71"}, Participants: model.SetOf[model.Participant](), ParticipantCount: 0}
	apply := func(e model.Edit) error {
		_, planned := p.Requests(here, []model.Edit{e})
		out := p.Apply(t.Context(), here, []model.Edit{e})
		if (planned == nil) != (out[0].Err == nil) {
			t.Errorf("Requests: got %v, Apply: got %v", planned, out[0].Err)
		}
		return out[0].Err
	}
	add := func(kind, id string) error {
		return apply(model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue(nil), Target: model.PeopleValue([]model.Participant{{Kind: kind, ID: id, Role: model.RoleViewer}})})
	}
	create := func(space, user string) error {
		n := &model.NewConversation{Title: "t", Space: space, People: []model.Participant{{Kind: model.KindUser, ID: user}}}
		return apply(model.Edit{Kind: model.EditCreate, Target: model.Value{New: n}})
	}
	look := func(kind model.LookupKind, space string) error {
		_, err := p.Lookup(t.Context(), model.LookupRequest{Kind: kind, Text: "an", Scope: space})
		return err
	}
	for what, try := range map[string]func() error{
		"a user to add":          func() error { return add(model.KindUser, "abc") },
		"a number that is no id": func() error { return add(model.KindUser, "1e3") },
		"a group to add":         func() error { return add(model.KindGroup, "1.5") },
		"a space to create in":   func() error { return create("../9", "7") },
		"a user to create with":  func() error { return create("40", "user") },
		"a conversation to read": func() error { _, err := p.Load(t.Context(), "abc", 0); return err },
		"a space to look in":     func() error { return look(model.LookupUsers, "../9") },
		"a space of groups":      func() error { return look(model.LookupGroups, "1e3") },
		"a space to find what was": func() error {
			_, err := p.Newest(t.Context(), model.NewConversation{Title: "t", Space: "../9"})
			return err
		},
	} {
		e := wantKind(t, try(), model.Invalid)
		if !strings.Contains(e.Message, "a Kona id is a whole number") {
			t.Errorf("%s: got %v, want an explanation of ids", what, e)
		}
	}
	if len(s.sent) > 0 {
		t.Errorf("sent %v, want nothing", s.lines())
	}
}

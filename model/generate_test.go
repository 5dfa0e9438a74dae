package model_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"confab/model"
)

// genPeople draws a set without repetitions.
func genPeople() *rapid.Generator[[]model.Participant] {
	return rapid.Custom(func(t *rapid.T) []model.Participant {
		out := []model.Participant{}
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 6, rapid.ID).Draw(t, "people") {
			p := model.Participant{
				Kind: model.KindUser, ID: fmt.Sprint("u", n), Name: fmt.Sprint("Person ", n),
				Role:   rapid.SampledFrom([]string{"", model.RoleEditor, model.RoleViewer}).Draw(t, "role"),
				Status: rapid.SampledFrom([]string{"", "active"}).Draw(t, "status"),
			}
			switch n {
			case 5: // only a Bird identifier
				p.ID, p.Identifier = "", "emailaddress=five@example.com"
			case 6: // neither id nor identifier
				p.ID, p.Email = "", "six@example.com"
			case 7: // an id that another kind has too
				p.ID, p.Kind = "u1", model.KindGroup
			}
			out = append(out, p)
		}
		return out
	})
}

func genConversation() *rapid.Generator[model.Conversation] {
	return rapid.Custom(func(t *rapid.T) model.Conversation {
		text := rapid.StringN(0, 8, 32)
		c := model.Conversation{
			Ref: model.Ref{Account: "sales", ID: "1"}, Provider: model.Bird, Title: text.Draw(t, "title"), Description: text.Draw(t, "description"),
			Privacy: rapid.SampledFrom([]model.Privacy{model.PrivacyPrivate, model.PrivacyPublic, model.PrivacyUnknown, ""}).Draw(t, "privacy"),
			Closed:  rapid.Bool().Draw(t, "closed"), Status: "active",
			Access:      rapid.SampledFrom([]string{"", "open", "invite-only"}).Draw(t, "access"),
			DefaultRole: rapid.SampledFrom([]string{"", model.RoleViewer}).Draw(t, "default role"),
			Labels:      rapid.MapOfN(rapid.SampledFrom([]string{"a", "b"}), text, 0, 2).Draw(t, "labels"),
			Attributes:  rapid.MapOfN(rapid.SampledFrom([]string{"a", "b"}), text, 0, 2).Draw(t, "attributes"),
			Created:     time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC), ParticipantCount: -1,
		}
		if c.Closed {
			c.Status = model.StatusClosed
		}
		if rapid.Bool().Draw(t, "participants known") {
			c.Participants = model.SetOf(genPeople().Draw(t, "participants")...)
			c.ParticipantCount = len(c.Participants.Items)
		}
		if rapid.Bool().Draw(t, "contacts known") {
			c.Contacts = model.SetOf(genPeople().Draw(t, "contacts")...)
		}
		return c
	})
}

// genEdit draws an edit of c that can be taken back; ok is false if c has not loaded the field.
func genEdit(t *rapid.T, c model.Conversation) (model.Edit, bool) {
	e := model.Edit{Ref: c.Ref, Kind: rapid.SampledFrom([]model.EditKind{
		model.EditPrivacy, model.EditTitle, model.EditDescription, model.EditStatus, model.EditAccess, model.EditDefaultRole,
		model.EditParticipants, model.EditContacts, model.EditLabels, model.EditAttributes}).Draw(t, "kind")}
	text := func(s ...string) model.Value { return model.TextValue(rapid.SampledFrom(s).Draw(t, "target")) }
	switch e.Kind {
	case model.EditPrivacy:
		e.Target = text("private", "public")
	case model.EditStatus:
		e.Target = text(model.StatusOpen, model.StatusClosed)
	case model.EditAccess:
		e.Target = text("open", "request-to-join")
	case model.EditDefaultRole:
		e.Target = text(model.RoleEditor, model.RoleViewer)
	case model.EditParticipants, model.EditContacts:
		e.Target = model.PeopleValue(genPeople().Draw(t, "target"))
	case model.EditLabels, model.EditAttributes:
		e.Key = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
		if rapid.Bool().Draw(t, "set") {
			e.Target = text("x", "")
		}
	default:
		e.Target = text("new", "", "other")
	}
	var known bool
	e.Base, known = e.Read(c)
	return e, known
}

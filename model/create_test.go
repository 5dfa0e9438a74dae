package model_test

import (
	"strings"
	"testing"

	"confab/model"
)

func TestNewConversationLacksAndMatches(t *testing.T) {
	ann := model.Participant{Kind: model.KindUser, ID: "3", Role: model.RoleEditor}
	bob := model.Participant{Kind: model.KindContact, Identifier: "emailaddress=bob@example.com", Email: "bob@example.com"}
	asked := model.NewConversation{Title: "T", Description: "D", Privacy: model.PrivacyPrivate, Space: "40", People: []model.Participant{ann, bob}, Message: "Hello\nthere"}
	made := func() model.Detail {
		bob := bob
		bob.ID = "c-1"
		return model.Detail{
			Conversation: model.Conversation{Title: "T", Description: "D", Privacy: model.PrivacyPrivate, Space: model.Named{ID: "40"}, Access: "group",
				Owner: model.Participant{Kind: model.KindUser, ID: "1"}, Participants: model.SetOf(ann, bob, model.Participant{Kind: model.KindUser, ID: "1"})},
			Messages: model.SetOf(model.Message{Text: "Hello there"}),
		}
	}
	for name, tc := range map[string]struct {
		change  func(d *model.Detail)
		lacks   string
		matches bool
	}{
		"the same":          {func(*model.Detail) {}, "", true},
		"another title":     {func(d *model.Detail) { d.Conversation.Title = "t" }, "title", false},
		"public":            {func(d *model.Detail) { d.Conversation.Privacy = model.PrivacyPublic }, "privacy", false},
		"another space":     {func(d *model.Detail) { d.Conversation.Space.ID = "41" }, "space", false},
		"somebody missing":  {func(d *model.Detail) { d.Conversation.Participants.Items = d.Conversation.Participants.Items[1:] }, "list of participants", false},
		"another role":      {func(d *model.Detail) { d.Conversation.Participants.Items[0].Role = model.RoleViewer }, "list of participants", false},
		"people not read":   {func(d *model.Detail) { d.Conversation.Participants = model.Set[model.Participant]{} }, "", false},
		"somebody else":     {func(d *model.Detail) { d.Conversation.Owner.ID = "7" }, "", false},
		"no message":        {func(d *model.Detail) { d.Messages = model.SetOf[model.Message]() }, "first message", false},
		"another message":   {func(d *model.Detail) { d.Messages.Items[0].Text = "Bye" }, "", false},
		"messages not read": {func(d *model.Detail) { d.Messages = model.Set[model.Message]{} }, "", false},
		"more messages":     {func(d *model.Detail) { d.MoreMessages = true }, "", false},
	} {
		d := made()
		tc.change(&d)
		if lacks := strings.Join(asked.Lacks(d), ", "); lacks != tc.lacks || asked.Matches(d) != tc.matches {
			t.Errorf("%s: got lacks %q and matches %t, want %q and %t", name, lacks, asked.Matches(d), tc.lacks, tc.matches)
		}
	}
	silent := asked
	silent.Message = ""
	if silent.Matches(made()) {
		t.Error("a conversation with a message matches a create without one")
	}
}

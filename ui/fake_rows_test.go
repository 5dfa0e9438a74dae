package ui_test

import (
	"fmt"
	"time"

	"confab/model"
)

var providers = []string{model.Attention, model.Bird, model.AskElephant, model.Kona}

// conversation returns a row that depends on nothing but its number.
func conversation(i int) model.Row {
	provider := providers[i%4]
	privacy := []model.Privacy{model.PrivacyPublic, model.PrivacyPrivate, model.PrivacyPublic, model.PrivacyParticipants}[i%4]
	if provider == model.Attention && i%8 == 4 {
		privacy = model.PrivacyPrivate
	}
	status := []string{"completed", "active", "COMPLETED", ""}[i%4]
	people := []model.Participant{
		{Kind: model.KindUser, ID: "u1", Name: "Ann Archer", Email: "ann@example.com", Role: model.RoleEditor},
		{Kind: model.KindUser, ID: "u2", Name: "Bob Baker", Email: "bob@example.com", Role: model.RoleViewer},
	}
	c := model.Conversation{
		Ref:      model.Ref{Account: provider + "-a", ID: fmt.Sprintf("c%05d", i)},
		Provider: provider, Kind: "call", Title: fmt.Sprintf("Talk %d about budgets", i), Privacy: privacy, Status: status,
		ParticipantCount: -1, Featured: people, Created: clock.Add(-time.Duration(i+1) * time.Hour), Updated: clock.Add(-time.Duration(i) * time.Hour),
		Preview: "the last message", URL: fmt.Sprintf("https://example.com/c/%d", i),
	}
	switch provider {
	case model.Kona, model.Bird:
		c.Participants = model.SetOf(people...)
		c.Access = "group"
		c.Attributes = map[string]string{"tier": "gold"}
	case model.AskElephant:
		c.Contacts = model.SetOf(model.Participant{Kind: model.KindContact, ID: "k1", Name: "Cora Customer", Email: "cora@example.com"},
			model.Participant{Kind: model.KindContact, ID: "k2", Name: "Dan Dealer", Email: "dan@example.com"})
		c.Participants = model.SetOf(model.Participant{Kind: model.KindRoom, ID: "r1", Name: "Room Ulm"})
	case model.Attention:
		c.Labels = map[string]string{"stage": "won"}
	}
	return model.Row{Conversation: c, Checked: clock.Add(-time.Minute)}
}

func conversations(n int) []model.Row {
	out := make([]model.Row, n)
	for i := range out {
		out[i] = conversation(i)
	}
	return out
}

func ref(i int) model.Ref { return conversation(i).Conversation.Ref }

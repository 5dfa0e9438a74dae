package model

import (
	"testing"

	"pgregory.net/rapid"
)

// drawEdit draws an edit of who can see or change a conversation, with values of all services and unknown ones.
func drawEdit(t *rapid.T) Edit {
	roles := []string{"", RoleViewer, RoleComplete, RoleEditor, "role 7"}
	states := []string{"", "pending", "invited", StatusJoined, "banned"}
	accesses := []string{"just_me", "group", "everyone", "invite-only", "request-to-join", "open", "strange"}
	one := func(words []string) string { return rapid.SampledFrom(words).Draw(t, "word") }
	people := func() Value {
		var out []Participant
		for _, id := range []string{"1", "2"} {
			if rapid.Bool().Draw(t, "there") {
				out = append(out, Participant{Kind: KindUser, ID: id, Role: one(roles), Status: one(states)})
			}
		}
		return PeopleValue(out)
	}
	e := Edit{Kind: rapid.SampledFrom([]EditKind{EditPrivacy, EditAccess, EditDefaultRole, EditParticipants}).Draw(t, "kind")}
	switch e.Kind {
	case EditPrivacy:
		words := []string{string(PrivacyPrivate), string(PrivacyPublic), string(PrivacyUnknown)}
		e.Base, e.Target = TextValue(one(words)), TextValue(one(words))
	case EditAccess:
		e.Base, e.Target = TextValue(one(accesses)), TextValue(one(accesses))
	case EditDefaultRole:
		e.Base, e.Target = TextValue(one(roles)), TextValue(one(roles))
	case EditParticipants:
		e.Base, e.Target = people(), people()
	}
	return e
}

// Every edit that is held back because it widens is asked about before it is queued.
func TestWideningEditsAreRisky(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEdit(t)
		if !e.Base.Equal(e.Target) && e.Widens() && len(Risks(e, Conversation{}, Description{})) == 0 {
			t.Errorf("%s from %+v to %+v widens without a risk", e.Kind, e.Base, e.Target)
		}
	})
}

func TestSendingOrder(t *testing.T) {
	public := Edit{Kind: EditPrivacy, Base: TextValue("private"), Target: TextValue("public")}
	ann, bob := Participant{Kind: KindUser, ID: "1"}, Participant{Kind: KindUser, ID: "2"}
	swap := Edit{Kind: EditParticipants, Base: PeopleValue([]Participant{ann}), Target: PeopleValue([]Participant{bob})}
	title := Edit{Kind: EditTitle, Target: TextValue("t")}
	for _, ends := range []EditKind{EditArchive, EditDelete} {
		out := InSendingOrder([]Edit{{Kind: ends}, public, swap, title})
		for i, want := range []EditKind{EditTitle, EditParticipants, EditPrivacy, ends} {
			if out[i].Kind != want {
				t.Errorf("place %d: got %s, want %s", i, out[i].Kind, want)
			}
		}
	}
}

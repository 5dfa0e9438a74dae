package model_test

import (
	"strings"
	"testing"

	"confab/model"
)

var seenRules = model.Description{Name: "Notes", NewPrivacy: model.PrivacyPublic, Audience: model.Audiences{
	{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone, Word: "public", Sentence: "everyone at Acme", Assumed: `nobody says who "public" is`}},
	{Access: "everyone", Audience: model.Audience{Class: model.ClassEveryone, Word: "space", Sentence: "everyone in the space {space}"}},
	{Privacy: model.PrivacyPrivate, Audience: model.Audience{Class: model.ClassMembers, Word: "private", Sentence: "{owner+people}", Assumed: "nobody says it"}},
	{Privacy: model.PrivacyParticipants, Groups: true, Audience: model.Audience{Class: model.ClassGroup, Word: "group", Sentence: "{people}"}},
	{Privacy: model.PrivacyParticipants, Audience: model.Audience{Class: model.ClassMembers, Word: "members", Sentence: "{people}"}},
}}

func TestAudienceOf(t *testing.T) {
	person := func(name, mail string) model.Participant {
		return model.Participant{Kind: "user", ID: name, Name: name, Email: mail}
	}
	grace, sam, ann, bo := person("Grace", "grace@a.example"), person("Sam", ""), person("Ann", ""), person("Bo", "")
	room := model.Participant{Kind: "room", ID: "r", Name: "Room 4"}
	group := func(name string) model.Participant { return model.Participant{Kind: "group", ID: name, Name: name} }
	conversation := func(privacy model.Privacy, people ...model.Participant) *model.Conversation {
		return &model.Conversation{Privacy: privacy, Participants: model.SetOf(people...), ParticipantCount: len(people)}
	}
	with := func(c *model.Conversation, change func(*model.Conversation)) *model.Conversation { change(c); return c }
	for _, c := range []struct {
		name, class, word, want string
		c                       *model.Conversation
	}{
		{"public", "everyone", "public", "everyone at Acme *", conversation("public", grace)},
		{"a space", "everyone", "space", "everyone in the space Projects", with(conversation("participants", grace), func(c *model.Conversation) {
			c.Access, c.Space = "everyone", model.Named{ID: "4", Name: "Projects"}
		})},
		{"a space without a name", "everyone", "space", "everyone in the space it is in", with(conversation("participants"), func(c *model.Conversation) { c.Access = "everyone" })},
		{"few are named", "members", "private", "Grace and Sam *", conversation("private", grace, sam, room)},
		{"with the owner", "members", "private", "Ann, Grace and Sam *", with(conversation("private", grace, sam), func(c *model.Conversation) { c.Owner = ann })},
		{"the owner among them", "members", "private", "Grace and Sam *", with(conversation("private", grace, sam), func(c *model.Conversation) {
			c.Owner = model.Participant{Kind: "user", ID: "usr_1", Name: "Grace C", Email: "GRACE@a.example"}
		})},
		{"many are counted", "members", "members", "the 4 people in it", conversation("participants", grace, sam, ann, bo)},
		{"more than are known", "members", "members", "the 9 people in it", with(conversation("participants", grace), func(c *model.Conversation) { c.ParticipantCount = 9 })},
		{"one is counted", "members", "members", "the 1 person in it", &model.Conversation{Privacy: "participants", ParticipantCount: 1}},
		{"one is counted beside a group", "group", "group", "the group A and 1 person", with(conversation("participants", group("A")), func(c *model.Conversation) { c.ParticipantCount = 2 })},
		{"nobody known", "members", "members", "the people in it", &model.Conversation{Privacy: "participants", ParticipantCount: -1}},
		{"a group", "group", "group", "the group On-call and Grace", conversation("participants", group("On-call"), grace)},
		{"a group of which only the id is known", "group", "group", "the group #33", conversation("participants", model.Participant{Kind: model.KindGroup, ID: "33"})},
		{"a group alone", "group", "group", "the group On-call", conversation("participants", group("On-call"))},
		{"a group of a row", "group", "group", "the group On-call", &model.Conversation{Privacy: "participants", ParticipantCount: -1, Featured: []model.Participant{group("On-call")}}},
		{"two groups", "group", "group", "the groups A and B and 4 people", conversation("participants", group("A"), group("B"), grace, sam, ann, bo)},
		{"two are named beside a group", "group", "group", "the group On-call, Grace and Sam", conversation("participants", group("On-call"), grace, sam)},
		{"two are named beside two groups", "group", "group", "the groups A and B, Grace and Sam", conversation("participants", group("A"), group("B"), grace, sam)},
		{"many groups", "group", "group", "3 groups and Grace", conversation("participants", group("A"), group("B"), group("C"), grace)},
		{"unknown", "unknown", "unknown", "whoever Notes lets in; it doesn't say who that is", conversation("unknown", grace)},
		{"hostile", "members", "members", "Eve", conversation("participants", person("E\x1b[2Jve\u202e", ""))},
	} {
		a := seenRules.AudienceOf(c.c)
		if string(a.Class) != c.class || a.Word != c.word || a.Marked() != c.want {
			t.Errorf("%s: got %s %s %q, want %s %s %q", c.name, a.Class, a.Word, a.Marked(), c.class, c.word, c.want)
		}
	}
}

func TestWhatIsAssumedIsSaidOnce(t *testing.T) {
	for _, c := range []struct{ now, will, want string }{
		{"", "", ""},
		{"a", "", "a"}, {"", "b", "b"}, {"a", "a", "a"}, {"a", "b", "a; b"},
		{"X doesn't say p", "X doesn't say q", "X doesn't say p, nor q"},
		{"X doesn't say p", "Y doesn't say q", "X doesn't say p; Y doesn't say q"},
		{"X doesn't say p, nor q", "X doesn't say r, nor q", "X doesn't say p, nor q, nor r"},
		{"X doesn't say p", "X doesn't say p, nor q", "X doesn't say p, nor q"},
	} {
		lines := model.AudienceChange{Now: model.Audience{Assumed: c.now}, Will: model.Audience{Assumed: c.will}}.Lines()[2:]
		if got := strings.TrimPrefix(strings.Join(lines, ""), "* assumed: "); got != c.want {
			t.Errorf("%q and %q: got %q, want %q", c.now, c.will, got, c.want)
		}
	}
}

func TestPlanToMakePublicSaysWhoSeesItNowAndAfter(t *testing.T) {
	c := model.Conversation{Privacy: model.PrivacyPrivate, Participants: model.SetOf(ann, bob), ParticipantCount: 2}
	it := model.PlanOne(c, seenRules, capabilities(model.CapabilityYes, ""), []model.Change{set(model.EditPrivacy, "public")}, nil)
	want := []string{"Now seen by      Ann and Bob *", "Will be seen by  everyone at Acme *", `* assumed: nobody says it; nobody says who "public" is`}
	if it.Audience == nil || strings.Join(it.Audience.Lines(), "\n") != strings.Join(want, "\n") {
		t.Errorf("got %+v, want %q", it.Audience, want)
	}
	if !it.Risks[0].Kind.Exposes() || it.Risks[0].Text != `will be seen by everyone at Acme (assumed: nobody says who "public" is)` {
		t.Errorf("unexpected risks: %+v", it.Risks)
	}
	public := model.Conversation{Privacy: model.PrivacyPublic, Participants: model.SetOf(ann)}
	if it := model.PlanOne(public, seenRules, capabilities(model.CapabilityYes, ""), []model.Change{set(model.EditPrivacy, "private")}, nil); it.Audience != nil {
		t.Errorf("a plan to make it private asks: %+v", it.Audience)
	}
	if got := seenRules.AudienceOfNew(model.NewConversation{Privacy: model.PrivacyParticipants, People: []model.Participant{ann}}).Sentence; got != "you and Ann" {
		t.Errorf("a new conversation is seen by %q, want %q", got, "you and Ann")
	}
}

func TestWhatIsAssumedOfTwoAudiencesIsSaidOnce(t *testing.T) {
	for _, c := range [][3]string{
		{"", "", ""},
		{"Acme doesn't say who \"public\" is", "", "* assumed: Acme doesn't say who \"public\" is"},
		{"", "nobody says it", "* assumed: nobody says it"},
		{"nobody says it", "nobody says it", "* assumed: nobody says it"},
		{"nobody says it", "nobody says more", "* assumed: nobody says it; nobody says more"},
		{"Acme doesn't say who sees it", "Acme doesn't say who joins", "* assumed: Acme doesn't say who sees it, nor who joins"},
		{"Acme doesn't say who sees it", "Acme doesn't say who sees it, nor who joins", "* assumed: Acme doesn't say who sees it, nor who joins"},
		{"Acme doesn't say who sees it, nor who joins", "Acme doesn't say who joins", "* assumed: Acme doesn't say who sees it, nor who joins"},
	} {
		lines := model.AudienceChange{Now: model.Audience{Assumed: c[0]}, Will: model.Audience{Assumed: c[1]}}.Lines()
		if got := strings.Join(lines[2:], "\n"); got != c[2] {
			t.Errorf("%q and %q: got %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestOutsiders(t *testing.T) {
	yes, no := true, false
	at := func(mails ...string) (c model.Conversation) {
		c.Participants = model.SetOf[model.Participant]()
		for _, m := range mails {
			c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: "user", Email: m})
		}
		return c
	}
	owned := func(c model.Conversation, by string) model.Conversation { c.Owner.Email = by; return c }
	contact := func(identifier, mail string) model.Conversation {
		return model.Conversation{Featured: []model.Participant{{Kind: model.KindContact, Identifier: identifier, Email: mail}}}
	}
	ours := []string{"acme.example"}
	for _, c := range []struct {
		name string
		c    model.Conversation
		ours []string
		want bool
	}{
		{"all ours", at("a@acme.example", "b@ACME.example"), ours, false},
		{"below ours", at("a@mail.acme.example"), ours, false},
		{"only alike", at("a@notacme.example"), ours, true},
		{"one of several domains", at("a@acme.example", "b@acme.test"), []string{"acme.test", "acme.example"}, false},
		{"somebody else", at("a@acme.example", "b@buyer.example"), ours, true},
		{"no domains: the owner's", owned(at("a@acme.example"), "o@acme.example"), nil, false},
		{"no domains: not the owner's", owned(at("b@buyer.example"), "o@acme.example"), nil, true},
		{"nothing known of us", at("b@buyer.example"), nil, false},
		{"a customer, nothing known of us", contact("emailaddress=k@buyer.example", "k@buyer.example"), nil, true},
		{"a customer by the identifier alone", contact("emailaddress=k@buyer.example", ""), ours, true},
		{"a colleague who writes in", contact("emailaddress=k@acme.example", ""), ours, false},
		{"a telephone", contact("phonenumber=+4670", ""), ours, true},
		{"nobody with an address", at("", "x", "a b@c d"), ours, false},
		{"a room", at("c_1@resource.calendar.google.com"), ours, false},
		{"the service says external", model.Conversation{Internal: &no}, ours, true},
		{"the service says external, and addresses say no", func() model.Conversation { c := at("a@acme.example"); c.Internal = &no; return c }(), ours, false},
		{"the service says internal", model.Conversation{Internal: &yes}, ours, false},
	} {
		if got := model.HasOutsiders(&c.c, c.ours); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

func TestForMachines(t *testing.T) {
	for _, c := range []struct {
		label, value string
		want         bool
	}{
		{"Video id", "x", true}, {"a", "vid-359727969", true}, {"a", "usr_01KDVDNA00B2D7DFB992B6402A", true}, {"a", "1481000000037", true},
		{"a", "1b66bb73-470d-4118-ac5a-cc2057d8ffe0", true}, {"a", "user #1b66bb73-470d-4118-ac5a-cc2057d8ffe0", true},
		{"Ann.avatarUrl", "https://a.example/1.png", true}, {"board.teamUUID", "x", true}, {"Bot 1 uuid", "x", true}, {"Summary.key", "x", true},
		{"Zoom meeting join url", "https://zoom.example/1b66bb73-470d-4118-ac5a-cc2057d8ffe0", false}, {"Score", "7 (0 to 10)", false},
		{"Phone", "+46701234567", false}, {"Paid", "yes", false}, {"Said", "I said 1b66bb73" + strings.Repeat(" and more", 40), false},
		{"Account", "companies 487850588532", true}, {"Order", "PO-7", false}, {"Monkey", "x", false}, {"Day", "2026-11-20", false}, {"Grid", "12", false},
	} {
		if got := (model.Fact{Group: "Other", Label: c.label, Value: c.value}).ForMachines(); got != c.want {
			t.Errorf("%s %q: got %t, want %t", c.label, c.value, got, c.want)
		}
	}
}

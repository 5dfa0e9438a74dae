package model_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
)

func capabilities(state model.CapabilityState, reason string) model.Capabilities {
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = model.Capability{State: state, Reason: reason}
	}
	return out
}

func set(kind model.EditKind, text string) model.Change {
	return model.Change{Kind: kind, Op: model.OpSet, Target: model.TextValue(text)}
}

var (
	ann   = model.Participant{Kind: "user", ID: "1", Name: "Ann", Email: "ann@example.com", Role: "viewer"}
	bob   = model.Participant{Kind: "user", ID: "2", Name: "Bob", Role: "viewer"}
	team  = model.Participant{Kind: "group", ID: "7", Name: "Field"}
	buyer = model.Participant{Kind: "contact", ID: "c1", Name: "Buyer"}
)

func TestPlanOne(t *testing.T) {
	yes := capabilities(model.CapabilityYes, "")
	described := model.Description{
		DefaultRole: "viewer", Roles: []string{"editor", "viewer"},
		Audience: model.Audiences{
			{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone, Word: "public", Sentence: "everybody at Acme", Assumed: "nobody says"}},
			{Access: "everyone", Audience: model.Audience{Class: model.ClassEveryone, Word: "space", Sentence: "everyone in the space"}},
			{Audience: model.Audience{Class: model.ClassMembers, Word: "members", Sentence: "{people}"}},
		},
		Effects: map[string]string{
			"default_role:editor":   "newcomers may edit",
			"participants:whatever": "never asked about",
		},
	}
	with := func(change func(*model.Conversation)) model.Conversation {
		c := model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Provider: model.Bird, Title: "Old", Status: "active", Privacy: model.PrivacyPrivate, Access: "group", DefaultRole: "viewer",
			Participants: model.SetOf(ann, bob), Contacts: model.SetOf(buyer), Labels: map[string]string{"a": "1"}, Attributes: map[string]string{}}
		if change != nil {
			change(&c)
		}
		return c
	}
	public := with(func(c *model.Conversation) { c.Privacy = model.PrivacyPublic })
	no := func(k model.EditKind, why string) model.Capabilities {
		c := maps.Clone(yes)
		c[k] = model.Capability{State: model.CapabilityNo, Reason: why}
		return c
	}
	assumed := capabilities(model.CapabilityAssumed, "the vendor does not document it")
	old := model.TextValue("seen before")

	for _, c := range []struct {
		name    string
		c       model.Conversation
		caps    model.Capabilities
		changes []model.Change
		state   model.PlanState
		reason  string
		risks   []string // with "!" before those that are asked twice
		notes   []string
		edits   int
	}{
		{name: "nothing asked", c: with(nil), state: model.PlanAlready},
		{name: "to private is no risk", c: public, changes: []model.Change{set(model.EditPrivacy, "private")}, state: model.PlanChange, edits: 1},
		{name: "to public is, in the words of the service", c: with(nil), changes: []model.Change{set(model.EditPrivacy, "public")}, state: model.PlanChange, edits: 1,
			risks: []string{"will be seen by everybody at Acme (assumed: nobody says)"}},
		{name: "already private", c: with(nil), changes: []model.Change{set(model.EditPrivacy, "private")}, state: model.PlanAlready},
		{name: "already public asks nothing", c: public, changes: []model.Change{set(model.EditPrivacy, "public")}, state: model.PlanAlready},
		{name: "privacy not given", c: with(func(c *model.Conversation) { c.Privacy = "" }), changes: []model.Change{set(model.EditPrivacy, "private")},
			state: model.PlanBlocked, reason: "the current privacy could not be read, so it is left alone"},
		{name: "a privacy of another word can be made private", c: with(func(c *model.Conversation) { c.Privacy = model.PrivacyUnknown }),
			changes: []model.Change{set(model.EditPrivacy, "private")}, state: model.PlanChange, edits: 1},
		{name: "participants not loaded", c: with(func(c *model.Conversation) {
			c.Participants = model.Set[model.Participant]{}
			c.Featured = []model.Participant{ann}
		}), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob}}},
			state: model.PlanBlocked, reason: "the current list of participants could not be read, so it is left alone"},
		{name: "labels not loaded", c: with(func(c *model.Conversation) { c.Labels = nil }), changes: []model.Change{{Kind: model.EditLabels, Key: "a", Target: old}},
			state: model.PlanBlocked, reason: "the current labels could not be read, so it is left alone"},
		{name: "not possible, with its reason", c: with(nil), caps: no(model.EditContacts, "read-only in the API"),
			changes: []model.Change{set(model.EditTitle, "New"), {Kind: model.EditContacts, Op: model.OpRemove, People: []model.Participant{buyer}}},
			state:   model.PlanBlocked, reason: "read-only in the API"},
		{name: "not listed is not possible", c: with(nil), caps: model.Capabilities{}, changes: []model.Change{set(model.EditTitle, "New")},
			state: model.PlanBlocked, reason: "the service can't do this"},
		{name: "rename", c: with(nil), changes: []model.Change{set(model.EditTitle, "New")}, state: model.PlanChange, edits: 1},
		{name: "rename there and back", c: with(nil), changes: []model.Change{set(model.EditTitle, "New"), set(model.EditTitle, "Old")}, state: model.PlanAlready},
		{name: "rename twice is one edit", c: with(nil), changes: []model.Change{set(model.EditTitle, "New"), set(model.EditTitle, "Newer")}, state: model.PlanChange, edits: 1},
		{name: "assumed is said", c: with(nil), caps: assumed, changes: []model.Change{set(model.EditTitle, "New")}, state: model.PlanChange, edits: 1,
			notes: []string{"the vendor does not document it"}},
		{name: "already says nothing", c: with(nil), caps: assumed, changes: []model.Change{set(model.EditTitle, "Old")}, state: model.PlanAlready},
		{name: "wider access", c: with(nil), changes: []model.Change{set(model.EditAccess, "everyone")}, state: model.PlanChange, edits: 1, risks: []string{"will be seen by everyone in the space"}},
		{name: "wider access without words", c: with(func(c *model.Conversation) { c.Access = "invite-only" }), changes: []model.Change{set(model.EditAccess, "open")},
			state: model.PlanChange, edits: 1, risks: []string{"access widens to open"}},
		{name: "narrower access", c: with(nil), changes: []model.Change{set(model.EditAccess, "just_me")}, state: model.PlanChange, edits: 1},
		{name: "an access nobody knows", c: with(nil), changes: []model.Change{set(model.EditAccess, "galaxy")}, state: model.PlanChange, edits: 1, risks: []string{"access widens to galaxy"}},
		{name: "access unknown", c: with(func(c *model.Conversation) { c.Access = "" }), changes: []model.Change{set(model.EditAccess, "open")}, state: model.PlanBlocked,
			reason: "the current access could not be read, so it is left alone"},
		{name: "newcomers edit", c: with(nil), changes: []model.Change{set(model.EditDefaultRole, "editor")}, state: model.PlanChange, edits: 1, risks: []string{"newcomers may edit"}},
		{name: "newcomers view", c: with(func(c *model.Conversation) { c.DefaultRole = "editor" }), changes: []model.Change{set(model.EditDefaultRole, "viewer")}, state: model.PlanChange, edits: 1},
		{name: "close", c: with(nil), changes: []model.Change{set(model.EditStatus, "closed")}, state: model.PlanChange, edits: 1},
		{name: "add a group", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{team}}}, state: model.PlanChange, edits: 1,
			risks: []string{"adds the group Field as viewer"}},
		{name: "add a group of which only the id is known", c: with(nil), state: model.PlanChange, edits: 1, risks: []string{"adds the group #33 as viewer"},
			changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{{Kind: model.KindGroup, ID: "33", Role: "viewer"}}}}},
		{name: "add who is there", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{{Kind: "user", ID: "1"}}}}, state: model.PlanAlready},
		{name: "make an editor", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAlter, People: []model.Participant{{Kind: "user", ID: "1", Role: "editor"}}}},
			state: model.PlanChange, edits: 1, risks: []string{"makes Ann <ann@example.com> an editor"}},
		{name: "alter who is not there", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAlter, People: []model.Participant{{Kind: "user", ID: "9", Name: "Eve", Role: "editor"}}}},
			state: model.PlanBlocked, reason: "Eve is not in this conversation"},
		{name: "remove", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{bob}}}, state: model.PlanChange, edits: 1,
			risks: []string{"removes Bob"}},
		{name: "remove who is listed twice", c: with(func(c *model.Conversation) { c.Participants.Items = append(c.Participants.Items, bob) }),
			changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{bob}}}, state: model.PlanChange, edits: 1, risks: []string{"removes Bob"}},
		{name: "remove who is not there", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{team}}}, state: model.PlanAlready},
		{name: "remove everybody", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpSet, Target: model.PeopleValue(nil)}}, state: model.PlanChange, edits: 1,
			risks: []string{"removes Ann <ann@example.com>", "removes Bob", "!removes everybody from the conversation"}},
		{name: "clear contacts", c: with(nil), changes: []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}, state: model.PlanChange, edits: 1,
			risks: []string{"removes the contact Buyer", "!clears every contact of the conversation"}},
		{name: "clear no contacts", c: with(func(c *model.Conversation) { c.Contacts = model.SetOf[model.Participant]() }),
			changes: []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}, state: model.PlanAlready},
		{name: "add a contact", c: with(nil), changes: []model.Change{{Kind: model.EditContacts, Op: model.OpAdd, People: []model.Participant{{Kind: "contact", ID: "c2"}}}}, state: model.PlanChange, edits: 1},
		{name: "a hostile name is cleaned", c: with(nil), changes: []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{{Kind: "user", ID: "3", Name: "Eve\x1b[2J\u202e"}}}},
			state: model.PlanChange, edits: 1, risks: []string{"adds Eve as viewer"}},
		{name: "a label", c: with(nil), changes: []model.Change{{Kind: model.EditLabels, Key: "b", Target: old}}, state: model.PlanChange, edits: 1},
		{name: "a label that is so", c: with(nil), changes: []model.Change{{Kind: model.EditLabels, Key: "a", Target: model.TextValue("1")}}, state: model.PlanAlready},
		{name: "a missing label removed", c: with(nil), changes: []model.Change{{Kind: model.EditLabels, Key: "zz"}}, state: model.PlanAlready},
		{name: "archive", c: with(nil), changes: []model.Change{{Kind: model.EditArchive}}, state: model.PlanChange, edits: 1,
			risks: []string{"archives the conversation; this cannot be undone"}},
		{name: "archived already", c: with(func(c *model.Conversation) { c.Archived = true }), changes: []model.Change{{Kind: model.EditArchive}}, state: model.PlanAlready},
		{name: "delete", c: with(nil), changes: []model.Change{{Kind: model.EditDelete}}, state: model.PlanChange, edits: 1,
			risks: []string{"!deletes the conversation for everybody; this cannot be undone"}},
		{name: "what was looked at is the base", c: with(nil), changes: []model.Change{{Kind: model.EditTitle, Target: model.TextValue("New"), Base: &old}}, state: model.PlanChange, edits: 1},
		{name: "an unchanged prefill is no edit", c: with(nil), changes: []model.Change{{Kind: model.EditTitle, Target: old, Base: &old}}, state: model.PlanAlready},
		{name: "several fields", c: with(nil), changes: []model.Change{set(model.EditTitle, "New"), set(model.EditPrivacy, "public"), {Kind: model.EditLabels, Key: "b", Target: old}},
			state: model.PlanChange, edits: 3, risks: []string{"will be seen by everybody at Acme (assumed: nobody says)"}},
	} {
		caps := c.caps
		if caps == nil {
			caps = yes
		}
		before := c.c.Clone()
		it := model.PlanOne(c.c, described, caps, c.changes, nil)
		if it.State != c.state || it.Reason != c.reason || len(it.Edits) != c.edits {
			t.Errorf("%s: got %s %q with %d edits, want %s %q with %d", c.name, it.State, it.Reason, len(it.Edits), c.state, c.reason, c.edits)
		}
		var risks []string
		for _, r := range it.Risks {
			text := r.Text
			if r.Twice {
				text = "!" + text
			}
			risks = append(risks, text)
		}
		if !slices.Equal(risks, c.risks) {
			t.Errorf("%s: got risks %q, want %q", c.name, risks, c.risks)
		}
		if !slices.Equal(it.Notes, c.notes) {
			t.Errorf("%s: got notes %q, want %q", c.name, it.Notes, c.notes)
		}
		if d := cmp.Diff(before, c.c); d != "" {
			t.Errorf("%s: PlanOne changed its argument: %s", c.name, d)
		}
		if it.Ref != c.c.Ref || it.Title != c.c.Title || it.Provider != c.c.Provider {
			t.Errorf("%s: inconsistent item %+v", c.name, it)
		}
		for i, e := range it.Edits {
			if e.Ref != c.c.Ref {
				t.Errorf("%s: edit %d is of conversation %v", c.name, i, e.Ref)
			}
		}
	}
}

// Making public asks whatever rules the service has for its audience.
func TestMakingPublicAlwaysAsks(t *testing.T) {
	for _, audience := range []model.Audiences{nil, {}, {{Privacy: "public", Audience: model.Audience{Class: model.ClassEveryone, Sentence: "x"}}}} {
		for _, base := range []model.Privacy{model.PrivacyPrivate, model.PrivacyParticipants} {
			it := model.PlanOne(model.Conversation{Privacy: base}, model.Description{Audience: audience}, capabilities(model.CapabilityYes, ""), []model.Change{set(model.EditPrivacy, "public")}, nil)
			if len(it.Risks) != 1 || it.Risks[0].Text == "" {
				t.Errorf("from %s: got %+v, want one risk", base, it)
			}
		}
	}
}

func TestPlannedEditsDoWhatWasAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genConversation().Draw(t, "conversation")
		var changes []model.Change
		want := c
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			e, known := genEdit(t, want)
			if !known {
				continue
			}
			changes = append(changes, model.Change{Kind: e.Kind, Key: e.Key, Target: e.Target})
			want = model.Project(want, []model.Edit{e})
		}
		it := model.PlanOne(c, model.Description{EmptyTitle: true}, capabilities(model.CapabilityYes, ""), changes, nil)
		got := model.Project(c, it.Edits)
		for _, ch := range changes {
			a, _ := model.Read(want, ch.Kind, ch.Key)
			b, _ := model.Read(got, ch.Kind, ch.Key)
			if !a.Equal(b) {
				t.Errorf("%s: got %v, want %v", ch.Kind, b, a)
			}
		}
		for _, e := range it.Edits {
			if e.Base.Equal(e.Target) {
				t.Errorf("%s: the edit changes nothing", e.Kind)
			}
			if base, _ := e.Read(c); !base.Equal(e.Base) {
				t.Errorf("%s: got base %v, want %v", e.Kind, e.Base, base)
			}
		}
		if (it.State == model.PlanChange) != (len(it.Edits) > 0) {
			t.Errorf("state %s with %d edits", it.State, len(it.Edits))
		}
	})
}

func TestPlanCreate(t *testing.T) {
	d := model.Description{Account: "kona", Name: "Kona", Provider: model.Kona, NewNeedsSpace: true, Roles: []string{"editor", "viewer"},
		DefaultRole: "viewer"}
	yes := capabilities(model.CapabilityYes, "")
	for _, c := range []struct {
		name   string
		caps   model.Capabilities
		new    model.NewConversation
		state  model.PlanState
		reason string
		risks  int
	}{
		{"fine", yes, model.NewConversation{Title: "x", Space: "1", People: []model.Participant{{Kind: "user", ID: "1"}}}, model.PlanChange, "", 0},
		{"no title", yes, model.NewConversation{Title: " ", Space: "1"}, model.PlanBlocked, "title", 0},
		{"no space", yes, model.NewConversation{Title: "x"}, model.PlanBlocked, "a conversation in Kona needs a space", 0},
		{"not offered", model.Capabilities{model.EditCreate: {State: model.CapabilityNo, Reason: "needs a recording"}}, model.NewConversation{}, model.PlanBlocked, "needs a recording", 0},
		{"a word that nobody knows", yes, model.NewConversation{Title: "x", Space: "1", Access: "world"}, model.PlanChange, "", 1},
		{"a narrow word", yes, model.NewConversation{Title: "x", Space: "1", Access: "request-to-join"}, model.PlanChange, "", 0},
		{"wide", yes, model.NewConversation{Title: "x", Space: "1", Privacy: model.PrivacyPublic, Access: "everyone", DefaultRole: "editor",
			People: []model.Participant{{Kind: "group", ID: "1"}, {Kind: "user", ID: "2", Role: "editor"}}}, model.PlanChange, "", 4},
	} {
		people := slices.Clone(c.new.People)
		it := model.PlanCreate(d, c.caps, c.new)
		if it.State != c.state || !strings.Contains(it.Reason, c.reason) || len(it.Risks) != c.risks || (it.State == model.PlanChange) != (len(it.Edits) == 1) {
			t.Errorf("%s: got %+v, want %s %q with %d risks", c.name, it, c.state, c.reason, c.risks)
		}
		if it.Ref != (model.Ref{Account: "kona"}) {
			t.Errorf("%s: got ref %v", c.name, it.Ref)
		}
		if !reflect.DeepEqual(people, c.new.People) {
			t.Errorf("%s: PlanCreate changed its argument", c.name)
		}
		for _, e := range it.Edits {
			for _, p := range e.Target.New.People {
				if p.Role == "" {
					t.Errorf("%s: %v has no role", c.name, p)
				}
			}
		}
	}
}

func TestPlanSumsUpItsItems(t *testing.T) {
	risk := model.Risk{Kind: model.EditDelete, Text: "x", Twice: true}
	edit := []model.Edit{{Kind: model.EditTitle}}
	p := model.Plan{Items: []model.PlanItem{
		{State: model.PlanChange, Edits: edit, Risks: []model.Risk{risk}},
		{State: model.PlanChange, Edits: edit, Risks: []model.Risk{risk}, Hidden: true},
		{State: model.PlanAlready, Hidden: true},
		{State: model.PlanBlocked, Edits: edit, Risks: []model.Risk{{Text: "never sent"}}},
	}}
	if p.Count(model.PlanChange) != 2 || p.Count(model.PlanAlready) != 1 || p.Count(model.PlanBlocked) != 1 ||
		len(p.Edits()) != 2 || !slices.Equal(p.Risks(), []model.Risk{risk}) || !p.Risky() || !p.Bulk() {
		t.Errorf("counts, edits or risks are wrong: %+v", p)
	}
	if p := (model.Plan{Items: p.Items[3:]}); p.Risky() || p.Bulk() {
		t.Errorf("a plan of one blocked item is risky or bulk: %+v", p)
	}
}

// With BaseByRef, the base is what the person saw, several changes of a field make one edit, and a conversation without an
// entry is left alone.
func TestPlanOneWithBaseByRef(t *testing.T) {
	one := func(id, role string) model.Participant {
		return model.Participant{Kind: model.KindUser, ID: id, Name: id, Role: role}
	}
	a, b := model.Ref{Account: "projects", ID: "a"}, model.Ref{Account: "projects", ID: "b"}
	seen := map[model.Ref]model.Value{a: model.PeopleValue([]model.Participant{one("1", model.RoleViewer), one("2", model.RoleViewer)})}
	changes := []model.Change{
		{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{one("2", "")}, BaseByRef: seen},
		{Kind: model.EditParticipants, Op: model.OpAlter, People: []model.Participant{one("1", model.RoleEditor)}, BaseByRef: seen},
		{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{one("3", "")}, BaseByRef: seen},
	}
	d := model.Description{Roles: []string{model.RoleEditor, model.RoleViewer}, DefaultRole: model.RoleViewer}
	for _, can := range []model.CapabilityState{model.CapabilityYes, model.CapabilityNo} {
		caps := model.Capabilities{model.EditParticipants: {State: can, Reason: "no call"}}
		now := model.Conversation{Ref: a, Participants: model.SetOf(one("9", model.RoleViewer))}
		it, other := model.PlanOne(now, d, caps, changes, nil), model.PlanOne(model.Conversation{Ref: b}, d, caps, changes, nil)
		if can == model.CapabilityNo {
			if it.State != model.PlanBlocked || other.State != model.PlanBlocked || other.Reason != "no call" {
				t.Errorf("got %+v and %+v, want both blocked", it, other)
			}
			continue
		}
		want := model.PeopleValue([]model.Participant{one("1", model.RoleEditor), one("3", model.RoleViewer)})
		if len(it.Edits) != 1 || !it.Edits[0].Base.Equal(seen[a]) || !it.Edits[0].Target.Equal(want) {
			t.Errorf("got edits %+v, want one to %v", it.Edits, want)
		}
		if other.State != model.PlanAlready || len(other.Edits) != 0 {
			t.Errorf("the other conversation: got %+v, want it left alone", other)
		}
	}
}

package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/bird"
	"confab/providers/conformance"
	"confab/providers/sandbox"
)

func birdService() conformance.Service {
	quirk := func(name string, to sandbox.Switches) conformance.Quirk {
		return conformance.Quirk{Name: name, Writes: true, Turn: func(b *conformance.Bench) { behind(b).Bird().Set(to) }}
	}

	set := func(k model.EditKind, to string) model.Edit { return model.Edit{Kind: k, Target: model.TextValue(to)} }
	return conformance.Service{
		Provider: model.Bird,
		Turn:     1,
		Folder:   "../bird",
		Sizes:    []string{"limit"},
		Open:     openBird,
		Engine:   openEngine,
		Several:  230,
		IsWrite:  writes("/contacts/search", "/search/feed-items"),
		Edits: []conformance.EditCase{
			setText("title", model.EditTitle, "", "Renamed: Ünïcode & <b>", 1),
			setText("title cleared", model.EditTitle, "", "", 1),
			setText("description", model.EditDescription, "", "Line one\nline two", 1),
			suits(setText("description cleared", model.EditDescription, "", "", 1), func(_ *conformance.Bench, c model.Conversation) bool { return c.Description != "" }),
			setText("make private", model.EditPrivacy, "", "private", 1),
			setText("make public", model.EditPrivacy, "", "public", 1),
			setText("close", model.EditStatus, "", model.StatusClosed, 1),
			suits(setText("reopen", model.EditStatus, "", model.StatusOpen, 1), func(b *conformance.Bench, c model.Conversation) bool {
				return c.Closed && !birdRival(b, c.Ref.ID)
			}),
			setText("access: invite only", model.EditAccess, "", "invite-only", 1),
			setText("access: on request", model.EditAccess, "", "request-to-join", 1),
			setText("access: open", model.EditAccess, "", "open", 1),
			suits(setText("attribute", model.EditAttributes, "tier", "gold", 1), birdPlain),
			suits(setText("the first attribute", model.EditAttributes, "tier", "gold", 1), func(b *conformance.Bench, c model.Conversation) bool {
				_, some := b.State(c.Ref.ID)["attributes"]
				return !some
			}),
			{Name: "attribute removed", Kind: model.EditAttributes, Requests: 1, Edit: func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
				for key := range c.Attributes {
					return key, model.Value{}, birdPlain(b, c) && len(c.Attributes) > 1
				}
				return "", model.Value{}, false
			}},
			setPeople("add a user", model.EditParticipants, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, birdUser(b, now)), true
			}),
			setPeople("add a contact", model.EditParticipants, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, birdContact(b, now)), len(now) > 0
			}),
			setPeople("set a status", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				i := slices.IndexFunc(now, func(p model.Participant) bool { return p.Kind == model.KindUser && p.Status == "active" })
				if i >= 0 {
					now[i].Status = "invited"
				}
				return now, i >= 0
			}),
			setPeople("remove a user", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				i := slices.IndexFunc(now, func(p model.Participant) bool { return p.Kind == model.KindUser && p.Status == "active" })
				if i < 0 {
					return nil, false
				}
				return slices.Delete(now, i, i+1), true
			}),
			setPeople("remove, alter and add", model.EditParticipants, 3, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				var users []int
				for i, p := range now {
					if p.Kind == model.KindUser && p.Status == "active" {
						users = append(users, i)
					}
				}
				if len(users) < 2 {
					return nil, false
				}
				added := birdUser(b, now)
				now[users[0]].Status = "pending"
				return append(slices.Delete(now, users[1], users[1]+1), added), true
			}),
			setText("delete", model.EditDelete, "", "deleted", 1),
			{Name: "create", Kind: model.EditCreate, Requests: 1, Edit: func(*conformance.Bench, model.Conversation) (string, model.Value, bool) {
				return "", model.Value{New: &model.NewConversation{Title: "A new one"}}, true
			}},
			{Name: "create with people", Kind: model.EditCreate, Requests: 1, Edit: func(b *conformance.Bench, _ model.Conversation) (string, model.Value, bool) {
				contact := birdContact(b, nil)
				contact.ID = ""
				return "", model.Value{New: &model.NewConversation{Title: "Hello", Description: "About\nit", Privacy: model.PrivacyPrivate, Access: "invite-only",
					People: []model.Participant{birdUser(b, nil), contact}, Message: "Good morning <b>&\nyou"}}, true
			}},
			{Name: "create where one is open", Kind: model.EditCreate, Requests: 1, Exists: true, Edit: func(b *conformance.Bench, _ model.Conversation) (string, model.Value, bool) {
				channel, contact := birdTaken(b)
				return "", model.Value{New: &model.NewConversation{Title: "Again", Channel: channel, People: []model.Participant{contact}}}, channel != ""
			}},
		},
		Mixed: []conformance.MixedCase{{
			Name: "public, invite only, title, attribute, people", Requests: 3, First: 2, Last: 0, Guards: true, Prepare: birdAll("private", "open"),
			Edits: func(b *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				if !c.Participants.Known || c.Privacy != model.PrivacyPrivate || c.Access == "invite-only" || !birdPlain(b, c) {
					return nil, false
				}
				people := model.Edit{Kind: model.EditParticipants, Target: model.PeopleValue(append(slices.Clone(c.Participants.Items), birdUser(b, c.Participants.Items)))}
				attribute := model.Edit{Kind: model.EditAttributes, Key: "tier", Target: model.TextValue("gold")}
				return []model.Edit{set(model.EditPrivacy, "public"), set(model.EditTitle, "New"), set(model.EditAccess, "invite-only"), attribute, people}, true
			},
		}, {
			Name: "open, private", Requests: 2, First: 1, Last: 0, Guards: true, Prepare: birdAll("public", "invite-only"),
			Edits: func(_ *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{set(model.EditAccess, "open"), set(model.EditPrivacy, "private")}, c.Privacy == model.PrivacyPublic && c.Access == "invite-only"
			},
		}, {
			Name: "everything that neither widens nor narrows", Requests: 1, First: -1, Last: -1,
			Edits: func(b *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{set(model.EditTitle, "New"), set(model.EditDescription, "New too"),
					{Kind: model.EditAttributes, Key: "tier", Target: model.TextValue("gold")},
					{Kind: model.EditAttributes, Key: "region", Target: model.TextValue("EMEA")}}, birdPlain(b, c)
			},
		}},
		Stored: map[model.EditKind][]string{
			model.EditTitle: {"name"}, model.EditDescription: {"description"}, model.EditPrivacy: {"visibility"}, model.EditStatus: {"status"},
			model.EditAccess: {"accessibility"}, model.EditAttributes: {"attributes"},
			model.EditParticipants: {"participants", "featuredParticipants", "activeParticipantCount", "pendingParticipantCount"},
		},
		Lookups: []conformance.LookupCase{
			{Kind: model.LookupContacts, Search: func(p model.Participant) string { return p.Email }, ByID: true},
			{Kind: model.LookupChannels, Search: func(p model.Participant) string { return p.Name }, ByID: true},
			{Kind: model.LookupUsers, Search: func(p model.Participant) string { return p.Name }, ByID: true},
			{Kind: model.LookupFlows, None: true},
		},
		ByHand: birdByHand,
		IgnoreCreate: func(b *conformance.Bench) {
			behind(b).Bird().Set(sandbox.Switches{"CreateIgnored": true})
		},
		IgnoreDelete: func(b *conformance.Bench) {
			behind(b).Bird().Set(sandbox.Switches{"DeleteIgnored": true})
		},
		Silent: []conformance.SilentCase{{
			Name: "participants may not be read", Kind: model.EditParticipants, Turn: func(b *conformance.Bench, _ string) {
				b.TamperReads(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					if strings.HasSuffix(req.URL.Path, "/participants") {
						behind(b).Bird().AnswerNext(http.StatusForbidden, 1)
					}
					return next.RoundTrip(req)
				})
			},
		}},
		Lessons: []conformance.Lesson{{
			Name: "a conversation that may not be changed", Try: "title", Row: true, Requests: 1, Err: model.Forbidden,
			Kinds: []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditStatus, model.EditAccess, model.EditAttributes},
			Turn: func(b *conformance.Bench) {
				b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					behind(b).Bird().AnswerNext(http.StatusForbidden, 1)
					return next.RoundTrip(req)
				})
			},
		}},
		Quirks: []conformance.Quirk{
			quirk("AttributesMerge", sandbox.Switches{"AttributesMerge": true}),
			quirk("NullKeepsName", sandbox.Switches{"NullKeepsName": true}),
			quirk("IgnoreVisibility", sandbox.Switches{"IgnoreVisibility": true}),
			quirk("ConflictOnGet once", sandbox.Switches{"ConflictOnGet": 1}),
			quirk("ConflictOnPatch", sandbox.Switches{"ConflictOnPatch": 1}),
			quirk("ExpirePageTokens once", sandbox.Switches{"ExpirePageTokens": 1}),
			{Name: "ExpirePageTokens", SyncErr: model.Invalid, Turn: func(b *conformance.Bench) {
				behind(b).Bird().Set(sandbox.Switches{"ExpirePageTokens": 1 << 20})
			}, LoadMay: model.Invalid},
			{Name: "RepeatPageToken", SyncErr: model.Malformed, Turn: func(b *conformance.Bench) {
				behind(b).Bird().Set(sandbox.Switches{"RepeatPageToken": true})
			}},
			quirk("ForbidRemoval", sandbox.Switches{"ForbidRemoval": true}),
			quirk("NoRights of the directories and inboxes", sandbox.Switches{"NoRights": []string{"contacts", "channels", "agents", "feed-items"}}),
			{Name: "NoRights", Turn: func(b *conformance.Bench) {
				behind(b).Bird().Set(sandbox.Switches{"NoRights": []string{"messages", "participants", "contacts", "channels", "agents", "feed-items"}})
			}, Check: birdWithoutRights},
			quirk("ForbidDirectory", sandbox.Switches{"ForbidDirectory": true}),
		},
		BudgetSize: 250,
		Budget:     conformance.Budget{FirstSync: 4, Walk: 3, Refresh: 1, Open: 3, Reopen: 3, Fresh: 1},
	}
}

func openBird(t testing.TB, o conformance.Options) conformance.Standin {
	s, out := open(t, bird.Factory(), o)
	b := s.Bird()
	out.IDs = b.IDs
	out.State = func(id string) map[string]any {
		state := b.JSON(id)
		if state == nil {
			return nil
		}
		people := []any{}
		for _, p := range b.Participants(id) {
			people = append(people, without(p, "updatedAt"))
		}
		for _, p := range state["featuredParticipants"].([]any) {
			without(p.(map[string]any), "updatedAt")
		}
		state["participants"] = people
		return without(state, "updatedAt")
	}
	out.Field = func(id string, kind model.EditKind, key string) model.Value {
		state := b.JSON(id)
		switch kind {
		case model.EditTitle:
			return model.TextValue(text(state["name"]))
		case model.EditDescription:
			return model.TextValue(text(state["description"]))
		case model.EditPrivacy:
			return model.TextValue(text(state["visibility"]))
		case model.EditAccess:
			return model.TextValue(text(state["accessibility"]))
		case model.EditStatus:
			if state["status"] == "closed" {
				return model.TextValue(model.StatusClosed)
			}
			return model.TextValue(model.StatusOpen)
		case model.EditAttributes:
			attributes, _ := state["attributes"].(map[string]any)
			if v, ok := attributes[key]; ok {
				return model.TextValue(fmt.Sprint(v))
			}
			return model.Value{}
		case model.EditParticipants:
			var people []model.Participant
			for _, p := range b.Participants(id) {
				people = append(people, model.Participant{Kind: text(p["type"]), ID: text(p["id"]), Status: text(p["status"])})
			}
			return model.PeopleValue(people)
		case model.EditDelete:
			return model.TextValue("present")
		}
		return model.Value{}
	}
	out.Retitle = func(id, title string) { b.Change(id, "name", title) }
	out.Remove = b.Remove
	out.AnswerNext = b.AnswerNext
	out.Insert = func() {
		post(t, s, birdScheme, "/bird/workspaces/"+b.Workspace()+"/conversations", `{"name":"Posted in between"}`)
	}
	return out
}

// birdScheme precedes Bird's access keys in the header.
const birdScheme = "AccessKey"

// post writes to a server on behalf of somebody else with the same credential.
func post(t testing.TB, s *stand, scheme, path, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, host+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", scheme+" "+s.credential)
	res, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("POST %s: %s", path, res.Status)
	}
}

// birdByHand creates a conversation as a user of Bird's web application does.
func birdByHand(b *conformance.Bench, n model.NewConversation) {
	someone, _ := json.Marshal(map[string]any{"type": "user", "id": birdUser(b, n.People).ID})
	body := fmt.Sprintf(`{"name":%q,"description":%q,"participants":[%s],"initiatingParticipant":%s}`, n.Title, n.Description, someone, someone)
	post(b.T(), behind(b), birdScheme, "/bird/workspaces/"+behind(b).Bird().Workspace()+"/conversations", body)
}

// birdWithoutRights opens a conversation with a key that may only list conversations. The account must learn from one refusal what
// it can't read, say so with each load, and try again in Check alone.
func birdWithoutRights(t *testing.T, b *conformance.Bench) {
	const everything = model.NeedParticipants | model.NeedMessages | model.NeedEverything
	ctx, id := context.Background(), b.IDs()[0]
	for range 2 {
		b.Reset()
		d, err := b.Account.Load(ctx, id, everything)
		if err != nil || d.Conversation.Participants.Known || d.Messages.Known {
			t.Fatalf("got %+v, error %v; want neither participants nor messages", d, err)
		}
		said := 0
		for _, f := range d.Conversation.Facts {
			if strings.Contains(f.Value, "the access key has no right to read them") {
				said++
			}
		}
		want := 3
		if d.Conversation.Channel.ID != "" {
			want++
		}
		if said != want {
			t.Errorf("%d of participants, messages, inboxes and the channel's name say why they are not shown, want %d: %+v", said, want, d.Conversation.Facts)
		}
	}
	if sent := b.Sent(); len(sent) != 1 || !strings.HasSuffix(sent[0].Path, "/conversations/"+id) {
		t.Errorf("a second load sent %v, want only what the account has a right to", sent)
	}
	if can := b.Account.Capabilities(model.Conversation{Status: "active"}).Of(model.EditParticipants); can.Can() || !strings.Contains(can.Reason, "no right") {
		t.Errorf("participants can be edited without the right to read them: %+v", can)
	}
	for _, line := range b.Account.Check(ctx) {
		if line.OK != (line.Name == "conversations" || line.Name == "inboxes") || !line.OK && (line.Kind != model.Forbidden || !strings.Contains(line.Detail, "the credential is good, and has no right")) {
			t.Errorf("unexpected line of Check: %+v", line)
		}
	}
	behind(b).Bird().Set(sandbox.Switches{"NoRights": nil})
	b.Account.Check(ctx)
	if d, err := b.Account.Load(ctx, id, everything); err != nil || !d.Conversation.Participants.Known || !d.Messages.Known {
		t.Errorf("after Check found the rights: got %+v, error %v; want participants and messages", d, err)
	}
}

// birdPlain reports whether all attributes of a conversation are texts, as a
// PATCH requires.
func birdPlain(b *conformance.Bench, c model.Conversation) bool {
	attributes, _ := b.State(c.Ref.ID)["attributes"].(map[string]any)
	for _, v := range attributes {
		if _, ok := v.(string); !ok {
			return false
		}
	}
	return c.Attributes != nil && len(attributes) > 0 && attributes["tier"] != "gold"
}

// birdUser returns a user of the workspace who is not in the given list.
func birdUser(b *conformance.Bench, without []model.Participant) model.Participant {
	for _, id := range b.IDs() {
		for _, p := range behind(b).Bird().Participants(id) {
			u := model.Participant{Kind: text(p["type"]), ID: text(p["id"]), Name: text(p["displayName"]), Status: "active"}
			if u.Kind == model.KindUser && !slices.ContainsFunc(without, func(w model.Participant) bool { return model.SamePerson(w, u) }) {
				return u
			}
		}
	}
	return model.Participant{}
}

// birdContact returns a contact of the directory who is not in the given list.
func birdContact(b *conformance.Bench, without []model.Participant) model.Participant {
	page, err := b.Account.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupContacts, Limit: 50})
	if err == nil {
		for _, p := range page.Items {
			p.Status = "active"
			if p.Email != "" && !slices.ContainsFunc(without, func(w model.Participant) bool { return model.SamePerson(w, p) }) {
				return p
			}
		}
	}
	return model.Participant{}
}

// birdTaken returns a contact who is in an open conversation, and the channel of that conversation.
func birdTaken(b *conformance.Bench) (channel string, contact model.Participant) {
	for _, id := range b.IDs() {
		state := behind(b).Bird().JSON(id)
		for _, p := range behind(b).Bird().Participants(id) {
			c, _ := p["contact"].(map[string]any)
			if key := text(c["identifierKey"]); state["status"] == "active" && text(state["channelId"]) != "" && key == "emailaddress" {
				return text(state["channelId"]), model.Participant{Kind: model.KindContact, Identifier: key + "=" + text(c["identifierValue"])}
			}
		}
	}
	return "", model.Participant{}
}

// birdAll sets the visibility and accessibility of every conversation.
func birdAll(visibility, accessibility string) func(b *conformance.Bench) {
	return func(b *conformance.Bench) {
		for _, id := range b.IDs() {
			behind(b).Bird().Change(id, "visibility", visibility)
			behind(b).Bird().Change(id, "accessibility", accessibility)
		}
	}
}

// birdRival reports whether the contact of a conversation has an active one on
// the same channel, so that no other can be opened.
func birdRival(b *conformance.Bench, id string) bool {
	contact := func(id string) string {
		for _, p := range behind(b).Bird().Participants(id) {
			if p["type"] == "contact" {
				return text(p["id"])
			}
		}
		return ""
	}
	who, channel := contact(id), b.State(id)["channelId"]
	for _, other := range b.IDs() {
		if state := b.State(other); who != "" && other != id && state["status"] == "active" && state["channelId"] == channel && contact(other) == who {
			return true
		}
	}
	return false
}

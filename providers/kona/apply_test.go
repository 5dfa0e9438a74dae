package kona

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func edit(k model.EditKind, target string) model.Edit {
	return model.Edit{Ref: model.Ref{Account: "projects", ID: "71"}, Kind: k, Target: model.TextValue(target)}
}

func people(p ...model.Participant) model.Edit {
	return model.Edit{Ref: model.Ref{Account: "projects", ID: "71"}, Kind: model.EditParticipants, Target: model.PeopleValue(p)}
}

func create(n model.NewConversation) model.Edit {
	return model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &n}}
}

func user(id, role string) model.Participant {
	return model.Participant{Kind: "user", ID: id, Role: role}
}
func group(id, role string) model.Participant {
	return model.Participant{Kind: "group", ID: id, Role: role}
}

// fresh returns the conversation of element.
func fresh(t *testing.T) model.Conversation {
	t.Helper()
	c, ok := blank("projects").convert([]byte(element(71, nil)), nil)
	if !ok {
		t.Fatal("no conversation")
	}
	return c
}

// accept answers every request with success.
func accept(r providertest.Request) (int, string) {
	switch r.Method {
	case "PUT", "POST":
		var body struct{ Conversations []map[string]any }
		_ = json.Unmarshal([]byte(r.Body), &body)
		if r.Method == "POST" {
			return 201, wrapped(element(99, body.Conversations[0]))
		}
		return 200, wrapped(element(71, body.Conversations[0]))
	case "DELETE":
		return 204, ""
	}
	return 200, wrapped(element(71, nil))
}

func TestApplySends(t *testing.T) {
	put := func(body string) string { return `PUT ` + one71 + ` {"conversations":[` + body + `]}` }
	everyone := fresh(t)
	everyone.Access = "everyone"
	odd := fresh(t)
	odd.Participants = model.SetOf(user("3", "editor"), user("8", "role 7"), group("5", "viewer"))
	for _, tt := range []struct {
		name  string
		fresh model.Conversation
		edits []model.Edit
		want  []string
	}{
		{"rename", fresh(t), []model.Edit{edit(model.EditTitle, "t <&>")}, []string{put(`{"name":"t <&>"}`)}},
		{"clear the description", fresh(t), []model.Edit{edit(model.EditDescription, "")}, []string{put(`{"details":""}`)}},
		{"nothing to do", fresh(t), []model.Edit{edit(model.EditTitle, "n"), people(group("5", "viewer"), user("8", "viewer"), user("3", "editor"))}, []string{}},
		{"all of one direction", fresh(t), []model.Edit{edit(model.EditTitle, "t"), edit(model.EditAccess, "everyone"), edit(model.EditDefaultRole, model.RoleEditor)},
			[]string{put(`{"name":"t","stakeholder":2,"default_role":1}`)}},
		{"narrowing first", fresh(t), []model.Edit{people(user("3", "editor"), user("8", "viewer"), group("5", "viewer"), user("9", "viewer")), edit(model.EditTitle, "t"), edit(model.EditAccess, "just_me")},
			[]string{put(`{"name":"t","stakeholder":0}`), put(`{"participants":[{"user_id":3,"role":1},{"user_id":8,"role":2},{"user_id":9,"role":2}]}`)}},
		{"removing before widening", fresh(t), []model.Edit{edit(model.EditAccess, "everyone"), people(user("3", "editor"), group("5", "viewer"))},
			[]string{put(`{"participants":[{"user_id":3,"role":1}]}`), put(`{"stakeholder":2}`)}},
		{"only the list that changes", fresh(t), []model.Edit{people(user("3", "editor"), user("8", "viewer"), group("5", "editor"))}, []string{put(`{"groups":[{"group_id":5,"role":1}]}`)}},
		{"both lists", fresh(t), []model.Edit{people(user("3", "editor"), group("6", "viewer"))},
			[]string{put(`{"participants":[{"user_id":3,"role":1}],"groups":[{"group_id":6,"role":2}]}`)}},
		{"an empty list", fresh(t), []model.Edit{people(group("5", "viewer"))}, []string{put(`{"participants":[]}`)}},
		{"roles that are not known go back", odd, []model.Edit{people(user("3", "editor"), user("8", "role 7"), user("9", "collaboration_complete"), group("5", "viewer"))},
			[]string{put(`{"participants":[{"user_id":3,"role":1},{"user_id":8,"role":7},{"user_id":9,"role":3}]}`)}},
		{"a stakeholder that is not known", fresh(t), []model.Edit{edit(model.EditAccess, "5")}, []string{put(`{"stakeholder":5}`)}},
		{"narrower", everyone, []model.Edit{edit(model.EditAccess, "group"), edit(model.EditDefaultRole, model.RoleEditor)},
			[]string{put(`{"stakeholder":1}`), put(`{"default_role":1}`)}},
		{"create for the participants", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t", Space: "40", Privacy: model.PrivacyParticipants})},
			[]string{`POST ` + base + `/conversations {"conversations":[{"name":"t","space_id":40}]}`}},
		{"delete", fresh(t), []model.Edit{edit(model.EditDelete, "deleted")}, []string{`DELETE ` + one71}},
		{"create", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "Budget", Description: "d", Space: "40", Access: "group", DefaultRole: model.RoleEditor,
			People: []model.Participant{user("3", "editor"), group("5", "viewer")}, Message: "a < b\r\nc\nd"})},
			[]string{`POST ` + base + `/conversations {"conversations":[{"name":"Budget","details":"d","space_id":40,"stakeholder":1,"default_role":1,"participants":[{"user_id":3,"role":1}],"groups":[{"group_id":5,"role":2}],"initial_comment":"a &lt; b<br>c<br>d"}]}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s := openStub(t, accept)
			requests, err := p.Requests(tt.fresh, tt.edits)
			if err != nil || len(s.Sent) > 0 {
				t.Fatalf("Requests: got error %v and sent %v, want neither", err, s.Sent)
			}
			shown := []string{}
			for _, r := range requests {
				shown = append(shown, providertest.Request{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.Line())
			}
			outcomes := p.Apply(t.Context(), tt.fresh, tt.edits)
			if d := cmp.Diff(tt.want, s.Lines()); d != "" {
				t.Errorf("Apply sent (-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.want, shown); d != "" {
				t.Errorf("Requests showed (-want +got)\n%s", d)
			}
			for i, o := range outcomes {
				switch {
				case o.Err != nil:
					t.Errorf("edit %d: %v", i, o.Err)
				case tt.edits[i].Kind == model.EditCreate:
					if o.Created != "99" {
						t.Errorf("create: got %+v, want 99", o)
					}
				case tt.edits[i].Target.Text != nil && tt.edits[i].Target.String() == "":
					if o.After != nil {
						t.Errorf("edit %d: an empty text in the answer counts as proof", i)
					}
				case tt.edits[i].Kind != model.EditDelete:
					if o.After == nil {
						t.Errorf("edit %d: got no conversation from the answer", i)
					} else if v, ok := tt.edits[i].Read(*o.After); !ok || !v.Equal(tt.edits[i].Target) {
						t.Errorf("edit %d shows %v after, want %v", i, v, tt.edits[i].Target)
					}
				}
			}
		})
	}
}

func TestApplyRefusesWithoutSending(t *testing.T) {
	unknown := fresh(t)
	unknown.Participants = model.Set[model.Participant]{}
	for _, tt := range []struct {
		name  string
		fresh model.Conversation
		edit  model.Edit
		kind  model.ErrorKind
	}{
		{"privacy", fresh(t), edit(model.EditPrivacy, "public"), model.Unsupported},
		{"status", fresh(t), edit(model.EditStatus, "closed"), model.Unsupported},
		{"labels", fresh(t), edit(model.EditLabels, "x"), model.Unsupported},
		{"archive", fresh(t), edit(model.EditArchive, "x"), model.Unsupported},
		{"no name", fresh(t), edit(model.EditTitle, " "), model.Invalid},
		{"access", fresh(t), edit(model.EditAccess, "open"), model.Invalid},
		{"default role", fresh(t), edit(model.EditDefaultRole, "boss"), model.Invalid},
		{"participants that are not loaded", unknown, people(user("3", "editor")), model.Malformed},
		{"a contact", fresh(t), people(model.Participant{Kind: "contact", ID: "1"}), model.Unsupported},
		{"somebody without an id", fresh(t), people(model.Participant{Kind: "user", Email: "a@b.c"}), model.Invalid},
		{"a role of no kind", fresh(t), people(user("3", "owner")), model.Invalid},
		{"create without a space", model.Conversation{}, create(model.NewConversation{Title: "t"}), model.Invalid},
		{"create without a name", model.Conversation{}, create(model.NewConversation{Space: "40"}), model.Invalid},
		{"create on a channel", model.Conversation{}, create(model.NewConversation{Title: "t", Space: "40", Channel: "1"}), model.Invalid},
		{"create in public", model.Conversation{}, create(model.NewConversation{Title: "t", Space: "40", Privacy: model.PrivacyPublic}), model.Invalid},
	} {
		p, s := openStub(t, accept)
		out := p.Apply(t.Context(), tt.fresh, []model.Edit{tt.edit})
		if got := model.KindOf(out[0].Err); got != tt.kind || len(s.Sent) > 0 {
			t.Errorf("%s: got %v and sent %v, want kind %s and nothing", tt.name, out[0].Err, s.Lines(), tt.kind)
		}
		if _, err := p.Requests(tt.fresh, []model.Edit{tt.edit}); model.KindOf(err) != tt.kind {
			t.Errorf("%s: Requests: got %v, want kind %s", tt.name, err, tt.kind)
		}
	}
	p, s := openStub(t, accept, func(a *providers.Account) { a.ReadOnly = true })
	out := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t"), edit(model.EditDelete, "")})
	if model.KindOf(out[0].Err) != model.Unsupported || model.KindOf(out[1].Err) != model.Unsupported || len(s.Sent) > 0 {
		t.Errorf("read-only account: got %+v and sent %v, want Unsupported and nothing", out, s.Lines())
	}
}

func TestServerWithoutAnUpdate(t *testing.T) {
	for status, reason := range map[int]string{
		404: "this Kona server has no update of conversations: it answers 404 to PUT for one that can be read",
		405: "this Kona server has no update of conversations: it answers 405 to PUT",
	} {
		p, s := openStub(t, func(r providertest.Request) (int, string) {
			if r.Method == "PUT" || r.Method == "POST" {
				return status, `{"problemType":"https://x/e.md#not_found","title":"Not Found","details":"No such route."}`
			}
			return accept(r)
		})
		out := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t"), edit(model.EditAccess, "everyone")})
		e := wantKind(t, out[0].Err, model.Unsupported)
		if e.Hint != reason || e.Message != "Not Found: No such route." || e.Status != status || model.KindOf(out[1].Err) != model.Unsupported {
			t.Errorf("%d: got %v, %v; want the hint %q", status, out[0].Err, out[1].Err, reason)
		}
		// A 404 may mean that the conversation is gone, so it is read again.
		if got := s.Lines(); status == 404 && (len(got) != 2 || got[1] != "GET "+one71) || status == 405 && len(got) != 1 {
			t.Errorf("%d: sent %v", status, got)
		}
		for _, k := range fieldsOf(model.Conversation{}).Write(nil).Kinds {
			if c := p.Capabilities(model.Conversation{}).Of(k); c.Can() || c.Reason != reason {
				t.Errorf("%s: got %+v, want no: %s", k, c, reason)
			}
		}
		if caps := p.Capabilities(model.Conversation{}); !caps.Of(model.EditDelete).Can() || !caps.Of(model.EditCreate).Can() {
			t.Errorf("a missing update ruled out delete or create")
		}
		checks := p.Check(t.Context())
		if last := checks[len(checks)-1]; last.OK || last.Detail != reason || last.Kind != model.Unsupported {
			t.Errorf("Check: got %+v, want a failure: %s", last, reason)
		}
		p.Apply(t.Context(), model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t", Space: "40"})})
		if can := p.Capabilities(model.Conversation{}).Of(model.EditCreate).Can(); can != (status == 404) {
			t.Errorf("after a create was answered %d: got %t, want a 405 to rule out creates", status, can)
		}
	}

	p, _ := openStub(t, func(providertest.Request) (int, string) { return 404, `{"title":"Not Found"}` })
	wantKind(t, p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t")})[0].Err, model.NotFound)
	if !p.Capabilities(fresh(t)).Of(model.EditTitle).Can() {
		t.Errorf("a deleted conversation ruled out updates of others")
	}
}

func TestAfterIsTheConversationInTheAnswer(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"no lists":      {"participants": absent},
		"a null list":   {"groups": nil},
		"another field": {"stakeholder": absent},
	} {
		all := map[string]any{"name": "t", "stakeholder": 2, "participants": []any{map[string]any{"user_id": 3, "role": 1}, map[string]any{"user_id": 9, "role": 2}}}
		maps.Copy(all, change)
		p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, wrapped(element(71, all)) })
		out := p.Apply(t.Context(), fresh(t), []model.Edit{people(user("3", "editor"), user("9", "viewer"), group("5", "viewer")), edit(model.EditAccess, "everyone"), edit(model.EditTitle, "t")})
		gone := 0
		if name == "another field" {
			gone = 1
		}
		for i, o := range out {
			if o.Err != nil || (o.After == nil) != (i == gone) {
				t.Errorf("%s: edit %d: got %+v", name, i, o)
			}
		}
	}
	// If a server merges lists, or ignores an empty list, the answer differs from the target.
	p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, wrapped(element(71, nil)) })
	e := people(user("3", "editor"), group("5", "viewer"))
	o := p.Apply(t.Context(), fresh(t), []model.Edit{e})[0]
	if o.Err != nil || o.After != nil {
		t.Errorf("got %+v, want no conversation", o)
	}
	for _, body := range []string{``, `{"conversations":[]}`, wrapped(element(72, nil))} {
		p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, body })
		if o := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t")})[0]; o.Err != nil || o.After != nil {
			t.Errorf("%q: got %+v, want no conversation", body, o)
		}
	}
}

func TestDelete(t *testing.T) {
	for status, kind := range map[int]model.ErrorKind{204: "", 404: model.NotFound, 403: model.Forbidden, 500: model.UnknownOutcome} {
		p, _ := openStub(t, func(providertest.Request) (int, string) {
			if status == 204 {
				return status, ""
			}
			return status, `{"title":"No"}`
		})
		out := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditDelete, "")})
		if model.KindOf(out[0].Err) != kind {
			t.Errorf("%d: got %v, want %s", status, out[0].Err, kind)
		}
		if can := p.Capabilities(fresh(t)).Of(model.EditDelete).Can(); can != (status != 403) {
			t.Errorf("%d: can delete afterwards: got %v", status, can)
		}
	}
}

// located adds a Location header to every answer.
type located struct{ http.RoundTripper }

func (l located) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Header.Set("Location", "https://elsewhere.example/conversations/123")
	}
	return res, err
}

func TestCreatedIDFromLocation(t *testing.T) {
	body := `{"conversations":[]}`
	p, _ := openStub(t, func(providertest.Request) (int, string) { return 201, body }, func(a *providers.Account) { a.Transport = located{a.Transport} })
	n := create(model.NewConversation{Title: "t", Space: "40"})
	if o := p.Apply(t.Context(), model.Conversation{}, []model.Edit{n})[0]; o.Err != nil || o.Created != "123" {
		t.Errorf("got %+v, want 123", o)
	}
	p, _ = openStub(t, func(providertest.Request) (int, string) { return 201, body })
	wantKind(t, p.Apply(t.Context(), model.Conversation{}, []model.Edit{n})[0].Err, model.UnknownOutcome)
}

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
	p, s := openStub(t, func(providertest.Request) (int, string) { return 500, "" })
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
	if len(s.Sent) > 0 {
		t.Errorf("sent %v, want nothing", s.Lines())
	}
}

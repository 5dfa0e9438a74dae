package kona

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
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
func accept(r sent) (int, string) {
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
		{"delete", fresh(t), []model.Edit{edit(model.EditDelete, "deleted")}, []string{`DELETE ` + one71}},
		{"create", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "Budget", Description: "d", Space: "40", Access: "group", DefaultRole: model.RoleEditor,
			People: []model.Participant{user("3", "editor"), group("5", "viewer")}, Message: "a < b\nc"})},
			[]string{`POST ` + base + `/conversations {"conversations":[{"name":"Budget","details":"d","space_id":40,"stakeholder":1,"default_role":1,"participants":[{"user_id":3,"role":1}],"groups":[{"group_id":5,"role":2}],"initial_comment":"a &lt; b<br>c"}]}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s := openStub(t, accept)
			requests, err := p.Requests(tt.fresh, tt.edits)
			if err != nil || len(s.sent) > 0 {
				t.Fatalf("Requests: got error %v and sent %v, want neither", err, s.sent)
			}
			shown := []string{}
			for _, r := range requests {
				shown = append(shown, sent{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.line())
			}
			outcomes := p.Apply(t.Context(), tt.fresh, tt.edits)
			if d := cmp.Diff(tt.want, s.lines()); d != "" {
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
		{"create in public", model.Conversation{}, create(model.NewConversation{Title: "t", Space: "40", Privacy: model.PrivacyPublic}), model.Invalid},
	} {
		p, s := openStub(t, accept)
		out := p.Apply(t.Context(), tt.fresh, []model.Edit{tt.edit})
		if got := model.KindOf(out[0].Err); got != tt.kind || len(s.sent) > 0 {
			t.Errorf("%s: got %v and sent %v, want kind %s and nothing", tt.name, out[0].Err, s.lines(), tt.kind)
		}
		if _, err := p.Requests(tt.fresh, []model.Edit{tt.edit}); model.KindOf(err) != tt.kind {
			t.Errorf("%s: Requests: got %v, want kind %s", tt.name, err, tt.kind)
		}
	}
	p, s := openStub(t, accept, func(a *providers.Account) { a.ReadOnly = true })
	out := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t"), edit(model.EditDelete, "")})
	if model.KindOf(out[0].Err) != model.Unsupported || model.KindOf(out[1].Err) != model.Unsupported || len(s.sent) > 0 {
		t.Errorf("read-only account: got %+v and sent %v, want Unsupported and nothing", out, s.lines())
	}
}

func TestServerWithoutAnUpdate(t *testing.T) {
	for status, reason := range map[int]string{
		404: "this Kona server has no update of conversations: it answers 404 to PUT for one that can be read",
		405: "this Kona server has no update of conversations: it answers 405 to PUT",
	} {
		p, s := openStub(t, func(r sent) (int, string) {
			if r.Method == "PUT" {
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
		if got := s.lines(); status == 404 && (len(got) != 2 || got[1] != "GET "+one71) || status == 405 && len(got) != 1 {
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
	}

	p, _ := openStub(t, func(sent) (int, string) { return 404, `{"title":"Not Found"}` })
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
		p, _ := openStub(t, func(sent) (int, string) { return 200, wrapped(element(71, change)) })
		out := p.Apply(t.Context(), fresh(t), []model.Edit{people(user("3", "editor"), user("8", "viewer"), group("5", "viewer"), user("9", "viewer")), edit(model.EditAccess, "everyone"), edit(model.EditTitle, "t")})
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
	p, _ := openStub(t, func(sent) (int, string) { return 200, wrapped(element(71, nil)) })
	e := people(user("3", "editor"), group("5", "viewer"))
	o := p.Apply(t.Context(), fresh(t), []model.Edit{e})[0]
	if v, _ := e.Read(*o.After); v.Equal(e.Target) {
		t.Errorf("After differs from the answer")
	}
	for _, body := range []string{``, `{"conversations":[]}`, wrapped(element(72, nil))} {
		p, _ := openStub(t, func(sent) (int, string) { return 200, body })
		if o := p.Apply(t.Context(), fresh(t), []model.Edit{edit(model.EditTitle, "t")})[0]; o.Err != nil || o.After != nil {
			t.Errorf("%q: got %+v, want no conversation", body, o)
		}
	}
}

func TestDelete(t *testing.T) {
	for status, kind := range map[int]model.ErrorKind{204: "", 404: model.NotFound, 403: model.Forbidden, 500: model.UnknownOutcome} {
		p, _ := openStub(t, func(sent) (int, string) {
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
	p, _ := openStub(t, func(sent) (int, string) { return 201, body }, func(a *providers.Account) { a.Transport = located{a.Transport} })
	n := create(model.NewConversation{Title: "t", Space: "40"})
	if o := p.Apply(t.Context(), model.Conversation{}, []model.Edit{n})[0]; o.Err != nil || o.Created != "123" {
		t.Errorf("got %+v, want 123", o)
	}
	p, _ = openStub(t, func(sent) (int, string) { return 201, body })
	wantKind(t, p.Apply(t.Context(), model.Conversation{}, []model.Edit{n})[0].Err, model.UnknownOutcome)
}

func TestEndpoints(t *testing.T) {
	p, _ := openStub(t, accept)
	for _, tt := range []struct {
		call  providers.Call
		write bool
		want  string
	}{
		{conversations(byUpdated, "", 1), false, "GET /api/conversations?order_by=updated_at&page=1&per_page=100"},
		{conversations(byCreated, "40", 2), false, "GET /api/conversations?order_by=created_at&page=2&per_page=100&space_id=40"},
		{calls.GetConversation.Of("7/1", nil), false, "GET /api/conversations/7%2F1"},
		{calls.CreateConversation.Of("", wrap(providers.Body{{Name: "name", Value: "n"}})), true, `POST /api/conversations {"conversations":[{"name":"n"}]}`},
		{calls.UpdateConversation.Of("71", wrap(providers.Body{})), true, `PUT /api/conversations/71 {"conversations":[{}]}`},
		{calls.DeleteConversation.Of("71", nil), true, "DELETE /api/conversations/71"},
		{comments("71", 1), false, "GET /api/comments?page=1&per_page=100&resource_id=71&resource_type=conversation"},
		{entries(spaces, "", "", 1, 100), false, "GET /api/spaces?page=1&per_page=100"},
		{entries(spaces, hiddenSpaces, "", 1, 100), false, "GET /api/spaces?hidden=true&page=1&per_page=100"},
		{entries(users, "40", "an", 3, 50), false, "GET /api/users?like=an&page=3&per_page=50&space_id=40"},
		{entries(groups, "", "", 1, 100), false, "GET /api/groups?page=1&per_page=100"},
		{calls.Directories[users].One.Of("3", nil), false, "GET /api/users/3"},
		{calls.Directories[groups].One.Of("3", nil), false, "GET /api/groups/3"},
		{calls.Directories[spaces].One.Of("3", nil), false, "GET /api/spaces/3"},
		{providers.Call{Endpoint: calls.UserInfo}, false, "GET /api/userinfo"},
	} {
		r, err := p.Client.Request(tt.call)
		if err != nil {
			t.Fatal(err)
		}
		got := sent{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.line()
		if got != tt.want || tt.call.Write != tt.write {
			t.Errorf("%s: %s (write %v), want %s (write %v)", tt.call.Name, got, tt.call.Write, tt.want, tt.write)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   model.Error
	}{
		{404, `{"problemType":"https://x/exceptions.md#not_found","title":"Not Found","details":"No such thing."}`, model.Error{Kind: model.NotFound, Code: "not_found", Message: "Not Found: No such thing."}},
		{422, `{"title":"Unprocessable Entity","details":["a","b"]}`, model.Error{Kind: model.Invalid, Message: `Unprocessable Entity: ["a","b"]`}},
		{400, `Unparsable JSON`, model.Error{Kind: model.Invalid, Message: "Unparsable JSON"}},
		{422, `{"title":"Unprocessable Entity","details":"Unprocessable Entity"}`, model.Error{Kind: model.Invalid, Message: "Unprocessable Entity"}},
		{422, `{"title":"Unprocessable Entity","details":"Unprocessable entity: name is too long"}`, model.Error{Kind: model.Invalid, Message: "Unprocessable entity: name is too long"}},
		{422, `{"details":"name is too long"}`, model.Error{Kind: model.Invalid, Message: "name is too long"}},
		{403, `{"title":"Forbidden"}`, model.Error{Kind: model.Forbidden, Message: "Forbidden"}},
		{401, `{"error":"invalid_token","error_description":"The token has expired."}`, model.Error{Kind: model.Unauthorized, Code: "invalid_token", Message: "The token has expired."}},
		{403, `{"problemType":"https://x/e.md#expired","title":"Expired"}`, model.Error{Kind: model.Unauthorized, Code: "expired", Message: "Expired"}},
		{500, `{"title":"Server Error"}`, model.Error{Kind: model.UnknownOutcome, Message: "Server Error"}},
	} {
		p, _ := openStub(t, func(sent) (int, string) { return tt.status, tt.body })
		_, err := p.Client.Do(t.Context(), calls.UpdateConversation.Of("71", wrap(providers.Body{})))
		got := *model.AsError(err)
		tt.want.Op, tt.want.Status = "change conversation", tt.status
		got.Hint, got.Err = "", nil
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%d %s (-want +got)\n%s", tt.status, tt.body, d)
		}
	}
}

// listed serves a list of n conversations.
func listed(n int) func(sent) (int, string) {
	return func(r sent) (int, string) {
		page := 1
		_, _ = fmt.Sscanf(r.Query[strings.Index(r.Query, "&page=")+1:], "page=%d", &page)
		var out []string
		for i := (page - 1) * 100; i < min(n, page*100); i++ {
			out = append(out, element(1000+i, nil))
		}
		return 200, wrapped(out...)
	}
}

func TestSync(t *testing.T) {
	ignoresPage := func(r sent) (int, string) { return listed(100)(sent{Query: "&page=1"}) }
	for _, tt := range []struct {
		name     string
		answer   func(sent) (int, string)
		req      model.SyncRequest
		stop     int
		rows     int
		requests int
		want     model.SyncResult
	}{
		{"none", listed(0), model.SyncRequest{Mode: model.SyncFull}, 0, 0, 1, model.SyncResult{Complete: true}},
		{"a page shorter than any cap", listed(24), model.SyncRequest{Mode: model.SyncFull}, 0, 24, 1, model.SyncResult{Complete: true}},
		{"a page that may be capped", listed(25), model.SyncRequest{Mode: model.SyncFull}, 0, 25, 2, model.SyncResult{Complete: true}},
		{"three pages", listed(230), model.SyncRequest{Mode: model.SyncFull}, 0, 230, 4, model.SyncResult{Complete: true}},
		{"stopped", listed(230), model.SyncRequest{Mode: model.SyncFull}, 1, 100, 1, model.SyncResult{Cursor: "page:2"}},
		{"resumed", listed(230), model.SyncRequest{Mode: model.SyncFull, Cursor: "page:2"}, 0, 130, 3, model.SyncResult{Complete: true}},
		{"the head, stopped", listed(230), model.SyncRequest{Mode: model.SyncHead, Cursor: "page:2"}, 1, 100, 1, model.SyncResult{}},
		{"a server that ignores page", ignoresPage, model.SyncRequest{Mode: model.SyncFull}, 0, 100, 2, model.SyncResult{}},
	} {
		p, s := openStub(t, tt.answer)
		rows, pages, last := 0, 0, map[string]model.Conversation{}
		got, err := p.Sync(t.Context(), tt.req, func(b model.Batch) (bool, error) {
			for _, c := range b.Conversations {
				last[c.Ref.ID] = c
			}
			if b.Names {
				return true, nil
			}
			rows += len(b.Conversations)
			pages++
			return pages != tt.stop, nil
		})
		for _, c := range last {
			if tt.stop == 0 && (c.Space.Name != "Lifts" || c.Owner.Name != "Ann" || c.Participants.Items[2].Name != "Board") {
				t.Fatalf("%s: row without names: %+v", tt.name, c)
			}
		}
		order := byCreated
		if tt.req.Mode == model.SyncHead {
			order = byUpdated
		}
		lines := s.lines()
		if err != nil || rows != tt.rows || got != tt.want || len(lines) != tt.requests || !strings.Contains(lines[0], "order_by="+order+"&") {
			t.Errorf("%s: got %d rows, %+v, error %v, sent %v", tt.name, rows, got, err, lines)
		}
	}
	for _, body := range []string{wrapped("null"), `{"conversations":null}`, wrapped(element(1, nil), `{"name":"without an id"}`)} {
		p, _ := openStub(t, func(sent) (int, string) { return 200, body })
		got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if err != nil || got.Complete {
			t.Errorf("%s: got %+v, %v; want incomplete", body, got, err)
		}
	}
	p, _ := openStub(t, listed(3))
	if got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return false, nil }); err != nil || got != (model.SyncResult{}) {
		t.Errorf("stopped on the last page: got %+v, %v; want an empty result", got, err)
	}
	for _, body := range []string{`{}`, `[]`, `{"spaces":[]}`} {
		p, _ := openStub(t, func(sent) (int, string) { return 200, body })
		got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || got.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", body, got, err)
		}
	}
}

func TestNamesAreRequestedOnce(t *testing.T) {
	single := 0
	p, s := openStub(t, func(r sent) (int, string) {
		switch {
		case r.Path == "/api/users/8":
			single++
			return 404, `{"title":"Not Found"}`
		case strings.HasSuffix(r.Path, "/comments"):
			return 200, `{"comments":[{"id":2,"creator_id":9,"content":"new","created_at":1479900001000},{"id":1,"creator_id":3,"content":"old","created_at":1479900000000}]}`
		}
		return accept(r)
	})
	for range 3 {
		d, err := p.Load(t.Context(), "71", model.NeedMessages)
		if err != nil {
			t.Fatal(err)
		}
		c := d.Conversation
		if c.Participants.Items[1].Display() != "user #8" || d.Messages.Items[0].Text != "old" || d.Messages.Items[1].Author != "bob@example.com" {
			t.Errorf("got participants %+v and messages %+v", c.Participants, d.Messages)
		}
		if !c.Updated.Equal(time.UnixMilli(1479900001000)) || c.Preview != "new" || !c.HasMessages || d.MoreMessages {
			t.Errorf("got %+v, want the time and the preview of the newest comment", c)
		}
	}
	if single != 1 {
		t.Errorf("unknown user: got %d requests, want 1", single)
	}
	directory := len(s.sent) - len(s.lines()) - single
	// All spaces, hidden spaces, all users, all groups, and the users of the space, because one user is in no other list.
	if directory != 5 {
		t.Errorf("names: got %d requests, want 5", directory)
	}
	// The newest comment that was read is shown in the list too.
	var c model.Conversation
	_, _ = p.Sync(t.Context(), model.SyncRequest{}, func(b model.Batch) (bool, error) { c = b.Conversations[0]; return false, nil })
	if c.Preview != "new" || c.Updated.IsZero() {
		t.Errorf("row after a load: got %+v, want the newest comment", c)
	}
}

func TestLookup(t *testing.T) {
	p, s := openStub(t, func(r sent) (int, string) {
		if r.Path == "/api/users/12" {
			return 200, `{"users":[{"id":12,"name":"Zoe"}]}`
		}
		return 404, `{"title":"Not Found"}`
	})
	for _, tt := range []struct {
		req  model.LookupRequest
		ids  string
		sent string
	}{
		{model.LookupRequest{Kind: model.LookupUsers, Text: "an", Scope: "40", Limit: 10}, "3 9", "GET /api/users?like=an&page=1&per_page=10&space_id=40"},
		{model.LookupRequest{Kind: model.LookupGroups, Cursor: "3"}, "5", "GET /api/groups?page=3&per_page=50"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "12"}, "12", "GET /api/users/12"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "13"}, "", "GET /api/users/13"},
		{model.LookupRequest{Kind: model.LookupSpaces, Text: "lif"}, "40", ""},
	} {
		got, err := p.Lookup(t.Context(), tt.req)
		var ids []string
		for _, x := range got.Items {
			ids = append(ids, x.ID)
		}
		last := s.sent[len(s.sent)-1].line()
		if err != nil || strings.Join(ids, " ") != tt.ids || tt.sent != "" && last != tt.sent {
			t.Errorf("%+v: got %v, error %v, sent %s; want %s, %s", tt.req, ids, err, last, tt.ids, tt.sent)
		}
	}
	_, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupContacts})
	wantKind(t, err, model.Unsupported)
}

// Conversations may have no time of creation, because the order that is requested is documented.
func TestHeadIsSureOnlyInTheRightOrder(t *testing.T) {
	made := func(id int, fields map[string]any) string {
		all := map[string]any{"name": "t", "participants": []any{}, "groups": []any{}, "creator_id": 3}
		maps.Copy(all, fields)
		return element(id, all)
	}
	create := model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "t", Space: "40"}}}
	for name, tc := range map[string]struct {
		list  []string
		known []string
		sure  bool
		same  int
	}{
		"down to one that was known": {[]string{made(5, nil), made(4, nil)}, []string{"4"}, true, 1},
		"to the end":                 {[]string{made(5, nil)}, []string{}, true, 1},
		"somebody else's":            {[]string{made(5, map[string]any{"creator_id": 4})}, []string{"4"}, true, 0},
		"in another order": {[]string{made(5, map[string]any{"created_at": 1480000000000}), made(6, map[string]any{"created_at": 1490000000000})},
			[]string{"4"}, false, 2},
	} {
		p, s := openStub(t, func(s sent) (int, string) {
			switch {
			case strings.Contains(s.line(), "/userinfo"):
				return 200, `{"users":[{"id":3,"name":"Ann"}]}`
			case strings.Contains(s.line(), "/comments"):
				return 200, `{"comments":[]}`
			case strings.Contains(s.line(), "/conversations?"):
				return 200, wrapped(tc.list...)
			}
			for _, c := range tc.list {
				if id := idOf([]byte(c)); strings.HasSuffix(s.line(), "/conversations/"+id) {
					return 200, wrapped(c)
				}
			}
			return 404, `{}`
		})
		found, err := p.Find(t.Context(), create, tc.known)
		if err != nil || found.Sure != tc.sure || len(found.Same) != tc.same {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
		if !strings.Contains(s.lines()[0], "order_by=created_at&page=1&per_page=100&space_id=40") {
			t.Errorf("%s: sent %s", name, s.lines()[0])
		}
	}
}

func TestEveryCapabilityHasAReason(t *testing.T) {
	p, _ := openStub(t, accept)
	caps := p.Capabilities(fresh(t))
	for _, k := range model.EditKinds() {
		if c, ok := caps[k]; !ok || c.Reason == "" || (c.State == model.CapabilityAssumed) != strings.HasPrefix(c.Reason, "assumed") {
			t.Errorf("%s: got %+v", k, c)
		}
	}
	if p.Needs(model.EditTitle) != 0 || p.Needs(model.EditParticipants) != model.NeedParticipants {
		t.Errorf("Needs: want the participants for participants alone")
	}
}

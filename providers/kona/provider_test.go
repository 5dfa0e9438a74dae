package kona

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

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
		got := providertest.Request{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.Line()
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
		p, _ := openStub(t, func(providertest.Request) (int, string) { return tt.status, tt.body })
		_, err := p.Client.Do(t.Context(), calls.UpdateConversation.Of("71", wrap(providers.Body{})))
		got := *model.AsError(err)
		tt.want.Op, tt.want.Status = "change conversation", tt.status
		got.Hint, got.Err = "", nil
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%d %s (-want +got)\n%s", tt.status, tt.body, d)
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

package kona

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/providertest"
)

// spaceService is a service with spaces. Each has one conversation, with a member and a group that only the lists of the space
// contain.
type spaceService struct {
	spaces int
	names  map[string]int // requests for names
}

func (s *spaceService) answer(r providertest.Request) (int, string) {
	q, _ := url.ParseQuery(r.Query)
	resource := r.Path[strings.LastIndex(r.Path, "/")+1:]
	if resource != "conversations" {
		s.names[resource]++
	}
	of := q.Get("space_id")
	var n int
	_, _ = fmt.Sscan(of, &n)
	switch {
	case q.Get("page") != "1" || q.Get("hidden") != "":
		return 200, `{"` + resource + `":[]}`
	case resource == "conversations":
		var rows []string
		for i := range s.spaces {
			rows = append(rows, element(1000+i, map[string]any{"space_id": i + 1, "creator_id": 3,
				"participants": []any{map[string]any{"user_id": 500 + i + 1, "role": 1}}, "groups": []any{map[string]any{"group_id": 700 + i + 1, "role": 2}}}))
		}
		return 200, wrapped(rows...)
	case resource == "spaces":
		var rows []string
		for i := range s.spaces {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"Space %d"}`, i+1, i+1))
		}
		return 200, `{"spaces":[` + strings.Join(rows, ",") + `]}`
	case resource == "users" && of == "":
		return 200, `{"users":[{"id":3,"name":" Ann "}]}`
	case resource == "users":
		return 200, fmt.Sprintf(`{"users":[{"id":%d,"name":"Member %d"}]}`, 500+n, n)
	case resource == "groups" && of != "":
		return 200, fmt.Sprintf(`{"groups":[{"id":%d,"name":"Group %d"}]}`, 700+n, n)
	}
	return 200, `{"` + resource + `":[]}`
}

func (s *spaceService) requests() (n int) {
	for _, m := range s.names {
		n += m
	}
	return n
}

func openSpaceService(t *testing.T, spaces int) (*provider, *spaceService, *providertest.Stub) {
	s := &spaceService{spaces: spaces, names: map[string]int{}}
	at := &providertest.Stub{Answer: s.answer}
	p, _ := openStub(t, nil, accountAt(at))
	return p, s, at
}

// The test counts requests in an account with a hundred spaces: rows come first, then names, limited for each sync, and none is
// requested again while it is fresh.
func TestRowsComeBeforeNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, at := openSpaceService(t, 100)
		rows := map[string]model.Conversation{}
		sync := func(mode model.SyncMode, more bool) (first int) {
			at.Sent, s.names = nil, map[string]int{}
			pages := 0
			res, err := p.Sync(context.Background(), model.SyncRequest{Mode: mode}, func(b model.Batch) (bool, error) {
				if !b.Names {
					if pages++; pages == 1 {
						first = len(at.Sent)
					}
				}
				for _, c := range b.Conversations {
					if b.Names {
						c = model.MergeReading(rows[c.Ref.ID], c, model.ReadNames)
					} else if was, ok := rows[c.Ref.ID]; ok {
						c = model.MergeReading(was, c, model.ReadRow)
					}
					rows[c.Ref.ID] = c
				}
				return more, nil
			})
			if err != nil || res.Complete != more {
				t.Fatalf("got %+v, %v", res, err)
			}
			return first
		}
		named := func() (n int) {
			for _, c := range rows {
				if p := c.Participants.Items; p[0].Name != "" && p[1].Name != "" {
					n++
				}
			}
			return n
		}
		// The list, and an empty page after it; two pages of spaces, one of hidden ones, users, groups; the rest for
		// users and groups of 27 spaces, and the users of one more.
		if first := sync(model.SyncFull, true); first != 1 || len(at.Sent) != 2+maxNameRequests || s.requests() != maxNameRequests {
			t.Errorf("got %d requests before the first page, %d in all, %v for names", first, len(at.Sent), s.names)
		}
		if c := rows["1000"]; c.Space.Name != "Space 1" || c.Owner.Name != "Ann" || named() != 27 {
			t.Errorf("got %d rows with all names, want 27: %+v", named(), c)
		}
		// A refresh without new ids sends no further request.
		if first := sync(model.SyncHead, false); first != 1 || len(at.Sent) != 1 {
			t.Errorf("second sync: got %d requests, want 1", len(at.Sent))
		}
		// The next walk continues with the missing names.
		for i, want := range []int{maxNameRequests, maxNameRequests, 200 - (maxNameRequests - 5) - 2*maxNameRequests, 0, 0} {
			if first := sync(model.SyncFull, true); first != 1 || s.requests() != want {
				t.Errorf("walk %d: %d requests before the first page, %v for names, want %d", i+2, first, s.names, want)
			}
		}
		if named() != 100 {
			t.Errorf("got %d rows with all names, want 100", named())
		}
		// Lists that are old are read again; those of single spaces only for unknown ids.
		time.Sleep(namesAge)
		if sync(model.SyncFull, true); s.requests() != 5 {
			t.Errorf("after %v: got %v, want 5 requests", namesAge, s.names)
		}
	})
}

// Rows without names, as in the first sync of a run, do not replace known names, but a changed name does.
func TestNamesAreKept(t *testing.T) {
	p, _, _ := openSpaceService(t, 1)
	read := func(r model.Reading, rows model.Conversation, p *provider) model.Conversation {
		_, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
			for _, c := range b.Conversations {
				if b.Names {
					rows = model.MergeReading(rows, c, model.ReadNames)
				} else {
					rows = model.MergeReading(rows, c, r)
				}
			}
			return r == model.ReadWhole, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	known := read(model.ReadWhole, model.Conversation{}, p)
	fresh, _, _ := openSpaceService(t, 1)
	if again := read(model.ReadRow, known, fresh); again.Participants.Items[0].Name != "Member 1" || again.Space.Name != "Space 1" || again.Owner.Name != "Ann" {
		t.Errorf("row without names replaced the names: %+v", again)
	}
}

func TestSyncSucceedsWithoutNames(t *testing.T) {
	for _, status := range []int{403, 404, 500, 429} {
		s := &spaceService{spaces: 3, names: map[string]int{}}
		p, _ := openStub(t, nil, accountAt(&providertest.Stub{Answer: func(r providertest.Request) (int, string) {
			code, body := s.answer(r)
			if !strings.HasSuffix(r.Path, "/conversations") {
				return status, `{"title":"no"}`
			}
			return code, body
		}}))
		rows := 0
		res, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
			rows += len(b.Conversations)
			return true, nil
		})
		if err != nil || !res.Complete || rows != 3 {
			t.Errorf("%d: got %d rows, %+v, %v; want 3", status, rows, res, err)
		}
	}
}

// A listing that is longer than one sync may read is continued by the next.
func TestLongListingIsContinued(t *testing.T) {
	var pages []string
	p, _ := openStub(t, nil, accountAt(&providertest.Stub{Answer: func(r providertest.Request) (int, string) {
		q, _ := url.ParseQuery(r.Query)
		pages = append(pages, q.Get("page"))
		var rows []string
		if q.Get("page") != "4" {
			for i := range 100 {
				rows = append(rows, fmt.Sprintf(`{"id":%s%03d,"name":"n"}`, q.Get("page"), i))
			}
		}
		return 200, `{"users":[` + strings.Join(rows, ",") + `]}`
	}}))
	m := []mentions{{entities: []entity{{"users", "9"}}}}
	for _, left := range []int{2, 1, 5, 5} {
		p.directory.readAll(t.Context(), &left, m, false)
	}
	if !slices.Equal(pages, []string{"1", "2", "3", "4"}) {
		t.Errorf("got pages %v, want 1 to 4", pages)
	}
}

func TestNamesAreRequestedOnce(t *testing.T) {
	single := 0
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case r.Path == "/api/users/8":
			single++
			return 404, `{"title":"Not Found"}`
		case strings.HasSuffix(r.Path, "/comments"):
			return 200, `{"comments":[{"id":2,"creator_id":9,"content":"new<br>line","created_at":1479900001000},{"id":1,"creator_id":3,"content":"old","created_at":1479900000000}]}`
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
		if !c.Updated.Equal(time.UnixMilli(1479900001000)) || c.Preview != "new line" || !c.HasMessages || d.MoreMessages {
			t.Errorf("got %+v, want the time and the preview of the newest comment", c)
		}
	}
	if single != 1 {
		t.Errorf("unknown user: got %d requests, want 1", single)
	}
	directory := len(s.Sent) - len(s.Lines()) - single
	// All spaces, hidden spaces, all users, all groups, and the users of the space, because one user is in no other list.
	if directory != 5 {
		t.Errorf("names: got %d requests, want 5", directory)
	}
	// The newest comment that was read is shown in the list too.
	d, err := p.Load(t.Context(), "71", model.NeedMessages)
	if err != nil {
		t.Fatal(err)
	}
	var c model.Conversation
	_, _ = p.Sync(t.Context(), model.SyncRequest{}, func(b model.Batch) (bool, error) { c = b.Conversations[0]; return false, nil })
	c = model.MergeReading(d.Conversation, c, model.ReadRow)
	if c.Preview != "new line" || c.Updated.IsZero() {
		t.Errorf("row after a load: got %+v, want the newest comment", c)
	}
}

// An error that would also fail the next request ends the reading of single names. The next load tries again.
func TestSingleNamesStopAtAnOutage(t *testing.T) {
	asked := map[string]int{}
	p, _ := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case strings.HasPrefix(r.Path, "/api/users/"):
			asked[r.Path]++
			return 500, `{}`
		case strings.HasSuffix(r.Path, "/comments"):
			return 403, `{"title":"Forbidden","details":"not yours"}`
		}
		return 200, wrapped(element(71, map[string]any{"creator_id": 21, "participants": []any{map[string]any{"user_id": 22, "role": 1}}}))
	})
	for n := range 2 {
		d, err := p.Load(t.Context(), "71", model.NeedMessages)
		if err != nil || len(asked) != 1 || asked["/api/users/21"] != n+1 {
			t.Errorf("load %d: got %v after %v, want success after one request for a name each", n, err, asked)
		}
		notShown := model.Fact{Group: "Conversation", Label: "Comments", Value: "not shown: Forbidden: not yours"}
		if d.Messages.Known || !slices.Contains(d.Conversation.Facts, notShown) {
			t.Errorf("load %d: got messages %+v and facts %v, want none and %v", n, d.Messages, d.Conversation.Facts, notShown)
		}
	}
}

func TestLookup(t *testing.T) {
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Path == "/api/users/14" {
			return 200, `{"users":[{"name":"without an id"}]}`
		}
		if r.Path == "/api/spaces/77" {
			return 200, `{"spaces":[{"id":77,"name":"Left long ago"}]}`
		}
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
		{model.LookupRequest{Kind: model.LookupUsers, Text: "14"}, "", "GET /api/users/14"},
		{model.LookupRequest{Kind: model.LookupSpaces, Text: "lif"}, "40", ""},
		{model.LookupRequest{Kind: model.LookupSpaces, Text: "40"}, "40", "GET /api/spaces?hidden=true&page=1&per_page=100"},
		{model.LookupRequest{Kind: model.LookupSpaces, Text: "77"}, "77", "GET /api/spaces/77"},
	} {
		got, err := p.Lookup(t.Context(), tt.req)
		var ids []string
		for _, x := range got.Items {
			ids = append(ids, cmp.Or(x.ID, "without an id"))
		}
		last := s.Sent[len(s.Sent)-1].Line()
		if err != nil || strings.Join(ids, " ") != tt.ids || tt.sent != "" && last != tt.sent {
			t.Errorf("%+v: got %v, error %v, sent %s; want %s, %s", tt.req, ids, err, last, tt.ids, tt.sent)
		}
	}
	_, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupContacts})
	wantKind(t, err, model.Unsupported)
}

// A page that is as long as a service may make it may have another behind it.
func TestLookupHasAnotherPageAfterAFullOne(t *testing.T) {
	for _, tt := range []struct {
		found, limit int
		cursor       string
	}{{24, 50, ""}, {25, 50, "3"}, {50, 50, "3"}, {9, 10, ""}, {10, 10, "3"}} {
		rows := make([]string, tt.found)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"id":%d,"name":"Ann"}`, i+1)
		}
		p, _ := openStub(t, nil, accountAt(&providertest.Stub{Answer: func(providertest.Request) (int, string) {
			return 200, `{"groups":[` + strings.Join(rows, ",") + `]}`
		}}))
		got, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupGroups, Scope: "40", Text: "ann", Cursor: "2", Limit: tt.limit})
		if err != nil || len(got.Items) != tt.found || got.Cursor != tt.cursor {
			t.Errorf("%d found of at most %d: got %d, cursor %q, error %v; want cursor %q", tt.found, tt.limit, len(got.Items), got.Cursor, err, tt.cursor)
		}
	}
}

// The list of spaces leaves out the hidden ones, which a conversation can be made in too.
func TestLookupFindsHiddenSpaces(t *testing.T) {
	p, _ := openStub(t, nil, accountAt(&providertest.Stub{Answer: func(r providertest.Request) (int, string) {
		if strings.Contains(r.Query, "hidden=true") {
			return 200, `{"spaces":[{"id":41,"name":"Hidden"}]}`
		}
		return 200, `{"spaces":[{"id":40,"name":"Open"}]}`
	}}))
	got, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupSpaces})
	if err != nil || len(got.Items) != 2 || got.Items[0].ID != "41" || got.Items[1].ID != "40" {
		t.Errorf("got %+v, error %v; want both spaces by name", got.Items, err)
	}
}

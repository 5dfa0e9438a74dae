package kona

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/providertest"
)

// listed serves a list of n conversations.
func listed(n int) func(providertest.Request) (int, string) {
	return func(r providertest.Request) (int, string) {
		page := 1
		_, _ = fmt.Sscanf(r.Query[strings.Index(r.Query, "&page=")+1:], "page=%d", &page)
		var out []string
		for i := (page - 1) * 100; i < min(n, page*100); i++ {
			out = append(out, element(1000+i, nil))
		}
		return 200, wrapped(out...)
	}
}

func TestCheckCountsMoreThanAPageThatIsCapped(t *testing.T) {
	const all = 60
	for size, want := range map[int]string{20: "20 in all", 40: "40 at the head of the list, and more behind", 100: "60 in all"} {
		p, s := openStub(t, func(r providertest.Request) (int, string) {
			var out []string
			from := 0
			if strings.Contains(r.Query, "page=2") {
				from = size
			}
			for i := from; i < min(all, from+size); i++ {
				out = append(out, element(1000+i, nil))
			}
			return 200, wrapped(out...)
		})
		if got := p.Check(t.Context())[1].Detail; got != want {
			t.Errorf("pages of %d: %q, want %q", size, got, want)
		}
		// A page that is shorter than the default size is the last, and no other is asked for. The first request is for the user.
		if n := len(s.Sent) - 1; n != 1+min(1, size/defaultPage) {
			t.Errorf("pages of %d: %d were read", size, n)
		}
	}
}

func TestLoadOfAnotherConversationIsMalformed(t *testing.T) {
	for _, answer := range []string{wrapped(element(72, nil)), wrapped(), wrapped(`{"name":"n"}`), wrapped("null")} {
		p, _ := openStub(t, nil, accountAt(&providertest.Stub{Answer: func(providertest.Request) (int, string) { return 200, answer }}))
		_, err := p.Load(t.Context(), "71", 0)
		wantKind(t, err, model.Malformed)
	}
}

func TestSync(t *testing.T) {
	ignoresPage := func(r providertest.Request) (int, string) { return listed(100)(providertest.Request{Query: "&page=1"}) }
	for _, tt := range []struct {
		name     string
		answer   func(providertest.Request) (int, string)
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
		lines := s.Lines()
		if err != nil || rows != tt.rows || got != tt.want || len(lines) != tt.requests || !strings.Contains(lines[0], "order_by="+order+"&") {
			t.Errorf("%s: got %d rows, %+v, error %v, sent %v", tt.name, rows, got, err, lines)
		}
	}
	for _, body := range []string{wrapped("null"), `{"conversations":null}`, wrapped(element(1, nil), `{"name":"without an id"}`)} {
		p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, body })
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
		p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, body })
		got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || got.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", body, got, err)
		}
	}
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
		p, s := openStub(t, func(s providertest.Request) (int, string) {
			switch {
			case strings.Contains(s.Line(), "/userinfo"):
				return 200, `{"users":[{"id":3,"name":"Ann"}]}`
			case strings.Contains(s.Line(), "/comments"):
				return 200, `{"comments":[]}`
			case strings.Contains(s.Line(), "/conversations?"):
				return 200, wrapped(tc.list...)
			}
			for _, c := range tc.list {
				if id := idOf([]byte(c)); strings.HasSuffix(s.Line(), "/conversations/"+id) {
					return 200, wrapped(c)
				}
			}
			return 404, `{}`
		})
		found, err := p.Find(t.Context(), create, tc.known)
		if err != nil || found.Sure != tc.sure || len(found.Same) != tc.same {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
		if !strings.Contains(s.Lines()[0], "order_by=created_at&page=1&per_page=100&space_id=40") {
			t.Errorf("%s: sent %s", name, s.Lines()[0])
		}
	}
	p, _ := openStub(t, func(s providertest.Request) (int, string) {
		switch {
		case strings.Contains(s.Line(), "/userinfo"):
			return 200, `{"users":[{"name":"without an id"}]}`
		case strings.Contains(s.Line(), "/comments"):
			return 200, `{"comments":[]}`
		}
		return 200, wrapped(made(5, map[string]any{"creator_id": nil}))
	})
	_, err := p.Find(t.Context(), create, []string{"4"}) // nobody's conversation is not that of a user whose id is not known
	wantKind(t, err, model.Malformed)
}

package attention

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers/providertest"
)

// pages serves a list of n rows in pages of 50.
func pages(n int, meta func(page int) string) func(providertest.Request) (int, string) {
	return func(r providertest.Request) (int, string) {
		page, _ := strconv.Atoi(r.Values.Get("page"))
		var rows []string
		for i := (page - 1) * 50; i < min(n, page*50); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":"c%d","attributes":{"userUUID":"u1","teamUUID":"t1"}}`, i))
		}
		return 200, `{"data":[` + strings.Join(rows, ",") + `]` + meta(page) + `}`
	}
}

func TestSyncStops(t *testing.T) {
	const fewer = "fewer rows than counted"
	for _, tc := range []struct {
		name     string
		rows     int
		meta     func(int) string
		requests int
	}{
		{"by page count", 120, func(int) string { return `,"meta":{"pageCount":3}` }, 3},
		{"by page count, a full last page", 100, func(int) string { return `,"meta":{"pageCount":2,"totalRecords":100}` }, 2},
		{"by total", 100, func(int) string { return `,"meta":{"totalRecords":100}` }, 2},
		{"by a short page", 120, func(int) string { return "" }, 3},
		{"by an empty page", 100, func(int) string { return "" }, 3},
		{"nothing", 0, func(int) string { return "" }, 1},
		{"meta null", 20, func(int) string { return `,"meta":null` }, 2},
		{"counts as texts", 60, func(int) string { return `,"meta":{"pageCount":"2"}` }, 2},
		{"a page count that the total denies", 120, func(int) string { return `,"meta":{"pageCount":2,"totalRecords":120}` }, 3},
		{fewer, 120, func(int) string { return `,"meta":{"totalRecords":125}` }, 4},
		{"zero counts", 60, func(int) string { return `,"meta":{"pageCount":0,"totalRecords":0}` }, 2},
	} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": pages(tc.rows, tc.meta)}}
		p := opened(t, f, nil)
		var got []model.Conversation
		res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
			got = append(got, b.Conversations...)
			return true, nil
		})
		if err != nil || res.Complete != (tc.name != fewer) || res.Cursor != "" || len(got) != tc.rows {
			t.Errorf("%s: got %+v, error %v, %d rows", tc.name, res, err, len(got))
		}
		if n := len(f.Take()); n != tc.requests {
			t.Errorf("%s: got %d requests, want %d", tc.name, n, tc.requests)
		}
		if len(got) > 0 && (got[0].Owner.Name != "Ann Lee" || got[0].Team.Name != "[Org] West") {
			t.Errorf("%s: row without names: %+v", tc.name, got[0])
		}
	}
}

func TestSyncStopsAndResumes(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": pages(220, func(int) string { return `,"meta":{"totalRecords":220}` })}}
	p := opened(t, f, nil)
	var cursor string
	res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		cursor = b.Cursor
		return !strings.Contains(b.Cursor, `"page":3`), nil
	})
	if err != nil || res.Complete || res.Cursor != cursor || cursor == "" {
		t.Fatalf("stopped: got %+v, %v; want the last cursor %q", res, err, cursor)
	}
	f.Take()
	var got []string
	res, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Cursor: cursor}, func(b model.Batch) (bool, error) {
		for _, c := range b.Conversations {
			got = append(got, c.Ref.ID)
		}
		return true, nil
	})
	if err != nil || !res.Complete || len(got) != 120 || got[0] != "c100" {
		t.Errorf("resumed: got %+v, error %v, %d rows; want 120 and complete", res, err, len(got))
	}
	if sent := f.Take(); len(sent) != 3 || sent[0] != "GET /v2/conversations/list?detailedTranscript=false&filter[include_internal_participants]=true&page=3&size=50" {
		t.Errorf("resumed: sent %v, want three requests from page 3", sent)
	}
	// An error in the middle names the page that failed.
	f.Answers["GET /v2/conversations/list"] = func(r providertest.Request) (int, string) {
		if r.Values.Get("page") == "2" {
			return 500, ""
		}
		return pages(220, func(int) string { return "" })(r)
	}
	res, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
	if model.KindOf(err) != model.Unavailable || res.Complete || parsePosition(strings.TrimPrefix(res.Cursor, "page:")).Page != 2 {
		t.Errorf("error on page 2: got %+v, %v; want a cursor for page 2", res, err)
	}
	// The head is read only as long as emit wants more.
	f.Answers["GET /v2/conversations/list"] = pages(220, func(int) string { return "" })
	f.Take()
	res, err = p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return false, nil })
	if sent := f.Take(); err != nil || res.Complete || len(sent) != 1 {
		t.Errorf("head: got %+v, error %v, sent %v; want one request", res, err, sent)
	}
}

func TestWalkStoppedOnItsLastPageIsIncomplete(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": pages(5, func(int) string { return `,"meta":{"totalRecords":5}` })}}
	res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return false, nil })
	if err != nil || res.Complete {
		t.Errorf("got %+v, %v; want incomplete", res, err)
	}
}

func TestSyncBodies(t *testing.T) {
	for body, want := range map[string]struct {
		rows     int
		complete bool
	}{
		`{"data":[]}`: {0, true}, `{"data":null}`: {0, true}, `[]`: {0, true},
		`{"data":[{"id":"1","attributes":{}}],"meta":{"pageCount":1}}`: {1, true},
		// After a repeated page, or with rows that can't be read, missing rows may still exist.
		`[{"id":"1","attributes":{}}]`:                                   {1, false},
		`{"data":[{"id":"1","attributes":{}},null,7,{"attributes":{}}]}`: {1, false},
	} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": providertest.Says(200, body)}}
		n := 0
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) { n += len(b.Conversations); return true, nil })
		if err != nil || res.Complete != want.complete || n != want.rows {
			t.Errorf("%s: got %+v, error %v, %d rows; want %+v", body, res, err, n, want)
		}
	}
	for _, body := range []string{`{"data":{"a":1}}`, `"x"`, `<html>`, `[null]`, `{}`, `null`, `{"error":"no"}`} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": providertest.Says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || res.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", body, res, err)
		}
	}
}

func TestSyncOfAServiceThatIgnoresPageNumbers(t *testing.T) {
	for _, meta := range []string{`,"meta":{"pageCount":9}`, ""} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": func(r providertest.Request) (int, string) {
			r.Values = url.Values{"page": {"1"}}
			return pages(60, func(int) string { return meta })(r)
		}}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || res.Complete || len(f.Take()) != 3 {
			t.Errorf("%s: got %+v, %v; want Malformed after three requests", meta, res, err)
		}
	}
}

func TestListFallback(t *testing.T) {
	for _, status := range []int{404, 405, 400, 422} {
		f := &providertest.Stub{Answers: providertest.Answers{
			"GET /v2/conversations/list": providertest.Says(status, ""), "GET /v2/conversations": pages(10, func(int) string { return `,"meta":{"totalRecords":10}` })}}
		p := opened(t, f, nil)
		for _, want := range []int{2, 1} {
			if _, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
				t.Fatal(err)
			}
			if n := len(f.Take()); n != want {
				t.Errorf("%d: got %d requests, want %d", status, n, want)
			}
		}
	}
}

func TestTheErrorOfTheListThatExistsIsTold(t *testing.T) {
	for slow, want := range map[int]string{404: "bad size", 500: "out of order"} {
		f := &providertest.Stub{Answers: providertest.Answers{
			"GET /v2/conversations/list": providertest.Says(422, `{"detail":"bad size"}`), "GET /v2/conversations": providertest.Says(slow, `{"detail":"out of order"}`)}}
		_, err := opened(t, f, nil).Sync(t.Context(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the fast list answers 422, the other %d: got %v, want %q", slow, err, want)
		}
	}
}

func TestNoFallbackOnceTheFastListWorked(t *testing.T) {
	ok := true
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": func(providertest.Request) (int, string) {
		if ok {
			return 200, "[]"
		}
		return 400, `{"detail":"bad filter"}`
	}}}
	p := opened(t, f, nil)
	sync := func() error {
		_, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
		return err
	}
	if err := sync(); err != nil {
		t.Fatal(err)
	}
	ok = false
	f.Take()
	if err := sync(); model.KindOf(err) != model.Invalid || len(f.Take()) != 1 {
		t.Errorf("got %v, want Invalid after one request", err)
	}
}

// If rows are deleted while a walk is interrupted, its page may no longer exist. The walk then ends, and is incomplete. A list
// without a first page is an error.
func TestWalkPastTheEndOfTheListIsIncomplete(t *testing.T) {
	const gone = `{"title":"Not Found","detail":"page not found","code":"404"}`
	f := &providertest.Stub{Answers: providertest.Answers{
		"GET /v2/conversations/list": providertest.Says(404, gone), "GET /v2/conversations": providertest.Says(404, gone)}}
	p := opened(t, f, nil)
	req := model.SyncRequest{Mode: model.SyncFull, Cursor: "page:" + position{Page: 7, Seen: 300, Most: 50}.String()}
	emitted := func(b model.Batch) (bool, error) {
		if len(b.Conversations) > 0 || b.Cursor != "" {
			t.Errorf("got %+v, want an empty last batch", b)
		}
		return true, nil
	}
	if got, err := p.Sync(context.Background(), req, emitted); err != nil || got != (model.SyncResult{}) {
		t.Errorf("got %+v, %v; want an empty result", got, err)
	}
	f.Answers["GET /v2/conversations/list"] = providertest.Says(200, `{"data":[null],"meta":{"totalRecords":301}}`)
	if got, err := p.Sync(context.Background(), req, emitted); err != nil || got != (model.SyncResult{}) {
		t.Errorf("a last page of which no row can be read: got %+v, %v; want an empty result", got, err)
	}
	f.Answers["GET /v2/conversations/list"] = providertest.Says(404, gone)
	if got, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, emitted); model.KindOf(err) != model.NotFound || got.Complete {
		t.Errorf("404 for the first page: got %+v, %v; want NotFound", got, err)
	}
}

func TestFilters(t *testing.T) {
	day := time.Date(2026, 3, 10, 12, 0, 0, 5, time.UTC)
	const id = "0c2b6b7e-ffff-4cde-8a7b-0123456789ab"
	for _, tc := range []struct {
		name string
		req  model.SyncRequest
		want url.Values
	}{
		{"an owner by id", model.SyncRequest{Filter: model.Filter{Owner: []string{"ann", id}}}, url.Values{"filter[owner.id]": {id}}},
		{"an owner by address", model.SyncRequest{Filter: model.Filter{Owner: []string{"a@example.com"}}}, nil},
		{"a piece of an id", model.SyncRequest{Filter: model.Filter{Owner: []string{id[:30]}}}, nil},
		{"a team by id", model.SyncRequest{Filter: model.Filter{Team: []string{id}}}, url.Values{"filter[team.id]": {id}}},
		{"a team by name", model.SyncRequest{Filter: model.Filter{Team: []string{"[org] west"}}}, nil},
		{"external", model.SyncRequest{Filter: model.Filter{External: true}}, url.Values{"filter[hide_internal]": {"true"}}},
		{"times", model.SyncRequest{Filter: model.Filter{CreatedFrom: day, UpdatedFrom: day, UpdatedTo: day}}, nil},
		{"since, a day wider", model.SyncRequest{Since: day}, url.Values{"fromDateTime": {"2026-03-09T12:00:00Z"}}},
		{"kind and status", model.SyncRequest{Filter: model.Filter{Kind: []string{"call"}, Status: []string{"ready"}}}, nil},
	} {
		var got url.Values
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/conversations/list": func(r providertest.Request) (int, string) { got = r.Values; return 200, "[]" }}}
		if _, err := opened(t, f, nil).Sync(context.Background(), tc.req, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Fatal(err)
		}
		want := url.Values{"page": {"1"}, "size": {"50"}, "detailedTranscript": {"false"}, includeInternal: {"true"}}
		for k, v := range tc.want {
			want[k] = v
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
	}
}

func TestSyncWithoutNames(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{
		"GET /v2/users": providertest.Says(500, ""), "GET /v2/conversations/list": pages(1, func(int) string { return `,"meta":{"pageCount":1}` })}}
	p := opened(t, f, nil)
	for range 2 {
		if _, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Errorf("Sync without names: %v", err)
		}
	}
	if len(f.Sent) != 3 {
		t.Errorf("failing directory: sent %v, want 3 requests", f.Sent)
	}
}

package askelephant

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers/providertest"
)

func row(id, updated string) string {
	return fmt.Sprintf(`{"object":"engagement","id":"%s","title":"t","updated_at":"%s","contacts":[]}`, id, updated)
}

func page(next string, rows ...string) string {
	cursor, more := "null", "false"
	if next != "" {
		cursor, more = `"`+next+`"`, "true"
	}
	return `{"object":"list","data":[` + strings.Join(rows, ",") + `],"has_more":` + more + `,"next_cursor":` + cursor + `}`
}

func collect(out *[]string, until string) func(model.Batch) (bool, error) {
	return func(b model.Batch) (bool, error) {
		more := true
		for _, c := range b.Conversations {
			*out = append(*out, c.Ref.ID)
			more = more && c.Ref.ID != until
		}
		return more, nil
	}
}

const expandAll = "expand=contacts,companies,owner,tags"

func TestHeadWithACheckpointIsIncremental(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": func(r providertest.Request) (int, string) {
		q := r.Values
		switch {
		case q.Get("filter[updated_at][gte]") != "" && q.Get("cursor") == "":
			return 200, page("n2", row("ngmt_3", "2026-04-03T00:00:00.5Z"), row("ngmt_4", "2026-04-04T00:00:00Z"))
		case q.Get("filter[updated_at][gte]") != "":
			return 200, page("", row("ngmt_4", "2026-04-04T00:00:00Z"), row("ngmt_3", "2026-04-05T00:00:00Z"))
		case q.Get("cursor") == "":
			return 200, page("c2", row("ngmt_3", "2026-04-03T00:00:00.5Z"), row("ngmt_2", "2026-04-02T00:00:00Z"))
		}
		return 200, page("", row("ngmt_1", "2026-04-01T00:00:00Z"))
	}}}
	p := opened(t, f, nil)
	var got []string
	res, err := p.Sync(context.Background(), model.SyncRequest{}, collect(&got, "ngmt_2"))
	if err != nil || res.Complete || res.Cursor != `{"checkpoint":"2026-04-03T00:00:00.5Z"}` || len(got) != 2 {
		t.Fatalf("first head: got %+v, error %v, rows %v", res, err, got)
	}
	if d := cmp.Diff([]string{"GET /v2/engagements?" + expandAll + "&limit=100&order_by=updated_at:desc"}, f.Take()); d != "" {
		t.Errorf("first head: requests (-want +got):\n%s", d)
	}
	got = nil
	next, err := p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, collect(&got, ""))
	if err != nil || !next.Complete || next.Cursor != `{"checkpoint":"2026-04-05T00:00:00Z"}` || strings.Join(got, " ") != "ngmt_3 ngmt_4 ngmt_3" {
		t.Errorf("incremental head: got %+v, error %v, rows %v", next, err, got)
	}
	if d := cmp.Diff([]string{
		"GET /v2/engagements?" + expandAll + "&filter[updated_at][gte]=2026-04-03T00:00:00.5Z&limit=100&order_by=updated_at:asc",
		"GET /v2/engagements?cursor=n2&" + expandAll + "&filter[updated_at][gte]=2026-04-03T00:00:00.5Z&limit=100&order_by=updated_at:asc",
	}, f.Take()); d != "" {
		t.Errorf("incremental head: requests (-want +got):\n%s", d)
	}
	// A head that ends early does not move the checkpoint.
	got = nil
	if next, err = p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, collect(&got, "ngmt_4")); err != nil || next.Complete || next.Cursor != res.Cursor {
		t.Errorf("stopped head: got %+v, %v; want the old checkpoint", next, err)
	}
	boom := fmt.Errorf("disk full")
	if next, err = p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, func(model.Batch) (bool, error) { return true, boom }); err != boom || next.Cursor != res.Cursor {
		t.Errorf("failed head: got %+v, %v; want the old checkpoint", next, err)
	}
}

func TestFullWalkResumesAndRestarts(t *testing.T) {
	refuse, status := false, 422
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": func(r providertest.Request) (int, string) {
		switch c := r.Values.Get("cursor"); {
		case c != "" && refuse:
			refuse = false
			return status, `{"title":"Validation Failed","errors":[{"field":"cursor","code":"expired","message":"too old"}]}`
		case c == "":
			return 200, page("c2", row("ngmt_1", "2026-04-01T00:00:00Z"))
		case c == "c2":
			return 200, page("c3", row("ngmt_2", "2026-04-02T00:00:00Z"))
		}
		return 200, page("", row("ngmt_3", "2026-04-03T00:00:00Z"))
	}}}
	p := opened(t, f, nil)
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var got []string
	res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Since: since}, collect(&got, "ngmt_1"))
	if err != nil || res.Complete || res.Cursor == "" {
		t.Fatalf("stopped full walk: got %+v, %v; want a cursor", res, err)
	}
	f.Take()
	got = nil
	end, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Cursor: res.Cursor, Since: since.Add(time.Hour)}, collect(&got, ""))
	if err != nil || !end.Complete || parsePosition(end.Cursor).Checkpoint != "2026-04-03T00:00:00Z" || strings.Join(got, " ") != "ngmt_2 ngmt_3" {
		t.Errorf("resumed full walk: got %+v, error %v, rows %v", end, err, got)
	}
	if sent := f.Take(); sent[0] != "GET /v2/engagements?cursor=c2&"+expandAll+"&filter[updated_at][gte]=2026-01-01T00:00:00Z&limit=100&order_by=updated_at:asc" {
		t.Errorf("resumed full walk: sent %s", sent[0])
	}
	for _, status = range []int{400, 422, 403} {
		refuse, got = true, nil
		end, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Cursor: res.Cursor}, collect(&got, ""))
		if restarted := err == nil && end.Complete && strings.Join(got, " ") == "ngmt_1 ngmt_2 ngmt_3"; restarted != (status != 403) {
			t.Errorf("cursor refused with %d: got %+v, error %v, rows %v", status, end, err, got)
		}
	}
	// A page that was not taken is read again.
	res, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		if b.Conversations[0].Ref.ID == "ngmt_2" {
			return false, fmt.Errorf("disk full")
		}
		return true, nil
	})
	if err == nil || parsePosition(res.Cursor).Next != "c2" {
		t.Errorf("failed emit: got %+v, %v; want a cursor for the same page", res, err)
	}
}

func TestWalkStoppedOnItsLastPageIsIncomplete(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": providertest.Says(200, page("", row("ngmt_1", "2026-04-01T00:00:00Z")))}}
	for _, mode := range []model.SyncMode{model.SyncHead, model.SyncFull} {
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: mode}, func(model.Batch) (bool, error) { return false, nil })
		if err != nil || res.Complete {
			t.Errorf("got %+v, %v; want incomplete", res, err)
		}
	}
}

func TestSyncOfMalformedLists(t *testing.T) {
	for name, body := range map[string]string{
		"repeats a cursor": page("c1", row("ngmt_1", "2026-04-01T00:00:00Z")), "more, but not where": `{"data":[],"has_more":true}`, "a cursor without has_more": `{"data":[],"next_cursor":"x"}`,
		"no list": `{"data":{"a":1}}`, "a text": `"x"`, "nothing": `{}`, "no envelope": `[]`, "null": `null`,
	} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": providertest.Says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || res.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", name, res, err)
		}
	}
	for body, complete := range map[string]bool{`{"data":null}`: true, `{"data":[null,7,{"id":null}],"has_more":null,"next_cursor":null}`: false} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": providertest.Says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) { return true, nil })
		if err != nil || res.Complete != complete {
			t.Errorf("%s: got %+v, %v; want complete %t", body, res, err, complete)
		}
	}
}

func TestFilters(t *testing.T) {
	day := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		f    model.Filter
		want string
	}{
		{"one type", model.Filter{Kind: []string{"meeting"}}, "filter[engagement_type][eq]=MEETING"},
		{"types", model.Filter{Kind: []string{"call", "calendar_event"}}, "filter[engagement_type][in]=CALL,CALENDAR_EVENT"},
		{"a type that is not documented", model.Filter{Kind: []string{"call", "huddle"}}, ""},
		{"status", model.Filter{Status: []string{"failed"}}, "filter[processing_status][eq]=FAILED"},
		{"a company by id", model.Filter{Company: []string{"Acme", "cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV"}}, "filter[company_ids][eq]=cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		{"a company by name", model.Filter{Company: []string{"Acme"}}, ""},
		{"a piece of an id", model.Filter{Company: []string{"cmp_01ARZ3NDEK"}}, ""},
		{"an id in another case", model.Filter{Company: []string{"cmp_01arz3ndektsv4rrffq69g5fav"}}, ""},
		{"updated", model.Filter{UpdatedFrom: day, UpdatedTo: day}, "filter[updated_at][gte]=2026-03-10T12:00:00Z&filter[updated_at][lt]=2026-03-10T12:00:00Z"},
		{"created", model.Filter{CreatedFrom: day}, "filter[updated_at][gte]=2026-03-09T12:00:00Z"},
		{"what the service has no filter for", model.Filter{Owner: []string{"usr_1"}, Team: []string{"t"}, External: true}, ""},
	} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": providertest.Says(200, page(""))}}
		if _, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Filter: tc.f}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Fatal(err)
		}
		sent := f.Take()
		got, _ := url.ParseQuery(strings.TrimPrefix(sent[len(sent)-1], "GET /v2/engagements?"))
		want, _ := url.ParseQuery(strings.Trim(expandAll+"&limit=100&order_by=updated_at:desc&"+tc.want, "&"))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
	}
}

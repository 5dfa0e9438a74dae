package attention

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
)

// fake answers requests by "METHOD path", and records them.
type fake struct {
	mu      sync.Mutex
	answers map[string]func(*http.Request) (int, string)
	sent    []string // METHOD path?query body
	headers []http.Header
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Method + " " + r.URL.EscapedPath()
	full := line
	if q, _ := url.QueryUnescape(r.URL.RawQuery); q != "" {
		full += "?" + q
	}
	if r.Body != nil {
		if b, _ := io.ReadAll(r.Body); len(b) > 0 {
			full += " " + string(b)
		}
	}
	f.sent = append(f.sent, full)
	f.headers = append(f.headers, r.Header.Clone())
	status, body := 404, `{"detail":"no such path"}`
	if a := f.answers[line]; a != nil {
		status, body = a(r)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// take returns and forgets the requests, except for those for names.
func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, s := range f.sent {
		if !strings.HasPrefix(s, "GET /v2/users") && !strings.HasPrefix(s, "GET /v2/organizations/teams") && !strings.HasPrefix(s, "GET /v2/teams") {
			out = append(out, s)
		}
	}
	f.sent, f.headers = nil, nil
	return out
}

func says(status int, body string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return status, body }
}

type credential string

func (c credential) Get(context.Context) (string, error) { return string(c), nil }
func (c credential) Reject(string)                       {}

func opened(t *testing.T, f *fake, change func(*providers.Account)) model.Provider {
	t.Helper()
	a := providers.Account{Name: "sales", Credential: credential("eyJ.key"), Transport: f}
	if change != nil {
		change(&a)
	}
	if f.answers == nil {
		f.answers = map[string]func(*http.Request) (int, string){}
	}
	for path, body := range map[string]string{
		"GET /v2/users":               `{"data":[{"uuid":"u1","email":"ann@example.com","firstName":"Ann","lastName":"Lee"},{"uuid":"u2","email":"bo@example.com","firstName":"Bo"}]}`,
		"GET /v2/organizations/teams": `{"data":[{"uuid":"t1","name":"[Org] West"}]}`,
	} {
		if f.answers[path] == nil {
			f.answers[path] = says(200, body)
		}
	}
	p, err := Factory().Open(a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func text(kind model.EditKind, key, to string) model.Edit {
	return model.Edit{Kind: kind, Key: key, Target: model.TextValue(to)}
}

func fresh() model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "sales", ID: "c/1"}, Privacy: model.PrivacyPublic, Labels: map[string]string{"Stage": "Demo", "Old": "x"}}
}

func resourceOf(attributes string) string {
	return `{"type":"conversations","id":"c/1","attributes":{"uuid":"c/1"` + attributes + `}}`
}

func TestEveryEdit(t *testing.T) {
	for _, tc := range []struct {
		name   string
		edits  []model.Edit
		answer string
		want   []string
		after  func(model.Conversation) bool
	}{
		{"private", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(`,"private":true`),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, func(c model.Conversation) bool { return c.Privacy == model.PrivacyPrivate }},
		{"privacy not told", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(``),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, nil},
		{"privacy null", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(`,"private":null`),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, nil},
		{"title", []model.Edit{text(model.EditTitle, "", `a <b> "c"`)}, `{"data":` + resourceOf(`,"title":"a"`) + `}`,
			[]string{`PUT /v2/conversations/c%2F1/title {"title":"a <b> \"c\""}`}, func(c model.Conversation) bool { return c.Title == "a" }},
		{"title, another answers", []model.Edit{text(model.EditTitle, "", "a")}, `{"id":"c2","attributes":{"title":"a"}}`,
			[]string{`PUT /v2/conversations/c%2F1/title {"title":"a"}`}, nil},
		{"labels", []model.Edit{text(model.EditLabels, "Stage", "Won"), {Kind: model.EditLabels, Key: "Old"}, text(model.EditLabels, "New", "y")}, resourceOf(`,"labels":{"Stage":"Won"}`),
			[]string{`PUT /v2/conversations/c%2F1/labels {"labels":{"New":"y","Stage":"Won"},"skip_analysis":true}`}, func(c model.Conversation) bool { return c.Labels["Stage"] == "Won" }},
		{"archive", []model.Edit{{Kind: model.EditArchive}}, resourceOf(`,"archived":true`),
			[]string{"DELETE /v2/conversations/c%2F1"}, func(c model.Conversation) bool { return c.Archived }},
		{"archive, as in the vendor's sample", []model.Edit{{Kind: model.EditArchive}}, resourceOf(`,"archived":false`), []string{"DELETE /v2/conversations/c%2F1"}, nil},
		{"archive without a word", []model.Edit{{Kind: model.EditArchive}}, ``, []string{"DELETE /v2/conversations/c%2F1"}, nil},
		{"narrowing first", []model.Edit{{Kind: model.EditArchive}, text(model.EditTitle, "", "t"), text(model.EditPrivacy, "", "private")}, resourceOf(``),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private", `PUT /v2/conversations/c%2F1/title {"title":"t"}`, "DELETE /v2/conversations/c%2F1"}, nil},
		{"widening last", []model.Edit{text(model.EditPrivacy, "", "public"), text(model.EditLabels, "Old", "z"), text(model.EditTitle, "", "t")}, resourceOf(``),
			[]string{`PUT /v2/conversations/c%2F1/labels {"labels":{"Old":"z","Stage":"Demo"},"skip_analysis":true}`, `PUT /v2/conversations/c%2F1/title {"title":"t"}`,
				"PUT /v2/conversations/c%2F1/change_privacy?privacy=public"}, nil},
	} {
		f := &fake{}
		p := opened(t, f, nil)
		for _, path := range []string{"PUT /v2/conversations/c%2F1/change_privacy", "PUT /v2/conversations/c%2F1/title", "PUT /v2/conversations/c%2F1/labels", "DELETE /v2/conversations/c%2F1"} {
			f.answers[path] = says(200, tc.answer)
		}
		c := fresh()
		if slices.ContainsFunc(tc.edits, func(e model.Edit) bool { return e.Target.String() == string(model.PrivacyPublic) }) {
			c.Privacy = model.PrivacyPrivate
		}
		requests, err := p.Requests(c, tc.edits)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		var planned []string
		for _, r := range requests {
			line := r.Method + " " + r.Path
			if r.Query != "" {
				line += "?" + r.Query
			}
			if r.Body != nil {
				line += " " + string(r.Body)
			}
			planned = append(planned, line)
		}
		if len(f.sent) != 0 {
			t.Errorf("%s: Requests sent %v, want nothing", tc.name, f.sent)
		}
		outcomes := p.Apply(context.Background(), c, tc.edits)
		for i, h := range f.headers {
			if (h.Get("Content-Type") != "") != strings.Contains(f.sent[i], "{") {
				t.Errorf("%s: got content type %q of %s", tc.name, h.Get("Content-Type"), f.sent[i])
			}
		}
		sent := f.take()
		if d := cmp.Diff(tc.want, sent); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
		if d := cmp.Diff(sent, planned); d != "" {
			t.Errorf("%s: Requests differs from what was sent:\n%s", tc.name, d)
		}
		if len(outcomes) != len(tc.edits) {
			t.Fatalf("%s: got %d outcomes", tc.name, len(outcomes))
		}
		for _, o := range outcomes {
			if o.Err != nil {
				t.Errorf("%s: %v", tc.name, o.Err)
			}
			if (o.After != nil) != (tc.after != nil) || tc.after != nil && (!tc.after(*o.After) || o.After.Ref != fresh().Ref) {
				t.Errorf("%s: got conversation %+v after the edit", tc.name, o.After)
			}
		}
	}
}

func TestUnsupportedSendsNothing(t *testing.T) {
	for _, e := range []model.Edit{
		{Kind: model.EditDelete}, text(model.EditDescription, "", "x"), text(model.EditStatus, "", "closed"), {Kind: model.EditCreate},
		{Kind: model.EditParticipants, Target: model.PeopleValue(nil)}, text(model.EditPrivacy, "", "participants"),
	} {
		f := &fake{}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), fresh(), []model.Edit{e})
		if len(out) != 1 || model.KindOf(out[0].Err) != model.Unsupported || len(f.sent) != 0 {
			t.Errorf("%s: got %v and sent %v, want Unsupported and nothing", e.Kind, out, f.sent)
		}
		if _, err := p.Requests(fresh(), []model.Edit{e}); model.KindOf(err) != model.Unsupported {
			t.Errorf("Requests of %s: got %v, want Unsupported", e.Kind, err)
		}
	}
	f := &fake{}
	c := fresh()
	c.Labels = nil
	out := opened(t, f, nil).Apply(context.Background(), c, []model.Edit{text(model.EditLabels, "a", "b")})
	if out[0].Err == nil || len(f.sent) != 0 {
		t.Errorf("edit of labels that were not read: got %v and sent %v, want an error and nothing", out, f.sent)
	}
}

// No edit without a call of its own is planned as the call that can't be undone, whatever the table of capabilities says.
func TestOnlyAnArchiveArchives(t *testing.T) {
	p := opened(t, &fake{}, nil).(*provider)
	steps := p.plan(fresh())
	for _, k := range model.EditKinds() {
		planned := steps(text(k, "", "x"))
		if k == model.EditArchive {
			if len(planned.Steps) != 1 || planned.Steps[0].Direction != providers.Ends {
				t.Errorf("%s: got plan %+v, want a step that ends the conversation", k, planned)
			}
			continue
		}
		for _, s := range planned.Steps {
			if call := s.Write.Build([]model.Edit{text(k, "", "x")}); call.Method == http.MethodDelete {
				t.Errorf("%s: planned as %s %s", k, call.Method, call.Path)
			}
		}
	}
}

func TestReadOnly(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"POST /v2/conversations/c%2F1/media/download": says(200, `{"url":"https://s3.example.com/a?sig=1"}`),
	}}
	p := opened(t, f, func(a *providers.Account) { a.ReadOnly = true })
	for _, o := range p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), {Kind: model.EditArchive}}) {
		if model.KindOf(o.Err) != model.Unsupported {
			t.Errorf("write on a read-only account: got %v, want Unsupported", o.Err)
		}
	}
	if len(f.sent) != 0 {
		t.Errorf("write on a read-only account: sent %v, want nothing", f.sent)
	}
	link, err := p.Link(context.Background(), fresh(), model.LinkRecording)
	if err != nil || link != "https://s3.example.com/a?sig=1" {
		t.Errorf("recording: got %q, error %v", link, err)
	}
}

func TestCapabilitiesLearnFromRefusals(t *testing.T) {
	f := &fake{}
	p := opened(t, f, nil)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if caps[k].Reason == "" {
			t.Errorf("capability %s has no reason", k)
		}
	}
	if !strings.Contains(caps[model.EditArchive].Reason, "cannot be undone") || !caps[model.EditArchive].Can() {
		t.Errorf("archive: got %+v, want yes, with a warning", caps[model.EditArchive])
	}
	f.answers["PUT /v2/conversations/c%2F1/title"] = says(403, `{"error":"not yours"}`)
	f.answers["PUT /v2/conversations/c%2F1/labels"] = says(405, ``)
	out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), text(model.EditLabels, "a", "b")})
	if model.KindOf(out[0].Err) != model.Forbidden || model.KindOf(out[1].Err) != model.Unsupported {
		t.Errorf("got %v, want Forbidden and Unsupported", out)
	}
	caps, other := p.Capabilities(fresh()), p.Capabilities(model.Conversation{Ref: model.Ref{ID: "other"}})
	if caps[model.EditTitle].Can() || !strings.Contains(caps[model.EditTitle].Reason, "not yours") || !other[model.EditTitle].Can() {
		t.Errorf("title after a 403: got %+v here and %+v elsewhere, want no and yes", caps[model.EditTitle], other[model.EditTitle])
	}
	if caps[model.EditLabels].Can() || other[model.EditLabels].Can() || !caps[model.EditPrivacy].Can() {
		t.Errorf("after a 405 for labels: got %+v, want no labels anywhere", caps)
	}
}

func TestNothingIsSentAfterAnOutage(t *testing.T) {
	for status, want := range map[int]model.ErrorKind{401: model.Unauthorized, 429: model.RateLimited} {
		f := &fake{}
		p := opened(t, f, nil)
		f.answers["PUT /v2/conversations/c%2F1/change_privacy"] = says(status, "")
		out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), text(model.EditPrivacy, "", "private")})
		if model.KindOf(out[0].Err) != want || model.KindOf(out[1].Err) != want {
			t.Errorf("%d: got %v, want %s for both edits", status, out, want)
		}
		for _, s := range f.take() {
			if strings.Contains(s, "title") {
				t.Errorf("title was sent after %d: %s", status, s)
			}
		}
	}
}

func TestKeyForms(t *testing.T) {
	for _, tc := range []struct {
		name, key, scheme, accepts string
		first, second              int // requests for a first and a second call
		ok                         bool
	}{
		{"bearer", "k.e.y", "", "Bearer k.e.y", 1, 1, true},
		{"pasted", " bearer k.e.y\n", "", "Bearer k.e.y", 1, 1, true},
		{"raw is wanted", "k.e.y", "", "k.e.y", 2, 1, true},
		{"raw is set", "k.e.y", "raw", "k.e.y", 1, 1, true},
		{"raw is set, bearer is wanted", "k.e.y", "raw", "Bearer k.e.y", 2, 1, true},
		{"neither", "k.e.y", "", "other", 2, 2, false},
	} {
		f := &fake{}
		p := opened(t, f, func(a *providers.Account) {
			a.Credential = credential(tc.key)
			if tc.scheme != "" {
				a.Settings = map[string]string{"auth_scheme": tc.scheme}
			}
		})
		f.answers["PUT /v2/conversations/c%2F1/title"] = func(r *http.Request) (int, string) {
			if r.Header.Get("Authorization") != tc.accepts {
				return 401, `{"message":"Unauthorized"}`
			}
			return 200, resourceOf(`,"title":"x"`)
		}
		for _, want := range []int{tc.first, tc.second} {
			out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x")})
			if (out[0].Err == nil) != tc.ok || !tc.ok && model.KindOf(out[0].Err) != model.Unauthorized {
				t.Errorf("%s: %v", tc.name, out[0].Err)
			}
			if n := len(f.take()); n != want {
				t.Errorf("%s: got %d requests, want %d", tc.name, n, want)
			}
		}
	}
	// A key that was accepted and is refused later is not tried in the other form.
	f := &fake{}
	p := opened(t, f, nil)
	f.answers["GET /v2/conversations/1"] = says(200, `{"id":"1","attributes":{}}`)
	if _, err := p.Load(context.Background(), "1", 0); err != nil {
		t.Fatal(err)
	}
	f.take()
	f.answers["GET /v2/conversations/1"] = says(401, "")
	if _, err := p.Load(context.Background(), "1", 0); model.KindOf(err) != model.Unauthorized || len(f.take()) != 1 {
		t.Errorf("key refused later: got %v, want Unauthorized after one request", err)
	}
}

// pages serves a list of n rows in pages of 50.
func pages(n int, meta func(page int) string) func(*http.Request) (int, string) {
	return func(r *http.Request) (int, string) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		var rows []string
		for i := (page - 1) * 50; i < min(n, page*50); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":"c%d","attributes":{"userUUID":"u1","teamUUID":"t1"}}`, i))
		}
		return 200, `{"data":[` + strings.Join(rows, ",") + `]` + meta(page) + `}`
	}
}

func TestSyncStops(t *testing.T) {
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
		{"zero counts", 60, func(int) string { return `,"meta":{"pageCount":0,"totalRecords":0}` }, 2},
	} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": pages(tc.rows, tc.meta)}}
		p := opened(t, f, nil)
		var got []model.Conversation
		res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
			got = append(got, b.Conversations...)
			return true, nil
		})
		if err != nil || !res.Complete || res.Cursor != "" || len(got) != tc.rows {
			t.Errorf("%s: got %+v, error %v, %d rows", tc.name, res, err, len(got))
		}
		if n := len(f.take()); n != tc.requests {
			t.Errorf("%s: got %d requests, want %d", tc.name, n, tc.requests)
		}
		if len(got) > 0 && (got[0].Owner.Name != "Ann Lee" || got[0].Team.Name != "[Org] West") {
			t.Errorf("%s: row without names: %+v", tc.name, got[0])
		}
	}
}

func TestSyncStopsAndResumes(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": pages(220, func(int) string { return `,"meta":{"totalRecords":220}` })}}
	p := opened(t, f, nil)
	var cursor string
	res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		cursor = b.Cursor
		return !strings.Contains(b.Cursor, `"page":3`), nil
	})
	if err != nil || res.Complete || res.Cursor != cursor || cursor == "" {
		t.Fatalf("stopped: got %+v, %v; want the last cursor %q", res, err, cursor)
	}
	f.take()
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
	if sent := f.take(); len(sent) != 3 || sent[0] != "GET /v2/conversations/list?detailedTranscript=false&filter[include_internal_participants]=true&page=3&size=50" {
		t.Errorf("resumed: sent %v, want three requests from page 3", sent)
	}
	// An error in the middle names the page that failed.
	f.answers["GET /v2/conversations/list"] = func(r *http.Request) (int, string) {
		if r.URL.Query().Get("page") == "2" {
			return 500, ""
		}
		return pages(220, func(int) string { return "" })(r)
	}
	res, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
	if model.KindOf(err) != model.Unavailable || res.Complete || parsePosition(strings.TrimPrefix(res.Cursor, "page:")).Page != 2 {
		t.Errorf("error on page 2: got %+v, %v; want a cursor for page 2", res, err)
	}
	// The head is read only as long as emit wants more.
	f.answers["GET /v2/conversations/list"] = pages(220, func(int) string { return "" })
	f.take()
	res, err = p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return false, nil })
	if sent := f.take(); err != nil || res.Complete || len(sent) != 1 {
		t.Errorf("head: got %+v, error %v, sent %v; want one request", res, err, sent)
	}
}

func TestWalkStoppedOnItsLastPageIsIncomplete(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": pages(5, func(int) string { return `,"meta":{"totalRecords":5}` })}}
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
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": says(200, body)}}
		n := 0
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) { n += len(b.Conversations); return true, nil })
		if err != nil || res.Complete != want.complete || n != want.rows {
			t.Errorf("%s: got %+v, error %v, %d rows; want %+v", body, res, err, n, want)
		}
	}
	for _, body := range []string{`{"data":{"a":1}}`, `"x"`, `<html>`, `[null]`, `{}`, `null`, `{"error":"no"}`} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || res.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", body, res, err)
		}
	}
}

func TestSyncOfAServiceThatIgnoresPageNumbers(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": func(r *http.Request) (int, string) {
		r.URL.RawQuery = "page=1"
		return pages(60, func(int) string { return `,"meta":{"pageCount":9}` })(r)
	}}}
	res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
	if model.KindOf(err) != model.Malformed || res.Complete || len(f.take()) != 3 {
		t.Errorf("got %+v, %v; want Malformed after three requests", res, err)
	}
}

func TestListFallback(t *testing.T) {
	for _, status := range []int{404, 405, 400} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){
			"GET /v2/conversations/list": says(status, ""), "GET /v2/conversations": pages(10, func(int) string { return `,"meta":{"totalRecords":10}` })}}
		p := opened(t, f, nil)
		for _, want := range []int{2, 1} {
			if _, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
				t.Fatal(err)
			}
			if n := len(f.take()); n != want {
				t.Errorf("%d: got %d requests, want %d", status, n, want)
			}
		}
	}
}

func TestNoFallbackOnceTheFastListWorked(t *testing.T) {
	ok := true
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": func(*http.Request) (int, string) {
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
	f.take()
	if err := sync(); model.KindOf(err) != model.Invalid || len(f.take()) != 1 {
		t.Errorf("got %v, want Invalid after one request", err)
	}
}

// If rows are deleted while a walk is interrupted, its page may no longer exist. The walk then ends, and is incomplete. A list
// without a first page is an error.
func TestWalkPastTheEndOfTheListIsIncomplete(t *testing.T) {
	const gone = `{"title":"Not Found","detail":"page not found","code":"404"}`
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/conversations/list": says(404, gone), "GET /v2/conversations": says(404, gone)}}
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
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/conversations/list": func(r *http.Request) (int, string) { got = r.URL.Query(); return 200, "[]" }}}
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

func TestLoad(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){}}
	f.answers["GET /v2/conversations/6f1c0000-0000-4000-8000-000000000001"] = says(200, string(fixture(t, "live.json")))
	p := opened(t, f, nil)
	const id = "6f1c0000-0000-4000-8000-000000000001"
	d, err := p.Load(context.Background(), id, 0)
	if err != nil || d.Messages.Known || d.Conversation.Title != "" || !json.Valid(d.Raw) {
		t.Errorf("without messages: got %+v, %v", d, err)
	}
	d, err = p.Load(context.Background(), id, model.NeedMessages)
	if err != nil || !d.Messages.Known || len(d.Messages.Items) != 2 || d.Messages.Items[0].Author != "Ann" {
		t.Errorf("with messages: got %+v, %v; want two messages", d.Messages, err)
	}
	if d := cmp.Diff([]string{"GET /v2/conversations/" + id + "?detailedTranscript=false&filter[include_internal_participants]=true", "GET /v2/conversations/" + id + "?detailedTranscript=true&filter[include_internal_participants]=true"}, f.take()); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	// Labels that are no texts are sent back unchanged.
	out, err := p.Requests(d.Conversation, []model.Edit{text(model.EditLabels, "Outcome", "Lost")})
	if err != nil || string(out[0].Body) != `{"labels":{"Gone":null,"Outcome":"Lost","Score":5,"Tags":["a","b"]},"skip_analysis":true}` {
		t.Errorf("labels: sent %s, error %v", out[0].Body, err)
	}
	for _, tc := range []struct {
		body   string
		status int
		want   model.ErrorKind
	}{{`{"id":"other","attributes":{}}`, 200, model.Malformed}, {`{"errors":[{"detail":"conversation not found"}]}`, 404, model.NotFound}, {``, 200, model.Malformed}} {
		f.answers["GET /v2/conversations/x"] = says(tc.status, tc.body)
		if _, err := p.Load(context.Background(), "x", 0); model.KindOf(err) != tc.want {
			t.Errorf("%s: got %v, want %s", tc.body, err, tc.want)
		}
	}
}

func TestLookup(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/labels": says(200, `{"data":[{"uuid":"l1","name":"Stage","options":[{"value":"Demo"},"Won"]}]}`),
		"GET /v2/users": func(r *http.Request) (int, string) {
			if r.URL.Query().Get("filter[email]") == "zoe@example.com" {
				return 200, `{"data":[{"type":"users","id":"u9","attributes":{"email":"zoe@example.com"}}]}`
			}
			return 200, `{"data":[{"uuid":"u1","email":"ann@example.com","firstName":"Ann","lastName":"Lee"},{"uuid":"u2","firstName":"Bo"}]}`
		},
	}}
	p := opened(t, f, nil)
	for _, tc := range []struct {
		req  model.LookupRequest
		want string
	}{
		{model.LookupRequest{Kind: model.LookupUsers}, "u1 u2"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 1}, "u1 +1"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 1, Cursor: "1"}, "u2"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "LEE"}, "u1"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "zoe@example.com"}, "u9"},
		{model.LookupRequest{Kind: model.LookupTeams, Text: "west"}, "t1"},
		{model.LookupRequest{Kind: model.LookupLabels}, "l1"},
		{model.LookupRequest{Kind: model.LookupLabels, Scope: "Stage"}, "Demo Won"},
	} {
		page, err := p.Lookup(context.Background(), tc.req)
		if err != nil {
			t.Errorf("%+v: %v", tc.req, err)
		}
		var got []string
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if page.Cursor != "" {
			got = append(got, "+"+page.Cursor)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%+v: got %s, want %s", tc.req, s, tc.want)
		}
	}
	if _, err := p.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupSpaces}); model.KindOf(err) != model.Unsupported {
		t.Errorf("unknown directory: got %v, want Unsupported", err)
	}
}

func TestLinks(t *testing.T) {
	f := &fake{}
	p := opened(t, f, nil)
	if link, err := p.Link(context.Background(), fresh(), model.LinkWeb); err != nil || link != "https://app.attention.tech/conversations/all-calls/c%2F1" || len(f.sent) != 0 {
		t.Errorf("web page: got %q, error %v, sent %v", link, err, f.sent)
	}
	for status, hint := range map[int]string{403: "organisation-level", 404: "no recording"} {
		f.answers["POST /v2/conversations/c%2F1/media/download"] = says(status, `{"error":"no"}`)
		_, err := p.Link(context.Background(), fresh(), model.LinkRecording)
		if e := model.AsError(err); !strings.Contains(e.Hint, hint) {
			t.Errorf("%d: got %v, want the hint %q", status, err, hint)
		}
	}
	f.answers["POST /v2/conversations/c%2F1/media/download"] = says(200, `{"url":"javascript:alert(1)"}`)
	if _, err := p.Link(context.Background(), fresh(), model.LinkRecording); model.KindOf(err) != model.Malformed || strings.Contains(err.Error(), "alert") {
		t.Errorf("recording that is no link: got %v, want Malformed", err)
	}
	p = opened(t, f, func(a *providers.Account) { a.BaseURL = "https://other.example.com/v2" })
	if _, err := p.Link(context.Background(), fresh(), model.LinkWeb); model.KindOf(err) != model.Unsupported {
		t.Errorf("web page on another host: got %v, want Unsupported", err)
	}
}

func TestCheck(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/conversations/list": says(200, `{"data":[],"meta":{"totalRecords":7}}`), "GET /v2/users": says(403, `{"error":"admins only"}`)}}
	got := fmt.Sprint(opened(t, f, nil).Check(context.Background()))
	for _, want := range []string{"{conversations true 7 in all }", "sent as bearer", `"admins only" (403) forbidden}`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	f.answers["GET /v2/conversations/list"] = says(401, "")
	if r := opened(t, f, nil).Check(context.Background()); len(r) != 1 || r[0].OK || r[0].Kind != model.Unauthorized {
		t.Errorf("refused key: got %v, want one line of kind Unauthorized", r)
	}
}

func TestSyncWithoutNames(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/users": says(500, ""), "GET /v2/conversations/list": pages(1, func(int) string { return `,"meta":{"pageCount":1}` })}}
	p := opened(t, f, nil)
	for range 2 {
		if _, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Errorf("Sync without names: %v", err)
		}
	}
	if len(f.sent) != 3 {
		t.Errorf("failing directory: sent %v, want 3 requests", f.sent)
	}
}

func TestDescribe(t *testing.T) {
	d := opened(t, &fake{}, nil).Describe()
	if d.Identity != "attention https://api.attention.tech/v2" || d.BaseURL != service.DefaultBaseURL || d.Incremental {
		t.Errorf("got %+v", d)
	}
	if _, err := Factory().Open(providers.Account{BaseURL: "http://api.example.com"}); err == nil {
		t.Errorf("Open accepted a base URL without TLS")
	}
}

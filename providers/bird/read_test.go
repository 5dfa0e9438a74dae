package bird

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
)

func TestEndpoints(t *testing.T) {
	p, _ := openStub(t, accept)
	c := p
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.FixedZone("x", 3600))
	for _, tt := range []struct {
		call  providers.Call
		write bool
		want  string
	}{
		{c.page(calls.ListConversations, "", 100, ""), false, "GET " + base + "/conversations?limit=100"},
		{c.page(calls.ListConversations, "", 100, "a=+/b"), false, "GET " + base + "/conversations?limit=100&pageToken=a%3D%2B%2Fb"},
		{c.call(calls.GetConversation, "x/y", nil), false, "GET " + base + "/conversations/x%2Fy"},
		{c.call(calls.CreateConversation, "", map[string]string{"name": "n"}), true, "POST " + base + `/conversations {"name":"n"}`},
		{c.call(calls.UpdateConversation, c1, map[string]string{}), true, "PATCH " + one + " {}"},
		{c.call(calls.DeleteConversation, c1, nil), true, "DELETE " + one},
		{c.messages(c1, "t", at), false, "GET " + one + "/messages?dateFrom=2026-01-02T02%3A04%3A05.678Z&limit=100&pageToken=t"},
		{c.page(calls.ListParticipants, c1, 100, ""), false, "GET " + one + "/participants?limit=100"},
		{c.call(calls.AddParticipant, c1, map[string]string{"id": "u", "type": "user"}), true, "POST " + one + `/participants {"id":"u","type":"user"}`},
		{c.participant(calls.SetParticipant, c1, "p", map[string]string{"status": "active"}), true, "PATCH " + one + `/participants/p {"status":"active"}`},
		{c.participant(calls.RemoveParticipant, c1, "p", nil), true, "DELETE " + one + "/participants/p"},
		{c.page(calls.ListContacts, "", 50, "t"), false, "GET " + base + "/contacts?limit=50&pageToken=t"},
		{c.call(calls.GetContact, "x", nil), false, "GET " + base + "/contacts/x"},
		{c.contactsWith("emailaddress", "a@b.c"), false, "POST " + base + `/contacts/search {"identifier":{"key":"emailaddress","value":"a@b.c"}}`},
		{c.page(calls.ListChannels, "", 1000, ""), false, "GET " + base + "/channels?limit=1000"},
	} {
		r, err := c.Client.Request(tt.call)
		if err != nil {
			t.Fatal(err)
		}
		got := sent{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.line()
		if got != tt.want || tt.call.Write != tt.write {
			t.Errorf("%s: %s (write %v), want %s (write %v)", tt.call.Name, got, tt.call.Write, tt.want, tt.write)
		}
	}
}

func TestHeaders(t *testing.T) {
	p, s := openStub(t, accept)
	p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditTitle, "t")})
	h := s.sent[0].Header
	if h.Get("Authorization") != "AccessKey key-of-the-tests" || h.Get("Accept") != "application/json" || h.Get("Content-Type") != "application/json" {
		t.Errorf("got headers %v", h)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   model.Error
	}{
		{404, `{"code":"ResourceNotFound","message":"Gone."}`, model.Error{Kind: model.NotFound, Code: "ResourceNotFound", Message: "Gone."}},
		{422, `{"code":"InvalidPayload","message":"No.","details":{".b[0].c":["one","two"],".a":"three",".n":7}}`, model.Error{Kind: model.Invalid, Code: "InvalidPayload", Message: "No.",
			Fields: []model.FieldError{{Field: "a", Message: "three"}, {Field: "b[0].c", Message: "one; two"}, {Field: "n", Message: "7"}}}},
		{409, `{"code":"ResourceAlreadyExists","message":"Another.","details":{"conversationId":"c2"}}`, model.Error{Kind: model.ConflictKind, Code: "ResourceAlreadyExists", Message: "Another.", Existing: "c2"}},
		{401, `{"code":"Unauthorized","message":"Bad key."}`, model.Error{Kind: model.Unauthorized, Code: "Unauthorized", Message: "Bad key."}},
		{429, `{"code":"TooManyRequests","message":"Slow."}`, model.Error{Kind: model.RateLimited, Code: "TooManyRequests", Message: "Slow."}},
		{409, `{"code":"ResourceAlreadyExists","message":"Another.","details":{"conversationId":[]}}`, model.Error{Kind: model.ConflictKind, Code: "ResourceAlreadyExists", Message: "Another."}},
		{422, `not json`, model.Error{Kind: model.Invalid, Message: "not json"}},
		{403, `{"message":"No.","details":"free text"}`, model.Error{Kind: model.Forbidden, Message: "No."}},
		{500, `{"message":"Oops."}`, model.Error{Kind: model.UnknownOutcome, Message: "Oops."}},
	} {
		p, _ := openStub(t, func(sent) (int, string) { return tt.status, tt.body })
		_, err := p.Client.Do(t.Context(), p.call(calls.UpdateConversation, c1, map[string]string{}))
		got := *model.AsError(err)
		tt.want.Op, tt.want.Status = "change conversation", tt.status
		got.Hint, got.Err = "", nil
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%d %s (-want +got)\n%s", tt.status, tt.body, d)
		}
	}
}

func TestConflictOnReadIsRepeatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 1
		p, s := openStub(t, func(sent) (int, string) {
			if left--; left >= 0 {
				return 409, `{"code":"Conflict","message":"Busy."}`
			}
			return 200, row(c1, nil)
		})
		start := time.Now()
		if _, err := p.Load(t.Context(), c1, 0); err != nil || time.Since(start) != providers.ConflictPause || len(s.lines()) != 2 {
			t.Errorf("got %v after %s and %v, want a second request after %s", err, time.Since(start), s.lines(), providers.ConflictPause)
		}
		left = 9
		_, err := p.Load(t.Context(), c1, 0)
		wantKind(t, err, model.ConflictKind)
		if left != 7 {
			t.Errorf("got %d requests, want 2", 9-left)
		}
	})
}

func collect(rows *[]string, stopAfter int) func(model.Batch) (bool, error) {
	pages := 0
	return func(b model.Batch) (bool, error) {
		for _, c := range b.Conversations {
			*rows = append(*rows, c.Ref.ID)
		}
		pages++
		return pages != stopAfter, nil
	}
}

func TestSync(t *testing.T) {
	pages := func(r sent) (int, string) {
		switch {
		case strings.Contains(r.Query, "pageToken=old"):
			return 422, `{"code":"InvalidPayload","message":"No such page."}`
		case strings.Contains(r.Query, "pageToken=t2"):
			return 200, results("", row("c", nil))
		case strings.Contains(r.Query, "pageToken=t1"):
			return 200, results("t2", row("b", nil))
		case strings.Contains(r.Query, "pageToken=loop"):
			return 200, results("loop", row("x", nil))
		}
		return 200, results("t1", row("a", nil))
	}
	for _, tt := range []struct {
		name string
		req  model.SyncRequest
		stop int
		rows string
		want model.SyncResult
		kind model.ErrorKind
	}{
		{"all of it", model.SyncRequest{Mode: model.SyncFull}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"the head, stopped", model.SyncRequest{Mode: model.SyncHead}, 1, "a", model.SyncResult{}, ""},
		{"the head, to its end", model.SyncRequest{Mode: model.SyncHead, Cursor: "page:t1"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"stopped in the middle", model.SyncRequest{Mode: model.SyncFull}, 2, "a b", model.SyncResult{Cursor: "page:t2"}, ""},
		{"stopped at the last page", model.SyncRequest{Mode: model.SyncFull}, 3, "a b c", model.SyncResult{}, ""},
		{"resumed", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:t2"}, 0, "c", model.SyncResult{Complete: true}, ""},
		{"a token that has ended", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:old"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"a token that comes twice", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:loop"}, 0, "x", model.SyncResult{}, model.Malformed},
		{"a cursor of another kind", model.SyncRequest{Mode: model.SyncFull, Cursor: "?"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
	} {
		p, s := openStub(t, pages)
		var rows []string
		got, err := p.Sync(t.Context(), tt.req, collect(&rows, tt.stop))
		if strings.Join(rows, " ") != tt.rows || got != tt.want || model.KindOf(err) != tt.kind {
			t.Errorf("%s: got rows %v, %+v, %v", tt.name, rows, got, err)
		}
		for _, l := range s.lines() {
			if !strings.Contains(l, "limit=100") {
				t.Errorf("%s: sent %s, want limit=100", tt.name, l)
			}
		}
	}
}

func TestSyncOfMalformedAnswers(t *testing.T) {
	for _, tt := range []struct {
		body string
		kind model.ErrorKind
		rows int
	}{
		{`{}`, model.Malformed, 0},
		{`{"results":{}}`, model.Malformed, 0},
		{`{"results":null}`, "", 0},
		{`[]`, model.Malformed, 0},
		{`{"results":[null,5,{"id":"a"}]}`, "", 1},
		{`{"results":[],"nextPageToken":"` + strings.Repeat("x", maxToken+1) + `"}`, model.Malformed, 0},
	} {
		p, _ := openStub(t, func(sent) (int, string) { return 200, tt.body })
		var rows []string
		got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, collect(&rows, 0))
		if model.KindOf(err) != tt.kind || len(rows) != tt.rows {
			t.Errorf("%.60s: got rows %v, error %v; want %d rows and kind %q", tt.body, rows, err, tt.rows, tt.kind)
		}
		if got.Complete {
			t.Errorf("%.60s: the walk is complete", tt.body)
		}
	}
}

func TestLoad(t *testing.T) {
	person := func(id string) string {
		return `{"id":"` + id + `","type":"user","status":"active","displayName":"` + id + `","avatarUrl":"https://a/` + id + `"}`
	}
	answer := func(r sent) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/participants") && strings.Contains(r.Query, "pageToken"):
			return 200, results("", person("p2"), person("p3"))
		case strings.HasSuffix(r.Path, "/participants"):
			return 200, results("n", person("p1"), person("p2"))
		}
		return 200, row(c1, map[string]any{"channelId": "ch-1", "activeParticipantCount": 9, "featuredParticipants": []any{map[string]any{"id": "f", "type": "user"}}})
	}
	p, _ := openStub(t, answer)
	d, err := p.Load(t.Context(), c1, model.NeedParticipants)
	if err != nil {
		t.Fatal(err)
	}
	c := d.Conversation
	var ids []string
	for _, x := range c.Participants.Items {
		ids = append(ids, x.ID)
	}
	if strings.Join(ids, " ") != "p1 p2 p3" || !c.Participants.Known || c.ParticipantCount != 9 || c.Channel.Name != "Support mail" || !hasFact(c, "https://a/p3") {
		t.Errorf("got %+v", c)
	}
	if d.Messages.Known || !strings.HasPrefix(string(d.Raw), `{"`) || strings.Contains(string(d.Raw), `"participants":[`) {
		t.Errorf("got messages %+v and raw %s, want no messages and the conversation's own object", d.Messages, d.Raw)
	}
	d, err = p.Load(t.Context(), c1, 0)
	if err != nil || d.Conversation.Participants.Known || d.Raw[0] != '{' || strings.Contains(string(d.Raw), `"participants":[`) {
		t.Errorf("without participants: got %+v, %v", d, err)
	}

	for name, body := range map[string]string{"a hole": results("", `null`, person("p1")), "no end": results("n", person("p1")), "null": `{"results":null}`} {
		p, _ := openStub(t, func(r sent) (int, string) {
			if strings.HasSuffix(r.Path, "/participants") {
				return 200, body
			}
			return answer(r)
		})
		if d, err := p.Load(t.Context(), c1, model.NeedParticipants); err != nil || d.Conversation.Participants.Known {
			t.Errorf("%s: participants: got known %v, error %v; want unknown", name, d.Conversation.Participants.Known, err)
		}
	}
	p, _ = openStub(t, func(r sent) (int, string) {
		if r.Path != one {
			return 403, `{"code":"Forbidden","message":"Not for this key."}`
		}
		return answer(r)
	})
	d, err = p.Load(t.Context(), c1, model.NeedParticipants|model.NeedMessages)
	if err != nil || d.Conversation.Participants.Known || d.Messages.Known || !hasFact(d.Conversation, "not shown: Not for this key.") {
		t.Errorf("parts without a right: got %+v, %v; want unknown, with a fact", d, err)
	}
	p, _ = openStub(t, func(sent) (int, string) { return 200, row("another", nil) })
	_, err = p.Load(t.Context(), c1, 0)
	wantKind(t, err, model.Malformed)
}

func TestOnlyNewerMessagesAreRequestedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		message := func(n int) string {
			return fmt.Sprintf(`{"id":"m%d","createdAt":"2026-01-01T00:00:%02dZ","status":"sent","body":{"type":"text","text":{"text":"%d"}}}`, n, n, n)
		}
		last, refused := 2, 0
		p, s := openStub(t, func(r sent) (int, string) {
			switch {
			case !strings.HasSuffix(r.Path, "/messages"):
				return 200, row(c1, nil)
			case strings.Contains(r.Query, "dateFrom") && refused != 0:
				return refused, `{"code":"Refused","message":"no"}`
			case strings.Contains(r.Query, "dateFrom"):
				return 200, results("", message(last))
			}
			return 200, results("", message(2), message(1))
		})
		want := func(ids string, query string) {
			t.Helper()
			d, err := p.Load(t.Context(), c1, model.NeedMessages)
			var got []string
			for _, m := range d.Messages.Items {
				got = append(got, m.ID)
			}
			lines := s.lines()
			if err != nil || strings.Join(got, " ") != ids || !strings.HasSuffix(lines[len(lines)-1], query) {
				t.Errorf("got %v, error %v, sent %s; want %s and %s", got, err, lines[len(lines)-1], ids, query)
			}
		}
		want("m1 m2", "/messages?limit=100")
		last = 3
		want("m1 m2 m3", "/messages?dateFrom=2026-01-01T00%3A00%3A02Z&limit=100")
		refused = 503
		_, err := p.Load(t.Context(), c1, model.NeedMessages)
		wantKind(t, err, model.Unavailable)
		refused = 422 // then all messages are requested
		want("m1 m2", "/messages?limit=100")
		refused = 0
		want("m1 m2 m3", "/messages?dateFrom=2026-01-01T00%3A00%3A02Z&limit=100")
		time.Sleep(threadAge)
		want("m1 m2", "/messages?limit=100")
	})
}

// More newer messages than the detail view reads leave a gap behind them, so all are read again.
func TestManyNewerMessagesAreReadWithTheOlderOnes(t *testing.T) {
	pages := 0
	p, _ := openStub(t, func(r sent) (int, string) {
		if !strings.HasSuffix(r.Path, "/messages") {
			return 200, row(c1, nil)
		}
		pages++
		return 200, results(fmt.Sprint("token-", pages), fmt.Sprintf(`{"id":"m%d","createdAt":"2026-01-01T00:00:00Z"}`, pages))
	})
	for _, want := range []int{messagePages, 3 * messagePages} {
		d, err := p.Load(t.Context(), c1, model.NeedMessages)
		if err != nil || pages != want || len(d.Messages.Items) != messagePages || !d.MoreMessages {
			t.Errorf("got %d messages after %d pages, more %t, error %v; want %d after %d, more", len(d.Messages.Items), pages, d.MoreMessages, err, messagePages, want)
		}
	}
}

func TestNamesOfContactsAreLimited(t *testing.T) {
	var people []string
	for i := range maxNamedContacts + 5 {
		people = append(people, fmt.Sprintf(`{"id":"contact-%d","type":"contact"}`, i))
	}
	asked := 0
	p, _ := openStub(t, func(r sent) (int, string) {
		switch {
		case strings.Contains(r.Path, "/contacts/"):
			asked++
			return 200, `{"id":"x","computedDisplayName":"Ann"}`
		case strings.HasSuffix(r.Path, "/participants"):
			return 200, results("", people...)
		case r.Path == one:
			return 200, row(c1, nil)
		}
		return 200, results("")
	})
	for _, want := range []int{maxNamedContacts, maxNamedContacts + 5} { // the second load names the others
		d, err := p.Load(t.Context(), c1, model.NeedEverything)
		named := 0
		for _, who := range d.Conversation.Participants.Items {
			if who.Name == "Ann" {
				named++
			}
		}
		if err != nil || asked != want || named != want {
			t.Errorf("%d names after %d requests, error %v; want %d", named, asked, err, want)
		}
	}
}

func TestLookup(t *testing.T) {
	const noContact = "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b700"
	contact := func(id, name, email string) string {
		return `{"id":"` + id + `","computedDisplayName":"` + name + `","featuredIdentifiers":[{"key":"phonenumber","value":"+1"},{"key":"emailaddress","value":"` + email + `"}]}`
	}
	p, s := openStub(t, func(r sent) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/agents") && strings.Contains(r.Query, "pageToken=refused"):
			return 401, `{"code":"Unauthorized","message":"no AgentViewerPolicy"}`
		case strings.HasSuffix(r.Path, "/agents"):
			return 200, results("", `{"id":"us-1","displayName":"Ann Desk","email":"ann@desk.test"}`, `{"id":"us-2","displayName":"Bob Desk"}`,
				`{"id":"0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3","displayName":"Eve Desk"}`)
		case strings.HasSuffix(r.Path, "/contacts/search") && strings.Contains(r.Body, "alone@"):
			return 200, contact("5", "Al", "alone@example.com")
		case strings.HasSuffix(r.Path, "/contacts/search") && strings.Contains(r.Body, "nobody@"):
			return 404, `{"code":"ResourceNotFound","message":"no"}`
		case strings.HasSuffix(r.Path, "/contacts/search"):
			return 200, results("", contact("1", "Ann", "ann@example.com"))
		case strings.HasSuffix(r.Path, "/contacts") && strings.Contains(r.Query, "pageToken=p2"):
			return 200, results("", contact("4", "Ánna", "x@y.z"))
		case strings.HasSuffix(r.Path, "/contacts"):
			return 200, results("p2", contact("1", "Ann", "a@b.c"), contact("2", "Hannah", "h@b.c"), contact("3", "Bob", "b@b.c"))
		}
		if strings.HasSuffix(r.Path, "/contacts/"+noContact) {
			return 200, `{"computedDisplayName":"without an id"}`
		}
		return 404, `{"code":"ResourceNotFound","message":"no"}`
	})
	for _, tt := range []struct {
		req    model.LookupRequest
		ids    string
		cursor string
		sent   string
	}{
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann@example.com"}, "1", "", `{"identifier":{"key":"emailaddress","value":"ann@example.com"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "alone@example.com"}, "5", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "nobody@example.com"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "+31 6 1234-5678"}, "1", "", `{"identifier":{"key":"phonenumber","value":"+31612345678"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "whatsappusername=wa.7"}, "1", "", `{"identifier":{"key":"whatsappusername","value":"wa.7"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann"}, "1 2 4", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann", Limit: 1}, "1", "1:", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann", Limit: 1, Cursor: "1:"}, "2", "0:p2", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Limit: 2, Cursor: "2:"}, "3 4", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: c1}, "", "", "GET " + base + "/contacts/" + c1},
		{model.LookupRequest{Kind: model.LookupUsers, Text: c1}, "", "", "GET " + base + "/agents?limit=100"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"}, "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3", "", ""},
		{model.LookupRequest{Kind: model.LookupFlows, Text: c1}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "ann"}, "us-1", "", "GET " + base + "/agents?limit=50&name=ann"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "ann@desk.test"}, "us-1", "", "GET " + base + "/agents?email=ann%40desk.test&limit=50"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 2, Cursor: "refused"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupFlows, Text: "ann"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupChannels, Text: "MAIL"}, "ch-1", "", ""},
	} {
		got, err := p.Lookup(t.Context(), tt.req)
		var ids []string
		for _, x := range got.Items {
			ids = append(ids, x.ID)
		}
		if err != nil || strings.Join(ids, " ") != tt.ids || got.Cursor != tt.cursor {
			t.Errorf("%+v: got %v, cursor %q, error %v; want %s, %q", tt.req, ids, got.Cursor, err, tt.ids, tt.cursor)
		}
		if lines := s.lines(); tt.sent != "" && !strings.HasSuffix(lines[len(lines)-1], tt.sent) {
			t.Errorf("%+v: sent %s, want %s", tt.req, lines[len(lines)-1], tt.sent)
		}
	}
	_, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupGroups})
	wantKind(t, err, model.Unsupported)
	_, err = p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupContacts, Text: noContact})
	wantKind(t, err, model.Malformed)
}

// The order of the list is not documented. If the times of creation contradict it, the head is not sure.
func TestHeadIsSureOnlyInTheRightOrder(t *testing.T) {
	made := func(id, at string) string {
		return row(id, map[string]any{"name": "t", "createdAt": at, "channelId": "ch-1", "initiatingParticipant": nil})
	}
	create := model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "t", Channel: "ch-1"}}}
	for name, tc := range map[string]struct {
		list  string
		known []string
		sure  bool
		alike int
	}{
		"down to one that was known": {results("more", made("new", "2026-02-01T00:00:01Z"), made("known", "2026-01-01T00:00:00Z")), []string{"known"}, true, 1},
		"to the end":                 {results("", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, true, 1},
		"no end in sight":            {results("more", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
		"in another order":           {results("", made("old", "2026-01-01T00:00:00Z"), made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 2},
		"without a time":             {results("", made("new", "")), []string{"gone"}, false, 1},
		"a row that is none":         {results("", "null", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
		"a page token is refused":    {results("refused", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
	} {
		n := 0
		p, _ := openStub(t, func(s sent) (int, string) {
			switch {
			case strings.Contains(s.line(), "/participants"), strings.Contains(s.line(), "/messages"):
				return 200, results("")
			case strings.Contains(s.line(), "pageToken=refused"):
				return 400, `{"code":"InvalidRequest","message":"the token has expired"}`
			case strings.Contains(s.line(), "/conversations?"):
				n++
				return 200, strings.ReplaceAll(tc.list, `"more"`, fmt.Sprintf(`"more %d"`, n))
			}
			_, id, _ := strings.Cut(s.line(), "/conversations/")
			return 200, made(id, "2026-02-01T00:00:01Z")
		})
		found, err := p.Find(t.Context(), create, tc.known)
		if err != nil || found.Sure != tc.sure || len(found.Alike) != tc.alike || len(found.Same) != tc.alike {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
	}
}

// The reference of the first message identifies what a create made, whatever else is the same or differs.
func TestFindByReference(t *testing.T) {
	for name, tc := range map[string]struct {
		edit, reference, description string
		status                       int // of reading the conversation
		same                         int
		marked                       bool
		err                          model.ErrorKind
	}{
		"its own reference":              {edit: "e1", reference: "confab-e1", description: "changed since", status: 200, same: 1, marked: true},
		"the reference of another":       {edit: "e1", reference: "confab-e2", description: "mine", status: 200},
		"no reference":                   {edit: "e1", description: "mine", status: 200, same: 1},
		"no reference and no edit id":    {description: "of somebody else", status: 200},
		"deleted since it was listed":    {edit: "e1", reference: "confab-e1", description: "mine", status: 404},
		"the conversation can't be read": {edit: "e1", reference: "confab-e1", description: "mine", status: 500, err: model.Unavailable},
	} {
		conversation := row("new", map[string]any{"name": "t", "description": tc.description, "initiatingParticipant": nil})
		p, _ := openStub(t, func(s sent) (int, string) {
			switch {
			case strings.Contains(s.line(), "/messages"):
				return 200, results("", `{"id":"m-1","createdAt":"2026-02-01T00:00:01Z","reference":"`+tc.reference+
					`","body":{"type":"text","text":{"text":"hello"}}}`)
			case strings.Contains(s.line(), "/participants"):
				return 200, results("")
			case strings.Contains(s.line(), "/conversations?"):
				return 200, results("", conversation)
			}
			return tc.status, conversation
		})
		create := model.Edit{ID: tc.edit, Kind: model.EditCreate,
			Target: model.Value{New: &model.NewConversation{Title: "t", Description: "mine", Message: "hello"}}}
		found, err := p.Find(t.Context(), create, []string{"gone"})
		if model.KindOf(err) != tc.err || len(found.Same) != tc.same || found.Marked != tc.marked {
			t.Errorf("%s: got %+v, %v; want %d the same, marked %t, error %q", name, found, err, tc.same, tc.marked, tc.err)
		}
	}
}

func TestOpen(t *testing.T) {
	good := providers.Account{BaseURL: "https://x.example", Credential: secret("12345678"), Settings: map[string]string{settingWorkspace: workspace}}
	if _, err := Factory().Open(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*providers.Account){
		"no workspace":   func(a *providers.Account) { a.Settings = nil },
		"a short name":   func(a *providers.Account) { a.Settings = map[string]string{settingWorkspace: "ws_abc"} },
		"no credential":  func(a *providers.Account) { a.Credential = nil },
		"a path in it":   func(a *providers.Account) { a.Settings = map[string]string{settingWorkspace: "a/b"} },
		"plain http":     func(a *providers.Account) { a.BaseURL = "http://x.example" },
		"not an address": func(a *providers.Account) { a.BaseURL = "::" },
	} {
		a := good
		change(&a)
		if _, err := Factory().Open(a); err == nil {
			t.Errorf("%s: Open accepted it", name)
		}
	}
	p, err := Factory().Open(providers.Account{Credential: secret("k"), Settings: map[string]string{settingWorkspace: "w"}})
	if err != nil || p.Describe().Identity != "bird https://api.bird.com w" {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestEveryCapabilityHasAReason(t *testing.T) {
	p, _ := openStub(t, accept)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if c, ok := caps[k]; !ok || c.Reason == "" || c.State == model.CapabilityAssumed && !strings.Contains(c.Reason, "assumed") {
			t.Errorf("%s: got %+v", k, c)
		}
	}
	for _, row := range service.Table {
		if row.State != model.CapabilityNo && row.Call == "" {
			t.Errorf("%s names no call", row.Kind)
		}
	}
	if p.Needs(model.EditTitle) != 0 || p.Needs(model.EditTitle, model.EditParticipants) != model.NeedParticipants {
		t.Errorf("Needs: want the participants for participants alone")
	}
}

func TestCheck(t *testing.T) {
	p, _ := openStub(t, func(r sent) (int, string) {
		if strings.HasSuffix(r.Path, "/contacts") {
			return http.StatusForbidden, `{"code":"Forbidden","message":"No policy."}`
		}
		return 200, results("")
	})
	got := p.Check(t.Context())
	want := []string{"conversations", "channels", "contacts", "users"} // the other checks need a conversation
	for i, name := range want {
		if i >= len(got) || got[i].Name != name || got[i].OK == (name == "contacts") {
			t.Fatalf("line %d: got %+v, want %s", i, got, name)
		}
	}
	if !strings.Contains(got[2].Detail, "No policy.") || got[2].Kind != model.Forbidden {
		t.Errorf("contacts: got %+v, want Forbidden", got)
	}
}

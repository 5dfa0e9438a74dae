package sandbox

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func FuzzKonaRequests(f *testing.F) {
	f.Add("GET", "/api/conversations", "order_by=updated_at&page=2", "")
	f.Add("PUT", "/api/conversations/1480000000037", "", `{"conversations":[{"participants":[{"user_id":10,"role":1}],"external_object":{}}]}`)
	f.Add("PUT", "/api/conversations/1480000000037", "", `{"conversations":[null]}`)
	f.Add("POST", "/oauth/token", "grant_type=refresh_token", "")
	f.Add("GET", "/api/comments/2000000000000", "", "")
	f.Add("GET", "/api/comments/-9223372036854775808", "", "")
	f.Add("GET", "/api/users", "like=%ff&page=99999999999999999999", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "kona", "Bearer "+konaToken, method, path, query, body)
	})
}

// fuzzService sends random requests to a server, which must answer and keep its ids consistent.
func fuzzService(t *testing.T, name, auth, method, path, query, body string) {
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newService(name, 12, newWorld(nil, Hostile, 1, clock), func() time.Time { return clock })
	values, err := url.ParseQuery(query)
	header := http.Header{"Authorization": {auth}, "Content-Type": {"application/json"}}
	for range 2 {
		x := &exchange{
			method: method, rest: path, query: values, badQuery: err != nil, header: header, body: []byte(body), now: clock, answer: http.Header{},
		}
		s.writes(x)
		s.disturb(x)
		s.serve(x)
		if x.status < 200 || x.status > 599 {
			t.Fatalf("%s %s?%s %q: %d is no status of an answer", method, path, query, body, x.status)
		}
	}
	if s.Len() != len(s.IDs()) {
		t.Fatalf("Len returns %d, and IDs has %d", s.Len(), len(s.IDs()))
	}
}

func FuzzBirdRequests(f *testing.F) {
	d := newWorld(nil, Hostile, 1, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	b := newService("bird", 12, d, time.Now).parts.(*Bird)
	at := "/workspaces/" + birdWorkspace
	one := at + "/conversations/" + b.id(3)
	f.Add("GET", at+"/conversations", "limit=3&pageToken=WyIiLCIiXQ%3D%3D", "")
	f.Add("PATCH", one, "", `{"name":null,"status":"closed","attributes":{"a":"b"}}`)
	f.Add("PATCH", one, "", `{"attributes":null,"status":null}`)
	f.Add("POST", at+"/conversations", "", `{"name":"x","participants":[null,{"type":"contact"}],"resource":null,"initialMessage":{"body":null}}`)
	f.Add("POST", one+"/participants", "", `{"type":"contact","id":"`+b.uuid("contact", 9)+`","contact":null}`)
	f.Add("POST", at+"/search/feed-items", "limit=1", `{"conversationIds":["x"]}`)
	f.Add("DELETE", one+"/participants/"+b.uuid("contact", 3), "", "")
	f.Add("POST", at+"/contacts/search", "", `{"identifier":{"key":"facebookid-","value":"-1"}}`)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "bird", "AccessKey "+birdToken, method, path, query, body)
	})
}

func FuzzAttentionRequests(f *testing.F) {
	later := newWorld(nil, Hostile, 1, testNow.Add(3*time.Hour))
	a := newService("attention", 12, later, time.Now).parts.(*Attention)
	one := "/v2/conversations/" + a.id(3)
	f.Add("GET", "/v2/conversations/list", "size=50&filter[owner.id]=x&filter[team.id]=Budget&filter[team.id]=1", "")
	f.Add("GET", one, "detailedTranscript=true", "")
	f.Add("PUT", one+"/change_privacy", "privacy=private", "")
	f.Add("PUT", one+"/title", "", `{"title":"x"}`)
	f.Add("PUT", one+"/labels", "", `{"labels":{"Stage":null}}`)
	f.Add("DELETE", one, "%zz", "")
	f.Add("GET", "/v2/teams/"+a.place(-1, "team", 0).(string)+"/members", "", "")
	f.Add("GET", "//v2//", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "attention", a.key, method, path, query, body)
	})
}

func FuzzAskElephantRequests(f *testing.F) {
	later := newWorld(nil, Hostile, 1, testNow.Add(3*time.Hour))
	a := newService("askelephant", 12, later, time.Now).parts.(*AskElephant)
	one := "/api/v2/engagements/" + a.id(3)
	f.Add("GET", "/api/v2/engagements", "limit=3&expand=contacts,tags&filter[start_at][gte]=2026-01-01T00:00:00Z", "")
	f.Add("GET", "/api/v2/engagements", "cursor=eyJjIjoiZW5nYWdlbWVudHMiLCJ0IjoiJSIsInUiOjF9", "")
	f.Add("GET", one, "expand=contacts,owner,transcript,signals,action_items,media_url,companies", "")
	f.Add("PUT", one+"/contacts", "", `{"contact_ids":["`+a.ContactIDs()[1]+`",null]}`)
	f.Add("PUT", one+"/contacts", "", `{"contact_ids":["`+a.ContactIDs()[1]+`"]}`)
	f.Add("GET", "/api/v2/tags", "order_by=updated_at:asc&limit=1", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "askelephant", a.key, method, path, query, body)
	})
}

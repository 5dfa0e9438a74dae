package sandbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func elephantProbe(t *testing.T) (*AskElephant, probe) {
	t.Helper()
	s := newTestSandbox(t, Options{Conversations: 800, Seed: 1})
	return s.AskElephant(), newProbe(t, s, "askelephant")
}

func TestAskElephantAuthorization(t *testing.T) {
	a, p := elephantProbe(t)
	key := p.account.Credential
	if !regexp.MustCompile(`^sk-apik_[A-Z0-9]+\.[a-z0-9]+$`).MatchString(key) {
		t.Errorf("the key is %s, want the form that the vendor shows", key)
	}
	for auth, want := range map[string]int{
		"": 401, key: 200, "Bearer " + key: 401, a.Token(): 401, "Bearer " + a.Token(): 200, "bearer " + a.Token(): 401, "Bearer x": 401,
	} {
		p.auth = auth
		r := p.want(want, "GET", "/v2/tags", "")
		if want == 401 && r.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.12q: the refusal has the header %v, want a problem", auth, r.header)
		}
	}
}

func TestAskElephantStrictness(t *testing.T) {
	a, p := elephantProbe(t)
	id := a.IDs()[0]
	one := "/v2/engagements/" + id
	contact := a.ContactIDs()[0]
	before, err := json.Marshal(a.JSON(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/v1/engagements", "", 404},
		{"GET", "/v2", "", 404},
		{"GET", "/v2/signals", "", 404},
		{"GET", "/v2/tags/tag_1", "", 404},
		{"GET", "/v2/companies/cmp_1", "", 404},
		{"GET", "/v2/engagements/ngmt_NOBODY", "", 404},
		{"GET", one + "/comments", "", 404},
		{"GET", one + "/contacts/x", "", 404},
		{"POST", "/v2/engagements", `{}`, 405},
		{"PATCH", one, `{"title":"x"}`, 405},
		{"DELETE", one, "", 405},
		{"GET", one + "/contacts", "", 405},
		{"POST", one + "/contacts", `{"contact_ids":[]}`, 405},
		{"PATCH", "/v2/contacts/" + contact, `{}`, 405},
		{"GET", "/v2/engagements?limit=0", "", 422},
		{"GET", "/v2/engagements?limit=101", "", 422},
		{"GET", "/v2/engagements?limit=ten", "", 422},
		{"GET", "/v2/engagements?limit=100", "", 200},
		{"GET", "/v2/engagements?page=2", "", 400},
		{"GET", "/v2/engagements?limit=5&limit=6", "", 400},
		{"GET", "/v2/engagements?order_by=start_at:desc", "", 400},
		{"GET", "/v2/engagements?cursor=abc", "", 400},
		{"GET", "/v2/engagements?expand=action_items", "", 400},
		{"GET", "/v2/engagements?expand=everything", "", 400},
		{"GET", "/v2/engagements?expand=contacts,", "", 400},
		{"GET", "/v2/engagements?filter[updated_at]=2026-01-01T00:00:00Z", "", 400},
		{"GET", "/v2/engagements?filter[updated_at][eq]=2026-01-01T00:00:00Z", "", 400},
		{"GET", "/v2/engagements?filter[updated_at][gte]=2026-01-01", "", 400},
		{"GET", "/v2/engagements?filter[updated_at][gte]=2026-01-01T00:00:00%2B02:00", "", 400},
		{"GET", "/v2/engagements?filter[engagement_type][eq]=meeting", "", 400},
		{"GET", "/v2/engagements?filter[is_private][eq]=true", "", 400},
		{"GET", "/v2/engagements?filter[owner_user_id][eq]=usr_1", "", 400},
		{"GET", "/v2/engagements?filter[company_ids][eq]=cmp_0A", "", 200},
		{"GET", "/v2/engagements?filter[company_ids][eq]=usr_1", "", 400},
		{"GET", "/v2/engagements?filter[contact_ids][eq]=cnt_0A", "", 400},
		{"GET", "/v2/engagements", `{}`, 400},
		{"GET", "/v2/contacts?expand=company", "", 400},
		{"GET", "/v2/contacts?filter[start_at][gte]=2026-01-01T00:00:00Z", "", 400},
		{"GET", "/v2/tags?search=x", "", 400},
		{"GET", "/v2/contacts/cnt_NOBODY", "", 404},
		{"GET", one + "?expand=contacts&expand=tags", "", 400},
		{"GET", one + "?fields=id", "", 400},
		{"PUT", one + "/contacts", ``, 415},
		{"PUT", one + "/contacts", `not json`, 400},
		{"PUT", one + "/contacts", `[]`, 400},
		{"PUT", one + "/contacts", `{}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":null}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":"` + contact + `"}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":[null]}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":[7]}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":["usr_1"]}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":["cnt_NOBODY"]}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":["` + contact + `","` + contact + `"]}`, 422},
		{"PUT", one + "/contacts", `{"contact_ids":[],"mode":"merge"}`, 422},
		{"PUT", one + "/contacts?expand=contacts", `{"contact_ids":[]}`, 400},
		{"PUT", "/v2/engagements/ngmt_NOBODY/contacts", `{"contact_ids":[]}`, 404},
	} {
		r := p.do(tc.method, tc.path, tc.body)
		if r.status != tc.want {
			t.Errorf("%s %s %s: the status is %d, want %d: %.200s", tc.method, tc.path, tc.body, r.status, tc.want, r.text)
			continue
		}
		if r.header.Get("X-Api-Version") == "" {
			t.Errorf("%s %s: the answer has no X-Api-Version", tc.method, tc.path)
		}
		if r.status >= 400 {
			m := r.object(t)
			rid, _ := m["request_id"].(string)
			if r.header.Get("Content-Type") != "application/problem+json" || m["status"] != float64(r.status) || !strings.HasPrefix(rid, "rid_") ||
				!strings.HasPrefix(m["type"].(string), "https://") || m["detail"] == "" {
				t.Errorf("%s %s: %s is no whole problem", tc.method, tc.path, r.text)
			}
			if r.status == 422 && m["errors"].([]any)[0].(map[string]any)["code"] == "" {
				t.Errorf("%s %s: an error has no code: %v", tc.method, tc.path, m["errors"])
			}
		}
	}
	if after, err := json.Marshal(a.JSON(id)); err != nil || string(after) != string(before) {
		t.Error("a refused request changed the engagement")
	}
}

func TestAskElephantEngagement(t *testing.T) {
	a, p := elephantProbe(t)
	seen := map[string]bool{}
	for _, id := range a.IDs() {
		m := p.want(200, "GET", "/v2/engagements/"+id, "").object(t)
		for _, e := range a.Query["expand"].Of {
			if _, ok := m[e]; ok {
				t.Fatalf("%s is shown without expand", e)
			}
		}
		for k, v := range m {
			if s, ok := v.(string); ok && s == "" && k != "title" || v == nil {
				t.Errorf("%s: %s is empty, want it left out", id, k)
			}
		}
		for _, k := range []string{"description", "meeting_url", "host_user_id", "owner_user_id", "external_url", "start_at", "sentiment"} {
			_, ok := m[k]
			seen[k], seen["no "+k] = seen[k] || ok, seen["no "+k] || !ok
		}
		seen["unknown type"] = seen["unknown type"] || m["engagement_type"] == "HUDDLE"
		seen["private"] = seen["private"] || m["is_private"] == true
		seen["millis"] = seen["millis"] || strings.Contains(m["updated_at"].(string), ".")
		seen["seconds"] = seen["seconds"] || !strings.Contains(m["updated_at"].(string), ".")

		full := p.want(200, "GET", "/v2/engagements/"+id+"?expand="+strings.Join(a.Query["expand"].Of, ","), "").object(t)
		if fmt.Sprint(full) != fmt.Sprint(a.JSON(id)) {
			t.Fatalf("%s: JSON differs from GET with everything", id)
		}
		for _, e := range a.Query["expand"].Of {
			v, ok := full[e]
			list, _ := v.([]any)
			if !ok {
				t.Fatalf("the expansion %s is missing", e)
			}
			seen["some "+e] = seen["some "+e] || len(list) > 0 || list == nil && v != nil
		}
	}
	for what, ok := range seen {
		if !ok {
			t.Errorf("no engagement with %s", what)
		}
	}
}

func TestAskElephantReplaceContacts(t *testing.T) {
	a, p := elephantProbe(t)
	id := a.IDs()[2] // has a calendar resource
	path := "/v2/engagements/" + id
	shown := func() (contacts, others []string) {
		t.Helper()
		for _, c := range p.want(200, "GET", path+"?expand=contacts", "").object(t)["contacts"].([]any) {
			m := c.(map[string]any)
			if m["object"] == "contact" {
				contacts = append(contacts, m["id"].(string))
			} else {
				others = append(others, m["id"].(string))
			}
		}
		return contacts, others
	}
	_, resources := shown()
	if len(resources) != 1 {
		t.Fatalf("the engagement has the calendar resources %v, want one", resources)
	}
	known := a.ContactIDs()
	for _, set := range [][]string{{known[9], known[3], known[6]}, {known[3]}, {}, {known[1], known[2]}} {
		body, err := json.Marshal(map[string]any{"contact_ids": set})
		if err != nil {
			t.Fatal(err)
		}
		before := p.want(200, "GET", path, "")
		r := p.want(200, "PUT", path+"/contacts", string(body))
		m := r.object(t)
		if _, ok := m["contacts"]; ok || m["id"] != id || r.header.Get("ETag") != "" {
			t.Errorf("the answer to a replacement is %s, want the engagement without contacts and ETag", r.text)
		}
		if after := p.want(200, "GET", path, ""); after.header.Get("ETag") == before.header.Get("ETag") ||
			m["updated_at"] == before.object(t)["updated_at"] {
			t.Error("the write moved neither ETag nor updated_at")
		}
		contacts, others := shown()
		slices.Sort(set)
		slices.Sort(contacts)
		if !slices.Equal(contacts, set) || !slices.Equal(others, resources) {
			t.Errorf("the contacts are %v and the resources %v, want %v and %v", contacts, others, set, resources)
		}
	}

	body := `{"contact_ids":["` + known[0] + `"]}`
	a.Reset(Switches{"IgnoreWrite": true})
	p.want(200, "PUT", path+"/contacts", body)
	if !slices.Equal(a.Contacts(id), []string{known[1], known[2]}) && !slices.Equal(a.Contacts(id), []string{known[2], known[1]}) {
		t.Error("the replacement wasn't ignored")
	}
	a.Reset(Switches{"ContactsEndpointMissing": true})
	p.want(404, "PUT", path+"/contacts", body)
	a.Reset(Switches{"ContactsMethodNotAllowed": true})
	p.want(405, "PUT", path+"/contacts", body)
	a.Reset(Switches{"ContactsMethod": "PATCH"})
	p.want(405, "PUT", path+"/contacts", body)
	p.want(200, "PATCH", path+"/contacts", body)
	a.Reset(Switches{"AnswerWithContacts": true})
	if m := p.want(200, "PUT", path+"/contacts", body).object(t); len(m["contacts"].([]any)) != 2 {
		t.Errorf("with AnswerWithContacts, the answer has the contacts %v, want the new one and the resource", m["contacts"])
	}
	a.Reset(Switches{"DropExpand": true})
	if m := p.want(200, "GET", path+"?expand=contacts,tags", "").object(t); m["tags"] == nil || m["contacts"] != nil {
		t.Errorf("with DropExpand, the contacts are %v and the tags %v; want tags alone", m["contacts"], m["tags"])
	}
	a.Reset(Switches{"NullExpand": true, "CalendarResourceHidden": true})
	p.want(200, "PUT", path+"/contacts", `{"contact_ids":[]}`)
	if r := p.want(200, "GET", path+"?expand=contacts", ""); !strings.Contains(r.text, `"contacts":null`) {
		t.Errorf("with NullExpand, an empty expansion is %s", r.text)
	}
	a.Reset(Switches{"CalendarResourceAsContact": true})
	if contacts, others := shown(); len(contacts) != 1 || len(others) != 0 || slices.Contains(known, contacts[0]) {
		t.Errorf("with CalendarResourceAsContact, the contacts are %v and the resources %v; want the room as a contact that no directory has", contacts, others)
	}
}

func TestAskElephantScopes(t *testing.T) {
	a, p := elephantProbe(t)
	private, public := "", ""
	for _, id := range a.IDs() {
		if a.JSON(id)["is_private"] == true {
			private = id
		} else {
			public = id
		}
	}
	for _, tc := range []struct {
		name           string
		set            Switches
		method, path   string
		status, public int // of a private engagement and of another
		scope          string
	}{
		{"contacts", Switches{"NoContactsScope": true}, "GET", "?expand=contacts", 403, 403, "contacts:read"},
		{"companies", Switches{"NoCompaniesScope": true}, "GET", "?expand=companies", 403, 403, "companies:read"},
		{"users", Switches{"NoUsersScope": true}, "GET", "?expand=owner", 403, 403, "users:read"},
		{"write", Switches{"NoWriteScope": true}, "PUT", "/contacts", 403, 403, "engagements:write"},
		{"private read", Switches{"NoPrivateScope": true}, "GET", "", 403, 200, "engagements:private:read"},
		{"private write", Switches{"NoPrivateScope": true}, "PUT", "/contacts", 403, 200, "engagements:private:read"},
		{"private hidden", Switches{"NoPrivateScope": true, "PrivateHidden": true}, "GET", "", 404, 200, "Engagement not found"},
	} {
		a.Reset(tc.set)
		body := ""
		if tc.method == "PUT" {
			body = `{"contact_ids":[]}`
		}
		if r := p.do(tc.method, "/v2/engagements/"+private+tc.path, body); r.status != tc.status || !strings.Contains(r.text, tc.scope) {
			t.Errorf("%s: a private engagement: got %d %s, want %d that names %s", tc.name, r.status, r.text, tc.status, tc.scope)
		}
		if r := p.do(tc.method, "/v2/engagements/"+public+tc.path, body); r.status != tc.public {
			t.Errorf("%s: another engagement: got %d %s, want %d", tc.name, r.status, r.text, tc.public)
		}
	}
	if slices.Contains(ids(p.rows("/v2/engagements?limit=100")), private) {
		t.Error("hidden engagements are listed")
	}
	a.Reset(Switches{"NoPrivateScope": true, "NoContactsScope": true, "OldSchema": true})
	rows := p.rows("/v2/engagements?limit=100")
	if !slices.Contains(ids(rows), private) {
		t.Error("private engagements are listed by default")
	}
	for _, r := range rows {
		if r["is_private"] != nil || r["external_url"] != nil || r["crm_association"] != nil {
			t.Fatal("the old schema has a field of the newer one")
		}
	}
	p.want(403, "GET", "/v2/contacts", "")
	p.want(403, "GET", "/v2/engagements?expand=contacts", "")
}

func TestAskElephantAnswerNext(t *testing.T) {
	a, p := elephantProbe(t)
	a.AnswerNext(502, 1)
	if r := p.want(502, "GET", "/v2/tags", ""); !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("a 502 has the header %v, want a web page", r.header)
	}
	a.AnswerNext(500, 1)
	if r := p.want(500, "GET", "/v2/tags", ""); r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a 500 has the header %v, want a problem", r.header)
	}
	a.Set(Switches{"APIVersion": "2.1"})
	p.s.FailNext("askelephant", Fault429, 1)
	if r := p.want(429, "GET", "/v2/tags", ""); r.header.Get("X-Api-Version") != "2.1" || r.header.Get("Retry-After") != "2" || r.object(t)["title"] == "" {
		t.Errorf("a 429 is %s with the header %v, want a problem with Retry-After and the version", r.text, r.header)
	}
	p.want(200, "GET", "/v2/tags", "")
}

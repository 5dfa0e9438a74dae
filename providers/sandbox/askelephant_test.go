package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func elephantProbe(t *testing.T) (*AskElephant, probe) {
	t.Helper()
	s := newTestSandbox(t, Options{Conversations: 800, Seed: 1})
	return s.AskElephant(), newProbe(t, s, "askelephant")
}

// rows reads all pages of a list, repeating the query with each cursor.
func (p probe) rows(path string) (rows []map[string]any) {
	p.t.Helper()
	next := path
	for range 200 {
		m := p.want(200, "GET", next, "").object(p.t)
		if m["object"] != "list" {
			p.t.Fatalf("object %v", m["object"])
		}
		for _, d := range m["data"].([]any) {
			rows = append(rows, d.(map[string]any))
		}
		cursor, ok := m["next_cursor"].(string)
		if m["has_more"] != ok {
			p.t.Fatalf("has_more %v, next_cursor %v", m["has_more"], m["next_cursor"])
		}
		if !ok {
			return rows
		}
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		next = path + join + "cursor=" + cursor
	}
	p.t.Fatal("the list doesn't end")
	return nil
}

func ids(rows []map[string]any) (list []string) {
	for _, r := range rows {
		list = append(list, r["id"].(string))
	}
	return list
}

func TestAskElephantAuthorization(t *testing.T) {
	a, p := elephantProbe(t)
	key := p.account.Credential
	if !regexp.MustCompile(`^sk-apik_[A-Z0-9]+\.[a-z0-9]+$`).MatchString(key) {
		t.Errorf("key %s", key)
	}
	for auth, want := range map[string]int{
		"": 401, key: 200, "Bearer " + key: 401, a.Token(): 401, "Bearer " + a.Token(): 200, "bearer " + a.Token(): 401, "Bearer x": 401,
	} {
		p.auth = auth
		r := p.want(want, "GET", "/v2/tags", "")
		if want == 401 && r.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v", r.header)
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
			t.Errorf("%s %s %s: %d, want %d: %.200s", tc.method, tc.path, tc.body, r.status, tc.want, r.text)
			continue
		}
		if r.header.Get("X-Api-Version") == "" {
			t.Errorf("%s %s: no X-Api-Version", tc.method, tc.path)
		}
		if r.status >= 400 {
			m := r.object(t)
			rid, _ := m["request_id"].(string)
			if r.header.Get("Content-Type") != "application/problem+json" || m["status"] != float64(r.status) || !strings.HasPrefix(rid, "rid_") ||
				!strings.HasPrefix(m["type"].(string), "https://") || m["detail"] == "" {
				t.Errorf("%s %s: problem %s", tc.method, tc.path, r.text)
			}
			if r.status == 422 && m["errors"].([]any)[0].(map[string]any)["code"] == "" {
				t.Errorf("%s %s: errors %v", tc.method, tc.path, m["errors"])
			}
		}
	}
	if after, err := json.Marshal(a.JSON(id)); err != nil || string(after) != string(before) {
		t.Error("a refused request changed something")
	}
}

func TestAskElephantLists(t *testing.T) {
	a, p := elephantProbe(t)
	all := p.rows("/v2/engagements?limit=37")
	if len(all) != a.Len() {
		t.Fatalf("%d rows, %d exist", len(all), a.Len())
	}
	sorted := slices.Sorted(slices.Values(ids(all)))
	if want := slices.Sorted(slices.Values(a.IDs())); !slices.Equal(sorted, want) {
		t.Error("the list repeats or skips rows")
	}
	updated := func(r map[string]any) time.Time {
		at, err := time.Parse(time.RFC3339Nano, r["updated_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for i := range all[1:] {
		if updated(all[i]).Before(updated(all[i+1])) {
			t.Fatalf("row %d is older than the next one", i)
		}
	}
	up := ids(p.rows("/v2/engagements?limit=100&order_by=updated_at:asc"))
	slices.Reverse(up)
	if !slices.Equal(up, ids(all)) {
		t.Error("the ascending order isn't the reverse of the descending one")
	}
	for op, want := range map[string]int{"gte": 51, "lt": 149} {
		bound := url.QueryEscape(all[50]["updated_at"].(string))
		if got := p.rows("/v2/engagements?limit=100&filter[updated_at][" + op + "]=" + bound); len(got) != want {
			t.Errorf("%s: %d rows, want %d", op, len(got), want)
		}
	}
	for _, tc := range []struct {
		path string
		n    int
	}{{"/v2/contacts", len(a.file["contacts"].Rows)}, {"/v2/companies", len(a.file["companies"].Rows)}, {"/v2/users", len(a.file["users"].Rows)}, {"/v2/tags", len(a.file["tags"].Rows)}} {
		first := p.want(200, "GET", tc.path, "").object(t)
		if n := len(first["data"].([]any)); n != 25 || first["has_more"] != true {
			t.Errorf("%s: %d rows on the first page", tc.path, n)
		}
		if rows := p.rows(tc.path); len(rows) != tc.n {
			t.Errorf("%s: %d rows, want %d", tc.path, len(rows), tc.n)
		}
	}
}

func TestAskElephantCursors(t *testing.T) {
	a, p := elephantProbe(t)
	m := p.want(200, "GET", "/v2/engagements?limit=10&filter[engagement_type][eq]=CALL&expand=contacts", "").object(t)
	cursor := m["next_cursor"].(string)
	// A cursor alone continues the traversal, without the expansion.
	m = p.want(200, "GET", "/v2/engagements?limit=10&cursor="+cursor, "").object(t)
	for _, d := range m["data"].([]any) {
		if r := d.(map[string]any); r["engagement_type"] != "CALL" || r["contacts"] != nil {
			t.Errorf("row %v", r)
		}
	}
	p.want(200, "GET", "/v2/engagements?filter[engagement_type][eq]=CALL&cursor="+cursor, "")
	p.want(400, "GET", "/v2/engagements?filter[engagement_type][eq]=NOTE&cursor="+cursor, "")
	plain := p.want(200, "GET", "/v2/users?limit=1", "").object(t)["next_cursor"].(string)
	p.want(200, "GET", "/v2/users?cursor="+plain, "")
	p.want(400, "GET", "/v2/contacts?cursor="+plain, "")
	r := p.want(400, "GET", "/v2/engagements?cursor="+cursor[1:], "")
	if r.object(t)["errors"].([]any)[0].(map[string]any)["field"] != "cursor" {
		t.Errorf("problem %s", r.text)
	}
	a.Set(Switches{"ForgetCursors": true})
	p.want(400, "GET", "/v2/engagements?cursor="+cursor, "")
}

func TestAskElephantChangesMoveRows(t *testing.T) {
	a, p := elephantProbe(t)
	id := ids(p.rows("/v2/engagements?limit=100"))[77]
	tag := p.want(200, "GET", "/v2/engagements/"+id, "").header.Get("ETag")
	a.Change(id, "title", "moved")
	first := p.want(200, "GET", "/v2/engagements?limit=1", "").object(t)["data"].([]any)[0].(map[string]any)
	if first["id"] != id || first["title"] != "moved" {
		t.Errorf("first row %v", first)
	}
	if r := p.want(200, "GET", "/v2/engagements/"+id, ""); r.header.Get("ETag") == tag || tag == "" {
		t.Errorf("ETag %q", tag)
	}
	was := a.JSON(id)["updated_at"]
	a.Touch(id)
	if a.JSON(id)["updated_at"] == was {
		t.Error("Touch didn't change updated_at")
	}
	a.Remove(id)
	p.want(404, "GET", "/v2/engagements/"+id, "")
	if slices.Contains(ids(p.rows("/v2/engagements?limit=100")), id) || a.Len() != 199 || a.JSON(id) != nil {
		t.Error("the removed conversation is still there")
	}
}

func TestAskElephantFilters(t *testing.T) {
	a, p := elephantProbe(t)
	count := func(query string, check func(m map[string]any) bool) {
		t.Helper()
		want := 0
		for _, id := range a.IDs() {
			if check(a.JSON(id)) {
				want++
			}
		}
		rows := p.rows("/v2/engagements?limit=100&" + query)
		if len(rows) != want || want == 0 || want == a.Len() {
			t.Errorf("%s: %d rows, want %d", query, len(rows), want)
		}
	}
	member := func(m map[string]any, list string, ids ...string) bool {
		entries, _ := m[list].([]any)
		return slices.ContainsFunc(entries, func(e any) bool {
			id, _ := e.(map[string]any)["id"].(string)
			return slices.Contains(ids, id)
		})
	}
	busy := a.IDs()[slices.IndexFunc(a.IDs(), func(id string) bool { return len(a.Contacts(id)) > 2 })]
	companies := a.JSON(busy)["companies"].([]any)
	company := companies[0].(map[string]any)["id"].(string)
	count("filter[engagement_type][eq]=CALL", func(m map[string]any) bool { return m["engagement_type"] == "CALL" })
	count("filter[engagement_type][in]=CALL,NOTE&filter[processing_status][eq]=COMPLETED", func(m map[string]any) bool {
		return (m["engagement_type"] == "CALL" || m["engagement_type"] == "NOTE") && m["processing_status"] == "COMPLETED"
	})
	count("filter[company_ids][eq]="+company, func(m map[string]any) bool { return member(m, "companies", company) })
	count("filter[company_ids][eq]="+company+"&filter[processing_status][eq]=COMPLETED", func(m map[string]any) bool {
		return member(m, "companies", company) && m["processing_status"] == "COMPLETED"
	})
}

func TestAskElephantDirectories(t *testing.T) {
	a, p := elephantProbe(t)
	id := a.ContactIDs()[2]
	r := p.want(200, "GET", "/v2/contacts/"+id, "")
	m := r.object(t)
	if m["object"] != "contact" || m["id"] != id || r.header.Get("ETag") == "" {
		t.Errorf("contact %v %v", m, r.header)
	}
	email := m["emails"].([]any)[0].(map[string]any)["email"].(string)
	if rows := p.rows("/v2/contacts?search=" + url.QueryEscape(strings.ToUpper(email))); len(rows) != 1 || rows[0]["id"] != id {
		t.Errorf("search: %d rows", len(rows))
	}
	phone := m["phone_numbers"].([]any)[0].(map[string]any)["phone_number"].(string)
	if rows := p.rows("/v2/contacts?search=" + url.QueryEscape(phone)); len(rows) != 0 {
		t.Error("a search found a phone number")
	}
	seen := map[string]bool{}
	for _, c := range p.rows("/v2/contacts?limit=100") {
		seen["no last name"] = seen["no last name"] || c["first_name"] != nil && c["last_name"] == nil
		seen["nameless"] = seen["nameless"] || c["first_name"] == nil && c["last_name"] == nil
		seen["no address"] = seen["no address"] || len(c["emails"].([]any)) == 0
		seen["two addresses"] = seen["two addresses"] || len(c["emails"].([]any)) == 2
		_, has := c["company"]
		seen["company"], seen["no company"] = seen["company"] || has, seen["no company"] || !has
	}
	if len(seen) != 6 {
		t.Errorf("the directories have only %v", seen)
	}
	for what, ok := range seen {
		if !ok {
			t.Errorf("no contact with %s", what)
		}
	}
	a.RemoveContact(id)
	p.want(404, "GET", "/v2/contacts/"+id, "")
	if len(a.ContactIDs()) != len(a.file["contacts"].Rows)-1 {
		t.Error("the removed contact is still listed")
	}
	p.want(422, "PUT", "/v2/engagements/"+a.IDs()[0]+"/contacts", `{"contact_ids":["`+id+`"]}`)
	a.Set(Switches{"UnknownContact404": true})
	p.want(404, "PUT", "/v2/engagements/"+a.IDs()[0]+"/contacts", `{"contact_ids":["`+id+`"]}`)
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
				t.Errorf("%s: %s is empty, not left out", id, k)
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
		t.Fatalf("calendar resources %v", resources)
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
			t.Errorf("answer %s", r.text)
		}
		if after := p.want(200, "GET", path, ""); after.header.Get("ETag") == before.header.Get("ETag") ||
			m["updated_at"] == before.object(t)["updated_at"] {
			t.Error("the write moved neither ETag nor updated_at")
		}
		contacts, others := shown()
		slices.Sort(set)
		slices.Sort(contacts)
		if !slices.Equal(contacts, set) || !slices.Equal(others, resources) {
			t.Errorf("contacts %v %v, want %v %v", contacts, others, set, resources)
		}
	}

	set := func(to Switches) {
		a.Reset(to)
	}
	body := `{"contact_ids":["` + known[0] + `"]}`
	set(Switches{"IgnoreWrite": true})
	p.want(200, "PUT", path+"/contacts", body)
	if !slices.Equal(a.Contacts(id), []string{known[1], known[2]}) && !slices.Equal(a.Contacts(id), []string{known[2], known[1]}) {
		t.Error("the replacement wasn't ignored")
	}
	set(Switches{"ContactsEndpointMissing": true})
	p.want(404, "PUT", path+"/contacts", body)
	set(Switches{"ContactsMethodNotAllowed": true})
	p.want(405, "PUT", path+"/contacts", body)
	set(Switches{"ContactsMethod": "PATCH"})
	p.want(405, "PUT", path+"/contacts", body)
	p.want(200, "PATCH", path+"/contacts", body)
	set(Switches{"AnswerWithContacts": true})
	if m := p.want(200, "PUT", path+"/contacts", body).object(t); len(m["contacts"].([]any)) != 2 {
		t.Errorf("contacts %v", m["contacts"])
	}
	set(Switches{"DropExpand": true})
	if m := p.want(200, "GET", path+"?expand=contacts,tags", "").object(t); m["tags"] == nil || m["contacts"] != nil {
		t.Error("contacts were not left out")
	}
	set(Switches{"NullExpand": true, "CalendarResourceHidden": true})
	p.want(200, "PUT", path+"/contacts", `{"contact_ids":[]}`)
	if r := p.want(200, "GET", path+"?expand=contacts", ""); !strings.Contains(r.text, `"contacts":null`) {
		t.Errorf("an empty expansion isn't null: %s", r.text)
	}
	set(Switches{"CalendarResourceAsContact": true})
	if contacts, others := shown(); len(contacts) != 1 || len(others) != 0 || slices.Contains(known, contacts[0]) {
		t.Errorf("%v %v", contacts, others)
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
			t.Errorf("%s: %d %s", tc.name, r.status, r.text)
		}
		if r := p.do(tc.method, "/v2/engagements/"+public+tc.path, body); tc.public != 0 && r.status != tc.public {
			t.Errorf("%s: %d %s", tc.name, r.status, r.text)
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
		t.Errorf("%v", r.header)
	}
	a.AnswerNext(500, 1)
	if r := p.want(500, "GET", "/v2/tags", ""); r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v", r.header)
	}
	a.Set(Switches{"APIVersion": "2.1"})
	p.s.FailNext("askelephant", Fault429, 1)
	if r := p.want(429, "GET", "/v2/tags", ""); r.header.Get("X-Api-Version") != "2.1" || r.header.Get("Retry-After") != "2" || r.object(t)["title"] == "" {
		t.Errorf("%v %s", r.header, r.text)
	}
	p.want(200, "GET", "/v2/tags", "")
}

func FuzzAskElephantRequests(f *testing.F) {
	later := newWorld(nil, Hostile, 1, testNow.Add(3*time.Hour))
	a := newService("askelephant", 12, later, time.Now).(*AskElephant)
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

func BenchmarkAskElephantSync25000(b *testing.B) {
	s, err := New(Options{Conversations: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	rt, account := s.Transport(), s.Accounts("")[2]
	for b.Loop() {
		rows, cursor := 0, ""
		for cursor != "" || rows == 0 {
			path := account.BaseURL + "/v2/engagements?limit=100&expand=contacts,owner,tags,companies&order_by=updated_at:asc"
			if cursor != "" {
				path += "&cursor=" + cursor
			}
			req, err := http.NewRequestWithContext(b.Context(), "GET", "http://x"+path, nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", account.Credential)
			res, err := rt.RoundTrip(req)
			if err != nil || res.StatusCode != 200 {
				b.Fatal(res, err)
			}
			var page struct {
				Data       []json.RawMessage
				NextCursor string `json:"next_cursor"`
			}
			if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
				b.Fatal(err)
			}
			rows, cursor = rows+len(page.Data), page.NextCursor
		}
		if rows != 25_000 {
			b.Fatal(rows)
		}
	}
}

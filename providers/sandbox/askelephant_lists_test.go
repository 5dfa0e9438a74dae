package sandbox

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// rows reads all pages of a list, repeating the query with each cursor.
func (p probe) rows(path string) (rows []map[string]any) {
	p.t.Helper()
	next := path
	for range 500 {
		m := p.want(200, "GET", next, "").object(p.t)
		if m["object"] != "list" {
			p.t.Fatalf("%s: the answer is a %v, want a list", next, m["object"])
		}
		for _, d := range m["data"].([]any) {
			rows = append(rows, d.(map[string]any))
		}
		cursor, ok := m["next_cursor"].(string)
		if m["has_more"] != ok {
			p.t.Fatalf("%s: has_more is %v, but next_cursor is %v", next, m["has_more"], m["next_cursor"])
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

func TestAskElephantLists(t *testing.T) {
	a, p := elephantProbe(t)
	all := p.rows("/v2/engagements?limit=37")
	if len(all) != a.Len() {
		t.Fatalf("the pages hold %d rows, want %d", len(all), a.Len())
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
			t.Errorf("filter[updated_at][%s] with the time of row 50: %d rows, want %d", op, len(got), want)
		}
	}
	for _, tc := range []struct {
		path string
		n    int
	}{{"/v2/contacts", len(a.file["contacts"].Rows)}, {"/v2/companies", len(a.file["companies"].Rows)}, {"/v2/users", len(a.file["users"].Rows)}, {"/v2/tags", len(a.file["tags"].Rows)}} {
		first := p.want(200, "GET", tc.path, "").object(t)
		if n := len(first["data"].([]any)); n != 25 || first["has_more"] != true {
			t.Errorf("%s: the first page has %d rows, want 25 and more to follow", tc.path, n)
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
			t.Errorf("a continued traversal has the row %v, want a call without contacts", r)
		}
	}
	p.want(200, "GET", "/v2/engagements?filter[engagement_type][eq]=CALL&cursor="+cursor, "")
	p.want(400, "GET", "/v2/engagements?filter[engagement_type][eq]=NOTE&cursor="+cursor, "")
	plain := p.want(200, "GET", "/v2/users?limit=1", "").object(t)["next_cursor"].(string)
	p.want(200, "GET", "/v2/users?cursor="+plain, "")
	p.want(400, "GET", "/v2/contacts?cursor="+plain, "")
	r := p.want(400, "GET", "/v2/engagements?cursor="+cursor[1:], "")
	if r.object(t)["errors"].([]any)[0].(map[string]any)["field"] != "cursor" {
		t.Errorf("the refusal of a broken cursor is %s, want it to name the cursor", r.text)
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
		t.Errorf("the first row is %v, want the one that was changed last", first)
	}
	if r := p.want(200, "GET", "/v2/engagements/"+id, ""); r.header.Get("ETag") == tag || tag == "" {
		t.Errorf("the ETag %q did not change with the conversation", tag)
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
		t.Errorf("got the contact %v with the header %v, want %s with an ETag", m, r.header, id)
	}
	email := m["emails"].([]any)[0].(map[string]any)["email"].(string)
	if rows := p.rows("/v2/contacts?search=" + url.QueryEscape(strings.ToUpper(email))); len(rows) != 1 || rows[0]["id"] != id {
		t.Errorf("a search for the address of a contact found %d rows, want that contact", len(rows))
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
		t.Errorf("the contacts are only %v", seen)
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

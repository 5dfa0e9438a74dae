package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAttentionLists(t *testing.T) {
	a, p := attentionProbe(t)
	all := p.walkAttention("/conversations/list?size=33")
	var ids []string
	last := "9999"
	for _, row := range all {
		ids = append(ids, row["id"].(string))
		at := attributes(row)
		if at["uuid"] != row["id"] || row["type"] != "conversations" {
			t.Errorf("the row %v has the uuid %v and the type %v", row["id"], at["uuid"], row["type"])
		}
		if created := at["createdAt"].(string); created[:19] > last[:min(19, len(last))] {
			t.Errorf("a row created at %s follows one of %s", created, last)
		} else {
			last = created
		}
		if _, ok := at["extractedIntelligence"]; ok {
			t.Error("the batched list shows intelligence")
		}
	}
	if !slices.Equal(ids, a.IDs()) {
		t.Errorf("the pages hold %d rows, want the %d that exist, newest first", len(ids), a.Len())
	}
	plain := p.walkAttention("/conversations?size=50")
	if len(plain) >= len(all) || len(plain) < len(all)*9/10 {
		t.Errorf("/conversations has %d of %d rows, want all but a few empty ones", len(plain), len(all))
	}
	for _, row := range plain {
		at := attributes(row)
		if at["isEmpty"] == true {
			t.Error("/conversations has an empty conversation")
		}
		if _, ok := at["confirmedExtractedIntelligence"]; !ok {
			t.Error("/conversations lacks the intelligence")
		}
	}

	m := p.want(200, "GET", "/conversations/list?page=2&size=50", "").object(t)
	links, meta := m["links"].(map[string]any), m["meta"].(map[string]any)
	if links["self"] != "/v2/conversations?page=2" || links["related"] != "/v2/conversations?page=3" {
		t.Errorf("the second page has the links %v", links)
	}
	if meta["pageCount"] != 4.0 || meta["totalRecords"] != 200.0 || meta["pageNumber"] != 2.0 || meta["pageSize"] != 50.0 {
		t.Errorf("the second page has the meta data %v", meta)
	}
}

func TestAttentionFilters(t *testing.T) {
	a, p := attentionProbe(t)
	id := a.IDs()[30]
	owner := attributes(a.JSON(id))["userUUID"].(string)
	team := attributes(a.JSON(id))["teamUUID"].(string)
	has := func(query string, want bool) {
		t.Helper()
		rows := p.walkAttention("/conversations/list?size=50&" + query)
		got := slices.ContainsFunc(rows, func(r map[string]any) bool { return r["id"] == id })
		if got != want {
			t.Errorf("%s: the conversation is listed: %t, want %t (%d rows)", query, got, want, len(rows))
		}
		if want && len(rows) >= a.Len() {
			t.Errorf("%s: the filter left nothing out", query)
		}
	}
	created, err := time.Parse(time.RFC3339Nano, attributes(a.JSON(id))["createdAt"].(string))
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) string { return url.QueryEscape(stamp(created.Add(d).Truncate(time.Second))) }
	has("filter[owner.id]="+owner, true)
	has("filter[owner.id]=someone&filter[owner.id]="+owner, true)
	has("filter[owner.id]=someone,"+owner, false)
	has("filter[team.id]="+team, true)
	has("filter%5Bteam.id%5D=nobody&filter[owner.id]="+owner, false)
	has("fromDateTime="+at(-time.Hour), true)
	has("fromDateTime="+at(time.Hour), false)
	a.Change(id, "isInternal", true)
	has("filter[hide_internal]=true", false)
}

func TestAttentionSwitchesOfLists(t *testing.T) {
	a, p := attentionProbe(t)
	a.Set(Switches{"ListPathMissing": true})
	p.want(404, "GET", "/conversations/list", "")
	p.want(200, "GET", "/conversations", "")
	a.Reset(Switches{"BareArrayList": true})
	if r := p.want(200, "GET", "/conversations/list", ""); !strings.HasPrefix(r.text, "[") {
		t.Errorf("with BareArrayList, the list is %.40s", r.text)
	}
	a.Reset(Switches{"NullLists": true})
	if r := p.want(200, "GET", "/conversations/list?page=999", ""); !strings.Contains(r.text, `"data":null`) {
		t.Errorf("with NullLists, an empty page is %.80s", r.text)
	}
	if r := p.want(200, "GET", "/conversations/list?size=50", ""); strings.Contains(r.text, "[]") || strings.Contains(r.text, "{}") {
		t.Error("with NullLists, a member is an empty list or object")
	}
	a.Reset(Switches{"MaxPage": 7, "MetaTotalOnly": true})
	m := p.want(200, "GET", "/conversations/list?size=50", "").object(t)
	if n := len(m["data"].([]any)); n != 7 {
		t.Errorf("with MaxPage, a page has %d rows, want 7", n)
	}
	if meta := m["meta"].(map[string]any); len(meta) != 1 || meta["totalRecords"] != 200.0 {
		t.Errorf("with MetaTotalOnly, the meta data is %v", meta)
	}
	a.Reset(Switches{"NoMeta": true, "UpperStatuses": true})
	m = p.want(200, "GET", "/conversations/list?size=50", "").object(t)
	if _, ok := m["meta"]; ok {
		t.Error("with NoMeta, the list has meta data")
	}
	for _, d := range m["data"].([]any) {
		at := attributes(d.(map[string]any))
		if s := at["videoStatus"].(string); s != strings.ToUpper(s) {
			t.Errorf("with UpperStatuses, a status is %q", s)
		}
	}
}

func TestAttentionRowsAreOdd(t *testing.T) {
	_, p := attentionProbe(t)
	seen := map[string]bool{}
	for _, row := range p.walkAttention("/conversations/list?size=50&filter[include_internal_participants]=true") {
		at := attributes(row)
		note := func(what string, ok bool) { seen[what] = seen[what] || ok }
		note("private", at["private"] == true)
		note("public", at["private"] == false)
		note("archived", at["archived"] == true)
		note("internal", at["isInternal"] == true)
		note("empty", at["isEmpty"] == true)
		note("null attendees", at["attendees"] == nil)
		note("null finishedAt", at["finishedAt"] == nil)
		note("empty finishedAt", at["finishedAt"] == "")
		note("upper status", at["videoStatus"] == "READY")
		note("lower status", at["videoStatus"] == "ready")
		note("unknown status", at["transcriptStatus"] == "reviewed_by_human")
		note("unknown field", at["aiSummaryV3"] != nil)
		note("user", at["user"] != nil)
		note("no user", at["user"] == nil)
		note("string transcript", strings.Contains(fmt.Sprint(at["transcript"]), ": "))
		note("no transcript", at["transcript"] == nil)
		title, _ := at["title"].(string)
		note("empty title", title == "")
		note("escape", strings.Contains(title, "\x1b["))
		note("bidi", strings.Contains(title, "\u202e"))
		note("newline", strings.Contains(title, "\n"))
		note("long", len([]rune(title)) == 5000)
		note("joined emoji", strings.Contains(title, "👨‍👩‍👧‍👦"))
		labels, _ := at["labels"].(map[string]any)
		for _, v := range labels {
			_, isString := v.(string)
			note("label of another type", !isString)
		}
	}
	for _, what := range []string{
		"private", "public", "archived", "internal", "empty", "null attendees", "null finishedAt", "empty finishedAt", "upper status",
		"lower status", "unknown status", "unknown field", "user", "no user", "string transcript", "no transcript", "empty title", "escape",
		"bidi", "newline", "long", "joined emoji", "label of another type",
	} {
		if !seen[what] {
			t.Errorf("no conversation has %s", what)
		}
	}
}

func TestAttentionDirectory(t *testing.T) {
	a, p := attentionProbe(t)
	rows := func(path string) []any {
		t.Helper()
		data, _ := p.want(200, "GET", path, "").object(t)["data"].([]any)
		return data
	}
	users := rows("/users")
	if all := len(a.file["users"].Rows); len(users) == 0 || len(users) >= all {
		t.Errorf("%d of %d users are listed, want those who left to be missing", len(users), all)
	}
	u := users[0].(map[string]any)
	if got := rows("/users?filter[email]=" + url.QueryEscape(u["email"].(string))); len(got) != 1 || got[0].(map[string]any)["uuid"] != u["uuid"] {
		t.Errorf("searching by e-mail found %v", got)
	}
	if r := p.want(200, "GET", "/users?filter[email]=nobody", ""); r.text != `{"data":null}` {
		t.Errorf("an empty directory list is %s", r.text)
	}
	team := rows("/teams")[0].(map[string]any)
	if len(rows("/organizations/teams")) != len(rows("/teams")) || len(team["children"].([]any)) == 0 {
		t.Errorf("the first team is %v, want one with teams below it, on both paths", team)
	}
	label := rows("/labels")[0].(map[string]any)
	if options := label["options"].([]any); label["name"] != "Outcome" || len(options) != 3 {
		t.Errorf("the first label is %v, want Outcome with three options", label)
	}
}

func TestAttentionPastTheLastPage(t *testing.T) {
	a, p := attentionProbe(t)
	if data := p.want(200, "GET", "/conversations/list?page=99", "").object(t)["data"].([]any); len(data) != 0 {
		t.Errorf("a page past the end has %d rows", len(data))
	}
	a.Set(Switches{"NotFoundPastEnd": true})
	p.want(404, "GET", "/conversations/list?page=99", "")
	p.want(200, "GET", "/conversations/list?page=1&filter[team.id]=nobody", "")
}

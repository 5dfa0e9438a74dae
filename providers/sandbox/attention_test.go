package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func attentionProbe(t *testing.T) (*Attention, probe) {
	t.Helper()
	s := newTestSandbox(t, Options{Conversations: 800, Seed: 1})
	return s.Attention(), newProbe(t, s, "attention")
}

func attributes(m map[string]any) map[string]any {
	at, _ := m["attributes"].(map[string]any)
	return at
}

func TestAttentionAuthorization(t *testing.T) {
	a, p := attentionProbe(t)
	key := p.account.Credential
	for _, tc := range []struct {
		auth, only string // the switch that is on
		want       int
	}{
		{"", "", 401},
		{"nonsense", "", 401},
		{"Bearer nonsense", "", 401},
		{key, "", 200},
		{"Bearer " + key, "", 200},
		{"bearer " + key, "", 401},
		{"AccessKey " + key, "", 401},
		{"Bearer Bearer " + key, "", 401},
		{key, "RawKeyOnly", 200},
		{"Bearer " + key, "RawKeyOnly", 401},
		{key, "BearerOnly", 401},
		{"Bearer " + key, "BearerOnly", 200},
	} {
		a.Set(Switches{"RawKeyOnly": tc.only == "RawKeyOnly", "BearerOnly": tc.only == "BearerOnly"})
		p.auth = tc.auth
		if r := p.do("GET", "/labels", ""); r.status != tc.want {
			t.Errorf("%.12q, switch %q: the status is %d, want %d", tc.auth, tc.only, r.status, tc.want)
		}
	}
}

func TestAttentionStrictness(t *testing.T) {
	a, p := attentionProbe(t)
	id := a.IDs()[0]
	one := "/conversations/" + id
	before, err := json.Marshal(a.JSON(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/nowhere", "", 404},
		{"GET", "/chats", "", 404},
		{"POST", "/conversations/import", `{}`, 405},
		{"GET", "/conversations/not-there", "", 404},
		{"GET", one + "/transcript", "", 404},
		{"GET", one + "/title", "", 405},
		{"PATCH", one, `{"title":"x"}`, 405},
		{"POST", one + "/change_privacy?privacy=private", "", 405},
		{"POST", "/labels", `{}`, 405},
		{"GET", "/conversations?sort=title", "", 400},
		{"GET", "/conversations/list?page[size]=10", "", 400},
		{"GET", "/conversations?withCrmRecords=true", "", 400},
		{"GET", "/conversations/list?page=0", "", 400},
		{"GET", "/conversations/list?page=one", "", 400},
		{"GET", "/conversations/list?size=51", "", 400},
		{"GET", "/conversations?size=51", "", 200},
		{"GET", "/conversations/list?size=10&size=20", "", 400},
		{"GET", "/conversations/list?fromDateTime=yesterday", "", 400},
		{"GET", "/conversations/list?detailedTranscript=yes", "", 400},
		{"GET", "/conversations/list?filter[title]=x", "", 400},
		{"GET", "/conversations/list?filter[hide_internal]=true&filter[hide_internal]=true", "", 400},
		{"GET", "/conversations/list?page=%zz", "", 400},
		{"GET", "/conversations/list", `{}`, 400},
		{"GET", one + "?by=external_id", "", 400},
		{"GET", one + "?expand=all", "", 400},
		{"PUT", one + "/change_privacy", "", 400},
		{"PUT", one + "/change_privacy?privacy=Private", "", 400},
		{"PUT", one + "/change_privacy?privacy=private&privacy=public", "", 400},
		{"PUT", one + "/change_privacy?privacy=private&notify=true", "", 400},
		{"PUT", one + "/change_privacy?privacy=private", `{"privacy":"private"}`, 400},
		{"PUT", "/conversations/not-there/change_privacy?privacy=private", "", 404},
		{"PUT", one + "/title", `{}`, 400},
		{"PUT", one + "/title", `{"title":null}`, 400},
		{"PUT", one + "/title", `{"title":7}`, 400},
		{"PUT", one + "/title", `{"title":"x","labels":{}}`, 400},
		{"PUT", one + "/title", `{"title":"x"} trailing`, 400},
		{"PUT", one + "/title", `not json`, 400},
		{"PUT", one + "/title?notify=1", `{"title":"x"}`, 400},
		{"PUT", one + "/labels", `{"skip_analysis":true}`, 400},
		{"PUT", one + "/labels", `{"labels":[]}`, 400},
		{"PUT", one + "/labels", `{"labels":{"No such category":"x"}}`, 400},
		{"PUT", one + "/labels", `{"labels":{},"skip_analysis":"yes"}`, 400},
		{"PUT", one, `{"title":"x"}`, 405},
		{"HEAD", one, "", 405},
		{"GET", one + "/", "", 404},
		{"GET", "/conversations//" + one[len("/conversations/"):], "", 404},
		{"GET", "/labels/../labels", "", 404},
		{"GET", "/conversations/a%2Fb", "", 404},
		{"GET", "/conversations/%2e%2e", "", 404},
		{"DELETE", one + "?force=true", "", 400},
		{"DELETE", one, `{}`, 400},
		{"POST", one + "/media/download", `{}`, 400},
		{"GET", "/users?page=1", "", 400},
		{"GET", "/organizations/teams?includeDeleted=true", "", 400},
		{"GET", "/organizations/roles", "", 404},
		{"GET", "/teams/nobody", "", 404},
	} {
		r := p.do(tc.method, tc.path, tc.body)
		if r.status != tc.want {
			t.Errorf("%s %s %s: the status is %d, want %d: %.200s", tc.method, tc.path, tc.body, r.status, tc.want, r.text)
		}
		if r.status == 405 && r.header.Get("Allow") == "" {
			t.Errorf("%s %s: the answer has no header Allow", tc.method, tc.path)
		}
	}
	if after, err := json.Marshal(a.JSON(id)); err != nil || string(after) != string(before) {
		t.Error("a refused request changed the conversation")
	}
	req := p.request(t.Context(), "PUT", one+"/title", `{"title":"x"}`)
	req.Header.Set("Content-Type", "text/plain")
	if r, err := p.send(req); err != nil || r.status != 415 {
		t.Errorf("a body of type text/plain: got status %d, error %v; want 415", r.status, err)
	}
}

func TestAttentionErrorShapes(t *testing.T) {
	a, p := attentionProbe(t)
	for shape, want := range []string{
		`{"code":"404","detail":"conversation not found","title":"Not Found"}`,
		`{"errors":[{"detail":"conversation not found","status":"404","title":"Not Found"}]}`,
		`{"message":"conversation not found"}`,
		`{"error":"conversation not found"}`,
		`conversation not found`,
	} {
		a.Set(Switches{"ErrorShape": shape})
		if r := p.want(404, "GET", "/conversations/nobody", ""); r.text != want {
			t.Errorf("ErrorShape %d: got %s, want %s", shape, r.text, want)
		}
		for _, status := range []int{401, 403, 404, 429, 500, 502} {
			a.AnswerNext(status, 1)
			p.want(status, "GET", "/labels", "")
		}
	}
	p.want(200, "GET", "/labels", "")
}

// walkAttention reads all pages of a list.
func (p probe) walkAttention(path string) (rows []map[string]any) {
	p.t.Helper()
	for page := 1; page < 500; page++ {
		m := p.want(200, "GET", fmt.Sprintf("%s&page=%d", path, page), "").object(p.t)
		data, _ := m["data"].([]any)
		if len(data) == 0 {
			return rows
		}
		for _, d := range data {
			rows = append(rows, d.(map[string]any))
		}
	}
	p.t.Fatal("the list doesn't end")
	return nil
}

func TestAttentionGet(t *testing.T) {
	a, p := attentionProbe(t)
	shapes := map[string]int{}
	for _, id := range a.IDs() {
		res := p.want(200, "GET", "/conversations/"+id, "").object(t)
		if res["id"] != id || attributes(res)["extractedIntelligence"] == nil && attributes(res)["confirmedExtractedIntelligence"] == nil {
			t.Errorf("%s: got %.200v, want that conversation with its intelligence", id, res)
		}
		switch tr := attributes(res)["transcript"].(type) {
		case nil:
			shapes["null"]++
		case map[string]any:
			for k := range tr {
				shapes[k]++
			}
			if len(tr) == 0 {
				shapes["{}"]++
			}
		default:
			t.Errorf("without detailedTranscript, the transcript is a %T", tr)
		}
		res = p.want(200, "GET", "/conversations/"+id+"?detailedTranscript=true", "").object(t)
		if tr, ok := attributes(res)["transcript"].([]any); ok {
			shapes["array"]++
			word := tr[0].(map[string]any)["words"].([]any)[0].(map[string]any)
			if _, ok := word["startTimestamp"].(float64); !ok || word["text"] == nil {
				t.Errorf("a word is %v, want a text with times", word)
			}
		}
	}
	for _, shape := range []string{"null", "{}", "final", "v1", "v2", "array"} {
		if shapes[shape] == 0 {
			t.Errorf("no transcript of shape %s in %v", shape, shapes)
		}
	}

	id := a.IDs()[1]
	count := func(query string) int {
		list, _ := attributes(p.want(200, "GET", "/conversations/"+id+query, "").object(t))["participants"].([]any)
		return len(list)
	}
	if out, in := count(""), count("?filter[include_internal_participants]=true"); in <= out {
		t.Errorf("there are %d participants, and %d with the internal ones; want more", out, in)
	}
	a.Set(Switches{"InternalByDefault": true})
	if def, out := count(""), count("?filter[include_internal_participants]=false"); def <= out {
		t.Errorf("with InternalByDefault there are %d participants, and %d without the internal ones; want fewer", def, out)
	}

	a.Remove(id)
	p.want(404, "GET", "/conversations/"+id, "")
	if a.JSON(id) != nil || slices.Contains(a.IDs(), id) || a.Len() != 199 {
		t.Error("the removed conversation is still there")
	}
}

func TestAttentionEnvelopes(t *testing.T) {
	a, p := attentionProbe(t)
	id := a.IDs()[0]
	a.Set(Switches{"WrapData": true})
	for _, r := range []reply{p.want(200, "GET", "/conversations/"+id, ""), p.want(200, "PUT", "/conversations/"+id+"/change_privacy?privacy=public", "")} {
		if m := r.object(t); len(m) != 1 || m["data"].(map[string]any)["id"] != id {
			t.Errorf("with WrapData, the answer is %.80s", r.text)
		}
	}
	a.Reset(Switches{"IDInAttributesOnly": true})
	if m := p.want(200, "GET", "/conversations/"+id, "").object(t); m["id"] != nil || attributes(m)["uuid"] != id {
		t.Errorf("with IDInAttributesOnly, the id is %v and the uuid %v", m["id"], attributes(m)["uuid"])
	}
	a.Reset(Switches{})
	req := p.request(t.Context(), "GET", "/conversations/"+id, "")
	req.Header.Set("Accept", "application/vnd.api+json")
	r, err := p.send(req)
	if err != nil || r.header.Get("Content-Type") != "application/vnd.api+json" || r.object(t)["data"] == nil {
		t.Errorf("to a client that accepts JSON:API alone, the answer is %.80s with the header %v, error %v", r.text, r.header, err)
	}
}

func TestAttentionWrites(t *testing.T) {
	a, p := attentionProbe(t)
	id := a.IDs()[2]
	one := "/conversations/" + id
	a.Change(id, "labels", map[string]any{"Stage": "Demo"})
	value := func(field string) any { return attributes(a.JSON(id))[field] }
	for _, privacy := range []string{"private", "public", "private", "private"} {
		at := attributes(p.want(200, "PUT", one+"/change_privacy?privacy="+privacy, "").object(t))
		if at["private"] != (privacy == "private") || value("private") != at["private"] {
			t.Errorf("made %s: the answer has private %v, and the conversation %v", privacy, at["private"], value("private"))
		}
	}
	title := "new \"title\" <ü> \x1b[31m 👩‍👩‍👧"
	body, err := json.Marshal(map[string]any{"title": title})
	if err != nil {
		t.Fatal(err)
	}
	if at := attributes(p.want(200, "PUT", one+"/title", string(body)).object(t)); at["title"] != title || value("title") != title {
		t.Errorf("the answer has the title %q and the conversation %q, want %q", at["title"], value("title"), title)
	}
	p.want(200, "PUT", one+"/title", `{"title":""}`)
	p.want(200, "PUT", one+"/labels", `{"labels":{"Outcome":"Won","Competitor":["a"]},"skip_analysis":true}`)
	if got := fmt.Sprint(value("labels")); got != "map[Competitor:[a] Outcome:Won]" {
		t.Errorf("the labels are %s, want those of the request alone", got)
	}
	a.Set(Switches{"LabelsMerged": true})
	p.want(200, "PUT", one+"/labels", `{"labels":{"Stage":"Closed"}}`)
	if got := fmt.Sprint(value("labels")); got != "map[Competitor:[a] Outcome:Won Stage:Closed]" || value("title") != "" {
		t.Errorf("with LabelsMerged, the labels are %s and the title %q; want merged labels and the same title", got, value("title"))
	}
	if at := attributes(p.want(200, "DELETE", one, "").object(t)); at["archived"] != true || value("archived") != true {
		t.Error("the conversation isn't archived")
	}
	if !slices.Contains(a.IDs(), id) {
		t.Error("archiving deleted the conversation")
	}

	a.Reset(Switches{"PrivacyIgnored": true})
	if at := attributes(p.want(200, "PUT", one+"/change_privacy?privacy=public", "").object(t)); at["private"] != true {
		t.Error("the change of privacy wasn't ignored")
	}
	a.Reset(Switches{"PrivacyOmitted": true})
	if at := attributes(p.want(200, "PUT", one+"/change_privacy?privacy=public", "").object(t)); at["private"] != nil || value("private") != false {
		t.Error("the answer has the privacy, or the change wasn't made")
	}
	a.Reset(Switches{"ForbidWrites": true})
	p.want(403, "PUT", one+"/change_privacy?privacy=private", "")
	p.want(403, "DELETE", one, "")
	p.want(200, "GET", one, "")
}

func TestAttentionMedia(t *testing.T) {
	a, p := attentionProbe(t)
	statuses := map[int]bool{}
	for _, id := range a.IDs() {
		r := p.do("POST", "/conversations/"+id+"/media/download", "")
		statuses[r.status] = true
		if r.status == 200 && !strings.HasPrefix(r.object(t)["url"].(string), "https://") {
			t.Errorf("%s: the link is %s", id, r.text)
		}
	}
	if !statuses[200] || !statuses[403] || !statuses[404] || len(statuses) != 3 {
		t.Errorf("the statuses are %v, want 200, 403 and 404", statuses)
	}
	for _, r := range p.s.Requests() {
		if r.Write {
			t.Errorf("%s %s counts as a write", r.Method, r.Path)
		}
	}
}

func TestAttentionJSONIsACopy(t *testing.T) {
	a, _ := attentionProbe(t)
	id := a.IDs()[0]
	labels := map[string]any{"Stage": "Demo"}
	a.Change(id, "labels", labels)
	labels["Stage"] = "Closed"
	m := a.JSON(id)
	attributes(m)["title"] = "mine"
	attributes(m)["labels"].(map[string]any)["Stage"] = "Closed"
	if at := attributes(a.JSON(id)); at["title"] == "mine" || at["labels"].(map[string]any)["Stage"] != "Demo" {
		t.Error("changing what JSON returned changed the conversation")
	}
	if a.JSON("nobody") != nil {
		t.Error("JSON returned something for an unknown id")
	}
}

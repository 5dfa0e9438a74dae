package kona

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A create sends the bodies of the vendor's page, and an answer of the same shape can be read.
func TestVendorSamples(t *testing.T) {
	person := func(kind, id, role string) model.Participant {
		return model.Participant{Kind: kind, ID: id, Role: role}
	}
	for name, n := range map[string]model.NewConversation{
		"create-everyone.json": {Title: "new conversation", Space: "9", Access: "everyone", Message: "mitigation description goes here"},
		"create-group.json":    {Title: "new conversation", Space: "9", People: []model.Participant{person("group", "11", "editor")}},
		"create-people.json": {Title: "new conversation", Space: "9", People: []model.Participant{person("user", "14", "editor"), person("user", "15", "viewer"),
			person("group", "11", "editor"), person("group", "12", "viewer")}},
	} {
		sample := fixture(t, name)
		body, refused := newConversation(n)
		if refused != nil {
			t.Fatalf("%s: the sample is refused: %v", name, refused)
		}
		got, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, sample); err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() {
			t.Errorf("%s: got %s, want the vendor's sample %s", name, got, want.String())
		}
		list, err := conversationKey.items(&providers.Answer{Body: bytes.Replace(sample, []byte(`"name"`), []byte(`"id": 71, "name"`), 1)}, nil)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: got %v, error %v; want one item", name, list, err)
		}
		c, ok := blank("a").convert(list[0], nil)
		if !ok || c.Ref.ID != "71" || c.Title != n.Title || c.Space.ID != "9" || c.Access != n.Access {
			t.Errorf("%s: got %+v", name, c)
		}
		people := append(c.Participants.Items, c.Featured...)
		if c.Participants.Known != (name == "create-people.json") || !model.SamePeople(people, n.People) {
			t.Errorf("%s: got people %+v, want %+v", name, people, n.People)
		}
	}
}

func TestConvert(t *testing.T) {
	known := func(s entity) model.Participant {
		p := model.Participant{Name: strings.TrimSuffix(string(s.key), "s") + " " + s.id}
		if s.key == users {
			p.Email = s.id + "@example.com"
		}
		return p
	}
	c, ok := blank("a").convert([]byte(`{"id":1480000014800,"name":"Lift inspection","href":"https://api.kona.com/conversations/1480000014800","details":null,"space_id":40,
		"creator_id":3,"participants":[{"user_id":3,"role":1},{"user_id":8,"role":7}],"groups":[{"group_id":5,"role":3}],"stakeholder":2,"default_role":1,
		"tags":["lift","safety"],"external_object":{"id":"PO-7","data":"Order"},"created_at":1479900000000,"updated_at":1479990000123,"mood":"fine"}`), known)
	want := model.Conversation{
		Ref: model.Ref{Account: "a", ID: "1480000014800"}, Provider: "kona", Kind: "conversation", Title: "Lift inspection", Privacy: model.PrivacyParticipants,
		Access: "everyone", DefaultRole: "editor",
		Participants: model.SetOf(model.Participant{Kind: "user", ID: "3", Name: "user 3", Email: "3@example.com", Role: "editor"},
			model.Participant{Kind: "user", ID: "8", Name: "user 8", Email: "8@example.com", Role: "role 7"},
			model.Participant{Kind: "group", ID: "5", Name: "group 5", Role: "collaboration_complete"}),
		ParticipantCount: 3,
		Owner:            model.Participant{Kind: "user", ID: "3", Name: "user 3", Email: "3@example.com"},
		Space:            model.Named{ID: "40", Name: "space 40"},
		Created:          time.UnixMilli(1479900000000).UTC(), Updated: time.UnixMilli(1479990000123).UTC(),
		Facts: []model.Fact{{Group: "Tags", Label: "Tag", Value: "lift"}, {Group: "Tags", Label: "Tag", Value: "safety"},
			{Group: "External objects", Label: "data", Value: "Order"}, {Group: "External objects", Label: "id", Value: "PO-7"},
			{Group: "Raw", Label: "API address", Value: "https://api.kona.com/conversations/1480000014800"}, {Group: "Other", Label: "mood", Value: "fine"}},
	}
	if d := cmp.Diff(want, c); d != "" || !ok {
		t.Errorf("conversation (-want +got)\n%s", d)
	}
}

func TestIncompleteListsAreUnknown(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		known    bool
		people   int
	}{
		{"both", `{"id":1,"participants":[{"user_id":1,"role":1}],"groups":[]}`, true, 1},
		{"both empty", `{"id":1,"participants":[],"groups":[]}`, true, 0},
		{"none", `{"id":1}`, false, 0},
		{"null", `{"id":1,"participants":null,"groups":null}`, false, 0},
		{"one null", `{"id":1,"participants":[{"user_id":1}],"groups":null}`, false, 1},
		{"one missing", `{"id":1,"groups":[{"group_id":1}]}`, false, 1},
		{"a null entry", `{"id":1,"participants":[null],"groups":[]}`, false, 0},
		{"an entry without an id", `{"id":1,"participants":[{"role":1}],"groups":[]}`, false, 0},
		{"a role that is no number or text", `{"id":1,"participants":[{"user_id":1,"role":{"x":1}}],"groups":[]}`, false, 1},
		{"no role", `{"id":1,"participants":[{"user_id":1}],"groups":[]}`, true, 1},
		{"twice", `{"id":1,"participants":[{"user_id":1,"role":1},{"user_id":1,"role":2}],"groups":[]}`, true, 1},
		{"no list", `{"id":1,"participants":{"user_id":1},"groups":[]}`, false, 0},
	} {
		c, _ := blank("a").convert([]byte(tt.in), nil)
		if c.Participants.Known != tt.known || len(c.Participants.Items)+len(c.Featured) != tt.people {
			t.Errorf("%s: got participants %+v, featured %+v; want known %t", tt.name, c.Participants, c.Featured, tt.known)
		}
		if !tt.known && c.ParticipantCount != -1 {
			t.Errorf("%s: got a count of %d, want -1", tt.name, c.ParticipantCount)
		}
	}
}

func TestNumbersSurviveConversion(t *testing.T) {
	for _, n := range []string{"0", "1", "2", "3", "7", "-1", "2.5", "99999999999999999999"} {
		if raw, ok := role.number(role.text(n)); !ok || string(raw) != n {
			t.Errorf("role %s: got text %q, which becomes %s", n, role.text(n), raw)
		}
		if raw, ok := access.number(access.text(n)); !ok || string(raw) != n {
			t.Errorf("stakeholder %s: got text %q, which becomes %s", n, access.text(n), raw)
		}
	}
	for _, bad := range []string{"boss", "Editor", "editor "} {
		if raw, ok := role.number(bad); ok {
			t.Errorf("role %q: got %s, want a refusal", bad, raw)
		}
		if raw, ok := access.number(bad); ok {
			t.Errorf("access %q: got %s, want a refusal", bad, raw)
		}
	}
	if raw, ok := role.number(role.text("boss")); !ok || string(raw) != `"boss"` {
		t.Errorf("role that is a string: got %s, want \"boss\"", raw)
	}
}

func TestExternalObjectsInBothSpellings(t *testing.T) {
	for _, in := range []string{
		`{"id":1,"external_object":{"id":"x","name":"label"}}`,
		`{"id":1,"external_objects":[{"id":"x","name":"label"}]}`,
		`{"id":1,"external_objects":{"id":"x","name":"label"}}`,
	} {
		c, _ := blank("a").convert([]byte(in), nil)
		if len(c.Facts) != 2 || c.Facts[0].Group != "External objects" || c.Facts[0].Value != "x" || c.Facts[1].Value != "label" {
			t.Errorf("%s: got facts %+v", in, c.Facts)
		}
	}
}

func TestComments(t *testing.T) {
	n := func(s entity) model.Participant {
		return model.Participant{Name: map[entity]string{{users, "3"}: "Ann", {groups, "5"}: "Board"}[s]}
	}
	m, ok := convertComment([]byte(`{"id":9,"creator_id":3,"content":"One<br>two &amp; <a href='x'>@Ann</a> @user:3 @user:4 @group:5","priority":1,"created_at":1479900000000}`), n)
	want := model.Message{ID: "9", Author: "Ann", At: time.UnixMilli(1479900000000).UTC(), Offset: -1, Kind: "important", Text: "One\ntwo & @Ann @Ann @user:4 @Board"}
	if d := cmp.Diff(want, m); d != "" || !ok {
		t.Errorf("message (-want +got)\n%s", d)
	}
	if m, _ := convertComment([]byte(`{"creator_id":12,"priority":4}`), nil); m.Author != "user #12" || m.Kind != "priority 4" {
		t.Errorf("unknown author and priority: got %+v", m)
	}
	list := []model.Message{{ID: "10"}, {ID: "9"}, {ID: "1", At: time.Unix(1, 0)}}
	providers.SortMessages(list)
	if list[0].ID != "9" || list[2].ID != "1" {
		t.Errorf("got order %v, want numeric ids", list)
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                       "plain",
		"a<br>b<br/>c<BR />d":                         "a\nb\nc\nd",
		"<p>one</p><p>two</p>":                        "one\ntwo",
		"<ul><li>a</li><li>b</li></ul>c":              "- a\n- b\nc",
		"&lt;b&gt; &amp;amp; &#39;":                   "<b> &amp; '",
		"x<script>alert(1)</script>y<style>z</style>": "xy",
		"1 < 2 && 3 > 2":                              "1 < 2 && 3 > 2",
		"<b>bold":                                     "bold",
		"<br><br><br><br>gap":                         "gap",
		"a<br><br><br><br>gap":                        "a\n\ngap",
		"":                                            "",
	} {
		if got := providers.HTMLText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzText checks that a typed text survives the conversion to the form of the API and back, except for surrounding blanks.
func FuzzText(f *testing.F) {
	f.Add("hi <b> & \n you @user:3")
	f.Add("&amp; <br>")
	f.Add("<script>")
	f.Fuzz(func(t *testing.T, typed string) {
		_ = providers.HTMLText(typed)
		if strings.ContainsAny(typed, "\r\x00") || strings.Contains(typed, "\n\n\n") || len(typed) > 1000 || strings.ToValidUTF8(typed, "") != typed {
			return // parsers of HTML differ about these
		}
		if got, want := providers.HTMLText(commentText(typed)), strings.TrimSpace(typed); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// FuzzConvert checks that convert never panics, and that every scalar of the input is in a field or a fact.
func FuzzConvert(f *testing.F) {
	f.Add([]byte(element(71, nil)))
	f.Add(fixture(f, "create-people.json"))
	for _, s := range []string{
		`{"id":"x","name":5,"details":["a"],"space_id":{"id":1},"creator_id":null,"stakeholder":"2","default_role":9}`,
		`{"id":1,"participants":[5,"x",null,{"user_id":1,"role":"boss","more":{"y":2}},{"user_id":1,"role":4}],"groups":"none"}`,
		`{"id":1,"tags":"lone","external_object":["a",{"b":1}],"external_objects":7,"created_at":"2016-10-28 10:00:00.123","updated_at":"soon"}`,
		`{"id":1,"participants":{"user_id":2},"groups":[{"group_id":{"x":1}}],"initial_comment":"first","href":["h"]}`,
		`{"id":1,"stakeholder":7,"default_role":"role 7","":{"":[]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, _ = convertComment(in, nil)
		_, _ = convertEntity(users, in)
		_ = readFailure(in)
		_, _ = conversationKey.items(&providers.Answer{Body: in}, nil)
		c, _ := blank("a").convert(in, nil)
		if _, ok := providers.ParseObject(in); !ok {
			return
		}
		if v, ok := providertest.Decode(in); ok {
			providertest.MustShow(t, v, c, nil, "0", "1", "2", "3")
		}
	})
}

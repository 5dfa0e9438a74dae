package bird

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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

func TestVendorExample(t *testing.T) {
	c, ok := blank("support").convert(fixture(t, "update-response.json"), func(string) (string, string) { return "Mail", "email" })
	if !ok {
		t.Fatalf("convert rejected the vendor's example")
	}
	contact := model.Participant{Kind: "contact", ID: "8f0b5377-2edc-4116-a8e8-6a475f245a04", Name: "John Doe",
		Email: "[email protected]", Identifier: "emailaddress=[email protected]", Status: "active"}
	want := model.Conversation{
		Ref: model.Ref{Account: "support", ID: "907798f8-fd72-44d5-8042-fcc05c1bb570"}, Provider: "bird", Kind: "email",
		Title: "new name", Description: "description", Privacy: model.PrivacyPrivate, Status: "active", Access: "invite-only",
		ParticipantCount: 3,
		Featured: []model.Participant{contact,
			{Kind: "accessKey", ID: "68b80b8d-8060-42df-bda3-73505a8fdb84", Name: "My first email key", Status: "active"},
			{Kind: "contact", ID: "3954d22c-96f7-4bc3-817b-67b4d903ed90", Email: "[email protected]", Identifier: "emailaddress=[email protected]", Status: "active"}},
		Attributes:  map[string]string{"my-attribute": "123"},
		Channel:     model.Named{ID: "cb4b1ebc-34e6-5a7a-a375-f6f2f131d88f", Name: "Mail"},
		HasMessages: true, Preview: "Hey, listen!",
		LastMessage: "d578f436-b3b7-49e6-95c2-24b77bb4e7ce",
		Created:     time.Date(2024, 11, 25, 19, 31, 47, 264e6, time.UTC),
		Updated:     time.Date(2024, 11, 29, 13, 22, 22, 875e6, time.UTC),
		Facts: []model.Fact{
			{Group: "Conversation", Label: "Channel platform", Value: "email"},
			{Group: "Raw", Label: "Active participants", Value: "2"},
			{Group: "People", Label: "Waiting to join", Value: "1"},
			{Group: "People", Label: "Started by", Value: "John Doe"},
			{Group: "Raw", Label: "People: Started by", Value: "emailaddress=[email protected] · contact · 8f0b5377-2edc-4116-a8e8-6a475f245a04 · active"},
			{Group: "Last message", Label: "From", Value: "My first email key"},
			{Group: "Raw", Label: "Last message: From", Value: "accessKey · 68b80b8d-8060-42df-bda3-73505a8fdb84 · active"},
			{Group: "Last message", Label: "to", Value: "John Doe · emailaddress=[email protected] · 8f0b5377-2edc-4116-a8e8-6a475f245a04"},
			{Group: "Raw", Label: "Last message type", Value: "text"},
			{Group: "Last message", Label: "Delivery", Value: "delivered"},
			{Group: "Raw", Label: "Last message", Value: "d578f436-b3b7-49e6-95c2-24b77bb4e7ce"},
			{Group: "Conversation", Label: "Changed", Value: "2024-11-29T15:37:20.534Z"},
		},
	}
	if d := cmp.Diff(want, c); d != "" {
		t.Errorf("conversation (-want +got)\n%s", d)
	}
}

func TestVendorRequest(t *testing.T) {
	p, _ := openStub(t, accept)
	shown, err := p.Requests(model.Conversation{Ref: model.Ref{ID: c1}, Privacy: model.PrivacyPublic, Attributes: map[string]string{}}, []model.Edit{
		{Kind: model.EditTitle, Target: model.TextValue("new name")},
		{Kind: model.EditDescription, Target: model.TextValue("description")},
		{Kind: model.EditPrivacy, Target: model.TextValue("private")},
		{Kind: model.EditAttributes, Key: "my-attribute", Target: model.TextValue("123")},
	})
	if err != nil || len(shown) != 1 {
		t.Fatalf("got %d requests, error %v; want 1", len(shown), err)
	}
	got := shown[0].Body
	var want bytes.Buffer
	if err := json.Compact(&want, fixture(t, "update-request.json")); err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("got body %s, want the vendor's example %s", got, want.String())
	}
}

func TestConvertKeepsUnexpectedValues(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		check    func(model.Conversation) bool
	}{
		{"unknown visibility", `{"id":"1","visibility":"direct"}`, func(c model.Conversation) bool {
			return c.Privacy == model.PrivacyUnknown && hasFact(c, "direct")
		}},
		{"unknown status", `{"id":"1","status":"snoozed"}`, func(c model.Conversation) bool { return c.Status == "snoozed" && !c.Closed && !c.Archived }},
		{"closed", `{"id":"1","status":"closed"}`, func(c model.Conversation) bool { return c.Closed && !c.Archived }},
		{"deleted", `{"id":"1","status":"deleted"}`, func(c model.Conversation) bool { return c.Status == "deleted" && c.Archived }},
		{"attributes absent", `{"id":"1"}`, func(c model.Conversation) bool { return c.Attributes == nil }},
		{"attributes null: there are none", `{"id":"1","attributes":null}`, func(c model.Conversation) bool { return c.Attributes != nil && len(c.Attributes) == 0 }},
		{"attributes empty", `{"id":"1","attributes":{}}`, func(c model.Conversation) bool { return c.Attributes != nil && len(c.Attributes) == 0 }},
		{"attributes mixed", `{"id":"1","attributes":{"n":5,"b":true,"z":null,"o":{"a":[1]},"s":"5"}}`, func(c model.Conversation) bool {
			return reflect.DeepEqual(c.Attributes, map[string]string{"n": "5", "b": "true", "z": "null", "o": `{"a":[1]}`, "s": "5"})
		}},
		{"no counts", `{"id":"1"}`, func(c model.Conversation) bool { return c.ParticipantCount == -1 }},
		{"negative count", `{"id":"1","activeParticipantCount":-4}`, func(c model.Conversation) bool { return c.ParticipantCount == -1 && hasFact(c, "-4") }},
		{"participants never known from a row", `{"id":"1","featuredParticipants":[]}`, func(c model.Conversation) bool { return !c.Participants.Known }},
		{"updated without a message", `{"id":"1","updatedAt":"2026-01-02T03:04:05.678Z"}`, func(c model.Conversation) bool { return c.Updated.Nanosecond() == 678e6 }},
		{"no style", `{"id":"1"}`, func(c model.Conversation) bool { return c.Kind == "conversation" }},
		{"null everywhere", `{"id":"1","name":null,"featuredParticipants":null,"lastMessage":null,"channelId":null,"initiatingParticipant":null}`, func(c model.Conversation) bool { return !c.HasMessages }},
		{"a recipient with two addresses", `{"id":"1","lastMessage":{"recipients":[{"type":"to","identifierKey":"phonenumber","identifierValue":"+31","platformAddress":"wa:31"}]}}`,
			func(c model.Conversation) bool { return hasFact(c, "phonenumber=+31 · wa:31") }},
		{"a resource and an inbox", `{"id":"1","resource":{"type":"task"},"inbox":{"name":"Desk"}}`, func(c model.Conversation) bool {
			return slices.Contains(c.Facts, model.Fact{Group: "Resource", Label: "type", Value: "task"}) &&
				slices.Contains(c.Facts, model.Fact{Group: "Inbox", Label: "name", Value: "Desk"})
		}},
		{"unknown field", `{"id":"1","brandNew":{"deep":[{"x":"found"}]}}`, func(c model.Conversation) bool {
			return len(c.Facts) == 1 && c.Facts[0] == model.Fact{Group: "Other", Label: "brandNew.deep.1.x", Value: "found"}
		}},
	} {
		c, ok := blank("a").convert([]byte(tt.in), nil)
		if !ok || !tt.check(c) {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
	for _, in := range []string{``, `null`, `[]`, `"x"`, `{}`, `{"id":null}`, `{"id":{}}`} {
		if _, ok := blank("a").convert([]byte(in), nil); ok {
			t.Errorf("convert accepted %q", in)
		}
	}
}

// Participants that can't be told apart, or that are none, make the set unknown: it must not become the base of an edit.
func TestConvertParticipants(t *testing.T) {
	for _, tt := range []struct {
		in         string
		ok         bool
		identifier string
		fact       string
	}{
		{`{"id":"p1","type":"user"}`, true, "", ""},
		{`{"type":"contact","contact":{"identifierKey":"k","identifierValue":"v"}}`, true, "k=v", ""},
		{`{"type":"contact","contact":{"identifierKey":"k","identifierValue":"v","platformAddress":"other"}}`, true, "k=v", "other"},
		{`{"type":"contact","contact":{"identifierKey":"k","identifierValue":"v","platformAddress":"v"}}`, true, "k=v", ""},
		{`{"type":"contact","identifierValue":"v"}`, true, "v", ""},
		{`{"type":"contact","contact":{"identifierKey":"k"}}`, true, "k", ""},
		{`{"type":"contact","displayName":"Somebody"}`, false, "", ""},
		{`7`, false, "", "7"},
		{`{"id":"p1","conversationId":"c"}`, true, "", ""},
	} {
		var facts providers.Facts
		people, ok := convertParticipants([]json.RawMessage{json.RawMessage(tt.in)}, &facts)
		c := model.Conversation{Facts: facts.List()}
		if ok != tt.ok || len(people) > 0 && people[0].Identifier != tt.identifier || (len(c.Facts) > 0) != (tt.fact != "") || tt.fact != "" && !hasFact(c, tt.fact) {
			t.Errorf("%s: got %+v, known %t, facts %+v", tt.in, people, ok, c.Facts)
		}
	}
}

func hasFact(c model.Conversation, value string) bool {
	for _, f := range c.Facts {
		if f.Value == value {
			return true
		}
	}
	return false
}

func TestConvertMessage(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     model.Message
	}{
		{"text", `{"id":"m","sender":{"type":"contact","displayName":"Ann"},"status":"delivered","body":{"type":"text","text":{"text":"hi","attachments":[{"filename":"a.pdf"},{}]}}}`,
			model.Message{ID: "m", Author: "Ann", Incoming: true, Status: "delivered", Text: "hi\n[attachment: a.pdf]\n[attachment: unnamed]"}},
		{"html with a fallback", `{"id":"m","body":{"type":"html","html":{"text":"plain","html":"<b>x</b>"}}}`, model.Message{ID: "m", Kind: "html", Text: "plain"}},
		{"html alone", `{"id":"m","body":{"type":"html","html":{"html":"<p>one</p><script>x()</script>two &amp; <br>three"}}}`, model.Message{ID: "m", Kind: "html", Text: "one\ntwo & \nthree"}},
		{"unknown body", `{"id":"m","body":{"type":"carousel","carousel":{}}}`, model.Message{ID: "m", Kind: "carousel", Text: "[carousel message]"}},
		{"template", `{"id":"m","template":{"x":1}}`, model.Message{ID: "m", Kind: "template", Text: "[template]"}},
		{"draft", `{"id":"m","draft":true,"status":"accepted"}`, model.Message{ID: "m", Status: "draft"}},
		{"failed", `{"id":"m","status":"delivery_failed","reason":"mailbox full"}`, model.Message{ID: "m", Status: "delivery_failed: mailbox full"}},
		{"sender by identifier", `{"id":"m","sender":{"id":"1","type":"contact","contact":{"identifierKey":"phonenumber","identifierValue":"+31612345678"}}}`,
			model.Message{ID: "m", Author: "+31612345678", Incoming: true}},
		{"sender by type", `{"id":"m","sender":{"id":"0123456789","type":"flow"}}`, model.Message{ID: "m", Author: "flow"}},
		{"own key", `{"id":"m","sender":{"id":"key-1","type":"accessKey"}}`, model.Message{ID: "m", Author: "this access key"}},
	} {
		got, ok := convertMessage([]byte(tt.in), "key-1")
		tt.want.Offset = -1
		if d := cmp.Diff(tt.want, got); d != "" || !ok {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}

// FuzzConvert checks that convert never panics, and that every scalar of the input is in a field or a fact.
func FuzzConvert(f *testing.F) {
	f.Add(fixture(f, "update-response.json"))
	for _, s := range []string{
		`{"id":7,"name":5,"status":true,"visibility":["x"],"attributes":[1,"a"]}`,
		`{"id":"1","featuredParticipants":{"id":"p","contact":{"identifierKey":"k"}},"lastMessage":{"sender":"ann","recipients":["x",{"type":"cc"}]}}`,
		`{"id":"1","activeParticipantCount":2.5,"pendingParticipantCount":"3","createdAt":"yesterday","updatedAt":1700000000000}`,
		`{"id":"1","initiatingParticipant":{"identifierValue":"a","contact":{"identifierValue":"b","platformAddress":"c","x":{"y":1}}}}`,
		`{"id":"1","featuredParticipants":["lone",[1,2]],"lastMessage":{"preview":"text","recipients":[{"contactAnnotation":{"name":"N","more":"M"}}]}}`,
		`{"id":"1","attributes":{"o":{"a":["\u0041",null,true]}},"resource":{"type":"task"},"inbox":[1],"":"nameless"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, _ = convertMessage(in, "k")
		_, _ = convertContact(in)
		_, _ = convertChannel(in)
		_, _ = convertParticipants([]json.RawMessage{in, nil}, &providers.Facts{})
		_ = decodeError(409, in)
		c, _ := blank("a").convert(in, nil)
		if _, ok := providers.ParseObject(in); !ok {
			return
		}
		if v, ok := providertest.Decode(in); ok {
			providertest.MustShow(t, v, c, nil)
		}
	})
}

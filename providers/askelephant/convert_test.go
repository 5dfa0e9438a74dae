package askelephant

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func factLines(facts []model.Fact) string {
	var out []string
	for _, f := range facts {
		line := f.Group + " / " + f.Label + " = " + f.Value
		if f.Volatile {
			line += " (volatile)"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestConvertExample(t *testing.T) {
	got, err := blank("ae", "https://app.askelephant.ai/workspaces/wrks_1/engagements/").convert(fixture(t, "engagement.json"))
	if err != nil {
		t.Fatal(err)
	}
	ida := model.Participant{Kind: "contact", ID: "cnt_01AAA", Name: "Ida", Email: "ida@example.com"}
	no := false
	want := model.Conversation{
		Ref: model.Ref{Account: "ae", ID: "ngmt_01ABC"}, Provider: "askelephant", Kind: "call", Title: "Renewal call",
		Privacy: model.PrivacyUnknown, Status: "COMPLETED",
		Participants: model.SetOf(ida), ParticipantCount: 1, Contacts: model.SetOf(ida),
		Labels: map[string]string{"renewal": ""}, Owner: model.Participant{Kind: "user", ID: "usr_01XYZ"},
		Internal: &no, Duration: 30 * time.Minute,
		Created: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC), Updated: time.Date(2026, 4, 1, 10, 5, 0, 250e6, time.UTC),
		URL: "https://app.askelephant.ai/workspaces/wrks_1/engagements/ngmt_01ABC",
	}
	facts := factLines(got.Facts)
	got.Facts = nil
	if d := cmp.Diff(want, got.Conversation); d != "" {
		t.Errorf("conversation (-want +got):\n%s", d)
	}
	if want := "Times / Start = 2026-04-01T09:00:00Z\nTags / renewal id = tag-id-of-unknown-form"; facts != want {
		t.Errorf("facts: got %q, want %q", facts, want)
	}
}

func TestConvertEverything(t *testing.T) {
	got, err := blank("ae", "").convert(fixture(t, "everything.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Conversation
	if c.Privacy != model.PrivacyPrivate || c.Kind != "hologram" || c.Status != "PENDING_REVIEW" || !*c.Internal || !c.HasTranscript || !c.HasRecording || c.Owner.Email != "xena@corp.example" {
		t.Errorf("got %+v", c)
	}
	if len(c.Contacts.Items) != 1 || c.Contacts.Items[0].ID != "cnt_01AAA" || c.Contacts.Items[0].Email != "ida@example.com" {
		t.Errorf("contacts: got %+v, want cnt_01AAA alone", c.Contacts)
	}
	var kinds []string
	for _, p := range c.Participants.Items {
		kinds = append(kinds, p.Kind)
	}
	if s := strings.Join(kinds, " "); s != "contact room room user other other" {
		t.Errorf("kinds of participants: got %s", s)
	}
	if d := cmp.Diff([]model.Named{{ID: "cmp_01", Name: "Acme"}, {ID: "cmp_02"}}, c.Companies); d != "" {
		t.Errorf("companies (-want +got):\n%s", d)
	}
	facts := factLines(c.Facts)
	for _, line := range []string{
		"Owner / Host = usr_02HST", "Owner / role = OWNER", "Contacts / Ida Berg e-mail = old@example.com", "Contacts / Ida Berg.phone_numbers.1.phone_number = +4412345",
		"Companies / Acme.domains.1.domain = acme.com", "CRM / crm_object_id = 991", "Source / Source = zoom", "Times / End = 2026-04-01T09:30:00Z",
		"Links / Meeting = https://zoom.us/j/1?pwd=abc (volatile)", "Links / External = dialer://call/7", "Action items / To do 1 = Send the offer",
		"Signals / 1.quote = we may leave (volatile)", "Tags / renewal.color = red", "Other / novelty.inner.1 = leaf",
	} {
		if !strings.Contains(facts+"\n", line+"\n") {
			t.Errorf("no fact %q in\n%s", line, facts)
		}
	}
	all, _ := json.Marshal(c)
	if strings.Contains(string(all), "sig=secret") || strings.Contains(string(all), "Hello") {
		t.Errorf("the conversation contains the recording link or the transcript")
	}
}

func TestAbsentContactsAreUnknown(t *testing.T) {
	for in, known := range map[string]bool{
		`{"id":"ngmt_1"}`: false, `{"id":"ngmt_1","contacts":null}`: false, `{"id":"ngmt_1","contacts":[]}`: true,
	} {
		c, err := blank("a", "").convert([]byte(in))
		if err != nil || c.Contacts.Known != known || c.Participants.Known != known || c.Labels != nil || c.Companies != nil {
			t.Errorf("%s: got contacts %+v, error %v; want known %t", in, c.Contacts, err, known)
		}
	}
	for _, list := range []string{
		`{"data":[{"object":"contact","id":"cnt_1"}]}`, `[{"object":"contact","id":"cnt_2"},"cnt_1"]`, `"cnt_1"`, `[{"contact":{"id":"cnt_1"}}]`,
		`[{"object":"engagement_contact","id":"part_1","contact_id":"cnt_1"}]`, `[{"id":"cnt_ bad","first_name":"Odd"}]`, `[{}]`, `7`,
		`[null]`, `[{"id":"cnt_1"},null]`, `[{"object":"contact","id":7,"first_name":"Odd"}]`, `[{"id":null,"first_name":"Odd"}]`,
	} {
		if c, err := blank("a", "").convert([]byte(`{"id":"ngmt_1","contacts":` + list + `}`)); err != nil || c.Contacts.Known {
			t.Errorf("%s: got contacts %+v, error %v; want unknown, since a replacement would remove somebody", list, c.Contacts, err)
		}
	}
	for in, want := range map[string]model.Privacy{`true`: model.PrivacyPrivate, `false`: model.PrivacyPublic, `null`: model.PrivacyUnknown, `"x"`: model.PrivacyUnknown} {
		c, _ := blank("a", "").convert([]byte(`{"id":"ngmt_1","is_private":` + in + `}`))
		if c.Privacy != want {
			t.Errorf("%s: got privacy %s, want %s", in, c.Privacy, want)
		}
	}
	for _, raw := range []string{`null`, `[]`, `{}`, `{"id":null}`, ``, `"x"`} {
		if _, err := blank("a", "").convert([]byte(raw)); model.KindOf(err) != model.Malformed {
			t.Errorf("%s: got %v, want Malformed", raw, err)
		}
	}
}

func TestFormsOfPeople(t *testing.T) {
	for in, want := range map[string]model.Participant{
		`{"id":"cnt_1","name":"Ida Berg","email":"ida@x.example"}`:                                                      {Kind: "contact", ID: "cnt_1", Name: "Ida Berg", Email: "ida@x.example"},
		`{"object":"CALENDAR_RESOURCE","id":"cnt_1","name":"Room 4"}`:                                                   {Kind: "room", ID: "cnt_1", Name: "Room 4"},
		`{"object":"meeting_room","id":"mr_1","name":"Room 4"}`:                                                         {Kind: "room", ID: "mr_1", Name: "Room 4"},
		`{"id":"cnt_1","emails":[{"email":"a@x"},{"email":"b@x","is_primary":true},{"email":"c@x","is_primary":true}]}`: {Kind: "contact", ID: "cnt_1", Email: "b@x"},
	} {
		c, err := blank("a", "").convert([]byte(`{"id":"ngmt_1","contacts":[` + in + `]}`))
		if err != nil || len(c.Participants.Items) != 1 || c.Participants.Items[0] != want {
			t.Errorf("%s: got %+v, error %v; want %+v", in, c.Participants, err, want)
		}
		if facts := factLines(c.Facts); want.ID == "mr_1" && facts != "People / Room 4.object = meeting_room" {
			t.Errorf("%s: got the facts %s, want the object among the facts of people", in, facts)
		}
	}
	c, err := blank("a", "").convert([]byte(`{"id":"ngmt_1","companies":[{},{"domain":"x"}],"tags":[{},{"color":"red"},{"id":"t1"}]}`))
	if d := cmp.Diff(map[string]string{"t1": ""}, c.Labels); err != nil || d != "" || c.Companies == nil || len(c.Companies) > 0 {
		t.Errorf("without names and ids: got companies %v and labels %v, error %v; want none but t1", c.Companies, c.Labels, err)
	}
	c, err = blank("a", "").convert([]byte(`{"id":"ngmt_1","owner":{"object":"user","id":"usr_1","first_name":"Xena"}}`))
	if want := (model.Participant{Kind: "user", ID: "usr_1", Name: "Xena"}); err != nil || c.Owner != want || len(c.Facts) > 0 {
		t.Errorf("an owner without owner_user_id: got %+v with facts %s, error %v; want %+v", c.Owner, factLines(c.Facts), err, want)
	}
	c, err = blank("a", "").convert([]byte(`{"id":"ngmt_1","owner_user_id":"usr_1","owner":{"id":"usr_2","first_name":"Xena"}}`))
	if err != nil || c.Owner.ID != "usr_1" || factLines(c.Facts) != "Owner / id = usr_2" {
		t.Errorf("an owner of another id: got %+v with facts %s, error %v; want usr_1, and the other as a fact", c.Owner, factLines(c.Facts), err)
	}
}

func TestReadProblem(t *testing.T) {
	got := readProblem(422, []byte(`{"type":"https://app.askelephant.ai/errors/validation_failed","title":"Validation Failed","status":422,
 "detail":"Body has bad fields.","request_id":"rid_01ABC",
 "errors":[{"field":"contact_ids","code":"invalid_id","message":"unknown contact"}]}`))
	want := &model.Error{Message: "Validation Failed: Body has bad fields.", Code: "validation_failed", RequestID: "rid_01ABC",
		Fields: []model.FieldError{{Field: "contact_ids", Code: "invalid_id", Message: "unknown contact"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, body := range []string{`<html>`, ``, `[]`, `{"message":"x"}`, `"x"`} {
		if e := readProblem(500, []byte(body)); e != nil {
			t.Errorf("%s: got %+v, want nil", body, e)
		}
	}
}

func TestCredentialSchemes(t *testing.T) {
	for _, tc := range []struct{ secret, scheme, want string }{
		{"sk-apik_1.x", "auto", "sk-apik_1.x"}, {" token\n", "auto", "Bearer token"}, {"Bearer token", "auto", "Bearer token"},
		{"bearer sk-apik_1.x", "auto", "sk-apik_1.x"}, {"sk-apik_1.x", "bearer", "Bearer sk-apik_1.x"}, {"token", "raw", "token"}, {"Bearer token", "raw", "token"},
		{"", "auto", ""}, {"  ", "auto", ""}, {"Bearer ", "auto", ""},
	} {
		f := &providertest.Stub{Answers: providertest.Answers{}}
		p, err := Factory().Open(providers.Account{Name: "ae", Credential: providertest.Credential(tc.secret), Transport: f,
			Settings: map[string]string{"auth_scheme": tc.scheme}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Load(t.Context(), "e1", 0)
		got := ""
		if len(f.Sent) > 0 {
			got = f.Sent[0].Header.Get("Authorization")
		}
		if got != tc.want || (model.KindOf(err) == model.NoCredential) != (tc.want == "") {
			t.Errorf("secret %q, scheme %s: sent %q, error %v; want %q", tc.secret, tc.scheme, got, err, tc.want)
		}
	}
}

// spared are what has other words: truth values, and the names of kinds of objects.
var spared = []string{"true", "false", "engagement", "contact", "user", "tag", "company", "engagement_company"}

// FuzzConvert checks that nothing panics, that every text of the input is in a field or a fact, and that only cnt_ ids are contacts.
func FuzzConvert(f *testing.F) {
	f.Add(fixture(f, "engagement.json"))
	f.Add(fixture(f, "everything.json"))
	for _, s := range []string{
		`{"id":"ngmt_1","contacts":[1,"cnt_1",null,[],{"emails":"x@y"},{"emails":["a","b",{"email":{"c":"d"}}]}],"owner":"usr_1","tags":"t","companies":{"name":"n"}}`,
		`{"id":1,"title":["a"],"created_at":{"x":"y"},"updated_at":"soon","duration_seconds":"PT1H","is_private":"maybe","signals":"s","action_items":"a","crm_association":"c"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		c, err := blank("a", "https://x.test/").convert(raw)
		if err != nil {
			return
		}
		messages := providers.SplitTranscript(c.transcript)
		for _, p := range c.Contacts.Items {
			if !contactID.MatchString(p.ID) {
				t.Errorf("contact with another id than cnt_…: %+v", p)
			}
		}
		var v any
		if len(raw) > 6000 || json.Unmarshal(raw, &v) != nil || len(c.Facts) >= providers.MaxFacts {
			return
		}
		delete(v.(map[string]any), "media_url")
		delete(v.(map[string]any), "transcript")
		providertest.MustShow(t, v, c.Conversation, messages, spared...)
	})
}

func TestFieldsOfAnUnexpectedFormBecomeFacts(t *testing.T) {
	for _, name := range []string{"engagement.json", "everything.json"} {
		raw := fixture(t, name)
		rapid.Check(t, func(r *rapid.T) {
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(1, 4).Draw(r, "changes") {
				v = providertest.Disturb(r, v)
			}
			b, _ := json.Marshal(v)
			c, err := blank("a", "https://x.test/").convert(b)
			if err != nil {
				return
			}
			delete(v.(map[string]any), "media_url")
			delete(v.(map[string]any), "transcript")
			providertest.MustShow(r, v, c.Conversation, nil, spared...)
		})
	}
}

// blank returns an adapter without a client.
func blank(name, web string) *provider {
	return &provider{Adapter: &providers.Adapter{Service: service, Account: providers.Account{Name: name}, Web: web}}
}

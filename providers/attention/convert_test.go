package attention

import (
	"encoding/json"
	"fmt"
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

// The example is from the vendor's page on changing privacy.
func TestConvertVendorExample(t *testing.T) {
	got, err := blank("sales", webPages).convert(fixture(t, "conversation.json"), directory{
		"team-uuid-789": {Name: "West"}, "user-uuid-456": {Name: "Uma", Email: "uma@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := model.Conversation{
		Ref: model.Ref{Account: "sales", ID: "conv-uuid-123"}, Provider: "attention", Kind: "call",
		Title: "Q1 Deal Review - Acme Corp", Privacy: model.PrivacyPublic, Status: "completed",
		Participants: model.SetOf(
			model.Participant{Kind: "person", ID: "part-uuid-1", Name: "Jane Smith", Email: "jane@example.com", Role: "organizer", Status: "accepted"},
			model.Participant{Kind: "person", ID: "part-uuid-2", Name: "John Doe", Email: "john@customer.com", Status: "accepted"}),
		ParticipantCount: 2,
		Labels:           map[string]string{},
		Owner:            model.Participant{Kind: "user", ID: "user-uuid-456", Name: "Uma", Email: "uma@example.com"},
		Team:             model.Named{ID: "team-uuid-789", Name: "West"},
		Internal:         &no,
		Duration:         45 * time.Minute,
		HasRecording:     true, HasTranscript: true,
		Created: time.Date(2024, 3, 18, 10, 0, 0, 0, time.UTC), Updated: time.Date(2024, 3, 18, 10, 45, 0, 0, time.UTC),
		URL: "https://app.attention.tech/conversations/all-calls/conv-uuid-123",
	}
	facts := factLines(got.Facts)
	got.Facts = nil
	if d := cmp.Diff(want, got.Conversation); d != "" {
		t.Errorf("conversation (-want +got):\n%s", d)
	}
	for _, line := range []string{
		"Raw / Video status = ready", "Raw / Media storage status = ready", "Raw / Crm export status = exported", "Raw / Import status = completed",
		"Raw / Referenceable = yes", "Recording / Video id = vid-uid-abc", "CRM / Deal = deal-uuid-xyz", "CRM / Linked = Account 001ABC123",
		"CRM / Account = Account 001ACC456", "CRM / Contact = Contact 003CON789", "Opportunity / Title = Enterprise Deal - Acme Corp",
		"Opportunity / External intelligence id = opp-ext-123", "Bots / Bot 1 = completed", "Bots / Bot 1 uuid = bot-uuid-1", "Bots / Bot 1 says = Recording uploaded",
		"Boards / Board = Sales Playbook", "Talk tracks / Talk track 1 item 1 = done",
		"Scorecards / Sales Discovery Scorecard = 85 (0 to 100)", "Scorecards / Sales Discovery Scorecard: summary = Good performance",
		"Raw / Attended = Jane Smith", "Raw / API.self = /v2/conversations/conv-uuid-123",
	} {
		if !strings.Contains(facts+"\n", line+"\n") {
			t.Errorf("no fact %q in\n%s", line, facts)
		}
	}
	if strings.Contains(facts, "Other /") || strings.Contains(facts, "organizer") {
		t.Errorf("a documented field is in the group Other, or who called the meeting is told twice:\n%s", facts)
	}
}

func TestConvertLiveShapes(t *testing.T) {
	got, err := blank("a", "").convert(fixture(t, "live.json"), directory{})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Conversation
	if c.Title != "" || c.Privacy != model.PrivacyPrivate || c.Status != "IMPORTING" || c.Empty || c.URL != "" || c.Duration != 61500*time.Millisecond {
		t.Errorf("got %+v", c)
	}
	if !c.Updated.Equal(c.Created) || c.Owner.Name != "Ann Lee" || c.Owner.ID != "user-1" || !c.HasRecording || !c.HasTranscript {
		t.Errorf("got %+v", c)
	}
	if d := cmp.Diff(map[string]string{"Outcome": "Won", "Score": "5", "Tags": `["a","b"]`}, c.Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
	if p := c.Participants; !p.Known || len(p.Items) != 1 || p.Items[0].Email != "bob@example.org" {
		t.Errorf("participants: got %+v, want bob@example.org", p)
	}
	facts := factLines(c.Facts)
	for _, line := range []string{
		"Intelligence / Budget (confirmed) = 100k", "Intelligence / Budget (as extracted) = maybe", `Intelligence / Call Summary = ["x","y"]`,
		"Scorecards / Discovery: Pain = 3 (0 to 5)", "Scorecards / Discovery: Pain evidence = he said: we lose money (volatile)",
		"Links / Zoom meeting join url = https://zoom.us/j/1?pwd=s3cr3t (volatile)", "Other / brandNew.nested.1.deep = leaf",
		"Other / brandNew.link = https://s3.example.com/a?X-Amz-Signature=abc (volatile)", "Owner / seatType = recording", "People / bob@example.org.type = external",
	} {
		if !strings.Contains(facts+"\n", line+"\n") {
			t.Errorf("no fact %q in\n%s", line, facts)
		}
	}
	if strings.Contains(facts, "Hello") {
		t.Errorf("a fact quotes the transcript")
	}
}

func TestAbsentFieldsAreUnknown(t *testing.T) {
	got, err := blank("a", "").convert([]byte(`{"id":"1","attributes":{}}`), directory{})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Conversation
	if c.Privacy != model.PrivacyUnknown || c.Participants.Known || c.Labels != nil || c.ParticipantCount != -1 || c.Internal != nil || c.Owner != (model.Participant{}) {
		t.Errorf("empty resource: got %+v, want everything unknown", c)
	}
	for _, raw := range []string{`null`, `[]`, `"x"`, `{}`, `{"data":null}`, `{"attributes":{}}`, ``, `{"id":{}}`,
		`{"id":"1","attributes":null}`, `{"id":"1","title":"t"}`} {
		if _, err := blank("a", "").convert([]byte(raw), directory{}); model.KindOf(err) != model.Malformed {
			t.Errorf("%s: got %v, want Malformed", raw, err)
		}
	}
}

func TestFormsOfAResource(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":"1","attributes":{"title":"t"},"more":"m"}`: "", `{"id":"1","attributes":{"title":"t"},"data":{},"more":"m"}`: "",
		`{"data":{"id":"1","attributes":{"title":"t"}},"more":"m"}`: `{"id":"1","attributes":{"title":"t"}}`,
	} {
		c, err := blank("a", "").convert([]byte(in), directory{})
		if want == "" {
			want = in
		}
		if err != nil || c.Title != "t" || factLines(c.Facts) != "Other / more = m" || string(c.raw) != want {
			t.Errorf("%s: got %+v, raw %s, error %v", in, c.Conversation, c.raw, err)
		}
	}
}

func TestAnInsightThatWasConfirmedAsItIsStandsOnce(t *testing.T) {
	same := `{"k":{"key":"k","title":"Budget","value":"100k"}}`
	c, err := blank("a", "").convert([]byte(`{"id":"1","attributes":{"extractedIntelligence":`+same+`,"confirmedExtractedIntelligence":`+same+`}}`), directory{})
	if facts := factLines(c.Facts); err != nil || strings.Count(facts, "100k") != 1 || !strings.Contains(facts, "Budget (confirmed)") {
		t.Errorf("got %s, error %v", facts, err)
	}
}

func TestScores(t *testing.T) {
	for in, want := range map[string]string{
		`{"score":7,"min":0,"max":10}`: "7 (0 to 10)", `{"score":7}`: "7", `{"score":0,"min":0,"max":5}`: "0 (0 to 5)", `{"min":0,"max":5}`: "no score",
	} {
		o, _ := providers.ParseObject([]byte(in))
		if got := score(o, "score"); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestStatusWord(t *testing.T) {
	for want, words := range map[string]map[string]string{
		"Failed":    {"transcriptStatus": "completed", "importStatus": "Failed"},
		"pending":   {"transcriptStatus": "completed", "videoStatus": "pending"},
		"completed": {"transcriptStatus": "completed", "importStatus": "FINISHED", "crmExportStatus": "failed"},
		"weird":     {"transcriptStatus": "", "importStatus": "none", "videoStatus": "weird"},
		"":          {"importStatus": "NONE"},
	} {
		if got := chosen(t, words); got != want {
			t.Errorf("%v: got %q, want %q", words, got, want)
		}
	}
}

func TestTranscripts(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"text", `"Ada: Hi\nBob: Ho"`, "Ada|-1ns|Hi;Bob|-1ns|Ho"},
		{"segments", `[{"speaker":{"name":"Ada","email":"a@x"},"words":[{"text":"Good ","startTimestamp":0.4},{"text":"morning.","startTimestamp":0.7}]},
			{"speaker":{"name":"Ada"},"words":[{"text":"Yes","startTimestamp":2},{"text":"yes"}]},{"speaker":{"name":null,"email":"b@x"},"words":[{"text":"Ho","startTimestamp":3}]},
			{"speaker":null,"words":[{"text":"?"}]},{"speaker":{"name":"Z"},"words":null}]`, "Ada|400ms|Good morning. Yes yes;b@x|3s|Ho;Unknown|-1ns|?"},
		{"final", `{"final":[{"speaker":"A","sentence":"One","startTimestamp":1},{"speaker":"A","sentence":"two"}],"pieceInFlux":"x"}`, "A|1s|One two"},
		{"v2", `{"v1":{"final":[{"speaker":"A","sentence":"old"}]},"v2":{"final":[{"speaker":"A","words":[{"text":"new"}]}]}}`, "A|-1ns|new"},
		{"v1", `{"v1":{"final":[{"speaker":"A","sentence":"old"}]},"v2":{"final":null}}`, "A|-1ns|old"},
		{"none", `{}`, ""}, {"null", `null`, ""}, {"absent", ``, ""}, {"number", `7`, ""}, {"bool", `true`, ""}, {"empty", `""`, ""},
		{"texts", `["one","two"]`, "Unknown|-1ns|one two"},
	} {
		var got []string
		for _, m := range readTranscript(json.RawMessage(tc.in)) {
			got = append(got, fmt.Sprintf("%s|%s|%s", m.Author, m.Offset, m.Text))
		}
		if s := strings.Join(got, ";"); s != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, s, tc.want)
		}
	}
}

// spared are what has other words: truth values, and the name of the kind of object.
var spared = []string{"true", "false", "conversations"}

// FuzzConvert checks that nothing panics, and that every scalar of the input is in a field or a fact.
func FuzzConvert(f *testing.F) {
	f.Add(fixture(f, "conversation.json"))
	f.Add(fixture(f, "live.json"))
	for _, s := range []string{
		`{"id":"1","attributes":{"title":{"a":1},"private":"maybe","createdAt":"soon","mediaDuration":-1,"labels":[1],"participants":"x","attendees":[3]}}`,
		`{"id":"1","uuid":"2","title":"flat","transcript":[{"speaker":7}],"user":[],"bots":[[]],"boards":{"board":"b"},"talktracks":[{"items":{"done":"x"}}]}`,
		`{"data":{"id":"1","attributes":{"uuid":"u"},"x":1},"meta":{"y":"z"}}`,
		`{"id":"1","attributes":{"extractedIntelligence":{"a":"b","c":{"value":{"d":"e"},"key":"f"}},"confirmedExtractedIntelligence":[1],"scorecardResults":[{"summary":[],"items":["q"]}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		c, err := blank("a", webPages).convert(raw, directory{})
		if err != nil {
			return
		}
		messages := readTranscript(c.transcript)
		var v any
		if len(raw) > 6000 || json.Unmarshal(raw, &v) != nil || len(c.Facts) >= providers.MaxFacts {
			return
		}
		dropTranscript(v)
		providertest.MustShow(t, v, c.Conversation, messages, spared...)
	})
}

// dropTranscript removes what becomes messages rather than facts.
func dropTranscript(v any) {
	if m, ok := v.(map[string]any); ok {
		delete(m, "transcript")
		dropTranscript(m["data"])
		dropTranscript(m["attributes"])
	}
}

func TestFieldsOfAnUnexpectedFormBecomeFacts(t *testing.T) {
	for _, name := range []string{"conversation.json", "live.json"} {
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
			c, err := blank("a", "https://x.test/").convert(b, directory{})
			if err != nil {
				return
			}
			dropTranscript(v)
			providertest.MustShow(r, v, c.Conversation, nil, spared...)
		})
	}
}

// blank returns an adapter without a client.
func blank(name, web string) *provider {
	return &provider{Adapter: &providers.Adapter{Service: service, Account: providers.Account{Name: name}, Web: web}}
}

// chosen returns the status of a call with these words.
func chosen(t *testing.T, words map[string]string) string {
	t.Helper()
	raw, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := providers.ObjectOf(raw)
	var c model.Conversation
	statuses(&c, o, &providers.Facts{})
	return c.Status
}

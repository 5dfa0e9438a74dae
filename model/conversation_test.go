package model_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
)

// mergeRow merges a row of a list into a known conversation.
func mergeRow(older, newer model.Conversation) model.Conversation {
	return model.MergeReading(older, newer, model.ReadRow)
}

func TestMergeReadingKeepsWhatARowLeavesOut(t *testing.T) {
	internal := true
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	older := model.Conversation{
		Title: "old", Participants: model.SetOf(ann, bob), ParticipantCount: 2, Contacts: model.SetOf(buyer), Labels: map[string]string{"a": "1"},
		Attributes: map[string]string{"b": "2"}, Owner: ann, Team: model.Named{ID: "t", Name: "Team"}, Space: model.Named{ID: "s", Name: "Space"}, Channel: model.Named{ID: "c", Name: "Channel"},
		Companies: []model.Named{{ID: "co"}}, Internal: &internal, Created: at, Updated: at, Preview: "hello", URL: "https://x", Facts: []model.Fact{{Label: "l"}},
		HasMessages: true, HasRecording: true, HasTranscript: true, Featured: []model.Participant{ann},
	}
	got := mergeRow(older, model.Conversation{Title: "new", ParticipantCount: -1, Closed: true})
	want := older.Clone()
	want.Title, want.Closed = "new", true
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("merging a bare row into a full conversation (-want +got): %s", d)
	}

	newer := model.Conversation{
		Title: "new", Participants: model.SetOf[model.Participant](), Contacts: model.SetOf[model.Participant](), Labels: map[string]string{}, Attributes: map[string]string{},
		Owner: bob, Team: model.Named{ID: "t2"}, Space: model.Named{ID: "s"}, Companies: []model.Named{}, Facts: []model.Fact{}, Updated: at.Add(time.Hour),
	}
	got = mergeRow(older, newer)
	if !got.Participants.Known || len(got.Participants.Items) != 0 || !got.Contacts.Known || len(got.Contacts.Items) != 0 || len(got.Labels) != 0 || len(got.Attributes) != 0 ||
		len(got.Companies) != 0 || len(got.Facts) != 0 {
		t.Errorf("a known empty set was taken for one that is not loaded: %+v", got)
	}
	if got.Owner != bob || got.Team != (model.Named{ID: "t2"}) || got.Space != (model.Named{ID: "s", Name: "Space"}) || !got.Updated.Equal(at.Add(time.Hour)) {
		t.Errorf("owner, team, space or update time is wrong: %+v", got)
	}
	if got := mergeRow(older, model.Conversation{Owner: model.Participant{Kind: "user", ID: ann.ID}}); got.Owner.Name != ann.Name || got.Owner.Email != ann.Email {
		t.Errorf("the owner lost name or address: %+v", got.Owner)
	}
}

func TestMergeReadingIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genConversation().Draw(t, "older"), genConversation().Draw(t, "newer")
		once := mergeRow(a, b)
		if d := cmp.Diff(once, mergeRow(once, b)); d != "" {
			t.Errorf("merging the same reading again changed: %s", d)
		}
		if d := cmp.Diff(a, mergeRow(a, a)); d != "" {
			t.Errorf("merging a conversation into itself changed: %s", d)
		}
		if (a.Participants.Known || b.Participants.Known) != once.Participants.Known {
			t.Error("a loaded set was lost or invented")
		}
	})
}

func TestVolatileFactsAreNotStored(t *testing.T) {
	c := model.Conversation{Facts: []model.Fact{{Label: "link", Volatile: true}, {Label: "score", Value: "3"}, {Label: "quote", Volatile: true}}}
	c.Preview = strings.Repeat("é", 300)
	got := c.Stored()
	if n := len([]rune(got.Preview)); n != 200 || !strings.HasSuffix(got.Preview, "é…") || got.Stored().Preview != got.Preview {
		t.Errorf("%d characters of a message are stored, want 200, and as many when stored again: %q", n, got.Preview)
	}
	if !slices.Equal(got.Facts, []model.Fact{{Label: "score", Value: "3"}}) {
		t.Errorf("got %+v, want only the score", got.Facts)
	}
	if len(c.Facts) != 3 || !c.Facts[0].Volatile {
		t.Errorf("Stored changed the original: %+v", c.Facts)
	}
}

func TestCloneIsDeep(t *testing.T) {
	internal := true
	c := model.Conversation{Participants: model.SetOf(ann), Contacts: model.SetOf(buyer), Featured: []model.Participant{bob}, Labels: map[string]string{"a": "1"},
		Attributes: map[string]string{"a": "1"}, Companies: []model.Named{{ID: "1"}}, Facts: []model.Fact{{Label: "x"}}, Internal: &internal}
	d := c.Clone()
	d.Participants.Items[0].Name, d.Contacts.Items[0].Name, d.Featured[0].Name = "x", "x", "x"
	d.Labels["a"], d.Attributes["a"], d.Companies[0].ID, d.Facts[0].Label, *d.Internal = "x", "x", "x", "y", false
	if c.Participants.Items[0] != ann || c.Contacts.Items[0] != buyer || c.Featured[0] != bob || c.Labels["a"] != "1" || c.Attributes["a"] != "1" ||
		c.Companies[0].ID != "1" || c.Facts[0].Label != "x" || !*c.Internal {
		t.Errorf("changing the clone changed the original: %+v", c)
	}
	// Every field whose content can be shared needs a line in Clone and one in this test.
	shared := 0
	for f := range reflect.TypeFor[model.Conversation]().Fields() {
		switch f.Type.Kind() {
		case reflect.Slice, reflect.Map, reflect.Pointer:
			shared++
		}
	}
	if shared != 6 {
		t.Errorf("%d slices, maps and pointers apart from the sets; this test covers 6", shared)
	}
	if e := (model.Conversation{}).Clone(); e.Labels != nil || e.Participants.Items != nil || e.Facts != nil {
		t.Errorf("cloning made empty sets of sets that are not loaded: %+v", e)
	}
}

func TestDisplay(t *testing.T) {
	for _, c := range []struct {
		p    model.Participant
		want string
	}{
		{model.Participant{Name: "Ann", Email: "a@x", ID: "1"}, "Ann"},
		{model.Participant{Email: "a@x", ID: "1"}, "a@x"},
		{model.Participant{Identifier: "emailaddress=a@x", ID: "1"}, "a@x"},
		{model.Participant{Identifier: "odd"}, "odd"},
		{model.Participant{Kind: "user", ID: "12"}, "user #12"},
		{model.Participant{Kind: "bot"}, "bot"},
	} {
		if got := c.p.Display(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.p, got, c.want)
		}
	}
}

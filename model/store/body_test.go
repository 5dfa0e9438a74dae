package store

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
)

var bodyRef = model.Ref{Account: "sales", ID: "1"}

// fill gives every field of a value a distinct value.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, 0, *n, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{fmt.Sprint("key ", *n): fmt.Sprint("value ", *n)}))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" { // "-" marks what is never stored
				fill(v.Field(i), n)
			}
		}
	default:
		panic(fmt.Sprintf("fill can't set a field of the kind %s", v.Kind()))
	}
}

// A field that is added to model.Conversation must be added to the body, too.
func TestBodyHoldsEveryField(t *testing.T) {
	var c model.Conversation
	n := 0
	fill(reflect.ValueOf(&c).Elem(), &n)
	c.Ref = bodyRef
	got, err := readBody(appendBody(nil, &c), bodyRef)
	if err != nil {
		t.Fatalf("reading the body: error %v, want none", err)
	}
	if d := cmp.Diff(c, got); d != "" {
		t.Errorf("a conversation with every field set, before (-) and after (+) it was packed and read:\n%s", d)
	}
}

func genText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(slices.Concat([]string{"", "x", "Ann", "6f1c2d3e-0000-4000-8000-0123456789ab",
		"6F1C2D3E-0000-4000-8000-0123456789AB"}, words[:8])),
		rapid.String())
}

func genPeople(t *rapid.T, name string) []model.Participant {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Participant {
		text := func(name string) string { return genText().Draw(t, name) }
		return model.Participant{Kind: text("kind"), ID: text("id"), Name: text("name"), Email: text("email"), Identifier: text("identifier"),
			Role: text("role"), Status: text("status")}
	}), 0, 3).Draw(t, name)
}

func genConversation(t *rapid.T) model.Conversation {
	text := func(name string) string { return genText().Draw(t, name) }
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	at := func(name string) time.Time {
		return rapid.SampledFrom([]time.Time{{}, time.Date(2026, 11, 20, 9, 0, 0, 123456789, time.UTC), time.Date(1969, 1, 1, 0, 0, 0, 5, time.UTC),
			time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)}).Draw(t, name)
	}
	texts := func(name string) map[string]string {
		return rapid.SampledFrom([]map[string]string{nil, {}, {"stage": "won", "": "x"}}).Draw(t, name)
	}
	c := model.Conversation{Ref: bodyRef, Provider: text("provider"), Kind: text("kind"), Title: text("title"), Description: text("description"),
		Privacy: model.Privacy(text("privacy")), Status: text("status"), Closed: yes("closed"), Archived: yes("archived"), Access: text("access"),
		DefaultRole: text("default role"), ParticipantCount: rapid.IntRange(-1, 3).Draw(t, "count"), Featured: genPeople(t, "featured"),
		Owner: append(genPeople(t, "owner"), model.Participant{})[0], Team: model.Named{ID: text("team")}, Space: model.Named{Name: text("space")},
		Labels: texts("labels"), Attributes: texts("attributes"),
		Empty: yes("empty"), Duration: time.Duration(rapid.Int64().Draw(t, "duration")), HasMessages: yes("messages"), HasRecording: yes("recording"),
		HasTranscript: yes("transcript"), Created: at("created"), Updated: at("updated"), Preview: text("preview"), LastMessage: text("last"),
		URL: text("url"), ETag: text("tag")}
	if yes("participants known") {
		c.Participants = model.SetOf(genPeople(t, "participants")...)
	}
	if yes("contacts known") {
		c.Contacts = model.SetOf(genPeople(t, "contacts")...)
	}
	if yes("internal known") {
		internal := yes("internal")
		c.Internal = &internal
	}
	for range rapid.IntRange(0, 2).Draw(t, "companies") {
		c.Companies = append(c.Companies, model.Named{ID: text("company"), Name: text("company name")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "facts") {
		c.Facts = append(c.Facts, model.Fact{Group: text("group"), Label: text("label"), Value: text("value"), Volatile: yes("volatile")})
	}
	return c
}

// A body decodes to the same value as the JSON of versions 1 to 4, which can still be read.
func TestBodyRoundTripEqualsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genConversation(t).Stored()
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("encoding as JSON: error %v, want none", err)
		}
		old, err := readBody(raw, bodyRef)
		if err != nil {
			t.Fatalf("reading the body: error %v, want none", err)
		}
		packed := appendBody(nil, &c)
		got, err := readBody(packed, bodyRef)
		if err != nil {
			t.Fatalf("reading the body: error %v, want none", err)
		}
		if d := cmp.Diff(old, got); d != "" {
			t.Fatalf("a body read from JSON (-) and from the packed form (+) differs:\n%s", d)
		}
		if again := appendBody(nil, &got); string(again) != string(packed) {
			t.Fatalf("packing a body that was read gives %q, want the same %q again", again, packed)
		}
	})
}

// A walk over rows that have not changed writes nothing because of this.
func TestMergingAReadingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kept, c := genConversation(t).Stored(), genConversation(t)
		r := rapid.SampledFrom([]model.Reading{model.ReadRow, model.ReadWhole, model.ReadWhole | model.ReadMessages,
			model.ReadWhole | model.ReadMessages | model.ReadEverything}).Draw(t, "reading")
		once := overlay(kept, c, r).Stored()
		once, err := readBody(appendBody(nil, &once), bodyRef)
		if err != nil {
			t.Fatalf("reading the body: error %v, want none", err)
		}
		twice := overlay(once, c, r).Stored()
		if d := cmp.Diff(appendBody(nil, &once), appendBody(nil, &twice)); d != "" {
			a, _ := readBody(appendBody(nil, &twice), bodyRef)
			t.Fatalf("a conversation after a reading was merged once (-) and twice (+) differs:\n%s", cmp.Diff(once, a))
		}
	})
}

// A damaged body is an error and nothing worse.
func FuzzReadBody(f *testing.F) {
	n := 0
	var c model.Conversation
	fill(reflect.ValueOf(&c).Elem(), &n)
	f.Add(appendBody(nil, &c))
	f.Add([]byte{})
	f.Add([]byte(`{"title":"as before"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := readBody(raw, bodyRef)
		if err != nil || len(raw) == 0 || raw[0] != bodyVersion {
			return
		}
		again, err := readBody(appendBody(nil, &c), bodyRef)
		if d := cmp.Diff(c, again); d != "" || err != nil {
			t.Errorf("packing and reading a body again: error %v, want none; first reading (-), second (+):\n%s", err, d)
		}
	})
}

// testdata/body/version1 is a body as this version first packed it, beside the JSON of its
// content. Fields and words keep their numbers, so it stays readable. New fields are not
// added to it.
func TestReadBodyReadsTheFirstPackedFormat(t *testing.T) {
	packed, err := os.ReadFile("testdata/body/version1")
	if err != nil {
		t.Fatalf("reading the file: error %v, want none", err)
	}
	raw, err := os.ReadFile("testdata/body/version1.json")
	if err != nil {
		t.Fatalf("reading the file: error %v, want none", err)
	}
	var want model.Conversation
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatalf("decoding the JSON: error %v, want none", err)
	}
	want.Ref = bodyRef
	got, err := readBody(packed, bodyRef)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("reading testdata/body/version1: error %v, want none; content (-want +got):\n%s", err, d)
	}
}

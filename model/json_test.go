package model_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"confab/model"
)

func TestStampHasThreeDigits(t *testing.T) {
	for want, at := range map[string]time.Time{
		`null`:                       {},
		`"2026-01-31T08:00:00.000Z"`: time.Date(2026, 1, 31, 9, 0, 0, 0, time.FixedZone("", 3600)),
		`"2026-01-31T08:00:00.123Z"`: time.Date(2026, 1, 31, 8, 0, 0, 123_999_999, time.UTC),
	} {
		got, err := json.Marshal(model.Stamp(at))
		if err != nil || string(got) != want {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
}

func TestRowJSONHasEveryKey(t *testing.T) {
	ref := model.Ref{Account: "a", ID: "1"}
	empty := `{"ref":"a:1","account":"a","provider":"","id":"1","kind":null,"title":"","description":null,"privacy":"unknown","status":null,` +
		`"archived":false,"access":null,"default_role":null,"participants":null,"contacts":null,"labels":null,"attributes":null,"owner":null,` +
		`"team":null,"space":null,"channel":null,"companies":null,"duration":null,"created":null,"updated":null,"checked":null,"url":null,` +
		`"triage":{"done":false,"snoozed":null,"pinned":false,"seen":false},"pending":[],"capabilities":null}`
	full := `{"ref":"a:1","account":"a","provider":"kona","id":"1","kind":"call","title":"T","description":null,"privacy":"unknown","status":null,` +
		`"archived":false,"access":null,"default_role":null,"participants":[{"kind":"user","id":"2","name":null,"email":null,"identifier":null,"role":null,"status":null}],` +
		`"contacts":[],"labels":null,"attributes":null,"owner":{"kind":"user","id":"3","name":"Ann","email":null,"identifier":null,"role":null,"status":null},` +
		`"team":{"id":"t","name":null},"space":{"id":"s","name":"Roofs"},"channel":{"id":null,"name":"Mail"},"companies":["Acme","c2"],"duration":90.5,` +
		`"created":"1970-01-01T00:00:01.000Z","updated":"1970-01-01T00:00:02.000Z","checked":"1970-01-01T00:00:03.000Z","url":null,` +
		`"triage":{"done":false,"snoozed":"1970-01-01T00:00:04.000Z","pinned":false,"seen":false},"pending":[],"capabilities":null}`
	for want, row := range map[string]model.Row{
		empty: {Conversation: model.Conversation{Ref: ref}},
		full: {Checked: time.Unix(3, 0), Triage: model.Triage{SnoozedUntil: time.Unix(4, 0)}, Conversation: model.Conversation{
			Ref: ref, Provider: model.Kona, Kind: "call", Title: "T", Participants: model.SetOf(model.Participant{Kind: "user", ID: "2"}),
			Contacts: model.SetOf[model.Participant](), Owner: model.Participant{Kind: "user", ID: "3", Name: "Ann"},
			Team: model.Named{ID: "t"}, Space: model.Named{ID: "s", Name: "Roofs"}, Channel: model.Named{Name: "Mail"},
			Companies: []model.Named{{ID: "c1", Name: "Acme"}, {ID: "c2"}}, Duration: 90*time.Second + 500*time.Millisecond,
			Created: time.Unix(1, 0), Updated: time.Unix(2, 0),
		}},
	} {
		got, err := json.Marshal(model.NewRowJSON(row, nil))
		if err != nil || string(got) != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	}
}

// An encoder that leaves & < > as they are finds them so in every part of a row and of an edit.
func TestJSONEscapesNothingByItself(t *testing.T) {
	const name = "Müller & Söhne <dev>"
	c := model.Conversation{Title: name, Owner: model.Participant{Name: name}, Team: model.Named{Name: name}, Companies: []model.Named{{Name: name}},
		Participants: model.SetOf(model.Participant{Name: name}), Contacts: model.SetOf(model.Participant{Name: name})}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(model.NewRowJSON(model.Row{Conversation: c}, nil)); err != nil || strings.Count(out.String(), name) != 6 {
		t.Errorf("error %v, want none; want %q six times in %s", err, name, &out)
	}
	out.Reset()
	people := model.PeopleValue([]model.Participant{{Name: name}})
	edit := model.OutboxEntry{Edit: model.Edit{Base: model.TextValue(name), Target: people}}
	if err := e.Encode(model.NewEditJSON(edit)); err != nil || strings.Count(out.String(), name) != 2 {
		t.Errorf("error %v, want none; want %q twice in %s", err, name, &out)
	}
}

func TestEditJSONHasEveryKey(t *testing.T) {
	status := 403
	entry := model.OutboxEntry{Edit: model.Edit{ID: "e", Submission: "s", Ref: model.Ref{Account: "a", ID: "1"}, Kind: model.EditTitle,
		Base: model.TextValue("was"), Target: model.TextValue("will be")}, State: model.Refused,
		Error: &model.EntryError{Kind: model.Forbidden, Status: &status, Message: "no"}}
	want := `{"id":"e","submission":"s","ref":"a:1","kind":"title","key":null,"state":"refused","base":"was","target":"will be","theirs":null,` +
		`"error":{"kind":"forbidden","status":403,"message":"no","code":null,"request_id":null,"existing":null},"next_try":null}`
	if got, err := json.Marshal(model.NewEditJSON(entry)); err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	want = `{"id":"e","submission":"s","ref":"a:1","kind":"title","key":null,"state":"done","base":"was","target":"will be","theirs":null,` +
		`"error":null,"next_try":null,"before":"was","after":"is","at":"1970-01-01T00:00:01.000Z","user":null,"undone":null}`
	j := model.JournalEntry{Edit: entry.Edit, Before: model.TextValue("was"), After: model.TextValue("is"), At: time.Unix(1, 0), State: model.Done}
	if got, err := json.Marshal(model.NewHistoryJSON(j)); err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

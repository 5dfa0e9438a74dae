package model_test

import (
	"slices"
	"testing"
	"time"

	"confab/model"
)

func TestSentence(t *testing.T) {
	ann := model.Participant{Kind: "user", ID: "1", Name: "Ann", Role: model.RoleViewer}
	editor := ann
	editor.Role = model.RoleEditor
	bob := model.Participant{Kind: "user", ID: "2", Name: "Bob"}
	on := func(id, title string, kind model.EditKind, base, target model.Value) model.OutboxEntry {
		return model.OutboxEntry{Title: title, Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: id}, Kind: kind, Base: base, Target: target}}
	}
	text, people := model.TextValue, func(p ...model.Participant) model.Value { return model.PeopleValue(p) }
	private := func(id string) model.OutboxEntry {
		return on(id, "Call "+id, model.EditPrivacy, text("public"), text("private"))
	}
	label, cleared := on("1", "Call", model.EditLabels, text("x"), model.Value{}), on("1", "Call", model.EditLabels, text("x"), text(""))
	label.Key, cleared.Key = "Stage", "Stage"
	for want, edits := range map[string][]model.OutboxEntry{
		"made “Call 1” private":                     {private("1")},
		"made 3 private":                            {private("1"), private("2"), private("3")},
		"renamed “Renewal” → “Acme renewal”":        {on("1", "Renewal", model.EditTitle, text("Renewal"), text("Acme renewal"))},
		"renamed 2 to “Same”":                       {on("1", "a", model.EditTitle, text("a"), text("Same")), on("2", "b", model.EditTitle, text("b"), text("Same"))},
		"renamed 2":                                 {on("1", "a", model.EditTitle, text("a"), text("x")), on("2", "b", model.EditTitle, text("b"), text("y"))},
		"closed “Call”":                             {on("1", "Call", model.EditStatus, text("open"), text("closed"))},
		"archived 2":                                {on("1", "a", model.EditArchive, text("present"), text("archived")), on("2", "b", model.EditArchive, text("present"), text("archived"))},
		"made Ann an editor in “Call”":              {on("1", "Call", model.EditParticipants, people(ann), people(editor))},
		"made Ann an editor in 2":                   {on("1", "a", model.EditParticipants, people(ann), people(editor)), on("2", "b", model.EditParticipants, people(ann, bob), people(editor, bob))},
		"added Ann (viewer), removed Bob in “Call”": {on("1", "Call", model.EditParticipants, people(bob), people(ann))},
		"removed Bob from the contacts of “Call”":   {on("1", "Call", model.EditContacts, people(bob), people())},
		"changed the people of “Call”": {on("1", "Call", model.EditParticipants, people(),
			people(ann, bob, model.Participant{Name: "Cy"}, model.Participant{Name: "Di"}))},
		"changed the privacy, title, people and more of “Call 1”": {private("1"), on("1", "Call 1", model.EditTitle, text("a"), text("x")),
			on("1", "Call 1", model.EditParticipants, people(), people(bob)), on("1", "Call 1", model.EditStatus, text("open"), text("closed"))},
		"removed the label Stage from “Call”":        {label},
		"cleared the label Stage of “Call”":          {cleared},
		"made “Call 1” private, renamed it to “New”": {private("1"), on("1", "Call 1", model.EditTitle, text("Call 1"), text("New"))},
		"changed the privacy and title of 2":         {private("1"), on("1", "a", model.EditTitle, text("a"), text("x")), private("2")},
		"created “Lift”": {{Title: "Lift", Edit: model.Edit{ID: "e1", Ref: model.Ref{Account: "projects"}, Kind: model.EditCreate,
			Target: model.Value{New: &model.NewConversation{Title: "Lift"}}}}},
	} {
		if got := model.Sentence(edits); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEnding(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format("15:04")
	}
	for want, s := range map[string]model.Submission{
		"delivered 12:00":                {Edits: 1, Delivered: 1, SettledAt: noon},
		"73 delivered 12:00, 2 need you": {Edits: 75, Delivered: 73, NeedPerson: 2, SettledAt: noon},
		"delivered, taken back 12:00":    {Edits: 3, Delivered: 3, TakenBack: 3, SettledAt: noon, TakenBackAt: noon},
		"1 delivered 12:00, 1 taken back 12:00, 74 withdrawn": {Edits: 75, Delivered: 1, TakenBack: 1, Withdrawn: 74,
			SettledAt: noon, TakenBackAt: noon},
		"3 delivered 12:00, 1 already so":          {Edits: 4, Delivered: 3, Already: 1, SettledAt: noon},
		"delivered 12:00, 1 taken back 12:00":      {Edits: 2, Delivered: 2, TakenBack: 1, SettledAt: noon, TakenBackAt: noon},
		"nothing had been changed":                 {Undoes: "x"},
		"needs you":                                {Edits: 1, NeedPerson: 1},
		"waiting":                                  {Edits: 5, Waiting: 5},
		"withdrawn":                                {Edits: 2, Withdrawn: 2},
		"1 delivered 12:00, 1 given up, 3 waiting": {Edits: 5, Delivered: 1, Discarded: 1, Waiting: 3, SettledAt: noon},
		"1 replaced by a newer edit, 1 needs you":  {Edits: 2, Replaced: 1, NeedPerson: 1},
	} {
		if got := s.Ending(clock); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNarrowedCounts(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	one := []model.OutboxEntry{{State: model.Sending}, {State: model.Queued, Error: &model.EntryError{}}, {State: model.Held}}
	got := model.Submission{ID: "s", Edits: 9}.Narrowed(one, []model.JournalEntry{
		{State: model.Done, At: noon, Undone: "x"}, {State: model.Done, At: noon.Add(-time.Hour)}, {State: model.OutcomeAlreadySet, At: noon.Add(time.Hour)}})
	if got.Problem == nil || got.Problem.State != model.Queued {
		t.Errorf("the problem is %+v, want the first edit with an error", got.Problem)
	}
	got.Problem = nil
	if want := (model.Submission{ID: "s", Edits: 6, Waiting: 2, Sending: 1, NeedPerson: 1, Delivered: 2, TakenBack: 1, Already: 1, SettledAt: noon}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestInSendingOrder(t *testing.T) {
	people := func(ids string) model.Value {
		var out []model.Participant
		for _, id := range ids {
			out = append(out, model.Participant{Kind: "user", ID: string(id)})
		}
		return model.PeopleValue(out)
	}
	edit := func(k model.EditKind, base, target string) model.Edit {
		return model.Edit{Kind: k, Base: model.TextValue(base), Target: model.TextValue(target)}
	}
	var got []model.EditKind
	for _, e := range model.InSendingOrder([]model.Edit{
		edit(model.EditPrivacy, "private", "public"),
		edit(model.EditTitle, "a", "b"),
		{Kind: model.EditParticipants, Base: people("ab"), Target: people("bc")},
		edit(model.EditAccess, "open", "invite-only"),
	}) {
		got = append(got, e.Kind)
	}
	if want := []model.EditKind{model.EditTitle, model.EditAccess, model.EditParticipants, model.EditPrivacy}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWordsAreInThePresentUntilConfirmed(t *testing.T) {
	for sentence, want := range map[string]string{
		"made 75 private":                        "making 75 private",
		"renamed “a” → “made 3, set 4”":          "renaming “a” → “made 3, set 4”",
		"made “Talk, made new” private":          "making “Talk, made new” private",
		"removed Bob in “x”, made it private":    "removing Bob in “x”, making it private",
		"set the access of “x” to open":          "setting the access of “x” to open",
		"cleared the description of 3":           "clearing the description of 3",
		"changed the privacy and title of “ x ”": "changing the privacy and title of “ x ”",
		"archived “x”":                           "archiving “x”",
		"":                                       "",
	} {
		if got := (model.Submission{Sentence: sentence, Edits: 1, Waiting: 1, Delivered: 1}).Words(); got != want {
			t.Errorf("%q: got %q, want %q", sentence, got, want)
		}
	}
	undo := model.Submission{Sentence: "took back: made “x” private, renamed it", Undoes: "1", Edits: 1, Waiting: 1}
	if got := undo.Words(); got != "taking back: made “x” private, renamed it" {
		t.Errorf("got %q: only the first verb of an undo may change", got)
	}
}

func TestWordsAreInThePastOnceConfirmed(t *testing.T) {
	s := model.Submission{Sentence: "made 3 private", Edits: 3, Delivered: 1, NeedPerson: 2}
	if got := s.Words(); got != s.Sentence {
		t.Errorf("got %q, want %q", got, s.Sentence)
	}
	s = model.Submission{Sentence: "made 3 private", Edits: 3, Withdrawn: 3}
	if got := s.Words(); got != "making 3 private" {
		t.Errorf("got %q although all edits were withdrawn", got)
	}
}

func TestEndingSaysWhatIsBeingSentAndConfirmed(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	for want, s := range map[string]model.Submission{
		"being sent":      {Edits: 1, Waiting: 1, Sending: 1},
		"confirmed 12:54": {Edits: 1, Delivered: 1, SettledAt: now, Undoes: "1"},
		"40 delivered 12:54, 2 being sent, 33 waiting": {Edits: 75, Delivered: 40, SettledAt: now, Waiting: 35, Sending: 2},
	} {
		if got := s.Ending(func(t time.Time) string { return t.Format("15:04") }); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

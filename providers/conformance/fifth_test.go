package conformance_test

import (
	"encoding/json"
	"slices"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/conformance"
	"confab/providers/conformance/notes"
)

// notesService is a fifth service: all that the suite wants to know of one.
func notesService() conformance.Service {
	server := func(b *conformance.Bench) *notes.Server { return b.Server.(*notes.Server) }
	turn := func(set func(*notes.Server)) func(*conformance.Bench) {
		return func(b *conformance.Bench) { server(b).Meet(set) }
	}
	person := func(p notes.Person) model.Participant {
		return model.Participant{Kind: model.KindUser, ID: p.ID, Name: p.Name, Email: p.Email}
	}
	return conformance.Service{
		Provider: "notes", Folder: "notes", Header: "X-Key", Open: openNotes, Engine: openEngine, IsWrite: writes(), Several: 90,
		Edits: []conformance.EditCase{
			setText("title", model.EditTitle, "", "Renamed: Ünïcode & <b>", 1),
			setText("make private", model.EditPrivacy, "", "private", 1),
			setText("make public", model.EditPrivacy, "", "public", 1),
			setPeople("somebody added", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, person(notes.Person{ID: "u39", Name: "Person N39", Email: "p39@example.com"})), true
			}),
			setPeople("nobody left", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return nil, len(now) > 0
			}),
			setText("delete", model.EditDelete, "", "deleted", 1),
		},
		Mixed: []conformance.MixedCase{{
			Name: "public, people removed", Requests: 2, First: 1, Last: 0, Guards: true,
			Edits: func(_ *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{
					{Kind: model.EditPrivacy, Target: model.TextValue("public")},
					{Kind: model.EditParticipants, Target: model.PeopleValue(nil)},
				}, c.Privacy == model.PrivacyPrivate
			},
		}},
		Stored: map[model.EditKind][]string{
			model.EditTitle: {"title"}, model.EditPrivacy: {"visibility"}, model.EditParticipants: {"people"},
		},
		IgnoreDelete: turn(func(s *notes.Server) { s.Deaf = true }),
		Lookups:      []conformance.LookupCase{{Kind: model.LookupUsers, Search: byMailOrName, ByID: true}},
		Silent: []conformance.SilentCase{{Name: "people", Kind: model.EditParticipants, Turn: func(b *conformance.Bench, _ string) {
			server(b).Meet(func(s *notes.Server) { s.NoPeople = true })
		}}},
		Lessons: []conformance.Lesson{{
			Name: "a note that may not be renamed", Try: "title", Kinds: []model.EditKind{model.EditTitle}, Row: true,
			Requests: 1, Err: model.Forbidden,
			Turn: func(b *conformance.Bench) { b.AnswerNext(403, 1) },
		}},
		Quirks: []conformance.Quirk{{Name: "no people", Turn: turn(func(s *notes.Server) { s.NoPeople = true })}},
		Budget: conformance.Budget{FirstSync: 5, Walk: 5, Refresh: 1, Open: 1, Reopen: 1, Fresh: 1}, BudgetSize: 100,
	}
}

func openNotes(t testing.TB, o conformance.Options) conformance.Standin {
	s := notes.NewServer(o.Conversations)
	source := model.CredentialSource(fixed(notes.Key))
	if o.Credential != nil {
		source = o.Credential(notes.Key)
	}
	account, err := notes.Factory().Open(providers.Account{Name: "board", BaseURL: host + "/notes/v1", ReadOnly: o.ReadOnly,
		Credential: source, Transport: o.Wrap(s), Pacer: o.Pacer, Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	return conformance.Standin{
		Account: account, Server: s, Secrets: []string{notes.Key},
		Insert: s.Insert,
		IDs: func() (ids []string) {
			s.Meet(func(s *notes.Server) {
				for _, n := range s.Notes {
					ids = append(ids, n.ID)
				}
			})
			return ids
		},
		Retitle: func(id, title string) { s.Meet(func(s *notes.Server) { s.Find(id).Title = title }) },
		Remove: func(id string) {
			s.Meet(func(s *notes.Server) {
				s.Notes = slices.DeleteFunc(s.Notes, func(n *notes.Note) bool { return n.ID == id })
			})
		},
		ResetLog: func() { s.Meet(func(s *notes.Server) { s.Log = nil }) },
		State:    func(id string) map[string]any { return notesState(s.Note(id)) },
		Field:    func(id string, kind model.EditKind, _ string) model.Value { return notesField(s.Note(id), kind) },
		Revoke:   func() { s.Meet(func(s *notes.Server) { s.Key = "another" }) },
		AnswerNext: func(status, n int) {
			s.Meet(func(s *notes.Server) { s.Answers = slices.Repeat([]int{status}, n) })
		},
		Fault: func(name string, n int) {
			s.Meet(func(s *notes.Server) { s.Faults = slices.Repeat([]string{name}, n) })
		},
		Offline: func(down bool) { s.Meet(func(s *notes.Server) { s.Offline = down }) },
		Log: func() (out []conformance.Received) {
			s.Meet(func(s *notes.Server) {
				for _, r := range s.Log {
					out = append(out, conformance.Received{Status: r.Status, Write: r.Method != "GET",
						Request: model.Request{Method: r.Method, Path: r.Path, Query: r.Query, Body: r.Body}})
				}
			})
			return out
		},
	}
}

func notesState(n *notes.Note) (state map[string]any) {
	if n != nil {
		raw, _ := json.Marshal(n)
		_ = json.Unmarshal(raw, &state)
	}
	return state
}

func notesField(n *notes.Note, kind model.EditKind) model.Value {
	switch {
	case n == nil:
		return model.Value{}
	case kind == model.EditTitle:
		return model.TextValue(n.Title)
	case kind == model.EditPrivacy:
		return model.TextValue(n.Visibility)
	case kind == model.EditParticipants:
		var set []model.Participant
		for _, p := range n.People {
			set = append(set, model.Participant{Kind: model.KindUser, ID: p.ID, Name: p.Name, Email: p.Email})
		}
		return model.PeopleValue(set)
	}
	return model.TextValue("present")
}

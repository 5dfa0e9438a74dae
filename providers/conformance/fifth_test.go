package conformance_test

import (
	"testing"

	"confab/model"
	"confab/providers/conformance"
	"confab/providers/conformance/notes"
	"confab/providers/sandbox"
)

// notesService returns a fifth, made-up service.
func notesService() conformance.Service {
	set := func(name string) func(*conformance.Bench) {
		return func(b *conformance.Bench) { behind(b).Of("notes").Set(sandbox.Switches{name: true}) }
	}
	return conformance.Service{
		Provider: "notes", Turn: 4, Folder: "notes", Header: "X-Key", Open: openNotes, Engine: openEngine, IsWrite: writes(), Several: 90,
		Edits: []conformance.EditCase{
			setText("title", model.EditTitle, "", "Renamed: Ünïcode & <b>", 1),
			setText("make private", model.EditPrivacy, "", "private", 1),
			setText("make public", model.EditPrivacy, "", "public", 1),
			setPeople("somebody added", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, model.Participant{Kind: model.KindUser, ID: "u39", Name: "Person N39", Email: "p39@example.com"}), true
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
		IgnoreDelete: set("DeleteIgnored"),
		Lookups:      []conformance.LookupCase{{Kind: model.LookupUsers, Search: byMailOrName, ByID: true}},
		Silent: []conformance.SilentCase{{Name: "people", Kind: model.EditParticipants, Turn: func(b *conformance.Bench, _ string) {
			set("NoPeople")(b)
		}}},
		Lessons: []conformance.Lesson{{
			Name: "a note that may not be renamed", Try: "title", Kinds: []model.EditKind{model.EditTitle}, Row: true,
			Requests: 1, Err: model.Forbidden,
			Turn: func(b *conformance.Bench) { b.AnswerNext(403, 1) },
		}},
		Quirks: []conformance.Quirk{{Name: "no people", Turn: set("NoPeople")}},
		Budget: conformance.Budget{FirstSync: 5, Walk: 5, Refresh: 1, Open: 1, Reopen: 1, Fresh: 1}, BudgetSize: 100,
	}
}

func openNotes(t testing.TB, o conformance.Options) conformance.Standin {
	s, out := openSandbox(t, notes.Factory(), o, sandbox.Options{World: "notes", Files: notes.Files, Conversations: o.Conversations})
	n := s.Of("notes")
	out.IDs, out.Insert, out.Remove, out.AnswerNext, out.State = n.IDs, n.Insert, n.Remove, n.AnswerNext, n.JSON
	out.Retitle = func(id, title string) { n.Change(id, "title", title) }
	out.Field = func(id string, kind model.EditKind, _ string) model.Value { return notesField(n.JSON(id), kind) }
	return out
}

func notesField(n map[string]any, kind model.EditKind) model.Value {
	switch {
	case n == nil:
		return model.Value{}
	case kind == model.EditTitle:
		return model.TextValue(text(n["title"]))
	case kind == model.EditPrivacy:
		return model.TextValue(text(n["visibility"]))
	case kind == model.EditParticipants:
		var set []model.Participant
		people, _ := n["people"].([]any)
		for _, p := range people {
			p := p.(map[string]any)
			set = append(set, model.Participant{Kind: model.KindUser, ID: text(p["id"]), Name: text(p["name"]), Email: text(p["email"])})
		}
		return model.PeopleValue(set)
	}
	return model.TextValue("present")
}

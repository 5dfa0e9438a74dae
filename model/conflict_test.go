package model_test

import (
	"testing"

	"pgregory.net/rapid"

	"confab/model"
)

func TestCompare(t *testing.T) {
	ann, bob := model.Participant{Kind: "user", ID: "ann", Role: "viewer"}, model.Participant{Kind: "user", ID: "bob", Role: "viewer"}
	annEdits := ann
	annEdits.Role = "editor"
	text := model.TextValue
	for _, c := range []struct {
		name  string
		edit  model.Edit
		fresh model.Conversation
		want  model.Verdict
	}{
		{"base still there", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("b")}, model.Conversation{Title: "a"}, model.Untouched},
		{"target there", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("b")}, model.Conversation{Title: "b"}, model.Already},
		{"something else", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("b")}, model.Conversation{Title: "c"}, model.Changed},
		{"another field changed", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("b")}, model.Conversation{Title: "a", Description: "new", Closed: true}, model.Untouched},
		{"base is target", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("a")}, model.Conversation{Title: "a"}, model.Already},
		{"case counts", model.Edit{Kind: model.EditTitle, Base: text("a"), Target: text("b")}, model.Conversation{Title: "A"}, model.Changed},
		{"privacy is another word now", model.Edit{Kind: model.EditPrivacy, Base: text("public"), Target: text("private")}, model.Conversation{Privacy: model.PrivacyUnknown}, model.Changed},
		{"privacy not given", model.Edit{Kind: model.EditPrivacy, Base: text("public"), Target: text("private")}, model.Conversation{}, model.NotLoaded},
		{"closed", model.Edit{Kind: model.EditStatus, Base: text("open"), Target: text("closed")}, model.Conversation{Status: "shut", Closed: true}, model.Already},
		{"open", model.Edit{Kind: model.EditStatus, Base: text("open"), Target: text("closed")}, model.Conversation{Status: "snoozed"}, model.Untouched},
		{"status not given", model.Edit{Kind: model.EditStatus, Base: text("closed"), Target: text("open")}, model.Conversation{}, model.NotLoaded},
		{"participants not loaded", model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue(nil), Target: model.PeopleValue([]model.Participant{ann})}, model.Conversation{}, model.NotLoaded},
		{"participants in another order", model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue([]model.Participant{ann, bob}), Target: model.PeopleValue([]model.Participant{ann})},
			model.Conversation{Participants: model.SetOf(bob, ann)}, model.Untouched},
		{"a role changed", model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue([]model.Participant{ann, bob}), Target: model.PeopleValue([]model.Participant{ann})},
			model.Conversation{Participants: model.SetOf(annEdits, bob)}, model.Changed},
		{"contacts cleared already", model.Edit{Kind: model.EditContacts, Base: model.PeopleValue([]model.Participant{ann}), Target: model.PeopleValue(nil)},
			model.Conversation{Contacts: model.SetOf[model.Participant]()}, model.Already},
		{"another label changed", model.Edit{Kind: model.EditLabels, Key: "a", Base: text("1"), Target: text("2")}, model.Conversation{Labels: map[string]string{"a": "1", "b": "x"}}, model.Untouched},
		{"label removed meanwhile", model.Edit{Kind: model.EditLabels, Key: "a", Base: text("1"), Target: text("2")}, model.Conversation{Labels: map[string]string{}}, model.Changed},
		{"label to be removed is gone", model.Edit{Kind: model.EditLabels, Key: "a", Base: text("1")}, model.Conversation{Labels: map[string]string{}}, model.Already},
		{"an empty label is not a missing one", model.Edit{Kind: model.EditLabels, Key: "a", Base: text("")}, model.Conversation{Labels: map[string]string{"a": ""}}, model.Untouched},
		{"labels not loaded", model.Edit{Kind: model.EditLabels, Key: "a", Base: text("1"), Target: text("2")}, model.Conversation{}, model.NotLoaded},
		{"archived meanwhile", model.Edit{Kind: model.EditArchive, Base: text("present"), Target: text("archived")}, model.Conversation{Archived: true}, model.Already},
		{"to archive", model.Edit{Kind: model.EditArchive, Base: text("present"), Target: text("archived")}, model.Conversation{}, model.Untouched},
		{"to delete", model.Edit{Kind: model.EditDelete, Base: text("present"), Target: text("deleted")}, model.Conversation{Archived: true}, model.Untouched},
		{"to create", model.Edit{Kind: model.EditCreate}, model.Conversation{}, model.Untouched},
	} {
		if got, _ := model.Compare(c.edit, c.fresh); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestMergePeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, mine, theirs := genPeople().Draw(t, "base"), genPeople().Draw(t, "mine"), genPeople().Draw(t, "theirs")
		if got := model.MergePeople(base, mine, base); !model.SamePeople(got, mine) {
			t.Errorf("theirs is unchanged: got %v, want mine", got)
		}
		if got := model.MergePeople(base, base, theirs); !model.SamePeople(got, theirs) {
			t.Errorf("mine is unchanged: got %v, want theirs", got)
		}
		if got := model.MergePeople(base, mine, mine); !model.SamePeople(got, mine) {
			t.Errorf("both made the same change: got %v", got)
		}
		merged := model.MergePeople(base, mine, theirs)
		again := model.MergePeople(base, mine, merged)
		if !model.SamePeople(merged, again) {
			t.Errorf("merging again made %v of %v", again, merged)
		}
		for _, p := range model.DiffPeople(base, mine).Removed {
			if has(merged, p) {
				t.Errorf("%v was removed and is still there", p)
			}
		}
		for _, p := range model.DiffPeople(base, mine).Added {
			if !has(merged, p) {
				t.Errorf("%v was added and is missing", p)
			}
		}
	})
}

func has(set []model.Participant, p model.Participant) bool {
	for _, q := range set {
		if model.SamePerson(p, q) {
			return true
		}
	}
	return false
}

func TestDiffPeopleIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, target := genPeople().Draw(t, "base"), genPeople().Draw(t, "target")
		d := model.DiffPeople(base, target)
		var there, was []model.Participant
		there = append(append(append(there, d.Kept...), d.Altered...), d.Added...)
		was = append(append(append(was, d.Kept...), d.Was...), d.Removed...)
		if !model.SamePeople(there, target) || !model.SamePeople(was, base) {
			t.Errorf("%+v does not lead from %v to %v", d, base, target)
		}
		if len(d.Altered) != len(d.Was) {
			t.Errorf("%d in Altered, but %d in Was", len(d.Altered), len(d.Was))
		}
	})
}

func TestMergedIsOnlyForSets(t *testing.T) {
	ann, bob, eve := model.Participant{Kind: "user", ID: "ann"}, model.Participant{Kind: "user", ID: "bob"}, model.Participant{Kind: "user", ID: "eve"}
	set := func(p ...model.Participant) model.Value { return model.PeopleValue(p) }
	merged := model.Merged(model.Edit{Kind: model.EditContacts, Base: set(ann), Target: set(ann, bob)}, set(ann, eve))
	if merged == nil || !merged.Equal(set(bob, eve, ann)) {
		t.Errorf("got %+v, want bob, eve and ann", merged)
	}
	merged = model.Merged(model.Edit{Kind: model.EditTitle, Base: model.TextValue("a"), Target: model.TextValue("b")}, model.TextValue("c"))
	if merged != nil {
		t.Errorf("got %+v for a title, want nil", merged)
	}
}

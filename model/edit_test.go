package model_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
)

func TestInverseEditRestoresTheConversation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genConversation().Draw(t, "conversation")
		before := c.Clone()
		e, known := genEdit(t, c)
		if !known {
			return
		}
		after := model.Project(c, []model.Edit{e})
		if v, ok := e.Read(after); !ok || !v.Equal(e.Target) {
			t.Fatalf("after the edit: got %v (known %t), want %v", v, ok, e.Target)
		}
		inverse := model.Edit{Ref: e.Ref, Kind: e.Kind, Key: e.Key, Base: e.Target, Target: e.Base}
		if d := cmp.Diff(before, model.Project(after, []model.Edit{inverse})); d != "" {
			t.Errorf("edit and inverse changed: %s", d)
		}
		if d := cmp.Diff(before, c); d != "" {
			t.Errorf("Project changed its argument: %s", d)
		}
	})
}

func TestUndoable(t *testing.T) {
	for _, k := range model.EditKinds() {
		ok, why := model.Undoable(k)
		never := k == model.EditArchive || k == model.EditDelete || k == model.EditCreate
		if ok == never || ok == (why != "") {
			t.Errorf("%s: got undoable %t, reason %q", k, ok, why)
		}
	}
}

func TestFoldKeepsTheOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genConversation().Draw(t, "conversation")
		now := c
		var edits []model.Edit
		for range rapid.IntRange(0, 8).Draw(t, "edits") {
			e, known := genEdit(t, now)
			if !known {
				continue
			}
			edits = append(edits, e)
			now = model.Project(now, []model.Edit{e})
		}
		whole := slices.Clone(edits)
		folded := model.Fold(edits)
		if d := cmp.Diff(now, model.Project(c, folded)); d != "" {
			t.Errorf("folded edits lead to another conversation: %s", d)
		}
		if d := cmp.Diff(whole, edits); d != "" {
			t.Errorf("Fold changed its argument: %s", d)
		}
		fields := map[string]bool{}
		for _, e := range folded {
			if fields[e.Field()] {
				t.Errorf("two edits of %s are left", e.Field())
			}
			fields[e.Field()] = true
			if base, _ := e.Read(c); !base.Equal(e.Base) {
				t.Errorf("%s: got base %v, want %v", e.Field(), e.Base, base)
			}
		}
		if d := cmp.Diff(folded, model.Fold(folded)); d != "" {
			t.Errorf("folding again changed: %s", d)
		}
	})
}

func TestFoldKeepsEditsOfDifferentFieldsApart(t *testing.T) {
	a, b := model.Ref{Account: "x", ID: "a"}, model.Ref{Account: "x", ID: "b"}
	edits := []model.Edit{
		{ID: "1", Ref: a, Kind: model.EditTitle, Target: model.TextValue("1")},
		{ID: "2", Ref: b, Kind: model.EditTitle, Target: model.TextValue("2")},
		{ID: "3", Ref: a, Kind: model.EditLabels, Key: "k", Target: model.TextValue("3")},
		{ID: "4", Ref: a, Kind: model.EditLabels, Key: "l", Target: model.TextValue("4")},
		{ID: "5", Ref: a, Kind: model.EditAttributes, Key: "k", Target: model.TextValue("5")},
		{ID: "6", Ref: a, Kind: model.EditArchive},
		{ID: "7", Ref: a, Kind: model.EditDelete},
		{ID: "8", Kind: model.EditCreate},
		{ID: "9", Kind: model.EditCreate},
	}
	if d := cmp.Diff(edits, model.Fold(edits)); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
}

func TestValueJSON(t *testing.T) {
	for _, c := range []struct {
		value model.Value
		want  string
	}{
		{model.Value{}, `null`},
		{model.TextValue(""), `""`},
		{model.TextValue("null"), `"null"`},
		{model.TextValue("[1]"), `"[1]"`},
		{model.TextValue("{}"), `"{}"`},
		{model.PeopleValue(nil), `[]`},
		{model.Value{People: new([]model.Participant)}, `[]`},
		{model.PeopleValue([]model.Participant{{Kind: "user", ID: "1"}}), `[{"kind":"user","id":"1","name":null,"email":null,"identifier":null,"role":null,"status":null}]`},
		{model.Value{New: &model.NewConversation{Title: "x"}}, `{"title":"x","description":null,"space":null,"channel":null,"privacy":null,"access":null,"default_role":null,"people":[],"message":null}`},
	} {
		got, err := json.Marshal(c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("got %s (%v), want %s", got, err, c.want)
		}
	}
	// Values were stored in this form before every key was written.
	for old, want := range map[string]model.Value{
		`[{"kind":"user","id":"1","name":null,"email":null,"role":"viewer","status":null}]`: model.PeopleValue([]model.Participant{{Kind: "user", ID: "1", Role: "viewer"}}),
		`{"title":"x","people":[{"kind":"group","id":"2"}]}`:                                {New: &model.NewConversation{Title: "x", People: []model.Participant{{Kind: "group", ID: "2"}}}},
	} {
		var v model.Value
		if err := json.Unmarshal([]byte(old), &v); err != nil || !v.Equal(want) {
			t.Errorf("%s: got %+v (%v), want %+v", old, v, err, want)
		}
	}
	for _, bad := range []string{`1`, `true`, `[1]`, `{"title":1}`} {
		var v model.Value
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, v)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Just(model.Value{}),
			rapid.Map(rapid.String(), model.TextValue),
			rapid.Map(genPeople(), model.PeopleValue),
			rapid.Custom(func(t *rapid.T) model.Value {
				return model.Value{New: &model.NewConversation{Title: rapid.String().Draw(t, "title"), People: genPeople().Draw(t, "people")}}
			})).Draw(t, "value")
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		again := model.TextValue("to be overwritten")
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if !v.Equal(again) || !again.Equal(v) {
			t.Errorf("reading %s gives another value", b)
		}
		second, _ := json.Marshal(again)
		if string(second) != string(b) {
			t.Errorf("written as %s, read, and written again as %s", b, second)
		}
	})
}

func TestValuesOfDifferentShapesDiffer(t *testing.T) {
	values := []model.Value{{}, model.TextValue(""), model.TextValue("a"), model.PeopleValue(nil), {New: &model.NewConversation{}}, {New: &model.NewConversation{Title: "a"}}}
	for i, v := range values {
		for j, w := range values {
			if v.Equal(w) != (i == j) {
				t.Errorf("value %d equals value %d: got %t", i, j, v.Equal(w))
			}
		}
	}
}

func TestSetJSON(t *testing.T) {
	for _, c := range []struct {
		set  model.Set[int]
		want string
	}{
		{model.Set[int]{}, "null"},
		{model.Set[int]{Items: []int{1}}, "null"}, // the items of an unknown set are ignored
		{model.SetOf[int](), "[]"},
		{model.SetOf(1, 2), "[1,2]"},
	} {
		b, err := json.Marshal(c.set)
		if err != nil || string(b) != c.want {
			t.Errorf("got %s (%v), want %s", b, err, c.want)
		}
		again := model.SetOf(9)
		if err := json.Unmarshal(b, &again); err != nil || again.Known != c.set.Known {
			t.Errorf("reading %s: got %+v (%v)", b, again, err)
		}
		if c.set.Known && !slices.Equal(again.Items, c.set.Items) {
			t.Errorf("reading %s: got %+v", b, again)
		}
		if !c.set.Known && again.Items != nil {
			t.Errorf("reading %s: got %+v", b, again)
		}
	}
	var s model.Set[int]
	if err := json.Unmarshal([]byte(`{}`), &s); err == nil {
		t.Error("an object was read as a set")
	}
}

func TestSamePeopleIgnoresOrderAndNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genPeople().Draw(t, "a")
		b := genPeople().Draw(t, "b")
		shuffled := rapid.Permutation(a).Draw(t, "shuffled")
		if !model.SamePeople(a, shuffled) || !model.SamePeople(shuffled, a) {
			t.Errorf("%v differs from itself in another order", a)
		}
		for i := range shuffled {
			shuffled[i].Name = "renamed" // a changed display name is no change
			if shuffled[i].ID == "" && shuffled[i].Identifier == "" {
				shuffled[i].Email = "SIX@example.com"
			}
		}
		if !model.SamePeople(a, shuffled) {
			t.Error("a changed display name makes a difference")
		}
		if model.SamePeople(a, b) != model.SamePeople(b, a) || model.SamePeople(a, b) != model.SamePeople(shuffled, b) {
			t.Error("the order makes a difference, or the comparison is not symmetric")
		}
		if len(a) > 0 {
			if model.SamePeople(a, a[1:]) || model.SamePeople(a[1:], a) {
				t.Error("a subset equals the set")
			}
			changed := slices.Clone(a)
			changed[0].Role += "x"
			if model.SamePeople(a, changed) {
				t.Error("a changed role makes no difference")
			}
		}
	})
}

func TestSamePerson(t *testing.T) {
	p := func(kind, id, identifier, email, name string) model.Participant {
		return model.Participant{Kind: kind, ID: id, Identifier: identifier, Email: email, Name: name}
	}
	for _, c := range []struct {
		a, b model.Participant
		want bool
	}{
		{p("user", "1", "", "a@x", "A"), p("user", "1", "", "b@x", "B"), true},
		{p("user", "1", "", "", ""), p("group", "1", "", "", ""), false},
		{p("user", "1", "", "a@x", "A"), p("user", "2", "", "a@x", "A"), false},
		{p("contact", "1", "k=v", "", ""), p("contact", "", "K=V", "", ""), true},
		{p("contact", "1", "", "", ""), p("contact", "", "k=v", "", ""), false},
		{p("contact", "1", "", "a@x", ""), p("contact", "", "", "a@x", ""), false},
		{p("user", "", "", "a@x", "A"), p("user", "", "", "A@X", "B"), true},
		{p("user", "", "", "a@x", "A"), p("user", "", "", "", "A"), false},
		{p("user", "", "", "", "A"), p("user", "", "", "", "A"), true},
		{p("user", "", "", "", "A"), p("bot", "", "", "", "A"), false},
	} {
		if model.SamePerson(c.a, c.b) != c.want || model.SamePerson(c.b, c.a) != c.want {
			t.Errorf("%+v and %+v: want %v both ways", c.a, c.b, c.want)
		}
	}
}

func TestReadReportsFieldsThatAreNotLoaded(t *testing.T) {
	empty := model.Conversation{}
	for _, k := range []model.EditKind{model.EditPrivacy, model.EditAccess, model.EditDefaultRole, model.EditParticipants, model.EditContacts, model.EditLabels, model.EditAttributes} {
		if v, known := model.Read(empty, k, "x"); known {
			t.Errorf("%s of an empty conversation: got known value %v", k, v)
		}
	}
	if v, known := model.Read(model.Conversation{Labels: map[string]string{}}, model.EditLabels, "x"); !known || v.Text != nil {
		t.Errorf("a label that does not exist: got %v, known %t", v, known)
	}
}

package model_test

import (
	"slices"
	"testing"

	"confab/model"
)

// Every row of the table of kinds is complete, and reads back what it writes.
func TestEveryKindIsDescribed(t *testing.T) {
	d := model.Description{AccessValues: []string{"open"}, DefaultRoleValues: []string{model.RoleEditor}}
	for _, k := range model.EditKinds() {
		e := model.Edit{Kind: k, Target: model.TextValue("archived")}
		switch k.Shape() {
		case model.ShapeChoice:
			choices := k.Choices(d)
			if len(choices) == 0 {
				t.Fatalf("%s has no values to choose from", k)
			}
			e.Target = model.TextValue(choices[len(choices)-1])
		case model.ShapePeople:
			e.Target = model.PeopleValue([]model.Participant{{Kind: model.KindUser, ID: "1"}})
		case model.ShapePairs:
			e.Key = "stage"
		}
		before := model.Conversation{}
		after := model.Project(before, []model.Edit{e})
		if v, known := e.Read(after); k != model.EditDelete && k != model.EditCreate && (!known || !v.Equal(e.Target)) {
			t.Errorf("%s: after the edit: got %v (known %t), want %v", k, v, known, e.Target)
		}
		if k.Shape() == model.ShapePairs && model.Pairs(after, k)["stage"] != "archived" {
			t.Errorf("%s: Pairs returned %v", k, model.Pairs(after, k))
		}
		undoable, why := model.Undoable(k)
		if undoable == (k.Shape() == model.ShapeAct) || undoable != (why == "") {
			t.Errorf("%s: got undoable %t, reason %q", k, undoable, why)
		}
		if k.Op() == "" || model.FieldName(k) == "" || slices.Contains([]string{"", "changed nothing"}, model.Sentence([]model.OutboxEntry{{Edit: e, Title: "x"}})) {
			t.Errorf("%s lacks a name or a sentence", k)
		}
	}
}

package model_test

import (
	"testing"

	"confab/model"
)

// Bird knows somebody by an identifier in one conversation, and by an id too in another.
func TestUnionFindsSomebodyUnderAnotherName(t *testing.T) {
	known := model.Participant{Kind: "contact", ID: "c1", Identifier: "emailaddress=jo@example.com", Status: "active"}
	unknown := model.Participant{Kind: "contact", Identifier: "emailaddress=JO@example.com", Status: "invited"}
	for name, sets := range map[string][2]model.Participant{"the id first": {known, unknown}, "the identifier first": {unknown, known}} {
		got := model.Union([]model.Participant{sets[0], ann}, []model.Participant{sets[1]})
		if len(got) != 2 || got[0].Participant != sets[0] || got[0].In[1] != sets[1] || len(got[1].In) != 1 {
			t.Errorf("%s: got %+v, want two people of whom the first is in both sets", name, got)
		}
	}
}

package query

import "testing"

func TestExamplesOfTheReferenceAreValid(t *testing.T) {
	var all []string
	for field, words := range map[string][]Word{FieldIs: Words(FieldIs), "has": Words("has"), FieldSort: Words(FieldSort),
		"audience": Words("audience"),
		"updated":  append(DateWords(), DateForms()...)} {
		for _, w := range words {
			all = append(all, field+":"+w.Name)
		}
	}
	for _, f := range fields {
		if f.words == nil && f.compare != byDate {
			all = append(all, f.name+":x")
		}
	}
	for _, u := range DateUnits() {
		all = append(all, "created"+":<3"+u.Name)
	}
	for _, q := range all {
		if _, err := Parse(q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
}

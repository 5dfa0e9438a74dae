package query

import "testing"

// Every row of the tables of fields and words is complete.
func TestEveryFieldIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.name] || f.name == "" || f.help == "" {
			t.Errorf("field %q is repeated, or lacks name or help", f.name)
		}
		seen[f.name] = true
		reads := f.compare == byPart || f.compare == byWhole || f.compare == byLine || f.compare == byLabel
		if reads != (f.text != nil) || reads != (f.spell != nil) || (f.compare == byDate) != (f.at != nil) || (f.compare == byWord || f.compare == byOrder) != (f.words != nil) {
			t.Errorf("field %s does not have exactly what its comparison needs", f.name)
		}
		for _, w := range f.words {
			if w.help == "" || f.word(w.name).help != w.help {
				t.Errorf("%s:%s is repeated or lacks help", f.name, w.name)
			}
			if tests := w.flags != 0 || w.unset != 0 || w.holds != nil; tests != (f.compare == byWord) {
				t.Errorf("%s:%s: got a condition %t, but only words of conditions may and must have one", f.name, w.name, tests)
			}
		}
	}
}

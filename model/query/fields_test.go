package query

import "testing"

// A field is a row of one table, and so is a word.
func TestEveryFieldIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.name] || f.name == "" || f.help == "" {
			t.Errorf("%q is there twice, or has no help", f.name)
		}
		seen[f.name] = true
		reads := f.compare == byPart || f.compare == byWhole || f.compare == byLine
		if reads != (f.read != nil) || (f.compare == byDate) != (f.at != nil) || (f.compare == byWord || f.compare == byOrder) != (f.words != nil) {
			t.Errorf("%s does not hold what its comparison needs", f.name)
		}
		for _, w := range f.words {
			if w.help == "" || f.word(w.name).help != w.help {
				t.Errorf("%s:%s is there twice, or has no help", f.name, w.name)
			}
			if tests := w.flags != 0 || w.unset != 0 || w.holds != nil; tests != (f.compare == byWord) {
				t.Errorf("that %s:%s asks something of a conversation is %t", f.name, w.name, tests)
			}
		}
	}
}

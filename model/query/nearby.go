package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
)

const (
	valuesNearby   = 3  // alternatives to one value
	lettersPerSlip = 3  // one of so many letters of a word may be wrong
	termsNearby    = 12 // terms examined; a query with more was pasted, and each term costs a search
)

// Nearby returns queries that ask for almost the same, the nearest first. It is meant for a query that matches nothing. With
// inbox, the first one also asks for what the inbox leaves out. Then come queries with one other value, which is similar or
// belongs to another label or field, and last those with one term less.
func (q Query) Nearby(from Source, inbox bool) []Query {
	var out []Query
	known := map[string]bool{}
	add := func(root *Node) {
		near := Query{root: root, sort: q.sort}
		if text := near.String(); root != nil && !known[text] {
			known[text] = true
			out = append(out, near)
		}
	}
	if inbox && q.root != nil {
		add(join(And, []*Node{q.root, leaf(fieldNamed(FieldIs), IsAny)}))
	}
	terms := q.root.positiveTerms()
	for _, n := range terms[:min(len(terms), termsNearby)] {
		for _, other := range n.Term.nearby(from) {
			add(q.root.replace(n, other))
		}
	}
	if q.root != nil && q.root.Op == And {
		kids := q.root.Kids
		for _, n := range slices.Backward(kids[max(0, len(kids)-termsNearby):]) {
			add(q.root.replace(n, nil))
		}
	}
	return out
}

// positiveTerms returns the terms that are not negated.
func (n *Node) positiveTerms() (out []*Node) {
	switch {
	case n == nil || n.Op == Not:
	case n.Op == Leaf:
		return []*Node{n}
	default:
		for _, k := range n.Kids {
			out = append(out, k.positiveTerms()...)
		}
	}
	return out
}

// replace returns the node with one of its descendants replaced, or removed if with is nil.
func (n *Node) replace(old, with *Node) *Node {
	if n == old {
		return with
	}
	if n.Op == Leaf || n.Op == Not {
		return n
	}
	kids := make([]*Node, len(n.Kids))
	for i, k := range n.Kids {
		kids[i] = k.replace(old, with)
	}
	return join(n.Op, kids)
}

// nearby returns terms that may have been meant instead.
func (t *Term) nearby(from Source) (out []*Node) {
	take := func(field string, rank func(string) int, limit int) {
		for _, v := range from(field, rank, limit) {
			if n := fieldNamed(field).leaf(v.Text); n != nil {
				out = append(out, n)
			}
		}
	}
	switch compare := t.of.compare; compare {
	case byText:
		take(FieldLabel, t.rankLabel, valuesNearby)
		out = append(out, t.respelled(from)...)
	case byLabel:
		take(FieldLabel, t.rankLabel, valuesNearby)
		return out
	case byPart, byWhole, byLine:
		take(t.Field, func(text string) int { return nearly(text, t.Value) }, valuesNearby)
	default:
		return nil
	}
	for _, v := range Vocabularies() {
		take(v.Field, func(text string) int {
			if _, value, pair := strings.Cut(text, "="); v.pairs && pair {
				text = value
			}
			if fit := fits(text, t.Value); fit != 0 && fit != 1 {
				return -1
			}
			return 0
		}, 1)
	}
	return out
}

// rankLabel returns how near a label is to the wanted one, or to a word; 0 is nearest, -1 is not near. The value counts more than
// the name.
func (t *Term) rankLabel(label string) int {
	name, value, pair := strings.Cut(label, "=")
	text, want := t.of.compare == byText, t.Value
	if !t.HasValue {
		want = t.Key // what was given as a name may be the value of another label
	}
	if !pair {
		if t.HasValue && !text {
			return -1
		}
		return nearly(name, want)
	}
	switch fit, near := nearly(value, want), nearly(name, t.Key); {
	case fit < 0, fit > 0 && text: // respelled finds misspelled words
		return -1
	case fit == 0 && near >= 0:
		return 0
	case fit == 0:
		return 2
	case near < 0:
		return -1
	default:
		return 2*fit + 2
	}
}

// respelled returns words of titles and names that are almost the wanted word.
func (t *Term) respelled(from Source) (out []*Node) {
	for _, field := range []string{FieldTitle, FieldWith} {
		rank := func(text string) int { _, wrong := nearestWord(text, t.Value); return wrong }
		for _, v := range from(field, rank, 1) {
			if word, _ := nearestWord(model.FoldText(v.Text), t.Value); word != "" {
				out = append(out, leaf(freeText, word))
			}
		}
	}
	return out
}

// nearly returns how near a text is to the wanted one: 0 if they are equal, 1 if one contains the other, more the more letters
// are wrong, or -1.
func nearly(text, want string) int {
	const shortest = 3 // a shorter text is part of too many others
	switch {
	case text == want:
		return 0
	case len(text) >= shortest && len(want) >= shortest && (strings.Contains(text, want) || strings.Contains(want, text)):
		return 1
	}
	if d := slips(text, want); d > 0 {
		return 1 + d
	}
	if _, d := nearestWord(text, want); d > 0 {
		return 1 + lettersPerSlip + d
	}
	return -1
}

// nearestWord returns the word of a text that is almost another word, and how many letters of it are wrong; or "" and -1.
func nearestWord(text, want string) (word string, wrong int) {
	wrong = -1
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, `.,:;!?"'()[]`)
		if d := slips(w, want); d > 0 && (wrong < 0 || d < wrong) {
			word, wrong = w, d
		}
	}
	return word, wrong
}

// slips returns how many letters of a word are wrong, or -1 if the words are too different.
func slips(word, want string) int {
	most := utf8.RuneCountInString(want) / lettersPerSlip
	if n := len(word) - len(want); most == 0 || n > 2*most || n < -2*most {
		return -1
	}
	// Counting the letters that the word lacks rules out most words without computing the edit distance.
	missing := 0
	for i := 0; i < len(want) && missing <= most; i++ {
		if want[i] < utf8.RuneSelf && strings.IndexByte(word, want[i]) < 0 {
			missing++
		}
	}
	if missing > most {
		return -1
	}
	if d := model.EditDistance(word, want); d <= most {
		return d
	}
	return -1
}

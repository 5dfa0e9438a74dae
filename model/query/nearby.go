package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
)

const (
	// valuesNearby is how many values take the place of one.
	valuesNearby = 3
	// slipsIn is how many letters of a word stand for one that may be wrong.
	slipsIn = 3
	// termsNearby is how many terms of a query are looked at: what is long was pasted, and each costs a search.
	termsNearby = 12
)

// Nearby returns queries that ask for almost the same, the nearest first: for one that finds nothing. With inbox, the
// first asks for what the inbox leaves out as well. Then come those in which one value is another: that of another
// label or field, or one that is spelled almost so; and last those with a term less.
func (q Query) Nearby(from Source, inbox bool) []Query {
	var out []Query
	known := map[string]bool{q.String(): true}
	add := func(root *Node) {
		near := Query{root: root, sort: q.sort}
		if text := near.String(); root != nil && !known[text] {
			known[text] = true
			out = append(out, near)
		}
	}
	if inbox && !q.Names(IsAny) && q.root != nil {
		add(join(And, []*Node{q.root, leaf(fieldNamed(FieldIs), IsAny)}))
	}
	asked := q.root.asked()
	for _, n := range asked[:min(len(asked), termsNearby)] {
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

// asked returns the terms that are not negated.
func (n *Node) asked() (out []*Node) {
	switch {
	case n == nil || n.Op == Not:
	case n.Op == Leaf:
		return []*Node{n}
	default:
		for _, k := range n.Kids {
			out = append(out, k.asked()...)
		}
	}
	return out
}

// replace returns a query with another node, nil for none, in place of one.
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

// nearby returns terms that may have been meant.
func (t *Term) nearby(from Source) (out []*Node) {
	take := func(field string, rank func(string) int, limit int) {
		of := fieldNamed(field)
		for _, v := range from(field, rank, limit) {
			if term, ok := of.term(v.Text); ok {
				n := leaf(of, term.Raw)
				n.Term.RawKey, n.Term.Key, n.Term.HasValue = term.RawKey, model.FoldText(term.RawKey), term.HasValue
				out = append(out, n)
			}
		}
	}
	if t.Value == "" && t.Key == "" {
		return nil
	}
	switch compare := t.of.compare; compare {
	case byText:
		take(FieldLabel, t.rankLabel, valuesNearby)
		out = append(out, t.respelled(from)...)
	case byLabel:
		take(FieldLabel, t.rankLabel, valuesNearby)
	case byPart, byWhole, byLine:
		take(t.Field, func(text string) int { return nearly(text, t.Value) }, valuesNearby)
	default:
		return nil
	}
	for _, field := range []string{FieldLabel, FieldWith, "company", "owner", "space", "team", "channel", "kind", "status"} {
		if field != t.Field && t.of.compare != byLabel && (t.of.compare != byText || field != FieldLabel && field != FieldWith) {
			take(field, func(text string) int {
				if _, value, pair := strings.Cut(text, "="); field == FieldLabel && pair {
					text = value
				}
				if fit := fits(text, t.Value); fit != 0 && fit != 1 {
					return -1
				}
				return 0
			}, 1)
		}
	}
	return out
}

// rankLabel says how near a label is to the one that is asked for, or to a word: its value counts before its name.
func (t *Term) rankLabel(label string) int {
	name, value, pair := strings.Cut(label, "=")
	key, want := t.Key, t.Value
	if t.of.compare == byText {
		key = ""
	}
	if !t.HasValue {
		want = t.Key // the name may be the value of another label
	}
	switch {
	case t.of.compare == byText && !pair, !t.HasValue && !pair:
		return nearly(name, want)
	case !pair:
		return -1
	}
	fit := nearly(value, want)
	if fit > 0 && t.of.compare == byText {
		return -1 // the word itself may be misspelled, too
	}
	switch near := nearly(name, key); {
	case fit < 0:
		return -1
	case name == key && t.HasValue:
		return 2*fit + 1
	case fit == 0 && near >= 0:
		return 0
	case fit == 0:
		return 2
	case near < 0 && t.of.compare == byLabel:
		return -1
	}
	return 2*fit + 2
}

// respelled returns words of titles and names that are almost the word that is asked for.
func (t *Term) respelled(from Source) (out []*Node) {
	for _, field := range []string{FieldTitle, FieldWith, "company"} {
		rank := func(text string) int { _, slips := slip(text, t.Value); return slips }
		for _, v := range from(field, rank, 1) {
			if word, _ := slip(model.FoldText(v.Text), t.Value); word != "" {
				out = append(out, leaf(freeText, word))
			}
		}
	}
	return out
}

// nearly says how near a text is to another: equal, one holds the other, some letters are wrong, or not at all, which
// is negative.
func nearly(text, want string) int {
	switch {
	case text == want, strings.Contains(text, "\n"): // of several lines each is asked about
		return 0
	case want == "" || text == "":
		return -1
	case len(text) >= slipsIn && len(want) >= slipsIn && (strings.Contains(text, want) || strings.Contains(want, text)):
		return 1
	}
	if d := slips(text, want); d > 0 {
		return 1 + d
	}
	if _, d := slip(text, want); d > 0 {
		return 1 + slipsIn + d
	}
	return -1
}

// slip returns the word of a text that is nearest to another, and how many letters of it are wrong; -1 where none is
// near.
func slip(text, want string) (word string, wrong int) {
	wrong = -1
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, `.,:;!?"'()[]`)
		if d := slips(w, want); d > 0 && (wrong < 0 || d < wrong) {
			word, wrong = w, d
		}
	}
	return word, wrong
}

// slips counts the letters that are wrong in a word that is almost another; 0 for equal ones, -1 for others.
func slips(word, want string) int {
	most := utf8.RuneCountInString(want) / slipsIn
	if n := len(word) - len(want); most == 0 || n > 2*most || n < -2*most {
		return -1
	}
	// Most words are told apart by their letters alone.
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

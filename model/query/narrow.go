package query

import (
	"slices"
	"strings"
)

// Narrows reports whether everything that the query matches is also matched by another one at the same moment, as is usual
// when a person goes on typing. False may also mean that the terms do not show it.
func (q Query) Narrows(older Query) bool {
	n := narrowing{steps: 20_000}
	return n.implies(q.root, older.root)
}

// narrowing bounds the number of comparisons, since nested alternatives can have very many combinations.
type narrowing struct{ steps int }

// implies reports whether everything that matches a matches b.
func (n *narrowing) implies(a, b *Node) bool {
	if b == nil {
		return true
	}
	if a == nil {
		return b.always(true)
	}
	if n.steps--; n.steps < 0 {
		return false
	}
	switch {
	case a == b:
		return true
	case b.Op == And:
		return !slices.ContainsFunc(b.Kids, func(k *Node) bool { return !n.implies(a, k) })
	case a.Op == Or:
		return !slices.ContainsFunc(a.Kids, func(k *Node) bool { return !n.implies(k, b) })
	case a.Op == Not && b.Op == Not && n.implies(b.Kids[0], a.Kids[0]):
		return true
	case a.Op == Leaf && b.Op == Leaf:
		return a.Term.implies(&b.Term)
	}
	return a.Op == And && slices.ContainsFunc(a.Kids, func(k *Node) bool { return n.implies(k, b) }) ||
		b.Op == Or && slices.ContainsFunc(b.Kids, func(k *Node) bool { return n.implies(a, k) })
}

// implies reports whether everything that matches the term matches the other one.
func (t *Term) implies(o *Term) bool {
	if o.isWord(IsAny) {
		return true
	}
	same := t.Field == o.Field
	switch o.of.compare {
	case byText:
		return (same || t.Field == FieldTitle || t.Field == FieldWith) && strings.Contains(t.Value, o.Value)
	case byPart:
		return same && strings.Contains(t.Value, o.Value)
	case byLabel:
		return same && t.Key == o.Key && (!o.HasValue || t.HasValue && t.Value == o.Value)
	case byID:
		return same && t.Raw == o.Raw
	case byDate:
		return same && *t.Date == *o.Date
	}
	return same && t.Value == o.Value
}

func (t *Term) isWord(word string) bool { return t.Field == FieldIs && t.Value == word }

package query

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Match reports whether a conversation matches the query. now and loc are for dates; loc may be nil for UTC.
func (q Query) Match(s *Subject, now time.Time, loc *time.Location) bool {
	if s.Flags&FlagTombstone != 0 {
		return false
	}
	return q.root.match(s, now, loc)
}

func (n *Node) match(s *Subject, now time.Time, loc *time.Location) bool {
	if n == nil {
		return true
	}
	switch n.Op {
	case And, Or:
		for _, k := range n.Kids {
			if k.match(s, now, loc) == (n.Op == Or) {
				return n.Op == Or
			}
		}
		return n.Op == And
	case Not:
		return !n.Kids[0].match(s, now, loc)
	}
	return n.Term.match(s, now, loc)
}

func (t *Term) match(s *Subject, now time.Time, loc *time.Location) bool {
	of := t.of
	switch of.compare {
	case byText:
		return strings.Contains(s.Title, t.Value) || strings.Contains(shown(s.People), t.Value) || strings.Contains(s.Preview, t.Value)
	case byPart:
		return strings.Contains(*of.text(s), t.Value)
	case byWhole:
		return strings.EqualFold(*of.text(s), t.Value) // a name of an account is not folded
	case byLine:
		for line := range strings.SplitSeq(*of.text(s), "\n") {
			if line == t.Value {
				return true
			}
		}
		return false
	case byLabel:
		return hasLabel(s.Labels, t)
	case byID:
		ref, err := model.ParseRef(t.Raw)
		return t.Raw == s.Ref.ID || err == nil && ref == s.Ref
	case byWord:
		return t.word.match(s, now)
	}
	from, to := t.Date.Bounds(now, loc) // byDate; no term has byOrder
	at := of.at(s)
	return at != 0 && from <= at && at < to
}

func hasLabel(lines string, t *Term) bool {
	for line := range strings.SplitSeq(lines, "\n") {
		rest, named := strings.CutPrefix(line, t.Key)
		if value, ok := strings.CutPrefix(rest, "="); named && ok && (!t.HasValue || value == t.Value) {
			return true
		}
	}
	return false
}

// Compare compares two conversations for sorting: pinned ones first, then by the order of the query, then by creation, newest
// first, then by ref. An unknown time, duration or title comes last in both directions. The result is 0 only for the same ref.
func (q Query) Compare(a, b *Subject) int {
	if pa, pb := a.Flags&FlagPinned, b.Flags&FlagPinned; pa != pb {
		return cmp.Compare(pb, pa)
	}
	c := 0
	order, reverse := q.order()
	for _, read := range order.texts {
		c = cmp.Or(c, compare(read(a), read(b), reverse))
	}
	if order.number != nil {
		c = compare(order.number(a), order.number(b), !reverse)
	}
	return cmp.Or(c, compare(a.Created, b.Created, true),
		strings.Compare(a.Ref.Account, b.Ref.Account), strings.Compare(a.Ref.ID, b.Ref.ID))
}

// order returns the order of the query, and whether it is reversed.
func (q Query) order() (*word, bool) {
	s := q.Sort()
	i := slices.IndexFunc(sortWords, func(w word) bool { return w.name == s.Field })
	return &sortWords[i], s.Reverse
}

// compare compares two values; an unknown one, that is zero, comes last in both directions.
func compare[T cmp.Ordered](a, b T, reverse bool) int {
	var unknown T
	switch {
	case a == b:
		return 0
	case a == unknown:
		return 1
	case b == unknown:
		return -1
	case reverse:
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// Rank returns a number to sort conversations by: of two different ranks, the lower one belongs to the conversation that
// Compare puts first. Conversations of equal rank must be compared.
func (q Query) Rank(s *Subject) uint64 {
	const most = 1<<62 - 1
	rank, known := uint64(0), true
	order, reverse := q.order()
	if order.number != nil {
		n := order.number(s)
		// Positive and negative numbers each get half of the 62 bits, the greatest number the lowest rank.
		rank, known = uint64(1<<61-max(min(n, 1<<60), -1<<60)), n != 0
	} else {
		text := order.texts[0](s)
		rank, known = leading(text), text != ""
	}
	if reverse {
		rank = most - rank
	}
	if !known {
		rank = most + 1
	}
	if s.Flags&FlagPinned == 0 {
		rank |= 1 << 63
	}
	return rank
}

// leading returns the first seven bytes of a text as a number.
func leading(s string) uint64 {
	n := uint64(0)
	for i := range 7 {
		n <<= 8
		if i < len(s) {
			n |= uint64(s[i])
		}
	}
	return n
}

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
	if n.steps--; a == nil || n.steps < 0 {
		return false
	}
	switch {
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
		return (same || t.Field == FieldTitle) && strings.Contains(t.Value, o.Value)
	case byPart:
		return same && strings.Contains(t.Value, o.Value)
	case byLabel:
		return same && t.Key == o.Key && (!o.HasValue || t.HasValue && t.Value == o.Value)
	case byID:
		return same && t.Raw == o.Raw
	}
	return same && t.Value == o.Value
}

func (t *Term) isWord(word string) bool { return t.Field == FieldIs && t.Value == word }

package query

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Match reports whether a conversation is what the query asks for.
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
	case And:
		for _, k := range n.Kids {
			if !k.match(s, now, loc) {
				return false
			}
		}
		return true
	case Or:
		for _, k := range n.Kids {
			if k.match(s, now, loc) {
				return true
			}
		}
		return false
	case Not:
		return !n.Kids[0].match(s, now, loc)
	}
	return n.Term.match(s, now, loc)
}

func (t *Term) match(s *Subject, now time.Time, loc *time.Location) bool {
	switch of := t.of; of.compare {
	case byText:
		return strings.Contains(s.Title, t.Value) || strings.Contains(s.People, t.Value) || strings.Contains(s.Preview, t.Value)
	case byPart:
		return strings.Contains(of.read(s), t.Value)
	case byWhole:
		return sameFolded(of.read(s), t.Value)
	case byLine:
		return hasLine(of.read(s), t.Value)
	case byLabel:
		return hasLabel(s.Labels, t)
	case byID:
		return t.Raw == s.Ref.ID || isRef(s.Ref, t.Raw)
	case byWord:
		return t.word.match(s, now)
	case byDate:
		return within(of.at(s), t.Date, now, loc)
	}
	return false
}

func within(at int64, r *DateRange, now time.Time, loc *time.Location) bool {
	if at == 0 {
		return false
	}
	from, to := r.Bounds(now, loc)
	return at >= from && at < to
}

// sameFolded compares a stored word with a folded one.
func sameFolded(stored, folded string) bool {
	switch {
	case stored == folded:
		return true
	case model.IsASCII(stored):
		return strings.EqualFold(stored, folded)
	}
	return model.FoldText(stored) == folded
}

func hasLine(lines, want string) bool {
	for more := true; more; {
		var line string
		if line, lines, more = strings.Cut(lines, "\n"); line == want {
			return true
		}
	}
	return false
}

func hasLabel(lines string, t *Term) bool {
	for more := lines != ""; more; {
		var line string
		line, lines, more = strings.Cut(lines, "\n")
		rest, named := strings.CutPrefix(line, t.Key)
		if value, ok := strings.CutPrefix(rest, "="); named && ok && (!t.HasValue || value == t.Value) {
			return true
		}
	}
	return false
}

func isRef(r model.Ref, s string) bool {
	n := len(r.Account)
	return len(s) == n+1+len(r.ID) && s[:n] == r.Account && s[n] == ':' && s[n+1:] == r.ID
}

// Compare orders two conversations: pinned ones first, then by the order of
// the query, then newest creation first, then by ref. What an order does not
// know (a time, a duration, a title) comes last in both directions. It is 0
// only for the same ref.
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

// order returns the order of the query, and whether it is the other way round.
func (q Query) order() (*word, bool) {
	s := q.Sort()
	i := slices.IndexFunc(sortWords, func(w word) bool { return w.name == s.Field })
	return &sortWords[i], s.Reverse
}

// compare orders two values; what is not known comes last in both directions.
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

// Rank returns a number that orders conversations as Compare does, as far as a
// number can: a lower one comes first, and equal ones tell nothing.
func (q Query) Rank(s *Subject) uint64 {
	const rest = 1<<62 - 1
	rank, known := uint64(0), true
	order, reverse := q.order()
	if order.number != nil {
		n := order.number(s)
		// Half of what 62 bits hold lies on either side of 0, the greatest first.
		rank, known = uint64(1<<61-max(min(n, 1<<60), -1<<60)), n != 0
	} else {
		text := order.texts[0](s)
		rank, known = leading(text), text != ""
	}
	if reverse {
		rank = rest - rank
	}
	if !known {
		rank = rest + 1
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

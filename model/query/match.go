package query

import (
	"cmp"
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

// sameFolded compares a stored word with a folded one. It allocates only for
// words that are not plain ASCII.
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
		line, lines, more = strings.Cut(lines, "\n")
		if line == want {
			return true
		}
	}
	return false
}

func hasLabel(lines string, t *Term) bool {
	for more := lines != ""; more; {
		var line string
		line, lines, more = strings.Cut(lines, "\n")
		rest, ok := strings.CutPrefix(line, t.Key)
		if !ok || rest == "" || rest[0] != '=' {
			continue
		}
		if !t.HasValue || rest[1:] == t.Value {
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
	order := q.Sort()
	c := 0
	switch order.Field {
	case SortCreated:
		c = descending(a.Created, b.Created, order.Reverse)
	case SortDuration:
		c = descending(a.Duration, b.Duration, order.Reverse)
	case SortTitle:
		switch {
		case (a.Title == "") != (b.Title == ""):
			if a.Title == "" {
				return 1
			}
			return -1
		default:
			c = reversed(strings.Compare(a.Title, b.Title), order.Reverse)
		}
	case SortProvider:
		c = reversed(cmp.Or(strings.Compare(a.Provider, b.Provider), strings.Compare(a.Account, b.Account)), order.Reverse)
	default:
		c = descending(a.Updated, b.Updated, order.Reverse)
	}
	if c != 0 {
		return c
	}
	return cmp.Or(descending(a.Created, b.Created, false),
		strings.Compare(a.Ref.Account, b.Ref.Account), strings.Compare(a.Ref.ID, b.Ref.ID))
}

// Rank returns a number that orders conversations as Compare does, as far as a
// number can: a lower one comes first, and equal ones tell nothing.
func (q Query) Rank(s *Subject) uint64 {
	const rest = 1<<62 - 1
	rank, known := uint64(0), true
	order := q.Sort()
	switch order.Field {
	case SortTitle:
		rank, known = leading(s.Title), s.Title != ""
	case SortProvider:
		rank = leading(s.Provider)
	default:
		n := s.Updated
		switch order.Field {
		case SortCreated:
			n = s.Created
		case SortDuration:
			n = s.Duration
		}
		// Half of what 62 bits hold lies on either side of 0, the greatest first.
		rank, known = uint64(1<<61-max(min(n, 1<<60), -1<<60)), n != 0
	}
	if order.Reverse {
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

// leading gives the first seven bytes of a text as a number.
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

func descending(a, b int64, reverse bool) int {
	if (a == 0) != (b == 0) {
		if a == 0 {
			return 1
		}
		return -1
	}
	return reversed(cmp.Compare(b, a), reverse)
}

func reversed(c int, reverse bool) int {
	if reverse {
		return -c
	}
	return c
}

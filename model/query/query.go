package query

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Op is what a node of a query does with its kids.
type Op uint8

// The operations of nodes.
const (
	Leaf Op = iota // one term, no kids
	And            // two kids or more
	Or             // two kids or more
	Not            // one kid
)

// Node is one part of a query. Nodes are shared between queries: read only.
type Node struct {
	Op   Op
	Kids []*Node
	Term Term
}

// Term is one thing that is asked of a conversation.
type Term struct {
	// Field is the name of a field; "" is a word or phrase, looked for
	// in the title, the people and the last message.
	Field string
	// Value is the value, folded with model.FoldText.
	Value string
	// Raw is the value as it was typed, without quotes.
	Raw string
	// Key is the name of a label, folded; RawKey the same as it was typed.
	Key, RawKey string
	// HasValue is false for label:NAME alone.
	HasValue bool
	// Date is set for the fields that are a time.
	Date *DateRange

	of   *field
	word *word // where of has words
}

// Sort is an order of conversations.
type Sort struct {
	// Field is a word that may follow sort:.
	Field   string
	Reverse bool
}

var defaultSort = Sort{Field: "updated"}

// Query is a parsed query. The zero value matches everything.
type Query struct {
	root *Node
	sort Sort // Field "" where the query names none
}

// IsZero reports whether the query matches everything in the default order.
func (q Query) IsZero() bool { return q.root == nil && q.Sort() == defaultSort }

// Conditional reports whether the query asks anything of a conversation. One
// that is blank, names an order alone, or looks for nothing but blanks does not;
// is:any does: whoever writes it means everything.
func (q Query) Conditional() bool { return q.root != nil && !q.root.everything() }

// everything reports whether a node asks nothing, so that all match it.
func (n *Node) everything() bool { return n.always(true) }

// always reports whether a node asks nothing and so has one answer for all.
func (n *Node) always(answer bool) bool {
	other := func(k *Node) bool { return !k.always(answer) }
	switch {
	case n.Op == Leaf:
		return answer && n.Term.Date == nil && n.Term.Field != FieldLabel && strings.TrimSpace(n.Term.Value) == ""
	case n.Op == Not:
		return n.Kids[0].always(!answer)
	case (n.Op == And) == answer:
		return !slices.ContainsFunc(n.Kids, other)
	}
	return slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.always(answer) })
}

// Sort returns the order, the default one where the query names none.
func (q Query) Sort() Sort { return cmp.Or(q.sort, defaultSort) }

// Sorted reports whether the query names an order.
func (q Query) Sorted() bool { return q.sort.Field != "" }

// And returns the query that matches what both match, in the order of r if it
// names one, else in that of q. It is how a filter narrows a view.
func (q Query) And(r Query) Query {
	return Query{root: join(And, []*Node{q.root, r.root}), sort: cmp.Or(r.sort, q.sort)}
}

// Inbox leaves out what is done, snoozed, archived or empty, each unless the
// query names that word anywhere or names is:any.
func (q Query) Inbox() Query {
	if q.Names(IsAny) {
		return q
	}
	parts := []*Node{q.root}
	for _, w := range []string{IsDone, IsSnoozed, IsArchived, IsEmpty} {
		if !q.Names(w) {
			parts = append(parts, &Node{Op: Not, Kids: []*Node{leaf(fieldNamed(FieldIs), w)}})
		}
	}
	q.root = join(And, parts)
	return q
}

// Fixed returns the same query with every date term resolved for one now and
// loc, which makes matching many conversations faster. It is for one pass:
// what it prints still says "<7d", but it means the instant found here.
func (q Query) Fixed(now time.Time, loc *time.Location) Query {
	if q.root.any(func(t *Term) bool { return t.Date != nil }) {
		q.root = q.root.fix(now, loc)
	}
	return q
}

func (n *Node) fix(now time.Time, loc *time.Location) *Node {
	out := &Node{Op: n.Op, Term: n.Term}
	if n.Term.Date != nil {
		out.Term.Date = n.Term.Date.fix(now, loc)
	}
	for _, k := range n.Kids {
		out.Kids = append(out.Kids, k.fix(now, loc))
	}
	return out
}

// Names reports whether is:word occurs anywhere, negated or not.
func (q Query) Names(word string) bool {
	return q.root.any(func(t *Term) bool { return t.isWord(word) })
}

// Accounts returns the accounts (folded) that a match must be of, nil for any.
func (q Query) Accounts() []string { return q.root.limit(FieldAccount) }

// Providers returns the providers that a match must be of, nil for any.
func (q Query) Providers() []string { return q.root.limit(FieldProvider) }

func (n *Node) any(yes func(*Term) bool) bool {
	if n == nil {
		return false
	}
	if n.Op == Leaf {
		return yes(&n.Term)
	}
	return slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.any(yes) })
}

func (n *Node) limit(field string) []string {
	switch {
	case n == nil:
	case n.Op == Leaf && n.Term.Field == field:
		return []string{n.Term.Value}
	case n.Op == And:
		var out []string
		for _, k := range n.Kids {
			if l := k.limit(field); out == nil {
				out = l
			} else if l != nil {
				out = slices.DeleteFunc(out, func(s string) bool { return !slices.Contains(l, s) })
			}
		}
		return out
	case n.Op == Or:
		out := []string{}
		for _, k := range n.Kids {
			l := k.limit(field)
			if l == nil {
				return nil
			}
			out = append(out, l...)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return nil
}

// join makes one node of several; nil ones ask for nothing. Nested ones of the
// same kind become one, so that a query and its text have the same shape.
func join(op Op, parts []*Node) *Node {
	var kids []*Node
	for _, p := range parts {
		switch {
		case p == nil:
		case p.Op == op:
			kids = append(kids, p.Kids...)
		default:
			kids = append(kids, p)
		}
	}
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &Node{Op: op, Kids: kids}
}

// String returns the text of a query. Parse makes the same query of it, as long
// as it is within the limits of a text (quoting and Inbox make it longer).
func (q Query) String() string {
	var b strings.Builder
	q.root.write(&b, Leaf)
	if q.Sorted() {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(FieldSort + ":")
		if q.sort.Reverse {
			b.WriteByte('-')
		}
		b.WriteString(q.sort.Field)
	}
	return b.String()
}

func (n *Node) write(b *strings.Builder, within Op) {
	if n == nil {
		return
	}
	// Or binds loosest, then and, then not: what is looser than its
	// surroundings stands in parentheses.
	wrap := within == Not && n.Op == And || (within == Not || within == And) && n.Op == Or
	if wrap {
		b.WriteByte('(')
	}
	switch n.Op {
	case Leaf:
		b.WriteString(n.Term.String())
	case Not:
		b.WriteByte('-')
		n.Kids[0].write(b, Not)
	case And, Or:
		between := map[Op]string{And: " ", Or: " OR "}[n.Op]
		for i, k := range n.Kids {
			if i > 0 {
				b.WriteString(between)
			}
			k.write(b, n.Op)
		}
	}
	if wrap {
		b.WriteByte(')')
	}
}

// String returns the text of a term.
func (t Term) String() string {
	switch t.Field {
	case "":
		return quoteUnless(bareWord(t.Raw), t.Raw)
	case FieldLabel:
		text := "label:" + quoteUnless(bareValue(t.RawKey) && !strings.Contains(t.RawKey, "="), t.RawKey)
		if t.HasValue {
			text += "=" + quoteUnless(bareValue(t.Raw), t.Raw)
		}
		return text
	}
	return t.Field + ":" + quoteUnless(bareValue(t.Raw), t.Raw)
}

// bareValue reports whether a value needs no quotes.
func bareValue(s string) bool { return s != "" && !strings.ContainsFunc(s, endsBare) }

// bareWord reports whether a word needs no quotes.
func bareWord(s string) bool {
	if !bareValue(s) || s[0] == '-' || s == orWord {
		return false
	}
	_, isField := fieldPrefix(s)
	return !isField
}

var escapeQuotes = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

func quoteUnless(bare bool, s string) string {
	if bare {
		return s
	}
	return `"` + escapeQuotes.Replace(s) + `"`
}

package query

import (
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
	// HasValue tells label:NAME=VALUE from label:NAME. It is true for every
	// other field.
	HasValue bool
	// Date is set for the fields that are a time.
	Date *DateRange

	of   *field
	word *word // where of has words
}

// Sort is an order of conversations.
type Sort struct {
	// Field is one of the Sort constants.
	Field   string
	Reverse bool
}

// Query is a parsed query. The zero value matches everything, sorted by
// update, newest first.
type Query struct {
	root *Node
	sort Sort // Field "" where the query names none
}

// Root gives the top of the query; nil means everything.
func (q Query) Root() *Node { return q.root }

// IsZero reports whether the query matches everything in the default order.
func (q Query) IsZero() bool { return q.root == nil && q.Sort() == (Sort{Field: SortUpdated}) }

// Conditional reports whether the query asks anything of a conversation. One
// that is blank, names an order alone, or looks for nothing but blanks does not;
// is:any does: whoever writes it means everything.
func (q Query) Conditional() bool { return q.root != nil && !q.root.everything() }

// everything reports whether a node asks nothing, so that all match it.
func (n *Node) everything() bool {
	switch n.Op {
	case And:
		return !slices.ContainsFunc(n.Kids, func(k *Node) bool { return !k.everything() })
	case Or:
		return slices.ContainsFunc(n.Kids, (*Node).everything)
	case Not:
		return n.Kids[0].nothing()
	}
	return n.Term.Date == nil && n.Term.Field != FieldLabel && strings.TrimSpace(n.Term.Value) == ""
}

// nothing reports whether a node is the contrary of one that asks nothing.
func (n *Node) nothing() bool {
	switch n.Op {
	case And:
		return slices.ContainsFunc(n.Kids, (*Node).nothing)
	case Or:
		return !slices.ContainsFunc(n.Kids, func(k *Node) bool { return !k.nothing() })
	case Not:
		return n.Kids[0].everything()
	}
	return false
}

// Sort gives the order, the default one where the query names none.
func (q Query) Sort() Sort {
	if q.sort.Field == "" {
		return Sort{Field: SortUpdated}
	}
	return q.sort
}

// Sorted reports whether the query names an order.
func (q Query) Sorted() bool { return q.sort.Field != "" }

// WithSort gives the same query in another order. A field that does not exist
// (and the zero Sort) takes the order away.
func (q Query) WithSort(s Sort) Query {
	if fieldNamed(FieldSort).word(s.Field) == nil {
		s = Sort{}
	}
	q.sort = s
	return q
}

// And gives the query that matches what both match, in the order of r if it
// names one, else in that of q. It is how a filter narrows a view.
func (q Query) And(r Query) Query {
	out := Query{root: all(q.root, r.root), sort: r.sort}
	if !r.Sorted() {
		out.sort = q.sort
	}
	return out
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
	q.root = all(parts...)
	return q
}

// Fixed gives the same query with every date term resolved for one now and
// loc, which makes matching many conversations faster. It is for one pass:
// what it prints still says "<7d", but it means the instant found here.
func (q Query) Fixed(now time.Time, loc *time.Location) Query {
	dated := q.root.any(func(t *Term) bool { return t.Date != nil })
	if dated {
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

// Accounts gives the accounts (folded names) that a match must be of; nil
// means any, an empty list none.
func (q Query) Accounts() []string { return q.root.limit(FieldAccount) }

// Providers gives the providers that a match must be of; nil means any, an
// empty list none.
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
	if n == nil {
		return nil
	}
	switch n.Op {
	case Leaf:
		if n.Term.Field == field {
			return []string{n.Term.Value}
		}
	case And:
		var out []string
		for _, k := range n.Kids {
			switch l := k.limit(field); {
			case l == nil:
			case out == nil:
				out = l
			default:
				out = slices.DeleteFunc(out, func(s string) bool { return !slices.Contains(l, s) })
			}
		}
		return out
	case Or:
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

// all joins nodes that must all hold; nil ones ask for nothing. Nested ands
// become one, so that a query and its text have the same shape.
func all(parts ...*Node) *Node { return join(And, parts) }

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

// String gives the text of a query. Parse makes the same query of it, as long
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

// String gives the text of a node.
func (n *Node) String() string { return Query{root: n}.String() }

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
		n.Term.write(b)
	case Not:
		b.WriteByte('-')
		n.Kids[0].write(b, Not)
	case And, Or:
		for i, k := range n.Kids {
			switch {
			case i > 0 && n.Op == Or:
				b.WriteString(" OR ")
			case i > 0:
				b.WriteByte(' ')
			}
			k.write(b, n.Op)
		}
	}
	if wrap {
		b.WriteByte(')')
	}
}

// String gives the text of a term.
func (t Term) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *Term) write(b *strings.Builder) {
	switch t.Field {
	case "":
		writeText(b, t.Raw, bareWord(t.Raw))
		return
	case FieldLabel:
		b.WriteString("label:")
		writeText(b, t.RawKey, bareValue(t.RawKey) && !strings.Contains(t.RawKey, "="))
		if t.HasValue {
			b.WriteByte('=')
			writeText(b, t.Raw, bareValue(t.Raw))
		}
		return
	}
	b.WriteString(t.Field + ":")
	writeText(b, t.Raw, bareValue(t.Raw))
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

func writeText(b *strings.Builder, s string, bare bool) {
	if bare {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
}

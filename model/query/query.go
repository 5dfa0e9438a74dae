package query

import (
	"cmp"
	"slices"
	"strings"
)

// Op is the operation of a Node.
type Op uint8

// The operations.
const (
	Leaf Op = iota // a term, without kids
	And            // of two kids or more
	Or             // of two kids or more
	Not            // of one kid
)

// Node is one part of a query. Queries share nodes, so nodes must not be changed.
type Node struct {
	Op   Op
	Kids []*Node
	Term Term
}

// Term is a single condition.
type Term struct {
	Field    string     // "" for a word or phrase, which is searched for in the title, the people and the last message
	Value    string     // the value, folded with model.FoldText
	Raw      string     // the value as it was typed, without quotes
	Key      string     // the name of a label, folded
	RawKey   string     // the name of a label as it was typed, without quotes
	HasValue bool       // false only for label:NAME
	Date     *DateRange // for fields that hold a time

	of   *field
	word *word // if of has words
}

// Sort is an order of conversations.
type Sort struct {
	Field   string // a word that may follow sort:
	Reverse bool
}

var defaultSort = Sort{Field: "updated"}

// Query is a parsed query. The zero value matches everything.
type Query struct {
	root *Node
	sort Sort // zero if the query names no order
}

// Conditional reports whether the query has a condition. A query that is blank, that only names an order or that searches only
// for blanks has none. is:any counts as one, because it is written by somebody who means everything.
func (q Query) Conditional() bool { return q.root != nil && !q.root.always(true) }

// always reports whether a node has the given answer for every conversation because it has no condition.
func (n *Node) always(answer bool) bool {
	other := func(k *Node) bool { return !k.always(answer) }
	switch {
	case n.Op == Leaf:
		return answer && n.Term.Field != FieldLabel && strings.TrimSpace(n.Term.Value) == ""
	case n.Op == Not:
		return n.Kids[0].always(!answer)
	case (n.Op == And) == answer:
		return !slices.ContainsFunc(n.Kids, other)
	}
	return slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.always(answer) })
}

// Sort returns the order of the query, which is the default one if the query names none.
func (q Query) Sort() Sort { return cmp.Or(q.sort, defaultSort) }

// Sorted reports whether the query names an order.
func (q Query) Sorted() bool { return q.sort.Field != "" }

// And returns the query that matches what both q and r match, in the order of r if r names one, else in that of q.
func (q Query) And(r Query) Query {
	return Query{root: join(And, []*Node{q.root, r.root}), sort: cmp.Or(r.sort, q.sort)}
}

// Inbox returns a query that leaves out what is done, snoozed, archived or empty. Each of these is kept if the query contains
// that word, and all of them if it contains is:any.
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

// Names reports whether the query contains is:word, negated or not.
func (q Query) Names(word string) bool {
	return q.root.anyTerm(func(t *Term) bool { return t.isWord(word) })
}

// Accounts returns the folded names of the accounts to which the query is limited, or nil if it is not.
func (q Query) Accounts() []string { return q.root.limit(FieldAccount) }

// Providers returns the providers to which the query is limited, or nil if it is not.
func (q Query) Providers() []string { return q.root.limit(FieldProvider) }

func (n *Node) anyTerm(yes func(*Term) bool) bool {
	if n == nil {
		return false
	}
	if n.Op == Leaf {
		return yes(&n.Term)
	}
	return slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.anyTerm(yes) })
}

// limit returns the values of a field that a match can have, or nil for any.
func (n *Node) limit(field string) []string {
	switch {
	case n == nil:
	case n.Term.Field == field:
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

// join makes one node of several, leaving out nil. Nested nodes with the same operation become one, so that parsing the text of
// a query gives the same nodes.
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

// String returns the text of a query. Parse makes the same query of it, unless quoting and Inbox made it longer than MaxLength.
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
	// Or binds loosest, then and, then not. A node that binds looser than the one around it needs parentheses.
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

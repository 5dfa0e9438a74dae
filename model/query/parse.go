package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"confab/model"
)

// The limits of a query.
const (
	MaxLength = 4096 // bytes of text
	MaxDepth  = 64   // levels of parentheses and dashes
)

const orWord = "OR"

// Error says where a query is wrong, and why.
type Error struct {
	Pos, End   int // byte offsets in the text given to Parse; equal if something is missing there
	Message    string
	Suggestion string // the nearest text that would be right, or ""

	missingValue bool // a field has no value
}

// Error returns one line for a person. The position in it counts from one.
func (e *Error) Error() string {
	s := fmt.Sprintf("at %d: %s", e.Pos+1, e.Message)
	if e.Suggestion != "" {
		s += fmt.Sprintf(" (did you mean %s?)", e.Suggestion)
	}
	return s
}

// Parse reads a query. Its errors are of type *Error. An empty text gives the zero Query. The last of several sort: terms
// counts.
func Parse(s string) (Query, error) {
	if len(s) > MaxLength {
		return Query{}, &Error{Pos: MaxLength, End: len(s), Message: fmt.Sprintf("longer than %d bytes", MaxLength)}
	}
	if at := strings.IndexRune(s, utf8.RuneError); !utf8.ValidString(s) {
		return Query{}, &Error{Pos: at, End: at + 1, Message: "not valid UTF-8"}
	}
	p := &parser{s: s}
	root := p.or(0)
	if p.i < len(p.s) {
		p.fail(Error{Pos: p.i, End: p.i + 1, Message: "nothing is open that this parenthesis could close"})
	}
	if p.err != nil {
		return Query{}, p.err
	}
	return Query{root: root, sort: p.sort}, nil
}

// WithoutBare returns a query, of which somebody may still be typing a part, without the fields that have no value yet. ok is
// false if the rest is no valid query.
func WithoutBare(s string) (rest string, ok bool) {
	for {
		_, err := Parse(s)
		var wrong *Error
		if !errors.As(err, &wrong) {
			return strings.TrimSpace(s), err == nil
		}
		if !wrong.missingValue {
			return "", false
		}
		start, _ := termAround(s, wrong.Pos)
		s = strings.TrimRight(s[:start], "-") + s[wrong.Pos:]
	}
}

type parser struct {
	s    string
	i    int
	sort Sort
	err  *Error // the first error
}

// fail keeps the first error and ends parsing. It returns no node.
func (p *parser) fail(e Error) *Node {
	if p.err == nil {
		p.err, p.i = &e, len(p.s)
	}
	return nil
}

// endsBare reports whether a character ends a word without quotes.
func endsBare(r rune) bool { return r == '(' || r == ')' || r == '"' || unicode.IsSpace(r) }

func (p *parser) blanks() {
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if !unicode.IsSpace(r) {
			return
		}
		p.i += n
	}
}

// bareEnd returns the end of the word without quotes that begins at i.
func bareEnd(s string, i int) int {
	if n := strings.IndexFunc(s[i:], endsBare); n >= 0 {
		return i + n
	}
	return len(s)
}

func (p *parser) atOr() bool {
	return strings.HasPrefix(p.s[p.i:], orWord) && bareEnd(p.s, p.i) == p.i+len(orWord)
}

// or reads alternatives up to the end or a closing parenthesis. It returns nil if there are none.
func (p *parser) or(depth int) *Node {
	var parts []*Node
	for {
		part := p.and(depth)
		p.blanks()
		more := p.i < len(p.s) && p.s[p.i] != ')'
		if part == nil && (more || len(parts) > 0) {
			return p.fail(Error{Pos: p.i, End: min(p.i+2, len(p.s)), Suggestion: `"OR"`,
				Message: `OR needs something on both sides; as a word it is written "OR"`})
		}
		parts = append(parts, part)
		if !more {
			return join(Or, parts)
		}
		p.i += len(orWord)
	}
}

func (p *parser) and(depth int) *Node {
	var parts []*Node
	for {
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] == ')' || p.atOr() {
			return join(And, parts)
		}
		parts = append(parts, p.not(depth))
	}
}

func (p *parser) not(depth int) *Node {
	if depth > MaxDepth {
		return p.fail(Error{Pos: p.i, End: p.i + 1, Message: fmt.Sprintf("nested deeper than %d", MaxDepth)})
	}
	start := p.i
	switch p.s[p.i] {
	case '-':
		p.i++
		next, _ := utf8.DecodeRuneInString(p.s[p.i:])
		switch {
		case p.i == len(p.s) || next == ')':
			return p.fail(Error{Pos: start, End: p.i, Suggestion: `"-"`,
				Message: "nothing follows the dash; as a text it is written in quotes"})
		case unicode.IsSpace(next):
			return leaf(freeText, "-")
		case p.atOr():
			return p.fail(Error{Pos: start, End: p.i + len(orWord), Suggestion: `-"OR"`,
				Message: `OR can't be negated; as a word it is written "OR"`})
		}
		return &Node{Op: Not, Kids: []*Node{p.not(depth + 1)}}
	case '(':
		p.i++
		inner := p.or(depth + 1)
		switch {
		case p.i >= len(p.s):
			return p.fail(Error{Pos: start, End: start + 1, Message: "this parenthesis is never closed"})
		case inner == nil:
			return p.fail(Error{Pos: start, End: p.i + 1, Message: "nothing between the parentheses"})
		}
		p.i++
		return inner
	case '"':
		text := p.quoted()
		if text == "" {
			return p.fail(Error{Pos: start, End: p.i, Message: "nothing between the quotes"})
		}
		return leaf(freeText, text)
	}
	end := bareEnd(p.s, p.i)
	if name, ok := fieldPrefix(p.s[p.i:end]); ok {
		return p.field(name, depth)
	}
	p.i = end
	return leaf(freeText, p.s[start:end])
}

func leaf(of *field, raw string) *Node {
	value := model.FoldText(raw)
	return &Node{Term: Term{Field: of.name, Raw: raw, Value: value, HasValue: true, of: of, word: of.word(value)}}
}

// labelLeaf is leaf for a label. For other fields key is "" and hasValue is true.
func labelLeaf(of *field, key, raw string, hasValue bool) *Node {
	n := leaf(of, raw)
	n.Term.RawKey, n.Term.Key, n.Term.HasValue = key, model.FoldText(key), hasValue
	return n
}

// quoted reads a text in quotes, in which a backslash keeps the next character.
func (p *parser) quoted() string {
	start := p.i
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return b.String()
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			b.WriteByte(p.s[p.i])
		default:
			b.WriteByte(c)
		}
	}
	p.fail(Error{Pos: start, End: len(p.s), Message: "this quote is never closed"})
	return ""
}

// fieldPrefix returns the name of the field that a word begins with, which need not exist.
func fieldPrefix(word string) (string, bool) {
	name, _, ok := strings.Cut(word, ":")
	if !ok || name == "" {
		return "", false
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && r != '_' {
			return "", false
		}
	}
	return name, true
}

func (p *parser) field(typed string, depth int) *Node {
	start := p.i
	p.i += len(typed) + 1
	name := strings.ToLower(typed)
	of := fieldNamed(name)
	if of == nil {
		near := nearestField(name)
		if near != "" {
			near += ":"
		}
		return p.fail(Error{Pos: start, End: p.i, Suggestion: near,
			Message: fmt.Sprintf("there is no field %q; a text with a colon stands in quotes", typed)})
	}
	if of.compare == byLabel {
		return p.label(of)
	}
	at, words := p.i, of.closed()
	raw := p.value("")
	if raw == "" {
		return p.fail(Error{Pos: at, End: at, Message: name + ": needs a value" + choices(words), missingValue: true})
	}
	n := leaf(of, raw)
	t := &n.Term
	value, reverse := t.Value, false
	if of.compare == byOrder {
		value, reverse = strings.CutPrefix(value, "-")
	}
	switch {
	case of.compare == byOrder && depth > 0 && strings.HasSuffix(p.s[:start], "-"):
		return p.fail(Error{Pos: start - 1, End: p.i, Message: "an order can't be negated", Suggestion: "sort:-" + value})
	case of.compare == byOrder && depth > 0:
		return p.fail(Error{Pos: start, End: p.i, Message: "an order can't stand in parentheses"})
	case of.words != nil || of.slips:
		// With slips, only a value that is almost a known one is wrong.
		if near := suggestValue(of, value); !slices.Contains(words, value) && (!of.slips || near != "") {
			return p.fail(Error{Pos: at, End: p.i, Suggestion: near,
				Message: fmt.Sprintf("%s:%s means nothing%s", name, t.Raw, choices(words))})
		}
		if of.compare == byOrder { // it is kept apart from the terms
			p.sort = Sort{Field: value, Reverse: reverse}
			return nil
		}
		// Queries with the same meaning get the same text.
		t.Raw = t.Value
	case of.compare == byDate:
		d, err := parseDate(t.Value)
		if err != nil {
			err.Pos, err.End = at, p.i
			if err.Suggestion != "" {
				err.Suggestion = name + ":" + err.Suggestion
			}
			return p.fail(*err)
		}
		t.Raw, t.Date = t.Value, d
	}
	return n
}

// value reads a value, either in quotes or up to a blank or one of the stop characters.
func (p *parser) value(stop string) string {
	if p.i < len(p.s) && p.s[p.i] == '"' {
		return p.quoted()
	}
	start, end := p.i, bareEnd(p.s, p.i)
	if n := strings.IndexAny(p.s[start:end], stop); n >= 0 {
		end = start + n
	}
	p.i = end
	return p.s[start:end]
}

func (p *parser) label(of *field) *Node {
	at := p.i
	key := p.value("=")
	if key == "" {
		return p.fail(Error{Pos: at, End: p.i, Message: "label: needs the name of a label", missingValue: p.i == at})
	}
	raw, hasValue := "", p.i < len(p.s) && p.s[p.i] == '='
	if hasValue {
		p.i++
		raw = p.value("")
	}
	return labelLeaf(of, key, raw, hasValue)
}

// suggestValue returns the term that was probably meant by a field with a wrong value: either the field with a similar value,
// or another field that takes the value. It returns "" if there is none.
func suggestValue(of *field, value string) string {
	if near := model.Nearest(value, of.closed()); near != "" {
		return of.name + ":" + near
	}
	for i := range fields {
		if other := &fields[i]; other != of && other.compare != byOrder && slices.Contains(other.closed(), value) {
			return other.name + ":" + value
		}
	}
	return ""
}

func choices(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ", ")
}

package query

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
)

// Vocabulary is what a person's conversations hold, for completion: the values
// by the name of the field. Labels are "name" or "name=value". Texts may be as
// they came from services: what is offered is cleaned.
type Vocabulary map[string][]Value

// Value is a text with how many conversations hold it, 0 where that is not known.
type Value struct {
	Text  string
	Count int
}

// Completion is one way to go on. Text replaces the bytes from Start to End:
// a whole term, or the name of a field with its colon.
type Completion struct {
	Text       string
	Start, End int
	Help       string
}

// MaxCompletions is the most that Complete offers.
const MaxCompletions = 50

// maxOffered is the longest value that is worth offering, in bytes.
const maxOffered = 300

// Complete offers ways to go on at a cursor, a byte offset of s, nearest
// first: what begins with the text before the cursor, then what holds it; of the
// values of one field those first that more conversations hold. Inside a phrase,
// or where nothing fits, there are none.
func Complete(s string, cursor int, v Vocabulary) []Completion {
	if len(s) > MaxLength || !utf8.ValidString(s) {
		return nil
	}
	cursor = min(max(cursor, 0), len(s))
	for cursor > 0 && cursor < len(s) && !utf8.RuneStart(s[cursor]) {
		cursor--
	}
	start, end := termAround(s, cursor)
	c := &completer{s: s, start: start, end: end, seen: map[string]bool{}}
	typed := s[start:cursor]
	name, isField := fieldPrefix(typed)
	switch {
	case strings.HasPrefix(typed, `"`):
	case isField:
		if of := fieldNamed(strings.ToLower(name)); of != nil {
			c.values(of, typed[len(name)+1:], v)
		}
	default:
		if n := strings.IndexByte(s[cursor:end], ':'); n >= 0 {
			c.end = cursor + n + 1 // the value behind it stays
		}
		c.words(typed, v, c.end == end)
	}
	return append(c.first, c.then...)[:min(MaxCompletions, len(c.first)+len(c.then))]
}

// aTerm matches a term from its start, up to a quote that is not closed.
var aTerm = regexp.MustCompile(`^(?:[^\s\v\pZ\x{85}()"]|"(?s:[^"\\]|\\.)*")*`)

// termAround returns the span of the term a cursor is in, without its dashes.
func termAround(s string, cursor int) (start, end int) {
	for {
		end = start + len(aTerm.FindString(s[start:]))
		if end < len(s) && s[end] == '"' {
			if end < cursor {
				end = cursor // the quote is still being written; what follows may be other terms
			} else {
				end = len(s)
			}
		}
		if end >= cursor {
			break
		}
		_, n := utf8.DecodeRuneInString(s[end:])
		start = end + n
	}
	for start < cursor && s[start] == '-' {
		start++
	}
	return start, end
}

type completer struct {
	s           string
	start, end  int
	first, then []Completion
	seen        map[string]bool
}

// offer adds a completion if its subject, folded, holds what was typed.
func (c *completer) offer(subject, typed, text, help string) {
	if len(c.first) >= MaxCompletions || c.seen[text] || text == c.s[c.start:c.end] ||
		len(c.s)-(c.end-c.start)+len(text) > MaxLength {
		return
	}
	at := strings.Index(subject, typed)
	if at < 0 || at > 0 && len(c.then) >= MaxCompletions {
		return
	}
	c.seen[text] = true
	done := Completion{Text: text, Start: c.start, End: c.end, Help: help}
	if at == 0 {
		c.first = append(c.first, done)
	} else {
		c.then = append(c.then, done)
	}
}

// words completes a term without a field: to a field, and (where whole terms
// fit) to a word of is: and has:, to a value of any field.
func (c *completer) words(typed string, v Vocabulary, terms bool) {
	typed = model.FoldText(typed)
	for _, of := range fields {
		if strings.HasPrefix(of.name, typed) {
			c.offer(of.name, typed, of.name+":", of.help)
		}
	}
	if typed == "" || !terms {
		return
	}
	for _, of := range fields {
		for _, w := range of.words {
			if of.compare == byWord && strings.HasPrefix(w.name, typed) {
				c.offer(w.name, typed, of.name+":"+w.name, w.help)
			}
		}
	}
	if utf8.RuneCountInString(typed) < 2 {
		return
	}
	for _, name := range []string{FieldAccount, FieldProvider, FieldLabel, FieldWith, "owner", "team", "space",
		"channel", "company", "kind", "status", FieldTitle} {
		c.vocabulary(fieldNamed(name), typed, name, v)
	}
}

// values completes what follows the colon of a field.
func (c *completer) values(of *field, typed string, v Vocabulary) {
	folded := model.FoldText(typed)
	for _, w := range of.words {
		c.offer(w.name, folded, of.name+":"+w.name, w.help)
		if of.compare == byOrder {
			c.offer("-"+w.name, folded, of.name+":-"+w.name, "the other way round")
		}
	}
	switch {
	case of.compare == byDate:
		c.dates(of.name, folded)
	case of.compare == byLabel:
		c.labels(of, typed, v)
	default:
		c.vocabulary(of, model.FoldText(unquote(typed)), of.name, v)
	}
}

func (c *completer) vocabulary(of *field, typed, help string, v Vocabulary) {
	list := frequent(v[of.name])
	if len(list) == 0 && of.usual != nil {
		for _, text := range of.usual() {
			list = append(list, Value{Text: text})
		}
	}
	for _, s := range list {
		text := s.Text
		if of.compare == byLabel {
			text, _, _ = strings.Cut(text, "=")
		}
		if text = presentable(text); text != "" {
			term := Term{Field: of.name, Raw: text}
			if of.compare == byLabel {
				term = Term{Field: of.name, RawKey: text}
			}
			c.offer(model.FoldText(text), typed, term.String(), s.help(help))
		}
	}
}

// labels completes the name of a label, and after = its value.
func (c *completer) labels(of *field, typed string, v Vocabulary) {
	key, value, hasValue := cutLabel(typed)
	key, value = model.FoldText(key), model.FoldText(value)
	if !hasValue {
		c.vocabulary(of, key, "has this label", v)
		return
	}
	for _, l := range frequent(v[of.name]) {
		name, text, _ := strings.Cut(l.Text, "=")
		if name, text = presentable(name), presentable(text); model.FoldText(name) == key && name != "" && text != "" {
			labelled := Term{Field: of.name, RawKey: name, Raw: text, HasValue: true}
			c.offer(model.FoldText(text), value, labelled.String(), l.help("label with this value"))
		}
	}
}

// frequent returns the values with the most frequent first.
func frequent(list []Value) []Value {
	order := func(a, b Value) int { return cmp.Compare(b.Count, a.Count) }
	if slices.IsSortedFunc(list, order) {
		return list
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, order)
	return list
}

// help adds to an explanation how many conversations hold the value.
func (v Value) help(text string) string {
	switch v.Count {
	case 0:
		return text
	case 1:
		return text + ", 1 conversation"
	}
	return text + ", " + model.Number(v.Count) + " conversations"
}

// dates completes ages and days. There is no clock here, so dates of the
// calendar are described, not offered.
func (c *completer) dates(field, typed string) {
	digits := strings.TrimLeft(typed, "<>=")
	op := typed[:len(typed)-len(digits)]
	if n := len(digits) - len(strings.TrimLeft(digits, "0123456789")); n > 0 && n <= 5 {
		if op == "" {
			op = "<"
		}
		for _, u := range DateUnits() {
			text := op + digits[:n] + u.Name
			if _, err := parseDate(text); err == nil && strings.HasPrefix(u.Name, digits[n:]) {
				c.offer(text, text, field+":"+text, ageHelp(op)+digits[:n]+" "+u.Help)
			}
		}
		return
	}
	for _, w := range DateWords() {
		if strings.HasPrefix(w.Name, typed) {
			c.offer(w.Name, typed, field+":"+w.Name, w.Help+"; also 2026-01-31, >2026-01-31, 2026-01..2026-02")
		}
	}
}

func ageHelp(op string) string {
	if strings.HasPrefix(op, ">") {
		return "older than "
	}
	return "younger than "
}

// presentable cleans a value for offering; "" is not worth it.
func presentable(s string) string {
	if len(s) > maxOffered {
		return ""
	}
	return strings.TrimSpace(model.CleanLine(s, 0))
}

// unquote takes a value that may still be in the middle of its quotes.
func unquote(s string) string {
	p := &parser{s: s}
	if text, err := p.value(""); err == nil {
		return text
	}
	p = &parser{s: s + `"`}
	if text, err := p.value(""); err == nil {
		return text
	}
	return strings.TrimPrefix(s, `"`)
}

func cutLabel(s string) (key, value string, hasValue bool) {
	p := &parser{s: s}
	key, err := p.value("=")
	if err != nil {
		return unquote(s), "", false
	}
	if p.i < len(s) && s[p.i] == '=' {
		return key, unquote(s[p.i+1:]), true
	}
	return key, "", false
}

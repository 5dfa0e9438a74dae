package query

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"confab/model"
)

// Value is a value of a field with the number of conversations that have it, 0 if unknown.
type Value struct {
	Text  string
	Count int
}

// Source returns values of a field, spelled as the services spell them. A value is left out if rank returns a negative number
// for its folded text. The lowest rank comes first; of equal ranks, the value that more conversations have. Labels are "name"
// or "name=value". The source need not return more than limit values.
type Source func(field string, rank func(folded string) int, limit int) []Value

// Completion is a text with which to replace the bytes from Start to End of a query.
type Completion struct {
	Text       string // a term, or the name of a field with its colon
	Start, End int
	Help       string
	Count      int // how many conversations Text alone matches, 0 if unknown
}

const (
	// MaxCompletions is the most completions that Complete returns.
	MaxCompletions = 50
	valuesPerField = 8   // completions of a word by each field
	maxOffered     = 300 // bytes of a value; longer ones are not offered
)

// Complete returns completions of the term at a cursor, which is a byte offset of s. Those that begin with the text before the
// cursor come first, then those that contain it; values of one field are sorted by the number of conversations that have them.
// Inside a phrase there are none. Without a source (nil) only words of the language are offered.
func Complete(s string, cursor int, from Source) []Completion {
	if len(s) > MaxLength || !utf8.ValidString(s) {
		return nil
	}
	cursor = min(max(cursor, 0), len(s))
	start, end := termAround(s, cursor)
	c := &completer{s: s, start: start, end: end, from: from}
	typed := s[start:cursor]
	name, isField := fieldPrefix(typed)
	switch {
	case strings.HasPrefix(typed, `"`):
	case isField:
		if of := fieldNamed(strings.ToLower(name)); of != nil {
			c.values(of, typed[len(name)+1:])
		}
	default:
		if n := strings.IndexByte(s[cursor:end], ':'); n >= 0 {
			c.end = cursor + n + 1 // keep the value after the colon
		}
		c.words(typed, c.end == end)
	}
	out := slices.Concat(c.lists[:]...)
	return out[:min(MaxCompletions, len(out))]
}

// aTerm matches the beginning of a text, up to the end of the term or a quote that is never closed.
var aTerm = regexp.MustCompile(`^(?:[^\s\v\pZ\x{85}()"]|"(?s:[^"\\]|\\.)*")*`)

// termAround returns the span of the term around a cursor, without leading dashes.
func termAround(s string, cursor int) (start, end int) {
	for {
		end = start + len(aTerm.FindString(s[start:]))
		if end < len(s) && s[end] == '"' {
			if end < cursor {
				end = cursor // the quote is still being typed; other terms may follow
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
	s          string
	start, end int
	from       Source
	lists      [2][]Completion // those that begin with the typed text, and others
}

// fits returns how well a folded text completes the typed one: 0 if it begins with it, 1 if a word in it does, 2 if it contains
// it, else -1.
func fits(text, typed string) int {
	worst := -1
	for at, from := 0, 0; ; from = at + 1 {
		n := strings.Index(text[from:], typed)
		if n < 0 {
			return worst
		}
		if at = from + n; at == 0 {
			return 0
		}
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); !unicode.IsLetter(before) && !unicode.IsNumber(before) {
			return 1
		}
		worst = 2
	}
}

// offer adds a completion unless fit is negative.
func (c *completer) offer(fit int, text, help string, count int) {
	if fit >= 0 && text != c.s[c.start:c.end] {
		list := &c.lists[min(fit, 1)]
		*list = append(*list, Completion{Text: text, Start: c.start, End: c.end, Help: help, Count: count})
	}
}

// words completes a term without a field to a field and, with terms, to a word of the language and to values of all fields.
func (c *completer) words(typed string, terms bool) {
	typed = model.FoldText(typed)
	for _, of := range fields {
		if strings.HasPrefix(of.name, typed) {
			c.offer(0, of.name+":", of.help, 0)
		}
	}
	if typed == "" || !terms {
		return
	}
	for _, of := range fields {
		for _, w := range of.words {
			if of.compare == byWord && strings.HasPrefix(w.name, typed) {
				c.offer(0, of.name+":"+w.name, w.help, 0)
			}
		}
	}
	if utf8.RuneCountInString(typed) < 2 {
		return
	}
	for _, v := range Vocabularies() {
		if of := fieldNamed(v.Field); of.compare != byLine { // few rows differ in their roles
			c.vocabulary(of, typed, valuesPerField)
		}
	}
	c.vocabulary(fieldNamed(FieldTitle), typed, valuesPerField)
}

// values completes the text after the colon of a field.
func (c *completer) values(of *field, typed string) {
	folded := model.FoldText(typed)
	for _, w := range of.words {
		c.offer(fits(w.name, folded), of.name+":"+w.name, w.help, 0)
		if of.compare == byOrder {
			c.offer(fits("-"+w.name, folded), of.name+":-"+w.name, "the other way round", 0)
		}
	}
	switch {
	case of.compare == byDate:
		c.dates(of.name, folded)
	case of.words == nil:
		c.vocabulary(of, typed, MaxCompletions)
	}
}

// vocabulary completes to values that conversations have, or to the usual values of the field.
func (c *completer) vocabulary(of *field, typed string, limit int) {
	folded := model.FoldText(unquote(typed))
	rank := func(text string) int { return fits(text, folded) }
	if of.compare == byLabel {
		key, value, hasValue := cutLabel(typed)
		key, value = model.FoldText(key), model.FoldText(value)
		rank = func(text string) int { return fitsLabel(text, key, value, hasValue) }
	}
	var list []Value
	if c.from != nil {
		list = c.from(of.name, rank, limit)
	}
	if len(list) == 0 && of.usual != nil {
		for _, text := range of.usual() {
			list = append(list, Value{Text: text})
		}
	}
	for _, v := range list {
		if n := of.leaf(v.Text); n != nil {
			help := of.name
			if of.compare == byLabel {
				help = map[bool]string{true: "label with this value", false: "has this label"}[n.Term.HasValue]
			}
			c.offer(rank(model.FoldText(v.Text)), n.Term.String(), help, v.Count)
		}
	}
}

// leaf returns the term that asks for a value of a conversation, or nil if the value is not fit to be shown.
func (of *field) leaf(value string) *Node {
	key, raw, pair := "", value, true
	if of.compare == byLabel {
		key, raw, pair = strings.Cut(value, "=")
	}
	key, raw = presentable(key), presentable(raw)
	if key == "" && of.compare == byLabel || raw == "" && pair {
		return nil
	}
	return labelLeaf(of, key, raw, pair)
}

// fitsLabel is fits for a label, which is a name or a name and a value. If no = was typed, the text may be either.
func fitsLabel(label, key, value string, hasValue bool) int {
	name, has, pair := strings.Cut(label, "=")
	fit := fits(name, key)
	switch {
	case !pair && hasValue:
		return -1
	case !pair:
		return fit
	case hasValue:
		of := fits(has, value)
		if fit < 0 || of < 0 {
			return -1
		}
		if name != key {
			of += 3
		}
		return of
	}
	if of := fits(has, key); of >= 0 {
		return of
	}
	return fit
}

// dates completes ages and words for days. It describes calendar dates instead of offering them, since it has no clock.
func (c *completer) dates(field, typed string) {
	digits := strings.TrimLeft(typed, "<>=")
	op := typed[:len(typed)-len(digits)]
	if n := len(digits) - len(strings.TrimLeft(digits, "0123456789")); n > 0 {
		op, help := cmp.Or(op, "<"), "younger than "
		if op[0] == '>' {
			help = "older than "
		}
		for _, u := range DateUnits() {
			text := op + digits[:n] + u.Name
			if _, err := parseDate(text); err == nil && strings.HasPrefix(u.Name, digits[n:]) {
				c.offer(0, field+":"+text, help+digits[:n]+" "+u.Help, 0)
			}
		}
		return
	}
	for _, w := range DateWords() {
		if strings.HasPrefix(w.Name, typed) {
			c.offer(0, field+":"+w.Name, w.Help+"; also 2026-01-31, >2026-01-31, 2026-01..2026-02", 0)
		}
	}
}

// presentable returns a cleaned value, or "" if it is blank or too long.
func presentable(s string) string {
	if s = model.CleanLine(s, 0); len(s) > maxOffered || strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

// unquote returns the text of a value whose closing quote may still be missing.
func unquote(s string) string {
	return (&parser{s: s + `"`}).value("") // the quote closes an open one, and ends a word as well
}

func cutLabel(s string) (key, value string, hasValue bool) {
	p := &parser{s: s}
	key = p.value("=")
	if p.err != nil {
		return unquote(s), "", false
	}
	if p.i < len(s) && s[p.i] == '=' {
		return key, unquote(s[p.i+1:]), true
	}
	return key, "", false
}

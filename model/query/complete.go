package query

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"confab/model"
)

// Value is a text of a field with how many conversations hold it, 0 where that is not known.
type Value struct {
	Text  string
	Count int
}

// Source tells the values of a field that conversations hold, as they came from services: those to which rank, given
// the folded text, gives no negative number, the lowest first, and of equal ones those that more hold. Labels are
// "name" or "name=value". At most limit are needed.
type Source func(field string, rank func(folded string) int, limit int) []Value

// Completion is one way to go on. Text replaces the bytes from Start to End:
// a whole term, or the name of a field with its colon. Count is how many
// conversations it finds by itself, 0 where that is not known.
type Completion struct {
	Text       string
	Start, End int
	Help       string
	Count      int
}

// MaxCompletions is the most that Complete offers.
const MaxCompletions = 50

// valuesOfWord is how many values of each field a word is completed to.
const valuesOfWord = 8

// maxOffered is the longest value that is worth offering, in bytes.
const maxOffered = 300

// Complete offers ways to go on at a cursor, a byte offset of s, nearest
// first: what begins with the text before the cursor, then what holds it; of the
// values of one field those first that more conversations hold. Inside a phrase,
// or where nothing fits, there are none. Without a source (nil) it offers the
// words of the language alone.
func Complete(s string, cursor int, from Source) []Completion {
	if len(s) > MaxLength || !utf8.ValidString(s) {
		return nil
	}
	cursor = min(max(cursor, 0), len(s))
	for cursor > 0 && cursor < len(s) && !utf8.RuneStart(s[cursor]) {
		cursor--
	}
	start, end := termAround(s, cursor)
	if from == nil {
		from = func(string, func(string) int, int) []Value { return nil }
	}
	c := &completer{s: s, start: start, end: end, from: from, seen: map[string]bool{}}
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
			c.end = cursor + n + 1 // the value behind it stays
		}
		c.words(typed, c.end == end)
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
	from        Source
	first, then []Completion
	seen        map[string]bool
}

// fits says how well a folded text goes on what was typed: it begins with it, a word in it does, it holds it, or not at
// all, which is negative.
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

// offer adds a completion that fits.
func (c *completer) offer(fit int, text, help string, count int) {
	if fit < 0 || c.seen[text] || text == c.s[c.start:c.end] || len(c.s)-(c.end-c.start)+len(text) > MaxLength {
		return
	}
	list := &c.first
	if fit > 0 {
		list = &c.then
	}
	if len(*list) >= MaxCompletions {
		return
	}
	c.seen[text] = true
	*list = append(*list, Completion{Text: text, Start: c.start, End: c.end, Help: help, Count: count})
}

// word offers a word of the language.
func (c *completer) word(name, typed, text, help string) { c.offer(fits(name, typed), text, help, 0) }

// words completes a term without a field: to a field, and (where whole terms
// fit) to a word of is: and has:, to a value of any field.
func (c *completer) words(typed string, terms bool) {
	typed = model.FoldText(typed)
	for _, of := range fields {
		if strings.HasPrefix(of.name, typed) {
			c.word(of.name, typed, of.name+":", of.help)
		}
	}
	if typed == "" || !terms {
		return
	}
	for _, of := range fields {
		for _, w := range of.words {
			if of.compare == byWord && strings.HasPrefix(w.name, typed) {
				c.word(w.name, typed, of.name+":"+w.name, w.help)
			}
		}
	}
	if utf8.RuneCountInString(typed) < 2 {
		return
	}
	for _, name := range []string{FieldAccount, FieldProvider, FieldLabel, FieldWith, "owner", "team", "space",
		"channel", "company", "kind", "status", FieldTitle} {
		c.vocabulary(fieldNamed(name), typed, valuesOfWord)
	}
}

// values completes what follows the colon of a field.
func (c *completer) values(of *field, typed string) {
	folded := model.FoldText(typed)
	for _, w := range of.words {
		c.word(w.name, folded, of.name+":"+w.name, w.help)
		if of.compare == byOrder {
			c.word("-"+w.name, folded, of.name+":-"+w.name, "the other way round")
		}
	}
	switch {
	case of.compare == byDate:
		c.dates(of.name, folded)
	case of.words == nil:
		c.vocabulary(of, typed, MaxCompletions)
	}
}

// vocabulary completes to values that conversations hold.
func (c *completer) vocabulary(of *field, typed string, limit int) {
	folded := model.FoldText(unquote(typed))
	rank := func(text string) int { return fits(text, folded) }
	if of.compare == byLabel {
		key, value, hasValue := cutLabel(typed)
		key, value = model.FoldText(key), model.FoldText(value)
		rank = func(text string) int { return fitsLabel(text, key, value, hasValue) }
	}
	list := c.from(of.name, rank, limit)
	if len(list) == 0 && of.usual != nil {
		for _, text := range of.usual() {
			list = append(list, Value{Text: text})
		}
	}
	for _, v := range list {
		if term, ok := of.term(v.Text); ok {
			c.offer(rank(model.FoldText(v.Text)), term.String(), of.valueHelp(term), v.Count)
		}
	}
}

// term returns the term that asks for a value; ok is false where it is not worth it.
func (of *field) term(value string) (t Term, ok bool) {
	t = Term{Field: of.name, Raw: value, HasValue: true}
	if of.compare == byLabel {
		t.RawKey, t.Raw, t.HasValue = strings.Cut(value, "=")
		t.RawKey, ok = presentable(t.RawKey)
		if !t.HasValue || !ok {
			return t, ok
		}
	}
	t.Raw, ok = presentable(t.Raw)
	return t, ok
}

func (of *field) valueHelp(t Term) string {
	switch {
	case of.compare != byLabel:
		return of.name
	case t.HasValue:
		return "label with this value"
	}
	return "has this label"
}

// fitsLabel is fits for a label: its name, or its name and value. Without a = what is typed may be either.
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
	} else if fit >= 0 {
		fit += 3 // the name comes first, without a value
	}
	return fit
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
				c.word(text, text, field+":"+text, ageHelp(op)+digits[:n]+" "+u.Help)
			}
		}
		return
	}
	for _, w := range DateWords() {
		if strings.HasPrefix(w.Name, typed) {
			c.word(w.Name, typed, field+":"+w.Name, w.Help+"; also 2026-01-31, >2026-01-31, 2026-01..2026-02")
		}
	}
}

func ageHelp(op string) string {
	if strings.HasPrefix(op, ">") {
		return "older than "
	}
	return "younger than "
}

// presentable cleans a value for offering; ok is false where it is not worth it.
func presentable(s string) (text string, ok bool) {
	if len(s) > maxOffered {
		return "", false
	}
	text = strings.TrimSpace(model.CleanLine(s, 0))
	return text, text != ""
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

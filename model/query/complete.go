package query

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
)

// Vocabulary is what a person's conversations hold, for completion. Labels are
// "name" or "name=value". Texts may be as they came from services: what is
// offered is cleaned.
type Vocabulary struct {
	Accounts, Providers, Owners, People, Teams, Spaces, Channels, Companies []Value
	Roles, Kinds, Statuses, Labels, Titles                                  []Value
}

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
		c.values(strings.ToLower(name), typed[len(name)+1:], v)
	default:
		if n := strings.IndexByte(s[cursor:end], ':'); n >= 0 {
			c.end = cursor + n + 1 // the value behind it stays
		}
		c.words(typed, v, c.end == end)
	}
	return append(c.first, c.then...)[:min(MaxCompletions, len(c.first)+len(c.then))]
}

// termAround gives the span of the term a cursor is in, without its dashes.
func termAround(s string, cursor int) (start, end int) {
	quote := false
	skip := false
	for i, r := range s[:cursor] {
		switch {
		case skip:
			skip = false
		case quote && r == '\\':
			skip = true
		case r == '"':
			quote = !quote
		case !quote && endsBare(r):
			start = i + utf8.RuneLen(r)
		}
	}
	for start < cursor && s[start] == '-' {
		start++
	}
	inside := quote
	for i, r := range s[cursor:] {
		switch {
		case skip:
			skip = false
		case quote && r == '\\':
			skip = true
		case r == '"':
			quote = !quote
		case !quote && endsBare(r):
			return start, cursor + i
		}
	}
	if quote && inside {
		// The quote is still being written; what follows may be other terms.
		return start, cursor
	}
	return start, len(s)
}

type completer struct {
	s           string
	start, end  int
	first, then []Completion
	seen        map[string]bool
}

// offer adds a completion if its subject begins with or holds what was typed,
// both folded.
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
	for _, w := range Fields() {
		if strings.HasPrefix(w.Name, typed) {
			c.offer(w.Name, typed, w.Name+":", w.Help)
		}
	}
	if typed == "" || !terms {
		return
	}
	for _, field := range []string{FieldIs, FieldHas} {
		for _, w := range fieldWords(field) {
			if strings.HasPrefix(w.Name, typed) {
				c.offer(w.Name, typed, field+":"+w.Name, w.Help)
			}
		}
	}
	if utf8.RuneCountInString(typed) < 2 {
		return
	}
	for _, field := range []string{FieldAccount, FieldProvider, FieldLabel, FieldWith, FieldOwner, FieldTeam, FieldSpace,
		FieldChannel, FieldCompany, FieldKind, FieldStatus, FieldTitle} {
		c.vocabulary(field, typed, v)
	}
}

// values completes what follows the colon of a field.
func (c *completer) values(field, typed string, v Vocabulary) {
	switch field {
	case FieldIs, FieldHas:
		typed = model.FoldText(typed)
		for _, w := range fieldWords(field) {
			c.offer(w.Name, typed, field+":"+w.Name, w.Help)
		}
	case fieldSort:
		typed = model.FoldText(typed)
		for _, w := range SortWords() {
			c.offer(w.Name, typed, "sort:"+w.Name, w.Help)
			c.offer("-"+w.Name, typed, "sort:-"+w.Name, "the other way round")
		}
	case FieldUpdated, FieldCreated:
		c.dates(field, model.FoldText(typed))
	case FieldLabel:
		c.labels(typed, v.Labels)
	default:
		c.vocabulary(field, model.FoldText(unquote(typed)), v)
	}
}

func (c *completer) vocabulary(field, typed string, v Vocabulary) {
	var list []Value
	switch field {
	case FieldAccount:
		list = v.Accounts
	case FieldProvider:
		list = providers(v.Providers)
	case FieldOwner:
		list = v.Owners
	case FieldWith:
		list = v.People
	case FieldTeam:
		list = v.Teams
	case FieldSpace:
		list = v.Spaces
	case FieldChannel:
		list = v.Channels
	case FieldCompany:
		list = v.Companies
	case FieldRole:
		list = v.Roles
		if len(list) == 0 {
			list = []Value{{Text: model.RoleEditor}, {Text: model.RoleViewer}, {Text: model.RoleComplete}}
		}
	case FieldKind:
		list = v.Kinds
	case FieldStatus:
		list = v.Statuses
	case FieldTitle:
		list = v.Titles
	case FieldLabel:
		for _, l := range frequent(v.Labels) {
			name, _, _ := strings.Cut(l.Text, "=")
			if name = presentable(name); name != "" {
				c.offer(model.FoldText(name), typed, Term{Field: FieldLabel, RawKey: name}.String(), l.help("label"))
			}
		}
		return
	}
	for _, s := range frequent(list) {
		if text := presentable(s.Text); text != "" {
			c.offer(model.FoldText(text), typed, Term{Field: field, Raw: text}.String(), s.help(field))
		}
	}
}

// labels completes the name of a label, and after = its value.
func (c *completer) labels(typed string, list []Value) {
	key, value, hasValue := cutLabel(typed)
	key, value = model.FoldText(key), model.FoldText(value)
	for _, l := range frequent(list) {
		name, of, _ := strings.Cut(l.Text, "=")
		if name, of = presentable(name), presentable(of); name == "" {
			continue
		}
		if !hasValue {
			c.offer(model.FoldText(name), key, Term{Field: FieldLabel, RawKey: name}.String(), l.help("has this label"))
			continue
		}
		if model.FoldText(name) == key && of != "" {
			c.offer(model.FoldText(of), value, Term{Field: FieldLabel, RawKey: name, Raw: of, HasValue: true}.String(), l.help("label with this value"))
		}
	}
}

// frequent gives the values with the most frequent first.
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
		for _, u := range []Word{{"d", "days"}, {"h", "hours"}, {"w", "weeks"}, {"mo", "months"}, {"y", "years"}, {"m", "minutes"}} {
			text := op + digits[:n] + u.Name
			if _, msg, _ := parseDate(text); msg == "" && strings.HasPrefix(u.Name, digits[n:]) {
				c.offer(text, text, field+":"+text, ageHelp(op)+digits[:n]+" "+u.Help)
			}
		}
		return
	}
	for _, w := range []Word{
		{"today", "since midnight"}, {"yesterday", "the day before"},
		{"<24h", "younger than 24 hours"}, {"<7d", "younger than 7 days"}, {"<30d", "younger than 30 days"},
		{">7d", "older than 7 days"}, {">30d", "older than 30 days"}, {">90d", "older than 90 days"},
	} {
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

func fieldWords(field string) []Word {
	if field == FieldIs {
		return IsWords()
	}
	return HasWords()
}

// presentable cleans a value for offering; "" is not worth it.
func presentable(s string) string {
	if len(s) > maxOffered {
		return ""
	}
	return strings.TrimSpace(model.CleanLine(s, 0))
}

// providers gives the services that are there, or without a vocabulary those
// that there are.
func providers(there []Value) []Value {
	var out []Value
	for _, v := range there {
		out = append(out, Value{model.FoldText(v.Text), v.Count})
	}
	if len(there) == 0 {
		for _, name := range services {
			out = append(out, Value{Text: name})
		}
	}
	return out
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

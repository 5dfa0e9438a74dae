package config

import (
	"bytes"
	"errors"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// place is a position in a document; both count from 1, columns in characters.
type place struct{ line, column int }

type valueKind int

const (
	stringValue valueKind = iota + 1
	boolValue
	numberValue
	dateValue
	arrayValue
	tableValue
)

func (k valueKind) String() string {
	return [...]string{"", "a string", "true or false", "a number", "a date", "an array", "a table"}[k]
}

// value is one TOML value with its place. tables marks an array made by [[headers]].
type value struct {
	kind   valueKind
	at     place
	text   string // strings decoded, numbers and dates as written
	truth  bool
	items  []*value
	table  *table
	tables bool
}

// entry is one key of a table.
type entry struct {
	key   string
	at    place
	value *value
}

// table keeps its keys in the order of the file.
type table struct {
	at      place
	entries []*entry
	byKey   map[string]*entry
	// opened is the line of the [header] that defined it, 0 for tables made on the way to another or by dotted keys.
	opened int
	// inline tables are complete when they close.
	inline bool
}

func newTable(at place) *table { return &table{at: at, byKey: map[string]*entry{}} }

func (t *table) get(key string) *entry {
	if t == nil {
		return nil
	}
	return t.byKey[key]
}

func (t *table) put(e *entry) {
	t.entries = append(t.entries, e)
	t.byKey[e.key] = e
}

// document builds a tree with places from TOML. go-toml decodes into values without places, or reports the first error
// only, so its parser is walked here, and its decoder then has the last word on what is valid TOML.
type document struct {
	root       *table
	lineStarts []int
	data       []byte
	report     func(at place, key, suggestion, format string, args ...any)
	// broken means that the text ends early for us: what is missing may only be unread.
	broken bool
}

func parseDocument(data []byte, report func(at place, key, suggestion, format string, args ...any)) *document {
	d := &document{root: newTable(place{1, 1}), data: data, report: report, lineStarts: []int{0}}
	for i, c := range data {
		if c == '\n' {
			d.lineStarts = append(d.lineStarts, i+1)
		}
	}
	if !utf8.Valid(data) {
		offset := 0
		for offset < len(data) {
			r, n := utf8.DecodeRune(data[offset:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			offset += n
		}
		report(d.place(offset), "", "", "the file is not UTF-8 text")
		d.broken = true
		return d
	}
	reported := map[int]bool{}
	outer := report
	d.report = func(at place, key, suggestion, format string, args ...any) {
		reported[at.line] = true
		outer(at, key, suggestion, format, args...)
	}
	d.walk()
	d.report = outer

	var scratch map[string]any
	if err := toml.Unmarshal(data, &scratch); err != nil {
		var bad *toml.DecodeError
		if !errors.As(err, &bad) {
			report(place{}, "", "", "not valid TOML")
			d.broken = true
			return d
		}
		line, column := bad.Position()
		at := d.lineColumn(line, column)
		if !reported[at.line] {
			report(at, "", "", "%s", syntaxMessage(strings.TrimPrefix(bad.Error(), "toml: ")))
		}
	}
	return d
}

// syntaxMessage adds the usual cause to messages of the parser that don't name it.
func syntaxMessage(message string) string {
	switch {
	case strings.HasPrefix(message, "unexpected character") && strings.HasSuffix(message, "at start of value"),
		strings.HasPrefix(message, "expected keyword"):
		return message + "; text values stand in quotes"
	case strings.HasPrefix(message, "unable to parse"):
		// The parser repeats the text here.
		return "not a valid number"
	}
	return message
}

func (d *document) place(offset int) place {
	line := sort.SearchInts(d.lineStarts, offset+1)
	return d.lineColumn(line, offset-d.lineStarts[line-1]+1)
}

// lineColumn turns a column in bytes into one in characters.
func (d *document) lineColumn(line, column int) place {
	if line < 1 || line > len(d.lineStarts) {
		return place{}
	}
	text := d.data[d.lineStarts[line-1]:]
	text = text[:min(len(text), max(column-1, 0))]
	return place{line, utf8.RuneCount(text) + 1}
}

func (d *document) walk() {
	var p unstable.Parser
	p.Reset(d.data)
	current := d.root
	for p.NextExpression() {
		n := p.Expression()
		switch n.Kind {
		case unstable.Table, unstable.ArrayTable:
			current = d.header(n)
		case unstable.KeyValue:
			d.keyValue(current, n)
		}
	}
	d.broken = p.Error() != nil
}

// keyPart is one word of a dotted key.
type keyPart struct {
	text string
	at   place
}

func (d *document) keyParts(n *unstable.Node) []keyPart {
	var parts []keyPart
	for it := n.Key(); it.Next(); {
		k := it.Node()
		parts = append(parts, keyPart{string(k.Data), d.place(int(k.Raw.Offset))})
	}
	return parts
}

func joined(parts []keyPart) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = p.text
	}
	return strings.Join(words, ".")
}

// header finds or makes the table that a [header] or [[header]] opens. After a problem it returns a table that nobody
// reads, so that the keys under it are neither lost in another table nor reported again.
func (d *document) header(n *unstable.Node) *table {
	parts := d.keyParts(n)
	at := parts[0].at
	t, ok := d.descend(d.root, parts[:len(parts)-1])
	if !ok {
		return newTable(at)
	}
	last := parts[len(parts)-1]
	e := t.get(last.text)
	isArray := n.Kind == unstable.ArrayTable
	switch {
	case e == nil && isArray:
		made := newTable(at)
		made.opened = at.line
		t.put(&entry{last.text, last.at, &value{kind: arrayValue, at: last.at, tables: true,
			items: []*value{{kind: tableValue, at: at, table: made}}}})
		return made
	case e == nil:
		made := newTable(at)
		made.opened = at.line
		t.put(&entry{last.text, last.at, &value{kind: tableValue, at: last.at, table: made}})
		return made
	case isArray && e.value.tables:
		made := newTable(at)
		made.opened = at.line
		e.value.items = append(e.value.items, &value{kind: tableValue, at: at, table: made})
		return made
	case !isArray && e.value.kind == tableValue && e.value.table.opened == 0 && !e.value.table.inline:
		e.value.table.opened = at.line
		e.value.table.at = at
		return e.value.table
	case !isArray && e.value.tables:
		d.report(at, joined(parts), "", "%s is a list of tables since line %d: write [[%s]]", quoted(joined(parts)), e.at.line, redact(joined(parts)))
	default:
		d.report(at, joined(parts), "", "%s is already set on line %d", quoted(joined(parts)), e.at.line)
	}
	return newTable(at)
}

// descend walks down intermediate tables, making those that are missing; of a list of tables the newest is meant.
func (d *document) descend(t *table, parts []keyPart) (*table, bool) {
	for i, part := range parts {
		e := t.get(part.text)
		switch {
		case e == nil:
			made := newTable(part.at)
			t.put(&entry{part.text, part.at, &value{kind: tableValue, at: part.at, table: made}})
			t = made
		case e.value.kind == tableValue && !e.value.table.inline:
			t = e.value.table
		case e.value.tables:
			t = e.value.items[len(e.value.items)-1].table
		default:
			name := joined(parts[:i+1])
			d.report(part.at, name, "", "%s is already set on line %d and can't be extended", quoted(name), e.at.line)
			return nil, false
		}
	}
	return t, true
}

func (d *document) keyValue(t *table, n *unstable.Node) {
	parts := d.keyParts(n)
	last := parts[len(parts)-1]
	v := d.value(n.Value(), last.at)
	t, ok := d.descend(t, parts[:len(parts)-1])
	if !ok {
		return
	}
	if e := t.get(last.text); e != nil {
		d.report(last.at, joined(parts), "", "%s is already set on line %d", quoted(joined(parts)), e.at.line)
		return
	}
	t.put(&entry{last.text, last.at, v})
}

// value converts a node. Its depth is bounded by the parser. Arrays and inline tables have no place of their own in
// go-toml, so they take that of their key.
func (d *document) value(n *unstable.Node, at place) *value {
	if n.Raw.Length > 0 && n.Kind != unstable.Array && n.Kind != unstable.InlineTable {
		at = d.place(int(n.Raw.Offset))
	}
	v := &value{at: at}
	switch n.Kind {
	case unstable.String:
		v.kind, v.text = stringValue, string(n.Data)
	case unstable.Bool:
		v.kind, v.truth = boolValue, bytes.Equal(n.Data, []byte("true"))
	case unstable.Integer, unstable.Float:
		v.kind, v.text = numberValue, string(n.Data)
	case unstable.Array:
		v.kind = arrayValue
		for it := n.Children(); it.Next(); {
			v.items = append(v.items, d.value(it.Node(), at))
		}
	case unstable.InlineTable:
		v.kind, v.table = tableValue, newTable(at)
		for it := n.Children(); it.Next(); {
			d.keyValue(v.table, it.Node())
		}
		closeTable(v.table)
	default:
		v.kind, v.text = dateValue, string(n.Data)
	}
	return v
}

// closeTable marks an inline table, and what dotted keys made inside it, as complete. The depth is that of one dotted
// key, so a stack of our own keeps it off the goroutine's.
func closeTable(t *table) {
	for stack := []*table{t}; len(stack) > 0; {
		t, stack = stack[len(stack)-1], stack[:len(stack)-1]
		t.inline = true
		for _, e := range t.entries {
			if e.value.kind == tableValue && !e.value.table.inline {
				stack = append(stack, e.value.table)
			}
		}
	}
}

package config

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

type kind int

const (
	anyKind kind = iota
	stringKind
	boolKind
	numberKind
	dateKind
	arrayKind
	tableKind
)

func (k kind) String() string {
	return [...]string{"", "a string", "true or false", "a number", "a date", "an array", "a table"}[k]
}

// node is a key of the file, or an element of an array, with its value.
type node struct {
	parent *node
	key    string // of an element that of its array
	// keyAt and at are the offsets of the key and its value.
	keyAt, at int
	kind      kind
	text      string  // strings decoded, other scalars as written
	items     []*node // of an array or a table, in the order of the file
	byKey     map[string]*node
	// opened is the offset of the [header] that defined a table, 0 for those made on the way to another or by dotted keys.
	opened int
	// inline tables can't be extended once they are written.
	inline bool
	// headers marks an array made by [[headers]].
	headers bool
}

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	return n.byKey[key]
}

func (n *node) add(child *node) {
	child.parent = n
	if n.byKey == nil {
		n.byKey = map[string]*node{}
	}
	n.byKey[child.key] = child
	n.items = append(n.items, child)
}

func (n *node) addElement() *node {
	element := &node{parent: n.parent, key: n.key, at: n.at}
	n.items = append(n.items, element)
	return element
}

// start is the offset of the header that defines a table, or of its key.
func (n *node) start() int { return cmp.Or(n.opened, n.at) }

// isSecret reports whether a value has the form of a secret.
func (n *node) isSecret() bool { return n.kind == stringKind && knownSecret.MatchString(n.text) }

// isSecretSetting reports whether a text has the form of a secret or the name of one.
func (n *node) isSecretSetting() bool {
	return n.isSecret() || n.kind == stringKind && secretKey(n.key)
}

// path returns the dotted path from the root.
func (n *node) path() string {
	path := n.key
	for n = n.parent; n != nil && n.parent != nil; n = n.parent {
		path = n.key + "." + path
	}
	return path
}

// parse reads TOML into a tree with offsets. go-toml's decoder stops at the first error, also in strict mode, and tells
// no place of a value. A person wants to see all errors at once, so its parser is walked here, and the decoder then has
// the last word on what is valid TOML.
func (d *decoder) parse() *node {
	root := &node{kind: tableKind}
	for offset, r := range string(d.data) {
		if r == utf8.RuneError && !bytes.HasPrefix(d.data[offset:], []byte("\ufffd")) {
			d.report(offset, "", "", "the file is not UTF-8 text")
			d.broken = true
			return root
		}
	}
	var p unstable.Parser
	p.Reset(d.data)
	for table := root; p.NextExpression(); {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = d.header(root, e)
		case unstable.KeyValue:
			d.keyValue(table, e)
		}
	}
	d.broken = p.Error() != nil

	var scratch map[string]any
	if err := toml.Unmarshal(d.data, &scratch); err != nil {
		line, column := 1, 1
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			line, column = bad.Position()
		}
		if !slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Line == line }) {
			before := bytes.Join(bytes.SplitAfterN(d.data, []byte("\n"), line)[:line-1], nil)
			d.report(len(before)+column-1, "", "", "%s", syntaxMessage(strings.TrimPrefix(err.Error(), "toml: ")))
		}
	}
	return root
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

// place returns the line and the column of an offset, the column in characters.
func (d *decoder) place(offset int) (line, column int) {
	before := d.data[:min(offset, len(d.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

func (d *decoder) line(offset int) int {
	line, _ := d.place(offset)
	return line
}

// words returns a new table for each word of a dotted key.
func (d *decoder) words(e *unstable.Node) []*node {
	var list []*node
	for it := e.Key(); it.Next(); {
		at := int(it.Node().Raw.Offset)
		list = append(list, &node{key: string(it.Node().Data), keyAt: at, at: at, kind: tableKind})
	}
	return list
}

func joined(words []*node) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.key
	}
	return strings.Join(list, ".")
}

// header finds or makes the table that a [header] or [[header]] opens. After a problem it returns a table that nobody
// reads, so that the keys under it are neither lost in another table nor reported again.
func (d *decoder) header(root *node, e *unstable.Node) *node {
	words := d.words(e)
	at, last, name := words[0].at, words[len(words)-1], joined(words)
	parent := d.descend(root, words[:len(words)-1])
	isArray := e.Kind == unstable.ArrayTable
	n := parent.get(last.key)
	if n == nil {
		n = last
		if isArray {
			n.kind, n.headers = arrayKind, true
		}
		parent.add(n)
	}
	switch {
	case isArray && n.headers:
		element := n.addElement()
		element.kind, element.at, element.opened = tableKind, at, at
		return element
	case !isArray && n.kind == tableKind && !n.inline && n.opened == 0:
		n.opened = at
		return n
	case !isArray && n.headers:
		d.report(at, name, "", "%s is a list of tables since line %d: write [[%s]]", quoted(name), d.line(n.keyAt), name)
	default:
		d.report(at, name, "", "%s is already set on line %d", quoted(name), d.line(n.keyAt))
	}
	return &node{}
}

// descend walks down intermediate tables, making those that are missing; of a list of tables the newest is meant. After
// a problem it returns a table that nobody reads.
func (d *decoder) descend(t *node, words []*node) *node {
	for i, word := range words {
		n := t.get(word.key)
		switch {
		case n == nil:
			t.add(word)
			t = word
		case n.kind == tableKind && !n.inline:
			t = n
		case n.headers:
			t = n.items[len(n.items)-1]
		default:
			name := joined(words[:i+1])
			d.report(word.at, name, "", "%s is already set on line %d and can't be extended", quoted(name), d.line(n.keyAt))
			return &node{}
		}
	}
	return t
}

func (d *decoder) keyValue(t *node, e *unstable.Node) {
	words := d.words(e)
	t = d.descend(t, words[:len(words)-1])
	n := words[len(words)-1]
	if first := t.get(n.key); first != nil {
		d.report(n.keyAt, joined(words), "", "%s is already set on line %d", quoted(joined(words)), d.line(first.keyAt))
	} else {
		t.add(n)
	}
	d.value(n, e.Value())
}

// value reads a value into its node. The parser bounds the depth. Arrays and inline tables have no offset of their own
// in go-toml, so they keep that of their key.
func (d *decoder) value(n *node, v *unstable.Node) {
	switch v.Kind {
	case unstable.Array:
		n.kind = arrayKind
		for it := v.Children(); it.Next(); {
			d.value(n.addElement(), it.Node())
		}
		return
	case unstable.InlineTable:
		n.kind, n.inline = tableKind, true
		for it := v.Children(); it.Next(); {
			d.keyValue(n, it.Node())
		}
		return
	case unstable.String:
		n.kind = stringKind
	case unstable.Bool:
		n.kind = boolKind
	case unstable.Integer, unstable.Float:
		n.kind = numberKind
	default:
		n.kind = dateKind
	}
	n.text = string(v.Data)
	if v.Raw.Length > 0 {
		n.at = int(v.Raw.Offset)
	}
}

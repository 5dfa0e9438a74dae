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

// kind is a sort of value, in the words of a message.
type kind string

const (
	anyKind    kind = ""
	stringKind kind = "a string"
	boolKind   kind = "true or false"
	numberKind kind = "a number"
	dateKind   kind = "a date"
	arrayKind  kind = "an array"
	tableKind  kind = "a table"
)

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
	opened  int
	inline  bool // an inline table can't be extended
	headers bool // an array made by [[headers]]
}

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	return n.byKey[key]
}

func (n *node) add(child *node) {
	if n.byKey == nil {
		n.byKey = map[string]*node{}
	}
	child.parent, n.byKey[child.key] = n, child
	n.items = append(n.items, child)
}

func (n *node) addElement() *node {
	element := &node{parent: n.parent, key: n.key, at: n.at}
	n.items = append(n.items, element)
	return element
}

// start is the offset of the header that defines a table, or of its key.
func (n *node) start() int { return cmp.Or(n.opened, n.at) }

func (n *node) isSecret() bool { return n.kind == stringKind && knownSecret.MatchString(n.text) }

// isSecretSetting reports whether a text has the form of a secret or the name of one.
func (n *node) isSecretSetting() bool {
	return n.isSecret() || n.kind == stringKind && secretKey(n.key)
}

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
			table = d.expression(root, e)
		case unstable.KeyValue:
			d.expression(table, e)
		}
	}
	d.broken = p.Error() != nil

	err := toml.Unmarshal(d.data, &map[string]any{})
	line, column := 1, 1
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, column = bad.Position()
	}
	if err != nil && !slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Line == line }) {
		before := bytes.Join(bytes.SplitAfterN(d.data, []byte("\n"), line)[:line-1], nil)
		d.report(len(before)+column-1, "", "", "%s", syntaxMessage(strings.TrimPrefix(err.Error(), "toml: ")))
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
		return "not a valid number" // the parser repeats the text
	}
	return message
}

func (d *decoder) place(offset int) (line, column int) {
	before := d.data[:min(offset, len(d.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// words returns a new table for each word of a dotted key, and the key.
func words(e *unstable.Node) (list []*node, name string) {
	for it := e.Key(); it.Next(); {
		at, key := int(it.Node().Raw.Offset), string(it.Node().Data)
		list = append(list, &node{key: key, keyAt: at, at: at, kind: tableKind})
		name += "." + key
	}
	return list, name[1:]
}

func (d *decoder) line(n *node) int {
	line, _ := d.place(n.keyAt)
	return line
}

// again reports a key that the file has set before.
func (d *decoder) again(offset int, name string, first *node, more string) {
	d.report(offset, name, "", "%s is already set on line %d%s", quoted(name), d.line(first), more)
}

// expression reads a key with its value into a table, or finds or makes the table that a [header] or [[header]] opens,
// and returns where the keys that follow belong. After a problem that is a table that nobody reads, so that they are
// neither lost in another table nor reported again.
func (d *decoder) expression(t *node, e *unstable.Node) *node {
	list, name := words(e)
	at, n := list[0].at, list[len(list)-1]
	parent := d.descend(t, list[:len(list)-1])
	first := parent.get(n.key)
	if first == nil {
		n.headers = e.Kind == unstable.ArrayTable
		parent.add(n)
	}
	switch there := cmp.Or(first, n); {
	case e.Kind == unstable.KeyValue:
		if first != nil {
			d.again(n.keyAt, name, first, "")
		}
		d.value(n, e.Value())
		return t
	case e.Kind == unstable.ArrayTable && there.headers:
		element := there.addElement()
		there.kind, element.kind, element.at, element.opened = arrayKind, tableKind, at, at
		return element
	case e.Kind == unstable.Table && there.kind == tableKind && !there.inline && there.opened == 0:
		there.opened = at
		return there
	case e.Kind == unstable.Table && there.headers:
		d.report(at, name, "", "%s is a list of tables since line %d: write [[%s]]", quoted(name), d.line(there), name)
	default:
		d.again(at, name, there, "")
	}
	return &node{}
}

// descend walks down intermediate tables, making those that are missing; of a list of tables the newest is meant. After
// a problem it returns a table that nobody reads.
func (d *decoder) descend(t *node, list []*node) *node {
	name := ""
	for _, word := range list {
		name += "." + word.key
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
			d.again(word.at, name[1:], n, " and can't be extended")
			return &node{}
		}
	}
	return t
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
			d.expression(n, it.Node())
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

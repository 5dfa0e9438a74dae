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

// kind is the kind of a value, as problems name it.
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

// node is a key of the file with its value, or an element of an array.
type node struct {
	parent    *node
	key       string // an element has the key of its array
	keyAt, at int    // the offsets of the key and of the value; that of a table is its header, if it has one
	kind      kind
	text      string  // of a string its value, of other scalars the source text
	items     []*node // of an array or a table, in the order of the file
	byKey     map[string]*node
	opened    bool // a table that a [header] defined; not one made for a dotted key or a longer header
	inline    bool // an inline table, which can't be extended
	headers   bool // an array of tables made by [[headers]]
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

func (n *node) isSecret() bool { return n.kind == stringKind && knownSecret.MatchString(n.text) }

// isSecretSetting reports whether a string looks like a secret, or its key like that of one.
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

// parse reads TOML into a tree with offsets. The decoder of go-toml stops at the first error, even in strict mode, and
// gives no positions of values. So its parser is used here to find all problems at once. The decoder runs afterwards, to
// report what else is invalid TOML.
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

// syntaxMessage adds the usual cause to a message of the parser, or replaces one that repeats the text.
func syntaxMessage(message string) string {
	switch {
	case strings.HasPrefix(message, "unexpected character") && strings.HasSuffix(message, "at start of value"),
		strings.HasPrefix(message, "expected keyword"):
		return message + "; text values stand in quotes"
	case strings.HasPrefix(message, "unable to parse"):
		return "not a valid number"
	}
	return message
}

func (d *decoder) place(offset int) (line, column int) {
	before := d.data[:min(offset, len(d.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// splitKey returns a new table for each part of a dotted key, and the whole key.
func splitKey(e *unstable.Node) (list []*node, name string) {
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

// repeated reports a key that the file has set before.
func (d *decoder) repeated(offset int, name string, first *node, more string) {
	d.report(offset, name, "", "%s is already set on line %d%s", quoted(name), d.line(first), more)
}

// expression reads a key with its value into a table, or opens the table of a [header] or [[header]], and returns the
// table for the keys that follow. After a problem that is a table which is never read, so that the problem is not
// reported for every key.
func (d *decoder) expression(t *node, e *unstable.Node) *node {
	list, name := splitKey(e)
	at, n := list[0].at, list[len(list)-1]
	parent := d.descend(t, list[:len(list)-1])
	first := parent.get(n.key)
	if first == nil {
		n.headers = e.Kind == unstable.ArrayTable
		parent.add(n)
	}
	switch table := cmp.Or(first, n); {
	case e.Kind == unstable.KeyValue:
		if first != nil {
			d.repeated(n.keyAt, name, first, "")
		}
		d.value(n, e.Value())
		return t
	case e.Kind == unstable.ArrayTable && table.headers:
		element := table.addElement()
		table.kind, element.kind, element.at = arrayKind, tableKind, at
		return element
	case e.Kind == unstable.Table && table.kind == tableKind && !table.inline && !table.opened:
		table.opened, table.at = true, n.at
		return table
	case e.Kind == unstable.Table && table.headers:
		d.report(at, name, "", "%s is a list of tables since line %d: write [[%s]]", quoted(name), d.line(table), name)
	default:
		d.repeated(at, name, table, "")
	}
	return &node{}
}

// descend returns the table at the end of a dotted key, and makes the tables on the way that are missing. In a list of
// tables it goes on in the last one. After a problem it returns a table that is never read.
func (d *decoder) descend(t *node, list []*node) *node {
	name := ""
	for _, part := range list {
		name += "." + part.key
		n := t.get(part.key)
		switch {
		case n == nil:
			t.add(part)
			t = part
		case n.kind == tableKind && !n.inline:
			t = n
		case n.headers:
			t = n.items[len(n.items)-1]
		default:
			d.repeated(part.at, name[1:], n, " and can't be extended")
			return &node{}
		}
	}
	return t
}

// value reads a value into its node. The parser limits the depth. go-toml gives no offset of arrays and inline tables, so
// theirs is that of the key.
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

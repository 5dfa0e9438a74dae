package providers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"confab/model"
)

// GroupOther is the group of values that an adapter does not know.
const GroupOther = "Other"

// Bounds of the facts of one conversation.
const (
	MaxFacts     = 500
	maxFactValue = 4000 // bytes
	maxFactDepth = 12
	// maxStored is the length in bytes above which an unknown text may be a message or a transcript, and is shown but not stored.
	maxStored = 400
)

// Facts collects facts, bounded in number and length. The zero value is ready to use.
type Facts struct {
	list    []model.Fact
	dropped int
	depth   int // nesting of the current Tree
}

// Add adds a fact, unless its value is empty.
func (f *Facts) Add(group, label, value string) {
	f.add(model.Fact{Group: group, Label: label, Value: value})
}

func (f *Facts) AddTime(group, label string, at time.Time) {
	if !at.IsZero() {
		f.Add(group, label, at.Format(time.RFC3339Nano))
	}
}

// Texts takes texts of an object, given as pairs of a label and a field.
func (f *Facts) Texts(group string, o *Object, labels ...string) {
	for i := 0; i < len(labels); i += 2 {
		f.Add(group, labels[i], o.Text(labels[i+1]))
	}
}

// Trees takes whole fields of an object, given as pairs of a label and a field.
func (f *Facts) Trees(group string, o *Object, labels ...string) {
	for i := 0; i < len(labels); i += 2 {
		f.Tree(group, labels[i], o.Take(labels[i+1]))
	}
}

func (f *Facts) add(fact model.Fact) {
	if fact.Value == "" {
		return
	}
	if len(f.list) >= MaxFacts {
		f.dropped++
		return
	}
	if f.list == nil {
		f.list = make([]model.Fact, 0, 16)
	}
	fact.Label = cut(fact.Label, 200)
	fact.Value = cut(fact.Value, maxFactValue)
	f.list = append(f.list, fact)
}

// AddAll adds facts, and marks them volatile if volatile is set: shown, but never stored.
func (f *Facts) AddAll(facts []model.Fact, volatile bool) {
	for _, x := range facts {
		x.Volatile = x.Volatile || volatile
		f.add(x)
	}
}

// Rest adds everything that has not been taken from an object, with labels below prefix, joined by dots.
func (f *Facts) Rest(group, prefix string, o *Object) {
	for _, left := range o.remaining() {
		f.Tree(group, join(prefix, string(left.name)), left.value)
	}
}

// Tree adds every scalar of a JSON value that is not empty, with labels below label. Links with a query, which may be signed, and
// long texts, which may be messages, are volatile.
func (f *Facts) Tree(group, label string, raw json.RawMessage) {
	if raw = bytes.TrimSpace(raw); isNull(raw) {
		return
	}
	f.depth++
	defer func() { f.depth-- }()
	if f.depth <= maxFactDepth {
		if o, ok := ObjectOf(raw); ok {
			f.Rest(group, label, o)
			return
		}
		if items, ok := Elements(raw); ok {
			for i, item := range items {
				f.Tree(group, join(label, strconv.Itoa(i+1)), item)
			}
			return
		}
	}
	value := TextOf(raw)
	f.add(model.Fact{Group: group, Label: label, Value: value, Volatile: isVolatile(value)})
}

// isVolatile reports whether a text of unknown meaning must not be stored.
func isVolatile(value string) bool {
	if !strings.Contains(value, "://") {
		return len(value) > maxStored
	}
	u, err := url.Parse(value)
	return len(value) > maxStored || err != nil || u.RawQuery != "" || u.User != nil
}

// List returns the facts, followed by a fact that says how many were left out, if any.
func (f *Facts) List() []model.Fact {
	if f.dropped == 0 {
		return f.list
	}
	return append(f.list[:len(f.list):len(f.list)],
		model.Fact{Group: GroupOther, Label: "left out", Value: fmt.Sprintf("%d more values", f.dropped)})
}

func join(prefix, name string) string {
	switch {
	case prefix == "":
		return name
	case name == "":
		return prefix
	}
	return prefix + "." + name
}

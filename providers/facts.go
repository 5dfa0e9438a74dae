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

const GroupOther = "Other"

// Bounds of the facts of one conversation.
const (
	MaxFacts     = 500
	maxFactValue = 4000 // bytes
	maxFactDepth = 12
	// maxStored is the length above which an unknown text may be a body or a transcript, and is shown but not stored.
	maxStored = 400
)

// Facts collects facts, bounded in count and length. The zero value is ready.
type Facts struct {
	list    []model.Fact
	dropped int
	depth   int // of Tree
}

// Add takes one fact; an empty value is none.
func (f *Facts) Add(group, label, value string) {
	f.add(model.Fact{Group: group, Label: label, Value: value})
}

func (f *Facts) AddTime(group, label string, at time.Time) {
	if !at.IsZero() {
		f.Add(group, label, at.Format(time.RFC3339Nano))
	}
}

// Texts takes texts of an object, each under a label: label, field, label, field.
func (f *Facts) Texts(group string, o *Object, labels ...string) {
	for i := 0; i < len(labels); i += 2 {
		f.Add(group, labels[i], o.Text(labels[i+1]))
	}
}

// Trees takes all of fields of an object, likewise.
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

// AddAll takes facts that another collector gave. Those that are volatile are shown and never stored.
func (f *Facts) AddAll(facts []model.Fact, volatile bool) {
	for _, x := range facts {
		x.Volatile = x.Volatile || volatile
		f.add(x)
	}
}

// Rest takes all that was not taken of an object, labels dotted below prefix.
func (f *Facts) Rest(group, prefix string, o *Object) {
	names, values := o.left()
	for i, name := range names {
		f.Tree(group, join(prefix, name), values[i])
	}
}

// Tree takes every scalar of a JSON value, labels dotted below label. What is empty is left out; unknown links with a query
// (they may be signed) and long texts (they may be bodies) are volatile.
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
	f.add(model.Fact{Group: group, Label: label, Value: value, Volatile: fleeting(value)})
}

// fleeting reports whether a text of unknown meaning must not be stored.
func fleeting(value string) bool {
	if !strings.Contains(value, "://") {
		return len(value) > maxStored
	}
	u, err := url.Parse(value)
	return len(value) > maxStored || err != nil || u.RawQuery != "" || u.User != nil
}

// List returns the facts, with a last one that says how many found no place.
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

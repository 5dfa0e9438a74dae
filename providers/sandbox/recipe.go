package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A recipe is a JSON value from a data file that makes one value for each row. Everything in it stands for itself, but for
//
//   - {…} inside a string: a variable that the Go code or the file set, or one of the words of [terms]; a string that is
//     nothing but one such place becomes its value, whatever the type; a whole number with two bounds tells whether it is
//     between them
//   - {"pick": [a, b, …]}: one of them by chance
//   - {"cycle": [a, b, …]}: one row after the other takes the next of them
//   - {"if": "condition", "then": a, "else": b}
//   - {"merged": [n, recipe]}: one object of up to n-1 that the recipe makes
//
// A condition is a place whose value is true, or several joined by " and "; "not" before one negates it. Chance is drawn in
// the order in which the file is written, so the same seed makes the same data.
type recipe struct{ node any }

// The nodes of a recipe; any other value stands for itself.
type (
	object []member
	member struct{ name, value any }
	choice struct{ of []any }
	cycle  struct{ of []any }
	branch struct {
		when    []term
		yes, no any
	}
	union struct {
		most int
		one  any
	}
	text []any // strings and terms
	term struct {
		negated bool
		word    string
		args    []float64
	}
)

// step changes a record in turn: under a condition it lets variables be, sets members, merges those of an object and drops some.
type step struct {
	If              string
	Let, Set, Merge recipe
	Drop            []string
	condition       []term
}

type steps []*step

// cook is what a recipe is made with.
type cook struct {
	d    *seedData
	r    *rand.Rand
	row  int
	vars map[string]any
}

// terms are the words a recipe can use.
var terms = map[string]func(c *cook, args []float64) any{
	"row": func(c *cook, a []float64) any {
		if len(a) == 1 {
			return c.row + int(a[0])
		}
		return c.row
	},
	"rowtext": func(c *cook, a []float64) any { return strconv.Itoa(c.row + int(a[0])) },
	"every":   func(c *cook, a []float64) any { return c.row%int(a[0]) == int(a[1]) },
	"chance":  func(c *cook, a []float64) any { return chance(c.r, a[0]) },
	"odds":    func(c *cook, a []float64) any { return c.r.IntN(int(a[0])) == 0 },
	"remark":  func(c *cook, _ []float64) any { return pick(c.r, words.Sentences) },
	"int": func(c *cook, a []float64) any {
		return c.r.IntN(int(a[0])) * int(slices.Concat(a[1:], []float64{1})[0])
	},
	"tenths":   func(c *cook, a []float64) any { return float64(c.r.IntN(int(a[0]))) / 10 },
	"title":    func(c *cook, _ []float64) any { return c.d.title(c.r, c.row) },
	"digits":   func(c *cook, a []float64) any { return digits(c.r, int(a[0])) },
	"uuid":     func(c *cook, _ []float64) any { return uuid(c.r) },
	"sentence": func(c *cook, _ []float64) any { return c.d.sentence(c.r) },
	"company":  func(c *cook, _ []float64) any { return pick(c.r, c.d.companies).name },
	"days": func(c *cook, a []float64) any {
		return stamp(c.d.base.Add(-time.Duration(a[0] * 24 * float64(time.Hour))))
	},
}

func (c *cook) make(r recipe) any { return c.value(r.node) }

func (c *cook) value(node any) any {
	switch n := node.(type) {
	case object:
		out := make(map[string]any, len(n))
		c.fill(n, out)
		return out
	case []any:
		out := make([]any, 0, len(n))
		for _, item := range n {
			out = append(out, c.value(item))
		}
		return out
	case choice:
		return c.value(pick(c.r, n.of))
	case cycle:
		return c.value(n.of[c.row%len(n.of)])
	case branch:
		if c.holds(n.when) {
			return c.value(n.yes)
		}
		return c.value(n.no)
	case union:
		out := map[string]any{}
		for range c.r.IntN(n.most) {
			maps.Copy(out, c.value(n.one).(map[string]any))
		}
		return out
	case term:
		if n.negated {
			return !c.holds([]term{{word: n.word, args: n.args}})
		}
		return c.term(n)
	case text:
		var b strings.Builder
		for _, part := range n {
			fmt.Fprint(&b, c.value(part))
		}
		return b.String()
	}
	return node
}

// fill sets the members of an object, whose names may hold places too.
func (c *cook) fill(o object, into map[string]any) {
	for _, m := range o {
		name, fixed := m.name.(string)
		if !fixed {
			name = fmt.Sprint(c.value(m.name))
		}
		into[name] = c.value(m.value)
	}
}

func (c *cook) term(t term) any {
	v, ok := c.vars[t.word]
	if f, known := terms[t.word]; !ok && known {
		v = f(c, t.args)
	} else if !ok {
		panic("sandbox: a recipe names " + t.word + ", which is nothing")
	}
	switch n := v.(type) {
	case func() any:
		return n()
	case int:
		if len(t.args) == 2 && t.word != "int" {
			return n >= int(t.args[0]) && n < int(t.args[1])
		}
	}
	return v
}

func (c *cook) holds(condition []term) bool {
	for _, t := range condition {
		if yes, _ := c.term(t).(bool); yes == t.negated {
			return false
		}
	}
	return true
}

// apply runs the steps on a record.
func (s steps) apply(c *cook, record map[string]any) {
	for _, st := range s {
		if !c.holds(st.condition) {
			continue
		}
		if let, ok := st.Let.node.(object); ok {
			c.fill(let, c.vars)
		}
		if set, ok := st.Set.node.(object); ok {
			c.fill(set, record)
		}
		if more, ok := c.make(st.Merge).(map[string]any); ok {
			maps.Copy(record, more)
		}
		for _, name := range st.Drop {
			delete(record, name)
		}
	}
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *step) UnmarshalJSON(raw []byte) error {
	type plain step
	if err := strict(raw, (*plain)(s)); err != nil {
		return err
	}
	s.condition = parseCondition(s.If)
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler]; the order of members counts.
func (r *recipe) UnmarshalJSON(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	r.node = parseNode(dec)
	return nil
}

// parseNode reads the next value of what is known to be JSON.
func parseNode(dec *json.Decoder) any {
	token, _ := dec.Token()
	switch t := token.(type) {
	case json.Delim:
		list, members := []any{}, object{}
		for dec.More() {
			if t == '[' {
				list = append(list, parseNode(dec))
				continue
			}
			name, _ := dec.Token()
			members = append(members, member{parseText(name.(string)), parseNode(dec)})
		}
		_, _ = dec.Token()
		if t == '[' {
			return list
		}
		return members.node()
	case json.Number:
		if n, err := strconv.Atoi(t.String()); err == nil {
			return n
		}
		f, _ := t.Float64()
		return f
	case string:
		return parseText(t)
	}
	return token
}

// node is what an object with one of the names of the language means; any other object stands for itself.
func (o object) node() any {
	if len(o) == 0 {
		return o
	}
	switch list, _ := o[0].value.([]any); o[0].name {
	case "pick":
		return choice{list}
	case "cycle":
		return cycle{list}
	case "merged":
		return union{list[0].(int), list[1]}
	case "if":
		return branch{parseCondition(o[0].value.(string)), o[1].value, o[2].value}
	}
	return o
}

// parseText splits a string at its places.
func parseText(s string) any {
	var parts text
	for {
		before, rest, found := strings.Cut(s, "{")
		if before != "" {
			parts = append(parts, before)
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return s
		}
		parts, s = append(parts, parseTerm(inside)), after
	}
	switch {
	case len(parts) == 0:
		return ""
	case len(parts) == 1:
		return parts[0]
	}
	return parts
}

func parseTerm(s string) term {
	words := strings.Fields(s)
	t := term{negated: words[0] == "not"}
	if t.negated {
		words = words[1:]
	}
	t.word = words[0]
	for _, w := range words[1:] {
		n, err := strconv.ParseFloat(w, 64)
		if err != nil {
			panic("sandbox: " + s + ": " + err.Error())
		}
		t.args = append(t.args, n)
	}
	return t
}

func parseCondition(s string) (all []term) {
	if s == "" {
		return nil
	}
	for one := range strings.SplitSeq(s, " and ") {
		all = append(all, parseTerm(one))
	}
	return all
}

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
//   - {"some": [least, n, recipe]}: a list with the recipe made least times, and up to n-1 times more;
//     "merged" makes one object of the objects
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
	some struct {
		least, more int
		one         any
		merged      bool
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
	case some:
		list, union := []any{}, map[string]any{}
		for range n.least + c.r.IntN(n.more) {
			one := c.value(n.one)
			if list = append(list, one); n.merged {
				maps.Copy(union, one.(map[string]any))
			}
		}
		if n.merged {
			return union
		}
		return list
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
func (r *recipe) UnmarshalJSON(raw []byte) (err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	r.node, err = parseNode(dec)
	return err
}

func parseNode(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			list := []any{}
			for dec.More() {
				item, err := parseNode(dec)
				if err != nil {
					return nil, err
				}
				list = append(list, item)
			}
			_, err = dec.Token()
			return list, err
		}
		return parseObject(dec)
	case json.Number:
		if n, err := strconv.Atoi(t.String()); err == nil {
			return n, nil
		}
		return t.Float64()
	case string:
		return parseText(t), nil
	}
	return token, nil
}

func parseObject(dec *json.Decoder) (any, error) {
	o := object{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseNode(dec)
		if err != nil {
			return nil, err
		}
		o = append(o, member{parseText(name.(string)), value})
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	get := func(name string) any {
		i := slices.IndexFunc(o, func(m member) bool { return m.name == name })
		if i < 0 {
			return nil
		}
		return o[i].value
	}
	first := ""
	if len(o) > 0 {
		first, _ = o[0].name.(string)
	}
	switch list, isList := get(first).([]any); first {
	case "pick":
		if isList {
			return choice{list}, nil
		}
	case "cycle":
		if isList {
			return cycle{list}, nil
		}
	case "some", "merged":
		if isList && len(list) == 3 {
			return some{list[0].(int), list[1].(int), list[2], first == "merged"}, nil
		}
	case "if":
		if condition, ok := get("if").(string); ok {
			return branch{when: parseCondition(condition), yes: get("then"), no: get("else")}, nil
		}
	}
	return o, nil
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

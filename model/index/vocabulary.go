package index

import (
	"cmp"
	"slices"
	"strings"

	"confab/model/query"
)

const (
	valuesOffered = 1000   // of one field
	valuesCounted = 50_000 // of one field; the newest conversations come first
)

// Vocabulary returns the values of all conversations, the most frequent first,
// for completion.
func (x *Index) Vocabulary() query.Vocabulary {
	st := x.state.Load()
	if v := st.offers.Load(); v != nil {
		return *v
	}
	t := &st.table
	words := make([]int, len(t.words)*int(wordFields))
	shapes := make([]int, len(t.shapes))
	people, titles := tally{}, tally{}
	for _, b := range st.lists[0].list.blocks {
		for _, key := range b.keys {
			r := t.at(int64(key))
			shapes[r.shape]++
			for field, w := range [wordFields]uint32{r.owner, r.team, r.space, r.channel, r.company, r.labels} {
				words[int(w)*int(wordFields)+field]++
			}
			people.lines(r.text[r.people:r.preview], 1)
			titles.add(r.text[r.title:r.people], 1)
		}
	}
	var fields [wordFields]tally
	for f := range fields {
		fields[f] = tally{}
	}
	for w, text := range t.words {
		for f := range fields {
			n := words[w*int(wordFields)+f]
			switch {
			case n == 0 || text == "":
			case f == labels:
				fields[f].labels(text, n)
			case f == company:
				fields[f].lines(text, n)
			default:
				first, _, _ := strings.Cut(text, "\n")
				fields[f].add(first, n)
			}
		}
	}
	accounts, providers, kinds, statuses, roles := tally{}, tally{}, tally{}, tally{}, tally{}
	for i, n := range shapes {
		if n > 0 {
			h := &t.shapes[i]
			accounts.add(h.account, n)
			providers.add(h.provider, n)
			kinds.add(h.kind, n)
			statuses.add(h.status, n)
			roles.lines(h.roles, n)
		}
	}
	v := query.Vocabulary{
		Accounts: accounts.values(), Providers: providers.values(), Kinds: kinds.values(), Statuses: statuses.values(), Roles: roles.values(),
		Owners: fields[owner].values(), Teams: fields[team].values(), Spaces: fields[space].values(), Channels: fields[channel].values(),
		Companies: fields[company].values(), Labels: fields[labels].values(), People: people.values(), Titles: titles.values(),
	}
	st.offers.Store(&v)
	return v
}

// The fields of a row whose words are numbered.
const (
	owner = iota
	team
	space
	channel
	company
	labels
	wordFields
)

// tally counts how many conversations hold a text.
type tally map[string]int

func (c tally) add(text string, n int) {
	if _, ok := c[text]; text != "" && (ok || len(c) < valuesCounted) {
		c[text] += n
	}
}

// lines counts each line but those that are ids: a person types names.
func (c tally) lines(text string, n int) {
	for line := range strings.SplitSeq(text, "\n") {
		if !query.LooksLikeID(line) {
			c.add(line, n)
		}
	}
}

// labels counts the names of labels, and each with its value.
func (c tally) labels(text string, n int) {
	last := ""
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, "=")
		if name != last {
			c.add(name, n)
		}
		if last = name; value != "" {
			c.add(line, n)
		}
	}
}

func (c tally) values() []query.Value {
	out := make([]query.Value, 0, len(c))
	for text, n := range c {
		out = append(out, query.Value{Text: text, Count: n})
	}
	slices.SortFunc(out, func(a, b query.Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	out = slices.Clone(out[:min(len(out), valuesOffered)])
	for i := range out {
		out[i].Text = strings.Clone(out[i].Text) // not a part of a piece that would be kept for it
	}
	return out
}

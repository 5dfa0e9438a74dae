package index

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"confab/model/query"
)

const (
	valuesOffered = 1000   // of one field
	valuesCounted = 50_000 // of one field; the newest conversations come first
)

// countedAtOnce is how many conversations are counted while somebody waits.
const countedAtOnce = 5000

// countAgain is how old the count of many conversations is before it is made again: it takes a moment of a core.
const countAgain = 10 * time.Second

// offers is a vocabulary, when it was counted, and the edit that had changed a row last then.
type offers struct {
	changed uint64
	at      time.Time
	words   query.Vocabulary
}

// Vocabulary returns the values of all conversations, the most frequent first. Those of many conversations are counted
// in the background, at most every ten seconds.
func (x *Index) Vocabulary() query.Vocabulary {
	st, last := x.state.Load(), x.offers.Load()
	if last != nil && last.changed == st.table.changed {
		return last.words
	}
	now := x.clock()
	if last == nil || st.lists[0].list.count <= countedAtOnce {
		last = &offers{st.table.changed, now, st.vocabulary()}
		x.offers.Store(last)
	} else if age := now.Sub(last.at); (age < 0 || age >= countAgain) && x.counting.TryLock() {
		go func() {
			defer x.counting.Unlock()
			x.offers.Store(&offers{st.table.changed, now, st.vocabulary()})
		}()
	}
	return last.words
}

func (st *state) vocabulary() query.Vocabulary {
	t := &st.table
	words := make([][wordFields]int, len(t.words))
	shapes := make([]int, len(t.shapes))
	counts := map[string]tally{}
	of := func(field string) tally {
		if counts[field] == nil {
			counts[field] = tally{}
		}
		return counts[field]
	}
	people, titles := of(query.FieldWith), of(query.FieldTitle)
	for _, b := range st.lists[0].list.blocks {
		for _, key := range b.keys {
			r := t.at(int64(key))
			shapes[r.shape]++
			for field, w := range r.words {
				words[w][field]++
			}
			people.lines(r.text[r.people:r.preview], 1)
			titles.add(r.text[r.title:r.people], 1)
		}
	}
	for i, field := range [wordFields]string{ // in the order of wordsOf
		"owner", "team", "space", "channel", "company", query.FieldLabel} {
		found := of(field)
		for w, text := range t.words {
			switch n := words[w][i]; {
			case n == 0:
			case field == query.FieldLabel:
				found.labels(text, n)
			case field == "company":
				found.lines(text, n)
			default:
				first, _, _ := strings.Cut(text, "\n")
				found.add(first, n)
			}
		}
	}
	for i, n := range shapes {
		if n > 0 {
			h := &t.shapes[i]
			of(query.FieldAccount).add(h.account, n)
			of(query.FieldProvider).add(h.provider, n)
			of("kind").add(h.kind, n)
			of("status").add(h.status, n)
			of("role").lines(h.roles, n)
		}
	}
	v := query.Vocabulary{}
	for field, found := range counts {
		v[field] = found.values()
	}
	return v
}

// tally counts how many conversations hold a text.
type tally map[string]int

func (c tally) add(text string, n int) {
	if _, ok := c[text]; text != "" && (ok || len(c) < valuesCounted) {
		c[text] += n
	}
}

// lines counts each line but ids. A short text with a dash is taken for a name.
func (c tally) lines(text string, n int) {
	for line := range strings.SplitSeq(text, "\n") {
		if !query.LooksLikeID(line) || len(line) < 16 && strings.Contains(line, "-") {
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

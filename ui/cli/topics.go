package cli

import (
	"cmp"
	"embed"
	"fmt"
	"strings"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
)

// texts are the parts of the reference: a line that says what a topic is about, a blank one, and the topic in columns,
// whose lines fold breaks. What the program itself goes by stands in double braces (see facts).
//
//go:embed text
var texts embed.FS

// topics are in the order in which they are listed.
var topics = []string{"keys", "query", "capabilities", "json", "settings", "exit-codes", "scripts", "files", "safety"}

// topic returns a part of the reference.
func topic(name string) (short, text string) {
	raw, err := texts.ReadFile("text/" + name + ".txt")
	if err != nil {
		panic(err) // the texts are part of the program
	}
	short, text, _ = strings.Cut(string(raw), "\n\n")
	return short, text
}

// topicText is a topic with its facts.
func (p Program) topicText(name string) string {
	_, text := topic(name)
	for fact, say := range p.facts() {
		if place := "{{" + fact + "}}"; strings.Contains(text, place) {
			text = strings.ReplaceAll(text, place, strings.TrimSpace(say()))
		}
	}
	return text
}

// facts are what stands in the places of the texts.
func (p Program) facts() map[string]func() string {
	say := func(v any) func() string { return func() string { return strings.Trim(fmt.Sprint(v), "[]") } }
	all := map[string]func() string{
		"keys": p.keyFacts, "query": queryFacts, "capabilities": p.capabilityFacts, "assumed": say(model.AssumedMeans),
		"settings": func() string { return config.Reference(p.Validators) },
		"kinds":    say(model.EditKinds()), "states": say(model.EditStates()),
		"precedence": func() string { return strings.Join(strings.Fields(say(precedence)()), ", ") },
	}
	for _, o := range jsonObjects() {
		all[o.name] = func() string { return o.keys }
	}
	return all
}

// columns sets rows in columns, two spaces apart, set in by two; a line break in
// a last cell goes on below it.
func columns(b *strings.Builder, rows [][]string) {
	var measure layout.Measure
	var wide []int
	for _, row := range rows {
		for i, c := range row[:len(row)-1] {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], measure.Width(c))
		}
	}
	for _, row := range rows {
		before := "  "
		for i, c := range row[:len(row)-1] {
			before += measure.Fit(c, wide[i]+2, "")
		}
		for part := range strings.SplitSeq(row[len(row)-1], "\n") {
			b.WriteString(strings.TrimRight(before+part, " ") + "\n")
			before = layout.Spaces(measure.Width(before))
		}
	}
}

// section sets rows under a title; where says where it holds, "" if that is plain.
func section(b *strings.Builder, title, where string, rows ...[]string) {
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	b.WriteString(strings.ToUpper(title))
	if where != "" {
		b.WriteString(" (" + where + ")")
	}
	b.WriteString("\n")
	columns(b, rows)
}

func (p Program) keyFacts() string {
	var b strings.Builder
	var rows [][]string
	for i, k := range p.Keys {
		rows = append(rows, []string{cmp.Or(k.Keys, "-"), k.Action, k.Help})
		if i == len(p.Keys)-1 || p.Keys[i+1].Context != k.Context {
			section(&b, k.Context, "", rows...)
			rows = nil
		}
	}
	return b.String()
}

func queryFacts() string {
	var b strings.Builder
	for _, part := range []struct {
		title, where  string
		words         []query.Word
		before, after string
	}{
		{title: "terms", words: query.Syntax()},
		{title: "fields", words: query.Fields(), after: ":"},
		{title: "states", words: query.Words(query.FieldIs), before: query.FieldIs + ":"},
		{title: "contents", words: query.Words(query.FieldHas), before: query.FieldHas + ":"},
		{title: "who can see it", words: query.Words(query.FieldAudience), before: query.FieldAudience + ":"},
		{title: "dates", where: query.FieldUpdated + ": and " + query.FieldCreated + ":", words: append(query.DateWords(), query.DateForms()...)},
		{title: "units of an age", where: "<7d", words: query.DateUnits()},
		{title: "order", words: query.Words(query.FieldSort), before: query.FieldSort + ":"},
	} {
		var rows [][]string
		for _, w := range part.words {
			rows = append(rows, []string{part.before + w.Name + part.after, w.Help})
		}
		section(&b, part.title, part.where, rows...)
	}
	return b.String()
}

func (p Program) capabilityFacts() string {
	var b strings.Builder
	for _, s := range p.Services {
		var rows [][]string
		for _, e := range s.Edits {
			reason := strings.TrimPrefix(e.Reason, string(e.State)+": ")
			rows = append(rows, []string{e.Kind.Words(), string(e.State), strings.Trim(e.Call+"\n"+reason, "\n")})
		}
		section(&b, s.Title, "", rows...)
	}
	return b.String()
}

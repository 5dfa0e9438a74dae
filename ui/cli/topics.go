package cli

import (
	"cmp"
	"embed"
	"fmt"
	"strings"
	"text/tabwriter"

	"confab/config"
	"confab/model"
	"confab/model/query"
)

// texts are the parts of the reference: a line that says what a topic is about, a blank one, and the topic in columns,
// whose lines fold breaks. What the program itself goes by stands in double braces (see facts).
//
//go:embed text
var texts embed.FS

var topics = []string{"keys", "query", "capabilities", "json", "settings", "exit-codes", "scripts", "files", "safety"}

func topic(name string) (short, text string) {
	raw, err := texts.ReadFile("text/" + name + ".txt")
	if err != nil {
		panic(err) // the texts are part of the program
	}
	short, text, _ = strings.Cut(string(raw), "\n\n")
	return short, text
}

func (p Program) topicText(name string) string {
	_, text := topic(name)
	for fact, say := range p.facts() {
		if place := "{{" + fact + "}}"; strings.Contains(text, place) {
			text = strings.ReplaceAll(text, place, strings.TrimSpace(say()))
		}
	}
	return text
}

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

// section sets rows in columns under a title, two spaces apart; a line break in a last cell goes on below it. where says
// where the section holds, "" if that is plain.
func section(b *strings.Builder, title, where string, rows ...[]string) {
	if where != "" {
		where = " (" + where + ")"
	}
	fmt.Fprintf(b, "\n%s%s\n", strings.ToUpper(title), where)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		last := len(row) - 1
		below := "\n  " + strings.Repeat("\t", last)
		fmt.Fprintf(w, "  %s\n", strings.Join(row[:last], "\t")+"\t"+strings.ReplaceAll(row[last], "\n", below))
	}
	_ = w.Flush() // into memory
	for line := range strings.Lines(table.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
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

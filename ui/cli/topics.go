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
	var facts []string
	for fact, words := range p.facts() {
		facts = append(facts, "{{"+fact+"}}", strings.TrimSpace(words))
	}
	return strings.NewReplacer(facts...).Replace(text)
}

func (p Program) facts() map[string]string {
	list := func(v any) string { return strings.Trim(fmt.Sprint(v), "[]") }
	words := func(before string, list []query.Word, after string) string {
		var rows [][]string
		for _, w := range list {
			rows = append(rows, []string{before + w.Name + after, w.Help})
		}
		return columns(rows)
	}
	all := map[string]string{
		"keys": p.keyFacts(), "capabilities": p.capabilityFacts(), "assumed": model.AssumedMeans,
		"settings": config.Reference(p.Validators), "kinds": list(model.EditKinds()), "states": list(model.EditStates()),
		"precedence": strings.ReplaceAll(list(precedence), " ", ", "), "terms": words("", query.Syntax(), ""),
		"fields": words("", query.Fields(), ":"), "units": words("", query.DateUnits(), ""),
		"dates": words("", append(query.DateWords(), query.DateForms()...), ""),
	}
	for _, field := range []string{query.FieldIs, query.FieldHas, query.FieldAudience, query.FieldSort} {
		all[field] = words(field+":", query.Words(field), "")
	}
	for _, o := range jsonObjects() {
		all[o.name] = o.keys
	}
	return all
}

// columns sets rows in columns, two spaces apart; a line break in a last cell goes on below it.
func columns(rows [][]string) string {
	var b, table strings.Builder
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
	return b.String()
}

func (p Program) keyFacts() (text string) {
	var rows [][]string
	for i, k := range p.Keys {
		rows = append(rows, []string{cmp.Or(k.Keys, "-"), k.Action, k.Help})
		if i == len(p.Keys)-1 || p.Keys[i+1].Context != k.Context {
			text += "\n" + strings.ToUpper(k.Context) + "\n" + columns(rows)
			rows = nil
		}
	}
	return text
}

func (p Program) capabilityFacts() (text string) {
	for _, s := range p.Services {
		var rows [][]string
		for _, e := range s.Edits {
			reason := strings.TrimPrefix(e.Reason, string(e.State)+": ")
			rows = append(rows, []string{e.Kind.Words(), string(e.State), strings.Trim(e.Call+"\n"+reason, "\n")})
		}
		text += "\n" + strings.ToUpper(s.Title) + "\n" + columns(rows)
	}
	return text
}

package cli

import (
	"cmp"
	"strconv"
	"strings"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
)

// topic is a part of the reference. Its text is in columns, and fold breaks its
// lines. The facts come from the tables that the program itself goes by.
type topic struct {
	name, short string
	text        func(p Program) string
}

var topics = []topic{
	{"keys", "Every key and action of the inbox, by where it works", keysTopic},
	{"query", "The language of filters, views and `confab list`", queryTopic},
	{"capabilities", "What can be edited on which service, by which call", capabilitiesTopic},
	{"json", "What --json prints", jsonTopic},
	{"settings", "What the config file may hold", settingsTopic},
	{"exit-codes", "What the exit statuses mean", exitTopic},
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

func keysTopic(p Program) string {
	var b strings.Builder
	b.WriteString("The keys as they are before the config rebinds any. What has no key is in the palette and on the command line.\n")
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

func queryTopic(Program) string {
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

func capabilitiesTopic(p Program) string {
	var b strings.Builder
	b.WriteString(model.AssumedMeans + "\n")
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

func settingsTopic(p Program) string { return config.Reference(p.Validators) }

func exitTopic(Program) string {
	var b strings.Builder
	var rows [][]string
	for _, c := range ExitCodes() {
		rows = append(rows, []string{strconv.Itoa(c.Code), c.Means})
	}
	columns(&b, rows)
	return b.String() + "\n" + ExitPrecedence() + "\n"
}

func jsonTopic(Program) string {
	var b strings.Builder
	b.WriteString(strings.Join(JSONRules(), "\n") + "\n")
	for _, o := range JSONObjects() {
		var rows [][]string
		if o.Beyond != "" {
			rows = append(rows, []string{"the keys of " + o.Beyond + ", and"})
		}
		rows = append(rows, []string{o.Keys})
		if o.Note != "" {
			rows = append(rows, []string{o.Note})
		}
		section(&b, o.Name, o.By, rows...)
	}
	return b.String()
}

package main

import (
	"fmt"
	"os"
	"strings"

	"confab/model"
	"confab/model/query"
	"confab/providers"
	"confab/ui/cli"
	"confab/ui/keymap"
)

// tables are the parts of the README that are printed from the code, by the
// name of their markers.
func tables(reg providers.Registry) map[string]string {
	return map[string]string{"keys": keyTable(), "capabilities": capabilityTable(reg), "query": queryTable(),
		"exit-codes": exitTable(), "json": jsonTable()}
}

// withTables puts the tables between their markers.
func withTables(readme string, tables map[string]string) (string, error) {
	for name, table := range tables {
		begin, end := "<!-- "+name+":begin", "<!-- "+name+":end -->"
		i := strings.Index(readme, begin)
		j := strings.Index(readme, end)
		if i < 0 || j < i {
			return "", fmt.Errorf("the README has no place for the table %q", name)
		}
		line := strings.Index(readme[i:], "\n")
		readme = readme[:i+line+1] + table + readme[j:]
	}
	return readme, nil
}

func writeReadme(path string, reg providers.Registry) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	made, err := withTables(string(old), tables(reg))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(made), 0o644)
}

func keyTable() string {
	keys, _ := keymap.New(nil)
	var b strings.Builder
	b.WriteString("| where | keys | action | does |\n|---|---|---|---|\n")
	for _, c := range keymap.Contexts() {
		for _, k := range keys.Bindings(c) {
			var shown []string
			for _, seq := range k.Keys {
				shown = append(shown, "`"+escape(keymap.Label(seq))+"`")
			}
			all := strings.Join(shown, " ")
			if all == "" {
				all = "(palette)"
			}
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", c, all, k.Action, escape(k.Help))
		}
	}
	return b.String()
}

func capabilityTable(reg providers.Registry) string {
	var b strings.Builder
	b.WriteString("| edit |")
	rule := "|---|"
	for _, f := range reg {
		b.WriteString(" " + f.Title + " |")
		rule += "---|"
	}
	b.WriteString("\n" + rule + "\n")
	for _, kind := range model.EditKinds() {
		fmt.Fprintf(&b, "| %s |", strings.ReplaceAll(string(kind), "_", " "))
		for _, f := range reg {
			fmt.Fprintf(&b, " %s |", capability(f, kind))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n" + assumedCalls(reg)
}

// assumedCalls names what a service does not document, and where the help says
// more of it.
func assumedCalls(reg providers.Registry) string {
	var all []string
	for _, f := range reg {
		var kinds []string
		for _, row := range f.Table {
			if row.State == model.CapabilityAssumed {
				kinds = append(kinds, strings.ReplaceAll(string(row.Kind), "_", " "))
			}
		}
		if kinds != nil {
			before := strings.Join(kinds[:len(kinds)-1], ", ")
			if before != "" {
				before += " and "
			}
			all = append(all, f.Title+"'s "+before+kinds[len(kinds)-1])
		}
	}
	return model.AssumedMeans + "\nAssumed are " + strings.Join(all, "; ") + ":\n`confab help capabilities` says why, and by which call.\n"
}

func queryTable() string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	var terms []string
	for _, w := range query.Syntax() {
		terms = append(terms, "`"+escape(w.Name)+"` "+escape(w.Help))
	}
	fmt.Fprintf(&b, "| terms | %s |\n", strings.Join(terms, "; "))
	for _, part := range []struct {
		title, before, after string
		words                []query.Word
	}{
		{"fields", "", ":", query.Fields()},
		{"states", query.FieldIs + ":", "", query.Words(query.FieldIs)},
		{"contents", query.FieldHas + ":", "", query.Words(query.FieldHas)},
		{"`" + query.FieldUpdated + ":` `" + query.FieldCreated + ":`", "", "", append(query.DateWords(), query.DateForms()...)},
		{"order", query.FieldSort + ":", "", query.Words(query.FieldSort)},
	} {
		var words []string
		for _, w := range part.words {
			words = append(words, "`"+escape(part.before+w.Name+part.after)+"`")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", part.title, strings.Join(words, " "))
	}
	return b.String()
}

func exitTable() string {
	var b strings.Builder
	b.WriteString("| exit code | means |\n|---|---|\n")
	for _, c := range cli.ExitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", c.Code, escape(c.Means))
	}
	return b.String() + "\n" + cli.ExitPrecedence() + "\n"
}

func jsonTable() string {
	var b strings.Builder
	b.WriteString(strings.Join(cli.JSONRules(), "\n") + "\n\n| object | printed by | keys |\n|---|---|---|\n")
	for _, o := range cli.JSONObjects() {
		keys := "`" + o.Keys + "`"
		if o.Beyond != "" {
			keys = "the keys of " + o.Beyond + ", and " + keys
		}
		if o.Note != "" {
			keys += "; " + o.Note
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", o.Name, o.By, escape(keys))
	}
	return b.String()
}

func capability(f providers.Factory, kind model.EditKind) string {
	for _, row := range f.Table {
		if row.Kind != kind {
			continue
		}
		text := string(row.State)
		if row.Call != "" {
			text += ": `" + escape(row.Call) + "`"
		}
		if row.State == model.CapabilityNo {
			text += ": " + escape(row.Reason)
		}
		return text
	}
	return "no"
}

func escape(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

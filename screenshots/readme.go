package main

import (
	"fmt"
	"os"
	"strings"

	"confab/model"
	"confab/providers"
	"confab/ui/keymap"
)

// tables are the parts of the README that are printed from the code, by the
// name of their markers.
func tables(reg providers.Registry) map[string]string {
	return map[string]string{"keys": keyTable(), "capabilities": capabilityTable(reg)}
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

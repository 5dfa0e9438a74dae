package main

import (
	"strings"
	"testing"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
)

// printed gives what a topic of the help prints to a pipe, its blanks as one.
func printed(t *testing.T, topic string) string {
	t.Helper()
	out, err := confab(t, nil, "help", topic).Output()
	if err != nil {
		t.Fatal(err)
	}
	return oneBlank(string(out))
}

func oneBlank(s string) string { return " " + strings.Join(strings.Fields(s), " ") + " " }

func TestTheHelpHasEveryRow(t *testing.T) {
	want := map[string][]string{}
	for _, f := range registry {
		for _, row := range f.Table {
			reason := strings.TrimPrefix(row.Reason, string(row.State)+": ")
			line := strings.ReplaceAll(string(row.Kind), "_", " ") + " " + string(row.State) + " " + row.Call + " " + reason
			want["capabilities"] = append(want["capabilities"], line)
		}
		for _, s := range f.Settings {
			want["settings"] = append(want["settings"], s.Name+" "+s.Help)
		}
	}
	for context, actions := range keymap.Actions() {
		want["keys"] = append(want["keys"], strings.ToUpper(context))
		want["keys"] = append(want["keys"], actions...)
	}
	for _, w := range query.IsWords() {
		want["query"] = append(want["query"], "is:"+w.Name+" "+w.Help)
	}
	for _, w := range query.Fields() {
		want["query"] = append(want["query"], w.Name+": "+w.Help)
	}
	for _, s := range model.EditStates() {
		want["json"] = append(want["json"], string(s))
	}
	for topic, rows := range want {
		text := printed(t, topic)
		for _, row := range rows {
			if !strings.Contains(text, strings.TrimRight(oneBlank(row), " ")) {
				t.Errorf("help %s has no %q", topic, row)
			}
		}
	}
}

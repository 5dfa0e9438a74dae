package cli

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui/layout"
)

// listedRow returns a row with a value in every field.
func listedRow() model.Row {
	internal := true
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	person := model.Participant{Kind: "user", ID: "7", Name: "Grace Chen", Email: "grace@example.com", Role: "editor"}
	return model.Row{Checked: at, Triage: model.Triage{Done: true, Pinned: true},
		Pending: []model.Pending{{Kind: model.EditTitle, State: model.Refused}},
		Conversation: model.Conversation{Ref: model.Ref{Account: "sales", ID: "6f1c0d2e-0000-4000-8000-000000000001"}, Provider: "attention",
			Kind: "call", Title: "=cmd|' /c calc'!A1, \"the\"\tcall\r\nof two", Description: "two\nlines", Privacy: model.PrivacyPublic, Status: "completed",
			Access: "open", DefaultRole: "viewer", Participants: model.SetOf(person, model.Participant{Kind: "user", Name: "Bob"}), Contacts: model.SetOf(model.Participant{Kind: "contact", ID: "7", Name: "Grace Chen"}),
			Labels: map[string]string{"Type": "Interview", "A": "1"}, Attributes: map[string]string{"name": "x"}, Owner: person,
			Team: model.Named{ID: "1", Name: "Field"}, Space: model.Named{ID: "2"}, Channel: model.Named{ID: "3", Name: "Web"},
			Companies: []model.Named{{ID: "1", Name: "Acme"}, {ID: "c2"}}, Internal: &internal, Duration: 90 * time.Second, Created: at, Updated: at.Add(time.Hour),
			URL: "https://example.com/1"}}
}

// TestEveryKeyIsAColumn holds that every key of the JSON can be a column, and that no column shows a Go value.
func TestEveryKeyIsAColumn(t *testing.T) {
	b := newBench(t)
	b.rows = map[model.Ref]model.Row{listedRow().Conversation.Ref: listedRow()}
	b.want(t, 0, "list", "--format", "csv", "--columns", strings.Join(columnNames(), ","))
	all, err := csv.NewReader(strings.NewReader(b.out.String())).ReadAll()
	if err != nil || len(all) != 2 {
		t.Fatalf("%v: %q", err, b.out.String())
	}
	if !strings.Contains(b.out.String(), "\r\n") || strings.Contains(strings.ReplaceAll(b.out.String(), "\r\n", ""), "\n") {
		t.Errorf("the lines do not end as RFC 4180 has it: %q", b.out.String())
	}
	got := map[string]string{}
	for i, name := range all[0] {
		got[name] = all[1][i]
		if text := all[1][i]; text == "" && name != "capabilities" || strings.ContainsAny(text, "{}[]\n\t\r") || strings.Contains(text, "0x") {
			t.Errorf("column %s is %q", name, text)
		}
	}
	for name, want := range map[string]string{"title": "'=cmd|' /c calc'!A1, \"the\" call of two", "people": "Grace Chen, Grace Chen, Bob",
		"labels": "A=1; Type=Interview", "companies": "Acme, c2", "space": "2", "team": "Field", "duration": "90", "archived": "false",
		"updated": "2026-11-20T10:30:00.000Z", "when": "2026-11-20T10:30:00.000Z", "triage": "done pinned", "privacy": "public",
		"participants": "Grace Chen <grace@example.com> user:7, editor; Bob"} {
		if got[name] != want {
			t.Errorf("column %s is %q, want %q", name, got[name], want)
		}
	}
}

func TestCellsThatWouldRunAreMadeInert(t *testing.T) {
	for text, want := range map[string]string{"=1+1": "'=1+1", "+4": "'+4", "-x": "'-x", "@SUM(A1)": "'@SUM(A1)", "\t=1": "' =1", "\r=1": "' =1",
		"\u200b=1": "'=1", "\x1b[31m=1": "'=1", "a=1": "a=1", "": "", "'=1": "'=1", "1-1": "1-1"} {
		if got := inert(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestARefIsWholeOrAbsent holds that on a terminal title and people get narrower first, and that a ref is never cut.
func TestARefIsWholeOrAbsent(t *testing.T) {
	row := listedRow()
	row.Conversation.Title = "Acme renewal: the pricing call, and what came after it"
	var measure layout.Measure
	seen := map[bool]bool{}
	for width := 30; width <= 160; width++ {
		b := newBench(t)
		b.rows = map[model.Ref]model.Row{row.Conversation.Ref: row}
		b.program.Width = func() int { return width }
		b.want(t, 0, "list")
		lines := strings.Split(strings.TrimRight(b.out.String(), "\n"), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "WHEN") || !strings.Contains(lines[0], "PRIVACY") || !strings.Contains(lines[0], "TITLE") {
			t.Fatalf("width %d: got %q", width, lines)
		}
		for _, line := range lines {
			if measure.Width(line) > width {
				t.Errorf("width %d: got %q", width, line)
			}
		}
		whole := strings.HasSuffix(lines[1], row.Conversation.Ref.String())
		if seen[whole] = true; whole != strings.Contains(lines[1], "sales:") || whole != strings.HasSuffix(lines[0], "REF") {
			t.Errorf("width %d: the ref is cut: %q", width, lines[1])
		}
		if width >= 80 && !whole {
			t.Errorf("width %d: title and people do not make room for the ref: %q", width, lines[1])
		}
		if strings.Contains(lines[1], "calc") || whole && width < 100 && strings.Contains(lines[1], "after it") {
			t.Errorf("width %d: got %q", width, lines[1])
		}
	}
	if !seen[true] || !seen[false] {
		t.Error("the ref is shown at every width, or at none")
	}
	b := newBench(t)
	b.rows = map[model.Ref]model.Row{row.Conversation.Ref: row}
	b.program.Width = func() int { return 20 }
	b.want(t, 0, "list", "--columns", "ref,title")
	contains(t, "the ref that was asked for", &b.out, row.Conversation.Ref.String())
}

func TestListFlags(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--format", "tsx"}, ExitUsage, `did you mean "tsv"`},
		{[]string{"--columns", "ref,tilte"}, ExitUsage, `did you mean "title"`},
		{[]string{"--columns", "ref,"}, ExitUsage, `unknown word ""`},
		{[]string{"三浦 is:prévu"}, ExitUsage, "confab:   三浦 is:prévu\nconfab:           ^^^^^\n"},
		{[]string{"--ascii", "三浦 is:prévu"}, ExitUsage, "confab:   ?? is:prevu\nconfab:         ^^^^^\n"},
		{[]string{"--ascii", "“Øre” is:x"}, ExitUsage, "confab:   \"?re\" is:x\n"},
		{[]string{"--json", "--format", "csv"}, ExitUsage, "give one"},
		{[]string{"--json", "--columns", "ref"}, ExitUsage, "--columns"},
		{[]string{"--format", "json", "--columns", "ref"}, ExitUsage, "--columns"},
		{[]string{"--json", "--format", "json"}, ExitOK, `{"ref":`},
		{[]string{"--format", "json"}, ExitOK, `{"ref":`},
		{[]string{"--columns", "REF, title"}, ExitOK, "sales:6f1c0d2e-0000-4000-8000-000000000001\t=cmd|' /c calc'!A1, \"the\" call of two\n"},
		{[]string{"--format", "tsv", "--columns", "title,description"}, ExitOK, "=cmd|' /c calc'!A1, \"the\" call of two\ttwo lines\n"},
		{[]string{"--format", "table", "--columns", "privacy,ref"}, ExitOK, "PRIVACY  REF\npublic   sales:6f1c0d2e-0000-4000-8000-000000000001\n"},
		{[]string{"--format", "table", "--columns", "title"}, ExitOK, "TITLE\n=cmd|' /c calc'!A1, \"the\" call of two\n"},
		{[]string{"--plain", "--columns", "privacy,ref"}, ExitOK, "public  sales:6f1c0d2e-0000-4000-8000-000000000001\n"},
	} {
		b := newBench(t)
		b.rows = map[model.Ref]model.Row{listedRow().Conversation.Ref: listedRow()}
		b.want(t, tc.code, append([]string{"list"}, tc.args...)...)
		if text := b.out.String() + b.err.String(); !strings.Contains(text, tc.says) {
			t.Errorf("%v: got %q, want %q", tc.args, text, tc.says)
		}
	}
}

// TestLinesForProgramsAreWhole holds that a program gets whole cells, on one line each.
func TestLinesForProgramsAreWhole(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("long ", 400) + "end"
	c := b.rows[roof].Conversation
	c.Title = long
	b.add(c)
	b.outbox = []model.OutboxEntry{{Edit: model.Edit{ID: "e1", Submission: "s1", Ref: model.Ref{Account: "projects", ID: long}, Kind: model.EditArchive}}}
	for _, command := range []string{"list", "outbox"} {
		b.want(t, ExitOK, command)
		contains(t, command, &b.out, long+"\t")
	}
}

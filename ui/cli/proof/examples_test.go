//go:build unix

package proof

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/model/query"
	"confab/providers/sandbox"
	"confab/ui/keymap"
)

// oneBlank returns a text with each run of blanks as one blank.
func oneBlank(s string) string { return " " + strings.Join(strings.Fields(s), " ") + " " }

// TestTheHelpHasEveryRow holds that each row of the program's tables stands in the help.
func TestTheHelpHasEveryRow(t *testing.T) {
	t.Parallel()
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
	for _, w := range query.Words(query.FieldIs) {
		want["query"] = append(want["query"], "is:"+w.Name+" "+w.Help)
	}
	for _, w := range query.Fields() {
		want["query"] = append(want["query"], w.Name+": "+w.Help)
	}
	for _, s := range model.EditStates() {
		want["json"] = append(want["json"], string(s))
	}
	for topic, rows := range want {
		text := oneBlank(output(t, "help", topic))
		for _, row := range rows {
			if !strings.Contains(text, strings.TrimRight(oneBlank(row), " ")) {
				t.Errorf("help %s has no %q", topic, row)
			}
		}
	}
}

// runElsewhere holds the commands of the texts that are not run here, and what runs them.
var runElsewhere = map[string]string{
	"confab":                 "TestDemoLeavesNothingBehind",
	"go run . demo":          "TestDemoLeavesNothingBehind",
	"confab demo":            "TestDemoLeavesNothingBehind",
	"go test ./...":          ".ci/run",
	"confab login":           "login.txtar",
	"confab forget":          "forget.txtar",
	"confab sandbox":         "TestInterruptedSandboxEndsWith130",
	"confab outbox retry":    "outbox.txtar", // needs an id
	"confab outbox resolve":  "conflict.txtar",
	"CGO_ENABLED=0 go build": ".ci/run",
}

// reader types what a text says, on a machine whose accounts are those of the demo.
type reader struct {
	t *testing.T
	*home
}

func newReader(t *testing.T) *reader {
	b, err := sandbox.New(sandbox.Options{World: sandbox.Northwind, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, configOf(b, server.URL))
	h.also = []string{"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH")}
	return &reader{t, h}
}

// types runs a line. The line must succeed and print something.
func (r *reader) types(line string) {
	r.t.Helper()
	for command := range runElsewhere {
		if line == command || strings.HasPrefix(line, command+" ") && command != "confab" {
			return
		}
	}
	cmd := exec.CommandContext(r.t.Context(), "sh", "-c", line)
	cmd.Env, cmd.Dir = r.env(), r.dir
	if strings.HasPrefix(line, "confab init") {
		cmd.Env = append(cmd.Env, "CONFAB_CONFIG="+filepath.Join(r.t.TempDir(), "new.toml"))
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		r.t.Errorf("%s: %v\n%s%s", line, err, &out, &errs)
	} else if _, file, into := strings.Cut(line, " > "); into {
		written, err := os.ReadFile(filepath.Join(r.dir, file))
		if err != nil || len(written) == 0 {
			r.t.Errorf("%s: wrote nothing: %v\n%s", line, err, &errs)
		}
	} else if out.Len() == 0 {
		r.t.Errorf("%s: printed nothing\n%s", line, &errs)
	}
}

// fenced matches the code blocks of a README, with their languages and texts.
var fenced = regexp.MustCompile("(?sm)^```(\\w*)\n(.*?)^```$")

// comment matches what follows a command on its line.
var comment = regexp.MustCompile(`\s+#.*`)

func TestTheReadmeWorks(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	for _, block := range fenced.FindAllStringSubmatch(string(readme), -1) {
		switch language, text := block[1], block[2]; language {
		case "sh":
			for line := range strings.Lines(text) {
				r.types(comment.ReplaceAllString(strings.TrimSpace(line), ""))
			}
		case "toml":
			path := filepath.Join(r.dir, "shown.toml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			r.types("confab config check --config " + path)
		default:
			t.Errorf("a block in %q, which this test can't run", language)
		}
	}

	// A sentence names the assumed calls.
	said := strings.Join(strings.Fields(string(readme)), " ")
	for _, f := range registry {
		var kinds []string
		for _, row := range f.Table {
			if row.State == model.CapabilityAssumed {
				kinds = append(kinds, strings.ReplaceAll(string(row.Kind), "_", " "))
			}
		}
		if last := len(kinds) - 1; last > 0 {
			kinds = append(kinds[:last-1], kinds[last-1]+" and "+kinds[last])
		}
		if sentence := f.Title + "'s " + strings.Join(kinds, ", "); kinds != nil && !strings.Contains(said, sentence) {
			t.Errorf("the README doesn't say that these are assumed: %s", sentence)
		}
	}
}

// TestTheExamplesOfTheHelpWork runs the examples of the help and of the topics. Those that would change something are dry runs, so
// that each finds the accounts as they are.
func TestTheExamplesOfTheHelpWork(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	r.types("confab edit projects:1481000003663 --title 'Lift inspection' --yes") // for a history and an outbox
	r.types("confab edit projects:1481000003626 --title 'Certificates and licences' --yes --no-wait")
	changes := regexp.MustCompile(`confab (edit|new|undo) `)
	help, topics := examples(t), topicExamples(t)
	if len(help) < 10 || len(topics) < 10 {
		t.Fatalf("found only the examples %q and %q", help, topics)
	}
	for _, line := range slices.Concat(help, topics) {
		if changes.MatchString(line) && !strings.Contains(line, "--dry-run") {
			line += " --dry-run"
		}
		r.types(line)
	}
}

// examples returns the examples that --help prints, of all commands.
func examples(t *testing.T) (all []string) {
	for line := range strings.Lines("\n" + output(t, "__complete", "")) {
		command, _, described := strings.Cut(strings.TrimSpace(line), "\t")
		if !described && command != "" {
			continue
		}
		_, text, _ := strings.Cut(output(t, append(strings.Fields(command), "--help")...), "EXAMPLES")
		text, _, _ = strings.Cut(text, "FLAGS")
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "confab") {
				all = append(all, line)
			}
		}
	}
	return all
}

// topicExamples returns the commands that begin the lines of the topics.
func topicExamples(t *testing.T) (all []string) {
	files, err := filepath.Glob("../text/*.txt")
	if err != nil || files == nil {
		t.Fatalf("found the topics %q: %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if command, _, _ := strings.Cut(strings.TrimSpace(line), "  "); strings.HasPrefix(line, "  confab ") {
				all = append(all, command)
			}
		}
	}
	return all
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program(t, nil, args...).Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}

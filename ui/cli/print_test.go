package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"confab/model"
)

func TestHostileTextIsCleanedAndExactInJSON(t *testing.T) {
	b := newBench(t)
	ref := model.Ref{Account: "projects", ID: "71"}
	row := b.rows[ref]
	row.Conversation.Title = "a\x1b]0;owned\x07b\u202ec\u009b2Jd"
	b.rows[ref] = row
	for _, args := range [][]string{{"list"}, {"show", "projects:71"}, {"edit", "projects:71", "--title", "x", "--dry-run"}} {
		b.want(t, ExitOK, args...)
		if bytes.ContainsAny(b.out.Bytes(), "\x1b\x07") || strings.ContainsAny(b.out.String(), "\u202e\u009b") {
			t.Errorf("%q prints hostile text: %q", args, &b.out)
		}
	}
	b.want(t, ExitOK, "list", "--json", "--account", "projects")
	if strings.ContainsAny(b.out.String(), "\x1b\x07\u202e\u009b") {
		t.Errorf("the JSON is not escaped: %q", &b.out)
	}
	var got struct{ Title string }
	if err := json.Unmarshal(bytes.SplitN(b.out.Bytes(), []byte("\n"), 3)[1], &got); err != nil || got.Title != row.Conversation.Title {
		t.Errorf("the title in the JSON is %q: %v", got.Title, err)
	}
}

// TestASCIIOutput holds that --ascii prints nothing else, with letters kept as far as possible.
func TestASCIIOutput(t *testing.T) {
	b := newBench(t)
	c := b.rows[roof].Conversation
	c.Title = "Núñez → 三浦 · “Ökonomie”"
	b.add(c)
	b.want(t, ExitOK, "list", "--ascii")
	contains(t, "stdout", &b.out, "\tNunez -> ?? - \"Okonomie\"\t")
	b.want(t, ExitOK, "edit", "projects:71", "--title", "Dächer", "--dry-run", "--ascii")
	contains(t, "stdout", &b.out, `title: Nunez -> ?? - "Okonomie" -> Dacher`)
	b.want(t, ExitOK, "list", "--ascii", "--json")
	contains(t, "stdout", &b.out, `"title":"N\u00fa\u00f1ez \u2192 \u4e09\u6d66 \u00b7`)
}

// TestProgressIsShownAndCleared holds that a terminal sees how many conversations are read, and then a clean line.
func TestProgressIsShownAndCleared(t *testing.T) {
	b := newBench(t)
	r := &run{Program: b.program}
	for _, terminal := range []bool{false, true} {
		r.InTerminal, r.ErrTerminal = terminal, terminal
		progress := r.progress()
		for done := range 3 {
			progress(done, 2)
		}
		progress(2, 2)
		want := ""
		if terminal {
			want = "\rread 0 of 2\rread 1 of 2\r           \r"
		}
		if got := b.err.String(); got != want {
			t.Errorf("on a terminal %v: got %q, want %q", terminal, got, want)
		}
	}
}

// TestLinearModeRepaintsNothing holds that progress comes in lines there, and only in a long read.
func TestLinearModeRepaintsNothing(t *testing.T) {
	b := newBench(t)
	r := &run{Program: b.program, linear: &linear{}}
	r.InTerminal, r.ErrTerminal = true, true
	progress := r.progress()
	for done := range 251 {
		progress(done, 250)
	}
	if got, want := b.err.String(), "read 100 of 250\nread 200 of 250\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestResultsThatCannotBeWritten holds that nothing is submitted once results can't be printed.
func TestResultsThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{
		{"list", "--json"}, {"config", "path", "--json"}, {"edit", "projects:71", "meetings:e:4", "--title", "x", "--yes", "--json"},
		{"list"}, {"list", "--format", "table"}, {"list", "--format", "csv"}, {"config", "path"}, {"config", "schema", "--json"}, {"help", "query"},
		{"show", "projects:71"}, {"edit", "projects:71", "--title", "x", "--yes"},
		{"--version"}, {"--help"}, {"help"}, {"help", "list"}, {"completion", "bash"}, {"config", "show"}, {"man"},
	} {
		b := newBench(t)
		b.program.Out = fullDisk{}
		b.want(t, ExitLocal, args...)
		if n := strings.Count(b.err.String(), "no space left"); n != 1 || b.submits > 0 {
			t.Errorf("%q: got %d errors and %d submissions: %s", args, n, b.submits, &b.err)
		}
	}
}

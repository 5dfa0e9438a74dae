package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"confab/model"
)

func TestEditReadsRefsFromInput(t *testing.T) {
	for name, x := range map[string]struct {
		in   string
		args []string
		code int
		err  string
		sent int
	}{
		"a line each":     {"projects:71\n\n", []string{"--yes"}, 0, "", 1},
		"beside others":   {"projects:71 projects:71", []string{"projects:71", "--yes"}, 0, "", 1},
		"byte order mark": {"\ufeffprojects:71\n", []string{"--yes"}, 0, "", 1},
		"none":            {" \n\n", []string{"--yes"}, 0, "Standard input names no conversation: nothing to do.", 0},
		"empty":           {"", []string{"--dry-run"}, 0, "nothing to do", 0},
		"no ref":          {"projects:71\nRoof repair\n", []string{"--yes"}, 2, `standard input, line 2: "Roof"`, 0},
		"no such account": {"nowhere:1\n", []string{"--yes"}, 2, `no account "nowhere"`, 0},
		"not UTF-8":       {"projects:71\xff\n", []string{"--yes"}, 2, "not UTF-8", 0},
		"nobody to ask":   {"projects:71\n", nil, 2, "standard input holds the refs", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.atTerminal(x.in)
			b.want(t, x.code, append([]string{"edit", "-", "--title", "New"}, x.args...)...)
			contains(t, "stderr", &b.err, x.err)
			if b.submits != x.sent {
				t.Errorf("%d submissions, want %d", b.submits, x.sent)
			}
			if x.code == 2 && b.loads > 0 {
				t.Error("a conversation was read before the refusal")
			}
		})
	}
	b := newBench(t)
	b.program.In = io.MultiReader(strings.NewReader("projects:71\n"), iotest.ErrReader(errors.New("the pipe broke")))
	b.want(t, ExitLocal, "edit", "-", "--title", "New", "--yes")
	contains(t, "stderr", &b.err, "the pipe broke")
	if b.submits > 0 {
		t.Error("an input that broke off was taken for whole")
	}
}

func TestMaxAndExpectRefuseOtherCounts(t *testing.T) {
	for _, x := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"--max", "1"}, 0, ""},
		{[]string{"--expect", "1"}, 0, ""},
		{[]string{"--max", "0"}, 1, "the plan would change 1 conversation, and --max allows 0: nothing was sent"},
		{[]string{"--expect", "2"}, 1, "the plan would change 1 conversation, and --expect names 2: nothing was sent"},
		{[]string{"--expect", "2", "--dry-run"}, 1, "--expect names 2"},
		{[]string{"--expect", "-1"}, 2, "not negative"},
	} {
		b := newBench(t)
		b.want(t, x.code, append([]string{"edit", "projects:71", "--title", "New", "--yes"}, x.args...)...)
		contains(t, "stderr", &b.err, x.err)
		if sent := b.submits > 0; sent != (x.code == 0) {
			t.Errorf("%q: got submitted %v", x.args, sent)
		}
	}
}

func TestAQueryWithoutAConditionIsRefused(t *testing.T) {
	for _, q := range []string{"", "  ", "sort:title", `" "`} {
		for _, how := range []string{"--yes", "--dry-run"} {
			b := newBench(t)
			b.want(t, ExitUsage, "edit", "--query", q, "--title", "x", how)
			contains(t, "stderr", &b.err, "a query without a condition matches everything: write is:any to mean that")
			if b.opened > 0 {
				t.Errorf("%q: the engine was opened", q)
			}
		}
	}
	b := newBench(t)
	b.want(t, ExitRefused, "edit", "--query", "is:any", "--title", "x", "--yes")
	if b.submits != 1 {
		t.Error("is:any submitted nothing, want everything")
	}
}

func TestRemovingSomebodyWhoIsNotThere(t *testing.T) {
	for who, code := range map[string]int{
		"99": 0, "user:99": 0, "d2c1f0aa-0000-4000-8000-000000000001": 0, "nobody@example.com": 0, "emailaddress=x@example.com": 0,
		"Ann Lee": 0, "Sam": 0, // known, or several are, and none is in it
		"Zed": 2, "Zed Nobody": 2,
	} {
		b := newBench(t)
		b.want(t, code, "edit", "projects:71", "--remove", who, "--yes")
		if code == 0 {
			contains(t, "stdout", &b.out, "already so")
		} else {
			contains(t, "stderr", &b.err, "is nobody in projects")
		}
		if strings.Contains(b.err.String(), "ambiguous") || b.submits > 0 {
			t.Errorf("%q: got %d submissions, want none: %s", who, b.submits, &b.err)
		}
	}
}

func TestSeparatorsAreEscaped(t *testing.T) {
	var out strings.Builder
	if err := writeJSON(&out, map[string]string{"t": "a\u2028b\u2029c\u202ed\u0085e\U000e0001f"}, false); err != nil {
		t.Fatal(err)
	}
	if want := `{"t":"a\u2028b\u2029c\u202ed\u0085e\udb40\udc01f"}` + "\n"; out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}

// What a terminal can't show, or --ascii doesn't allow, is escaped in a body rather than left out: it is what would be sent.
func TestDryRunPrintsBodiesExactly(t *testing.T) {
	body := `{"title":"M\u00fcller ` + "\u202eab\u200bc ü" + strings.Repeat("x", model.MaxText) + `"}`
	for _, x := range []struct {
		args []string
		want string
	}{
		{nil, `{"title":"M\u00fcller \u202eab\u200bc ü` + strings.Repeat("x", model.MaxText) + `"}` + "\n"},
		{[]string{"--ascii"}, `{"title":"M\u00fcller \u202eab\u200bc \u00fc` + strings.Repeat("x", model.MaxText) + `"}` + "\n"},
	} {
		b := newBench(t)
		b.body = body
		b.want(t, ExitOK, append([]string{"edit", "projects:71", "--title", "x", "--dry-run"}, x.args...)...)
		if got := b.out.String(); !strings.HasSuffix(got, x.want) {
			t.Errorf("%q: the body begins with %.80q, want %.80q and all of it", x.args, got[strings.LastIndex(got, "\n{")+1:], x.want)
		}
	}
}

func TestDryRunSaysWhatWouldNotBeSent(t *testing.T) {
	for _, args := range [][]string{nil, {"--json"}} {
		b := newBench(t)
		b.stops = []string{"the title was changed"}
		b.want(t, ExitRefused, append([]string{"edit", "projects:71", "--title", "x", "--dry-run"}, args...)...)
		contains(t, "stderr", &b.err, "confab: projects:71: would not be sent: the title was changed\n")
	}
}

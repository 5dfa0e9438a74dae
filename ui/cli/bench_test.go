package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"confab/config"
	"confab/model"
)

const testConfig = `
[[account]]
name = "projects"
provider = "kona"
credential = { env = "KONA" }
[[account]]
name = "meetings"
provider = "askelephant"
credential = { env = "ASK" }
[[view]]
name = "Mine"
query = "with:ann"
`

// bench is a program on a fake engine.
type bench struct {
	*fakeEngine
	program Program
	out     bytes.Buffer
	err     bytes.Buffer
	opened  int
	path    string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{fakeEngine: newFake(), path: filepath.Join(t.TempDir(), "config.toml")}
	if err := os.WriteFile(b.path, []byte(testConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	b.program = Program{
		Access:  []string{"open", "invite-only", "request-to-join", "just_me", "group", "everyone"},
		Version: "1.2.3", In: strings.NewReader(""), Out: &b.out, Err: &b.err,
		Width: func() int { return 0 }, Height: func() int { return 0 },
		Getenv: func(string) string { return "" },
		Now:    func() time.Time { return time.Unix(1000, 0) },
		Browse: func(Setup, string) error { return nil }, Silence: func() func() { return func() {} },
		Open: func(context.Context, Setup) (Engine, error) {
			b.opened++
			return b.fakeEngine, nil
		},
		Check: func(context.Context, Setup, config.Account) []model.CheckResult {
			return []model.CheckResult{{Name: "reach", OK: true, Detail: "fine"}}
		},
		CheckState: func(context.Context, Setup) []model.CheckResult { return nil },
		Sandbox: func(SandboxOptions) (http.Handler, func(root string) []config.SandboxAccount, error) {
			return http.NotFoundHandler(), func(root string) []config.SandboxAccount {
				return []config.SandboxAccount{{Name: "projects", Provider: "kona", BaseURL: root + "/kona", Credential: "made-up-token"}}
			}, nil
		},
	}
	return b
}

// atTerminal gives the program a terminal on which answers are typed.
func (b *bench) atTerminal(answers string) {
	b.program.InTerminal, b.program.ErrTerminal = true, true
	b.program.In = strings.NewReader(answers)
}

// run runs the program and returns the exit status. It drops the output of earlier runs.
func (b *bench) run(t *testing.T, args ...string) int {
	t.Helper()
	b.out.Reset()
	b.err.Reset()
	return Main(t.Context(), b.program, append([]string{"--config", b.path}, args...))
}

func (b *bench) want(t *testing.T, code int, args ...string) {
	t.Helper()
	if got := b.run(t, args...); got != code {
		t.Fatalf("%q: exit %d, want %d\nstdout: %s\nstderr: %s", args, got, code, &b.out, &b.err)
	}
}

func contains(t *testing.T, what string, in io.Reader, parts ...string) {
	t.Helper()
	raw, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if !strings.Contains(string(raw), p) {
			t.Errorf("%s has no %q:\n%s", what, p, raw)
		}
	}
}

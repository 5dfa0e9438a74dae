package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"confab/config"
	"confab/providers/sandbox"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"confab": main})
}

// boxKey is where a script keeps its sandbox.
type boxKey struct{}

// TestScripts runs the real program against stand-in servers, one set a
// script. The commands are:
//
//	code N ARGS...        run confab with ARGS; it must end with status N
//	setref VAR QUERY      put the first ref that matches into a variable
//	writes N              the servers have seen N writes since the last time
//	fault PROVIDER NAME N the next N requests meet a fault
//	offline PROVIDER      connections to a provider fail; online PROVIDER ends that
//	revoke PROVIDER       the credential is refused from now on
//	ignores PROVIDER      changes of privacy are accepted and not made (attention, bird)
//	answer PROVIDER N M   the next M requests are answered with status N (attention, bird, kona)
//	breaktable NAME       a page of the database is broken, where a table begins
//	attention PUT PATH BODY  somebody else's request to Attention
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("ui", "cli", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":   runWithCode,
			"setref": setRef,
			"writes": countWrites,
			"fault": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).FailNext(args[0], args[1], number(ts, args[2]))
			},
			"offline": func(ts *testscript.TestScript, _ bool, args []string) { box(ts).SetOffline(args[0], true) },
			"online":  func(ts *testscript.TestScript, _ bool, args []string) { box(ts).SetOffline(args[0], false) },
			"revoke":  func(ts *testscript.TestScript, _ bool, args []string) { box(ts).Revoke(args[0]) },
			"ignores": ignoreChanges,
			"answer":  answerNext,
			"taken": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).Bird().Set(func(s *sandbox.BirdSwitches) { s.ExistsAnywhere, s.ExistsUnnamed = true, args[0] == "unnamed" })
			},
			"attention":  callAttention,
			"breaktable": breakTable,
		},
	})
}

func breakTable(ts *testscript.TestScript, _ bool, args []string) {
	path := filepath.Join(ts.Getenv("XDG_STATE_HOME"), "confab", "confab.db")
	db, err := sql.Open("sqlite", path)
	ts.Check(err)
	var page int64
	ts.Check(db.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = ?", args[0]).Scan(&page))
	ts.Check(db.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	ts.Check(err)
	_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), (page-1)*4096)
	ts.Check(errors.Join(err, f.Close()))
}

// confab gives the program as a command of its own process.
func confab(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Args = append([]string{"confab"}, args...)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

func TestInterrupt(t *testing.T) {
	cmd := confab(t, nil, "sandbox", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, "http://127.0.0.1:") {
		t.Fatalf("%q: %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("ended with %v, want status 130", err)
	}
}

// TestDemoOnTerminal opens the demo on a terminal of its own, leaves it, and
// looks for what it left behind.
func TestDemoOnTerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no pseudo-terminals of this kind
	}
	dirs := map[string]string{}
	env := []string{"TERM=xterm-256color", "LANG=C.UTF-8", "CONFAB_CONFIG="}
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "TMPDIR"} {
		dirs[name] = t.TempDir()
		env = append(env, name+"="+dirs[name])
	}
	cmd := confab(t, env, "demo", "--conversations", "8")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	seen := make([]byte, 0, 1<<16)
	quit := false
	for buf := make([]byte, 4096); ; {
		n, err := tty.Read(buf)
		seen = append(seen, buf[:n]...)
		if !quit && bytes.Contains(seen, []byte("Inbox")) && bytes.Contains(seen, []byte("demo")) {
			quit = true
			if _, err := io.WriteString(tty, "q"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break // the terminal is closed when the program ends
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v\n%q", err, seen)
	}
	for name, dir := range dirs {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("%s holds %v: %v", name, left, err)
		}
	}
}

func setupScript(env *testscript.Env) error {
	b, err := sandbox.New(sandbox.Options{Conversations: 40, Seed: 7})
	if err != nil {
		return err
	}
	server := httptest.NewServer(b)
	env.Defer(server.Close)
	env.Values[boxKey{}] = b
	opened, err := newSandboxAccounts(b, server.URL, env.WorkDir)
	if err != nil {
		return err
	}
	env.Setenv("SANDBOX", server.URL)
	env.Setenv("ATTENTION_KEY", opened)
	env.Setenv("CONFAB_CONFIG", filepath.Join(env.WorkDir, "sandbox", "config.toml"))
	for name, dir := range map[string]string{"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "runtime", "HOME": "home"} {
		path := filepath.Join(env.WorkDir, dir)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
		env.Setenv(name, path)
	}
	env.Setenv("LANG", "C.UTF-8")
	env.Setenv("TZ", "UTC")
	return nil
}

// newSandboxAccounts writes the config of a script and gives the key of its
// Attention account.
func newSandboxAccounts(b *sandbox.Sandbox, root, dir string) (string, error) {
	accounts := sandboxAccounts(b, root)
	return accounts[0].Credential, config.WriteSandbox(filepath.Join(dir, "sandbox", "config.toml"), accounts)
}

func box(ts *testscript.TestScript) *sandbox.Sandbox { return ts.Value(boxKey{}).(*sandbox.Sandbox) }

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

func runWithCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("confab", args[1:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("confab did not run: %v", err)
	}
	if want := number(ts, args[0]); got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

func setRef(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("confab", "list", "--limit", "1", args[1]))
	ref, _, _ := strings.Cut(ts.ReadFile("stdout"), "\t")
	if ref == "" {
		ts.Fatalf("nothing matches %s", args[1])
	}
	ts.Setenv(args[0], ref)
	_, id, _ := strings.Cut(ref, ":")
	ts.Setenv(args[0]+"_ID", id)
}

func countWrites(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range box(ts).Requests() {
		if r.Write {
			n++
			ts.Logf("%s %s?%s %s: %d", r.Method, r.Path, r.Query, r.Body, r.Status)
		}
	}
	box(ts).ResetRequests()
	if want := number(ts, args[0]); n != want {
		ts.Fatalf("%d writes, want %d", n, want)
	}
}

func ignoreChanges(ts *testscript.TestScript, _ bool, args []string) {
	attention, bird, kona := box(ts).Attention(), box(ts).Bird(), box(ts).Kona()
	switch strings.Join(args, " ") {
	case "attention":
		attention.Set(func(s *sandbox.AttentionSwitches) { s.PrivacyIgnored = true })
	case "attention archive":
		attention.Set(func(s *sandbox.AttentionSwitches) { s.ArchiveIgnored = true })
	case "bird":
		bird.Set(func(s *sandbox.BirdSwitches) { s.IgnoreVisibility = true })
	case "bird create":
		bird.Set(func(s *sandbox.BirdSwitches) { s.CreateIgnored = true })
	case "bird delete":
		bird.Set(func(s *sandbox.BirdSwitches) { s.DeleteIgnored = true })
	case "kona create":
		kona.Set(func(s *sandbox.KonaSwitches) { s.CreateIgnored = true })
	case "kona delete":
		kona.Set(func(s *sandbox.KonaSwitches) { s.DeleteIgnored = true })
	default:
		ts.Fatalf("no such switch: %s", args)
	}
}

func answerNext(ts *testscript.TestScript, _ bool, args []string) {
	answer := map[string]func(status, n int){"attention": box(ts).Attention().AnswerNext, "bird": box(ts).Bird().AnswerNext, "kona": box(ts).Kona().AnswerNext}[args[0]]
	answer(number(ts, args[1]), number(ts, args[2]))
}

func callAttention(ts *testscript.TestScript, _ bool, args []string) {
	req, err := http.NewRequest(args[0], ts.Getenv("SANDBOX")+"/attention/v2"+args[1], strings.NewReader(args[2]))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("ATTENTION_KEY"))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		body, _ := io.ReadAll(res.Body)
		ts.Fatalf("%s: %s", res.Status, body)
	}
	box(ts).ResetRequests()
}

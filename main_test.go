package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/providers/conformance/notes"
	"confab/providers/sandbox"
	"confab/ui/keymap"
	"confab/ui/uitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"confab": main, "confab-notes": withNotes, "xdg-open": browse, "open": browse})
}

// withNotes is the program with a fifth provider.
func withNotes() {
	registry = append(registry, notes.Factory())
	main()
}

// browse is the browser of a script: it goes where the page sends it, and tells
// the script what it was shown in the end.
func browse() {
	shown, err := http.Get(os.Args[1])
	if err == nil {
		_, err = http.Post(os.Getenv("BROWSED"), "text/html", shown.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// shownKey is where a script keeps what its browser was shown.
type shownKey struct{}

// boxKey is where a script keeps its sandbox.
type boxKey struct{}

// TestScripts runs the real program against stand-in servers, one set a
// script. The commands are:
//
//	code N ARGS...        run confab with ARGS; it must end with status N
//	setref VAR QUERY      put the first ref that matches into a variable
//	writes N              the servers have seen N writes since the last time
//	asked PROVIDER REGEXP a request since the last writes matches, unescaped; ! asked that none does
//	fault PROVIDER NAME N the next N requests meet a fault
//	offline PROVIDER      connections to a provider fail; online PROVIDER ends that
//	revoke PROVIDER       the credential is refused from now on
//	ignores PROVIDER      changes of privacy are accepted and not made (attention, bird)
//	answer PROVIDER N M   the next M requests are answered with status N (attention, bird, kona)
//	norights WORD...      Bird answers 401 below these words of a path
//	breaktable NAME       a page of the database is broken, where a table begins
//	attention PUT PATH BODY  somebody else's request to Attention
//	person N              who signs in to Kona from now on, by the place in the seeded list
//	kona WORD             consent, no-consent: what that person says; query: parameters of tokens are read there alone
//	setting NAME VALUE    a setting of the account projects
//	browser REGEXP        what the browser is shown next
//	notes N               an account of the made-up fifth service, with N notes; confab-notes knows it
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
			"asked":  wasAsked,
			"fault": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).FailNext(args[0], args[1], number(ts, args[2]))
			},
			"offline": func(ts *testscript.TestScript, _ bool, args []string) { box(ts).SetOffline(args[0], true) },
			"online":  func(ts *testscript.TestScript, _ bool, args []string) { box(ts).SetOffline(args[0], false) },
			"revoke":  func(ts *testscript.TestScript, _ bool, args []string) { box(ts).Revoke(args[0]) },
			"ignores": ignoreChanges,
			"answer":  answerNext,
			"taken": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).Bird().Set(sandbox.Switches{"ExistsAnywhere": true, "ExistsUnnamed": args[0] == "unnamed"})
			},
			"norights": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).Bird().Set(sandbox.Switches{"NoRights": args})
			},
			"attention": callAttention,
			"person": func(ts *testscript.TestScript, _ bool, args []string) {
				box(ts).Kona().Set(sandbox.Switches{"SignsIn": number(ts, args[0])})
			},
			"kona":       turnKona,
			"notes":      addNotes,
			"setting":    addSetting,
			"browser":    wantShown,
			"breaktable": breakTable,
		},
	})
}

func addNotes(ts *testscript.TestScript, _ bool, args []string) {
	box, err := sandbox.New(sandbox.Options{World: "notes", Files: notes.Files, Conversations: number(ts, args[0])})
	ts.Check(err)
	server, a := httptest.NewServer(box), box.Accounts()[0]
	ts.Defer(server.Close)
	ts.Setenv("NOTES_KEY", a.Credential)
	f, err := os.OpenFile(ts.Getenv("CONFAB_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "\n[[account]]\nname = \"board\"\nprovider = \"notes\"\nbase_url = \"%s%s\"\ncredential = { env = \"NOTES_KEY\" }\n", server.URL, a.Path)
	ts.Check(err)
	ts.Check(f.Close())
}

func wasAsked(ts *testscript.TestScript, neg bool, args []string) {
	want := regexp.MustCompile(args[1])
	for _, r := range box(ts).Requests() {
		query, err := url.QueryUnescape(r.Query)
		ts.Check(err)
		if line := r.Method + " " + r.Path + "?" + query; r.Provider == args[0] && want.MatchString(line) {
			if neg {
				ts.Fatalf("%s was asked %s", args[0], line)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("%s was not asked %s", args[0], args[1])
	}
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

// confab returns the command that runs the program as a process of its own.
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
		if !quit && bytes.Contains(seen, []byte("Inbox")) && bytes.Contains(seen, []byte("Try / label:interview enter")) {
			quit = true
			if _, err := io.WriteString(tty, "q"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break // the terminal is closed when the program ends
		}
	}
	if err := cmd.Wait(); err != nil || !bytes.Contains(seen, []byte("The demo is over, and nothing of it is kept.")) {
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
	b.Kona().Set(sandbox.Switches{"Redirect": uitest.FreeRedirect(env.T())})
	shown := make(chan string, 1)
	browsed := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		page, _ := io.ReadAll(q.Body)
		shown <- string(page)
	}))
	env.Defer(browsed.Close)
	env.Values[shownKey{}] = shown
	env.Setenv("BROWSED", browsed.URL)
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
	env.Setenv("GORACE", "atexit_sleep_ms=0") // under the race detector, each command would end a second later
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
		attention.Set(sandbox.Switches{"PrivacyIgnored": true})
	case "attention archive":
		attention.Set(sandbox.Switches{"ArchiveIgnored": true})
	case "bird":
		bird.Set(sandbox.Switches{"IgnoreVisibility": true})
	case "bird create":
		bird.Set(sandbox.Switches{"CreateIgnored": true})
	case "bird delete":
		bird.Set(sandbox.Switches{"DeleteIgnored": true})
	case "kona create":
		kona.Set(sandbox.Switches{"CreateIgnored": true})
	case "kona delete":
		kona.Set(sandbox.Switches{"DeleteIgnored": true})
	default:
		ts.Fatalf("no such switch: %s", args)
	}
}

func answerNext(ts *testscript.TestScript, _ bool, args []string) {
	answer := map[string]func(status, n int){"attention": box(ts).Attention().AnswerNext, "bird": box(ts).Bird().AnswerNext, "kona": box(ts).Kona().AnswerNext}[args[0]]
	answer(number(ts, args[1]), number(ts, args[2]))
}

func turnKona(ts *testscript.TestScript, _ bool, args []string) {
	switch args[0] {
	case "consent", "no-consent":
		box(ts).Kona().Set(sandbox.Switches{"NoConsent": args[0] == "no-consent"})
	case "query":
		box(ts).Kona().Set(sandbox.Switches{"QueryOnly": true})
	default:
		ts.Fatalf("no such switch: %s", args)
	}
}

func addSetting(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.Getenv("CONFAB_CONFIG")
	const before = "redirect_url = "
	text := strings.Replace(ts.ReadFile(path), before, fmt.Sprintf("%s = %q\n%s", args[0], args[1], before), 1)
	ts.Check(os.WriteFile(path, []byte(text), 0o600))
}

func wantShown(ts *testscript.TestScript, _ bool, args []string) {
	select {
	case page := <-ts.Value(shownKey{}).(chan string):
		if !regexp.MustCompile(args[0]).MatchString(page) {
			ts.Fatalf("the browser is shown %s", page)
		}
	case <-time.After(20 * time.Second):
		ts.Fatalf("the browser is shown nothing")
	}
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

// oddRows returns the environment of a confab that has read conversations in many
// scripts: wide, right to left, combining, with emoji.
func oddRows(t *testing.T) []string {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Conversations: 240, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	if err := config.WriteSandbox(path, sandboxAccounts(box, server.URL)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\n"), []byte("\nrefresh = \"0\"\n"), 1) // nothing moves by itself
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "CONFAB_CONFIG=" + path}
	for name, sub := range map[string]string{"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "run", "HOME": "home", "TMPDIR": "tmp"} {
		env = append(env, name+"="+filepath.Join(dir, sub))
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sync := confab(t, nil, "sync")
	sync.Env = env
	if out, err := sync.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return env
}

// frame is what the program wrote at once, and what the screen shows after it.
type frame struct {
	bytes int
	lines []string
}

// line returns the number of the first line that matches, -1 if none does.
func (f frame) line(match func(string) bool) int { return slices.IndexFunc(f.lines, match) }

// framed is a program on a pseudo-terminal that takes synchronized output: every
// frame then has a beginning and an end.
type framed struct {
	t      *testing.T
	tty    *os.File
	frames chan frame
}

func startFramed(t *testing.T, env []string, w, h int) *framed {
	t.Helper()
	cmd := confab(t, nil, "--view", "Inbox") // not where another was killed
	cmd.Env = env
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)})
	if err != nil {
		t.Fatal(err)
	}
	f := &framed{t: t, tty: tty, frames: make(chan frame, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.read(vt.NewEmulator(w, h))
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = tty.Close()
		<-done
	})
	return f
}

func (f *framed) read(screen *vt.Emulator) {
	defer close(f.frames)
	go io.Copy(io.Discard, screen) // what it would answer
	defer func() {
		if c, ok := screen.InputPipe().(io.Closer); ok {
			c.Close()
		}
	}()
	begin, end := []byte(ansi.SetModeSynchronizedOutput), []byte(ansi.ResetModeSynchronizedOutput)
	var pending []byte
	asked := false
	for buf := make([]byte, 1<<16); ; {
		n, err := f.tty.Read(buf)
		if err != nil {
			return // the terminal is closed when the program ends
		}
		pending = append(pending, buf[:n]...)
		if !asked && bytes.Contains(pending, []byte(ansi.RequestModeSynchronizedOutput)) {
			asked = true
			io.WriteString(f.tty, "\x1b[?2026;2$y")
		}
		for {
			from := bytes.Index(pending, begin)
			to := bytes.Index(pending, end)
			if from < 0 || to < from {
				break
			}
			screen.Write(pending[:to])
			f.frames <- frame{to - from - len(begin), strings.Split(ansi.Strip(screen.Render()), "\n")}
			pending = pending[to+len(end):]
		}
	}
}

// next returns the next frame for which a condition holds.
func (f *framed) next(what string, holds func(frame) bool) frame {
	f.t.Helper()
	var last frame
	for limit := time.After(20 * time.Second); ; {
		select {
		case fr, ok := <-f.frames:
			if !ok {
				f.t.Fatalf("the program ended before %s:\n%s", what, strings.Join(last.lines, "\n"))
			}
			if last = fr; holds(fr) {
				return fr
			}
		case <-limit:
			f.t.Fatalf("%s never came:\n%s", what, strings.Join(last.lines, "\n"))
		}
	}
}

func (f *framed) any() frame { return f.next("a frame", func(frame) bool { return true }) }

func (f *framed) press(keys string) {
	if _, err := io.WriteString(f.tty, keys); err != nil {
		f.t.Fatal(err)
	}
}

func shows(text string) func(frame) bool {
	return func(fr frame) bool {
		return fr.line(func(l string) bool { return strings.Contains(l, text) }) >= 0
	}
}

// TestBytesOnATerminal holds the ceilings of what a key may write over a slow
// link, on rows in mixed scripts.
func TestBytesOnATerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no pseudo-terminals of this kind
	}
	env := oddRows(t)
	for _, c := range []struct {
		layout string
		keys   string // that lead to it
		median int
	}{{"off", "v", 256}, {"stacked", "", 320}, {"beside", "vv", 320}} {
		t.Run(c.layout, func(t *testing.T) {
			f := startFramed(t, env, 120, 40)
			f.next("the list", shows(" 1/"))
			for range c.keys {
				f.press("v")
				f.next("the layout", shows("preview:"))
			}
			f.press("j")
			f.next("the second row", shows(" 2/"))
			var keys, rests []int
			for i := range 56 {
				f.press("j")
				fr := f.next("the cursor's frame", shows(fmt.Sprintf(" %d/", i+3)))
				keys = append(keys, fr.bytes)
				if i%4 == 3 && c.layout != "off" { // it rests
					rests = append(rests, f.any().bytes)
				}
			}
			t.Log(keys, rests)
			slices.Sort(keys)
			if got := keys[len(keys)/2]; got > c.median {
				t.Errorf("a cursor key writes %d bytes, want %d", got, c.median)
			}
			if most := slices.Max(append(rests, keys...)); most > 1400 && c.layout != "beside" {
				t.Errorf("a scroll, or the preview's redraw after a rest, writes %d bytes, want 1,400", most)
			}
			for key, prompt := range map[string]string{"t": "Rename", ":": ":"} {
				f.press(key)
				f.next("the prompt", shows(prompt))
				var letters []int
				for _, letter := range "budget" {
					f.press(string(letter))
					letters = append(letters, f.any().bytes)
				}
				slices.Sort(letters) // one may share its frame with what else changed
				if got := letters[len(letters)/2]; got > 64 {
					t.Errorf("a letter typed after %q writes %d bytes, want 64: %v", key, got, letters)
				}
				f.press("\x1b")
				f.next("the list again", func(fr frame) bool { return !shows("budget")(fr) })
			}
			f.filterLetters()
		})
	}
}

// filterLetters types a filter that leaves all rows as they are, while what is
// offered changes with each letter: that is drawn once typing rests.
func (f *framed) filterLetters() {
	f.t.Helper()
	help := func(fr frame) string { return fr.lines[len(fr.lines)-1] }
	f.press("/")
	f.next("what is offered at first", func(fr frame) bool { return strings.Contains(help(fr), "account:") })
	f.press("\x1b[200~is:any OR u\x1b[201~")
	f.next("what is offered of the pasted text", func(fr frame) bool { return strings.HasPrefix(help(fr), " updated:  is:unseen ") })
	typed := "/is:any OR u"
	var letters []int
	for _, letter := range "pdated" {
		typed += string(letter)
		f.press(string(letter))
		fr := f.next("the letter", func(fr frame) bool { return strings.HasPrefix(fr.lines[len(fr.lines)-2], typed) })
		letters = append(letters, fr.bytes)
	}
	slices.Sort(letters)
	if got := letters[len(letters)/2]; got > 64 {
		f.t.Errorf("a letter of a filter writes %d bytes, want 64: %v", got, letters)
	}
	f.next("what is offered in the end", func(fr frame) bool { return strings.HasPrefix(help(fr), " updated: (") })
	f.press("\t")
	f.next("the field", shows(typed+":"))
	f.press("\x1b")
	f.next("the list again", func(fr frame) bool { return !shows(typed)(fr) })
}

// muxed is a program in tmux, a real terminal that counts cells in its own way.
type muxed struct {
	t      *testing.T
	env    []string
	socket string
}

func startMuxed(t *testing.T, env []string) *muxed {
	t.Helper()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "confab")
	if err := os.Symlink(exe, program); err != nil { // the name says what it is to be
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g status off\nset -g escape-time 0\nset -g default-terminal tmux-256color\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &muxed{t: t, env: env, socket: filepath.Join(dir, "socket")}
	t.Cleanup(func() { m.command("kill-server") })
	m.must("-f", conf, "new-session", "-d", "-x", "120", "-y", "40", program)
	return m
}

func (m *muxed) command(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-u", "-S", m.socket}, args...)...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (m *muxed) must(args ...string) string {
	m.t.Helper()
	out, err := m.command(args...)
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return out
}

// rested returns the screen, styles too, once it is filled to its last line, nothing
// is being read, and it has not changed for a while, as a person waits who looks
// before striking a key.
func (m *muxed) rested() string {
	m.t.Helper()
	const quiet = 250 * time.Millisecond
	last, since := "", time.Now()
	limit := since.Add(10 * time.Second)
	for time.Since(since) < quiet {
		now := m.must("capture-pane", "-p", "-e")
		lines := strings.Split(strings.TrimSuffix(now, "\n"), "\n")
		busy := strings.Contains(now, "reading…") || strings.Contains(now, "↓") || lines[len(lines)-1] == ""
		if now != last || busy && time.Now().Before(limit) {
			last, since = now, time.Now()
		}
		time.Sleep(25 * time.Millisecond)
	}
	return cells(last)
}

// cells writes a picture so that equal pictures are equal texts: a style that
// only blanks at the end of a line have doesn't count.
func cells(picture string) string {
	var out strings.Builder
	screen := uv.NewScreenBuffer(200, 60)
	screen.Method = ansi.WcWidth
	uv.NewStyledString(picture).Draw(screen, screen.Bounds())
	for _, line := range screen.Lines {
		for i := range line {
			line[i] = uitest.Seen(line[i])
		}
		for len(line) > 0 && line[len(line)-1].Content == " " && line[len(line)-1].Style.IsZero() {
			line = line[:len(line)-1]
		}
		out.WriteString(line.Render() + "\n")
	}
	return out.String()
}

// TestTmuxShowsWhatARedrawShows walks at random over rows in mixed scripts. What
// stands on the screen is what a full redraw writes there. Its size stays: a tmux
// that nobody looks at may never tell a program of another.
func TestTmuxShowsWhatARedrawShows(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no pseudo-terminals of this kind
	}
	t.Parallel() // it mostly waits for the screen to rest
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Log("tmux is not here: TestAnyWayThereShowsTheSame in ui stands for it")
		return
	}
	m := startMuxed(t, oddRows(t))
	for end := time.Now().Add(20 * time.Second); !strings.Contains(m.rested(), "public"); {
		if time.Now().After(end) {
			t.Fatalf("the list never came:\n%s", m.rested())
		}
	}
	seed, err := strconv.ParseUint(os.Getenv("CONFAB_SEED"), 10, 64)
	if err != nil {
		seed = 17
	}
	r := rand.New(rand.NewPCG(seed, 7))
	keys := []string{"j", "j", "j", "k", "k", "J", "K", "C-d", "C-u", "G", "g g", "v", "]", "Enter j j", "Escape", "Space", "V", "PageDown", "PageUp"}
	rounds := 12
	if d, err := time.ParseDuration(os.Getenv("CONFAB_SOAK")); err == nil {
		rounds += int(d / time.Second)
	}
	var done []string
	for range rounds {
		for range 1 + r.IntN(8) {
			k := keys[r.IntN(len(keys))]
			done = append(done, k)
			m.must(append([]string{"send-keys"}, strings.Fields(k)...)...)
		}
		shown := m.rested()
		m.must("send-keys", "C-l")
		if redrawn := m.rested(); shown != redrawn {
			t.Fatalf("after %q\n%s", done[max(0, len(done)-12):], differences(shown, redrawn))
		}
	}
}

// differences returns the lines in which two pictures differ.
func differences(shown, redrawn string) string {
	a, b := strings.Split(shown, "\n"), strings.Split(redrawn, "\n")
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			fmt.Fprintf(&out, "line %d\n shown   %q\n redrawn %q\n", i, a[min(i, len(a)-1)], b[min(i, len(b)-1)])
		}
	}
	return out.String()
}

// printed returns what a topic of the help prints to a pipe, its blanks as one.
func printed(t *testing.T, topic string) string {
	t.Helper()
	return oneBlank(output(t, "help", topic))
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
		text := printed(t, topic)
		for _, row := range rows {
			if !strings.Contains(text, strings.TrimRight(oneBlank(row), " ")) {
				t.Errorf("help %s has no %q", topic, row)
			}
		}
	}
}

// runElsewhere are commands of the texts that something else runs, by what that is.
var runElsewhere = map[string]string{
	"confab":                 "TestDemoOnTerminal",
	"go run . demo":          "TestDemoOnTerminal",
	"confab demo":            "TestDemoOnTerminal",
	"go test ./...":          "what runs this",
	"confab login":           "login.txtar",
	"confab forget":          "forget.txtar",
	"confab sandbox":         "TestInterrupt",
	"confab outbox retry":    "outbox.txtar", // these want an id
	"confab outbox resolve":  "conflict.txtar",
	"CGO_ENABLED=0 go build": ".ci/run",
}

// reader is somebody who types what a text says, on a machine whose accounts are the demo's company.
type reader struct {
	t   *testing.T
	dir string
	env []string
}

func newReader(t *testing.T) *reader {
	b, err := sandbox.New(sandbox.Options{World: sandbox.Northwind, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	r := &reader{t: t, dir: t.TempDir()}
	path := filepath.Join(r.dir, "sandbox", "config.toml")
	exe, err := os.Executable()
	if err == nil {
		err = os.Symlink(exe, filepath.Join(r.dir, "confab"))
	}
	if err == nil {
		err = config.WriteSandbox(path, sandboxAccounts(b, server.URL))
	}
	if err != nil {
		t.Fatal(err)
	}
	r.env = append(os.Environ(), "PATH="+r.dir+":"+os.Getenv("PATH"), "CONFAB_CONFIG="+path, "XDG_STATE_HOME="+filepath.Join(r.dir, "state"),
		"XDG_RUNTIME_DIR="+r.dir, "HOME="+r.dir, "LANG=C.UTF-8", "TZ=UTC", "GORACE=atexit_sleep_ms=0")
	return r
}

// types runs a line, and fails the test where it ends badly, or finds nothing.
func (r *reader) types(line string) {
	r.t.Helper()
	for command := range runElsewhere {
		if line == command || strings.HasPrefix(line, command+" ") && command != "confab" {
			return
		}
	}
	cmd := exec.CommandContext(r.t.Context(), "sh", "-c", line)
	cmd.Env, cmd.Dir = r.env, r.dir
	if strings.HasPrefix(line, "confab init") {
		cmd.Env = append(r.env, "CONFAB_CONFIG="+filepath.Join(r.t.TempDir(), "new.toml"))
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		r.t.Errorf("%s: %v\n%s%s", line, err, &out, &errs)
	} else if _, file, into := strings.Cut(line, " > "); into {
		written, err := os.ReadFile(filepath.Join(r.dir, file))
		if err != nil || len(written) == 0 {
			r.t.Errorf("%s: writes nothing: %v\n%s", line, err, &errs)
		}
	} else if out.Len() == 0 {
		r.t.Errorf("%s: finds nothing\n%s", line, &errs)
	}
}

// fenced are the blocks of a README: their languages and their texts.
var fenced = regexp.MustCompile("(?sm)^```(\\w*)\n(.*?)^```$")

// comment is what follows a command on its line.
var comment = regexp.MustCompile(`\s+#.*`)

func TestTheReadmeWorks(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // its blocks are for a POSIX shell
	}
	readme, err := os.ReadFile("README.md")
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
			t.Errorf("a block in %q: nothing runs it", language)
		}
	}

	// The sentence that names the assumed calls.
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

// Examples of the help, and of the topics. What would change something is asked for the requests alone, so that each finds
// the company as it is.
func TestTheExamplesOfTheHelpWork(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	r := newReader(t)
	r.types("confab edit projects:1481000003663 --title 'Lift inspection' --yes") // so that there is a history, and an outbox
	r.types("confab edit projects:1481000003626 --title 'Certificates and licences' --yes --no-wait")
	changes := regexp.MustCompile(`confab (edit|new|undo) `)
	help, topics := examples(t), topicExamples(t)
	if len(help) < 10 || len(topics) < 10 {
		t.Fatalf("only these were found: %q %q", help, topics)
	}
	for _, line := range slices.Concat(help, topics) {
		if changes.MatchString(line) && !strings.Contains(line, "--dry-run") {
			line += " --dry-run"
		}
		r.types(line)
	}
}

// examples are those that --help prints of each command.
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

// topicExamples are the commands that lines of the topics begin with.
func topicExamples(t *testing.T) (all []string) {
	files, err := filepath.Glob("ui/cli/text/*.txt")
	if err != nil || files == nil {
		t.Fatal(files, err)
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
	out, err := confab(t, nil, args...).Output()
	if err != nil {
		t.Fatal(args, err)
	}
	return string(out)
}

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"confab/config"
	"confab/model"
	"confab/model/store"
	"confab/providers/attention"
	"confab/providers/conformance/notes"
	"confab/providers/sandbox"
	"confab/ui/uitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"confab": main, "confab-notes": withNotes, "xdg-open": browse, "open": browse})
}

// withNotes runs the program with a fifth provider.
func withNotes() {
	registry = append(registry, notes.Factory())
	main()
}

// browse is the browser of a script. It opens an address and posts the last page that it was shown to the script.
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

// shownKey and boxKey are the keys of what a script keeps: the page its browser was shown, and its sandbox.
type (
	shownKey struct{}
	boxKey   struct{}
)

// TestScripts runs the real program against stand-in servers, which each script has for itself. The commands are:
//
//	code N ARGS...           runs confab with ARGS, which must end with status N
//	setref VAR QUERY         puts the first ref that matches into a variable
//	writes N                 holds that the servers got N writes since the last such command
//	asked PROVIDER REGEXP    holds that a request since the last writes matches, unescaped; ! asked that none does
//	fault PROVIDER NAME N    makes the next N requests meet a fault
//	offline PROVIDER         makes connections to a provider fail; online PROVIDER ends that
//	revoke PROVIDER          makes the service reject the credential from now on
//	ignores PROVIDER [ACT]   makes the service accept changes of privacy, or an act, without making them
//	answer PROVIDER N M      answers the next M requests with status N (attention, bird, kona)
//	taken [unnamed]          makes Bird answer a create with "it exists already", without its id if unnamed
//	norights WORD...         makes Bird answer 401 for paths with these words
//	breaktable NAME          overwrites the first page of a table in the database
//	attention PUT PATH BODY  sends another client's request to Attention
//	person N                 chooses who signs in to Kona from now on, by the index in the seeded list
//	kona WORD                consent, no-consent: what that person answers; query: Kona reads token parameters in the query only
//	setting NAME VALUE       adds a setting to the account projects
//	browser REGEXP           holds what the browser is shown next
//	notes N                  adds an account of a made-up fifth service with N notes, which confab-notes knows
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
			"asked":  checkRequested,
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

// TestTheConfigSetsThePace holds that a pace of the config replaces that of the provider, and that "off" means none.
func TestTheConfigSetsThePace(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f := attention.Factory()
	for pace, want := range map[config.Pace]model.Pacer{
		{}:                      db.Pacer("sales", f.Pace.Every(), f.Pace.Burst),
		{Interval: time.Minute}: db.Pacer("sales", time.Minute, 1),
		{Text: "off"}:           nil,
	} {
		if got := pacing(db, f, config.Account{Name: "sales", Pace: pace}); got != want {
			t.Errorf("%v: got %+v, want %+v", pace, got, want)
		}
	}
}

func addNotes(ts *testscript.TestScript, _ bool, args []string) {
	box, err := sandbox.New(sandbox.Options{World: "notes", Files: notes.Files, Conversations: number(ts, args[0])})
	ts.Check(err)
	server := httptest.NewServer(box)
	a := box.Accounts(server.URL)[0]
	ts.Defer(server.Close)
	ts.Setenv("NOTES_KEY", a.Credential)
	f, err := os.OpenFile(ts.Getenv("CONFAB_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "\n[[account]]\nname = \"board\"\nprovider = \"notes\"\nbase_url = \"%s\"\ncredential = { env = \"NOTES_KEY\" }\n", a.BaseURL)
	ts.Check(err)
	ts.Check(f.Close())
}

func checkRequested(ts *testscript.TestScript, neg bool, args []string) {
	want := regexp.MustCompile(args[1])
	for _, r := range box(ts).Requests() {
		query, err := url.QueryUnescape(r.Query)
		ts.Check(err)
		if line := r.Method + " " + r.Path + "?" + query; r.Provider == args[0] && want.MatchString(line) {
			if neg {
				ts.Fatalf("%s got the request %s, want none like it", args[0], line)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("%s got no request that matches %s", args[0], args[1])
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
	env.Setenv("GORACE", "atexit_sleep_ms=0") // or each command would end a second later under the race detector
	return nil
}

// newSandboxAccounts writes the config of a script and returns the key of its Attention account.
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
		ts.Fatalf("confab %q: exit %d, want %d", args[1:], got, want)
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
			ts.Fatalf("the browser was shown %s, want a page that matches %s", page, args[0])
		}
	case <-time.After(20 * time.Second):
		ts.Fatalf("the browser was shown nothing, want a page that matches %s", args[0])
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

//go:build unix

package proof

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/providers/sandbox"
	"confab/ui/uitest"
)

// newcomer returns a home without a config, on a host without a keyring.
func newcomer(t *testing.T) *home {
	return &home{t: t, dir: t.TempDir(), also: []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus"}}
}

func (h *home) config() string { return filepath.Join(h.dir, "sandbox", "config.toml") }

// files lists all files where confab may keep some.
func (h *home) files() (all []string) {
	h.t.Helper()
	for _, dir := range []string{"sandbox", "config", "state", "runtime", "home"} {
		root := filepath.Join(h.dir, dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && (!d.IsDir() || dir == "sandbox") {
				all = append(all, path)
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return all
}

// answers waits for questions and answers them, in order. No secret may appear on the screen.
func (p *process) answers(t *testing.T, secrets []string, pairs ...string) {
	t.Helper()
	at := 0
	for i := 0; i < len(pairs); i += 2 {
		next, ok := p.sees(at, pairs[i])
		if !ok {
			t.Fatalf("%q was never asked:\n%s", pairs[i], p.screenText())
		}
		at = next
		switch reply := pairs[i+1]; {
		case strings.HasPrefix(reply, "\x03"), strings.HasPrefix(reply, "\x04"):
			p.keys(reply)
		case reply != "…":
			p.keys(reply + "\r")
		}
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(p.screenText(), secret) {
			t.Errorf("a secret was on the screen:\n%s", p.screenText())
		}
	}
}

// ends waits for the program to end with a status.
func (p *process) ends(t *testing.T, code int) {
	t.Helper()
	if got := p.wait(t); got != code {
		t.Fatalf("exit %d, want %d\n%s", got, code, p.screenText())
	}
}

// services serves the data of a small company, and returns the accounts by their providers.
func services(t *testing.T) (*sandbox.Sandbox, map[string]sandbox.Account) {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{World: sandbox.Northwind, Conversations: 40, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	by := map[string]sandbox.Account{}
	for _, a := range box.Accounts(server.URL) {
		by[a.Provider] = a
	}
	return box, by
}

const (
	asksService = "Which service?"
	asksName    = "A name for the account"
	asksAddress = "Address of the service"
	asksKey     = "Where is the "
	asksTyped   = "which is not shown"
	asksKeep    = "Where is it to be kept?"
	asksMore    = "Add another account?"
	asksNow     = "What now?"
)

// TestSetUpOfEachService sets up an account of each service with one command, and lists it.
func TestSetUpOfEachService(t *testing.T) {
	t.Parallel()
	box, by := services(t)
	_ = box
	h := newcomer(t)
	at, bd, ae, ko := by["attention"], by["bird"], by["askelephant"], by["kona"]
	key := filepath.Join(h.dir, "askelephant-key")
	if err := os.WriteFile(key, []byte(ae.Credential), 0o600); err != nil {
		t.Fatal(err)
	}
	h.also = append(h.also, "SUPPORT_API_KEY="+bd.Credential)
	secrets := []string{at.Credential, bd.Credential, ae.Credential, ko.Credential, ko.Secrets["client_secret"], ko.Secrets["refresh_token"]}
	p := h.screen("init")
	p.answers(t, secrets,
		asksService, "1", asksName, "sales", asksKey+"API key", "type", asksTyped, at.Credential, asksKeep, "keyring",
		"command or file instead", "…", asksKeep, "file", asksAddress, at.BaseURL,
		"conversations", "…", "10 in all", "…", "It works.", "…", asksMore, "y",
		asksService, "bird", asksName, "sales", "There is an account sales already.", "support", asksKey+"access key", "env",
		"SUPPORT_API_KEY", "", "workspace id", "", "This one is needed.", "ws_short", "not the short name", bd.Settings["workspace_id"],
		"access key id", "", asksAddress, bd.BaseURL, "10 in all", "…", asksMore, "y",
		asksService, "aske", asksName, "", asksKey, "command", "Command that prints it", "cat '"+key+"'", "workspace id", "",
		asksAddress, ae.BaseURL, "10 in all", "…", asksMore, "y",
		asksService, "4", asksName, "projects", asksKey+"access token", "none", "client id", ko.Settings["client_id"],
		asksKey+"client secret", "type", asksTyped, ko.Secrets["client_secret"], asksKeep, "file", "redirect url", "",
		asksKey+"refresh token", "type", asksTyped, ko.Secrets["refresh_token"], asksKeep, "", asksAddress, ko.BaseURL,
		"as Sam Clarke", "…", "10 in all", "…", asksMore, "", "Saved: ", "…", "confab opens the inbox", "…")
	p.ends(t, 0)
	for _, path := range h.files() {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[info.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
	}
	text, err := os.ReadFile(h.config())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(text), secret) {
			t.Errorf("a secret is in the config:\n%s", text)
		}
	}
	h.must("config", "check")
	h.must("sync")
	for _, account := range []string{"sales", "support", "askelephant", "projects"} {
		if out := h.must("list", "--account", account).out.String(); strings.Count(out, "\n") != 10 {
			t.Errorf("%s lists\n%s", account, out)
		}
	}

	// A config that exists is not changed; the tried account is printed.
	p = h.screen("init")
	p.answers(t, secrets, "stays as it is", "…", asksService, "1", "(enter: attention)", "", asksKey, "file", "Path of the file",
		filepath.Join(filepath.Dir(h.config()), "sales.credential"), asksAddress, at.BaseURL, "It works.", "…", asksMore, "n",
		"Paste this at the end of "+h.config(), "…", "[[account]]", "…", `name = "attention"`, "…", `base_url = "`+at.BaseURL, "…")
	p.ends(t, 0)
	if again, err := os.ReadFile(h.config()); err != nil || string(again) != string(text) {
		t.Errorf("the config became\n%s", again)
	}
	block := p.screenText()[strings.LastIndex(p.screenText(), "[[account]]"):]
	block, _, _ = strings.Cut(block, "Then confab")
	pasted := string(text) + strings.ReplaceAll(block, "\r", "")
	if err := os.WriteFile(h.config(), []byte(pasted), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := h.must("config", "check").out.String(); !strings.Contains(out, "5 accounts") {
		t.Error(out)
	}
}

// TestSetUpWithAWrongKey holds that the set-up shows the words of a service that rejects a key, and offers ways on.
func TestSetUpWithAWrongKey(t *testing.T) {
	t.Parallel()
	_, by := services(t)
	a := by["attention"]
	begin := []string{asksService, "attention", asksName, "", asksKey, "", asksTyped, "not-the-key", asksKeep, "", asksAddress, a.BaseURL, "rejected", "…"}

	h := newcomer(t)
	p := h.screen("init")
	p.answers(t, []string{"not-the-key", a.Credential}, append(slices.Clone(begin), asksNow, "again", "rejected", "…", asksNow, "change",
		asksService, "", asksName, "", asksKey, "type", asksTyped, a.Credential, asksKeep, "", asksAddress, "", "It works.", "…", asksMore, "n")...)
	p.ends(t, 0)
	if out := h.must("list", "--sync", "--limit", "1").out.String(); !strings.HasPrefix(out, "attention:") {
		t.Error(out)
	}

	h = newcomer(t)
	p = h.screen("init")
	p.answers(t, nil, append(slices.Clone(begin), asksNow, "leave", "Nothing was saved.", "…")...)
	p.ends(t, 1)
	if left := h.files(); len(left) > 0 {
		t.Errorf("the set-up left %v", left)
	}

	h = newcomer(t)
	p = h.screen("init")
	p.answers(t, nil, append(slices.Clone(begin), asksNow, "save", asksMore, "", "Saved: ", "…")...)
	p.ends(t, 0)
	if h.run("doctor").wait(t) != 3 {
		t.Error("doctor succeeded with a wrong key")
	}
}

// TestSetUpLeavesNothingBehind holds that leaving at any question leaves no file. The end of the input is no interrupt.
func TestSetUpLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	_, by := services(t)
	a, ko := by["attention"], by["kona"]
	steps := []string{asksService, "attention", asksName, "", asksKey, "", asksTyped, a.Credential, asksKeep, "", asksAddress, a.BaseURL, asksMore, ""}
	for at := 0; at < len(steps); at += 2 {
		for key, code := range map[string]int{"\x03": 130, "\x04": 1} {
			if key == "\x04" && steps[at] == asksMore {
				continue // this saves what was tried
			}
			h := newcomer(t)
			p := h.screen("init")
			p.answers(t, []string{a.Credential}, append(slices.Clone(steps[:at+1]), key)...)
			p.ends(t, code)
			if left := h.files(); len(left) > 0 {
				t.Errorf("%q at %q left %v", key, steps[at], left)
			}
		}
	}
	// Nor do the tokens stay that a trial got for a refresh token.
	h := newcomer(t)
	h.also = append(h.also, "S="+ko.Secrets["client_secret"], "R="+ko.Secrets["refresh_token"])
	p := h.screen("init")
	p.answers(t, nil, asksService, "kona", asksName, "", asksKey, "", "client id", ko.Settings["client_id"], asksKey, "env", "Name of", "S",
		"redirect url", "", asksKey, "env", "Name of", "R", asksAddress, ko.BaseURL, "It works.", "…", asksMore, "\x03")
	p.ends(t, 130)
	if left := h.files(); len(left) > 0 {
		t.Errorf("the set-up left %v", left)
	}
}

// TestSetUpWithoutNetworkAndWithHostileText tries an address that can't be reached, and a service whose answers are an attack.
func TestSetUpWithoutNetworkAndWithHostileText(t *testing.T) {
	t.Parallel()
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("{\"error\":\"\\u001b]0;owned\\u0007\\u001b[2J\\u202eright k3y\"}"))
	}))
	t.Cleanup(evil.Close)
	h := newcomer(t)
	h.also = append(h.also, "ATTENTION_API_KEY=k3y")
	p := h.screen("init")
	p.answers(t, []string{"\x1b]0;", "\x1b[2J", "\u202e"}, asksService, "\x1b[A", "can't be typed", "1", asksName, "not a name", "letters, digits", "",
		asksKey, "env", "ATTENTION_API_KEY", "", asksAddress, "http://example.com", "https", "http://127.0.0.1:1", "can't be reached", "…",
		asksNow, "change", asksService, "", asksName, "\x1b", asksService, "", asksName, "", asksKey, "", asksAddress, evil.URL,
		"does not allow it", "…", asksNow, "\x1b", asksService, "\x1b", "Nothing was saved", "…")
	p.ends(t, 1)

	// The first frame says what to do about an account that was saved without its credential, and has the views that were kept.
	p = h.screen("init")
	p.answers(t, nil, asksService, "1", asksName, "sales", asksKey, "env", "SALES_API_KEY", "", asksAddress, evil.URL, "is not set", "…",
		asksNow, "save", asksMore, "n")
	p.ends(t, 0)
	state := filepath.Join(h.dir, "state", "confab")
	if err := errors.Join(os.MkdirAll(state, 0o700), os.WriteFile(filepath.Join(state, "views.toml"),
		[]byte("[[view]]\nname = \"Mornings\"\nquery = \"is:open\"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	p = h.screen()
	p.answers(t, nil, "Set SALES_API_KEY, the credential of sales, and start confab again.", "…")
	if _, ok := p.sees(0, "Mornings"); !ok {
		t.Errorf("the view that was kept is not shown:\n%s", p.screenText())
	}
	p.keys("q")
	p.ends(t, 0)
	if err := os.Remove(h.config()); err != nil {
		t.Fatal(err)
	}

	// --defaults asks nothing.
	p = h.screen("init", "--defaults")
	p.ends(t, 0)
	if text, err := os.ReadFile(h.config()); err != nil || !strings.Contains(string(text), "#[[account]]") {
		t.Errorf("%v %s", err, text)
	}
	// With a config that has no account, the inbox offers to add one.
	p = h.screen()
	p.answers(t, nil, "No account yet", "…")
	p.keys("q")
	p.ends(t, 0)
	h.also = append(h.also, "TERM=dumb")
	p = h.screen()
	p.answers(t, nil, "TERM is dumb, so this is --plain", "…", "There is no account yet", "…", "d, a or q", "x", "d, a or q", "q")
	p.ends(t, 0)
}

// TestFromTheWelcomeToTheInbox sets an account up from the welcome screen and signs in in the browser.
func TestFromTheWelcomeToTheInbox(t *testing.T) {
	t.Parallel()
	box, by := services(t)
	a := by["attention"]
	h := newcomer(t)
	p := h.screen()
	if _, ok := p.sees(0, "add an account"); !ok || !p.rest() {
		t.Fatal(p.screenText())
	}
	p.keys("a")
	p.answers(t, []string{a.Credential}, asksService, "1", asksName, "sales", asksKey, "type", asksTyped, a.Credential, asksKeep, "", asksAddress,
		a.BaseURL, asksMore, "n", "Saved: ", "…", "Inbox", "…", "Acme renewal", "…")
	p.rest()
	p.keys("q")
	p.ends(t, 0)

	ko, redirect := by["kona"], uitest.FreeRedirect(t)
	box.Kona().Set(sandbox.Switches{"Redirect": redirect})
	h = newcomer(t)
	h.also = append(h.also, "SSH_CONNECTION=here", "S="+ko.Secrets["client_secret"])
	p = h.screen("init")
	p.answers(t, nil, asksService, "kona", asksName, "", asksKey, "none", "client id", ko.Settings["client_id"], asksKey, "env", "Name of", "S",
		"redirect url", redirect, asksKey, "none", asksAddress, ko.BaseURL, "somebody to sign in", "…", asksMore, "n", "Sign in to kona", "", "paste the address", "…")
	page := regexp.MustCompile(`http://\S+/authorize\?\S+`).FindString(p.screenText())
	client := http.Client{Timeout: 20 * time.Second}
	res, err := client.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	p.answers(t, nil, "kona is signed in as", "…")
	p.ends(t, 0)
	if out := h.must("list", "--sync", "--limit", "1").out.String(); !strings.HasPrefix(out, "kona:") {
		t.Error(out)
	}
}

// TestSetUpKeepsWhatIsSaved holds that leaving the sign-in after the set-up removes no secret that the config names.
func TestSetUpKeepsWhatIsSaved(t *testing.T) {
	t.Parallel()
	box, by := services(t)
	ko, redirect := by["kona"], uitest.FreeRedirect(t)
	box.Kona().Set(sandbox.Switches{"Redirect": redirect})
	h := newcomer(t)
	p := h.screen("init")
	p.answers(t, []string{ko.Secrets["client_secret"]}, asksService, "kona", asksName, "", asksKey, "none", "client id", ko.Settings["client_id"],
		asksKey, "type", asksTyped, ko.Secrets["client_secret"], asksKeep, "", "redirect url", redirect, asksKey, "none", asksAddress, ko.BaseURL,
		"somebody to sign in", "…", asksMore, "n", "Saved: ", "…", "Sign in to kona", "\x03")
	p.ends(t, 130)
	secret, err := os.ReadFile(filepath.Join(filepath.Dir(h.config()), "kona.client_secret"))
	if err != nil || strings.TrimSpace(string(secret)) != ko.Secrets["client_secret"] {
		t.Errorf("the client secret that the config names is gone: %v", err)
	}
}

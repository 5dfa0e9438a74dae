package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindPaths(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "cfg"))
	t.Setenv("XDG_STATE_HOME", filepath.Join(home, "st"))
	t.Setenv(EnvConfig, "")
	find := func(flag string) Paths {
		t.Helper()
		p, err := FindPaths(flag)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	want := Paths{Config: filepath.Join(home, "cfg", "confab", "config.toml"), State: filepath.Join(home, "st", "confab")}
	if diff := cmp.Diff(want, find("")); diff != "" {
		t.Errorf("standard paths (-want +got):\n%s", diff)
	}
	t.Setenv(EnvConfig, filepath.Join(home, "env.toml"))
	if got := find("").Config; got != filepath.Join(home, "env.toml") {
		t.Errorf("from the environment: got %s", got)
	}
	if got := find(filepath.Join(home, "flag.toml")).Config; got != filepath.Join(home, "flag.toml") {
		t.Errorf("from the flag: got %s", got)
	}
	if got := find("relative.toml").Config; !filepath.IsAbs(got) || filepath.Base(got) != "relative.toml" {
		t.Errorf("from a relative flag: got %s, want an absolute path", got)
	}
	if got := find("").Database(); got != filepath.Join(home, "st", "confab", "confab.db") {
		t.Errorf("database: got %s", got)
	}
	if entries, _ := os.ReadDir(home); len(entries) != 0 {
		t.Errorf("FindPaths created %v", entries)
	}
}

func TestInit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "confab", "config.toml")
	if err := Init(path, testRules()); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, testRules())
	if err != nil || len(c.Accounts) != 0 || len(c.Views) != 0 {
		t.Fatalf("the starter file: %+v, %v; want no accounts and no views", c, err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Init(path, testRules()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second Init: got %v, want ErrExist with the path", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "mine" {
		t.Errorf("the file was overwritten: %q", data)
	}
	dangling := filepath.Join(filepath.Dir(path), "link.toml")
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), dangling); err == nil {
		if err := Init(dangling, testRules()); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Init through a link: got %v, want ErrExist", err)
		}
	}
}

// The starter file stays valid when every "#" that hides a setting is removed.
func TestStarterFileIsValidWhenUncommented(t *testing.T) {
	for _, rules := range []Validators{testRules(), {}} {
		if _, err := Decode("template", []byte(template(rules)), rules); err != nil {
			t.Errorf("unchanged: %v", err)
		}
		var b strings.Builder
		for line := range strings.Lines(template(rules)) {
			if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
				line = rest
			}
			b.WriteString(line)
		}
		text := strings.Replace(b.String(), `workspace_id = ""`, `workspace_id = "x"`, 1)
		c, err := Decode("template", []byte(text), rules)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(c.Accounts) != len(rules.Providers) || len(c.Views) != 1 {
			t.Errorf("got %d accounts and %d views, want %d and 1", len(c.Accounts), len(c.Views), len(rules.Providers))
		}
	}
}

func TestWriteSandbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "sandbox.toml")
	accounts := []SandboxAccount{
		{Name: "birds", Provider: "bird", BaseURL: "http://127.0.0.1:4711/bird", Credential: "key-1", Settings: map[string]string{"workspace_id": "w"}},
		{Name: "Team", Provider: "kona", BaseURL: "http://localhost:4711/kona", Secrets: map[string]string{"refresh_token": "r-1"}},
	}
	for range 2 {
		if err := WriteSandbox(path, accounts); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, testRules())
		if err != nil {
			t.Fatal(err)
		}
		bird, team := c.Accounts[0], c.Accounts[1]
		refresh, _ := team.Settings["refresh_token"].(Credential)
		if bird.BaseURL != accounts[0].BaseURL || bird.Pace.Text != "off" || bird.Settings["workspace_id"] != "w" {
			t.Errorf("account: got %+v, want %+v unpaced", bird, accounts[0])
		}
		for _, s := range []struct {
			c    Credential
			want string
		}{{bird.Credential, accounts[0].Credential}, {refresh, "r-1"}} {
			if got, err := resolve(t, s.c); got != s.want || err != nil {
				t.Errorf("credential: got %q, %v; want %q", got, err, s.want)
			}
		}
		accounts[0].Credential, accounts[0].BaseURL = "key-2", "http://127.0.0.1:4712/bird"
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 3 {
		t.Errorf("files: got %v, want the settings and two credentials", entries)
	}
	data, _ := os.ReadFile(path)
	if strings.Contains(string(data), "key-") || strings.Contains(string(data), "r-1") {
		t.Errorf("a secret is in the settings:\n%s", data)
	}
}

func TestWriteSandboxRefusesForeignFilesAndBadAccounts(t *testing.T) {
	dir := t.TempDir()
	accounts := []SandboxAccount{{Name: "a", Provider: "kona", BaseURL: "http://127.0.0.1:1", Credential: "x"}}
	mine := filepath.Join(dir, "mine.toml")
	if err := os.WriteFile(mine, []byte("# mine\n"+SandboxMarker+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteSandbox(mine, accounts); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file without the marker: got %v, want ErrExist", err)
	}
	beside := filepath.Join(dir, "new.toml")
	if err := os.WriteFile(beside+".a.credential", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteSandbox(beside, accounts); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a secret file without settings: got %v, want ErrExist", err)
	}
	if _, err := os.Stat(beside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the settings were written: %v", err)
	}
	if data, _ := os.ReadFile(beside + ".a.credential"); string(data) != "precious" {
		t.Errorf("the secret file was overwritten: %q", data)
	}
	fresh := filepath.Join(dir, "fresh.toml")
	for name, bad := range map[string]SandboxAccount{
		"no name": {BaseURL: "http://127.0.0.1:1"},
		"long":    {Name: strings.Repeat("x", 65), BaseURL: "http://127.0.0.1:1"},
		"name":    {Name: "../a", BaseURL: "http://127.0.0.1:1"},
		"address": {Name: "a", BaseURL: "https://api.example.com"},
		"setting": {Name: "a", BaseURL: "http://127.0.0.1:1", Secrets: map[string]string{"../x": "y"}},
	} {
		if err := WriteSandbox(fresh, []SandboxAccount{bad}); err == nil {
			t.Errorf("an account with a bad %s is accepted", name)
		}
	}
	if err := WriteSandbox(fresh, append(accounts, SandboxAccount{Name: "A", BaseURL: "http://127.0.0.1:1"})); err == nil {
		t.Error("two accounts of one name are accepted")
	}
}

func TestReportsStayInTheirDirectory(t *testing.T) {
	p := Paths{State: t.TempDir()}
	path, err := p.SaveReport("../../of today.txt", "3 done")
	if err != nil || path != filepath.Join(p.State, "reports", "of today.txt") {
		t.Fatalf("SaveReport = %q, %v; want a path in the directory of reports", path, err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "3 done" {
		t.Errorf("the report: got %q, %v", data, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the report: got %v, %v; want 0600", info, err)
	}
}

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"
)

// ReadBlock returns the account of a Block, whatever its values contain.
func TestBlockReadsBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	for _, a := range []Account{
		{Name: "sales", Provider: "attention", Credential: Credential{Env: "X"}, Settings: map[string]any{}},
		{Name: "a-1", Provider: "bird", BaseURL: "http://127.0.0.1:1/x", Credential: Credential{File: "/a \"b\"\\c"}, Settings: map[string]any{"workspace_id": "w\te\x7f"}},
		{Name: "k", Provider: "kona", Settings: map[string]any{"client_id": "ü'", "client_secret": Credential{Command: []string{"pass", "a b", `"\`}},
			"refresh_token": Credential{Keyring: "s/u"}}},
	} {
		got, problems := ReadBlock(file, a, Validators{})
		if diff := cmp.Diff(a, got); diff != "" || problems != nil {
			t.Errorf("problems %v, (-want +got):\n%s in\n%s", problems, diff, a.Block())
		}
	}
	if _, problems := ReadBlock(file, Account{Name: "a b", Provider: "bird"}, Validators{}); len(problems.Of("name")) != 1 || len(problems.Of("base_url")) != 0 {
		t.Errorf("problems of a bad name: got %v, want one of name and none of base_url", problems)
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	one := []Account{{Name: "one", Provider: "attention", Credential: Credential{Env: "X"}}, {Name: "two", Provider: "bird", Credential: Credential{Env: "Y"}}}
	if err := Create(path, one); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path, Validators{}); err != nil || len(c.Accounts) != 2 {
		t.Errorf("Load = %+v, %v; want two accounts", c, err)
	}
	err := Create(path, one)
	if !errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), "exists") {
		t.Errorf("a second Create: got %v, want ErrExist in words", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files: got %v, %v; want the settings alone", left, err)
	}
}

// A secret is stored in a source that does not exist yet, and deleted again.
func TestKeepAndDropASecret(t *testing.T) {
	keyring.MockInit()
	p := Paths{Config: filepath.Join(t.TempDir(), "new", "config.toml")}
	file := Credential{File: p.FreeFile("sales.credential")}
	entry, err := Resolver{}.FreeEntry(t.Context(), "sales")
	if err != nil || entry != "sales" {
		t.Fatalf("FreeEntry = %q, %v; want sales", entry, err)
	}
	for _, c := range []Credential{file, {Keyring: entry}} {
		if err := (Resolver{}).Keep(t.Context(), c, "s3cret"); err != nil {
			t.Fatal(err)
		}
		if got, err := resolve(t, c); got != "s3cret" || err != nil {
			t.Errorf("%s: got %q, %v; want the stored secret", c, got, err)
		}
	}
	if next := p.FreeFile("sales.credential"); next != file.File+"-2" {
		t.Errorf("FreeFile = %s, want the second name", next)
	}
	if next, err := (Resolver{}).FreeEntry(t.Context(), "sales"); next != "sales-2" || err != nil {
		t.Errorf("FreeEntry = %q, %v; want sales-2", next, err)
	}
	if err := (Resolver{}).Keep(t.Context(), file, "other"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Keep over a file: got %v, want ErrExist", err)
	}
	for _, c := range []Credential{file, {Keyring: entry}} {
		if err := c.Drop(); err != nil {
			t.Error(err)
		}
		if _, err := resolve(t, c); err == nil {
			t.Errorf("%s can still be read after Drop", c)
		}
	}
	keyring.MockInitWithError(errors.New("no bus"))
	if _, err := (Resolver{}).FreeEntry(t.Context(), "sales"); err == nil || !strings.Contains(err.Error(), "use env, command or file instead") {
		t.Errorf("FreeEntry without a keyring: got %v, want the other sources named", err)
	}
}

// Absent finds missing variables and files without running a command.
func TestAbsentReadsNoSecret(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SET", "x")
	for c, absent := range map[string]bool{"env SET": false, "env UNSET": true, "file " + there: false, "file " + there + "-not": true} {
		kind, what, _ := strings.Cut(c, " ")
		from := Credential{Env: what}
		if kind == "file" {
			from = Credential{File: what}
		}
		if err := from.Absent(); (err != nil) != absent {
			t.Errorf("Absent of %s: got %v, want an error %v", c, err, absent)
		}
	}
	if err := (Credential{Command: []string{"no-such-program"}}).Absent(); err != nil {
		t.Errorf("Absent of a command: %v, want nil", err)
	}
}

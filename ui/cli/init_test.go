package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"confab/config"
	"confab/model"
)

// newcomer is a bench without a config, whose terminal types answers. tried is called with each account that is tried.
func newcomer(t *testing.T, tried func(account config.Account), answers ...string) *bench {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	b := newBench(t)
	b.path = filepath.Join(t.TempDir(), "new.toml")
	b.program.Services = []Service{{Name: "attention", Title: "Attention", Key: "API key, in the settings"}}
	b.program.Validators = config.Validators{Nearest: model.Nearest,
		Providers: map[string]config.ProviderRules{"attention": {DefaultBaseURL: "https://api.example.com"}}}
	b.program.Check = func(_ context.Context, _ Setup, a config.Account) []model.CheckResult {
		tried(a)
		return []model.CheckResult{{Name: "credential", OK: true}, {Name: model.CheckList, OK: true, Detail: "10 in all"}}
	}
	b.atTerminal(strings.Join(answers, "\n") + "\n")
	return b
}

// beside returns the text of a file in the directory of the config, "" if there is none.
func (b *bench) beside(name string) string {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(b.path), name))
	return string(text)
}

// TestASetUpThatFailsLeavesNoSecret holds that no typed secret stays if one of them can't be stored, and that a file which is not the
// set-up's stays as it is.
func TestASetUpThatFailsLeavesNoSecret(t *testing.T) {
	var b *bench
	b = newcomer(t, func(a config.Account) {
		if a.Name == "second" { // another program takes the name of the file meanwhile
			if err := os.WriteFile(a.Credential.File, []byte("another's"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}, "1", "first", "type", "s3cret", "file", "", "y", "1", "second", "type", "s4cret", "file", "", "n")
	b.want(t, ExitLocal, "init")
	contains(t, "stderr", &b.err, "the API key could not be stored")
	if first, second := b.beside("first.credential"), b.beside("second.credential"); first != "" || second != "another's" {
		t.Errorf("the files hold %q and %q, want none and another's", first, second)
	}
	if text := b.beside("new.toml"); text != "" {
		t.Errorf("the config was made: %s", text)
	}
}

// TestAConfigThatAppearsDuringTheSetUpStays holds that the account is printed then, and that its secret is kept.
func TestAConfigThatAppearsDuringTheSetUpStays(t *testing.T) {
	var b *bench
	b = newcomer(t, func(config.Account) {
		if err := os.WriteFile(b.path, []byte("# another's\n"), 0o600); err != nil {
			t.Error(err)
		}
	}, "1", "", "type", "s3cret", "file", "", "n")
	b.want(t, ExitOK, "init")
	contains(t, "stdout", &b.out, "[[account]]\nname = \"attention\"\n")
	contains(t, "stderr", &b.err, "What you typed for attention is in: file ", "Paste this at the end of ")
	if text, secret := b.beside("new.toml"), b.beside("attention.credential"); text != "# another's\n" || secret != "s3cret\n" {
		t.Errorf("the files hold %q and %q", text, secret)
	}
}

// TestTheSetUpUsesTheKeyring holds that a typed secret gets an entry of its own there, that one which is there already is named, and
// that wrong answers are asked again.
func TestTheSetUpUsesTheKeyring(t *testing.T) {
	keyring.MockInit()
	if err := keyring.Set("confab", "attention.credential", "another's"); err != nil {
		t.Fatal(err)
	}
	var tried []string
	b := newcomer(t, func(a config.Account) { tried = append(tried, a.Name+": "+a.Credential.Keyring) },
		"9", "1", "", "", "", "s3cret", "keyring", "", "y", "1", "", "type", "s4cret", "", "", "y", "1", "", "keyring", "attention.credential", "", "n")
	b.want(t, ExitOK, "init")
	contains(t, "stderr", &b.err, "Type a number from 1 to 1, or its word.", "Nothing was typed; esc and enter goes back.")
	want := []string{"attention: attention.credential-2", "attention-2: attention-2.credential", "attention-3: attention.credential"}
	if !slices.Equal(tried, want) {
		t.Errorf("tried %q, want %q", tried, want)
	}
	for entry, want := range map[string]string{
		"attention.credential": "another's", "attention.credential-2": "s3cret", "attention-2.credential": "s4cret"} {
		if got, err := keyring.Get("confab", entry); got != want || err != nil {
			t.Errorf("the entry %s holds %q, want %q; error %v", entry, got, want, err)
		}
	}
	if text := b.beside("new.toml"); strings.Contains(text, "s3cret") || !strings.Contains(text, `credential = { keyring = "attention.credential-2" }`) {
		t.Errorf("the config is\n%s", text)
	}
}

package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// playing returns a resolver for which this test binary plays the credential command.
func playing(t *testing.T, what string) Resolver {
	t.Helper()
	t.Setenv(asCommand, what)
	return Resolver{}
}

func resolve(t *testing.T, c Credential) (string, error) {
	t.Helper()
	return Resolver{}.Resolve(t.Context(), c)
}

func self() Credential { return Credential{Command: []string{os.Args[0]}} }

func wantFailure(t *testing.T, err error, text string) *CredentialError {
	t.Helper()
	var failure *CredentialError
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want a CredentialError", err)
	}
	if err.Error() != text {
		t.Fatalf("got  %q\nwant %q", err, text)
	}
	return failure
}

func TestResolveEnv(t *testing.T) {
	c := Credential{Env: "CONFIG_TEST_SECRET"}
	_, err := resolve(t, c)
	wantFailure(t, err, "environment variable CONFIG_TEST_SECRET is not set, or empty")
	t.Setenv("CONFIG_TEST_SECRET", "")
	_, err = resolve(t, c)
	wantFailure(t, err, "environment variable CONFIG_TEST_SECRET is not set, or empty")
	t.Setenv("CONFIG_TEST_SECRET", "sk-1 \n")
	if got, err := resolve(t, c); got != "sk-1 " || err != nil {
		t.Errorf("got %q, %v; want the secret without its line end", got, err)
	}
}

func TestResolveWithoutContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Resolver{}).Resolve(ctx, Credential{Env: "HOME"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: got %v, want Canceled", err)
	}
}

func TestSecretsAreTrimmedAndChecked(t *testing.T) {
	for _, c := range []struct{ in, want, reason string }{
		{"abc", "abc", ""},
		{"abc\r\n", "abc", ""},
		{"abc\n\n", "abc", ""},
		{"\ufeffabc", "abc", ""},
		{"a b", "a b", ""},
		{"\n", "", "is empty"},
		{"  ", "", "is empty"},
		{"abc\nurl: x", "", "has more than one line; the credential must be the only one"},
		{"ab\x00c", "", "holds a character that can't be sent"},
		{"ab\xffc", "", "holds a character that can't be sent"},
		{strings.Repeat("x", maxSecret+1), "", "is longer than 64 KiB"},
	} {
		got, err := Resolver{Held: func(Credential) (string, bool) { return c.in, true }}.Resolve(t.Context(), Credential{Env: "X"})
		if c.reason != "" {
			wantFailure(t, err, "environment variable X "+c.reason)
		}
		if got != c.want || (err == nil) != (c.reason == "") {
			t.Errorf("secret %q: got %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestResolveCommand(t *testing.T) {
	if got, err := playing(t, "print sk-1\n").Resolve(t.Context(), self()); got != "sk-1" || err != nil {
		t.Errorf("got %q, %v; want sk-1", got, err)
	}
	name := "command " + os.Args[0] + " "
	_, err := playing(t, "print").Resolve(t.Context(), self())
	wantFailure(t, err, name+"is empty")
	_, err = playing(t, "fail").Resolve(t.Context(), self())
	wantFailure(t, err, name+"failed: exit status 3: vault is locked for [hidden]")
	_, err = playing(t, "flood").Resolve(t.Context(), self())
	wantFailure(t, err, name+"printed more than 64 KiB")
	_, err = resolve(t, Credential{Command: []string{"no-such-program-anywhere", "argument"}})
	wantFailure(t, err, "command no-such-program-anywhere: the program was not found")
	directory := t.TempDir()
	if _, err = resolve(t, Credential{Command: []string{directory}}); err == nil {
		t.Error("a directory runs as a command")
	}
}

func TestCommandsAreStoppedInTime(t *testing.T) {
	r := playing(t, "block "+gate(t))
	r.Timeout = 20 * time.Millisecond
	_, err := r.Resolve(t.Context(), self())
	failure := wantFailure(t, err, "command "+os.Args[0]+": no answer within 20ms")
	if !errors.Is(failure, context.DeadlineExceeded) {
		t.Errorf("cause: got %v, want DeadlineExceeded", failure.Err)
	}
	r.Timeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = r.Resolve(ctx, self())
	wantFailure(t, err, "command "+os.Args[0]+": stopped before it answered")
}

func TestCommandMayLeaveAChildRunning(t *testing.T) {
	if got, err := playing(t, "leave-child "+gate(t)).Resolve(t.Context(), self()); got != "from-the-parent" || err != nil {
		t.Errorf("got %q, %v; want the output of the parent", got, err)
	}
}

func TestCommandsDoNotGetTheSecretsOfOthers(t *testing.T) {
	c := &Config{Accounts: []Account{
		{Credential: Credential{Env: "OTHERS"}},
		{Settings: map[string]any{"refresh_token": Credential{Env: "THIRD"}, "text": "x"}},
	}}
	t.Setenv("MINE", "visible")
	t.Setenv("OTHERS", "sk-secret")
	r := playing(t, "environment")
	r.HideEnv = c.Resolver().HideEnv
	if got, err := r.Resolve(t.Context(), self()); got != "visible-" || err != nil {
		t.Errorf("got %q, %v; want the variable of another account hidden", got, err)
	}
}

func TestResolveFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	c := Credential{File: path}
	_, err := resolve(t, c)
	wantFailure(t, err, "file "+path+" does not exist")
	if err := os.WriteFile(path, []byte("sk-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := resolve(t, c); got != "sk-1" || err != nil {
		t.Errorf("got %q, %v; want sk-1", got, err)
	}
	if err := os.WriteFile(path, make([]byte, maxSecret+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = resolve(t, c)
	wantFailure(t, err, "file "+path+" is longer than 64 KiB")
}

func TestResolveKeyring(t *testing.T) {
	keyring.MockInit()
	if err := errors.Join(keyring.Set("confab", "sales", "one"), keyring.Set("kona", "team/x", "two")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"sales": "one", "kona/team/x": "two"} {
		if got, err := resolve(t, Credential{Keyring: name}); got != want || err != nil {
			t.Errorf("keyring entry %s: got %q, %v; want %q", name, got, err, want)
		}
	}
	_, err := resolve(t, Credential{Keyring: "nobody"})
	wantFailure(t, err, `keyring entry confab/nobody: not found; store it in the keyring under service "confab" and user name "nobody", or use env, command or file instead`)
	keyring.MockInitWithError(errors.New("dbus: no session bus\nmore"))
	_, err = resolve(t, Credential{Keyring: "x"})
	wantFailure(t, err, "keyring entry confab/x: no keyring can be used on this host (dbus: no session bus); use env, command or file instead")
}

func TestKeyringThatDoesNotAnswerIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		start := time.Now()
		_, err := Resolver{}.askKeyring(t.Context(), Credential{Keyring: "x"}, func(string, string) (string, error) { <-release; return "", nil })
		wantFailure(t, err, "keyring entry confab/x: the keyring did not answer; unlock it, or use env, command or file instead")
		if waited := time.Since(start); waited != 30*time.Second {
			t.Errorf("waited %s, want 30s", waited)
		}
		close(release)
	})
}

func TestCredentialErrorsHideSecrets(t *testing.T) {
	const secret = "sk-apik_0123456789abcdef"
	for name, err := range map[string]error{
		"name": func() error { _, err := resolve(t, Credential{Env: secret}); return err }(),
		"keyring": func() error {
			keyring.MockInitWithError(errors.New("rejected " + secret))
			_, err := resolve(t, Credential{Keyring: "x"})
			return err
		}(),
		"file":    func() error { _, err := resolve(t, Credential{File: "/nowhere/" + secret}); return err }(),
		"command": func() error { _, err := resolve(t, Credential{Command: []string{secret}}); return err }(),
	} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want an error without the secret", name, err)
		}
	}
}

func TestErrorOutputDoesNotRepeatTheSecret(t *testing.T) {
	for _, c := range []struct{ complaint, output, want string }{
		{"locked", "", "locked"},
		{"got hunter2, wanted more", "hunter2\n", "got [hidden], wanted more"},
		{"pin 123 is wrong", "123\n", ""},
		{"locked", "abc", "locked"},
	} {
		if got := withoutOutput(c.complaint, c.output); got != c.want {
			t.Errorf("%q without %q: got %q, want %q", c.complaint, c.output, got, c.want)
		}
	}
}

func TestCredentialString(t *testing.T) {
	for want, c := range map[string]Credential{
		"environment variable A": {Env: "A"}, "command pass": {Command: []string{"pass", "hunter2"}}, "file /x": {File: "/x"},
		"keyring entry confab/x": {Keyring: "x"}, "keyring entry s/x/y": {Keyring: "s/x/y"}, "no credential": {},
	} {
		if got := c.String(); got != want {
			t.Errorf("String: got %q, want %q", got, want)
		}
		if c.IsZero() != (want == "no credential") {
			t.Errorf("IsZero of %s: %v", want, c.IsZero())
		}
	}
}

func TestWithoutEnv(t *testing.T) {
	in := []string{"A=1", "AB=2", "A=3", "B="}
	if got := strings.Join(WithoutEnv(in, []string{"A"}), " "); got != "AB=2 B=" {
		t.Errorf("got %q, want AB and B alone", got)
	}
	if in[0] != "A=1" {
		t.Error("the environment passed in was changed")
	}
}

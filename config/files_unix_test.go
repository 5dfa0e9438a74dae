//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"confab/model/private"
)

// The XDG library would put the files of somebody without a home directory into the root of the file system.
func TestFindPathsWithoutAHome(t *testing.T) {
	own := t.TempDir()
	for _, c := range []struct{ home, config, state, env, want string }{
		{"", "", "", "", "XDG_CONFIG_HOME"},
		{"", "relative", own, "", "XDG_CONFIG_HOME"},
		{"relative", "", own, "", "XDG_CONFIG_HOME"},
		{"", own, "", "", "XDG_STATE_HOME"},
		{"relative", own, "", "", "XDG_STATE_HOME"},
		{"", "", "", filepath.Join(own, "c.toml"), "XDG_STATE_HOME"},
		{"", "", own, filepath.Join(own, "c.toml"), ""},
		{"", own, own, "", ""},
	} {
		t.Setenv("HOME", c.home)
		t.Setenv("XDG_CONFIG_HOME", c.config)
		t.Setenv("XDG_STATE_HOME", c.state)
		t.Setenv(EnvConfig, c.env)
		p, err := FindPaths("")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "set HOME or "+c.want)) {
			t.Errorf("%+v: got %+v, %v", c, p, err)
		}
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestPrepareState(t *testing.T) {
	p := Paths{State: filepath.Join(t.TempDir(), "a", "confab")}
	for range 2 {
		if err := p.PrepareState(); err != nil {
			t.Fatal(err)
		}
	}
	if modeOf(t, p.State) != 0o700 || modeOf(t, filepath.Dir(p.State)) != 0o700 {
		t.Errorf("modes: got %o and %o, want 700", modeOf(t, p.State), modeOf(t, filepath.Dir(p.State)))
	}
	if err := os.Chmod(p.State, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.PrepareState(); err != nil || modeOf(t, p.State) != 0o700 {
		t.Errorf("a directory of mode 755: got %v and mode %o, want it closed to readers", err, modeOf(t, p.State))
	}
	var mode *private.Error
	for _, m := range []fs.FileMode{0o770, 0o702} {
		if err := os.Chmod(p.State, m); err != nil {
			t.Fatal(err)
		}
		if err := p.PrepareState(); !errors.As(err, &mode) || mode.Fix != "chmod 700 "+p.State {
			t.Errorf("a directory of mode %o: got %v, want a private.Error with its fix", m, err)
		}
	}
	file := filepath.Join(filepath.Dir(p.State), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Paths{State: file}).PrepareState(); err == nil {
		t.Error("a file is accepted as the directory")
	}
}

func TestModesOfFilesAndDirectories(t *testing.T) {
	dir := t.TempDir()
	settings := filepath.Join(dir, "cfg", "config.toml")
	if err := Init(settings, testRules()); err != nil {
		t.Fatal(err)
	}
	sandbox := filepath.Join(dir, "box", "sandbox.toml")
	if err := WriteSandbox(sandbox, []SandboxAccount{{Name: "a", Provider: "kona", BaseURL: "http://127.0.0.1:1", Credential: "x"}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{settings, sandbox, sandbox + ".a.credential"} {
		if m := modeOf(t, path); m != 0o600 {
			t.Errorf("mode of %s: got %o, want 600", path, m)
		}
		if m := modeOf(t, filepath.Dir(path)); m != 0o700 {
			t.Errorf("mode of %s: got %o, want 700", filepath.Dir(path), m)
		}
	}
	var mode *private.Error
	if err := os.Chmod(settings, 0o602); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(settings, testRules()); !errors.As(err, &mode) {
		t.Errorf("settings that anyone can change: got %v, want a private.Error", err)
	}
}

func TestResolveFileModes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	if err := os.WriteFile(path, []byte("sk-1"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "l")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if got, err := resolve(t, Credential{File: link}); got != "sk-1" || err != nil {
		t.Errorf("through a link: got %q, %v; want sk-1", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := resolve(t, Credential{File: link})
	wantFailure(t, err, "file "+link+" is readable by group or others (mode 0644); try: chmod 600 "+link)
	_, err = resolve(t, Credential{File: dir})
	wantFailure(t, err, "file "+dir+" is not a regular file")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = resolve(t, Credential{File: pipe})
	wantFailure(t, err, "file "+pipe+" is not a regular file")
}

// Neither settings, which name commands, nor secrets are written to a directory where anyone can replace them. A sticky
// directory is safe.
func TestNothingIsWrittenWhereAnyoneCouldReplaceIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "confab")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := Credential{File: filepath.Join(dir, "key")}
	for _, c := range []struct {
		mode fs.FileMode
		ok   bool
	}{{0o777, false}, {0o702, false}, {0o777 | fs.ModeSticky, true}, {0o755, true}} {
		if err := os.Chmod(dir, c.mode); err != nil {
			t.Fatal(err)
		}
		settings := filepath.Join(dir, "config.toml")
		var mode *private.Error
		for what, err := range map[string]error{"settings": Create(settings, nil), "a secret": (Resolver{}).Keep(t.Context(), secret, "x")} {
			if (err == nil) != c.ok || !c.ok && (!errors.As(err, &mode) || mode.Fix != "chmod o-w "+dir) {
				t.Errorf("writing %s in a directory of mode %v: got %v, want success %v", what, c.mode, err, c.ok)
			}
		}
		left, err := os.ReadDir(dir)
		if err != nil || !c.ok && len(left) > 0 {
			t.Errorf("in a directory of mode %v: got %v, %v; want no files", c.mode, left, err)
		}
		for _, l := range left {
			if err := os.Remove(filepath.Join(dir, l.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
}

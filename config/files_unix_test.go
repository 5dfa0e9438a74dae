//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestOwnerRules(t *testing.T) {
	const me = 1000
	cases := []struct {
		uid, user            int
		mode                 fs.FileMode
		file, dir, configure string
	}{
		{me, me, 0o600, "", "", ""},
		{me, me, 0o400, "", "", ""},
		{me, me, 0o700, "", "", ""},
		{me, me, 0o640, "/p is readable by group or others (mode 0640); try: chmod 600 /p", "", ""},
		{me, me, 0o604, "/p is readable by group or others (mode 0604); try: chmod 600 /p", "", ""},
		{me, me, 0o755, "/p is readable by group or others (mode 0755); try: chmod 600 /p", "", ""},
		{me, me, 0o664, "/p can be changed by group or others (mode 0664); try: chmod 600 /p",
			"/p can be changed by group or others (mode 0664); try: chmod 700 /p", ""},
		{me, me, 0o602, "/p can be changed by group or others (mode 0602); try: chmod 600 /p",
			"/p can be changed by group or others (mode 0602); try: chmod 700 /p",
			"/p can be changed by anyone (mode 0602), and names commands that are run; try: chmod o-w /p"},
		{0, me, 0o600, "", "/p belongs to another user (uid 0); set XDG_STATE_HOME to a directory of your own", ""},
		{1001, me, 0o600, "/p belongs to another user (uid 1001)",
			"/p belongs to another user (uid 1001); set XDG_STATE_HOME to a directory of your own", ""},
		{me, 0, 0o600, "/p belongs to another user (uid 1000)",
			"/p belongs to another user (uid 1000); set XDG_STATE_HOME to a directory of your own", ""},
	}
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for _, c := range cases {
		o := owner{c.uid, c.user, c.mode}
		if got := text(o.privateFile("/p")); got != c.file {
			t.Errorf("file %+v: %q", o, got)
		}
		if got := text(o.privateDir("/p")); got != c.dir {
			t.Errorf("dir %+v: %q", o, got)
		}
		if got := text(o.settingsFile("/p")); got != c.configure {
			t.Errorf("settings %+v: %q", o, got)
		}
	}
	if got := shellWord("/it's here"); got != `'/it'\''s here'` {
		t.Error(got)
	}
}

func TestPrepareState(t *testing.T) {
	p := Paths{State: filepath.Join(t.TempDir(), "a", "confab")}
	for range 2 {
		if err := p.PrepareState(); err != nil {
			t.Fatal(err)
		}
	}
	if modeOf(t, p.State) != 0o700 || modeOf(t, filepath.Dir(p.State)) != 0o700 {
		t.Errorf("%o %o", modeOf(t, p.State), modeOf(t, filepath.Dir(p.State)))
	}
	if err := os.Chmod(p.State, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.PrepareState(); err != nil || modeOf(t, p.State) != 0o700 {
		t.Errorf("not closed to readers: %v, %o", err, modeOf(t, p.State))
	}
	var mode *ModeError
	for _, m := range []fs.FileMode{0o770, 0o702} {
		if err := os.Chmod(p.State, m); err != nil {
			t.Fatal(err)
		}
		if err := p.PrepareState(); !errors.As(err, &mode) || mode.Fix != "chmod 700 "+p.State {
			t.Errorf("%o: %v", m, err)
		}
	}
	file := filepath.Join(filepath.Dir(p.State), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Paths{State: file}).PrepareState(); err == nil {
		t.Error("a file was taken for a directory")
	}
}

func TestModes(t *testing.T) {
	dir := t.TempDir()
	p := Paths{State: filepath.Join(dir, "state")}
	if err := p.PrepareState(); err != nil {
		t.Fatal(err)
	}
	f, _ := p.TokenFile("a")
	if err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "cfg", "config.toml")
	if err := Init(settings, testRules()); err != nil {
		t.Fatal(err)
	}
	sandbox := filepath.Join(dir, "box", "sandbox.toml")
	if err := WriteSandbox(sandbox, []SandboxAccount{{Name: "a", Provider: "kona", BaseURL: "http://127.0.0.1:1", Credential: "x"}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{f.Path, settings, sandbox, sandbox + ".a.credential"} {
		if m := modeOf(t, path); m != 0o600 {
			t.Errorf("%s: %o", path, m)
		}
		if m := modeOf(t, filepath.Dir(path)); m != 0o700 {
			t.Errorf("%s: %o", filepath.Dir(path), m)
		}
	}
	var mode *ModeError
	if err := os.Chmod(f.Path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(); !errors.As(err, &mode) {
		t.Error(err)
	}
	if err := os.Chmod(settings, 0o602); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(settings, testRules()); !errors.As(err, &mode) {
		t.Error(err)
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
	if got, err := (Credential{File: link}).Resolve(t.Context()); got != "sk-1" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Credential{File: link}.Resolve(t.Context())
	wantFailure(t, err, "file "+link+": is readable by group or others (mode 0644); try: chmod 600 "+link)
	_, err = Credential{File: dir}.Resolve(t.Context())
	wantFailure(t, err, "file "+dir+": is not a regular file")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Credential{File: pipe}.Resolve(t.Context())
	wantFailure(t, err, "file "+pipe+": is not a regular file")
}

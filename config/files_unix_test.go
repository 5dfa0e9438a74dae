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
		o := owner{c.uid, c.user, c.mode, 1}
		if got := text(o.privateFile("/p")); got != c.file {
			t.Errorf("privateFile of %+v: got %q, want %q", o, got, c.file)
		}
		if got := text(o.privateDir("/p")); got != c.dir {
			t.Errorf("privateDir of %+v: got %q, want %q", o, got, c.dir)
		}
		if got := text(o.settingsFile("/p")); got != c.configure {
			t.Errorf("settingsFile of %+v: got %q, want %q", o, got, c.configure)
		}
	}
	if got := shellWord("/it's here"); got != `'/it'\''s here'` {
		t.Errorf("shellWord: got %s", got)
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
		t.Errorf("modes: got %o and %o, want 700", modeOf(t, p.State), modeOf(t, filepath.Dir(p.State)))
	}
	if err := os.Chmod(p.State, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.PrepareState(); err != nil || modeOf(t, p.State) != 0o700 {
		t.Errorf("a directory of mode 755: got %v and mode %o, want it closed to readers", err, modeOf(t, p.State))
	}
	var mode *ModeError
	for _, m := range []fs.FileMode{0o770, 0o702} {
		if err := os.Chmod(p.State, m); err != nil {
			t.Fatal(err)
		}
		if err := p.PrepareState(); !errors.As(err, &mode) || mode.Fix != "chmod 700 "+p.State {
			t.Errorf("a directory of mode %o: got %v, want a ModeError with its fix", m, err)
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
	var mode *ModeError
	if err := os.Chmod(settings, 0o602); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(settings, testRules()); !errors.As(err, &mode) {
		t.Errorf("settings that anyone can change: got %v, want a ModeError", err)
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

func TestAppendPrivate(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(at(name), []byte("old\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("open", 0o666)
	write("private", 0o600)
	for _, name := range []string{"new", "open", "private"} {
		f, err := AppendPrivate(at(name))
		if err != nil {
			t.Fatal(name, err)
		}
		_, err = f.WriteString("line\n")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Error(name, err)
		}
		info, err := os.Stat(at(name))
		data, _ := os.ReadFile(at(name))
		if err != nil || info.Mode().Perm() != 0o600 || !strings.HasSuffix(string(data), "line\n") || name != "new" && !strings.HasPrefix(string(data), "old\n") {
			t.Errorf("%s: got %v, mode %v, contents %q; want the line appended, mode 0600", name, err, info.Mode(), data)
		}
	}

	write("target", 0o644)
	write("two", 0o644)
	write("theirs", 0o644)
	for name, err := range map[string]error{
		"link": os.Symlink(at("target"), at("link")), "dangling": os.Symlink(at("nothing"), at("dangling")), "other name": os.Link(at("two"), at("other name")),
		"pipe": syscall.Mkfifo(at("pipe"), 0o600), "directory": os.Mkdir(at("directory"), 0o700),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
		if f, err := AppendPrivate(at(name)); err == nil {
			f.Close()
			t.Errorf("a %s is opened", name)
		}
	}
	if os.Geteuid() == 0 { // nobody else can give a file away
		if err := os.Chown(at("theirs"), 12345, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := AppendPrivate(at("theirs")); err == nil || !strings.Contains(err.Error(), "belongs to another user (uid 12345)") {
			t.Errorf("a file of another user: got %v", err)
		}
	}
	for _, name := range []string{"target", "two", "theirs"} {
		info, err := os.Stat(at(name))
		data, _ := os.ReadFile(at(name))
		if err != nil || info.Mode().Perm() != 0o644 || string(data) != "old\n" {
			t.Errorf("%s was changed: %v, %v, %q", name, err, info.Mode(), data)
		}
	}
	if _, err := os.Lstat(at("nothing")); err == nil {
		t.Error("a dangling link was followed")
	}
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
		var mode *ModeError
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

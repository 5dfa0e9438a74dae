//go:build unix

package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

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
		if got := text(o.secret("/p")); got != c.file {
			t.Errorf("secret of %+v: got %q, want %q", o, got, c.file)
		}
		if got := text(o.dir("/p", "; set XDG_STATE_HOME to a directory of your own")); got != c.dir {
			t.Errorf("dir of %+v: got %q, want %q", o, got, c.dir)
		}
		if got := text(o.settings("/p")); got != c.configure {
			t.Errorf("settings of %+v: got %q, want %q", o, got, c.configure)
		}
	}
	if got := ShellWord("/it's\x1b here"); got != `'/it'\''s here'` {
		t.Errorf("ShellWord: got %s", got)
	}
}

// Settings may come from a pipe, as of a shell's <(command); a secret may not, and is not waited for.
func TestReadFromAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(pipe, 100, Secret); err == nil || err.Error() != pipe+" is not a regular file" {
		t.Errorf("a secret in a pipe: got error %v, want that it is not a regular file", err)
	}
	go os.WriteFile(pipe, []byte("refresh = 0"), 0)
	if got, err := Read(pipe, 100, Settings); string(got) != "refresh = 0" || err != nil {
		t.Errorf("settings in a pipe: got %q, %v", got, err)
	}
}

func TestAppend(t *testing.T) {
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
		f, err := Append(at(name))
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
		if f, err := Append(at(name)); err == nil {
			f.Close()
			t.Errorf("a %s is opened", name)
		}
	}
	if os.Geteuid() == 0 { // nobody else can give a file away
		if err := os.Chown(at("theirs"), 12345, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := Append(at("theirs")); err == nil || !strings.Contains(err.Error(), "belongs to another user (uid 12345)") {
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

package kona

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/providers"
)

func TestDamagedTokenFile(t *testing.T) {
	a := providers.Account{Name: "a", StateDir: t.TempDir()}
	f := tokenFileOf(a)
	for _, content := range []string{"", "{", "null", `{"identity":"another","access_token":"x"}`} {
		if err := os.WriteFile(f.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := f.read(); err != nil || got != (tokens{}) {
			t.Errorf("%q: got %+v, %v; want nothing", content, got, err)
		}
	}
	want := tokens{Access: "a", Refresh: "r", Origin: "o", Expires: time.Unix(1480000000, 0).UTC()}
	if err := f.write(want); err != nil {
		t.Fatal(err)
	}
	want.Identity = f.identity
	if got, err := f.read(); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	b := a
	b.Name = "b"
	if tokenFileOf(b).path == f.path {
		t.Errorf("two accounts share a token file")
	}
}

// Tokens that others may have read or written are not used, and the error names a remedy.
func TestUnsafeTokenFilesAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // access lists decide on this system
	}
	i := &issuer{access: "a", refresh: "r"}
	for name, spoil := range map[string]func(path string) error{
		"chmod 600":          func(path string) error { return os.Chmod(path, 0o640) },
		"by group or others": func(path string) error { return os.Chmod(path, 0o606) },
		"is a link": func(path string) error {
			return errors.Join(os.Rename(path, path+".away"), os.Symlink(path+".away", path))
		},
		"is not a regular file": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		dir := t.TempDir()
		a := providers.Account{Name: "projects", BaseURL: "https://kona.example/api", StateDir: dir}
		f := tokenFileOf(a)
		if err := f.write(tokens{Origin: originLogin, Access: "a"}); err != nil {
			t.Fatal(err)
		}
		if _, err := open(a); err != nil {
			t.Fatal(err)
		}
		if err := spoil(f.path); err != nil {
			t.Fatal(err)
		}
		_, err := open(a)
		if e := wantKind(t, err, model.Local); !strings.Contains(e.Message, name) || !strings.Contains(e.Message, f.path) || !strings.Contains(e.Message, "; try: ") {
			t.Errorf("%s: got %v, want the reason, the path and a remedy", name, e)
		}
		// A file that became unsafe later is not used either.
		p, _ := openStub(t, nil, withRefresh(i), withStateDir(t.TempDir()))
		p.session.file = f
		wantKind(t, load(p), model.Local)
		withRefresh(i)(&a)
		if l, err := newSignIn(a); err == nil {
			_, err = l.Finish(t.Context(), "the-code")
			wantKind(t, err, model.Local)
		}
	}
}

// Forgetting an account removes its tokens for all hosts, and files that are useless, but never those of another account.
func TestFilesOfAnAccount(t *testing.T) {
	dir := t.TempDir()
	write := func(name, host string) string {
		f := tokenFileOf(providers.Account{Name: name, BaseURL: host, StateDir: dir})
		if err := f.write(tokens{Origin: originLogin, Access: "a"}); err != nil {
			t.Fatal(err)
		}
		return f.path
	}
	put := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want := []string{write("projects", ""), write("projects", "https://sandbox.kona.com/api"), put("kona-0123.json", "{"),
		put(".kona-77", `{"identity":"projects kona https://io.kona.com/api","access_token":"a"}`)}
	write("projects-2", "")
	put(".kona-78", `{"identity":"other kona https://io.kona.com/api"}`)
	put(".kona-79", `{"identi`) // another process may be writing it
	put("confab.db", "")
	put("kona-0123.json.lock", "")
	got, err := files(dir, "projects")
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if got, err := files(filepath.Join(dir, "nowhere"), "projects"); err != nil || len(got) > 0 {
		t.Errorf("missing directory: got %q, %v", got, err)
	}
}

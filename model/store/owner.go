package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/gofrs/flock"
)

// owner proves that this process lives: it holds a lock on a file that the
// kernel drops when the process ends, however it ends. A claim names the file,
// and the name of the file says which program it is.
type owner struct {
	dir  string
	name string
	lock *flock.Flock
	// kept says that the claim file will still be there after a power loss.
	kept sync.Once
}

// keep makes the claim file durable, before what may need it: the first write.
func (o *owner) keep() { o.kept.Do(func() { syncDir(o.dir) }) }

func newOwner(dir string) (*owner, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := &owner{dir: dir, name: fmt.Sprintf("%s-%d-%s", filepath.Base(os.Args[0]), os.Getpid(), rand.Text())}
	for {
		o.lock = flock.New(filepath.Join(dir, o.name), flock.SetPermissions(0o600))
		if _, err := o.lock.TryLock(); err != nil {
			return nil, err
		}
		// A process that looks between the making of the file and its lock takes it for
		// that of a dead one, and removes it.
		mine, err := o.lock.Stat()
		found, gone := os.Lstat(o.lock.Path())
		if o.lock.Locked() && err == nil && gone == nil && os.SameFile(mine, found) {
			return o, nil
		}
		o.lock.Close()
	}
}

func (o *owner) close() {
	// The file goes first: a lock that is free on a file that is still there
	// means a dead process, and this one is leaving in good order.
	os.Remove(o.lock.Path())
	o.lock.Unlock()
}

func (o *owner) alive(claim string) bool {
	path := filepath.Join(o.dir, filepath.Base(claim))
	return claim == o.name || claimLives(path, func() { os.Remove(path) })
}

// claimLives reports whether the process that made a claim file lives, or may live. dead is
// called for one that ended without removing it, while the file is locked.
func claimLives(path string, dead func()) bool {
	l := flock.New(path, flock.SetFlag(os.O_RDWR)) // never makes the file that it looks for
	switch ok, err := l.TryLock(); {
	case errors.Is(err, os.ErrNotExist):
		return false
	case err != nil || !ok:
		return true
	}
	defer l.Unlock()
	dead()
	return false
}

// living names the other programs that hold a claim file locked: "confab (pid 4242)".
// Earlier versions gave the file no name that says which.
func (o *owner) living() (names []string) {
	files, _ := os.ReadDir(o.dir)
	for _, f := range files {
		if f.Name() == o.name || !o.alive(f.Name()) {
			continue
		}
		name := "another confab"
		if m := claimName.FindStringSubmatch(f.Name()); m != nil {
			name = m[1] + " (pid " + m[2] + ")"
		}
		names = append(names, name)
	}
	return names
}

var claimName = regexp.MustCompile(`^(.+)-([0-9]+)-[A-Z2-7]+$`)

// claims is the folder of the files that running programs hold locked.
func (s *Store) claims() string { return filepath.Join(filepath.Dir(s.path), "claims") }

func (s *Store) others() []string {
	return cmp.Or(s.owner, &owner{dir: s.claims()}).living()
}

// enter makes the claim of this process. Whoever writes has one.
func (s *Store) enter() (err error) {
	if s.owner == nil {
		s.owner, err = newOwner(s.claims())
	}
	return err
}

// A process that ends in good order removes its claim file. Where one is left and nobody is
// alive, the machine may have stopped in the middle of a write: the database is read whole
// once, behind the first frame. The claim file becomes the mark that says so, until then.

func (s *Store) uncleanMark() string { return s.path + ".unclean" }

// noteUnclean turns the claims that dead processes left into that mark, unless somebody is
// alive: a process that is killed beside others takes nothing with it.
func (s *Store) noteUnclean() error {
	files, err := os.ReadDir(s.claims())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var dead []string
	for _, f := range files {
		path := filepath.Join(s.claims(), f.Name())
		if claimLives(path, func() { dead = append(dead, path) }) {
			return nil
		}
	}
	for _, path := range dead {
		if err := os.Rename(path, s.uncleanMark()); err != nil {
			return err
		}
	}
	return nil
}

// Unclean reports whether Check is due.
func (s *Store) Unclean() bool { return exists(s.uncleanMark()) }

// Check reads the whole database, on a connection of its own. The error is
// ErrDamaged where something in it is broken.
func (s *Store) Check(ctx context.Context) error {
	db, err := s.connect(s.path, 1, "deferred")
	if err != nil {
		return s.localError("check the database", err)
	}
	defer db.Close()
	var said string
	if err = db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err == nil {
		err = ctx.Err()
	}
	if err == nil && said != "ok" {
		err = fmt.Errorf("%w: %s", errDamaged, said)
	}
	if err == nil {
		err = removed(s.uncleanMark())
	}
	return s.localError("check the database", err)
}

// removed removes a file. That it is not there is no error.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// syncDir makes durable which files a folder has. Not every system can.
func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Sync()
		f.Close()
	}
}

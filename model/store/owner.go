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
	"time"

	"github.com/gofrs/flock"

	"confab/model/private"
)

// owner proves that this process is alive: it holds a lock on a claim file, which the
// kernel drops when the process ends, however it ends. A claimed edit names the file, and
// the file name tells which program holds it.
type owner struct {
	dir  string
	name string
	// release removes the file, then unlocks it: an unlocked file means a dead process, and this one leaves in good order.
	release func()
	kept    sync.Once // guards keep
}

// keep makes the claim file survive a power failure. It runs before this process's first
// commit.
func (o *owner) keep() { o.kept.Do(func() { private.SyncDir(o.dir) }) }

func newOwner(dir string) (*owner, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d-%s", filepath.Base(os.Args[0]), os.Getpid(), rand.Text())
	// A process that looks between the creation of the file and its lock takes it for the file of a dead process, and
	// removes it. Then Lock makes it again.
	release, err := private.Lock(context.Background(), filepath.Join(dir, name), time.Millisecond)
	if err != nil {
		return nil, err
	}
	return &owner{dir: dir, name: name, release: release}, nil
}

func (o *owner) alive(claim string) bool {
	path := filepath.Join(o.dir, filepath.Base(claim))
	return claim == o.name || claimLives(path, func() { os.Remove(path) })
}

// claimLives reports whether the process that made a claim file is, or may be, alive. For a
// process that ended without removing its file it calls dead, while it holds the lock on
// the file.
func claimLives(path string, dead func()) bool {
	l := flock.New(path, flock.SetFlag(os.O_RDWR)) // without O_CREATE
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

// living returns the names of the other programs that hold a claim file, such as "confab
// (pid 4242)". Earlier versions put no program name into the file name.
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

func (s *Store) claims() string { return filepath.Join(filepath.Dir(s.path), "claims") }

func (s *Store) others() []string {
	return cmp.Or(s.owner, &owner{dir: s.claims()}).living()
}

// enter makes the claim of this process, which every writer needs.
func (s *Store) enter() (err error) {
	if s.owner == nil {
		s.owner, err = newOwner(s.claims())
	}
	return err
}

// uncleanMark is a file that says that the database must be checked. A process that ends in
// good order removes its claim file. If one is left and no process is alive, the machine may
// have stopped in the middle of a write; noteUnclean renames the claim file to this mark.
func (s *Store) uncleanMark() string { return s.path + ".unclean" }

// noteUnclean makes the unclean mark from the claim files that dead processes left. While
// any process is alive it does nothing: a process that is killed beside others damages
// nothing.
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

// Unclean reports whether the database should be checked.
func (s *Store) Unclean() bool { return exists(s.uncleanMark()) }

// Check reads the whole database on a connection of its own. The error is ErrDamaged if
// something in it is broken.
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

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A process that ends in good order removes its claim file. Where one is left
// and nobody is alive, the machine may have stopped in the middle of a write,
// with a disk that did not keep its word: the database is read whole once, behind
// the first frame. The left claim file becomes the mark that says so, and stays
// until a check has come to its end.

func (s *Store) uncleanMark() string { return s.path + ".unclean" }

// noteUnclean turns the claims that dead processes left into that mark, unless
// somebody is alive: a process that is killed beside others takes nothing with
// it. The lock on opening is held.
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

package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"confab/model"
)

// emptied reports whether the file of the database has lost all that was in it: what is
// beside it shows that it was used. SQLite would take it for a new one.
func (s *Store) emptied() bool {
	info, err := os.Stat(s.path)
	if err != nil || info.Size() > 0 {
		return false
	}
	log, err := os.Stat(s.path + "-wal")
	return err == nil && log.Size() > 0 || exists(s.claims()) // which is made after the first page
}

// signPath is the file that says that the database is damaged: every process looks for it
// before it writes, and the next start replaces the database. Its first line says what was
// met; the second, once there, where the damaged files are moved to.
func (s *Store) signPath() string { return s.path + ".damaged" }

func (s *Store) signed() bool { return exists(s.signPath()) }

// sign makes the sign. Where that fails, as on a full disk, other processes go on until they
// meet the damage themselves.
func (s *Store) sign(lines ...string) error {
	for i, l := range lines {
		lines[i] = model.CleanLine(l, 1000)
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.signPath())+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), s.signPath())
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	syncDir(filepath.Dir(s.path))
	return nil
}

// replace sets a damaged database aside and makes a new one with what is left of its
// outbox. It can be cut short at any step: the sign says where the damaged files go, and
// the new database of which it holds the rest.
func (s *Store) replace(ctx context.Context, o Options, cause error) error {
	s.closeDB()
	sign, err := os.ReadFile(s.signPath())
	if err != nil {
		sign = []byte(cause.Error())
	}
	met, rest, _ := strings.Cut(string(sign), "\n")
	aside := filepath.Join(filepath.Dir(s.path), filepath.Base(strings.TrimSpace(rest)))
	var rescued string // which damaged database the present one holds the rest of
	switch {
	case strings.TrimSpace(rest) == "":
		aside = s.asidePath()
		if err := s.sign(met, filepath.Base(aside)); err != nil {
			return err
		}
	case exists(aside) && s.peek(ctx, "SELECT value FROM meta WHERE key = 'rescued'", &rescued) == nil && rescued == filepath.Base(aside):
		os.Remove(s.signPath()) // all was done, and only the sign was left
		return s.open(ctx, o)
	}
	if !exists(aside) {
		if err := s.moveTo(aside); err != nil {
			return err
		}
	}
	err = s.open(ctx, o)
	if isDamaged(err) { // what was begun in its place
		s.closeDB()
		if err = s.moveTo(s.asidePath()); err == nil {
			err = s.open(ctx, o)
		}
	}
	if err != nil {
		return err
	}
	if err := s.rescueOutbox(ctx, aside); err != nil {
		return err
	}
	if err := os.Remove(s.signPath()); err != nil {
		return err
	}
	os.Remove(s.uncleanMark()) // it was about the damaged one
	syncDir(filepath.Dir(s.path))
	return nil
}

// asidePath returns a name for damaged files that nothing has yet.
func (s *Store) asidePath() string {
	base := s.signPath() + "-" + s.now().UTC().Format("20060102-150405")
	aside := base
	for n := 1; exists(aside) || exists(aside+"-wal"); n++ {
		aside = base + "-" + strings.Repeat("x", n)
	}
	return aside
}

// SetAside returns the paths of the damaged databases that were set aside.
func (s *Store) SetAside() (paths []string, err error) {
	files, err := s.damagedFiles()
	return slices.DeleteFunc(files, func(path string) bool {
		return strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, mended)
	}), err
}

// damagedFiles returns the paths of all files of damaged databases, with their logs and copies.
func (s *Store) damagedFiles() (paths []string, err error) {
	files, err := os.ReadDir(filepath.Dir(s.path)) // not Glob: the folder may be called anything
	for _, f := range files {
		if strings.HasPrefix(f.Name(), filepath.Base(s.signPath())+"-") {
			paths = append(paths, filepath.Join(filepath.Dir(s.path), f.Name()))
		}
	}
	return paths, err
}

// moveTo renames the files of the database, itself last: once it is there, all are.
func (s *Store) moveTo(aside string) error {
	for _, ext := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(s.path+ext, aside+ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	syncDir(filepath.Dir(s.path))
	return nil
}

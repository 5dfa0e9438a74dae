package private

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// StateDir creates a directory with the mode 0700, and takes the right to read it from group and others. It returns an *Error,
// with advice, if the directory belongs to another user, or if group or others can write to it.
func StateDir(path, advice string) error {
	info, err := makeDir(path)
	if err != nil {
		return err
	}
	o := ownerOf(info)
	if err := o.dir(path, advice); err != nil || o.mode.Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, 0o700)
}

// Dir creates a directory with the mode 0700. It returns an *Error if anyone could replace a file in it.
func Dir(path string) error {
	info, err := makeDir(path)
	if err != nil || info.Mode()&fs.ModeSticky != 0 {
		return err
	}
	return ownerOf(info).denies(path, 0o002, "can be changed by anyone (mode %04o)", "chmod o-w")
}

func makeDir(path string) (fs.FileInfo, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the directory can't be made: %w", err)
	}
	return os.Stat(path)
}

// Lock waits for the lock that processes share, which is on a file of its own. Its directory must exist. The file goes with the
// lock: it is removed before it is unlocked, and one that was removed while its lock was waited for does not count.
func Lock(ctx context.Context, path string, retry time.Duration) (unlock func(), err error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o600))
		if _, err := l.TryLockContext(ctx, retry); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		mine, err := l.Stat()
		found, gone := os.Stat(path)
		if err == nil && gone == nil && os.SameFile(mine, found) {
			return func() {
				_ = os.Remove(path)
				_ = l.Close()
			}, nil
		}
		_ = l.Close()
	}
}

// Append opens a file for appending, and creates it if it is missing. It must be a regular file of this user, and no link. Append
// takes the right to read it from others.
func Append(path string) (*os.File, error) {
	if err := noLink(path, "is a link; name the file itself"); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|openNoFollow|openNonblock, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = cmp.Or(regular(path, info), ownerOf(info).log(path))
	}
	if err == nil && info.Mode().Perm() != 0o600 {
		err = f.Chmod(0o600)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// writeBeside writes a temporary file with the mode 0600 into the directory of a path.
func writeBeside(path string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = cmp.Or(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
	}
	return f.Name(), err
}

// Replace writes a file. Readers, also after a crash, see either the old or the new contents.
func Replace(path string, data []byte) error {
	name, err := writeBeside(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		_ = os.Remove(name)
		return err
	}
	SyncDir(filepath.Dir(path))
	return nil
}

// SyncDir makes the names in a directory survive a power failure. Systems that can't sync a directory don't need it.
func SyncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// Create writes a file as a whole or not at all. The file must not exist yet.
func Create(path string, data []byte) error {
	name, err := writeBeside(path, data)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	if err = os.Link(name, path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Some file systems have no hard links.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = cmp.Or(f.Close(), os.Rename(name, path))
	}
	return err
}

package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ModeError refuses a file or directory whose owner or permissions let others in.
type ModeError struct {
	Path string
	// Problem is what is wrong: "is readable by group or others (mode 0644)".
	Problem string
	// Fix is a command that mends it, or "".
	Fix string
}

func (e *ModeError) Error() string { return e.Path + " " + e.reason() }

func (e *ModeError) reason() string {
	if e.Fix == "" {
		return e.Problem
	}
	return e.Problem + "; try: " + e.Fix
}

// shellWord quotes a path for a command that a person may paste.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(clean(s), "'", `'\''`) + "'"
}

// owner is what the checks need to know about a file. Where files have no Unix owner and mode, it is one that passes.
type owner struct {
	uid, user int
	mode      fs.FileMode
	links     uint64 // how many names the file has
}

func (o owner) belongs(path, advice string) error {
	if o.uid == o.user {
		return nil
	}
	return &ModeError{path, fmt.Sprintf("belongs to another user (uid %d)%s", o.uid, advice), ""}
}

// denies refuses a file that gives others a right.
func (o owner) denies(path string, right fs.FileMode, problem, fix string) error {
	if o.mode.Perm()&right == 0 {
		return nil
	}
	return &ModeError{path, fmt.Sprintf(problem, o.mode.Perm()), fix + " " + shellWord(path)}
}

const changeable = "can be changed by group or others (mode %04o)"

// privateFile refuses files that others can read or write, and those of other users. Root's own files are fine: an
// administrator may provide them.
func (o owner) privateFile(path string) error {
	if o.uid == 0 {
		o.user = 0
	}
	return cmp.Or(o.belongs(path, ""), o.denies(path, 0o022, changeable, "chmod 600"),
		o.denies(path, 0o044, "is readable by group or others (mode %04o)", "chmod 600"))
}

// privateDir refuses directories of other users, and those that others can put files into.
func (o owner) privateDir(path string) error {
	return cmp.Or(o.belongs(path, "; set XDG_STATE_HOME to a directory of your own"), o.denies(path, 0o022, changeable, "chmod 700"))
}

// settingsFile refuses settings that anyone can change, since they name commands to run. Group members may: a private
// group with umask 002 is the default on several systems, and a team may share its settings.
func (o owner) settingsFile(path string) error {
	return o.denies(path, 0o002, "can be changed by anyone (mode %04o), and names commands that are run", "chmod o-w")
}

// readPrivate reads a regular file that only its owner can read, up to limit bytes. Its size is not told apart from the
// limit: callers ask for one byte more than they allow.
func readPrivate(path string, limit int64) ([]byte, error) {
	// Opening is not allowed to wait for the other end of a pipe.
	f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &ModeError{path, "is not a regular file", ""}
	}
	if err := ownerOf(info).privateFile(path); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

// AppendPrivate opens a file to write at its end, and makes it if it is missing. It must be a regular file of this
// user, and no link; others lose the right to read it.
func AppendPrivate(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, &ModeError{path, "is a link; name the file itself", ""}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|openNoFollow|openNonblock, 0o600)
	if err != nil {
		return nil, err
	}
	if err := closeToOthers(f, path); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func closeToOthers(f *os.File, path string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &ModeError{path, "is not a regular file", ""}
	}
	o := ownerOf(info)
	switch err := o.belongs(path, ""); {
	case err != nil:
		return err
	case o.links > 1:
		return &ModeError{path, "has another name as well (a hard link)", ""}
	case o.mode.Perm() != 0o600:
		return f.Chmod(0o600)
	}
	return nil
}

// makePrivateDir makes a directory, and what is missing above it, with mode 0700. One that is there is left as it is.
func makePrivateDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("the directory can't be made: %w", err)
	}
	return nil
}

// makeOwnDir makes a directory, too, and refuses one where anyone could put another file in the place of one of ours.
func makeOwnDir(path string) error {
	if err := makePrivateDir(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeSticky != 0 {
		return err
	}
	return ownerOf(info).denies(path, 0o002, "can be changed by anyone (mode %04o)", "chmod o-w")
}

// checkPrivateDir refuses a directory that others could change, and closes one that others can only read.
func checkPrivateDir(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return &ModeError{path, "is not a directory", ""}
	}
	o := ownerOf(info)
	if err := o.privateDir(path); err != nil || o.mode.Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, 0o700)
}

// replacePrivate writes a 0600 file in one step: readers see the old or the new contents, and a crash leaves one of them.
func replacePrivate(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new*") // mode 0600
	if err != nil {
		return err
	}
	if err = writeAndClose(f, data); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	// The new name is durable once the directory is; systems that can't sync a directory don't need it.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// createPrivate makes a 0600 file that must not exist yet, and is there whole or not at all.
func createPrivate(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := writeAndClose(f, data); err != nil {
		return err
	}
	if err = os.Link(f.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Some file systems have no links.
	if f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	if err := writeAndClose(f, data); err != nil {
		_ = os.Remove(path)
		return err
	}
	return nil
}

func writeAndClose(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return cmp.Or(err, f.Sync(), f.Close())
}

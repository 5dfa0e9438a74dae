package private

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// Error says that a file or directory is refused because of its owner, permissions or type.
type Error struct {
	Path    string
	Problem string // "is readable by group or others (mode 0644)"
	Fix     string // a shell command that corrects it, "" for none
}

func (e *Error) Error() string { return e.Path + " " + e.Reason() }

// Reason returns the problem and its fix, without the path.
func (e *Error) Reason() string {
	if e.Fix == "" {
		return e.Problem
	}
	return e.Problem + "; try: " + e.Fix
}

// ShellWord quotes a path for a shell, if that is necessary, and drops what can't be printed.
func ShellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%") == "" {
		return s
	}
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}
	return "'" + strings.ReplaceAll(strings.Map(printable, s), "'", `'\''`) + "'"
}

// owner holds what the checks need to know about a file. On systems without Unix owners and modes it passes every check.
type owner struct {
	uid, user int
	mode      fs.FileMode
	links     uint64 // the number of names of the file
}

func (o owner) belongs(path, advice string) error {
	if o.uid == o.user {
		return nil
	}
	return &Error{path, fmt.Sprintf("belongs to another user (uid %d)%s", o.uid, advice), ""}
}

func (o owner) denies(path string, right fs.FileMode, problem, fix string) error {
	if o.mode.Perm()&right == 0 {
		return nil
	}
	return &Error{path, fmt.Sprintf(problem, o.mode.Perm()), fix + " " + ShellWord(path)}
}

const changeable = "can be changed by group or others (mode %04o)"

// file refuses files that others can read or write, and files of other users. Files of root are accepted, since an
// administrator may provide them.
func (o owner) file(path string) error {
	if o.uid == 0 {
		o.user = 0
	}
	return cmp.Or(o.belongs(path, ""), o.denies(path, 0o022, changeable, "chmod 600"),
		o.denies(path, 0o044, "is readable by group or others (mode %04o)", "chmod 600"))
}

// dir refuses directories of other users, and directories that others can create files in.
func (o owner) dir(path, advice string) error {
	return cmp.Or(o.belongs(path, advice), o.denies(path, 0o022, changeable, "chmod 700"))
}

// settings refuses settings that anyone can change, because they name commands to run. The group may change them: users
// with a group of their own and a umask of 002 are the default on several systems, and a team may share its settings.
func (o owner) settings(path string) error {
	return o.denies(path, 0o002, "can be changed by anyone (mode %04o), and names commands that are run", "chmod o-w")
}

// log refuses files of other users, and files with another name (a hard link).
func (o owner) log(path string) error {
	if o.links > 1 {
		return cmp.Or(o.belongs(path, ""), error(&Error{path, "has another name as well (a hard link)", ""}))
	}
	return o.belongs(path, "")
}

// Read reads a regular file that only its owner can read, up to a limit. It does not wait for the writer of a pipe. Callers ask
// for one byte more than they allow, to see whether the file is too large.
func Read(path string, limit int64) ([]byte, error) {
	return read(path, openNonblock, limit, func(info fs.FileInfo) error {
		return cmp.Or(regular(path, info), ownerOf(info).file(path))
	})
}

// ReadOwn is Read for a file that confab itself writes, and which is therefore no link.
func ReadOwn(path string, limit int64) ([]byte, error) {
	if err := noLink(path, "is a link, and is not read through one"); err != nil {
		return nil, err
	}
	return read(path, openNonblock|openNoFollow, limit, func(info fs.FileInfo) error {
		return cmp.Or(regular(path, info), ownerOf(info).file(path))
	})
}

// ReadAny is Read for a file that others may have read or written, and which is no link.
func ReadAny(path string, limit int64) ([]byte, error) {
	return read(path, openNonblock|openNoFollow, limit, func(info fs.FileInfo) error { return regular(path, info) })
}

// ReadSettings is Read for settings that the group may read and change. They may come from a pipe too.
func ReadSettings(path string, limit int64) ([]byte, error) {
	return read(path, 0, limit, func(info fs.FileInfo) error {
		switch {
		case info.IsDir():
			return &Error{"config file " + path, "is a directory", ""}
		case info.Mode().IsRegular():
			return ownerOf(info).settings(path)
		}
		return nil
	})
}

func read(path string, flags int, limit int64, check func(fs.FileInfo) error) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|flags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = check(info)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

func regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &Error{path, "is not a regular file", ""}
}

func noLink(path, problem string) error {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	return &Error{path, problem, ""}
}

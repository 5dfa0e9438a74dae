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

// Trust says what a file must be like to be read.
type Trust int

// The levels of trust. Only Settings may come from a pipe or a device.
const (
	// Settings may be shared with the group: users with a group of their own and a umask of 002 are the default on several
	// systems. Nobody else may change them, because they name commands to run.
	Settings Trust = iota
	// Secret may be read and changed by its owner alone, who is this user or an administrator.
	Secret
	// Own is Secret for a file that confab itself writes, and which is therefore no link.
	Own
	// Any file is read that is no link, whatever its mode.
	Any
)

// Read reads a file up to a limit, or returns an *Error. It does not wait for the writer of a pipe, except for Settings. Callers
// ask for one byte more than they allow, to see whether the file is too large.
func Read(path string, limit int64, t Trust) ([]byte, error) {
	flags := map[Trust]int{Secret: openNonblock, Own: openNonblock | openNoFollow, Any: openNonblock | openNoFollow}[t]
	if err := noLink(path, "is a link, and is not read through one"); t == Own && err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|flags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = ownerOf(info).check(path, info, t)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

// owner holds what the checks need to know about a file. On systems without Unix owners and modes it passes every check.
type owner struct {
	uid, user int
	mode      fs.FileMode
	links     uint64 // the number of names of the file
}

func (o owner) check(path string, info fs.FileInfo, t Trust) error {
	switch {
	case t == Settings && info.IsDir():
		return &Error{"config file " + path, "is a directory", ""}
	case t == Settings && info.Mode().IsRegular():
		return o.settings(path)
	case t == Settings:
		return nil
	case t == Any:
		return regular(path, info)
	}
	return cmp.Or(regular(path, info), o.secret(path))
}

func (o owner) settings(path string) error {
	return o.denies(path, 0o002, "can be changed by anyone (mode %04o), and names commands that are run", "chmod o-w")
}

const changeable = "can be changed by group or others (mode %04o)"

func (o owner) secret(path string) error {
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

// log refuses files of other users, and files with another name (a hard link).
func (o owner) log(path string) error {
	if o.links > 1 {
		return cmp.Or(o.belongs(path, ""), error(&Error{path, "has another name as well (a hard link)", ""}))
	}
	return o.belongs(path, "")
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

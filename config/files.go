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

	"github.com/adrg/xdg"
)

// EnvConfig is the environment variable that names another settings file.
const EnvConfig = "CONFAB_CONFIG"

const appName = "confab"

// Paths holds the absolute paths of confab's files.
type Paths struct {
	Config string // the settings file
	State  string // the directory of the database, the log and rotated tokens
}

// FindPaths returns the paths that the environment gives now, and creates nothing. The settings file is the --config flag,
// else CONFAB_CONFIG, else $XDG_CONFIG_HOME/confab/config.toml; the state directory is $XDG_STATE_HOME/confab. FindPaths
// fails if neither the XDG variables nor the home directory give an absolute path. The XDG library keeps what it reads in
// global variables, so calls must not overlap.
func FindPaths(configFlag string) (p Paths, err error) {
	xdg.Reload()
	standard := filepath.Join(xdg.ConfigHome, appName, "config.toml")
	p = Paths{Config: cmp.Or(configFlag, os.Getenv(EnvConfig), standard), State: filepath.Join(xdg.StateHome, appName)}
	switch {
	case p.Config == standard && !filepath.IsAbs(standard):
		return Paths{}, errors.New("the home directory is unknown; set HOME or XDG_CONFIG_HOME")
	case !filepath.IsAbs(p.State):
		return Paths{}, errors.New("the home directory is unknown; set HOME or XDG_STATE_HOME")
	}
	if p.Config, err = filepath.Abs(p.Config); err != nil {
		return Paths{}, fmt.Errorf("the config file can't be found: %w", err)
	}
	return p, nil
}

// Database returns the path of the SQLite file.
func (p Paths) Database() string { return filepath.Join(p.State, appName+".db") }

// PrepareState creates the state directory with the mode 0700, and takes the right to read it from group and others. It
// returns a *ModeError if the directory belongs to another user, or if group or others can write to it.
func (p Paths) PrepareState() error {
	info, err := makeDir(p.State)
	if err != nil {
		return err
	}
	o := ownerOf(info)
	if err := o.privateDir(p.State); err != nil || o.mode.Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(p.State, 0o700)
}

// Adopt copies the files of another state directory, except for those whose names are taken.
func (p Paths) Adopt(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err
	}
	if err := p.PrepareState(); err != nil {
		return err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			err = createPrivate(filepath.Join(p.State, e.Name()), data)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// SaveReport writes a report into the state directory, with the mode 0600, and returns its path. Only the last element of
// name is used.
func (p Paths) SaveReport(name, text string) (string, error) {
	dir := filepath.Join(p.State, "reports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(name))
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// ModeError says that a file or directory is refused because of its owner, permissions or type.
type ModeError struct {
	Path    string
	Problem string // "is readable by group or others (mode 0644)"
	Fix     string // a shell command that corrects it, "" for none
}

func (e *ModeError) Error() string { return e.Path + " " + e.reason() }

func (e *ModeError) reason() string {
	if e.Fix == "" {
		return e.Problem
	}
	return e.Problem + "; try: " + e.Fix
}

func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(clean(s), "'", `'\''`) + "'"
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
	return &ModeError{path, fmt.Sprintf("belongs to another user (uid %d)%s", o.uid, advice), ""}
}

func (o owner) denies(path string, right fs.FileMode, problem, fix string) error {
	if o.mode.Perm()&right == 0 {
		return nil
	}
	return &ModeError{path, fmt.Sprintf(problem, o.mode.Perm()), fix + " " + shellWord(path)}
}

const changeable = "can be changed by group or others (mode %04o)"

// privateFile refuses files that others can read or write, and files of other users. Files of root are accepted, since an
// administrator may provide them.
func (o owner) privateFile(path string) error {
	if o.uid == 0 {
		o.user = 0
	}
	return cmp.Or(o.belongs(path, ""), o.denies(path, 0o022, changeable, "chmod 600"),
		o.denies(path, 0o044, "is readable by group or others (mode %04o)", "chmod 600"))
}

// privateDir refuses directories of other users, and directories that others can create files in.
func (o owner) privateDir(path string) error {
	return cmp.Or(o.belongs(path, "; set XDG_STATE_HOME to a directory of your own"), o.denies(path, 0o022, changeable, "chmod 700"))
}

// settingsFile refuses settings that anyone can change, because they name commands to run. The group may change them: users
// with a group of their own and a umask of 002 are the default on several systems, and a team may share its settings.
func (o owner) settingsFile(path string) error {
	return o.denies(path, 0o002, "can be changed by anyone (mode %04o), and names commands that are run", "chmod o-w")
}

// logFile refuses files of other users, and files with another name (a hard link).
func (o owner) logFile(path string) error {
	if o.links > 1 {
		return cmp.Or(o.belongs(path, ""), error(&ModeError{path, "has another name as well (a hard link)", ""}))
	}
	return o.belongs(path, "")
}

// readBounded reads the first bytes of a file, up to a limit, if a check accepts it. Callers ask for one byte more than
// they allow, to see whether the file is too large.
func readBounded(path string, flags int, limit int64, check func(fs.FileInfo) error) ([]byte, error) {
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

// readPrivate reads a regular file that only its owner can read. It does not wait for the writer of a pipe.
func readPrivate(path string, limit int64) ([]byte, error) {
	return readBounded(path, openNonblock, limit, func(info fs.FileInfo) error {
		if !info.Mode().IsRegular() {
			return &ModeError{path, "is not a regular file", ""}
		}
		return ownerOf(info).privateFile(path)
	})
}

// AppendPrivate opens a file for appending, and creates it if it is missing. It must be a regular file of this user, and
// no link. AppendPrivate takes the right to read it from others.
func AppendPrivate(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, &ModeError{path, "is a link; name the file itself", ""}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|openNoFollow|openNonblock, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &ModeError{path, "is not a regular file", ""}
	}
	if err == nil {
		err = ownerOf(info).logFile(path)
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

func makeDir(path string) (fs.FileInfo, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the directory can't be made: %w", err)
	}
	return os.Stat(path)
}

// makeOwnDir is makeDir, and refuses a directory in which anyone could replace a file of ours.
func makeOwnDir(path string) error {
	info, err := makeDir(path)
	if err != nil || info.Mode()&fs.ModeSticky != 0 {
		return err
	}
	return ownerOf(info).denies(path, 0o002, "can be changed by anyone (mode %04o)", "chmod o-w")
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

// replacePrivate writes a file with the mode 0600. Readers, also after a crash, see either the old or the new contents.
func replacePrivate(path string, data []byte) error {
	name, err := writeBeside(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		_ = os.Remove(name)
		return err
	}
	// The rename is durable once the directory is synced. Systems that can't sync a directory don't need it.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// createPrivate writes a file with the mode 0600 as a whole or not at all. The file must not exist yet.
func createPrivate(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
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

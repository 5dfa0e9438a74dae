package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
)

// EnvConfig is the environment variable that names another settings file.
const EnvConfig = "CONFAB_CONFIG"

const appName = "confab"

// Paths are the places of one run. Both are absolute.
type Paths struct {
	// Config is the settings file: the --config flag, else CONFAB_CONFIG, else $XDG_CONFIG_HOME/confab/config.toml.
	Config string
	// State is the directory of the database, the log and rotated tokens: $XDG_STATE_HOME/confab.
	State string
}

// FindPaths reads the environment, as it is now, and makes nothing. The flag's value comes first. It fails when neither
// the XDG variables nor a home directory give an absolute path. The XDG library keeps what it reads in variables of its
// own, so calls must not overlap.
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

// Database is the path of the SQLite file.
func (p Paths) Database() string { return filepath.Join(p.State, appName+".db") }

// PrepareState makes the state directory with mode 0700. One that belongs to another user, or that group or others can
// write to, is refused with a *ModeError; one that they can only read is closed to them.
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

// Adopt takes over the files of another state directory, where there is none of their name yet.
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

// SaveReport writes a report into the state directory, for its owner alone, and gives its path. Of name only the last
// element counts.
func (p Paths) SaveReport(name, text string) (string, error) {
	dir := filepath.Join(p.State, "reports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(name))
	return path, os.WriteFile(path, []byte(text), 0o600)
}

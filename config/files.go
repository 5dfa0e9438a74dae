package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"confab/model/private"
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

// PrepareState creates the state directory, see private.StateDir.
func (p Paths) PrepareState() error {
	return private.StateDir(p.State, "; set XDG_STATE_HOME to a directory of your own")
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
			err = private.Create(filepath.Join(p.State, e.Name()), data)
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

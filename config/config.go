package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"confab/model/private"
)

// ErrNoConfig means that there is no settings file at the path.
var ErrNoConfig = errors.New("no config file")

const defaultRefresh = 2 * time.Minute

const maxConfigSize = 128 << 10

// The themes that no [themes] table may redefine, and the values of ui.layout. The first of each is the default.
var (
	builtinThemes = []string{"auto", "dark", "light", "mono"}
	layouts       = []string{"auto", "right", "bottom", "off"}
)

// Config is a valid set of settings, with defaults filled in.
type Config struct {
	Refresh  time.Duration // the time between polls, at least a second; 0 for no polling
	UI       UI
	Themes   map[string]map[string]string   // colour values by theme and colour name
	Keys     map[string]map[string][]string // key sequences by context and action; an empty list unbinds the action
	Views    []View                         // the tabs in order, at least one
	Accounts []Account                      // in the order of the file
}

// UI is the [ui] table.
type UI struct {
	Theme  string `toml:"theme" json:"theme"`
	Layout string `toml:"layout" json:"layout"`
	// Domains holds our own mail domains in lower case.
	Domains []string `toml:"domains" json:"domains"`
}

// View is one tab: a name and a query.
type View struct {
	Name  string `toml:"name" json:"name"`
	Query string `toml:"query" json:"query"`
}

// Account is one [[account]].
type Account struct {
	Name     string // a ValidAccountName, unique regardless of letter case
	Provider string
	BaseURL  string // in the one spelling of ParseBaseURL
	ReadOnly bool
	Since    time.Duration // how far back to list; 0 means everything
	Pace     Pace
	// Credential is zero only if the provider allows an account without one.
	Credential Credential
	// Settings holds strings, and Credentials for secrets, with the defaults of the provider filled in.
	Settings map[string]any
}

// Account returns the account with a name, regardless of letter case.
func (c *Config) Account(name string) (Account, bool) {
	for _, a := range c.Accounts {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
	}
	return Account{}, false
}

// AccountNames lists the names of the accounts in order.
func (c *Config) AccountNames() (list []string) {
	for _, a := range c.Accounts {
		list = append(list, a.Name)
	}
	return list
}

// Credentials lists the credentials of an account, those in its settings included.
func (a Account) Credentials() (list []Credential) {
	if !a.Credential.IsZero() {
		list = append(list, a.Credential)
	}
	for _, key := range names(a.Settings) {
		if secret, ok := a.Settings[key].(Credential); ok {
			list = append(list, secret)
		}
	}
	return list
}

// SecretEnv lists the environment variables that hold credentials, for use with WithoutEnv.
func (c *Config) SecretEnv() (list []string) {
	for _, a := range c.Accounts {
		for _, secret := range a.Credentials() {
			if secret.Env != "" {
				list = append(list, secret.Env)
			}
		}
	}
	return list
}

// DefaultViews returns the tabs for a file without views: Inbox, one per account, All.
func DefaultViews(accounts []Account) []View {
	views := []View{{Name: "Inbox"}}
	for _, a := range accounts {
		views = append(views, View{Name: a.Name, Query: "account:" + a.Name})
	}
	return append(views, View{Name: "All", Query: "is:any"})
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ValidAccountName reports whether a name consists of 1 to 64 ASCII letters, digits, - and _.
func ValidAccountName(name string) bool { return accountName.MatchString(name) }

// Load reads and checks the settings file. It returns ErrNoConfig if there is none, Errors if its contents are invalid,
// and another error if it can't be read. A file that anyone can change is refused, because confab runs the credential
// commands in it.
func Load(path string, v Validators) (*Config, error) {
	data, err := private.Read(path, maxConfigSize+1, private.Settings)
	var system *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrNoConfig, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the config file can't be read: %w; try: chmod u+r %s", err, private.ShellWord(path))
	case errors.As(err, &system):
		return nil, fmt.Errorf("the config file can't be read: %w", err)
	case err != nil:
		return nil, err
	}
	return Decode(path, data, v)
}

// Decode is Load for settings that were read already. file is named in problems, and relative paths
// of credential files start beside it. The only error is Errors.
func Decode(file string, data []byte, v Validators) (*Config, error) {
	if len(data) > maxConfigSize {
		return nil, Errors{{File: file, Message: fmt.Sprintf("the file is larger than %d KiB", maxConfigSize>>10)}}
	}
	dir := filepath.Dir(file)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if v.Nearest == nil {
		v.Nearest = func(string, []string) string { return "" }
	}
	d := &decoder{file: file, dir: dir, data: data, rules: v, taken: map[string]*node{}}
	return d.decode()
}

// Validators holds the rules of other packages. A nil field skips its check. The functions that return an error return
// what is wrong with a value.
type Validators struct {
	Providers       map[string]ProviderRules
	Nearest         func(word string, known []string) string // the known word that was probably meant, "" for none
	Query           func(query string) error                 // checks the query of a view
	Actions         map[string][]string                      // the actions that keys can be bound to, by context
	Key             func(key string) error                   // checks a key or a sequence: "ctrl+p", "g g"
	Themes          []string                                 // more themes, which a [themes] table may change
	ThemeColorNames []string                                 // the keys of a [themes] table
	ThemeColor      func(name, value string) error           // checks the value of one of them
}

// ProviderRules describes the accounts of a provider.
type ProviderRules struct {
	DefaultBaseURL     string                 // used if base_url is missing or empty
	CredentialOptional bool                   // for services that people can sign in to
	Settings           map[string]SettingRule // by key; other keys are errors
}

// SettingRule describes a key of [account.settings].
type SettingRule struct {
	Required bool
	Secret   bool               // a credential table; all others are strings
	Values   []string           // if not nil, the only values allowed
	Default  string             // used if the key is missing or empty
	Help     string             // one line
	Check    func(string) error // returns what is wrong with a value; not called for secrets and empty values

	// The set-up asks for required settings, and for these. If With is set, it asks only if that other setting is given.
	Asked bool
	With  string
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

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
	home, _ := os.UserHomeDir() // without one, the XDG library takes the root of the file system for it
	unknown := func(env string) bool { return !filepath.IsAbs(home) && !filepath.IsAbs(os.Getenv(env)) }
	standard := filepath.Join(xdg.ConfigHome, appName, "config.toml")
	p = Paths{Config: cmp.Or(configFlag, os.Getenv(EnvConfig), standard), State: filepath.Join(xdg.StateHome, appName)}
	switch {
	case p.Config == standard && unknown("XDG_CONFIG_HOME"):
		return Paths{}, errors.New("the home directory is unknown; set HOME or XDG_CONFIG_HOME")
	case unknown("XDG_STATE_HOME"):
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

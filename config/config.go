package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ErrNoConfig means that there is no settings file at the path.
var ErrNoConfig = errors.New("no config file")

// defaultRefresh is the time between polls where the file names none.
const defaultRefresh = 2 * time.Minute

const maxConfigSize = 128 << 10

// The theme names that no [themes] table may have, and the values of ui.layout; the first of each is the default.
var (
	builtinThemes = []string{"auto", "dark", "light", "mono"}
	layouts       = []string{"auto", "right", "bottom", "off"}
)

// Config is a complete, valid set of settings with defaults filled in.
type Config struct {
	// Refresh is the time between polls, at least a second; 0 means no polling.
	Refresh time.Duration
	UI      UI
	Themes  map[string]map[string]string // colour values by theme and colour name
	// Keys holds key sequences by context and action. An empty list unbinds the action.
	Keys  map[string]map[string][]string
	Views []View // the tabs in order, never none
	// DefaultedViews means that the file names no view and Views are DefaultViews.
	DefaultedViews bool
	Accounts       []Account // in the order of the file; possibly none
}

// UI is the [ui] table.
type UI struct {
	Theme  string `toml:"theme" json:"theme"`
	Layout string `toml:"layout" json:"layout"`
	// Domains are the mail domains that are ours, in lower case.
	Domains []string `toml:"domains" json:"domains"`
}

// View is one tab: a name and a query.
type View struct {
	Name  string `toml:"name" json:"name"`
	Query string `toml:"query" json:"query"`
}

// Account is one [[account]].
type Account struct {
	// Name is unique without regard to letter case: ASCII letters, digits, - and _, at most 64.
	Name     string
	Provider string
	BaseURL  string // in the one spelling of ParseBaseURL
	ReadOnly bool
	Since    time.Duration // how far back to list; 0 means everything
	Pace     Pace
	// Credential is zero only where the provider allows an account without one.
	Credential Credential
	// Settings hold a string, or a Credential for secrets. Defaults of the provider's rules are filled in.
	Settings map[string]any
}

// Account finds an account by its name, without regard to letter case.
func (c *Config) Account(name string) (Account, bool) {
	for _, a := range c.Accounts {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
	}
	return Account{}, false
}

// AccountNames lists the accounts' names in order.
func (c *Config) AccountNames() (list []string) {
	for _, a := range c.Accounts {
		list = append(list, a.Name)
	}
	return list
}

// Credentials lists where the secrets of an account come from.
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

// SecretEnv names the environment variables that hold credentials, sorted. Keep them from the environment of child
// processes with WithoutEnv.
func (c *Config) SecretEnv() (list []string) {
	for _, a := range c.Accounts {
		for _, secret := range a.Credentials() {
			if secret.Env != "" {
				list = append(list, secret.Env)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// DefaultViews are the tabs used when the file names none: Inbox, one per account, All.
func DefaultViews(accounts []Account) []View {
	views := []View{{Name: "Inbox"}}
	for _, a := range accounts {
		views = append(views, View{Name: a.Name, Query: "account:" + a.Name})
	}
	return append(views, View{Name: "All", Query: "is:any"})
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ValidAccountName reports whether a name has one to 64 ASCII letters, digits, - and _.
func ValidAccountName(name string) bool { return accountName.MatchString(name) }

// Load reads and checks the settings file. Its errors are ErrNoConfig when there is none, Errors with everything that is
// wrong with its contents, or a plain one when it can't be read. A file that anyone may write is refused, because its
// credential commands are run. At most 128 KiB are read.
func Load(path string, v Validators) (*Config, error) {
	data, err := readBounded(path, 0, maxConfigSize+1, func(info fs.FileInfo) error {
		switch {
		case info.IsDir():
			return fmt.Errorf("config file %s is a directory", path)
		case info.Mode().IsRegular():
			return ownerOf(info).settingsFile(path)
		}
		return nil
	})
	var system *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrNoConfig, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the config file can't be read: %w; try: chmod u+r %s", err, shellWord(path))
	case errors.As(err, &system):
		return nil, fmt.Errorf("the config file can't be read: %w", err)
	case err != nil:
		return nil, err
	case len(data) > maxConfigSize:
		return nil, fmt.Errorf("config file %s is larger than %d KiB", path, maxConfigSize>>10)
	}
	return Decode(path, data, v)
}

// Decode checks settings that were already read; file names them in problems, and relative credential files are looked
// for beside it. Its only error is Errors.
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
	d := &decoder{file: file, dir: dir, data: data, rules: v, seen: map[string]*node{}}
	return d.decode()
}

// Validators are the rules that this package can't know. A nil field skips its check.
type Validators struct {
	Providers map[string]ProviderRules
	// Nearest returns the known word that somebody may have meant, "" for none.
	Nearest func(word string, known []string) string
	Query   func(query string) error // says what is wrong with a view's query
	Actions map[string][]string      // the bindable ones, by context
	// Key says what is wrong with one key or key sequence, "ctrl+p" or "g g".
	Key             func(key string) error
	Themes          []string // there beside the built-in ones; a [themes] table may change one
	ThemeColorNames []string // that a theme may set
	// ThemeColor says what is wrong with the value of one colour.
	ThemeColor func(name, value string) error
}

// ProviderRules say what an account of a provider may hold.
type ProviderRules struct {
	DefaultBaseURL string // where base_url is missing or empty
	// CredentialOptional allows an account without credential, for services that can log in interactively.
	CredentialOptional bool
	Settings           map[string]SettingRule // by key; others are errors
}

// SettingRule describes one key of [account.settings].
type SettingRule struct {
	Required bool
	Secret   bool     // a credential table; all others are strings
	Values   []string // when given, the only ones allowed
	Default  string   // what Load fills in when the key is missing or empty
	// Asked settings are asked for when an account is added, as all required ones are; those With another one only where
	// that is given.
	Asked bool
	With  string
	Help  string             // one line
	Check func(string) error // says what is wrong with a value; not called for secrets or empty values
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

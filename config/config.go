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
	// DefaultedViews means that the file has no view, and Views holds DefaultViews.
	DefaultedViews bool
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

// SecretEnv lists the environment variables that hold credentials, sorted, for use with WithoutEnv.
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
	case len(data) > maxConfigSize:
		return nil, fmt.Errorf("config file %s is larger than %d KiB", path, maxConfigSize>>10)
	}
	return Decode(path, data, v)
}

// Decode is Load for settings that were read already. file is named in problems, and relative paths of credential files
// start beside it. The only error is Errors.
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

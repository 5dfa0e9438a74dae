package config

import (
	"maps"
	"slices"
)

// Validators are the rules that this package can't know. A nil field skips its check.
type Validators struct {
	Providers map[string]ProviderRules
	// Nearest returns the known word that somebody may have meant, "" for none.
	Nearest func(word string, known []string) string
	Query   func(query string) error // says what is wrong with a view's query
	Actions map[string][]string      // the bindable ones, by context
	// Key says what is wrong with one key or key sequence, "ctrl+p" or "g g".
	Key             func(key string) error
	Themes          []string // there beside BuiltinThemes; a [themes] table may change one
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

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
	// DefaultBaseURL is used when base_url is missing or empty.
	DefaultBaseURL string
	// CredentialOptional allows an account without credential, for services that can log in interactively.
	CredentialOptional bool
	// Settings by key; others are errors.
	Settings map[string]SettingRule
}

// SettingRule describes one key of [account.settings].
type SettingRule struct {
	Required bool
	// Secret settings are credential tables, all others strings.
	Secret bool
	// Values, when given, are the only ones allowed.
	Values []string
	// Default is what Load fills in when the key is missing or empty.
	Default string
	// Asked settings are asked for when an account is added, as all required ones are; those With another one only where
	// that is given.
	Asked bool
	With  string
	// Help is one line for `config schema` and the starter file.
	Help string
	// Check says what is wrong with a value. It is not called for secrets or empty values.
	Check func(string) error
}

// names lists a map's keys in order.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

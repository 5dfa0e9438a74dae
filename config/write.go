package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"confab/model/private"
)

type shown struct {
	Refresh  string                         `toml:"refresh" json:"refresh"`
	UI       UI                             `toml:"ui" json:"ui"`
	Themes   map[string]map[string]string   `toml:"themes,omitempty" json:"themes"`
	Keys     map[string]map[string][]string `toml:"keys,omitempty" json:"keys"`
	Views    []View                         `toml:"view,omitempty" json:"view"`
	Accounts []shownAccount                 `toml:"account,omitempty" json:"account"`
}

type shownAccount struct {
	Name       string         `toml:"name" json:"name"`
	Provider   string         `toml:"provider" json:"provider"`
	BaseURL    string         `toml:"base_url" json:"base_url"`
	ReadOnly   bool           `toml:"read_only" json:"read_only"`
	Since      *string        `toml:"since,omitempty" json:"since"`
	Pace       *string        `toml:"pace,omitempty" json:"pace"`
	Credential *Credential    `toml:"credential,inline,omitempty" json:"credential"`
	Settings   map[string]any `toml:"settings,omitempty" json:"settings"`
}

func (a Account) shown() shownAccount {
	out := shownAccount{Name: a.Name, Provider: a.Provider, BaseURL: a.BaseURL, ReadOnly: a.ReadOnly, Settings: a.Settings}
	if a.Since > 0 {
		out.Since = new(FormatDuration(a.Since))
	}
	if a.Pace.Text != "" {
		out.Pace = &a.Pace.Text
	}
	if !a.Credential.IsZero() {
		out.Credential = &a.Credential
	}
	return out
}

// Show writes the settings with defaults filled in, and of credentials only their sources. The TOML form can be loaded again
// as the same settings. In JSON, values that are not set are null.
func Show(w io.Writer, c *Config, asJSON bool) error {
	s := shown{Refresh: FormatDuration(c.Refresh), UI: c.UI, Themes: c.Themes, Keys: c.Keys, Views: c.Views, Accounts: []shownAccount{}}
	for _, a := range c.Accounts {
		s.Accounts = append(s.Accounts, a.shown())
	}
	var b bytes.Buffer
	encode := toml.NewEncoder(&b).Encode
	if asJSON {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		encode = e.Encode
	}
	if err := encode(s); err != nil {
		return fmt.Errorf("the config can't be printed: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Block returns the text of an account for the settings file, without what is default.
func (a Account) Block() string {
	var b strings.Builder
	line := func(key string, value any) { fmt.Fprintf(&b, "%s = %s\n", key, literal(value)) }
	b.WriteString("[[account]]\n")
	line("name", a.Name)
	line("provider", a.Provider)
	if a.BaseURL != "" {
		line("base_url", a.BaseURL)
	}
	if !a.Credential.IsZero() {
		line("credential", a.Credential)
	}
	if len(a.Settings) > 0 {
		b.WriteString("[account.settings]\n")
	}
	for _, key := range names(a.Settings) {
		line(key, a.Settings[key])
	}
	return b.String()
}

// literal writes a value as TOML on one line. The escapes of Go are also those of TOML for printable text.
func literal(value any) string {
	switch v := value.(type) {
	case []string:
		words := slices.Clone(v)
		for i, word := range v {
			words[i] = literal(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case Credential:
		switch {
		case v.Env != "":
			return "{ env = " + literal(v.Env) + " }"
		case v.File != "":
			return "{ file = " + literal(v.File) + " }"
		case v.Keyring != "":
			return "{ keyring = " + literal(v.Keyring) + " }"
		}
		return "{ command = " + literal(v.Command) + " }"
	}
	return strconv.Quote(value.(string))
}

// ReadBlock returns an account as Load would read its block from a file, with defaults filled in and absolute paths, or the
// problems that Load would report.
func ReadBlock(file string, a Account, v Validators) (Account, Errors) {
	c, err := Decode(file, []byte(a.Block()), v)
	var problems Errors
	if errors.As(err, &problems) {
		return a, problems
	}
	return c.Accounts[0], nil
}

// Of returns the problems of one key of the first account, such as "name" or "settings.workspace_id".
func (e Errors) Of(key string) Errors {
	key = "account[0]." + key
	return slices.DeleteFunc(slices.Clone(e), func(p Problem) bool { return p.Key != key && !strings.HasPrefix(p.Key, key+".") })
}

// Init creates the starter settings file as Create does.
func Init(path string, v Validators) error { return create(path, template(v)) }

// Create creates a settings file with accounts, with the mode 0600, and its directory, with the mode 0700. The file is
// written as a whole or not at all. If there is one already it is not changed, and the error is fs.ErrExist.
func Create(path string, accounts []Account) error {
	text := "# confab settings. All keys and actions: confab config schema. Check: confab config check.\n"
	for _, a := range accounts {
		text += "\n" + a.Block()
	}
	return create(path, text)
}

func create(path, text string) error {
	if err := private.Dir(filepath.Dir(path)); err != nil {
		return err
	}
	err := private.Create(path, []byte(text))
	switch {
	case errors.Is(err, fs.ErrExist):
		return thereAlready(path)
	case err != nil:
		return fmt.Errorf("the config file can't be written: %w", err)
	}
	return nil
}

// thereAlready is an fs.ErrExist that names the file.
type thereAlready string

func (path thereAlready) Error() string { return string(path) + " is already there and stays as it is" }

func (thereAlready) Unwrap() error { return fs.ErrExist }

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/pelletier/go-toml/v2"
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
	if a.Pace != (Pace{}) {
		out.Pace = new(a.Pace.String())
	}
	if !a.Credential.IsZero() {
		out.Credential = &a.Credential
	}
	return out
}

// Show writes the settings in effect, defaults filled in. Credentials appear as their sources. The TOML form can be
// loaded again and means the same; in JSON, what is not set is null.
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

package main

import (
	"confab/config"
	"confab/model/query"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/ui/keymap"
	"confab/ui/theme"
	"confab/ui/welcome"
)

// registry lists the providers. Nothing else names one.
var registry = providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}

// validators are the rules of the config file that other packages own.
func validators() config.Validators {
	v := config.Validators{
		Providers:       map[string]config.ProviderRules{},
		Query:           func(q string) error { _, err := query.Parse(q); return err },
		Actions:         keymap.Actions(),
		Key:             keymap.CheckKey,
		ThemeColorNames: theme.Names(),
		ThemeColor:      theme.CheckColor,
	}
	for _, f := range registry {
		rules := config.ProviderRules{DefaultBaseURL: f.DefaultBaseURL, CredentialOptional: f.CredentialOptional,
			Settings: map[string]config.SettingRule{}}
		for _, s := range f.Settings {
			rules.Settings[s.Name] = config.SettingRule{Required: s.Required, Secret: s.Secret, Values: s.Values,
				Default: s.Default, Help: s.Help, Check: s.Check}
		}
		v.Providers[f.Name] = rules
	}
	return v
}

// services tells the welcome screen what there may be accounts of.
func services() (all []welcome.Service) {
	for _, f := range registry {
		s := welcome.Service{Name: f.Name, Title: f.Title, SignIn: f.SignIn != nil}
		for _, setting := range f.Settings {
			if setting.Required {
				s.Required = append(s.Required, setting.Name)
			}
		}
		all = append(all, s)
	}
	return all
}

package config

import (
	"errors"
	"strings"

	"confab/model"
)

// testRules returns rules like those that main passes in.
func testRules() Validators {
	scheme := func(values ...string) SettingRule {
		return SettingRule{Values: values, Default: values[0], Help: "how the key is sent"}
	}
	return Validators{
		Nearest: model.Nearest,
		Providers: map[string]ProviderRules{
			"attention": {DefaultBaseURL: "https://api.attention.tech/v2", Settings: map[string]SettingRule{
				"auth_scheme": scheme("bearer", "raw"),
			}},
			"bird": {DefaultBaseURL: "https://api.bird.com", Settings: map[string]SettingRule{
				"workspace_id":  {Required: true, Help: "the workspace"},
				"access_key_id": {},
			}},
			"askelephant": {DefaultBaseURL: "https://app.askelephant.ai/api", Settings: map[string]SettingRule{
				"auth_scheme": scheme("auto", "bearer", "raw"),
				"replace_contacts_method": {Check: func(s string) error {
					if s != strings.ToUpper(s) {
						return errors.New("is an HTTP method in capitals")
					}
					return nil
				}},
			}},
			"kona": {DefaultBaseURL: "https://io.kona.com/api", CredentialOptional: true, Settings: map[string]SettingRule{
				"refresh_token": {Secret: true}, "client_secret": {Secret: true}, "client_id": {}, "token_url": {},
			}},
		},
		Query: func(q string) error {
			if strings.Contains(q, "is:privat ") {
				return errors.New("column 4: unknown value privat")
			}
			return nil
		},
		Actions: map[string][]string{
			"list":   {"toggle_privacy", "rename", "close"},
			"detail": {"next_match", "rename"},
		},
		Key: func(k string) error {
			if strings.Contains(k, "hyper") {
				return errors.New("unknown modifier hyper")
			}
			return nil
		},
		Themes:          []string{"dusk"},
		ThemeColorNames: []string{"accent", "danger"},
		ThemeColor: func(_, v string) error {
			if !strings.HasPrefix(v, "#") {
				return errors.New("must be like #rrggbb")
			}
			return nil
		},
	}
}

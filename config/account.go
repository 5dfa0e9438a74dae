package config

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	envWord = regexp.MustCompile(`[^A-Z0-9]+`)
)

func (d *decoder) account(t *node) Account {
	a := Account{Settings: map[string]any{}}
	// The provider is read first, wherever it stands in the file, because the other keys depend on its rules.
	var rules *ProviderRules // nil if they are unknown
	if n := t.get("provider"); n != nil && n.kind == stringKind {
		a.Provider = n.text
		known := names(d.rules.Providers)
		if known != nil && d.oneOf(n, known, "unknown provider: one of %s", strings.Join(known, ", ")) {
			rules = new(d.rules.Providers[n.text])
			a.BaseURL = rules.DefaultBaseURL
		}
	}
	variable := EnvFor(a.Provider, "api_key")
	d.fields(t, []field{
		{"name", stringKind, func(n *node) {
			a.Name = d.name(n, "account", ValidAccountName, "an account's name has 1 to 64 characters: letters, digits, - and _")
		}},
		{"provider", stringKind, func(*node) {}},
		{"base_url", stringKind, func(n *node) { a.BaseURL = cmp.Or(parsed(d, n, ParseBaseURL), a.BaseURL) }},
		{"read_only", boolKind, func(n *node) { a.ReadOnly = n.text == "true" }},
		{"since", anyKind, func(n *node) { a.Since = d.duration(n) }},
		{"pace", stringKind, func(n *node) {
			if a.Pace = parsed(d, n, ParsePace); a.Pace.Text == "off" && a.BaseURL != "" && !IsLoopback(a.BaseURL) {
				d.wrong(n, `"pace" can be "off" on loopback only`)
			}
		}},
		{"credential", anyKind, func(n *node) { a.Credential = d.credential(n, a.Name, variable) }},
		{"settings", tableKind, func(n *node) { d.settings(n, &a, rules) }},
	}, func(n *node, _ []string) bool {
		// A key that is meant to hold the secret is not reported as just unknown.
		switch {
		case n.isSecretSetting():
			d.plainSecret(n, "credential", variable)
		case secretKey(n.key):
			d.report(n.keyAt, n.path(), "credential", "unknown key %s", quoted(n.key))
		default:
			return false
		}
		return true
	})
	d.required(t, "an account", "name", "provider")
	if rules != nil && !d.broken {
		d.complete(t, &a, rules, variable)
	}
	return a
}

// complete reports what an account lacks by the rules of its provider, and fills in default settings.
func (d *decoder) complete(t *node, a *Account, rules *ProviderRules, variable string) {
	secret := slices.ContainsFunc(t.items, func(n *node) bool { return secretKey(n.key) && n.kind == stringKind })
	if t.get("credential") == nil && !rules.CredentialOptional && !secret {
		d.report(t.at, t.path()+".credential", "",
			`an account of %s needs "credential": write credential = { env = %q }, or use command, file or keyring`, a.Provider, variable)
	}
	settings, at := t.get("settings"), t.at
	if settings != nil {
		at = settings.keyAt
	}
	for _, key := range names(rules.Settings) {
		rule, n := rules.Settings[key], settings.get(key)
		missing := n == nil || n.kind == stringKind && n.text == ""
		if rule.Required && missing && (settings == nil || settings.kind == tableKind) {
			d.report(at, t.path()+".settings."+key, "", "an account of %s needs %q in [account.settings]", a.Provider, key)
		}
		if missing && rule.Default != "" {
			a.Settings[key] = rule.Default
		}
	}
}

// settings reads [account.settings]. If the rules of the provider are unknown, the form of a value tells what it is.
func (d *decoder) settings(t *node, a *Account, rules *ProviderRules) {
	for _, n := range t.items {
		rule, known := SettingRule{Secret: n.kind == tableKind || n.kind == stringKind && secretKey(n.key)}, rules == nil
		if rules != nil {
			rule, known = rules.Settings[n.key]
		}
		switch {
		case !known && n.isSecretSetting():
			d.plainSecret(n, "credential", EnvFor(a.Provider, "api_key"))
		case !known:
			d.unknown(n, names(rules.Settings), "unknown setting %s for %s", quoted(n.key), a.Provider)
		case rule.Secret:
			if c := d.credential(n, a.Name, EnvFor(a.Provider, n.key)); !c.IsZero() {
				a.Settings[n.key] = c
			}
		case !d.is(n, stringKind) || n.text == "":
		case n.isSecret():
			d.wrong(n, "%s holds what looks like a secret; secrets don't belong in this file", quoted(n.key))
		case rule.Values == nil || d.oneOf(n, rule.Values, "%s must be one of %s", quoted(n.key), strings.Join(rule.Values, ", ")):
			a.Settings[n.key] = n.text
			d.allowed(n, rule.Check, quoted(n.key))
		}
	}
}

// EnvFor suggests an environment variable for a secret: BIRD_API_KEY for bird and api_key.
func EnvFor(provider, key string) string {
	if provider == "" || looksSecret(provider) || len(provider) > 32 {
		provider = "confab"
	}
	if looksSecret(key) || len(key) > 32 {
		key = "secret"
	}
	return strings.Trim(envWord.ReplaceAllString(strings.ToUpper(provider+"_"+key), "_"), "_")
}

// plainSecret reports a secret that was typed into the file, and shows how to move it. It does not repeat the secret.
func (d *decoder) plainSecret(n *node, field, variable string) {
	d.wrong(n, "%s holds a secret, which doesn't belong in this file: put it into an environment variable and write %s = { env = %q }, "+
		"or use command, file or keyring; then have it replaced, since it was stored here in plain text", quoted(n.key), field, variable)
}

// credential reads a credential table of an account, which has exactly one of env, command, file and keyring.
func (d *decoder) credential(t *node, account, variable string) (c Credential) {
	if t.kind == stringKind {
		d.plainSecret(t, t.key, variable)
		return c
	}
	if !d.is(t, tableKind) {
		return c
	}
	given, before := len(t.items), len(d.problems)
	d.fields(t, []field{
		{"env", stringKind, func(n *node) { c.Env = parsed(d, n, envSource) }},
		{"command", anyKind, func(n *node) { c.Command = d.commandSource(n) }},
		{"file", stringKind, func(n *node) { c.File = parsed(d, n, d.fileSource) }},
		{"keyring", stringKind, func(n *node) {
			c.Keyring = parsed(d, n, func(s string) (string, error) { return keyringSource(s, account) })
		}},
	}, func(n *node, _ []string) bool {
		if n.isSecretSetting() {
			d.plainSecret(n, t.key, variable)
			return true
		}
		given--
		return false
	})
	if given > 1 || given == 0 && len(d.problems) == before && !d.broken {
		d.wrongKey(t, "%s needs exactly one of env, command, file, keyring", quoted(t.key))
	}
	return c
}

func envSource(s string) (string, error) {
	if !envName.MatchString(s) || looksSecret(s) {
		return "", errors.New("must be the name of an environment variable, not its value")
	}
	return s, nil
}

func (d *decoder) commandSource(n *node) (list []string) {
	if n.kind != arrayKind {
		d.wrong(n, `"command" must be a list such as ["pass", "show", "NAME"], not %s; it is run without a shell`, n.kind)
		return nil
	}
	before := len(d.problems)
	for _, item := range d.strings(n) {
		switch {
		case item.isSecret():
			d.wrong(item, `"command" holds what looks like a secret; it must print it, not contain it`)
		case strings.ContainsRune(item.text, 0):
			d.wrong(item, `"command" holds a NUL character`)
		}
		list = append(list, item.text)
	}
	if len(d.problems) == before && (len(list) == 0 || list[0] == "") {
		d.wrong(n, `"command" needs a program`)
	}
	return list
}

// fileSource returns an absolute path. ~/ is the home directory. Other relative paths start beside the settings file.
func (d *decoder) fileSource(s string) (string, error) {
	file := filepath.FromSlash(s)
	switch {
	case file == "" || strings.ContainsRune(file, 0):
		return "", errors.New("must be a path")
	case looksSecret(s):
		return "", errors.New("must be the path of a file that holds the secret, not the secret")
	case strings.HasPrefix(s, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("starts with ~/, but the home directory is unknown")
		}
		return filepath.Join(home, file[2:]), nil
	case filepath.IsAbs(s):
		return filepath.Clean(s), nil
	}
	return filepath.Join(d.dir, file), nil
}

// keyringSource checks the name of a keyring entry. The entries that the set-up makes begin with the name of the account, which may
// have so many letters and digits that it looks like a secret.
func keyringSource(s, account string) (string, error) {
	secret := func(name string) bool { return name != account && looksSecret(strings.TrimPrefix(name, account+".")) }
	service, user := splitKeyring(s)
	switch {
	case service == "" || user == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }):
		return "", errors.New(`must be "NAME" or "SERVICE/NAME"`)
	case secret(s) || secret(user):
		return "", errors.New("must be the name of a keyring entry, not the secret")
	}
	return s, nil
}

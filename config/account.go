package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	// envWord finds what can't stand in an environment variable's name.
	envWord = regexp.MustCompile(`[^A-Z0-9]+`)
)

func (d *decoder) accounts(e *entry, key string) []Account {
	var accounts []Account
	seen := map[string]place{}
	for i, t := range d.tables(e, key) {
		accounts = append(accounts, d.account(t, fmt.Sprintf("%s[%d]", key, i), seen))
	}
	return accounts
}

func (d *decoder) account(t *table, path string, seen map[string]place) Account {
	a := Account{Settings: map[string]any{}}
	// The provider comes first, whatever the order in the file: its rules decide about the rest.
	var rules ProviderRules
	checked := false
	if e := t.get("provider"); e != nil {
		a.Provider, rules, checked = d.provider(e, join(path, "provider"))
	}
	variable := envFor(a.Provider, "api_key")

	known := []field{
		{"name", func(e *entry, key string) { a.Name = d.accountName(e, key, seen) }},
		{"provider", func(*entry, string) {}},
		{"base_url", func(e *entry, key string) { a.BaseURL = d.baseURL(e, key) }},
		{"read_only", func(e *entry, key string) {
			if e.value.kind != boolValue {
				d.wrongType(e, key, "true or false")
			}
			a.ReadOnly = e.value.truth
		}},
		{"since", func(e *entry, key string) { a.Since, _ = d.duration(e, key) }},
		{"pace", func(e *entry, key string) {
			s, ok := d.text(e, key)
			if !ok {
				return
			}
			pace, err := ParsePace(s)
			if err != nil {
				d.report(e.value.at, key, "", `"pace" %s`, err)
			}
			a.Pace = pace
		}},
		{"credential", func(e *entry, key string) { a.Credential = d.credential(e, key, variable) }},
		{"settings", func(e *entry, key string) {
			if s := d.table(e, key); s != nil {
				d.settings(s, key, &a, rules, checked)
			}
		}},
	}
	// A secret under a name of its own would else be just another unknown key.
	plain := &table{at: t.at, byKey: t.byKey}
	for _, e := range t.entries {
		isKnown := slices.ContainsFunc(known, func(f field) bool { return f.name == e.key })
		switch {
		case isKnown || !(secretKey(e.key) || isSecretText(e.value)):
			plain.entries = append(plain.entries, e)
		case e.value.kind == stringValue:
			d.plainSecret(e, join(path, e.key), "credential", variable)
		default:
			d.report(e.at, join(path, e.key), "credential", "unknown key %s", quoted(e.key))
		}
	}
	d.fields(plain, path, known)
	d.required(t, path, "an account", "name", "provider")

	if a.BaseURL == "" {
		a.BaseURL = rules.DefaultBaseURL
	}
	if e := t.get("pace"); e != nil && a.Pace.Off && a.BaseURL != "" && !IsLoopback(a.BaseURL) {
		d.report(e.value.at, join(path, "pace"), "", `"pace" can be "off" on loopback only`)
	}
	if checked && !d.broken {
		d.complete(t, path, &a, rules, variable)
	}
	return a
}

// complete reports what the provider needs and is not there, and fills in defaults.
func (d *decoder) complete(t *table, path string, a *Account, rules ProviderRules, variable string) {
	if t.get("credential") == nil && !rules.CredentialOptional && !hasSecretKey(t) {
		d.report(t.at, join(path, "credential"), "", `a %s account needs "credential": write credential = { env = %q }, or use command, file or keyring`,
			a.Provider, variable)
	}
	at := t.at
	var given *table
	if e := t.get("settings"); e != nil {
		at = e.at
		if e.value.kind != tableValue {
			return
		}
		given = e.value.table
	}
	for _, key := range names(rules.Settings) {
		rule := rules.Settings[key]
		e := given.get(key)
		if rule.Required && (e == nil || e.value.kind == stringValue && e.value.text == "") {
			d.report(at, join(path, "settings."+key), "", "a %s account needs %q in [account.settings]", a.Provider, key)
		}
		if _, ok := a.Settings[key]; !ok && e == nil && rule.Default != "" {
			a.Settings[key] = rule.Default
		}
	}
}

func hasSecretKey(t *table) bool {
	return slices.ContainsFunc(t.entries, func(e *entry) bool { return secretKey(e.key) && e.value.kind == stringValue })
}

func (d *decoder) accountName(e *entry, key string, seen map[string]place) string {
	s, ok := d.text(e, key)
	if !ok {
		return ""
	}
	if !ValidAccountName(s) {
		d.report(e.value.at, key, "", "an account's name has 1 to 64 characters: letters, digits, - and _")
		return s
	}
	if first, double := seen[strings.ToLower(s)]; double {
		d.report(e.value.at, key, "", "account %s is already on line %d", quoted(s), first.line)
		return s
	}
	seen[strings.ToLower(s)] = e.value.at
	return s
}

func (d *decoder) provider(e *entry, key string) (string, ProviderRules, bool) {
	s, ok := d.text(e, key)
	if !ok || d.rules.Providers == nil {
		return s, ProviderRules{}, false
	}
	rules, ok := d.rules.Providers[s]
	if !ok {
		known := names(d.rules.Providers)
		d.report(e.value.at, key, Nearest(s, known), "unknown provider: one of %s", strings.Join(known, ", "))
		return "", ProviderRules{}, false
	}
	return s, rules, true
}

func (d *decoder) baseURL(e *entry, key string) string {
	s, ok := d.text(e, key)
	if !ok || s == "" {
		return ""
	}
	u, err := ParseBaseURL(s)
	if err != nil {
		d.report(e.value.at, key, "", `"base_url" %s`, err)
	}
	return u
}

// settings reads [account.settings]. Without rules for the provider, the shape of a value decides what it is.
func (d *decoder) settings(t *table, path string, a *Account, rules ProviderRules, checked bool) {
	known := names(rules.Settings)
	for _, e := range t.entries {
		key := join(path, e.key)
		rule, ok := rules.Settings[e.key]
		variable := envFor(a.Provider, e.key)
		if !ok {
			rule.Secret = e.value.kind == tableValue || e.value.kind == stringValue && secretKey(e.key)
			if checked {
				if e.value.kind == stringValue && (secretKey(e.key) || isSecretText(e.value)) {
					d.plainSecret(e, key, "credential", envFor(a.Provider, "api_key"))
				} else {
					d.report(e.at, key, Nearest(e.key, known), "unknown setting %s for %s", quoted(e.key), a.Provider)
				}
				continue
			}
		}
		if rule.Secret {
			if c := d.credential(e, key, variable); !c.IsZero() {
				a.Settings[e.key] = c
			}
			continue
		}
		if e.value.kind != stringValue {
			d.wrongType(e, key, "a string")
			continue
		}
		if isSecretText(e.value) {
			d.report(e.value.at, key, "", "%s holds what looks like a secret; secrets don't belong in this file", quoted(e.key))
			continue
		}
		d.setting(e, key, a, rule)
	}
}

func (d *decoder) setting(e *entry, key string, a *Account, rule SettingRule) {
	s := e.value.text
	if s == "" {
		if rule.Default != "" {
			a.Settings[e.key] = rule.Default
		}
		return
	}
	if rule.Values != nil && !slices.Contains(rule.Values, s) {
		d.report(e.value.at, key, Nearest(s, rule.Values), "%s must be one of %s", quoted(e.key), strings.Join(rule.Values, ", "))
		return
	}
	if rule.Check != nil {
		if err := rule.Check(s); err != nil {
			d.report(e.value.at, key, "", "%s: %s", quoted(e.key), err)
			return
		}
	}
	a.Settings[e.key] = s
}

func isSecretText(v *value) bool { return v.kind == stringValue && knownSecret.MatchString(v.text) }

// envFor suggests a variable's name: SALES and api_key make SALES_API_KEY.
func envFor(provider, key string) string {
	if provider == "" || looksSecret(provider) || len(provider) > 32 {
		provider = "confab"
	}
	if looksSecret(key) || len(key) > 32 {
		key = "secret"
	}
	return strings.Trim(envWord.ReplaceAllString(strings.ToUpper(provider+"_"+key), "_"), "_")
}

// plainSecret refuses a secret typed into the file and shows how to move it, without repeating it.
func (d *decoder) plainSecret(e *entry, key, field, variable string) {
	d.report(e.value.at, key, "", "%s holds a secret, which doesn't belong in this file: put it into an environment variable and write %s = { env = %q }, "+
		"or use command, file or keyring; then have it replaced, since it was stored here in plain text", quoted(e.key), field, variable)
}

var credentialKeys = []string{"env", "command", "file", "keyring"}

// credential reads a table with exactly one of env, command, file and keyring.
func (d *decoder) credential(e *entry, key, variable string) Credential {
	if e.value.kind == stringValue {
		d.plainSecret(e, key, e.key, variable)
		return Credential{}
	}
	t := d.table(e, key)
	if t == nil {
		return Credential{}
	}
	var c Credential
	var given []string
	read := func(name string, parse func(e *entry, key string)) field {
		return field{name, func(e *entry, key string) {
			given = append(given, name)
			parse(e, key)
		}}
	}
	rest := &table{at: t.at, byKey: t.byKey}
	for _, f := range t.entries {
		if !slices.Contains(credentialKeys, f.key) && f.value.kind == stringValue && (secretKey(f.key) || isSecretText(f.value)) {
			d.plainSecret(f, join(key, f.key), e.key, variable)
			given = append(given, f.key)
			continue
		}
		rest.entries = append(rest.entries, f)
	}
	wrong := len(d.problems)
	d.fields(rest, key, []field{
		read("env", func(e *entry, key string) { c.Env = d.envSource(e, key) }),
		read("command", func(e *entry, key string) { c.Command = d.commandSource(e, key) }),
		read("file", func(e *entry, key string) { c.File = d.fileSource(e, key) }),
		read("keyring", func(e *entry, key string) { c.Keyring = d.keyringSource(e, key) }),
	})
	if len(given) > 1 || len(given) == 0 && len(d.problems) == wrong && !d.broken {
		d.report(e.at, key, "", "%s needs exactly one of env, command, file, keyring", quoted(e.key))
	}
	return c
}

func (d *decoder) envSource(e *entry, key string) string {
	s, ok := d.text(e, key)
	if ok && (!envName.MatchString(s) || looksSecret(s)) {
		d.report(e.value.at, key, "", `"env" must be the name of an environment variable, not its value`)
	}
	return s
}

func (d *decoder) commandSource(e *entry, key string) []string {
	if e.value.kind != arrayValue {
		d.report(e.value.at, key, "", `"command" must be a list such as ["pass", "show", "NAME"], not %s; it is run without a shell`, e.value.kind)
		return nil
	}
	var list []string
	for _, item := range e.value.items {
		switch {
		case item.kind != stringValue:
			d.report(item.at, key, "", `"command" must hold strings only, not %s`, item.kind)
			return nil
		case knownSecret.MatchString(item.text):
			d.report(item.at, key, "", `"command" holds what looks like a secret; it must print it, not contain it`)
			return nil
		case strings.ContainsRune(item.text, 0):
			d.report(item.at, key, "", `"command" holds a NUL character`)
			return nil
		}
		list = append(list, item.text)
	}
	if len(list) == 0 || list[0] == "" {
		d.report(e.value.at, key, "", `"command" needs a program`)
	}
	return list
}

// fileSource makes the path absolute: ~/ is the home directory, and other relative paths start beside the settings file.
func (d *decoder) fileSource(e *entry, key string) string {
	s, ok := d.text(e, key)
	if !ok {
		return ""
	}
	if s == "" || strings.ContainsRune(s, 0) {
		d.report(e.value.at, key, "", `"file" must be a path`)
		return ""
	}
	if looksSecret(s) {
		d.report(e.value.at, key, "", `"file" must be the path of a file that holds the secret, not the secret`)
		return ""
	}
	if rest, ok := strings.CutPrefix(s, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			d.report(e.value.at, key, "", `"file" starts with ~/, but the home directory is unknown`)
			return ""
		}
		return filepath.Join(home, filepath.FromSlash(rest))
	}
	if filepath.IsAbs(s) {
		return filepath.Clean(s)
	}
	return filepath.Join(d.dir, filepath.FromSlash(s))
}

func (d *decoder) keyringSource(e *entry, key string) string {
	s, ok := d.text(e, key)
	if !ok {
		return ""
	}
	service, user := splitKeyring(s)
	switch {
	case service == "" || user == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }):
		d.report(e.value.at, key, "", `"keyring" must be "NAME" or "SERVICE/NAME"`)
	case looksSecret(s) || looksSecret(user):
		d.report(e.value.at, key, "", `"keyring" must be the name of a keyring entry, not the secret`)
	}
	return s
}

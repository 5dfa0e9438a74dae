package config

import (
	"cmp"
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

func (d *decoder) account(t *node) Account {
	a := Account{Settings: map[string]any{}}
	// The provider comes first, whatever the order in the file: its rules decide about the rest.
	var rules ProviderRules
	checked := false
	if n := t.get("provider"); n != nil {
		a.Provider, rules, checked = d.provider(n)
	}
	variable := envFor(a.Provider, "api_key")

	d.fields(t, []field{
		{"name", func(n *node) { a.Name = d.accountName(n) }},
		{"provider", func(*node) {}},
		{"base_url", func(n *node) { a.BaseURL = d.baseURL(n) }},
		{"read_only", func(n *node) {
			if n.kind != boolKind {
				d.wrongType(n, "true or false")
			}
			a.ReadOnly = n.text == "true"
		}},
		{"since", func(n *node) { a.Since = d.duration(n) }},
		{"pace", func(n *node) { a.Pace = d.pace(n) }},
		{"credential", func(n *node) { a.Credential = d.credential(n, variable) }},
		{"settings", func(n *node) {
			if d.isTable(n) {
				d.settings(n, &a, rules, checked)
			}
		}},
	}, func(n *node, _ []string) bool {
		// A secret under a name of its own would else be just another unknown key.
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

	if a.BaseURL == "" {
		a.BaseURL = rules.DefaultBaseURL
	}
	if n := t.get("pace"); n != nil && a.Pace.Off && a.BaseURL != "" && !IsLoopback(a.BaseURL) {
		d.wrong(n, `"pace" can be "off" on loopback only`)
	}
	if checked && !d.broken {
		d.complete(t, &a, rules, variable)
	}
	return a
}

// complete reports what the provider needs and is not there, and fills in defaults.
func (d *decoder) complete(t *node, a *Account, rules ProviderRules, variable string) {
	if t.get("credential") == nil && !rules.CredentialOptional && !hasSecretKey(t) {
		d.report(t.start(), t.path()+".credential", "",
			`a %s account needs "credential": write credential = { env = %q }, or use command, file or keyring`, a.Provider, variable)
	}
	settings, at := t.get("settings"), t.start()
	if settings != nil {
		at = settings.keyAt
		if settings.kind != tableKind {
			return
		}
	}
	for _, key := range names(rules.Settings) {
		rule := rules.Settings[key]
		n := settings.get(key)
		if rule.Required && (n == nil || n.kind == stringKind && n.text == "") {
			d.report(at, t.path()+".settings."+key, "", "a %s account needs %q in [account.settings]", a.Provider, key)
		}
		if n == nil && rule.Default != "" {
			a.Settings[key] = rule.Default
		}
	}
}

func hasSecretKey(t *node) bool {
	return slices.ContainsFunc(t.items, func(n *node) bool { return secretKey(n.key) && n.kind == stringKind })
}

func (d *decoder) accountName(n *node) string {
	switch {
	case !d.isString(n):
	case !ValidAccountName(n.text):
		d.wrong(n, "an account's name has 1 to 64 characters: letters, digits, - and _")
	default:
		d.unique(n, "account")
	}
	return n.text
}

func (d *decoder) provider(n *node) (string, ProviderRules, bool) {
	if !d.isString(n) {
		return "", ProviderRules{}, false
	}
	if d.rules.Providers == nil {
		return n.text, ProviderRules{}, false
	}
	known := names(d.rules.Providers)
	if !d.oneOf(n, known, "unknown provider: one of %s", strings.Join(known, ", ")) {
		return "", ProviderRules{}, false
	}
	return n.text, d.rules.Providers[n.text], true
}

func (d *decoder) baseURL(n *node) string {
	if !d.isString(n) || n.text == "" {
		return ""
	}
	u, err := ParseBaseURL(n.text)
	if err != nil {
		d.wrong(n, `"base_url" %s`, err)
	}
	return u
}

func (d *decoder) pace(n *node) Pace {
	if !d.isString(n) {
		return Pace{}
	}
	pace, err := ParsePace(n.text)
	if err != nil {
		d.wrong(n, `"pace" %s`, err)
	}
	return pace
}

// settings reads [account.settings]. Without rules for the provider, the shape of a value decides what it is.
func (d *decoder) settings(t *node, a *Account, rules ProviderRules, checked bool) {
	known := names(rules.Settings)
	for _, n := range t.items {
		rule, ok := rules.Settings[n.key]
		switch {
		case ok:
		case !checked:
			rule.Secret = n.kind == tableKind || n.kind == stringKind && secretKey(n.key)
		case n.isSecretSetting():
			d.plainSecret(n, "credential", envFor(a.Provider, "api_key"))
			continue
		default:
			d.unknown(n, known, "unknown setting %s for %s", quoted(n.key), a.Provider)
			continue
		}
		switch {
		case rule.Secret:
			if c := d.credential(n, envFor(a.Provider, n.key)); !c.IsZero() {
				a.Settings[n.key] = c
			}
		case !d.isString(n):
		case n.isSecret():
			d.wrong(n, "%s holds what looks like a secret; secrets don't belong in this file", quoted(n.key))
		default:
			d.setting(n, a, rule)
		}
	}
}

func (d *decoder) setting(n *node, a *Account, rule SettingRule) {
	value := cmp.Or(n.text, rule.Default)
	if value != "" {
		a.Settings[n.key] = value
	}
	switch {
	case n.text == "":
	case rule.Values != nil && !d.oneOf(n, rule.Values, "%s must be one of %s", quoted(n.key), strings.Join(rule.Values, ", ")):
	default:
		d.allowed(n, rule.Check, quoted(n.key))
	}
}

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
func (d *decoder) plainSecret(n *node, field, variable string) {
	d.wrong(n, "%s holds a secret, which doesn't belong in this file: put it into an environment variable and write %s = { env = %q }, "+
		"or use command, file or keyring; then have it replaced, since it was stored here in plain text", quoted(n.key), field, variable)
}

// credential reads a table with exactly one of env, command, file and keyring.
func (d *decoder) credential(t *node, variable string) Credential {
	if t.kind == stringKind {
		d.plainSecret(t, t.key, variable)
		return Credential{}
	}
	if !d.isTable(t) {
		return Credential{}
	}
	var c Credential
	given, before := 0, len(d.problems)
	d.fields(t, []field{
		{"env", func(n *node) { given++; c.Env = d.envSource(n) }},
		{"command", func(n *node) { given++; c.Command = d.commandSource(n) }},
		{"file", func(n *node) { given++; c.File = d.fileSource(n) }},
		{"keyring", func(n *node) { given++; c.Keyring = d.keyringSource(n) }},
	}, func(n *node, _ []string) bool {
		secret := n.isSecretSetting()
		if secret {
			given++
			d.plainSecret(n, t.key, variable)
		}
		return secret
	})
	if given > 1 || given == 0 && len(d.problems) == before && !d.broken {
		d.wrongKey(t, "%s needs exactly one of env, command, file, keyring", quoted(t.key))
	}
	return c
}

func (d *decoder) envSource(n *node) string {
	if d.isString(n) && (!envName.MatchString(n.text) || looksSecret(n.text)) {
		d.wrong(n, `"env" must be the name of an environment variable, not its value`)
	}
	return n.text
}

func (d *decoder) commandSource(n *node) []string {
	if n.kind != arrayKind {
		d.wrong(n, `"command" must be a list such as ["pass", "show", "NAME"], not %s; it is run without a shell`, n.kind)
		return nil
	}
	var list []string
	for _, item := range n.items {
		switch {
		case item.kind != stringKind:
			d.wrong(item, `"command" must hold strings only, not %s`, item.kind)
			return nil
		case item.isSecret():
			d.wrong(item, `"command" holds what looks like a secret; it must print it, not contain it`)
			return nil
		case strings.ContainsRune(item.text, 0):
			d.wrong(item, `"command" holds a NUL character`)
			return nil
		}
		list = append(list, item.text)
	}
	if len(list) == 0 || list[0] == "" {
		d.wrong(n, `"command" needs a program`)
	}
	return list
}

// fileSource makes the path absolute: ~/ is the home directory, and other relative paths start beside the settings file.
func (d *decoder) fileSource(n *node) string {
	file := filepath.FromSlash(n.text)
	switch {
	case !d.isString(n):
	case file == "" || strings.ContainsRune(file, 0):
		d.wrong(n, `"file" must be a path`)
	case looksSecret(n.text):
		d.wrong(n, `"file" must be the path of a file that holds the secret, not the secret`)
	case strings.HasPrefix(n.text, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			d.wrong(n, `"file" starts with ~/, but the home directory is unknown`)
		}
		return filepath.Join(home, file[2:])
	case filepath.IsAbs(n.text):
		return filepath.Clean(n.text)
	}
	return filepath.Join(d.dir, file)
}

func (d *decoder) keyringSource(n *node) string {
	service, user := splitKeyring(n.text)
	switch {
	case !d.isString(n):
	case service == "" || user == "" || strings.ContainsFunc(n.text, func(r rune) bool { return r < ' ' }):
		d.wrong(n, `"keyring" must be "NAME" or "SERVICE/NAME"`)
	case looksSecret(n.text) || looksSecret(user):
		d.wrong(n, `"keyring" must be the name of a keyring entry, not the secret`)
	}
	return n.text
}

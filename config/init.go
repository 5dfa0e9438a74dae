package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// Template is the starter settings file. Everything in it is commented out: a line that begins with "# " is an
// explanation, one that begins with "#" alone is a setting to be uncommented.
func Template(v Validators) string {
	var b strings.Builder
	b.WriteString(`# confab settings. All keys and actions: confab config schema. Check: confab config check.
# Lines that begin with "#" and no space are settings: take the "#" away to use them.

# Time between polls; "0" turns polling off.
#refresh = "` + FormatDuration(DefaultRefresh) + `"

#[ui]
# ` + strings.Join(BuiltinThemes(), ", ") + `, or a name from [themes]
#theme = "` + DefaultTheme + `"
# ` + strings.Join(Layouts(), ", ") + `
#layout = "` + DefaultLayout + `"
`)
	if context, action := exampleAction(v); action != "" {
		fmt.Fprintf(&b, "\n# Keys by context and action.\n#[keys.%s]\n#%s = [\"p\"]\n", context, action)
	}
	b.WriteString(`
# Tabs. Any of your own replaces the default ones: Inbox, one per account, All.
#[[view]]
#name = "Private"
#query = "is:private sort:updated"

# Accounts, as many as you like. Secrets don't belong in this file; credential says where they come from, one of
#   { env = "VARIABLE" }
#   { command = ["pass", "show", "NAME"] }   run without a shell
#   { file = "~/.secrets/NAME" }             readable by you only (chmod 600)
#   { keyring = "NAME" }                     or "SERVICE/NAME"
# More keys of an account: base_url, read_only = true, since = "180d", pace = "3/s".
`)
	for _, name := range names(v.Providers) {
		rules := v.Providers[name]
		fmt.Fprintf(&b, "\n#[[account]]\n#name = %q\n#provider = %q\n#credential = { env = %q }\n", name, name, envFor(name, "api_key"))
		if len(rules.Settings) == 0 {
			continue
		}
		b.WriteString("#[account.settings]\n")
		for _, key := range names(rules.Settings) {
			rule := rules.Settings[key]
			if text := rule.describe(); text != "" {
				fmt.Fprintf(&b, "# %s\n", text)
			}
			switch {
			case rule.Secret:
				fmt.Fprintf(&b, "#%s = { env = %q }\n", key, envFor(name, key))
			case rule.Default != "":
				fmt.Fprintf(&b, "#%s = %q\n", key, rule.Default)
			default:
				fmt.Fprintf(&b, "#%s = \"\"\n", key)
			}
		}
	}
	return b.String()
}

// exampleAction picks an action to show how keys are bound.
func exampleAction(v Validators) (context, action string) {
	for _, a := range v.Actions["list"] {
		if a == "toggle_privacy" {
			return "list", a
		}
	}
	for _, c := range names(v.Actions) {
		if len(v.Actions[c]) > 0 {
			return c, v.Actions[c][0]
		}
	}
	return "", ""
}

// Init writes the starter settings file with mode 0600, and makes its directory with mode 0700 when it is missing. A
// file that is there is never touched: the error is then fs.ErrExist.
func Init(path string, v Validators) error {
	if err := makePrivateDir(filepath.Dir(path)); err != nil {
		return err
	}
	err := createPrivate(path, []byte(Template(v)))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is already there and stays as it is: %w", path, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	return nil
}

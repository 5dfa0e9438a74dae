package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zalando/go-keyring"
)

// Block returns an account as it stands in the settings file, with what differs from the defaults alone.
func (a Account) Block() string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s = %s\n", key, value) }
	b.WriteString("[[account]]\n")
	line("name", basicString(a.Name))
	line("provider", basicString(a.Provider))
	if a.BaseURL != "" {
		line("base_url", basicString(a.BaseURL))
	}
	if !a.Credential.IsZero() {
		line("credential", a.Credential.inline())
	}
	if len(a.Settings) > 0 {
		b.WriteString("[account.settings]\n")
	}
	for _, key := range names(a.Settings) {
		switch v := a.Settings[key].(type) {
		case string:
			line(key, basicString(v))
		case Credential:
			line(key, v.inline())
		}
	}
	return b.String()
}

func (c Credential) inline() string {
	key, value := "env", basicString(c.Env)
	switch {
	case len(c.Command) > 0:
		words := make([]string, len(c.Command))
		for i, word := range c.Command {
			words[i] = basicString(word)
		}
		key, value = "command", "["+strings.Join(words, ", ")+"]"
	case c.File != "":
		key, value = "file", basicString(c.File)
	case c.Keyring != "":
		key, value = "keyring", basicString(c.Keyring)
	}
	return "{ " + key + " = " + value + " }"
}

// basicString quotes a text as TOML does.
func basicString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// ReadBlock reads an account back from its block, as Load would read it from file: defaults filled in, paths absolute.
// The problems are those of what the account has, and of what it lacks.
func ReadBlock(file string, a Account, v Validators) (Account, Errors) {
	c, err := Decode(file, []byte(a.Block()), v)
	var problems Errors
	if errors.As(err, &problems) {
		return a, problems
	}
	return c.Accounts[0], nil
}

// Of returns what is wrong with one key of the first account: its name, or "settings.NAME".
func (e Errors) Of(key string) Errors {
	key = "account[0]." + key
	return slices.DeleteFunc(slices.Clone(e), func(p Problem) bool { return p.Key != key && !strings.HasPrefix(p.Key, key+".") })
}

// Create writes a settings file with these accounts, mode 0600, and makes its directory, mode 0700, where it is missing.
// The file is there whole or not at all. One that is there is never touched: the error is then fs.ErrExist.
func Create(path string, accounts []Account) error {
	text := "# confab settings. All keys and actions: confab config schema. Check: confab config check.\n"
	for _, a := range accounts {
		text += "\n" + a.Block()
	}
	return create(path, text)
}

func create(path, text string) error {
	if err := makeOwnDir(filepath.Dir(path)); err != nil {
		return err
	}
	err := createPrivate(path, []byte(text))
	switch {
	case errors.Is(err, fs.ErrExist):
		return thereAlready(path)
	case err != nil:
		return fmt.Errorf("the config file can't be written: %w", err)
	}
	return nil
}

// thereAlready says that a file is kept; it counts as fs.ErrExist.
type thereAlready string

func (path thereAlready) Error() string { return string(path) + " is already there and stays as it is" }

func (thereAlready) Unwrap() error { return fs.ErrExist }

// FreeFile returns a path beside the settings file for a secret, where nothing is yet.
func (p Paths) FreeFile(name string) string {
	path := filepath.Join(filepath.Dir(p.Config), name)
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) || n > 99 {
			return path
		}
		path = filepath.Join(filepath.Dir(p.Config), fmt.Sprintf("%s-%d", name, n))
	}
}

// FreeEntry returns a name that the keyring has no secret under yet, or why no keyring can be used here.
func (r Resolver) FreeEntry(ctx context.Context, name string) (string, error) {
	entry := name
	for n := 2; ; n++ {
		_, err := r.Resolve(ctx, Credential{Keyring: entry})
		switch {
		case errors.Is(err, keyring.ErrNotFound):
			return entry, nil
		case err != nil && errors.Unwrap(err) != nil || n > 99:
			return "", err
		}
		entry = fmt.Sprintf("%s-%d", name, n)
	}
}

// Keep stores a typed secret where a credential says that it comes from: in a new 0600 file, or in the keyring.
func (r Resolver) Keep(ctx context.Context, c Credential, secret string) error {
	if c.File != "" {
		if err := makeOwnDir(filepath.Dir(c.File)); err != nil {
			return err
		}
		return createPrivate(c.File, []byte(secret+"\n"))
	}
	service, user := splitKeyring(c.Keyring)
	_, err := r.askKeyring(ctx, c, func() (string, error) { return "", keyring.Set(service, user, secret) })
	return err
}

// Drop takes back what Keep stored.
func (c Credential) Drop() error {
	if c.File != "" {
		return os.Remove(c.File)
	}
	return keyring.Delete(splitKeyring(c.Keyring))
}

package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zalando/go-keyring"
)

// Block returns an account as it stands in the settings file, with what differs from the defaults alone.
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

// literal writes a value as TOML on one line, whose escapes are Go's for all that is text.
func literal(value any) string {
	switch v := value.(type) {
	case []string:
		words := make([]string, len(v))
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

// free returns a name, or the first of name-2 to name-99, that is not taken.
func free(name string, taken func(string) bool) string {
	next := name
	for n := 2; taken(next) && n < 100; n++ {
		next = fmt.Sprintf("%s-%d", name, n)
	}
	return next
}

// FreeFile returns a path beside the settings file for a secret, where nothing is yet.
func (p Paths) FreeFile(name string) string {
	return free(filepath.Join(filepath.Dir(p.Config), name), func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// FreeEntry returns a name that the keyring has no secret under yet, or why no keyring can be used here.
func (r Resolver) FreeEntry(ctx context.Context, name string) (string, error) {
	var failed error
	name = free(name, func(entry string) bool {
		_, err := r.Resolve(ctx, Credential{Keyring: entry})
		if errors.Is(err, keyring.ErrNotFound) {
			return false
		}
		if errors.Unwrap(err) != nil {
			failed = err
		}
		return failed == nil
	})
	return name, failed
}

// Keep stores a typed secret where a credential says that it comes from: in a new 0600 file, or in the keyring.
func (r Resolver) Keep(ctx context.Context, c Credential, secret string) error {
	if c.File != "" {
		if err := makeOwnDir(filepath.Dir(c.File)); err != nil {
			return err
		}
		return createPrivate(c.File, []byte(secret+"\n"))
	}
	_, err := r.askKeyring(ctx, c, func(service, user string) (string, error) { return "", keyring.Set(service, user, secret) })
	return err
}

// Drop takes back what Keep stored.
func (c Credential) Drop() error {
	if c.File != "" {
		return os.Remove(c.File)
	}
	return keyring.Delete(splitKeyring(c.Keyring))
}

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"confab/model/private"
)

// SandboxMarker is the first line of the settings files of WriteSandbox, which replaces no other files.
const SandboxMarker = "# Written by confab sandbox; it is replaced each time. Take this line away to keep the file."

// SandboxAccount is an account on the stand-in servers.
type SandboxAccount struct {
	// BaseURL is on loopback. Credential is the secret itself, "" for none.
	Name, Provider, BaseURL, Credential string
	// Settings are those that are no secrets, Secrets the others.
	Settings, Secrets map[string]string

	// The history with which a demo begins. It is not written to the settings.
	Unseen []string // the ids of the unseen conversations
	Acts   []SandboxAct
}

// SandboxAct is an edit made before a demo begins: it sets a field of the conversations that a query finds. Prepare is called
// before. It is an alias, so that accounts of package sandbox can be converted.
type SandboxAct = struct {
	At               time.Time
	Query, Field, To string
	Prepare          func()
}

// WriteSandbox writes settings for the accounts, with pacing off, and each secret to a file with the mode 0600 beside
// them: PATH.ACCOUNT.credential or PATH.ACCOUNT.SETTING. It fails with fs.ErrExist if there is a settings file without
// SandboxMarker, or if there are secret files but no settings file. The settings are written first, so that an interrupted
// call can be repeated.
func WriteSandbox(path string, accounts []SandboxAccount) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	text, secrets, err := sandboxText(path, accounts)
	if err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the directory can't be made: %w", err)
	}
	ours, err := madeBySandbox(path)
	if err != nil {
		return err
	}
	for file := range secrets {
		if _, err := os.Lstat(file); err == nil && !ours {
			return thereAlready(file)
		}
	}
	write := private.Create
	if ours {
		write = private.Replace
	}
	if err := write(path, text); err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	for file, secret := range secrets {
		if err := private.Replace(file, []byte(secret+"\n")); err != nil {
			return fmt.Errorf("the credential can't be written: %w", err)
		}
	}
	return nil
}

// madeBySandbox returns true if the file exists and may be replaced, and an error if it may not.
func madeBySandbox(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	var begin []byte
	if err == nil && info.Mode().IsRegular() {
		begin, err = private.Read(path, int64(len(SandboxMarker)+2), private.Any)
	}
	if err != nil {
		return false, fmt.Errorf("the config there can't be read: %w", err)
	}
	if line, _, _ := strings.Cut(string(begin), "\n"); strings.TrimRight(line, "\r") != SandboxMarker {
		return false, fmt.Errorf("%s was not written by confab sandbox and stays as it is: %w", path, fs.ErrExist)
	}
	return true, nil
}

func sandboxText(path string, accounts []SandboxAccount) ([]byte, map[string]string, error) {
	secrets := map[string]string{}
	keep := func(account, key, value string) Credential {
		file := path + "." + strings.ToLower(account) + "." + key
		secrets[file] = value
		return Credential{File: file}
	}
	list := struct {
		Accounts []shownAccount `toml:"account"`
	}{}
	for _, a := range accounts {
		out := Account{Name: a.Name, Provider: a.Provider, BaseURL: a.BaseURL, Pace: Pace{Text: "off"}, Settings: map[string]any{}}
		if a.Credential != "" {
			out.Credential = keep(a.Name, "credential", a.Credential)
		}
		for key, value := range a.Settings {
			out.Settings[key] = value
		}
		for key, value := range a.Secrets {
			out.Settings[key] = keep(a.Name, key, value)
		}
		list.Accounts = append(list.Accounts, out.shown())
	}
	text, err := toml.Marshal(list)
	if err != nil {
		return nil, nil, err
	}
	text = append([]byte(SandboxMarker+"\n\n"), text...)
	// Decode checks the names, which file names contain, and that the addresses are on loopback.
	_, err = Decode(path, text, Validators{})
	return text, secrets, err
}

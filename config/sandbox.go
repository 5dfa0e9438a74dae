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
)

// SandboxMarker is the first line of a settings file made by WriteSandbox. Only files that begin with it are replaced.
const SandboxMarker = "# Written by confab sandbox; it is replaced each time. Take this line away to keep the file."

// SandboxAccount is an account on the stand-in servers.
type SandboxAccount struct {
	Name, Provider string
	// Unseen are the ids of the conversations that a demo begins with unseen. It is not written.
	Unseen []string
	// Acts are what a demo begins with having done. They are not written.
	Acts []SandboxAct
	// BaseURL must be on loopback.
	BaseURL string
	// Credential is the secret itself; "" for none.
	Credential string
	// Settings that are not secret.
	Settings map[string]string
	// Secrets are the settings that are, the values themselves.
	Secrets map[string]string
}

// SandboxAct is an edit that somebody made before a demo begins: what a query finds got a value for a field. Prepare comes
// before it is made.
type SandboxAct struct {
	At               time.Time
	Query, Field, To string
	Prepare          func()
}

// WriteSandbox writes settings that point at the sandbox, with pacing off, and each secret in a 0600 file beside them,
// PATH.ACCOUNT.credential and PATH.ACCOUNT.SETTING. A settings file without SandboxMarker is refused with
// fs.ErrExist, and so are secret files that are there before such a settings file is. The settings are written first,
// so that a run that was cut short can be repeated.
func WriteSandbox(path string, accounts []SandboxAccount) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	text, secrets, err := sandboxText(path, accounts)
	if err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	if _, err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	ours, err := madeBySandbox(path)
	if err != nil {
		return err
	}
	for file := range secrets {
		info, err := os.Lstat(file)
		switch {
		case err == nil && !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file and stays as it is: %w", file, fs.ErrExist)
		case err == nil && !ours:
			return thereAlready(file)
		}
	}
	write := createPrivate
	if ours {
		write = replacePrivate
	}
	if err := write(path, text); err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	for file, secret := range secrets {
		if err := replacePrivate(file, []byte(secret+"\n")); err != nil {
			return fmt.Errorf("the credential can't be written: %w", err)
		}
	}
	return nil
}

// madeBySandbox reports whether the file may be replaced; it fails when there is one that may not.
func madeBySandbox(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	var begin []byte
	if err == nil && info.Mode().IsRegular() {
		begin, err = readBounded(path, 0, int64(len(SandboxMarker)+2), func(fs.FileInfo) error { return nil })
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
		out := Account{Name: a.Name, Provider: a.Provider, BaseURL: a.BaseURL, Pace: Pace{Off: true}, Settings: map[string]any{}}
		if a.Credential != "" {
			out.Credential = keep(a.Name, "credential", a.Credential)
		}
		for key, value := range a.Settings {
			out.Settings[key] = value
		}
		for key, value := range a.Secrets {
			if !ValidAccountName(key) || key == "credential" {
				return nil, nil, fmt.Errorf("%s is not a setting's name", quoted(key))
			}
			out.Settings[key] = keep(a.Name, key, value)
		}
		list.Accounts = append(list.Accounts, out.shown())
	}
	text, err := toml.Marshal(list)
	if err != nil {
		return nil, nil, err
	}
	text = append([]byte(SandboxMarker+"\n\n"), text...)
	// The names must be right, since files are named after them, and the addresses on loopback.
	_, err = Decode(path, text, Validators{})
	return text, secrets, err
}

package config

import (
	"bufio"
	"bytes"
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
		return err
	}
	if err := makePrivateDir(filepath.Dir(path)); err != nil {
		return err
	}
	ours, err := madeBySandbox(path)
	if err != nil {
		return err
	}
	for _, s := range secrets {
		info, err := os.Lstat(s.path)
		switch {
		case err == nil && !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file and stays as it is: %w", s.path, fs.ErrExist)
		case err == nil && !ours:
			return thereAlready(s.path)
		}
	}
	if ours {
		err = replacePrivate(path, text)
	} else {
		err = createPrivate(path, text)
	}
	if err != nil {
		return fmt.Errorf("the config can't be written: %w", err)
	}
	for _, s := range secrets {
		if err := replacePrivate(s.path, []byte(s.value+"\n")); err != nil {
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
	if err != nil {
		return false, fmt.Errorf("the config there can't be read: %w", err)
	}
	refused := fmt.Errorf("%s was not written by confab sandbox and stays as it is: %w", path, fs.ErrExist)
	if !info.Mode().IsRegular() {
		return false, refused
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("the config there can't be read: %w", err)
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 4096).ReadSlice('\n')
	if strings.TrimRight(string(line), "\r\n") != SandboxMarker {
		return false, refused
	}
	return true, nil
}

// secretFile is one file to be written beside the settings.
type secretFile struct{ path, value string }

func sandboxText(path string, accounts []SandboxAccount) ([]byte, []secretFile, error) {
	var secrets []secretFile
	keep := func(account, key, value string) Credential {
		file := path + "." + strings.ToLower(account) + "." + key
		secrets = append(secrets, secretFile{file, value})
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
		for _, key := range names(a.Secrets) {
			if !ValidAccountName(key) || key == "credential" {
				return nil, nil, fmt.Errorf("%s is not a setting's name", quoted(key))
			}
			out.Settings[key] = keep(a.Name, key, a.Secrets[key])
		}
		list.Accounts = append(list.Accounts, out.shown())
	}
	var b bytes.Buffer
	b.WriteString(SandboxMarker + "\n\n")
	err := toml.NewEncoder(&b).Encode(list)
	if err == nil {
		// The names must be right, since files are named after them, and the addresses on loopback.
		_, err = Decode(path, b.Bytes(), Validators{})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the config can't be written: %w", err)
	}
	return b.Bytes(), secrets, nil
}

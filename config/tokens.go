package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxTokens bounds a token file, in bytes.
const maxTokens = 256 << 10

// TokenFile is where an account's rotated tokens live. It does not lock: hold an exclusive operating system lock on
// Lock from Read to Write. Contents should name the account's identity, since a name may be given to another.
type TokenFile struct {
	Path string
	// Lock is the path of the lock file beside it. It stays when tokens are removed, so that two holders never lock
	// different files of one name.
	Lock string
}

// TokenFile returns the account's file in the state directory, which PrepareState must have made before Write. It fails
// for names that ValidAccountName refuses. Names that differ in letter case only share a file, and Load refuses them
// side by side.
func (p Paths) TokenFile(account string) (TokenFile, error) {
	if !ValidAccountName(account) {
		return TokenFile{}, fmt.Errorf("%s is not an account's name", quoted(account))
	}
	base := filepath.Join(p.State, "tokens-"+strings.ToLower(account))
	return TokenFile{Path: base + ".json", Lock: base + ".lock"}, nil
}

// Read returns the contents. A missing file is fs.ErrNotExist; one that others can read is a *ModeError.
func (t TokenFile) Read() ([]byte, error) {
	data, err := readPrivate(t.Path, maxTokens+1)
	if err != nil {
		return nil, fmt.Errorf("stored tokens: %w", err)
	}
	if len(data) > maxTokens {
		return nil, fmt.Errorf("stored tokens: %s is larger than %d KiB", t.Path, maxTokens>>10)
	}
	return data, nil
}

// Write replaces the contents in one step and reaches the disk before it returns. Mode 0600.
func (t TokenFile) Write(data []byte) error {
	if len(data) > maxTokens {
		return fmt.Errorf("stored tokens: more than %d KiB", maxTokens>>10)
	}
	if err := replacePrivate(t.Path, data); err != nil {
		return fmt.Errorf("stored tokens: %w", err)
	}
	return nil
}

// Remove deletes the tokens; none there is no error.
func (t TokenFile) Remove() error {
	if err := os.Remove(t.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stored tokens: %w", err)
	}
	return nil
}

package kona

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"confab/providers"
)

const (
	// maxTokenFile bounds what is read of a token file.
	maxTokenFile = 64 << 10
	// lockPause is how often a lock that another process holds is tried again.
	lockPause = 50 * time.Millisecond
	// originLogin marks a pair that came from signing in rather than from the configuration.
	originLogin = "login"
)

// tokens is the pair of an account. An access token lives one week; the refresh token is said not to change
// (authentication.md).
type tokens struct {
	Identity string `json:"identity"`
	// Origin is a digest of the configured secrets the pair descends from, so that new ones in the configuration
	// are not shadowed by an old file; or originLogin.
	Origin  string    `json:"origin"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// origin digests secrets one way.
func origin(secrets ...string) string {
	h := sha256.New()
	for _, s := range secrets {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// tokenFile is where the pair of one account is kept: a file that only its owner may read, replaced as a whole, under
// a lock shared by processes.
type tokenFile struct {
	path     string
	identity string
}

// tokenFileOf gives the file of an account: one for each identity and account name, since two accounts of one host
// may be two people. It is named after a digest, since an identity is a URL.
func tokenFileOf(a providers.Account) tokenFile {
	key := a.Name + " " + identity(a)
	return tokenFile{path: filepath.Join(a.StateDir, "kona-"+origin(key)[:16]+".json"), identity: key}
}

// Forget removes the rotated tokens that are kept of an account, if there are any.
func Forget(a providers.Account) error {
	if a.StateDir == "" {
		return nil
	}
	return tokenFileOf(a).remove()
}

// read gives the kept pair, or the zero value where there is none that can be used: no file, one that is damaged, or
// one of another account.
func (f tokenFile) read() (tokens, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return tokens{}, nil
	}
	if err != nil {
		return tokens{}, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxTokenFile))
	if err != nil {
		return tokens{}, err
	}
	var t tokens
	if json.Unmarshal(raw, &t) != nil || t.Identity != f.identity {
		return tokens{}, nil
	}
	return t, nil
}

// write replaces the file in one step: a reader sees the old pair or the new one, also after a crash.
func (f tokenFile) write(t tokens) (err error) {
	t.Identity = f.identity
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".kona-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if _, err := temp.Write(raw); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), f.path); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system can sync a directory; the rename itself has succeeded
		_ = d.Close()
	}
	return nil
}

// lock waits until no other process refreshes the account.
func (f tokenFile) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, lockPause); err != nil {
		return nil, err
	}
	return func() { _ = l.Unlock() }, nil
}

// remove deletes the pair. The lock file stays: removing it could let two processes hold the lock.
func (f tokenFile) remove() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

package kona

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"confab/providers"
)

const (
	maxTokenFile = 64 << 10
	// lockPause is how often a lock that another process holds is tried again.
	lockPause = 50 * time.Millisecond
	// originLogin marks a pair that came from signing in rather than from the configuration.
	originLogin = "login"
	// tempPrefix begins the names of files that are being written.
	tempPrefix = ".kona-"
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
	// User is whose pair it is, "" while that is not known. A record without tokens says it of those that the
	// configuration holds.
	User string `json:"user,omitempty"`
	// Rows is whose rows those are that were stored while the user was not known.
	Rows string `json:"rows,omitempty"`
}

// from returns the pair to use for a configured secret: the kept one if it descends from that, else access.
func (t tokens) from(origin, access string) tokens {
	if t.Origin != origin {
		t = tokens{Origin: origin, Rows: t.Rows}
	}
	if t.Access == "" {
		t.Access = access
	}
	return t
}

// endsSoon reports whether a token is to be renewed.
func (t tokens) endsSoon() bool { return !t.Expires.IsZero() && time.Until(t.Expires) < refreshEarly }

// succeeds reports whether a kept pair takes the place of another one.
func (t tokens) succeeds(other tokens) bool {
	return t.Origin == other.Origin || t.Origin == originLogin
}

// identity is that of an account whose pair this is; formerly is the one under which rows of the same user may have been
// stored before the user was known.
func (t tokens) identity(host string) (identity, formerly string) {
	switch {
	case t.User == "" && t.Rows == "":
		return host, ""
	case t.User == "":
		return host + " user unknown", ""
	case t.User == t.Rows:
		formerly = host
	}
	return host + " user " + t.User, formerly
}

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

// tokenFileOf returns the file of an account: one for each host and account name, since two accounts of one host may be
// two people. It is named after a digest, since the host is a URL.
func tokenFileOf(a providers.Account) tokenFile {
	key := a.Name + " " + service.Name + " " + service.Base(a)
	return tokenFile{path: filepath.Join(a.StateDir, "kona-"+origin(key)[:16]+".json"), identity: key}
}

// files lists what is kept of an account in the state directory, whatever host it had: its pairs, and what a crash left
// of writing one. A pair that cannot be read is of use to nobody, and counts too.
func files(stateDir, account string) ([]string, error) {
	entries, err := os.ReadDir(stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		pair := strings.HasPrefix(e.Name(), "kona-") && strings.HasSuffix(e.Name(), ".json")
		if !pair && !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		path := filepath.Join(stateDir, e.Name())
		var t tokens
		if raw, err := readBounded(path); err == nil && json.Unmarshal(raw, &t) == nil && t.Identity != "" {
			if name, _, _ := strings.Cut(t.Identity, " "); name == account {
				out = append(out, path)
			}
		} else if pair {
			out = append(out, path)
		}
	}
	return out, err
}

// checkPrivate refuses a file that others may have read or written.
func checkPrivate(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	uid, known := owner(info)
	remedy := "; try: confab forget, then confab login"
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link, and tokens are not read through one%s", path, remedy)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file%s", path, remedy)
	case known && uid != os.Geteuid():
		return fmt.Errorf("%s belongs to another user (uid %d)%s", path, uid, remedy)
	case known && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to group or others (mode %04o); try: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

// readBounded reads a regular file, whoever may read it beside us.
func readBounded(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openSafely, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, errors.New("not a regular file"))
	}
	return io.ReadAll(io.LimitReader(file, maxTokenFile))
}

// read returns the kept pair, or the zero value where there is none that can be used: no file, one that is damaged, or
// one of another account. A file that others can read or change, or that is no plain file of this user, is an error.
func (f tokenFile) read() (t tokens, err error) {
	if f.path == "" {
		return t, nil
	}
	var raw []byte
	if err = checkPrivate(f.path); err == nil {
		raw, err = readBounded(f.path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, nil
	case err == nil && (json.Unmarshal(raw, &t) != nil || t.Identity != f.identity):
		return tokens{}, nil
	}
	return t, err
}

// write replaces the file in one step: a reader sees the old pair or the new one, also after a crash.
func (f tokenFile) write(t tokens) error {
	if f.path == "" {
		return nil
	}
	t.Identity = f.identity
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, tempPrefix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // in vain once it is renamed
	_, err = temp.Write(raw)
	if err = cmp.Or(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), f.path)
	}
	if err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system can sync a directory; the rename itself has succeeded
		_ = d.Close()
	}
	return nil
}

// lock waits until no other process refreshes the account. Without a file there is nothing to lock.
func (f tokenFile) lock(ctx context.Context) (unlock func(), err error) {
	if f.path == "" {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, lockPause); err != nil {
		return nil, err
	}
	return func() { _ = l.Unlock() }, nil
}

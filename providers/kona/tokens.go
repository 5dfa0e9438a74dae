package kona

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"confab/model"
	"confab/model/private"
	"confab/providers"
)

const (
	maxTokenFile = 64 << 10
	// lockPause is the time between two attempts to get a lock that another process holds.
	lockPause = 50 * time.Millisecond
	// originLogin is the origin of a pair that came from a sign-in rather than from the configuration.
	originLogin = "login"
	// tempPrefix is the beginning of the names of files that are being written.
	tempPrefix = ".kona-"
)

// tokens is a pair of an access token, which lives for a week, and a refresh token, which is documented not to change
// (authentication.md).
type tokens struct {
	Identity string `json:"identity"`
	// Origin is a digest of the configured secrets from which the pair descends, or originLogin. So a new secret in the
	// configuration takes precedence over a stored pair.
	Origin  string    `json:"origin"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	// User is the id of the user of the pair, or "" while it is unknown. In a record without tokens, it is the user of the
	// configured tokens.
	User string `json:"user,omitempty"`
	// Rows is the id of the user to whom the rows belong that were stored while the user was unknown.
	Rows string `json:"rows,omitempty"`
}

// forOrigin returns the pair to use for a configured secret: t itself if it descends from that secret, or else a pair with the
// configured access token.
func (t tokens) forOrigin(origin, access string) tokens {
	if t.Origin != origin {
		t = tokens{Origin: origin, Rows: t.Rows}
	}
	t.Access = cmp.Or(t.Access, access)
	return t
}

func (t tokens) expiresSoon() bool {
	return !t.Expires.IsZero() && time.Until(t.Expires) < refreshEarly
}

// replaces reports whether a stored pair takes precedence over another pair.
func (t tokens) replaces(other tokens) bool {
	return t.Origin == other.Origin || t.Origin == originLogin
}

// identity returns the identity of an account with this pair. formerly is the identity under which rows of the same user may have
// been stored before the user was known.
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

// origin returns a digest of configured secrets.
func origin(secrets ...string) string {
	h := sha256.New()
	for _, s := range secrets {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// tokenFile is the file that stores the pair of an account. Only its owner may read it. It is replaced as a whole, under a lock
// shared by processes.
type tokenFile struct {
	path     string
	identity string
}

// tokenFileOf returns the token file of an account. There is one for each host and account name, because two accounts on a host may
// be two people. Its name is a digest, because the host is a URL.
func tokenFileOf(a providers.Account) tokenFile {
	key := a.Name + " " + service.Name + " " + service.Base(a)
	return tokenFile{path: filepath.Join(a.StateDir, "kona-"+origin(key)[:16]+".json"), identity: key}
}

// files lists the token files of an account in the state directory, for all hosts, and the remains of a crash while one was
// written. Files of pairs that can't be read are useless, so they are included.
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
		if raw, err := private.Read(path, maxTokenFile, private.Any); err == nil && json.Unmarshal(raw, &t) == nil && t.Identity != "" {
			if name, _, _ := strings.Cut(t.Identity, " "); name == account {
				out = append(out, path)
			}
		} else if pair {
			out = append(out, path)
		}
	}
	return out, err
}

// read returns the stored pair, or the zero value if there is no file, or only a damaged one or one of another account. A file that
// others can read or write, or that is not a regular file of this user, is an error.
func (f tokenFile) read() (t tokens, err error) {
	if f.path == "" {
		return t, nil
	}
	raw, err := private.Read(f.path, maxTokenFile, private.Own)
	if refused, ok := errors.AsType[*private.Error](err); ok {
		refused.Fix = cmp.Or(refused.Fix, "confab forget, then confab login")
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (json.Unmarshal(raw, &t) != nil || t.Identity != f.identity):
		return tokens{}, nil
	case err != nil:
		err = localError("read the kept token", "", err)
	}
	return t, err
}

// write replaces the file in one step: even after a crash, a reader finds the old pair or the new one.
func (f tokenFile) write(t tokens) error {
	if f.path == "" {
		return nil
	}
	t.Identity = f.identity
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return private.Replace(f.path, raw)
}

// lock locks the file against other processes, and reads it.
func (f tokenFile) lock(ctx context.Context, op string) (stored tokens, unlock func(), err error) {
	if f.path == "" {
		return stored, func() {}, nil
	}
	var release func() error
	if err = os.MkdirAll(filepath.Dir(f.path), 0o700); err == nil {
		release, err = private.Lock(ctx, f.path+".lock", lockPause)
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return stored, nil, providers.GivenUp(op, ctx.Err())
	case err != nil:
		return stored, nil, localError(op, "the token file cannot be locked: ", err)
	}
	unlock = func() { _ = release() }
	if stored, err = f.read(); err != nil {
		unlock()
	}
	return stored, unlock, err
}

func localError(op, before string, err error) error {
	return &model.Error{Kind: model.Local, Op: op, Message: before + err.Error(), Err: err}
}

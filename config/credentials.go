package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/zalando/go-keyring"
)

const maxSecret = 64 << 10

// commandTimeout bounds a credential command and a keyring look-up, which may wait for a person to unlock something.
const commandTimeout = 30 * time.Second

// ErrNoCredential means that an account has no credential in the settings.
var ErrNoCredential = errors.New("no credential is configured")

// Credential says where a secret comes from; it holds none itself. Exactly one field is set.
type Credential struct {
	Env     string   `toml:"env,omitempty" json:"env,omitempty"`         // the name of a variable
	Command []string `toml:"command,omitempty" json:"command,omitempty"` // run without a shell
	File    string   `toml:"file,omitempty" json:"file,omitempty"`       // an absolute path
	// Keyring is NAME or SERVICE/NAME in the operating system's keyring.
	Keyring string `toml:"keyring,omitempty" json:"keyring,omitempty"`
}

// IsZero reports whether there is no credential.
func (c Credential) IsZero() bool {
	return c.Env == "" && len(c.Command) == 0 && c.File == "" && c.Keyring == ""
}

// String names the source for people: "environment variable X", "command pass", "file /x", "keyring entry confab/x".
// Of a command only the program is named.
func (c Credential) String() string {
	switch {
	case c.Env != "":
		return "environment variable " + c.Env
	case len(c.Command) > 0:
		return "command " + c.Command[0]
	case c.File != "":
		return "file " + c.File
	case c.Keyring != "":
		service, user := splitKeyring(c.Keyring)
		return "keyring entry " + service + "/" + user
	}
	return "no credential"
}

// CredentialError says why a secret could not be read, with the way out where there is one. It never holds the secret.
type CredentialError struct {
	text string
	// Err is the cause, nil when the text is all there is to know.
	Err error
}

func (e *CredentialError) Error() string { return e.text }
func (e *CredentialError) Unwrap() error { return e.Err }

// verbs begin the reasons that make a sentence with the source before them.
var verbs = regexp.MustCompile(`^(is|has|does|can't|holds|printed|failed:?|belongs) `)

// Resolver reads secrets. The zero value reads from the operating system.
type Resolver struct {
	// HideEnv names variables that credential commands don't get, Config.SecretEnv.
	HideEnv []string
	// Keyring stands in for the operating system's keyring.
	Keyring func(service, user string) (string, error)
	// Held knows secrets that are not stored yet; it may be nil.
	Held func(Credential) (secret string, ok bool)
	// Timeout bounds one command or keyring look-up; 0 means 30 seconds.
	Timeout time.Duration
}

// Resolver returns the resolver for this configuration's credentials: one account's secret is not in the environment
// of another's command.
func (c *Config) Resolver() Resolver { return Resolver{HideEnv: c.SecretEnv()} }

// Resolve reads a secret once. Its errors are ErrNoCredential for a zero Credential, and CredentialError, which holds
// the context's error when that ended it.
func (r Resolver) Resolve(ctx context.Context, c Credential) (string, error) {
	if c.IsZero() {
		return "", ErrNoCredential
	}
	if err := ctx.Err(); err != nil {
		return "", c.failed(err, "stopped before it was read")
	}
	secret, err := r.read(ctx, c)
	if err != nil {
		return "", err
	}
	return checkSecret(c, secret)
}

func (r Resolver) read(ctx context.Context, c Credential) (string, error) {
	if r.Held != nil {
		if secret, ok := r.Held(c); ok {
			return secret, nil
		}
	}
	switch {
	case c.Env != "":
		return c.env()
	case len(c.Command) > 0:
		return r.command(ctx, c)
	case c.File != "":
		return readSecretFile(c)
	}
	get := r.Keyring
	if get == nil {
		get = keyring.Get
	}
	return r.askKeyring(ctx, c, get)
}

// Absent says why a secret can't be had, as far as that shows without asking for it: a variable that is not set, a file
// that is not there.
func (c Credential) Absent() error {
	switch {
	case c.Env != "":
		_, err := c.env()
		return err
	case c.File != "":
		if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
			return c.failed(err, "does not exist")
		}
	}
	return nil
}

// failed builds the error with everything that has the form of a secret taken out.
func (c Credential) failed(cause error, format string, args ...any) error {
	between, reason := ": ", fmt.Sprintf(format, args...)
	if verbs.MatchString(reason) {
		between = " "
	}
	return &CredentialError{redactKnown(clean(c.String())) + between + redactKnown(reason), cause}
}

// checkSecret takes off the line end that editors and commands add, and refuses what can't go into a header.
func checkSecret(c Credential, s string) (string, error) {
	s = strings.TrimRight(strings.TrimPrefix(s, "\ufeff"), "\r\n")
	switch {
	case strings.TrimSpace(s) == "":
		return "", c.failed(nil, "is empty")
	case len(s) > maxSecret:
		return "", c.failed(nil, "is longer than %d KiB", maxSecret>>10)
	case strings.ContainsAny(s, "\r\n"):
		return "", c.failed(nil, "has more than one line; the credential must be the only one")
	case strings.ContainsFunc(s, unicode.IsControl), !utf8.ValidString(s):
		return "", c.failed(nil, "holds a character that can't be sent")
	}
	return s, nil
}

func (c Credential) env() (string, error) {
	s, ok := os.LookupEnv(c.Env)
	switch {
	case !ok:
		return "", c.failed(nil, "is not set")
	case s == "":
		return "", c.failed(nil, "is set but empty")
	}
	return s, nil
}

// askKeyring asks the operating system. The library takes no context, so the call is left behind when its time is up.
func (r Resolver) askKeyring(ctx context.Context, c Credential, ask func(service, user string) (string, error)) (string, error) {
	service, user := splitKeyring(c.Keyring)
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, commandTimeout))
	defer cancel()
	var secret string
	answer := make(chan error, 1)
	go func() {
		var err error
		secret, err = ask(service, user)
		answer <- err
	}()
	select {
	case <-ctx.Done():
		return "", c.failed(ctx.Err(), "the keyring did not answer; unlock it, or use env, command or file instead")
	case err := <-answer:
		switch {
		case err == nil:
			return secret, nil
		case errors.Is(err, keyring.ErrNotFound):
			return "", c.failed(err, "not found; store it in the keyring under service %s and user name %s, "+
				"or use env, command or file instead", quoted(service), quoted(user))
		}
		return "", c.failed(err, "no keyring can be used on this host (%s); use env, command or file instead", firstLine(err.Error()))
	}
}

// splitKeyring reads NAME or SERVICE/NAME; the service is confab when not given. A name may hold further slashes.
func splitKeyring(s string) (service, user string) {
	if service, user, found := strings.Cut(s, "/"); found {
		return service, user
	}
	return appName, s
}

func readSecretFile(c Credential) (string, error) {
	data, err := readPrivate(c.File, maxSecret+1)
	var mode *ModeError
	switch {
	case err == nil:
		return string(data), nil
	case errors.As(err, &mode):
		return "", c.failed(err, "%s", mode.reason())
	case errors.Is(err, fs.ErrNotExist):
		return "", c.failed(err, "does not exist")
	case errors.Is(err, fs.ErrPermission):
		return "", c.failed(err, "can't be read by this user")
	}
	return "", c.failed(err, "can't be read: %s", cause(err))
}

// cause is the bare reason of a file error; the path stands elsewhere in the message.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return firstLine(err.Error())
}

// firstLine is the first line of a foreign text that has any, cleaned, redacted and bounded.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(redact(clean(line))); line != "" {
			if r := []rune(line); len(r) > 200 {
				line = string(r[:200]) + "…"
			}
			return line
		}
	}
	return ""
}

// colorSequence matches what programs colour their messages with.
var colorSequence = regexp.MustCompile(`\x1b\[[0-9;:?]*[ -/]*[@-~]`)

// clean takes control and formatting characters out of a text, colours and bidirectional overrides included.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, colorSequence.ReplaceAllString(s, ""))
}

// Source reads one secret when it is first asked for and keeps it in memory. It is safe for concurrent use; while one
// caller reads, the others wait for its answer or their own context. Failures are not kept: the next Get tries again.
type Source struct {
	credential Credential
	resolver   Resolver
	// kept holds one text, "" for none; who reads or compares takes it and puts one back. A channel, because fmt and
	// encoding/json show what a field holds, but not what is in a channel.
	kept chan string
}

// Source returns a source for a credential; nothing is read yet.
func (r Resolver) Source(c Credential) *Source {
	s := &Source{credential: c, resolver: r, kept: make(chan string, 1)}
	s.kept <- ""
	return s
}

// Get returns the secret. Errors are those of Resolver.Resolve, or the context's when it ended while waiting.
func (s *Source) Get(ctx context.Context) (secret string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	select {
	case secret = <-s.kept:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if secret == "" {
		secret, err = s.resolver.Resolve(ctx, s.credential)
	}
	s.kept <- secret
	return secret, err
}

// Reject drops a secret that the service refused, so that the next Get reads again. One that is no longer kept has
// been read again already. It waits while another caller reads, as the next Get would.
func (s *Source) Reject(refused string) {
	kept := <-s.kept
	if kept == refused {
		kept = ""
	}
	s.kept <- kept
}

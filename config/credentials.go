package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/zalando/go-keyring"

	"confab/model/private"
)

const maxSecret = 64 << 10

// commandTimeout limits a credential command and a keyring look-up. Both may wait for a person to unlock something.
const commandTimeout = 30 * time.Second

// Credential is the source of a secret, but never holds it. Exactly one field is set.
type Credential struct {
	Env     string   `toml:"env,omitempty" json:"env,omitempty"`         // the name of a variable
	Command []string `toml:"command,omitempty" json:"command,omitempty"` // run without a shell
	File    string   `toml:"file,omitempty" json:"file,omitempty"`       // an absolute path
	// Keyring is NAME or SERVICE/NAME in the keyring of the operating system.
	Keyring string `toml:"keyring,omitempty" json:"keyring,omitempty"`
}

// IsZero reports whether no field is set.
func (c Credential) IsZero() bool {
	return c.Env == "" && len(c.Command) == 0 && c.File == "" && c.Keyring == ""
}

// String names the source for people: "environment variable X", "command pass", "file /x", "keyring entry confab/x". It
// leaves out the arguments of a command.
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

// CredentialError says why a secret could not be read, and what to do about it. It never contains the secret.
type CredentialError struct {
	text string
	Err  error // the cause, nil if there is no other error
}

func (e *CredentialError) Error() string { return e.text }
func (e *CredentialError) Unwrap() error { return e.Err }

// Resolver reads secrets. The zero value reads them from the operating system.
type Resolver struct {
	HideEnv []string                                  // variables that credential commands don't get
	Held    func(Credential) (secret string, ok bool) // returns secrets that are not stored yet; may be nil
	Timeout time.Duration                             // of a command or keyring look-up; 0 for commandTimeout
}

// Resolver returns the resolver for the credentials of the config. No credential command gets the secret of another
// account in its environment.
func (c *Config) Resolver() Resolver { return Resolver{HideEnv: c.SecretEnv()} }

// Resolve reads a secret. Its error is a CredentialError, which wraps the error of the context if that has ended.
func (r Resolver) Resolve(ctx context.Context, c Credential) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", c.failed(err, ": stopped before it was read")
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
	return r.askKeyring(ctx, c, keyring.Get)
}

// Absent returns why a secret can't be read, as far as can be seen without reading it: an environment variable is not set,
// or a file does not exist.
func (c Credential) Absent() error {
	switch {
	case c.Env != "":
		_, err := c.env()
		return err
	case c.File != "":
		if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
			return c.failed(err, " does not exist")
		}
	}
	return nil
}

// failed returns a CredentialError, whose text is the name of the source and the reason, which begins with ": " or a blank.
// Anything that has the form of a secret is hidden.
func (c Credential) failed(cause error, format string, args ...any) error {
	return &CredentialError{redactKnown(clean(c.String())) + redactKnown(fmt.Sprintf(format, args...)), cause}
}

// checkSecret removes the line end that editors and commands add, and refuses secrets that can't be sent in a header.
func checkSecret(c Credential, s string) (string, error) {
	s = strings.TrimRight(strings.TrimPrefix(s, "\ufeff"), "\r\n")
	switch {
	case strings.TrimSpace(s) == "":
		return "", c.failed(nil, " is empty")
	case len(s) > maxSecret:
		return "", c.failed(nil, " is longer than %d KiB", maxSecret>>10)
	case strings.ContainsAny(s, "\r\n"):
		return "", c.failed(nil, " has more than one line; the credential must be the only one")
	case strings.ContainsFunc(s, unicode.IsControl), !utf8.ValidString(s):
		return "", c.failed(nil, " holds a character that can't be sent")
	}
	return s, nil
}

func (c Credential) env() (string, error) {
	if s := os.Getenv(c.Env); s != "" {
		return s, nil
	}
	return "", c.failed(nil, " is not set, or empty")
}

// askKeyring calls a function of the keyring. The library takes no context, so a call that takes too long is abandoned.
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
		return "", c.failed(ctx.Err(), ": the keyring did not answer; unlock it, or use env, command or file instead")
	case err := <-answer:
		switch {
		case err == nil:
			return secret, nil
		case errors.Is(err, keyring.ErrNotFound):
			return "", c.failed(err, ": not found; store it in the keyring under service %s and user name %s, "+
				"or use env, command or file instead", quoted(service), quoted(user))
		}
		return "", c.failed(err, ": no keyring can be used on this host (%s); use env, command or file instead", firstLine(err.Error()))
	}
}

// splitKeyring splits NAME or SERVICE/NAME. The service is confab if it is missing. The name may contain more slashes.
func splitKeyring(s string) (service, user string) {
	if service, user, found := strings.Cut(s, "/"); found {
		return service, user
	}
	return appName, s
}

func readSecretFile(c Credential) (string, error) {
	data, err := private.Read(c.File, maxSecret+1, private.Secret)
	var mode *private.Error
	switch {
	case err == nil:
		return string(data), nil
	case errors.As(err, &mode):
		return "", c.failed(err, " %s", mode.Reason())
	case errors.Is(err, fs.ErrNotExist):
		return "", c.failed(err, " does not exist")
	case errors.Is(err, fs.ErrPermission):
		return "", c.failed(err, " can't be read by this user")
	}
	return "", c.failed(err, " can't be read: %s", cause(err))
}

// maxStderr is how many bytes are kept of the error output of a command.
const maxStderr = 4 << 10

var errTooMuch = errors.New("too much output")

// boundedOutput keeps the first max bytes written to it. It drops the rest, or, if strict, fails the write, which ends the
// command.
type boundedOutput struct {
	kept         []byte
	max          int
	strict, over bool
}

func (b *boundedOutput) Write(p []byte) (int, error) {
	room := min(b.max-len(b.kept), len(p))
	b.kept = append(b.kept, p[:room]...)
	if b.over = b.over || room < len(p); b.over && b.strict {
		return 0, errTooMuch
	}
	return len(p), nil
}

// command runs a credential command, in the process group of confab, so that a password prompt can use the terminal.
func (r Resolver) command(ctx context.Context, c Credential) (string, error) {
	limit := cmp.Or(r.Timeout, commandTimeout)
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &boundedOutput{max: maxSecret, strict: true}
	complaint := &boundedOutput{max: maxStderr}
	cmd := exec.CommandContext(timed, c.Command[0], c.Command[1:]...)
	cmd.Stdout, cmd.Stderr = out, complaint
	// A child process that the command left running may keep the output open.
	cmd.WaitDelay = 250 * time.Millisecond
	cmd.Env = WithoutEnv(os.Environ(), r.HideEnv)

	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState != nil && cmd.ProcessState.Success() {
		err = nil
	}
	var exit *exec.ExitError
	switch {
	case err == nil && !out.over:
		return string(out.kept), nil
	case ctx.Err() != nil:
		return "", c.failed(ctx.Err(), ": stopped before it answered")
	case timed.Err() != nil:
		return "", c.failed(timed.Err(), ": no answer within %s", FormatDuration(limit))
	case out.over:
		return "", c.failed(errTooMuch, " printed more than %d KiB", maxSecret>>10)
	case errors.As(err, &exit):
		reason := "failed: " + exit.String()
		if said := withoutOutput(firstLine(string(complaint.kept)), string(out.kept)); said != "" {
			reason += ": " + said
		}
		return "", c.failed(nil, " %s", reason)
	case errors.Is(err, exec.ErrNotFound):
		return "", c.failed(exec.ErrNotFound, ": the program was not found")
	}
	return "", c.failed(nil, " can't be run: %s", cause(err))
}

// withoutOutput removes the output of a command from its error message, which might repeat the secret.
func withoutOutput(complaint, output string) string {
	for word := range strings.FieldsSeq(output) {
		if len(word) >= 4 {
			complaint = strings.ReplaceAll(complaint, word, hidden)
		} else if strings.Contains(complaint, word) {
			return ""
		}
	}
	return complaint
}

// WithoutEnv returns an environment of KEY=VALUE entries without some variables, for child processes. It compares names as
// the operating system does.
func WithoutEnv(environ, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(names, func(name string) bool {
			return name == key || runtime.GOOS == "windows" && strings.EqualFold(name, key)
		})
	})
}

// cause returns the reason of a file error without its path.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return firstLine(err.Error())
}

// firstLine returns the first line of a text that is not empty, cleaned, redacted and shortened.
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

var colorSequence = regexp.MustCompile(`\x1b\[[0-9;:?]*[ -/]*[@-~]`)

// clean removes colours, control characters and format characters such as bidirectional overrides.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, colorSequence.ReplaceAllString(s, ""))
}

// Source reads a secret when it is first needed and keeps it in memory. It is safe for concurrent use. While one caller
// reads, others wait for the result or for the end of their context. A failure is not kept: the next Get reads again.
type Source struct {
	credential Credential
	resolver   Resolver
	// kept always holds one string, "" for no secret. A method takes it out, and puts one back when it is done. It is a
	// channel because fmt and encoding/json print the fields of a struct, but not the contents of a channel.
	kept chan string
}

// Source returns the source for a credential. It reads nothing yet.
func (r Resolver) Source(c Credential) *Source {
	s := &Source{credential: c, resolver: r, kept: make(chan string, 1)}
	s.kept <- ""
	return s
}

// Get returns the secret. Its errors are those of Resolve, or that of the context if it ends while another caller reads.
func (s *Source) Get(ctx context.Context) (secret string, err error) {
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

// Reject drops a secret that the service refused, so that the next Get reads again. It does nothing if another secret was
// read since. It waits while another caller reads.
func (s *Source) Reject(refused string) {
	kept := <-s.kept
	if kept == refused {
		kept = ""
	}
	s.kept <- kept
}

// free returns the name, or name-2 to name-99, whichever is the first that is not taken.
func free(name string, taken func(string) bool) string {
	next := name
	for n := 2; taken(next) && n < 100; n++ {
		next = fmt.Sprintf("%s-%d", name, n)
	}
	return next
}

// FreeFile returns a path beside the settings file where there is no file yet.
func (p Paths) FreeFile(name string) string {
	return free(filepath.Join(filepath.Dir(p.Config), name), func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// FreeEntry returns a name for which the keyring has no secret yet, or an error if no keyring can be used.
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

// Keep stores a secret in the source of a credential: in a new file of the mode 0600, or in the keyring.
func (r Resolver) Keep(ctx context.Context, c Credential, secret string) error {
	if c.File != "" {
		if err := private.Dir(filepath.Dir(c.File)); err != nil {
			return err
		}
		return private.Create(c.File, []byte(secret+"\n"))
	}
	_, err := r.askKeyring(ctx, c, func(service, user string) (string, error) { return "", keyring.Set(service, user, secret) })
	return err
}

// Drop deletes the secret that Keep stored.
func (c Credential) Drop() error {
	if c.File != "" {
		return os.Remove(c.File)
	}
	return keyring.Delete(splitKeyring(c.Keyring))
}

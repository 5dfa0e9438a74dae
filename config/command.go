package config

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// maxStderr bounds what is kept of a command's complaints, in bytes.
const maxStderr = 4 << 10

var errTooMuch = errors.New("too much output")

// boundedOutput keeps what is written up to max bytes. Beyond, it fails the write when strict, which ends the command,
// and else drops the rest.
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

// command runs a credential command. It stays in confab's process group, so that a password prompt can use the terminal.
func (r Resolver) command(ctx context.Context, c Credential) (string, error) {
	limit := cmp.Or(r.Timeout, commandTimeout)
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &boundedOutput{max: maxSecret, strict: true}
	complaint := &boundedOutput{max: maxStderr}
	cmd := exec.CommandContext(timed, c.Command[0], c.Command[1:]...)
	cmd.Stdout, cmd.Stderr = out, complaint
	// A helper that the command left running may hold its output open.
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
		return "", c.failed(ctx.Err(), "stopped before it answered")
	case timed.Err() != nil:
		return "", c.failed(timed.Err(), "no answer within %s", FormatDuration(limit))
	case out.over:
		return "", c.failed(errTooMuch, "printed more than %d KiB", maxSecret>>10)
	case errors.As(err, &exit):
		reason := "failed: " + exit.String()
		if said := withoutOutput(firstLine(string(complaint.kept)), string(out.kept)); said != "" {
			reason += ": " + said
		}
		return "", c.failed(nil, "%s", reason)
	case errors.Is(err, exec.ErrNotFound):
		return "", c.failed(exec.ErrNotFound, "the program was not found")
	}
	return "", c.failed(nil, "can't be run: %s", cause(err))
}

// withoutOutput takes a command's output out of its complaint, in case it repeats the secret.
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

// WithoutEnv returns an environment of KEY=VALUE entries without the named variables, for child processes. Names are
// compared as the operating system does.
func WithoutEnv(environ, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(names, func(name string) bool {
			return name == key || runtime.GOOS == "windows" && strings.EqualFold(name, key)
		})
	})
}

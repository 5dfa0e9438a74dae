package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"confab/model"
	"confab/model/private"
	"confab/ui/theme"
)

// OpenURL opens an http(s) address in the browser, without a shell. environ is the browser's environment.
func OpenURL(url string, environ []string) error {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return errors.New("only http and https addresses are opened")
	}
	args := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		args = []string{"open"}
	case "windows":
		args = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("no browser can be opened here: %w", err)
	}
	cmd := exec.Command(path, append(args[1:], url)...)
	cmd.Env = environ
	err = cmd.Start()
	if err == nil {
		go func() { _ = cmd.Wait() }()
	}
	return err
}

// Silence turns the echo of a terminal off until shown is called. It does nothing if the file is no terminal.
func Silence(tty *os.File) (shown func()) {
	before, err := term.GetState(tty.Fd())
	if err != nil {
		return func() {}
	}
	hidden := *before
	hideTyping(&hidden)
	_ = term.SetState(tty.Fd(), &hidden)
	return func() { _ = term.Restore(tty.Fd(), before) }
}

// UTF8Locale reports whether the locale uses UTF-8. A host that sets no locale, such as Windows, is taken to use it.
func UTF8Locale(getenv func(string) string) bool {
	v := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG"), "utf8"))
	return strings.Contains(strings.ReplaceAll(v, "-", ""), "utf8")
}

// Log is the file of --log. A nil Log writes nothing.
type Log struct {
	file *os.File
	to   *slog.Logger
}

// OpenLog opens a log to append to, with access for the owner only. It returns nil for "".
func OpenLog(path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	f, err := private.Append(path)
	if err != nil {
		return nil, err
	}
	return &Log{file: f, to: slog.New(slog.NewTextHandler(f, nil))}, nil
}

// Line writes one line, cleaned. The errors of a service are written without the service's own text.
func (l *Log) Line(format string, args ...any) {
	if l == nil {
		return
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = model.Brief(err)
		}
	}
	l.to.Info(model.CleanLine(fmt.Sprintf(format, args...), 0))
}

// Close closes the file.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// SlowLoad returns a function for inbox.Options.Loading that writes a line if a load takes longer than a second. It writes nothing
// once the load is over.
func SlowLoad(w io.Writer) func(conversations int) (loaded func()) {
	return func(conversations int) func() {
		said := make(chan struct{})
		t := time.AfterFunc(time.Second, func() {
			fmt.Fprintf(w, "confab: reading %s for searching; the first time after an update takes longer\n",
				theme.Count(conversations, "conversation"))
			close(said)
		})
		return func() {
			if !t.Stop() {
				<-said
			}
		}
	}
}

// Version returns the version that the Go tool wrote into the binary.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(strings.Trim(info.Main.Version, "()"), "devel")
}

// UserName returns the name of the user on this host, or "".
func UserName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// SaveMemory makes the garbage collector run more often the more conversations are kept in memory, unless GOGC is set.
func SaveMemory(conversations int) {
	switch {
	case os.Getenv("GOGC") != "" || conversations < 20_000:
	case conversations < 300_000:
		debug.SetGCPercent(12)
	default:
		debug.SetGCPercent(5)
	}
}

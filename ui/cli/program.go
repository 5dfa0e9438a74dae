package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
)

// Program is what main brings: the terminal, the clock, and how to open what
// the commands use. All functions must be set.
type Program struct {
	Version string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	// InTerminal and ErrTerminal say that In and Err are a terminal: with both,
	// a person can be asked.
	InTerminal, ErrTerminal bool
	// Width gives the cells of a line of Out, 0 where Out is no terminal.
	Width func() int
	// Height gives the lines of the terminal, 0 where Out is none.
	Height func() int
	Getenv func(string) string
	Now    func() time.Time
	// AtOnce is closed when nothing may be waited for any more; see Leave.
	AtOnce <-chan struct{}

	Validators config.Validators
	// Access are the words of all services for who gets in.
	Access []string
	// Services and Keys are what the help topics tell of other parts.
	Services []Service
	Keys     []Key
	// Open opens the engine. Nothing is sent before it is asked for something.
	Open func(ctx context.Context, s Setup) (Engine, error)
	// Screen runs the inbox until the person leaves.
	Screen func(ctx context.Context, s Setup, start Start) error
	// Welcome runs the first screen of somebody without a config.
	Welcome func(ctx context.Context, s Setup) (Choice, error)
	// Check tests one account live with its credential, which is nil where the config names none. No credential is
	// read twice for it, refused or not.
	Check func(ctx context.Context, s Setup, account config.Account, credential *config.Source) []model.CheckResult
	// CheckState tests the state directory and the database in it.
	CheckState func(ctx context.Context, s Setup) []model.CheckResult
	// Forget removes everything kept of an account and names what it removed.
	// A dry run only names it.
	Forget func(ctx context.Context, s Setup, account string, dry bool) ([]string, error)
	// Login prepares a sign-in; its error says why an account has none.
	Login func(ctx context.Context, s Setup, account config.Account) (Login, error)
	// Browse shows an address in the person's browser; nil shows none.
	Browse func(s Setup, url string) error
	// Sandbox makes the stand-in servers.
	Sandbox func(o SandboxOptions) (Sandbox, error)
}

// Service is what can be edited on a service, as its adapter says.
type Service struct {
	Title string
	Edits []Edit
}

// Edit is one kind of edit of a service, whatever the account.
type Edit struct {
	Kind  model.EditKind
	State model.CapabilityState
	// Call is the request that is sent, "" where there is none.
	Call   string
	Reason string
}

// Key is one default binding; Keys is "" where an action has no key.
type Key struct{ Context, Keys, Action, Help string }

// Setup is how the program was asked to run.
type Setup struct {
	Paths  config.Paths
	Config *config.Config
	// Accounts narrows to these, by their names in the config; empty means all.
	Accounts []string
	ReadOnly bool
	ASCII    bool
	// Log is the file to write a log to, "" for none.
	Log  string
	Demo bool
}

// Active lists the accounts that take part.
func (s Setup) Active() []config.Account {
	if s.Config == nil {
		return nil
	}
	if len(s.Accounts) == 0 {
		return s.Config.Accounts
	}
	var out []config.Account
	for _, a := range s.Config.Accounts {
		for _, name := range s.Accounts {
			if a.Name == name {
				out = append(out, a)
				break
			}
		}
	}
	return out
}

// Start is where the inbox opens.
type Start struct {
	Query string
	View  string
}

// Choice is what somebody without a config picked on the welcome screen.
type Choice int

// The choices.
const (
	ChooseQuit Choice = iota
	ChooseDemo
)

// Login is a sign-in of one account in the browser.
type Login interface {
	// Redirect is the address on this machine that the browser comes back to.
	Redirect() string
	// Page gives the page where the person agrees; state comes back with the code.
	Page(state string) string
	// Finish swaps the code for tokens, keeps them, and tells who signed in; "" if
	// the service does not say.
	Finish(ctx context.Context, code string) (who string, err error)
}

// SandboxOptions say what the stand-in servers hold and how they behave.
type SandboxOptions struct {
	Conversations int
	Seed          uint64
	Latency       time.Duration
	Faults        map[string]float64
}

// Sandbox is the stand-in servers.
type Sandbox struct {
	Handler http.Handler
	// Accounts gives the accounts for servers that are reached at root.
	Accounts func(root string) []config.SandboxAccount
}

// run is one run of the program.
type run struct {
	Program
	flags globalFlags
	setup Setup
	asked *prompter
	// status is what a command ended with that is no usage error of cobra's.
	status int
	ended  bool
}

// interactive reports whether a person can be asked.
func (r *run) interactive() bool { return r.InTerminal && r.ErrTerminal }

// onScreen reports whether the screen can be used.
func (r *run) onScreen() bool { return r.InTerminal && r.Width() > 0 }

type globalFlags struct {
	config   string
	log      string
	accounts []string
	readOnly bool
	ascii    bool
	plain    bool
	json     bool
}

// Main runs the program with the arguments after its name and gives the exit
// status. An end of ctx counts as an interrupt.
func Main(ctx context.Context, p Program, args []string) int {
	r := &run{Program: p}
	r.asked = newPrompter(p.In, p.Err)
	if err := exactText(args); err != nil {
		r.usageError(p.Err, fang.Styles{}, err)
		return ExitUsage
	}
	root := r.root()
	root.SetArgs(args)
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	r.strictCommands(root)
	err := fang.Execute(ctx, root, fang.WithVersion(p.Version), fang.WithErrorHandler(r.usageError), fang.WithoutManpage())
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case r.ended:
		return r.status
	case err != nil:
		return ExitUsage
	}
	return ExitOK
}

// usageError prints what cobra found wrong with the command line.
func (r *run) usageError(_ io.Writer, _ fang.Styles, err error) {
	r.complain(err)
	fmt.Fprintln(r.Err, "Try: confab --help")
}

// do wraps a command: what it ends with is shown here, and the status kept, so
// that only a wrong command line goes the way of cobra's errors.
func (r *run) do(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd, args)
		r.ended, r.status = true, CodeOf(err)
		ctx := cmd.Context()
		if ctx.Err() != nil {
			r.status = ExitInterrupted
			var exit *ExitError
			if err == nil || errors.Is(err, context.Canceled) || model.KindOf(err) == model.Canceled || errors.As(err, &exit) && exit.Err == nil {
				fmt.Fprintln(r.Err, "confab: interrupted")
				return nil
			}
		}
		if err != nil && err.Error() != "" {
			r.complain(err)
		}
		return nil
	}
}

// complain prints an error, cleaned, each line of it under the program's name.
func (r *run) complain(err error) {
	for line := range strings.SplitSeq(model.Clean(words(err)), "\n") {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintln(r.Err, "confab: "+r.plainText(line))
		}
	}
}

// words gives the text of an error in which what failed on a service is said in
// a person's words; what stands around it, such as whose it is, stays.
func words(err error) string {
	text := err.Error()
	var walk func(err error)
	walk = func(err error) {
		switch e := err.(type) {
		case nil:
		case *model.Error:
			text = strings.Replace(text, e.Error(), model.Words(e), 1)
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				walk(part)
			}
		default:
			walk(errors.Unwrap(err))
		}
	}
	walk(err)
	return text
}

// say prints a remark for a person, apart from the results.
func (r *run) say(format string, args ...any) {
	fmt.Fprintln(r.Err, r.plainText(fmt.Sprintf(format, args...)))
}

// loadConfig reads the settings and narrows to the accounts that were named.
func (r *run) loadConfig() error {
	if r.setup.Config != nil {
		return nil
	}
	if err := r.findPaths(); err != nil {
		return err
	}
	c, err := config.Load(r.setup.Paths.Config, r.Validators)
	if err != nil {
		if errors.Is(err, config.ErrNoConfig) {
			return &ExitError{Code: ExitUsage, Err: fmt.Errorf(
				"there is no config file at %s: `confab init` writes one to start from, `confab demo` needs none", r.setup.Paths.Config)}
		}
		return &ExitError{Code: ExitUsage, Err: err}
	}
	return r.useConfig(c)
}

func (r *run) findPaths() error {
	if r.setup.Paths != (config.Paths{}) {
		return nil
	}
	paths, err := config.FindPaths(r.flags.config)
	if err != nil {
		return &ExitError{Code: ExitUsage, Err: err}
	}
	r.setup.Paths = paths
	return nil
}

func (r *run) useConfig(c *config.Config) error {
	r.setup.Config = c
	r.setup.ReadOnly = r.flags.readOnly
	r.setup.ASCII = r.flags.ascii
	r.setup.Log = r.flags.log
	for _, name := range r.flags.accounts {
		a, err := r.account(name)
		if err != nil {
			return err
		}
		r.setup.Accounts = append(r.setup.Accounts, a.Name)
	}
	return nil
}

// account finds an account of the config.
func (r *run) account(name string) (config.Account, error) {
	a, ok := r.setup.Config.Account(name)
	if ok {
		return a, nil
	}
	known := r.setup.Config.AccountNames()
	text := fmt.Sprintf("there is no account %q in %s", model.CleanLine(name, 80), r.setup.Paths.Config)
	if near := model.Nearest(name, known); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	} else if len(known) > 0 {
		text += "; there are " + strings.Join(known, ", ")
	}
	return config.Account{}, usage("%s", text)
}

// withEngine opens the engine for one command and closes it afterwards. A
// command that is interrupted ends by itself, once what it sends has ended.
func (r *run) withEngine(ctx context.Context, f func(ctx context.Context, e Engine) error) error {
	if err := r.loadConfig(); err != nil {
		return err
	}
	if len(r.setup.Active()) == 0 {
		return usage("there is no account in %s: add an [[account]], see `confab config schema`", r.setup.Paths.Config)
	}
	e, err := r.Open(ctx, r.setup)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- f(ctx, e) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		if err = r.await(ctx, r.setup, e, ended); err == errLeft {
			return err
		}
	}
	return errors.Join(err, r.Leave(ctx, r.setup, e))
}

// ref reads a ref of an account that takes part.
func (r *run) ref(text string) (model.Ref, error) {
	ref, err := model.ParseRef(text)
	if err != nil {
		return ref, usage("%q: %s", model.CleanLine(text, 200), err)
	}
	a, err := r.account(ref.Account)
	if err != nil {
		return ref, err
	}
	ref.Account = a.Name
	for _, active := range r.setup.Active() {
		if active.Name == a.Name {
			return ref, nil
		}
	}
	return ref, usage("%s is left out by --account", ref)
}

// privateTemp makes a directory for one run, in the user's own runtime
// directory where there is one.
func (r *run) privateTemp() (string, error) {
	base := r.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(base); base == "" || err != nil || !info.IsDir() {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "confab-demo-") // mode 0700
	if err != nil && base != "" {
		dir, err = os.MkdirTemp("", "confab-demo-")
	}
	if err != nil {
		return "", local(err)
	}
	return dir, nil
}

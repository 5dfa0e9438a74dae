package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
)

// Program is what main provides: the terminal, the clock, and functions that open what the commands use.
type Program struct {
	Version  string
	In       io.Reader
	Out, Err io.Writer
	// InTerminal and ErrTerminal say that In and Err are terminals. Questions need both.
	InTerminal, ErrTerminal bool
	// Width and Height return the size of Out in cells, 0 if it is no terminal.
	Width, Height func() int
	Getenv        func(string) string
	Now           func() time.Time
	// AtOnce is closed when the program must stop waiting; see Leave.
	AtOnce <-chan struct{}

	Validators config.Validators
	Access     []string // the access settings of all services
	Services   []Service
	Keys       []Key // the default bindings
	// Open opens the engine, which sends nothing by itself before Start.
	Open   func(ctx context.Context, s Setup) (Engine, error)
	Screen func(ctx context.Context, s Setup, start Start) error
	// Welcome runs the screen for somebody without an account. It returns the choice: demo, account or "".
	Welcome func(ctx context.Context, s Setup) (choice string, err error)
	// Silence turns the echo of the terminal off until shown is called.
	Silence func() (shown func())
	// Check tests an account live, its credential first. It reads each credential once, even if the service rejects it.
	Check func(ctx context.Context, s Setup, account config.Account) []model.CheckResult
	// CheckState tests the state directory and the database in it.
	CheckState func(ctx context.Context, s Setup) []model.CheckResult
	// Forget removes everything that is kept of an account and returns a description of each part. A dry run removes nothing.
	Forget func(ctx context.Context, s Setup, account string, dry bool) ([]string, error)
	// Login prepares a sign-in. Its error says why the account has none.
	Login  func(s Setup, account config.Account) (model.SignIn, error)
	Browse func(s Setup, url string) error
	// Sandbox makes the stand-in servers. accounts returns their accounts, with addresses below root.
	Sandbox func(o SandboxOptions) (servers http.Handler, accounts func(root string) []config.SandboxAccount, err error)
}

// Engine is the part of inbox.Inbox that the commands need. The methods are documented there.
type Engine interface {
	model.AccountReader
	model.Reader
	model.Planner
	model.Ledger
	Sender

	Refs(ctx context.Context, query string, inbox bool) ([]model.Ref, error)
	Nearest(ctx context.Context, view, query string, inbox bool) (nearest string, found int, err error)
	Requests(ctx context.Context, p model.Plan) (model.Plan, error)
	Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error
	Recheck(ctx context.Context, id string) (model.OutboxEntry, error)
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error

	Sync(ctx context.Context, accounts ...string) error
	SyncNow(ctx context.Context, full bool, report func(model.DeliveryResult)) error
	SyncQuery(ctx context.Context, query string, accounts ...string) error
	Start(ctx context.Context)
}

// Service describes a service: how an account of it is set up, and what can be edited.
type Service struct {
	Name, Title string
	// Key is what the service calls its credential and, after a comma, where a person gets one.
	Key    string
	SignIn bool // in the browser
	Edits  []model.CapabilityRow
}

// Key is a default binding. Keys is "" for an action without a key.
type Key struct{ Context, Keys, Action, Help string }

// Setup is how the program was asked to run.
type Setup struct {
	Paths  config.Paths
	Config *config.Config
	// Accounts names the accounts that take part; empty means all.
	Accounts []string
	ReadOnly bool
	ASCII    bool
	// Log is the path of the log, "" for none.
	Log  string
	Demo bool
	// Now is the clock of the engine; nil is time.Now.
	Now func() time.Time
	// Held, if set, returns the secrets of an account that is tried before it is saved.
	Held func(config.Credential) (secret string, ok bool)
}

// Resolver reads the credentials of the config.
func (s Setup) Resolver() config.Resolver {
	r := s.Config.Resolver()
	r.Held = s.Held
	return r
}

// Absent says what to do about the first credential that is not where the config says, or "".
func (s Setup) Absent() string {
	for _, a := range s.Active() {
		for _, c := range a.Credentials() {
			switch err := c.Absent(); {
			case err == nil:
			case c.Env != "":
				return "Set " + c.Env + ", the credential of " + a.Name + ", and start confab again."
			default:
				return a.Name + ": " + err.Error() + ". Put the credential there; it is read again."
			}
		}
	}
	return ""
}

// Active returns the accounts that take part.
func (s Setup) Active() []config.Account {
	return slices.DeleteFunc(slices.Clone(s.Config.Accounts), func(a config.Account) bool { return s.leftOut(a.Name) })
}

func (s Setup) leftOut(account string) bool {
	return len(s.Accounts) > 0 && !slices.Contains(s.Accounts, account)
}

// Start is how the inbox opens.
type Start struct {
	Query, View string
	Greeting    string        // the first message
	Kept        []config.View // the views that were made on the screen
	Notice      string        // why Kept could not be read
}

// SandboxOptions say what the stand-in servers hold and how they behave.
type SandboxOptions struct {
	Hostile       bool // every odd string there is in place of a believable company
	Conversations int
	Seed          uint64
	Latency       time.Duration
	Faults        map[string]float64 // the rate of each
}

type run struct {
	Program
	flags struct {
		config      string
		accounts    []string
		plain, json bool
	}
	stdout   io.Writer // Out of the Program; Out of the run is the run itself, see Write
	setup    Setup
	engine   Engine
	noConfig bool // there is no config file
	prompter *prompter
	linear   *linear // the linear mode, if this is it
	status   int     // the exit status so far
	// writeErr is the first error of printing results. It ends the command.
	writeErr error
}

func (r *run) interactive() bool { return r.InTerminal && r.ErrTerminal }

func (r *run) onScreen() bool { return r.InTerminal && r.Width() > 0 }

// Main runs the program with its arguments and returns the exit status. If ctx ends, that counts as an interrupt.
func Main(ctx context.Context, p Program, args []string) int {
	r := &run{Program: p, prompter: newPrompter(p.In, p.Err), stdout: p.Out}
	r.Out = r
	command := "confab"
	wrong := func(err error) int {
		r.printError(err)
		fmt.Fprintf(r.Err, "Try: %s --help\n", command)
		return ExitUsage
	}
	if err := checkUTF8(args); err != nil {
		return wrong(err)
	}
	root := r.root()
	root.SetArgs(args)
	root.SetIn(p.In)
	root.SetOut(r.Out)
	root.SetErr(p.Err)
	r.addCompletion(root)
	root.SetFlagErrorFunc(flagWords)
	if named, _, err := root.Find(args); err == nil {
		command = named.CommandPath()
	}
	r.addHelp(root)
	root.Version, root.SilenceErrors, root.SilenceUsage = p.Version, true, true
	if p.Getenv("TERM") != "dumb" {
		// fang asks a terminal for its background, which costs seconds if that does not answer. So it prints nothing but help.
		root.SetHelpFunc(func(c *cobra.Command, _ []string) {
			root.SetArgs(append(strings.Fields(c.CommandPath())[1:], "--help"))
			var text bytes.Buffer
			if root.SetOut(&text); r.Width() > 0 {
				root.SetOut(p.Out) // which fang asks what it can show
			}
			_ = fang.Execute(ctx, root, fang.WithVersion(p.Version), fang.WithoutManpage())
			for line := range strings.Lines(text.String()) {
				r.print("%s", strings.TrimRight(line, " \n"))
			}
		})
	}
	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case r.writeErr != nil && r.status == ExitOK: // of one of cobra's own commands
		r.addError(r.writeErr)
	case err != nil:
		return wrong(err)
	}
	return r.status
}

// do makes a command's function for cobra. It prints the error of the command and keeps the exit status, so that cobra sees no
// errors but those of a wrong command line.
func (r *run) do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		err := f(ctx, args)
		switch {
		case ctx.Err() == nil:
			if r.writeErr != nil && !errors.Is(err, r.writeErr) {
				err = errors.Join(err, r.writeErr)
			}
			r.addStatus(CodeOf(err))
		case err == nil || errors.Is(err, errShown) || errors.Is(err, context.Canceled) || model.KindOf(err) == model.Canceled:
			err = errors.New("interrupted") // Main returns the status
		}
		r.printError(err)
		return nil
	}
}

// addStatus counts a status in the exit status.
func (r *run) addStatus(code int) { r.status = Worst(r.status, code) }

func (r *run) addError(err error) {
	r.addStatus(CodeOf(err))
	r.printError(err)
}

// printError prints an error, cleaned, with the program's name before each line.
func (r *run) printError(err error) {
	if err == nil {
		return
	}
	for line := range strings.SplitSeq(model.Clean(err.Error()), "\n") {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintln(r.Err, "confab: "+r.plainText(line))
		}
	}
}

// loadConfig reads the config, once, and checks the accounts of --account.
func (r *run) loadConfig() error {
	if r.setup.Config != nil {
		return nil
	}
	if err := r.findPaths(); err != nil {
		return err
	}
	c, err := config.Load(r.setup.Paths.Config, r.Validators)
	if r.noConfig = errors.Is(err, config.ErrNoConfig); r.noConfig {
		return usage("there is no config file at %s: `confab init` sets up an account, `confab demo` needs none", r.setup.Paths.Config)
	}
	if err != nil {
		return usage("%w", err)
	}
	r.setup.Config = c
	for _, name := range r.flags.accounts {
		a, err := r.account(name)
		if err != nil {
			return err
		}
		r.setup.Accounts = append(r.setup.Accounts, a.Name)
	}
	if len(c.Views) == 0 {
		c.Views = config.DefaultViews(r.setup.Active())
	}
	return nil
}

func (r *run) findPaths() error {
	if r.setup.Paths != (config.Paths{}) {
		return nil
	}
	paths, err := config.FindPaths(r.flags.config)
	if err != nil {
		return usage("%w", err)
	}
	r.setup.Paths = paths
	return nil
}

func (r *run) account(name string) (config.Account, error) {
	a, ok := r.setup.Config.Account(name)
	if ok {
		return a, nil
	}
	return a, usage("there is no account %q in %s%s", model.CleanLine(name, 80), r.setup.Paths.Config,
		suggest(name, r.setup.Config.AccountNames(), "there are"))
}

// suggest ends a sentence about an unknown word with the nearest known one or, if there is a heading, with all of them.
func suggest(word string, known []string, heading string) string {
	if near := model.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if heading == "" || len(known) == 0 {
		return ""
	}
	return "; " + heading + " " + strings.Join(known, ", ")
}

// withEngine calls f with the engine open. After an interrupt it waits for f, which ends once its edits have been sent.
func (r *run) withEngine(ctx context.Context, f func() error) error {
	err := r.loadConfig()
	if err != nil {
		return err
	}
	if len(r.setup.Active()) == 0 {
		return usage("there is no account yet in %s: `confab init` adds one", r.setup.Paths.Config)
	}
	if r.engine, err = r.Open(ctx, r.setup); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		if err = r.await(ctx, r.setup, r.engine, ended); err == errLeft {
			return err
		}
	}
	return errors.Join(err, r.Leave(ctx, r.setup, r.engine))
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
	if r.setup.leftOut(a.Name) {
		return ref, usage("%s is left out by --account", ref)
	}
	return ref, nil
}

// privateTemp makes a directory for this run, in the user's runtime directory if there is one.
func (r *run) privateTemp() (dir string, err error) {
	for _, parent := range []string{r.Getenv("XDG_RUNTIME_DIR"), ""} {
		if dir, err = os.MkdirTemp(parent, "confab-demo-"); err == nil { // mode 0700
			return dir, nil
		}
	}
	return "", local(err)
}

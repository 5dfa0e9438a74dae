// Confab is a keyboard-driven inbox, in the terminal, for the conversations of
// Attention, Bird, AskElephant and Kona.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"

	"confab/config"
	"confab/model"
	"confab/model/inbox"
	"confab/model/private"
	"confab/model/query"
	"confab/model/store"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
	"confab/ui"
	"confab/ui/cli"
	"confab/ui/keymap"
	"confab/ui/theme"
)

func main() {
	// Libraries print to the standard logger, net/http even parts of answers. The screen must stay free of that.
	stdlog.SetOutput(io.Discard)
	ctx, atOnce := signals()
	os.Exit(cli.Main(ctx, program(atOnce), os.Args[1:]))
}

// signals handles the signals that end the program, as described at cli.OrderTime. The first signal ends the context.
func signals() (ctx context.Context, atOnce <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	all := make(chan struct{})
	got := make(chan os.Signal, 8)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first := <-got
		last := time.After(cli.LastTime)
		var order <-chan time.Time
		if first != os.Interrupt {
			order = time.After(cli.OrderTime)
		}
		cancel()
		select {
		case <-got:
		case <-order:
		}
		close(all)
		// The receivers of atOnce get this long to end, whenever the first signal came.
		time.Sleep(cli.LastTime - cli.OrderTime)
		<-last
		os.Exit(cli.ExitInterrupted)
	}()
	return ctx, all
}

func program(atOnce <-chan struct{}) cli.Program {
	slow := quiet
	if term.IsTerminal(os.Stderr.Fd()) {
		slow = cli.SlowLoad(os.Stderr)
	}
	var known []query.Service
	for _, f := range registry {
		known = append(known, query.Service{Name: f.Name, Audience: f.About.Audience})
	}
	query.SetServices(known)
	p := cli.Program{
		Version: cli.Version(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal: term.IsTerminal(os.Stdin.Fd()), ErrTerminal: term.IsTerminal(os.Stderr.Fd()),
		Width:  func() int { w, _, _ := term.GetSize(os.Stdout.Fd()); return w },
		Height: func() int { _, h, _ := term.GetSize(os.Stdout.Fd()); return h },
		Getenv: os.Getenv, Now: time.Now, AtOnce: atOnce, Silence: func() func() { return cli.Silence(os.Stdin) },
		Validators: validators(), Access: registry.AccessValues(), Services: services(), Keys: defaultKeys(),
		Open:    func(ctx context.Context, s cli.Setup) (cli.Engine, error) { return openEngine(ctx, s, slow) },
		Welcome: openWelcome, Check: check, CheckState: checkState, Forget: forget, Login: login, Sandbox: openSandbox,
		Browse: func(s cli.Setup, url string) error {
			return cli.OpenURL(url, config.WithoutEnv(os.Environ(), s.Config.SecretEnv()))
		},
	}
	p.Screen = func(ctx context.Context, s cli.Setup, start cli.Start) error { return screen(ctx, p, s, start) }
	return p
}

type engine struct {
	*inbox.Inbox
	store *store.Store
	log   *cli.Log
}

// Close closes the inbox, which still writes to the store, and then the store. If edits are left that are being sent, the store
// stays open: closing it would give up their claim while a request may still arrive.
func (e *engine) Close(ctx context.Context) error {
	if err := e.Inbox.Close(ctx); err != nil {
		return err
	}
	return errors.Join(e.store.Close(), e.log.Close())
}

func quiet(int) func() { return func() {} }

// openEngine opens the engine. It calls loading before it loads all conversations.
func openEngine(ctx context.Context, s cli.Setup, loading func(conversations int) (loaded func())) (e *engine, err error) {
	l, err := cli.OpenLog(s.Log)
	if err != nil {
		return nil, err
	}
	db, err := openStore(ctx, s)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if note := db.Notice(); note != "" {
		l.Line("%s", note)
		fmt.Fprintln(os.Stderr, "confab: "+note)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close(), l.Close())
		}
	}()
	query.SetDomains(s.Config.UI.Domains)
	o := inbox.Options{Store: db, Refresh: s.Config.Refresh, Now: s.Now, User: cli.UserName(), ReadOnly: s.ReadOnly, Log: l.Line,
		Domains: s.Config.UI.Domains, Loading: func(conversations int) func() {
			cli.SaveMemory(conversations)
			return loading(conversations)
		}}
	for _, a := range s.Active() {
		f, account := providerAccount(s, a, l)
		account.Pacer = pacing(db, f, a)
		p, err := f.Open(account)
		if err != nil {
			return nil, &cli.ExitError{Code: cli.ExitUsage, Err: fmt.Errorf("account %s: %w", a.Name, err)}
		}
		o.Accounts = append(o.Accounts, inbox.Account{Provider: p, Since: a.Since})
	}
	opened, err := inbox.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &engine{opened, db, l}, nil
}

func openStore(ctx context.Context, s cli.Setup) (*store.Store, error) {
	if err := s.Paths.PrepareState(); err != nil {
		return nil, err
	}
	return store.Open(ctx, s.Paths.Database(), store.Options{Waiting: waitingFor})
}

func waitingFor(names []string) {
	fmt.Fprintf(os.Stderr, "confab: waiting for %s, which %s the older database open\n", strings.Join(names, ", "),
		theme.Pick(len(names) == 1, "has", "have"))
}

// providerAccount returns the adapter of an account of the config, and the account as the adapter takes it. Validation has made
// sure that the provider is in the registry.
func providerAccount(s cli.Setup, a config.Account, l *cli.Log) (providers.Factory, providers.Account) {
	f, _ := registry.Find(a.Provider)
	r := s.Resolver()
	out := providers.Account{Name: a.Name, BaseURL: a.BaseURL, ReadOnly: a.ReadOnly || s.ReadOnly,
		Settings: map[string]string{}, Secrets: map[string]model.CredentialSource{}, StateDir: s.Paths.State,
		Log: func(format string, args ...any) { l.Line(a.Name+": "+format, args...) }}
	if !a.Credential.IsZero() {
		out.Credential = credential{r.Source(a.Credential)}
	}
	for name, v := range a.Settings {
		switch v := v.(type) {
		case string:
			out.Settings[name] = v
		case config.Credential:
			out.Secrets[name] = credential{r.Source(v)}
		}
	}
	return f, out
}

type credential struct{ *config.Source }

func (c credential) Get(ctx context.Context) (string, error) {
	secret, err := c.Source.Get(ctx)
	switch {
	case err == nil:
		return secret, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	return "", &model.Error{Kind: model.NoCredential, Op: "read the credential", Message: err.Error(), Err: err}
}

func pacing(db *store.Store, f providers.Factory, a config.Account) model.Pacer {
	every, burst := f.Pace.Every(), f.Pace.Burst
	if a.Pace.Interval > 0 {
		every, burst = a.Pace.Interval, 1
	}
	if a.Pace.Text == "off" || every <= 0 {
		return nil
	}
	return db.Pacer(a.Name, every, burst)
}

func screen(ctx context.Context, p cli.Program, s cli.Setup, start cli.Start) error {
	e, err := openEngine(ctx, s, quiet)
	if err != nil {
		return err
	}
	o := screenOptions(s)
	o.Backend, o.Keys, o.Layout, o.ReadOnly, o.Demo = e, s.Config.Keys, s.Config.UI.Layout, s.ReadOnly, s.Demo
	o.InitialQuery, o.InitialView, o.Greeting = start.Query, start.View, start.Greeting
	o.Notice = cmp.Or(e.store.Notice(), s.Absent(), start.Notice)
	o.Open = func(url string) error { return p.Browse(s, url) }
	o.Background = func() { e.Start(ctx) }
	o.BeforeSuspend, o.AfterResume, o.Save = e.Suspend, e.Resume, s.Paths.SaveReport
	o.Keeper = config.Keeper{Paths: s.Paths, Rules: p.Validators}
	for _, v := range s.Config.Views {
		o.Views = append(o.Views, ui.View(v))
	}
	for _, v := range start.Kept {
		o.Kept = append(o.Kept, ui.View(v))
	}
	err = ui.Run(ctx, ui.New(o))
	return errors.Join(err, p.Leave(ctx, s, e))
}

func screenOptions(s cli.Setup) ui.Options {
	o := ui.Options{ASCII: s.ASCII || !cli.UTF8Locale(os.Getenv), SSH: os.Getenv("SSH_CONNECTION") != "", Now: time.Now,
		Version: cli.Version(), ConfigPath: s.Paths.Config, HasConfig: s.Config != nil}
	if s.Config != nil {
		o.Theme, o.Themes = s.Config.UI.Theme, s.Config.Themes
	}
	return o
}

func openWelcome(ctx context.Context, s cli.Setup) (choice string, err error) {
	o := screenOptions(s)
	o.Welcome = true
	m := ui.New(o)
	err = ui.Run(ctx, m)
	return string(m.Chosen()), err
}

func check(ctx context.Context, s cli.Setup, a config.Account) []model.CheckResult {
	f, account := providerAccount(s, a, nil)
	found := checkResult("credential", "none in the config: this service has a sign-in", nil)
	if !a.Credential.IsZero() {
		source := s.Resolver().Source(a.Credential)
		if _, err := source.Get(ctx); err != nil {
			return []model.CheckResult{{Name: found.Name, Detail: err.Error(), Kind: model.NoCredential}}
		}
		found.Detail, account.Credential = a.Credential.String(), readOnce{credential{source}}
	}
	for name, secret := range account.Secrets {
		account.Secrets[name] = readOnce{secret}
	}
	p, err := f.Open(account)
	if err != nil {
		return []model.CheckResult{found, {Name: "settings", Detail: model.Words(err)}}
	}
	return append([]model.CheckResult{found}, p.Check(ctx)...)
}

// readOnce is a credential that is not read again if the service rejects it: it was read a moment ago.
type readOnce struct{ model.CredentialSource }

func (readOnce) Reject(string) {}

// checkResult returns the result of a check: the error if there is one, else the detail.
func checkResult(name, detail string, err error) model.CheckResult {
	if err != nil {
		detail = err.Error()
	}
	return model.CheckResult{Name: name, OK: err == nil, Detail: detail}
}

func checkState(ctx context.Context, s cli.Setup) []model.CheckResult {
	err := s.Paths.PrepareState()
	found := []model.CheckResult{checkResult("state", s.Paths.State, err)}
	if err != nil {
		return found
	}
	file := s.Paths.Database()
	var damage error
	db, err := store.Open(ctx, file, store.Options{Waiting: waitingFor})
	if err == nil {
		if note := db.Notice(); note != "" {
			file += "; " + note
		}
		damage = db.Check(ctx)
		err = db.Close()
	}
	if found = append(found, checkResult("database", file, err)); err != nil {
		return found
	}
	return append(found, checkResult("contents", "the whole database was read, and it is sound", damage))
}

func forget(ctx context.Context, s cli.Setup, name string, dry bool) (found []string, err error) {
	db, err := openStore(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b, err := inbox.Open(ctx, inbox.Options{Store: db})
	if err != nil {
		return nil, err
	}
	kept, err := b.Kept(ctx, name)
	if err != nil {
		return nil, err
	}
	files, err := filesOf(s.Paths.State, name)
	if err != nil {
		return nil, err
	}
	switch {
	case kept.Conversations > 0:
		found = append(found, theme.Count(kept.Conversations, "cached conversation")+", with marks, drafts and history")
	case kept.Known:
		found = append(found, "marks, drafts and history")
	}
	if kept.Edits > 0 {
		found = append(found, theme.Count(kept.Edits, "undelivered edit"))
	}
	if len(files) > 0 {
		found = append(found, "tokens from signing in and refreshing")
	}
	if len(found) == 0 {
		return nil, nil
	}
	for _, path := range kept.SetAside {
		found = append(found, "a damaged database that was set aside, with all that is in it: "+path)
	}
	if dry {
		return found, nil
	}
	for _, path := range files {
		unlock, err := private.Lock(ctx, path+".lock", time.Millisecond) // whoever renews the tokens now would keep them again
		if err != nil {
			return nil, err
		}
		defer unlock()
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return found, b.Forget(ctx, name)
}

// filesOf lists the files that any provider keeps of an account. The account may have left the config since, or belong to another
// provider now.
func filesOf(state, account string) (all []string, err error) {
	for _, f := range registry {
		if f.Files != nil {
			files, wrong := f.Files(state, account)
			all, err = append(all, files...), errors.Join(err, wrong)
		}
	}
	return all, err
}

func login(s cli.Setup, a config.Account) (model.SignIn, error) {
	l, err := cli.OpenLog(s.Log)
	if err != nil {
		return nil, err
	}
	f, account := providerAccount(s, a, l)
	if f.SignIn == nil {
		return nil, fmt.Errorf("%s has no sign-in: name a credential in the config", f.Title)
	}
	if err := s.Paths.PrepareState(); err != nil {
		return nil, err
	}
	return f.SignIn(account)
}

// registry lists the providers. No other code names them.
var registry = providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}

// validators returns the rules of the config file that other packages own.
func validators() config.Validators {
	v := config.Validators{
		Providers:       map[string]config.ProviderRules{},
		Nearest:         model.Nearest,
		Query:           func(q string) error { _, err := query.Parse(q); return err },
		Actions:         keymap.Actions(),
		Key:             func(key string) error { _, err := keymap.ParseKey(key); return err },
		Themes:          theme.Builtin(),
		ThemeColorNames: theme.Names(),
		ThemeColor:      theme.CheckColor,
	}
	for _, f := range registry {
		rules := config.ProviderRules{DefaultBaseURL: f.DefaultBaseURL, CredentialOptional: f.CredentialOptional,
			Settings: map[string]config.SettingRule{}}
		for _, s := range f.Settings {
			rules.Settings[s.Name] = config.SettingRule{Required: s.Required, Secret: s.Secret, Values: s.Values,
				Default: s.Default, Help: s.Help, Check: s.Check, Asked: s.Asked, With: s.With}
		}
		v.Providers[f.Name] = rules
	}
	return v
}

func services() (all []cli.Service) {
	for _, f := range registry {
		all = append(all, cli.Service{Name: f.Name, Title: f.Title, Key: f.Key, SignIn: f.SignIn != nil, Edits: f.Table})
	}
	return all
}

func defaultKeys() (all []cli.Key) {
	keys, _ := keymap.New(nil)
	for _, c := range keymap.Contexts() {
		for _, b := range keys.Bindings(c) {
			all = append(all, cli.Key{Context: string(c), Keys: b.AllKeys(), Action: string(b.Action), Help: b.Help})
		}
	}
	return all
}

// openSandbox makes the stand-in servers. The function returns their accounts, with addresses below root.
func openSandbox(o cli.SandboxOptions) (http.Handler, func(root string) []config.SandboxAccount, error) {
	world := sandbox.Northwind
	if o.Hostile {
		world = sandbox.Hostile
	}
	box, err := sandbox.New(sandbox.Options{
		World: world, Conversations: o.Conversations, Seed: o.Seed, Latency: o.Latency, Faults: o.Faults,
	})
	return box, func(root string) []config.SandboxAccount { return sandboxAccounts(box, root) }, err
}

func sandboxAccounts(box *sandbox.Sandbox, root string) []config.SandboxAccount {
	var out []config.SandboxAccount
	for _, a := range box.Accounts(root) {
		out = append(out, config.SandboxAccount(a))
	}
	return out
}

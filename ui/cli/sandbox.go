package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

// onSandbox makes a command that runs on a sandbox, with the flags for it.
func (r *run) onSandbox(path string, do func(ctx context.Context, o SandboxOptions, f flags) error) *cobra.Command {
	var o SandboxOptions
	var faults []string
	c := r.command(path, noArgs, func(ctx context.Context, _ []string, f flags) error {
		switch {
		case o.Conversations < 1:
			return usage("--conversations must be at least 1")
		case o.Latency < 0:
			return usage("--latency must not be negative")
		}
		o.Faults = map[string]float64{}
		for _, text := range faults {
			name, rate, _ := strings.Cut(text, "=")
			n, err := strconv.ParseFloat(rate, 64)
			if name == "" || err != nil {
				return usage("--fault wants NAME=RATE, such as 429=0.2, not %q", cell(text))
			}
			o.Faults[name] = n
		}
		return do(ctx, o, f)
	})
	c.Flags().IntVar(&o.Conversations, "conversations", demoConversations, "how many conversations in all")
	c.Flags().BoolVar(&o.Hostile, "hostile", false, "every odd string, length and gap there is, in place of a made-up company")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "which data; the same seed gives the same")
	c.Flags().DurationVar(&o.Latency, "latency", 0, "wait before every answer")
	c.Flags().StringArrayVar(&faults, "fault", nil, "make NAME=RATE of the requests fail, a rate from 0 to 1: "+
		"429 429-date 500-html drop-before drop-after slow concurrent")
	return c
}

type sandboxServer struct {
	server   *http.Server
	address  *net.TCPAddr
	accounts []config.SandboxAccount
	ended    chan error
}

func (r *run) openSandbox(o SandboxOptions, listen string) (*sandboxServer, error) {
	servers, accounts, err := r.Sandbox(o)
	if err != nil {
		return nil, usage("%w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, local(err)
	}
	address := l.Addr().(*net.TCPAddr)
	s := &sandboxServer{address: address, accounts: accounts("http://" + reachable(address)), ended: make(chan error, 1),
		server: &http.Server{Handler: servers, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// reachable returns an address that a client on this machine can use.
func reachable(a *net.TCPAddr) string {
	if a.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", a.Port)
	}
	return a.String()
}

type sandboxJSON struct {
	Account  string `json:"account"`
	BaseURL  string `json:"base_url"`
	Provider string `json:"provider"`
}

func (r *run) serveSandbox(ctx context.Context, o SandboxOptions, f flags) error {
	listen, write := f.text("listen"), f.text("write-config")
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return usage("--listen wants HOST:PORT, such as 127.0.0.1:8420")
	}
	s, err := r.openSandbox(o, listen)
	if err != nil {
		return err
	}
	defer s.server.Close()
	if !s.address.IP.IsLoopback() {
		r.say("confab: warning: %s is reachable from other machines; the data is made up, but anybody may change it", s.address)
	}
	if write != "" {
		if err := config.WriteSandbox(write, s.accounts); errors.Is(err, os.ErrExist) {
			return usage("%w", err)
		} else if err != nil {
			return local(err)
		}
	}
	for _, a := range s.accounts {
		r.result(sandboxJSON{Account: a.Name, BaseURL: a.BaseURL, Provider: a.Provider}, "%-10s %-12s %s", a.Name, a.Provider, a.BaseURL)
	}
	if write != "" && !r.flags.json {
		r.print("config     %s", write)
	}
	r.say("Serving until interrupted.")
	select {
	case err := <-s.ended:
		return local(err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) demo(ctx context.Context, o SandboxOptions, f flags) error {
	if err := r.checkQuery(f.text("query")); err != nil {
		return err
	}
	return r.runDemo(ctx, o, f.start())
}

// runDemo runs the inbox on a sandbox of its own. Its config and state directory are removed when it ends.
func (r *run) runDemo(ctx context.Context, o SandboxOptions, start Start) (err error) {
	r.plainIfDumb()
	s, err := r.openSandbox(o, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer s.server.Close()
	dir, err := r.privateTemp()
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.RemoveAll(dir); gone != nil {
			err = errors.Join(err, fmt.Errorf("the demo's directory stays behind: %w", gone))
		}
	}()
	r.setup.Demo = true
	r.setup.Paths = config.Paths{Config: filepath.Join(dir, "config.toml"), State: filepath.Join(dir, "state")}
	if err := config.WriteSandbox(r.setup.Paths.Config, s.accounts); err != nil {
		return local(err)
	}
	if err := r.loadConfig(); err != nil {
		return err
	}
	if err := r.prepareDemo(ctx, s.accounts, o); err != nil {
		return err
	}
	if !o.Hostile {
		start.Greeting = greeting[r.flags.plain]
	}
	err = r.openInbox(ctx, start)
	if err == nil && r.onScreen() {
		r.say("The demo is over, and nothing of it is kept. confab init adds an account of your own.")
	}
	return err
}

// greeting says what to try in the demo, by whether it runs in the linear mode.
var greeting = map[bool]string{
	false: "Try / label:interview enter * p (nothing leaves this machine)",
	true:  "Everything here is made up, and nothing leaves this machine. Try: list is:public label:interview, then private 1-3",
}

const (
	demoConversations = 400
	// demoReads bounds the first sync of a demo if its accounts are slow or fail; the inbox reads the rest. Otherwise the sync
	// gets the time to read everything, since conversations that are read later count as unseen.
	demoReads = 3 * time.Second
	// manyConversations take so long to read that the demo says so.
	manyConversations = 5000
)

// prepareDemo syncs the accounts, marks as seen the conversations that they do not name as unseen, and makes the edits of
// earlier days. It does nothing if the accounts name no unseen conversations. It uses an engine of its own, so that u in the
// inbox does not take these acts back.
func (r *run) prepareDemo(ctx context.Context, accounts []config.SandboxAccount, o SandboxOptions) error {
	if !slices.ContainsFunc(accounts, func(a config.SandboxAccount) bool { return len(a.Unseen) > 0 }) {
		return nil
	}
	var past atomic.Pointer[time.Time]
	setup := r.setup
	setup.Now = func() time.Time {
		if at := past.Load(); at != nil {
			return *at
		}
		return r.Now()
	}
	e, err := r.Open(ctx, setup)
	if err != nil {
		return err
	}
	patience := demoReads
	disturbed := len(o.Faults) > 0 || o.Latency > 0
	if !disturbed {
		patience += time.Duration(o.Conversations) * 5 * time.Millisecond
	}
	if disturbed || r.setup.ReadOnly {
		for i := range accounts {
			accounts[i].Acts = nil
		}
	}
	if o.Conversations >= manyConversations || disturbed {
		r.say("Reading %s…", theme.Count(o.Conversations, "conversation"))
	}
	reading, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = e.Sync(reading) // an error comes again in the inbox, which shows it
	err = SeedDemo(ctx, e, accounts, past.Store)
	return errors.Join(err, r.Leave(ctx, r.setup, e))
}

// SeedDemo marks all conversations but the unseen ones of the accounts as seen, and carries their acts out. setClock sets the clock of
// the engine for an act; nil sets it back.
func SeedDemo(ctx context.Context, e Engine, accounts []config.SandboxAccount, setClock func(*time.Time)) error {
	unseen := map[model.Ref]bool{}
	var acts []config.SandboxAct
	for _, a := range accounts {
		for _, id := range a.Unseen {
			unseen[model.Ref{Account: a.Name, ID: id}] = true
		}
		acts = append(acts, a.Acts...)
	}
	refs, err := e.Refs(ctx, "is:any", false)
	if err == nil {
		refs = slices.DeleteFunc(refs, func(ref model.Ref) bool { return unseen[ref] })
		err = e.Triage(ctx, refs, model.TriageChange{Seen: new(true)}, nil)
	}
	slices.SortFunc(acts, func(a, b config.SandboxAct) int { return a.At.Compare(b.At) })
	defer setClock(nil)
	for _, act := range acts {
		setClock(&act.At)
		err = errors.Join(err, perform(ctx, e, act))
	}
	return err
}

func perform(ctx context.Context, e Engine, act config.SandboxAct) error {
	refs, err := e.Refs(ctx, act.Query, false)
	if err != nil || len(refs) == 0 {
		return err
	}
	change := model.Change{Kind: model.EditKind(act.Field), Op: model.OpSet, Target: model.TextValue(act.To)}
	plan, err := e.Plan(ctx, refs, []model.Change{change}, model.PlanOptions{})
	if err != nil {
		return err
	}
	ids, err := e.Submit(ctx, plan)
	if err != nil {
		return err
	}
	act.Prepare()
	return e.Deliver(ctx, ids, func(model.DeliveryResult) {})
}

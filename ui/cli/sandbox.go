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
	"time"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
)

// sandboxFlags say what the stand-in servers hold, as typed.
type sandboxFlags struct {
	SandboxOptions
	faults []string
}

func (f *sandboxFlags) register(c *cobra.Command) {
	c.Flags().IntVar(&f.Conversations, "conversations", 400, "how many conversations in all")
	c.Flags().BoolVar(&f.Hostile, "hostile", false, "every odd string, length and gap there is, in place of a made-up company")
	c.Flags().Uint64Var(&f.Seed, "seed", 1, "which data; the same seed gives the same")
	c.Flags().DurationVar(&f.Latency, "latency", 0, "wait before every answer")
	c.Flags().StringArrayVar(&f.faults, "fault", nil, "make NAME=RATE of the requests fail, a rate from 0 to 1: "+
		"429 429-date 500-html drop-before drop-after slow concurrent")
}

func (f *sandboxFlags) parse() (SandboxOptions, error) {
	o := f.SandboxOptions
	o.Faults = map[string]float64{}
	if f.Conversations < 1 {
		return o, usage("--conversations must be at least 1")
	}
	if f.Latency < 0 {
		return o, usage("--latency must not be negative")
	}
	for _, text := range f.faults {
		name, rate, ok := strings.Cut(text, "=")
		n, err := strconv.ParseFloat(rate, 64)
		if !ok || name == "" || err != nil {
			return o, usage("--fault wants NAME=RATE, such as 429=0.2, not %q", cell(text))
		}
		o.Faults[name] = n
	}
	return o, nil
}

func (r *run) sandboxCommand() *cobra.Command {
	var f sandboxFlags
	var listen, write string
	c := &cobra.Command{
		Use:     "sandbox --listen HOST:PORT",
		Short:   "Serve stand-ins of the four services, for development",
		Example: "  confab sandbox --listen 127.0.0.1:8420 --write-config /tmp/sandbox/config.toml",
		Args:    noArgs,
		RunE: r.do(func(ctx context.Context, _ []string) error {
			o, err := f.parse()
			if err != nil {
				return err
			}
			if _, _, err := net.SplitHostPort(listen); err != nil {
				return usage("--listen wants HOST:PORT, such as 127.0.0.1:8420")
			}
			return r.serveSandbox(ctx, o, listen, write)
		}),
	}
	f.register(c)
	c.Flags().StringVar(&listen, "listen", "", "the HOST:PORT to serve on")
	c.Flags().StringVar(&write, "write-config", "", "write a config to file that points here, its credentials beside it")
	return c
}

// serving is a sandbox that is reached over HTTP.
type serving struct {
	server   *http.Server
	listener net.Listener
	accounts []config.SandboxAccount
	ended    chan error
}

func (r *run) openSandbox(o SandboxOptions, listen string) (*serving, error) {
	servers, accounts, err := r.Sandbox(o)
	if err != nil {
		return nil, usage("%w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, local(err)
	}
	s := &serving{listener: l, accounts: accounts("http://" + reachable(l.Addr())), ended: make(chan error, 1),
		server: &http.Server{Handler: servers, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// reachable is the address for clients on this machine.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "localhost"
		}
	}
	return net.JoinHostPort(host, port)
}

type sandboxJSON struct {
	Account  string `json:"account"`
	BaseURL  string `json:"base_url"`
	Provider string `json:"provider"`
}

func (r *run) serveSandbox(ctx context.Context, o SandboxOptions, listen, write string) error {
	s, err := r.openSandbox(o, listen)
	if err != nil {
		return err
	}
	defer s.server.Close()
	if tcp, ok := s.listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		r.say("confab: warning: %s is reachable from other machines; the data is made up, but anybody may change it", tcp)
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

func (r *run) demoCommand() *cobra.Command {
	var f sandboxFlags
	var start Start
	c := &cobra.Command{
		Use:   "demo",
		Short: "Open the inbox on stand-in servers: no network, no config, nothing left behind",
		Args:  noArgs,
		RunE: r.do(func(ctx context.Context, _ []string) error {
			o, err := f.parse()
			if err != nil {
				return err
			}
			if err := r.checkQuery(start.Query); err != nil {
				return err
			}
			return r.demo(ctx, o, start)
		}),
	}
	f.register(c)
	start.register(c)
	return c
}

// demo runs the inbox on a sandbox of its own, with a config and a state
// directory that go when it ends.
func (r *run) demo(ctx context.Context, o SandboxOptions, start Start) (err error) {
	r.suitTerminal()
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
	if err := r.markSeen(ctx, s.accounts); err != nil {
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

// greeting says what to try in the demo, on the screen and in the line mode.
var greeting = map[bool]string{
	false: "Try / label:interview enter, then * and p (nothing leaves this machine)",
	true:  "Everything here is made up, and nothing leaves this machine. Try: list is:public label:interview, then private 1-3",
}

// demoReads is how long a demo's first look at its accounts may take; slow or failing ones are read once the inbox is open.
const demoReads = 3 * time.Second

// markSeen reads the accounts and marks all conversations seen but those they name. Without such a name it does nothing. The engine
// for that is one of its own: in the inbox there is nothing to take back.
func (r *run) markSeen(ctx context.Context, accounts []config.SandboxAccount) error {
	unseen := map[model.Ref]bool{}
	for _, a := range accounts {
		for _, id := range a.Unseen {
			unseen[model.Ref{Account: a.Name, ID: id}] = true
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	e, err := r.Open(ctx, r.setup)
	if err != nil {
		return err
	}
	reading, cancel := context.WithTimeout(ctx, demoReads)
	defer cancel()
	// What fails here fails again in the inbox, which says so.
	_ = e.Sync(reading)
	refs, err := e.Refs(ctx, "is:any", false)
	if err == nil {
		seen := true
		refs = slices.DeleteFunc(refs, func(ref model.Ref) bool { return unseen[ref] })
		err = e.Triage(ctx, refs, model.TriageChange{Seen: &seen})
	}
	return errors.Join(err, r.Leave(ctx, r.setup, e))
}

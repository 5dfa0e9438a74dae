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
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"confab/config"
)

func (o *SandboxOptions) register(c *cobra.Command) {
	c.Flags().IntVar(&o.Conversations, "conversations", 400, "how many conversations in all")
	c.Flags().BoolVar(&o.Hostile, "hostile", false, "every odd string, length and gap there is, in place of a made-up company")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "which data; the same seed gives the same")
	c.Flags().DurationVar(&o.Latency, "latency", 0, "wait before every answer")
	c.Flags().StringArrayVar(&o.faults, "fault", nil, "make NAME=RATE of the requests fail, a rate from 0 to 1: "+
		"429 429-date 500-html drop-before drop-after slow concurrent")
}

func (o *SandboxOptions) check() error {
	switch {
	case o.Conversations < 1:
		return usage("--conversations must be at least 1")
	case o.Latency < 0:
		return usage("--latency must not be negative")
	}
	o.Faults = map[string]float64{}
	for _, text := range o.faults {
		name, rate, _ := strings.Cut(text, "=")
		n, err := strconv.ParseFloat(rate, 64)
		if name == "" || err != nil {
			return usage("--fault wants NAME=RATE, such as 429=0.2, not %q", cell(text))
		}
		o.Faults[name] = n
	}
	return nil
}

func (r *run) sandboxCommand() *cobra.Command {
	var o SandboxOptions
	c := r.commandOf("sandbox", noArgs, func(ctx context.Context, _ []string, f flags) error {
		if err := o.check(); err != nil {
			return err
		}
		if _, _, err := net.SplitHostPort(f.text("listen")); err != nil {
			return usage("--listen wants HOST:PORT, such as 127.0.0.1:8420")
		}
		return r.serveSandbox(ctx, o, f.text("listen"), f.text("write-config"))
	})
	o.register(c)
	return c
}

type serving struct {
	server   *http.Server
	address  *net.TCPAddr
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
	address := l.Addr().(*net.TCPAddr)
	s := &serving{address: address, accounts: accounts("http://" + reachable(address)), ended: make(chan error, 1),
		server: &http.Server{Handler: servers, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

func reachable(a *net.TCPAddr) string {
	switch {
	case !a.IP.IsUnspecified():
		return a.String()
	case a.IP.To4() == nil:
		return fmt.Sprintf("localhost:%d", a.Port)
	}
	return fmt.Sprintf("127.0.0.1:%d", a.Port)
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

func (r *run) demoCommand() *cobra.Command {
	var o SandboxOptions
	c := r.commandOf("demo", noArgs, func(ctx context.Context, _ []string, f flags) error {
		if err := o.check(); err != nil {
			return err
		}
		if err := r.checkQuery(f.text("query")); err != nil {
			return err
		}
		return r.demo(ctx, o, f.start())
	})
	o.register(c)
	return c
}

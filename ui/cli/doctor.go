package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
)

// finding is one line of doctor.
type finding struct {
	// Account is "" for what is about this machine.
	Account string
	model.CheckResult
	code int
}

// findingJSON is a finding as it is printed.
type findingJSON struct {
	Account *string          `json:"account"`
	Name    string           `json:"name"`
	OK      bool             `json:"ok"`
	Detail  string           `json:"detail"`
	Kind    *model.ErrorKind `json:"kind"`
}

func (r *run) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check the config, the paths, the terminal, and every account live",
		Args:  noArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			if err := r.loadConfig(); err != nil {
				return err
			}
			return r.doctor(cmd.Context())
		}),
	}
}

func (r *run) doctor(ctx context.Context) error {
	var codes []int
	report := func(list []finding) error {
		for _, f := range list {
			codes = append(codes, f.code)
			if r.flags.json {
				line := findingJSON{Account: orNull(f.Account), Name: f.Name, OK: f.OK, Detail: f.Detail, Kind: orNull(f.Kind)}
				if err := r.object(line); err != nil {
					return err
				}
				continue
			}
			word := "ok  "
			if !f.OK {
				word = "FAIL"
			}
			name := f.Account
			if name == "" {
				name = "here"
			}
			r.print("%s  %-12s %-14s %s", word, cell(name), cell(f.Name), model.CleanLine(f.Detail, 1000))
		}
		return nil
	}

	active := r.setup.Active()
	found := make([][]finding, len(active))
	var wait sync.WaitGroup
	for i, a := range active {
		wait.Go(func() { found[i] = r.checkAccount(ctx, a) })
	}
	// What is known at once is shown while the accounts are asked.
	err := report(r.checkHere(ctx))
	wait.Wait()
	if err != nil {
		return err
	}
	for _, list := range found {
		if err := report(list); err != nil {
			return err
		}
	}
	return status(codes)
}

func (r *run) checkAccount(ctx context.Context, a config.Account) []finding {
	f := finding{Account: a.Name, CheckResult: model.CheckResult{Name: "credential", OK: true, Detail: a.Credential.String()}}
	var source *config.Source
	if !a.Credential.IsZero() {
		source = r.setup.Config.Resolver().Source(a.Credential)
		if _, err := source.Get(ctx); err != nil {
			f.OK, f.Detail, f.Kind, f.code = false, err.Error(), model.NoCredential, ExitUsage
			// Nothing more can be learnt without it.
			return []finding{f}
		}
	}
	out := []finding{f}
	for _, c := range r.Check(ctx, r.setup, a, source) {
		f := finding{Account: a.Name, CheckResult: c}
		if !c.OK {
			f.code = codeOfKind(c.Kind)
		}
		out = append(out, f)
	}
	return out
}

func (r *run) checkHere(ctx context.Context) []finding {
	p := r.setup.Paths
	out := []finding{
		{CheckResult: model.CheckResult{Name: "version", OK: true, Detail: r.Version}},
		{CheckResult: model.CheckResult{Name: "config", OK: true, Detail: modeOf(p.Config)}},
	}
	for _, c := range r.CheckState(ctx, r.setup) {
		f := finding{CheckResult: c}
		if !c.OK {
			f.code = ExitLocal
		}
		out = append(out, f)
	}
	return append(out, finding{CheckResult: model.CheckResult{Name: "terminal", OK: true, Detail: r.terminalFacts()}})
}

func modeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("%s (mode %04o)", path, info.Mode().Perm())
}

// terminalFacts says what confab sees of the terminal.
func (r *run) terminalFacts() string {
	var facts []string
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	if w, h := r.Width(), r.Height(); w > 0 {
		add("%dx%d", w, h)
	} else {
		add("output is no terminal")
	}
	if !r.interactive() {
		add("nobody to ask")
	}
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"} {
		if v := r.Getenv(name); v != "" {
			add("%s=%s", name, v)
		}
	}
	for name, word := range map[string]string{"SSH_CONNECTION": "over SSH", "TMUX": "in tmux", "STY": "in screen"} {
		if r.Getenv(name) != "" {
			add("%s", word)
		}
	}
	return strings.Join(facts, ", ")
}

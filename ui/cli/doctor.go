package cli

import (
	"cmp"
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
	code int // the exit status where it is not OK
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
		RunE: r.do(func(ctx context.Context, _ []string) error {
			if err := r.loadConfig(); err != nil {
				return err
			}
			return r.doctor(ctx)
		}),
	}
}

func (r *run) doctor(ctx context.Context) error {
	var codes []int
	report := func(list []finding) {
		for _, f := range list {
			word := "ok  "
			if !f.OK {
				word = "FAIL"
				codes = append(codes, f.code)
			}
			r.result(findingJSON{Account: orNull(f.Account), Name: f.Name, OK: f.OK, Detail: f.Detail, Kind: orNull(f.Kind)},
				"%s  %-12s %-14s %s", word, cell(cmp.Or(f.Account, "here")), cell(f.Name), model.CleanLine(f.Detail, 1000))
		}
	}

	active := r.setup.Active()
	found := make([][]finding, len(active))
	var wait sync.WaitGroup
	for i, a := range active {
		wait.Go(func() { found[i] = r.checkAccount(ctx, a) })
	}
	// What is known at once is shown while the accounts are asked.
	report(r.checkHere(ctx))
	wait.Wait()
	for _, list := range found {
		report(list)
	}
	return status(codes...)
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
		out = append(out, finding{Account: a.Name, CheckResult: c, code: codeOfKind(c.Kind)})
	}
	return out
}

func (r *run) checkHere(ctx context.Context) []finding {
	file := r.setup.Paths.Config
	if info, err := os.Stat(file); err == nil {
		file = fmt.Sprintf("%s (mode %04o)", file, info.Mode().Perm())
	}
	out := []finding{
		{CheckResult: model.CheckResult{Name: "version", OK: true, Detail: r.Version}},
		{CheckResult: model.CheckResult{Name: "config", OK: true, Detail: file}},
	}
	for _, c := range r.CheckState(ctx, r.setup) {
		out = append(out, finding{CheckResult: c, code: ExitLocal})
	}
	return append(out, finding{CheckResult: model.CheckResult{Name: "terminal", OK: true, Detail: r.terminalFacts()}})
}

// terminalFacts says what confab sees of the terminal.
func (r *run) terminalFacts() string {
	facts := []string{"output is no terminal"}
	if w := r.Width(); w > 0 {
		facts[0] = fmt.Sprintf("%dx%d", w, r.Height())
	}
	if !r.interactive() {
		facts = append(facts, "nobody to ask")
	}
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"} {
		if v := r.Getenv(name); v != "" {
			facts = append(facts, name+"="+v)
		}
	}
	for _, is := range [][2]string{{"SSH_CONNECTION", "over SSH"}, {"TMUX", "in tmux"}, {"STY", "in screen"}} {
		if r.Getenv(is[0]) != "" {
			facts = append(facts, is[1])
		}
	}
	return strings.Join(facts, ", ")
}

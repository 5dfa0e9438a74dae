package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

func (r *run) configCommand() *cobra.Command {
	c := r.command("config", noArgs,
		func(context.Context, []string, flags) error { return usage("say what: path, check, show or schema") })
	for name, do := range map[string]func() error{
		"path": r.configPath, "check": r.configCheck, "show": r.configShow, "schema": r.configSchema,
	} {
		c.AddCommand(r.command("config "+name, noArgs, func(context.Context, []string, flags) error { return do() }))
	}
	return c
}

type pathsJSON struct {
	Config   string `json:"config"`
	State    string `json:"state"`
	Database string `json:"database"`
}

func (r *run) configPath() error {
	if err := r.findPaths(); err != nil {
		return err
	}
	p := r.setup.Paths
	r.result(pathsJSON{Config: p.Config, State: p.State, Database: p.Database()}, "%s", p.Config)
	return nil
}

func (r *run) configShow() error {
	if err := r.loadConfig(); err != nil {
		return err
	}
	shown := *r.setup.Config
	shown.Accounts = r.setup.Active() // as the views are theirs
	err := config.Show(r.Out, &shown, r.flags.json)
	return cmp.Or(r.writeErr, err)
}

func (r *run) configSchema() error {
	if !r.flags.json {
		r.printTopic("settings")
		return nil
	}
	text, err := config.Schema(r.Validators)
	if err != nil {
		return local(err)
	}
	fmt.Fprintln(r.Out, strings.TrimRight(string(text), "\n"))
	return nil
}

type problemJSON struct {
	File string `json:"file"`
	// Line and Column are null if the problem is about the whole file.
	Line       *int    `json:"line"`
	Column     *int    `json:"column"`
	Key        *string `json:"key"`
	Message    string  `json:"message"`
	Suggestion *string `json:"suggestion"`
}

type checkJSON struct {
	OK       bool          `json:"ok"`
	Problems []problemJSON `json:"problems"`
}

func (r *run) configCheck() error {
	err := r.loadConfig()
	if !r.flags.json {
		if err == nil {
			c := r.setup.Config
			r.print("%s: ok, %s, %s", r.setup.Paths.Config, theme.Count(len(r.setup.Active()), "account"),
				theme.Count(len(c.Views), "view"))
			r.sayNoAccount()
		}
		return err
	}
	var problems config.Errors
	if err != nil && !errors.As(err, &problems) {
		problems = config.Errors{{File: r.setup.Paths.Config, Message: err.Error()}}
	}
	out := checkJSON{OK: err == nil, Problems: []problemJSON{}}
	for _, p := range problems {
		out.Problems = append(out.Problems, problemJSON{File: p.File, Line: model.OrNull(p.Line), Column: model.OrNull(p.Column),
			Key: model.OrNull(p.Key), Message: p.Message, Suggestion: model.OrNull(p.Suggestion)})
	}
	r.object(out)
	r.addStatus(CodeOf(err))
	return nil
}

// findingJSON is the result of a check. Account is null for a check of this machine.
type findingJSON struct {
	Account *string          `json:"account"`
	Name    string           `json:"name"`
	OK      bool             `json:"ok"`
	Detail  string           `json:"detail"`
	Kind    *model.ErrorKind `json:"kind"`
}

func (r *run) doctor(ctx context.Context, _ []string, _ flags) error {
	if err := r.loadConfig(); err != nil {
		return err
	}
	active := r.setup.Active()
	found := make([][]model.CheckResult, len(active))
	var wait sync.WaitGroup
	for i, a := range active {
		wait.Go(func() { found[i] = r.Check(ctx, r.setup, a) })
	}
	// The checks of this machine are printed while the accounts are checked.
	for _, c := range r.checkHere(ctx) {
		r.reportCheck("", c, ExitLocal)
	}
	wait.Wait()
	var broken []string
	for i, a := range active {
		for _, c := range found[i] {
			r.reportCheck(a.Name, c, codeOfKind(c.Kind))
		}
		if !canList(found[i]) {
			broken = append(broken, a.Name)
		}
	}
	switch all := theme.Count(len(active), "account"); {
	case r.flags.json || len(active) == 0:
		r.sayNoAccount()
	case len(broken) > 0:
		r.say("%d of %s can't be read: %s.", len(broken), all, strings.Join(broken, ", "))
	default:
		r.say("%s can be read.", all)
	}
	return nil
}

// canList reports whether the list of an account could be read.
func canList(found []model.CheckResult) bool {
	return slices.ContainsFunc(found, func(c model.CheckResult) bool { return c.OK && c.Name == model.CheckList })
}

func (r *run) sayNoAccount() {
	if !r.flags.json && len(r.setup.Config.Accounts) == 0 {
		r.say("There is no account yet: `confab init` adds one.")
	}
}

// reportCheck prints the result of a check; code is the exit status if it failed.
func (r *run) reportCheck(account string, c model.CheckResult, code int) {
	word := "ok  "
	if !c.OK {
		word = "FAIL"
		r.addStatus(code)
	}
	r.result(findingJSON{Account: model.OrNull(account), Name: c.Name, OK: c.OK, Detail: c.Detail, Kind: model.OrNull(c.Kind)},
		"%s  %-12s %-14s %s", word, cell(cmp.Or(account, "here")), cell(c.Name), model.CleanLine(c.Detail, 1000))
}

func (r *run) checkHere(ctx context.Context) []model.CheckResult {
	file := r.setup.Paths.Config
	if info, err := os.Stat(file); err == nil {
		file = fmt.Sprintf("%s (mode %04o)", file, info.Mode().Perm())
	}
	out := []model.CheckResult{{Name: "version", OK: true, Detail: r.Version}, {Name: "config", OK: true, Detail: file}}
	out = append(out, r.CheckState(ctx, r.setup)...)
	return append(out, model.CheckResult{Name: "terminal", OK: true, Detail: r.terminalFacts()})
}

func (r *run) terminalFacts() string {
	facts := []string{"output is no terminal"}
	if w := r.Width(); w > 0 {
		facts[0] = fmt.Sprintf("%dx%d", w, r.Height())
	}
	if !r.interactive() {
		facts = append(facts, "nobody to ask")
	}
	for _, about := range [][2]string{{"TERM"}, {"COLORTERM"}, {"NO_COLOR"}, {"LC_ALL"}, {"LC_CTYPE"}, {"LANG"},
		{"SSH_CONNECTION", "over SSH"}, {"TMUX", "in tmux"}, {"STY", "in screen"}} {
		if v := r.Getenv(about[0]); v != "" {
			facts = append(facts, cmp.Or(about[1], about[0]+"="+v))
		}
	}
	return strings.Join(facts, ", ")
}

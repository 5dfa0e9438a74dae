package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

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
		r.note(code)
	}
	r.result(findingJSON{Account: orNull(account), Name: c.Name, OK: c.OK, Detail: c.Detail, Kind: orNull(c.Kind)},
		"%s  %-12s %-14s %s", word, cell(cmp.Or(account, "here")), cell(c.Name), model.CleanLine(c.Detail, 1000))
}

// checkHere checks this machine.
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

type forgottenJSON struct {
	Account string `json:"account"`
	Removed bool   `json:"removed"`
	What    string `json:"what"`
}

func (r *run) forget(ctx context.Context, args []string, f flags) error {
	o := sendOptions{yes: f.on("yes"), dryRun: f.on("dry-run")}
	if err := r.checkCanAsk(o); err != nil {
		return err
	}
	if err := r.loadConfig(); err != nil {
		return err
	}
	name := args[0] // which may have left the config
	a, configured := r.setup.Config.Account(name)
	if configured {
		name = a.Name
	}
	if !config.ValidAccountName(name) {
		return usage("%q is no account name", model.CleanLine(name, 80))
	}
	found, err := r.Forget(ctx, r.setup, name, true)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return refused("nothing is kept of an account %q", name)
	}
	word := "would be removed"
	if !o.dryRun {
		if !o.yes {
			r.say("This is kept of %s:", name)
			for _, what := range found {
				r.say("  %s", model.CleanLine(what, 500))
			}
		}
		if err := r.agree(ctx, o, "Remove all of it?", true, "Nothing was removed."); err != nil {
			return err
		}
		word = "removed"
		if found, err = r.Forget(ctx, r.setup, name, false); err != nil {
			return err
		}
	}
	for _, what := range found {
		r.result(forgottenJSON{Account: name, Removed: !o.dryRun, What: what}, "%s: %s", word, model.CleanLine(what, 500))
	}
	if configured && !o.dryRun && !r.flags.json {
		r.say("%s is still in %s: the next confab reads it again, unless you take it out.", name, r.setup.Paths.Config)
	}
	return nil
}

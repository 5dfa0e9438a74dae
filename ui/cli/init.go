package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

type initJSON struct {
	Config string `json:"config"`
}

func (r *run) initConfig(ctx context.Context, _ []string, f flags) error {
	if err := r.findPaths(); err != nil {
		return err
	}
	if f.on("defaults") || !r.interactive() {
		return r.writeDefaults()
	}
	saved, err := r.addAccounts(ctx)
	if saved && !r.flags.json {
		r.say("confab opens the inbox.")
	}
	return err
}

func (r *run) writeDefaults() error {
	path := r.setup.Paths.Config
	if err := config.Init(path, r.Validators); errors.Is(err, fs.ErrExist) {
		return usage("%w", err)
	} else if err != nil {
		return local(err)
	}
	r.result(initJSON{Config: path}, "%s", path)
	if !r.flags.json {
		r.say("Add an account to it, then see `confab config check` and `confab doctor`.")
	}
	return nil
}

// setUp asks for accounts and tries them. It writes nothing until all questions are answered: typed secrets stay in memory.
type setUp struct {
	*run
	exists   bool // there is a config file, which is left as it is
	others   []config.Account
	accounts []config.Account  // those that are done
	draft    map[string]any    // the answers about the next one by the keys of the config: texts, and credentials
	secrets  map[string]string // the secrets to store, by Credential.String
	signIns  []string
	scratch  string // the state directory of trials
}

func (r *run) addAccounts(ctx context.Context) (saved bool, err error) {
	if !r.interactive() {
		return false, usage("adding an account asks questions, and there is no terminal to ask on: " +
			"`confab init --defaults` writes a config to edit")
	}
	s := &setUp{run: r, secrets: map[string]string{}}
	// A config with mistakes does not keep an account from being tried.
	c, err := config.Load(s.setup.Paths.Config, s.Validators)
	if err == nil {
		s.others = c.Accounts
	}
	if s.exists = !errors.Is(err, config.ErrNoConfig); s.exists {
		s.printError(err)
		s.say("%s is there already and stays as it is: what to paste into it is printed at the end.", s.setup.Paths.Config)
	}
	if s.scratch, err = r.privateTemp(); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.scratch)) }()
	s.say("An account is tried before it is saved. esc and enter goes back one question, ctrl+c leaves.")
	for more := true; more; {
		err := s.addAccount(ctx)
		if errors.Is(err, errLeave) || errors.Is(err, errNoAnswer) {
			break
		}
		if err != nil {
			return false, err
		}
		if more, err = r.prompter.confirm(ctx, "Add another account?", false); err != nil {
			return false, err
		}
	}
	if len(s.accounts) == 0 {
		s.say("Nothing was saved.")
		return false, errShown
	}
	return s.save(ctx)
}

var errLeave = errors.New("left the set-up")

// addAccount asks about an account until it works, or the person saves it as it is.
func (s *setUp) addAccount(ctx context.Context) error {
	s.draft = nil
	for word := "change"; word != "save"; {
		if word == "change" {
			if err := s.questions(ctx); err != nil {
				return err
			}
		}
		works, err := s.try(ctx)
		if err != nil {
			return err
		}
		if works {
			break
		}
		word, err = s.choose(ctx, "It did not work. What now?", []choice{{"again", "try it once more"},
			{"change", "go through the answers"}, {"save", "save it all the same"}, {"leave", "without this account"}}, "change")
		switch {
		case errors.Is(err, errBack):
			word = "change"
		case err != nil:
			return err
		case word == "leave":
			return errLeave
		}
	}
	s.accounts = append(s.accounts, s.draftAccount())
	return nil
}

// try checks the drafted account live, and reports whether its list can be read.
func (s *setUp) try(ctx context.Context) (works bool, err error) {
	a, problems := config.ReadBlock(s.setup.Paths.Config, s.draftAccount(), s.Validators)
	if len(problems) > 0 {
		s.printProblems(problems)
		return false, nil
	}
	setup := s.setup
	setup.Config = &config.Config{Accounts: append(slices.Clip(s.others), a)}
	setup.Paths.State = s.scratch
	setup.Held = func(c config.Credential) (string, bool) { secret, ok := s.secrets[c.String()]; return secret, ok }
	s.say("Trying it…")
	found := s.Check(ctx, setup, a)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	missing := slices.ContainsFunc(found, func(c model.CheckResult) bool { return c.Kind == model.NoCredential })
	if missing && a.Credential.IsZero() && s.serviceOf(a.Provider).SignIn {
		if _, err := s.Login(setup, a); err != nil {
			s.say("  !     %s", model.CleanLine(err.Error(), 500))
			return false, nil
		}
		s.signIns = append(s.signIns, a.Name)
		s.say("It needs somebody to sign in, which comes once it is saved.")
		return true, nil
	}
	if len(found) > 1 && found[0].OK {
		found = found[1:] // the person has just said where the credential is
	}
	for _, c := range found {
		s.hang(fmt.Sprintf("  %-2s  %-14s", theme.Pick(c.OK, "ok", "!"), cell(c.Name)), model.CleanLine(c.Detail, 1000))
	}
	if works = canList(found); works {
		s.say("It works.")
	}
	return works, nil
}

// save stores the typed secrets, then writes the config or, if there is one, prints what to paste into it.
func (s *setUp) save(ctx context.Context) (saved bool, err error) {
	var kept []config.Credential
	var told []string
	defer func() {
		for _, c := range kept {
			if err != nil {
				_ = c.Drop()
			}
		}
	}()
	for _, a := range s.accounts {
		for _, c := range a.Credentials() {
			secret, ok := s.secrets[c.String()]
			if !ok {
				continue
			}
			if err := (config.Resolver{}).Keep(ctx, c, secret); err != nil {
				what, _ := s.keyOf(a.Provider)
				return false, local(fmt.Errorf("the %s could not be stored: %w", what, err))
			}
			kept = append(kept, c)
			told = append(told, "What you typed for "+a.Name+" is in: "+c.String())
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	path := s.setup.Paths.Config
	if !s.exists {
		err := config.Create(path, s.accounts)
		if s.exists = errors.Is(err, fs.ErrExist); err != nil && !s.exists {
			return false, local(err)
		}
	}
	kept = nil // from here on the config names them
	for _, line := range told {
		s.say("%s", line)
	}
	if s.exists {
		s.paste(path)
		return false, nil
	}
	if err := s.setup.Paths.Adopt(s.scratch); err != nil {
		s.say("What was learnt while trying could not be kept: %s", model.CleanLine(err.Error(), 300))
	}
	if s.flags.json {
		s.object(initJSON{Config: path})
	} else {
		s.say("Saved: %s", path)
	}
	return true, s.signInAll(ctx)
}

func (s *setUp) paste(path string) {
	s.say("Paste this at the end of %s:", path)
	for _, a := range s.accounts {
		s.print("\n%s", model.Clean(strings.TrimRight(a.Block(), "\n")))
	}
	for _, name := range s.signIns {
		s.say("Then sign in: confab login %s", name)
	}
	s.say("Then confab opens the inbox.")
}

// signInAll offers to sign in to the accounts that need it.
func (s *setUp) signInAll(ctx context.Context) error {
	for _, name := range s.signIns {
		answer, err := s.prompter.ask(ctx, "Sign in to "+name+" in the browser now? [Y/n] ")
		if err != nil {
			return err
		}
		if answer != "" && answer != "y" && answer != "yes" {
			s.say("Later: confab login %s", name)
			continue
		}
		s.setup.Config = nil
		if err := s.login(ctx, []string{name}, flags{}); err != nil {
			return fmt.Errorf("%w; try again: confab login %s", err, name)
		}
	}
	return nil
}

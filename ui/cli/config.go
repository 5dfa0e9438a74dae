package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"confab/config"
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
	return config.Show(r.Out, r.setup.Config, r.flags.json)
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

func orNull[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
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
			r.print("%s: ok, %s, %s", r.setup.Paths.Config, theme.Count(len(c.Accounts), "account"), theme.Count(len(c.Views), "view"))
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
		out.Problems = append(out.Problems, problemJSON{File: p.File, Line: orNull(p.Line), Column: orNull(p.Column), Key: orNull(p.Key),
			Message: p.Message, Suggestion: orNull(p.Suggestion)})
	}
	r.object(out)
	r.note(CodeOf(err))
	return nil
}

package cli

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"confab/model"
)

// commandTexts has a section for each command: its usage line, a line that says what it does, the paragraphs of its help,
// examples, and its flags. A flag stands with its argument (TEXT or N, with ... if it may be repeated) and its purpose.
//
//go:embed commands.txt
var commandTexts string

type action func(ctx context.Context, args []string, f flags) error

// inEngine returns an action that opens the engine for another.
func (r *run) inEngine(do action) action {
	return func(ctx context.Context, args []string, f flags) error {
		return r.withEngine(ctx, func() error { return do(ctx, args, f) })
	}
}

func (r *run) command(path string, args cobra.PositionalArgs, do action) *cobra.Command {
	use, paragraphs := r.commandText(path)
	c := &cobra.Command{Use: use[strings.LastIndexByte(path, ' ')+1:], Short: paragraphs[0], Args: args}
	for _, p := range paragraphs[1:] {
		switch {
		case strings.HasPrefix(p, "--"):
			addFlags(c.Flags(), p)
		case strings.HasPrefix(p, "  "):
			c.Example = p
		case c.Long != "":
			c.Long += "\n\n" + p
		default:
			c.Long = p
		}
	}
	c.RunE = r.do(func(ctx context.Context, args []string) error { return do(ctx, args, flags{c.Flags()}) })
	return c
}

// preparation checks the command line of a command that sends edits, and returns what to do once the engine is open.
type preparation func(ctx context.Context, args []string, f flags) (do func(sendOptions) error, err error)

// sendingCommand makes a command that sends edits. At most one flag of each group, their names with blanks between, may be given.
func (r *run) sendingCommand(path string, args cobra.PositionalArgs, prepare preparation, groups ...string) *cobra.Command {
	c := r.command(path, args, func(ctx context.Context, args []string, f flags) error {
		o := sendOptions{yes: f.on("yes"), dryRun: f.on("dry-run"), noWait: f.on("no-wait")}
		for _, group := range append(groups, "dry-run no-wait") {
			if given := f.given(group); len(given) > 1 {
				return usage("--%s don't go together", strings.Join(given, " and --"))
			}
		}
		do, err := prepare(ctx, args, f)
		if err == nil {
			err = r.checkCanAsk(o)
		}
		if err != nil {
			return err
		}
		if !o.dryRun {
			keepGoing()
		}
		return r.withEngine(ctx, func() error { return do(o) })
	})
	_, paragraphs := r.commandText("sending")
	addFlags(c.Flags(), paragraphs[1])
	return c
}

// keepGoing makes writing to a closed pipe an error like any other. By default it ends the program, which would leave a part of
// the edits undelivered.
func keepGoing() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

func (r *run) commandText(path string) (use string, paragraphs []string) {
	for section := range strings.SplitSeq("\n"+commandTexts, "\n== ") {
		use, body, _ := strings.Cut(section, "\n")
		if use != path && !strings.HasPrefix(use, path+" ") {
			continue
		}
		if strings.Contains(body, "{{") {
			body = strings.NewReplacer("{{access}}", strings.Join(r.Access, " "), "{{topics}}", strings.Join(topics, ", "),
				"{{title fields}}", model.TitleFields,
				"{{columns}}", strings.Join(columnNames(), ", "), "{{data columns}}", strings.Join(dataColumns, ", "),
				"{{formats}}", strings.Join(formats, ", ")).Replace(body)
		}
		return use, strings.Split(strings.TrimSpace(body), "\n\n")
	}
	panic("there are no texts of the command " + path)
}

var flagLine = regexp.MustCompile(`(?m)^--(\S+) +(?:(TEXT\.\.\.|TEXT|N) +)?(.+)$`)

func addFlags(s *pflag.FlagSet, lines string) {
	for _, f := range flagLine.FindAllStringSubmatch(lines, -1) {
		switch f[2] {
		case "":
			s.Bool(f[1], false, f[3])
		case "N":
			s.Int(f[1], 0, f[3])
		case "TEXT":
			s.String(f[1], "", f[3])
		default:
			s.StringArray(f[1], nil, f[3])
		}
	}
}

type flags struct{ *pflag.FlagSet }

func (f flags) on(name string) bool     { return must(f.GetBool(name)) }
func (f flags) text(name string) string { return must(f.GetString(name)) }
func (f flags) number(name string) int  { return must(f.GetInt(name)) }

// given returns those of several flags that were given. A switch counts if it is on.
func (f flags) given(names string) []string {
	return slices.DeleteFunc(strings.Fields(names), func(name string) bool { return !f.Changed(name) || f.texts(name) == nil })
}

// texts returns the argument of each use of a flag; for a switch that is on, "true".
func (f flags) texts(name string) []string {
	v := f.Lookup(name).Value
	if list, ok := v.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	if !f.Changed(name) || v.Type() == "bool" && !f.on(name) {
		return nil
	}
	return []string{v.String()}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// noArgs refuses arguments, and suggests the command that is nearest to a mistyped one.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := model.CleanLine(args[0], 80)
	if !cmd.HasSubCommands() {
		return fmt.Errorf("%s takes no argument, but got %q", cmd.CommandPath(), word)
	}
	return fmt.Errorf("unknown command %q for %s%s", word, cmd.CommandPath(), suggest(args[0], commandNames(cmd), ""))
}

func commandNames(of *cobra.Command) (names []string) {
	for _, c := range of.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// needs refuses fewer arguments than least and more than most; a most of 0 allows any number. what names the arguments.
func needs(what string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch n := len(args); {
		case n < least:
			return fmt.Errorf("say which: %s %s", cmd.CommandPath(), what)
		case most > 0 && n > most:
			return fmt.Errorf("%s takes one %s, but got %d", cmd.CommandPath(), what, n)
		}
		return nil
	}
}

var flagKinds = map[string]string{"int": "a whole number", "uint64": "a whole number", "duration": "a time such as 2s",
	"bool": "true or false"}

func flagWords(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &wrong):
		f := wrong.GetFlag()
		return fmt.Errorf("--%s wants %s, not %q", f.Name, flagKinds[f.Value.Type()], wrong.GetValue())
	case errors.As(err, &missing):
		return fmt.Errorf("--%s wants a value", missing.GetFlag().Name)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		advice := only(cmd.CommandPath() == "confab list", "; a query that begins with - goes after --")
		return fmt.Errorf("there is no flag -%s for %s%s", unknown.GetSpecifiedShortnames(), cmd.CommandPath(), advice)
	case errors.As(err, &unknown):
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		return fmt.Errorf("there is no flag %s for %s%s", name, cmd.CommandPath(), suggest(name, known, ""))
	}
	return err
}

package cli

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"confab/model"
)

// commandTexts has a section for each command: how it is called, what it does in a line, paragraphs of its help,
// examples, and its flags, with what follows them (TEXT, N; with ... it may be repeated) and what they are for.
//
//go:embed commands.txt
var commandTexts string

func (r *run) commandOf(path string, args cobra.PositionalArgs, do func(ctx context.Context, args []string, f flags) error) *cobra.Command {
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

func (r *run) sendingCommand(path string, args cobra.PositionalArgs,
	do func(ctx context.Context, args []string, f flags) error) *cobra.Command {
	c := r.commandOf(path, args, do)
	_, paragraphs := r.commandText("sending")
	addFlags(c.Flags(), paragraphs[1])
	c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
	return c
}

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

// flags are those of a command, read by their names.
type flags struct{ *pflag.FlagSet }

func (f flags) on(name string) bool     { return must(f.GetBool(name)) }
func (f flags) text(name string) string { return must(f.GetString(name)) }
func (f flags) number(name string) int  { return must(f.GetInt(name)) }

// texts returns what each use of a flag was given.
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

// noArgs refuses arguments, with the nearest command where one is close.
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

// needs refuses fewer arguments than a command needs, and more than it takes; most is 0
// where it takes any number.
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

var flagKinds = map[string]string{"int": "a whole number", "duration": "a time such as 2s", "bool": "true or false"}

func flagWords(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &wrong):
		kind := wrong.GetFlag().Value.Type()
		return fmt.Errorf("--%s wants %s, not %q", wrong.GetFlag().Name, cmp.Or(flagKinds[kind], "a "+kind), wrong.GetValue())
	case errors.As(err, &missing):
		return fmt.Errorf("--%s wants a value", missing.GetFlag().Name)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("there is no flag -%s for %s", unknown.GetSpecifiedShortnames(), cmd.CommandPath())
	case errors.As(err, &unknown):
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		return fmt.Errorf("there is no flag %s for %s%s", name, cmd.CommandPath(), suggest(name, known, ""))
	}
	return err
}

// flagGroup are cobra's words for flags of which one excludes the others, or is needed.
var flagGroup = regexp.MustCompile(
	`flags in the group \[([^]]*)\] (?:are set none of the others can be; \[(.*)\] were all set|is required)$`)

func groupWords(err error) error {
	found := flagGroup.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	flags := func(names, last string) string {
		all := strings.Fields(names)
		end := len(all) - 1
		return "--" + strings.Join(all[:end], ", --") + " " + last + " --" + all[end]
	}
	if found[2] == "" {
		return errors.New("say how: " + flags(found[1], "or"))
	}
	return errors.New(flags(found[2], "and") + " don't go together")
}

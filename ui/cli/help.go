package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"

	"confab/model"
	"confab/ui/layout"
)

// strictCommands makes cobra's own commands refuse an unknown word; they would print help and succeed.
func (r *run) strictCommands(root *cobra.Command) {
	root.SetHelpCommand(r.helpCommand(root))
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args = noArgs
	completion.RunE = func(c *cobra.Command, _ []string) error {
		return fmt.Errorf("say for which shell: see %s --help", c.CommandPath())
	}
}

// helpCommand explains a command, or a topic, which is a command below it.
func (r *run) helpCommand(root *cobra.Command) *cobra.Command {
	help := &cobra.Command{Use: "help", Short: "Explain a command, or a topic", Args: cobra.ArbitraryArgs}
	help.RunE = func(_ *cobra.Command, args []string) error { return explain(root, help, args) }
	help.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		if about, rest, err := root.Find(args); err == nil && len(rest) == 0 {
			for _, c := range about.Commands() {
				if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), typed) {
					out = append(out, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	for _, t := range topics {
		short, _ := topic(t)
		help.AddCommand(&cobra.Command{Use: t, Short: short, Args: noArgs, RunE: r.do(func(context.Context, []string) error {
			r.printTopic(t)
			return nil
		})})
	}
	return help
}

func (r *run) printTopic(name string) {
	width := r.Width()
	if width <= 0 {
		width = pipedWidth
	}
	r.printLines(r.Out, fold(r.plainText(r.topicText(name)), width)...)
}

func explain(root, help *cobra.Command, args []string) error {
	about, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if about == root && len(rest) > 0 {
		return fmt.Errorf("there is no command or topic %q%s", model.CleanLine(rest[0], 80),
			suggest(rest[0], slices.Concat(commandNames(root), commandNames(help)), ""))
	}
	if err := noArgs(about, rest); err != nil {
		return err
	}
	about.InitDefaultHelpFlag() // cobra adds it when a command runs
	return about.Help()
}

func (r *run) manCommand(root *cobra.Command) *cobra.Command {
	return r.commandOf("man", noArgs, func(context.Context, []string, flags) error {
		page, err := mango.NewManPage(1, root)
		if err != nil {
			return err
		}
		r.print("%s", page.Build(roff.NewDocument()))
		for _, t := range topics {
			r.print(".SH %s\n.nf", strings.ToUpper(t))
			for _, line := range fold(r.topicText(t), manWidth) {
				r.print(`\&%s`, manSigns.Replace(line))
			}
			r.print(".fi")
		}
		return nil
	})
}

// manSigns are characters that a manual page would replace.
var manSigns = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`)

// The widths of topics where there is no terminal: for other programs, and in a manual page, which indents its text.
const (
	pipedWidth = 100
	manWidth   = 72
)

const narrowestHang = 20

// fold wraps the lines of a text in columns to width cells: what does not fit goes on below its last column.
func fold(text string, width int) (out []string) {
	var measure layout.Measure
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		last := strings.LastIndex(line, "  ") + 2 // columns are two spaces apart, or more
		if last == 1 {
			last = 0 // there is but one
		}
		hang := measure.Width(line[:last])
		switch {
		case measure.Width(line) <= width:
			out = append(out, line)
		case hang <= width-narrowestHang:
			out = append(out, measure.Hang(line[:last], line[last:], width)...)
		default:
			words := strings.TrimLeft(line, " ")
			first := layout.Spaces(min(len(line)-len(words), 2))
			for _, part := range measure.Wrap(strings.Join(strings.Fields(words), " "), width-4) {
				out = append(out, first+part)
				first = "    "
			}
		}
	}
	return out
}

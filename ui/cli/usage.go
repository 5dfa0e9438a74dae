package cli

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"confab/model"
)

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

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
)

func (r *run) root() *cobra.Command {
	root := r.command("confab", noArgs, func(ctx context.Context, _ []string, f flags) error { return r.inbox(ctx, f.start()) })
	p := root.PersistentFlags()
	p.StringVar(&r.flags.config, "config", "", "the config file, in place of CONFAB_CONFIG and the usual one")
	p.StringVar(&r.setup.Log, "log", "", "write a log to file; it holds no credentials and no bodies")
	p.BoolVar(&r.setup.ReadOnly, "read-only", false, "never change anything on a service")
	p.StringArrayVar(&r.flags.accounts, "account", nil, "only this account; may be repeated")
	p.BoolVar(&r.setup.ASCII, "ascii", false, "print ASCII only")
	p.BoolVar(&r.flags.plain, "plain", false, "the inbox as lines and prompts, without repaint")
	p.BoolVar(&r.flags.json, "json", false, "print JSON, where something is printed")

	one := func(what string) cobra.PositionalArgs { return needs(what, 1, 1) }
	root.AddCommand(
		r.onSandbox("demo", r.demo), r.onSandbox("sandbox", r.serveSandbox),
		r.listCommand(), r.command("show", one("REF"), r.inEngine(r.showRef)),
		r.editCommand(), r.sendingCommand("new", noArgs, r.prepareNew),
		r.command("sync", noArgs, r.sync), r.outboxCommand(),
		r.command("history", needs("REF", 0, 1), r.history), r.sendingCommand("undo", one("ID"), r.prepareUndo),
		r.command("init", noArgs, r.initConfig), r.command("login", one("ACCOUNT"), r.login),
		r.command("forget", one("ACCOUNT"), r.forget), r.configCommand(), r.command("doctor", noArgs, r.doctor),
		r.command("man", noArgs, func(context.Context, []string, flags) error { return r.printManual(root) }),
	)
	return root
}

func (f flags) start() Start { return Start{Query: f.text("query"), View: f.text("view")} }

// pathFlags take the name of a file, which need not be UTF-8.
var pathFlags = []string{"--config", "--log", "--write-config"}

// checkUTF8 refuses arguments that are not UTF-8: they could not be sent as they are.
func checkUTF8(args []string) error {
	for i, a := range args {
		flag, _, whole := strings.Cut(a, "=")
		path := whole && slices.Contains(pathFlags, flag) || i > 0 && slices.Contains(pathFlags, args[i-1])
		if !path && !utf8.ValidString(a) {
			return fmt.Errorf("the argument %q is not UTF-8", a)
		}
	}
	return nil
}

func (r *run) inbox(ctx context.Context, start Start) error {
	if err := r.checkQuery(start.Query); err != nil {
		return err
	}
	r.plainIfDumb()
	err := r.loadConfig()
	if none := r.noConfig || err == nil && len(r.setup.Config.Accounts) == 0; none && r.onScreen() {
		return r.welcome(ctx, start)
	}
	if err != nil {
		return err
	}
	return r.openInbox(ctx, start)
}

// welcome offers the demo and the set-up to somebody without an account.
func (r *run) welcome(ctx context.Context, start Start) error {
	welcome := r.Welcome
	if r.flags.plain {
		welcome = r.askWelcome
	}
	choice, err := welcome(ctx, r.setup)
	if err != nil {
		return err
	}
	r.setup.Config = nil
	switch choice {
	case "demo":
		return r.runDemo(ctx, SandboxOptions{Seed: 1, Conversations: demoConversations}, Start{})
	case "account":
		saved, err := r.addAccounts(ctx)
		if err != nil || !saved {
			return err
		}
		if r.prompter.reading.Load() { // the prompter would take the first line from the screen
			r.say("confab opens the inbox.")
			return nil
		}
		return r.inbox(ctx, start)
	}
	return nil
}

func (r *run) askWelcome(ctx context.Context, s Setup) (choice string, err error) {
	r.print("confab: one inbox for Attention, Bird, AskElephant and Kona. There is no account yet.")
	r.print("d  look around with a made-up company: nothing is sent, nothing is kept")
	r.print("a  add an account, which is tried before it is saved in %s", s.Paths.Config)
	r.print("q  quit")
	choices := map[string]string{"d": "demo", "demo": "demo", "a": "account", "add": "account", "q": "", "quit": ""}
	for {
		line, err := r.prompter.question(ctx, r.Out, "d, a or q: ")
		if errors.Is(err, errNoAnswer) {
			return "", nil
		}
		if choice, known := choices[strings.ToLower(line)]; known || err != nil {
			return choice, err
		}
	}
}

// plainIfDumb turns --plain on for a terminal that can't move its cursor.
func (r *run) plainIfDumb() {
	if r.flags.plain || !r.onScreen() || r.Getenv("TERM") != "dumb" {
		return
	}
	r.flags.plain = true
	r.say("TERM is dumb, so this is --plain: lines and prompts.")
}

func (r *run) openInbox(ctx context.Context, start Start) error {
	v, err := r.view(start.View, &start)
	if err != nil {
		return err
	}
	start.View = v.Name
	if r.flags.plain {
		return r.withEngine(ctx, func() error { return r.openLinear(ctx, start) })
	}
	if !r.onScreen() {
		return usage("the inbox needs a terminal; `confab list` prints what is in it, --plain is a mode of lines and prompts")
	}
	return r.Screen(ctx, r.setup, start)
}

// view reads the kept views into start and finds a view by its name, unless that is "".
func (r *run) view(name string, start *Start) (v config.View, err error) {
	kept, unread := config.Keeper{Paths: r.setup.Paths, Rules: r.Validators}.Views()
	if start.Kept = kept; unread != nil {
		start.Notice = "the views that you kept are left out: " + unread.Error()
	}
	var names []string
	for _, v := range config.AllViews(r.setup.Config.Views, kept) {
		if strings.EqualFold(v.Name, name) {
			return v, nil
		}
		names = append(names, v.Name)
	}
	switch {
	case name == "":
		return v, nil
	case unread != nil:
		return v, usage("there is no view %q in the config, and %w", model.CleanLine(name, 80), unread)
	}
	return v, usage("there is no view %q%s", model.CleanLine(name, 80), suggest(name, names, "there are"))
}

// checkQuery refuses a bad query, before anything is opened.
func (r *run) checkQuery(q string) error {
	var bad *query.Error
	if _, err := query.Parse(q); !errors.As(err, &bad) {
		return err
	}
	text := bad.Message
	if bad.Suggestion != "" {
		text += fmt.Sprintf("; did you mean %q?", bad.Suggestion)
	}
	if model.CleanLine(q, 200) == q {
		cells := func(part string) int { return layout.Measure{}.Width(r.plainText(part)) }
		marks := max(1, cells(q[bad.Pos:min(bad.End, len(q))]))
		text += "\n  " + q + "\n  " + layout.Spaces(cells(q[:bad.Pos])) + strings.Repeat("^", marks)
	}
	return usage("%s", text)
}

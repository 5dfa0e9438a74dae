package cli

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"

	"confab/config"
	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
)

// addCompletion adds cobra's own command and makes it refuse an unknown word, on which it would print help and succeed. The shell
// completes the names of files only where one is wanted.
func (r *run) addCompletion(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	files := cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	all := map[string]cobra.CompletionFunc{"config": files, "log": files, "write-config": files}
	all["account"] = func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
		if r.loadConfig() == nil {
			names = r.setup.Config.AccountNames()
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for flag, words := range map[string][]string{"format": formats, "columns": columnNames(), "access": r.Access,
		"default-role": roleWords(), "status": model.EditStatus.Choices(model.Description{})} {
		all[flag] = cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	for _, c := range append(root.Commands(), root) {
		for flag, complete := range all {
			_ = c.RegisterFlagCompletionFunc(flag, complete) // which fails where there is no such flag
		}
		if c.Name() == "login" || c.Name() == "forget" {
			c.ValidArgsFunction = all["account"]
		}
	}
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args = noArgs
	completion.RunE = func(c *cobra.Command, _ []string) error {
		return fmt.Errorf("say for which shell: see %s --help", c.CommandPath())
	}
}

// addHelp adds cobra's command with the topics as its subcommands. It refuses an unknown word too.
func (r *run) addHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Use, help.Short, help.Long = "help", "Explain a command, or a topic", ""
	help.Args, help.Run = cobra.ArbitraryArgs, nil
	help.RunE = func(_ *cobra.Command, args []string) error { return explain(root, help, args) }
	for _, t := range topics {
		short, _ := topic(t)
		help.AddCommand(&cobra.Command{Use: t, Short: short, Args: noArgs, RunE: r.do(func(context.Context, []string) error {
			r.printTopic(t)
			return nil
		})})
	}
}

func (r *run) printTopic(name string) {
	r.printLines(r.Out, fold(r.plainText(r.topicText(name)), cmp.Or(r.Width(), pipedWidth))...)
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
	about.InitDefaultHelpFlag() // cobra adds the flag only when the command runs
	return about.Help()
}

func (r *run) printManual(root *cobra.Command) error {
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
}

// manSigns escapes the characters that a manual page would replace.
var manSigns = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`)

// The widths of topics without a terminal: for other programs, and in a manual page, which indents its text.
const (
	pipedWidth = 100
	manWidth   = 72
)

// narrowestHang is the least width of the last column, in cells, for a text to be continued below it.
const narrowestHang = 20

// fold wraps a text in columns to width cells. A line that does not fit is continued below its last column.
func fold(text string, width int) (out []string) {
	var measure layout.Measure
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		last := strings.LastIndex(line, "  ") + 2 // columns are at least two spaces apart
		if last == 1 {
			last = 0 // there is only one column
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

// texts holds the topics: a line that says what the topic is about, a blank line, and the text in columns. Names in double
// braces stand for the program's own tables; see facts.
//
//go:embed text
var texts embed.FS

var topics = []string{"keys", "query", "capabilities", "json", "settings", "exit-codes", "scripts", "files", "safety"}

func topic(name string) (short, text string) {
	raw, err := texts.ReadFile("text/" + name + ".txt")
	if err != nil {
		panic(err) // the texts are part of the program
	}
	short, text, _ = strings.Cut(string(raw), "\n\n")
	return short, text
}

func (p Program) topicText(name string) string {
	_, text := topic(name)
	var facts []string
	for fact, words := range p.facts() {
		facts = append(facts, "{{"+fact+"}}", strings.TrimSpace(words))
	}
	return strings.NewReplacer(facts...).Replace(text)
}

// facts returns the texts of the program's own tables, by their names in the topics.
func (p Program) facts() map[string]string {
	list := func(v any) string { return strings.Trim(fmt.Sprint(v), "[]") }
	words := func(before string, list []query.Word, after string) string {
		var rows [][]string
		for _, w := range list {
			rows = append(rows, []string{before + w.Name + after, w.Help})
		}
		return columns(rows)
	}
	all := map[string]string{
		"keys": p.keyFacts(), "capabilities": p.capabilityFacts(), "assumed": model.AssumedMeans,
		"settings": config.Reference(p.Validators), "kinds": list(model.EditKinds()), "states": list(model.EditStates()),
		"precedence": strings.ReplaceAll(list(precedence), " ", ", "),
		"fields":     words("", query.Fields(), ":"), "units": words("", query.DateUnits(), ""),
		"dates": words("", append(query.DateWords(), query.DateForms()...), ""),
	}
	for _, field := range query.Fields() {
		all[field.Name] = words(field.Name+":", query.Words(field.Name), "")
	}
	for _, o := range jsonObjects() {
		all[o.name] = o.keys
	}
	return all
}

// columns aligns rows in columns, two spaces apart. A last cell of several lines is continued below itself.
func columns(rows [][]string) string {
	var b, table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		last := len(row) - 1
		below := "\n  " + strings.Repeat("\t", last)
		fmt.Fprintf(w, "  %s\n", strings.Join(row[:last], "\t")+"\t"+strings.ReplaceAll(row[last], "\n", below))
	}
	_ = w.Flush() // into memory
	for line := range strings.Lines(table.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func (p Program) keyFacts() (text string) {
	var rows [][]string
	for i, k := range p.Keys {
		rows = append(rows, []string{cmp.Or(k.Keys, "-"), k.Action, k.Help})
		if i == len(p.Keys)-1 || p.Keys[i+1].Context != k.Context {
			text += "\n" + strings.ToUpper(k.Context) + "\n" + columns(rows)
			rows = nil
		}
	}
	return text
}

func (p Program) capabilityFacts() (text string) {
	for _, s := range p.Services {
		var rows [][]string
		for _, e := range s.Edits {
			reason := strings.TrimPrefix(e.Reason, string(e.State)+": ")
			rows = append(rows, []string{e.Kind.Words(), string(e.State), strings.Trim(e.Call+"\n"+reason, "\n")})
		}
		text += "\n" + strings.ToUpper(s.Title) + "\n" + columns(rows)
	}
	return text
}

// jsonObject is a sample of an object that --json prints, by its name in the topic json. keys leaves out the keys of the object
// that it extends.
type jsonObject struct {
	name, extends string
	value         any
	keys          string
}

// jsonObjects lists the objects that --json prints. An object within a sample is listed with its keys, an empty one by its name
// alone.
func jsonObjects() []jsonObject {
	row := model.RowJSON{Team: &model.Named{}, Space: &model.Named{}, Channel: &model.Named{},
		Pending: []model.Pending{{}}, Capabilities: model.Capabilities{"KIND": {}}}
	edit := model.EditJSON{Error: &model.ErrorJSON{}}
	afresh := model.DetailJSON{RowJSON: row, Facts: []model.Fact{{}}, Messages: model.SetOf(model.Message{})}
	all := []jsonObject{
		{"conversation", "", row, ""},
		{"person", "", model.Participant{}, ""},
		{"afresh", "conversation", afresh, ""},
		{"edit", "", edit, ""},
		{"delivered", "edit", model.HistoryJSON{EditJSON: edit}, ""},
		{"new", "", model.NewConversation{}, ""},
		{"account", "", accountJSON{Error: &model.ErrorJSON{}}, ""},
		{"request", "", requestJSON{}, ""},
		{"check", "", findingJSON{}, ""},
		{"config", "", checkJSON{Problems: []problemJSON{{}}}, ""},
		{"paths", "", pathsJSON{}, ""},
		{"init", "", initJSON{}, ""},
		{"forgotten", "", forgottenJSON{}, ""},
		{"sandbox", "", sandboxJSON{}, ""},
	}
	keys := map[string]string{}
	for i, o := range all {
		keys[o.name] = jsonKeys(o.value)
		all[i].keys = strings.TrimPrefix(keys[o.name], keys[o.extends]+" ")
	}
	return all
}

var jsonValues = regexp.MustCompile(`:(null|true|false|[\d.]+|"[^"]*"|\[\])`)

// jsonKeys returns the keys of a value as it is printed, with those of an inner object in braces.
func jsonKeys(v any) string {
	var text strings.Builder
	if err := writeJSON(&text, v, false); err != nil {
		panic(err) // a sample is fixed
	}
	keys := jsonValues.ReplaceAllString(strings.TrimSpace(text.String()), "")
	keys = strings.NewReplacer(`"`, "", ":", "", ",", " ").Replace(keys)
	return strings.TrimSuffix(strings.TrimPrefix(keys, "{"), "}")
}

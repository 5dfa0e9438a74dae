package cli

import (
	"context"
	_ "embed"
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

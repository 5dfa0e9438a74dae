package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// asciiFor replaces the signs that confab itself prints.
var asciiFor = strings.NewReplacer("→", "->", "…", "...", "—", "-", "–", "-", "“", `"`, "”", `"`, "‘", "'", "’", "'", "·", "-", "×", "x")

// plainText is s for the terminal that was asked for: with --ascii, accents go and what has no ASCII form becomes a
// question mark.
func (r *run) plainText(s string) string {
	if !r.setup.ASCII {
		return s
	}
	return strings.Map(func(c rune) rune {
		switch {
		case c < 0x80:
			return c
		case c >= 0x300 && c < 0x370: // a combining mark that decomposing split off
			return -1
		}
		return '?'
	}, norm.NFKD.String(asciiFor.Replace(s)))
}

// print writes one line of results. The caller has cleaned remote text.
func (r *run) print(format string, args ...any) { r.printLines(r.Out, fmt.Sprintf(format, args...)) }

func (r *run) say(format string, args ...any) { r.printLines(r.Err, fmt.Sprintf(format, args...)) }

func (r *run) printLines(w io.Writer, lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(w, r.plainText(line))
	}
}

func (r *run) result(v any, format string, args ...any) {
	if r.flags.json {
		r.object(v)
	} else {
		r.print(format, args...)
	}
}

func (r *run) object(v any) { r.wrote(writeJSON(r.Out, v)) }

// wrote keeps the first error of printing results.
func (r *run) wrote(err error) {
	if err != nil && r.unwritten == nil {
		r.unwritten = local(err)
	}
}

// writeJSON writes one object on a line. Strings stay exact, and what a terminal would act on is escaped:
// encoding/json does so below U+0020 alone.
func writeJSON(w io.Writer, v any) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	out := make([]byte, 0, raw.Len())
	for _, c := range raw.String() {
		if c < 0x7f || !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			out = utf8.AppendRune(out, c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	_, err := w.Write(out)
	return err
}

func cell(s string) string { return model.CleanLine(s, 500) }

func short(s string) string { return model.CleanLine(s, 60) }

func quote(s string) string { return "“" + model.CleanLine(s, 120) + "”" }

// table prints rows in columns. On a terminal the columns are aligned, and the widest are cut until a row fits;
// elsewhere cells are separated by tabs, whole and without a heading, for other programs to split.
type table struct {
	head []string
	rows [][]string
	// least is how few cells each column is left with, 0 where it is never cut.
	least []int
	// drop are columns to do without, the first of these that is enough, where a row does not fit.
	drop [][]int
	// always aligns the columns elsewhere too, and nothing is cut for good.
	always bool
}

// narrowest is how few cells most columns are left with on a terminal.
const narrowest = 12

func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	t.rows = append(t.rows, cells)
}

func (r *run) printTable(t table) {
	width := r.Width()
	if r.flags.plain || width <= 0 && !t.always {
		for _, row := range t.rows {
			r.print("%s", strings.Join(row, pick(r.flags.plain, "  ", "\t"))) // plain is read aloud
		}
		return
	}
	if len(t.rows) == 0 {
		return
	}
	// What is printed has not asked the terminal how it counts.
	var measure layout.Measure
	end := pick(r.setup.ASCII, "...", "…")
	all := append([][]string{t.head}, t.rows...)
	wide := make([]int, len(t.head))
	for _, row := range all {
		for i, c := range row {
			wide[i] = max(wide[i], measure.Width(c))
		}
	}
	shown := t.fit(wide, width)
	for _, row := range all {
		var cells []string
		for _, i := range shown {
			cells = append(cells, measure.Fit(row[i], wide[i], end))
		}
		line := strings.TrimRight(strings.Join(cells, "  "), " ")
		if !t.always {
			line = measure.Truncate(line, width, end)
		}
		r.print("%s", strings.TrimRight(measure.Draw(line), " "))
	}
}

// fit narrows the columns that are the widest for what they need until a row fits, and returns those that are shown.
func (t *table) fit(wide []int, width int) (shown []int) {
	full := slices.Clone(wide)
	for _, drop := range append([][]int{nil}, t.drop...) {
		shown = nil
		total := -2
		for i := range wide {
			if !slices.Contains(drop, i) {
				shown = append(shown, i)
				wide[i] = full[i]
				total += 2 + full[i]
			}
		}
		spare := func(i int) float64 { // how much wider a column is than it needs to be
			if t.least[i] == 0 || wide[i] <= t.least[i] {
				return 0
			}
			return float64(wide[i]) / float64(t.least[i])
		}
		for ; total > width && width > 0; total-- {
			widest := slices.MaxFunc(shown, func(a, b int) int { return cmp.Compare(spare(a), spare(b)) })
			if spare(widest) == 0 {
				break
			}
			wide[widest]--
		}
		if total <= width || width <= 0 {
			break
		}
	}
	return shown
}

func at(t time.Time) string { return pick(t.IsZero(), "-", t.Local().Format("2006-01-02 15:04")) }

func (r *run) clock(t time.Time) string {
	return theme.Clock(t, r.Now().Local(), "15:04", "2006-01-02 15:04", "2006-01-02 15:04")
}

func value(v model.Value) string {
	switch {
	case v.Text != nil:
		return pick(*v.Text == "", "(empty)", model.CleanLine(*v.Text, 200))
	case v.People != nil:
		return cmp.Or(strings.Join(peopleShort("", *v.People), ", "), "(nobody)")
	case v.New != nil:
		return quote(v.New.Title)
	}
	return "(none)"
}

func peopleShort(sign string, people []model.Participant) []string {
	var out []string
	for _, p := range people {
		role := " (" + model.CleanLine(model.RoleName(p.Role), 40) + ")"
		out = append(out, sign+model.CleanLine(p.Display(), 80)+only(p.Role != "", role))
	}
	return out
}

// person shows a participant with everything that tells them apart.
func person(p model.Participant) string {
	if p.Name == "" && p.Email == "" && p.Identifier == "" {
		return model.CleanLine(p.Kind+":"+p.ID, 120)
	}
	s := model.CleanLine(p.Display(), 80)
	if p.Email != "" && p.Email != p.Display() {
		s += " <" + model.CleanLine(p.Email, 120) + ">"
	}
	switch {
	case p.ID != "" && p.Kind != "":
		s += " " + model.CleanLine(p.Kind+":"+p.ID, 120)
	case p.Identifier != "":
		s += " " + model.CleanLine(p.Identifier, 120)
	}
	return s
}

func personWith(p model.Participant) string {
	return commas(person(p), short(model.RoleName(p.Role)), short(p.Status))
}

func commas(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func pick[T any](so bool, yes, no T) T {
	if so {
		return yes
	}
	return no
}

func only(so bool, text string) string { return pick(so, text, "") }

func appendNew[T comparable](list []T, all ...T) []T {
	for _, v := range all {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

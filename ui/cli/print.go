package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
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

// asciiFor replaces the characters that confab itself prints.
var asciiFor = strings.NewReplacer("→", "->", "…", "...", "—", "-", "–", "-", "“", `"`, "”", `"`, "‘", "'", "’", "'", "·", "-", "×", "x")

// plainText returns s as it is printed: with --ascii without accents, and with a question mark for any other character that is
// not ASCII.
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

// print writes one line of results. The caller must clean remote text.
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

func (r *run) object(v any) {
	if err := writeJSON(r.Out, v, r.setup.ASCII); r.writeErr == nil {
		r.addError(err)
	}
}

// Write writes results to standard output and keeps the first error; the command ends with it.
func (r *run) Write(text []byte) (int, error) {
	n, err := r.stdout.Write(text)
	if err != nil && r.writeErr == nil {
		r.writeErr = local(err)
	}
	return n, err
}

// writeJSON writes one object on a line. Strings stay exact; see escapeJSON.
func writeJSON(w io.Writer, v any, ascii bool) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, escapeJSON(raw.String(), ascii))
	return err
}

// escapeJSON returns the same JSON with control, format and separator characters escaped, since a terminal may act on them;
// encoding/json escapes only those below U+0020. With ascii, it escapes all that is not ASCII.
func escapeJSON(raw string, ascii bool) string {
	out := make([]byte, 0, len(raw))
	for _, c := range raw {
		if c < 0x7f || !ascii && !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			out = utf8.AppendRune(out, c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return string(out)
}

const maxCell = 500

func cell(s string) string { return model.CleanLine(s, maxCell) }

func shortText(s string) string { return model.CleanLine(s, 60) }

func quote(s string) string { return "“" + model.CleanLine(s, 120) + "”" }

// printCells prints whole cells on one line for other programs, not aligned.
func (r *run) printCells(separator string, cells ...string) {
	r.print("%s", strings.Join(cleanCells(cells, model.CleanCell), separator))
}

// cleanCells cleans cells in place.
func cleanCells(cells []string, clean func(string) string) []string {
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	return cells
}

// separator returns what separates cells in place of aligned columns. With --plain they are read aloud.
func (r *run) separator() string { return theme.Pick(r.flags.plain, "  ", "\t") }

// table prints rows in columns. On a terminal the columns are aligned, and the widest are cut until a row fits; elsewhere the
// rows are printed for other programs.
type table struct {
	head []string
	rows [][]string
	// least is how narrow each column may get; 0 means that it is never cut.
	least []int
	// drop lists sets of columns to leave out if a row does not fit; the first that makes enough room is left out.
	drop [][]int
	// always aligns the columns elsewhere too. A row that does not fit is not truncated then.
	always bool
}

// narrowest is how narrow most columns may get, in cells.
const narrowest = 12

func (t *table) add(cells ...string) { t.rows = append(t.rows, cleanCells(cells, cell)) }

func (r *run) printTable(t table) {
	width := r.Width()
	if r.flags.plain || width <= 0 && !t.always {
		for _, row := range t.rows {
			r.printCells(r.separator(), row...)
		}
		return
	}
	if len(t.rows) == 0 {
		return
	}
	var measure layout.Measure // printing does not ask the terminal how it measures clusters
	end := theme.Pick(r.setup.ASCII, "...", "…")
	all := append([][]string{t.head}, t.rows...)
	full := make([]int, len(t.head))
	for _, row := range all {
		for i, c := range row {
			full[i] = max(full[i], measure.Width(c))
		}
	}
	shown, wide := t.fit(full, theme.Pick(width > 0, width, math.MaxInt))
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

// fit returns the columns to show and the width of every column. It narrows the column that is the widest for what it needs,
// until a row fits into width.
func (t *table) fit(full []int, width int) (shown, wide []int) {
	for _, drop := range append([][]int{nil}, t.drop...) {
		shown, wide = nil, slices.Clone(full)
		total := -2
		for i, w := range full {
			if !slices.Contains(drop, i) {
				shown = append(shown, i)
				total += 2 + w
			}
		}
		spare := func(i int) float64 {
			if t.least[i] == 0 || wide[i] <= t.least[i] {
				return 0
			}
			return float64(wide[i]) / float64(t.least[i])
		}
		for total > width {
			widest := slices.MaxFunc(shown, func(a, b int) int { return cmp.Compare(spare(a), spare(b)) })
			if spare(widest) == 0 {
				break
			}
			wide[widest]--
			total--
		}
		if total <= width {
			break
		}
	}
	return shown, wide
}

func dateTime(t time.Time) string {
	return theme.Pick(t.IsZero(), "-", t.Local().Format("2006-01-02 15:04"))
}

func (r *run) clock(t time.Time) string {
	return theme.Clock(t, r.Now().Local(), "15:04", "2006-01-02 15:04", "2006-01-02 15:04")
}

func value(v model.Value) string {
	switch {
	case v.Text != nil:
		return theme.Pick(*v.Text == "", "(empty)", model.CleanLine(*v.Text, 200))
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

func personWith(p model.Participant) string {
	return theme.Commas(p.Distinct(), shortText(model.RoleName(p.Role)), shortText(p.Status))
}

func only(so bool, text string) string { return theme.Pick(so, text, "") }

func appendNew[T comparable](list []T, all ...T) []T {
	for _, v := range all {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

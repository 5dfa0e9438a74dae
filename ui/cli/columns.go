package cli

import (
	"encoding/csv"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// The formats of `list`.
const (
	formatTable = "table"
	formatTSV   = "tsv"
	formatCSV   = "csv"
	formatJSON  = "json"
)

var formats = []string{formatTable, formatTSV, formatCSV, formatJSON}

// The columns that are no key of the JSON: the time in a person's words, and who is in
// it as names.
const (
	columnWhen   = "when"
	columnPeople = "people"
	columnRef    = "ref"
)

// shownColumns are what a terminal shows, dataColumns what other programs get, where no
// columns are named.
var (
	shownColumns = []string{columnWhen, "privacy", "title", columnPeople, columnRef}
	dataColumns  = []string{columnRef, "privacy", "title", "status", "updated", "pending"}
)

// leastCells is how few cells a terminal leaves a column; 0 is never cut.
var leastCells = map[string]int{columnWhen: 0, columnRef: 0, "id": 0, "privacy": 0, "created": 0, "updated": 0, "checked": 0, "url": 0,
	"title": 10, columnPeople: 7}

// jsonFields are the fields of the JSON by their names.
var jsonFields = func() map[string]int {
	out := map[string]int{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[model.RowJSON]()) {
		out[f.Tag.Get("json")] = f.Index[0]
	}
	return out
}()

// columnNames lists all columns, the JSON's in their order.
func columnNames() []string {
	byPlace := func(a, b string) int { return jsonFields[a] - jsonFields[b] }
	return append([]string{columnWhen, columnPeople}, slices.SortedFunc(maps.Keys(jsonFields), byPlace)...)
}

// listing is how `list` prints.
type listing struct {
	format  string
	columns []string
	// given says that the person chose the format or the columns.
	given bool
}

// listing reads the flags --format, --columns and --json.
func (r *run) listing(format, columns string) (l listing, err error) {
	l = listing{format: format, given: format != "" || columns != ""}
	switch {
	case format != "" && !slices.Contains(formats, format):
		return l, oneOf("--format", format, formats)
	case r.flags.json && format != "" && format != formatJSON:
		return l, usage("--json and --format %s are two answers to one question: give one", format)
	case r.flags.json:
		l.format = formatJSON
	case format == "" && (r.Width() > 0 || r.flags.plain && l.given):
		l.format = formatTable
	case format == "":
		l.format = formatTSV
	}
	if columns == "" {
		if l.columns = dataColumns; l.format == formatTable {
			l.columns = shownColumns
		}
		return l, nil
	}
	if l.format == formatJSON {
		return l, usage("--columns is for tables: JSON has every key")
	}
	for name := range strings.SplitSeq(columns, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columnNames(), name) {
			return l, oneOf("--columns", name, columnNames())
		}
		l.columns = append(l.columns, name)
	}
	return l, nil
}

// printer returns what prints one row, and what ends the list.
func (r *run) printer(l listing) (row func(model.Row), end func()) {
	none := func() {}
	switch {
	case l.format == formatJSON:
		return func(row model.Row) { r.object(model.NewRowJSON(row, r.engine.Capabilities(row.Conversation))) }, none
	case l.format == formatCSV:
		return r.csvPrinter(l.columns)
	case l.format == formatTSV && l.given:
		return func(row model.Row) {
			cells := r.cells(row, l.columns, false)
			for i := range cells {
				cells[i] = model.CleanLine(cells[i], 0)
			}
			r.print("%s", strings.Join(cells, "\t"))
		}, none
	case l.format == formatTSV:
		t := table{}
		return func(row model.Row) {
			c := row.Conversation
			t.add(c.Ref.String(), privacyWord(c), c.Title, statusWord(c), at(when(c)), row.Worst().Words())
		}, func() { r.printTable(t) }
	}
	t := table{always: l.given}
	for _, name := range l.columns {
		t.head = append(t.head, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
		least, known := leastCells[name]
		if !known {
			least = narrowest
		}
		t.least = append(t.least, least)
	}
	if !l.given {
		people, ref := slices.Index(l.columns, columnPeople), slices.Index(l.columns, columnRef)
		t.drop = [][]int{{people}, {ref}, {people, ref}}
	}
	return func(row model.Row) { t.add(r.cells(row, l.columns, true)...) }, func() { r.printTable(t) }
}

// csvPrinter prints as RFC 4180 has it.
func (r *run) csvPrinter(columns []string) (row func(model.Row), end func()) {
	w := csv.NewWriter(r.Out)
	w.UseCRLF = true
	write := func(cells []string) {
		if err := w.Write(cells); err != nil && r.unwritten == nil {
			r.unwritten = local(err)
		}
	}
	write(columns)
	return func(row model.Row) {
			cells := r.cells(row, columns, false)
			for i, c := range cells {
				cells[i] = r.plainText(inert(c))
			}
			write(cells)
		}, func() {
			w.Flush()
			if err := w.Error(); err != nil && r.unwritten == nil {
				r.unwritten = local(err)
			}
		}
}

// inert is remote text for a cell of a spreadsheet. What would run there as a formula
// gets an apostrophe in front, which a spreadsheet takes for the sign of a text.
func inert(text string) string {
	clean := model.CleanLine(text, 0)
	for _, s := range []string{text, clean} {
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			return "'" + clean
		}
	}
	return clean
}

// cells returns columns of a row, in a person's words or for a program.
func (r *run) cells(row model.Row, columns []string, words bool) []string {
	c := row.Conversation
	var caps model.Capabilities
	if slices.Contains(columns, "capabilities") {
		caps = r.engine.Capabilities(c)
	}
	fields := reflect.ValueOf(model.NewRowJSON(row, caps))
	out := make([]string, len(columns))
	for i, name := range columns {
		switch {
		case name == columnWhen:
			out[i] = r.listed(model.Stamp(when(c)), words)
		case name == columnPeople:
			out[i] = peopleIn(c, words)
		case name == "privacy" && words:
			out[i] = r.seenBy(&c)
		case name == "title" && words && c.Title == "":
			out[i] = "(no title)"
		case name == "pending":
			out[i] = row.Worst().Words()
		default:
			out[i] = r.listed(fields.Field(jsonFields[name]).Interface(), words)
		}
	}
	return out
}

// listed writes a value of the JSON in one cell; what is unknown is empty.
func (r *run) listed(value any, words bool) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	switch v := value.(type) {
	case *string:
		return *v
	case *float64:
		if words {
			return time.Duration(*v * float64(time.Second)).Round(time.Second).String()
		}
		return strconv.FormatFloat(*v, 'f', -1, 64)
	case model.Stamp:
		if words {
			return r.spoken(time.Time(v))
		}
		text, _ := v.MarshalJSON()
		return strings.Trim(strings.TrimPrefix(string(text), "null"), `"`)
	case []string:
		return strings.Join(v, ", ")
	case map[string]string:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, k+"="+v[k])
		}
		return strings.Join(out, "; ")
	case *model.NamedJSON:
		if v.Name != nil {
			return *v.Name
		}
		return r.listed(v.ID, words)
	case *model.Participant:
		return personWith(*v)
	case model.Set[model.Participant]:
		var out []string
		for _, p := range v.Items {
			out = append(out, personWith(p))
		}
		return strings.Join(out, "; ")
	case model.TriageJSON:
		var out []string
		for _, m := range []struct {
			word string
			is   bool
		}{{"done", v.Done}, {"snoozed", !time.Time(v.Snoozed).IsZero()}, {"pinned", v.Pinned}, {"seen", v.Seen}} {
			if m.is {
				out = append(out, m.word)
			}
		}
		return strings.Join(out, " ")
	case model.Capabilities:
		var out []string
		for _, k := range model.EditKinds() {
			if v.Of(k).Can() {
				out = append(out, string(k))
			}
		}
		return strings.Join(out, " ")
	}
	return fmt.Sprint(value)
}

// spoken writes a time as a person says it: a clock today, a weekday within a week.
func (r *run) spoken(t time.Time) string {
	now := r.Now().Local()
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return theme.Clock(t, now, "today 15:04", "Mon 15:04", "Mon 15:04")
	}
	return theme.Clock(t, now, "today 15:04", "2 Jan 15:04", "2 Jan 2006")
}

// peopleIn names the people of a conversation: in words, the first and how many more
// there are.
func peopleIn(c model.Conversation, words bool) string {
	people := c.People()
	var names []string
	for _, p := range people {
		names = append(names, p.Display())
	}
	if more := max(len(people), c.ParticipantCount) - 1; words && more > 0 && len(names) > 0 {
		return fmt.Sprintf("%s +%d", model.CleanLine(names[0], 60), more)
	}
	return strings.Join(names, ", ")
}

func when(c model.Conversation) time.Time {
	if c.Updated.IsZero() {
		return c.Created
	}
	return c.Updated
}

package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

const listPage = 2000

func (r *run) listCommand() *cobra.Command {
	return r.command("list", nil, func(ctx context.Context, args []string, f flags) error {
		q, limit := strings.Join(args, " "), f.number("limit")
		if limit < 0 {
			return usage("--limit must not be negative")
		}
		how, err := r.listing(f.text("format"), f.text("columns"))
		if err == nil {
			err = r.checkQuery(q)
		}
		if err == nil && f.text("view") != "" {
			q, err = r.inView(f.text("view"), q)
		}
		if err != nil {
			return err
		}
		return r.withEngine(ctx, func() error {
			r.syncFor(ctx, f.on("sync"), q)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return r.list(ctx, q, limit, how)
		})
	})
}

// inView narrows a query to the query of a view.
func (r *run) inView(name, text string) (string, error) {
	if err := r.loadConfig(); err != nil {
		return "", err
	}
	v, err := r.view(name, &Start{})
	if err != nil {
		return "", err
	}
	return r.both(v.Query, text)
}

// both returns the query for what two queries match, which were checked, in the order of the second if it names one.
func (r *run) both(first, second string) (string, error) {
	a, _ := query.Parse(first)
	b, _ := query.Parse(second)
	text := a.And(b).String()
	return text, r.checkQuery(text) // it may be too long
}

// syncFor syncs what a query may match in all accounts; without all, it syncs in full the accounts that never were. A failure
// is printed, and the cache is used as it is.
func (r *run) syncFor(ctx context.Context, all bool, q string) {
	var err error
	var unread []string
	for _, a := range r.engine.Accounts() {
		if a.Swept.IsZero() {
			unread = append(unread, a.Name)
		}
	}
	if all {
		err = r.engine.SyncQuery(ctx, q)
	} else if len(unread) > 0 {
		err = r.engine.Sync(ctx, unread...)
	}
	if ctx.Err() == nil {
		r.addError(err)
	}
}

// paged reads page after page, up to limit items; a limit of 0 reads all. read returns how many items it got.
func paged(limit, size int, read func(from, want int) (got int, err error)) error {
	for n := 0; limit == 0 || n < limit; {
		want := size
		if limit > 0 {
			want = min(want, limit-n)
		}
		got, err := read(n, want)
		if n += got; err != nil || got < want {
			return err
		}
	}
	return nil
}

func (r *run) list(ctx context.Context, q string, limit int, how listing) error {
	print, end := r.printer(how)
	found := 0
	err := paged(limit, listPage, func(offset, want int) (int, error) {
		page, err := r.engine.List(ctx, model.ListRequest{Query: q, Offset: offset, Limit: want})
		rows := rowsFrom(page, offset)
		for _, row := range rows {
			print(row)
		}
		found = page.Total
		return len(rows), cmp.Or(err, r.writeErr)
	})
	if err != nil && err != r.writeErr {
		return err
	}
	end()
	if found > 0 {
		return nil
	}
	if near := r.nearest(ctx, q, false); near != "" {
		fmt.Fprintln(r.Err, "confab: 0 found"+r.plainText(near))
	}
	return nil
}

// nearest names the closest query that matches something, and how many it matches; "" if there is none.
func (r *run) nearest(ctx context.Context, q string, inbox bool) string {
	near, found, err := r.engine.Nearest(ctx, "", q, inbox)
	if err != nil || near == "" {
		return ""
	}
	return "; nearest: " + model.CleanLine(near, 0) + ", " + theme.Number(found)
}

// rowsFrom returns the rows of a page from offset on. The engine moves a window that would pass the end of the list back.
func rowsFrom(p model.Page, offset int) []model.Row {
	if skip := offset - p.Offset; skip > 0 {
		return p.Rows[min(skip, len(p.Rows)):]
	}
	return p.Rows
}

// audienceWord returns the inbox's word for who can see a conversation.
func (r *run) audienceWord(c *model.Conversation) string {
	described, _ := r.engine.Describe(c.Ref.Account)
	if seen := described.Audience.For(c); seen.Class != model.ClassUnknown {
		return seen.Word
	}
	return privacyWord(*c)
}

func privacyWord(c model.Conversation) string { return string(cmp.Or(c.Privacy, model.PrivacyUnknown)) }

func statusWord(c model.Conversation) string {
	switch {
	case c.Archived:
		return "archived"
	case c.Status == "" && c.Closed:
		return model.StatusClosed
	}
	return cmp.Or(c.Status, "-")
}

var formats = []string{"table", "tsv", "csv", "json"}

// shownColumns are the default columns on a terminal, dataColumns those for other programs. All columns but when and people
// are keys of the JSON.
var (
	shownColumns = []string{"when", "privacy", "title", "people", "ref"}
	dataColumns  = []string{"ref", "privacy", "title", "status", "updated", "pending"}
)

// leastCells is how narrow a column may get on a terminal; 0 means that it is never cut.
var leastCells = map[string]int{"when": 0, "ref": 0, "id": 0, "privacy": 0, "created": 0, "updated": 0, "checked": 0, "url": 0,
	"title": 10, "people": 7}

// jsonColumns are the keys of the JSON, in the order of the struct's fields.
var jsonColumns = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[model.RowJSON]()) {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}()

func columnNames() []string { return append([]string{"when", "people"}, jsonColumns...) }

type listing struct {
	format  string
	columns []string
	given   bool // by --format or --columns
}

func (r *run) listing(format, columns string) (l listing, err error) {
	l = listing{format, dataColumns, format != "" || columns != ""}
	switch {
	case format != "" && !slices.Contains(formats, format):
		return l, oneOf("--format", format, formats)
	case r.flags.json && format != "" && format != "json":
		return l, usage("--json and --format %s are two answers to one question: give one", format)
	case r.flags.json:
		l.format = "json"
	case format == "" && (r.Width() > 0 || r.flags.plain && l.given):
		l.format = "table"
	case format == "":
		l.format = "tsv"
	}
	switch {
	case columns == "" && l.format == "table":
		l.columns = shownColumns
	case columns != "" && l.format == "json":
		return l, usage("--columns is for tables: JSON has every key")
	case columns != "":
		l.columns = nil
		for name := range strings.SplitSeq(columns, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if err := oneOf("--columns", name, columnNames()); err != nil {
				return l, err
			}
			l.columns = append(l.columns, name)
		}
	}
	return l, nil
}

// printer returns a function that prints one row, and one that ends the list.
func (r *run) printer(l listing) (print func(model.Row), end func()) {
	end = func() {}
	switch l.format {
	case "json":
		print = func(row model.Row) { r.object(model.NewRowJSON(row, r.engine.Capabilities(row.Conversation))) }
	case "csv":
		w := csv.NewWriter(r.Out)
		w.UseCRLF = true // as RFC 4180 has it
		_ = w.Write(l.columns)
		print = func(row model.Row) {
			cells := r.cells(row, l.columns, false)
			for i := range cells {
				cells[i] = r.plainText(inert(cells[i]))
			}
			_ = w.Write(cells)
		}
		end = w.Flush
	case "table":
		t := table{always: l.given}
		for _, name := range l.columns {
			t.head = append(t.head, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
			least, known := leastCells[name]
			t.least = append(t.least, theme.Pick(known, least, narrowest))
		}
		if people, ref := slices.Index(l.columns, "people"), slices.Index(l.columns, "ref"); !l.given {
			t.drop = [][]int{{people}, {ref}, {people, ref}}
		}
		print = func(row model.Row) { t.add(r.cells(row, l.columns, true)...) }
		end = func() { r.printTable(t) }
	default:
		print = func(row model.Row) {
			if l.given {
				r.printCells("\t", r.cells(row, l.columns, false)...)
				return
			}
			c := row.Conversation
			r.printCells(r.separator(), c.Ref.String(), privacyWord(c), c.Title, statusWord(c), dateTime(theme.LastChange(&c)),
				row.Worst().Words())
		}
	}
	return print, end
}

// inert cleans remote text for a cell of a spreadsheet. A text that would run there as a formula gets an apostrophe in front,
// which marks it as plain text.
func inert(text string) string {
	clean := model.CleanCell(text)
	for _, s := range []string{text, clean} {
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			return "'" + clean
		}
	}
	return clean
}

func (r *run) cells(row model.Row, columns []string, words bool) []string {
	c := row.Conversation
	var caps model.Capabilities
	if slices.Contains(columns, "capabilities") {
		caps = r.engine.Capabilities(c)
	}
	values := reflect.ValueOf(model.NewRowJSON(row, caps))
	out := make([]string, len(columns))
	for i, name := range columns {
		switch {
		case name == "when":
			out[i] = r.cellOf(model.Stamp(theme.LastChange(&c)), words)
		case name == "people":
			out[i] = peopleIn(c, words)
		case name == "privacy" && words:
			out[i] = r.audienceWord(&c)
		case name == "title" && words && c.Title == "":
			out[i] = "(no title)"
		case name == "pending":
			out[i] = row.Worst().Words()
		default:
			out[i] = r.cellOf(values.Field(slices.Index(jsonColumns, name)).Interface(), words)
		}
	}
	return out
}

// cellOf writes a value of the JSON in one cell, "" for an unknown one. words writes times and durations for a person.
func (r *run) cellOf(value any, words bool) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	var out []string
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
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, k+"="+v[k])
		}
		return strings.Join(out, "; ")
	case *model.Named:
		return cmp.Or(v.Name, v.ID)
	case *model.Participant:
		return personWith(*v)
	case model.Set[model.Participant]:
		for _, p := range v.Items {
			out = append(out, personWith(p))
		}
		return strings.Join(out, "; ")
	case model.TriageJSON:
		marks := only(v.Done, "done ") + only(!time.Time(v.Snoozed).IsZero(), "snoozed ")
		return strings.TrimSpace(marks + only(v.Pinned, "pinned ") + only(v.Seen, "seen "))
	case model.Capabilities:
		return strings.Join(can(v, func(k model.EditKind) string { return string(k) }), " ")
	}
	return fmt.Sprint(value)
}

// spoken writes a time as a person says it: "today 15:04", "Mon 15:04" within a week, else with the date.
func (r *run) spoken(t time.Time) string {
	now := r.Now().Local()
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return theme.Clock(t, now, "today 15:04", "Mon 15:04", "Mon 15:04")
	}
	return theme.Clock(t, now, "today 15:04", "2 Jan 15:04", "2 Jan 2006")
}

// peopleIn names the people of a conversation; in words, the first person and how many more there are.
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

package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

const listPage = 2000

func (r *run) listCommand() *cobra.Command {
	c := r.commandOf("list", nil, func(ctx context.Context, args []string, f flags) error {
		q, limit := strings.Join(args, " "), f.number("limit")
		if limit < 0 {
			return usage("--limit must not be negative")
		}
		how, err := r.listing(f.text("format"), f.text("columns"))
		if err != nil {
			return err
		}
		if err := r.checkQuery(q); err != nil {
			return err
		}
		if q, err = r.ofView(f.text("view"), q); err != nil {
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
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if short := new(pflag.NotExistError); errors.As(err, &short) && short.GetSpecifiedShortnames() != "" {
			return fmt.Errorf("%w; a query that begins with - goes after --", flagWords(c, err))
		}
		return flagWords(c, err)
	})
	return c
}

func (r *run) ofView(name, text string) (string, error) {
	if name == "" {
		return text, nil
	}
	if err := r.loadConfig(); err != nil {
		return "", err
	}
	kept, unread := r.keeper().Views()
	v, err := r.view(name, kept, unread)
	if err != nil {
		return "", err
	}
	of, err := query.Parse(v.Query)
	if err != nil {
		return "", usage("the query of the view %s: %w", v.Name, err)
	}
	q, err := query.Parse(text)
	return of.And(q).String(), err
}

// scoped narrows a query, which has been checked, to the accounts that take part: the cache may hold others.
func (r *run) scoped(text string) string {
	var names []string
	for _, a := range r.setup.Active() {
		names = append(names, "account:"+a.Name)
	}
	q, err := query.Parse(text)
	accounts, wrong := query.Parse(strings.Join(names, " OR "))
	if err != nil || wrong != nil {
		return text
	}
	return accounts.And(q).String()
}

// syncFor reads what a query may match in all accounts, or, unless all are asked for, reads those whole that were
// never read to the end. A failure is shown: what is in the cache can be used all the same.
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
		r.fail(err)
	}
}

// paged reads page after page of a size, up to limit if that is not zero. read returns how many it got.
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
		page, err := r.engine.List(ctx, model.ListRequest{Query: r.scoped(q), Offset: offset, Limit: want})
		rows := unseen(page, offset)
		for _, row := range rows {
			print(row)
		}
		found = page.Total
		return len(rows), cmp.Or(err, r.unwritten)
	})
	if err != nil && err != r.unwritten {
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

// nearest names the query nearest to one that finds nothing, and how much it finds; "" for none.
func (r *run) nearest(ctx context.Context, q string, inbox bool) string {
	near, found, err := r.engine.Nearest(ctx, r.scoped(""), q, inbox)
	if err != nil || near == "" {
		return ""
	}
	return "; nearest: " + model.CleanLine(near, 0) + ", " + theme.Number(found)
}

// unseen returns the rows from offset on: a window at the end of a list begins earlier than it was asked to.
func unseen(p model.Page, offset int) []model.Row {
	if skip := offset - p.Offset; skip > 0 {
		return p.Rows[min(skip, len(p.Rows)):]
	}
	return p.Rows
}

// seenBy is the word for who can see a conversation, as the inbox has it.
func (r *run) seenBy(c *model.Conversation) string {
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

// shownColumns are what a terminal shows, dataColumns what other programs get, where no columns are named. All but
// when and people are keys of the JSON.
var (
	shownColumns = []string{"when", "privacy", "title", "people", "ref"}
	dataColumns  = []string{"ref", "privacy", "title", "status", "updated", "pending"}
)

// leastCells is how few cells a terminal leaves a column; 0 is never cut.
var leastCells = map[string]int{"when": 0, "ref": 0, "id": 0, "privacy": 0, "created": 0, "updated": 0, "checked": 0, "url": 0,
	"title": 10, "people": 7}

// jsonColumns are the keys of the JSON, by the places of their fields.
var jsonColumns = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[model.RowJSON]()) {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}()

func columnNames() []string { return append([]string{"when", "people"}, jsonColumns...) }

// listing is how `list` prints; given says that the person chose the format or the columns.
type listing struct {
	format  string
	columns []string
	given   bool
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

// printer returns what prints one row, and what ends the list.
func (r *run) printer(l listing) (print func(model.Row), end func()) {
	t, w := table{always: l.given}, csv.NewWriter(r.Out)
	w.UseCRLF = true // as RFC 4180 has it
	switch l.format {
	case "csv":
		r.wrote(w.Write(l.columns))
	case "table":
		for _, name := range l.columns {
			t.head = append(t.head, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
			least, known := leastCells[name]
			t.least = append(t.least, pick(known, least, narrowest))
		}
		if people, ref := slices.Index(l.columns, "people"), slices.Index(l.columns, "ref"); !l.given {
			t.drop = [][]int{{people}, {ref}, {people, ref}}
		}
	}
	return func(row model.Row) {
			c := row.Conversation
			switch {
			case l.format == "json":
				r.object(model.NewRowJSON(row, r.engine.Capabilities(c)))
			case l.format == "table":
				t.add(r.cells(row, l.columns, true)...)
			case l.format == "csv":
				cells := r.cells(row, l.columns, false)
				for i := range cells {
					cells[i] = r.plainText(inert(cells[i]))
				}
				r.wrote(w.Write(cells))
			case l.given:
				cells := r.cells(row, l.columns, false)
				for i := range cells {
					cells[i] = model.CleanLine(cells[i], 0)
				}
				r.print("%s", strings.Join(cells, "\t"))
			default:
				t.add(c.Ref.String(), privacyWord(c), c.Title, statusWord(c), at(when(c)), row.Worst().Words())
			}
		}, func() {
			w.Flush()
			r.wrote(w.Error())
			r.printTable(t)
		}
}

// inert is remote text for a cell of a spreadsheet. What would run there as a formula gets an apostrophe in front,
// which a spreadsheet takes for the sign of a text.
func inert(text string) string {
	clean := model.CleanLine(text, 0)
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
			out[i] = r.listed(model.Stamp(when(c)), words)
		case name == "people":
			out[i] = peopleIn(c, words)
		case name == "privacy" && words:
			out[i] = r.seenBy(&c)
		case name == "title" && words && c.Title == "":
			out[i] = "(no title)"
		case name == "pending":
			out[i] = row.Worst().Words()
		default:
			out[i] = r.listed(values.Field(slices.Index(jsonColumns, name)).Interface(), words)
		}
	}
	return out
}

// listed writes a value of the JSON in one cell; what is unknown is empty.
func (r *run) listed(value any, words bool) string {
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
	case *model.NamedJSON:
		if v.Name != nil {
			return *v.Name
		}
		return r.listed(v.ID, words)
	case *model.Participant:
		return personWith(*v)
	case model.Set[model.Participant]:
		for _, p := range v.Items {
			out = append(out, personWith(p))
		}
		return strings.Join(out, "; ")
	case model.TriageJSON:
		is := map[string]bool{"done": v.Done, "snoozed": !time.Time(v.Snoozed).IsZero(), "pinned": v.Pinned, "seen": v.Seen}
		all := []string{"done", "snoozed", "pinned", "seen"}
		return strings.Join(slices.DeleteFunc(all, func(mark string) bool { return !is[mark] }), " ")
	case model.Capabilities:
		return strings.Join(can(v, func(k model.EditKind) string { return string(k) }), " ")
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

// peopleIn names the people of a conversation: in words, the first and how many more there are.
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
	return pick(c.Updated.IsZero(), c.Created, c.Updated)
}

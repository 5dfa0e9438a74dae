package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"confab/model"
)

// linearPage is how many rows the line mode lists at a time.
const linearPage = 20

// maxAnnounced bounds the lines that one event may print.
const maxAnnounced = 5

// linear is the inbox as lines and prompts: nothing is painted over, and each
// thing that happens is one line.
type linear struct {
	*run
	engine Engine
	query  string
	// rows are the conversations by the numbers they were listed with.
	rows   []model.Ref
	offset int
	// lines is what was last said of each listed conversation, so that an
	// event is announced only where it shows.
	lines    map[model.Ref]string
	accounts map[string]string
}

func (r *run) linear(ctx context.Context, e Engine, start Start) error {
	l := &linear{run: r, engine: e, query: start.Query, lines: map[model.Ref]string{}, accounts: map[string]string{}}
	for i, v := range r.setup.Config.Views {
		if start.Query == "" && (v.Name == start.View || start.View == "" && i == 0) {
			l.query = v.Query
		}
	}
	events, stop := e.Subscribe()
	defer stop()
	for _, a := range e.Accounts() {
		l.accounts[a.Name] = accountLine(a)
	}
	e.Start(ctx)
	r.print("confab: type help for the commands, quit to leave.")
	if r.setup.ReadOnly {
		r.print("Read-only: nothing is changed on a service.")
	}
	if err := l.list(ctx, 0); err != nil {
		return err
	}
	for {
		l.prompt()
		line, err := l.next(ctx, events)
		if errors.Is(err, errNoAnswer) {
			fmt.Fprintln(r.Out)
			return nil
		}
		if err != nil {
			return err
		}
		if !utf8.ValidString(line) {
			l.print("This line is not UTF-8, so nothing was done.")
			continue
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "quit" || word == "q" {
			return l.leave(ctx, events)
		}
		if err := l.command(ctx, word, strings.TrimSpace(rest)); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.print("%s", model.Clean(err.Error()))
		}
	}
}

// next waits for a line and announces what happens meanwhile.
func (l *linear) next(ctx context.Context, events <-chan model.Event) (string, error) {
	type typed struct {
		line string
		err  error
	}
	got := make(chan typed, 1)
	go func() {
		s, err := l.asked.line(ctx)
		got <- typed{s, err}
	}()
	for {
		select {
		case t := <-got:
			return t.line, t.err
		case ev, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if l.announce(ctx, ev) {
				l.prompt()
			}
		}
	}
}

func (l *linear) prompt() { fmt.Fprint(l.Out, "confab> ") }

// announce says what an event changed among what was listed, one line each. A
// prompt may stand on the line, so the first ends it.
func (l *linear) announce(ctx context.Context, ev model.Event) (said bool) {
	say := func(line string) {
		if !said {
			fmt.Fprintln(l.Out)
		}
		said = true
		l.print("%s", line)
	}
	changed := 0
	for i, ref := range l.rows {
		if len(ev.Refs) > 0 && !slices.Contains(ev.Refs, ref) {
			continue
		}
		row, ok, err := l.engine.Row(ctx, ref)
		if err != nil {
			return said
		}
		line := "gone: " + cell(ref.String())
		if ok {
			line = rowLine(row)
		}
		if line == l.lines[ref] {
			continue
		}
		l.lines[ref] = line
		if changed++; changed <= maxAnnounced {
			say(fmt.Sprintf("changed %d  %s", i+1, line))
		}
	}
	if changed > maxAnnounced {
		say(fmt.Sprintf("and %d more; list shows them", changed-maxAnnounced))
	}
	for _, a := range l.engine.Accounts() {
		if line := accountLine(a); line != l.accounts[a.Name] {
			l.accounts[a.Name] = line
			say(line)
		}
	}
	return said
}

// accountLine says how an account does, without what changes all the time.
func accountLine(a model.AccountState) string {
	line := a.Name + ": " + count(a.Conversations, "conversation")
	switch {
	case a.Syncing && a.Swept.IsZero():
		line = a.Name + ": reading the list for the first time"
	case a.Error != nil:
		line += ", " + errorText(a.Error)
	}
	if a.Waiting > 0 {
		line += ", " + count(a.Waiting, "edit") + " waiting"
	}
	if a.NeedPerson > 0 {
		line += fmt.Sprintf(", %d need you: outbox", a.NeedPerson)
	}
	return line
}

func rowLine(row model.Row) string {
	c := row.Conversation
	line := fmt.Sprintf("%s, %s, %s, %s", cell(orText(c.Title, "(no title)")), privacyWord(c), cell(statusWord(c)), cell(c.Ref.String()))
	for _, p := range row.Pending {
		line += fmt.Sprintf(", %s %s", model.FieldName(p.Kind), p.State)
	}
	return line
}

func (l *linear) list(ctx context.Context, offset int) error {
	page, err := l.engine.List(ctx, model.ListRequest{Query: l.scoped(l.query), Inbox: true, Offset: offset, Limit: linearPage})
	if err != nil {
		return err
	}
	if offset == 0 {
		l.rows, l.lines = nil, map[model.Ref]string{}
	}
	rows := unseen(page, offset)
	l.offset = offset + len(rows)
	for _, row := range rows {
		ref := row.Conversation.Ref
		l.rows = append(l.rows, ref)
		l.lines[ref] = rowLine(row)
		l.print("%d  %s", len(l.rows), l.lines[ref])
	}
	switch {
	case page.Total == 0:
		l.print("No conversations.")
	case l.offset < page.Total:
		l.print("%d of %s; `more` lists the next.", l.offset, count(page.Total, "conversation"))
	}
	return nil
}

// verb is one command of the line mode.
type verb struct {
	names []string
	usage string
	help  string
	do    func(l *linear, ctx context.Context, rest string) error
}

func verbs() []verb {
	simple := func(kind model.EditKind, target string) func(*linear, context.Context, string) error {
		return func(l *linear, ctx context.Context, rest string) error {
			refs, rest, err := l.pick(rest)
			if err != nil || rest != "" {
				return orError(err, "only numbers and refs can follow")
			}
			return l.edit(ctx, refs, request{changes: []model.Change{{Kind: kind, Op: model.OpSet, Target: model.TextValue(target)}}})
		}
	}
	text := func(kind model.EditKind) func(*linear, context.Context, string) error {
		return func(l *linear, ctx context.Context, rest string) error {
			refs, rest, err := l.pickOne(rest)
			if err != nil || rest == "" {
				return orError(err, "the new text is missing")
			}
			return l.edit(ctx, refs, request{changes: []model.Change{{Kind: kind, Op: model.OpSet, Target: model.TextValue(rest)}}})
		}
	}
	people := func(fill func(f *changeFlags, rest string)) func(*linear, context.Context, string) error {
		return func(l *linear, ctx context.Context, rest string) error {
			refs, rest, err := l.pickOne(rest)
			if err != nil || rest == "" {
				return orError(err, "say who")
			}
			var f changeFlags
			fill(&f, rest)
			req, err := f.parse(func(flag string) bool { return flag == "contacts" && f.contacts != "" })
			if err != nil {
				return err
			}
			return l.edit(ctx, refs, req)
		}
	}
	return []verb{
		{[]string{"list", "l"}, "list [QUERY]", "list conversations; without a query, those of before", (*linear).doList},
		{[]string{"more", "m"}, "more", "list the next ones", func(l *linear, ctx context.Context, _ string) error { return l.list(ctx, l.offset) }},
		{[]string{"view", "v"}, "view [NAME]", "list a view, or name the views", (*linear).doView},
		{[]string{"open", "o"}, "open N", "read one with everything known", (*linear).doOpen},
		{[]string{"people", "roles"}, "people N", "participants, contacts and their roles", (*linear).doPeople},
		{[]string{"private", "p"}, "private N...", "make private", simple(model.EditPrivacy, string(model.PrivacyPrivate))},
		{[]string{"public"}, "public N...", "make public", simple(model.EditPrivacy, string(model.PrivacyPublic))},
		{[]string{"rename", "t"}, "rename N TITLE", "rename", text(model.EditTitle)},
		{[]string{"describe"}, "describe N TEXT", "set the description", text(model.EditDescription)},
		{[]string{"access"}, "access N WORD", "who gets in", text(model.EditAccess)},
		{[]string{"role"}, "role N WHO=ROLE", "give a participant a role", people(func(f *changeFlags, s string) { f.roles = []string{s} })},
		{[]string{"add"}, "add N WHO[=ROLE]", "add a participant", people(func(f *changeFlags, s string) { f.adds = []string{s} })},
		{[]string{"remove"}, "remove N WHO", "remove a participant", people(func(f *changeFlags, s string) { f.removes = []string{s} })},
		{[]string{"contacts", "c"}, "contacts N ID,ID|none", "replace the contacts", people(func(f *changeFlags, s string) { f.contacts = s })},
		{[]string{"close", "s"}, "close N...", "close", simple(model.EditStatus, model.StatusClosed)},
		{[]string{"reopen"}, "reopen N...", "open again", simple(model.EditStatus, model.StatusOpen)},
		{[]string{"archive"}, "archive N...", "archive", simple(model.EditArchive, "")},
		{[]string{"delete"}, "delete N...", "delete for everybody", simple(model.EditDelete, "")},
		{[]string{"done", "d"}, "done N...", "mark done, here alone", func(l *linear, ctx context.Context, rest string) error {
			refs, _, err := l.pick(rest)
			if err != nil {
				return err
			}
			yes := true
			return l.engine.Triage(ctx, refs, model.TriageChange{Done: &yes})
		}},
		{[]string{"undo", "u"}, "undo [ID]", "take back the newest submission, or one by its id", (*linear).doUndo},
		{[]string{"outbox"}, "outbox", "edits that are not delivered", func(l *linear, ctx context.Context, _ string) error { return l.listOutbox(ctx, l.engine) }},
		{[]string{"retry"}, "retry ID", "queue an edit again", func(l *linear, ctx context.Context, rest string) error {
			return l.settle(ctx, l.engine, strings.Fields(rest), l.engine.Retry, "queued again")
		}},
		{[]string{"discard"}, "discard ID", "give an edit up", func(l *linear, ctx context.Context, rest string) error {
			return l.settle(ctx, l.engine, strings.Fields(rest), l.engine.Discard, "discarded")
		}},
		{[]string{"history"}, "history", "the newest delivered edits", func(l *linear, ctx context.Context, _ string) error {
			return l.history(ctx, l.engine, model.Ref{}, linearPage)
		}},
		{[]string{"refresh", "r"}, "refresh", "ask the services again", func(l *linear, _ context.Context, _ string) error {
			l.engine.Refresh()
			return nil
		}},
		{[]string{"quit", "q"}, "quit", "leave", nil},
	}
}

func orError(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

func (l *linear) command(ctx context.Context, word, rest string) error {
	if word == "" {
		return nil
	}
	if word == "help" || word == "?" {
		l.print("N is a number of the list, a range such as 2-5, or a ref.")
		for _, v := range verbs() {
			l.print("%-22s %s", v.usage, v.help)
		}
		return nil
	}
	for _, v := range verbs() {
		if slices.Contains(v.names, word) && v.do != nil {
			return v.do(l, ctx, rest)
		}
	}
	return fmt.Errorf("there is no command %q; help lists them", cell(word))
}

// pick reads numbers, ranges and refs from the start of a line.
func (l *linear) pick(rest string) ([]model.Ref, string, error) {
	var refs []model.Ref
	for rest != "" {
		word, tail, _ := strings.Cut(rest, " ")
		found, err := l.refsOf(word)
		if err != nil {
			if len(refs) == 0 {
				return nil, rest, err
			}
			return refs, rest, nil
		}
		for _, ref := range found {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
		rest = strings.TrimSpace(tail)
	}
	if len(refs) == 0 {
		return nil, rest, errors.New("say which, by its number in the list")
	}
	return refs, rest, nil
}

// pickOne reads one number or ref; the rest of the line may look like another.
func (l *linear) pickOne(rest string) ([]model.Ref, string, error) {
	word, tail, _ := strings.Cut(rest, " ")
	if word == "" {
		return nil, "", errors.New("say which, by its number in the list")
	}
	refs, err := l.refsOf(word)
	return refs, strings.TrimSpace(tail), err
}

func (l *linear) refsOf(word string) ([]model.Ref, error) {
	if strings.Contains(word, ":") {
		ref, err := l.ref(word)
		return []model.Ref{ref}, err
	}
	from, to, ranged := strings.Cut(word, "-")
	a, err := strconv.Atoi(from)
	b := a
	if err == nil && ranged {
		b, err = strconv.Atoi(to)
	}
	if err != nil || a < 1 || b < a || b > len(l.rows) {
		return nil, fmt.Errorf("%q is no number of the list", cell(word))
	}
	return slices.Clone(l.rows[a-1 : b]), nil
}

// edit plans, asks where the plan is risky or for several, and submits; the
// engine delivers in the background, and events tell.
func (l *linear) edit(ctx context.Context, refs []model.Ref, req request) error {
	plan, _, err := l.planEdit(ctx, l.engine, refs, req)
	if err != nil {
		return err
	}
	l.printPlan(l.Out, plan)
	if plan.Count(model.PlanChange) == 0 {
		return nil
	}
	if plan.Risky() || plan.Bulk() {
		yes, err := l.asked.confirm(ctx, question(plan), needsWhole(plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			l.print("Nothing was sent.")
			return nil
		}
	}
	ids, err := l.engine.Submit(ctx, plan)
	if err != nil {
		return err
	}
	l.print("%s queued.", count(len(ids), "edit"))
	return nil
}

func (l *linear) doList(ctx context.Context, rest string) error {
	if rest != "" {
		if err := l.checkQuery(rest); err != nil {
			return err
		}
		l.query = rest
	}
	return l.list(ctx, 0)
}

func (l *linear) doView(ctx context.Context, rest string) error {
	var names []string
	for _, v := range l.setup.Config.Views {
		if strings.EqualFold(v.Name, rest) {
			l.query = v.Query
			return l.list(ctx, 0)
		}
		names = append(names, v.Name)
	}
	l.print("Views: %s", cell(strings.Join(names, ", ")))
	return nil
}

func (l *linear) doOpen(ctx context.Context, rest string) error {
	refs, _, err := l.pickOne(rest)
	if err != nil {
		return err
	}
	d, err := l.engine.Load(ctx, refs[0], model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
	if err != nil {
		return err
	}
	row, _, err := l.engine.Row(ctx, refs[0])
	if err != nil {
		return err
	}
	row.Conversation = d.Conversation
	l.show(row, l.engine.Capabilities(d.Conversation), d)
	seen := true
	return l.engine.Triage(ctx, refs[:1], model.TriageChange{Seen: &seen})
}

func (l *linear) doPeople(ctx context.Context, rest string) error {
	refs, _, err := l.pickOne(rest)
	if err != nil {
		return err
	}
	d, err := l.engine.Load(ctx, refs[0], model.NeedParticipants|model.NeedContacts)
	if err != nil {
		return err
	}
	l.people("PEOPLE", d.Conversation.Participants)
	l.people("CONTACTS", d.Conversation.Contacts)
	return nil
}

func (l *linear) doUndo(ctx context.Context, rest string) error {
	u, err := l.engine.PlanUndo(ctx, rest)
	if err != nil {
		return err
	}
	if u.What != "" {
		l.print("%s", model.CleanLine(u.What, 500))
	}
	for _, why := range u.Blocked {
		l.print("can't: %s", model.CleanLine(why, 1000))
	}
	l.printPlan(l.Out, u.Plan)
	if len(u.Withdraw) == 0 && u.Plan.Count(model.PlanChange) == 0 {
		return nil
	}
	if u.Plan.Risky() {
		yes, err := l.asked.confirm(ctx, "Take this back?", needsWhole(u.Plan.Risks()))
		if err != nil || !yes {
			return err
		}
	}
	ids, err := l.engine.ApplyUndo(ctx, u)
	if err != nil {
		return err
	}
	l.print("%d withdrawn, %d queued.", len(u.Withdraw), len(ids))
	return nil
}

// leave asks about edits that are on their way, and waits for them if wanted.
func (l *linear) leave(ctx context.Context, events <-chan model.Event) error {
	waiting, err := l.waiting(ctx)
	if err != nil || waiting == 0 || l.setup.ReadOnly {
		return err
	}
	yes, err := l.asked.confirm(ctx, count(waiting, "edit")+" not delivered. Wait? No leaves them in the outbox.", false)
	if err != nil || !yes {
		return err
	}
	for waiting > 0 {
		select {
		case ev, ok := <-events:
			if !ok {
				return nil
			}
			l.announce(ctx, ev)
		case <-ctx.Done():
			return ctx.Err()
		}
		if waiting, err = l.waiting(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *linear) waiting(ctx context.Context) (int, error) {
	entries, err := l.engine.Outbox(ctx)
	n := 0
	for _, x := range entries {
		if x.State.Waiting() && !x.Orphaned {
			n++
		}
	}
	return n, err
}

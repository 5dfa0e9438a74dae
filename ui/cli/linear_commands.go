package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// verb is a command of the linear mode, with its names separated by blanks.
type verb struct {
	names, usage, help string
	do                 func(ctx context.Context, rest string) error
}

func (l *linear) verbs() []verb {
	return []verb{
		{"list l", "list [QUERY]", "list conversations; without a query, those of before", l.doList},
		{"more m", "more", "list the next ones", func(ctx context.Context, _ string) error { return l.list(ctx, true) }},
		{"view v", "view [NAME]", "list a view, or name the views", l.doView},
		{"open o", "open N", "read one: who sees it, who is in it, what was said", l.reads(l.readOut)},
		{"all", "all N", "everything known of one, ids and stamps too", l.reads(l.show)},
		{"people roles", "people N...", "who is in one, or in how many of several, and as what", l.forEach(l.listPeople)},
		{"private p", "private N...", "make private", l.sets("private", "true")},
		{"public", "public N...", "make public", l.sets("public", "true")},
		{"rename t", "rename N TITLE", "rename; also by s/OLD/NEW/, and several, such as 2-5, by a template", l.doRename},
		{"describe", "describe N TEXT", "set the description", l.sets("description", "")},
		{"access", "access N WORD", "who gets in", l.sets("access", "")},
		{"role", "role N [WHO=ROLE]", "give a participant a role; lists them and asks where you don't say whom", l.sets("role", "")},
		{"add", "add N [WHO[=ROLE]]", "add a participant", l.sets("add", "")},
		{"remove", "remove N [WHO]", "remove a participant", l.sets("remove", "")},
		{"contacts c", "contacts N [ID,ID|none]", "replace the contacts", l.sets("contacts", "")},
		{"close s", "close N...", "close", l.sets("status", model.StatusClosed)},
		{"reopen", "reopen N...", "open again", l.sets("status", model.StatusOpen)},
		{"change e", "change N WHAT VALUE", "anything else that edit has a flag for: label Stage=Won, default-role viewer", l.doChange},
		{"archive", "archive N...", "archive", l.sets("archive", "true")},
		{"delete", "delete N...", "delete for everybody", l.sets("delete", "true")},
		{"new n", "new ACCOUNT TITLE", "create a conversation", l.doNew},
		{"done d", "done N...", "mark done, here alone", l.marks("done", model.TriageChange{Done: new(true)})},
		{"undone", "undone N...", "mark not done", l.marks("not done", model.TriageChange{Done: new(false)})},
		{"pin b", "pin N...", "keep at the top, here alone", l.marks("pinned", model.TriageChange{Pinned: new(true)})},
		{"unpin", "unpin N...", "no longer keep at the top", l.marks("not pinned", model.TriageChange{Pinned: new(false)})},
		{"seen", "seen N...", "mark seen, here alone", l.marks("seen", model.TriageChange{Seen: new(true)})},
		{"unseen U", "unseen N...", "mark unseen", l.marks("unseen", model.TriageChange{Seen: new(false)})},
		{"snooze z", "snooze N TIME", "hide until then, here alone: 2h, 3d, 14:30, tomorrow, monday, 2026-12-31", l.doSnooze},
		{"wake", "wake N...", "end a snooze", l.marks("awake again", model.TriageChange{Snooze: &time.Time{}})},
		{"undo u", "undo [ID]", "take back the newest act, or a submission or edit by its id", l.doUndo},
		{"outbox", "outbox", "edits that are not delivered", func(ctx context.Context, _ string) error { return l.listOutbox(ctx) }},
		{"retry", "retry ID...", "send edits again, or those of a submission", l.decides("retry")},
		{"discard", "discard ID...", "give edits up", l.decides("discard")},
		{"resolve", "resolve ID mine|theirs|merged", "settle a conflict", l.decides("resolve")},
		{"history", "history", "what was submitted, and how it ended", l.doHistory},
		{"refresh r", "refresh", "ask the services again", l.doRefresh},
		{"quit q", "quit", "leave", nil},
	}
}

func (l *linear) command(ctx context.Context, word, rest string) error {
	if word == "help" || word == "?" {
		l.print("N is a number of the list, a range such as 2-5, several such as 1,4-6, or a ref.")
		for _, v := range l.verbs() {
			l.print("%-30s %s", v.usage, v.help)
		}
		return nil
	}
	for _, v := range l.verbs() {
		if slices.Contains(strings.Fields(v.names), word) {
			return v.do(ctx, rest)
		}
	}
	if word == "" {
		return nil
	}
	return fmt.Errorf("there is no command %q; help lists them", cell(word))
}

// refsAt reads the conversations that a line begins with: a number, a range or a ref, or with several any number of these. tail
// is the rest of the line.
func (l *linear) refsAt(rest string, several bool) (refs []model.Ref, tail string, err error) {
	for first := true; first || several && rest != ""; first = false {
		word, tail, _ := strings.Cut(rest, " ")
		more, err := l.refsOf(word)
		switch {
		case err != nil && first:
			return nil, "", err
		case err != nil:
			return refs, rest, nil
		}
		refs, rest = appendNew(refs, more...), strings.TrimSpace(tail)
	}
	return refs, rest, nil
}

func (l *linear) refsOf(word string) (refs []model.Ref, err error) {
	switch {
	case word == "":
		return nil, errors.New("say which, by its number in the list")
	case strings.Contains(word, ":"):
		ref, err := l.ref(word)
		return []model.Ref{ref}, err
	}
	for part := range strings.SplitSeq(word, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b, wrong := strconv.Atoi(theme.Pick(ranged, to, from))
		if err != nil || wrong != nil || a < 1 || b < a || b > len(l.rows) {
			return nil, fmt.Errorf("%q is no number of the list", cell(part))
		}
		refs = append(refs, l.rows[a-1:b]...)
	}
	return refs, nil
}

var errMoreThanRefs = errors.New("only numbers and refs can follow")

func (l *linear) forEach(do func(context.Context, []model.Ref) error) func(context.Context, string) error {
	return func(ctx context.Context, rest string) error {
		refs, tail, err := l.refsAt(rest, true)
		if err == nil && tail != "" {
			err = errMoreThanRefs
		}
		if err != nil {
			return err
		}
		return do(ctx, refs)
	}
}

// sets returns a verb that does what a flag of `edit` does: with the given value for several conversations, or, if value is
// "", with the rest of the line for one.
func (l *linear) sets(flag, value string) func(context.Context, string) error {
	return func(ctx context.Context, rest string) error {
		refs, text, err := l.refsAt(rest, value != "")
		question := whoQuestions[flag]
		switch {
		case err != nil:
			return err
		case value != "" && text != "":
			return errMoreThanRefs
		case value != "":
			text = value
		case text == "" && question == "":
			return errors.New("the new text is missing")
		case text == "":
			if err = l.listPeople(ctx, refs); err == nil {
				text, err = l.ask(ctx, question+", in "+theme.Count(len(refs), "conversation"))
			}
			if err != nil || text == "" {
				return err
			}
		}
		w, err := parseChange(flag, text)
		if err != nil {
			return err
		}
		return l.edit(ctx, refs, []model.Change{w})
	}
}

// doChange does what any flag of `edit` does.
func (l *linear) doChange(ctx context.Context, rest string) error {
	which, rest, _ := strings.Cut(rest, " ")
	flag, text, _ := strings.Cut(rest, " ")
	if err := oneOf("change", flag, changeFlags); err != nil {
		return err
	}
	return l.sets(flag, "")(ctx, which+" "+text)
}

// doNew creates a conversation with a title, and asks for the space where the service needs one. What else it is to have is
// set once it is there.
func (l *linear) doNew(ctx context.Context, rest string) error {
	account, title, _ := strings.Cut(rest, " ")
	about, ok := l.engine.Describe(account)
	if !ok || title == "" {
		return errors.New("say where and what: new ACCOUNT TITLE")
	}
	n := model.NewConversation{Title: title}
	if about.NewNeedsSpace {
		page, err := l.engine.Lookup(ctx, account, model.LookupRequest{Kind: model.LookupSpaces, Limit: 50})
		if err != nil {
			return err
		}
		for _, space := range page.Items {
			l.print("  %s  %s", cell(space.ID), cell(space.Display()))
		}
		if page.Cursor != "" {
			l.print("  and more, which can be named too")
		}
		if n.Space, err = l.ask(ctx, "In which space, by its id or name"); err != nil || n.Space == "" {
			return err
		}
	}
	plan, err := l.engine.PlanCreate(ctx, account, n, model.PlanOptions{})
	if err == nil && plan.Count(model.PlanChange) > 0 {
		l.print("It will be seen by %s.", model.CleanLine(about.AudienceOfNew(n).Words(), 0))
	}
	if err != nil {
		return err
	}
	return l.submit(ctx, plan)
}

func (l *linear) doRename(ctx context.Context, rest string) error {
	refs, text, err := l.refsAt(rest, false)
	if err != nil || text == "" || len(refs) == 1 && !strings.HasPrefix(text, "s/") {
		return l.sets("title", "")(ctx, rest)
	}
	r, err := model.ParseRenaming(text, time.Local)
	if err != nil {
		return err
	}
	return l.edit(ctx, refs, []model.Change{r.Change()})
}

// whoQuestions are asked where the argument of a flag is missing.
var whoQuestions = map[string]string{"role": "Which role for whom, WHO=ROLE", "add": "Add whom, WHO or WHO=ROLE",
	"remove": "Remove whom, WHO", "contacts": "Which contacts, ID,ID or none"}

func (l *linear) ask(ctx context.Context, question string) (string, error) {
	line, err := l.prompter.question(ctx, l.Out, question+"? An empty line changes nothing: ")
	if errors.Is(err, errNoAnswer) {
		return "", nil
	}
	return line, err
}

func (l *linear) edit(ctx context.Context, refs []model.Ref, ch []model.Change) error {
	plan, err := l.planEdit(ctx, refs, ch, model.PlanOptions{})
	if err != nil {
		return err
	}
	return l.submit(ctx, plan)
}

// submit asks if the plan is risky, for several conversations or for a new one, and submits it. The engine delivers in the
// background, and events announce the end.
func (l *linear) submit(ctx context.Context, plan model.Plan) error {
	if plan.Count(model.PlanChange) == 0 {
		l.printLines(l.Out, leftAlone(plan)...)
		return nil
	}
	asks := plan.Risky() || plan.Bulk() || plan.Items[0].Ref.ID == ""
	if asks {
		l.printLines(l.Out, l.preview(plan)...)
	}
	return l.carryOut(ctx, plan, sendOptions{yes: !asks}, question(plan), "Nothing was sent.",
		func() ([]string, error) { return l.engine.Submit(ctx, plan) })
}

func (l *linear) doUndo(ctx context.Context, id string) error {
	u, err := l.engine.PlanUndo(ctx, id, model.PlanOptions{})
	if err != nil {
		return err
	}
	withdrawn, err := l.entries(ctx, u.Withdraw)
	if err != nil {
		return err
	}
	if u.Marks == 0 && (u.Asks() || u.Nothing() || len(u.Blocked)+u.InFlight > 0) {
		l.printLines(l.Out, append(undoLines(u, withdrawn), l.preview(u.Plan)...)...)
	}
	if u.Nothing() {
		if len(u.Blocked) == 0 {
			l.print("There is nothing to take back.")
		}
		return nil
	}
	return l.carryOut(ctx, u.Plan, sendOptions{yes: !u.Asks()}, "Take this back?", "Nothing was taken back.", func() ([]string, error) {
		ids, err := l.engine.ApplyUndo(ctx, u)
		switch {
		case errors.Is(err, model.ErrUndoMoved):
			err = nil
			l.print("Some of it was sent or settled meanwhile, so nothing was taken back: type undo again to see it as it is now.")
		case err != nil:
		case u.Marks > 0:
			l.print("taken back: %s", u.Sentence)
		default:
			l.acts = slices.DeleteFunc(l.acts, func(a *act) bool { return a.submission == u.Submission })
			if len(u.Withdraw) > 0 {
				l.print("withdrawn, nothing was changed: %s", u.Sentence)
			}
		}
		return ids, err
	})
}

// decides returns a verb for a decision about edits of the outbox.
func (l *linear) decides(name string) func(context.Context, string) error {
	return func(ctx context.Context, rest string) error {
		d, ids := decision(name), strings.Fields(rest)
		if last := len(ids) - 1; name == "resolve" {
			if last > 0 {
				d, ids = decision(strings.TrimPrefix(ids[last], "--")), ids[:last]
			}
			if !d.resolves() {
				return errors.New("say which and how: resolve ID mine|theirs|merged")
			}
		}
		if len(ids) == 0 {
			return errors.New("say which, by an id of the outbox")
		}
		return l.decide(ctx, d, ids, sendOptions{})
	}
}

func (l *linear) doList(ctx context.Context, rest string) error {
	if rest != "" {
		if err := l.checkQuery(rest); err != nil {
			return err
		}
		l.query = rest
	}
	return l.list(ctx, false)
}

func (l *linear) doView(ctx context.Context, rest string) error {
	var names []string
	for _, v := range l.views {
		if strings.EqualFold(v.Name, rest) {
			l.query = v.Query
			return l.list(ctx, false)
		}
		names = append(names, v.Name)
	}
	l.print("Views: %s", cell(strings.Join(names, ", ")))
	return nil
}

func (l *linear) doHistory(ctx context.Context, _ string) error {
	subs, err := l.engine.Submissions(ctx, model.HistoryRequest{Limit: linearPage})
	for _, s := range subs {
		l.print("%s: %s; asked %s, id %s", s.Words(), s.Ending(l.spoken), l.spoken(s.At), s.ID)
	}
	return err
}

func (l *linear) doRefresh(context.Context, string) error {
	l.engine.Refresh()
	l.print("The services are being asked; what has changed is said here.")
	return nil
}

// marks returns a verb that changes local marks.
func (l *linear) marks(word string, change model.TriageChange) func(context.Context, string) error {
	return l.forEach(func(ctx context.Context, refs []model.Ref) error { return l.mark(ctx, refs, word, change) })
}

func (l *linear) mark(ctx context.Context, refs []model.Ref, word string, change model.TriageChange) error {
	err := l.engine.Triage(ctx, refs, change, nil)
	if err == nil {
		l.print("%s %s.", theme.Count(len(refs), "conversation"), word)
	}
	return err
}

func (l *linear) doSnooze(ctx context.Context, rest string) error {
	refs, text, err := l.refsAt(rest, true)
	if err != nil {
		return err
	}
	now := l.Now().Local()
	until, err := model.ParseWhen(text, now)
	if err != nil {
		return err
	}
	return l.mark(ctx, refs, "snoozed until "+theme.Moment(until, now), model.TriageChange{Snooze: &until})
}

// reads returns a verb that reads a conversation afresh, shows it and marks it seen.
func (l *linear) reads(show func(model.Row, model.Detail)) func(context.Context, string) error {
	return l.forEach(func(ctx context.Context, refs []model.Ref) error {
		if len(refs) > 1 {
			return errors.New("only one can be read at a time")
		}
		row, d, err := l.readWhole(ctx, refs[0])
		if err != nil {
			return err
		}
		show(row, d)
		return l.engine.See(ctx, refs[0])
	})
}

// listPeople prints who is in a conversation. Of several conversations it prints in how many each person is, and as what, and
// names those that can't be read.
func (l *linear) listPeople(ctx context.Context, refs []model.Ref) error {
	type group struct{ head, account string }
	var order []group
	sets := map[group][][]model.Participant{}
	for _, ref := range refs {
		d, err := l.engine.Load(ctx, ref, model.NeedParticipants|model.NeedContacts)
		if err != nil && len(refs) == 1 {
			return err
		}
		c := d.Conversation
		if err == nil && !c.Participants.Known && !c.Contacts.Known {
			err = errors.New("the service did not give the full list")
		}
		if err != nil {
			l.print("%s can't be read: %s", cell(ref.String()), err.Error())
			continue
		}
		for i, set := range []model.Set[model.Participant]{c.Participants, c.Contacts} {
			if g := (group{[]string{"PEOPLE", "CONTACTS"}[i], ref.Account}); set.Known {
				order = appendNew(order, g)
				sets[g] = append(sets[g], set.Items)
			}
		}
	}
	for _, g := range order {
		all := sets[g]
		if len(refs) == 1 {
			l.people(g.head, model.SetOf(all[0]...))
			continue
		}
		l.print("\n%s of %s in %s", g.head, theme.Count(len(all), "conversation"), g.account)
		for _, m := range model.Union(all...) {
			l.print("  %s", theme.Commas(m.Participant.Distinct(), theme.Terms(m), fmt.Sprintf("%d of %d", len(m.In), len(all))))
		}
	}
	return nil
}

package cli

import (
	"cmp"
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

type verb struct {
	names []string
	usage string
	help  string
	do    func(l *linear, ctx context.Context, rest string) error
}

func verbs() []verb {
	return []verb{
		{[]string{"list", "l"}, "list [QUERY]", "list conversations; without a query, those of before", (*linear).doList},
		{[]string{"more", "m"}, "more", "list the next ones", (*linear).doMore},
		{[]string{"view", "v"}, "view [NAME]", "list a view, or name the views", (*linear).doView},
		{[]string{"open", "o"}, "open N", "read one: who sees it, who is in it, what was said", (*linear).doOpen},
		{[]string{"all"}, "all N", "everything known of one, ids and stamps too", (*linear).doAll},
		{[]string{"people", "roles"}, "people N...", "who is in one, or in how many of several, and as what", (*linear).doPeople},
		{[]string{"private", "p"}, "private N...", "make private", set(model.EditPrivacy, string(model.PrivacyPrivate))},
		{[]string{"public"}, "public N...", "make public", set(model.EditPrivacy, string(model.PrivacyPublic))},
		{[]string{"rename", "t"}, "rename N TITLE", "rename; also by s/OLD/NEW/, and several, such as 2-5, by a template", (*linear).doRename},
		{[]string{"describe"}, "describe N TEXT", "set the description", setTo(model.EditDescription)},
		{[]string{"access"}, "access N WORD", "who gets in", setTo(model.EditAccess)},
		{[]string{"role"}, "role N [WHO=ROLE]", "give a participant a role; lists them and asks where you don't say whom", people("role")},
		{[]string{"add"}, "add N [WHO[=ROLE]]", "add a participant", people("add")},
		{[]string{"remove"}, "remove N [WHO]", "remove a participant", people("remove")},
		{[]string{"contacts", "c"}, "contacts N [ID,ID|none]", "replace the contacts", people("contacts")},
		{[]string{"close", "s"}, "close N...", "close", set(model.EditStatus, model.StatusClosed)},
		{[]string{"reopen"}, "reopen N...", "open again", set(model.EditStatus, model.StatusOpen)},
		{[]string{"archive"}, "archive N...", "archive", set(model.EditArchive, "")},
		{[]string{"delete"}, "delete N...", "delete for everybody", set(model.EditDelete, "")},
		{[]string{"done", "d"}, "done N...", "mark done, here alone", (*linear).doDone},
		{[]string{"undo", "u"}, "undo [ID]", "take back the newest act, or a submission or edit by its id", (*linear).doUndo},
		{[]string{"outbox"}, "outbox", "edits that are not delivered", (*linear).doOutbox},
		{[]string{"retry"}, "retry ID...", "send edits again, or those of a submission", decideOn("retry")},
		{[]string{"discard"}, "discard ID...", "give edits up", decideOn("discard")},
		{[]string{"resolve"}, "resolve ID mine|theirs|merged", "settle a conflict", (*linear).doResolve},
		{[]string{"history"}, "history", "what was submitted, and how it ended", (*linear).doHistory},
		{[]string{"refresh", "r"}, "refresh", "ask the services again", (*linear).doRefresh},
		{[]string{"quit", "q"}, "quit", "leave", nil},
	}
}

// set is a verb that sets a field of several to one value.
func set(kind model.EditKind, target string) func(*linear, context.Context, string) error {
	return func(l *linear, ctx context.Context, rest string) error {
		refs, rest, err := l.pick(rest)
		if err != nil || rest != "" {
			return cmp.Or(err, errors.New("only numbers and refs can follow"))
		}
		return l.edit(ctx, refs, request{changes: []model.Change{setText(kind, "", target)}})
	}
}

// setTo is a verb that sets a field of one to what follows.
func setTo(kind model.EditKind) func(*linear, context.Context, string) error {
	return func(l *linear, ctx context.Context, rest string) error {
		refs, rest, err := l.pickOne(rest)
		if err != nil || rest == "" {
			return cmp.Or(err, errors.New("the new text is missing"))
		}
		return l.edit(ctx, refs, request{changes: []model.Change{setText(kind, "", rest)}})
	}
}

// doRename sets the title of one, or replaces a text in it; of several it may make one for each.
func (l *linear) doRename(ctx context.Context, rest string) error {
	refs, text, err := l.pickOne(rest)
	if err != nil || text == "" || len(refs) == 1 && !strings.HasPrefix(text, "s/") {
		return setTo(model.EditTitle)(l, ctx, rest)
	}
	r, err := model.ParseRenaming(text, time.Local)
	if err != nil {
		return err
	}
	return l.edit(ctx, refs, request{changes: []model.Change{r.Change()}})
}

// people is a verb that changes people or contacts, read as the flag of `edit` is.
func people(flag string) func(*linear, context.Context, string) error {
	return func(l *linear, ctx context.Context, rest string) error {
		refs, rest, err := l.pickOne(rest)
		if err != nil {
			return err
		}
		if rest == "" {
			if rest, err = l.askWho(ctx, refs, flag); err != nil || rest == "" {
				return err
			}
		}
		f := changeFlags{contacts: rest}
		if list := map[string]*[]string{"role": &f.roles, "add": &f.adds, "remove": &f.removes}[flag]; list != nil {
			*list = []string{rest}
		}
		req, err := f.parse(func(name string) bool { return name == flag })
		if err != nil {
			return err
		}
		return l.edit(ctx, refs, req)
	}
}

// askWho lists who is in some conversations, and asks whom a verb is about; "" is nobody.
func (l *linear) askWho(ctx context.Context, refs []model.Ref, flag string) (string, error) {
	if err := l.listPeople(ctx, refs); err != nil {
		return "", err
	}
	question := map[string]string{"role": "Which role for whom, WHO=ROLE", "add": "Add whom, WHO or WHO=ROLE", "remove": "Remove whom, WHO",
		"contacts": "Which contacts, ID,ID or none"}[flag]
	fmt.Fprintf(l.Out, "%s, in %s? Nothing leaves it: ", question, theme.Count(len(refs), "conversation"))
	line, err := l.asked.line(ctx)
	if errors.Is(err, errNoAnswer) {
		fmt.Fprintln(l.Out)
		return "", nil
	}
	return strings.TrimSpace(line), err
}

func decideOn(name string) func(*linear, context.Context, string) error {
	return func(l *linear, ctx context.Context, rest string) error {
		return l.decide(ctx, decision{name: name}, strings.Fields(rest))
	}
}

func (l *linear) command(ctx context.Context, word, rest string) error {
	switch word {
	case "":
		return nil
	case "help", "?":
		l.print("N is a number of the list, a range such as 2-5, several such as 1,4-6, or a ref.")
		for _, v := range verbs() {
			l.print("%-30s %s", v.usage, v.help)
		}
		return nil
	}
	for _, v := range verbs() {
		if slices.Contains(v.names, word) {
			return v.do(l, ctx, rest)
		}
	}
	return fmt.Errorf("there is no command %q; help lists them", cell(word))
}

// pick reads numbers, ranges and refs from the start of a line.
func (l *linear) pick(rest string) ([]model.Ref, string, error) {
	refs, rest, err := l.pickOne(rest)
	for err == nil && rest != "" {
		more, tail, stop := l.pickOne(rest)
		if stop != nil {
			break
		}
		for _, ref := range more {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
		rest = tail
	}
	return refs, rest, err
}

// pickOne reads one number, range or ref; the rest of the line may look like another.
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
	var refs []model.Ref
	for part := range strings.SplitSeq(word, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b := a
		if err == nil && ranged {
			b, err = strconv.Atoi(to)
		}
		if err != nil || a < 1 || b < a || b > len(l.rows) {
			return nil, fmt.Errorf("%q is no number of the list", cell(part))
		}
		refs = append(refs, l.rows[a-1:b]...)
	}
	return refs, nil
}

// edit plans, asks where the plan is risky or for several, and submits; the
// engine delivers in the background, and events tell.
func (l *linear) edit(ctx context.Context, refs []model.Ref, req request) error {
	plan, _, err := l.planEdit(ctx, refs, req)
	if err != nil {
		return err
	}
	asks := plan.Risky() || plan.Bulk()
	if plan.Count(model.PlanChange) == 0 {
		l.printLines(l.Out, leftAlone(plan)...)
		return nil
	}
	if asks {
		l.printLines(l.Out, l.preview(plan)...)
		yes, err := l.asked.confirm(ctx, question(plan), needsWhole(plan.Risks()))
		if err != nil {
			return err
		}
		if !yes {
			l.print("Nothing was sent.")
			return nil
		}
	}
	if _, err := l.engine.Submit(ctx, plan); err != nil {
		return err
	}
	l.followed(plan)
	return l.settle(ctx)
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

func (l *linear) doMore(ctx context.Context, _ string) error { return l.list(ctx, l.offset) }

func (l *linear) doOutbox(ctx context.Context, _ string) error { return l.listOutbox(ctx) }

func (l *linear) doHistory(ctx context.Context, _ string) error {
	id := func(s model.Submission) string { return s.ID }
	return paged(ctx, historyRange{limit: linearPage}, l.engine.Submissions, id, func(s model.Submission) error {
		l.print("%s: %s; asked %s, id %s", s.Words(), s.Ending(l.spoken), l.spoken(s.At), s.ID)
		return nil
	})
}

func (l *linear) doRefresh(context.Context, string) error {
	l.engine.Refresh()
	l.print("The services are being asked; what has changed is said here.")
	return nil
}

func (l *linear) doView(ctx context.Context, rest string) error {
	var names []string
	for _, v := range l.views {
		if strings.EqualFold(v.Name, rest) {
			l.query = v.Query
			return l.list(ctx, 0)
		}
		names = append(names, v.Name)
	}
	l.print("Views: %s", cell(strings.Join(names, ", ")))
	return nil
}

func (l *linear) doOpen(ctx context.Context, rest string) error { return l.open(ctx, rest, l.brief) }

func (l *linear) doAll(ctx context.Context, rest string) error { return l.open(ctx, rest, l.show) }

func (l *linear) open(ctx context.Context, rest string, show func(model.Row, model.Detail)) error {
	refs, _, err := l.pickOne(rest)
	if err != nil {
		return err
	}
	row, d, err := l.readWhole(ctx, refs[0])
	if err != nil {
		return err
	}
	show(row, d)
	return l.engine.See(ctx, refs[0])
}

func (l *linear) doPeople(ctx context.Context, rest string) error {
	refs, _, err := l.pick(rest)
	if err != nil {
		return err
	}
	return l.listPeople(ctx, refs)
}

// listPeople reads who is in some conversations, and says of several in how many, and
// as what. One that can't be read is named.
func (l *linear) listPeople(ctx context.Context, refs []model.Ref) error {
	type set struct {
		account, head string
		people        [][]model.Participant
	}
	var sets []*set
	add := func(account, head string, people model.Set[model.Participant]) {
		i := slices.IndexFunc(sets, func(s *set) bool { return s.account == account && s.head == head })
		if i < 0 {
			i, sets = len(sets), append(sets, &set{account: account, head: head})
		}
		sets[i].people = append(sets[i].people, people.Items)
	}
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
			l.print("%s can't be read: %s", cell(ref.String()), words(err))
			continue
		}
		if c.Participants.Known {
			add(ref.Account, "PEOPLE", c.Participants)
		}
		if c.Contacts.Known {
			add(ref.Account, "CONTACTS", c.Contacts)
		}
	}
	for _, s := range sets {
		if len(refs) == 1 {
			l.people(s.head, model.SetOf(s.people[0]...))
			continue
		}
		l.print("\n%s of %s in %s", s.head, theme.Count(len(s.people), "conversation"), s.account)
		for _, m := range model.Union(s.people...) {
			l.print("  %s", strings.Join(slices.DeleteFunc([]string{person(m.Participant), theme.Terms(m),
				fmt.Sprintf("%d of %d", len(m.In), len(s.people))}, func(s string) bool { return s == "" }), ", "))
		}
	}
	return nil
}

func (l *linear) doDone(ctx context.Context, rest string) error {
	refs, _, err := l.pick(rest)
	if err != nil {
		return err
	}
	yes := true
	if err := l.engine.Triage(ctx, refs, model.TriageChange{Done: &yes}); err != nil {
		return err
	}
	l.print("%s done.", theme.Count(len(refs), "conversation"))
	return nil
}

// decide does what a person decided about edits of the outbox; what is sent is
// shown and asked about where an edit would be.
func (l *linear) decide(ctx context.Context, d decision, ids []string) error {
	if len(ids) == 0 {
		return errors.New("say which, by an id of the outbox")
	}
	picked, plan, err := l.planDecision(ctx, l.Out, d, ids, false)
	if err != nil {
		return err
	}
	if !d.sends() || plan.Risky() || plan.Bulk() {
		yes, err := l.asked.confirm(ctx, d.question(len(picked)), needsWhole(plan.Risks()))
		if err != nil || !yes {
			return err
		}
	}
	if _, err := l.apply(ctx, d, picked); err != nil {
		return err
	}
	if !d.sends() {
		return l.gaveUp(ctx, picked, "outbox")
	}
	for _, x := range picked {
		l.followed(model.Plan{ID: x.Submission, Items: []model.PlanItem{{Ref: x.Ref}}})
	}
	return l.settle(ctx)
}

func (l *linear) doResolve(ctx context.Context, rest string) error {
	words := strings.Fields(rest)
	if last := len(words) - 1; last > 0 {
		how := model.Resolution(strings.TrimPrefix(words[last], "--"))
		switch how {
		case model.ResolveMine, model.ResolveTheirs, model.ResolveMerged:
			return l.decide(ctx, decision{name: "resolve", how: how}, words[:last])
		}
	}
	return errors.New("say which and how: resolve ID mine|theirs|merged")
}

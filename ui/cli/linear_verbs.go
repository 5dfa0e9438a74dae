package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

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
			if err := l.engine.Triage(ctx, refs, model.TriageChange{Done: &yes}); err != nil {
				return err
			}
			l.print("%s done.", theme.Count(len(refs), "conversation"))
			return nil
		}},
		{[]string{"undo", "u"}, "undo [ID]", "take back the newest act, or a submission or edit by its id", (*linear).doUndo},
		{[]string{"outbox"}, "outbox", "edits that are not delivered", func(l *linear, ctx context.Context, _ string) error {
			return l.listOutbox(ctx, l.engine)
		}},
		{[]string{"retry"}, "retry ID...", "send edits again, or those of a submission", func(l *linear, ctx context.Context, rest string) error {
			return l.decide(ctx, decision{name: "retry"}, strings.Fields(rest))
		}},
		{[]string{"discard"}, "discard ID...", "give edits up", func(l *linear, ctx context.Context, rest string) error {
			return l.decide(ctx, decision{name: "discard"}, strings.Fields(rest))
		}},
		{[]string{"resolve"}, "resolve ID mine|theirs|merged", "settle a conflict", (*linear).doResolve},
		{[]string{"history"}, "history", "what was submitted, and how it ended", func(l *linear, ctx context.Context, _ string) error {
			return l.history(ctx, l.engine, historyRange{limit: linearPage})
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
			l.print("%-30s %s", v.usage, v.help)
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

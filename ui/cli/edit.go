package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

func (r *run) editCommand() *cobra.Command {
	c := r.sendingCommand("edit", nil, func(ctx context.Context, args []string, f flags) error {
		q, err := parseChanges(f, r.Access)
		if err != nil {
			return err
		}
		if err := r.checkWhich(f, args); err != nil {
			return err
		}
		piped := slices.Contains(args, "-")
		if piped && !f.on("yes") && !f.on("dry-run") {
			return usage("standard input holds the refs, so nothing can be asked there: give --yes, or --dry-run")
		}
		if err := r.mayAsk(f.sending()); err != nil {
			return err
		}
		if piped {
			if args, err = r.refsOfInput(ctx, args); err != nil {
				return err
			}
		}
		return r.withEngine(ctx, func() error { return r.edit(ctx, args, f, q) })
	})
	for _, group := range []string{"private public", "title replace title-template", "contacts add-contact",
		"contacts remove-contact", "archive delete"} {
		c.MarkFlagsMutuallyExclusive(strings.Fields(group)...)
	}
	return c
}

func (r *run) edit(ctx context.Context, args []string, f flags, q request) error {
	refs, err := r.editRefs(ctx, args, f)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return mayChange(f, 0)
	}
	send := f.sending()
	plan, err := r.planEdit(ctx, refs, q, send.dryRun)
	if err != nil {
		return err
	}
	r.noteBlocked(plan)
	if err := mayChange(f, plan.Count(model.PlanChange)); err != nil {
		r.printLines(r.Err, planLines(plan)...)
		return err
	}
	return r.send(ctx, plan, q.fields(), send)
}

// noteBlocked takes into account what a plan can't do: it is refused, unless it failed with a status of its own.
func (r *run) noteBlocked(plan model.Plan) {
	for _, it := range plan.Items {
		switch {
		case it.State != model.PlanBlocked:
		case it.Err != nil:
			r.note(CodeOf(it.Err))
		default:
			r.note(ExitRefused)
		}
	}
}

// planEdit plans what is wanted for each conversation. What failed stands in the plan with its error.
func (r *run) planEdit(ctx context.Context, refs []model.Ref, q request, dryRun bool) (plan model.Plan, err error) {
	found := r.findPeople(ctx, refs, q, dryRun)
	if err := ctx.Err(); err != nil {
		return plan, err
	}
	if err := worthStopping(found); err != nil {
		return plan, err
	}
	var changes []model.Change
	for _, w := range q {
		changes = append(changes, w.Change)
	}
	var known []model.Ref
	for _, t := range found {
		if t.Reason == "" {
			known = append(known, t.Ref)
		}
		for i, people := range t.people {
			if changes[i].Whom == nil {
				changes[i].Whom = map[model.Ref][]model.Participant{}
			}
			changes[i].Whom[t.Ref] = people
		}
	}
	if plan, err = r.engine.Plan(ctx, known, changes, model.PlanOptions{DryRun: dryRun, Progress: r.progress("read")}); err != nil {
		return plan, err
	}
	planned := plan.Items
	plan.Items = make([]model.PlanItem, 0, len(refs))
	for _, t := range found {
		it := t.PlanItem
		if t.Reason == "" {
			it, planned = planned[0], planned[1:]
		}
		if r.blockBadWords(&it, q); it.Err != nil {
			it.Reason = model.Words(it.Err) // the ref stands before it
		}
		plan.Items = append(plan.Items, it)
	}
	return plan, nil
}

// worthStopping returns the error that ends the command before anything is planned: a failure here, whom an ambiguous
// name may mean, which is never guessed, and a name that nobody has anywhere, which is a slip.
func worthStopping(found []*target) error {
	known := slices.IndexFunc(found, func(t *target) bool { return !errors.Is(t.Err, errNobody) })
	for _, t := range found {
		if model.KindOf(t.Err) == model.Local && (known < 0 || !errors.Is(t.Err, errNobody)) {
			return t.Err
		}
	}
	return nil
}

// blockBadWords leaves alone what would be given words that its service does not know.
func (r *run) blockBadWords(it *model.PlanItem, q request) {
	d, _ := r.engine.Describe(it.Ref.Account)
	for _, w := range q {
		reason := ""
		switch {
		case !slices.ContainsFunc(it.Edits, func(e model.Edit) bool { return e.Kind == w.Kind }):
		case w.Kind == model.EditParticipants:
			reason = cmp.Or(unknownWord(d, "role", w.People[0].Role), unknownWord(d, "participant status", w.People[0].Status))
		case w.Kind == model.EditAccess || w.Kind == model.EditDefaultRole:
			reason = unknownWord(d, w.Kind.Words(), w.Target.String())
		}
		block(it, reason)
	}
}

func block(it *model.PlanItem, reason string) {
	if reason != "" && it.State == model.PlanChange {
		it.State, it.Reason, it.Edits, it.Risks, it.Notes = model.PlanBlocked, reason, nil, nil, nil
	}
}

func unknownWord(d model.Description, what, word string) string {
	has := map[string]struct {
		all   string
		words []string
	}{"access": {"access setting", d.AccessValues}, "default role": {"default role", d.DefaultRoleValues}, "role": {"roles", d.Roles},
		"participant status": {"statuses of participants", d.ParticipantStatuses}}[what]
	switch {
	case word == "" || slices.Contains(has.words, word):
		return ""
	case len(has.words) == 0:
		return fmt.Sprintf("%s has no %s", d.Name, has.all)
	}
	return fmt.Sprintf("%s has no %s %q; it has %s", d.Name, what, word, strings.Join(has.words, ", "))
}

func (r *run) newCommand() *cobra.Command {
	return r.sendingCommand("new", noArgs, func(ctx context.Context, _ []string, f flags) error {
		n := model.NewConversation{Title: f.text("title"), Description: f.text("description"), Space: f.text("space"),
			Access: f.text("access"), Message: f.text("message")}
		if strings.TrimSpace(n.Title) == "" {
			return usage("a new conversation needs --title")
		}
		if n.Access != "" {
			if err := oneOf("--access", n.Access, r.Access); err != nil {
				return err
			}
		}
		with := f.texts("with")
		for _, text := range f.texts("group") {
			with = append(with, model.KindGroup+":"+strings.TrimPrefix(text, model.KindGroup+":"))
		}
		var people request
		for _, text := range with {
			w, err := parseChange("add", text, nil)
			if err != nil {
				return err
			}
			people = append(people, w)
		}
		if err := r.mayAsk(f.sending()); err != nil {
			return err
		}
		if err := r.loadConfig(); err != nil {
			return err
		}
		if len(r.setup.Active()) != 1 {
			return usage("say where with one --account")
		}
		return r.withEngine(ctx, func() error { return r.create(ctx, n, people, f.sending()) })
	})
}

func (r *run) create(ctx context.Context, n model.NewConversation, people request, send sendOptions) error {
	d, _ := r.engine.Describe(r.setup.Active()[0].Name)
	// Where nothing can be created the plan says why; nobody needs to be found.
	can := r.engine.Capabilities(model.Conversation{Ref: model.Ref{Account: d.Account}, Provider: d.Provider}).Of(model.EditCreate).Can()
	if can || send.dryRun && d.ReadOnly {
		dir := &directory{engine: r.engine}
		for _, w := range people {
			found, err := dir.find(ctx, d, n.Space, w.who)
			if err != nil {
				return of(d.Account, err)
			}
			found.Role, found.Status = w.People[0].Role, ""
			n.People = append(n.People, found)
		}
	}
	plan, err := r.engine.PlanCreate(ctx, d.Account, n, model.PlanOptions{DryRun: send.dryRun})
	if err != nil {
		return err
	}
	reason := unknownWord(d, "access", n.Access)
	for _, p := range n.People {
		reason = cmp.Or(reason, unknownWord(d, "role", p.Role))
	}
	for i := range plan.Items {
		block(&plan.Items[i], reason)
	}
	return r.send(ctx, plan, []model.Edit{{Kind: model.EditCreate}}, send)
}

func (r *run) checkWhich(f flags, args []string) error {
	queried := f.Changed("query")
	switch {
	case queried && len(args) > 0:
		return usage("name conversations or give --query, not both")
	case !queried && len(args) == 0:
		return usage("say which conversations: by REF, or with --query")
	case f.on("cached") && !queried:
		return usage("--cached goes with --query")
	case f.number("max") < 0 || f.number("expect") < 0:
		return usage("--max and --expect want a number that is not negative")
	}
	if err := r.checkQuery(f.text("query")); err != nil {
		return err
	}
	if q, err := query.Parse(f.text("query")); queried && err == nil && !q.Conditional() {
		return usage("a query without a condition matches everything: write is:any to mean that")
	}
	return nil
}

func mayChange(f flags, n int) error {
	would := "the plan would change " + theme.Count(n, "conversation")
	switch limit, expected := f.number("max"), f.number("expect"); {
	case f.Changed("max") && n > limit:
		return refused("%s, and --max allows %d: nothing was sent", would, limit)
	case f.Changed("expect") && n != expected:
		return refused("%s, and --expect names %d: nothing was sent", would, expected)
	}
	return nil
}

// maxInput bounds what is read of standard input, in bytes.
const maxInput = 16 << 20

// refsOfInput puts the refs that standard input holds, separated by blanks or ends of lines, in the place of "-".
// What is no ref there is wrong usage.
func (r *run) refsOfInput(ctx context.Context, args []string) ([]string, error) {
	var text []byte
	var err error
	read := make(chan struct{})
	go func() {
		text, err = io.ReadAll(io.LimitReader(r.In, maxInput+1))
		close(read)
	}()
	select {
	case <-read:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, local(err)
	case len(text) > maxInput:
		return nil, usage("standard input holds more than %d MB", maxInput>>20)
	case !utf8.Valid(text):
		return nil, usage("standard input is not UTF-8")
	}
	out := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-" })
	no := 0
	for line := range strings.Lines(string(text)) {
		no++
		for _, word := range strings.Fields(line) {
			if _, err := model.ParseRef(word); err != nil {
				return nil, usage("standard input, line %d: %q: %s", no, cell(word), err)
			}
			out = append(out, word)
		}
	}
	return out, nil
}

func (r *run) editRefs(ctx context.Context, args []string, f flags) ([]model.Ref, error) {
	if f.Changed("query") {
		if !f.on("cached") {
			if err := r.engine.SyncQuery(ctx, f.text("query")); err != nil {
				return nil, fmt.Errorf("%w\nnothing was changed; --cached goes by what is in the cache", err)
			}
		}
		refs, err := r.engine.Refs(ctx, r.scoped(f.text("query")), false)
		if err == nil && len(refs) == 0 {
			r.say("No conversation matches%s.", r.nearest(ctx, f.text("query"), false))
		}
		return refs, err
	}
	var refs []model.Ref
	for _, text := range args {
		ref, err := r.ref(text)
		if err != nil {
			return nil, err
		}
		refs = appendNew(refs, ref)
	}
	if len(refs) == 0 {
		r.say("Standard input names no conversation: nothing to do.")
	}
	return refs, nil
}

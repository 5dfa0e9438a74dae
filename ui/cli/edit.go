package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"confab/model"
)

// readers is how many conversations are read at once to find people in them.
const readers = 4

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
			if changes[i].PeopleByRef == nil {
				changes[i].PeopleByRef = map[model.Ref][]model.Participant{}
			}
			changes[i].PeopleByRef[t.Ref] = people
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

// target is a conversation that is to be edited: its item of the plan where it can't be, else the people it is
// about.
type target struct {
	model.PlanItem
	people map[int][]model.Participant // of the changes of a request
	*directory
	account model.Description
	now     model.Conversation
	need    model.Need
	fresh   bool
}

func (r *run) findPeople(ctx context.Context, refs []model.Ref, q request, dryRun bool) []*target {
	found := make([]*target, len(refs))
	dir := &directory{engine: r.engine}
	var need model.Need
	for _, w := range q {
		need |= map[model.EditKind]model.Need{model.EditParticipants: model.NeedParticipants,
			model.EditContacts: model.NeedContacts}[w.Kind]
	}
	report := r.progress("read")
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	places := make(chan struct{}, readers)
	for i, ref := range refs {
		t := &target{directory: dir, need: need, PlanItem: model.PlanItem{Ref: ref, State: model.PlanBlocked}}
		if found[i] = t; need == 0 {
			continue
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if t.Err = t.find(ctx, q, dryRun); t.Err != nil {
				t.Reason = t.Err.Error()
			}
			t.Title, t.Provider = t.now.Title, t.account.Provider
			mu.Lock()
			defer mu.Unlock()
			done++
			report(done, len(refs))
		})
	}
	wait.Wait()
	return found
}

// find reads who is in the conversation where that is not known, and finds the people of a request.
func (t *target) find(ctx context.Context, q request, dryRun bool) error {
	row, cached, err := t.engine.Row(ctx, t.Ref)
	if err != nil || ctx.Err() != nil {
		return err
	}
	t.account, _ = t.engine.Describe(t.Ref.Account)
	t.now, t.people = row.Conversation, map[int][]model.Participant{}
	caps := t.engine.Capabilities(t.now)
	unread := func(e model.Edit) bool {
		_, known := e.Read(t.now)
		return !known && caps.Of(e.Kind).Can()
	}
	if !cached || slices.ContainsFunc(q.fields(), unread) {
		if err := t.read(ctx); err != nil {
			return err
		}
		caps = t.engine.Capabilities(t.now)
	}
	can := func(k model.EditKind) bool { return caps.Of(k).Can() || dryRun && t.account.ReadOnly } // a dry run shows what would be sent
	for i, w := range q {
		switch w.Kind {
		case model.EditParticipants:
			if !can(w.Kind) {
				t.Reason = caps.Of(w.Kind).Reason // whom was meant doesn't matter
				return nil
			}
			p, err := t.person(ctx, w)
			if err != nil {
				return of(t.Ref.Account, err)
			}
			t.people[i] = []model.Participant{p}
		case model.EditContacts:
			t.people[i] = t.contacts(ctx, w.People, can(w.Kind))
		}
	}
	return nil
}

func (t *target) read(ctx context.Context) error {
	if t.fresh {
		return nil
	}
	detail, err := t.engine.Load(ctx, t.Ref, t.need)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Ref, err)
	}
	t.now, t.fresh = detail.Conversation, true
	return nil
}

// of names the account that a service's error is about.
func of(account string, err error) error {
	if errors.As(err, new(*model.Error)) {
		return fmt.Errorf("%s: %w", account, err)
	}
	return err
}

// person finds the person of one change among the participants, read again where a cached list doesn't have them,
// then in the directory. Whom somebody wants removed need not be found anywhere, save for a name that nobody has:
// that is a slip.
func (t *target) person(ctx context.Context, w wanted) (model.Participant, error) {
	p, found, err := w.who.choose(t.now.Participants.Items)
	if (err != nil || !found) && w.Op != model.OpAdd {
		if err = t.read(ctx); err == nil {
			p, found, err = w.who.choose(t.now.Participants.Items)
		}
	}
	switch {
	case err != nil || found:
	case w.Op == model.OpRemove && w.who.exact():
		p = w.who.named()
	default:
		p, err = t.directory.find(ctx, t.account, t.now.Space.ID, w.who)
		if w.Op == model.OpRemove && errors.Is(err, errSeveral) {
			p, err = w.who.named(), nil // none of them is here
		}
	}
	p.Role, p.Status = w.People[0].Role, w.People[0].Status
	return p, err
}

// contacts names contacts as far as they are known: an id alone is enough for the service, a name is for the person.
// Only with lookUp is the directory asked.
func (t *target) contacts(ctx context.Context, wanted []model.Participant, lookUp bool) []model.Participant {
	out := slices.Clone(wanted)
	for i, contact := range out {
		same := func(p model.Participant) bool { return p.ID == contact.ID }
		if known := slices.IndexFunc(t.now.Contacts.Items, same); known >= 0 {
			out[i] = t.now.Contacts.Items[known]
		} else if lookUp {
			people, _ := t.lookup(ctx, t.Ref.Account, model.LookupRequest{Kind: model.LookupContacts, Text: contact.ID})
			if known := slices.IndexFunc(people, same); known >= 0 {
				out[i].Name, out[i].Email = people[known].Name, people[known].Email
			}
		}
	}
	return out
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

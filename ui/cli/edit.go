package cli

import (
	"context"
	"encoding/json"
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
	var f changeFlags
	var which editFlags
	var send sendOptions
	c := &cobra.Command{
		Use:   "edit REF... | - | --query QUERY",
		Short: "Change conversations: plan, show, ask, deliver",
		Long: `Plans the changes, shows the plan, asks, delivers, and reports each result.

REF may be -, for refs from standard input. A query must name a condition: who means everything writes is:any.
WHO is [user:|group:|contact:|flow:]ID, an e-mail, an exact name, or an identifier KEY=VALUE. It is looked for
among the participants first, then in the directory of the service. ROLE is editor, viewer or
collaboration_complete.`,
		Example: "  confab edit projects:1481000003663 --title 'Lift inspection, Brixton: passed'\n" +
			"  confab edit --query 'account:projects with:anna' --role anna.marsh@northwind.example=editor --max 60\n" +
			"  confab edit --query 'title:renewal' --replace 'renewal=contract' --dry-run\n" +
			"  confab list is:public label:interview | cut -f1 | confab edit - --private --yes\n" +
			"  confab edit --query 'account:meetings title:onboarding' --contacts none --dry-run",
	}
	c.RunE = r.do(func(ctx context.Context, args []string) error {
		which.given = c.Flags().Changed
		req, err := f.parse(which.given)
		if err != nil {
			return err
		}
		if err := r.checkWhich(which, args); err != nil {
			return err
		}
		piped := slices.Contains(args, "-")
		if piped && !send.yes && !send.dryRun {
			return usage("standard input holds the refs, so nothing can be asked there: give --yes, or --dry-run")
		}
		if err := r.mayAsk(send); err != nil {
			return err
		}
		if piped {
			if args, err = r.refsOfInput(ctx, args); err != nil {
				return err
			}
		}
		req.dryRun = send.dryRun
		return r.withEngine(ctx, func() error {
			refs, err := r.editRefs(ctx, args, which)
			if err != nil {
				return err
			}
			if len(refs) == 0 {
				return which.allows(0)
			}
			plan, failed, err := r.planEdit(ctx, refs, req)
			if err != nil {
				return err
			}
			for _, err := range failed {
				r.note(CodeOf(err))
			}
			if err := which.allows(plan.Count(model.PlanChange)); err != nil {
				r.printLines(r.Err, planLines(plan)...)
				return err
			}
			return r.send(ctx, plan, req.wants(), failed, send)
		})
	})
	f.register(c, r.Access)
	send.register(c)
	s := c.Flags()
	s.StringVar(&which.query, "query", "", "change all that match this query")
	s.BoolVar(&which.cached, "cached", false, "with --query: go by the cache, without syncing first")
	s.IntVar(&which.max, "max", 0, "refuse to change more than n conversations")
	s.IntVar(&which.expect, "expect", 0, "refuse to change another number of conversations than n")
	return c
}

// failures are what kept conversations from being planned.
type failures map[model.Ref]error

// refused reports whether a plan blocks what did not fail: a failure has an
// exit status of its own.
func (f failures) refused(plan model.Plan) bool {
	return slices.ContainsFunc(plan.Items, func(it model.PlanItem) bool {
		return it.State == model.PlanBlocked && f[it.Ref] == nil
	})
}

// planEdit plans the request for each conversation. What failed stands in the
// plan with the reason.
func (r *run) planEdit(ctx context.Context, refs []model.Ref, req request) (plan model.Plan, failed failures, err error) {
	found := r.resolveAll(ctx, refs, req)
	if err := ctx.Err(); err != nil {
		return plan, nil, err
	}
	if err := worthStopping(found); err != nil {
		return plan, nil, err
	}
	// Conversations with the same changes are planned together.
	type group struct {
		changes []model.Change
		refs    []model.Ref
	}
	var groups []*group
	byChanges := map[string]*group{}
	items, failed := map[model.Ref]model.PlanItem{}, failures{}
	for i, ref := range refs {
		f := found[i]
		if f.err != nil {
			f.reason = words(f.err)
			if e := (*model.Error)(nil); errors.As(f.err, &e) {
				f.reason = model.Words(e) // the ref stands before it
			}
			failed[ref] = f.err
		}
		if f.reason != "" {
			d, _ := r.engine.Describe(ref.Account)
			items[ref] = model.PlanItem{Ref: ref, Title: f.conversation.Title, Provider: d.Provider, State: model.PlanBlocked, Reason: f.reason}
			continue
		}
		key, err := json.Marshal(f.changes)
		if err != nil {
			return plan, nil, err
		}
		g := byChanges[string(key)]
		if g == nil {
			g = &group{changes: f.changes}
			byChanges[string(key)] = g
			groups = append(groups, g)
		}
		g.refs = append(g.refs, ref)
	}
	for _, g := range groups {
		part, err := r.engine.Plan(ctx, g.refs, g.changes, model.PlanOptions{DryRun: req.dryRun, Progress: r.progress("read")})
		if err != nil {
			return plan, nil, err
		}
		if plan.ID == "" {
			plan.ID, plan.Title = part.ID, part.Title
		}
		for _, it := range part.Items {
			d, _ := r.engine.Describe(it.Ref.Account)
			blockBadWords(d, &it)
			items[it.Ref] = it
		}
	}
	for _, ref := range refs {
		if it, ok := items[ref]; ok {
			plan.Items = append(plan.Items, it)
		}
	}
	plan.AskForSameTitles(req.changes)
	return plan, failed, nil
}

// worthStopping returns the error that ends the command before anything is
// planned: whom somebody may mean by an ambiguous name is never guessed, and a
// name that nobody has anywhere is a slip.
func worthStopping(found []resolved) error {
	if len(found) == 1 {
		// What a service said of the one conversation is reported like that of several.
		if e := (*model.Error)(nil); errors.As(found[0].err, &e) && e.Kind != model.Local && e.Kind != model.Canceled {
			return nil
		}
		return found[0].err
	}
	known := false
	for _, f := range found {
		var ambiguous *ambiguousError
		if errors.As(f.err, &ambiguous) {
			return f.err
		}
		var nobody *nobodyError
		known = known || !errors.As(f.err, &nobody)
	}
	if known || len(found) == 0 {
		return nil
	}
	return found[0].err
}

// resolved is a request whose people were found for one conversation.
type resolved struct {
	conversation model.Conversation
	changes      []model.Change
	// reason says why it can't be done at all, "" if it may.
	reason string
	err    error
}

// resolveAll finds the people of a request, a few conversations at a time.
func (r *run) resolveAll(ctx context.Context, refs []model.Ref, req request) []resolved {
	found := make([]resolved, len(refs))
	dir := &directory{engine: r.engine}
	report := r.progress("read")
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	places := make(chan struct{}, readers)
	for i, ref := range refs {
		if ctx.Err() != nil {
			break
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			found[i] = dir.resolve(ctx, ref, req)
			mu.Lock()
			defer mu.Unlock()
			done++
			report(done, len(refs))
		})
	}
	wait.Wait()
	return found
}

// resolve makes sure that what a request starts from is read, and finds its
// people for one conversation.
func (dir *directory) resolve(ctx context.Context, ref model.Ref, req request) resolved {
	out := resolved{changes: slices.Clone(req.changes)}
	d, ok := dir.engine.Describe(ref.Account)
	if !ok {
		out.err = usage("there is no account %q", ref.Account)
		return out
	}
	row, cached, err := dir.engine.Row(ctx, ref)
	if err != nil {
		out.err = err
		return out
	}
	c := &out.conversation
	*c = row.Conversation
	var need model.Need
	if len(req.people) > 0 {
		need |= model.NeedParticipants
	}
	if len(req.contacts) > 0 {
		need |= model.NeedContacts
	}
	fresh := false
	read := func() error {
		if fresh {
			return nil
		}
		detail, err := dir.engine.Load(ctx, ref, need)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		*c, fresh = detail.Conversation, true
		return nil
	}
	if !cached || lacksBase(*c, dir.engine.Capabilities(*c), req) {
		if out.err = read(); out.err != nil {
			return out
		}
	}
	shown := req.dryRun && d.ReadOnly // then it is shown what would be sent if it were not
	if cp := dir.engine.Capabilities(*c).Of(model.EditParticipants); len(req.people) > 0 && !cp.Can() && !shown {
		out.reason = cp.Reason // whom was meant doesn't matter
		return out
	}
	for _, p := range req.people {
		person, err := dir.resolvePerson(ctx, d, c, p, read)
		if err != nil {
			out.err = of(ref.Account, err)
			return out
		}
		out.changes = append(out.changes, model.Change{Kind: model.EditParticipants, Op: p.op, People: []model.Participant{person}})
	}
	for _, change := range req.contacts {
		// Of what can't be changed nothing is looked up.
		people := dir.contacts(ctx, *c, change.ids, shown || dir.engine.Capabilities(*c).Of(model.EditContacts).Can())
		m := model.Change{Kind: model.EditContacts, Op: change.op, People: people}
		if change.op == model.OpSet {
			m.People, m.Target = nil, model.PeopleValue(people)
		}
		out.changes = append(out.changes, m)
	}
	return out
}

// of names the account that a service's error is about.
func of(account string, err error) error {
	if e := (*model.Error)(nil); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", account, err)
	}
	return err
}

// lacksBase reports whether something that can be edited has to be read first.
func lacksBase(c model.Conversation, caps model.Capabilities, req request) bool {
	return slices.ContainsFunc(req.wants(), func(e model.Edit) bool {
		_, known := e.Read(c)
		return !known && caps.Of(e.Kind).Can()
	})
}

// resolvePerson finds the person of one change among the participants, read
// again where a cached list doesn't have them, then in the directory. Whom
// somebody wants removed need not be found anywhere, save for a name that nobody
// has: that is a slip.
func (dir *directory) resolvePerson(ctx context.Context, d model.Description, c *model.Conversation, change personChange,
	again func() error) (model.Participant, error) {
	p, found, err := change.who.choose(c.Participants.Items)
	if (err != nil || !found) && change.op != model.OpAdd {
		if err = again(); err == nil {
			p, found, err = change.who.choose(c.Participants.Items)
		}
	}
	switch {
	case err != nil || found:
	case change.op == model.OpRemove && change.who.exact():
		p = change.who.named()
	default:
		p, err = dir.find(ctx, d, c.Space.ID, change.who)
		var several *ambiguousError
		if change.op == model.OpRemove && errors.As(err, &several) {
			p, err = change.who.named(), nil // none of them is here
		}
	}
	p.Role, p.Status = change.role, change.status
	return p, err
}

// contacts names contacts as far as they are known: an id alone is enough for the
// service, a name is for the person. Only with lookUp is the directory asked.
func (dir *directory) contacts(ctx context.Context, c model.Conversation, ids []string, lookUp bool) []model.Participant {
	out := make([]model.Participant, 0, len(ids))
	for _, id := range ids {
		id = contactID(id)
		named := func(p model.Participant) bool { return p.ID == id }
		if i := slices.IndexFunc(c.Contacts.Items, named); i >= 0 {
			out = append(out, c.Contacts.Items[i])
			continue
		}
		contact := model.Participant{Kind: model.KindContact, ID: id}
		if lookUp {
			people, _ := dir.lookup(ctx, c.Ref.Account, model.LookupRequest{Kind: model.LookupContacts, Text: id})
			if i := slices.IndexFunc(people, named); i >= 0 {
				contact.Name, contact.Email = people[i].Name, people[i].Email
			}
		}
		out = append(out, contact)
	}
	return out
}

func blockBadWords(d model.Description, it *model.PlanItem) {
	if it.State != model.PlanChange {
		return
	}
	for _, e := range it.Edits {
		parts := []model.Edit{e}
		if n := e.Target.New; n != nil {
			parts = []model.Edit{{Kind: model.EditAccess, Target: model.TextValue(n.Access)},
				{Kind: model.EditParticipants, Target: model.PeopleValue(n.People)}}
		}
		for _, part := range parts {
			if reason := badWord(d, part); reason != "" {
				it.State, it.Reason, it.Edits, it.Risks, it.Notes = model.PlanBlocked, reason, nil, nil, nil
				return
			}
		}
	}
}

// badWord says why a service does not know a word of an edit, "" if it does.
func badWord(d model.Description, edit model.Edit) string {
	type use struct {
		what, many, word string
		known            []string
	}
	var uses []use
	switch edit.Kind {
	case model.EditAccess:
		uses = []use{{"access", "access setting", edit.Target.String(), d.AccessValues}}
	case model.EditDefaultRole:
		uses = []use{{"default role", "default role", edit.Target.String(), d.DefaultRoleValues}}
	case model.EditParticipants:
		diff := model.DiffPeople(edit.Base.Set(), edit.Target.Set())
		was := slices.Concat(make([]model.Participant, len(diff.Added)), diff.Was)
		for i, p := range slices.Concat(diff.Added, diff.Altered) {
			if p.Role != was[i].Role {
				uses = append(uses, use{"role", "roles", p.Role, d.Roles})
			}
			if p.Status != was[i].Status {
				uses = append(uses, use{"participant status", "statuses of participants", p.Status, d.ParticipantStatuses})
			}
		}
	}
	for _, u := range uses {
		switch {
		case u.word == "" || slices.Contains(u.known, u.word):
		case len(u.known) == 0:
			return fmt.Sprintf("%s has no %s", d.Name, u.many)
		default:
			return fmt.Sprintf("%s has no %s %q; it has %s", d.Name, u.what, u.word, strings.Join(u.known, ", "))
		}
	}
	return ""
}

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
		Example: "  confab edit sales:c-17 --private --title 'Interview, second round'\n" +
			"  confab edit --query 'account:projects with:ann' --role ann@example.com=editor --max 20\n" +
			"  confab list is:public label:interview | cut -f1 | confab edit - --private --yes\n" +
			"  confab edit meetings:e-4 --contacts 12,19 --dry-run",
		RunE: r.do(func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed
			req, err := f.parse(given)
			if err != nil {
				return err
			}
			if err := r.checkWhich(which, args, given); err != nil {
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
				if args, err = r.refsOfInput(cmd.Context(), args); err != nil {
					return err
				}
			}
			req.dryRun = send.dryRun
			return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
				refs, err := r.editRefs(ctx, e, args, given("query"), which)
				if err != nil {
					return err
				}
				if len(refs) == 0 {
					return which.allows(0, given)
				}
				plan, failed, err := r.planEdit(ctx, e, refs, req)
				if err != nil {
					return err
				}
				send.allowed = func(n int) error { return which.allows(n, given) }
				return r.after(failed.join(refs), r.send(ctx, e, plan, req.wants(), failed, send))
			})
		}),
	}
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

// join gives them as one error, in the order of refs.
func (f failures) join(refs []model.Ref) error {
	var out []error
	for _, ref := range refs {
		out = append(out, f[ref])
	}
	return errors.Join(out...)
}

// refused reports whether a plan blocks what did not fail: a failure has an
// exit status of its own.
func (f failures) refused(plan model.Plan) bool {
	return slices.ContainsFunc(plan.Items, func(it model.PlanItem) bool {
		return it.State == model.PlanBlocked && f[it.Ref] == nil
	})
}

// planEdit plans the request for each conversation. What failed stands in the
// plan with the reason.
func (r *run) planEdit(ctx context.Context, e Engine, refs []model.Ref, req request) (plan model.Plan, failed failures, err error) {
	found := make([]resolved, len(refs))
	r.resolveAll(ctx, e, refs, req, found)
	if err := ctx.Err(); err != nil {
		return plan, nil, err
	}
	if err := worthStopping(found); err != nil {
		return plan, nil, err
	}

	items, failed := map[model.Ref]model.PlanItem{}, failures{}
	groups, order := map[string][]model.Ref{}, []string{}
	changes := map[string][]model.Change{}
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
			d, _ := e.Describe(ref.Account)
			items[ref] = model.PlanItem{Ref: ref, Title: f.conversation.Title, Provider: d.Provider, State: model.PlanBlocked, Reason: f.reason}
			continue
		}
		key, err := json.Marshal(f.changes)
		if err != nil {
			return plan, nil, err
		}
		if _, ok := groups[string(key)]; !ok {
			order = append(order, string(key))
			changes[string(key)] = f.changes
		}
		groups[string(key)] = append(groups[string(key)], ref)
	}
	for _, key := range order {
		part, err := e.Plan(ctx, groups[key], changes[key], model.PlanOptions{DryRun: req.dryRun, Progress: r.progress("read")})
		if err != nil {
			return plan, nil, err
		}
		if plan.ID == "" {
			plan.ID, plan.Title = part.ID, part.Title
		}
		for _, it := range part.Items {
			items[it.Ref] = checkItem(e, it)
		}
	}
	for _, ref := range refs {
		if it, ok := items[ref]; ok {
			plan.Items = append(plan.Items, it)
		}
	}
	return plan, failed, nil
}

// worthStopping gives the error that ends the command before anything is
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

func (r *run) resolveAll(ctx context.Context, e Engine, refs []model.Ref, req request, found []resolved) {
	dir := newDirectory(e)
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
			found[i] = resolve(ctx, e, dir, ref, req)
			mu.Lock()
			defer mu.Unlock()
			done++
			report(done, len(refs))
		})
	}
	wait.Wait()
}

// resolve makes sure that what a request starts from is read, and finds its
// people for one conversation.
func resolve(ctx context.Context, e Engine, dir *directory, ref model.Ref, req request) resolved {
	out := resolved{changes: slices.Clone(req.changes)}
	d, ok := e.Describe(ref.Account)
	if !ok {
		out.err = usage("there is no account %q", ref.Account)
		return out
	}
	row, cached, err := e.Row(ctx, ref)
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
	if req.hasContacts() {
		need |= model.NeedContacts
	}
	fresh := false
	read := func() error {
		if fresh {
			return nil
		}
		detail, err := e.Load(ctx, ref, need)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		*c, fresh = detail.Conversation, true
		return nil
	}
	if !cached || lacksBase(*c, e.Capabilities(*c), req) {
		if out.err = read(); out.err != nil {
			return out
		}
	}
	shown := req.dryRun && d.ReadOnly // then it is shown what would be sent if it were not
	if cp := e.Capabilities(*c).Of(model.EditParticipants); len(req.people) > 0 && !cp.Can() && !shown {
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
	if req.hasContacts() {
		known := shown || e.Capabilities(*c).Of(model.EditContacts).Can()
		out.changes = append(out.changes, dir.contactChanges(ctx, *c, req, known)...)
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
	lacks := func(kind model.EditKind, key string) bool {
		_, known := model.Read(c, kind, key)
		return !known && caps.Of(kind).Can()
	}
	for _, ch := range req.changes {
		if lacks(ch.Kind, ch.Key) {
			return true
		}
	}
	return len(req.people) > 0 && lacks(model.EditParticipants, "") || req.hasContacts() && lacks(model.EditContacts, "")
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

// contactChanges names the contacts of a request, as far as they are known:
// an id alone is enough for the service, a name is for the person. Only with
// lookUp is the directory asked for it.
func (dir *directory) contactChanges(ctx context.Context, c model.Conversation, req request, lookUp bool) []model.Change {
	contact := func(id string) model.Participant {
		for _, p := range c.Contacts.Items {
			if p.ID == id {
				return p
			}
		}
		var people []model.Participant
		if lookUp {
			people, _ = dir.lookup(ctx, c.Ref.Account, model.LookupContacts, id, "")
		}
		for _, p := range people {
			if p.ID == id {
				return model.Participant{Kind: model.KindContact, ID: id, Name: p.Name, Email: p.Email}
			}
		}
		return model.Participant{Kind: model.KindContact, ID: id}
	}
	list := func(ids []string) []model.Participant {
		out := make([]model.Participant, 0, len(ids))
		for _, id := range ids {
			out = append(out, contact(strings.TrimPrefix(id, "contact:")))
		}
		return out
	}
	if req.contacts != nil {
		return []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(list(*req.contacts))}}
	}
	var out []model.Change
	if len(req.addContacts) > 0 {
		out = append(out, model.Change{Kind: model.EditContacts, Op: model.OpAdd, People: list(req.addContacts)})
	}
	if len(req.removeContacts) > 0 {
		out = append(out, model.Change{Kind: model.EditContacts, Op: model.OpRemove, People: list(req.removeContacts)})
	}
	return out
}

// checkItem blocks what names a word that the service doesn't have.
func checkItem(e Engine, it model.PlanItem) model.PlanItem {
	if it.State != model.PlanChange {
		return it
	}
	d, ok := e.Describe(it.Ref.Account)
	if !ok {
		return it
	}
	for _, edit := range it.Edits {
		if reason := badWord(d, edit); reason != "" {
			it.State, it.Reason, it.Edits, it.Risks, it.Notes = model.PlanBlocked, reason, nil, nil, nil
			return it
		}
	}
	return it
}

// badWord says why a service does not know a word of an edit, "" if it does.
func badWord(d model.Description, edit model.Edit) string {
	check := func(what, many, word string, known []string) string {
		switch {
		case word == "" || slices.Contains(known, word):
			return ""
		case len(known) == 0:
			return fmt.Sprintf("%s has no %s", d.Name, many)
		}
		return fmt.Sprintf("%s has no %s %q; it has %s", d.Name, what, word, strings.Join(known, ", "))
	}
	switch edit.Kind {
	case model.EditAccess:
		return check("access", "access setting", edit.Target.String(), d.AccessValues)
	case model.EditDefaultRole:
		return check("default role", "default role", edit.Target.String(), d.DefaultRoleValues)
	case model.EditParticipants:
		diff := model.DiffPeople(edit.Base.Set(), edit.Target.Set())
		for _, p := range diff.Added {
			if reason := check("role", "roles", p.Role, d.Roles); reason != "" {
				return reason
			}
			if reason := check("participant status", "statuses of participants", p.Status, d.ParticipantStatuses); reason != "" {
				return reason
			}
		}
		for i, p := range diff.Altered {
			if p.Role != diff.Was[i].Role {
				if reason := check("role", "roles", p.Role, d.Roles); reason != "" {
					return reason
				}
			}
			if p.Status != diff.Was[i].Status {
				if reason := check("participant status", "statuses of participants", p.Status, d.ParticipantStatuses); reason != "" {
					return reason
				}
			}
		}
	}
	return ""
}

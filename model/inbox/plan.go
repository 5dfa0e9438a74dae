package inbox

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"confab/model"
	"confab/model/store"
)

const (
	baseReads     = 2   // conversations of one account that are read concurrently
	plannedAtOnce = 200 // rows of one account that are read from the cache at a time
)

// Plan works out what changes would do to conversations, after reading the bases that the cache lacks. A conversation
// that can't be read is blocked, with the reason. Errors are only the end of ctx and local failures.
func (b *Inbox) Plan(ctx context.Context, refs []model.Ref, changes []model.Change, o model.PlanOptions) (model.Plan, error) {
	p := planning{b: b, refs: refs, changes: changes, o: o, items: make([]model.PlanItem, len(refs))}
	by := map[string][]int{}
	for i, r := range refs {
		by[r.Account] = append(by[r.Account], i)
		if b.byName[r.Account] == nil {
			p.done(i, model.PlanItem{Ref: r}.Blocked(without(r.Account)))
		}
	}
	errs := b.eachAccount(nil, func(a *account) error { return p.account(ctx, a, by[a.name]) })
	if ctx.Err() != nil {
		return model.Plan{}, ctx.Err()
	}
	plan := model.Plan{ID: store.NewID(b.now()), Items: p.items}
	plan.AskForSameTitles(changes)
	return plan, cmp.Or(errs...)
}

type planning struct {
	b       *Inbox
	refs    []model.Ref
	changes []model.Change
	o       model.PlanOptions

	mu    sync.Mutex
	items []model.PlanItem
	ready int
}

func (p *planning) done(i int, it model.PlanItem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items[i] = it
	p.ready++
	if p.o.Progress != nil {
		p.o.Progress(p.ready, len(p.refs))
	}
}

// account plans the conversations of one account. It reads their rows in slices, so that few are in memory at once.
func (p *planning) account(ctx context.Context, a *account, indexes []int) error {
	for some := range slices.Chunk(indexes, plannedAtOnce) {
		ids := make([]string, len(some))
		for i, at := range some {
			ids[i] = p.refs[at].ID
		}
		cached, err := p.b.store.RowsOf(ctx, a.name, ids)
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(baseReads)
		for _, i := range some {
			group.Go(func() error {
				it, err := p.plan(ctx, a, p.refs[i], cached[p.refs[i].ID])
				if err = cmp.Or(err, ctx.Err()); err == nil {
					p.done(i, it)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// plan plans the changes of a conversation. If the plan must be sure, what the cache shows as already so is read again,
// unless the rest can be queued for a service that can't be reached.
func (p *planning) plan(ctx context.Context, a *account, ref model.Ref, row model.Row) (model.PlanItem, error) {
	it, err := p.planRow(ctx, a, ref, row)
	wasRead := row.Key == 0 || len(toRead(row.Conversation, p.changes)) > 0
	already := it.State != model.PlanBlocked && len(it.Edits) < len(p.changes) && len(it.Waiting) == 0
	if err != nil || !p.o.Sure || wasRead || !already {
		return it, err
	}
	row = model.Row{Conversation: model.Conversation{Title: row.Conversation.Title}}
	again, err := p.planRow(ctx, a, ref, row)
	if again.Err != nil && len(it.Edits) > 0 {
		return it, err
	}
	return again, err
}

func (b *Inbox) directory(ctx context.Context, a *account) model.Directory {
	return func(req model.LookupRequest) (model.LookupPage, error) { return b.Lookup(ctx, a.name, req) }
}

// planRow plans the changes of a conversation. row is its cached row, with key 0 if it is not cached.
func (p *planning) planRow(ctx context.Context, a *account, ref model.Ref, row model.Row) (model.PlanItem, error) {
	b := p.b
	blocked := func(reason string) (model.PlanItem, error) {
		it := model.PlanItem{Ref: ref, Title: strings.Clone(row.Conversation.Title), Provider: a.desc.Provider}
		it.Identify(&row.Conversation)
		return it.Blocked(reason), nil
	}
	if kinds := toRead(row.Conversation, p.changes); row.Key == 0 || len(kinds) > 0 {
		caps := b.capabilities(a, row.Conversation, p.o.DryRun)
		for _, ch := range p.changes {
			if can := caps.Of(ch.Kind); row.Key != 0 && !can.Can() {
				return blocked(can.Reason) // what can't be done needs no read
			}
		}
		if _, err := b.Load(ctx, ref, a.provider.Needs(kinds...)); err != nil {
			it, _ := blocked("it could not be read: " + model.Words(err))
			it.Err = err
			return it, nil
		}
		var err error
		if row, _, err = b.Row(ctx, ref); err != nil {
			return model.PlanItem{}, err
		}
	}
	row.Conversation.Ref, row.Conversation.Provider = ref, a.desc.Provider // a large plan shares one copy of each
	it := model.PlanOne(row.Conversation, a.desc, b.capabilities(a, row.Conversation, p.o.DryRun), p.changes, b.directory(ctx, a))
	for i := range it.Edits {
		e := &it.Edits[i]
		e.Earlier = slices.Concat(e.Earlier, row.PendingEdits(e.Field()))
		slices.SortStableFunc(e.Earlier, func(a, b model.Edit) int { return cmp.Compare(a.ID, b.ID) })
	}
	if it.State != model.PlanBlocked && len(row.Pending) > 0 {
		all, err := b.OutboxOf(ctx, ref)
		if err != nil {
			return it, err
		}
		it.Waiting = stillWanted(all, p.changes, it.Edits)
	}
	it = a.sendable(row.Conversation, it)
	// The texts of a row are substrings of its whole body, which a large plan must not keep in memory.
	it.Title = strings.Clone(it.Title)
	it.Identify(&row.Conversation)
	for i := range it.Edits {
		if base := it.Edits[i].Base; base.Text != nil {
			it.Edits[i].Base = model.TextValue(strings.Clone(*base.Text))
		}
	}
	return it, nil
}

// stillWanted returns the pending edits that already do what the changes ask for, so that nothing is planned for their
// field.
func stillWanted(all []model.OutboxEntry, changes []model.Change, planned []model.Edit) []model.OutboxEntry {
	return slices.DeleteFunc(all, func(e model.OutboxEntry) bool {
		of := func(ch model.Change) bool { return ch.Kind == e.Kind && ch.Key == e.Key }
		again := func(p model.Edit) bool { return p.Field() == e.Field() }
		return !e.State.Shown() || !slices.ContainsFunc(changes, of) || slices.ContainsFunc(planned, again)
	})
}

// sendable blocks an item that the adapter would refuse without calling its service, for example because of an
// impossible id.
func (a *account) sendable(c model.Conversation, it model.PlanItem) model.PlanItem {
	if it.State != model.PlanChange {
		return it
	}
	if _, err := a.provider.Requests(c, it.Edits); err != nil {
		return it.Blocked(model.Words(err))
	}
	return it
}

// toRead returns the kinds whose base must be read: those that the cache lacks, and all of them if a change is relative
// to the present value rather than to a value that the user saw.
func toRead(c model.Conversation, changes []model.Change) []model.EditKind {
	relative := slices.ContainsFunc(changes, func(ch model.Change) bool {
		return ch.Base == nil && ch.BaseByRef == nil && (ch.Op == model.OpAdd || ch.Op == model.OpRemove || ch.Op == model.OpAlter)
	})
	var out []model.EditKind
	for _, ch := range changes {
		out = append(out, ch.Reads(&c)...)
		if _, known := model.Read(c, ch.Kind, ch.Key); relative || !known && ch.Base == nil && ch.BaseByRef == nil {
			out = append(out, ch.Kind)
		}
	}
	return out
}

// PlanCreate plans a new conversation.
func (b *Inbox) PlanCreate(ctx context.Context, name string, n model.NewConversation, o model.PlanOptions) (model.Plan, error) {
	a, err := b.account(name)
	if err != nil {
		return model.Plan{}, err
	}
	c := model.Conversation{Ref: model.Ref{Account: name}, Provider: a.desc.Provider}
	caps := b.capabilities(a, c, o.DryRun)
	if caps.Of(model.EditCreate).Can() { // else the plan says why not, and nobody is looked up
		if n, err = n.WithPeople(o.With, a.desc, b.directory(ctx, a)); err != nil {
			return model.Plan{}, err
		}
	}
	it := model.PlanCreate(a.desc, caps, n)
	for i := range it.Edits {
		// The id belongs to the plan, since a service may be sent it.
		it.Edits[i].ID = store.NewID(b.now())
	}
	return model.Plan{ID: store.NewID(b.now()), Items: []model.PlanItem{a.sendable(c, it)}}, nil
}

// PlanDecision plans what a decision about edits of the outbox would send, see model.Planner.
func (b *Inbox) PlanDecision(ctx context.Context, d model.Decision, all []model.OutboxEntry) (plan model.Plan, err error) {
	items := map[model.Ref]int{}
	for _, e := range all {
		edit, err := e.Decided(d)
		if err != nil {
			return plan, err
		}
		edit.Undoes = "" // only the edits decided about are delivered
		i, ok := items[e.Ref]
		if !ok || e.Ref.ID == "" {
			i = len(plan.Items)
			items[e.Ref] = i
			plan.Items = append(plan.Items, model.PlanItem{Ref: e.Ref, Title: e.Title, State: model.PlanChange})
		}
		plan.Items[i].Edits = append(plan.Items[i].Edits, edit)
	}
	for i := range plan.Items {
		it := &plan.Items[i]
		row, _, err := b.Row(ctx, it.Ref)
		if err != nil {
			return plan, err
		}
		desc, _ := b.Describe(it.Ref.Account)
		it.Provider, row.Conversation.Ref = desc.Provider, it.Ref
		it.WeighAgain(row.Conversation, desc, b.Capabilities(row.Conversation))
	}
	return plan, nil
}

// Requests fills in what would be sent for each changing item, after a fresh read, with the code that also sends it: an
// edit that a delivery would stop now has no request.
func (b *Inbox) Requests(ctx context.Context, p model.Plan) (model.Plan, error) {
	was := p
	p.Items = slices.Clone(p.Items)
	for i := range p.Items {
		it := &p.Items[i]
		if it.State != model.PlanChange {
			continue
		}
		a, err := b.account(it.Ref.Account)
		var read model.Detail
		if err == nil && it.Ref.ID != "" {
			read, err = b.read(ctx, a, it.Ref.ID, a.needs(it.Edits))
		}
		d := delivery{b: b, a: a, fresh: &read.Conversation}
		for _, edits := range sentTogether(it.Edits) {
			var requests []model.Request
			if err == nil {
				edits, err = d.unstopped(ctx, it, edits)
			}
			if err == nil && len(edits) > 0 {
				requests, err = a.provider.Requests(read.Conversation, edits)
			}
			it.Requests = append(it.Requests, requests...)
		}
		if err != nil {
			return was, err
		}
	}
	return p, nil
}

// unstopped returns those of the planned edits that a delivery would send after a fresh read, on the base that it would
// give them, and notes with the item why it would stop others. What widens waits for all that was stopped before it. An
// edit that follows pending ones, or another of the item, is not compared: they will have changed the field by then.
func (d *delivery) unstopped(ctx context.Context, it *model.PlanItem, edits []model.Edit) (send []model.Edit, err error) {
	for _, e := range edits {
		if len(it.Stops) > 0 && e.Widens() {
			continue
		}
		entry := model.OutboxEntry{Edit: e}
		entry.Created = d.b.now()
		follows := func(o model.Edit) bool { return o.ID != e.ID && o.Field() == e.Field() && o.Target.Equal(e.Base) }
		if it.Ref.ID == "" || len(e.Earlier) > 0 || slices.ContainsFunc(it.Edits, follows) {
			send = append(send, e)
			continue
		}
		end, err := d.compare(ctx, &entry)
		switch {
		case err != nil:
			return nil, err
		case end == nil:
			send = append(send, entry.Edit)
		case !end.settled():
			why := end.cause.Message
			if end.theirs != nil && end.theirs.String() != "" {
				why += "; it is now “" + end.theirs.String() + "”"
			}
			it.Stops = append(it.Stops, why)
		}
	}
	return send, nil
}

// sentTogether groups the edits of one conversation as they will be claimed: first all that don't widen, then each that
// widens by itself.
func sentTogether(edits []model.Edit) [][]model.Edit {
	var out [][]model.Edit
	for i, e := range model.InSendingOrder(edits) {
		if i == 0 || e.Widens() {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out
}

// Submit writes the changing edits of a plan to the outbox, as one submission with the id of the plan. They are on disk
// when it returns. It returns their ids, those of each conversation in the order of sending.
func (b *Inbox) Submit(ctx context.Context, p model.Plan) ([]string, error) {
	entries, sub := b.entries(p, model.Submission{})
	if len(entries) == 0 {
		return nil, nil
	}
	ids, err := b.store.Enqueue(ctx, sub, entries)
	if err != nil {
		return nil, err
	}
	b.remember(entries)
	b.session.push(act{submission: p.ID})
	b.announce(ctx)
	for _, e := range entries {
		if a := b.byName[e.Edit.Ref.Account]; a != nil {
			nudge(a.wakeDeliver)
		}
	}
	return ids, nil
}

// remember keeps submitted edits where Deliver follows, so that Deliver can also report those that leave the outbox
// without a journal entry.
func (b *Inbox) remember(entries []model.OutboxEntry) {
	b.ends.Lock()
	started := b.started
	b.ends.Unlock()
	if started {
		return // the workers deliver
	}
	for _, e := range entries {
		b.submitted.Store(e.ID, e)
	}
}

// entries returns the edits of a plan as they are queued, and their submission.
func (b *Inbox) entries(p model.Plan, sub model.Submission) ([]model.OutboxEntry, model.Submission) {
	var entries []model.OutboxEntry
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, e := range model.InSendingOrder(it.Edits) {
			e.User, e.Created = b.options.User, b.now().UTC()
			if e.Kind != model.EditCreate || e.ID == "" {
				e.ID = store.NewID(b.now())
			}
			entries = append(entries, model.OutboxEntry{Edit: e, Title: it.Title})
		}
	}
	sub.ID, sub.User, sub.At = p.ID, b.options.User, b.now().UTC()
	if sub.Sentence == "" {
		sub.Sentence = model.Sentence(entries)
	}
	return entries, sub
}

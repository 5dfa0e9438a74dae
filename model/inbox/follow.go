package inbox

import (
	"context"

	"confab/model"
	"confab/model/index"
	"confab/model/store"
)

// announce brings the index in step with the store, and tells subscribers of all conversations and submissions that
// changed and of these accounts. While another goroutine does that, it is left to that one.
func (b *Inbox) announce(ctx context.Context, accounts ...*account) {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = a.name
	}
	b.lists.pending.Store(true)
	if !b.catchUp(ctx, names...) && len(names) > 0 {
		b.events.publish(model.Event{Accounts: names})
	}
}

// catchUp follows the store while there is news and nobody else does, and reports whether it told of these accounts.
func (b *Inbox) catchUp(ctx context.Context, names ...string) (told bool) {
	for b.lists.pending.Load() && b.lists.step.tryTake() {
		err := b.takeNews(ctx, names...)
		b.lists.step.release()
		if err != nil {
			b.log("follow the store: %v", err)
			return told
		}
		told, names = true, nil
	}
	return told
}

// takeNews follows the store where there is news; what fails stays news. step is held.
func (b *Inbox) takeNews(ctx context.Context, accounts ...string) error {
	if !b.lists.pending.Swap(false) && len(accounts) == 0 {
		return nil
	}
	err := b.follow(context.WithoutCancel(ctx), accounts...)
	if err != nil {
		b.lists.pending.Store(true)
	}
	return err
}

// follow lays what any process changed since the last time over the index, and announces it. step is held.
func (b *Inbox) follow(ctx context.Context, accounts ...string) error {
	l := &b.lists
	if !l.loaded && !b.events.heard() {
		l.at.Revision = max(l.at.Revision, b.store.OwnRevision())
		b.recount(ctx)
		return nil
	}
	var changed []index.Entry
	at, err := b.store.Entries(ctx, l.at.Revision, func(e store.Indexed) error {
		changed = append(changed, index.Entry(e))
		return nil
	})
	if err != nil {
		return err
	}
	var told model.Event
	if told.Submissions, err = b.store.SubmissionsSince(ctx, l.at.Revision); err != nil {
		return err
	}
	if told.All = l.loaded && at.Epoch != l.at.Epoch; told.All {
		if err := b.fill(b.life); err != nil {
			return err
		}
	} else {
		l.at = at
	}
	for _, e := range changed {
		told.Refs = append(told.Refs, e.Subject.Ref)
	}
	told.Accounts = union(accounts, b.recount(ctx))
	if l.loaded {
		if !told.All {
			l.index.Apply(changed)
		}
		told.Refs = append(told.Refs, b.advance()...)
	}
	if told.All || len(told.Refs)+len(told.Submissions)+len(told.Accounts) > 0 {
		b.events.publish(told)
	}
	nudge(l.changed)
	return nil
}

// advance returns the conversations that the clock has brought into a list or taken out of one.
func (b *Inbox) advance() []model.Ref {
	var out []model.Ref
	for _, key := range b.lists.index.Advance() {
		if ref, ok := b.lists.index.Ref(key); ok {
			out = append(out, ref)
		}
	}
	return out
}

// recount reads the counters of all accounts and returns those that changed.
func (b *Inbox) recount(ctx context.Context) []string {
	all, err := b.store.Counts(ctx)
	if err != nil {
		return nil
	}
	var changed []string
	for _, a := range b.accounts {
		n := all[a.name]
		a.update(func(s *model.AccountState) {
			if was := (store.Counts{Conversations: s.Conversations, Waiting: s.Waiting, NeedPerson: s.NeedPerson}); was != n {
				s.Conversations, s.Waiting, s.NeedPerson = n.Conversations, n.Waiting, n.NeedPerson
				changed = append(changed, a.name)
			}
		})
	}
	return changed
}

package inbox

import (
	"context"
	"strings"
	"sync"
	"time"

	"confab/model"
)

// Row reads one projected row from the cache.
func (b *Inbox) Row(ctx context.Context, ref model.Ref) (model.Row, bool, error) {
	return b.store.Row(ctx, ref)
}

// Load reads one conversation from its service now, stores what may be
// stored, and gives it with the pending edits laid over.
func (b *Inbox) Load(ctx context.Context, ref model.Ref, need model.Need) (model.Detail, error) {
	a, err := b.account(ref.Account)
	if err != nil {
		return model.Detail{}, err
	}
	d, err := b.read(ctx, a, ref.ID, need)
	if err != nil {
		return d, err
	}
	// The merged row has what this read did not ask for; the facts that are
	// never stored come from the read itself.
	facts := d.Conversation.Facts
	if _, err := b.store.Save(ctx, d.Conversation, d.Reading(need)); err != nil {
		return d, err
	}
	row, ok, err := b.store.Row(ctx, ref)
	if err != nil {
		return d, err
	}
	if ok {
		d.Conversation = row.Conversation
		if facts != nil {
			d.Conversation.Facts = facts
		}
	}
	b.announce(ctx, a)
	return d, nil
}

// read asks the service for one conversation. One that it no longer has is
// hidden until a list shows it again.
func (b *Inbox) read(ctx context.Context, a *account, id string, need model.Need) (model.Detail, error) {
	if err := b.allowed(ctx, a); err != nil {
		return model.Detail{}, err
	}
	d, err := a.provider.Load(ctx, id, need)
	switch {
	case err == nil:
		a.alone(id, b.now())
	case model.KindOf(err) == model.NotFound:
		if lost := b.gone(context.WithoutCancel(ctx), a, id); lost != nil {
			return d, lost
		}
	}
	return d, b.noted(ctx, a, err)
}

// gone makes a tombstone of a conversation that a single read did not find. A
// page of a list that was asked for before does not bring it back.
func (b *Inbox) gone(ctx context.Context, a *account, id string) error {
	a.alone(id, b.now())
	ref := model.Ref{Account: a.name, ID: id}
	if err := b.store.Bury(ctx, ref); err != nil {
		return err
	}
	b.announce(ctx, a)
	return nil
}

// Link gives a URL to open. A recording's is fetched now and never kept.
func (b *Inbox) Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error) {
	a, err := b.account(ref.Account)
	if err != nil {
		return "", err
	}
	row, ok, err := b.Row(ctx, ref)
	if err != nil {
		return "", err
	}
	if !ok {
		row.Conversation = model.Conversation{Ref: ref, Provider: a.desc.Provider}
	}
	if kind != model.LinkWeb {
		if err := b.allowed(ctx, a); err != nil {
			return "", err
		}
	}
	link, err := a.provider.Link(ctx, row.Conversation, kind)
	return link, b.noted(ctx, a, err)
}

// Check tests an account live.
func (b *Inbox) Check(ctx context.Context, name string) ([]model.CheckResult, error) {
	a, err := b.account(name)
	if err != nil {
		return nil, err
	}
	return a.provider.Check(ctx), nil
}

// SaveDraft keeps what was typed; an empty text forgets it.
func (b *Inbox) SaveDraft(ctx context.Context, key, text string) error {
	return b.store.SaveDraft(ctx, key, text)
}

// Draft gives what was typed, "" if nothing is kept.
func (b *Inbox) Draft(ctx context.Context, key string) (string, error) {
	return b.store.Draft(ctx, key)
}

// How long and how much of directories is remembered.
const (
	lookupKept = 5 * time.Minute
	lookupMost = 256
)

type lookupCache struct {
	mu      sync.Mutex
	entries map[string]lookupEntry
}

type lookupEntry struct {
	page model.LookupPage
	at   time.Time
}

// Lookup searches a directory of a service. Answers are remembered for a few
// minutes, so that going back to an earlier text asks nothing.
func (b *Inbox) Lookup(ctx context.Context, name string, req model.LookupRequest) (model.LookupPage, error) {
	a, err := b.account(name)
	if err != nil {
		return model.LookupPage{}, err
	}
	key := strings.Join([]string{name, string(req.Kind), req.Text, req.Scope, req.Cursor}, "\x00")
	c := &b.lookups
	c.mu.Lock()
	e, ok := c.entries[key]
	c.mu.Unlock()
	if ok && b.now().Sub(e.at) < lookupKept {
		return e.page, nil
	}
	if err := b.allowed(ctx, a); err != nil {
		return model.LookupPage{}, err
	}
	page, err := a.provider.Lookup(ctx, req)
	if err != nil {
		return page, b.noted(ctx, a, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= lookupMost {
		c.entries = map[string]lookupEntry{}
	}
	c.entries[key] = lookupEntry{page, b.now()}
	return page, nil
}

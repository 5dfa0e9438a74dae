package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"confab/model"
)

// Load reads one conversation from its service, stores it, and returns it with the pending edits laid over it.
func (b *Inbox) Load(ctx context.Context, ref model.Ref, need model.Need) (model.Detail, error) {
	a, err := b.account(ref.Account)
	if err != nil {
		return model.Detail{}, err
	}
	d, err := b.readAndSave(ctx, a, ref.ID, need)
	if err != nil {
		return d, err
	}
	// The stored row also has what this read did not ask for. Facts and the sizes of groups are never stored.
	row, ok, err := b.store.Row(ctx, ref)
	if ok {
		read := d.Conversation
		d.Conversation = row.Conversation
		for i, p := range d.Conversation.Participants.Items {
			sized := func(q model.Participant) bool { return q.Members > 0 && model.SamePerson(p, q) }
			if at := slices.IndexFunc(read.Participants.Items, sized); at >= 0 {
				d.Conversation.Participants.Items[i].Members = read.Participants.Items[at].Members
			}
		}
		if read.Facts != nil {
			d.Conversation.Facts = read.Facts
		}
	}
	return d, err
}

// readAndSave returns what the service shows, without the pending edits. A read that a delivery has overtaken is repeated once: it
// may show what was there before.
func (b *Inbox) readAndSave(ctx context.Context, a *account, id string, need model.Need) (model.Detail, error) {
	began := b.now()
	d, err := b.read(ctx, a, id, need)
	last, _ := b.store.History(ctx, model.HistoryRequest{Ref: model.Ref{Account: a.name, ID: id}, Limit: 1})
	if err == nil && len(last) > 0 && last[0].At.After(began) {
		d, err = b.read(ctx, a, id, need)
	}
	if err == nil {
		err = b.store.Save(ctx, d.Conversation, d.Reading(need))
		b.announceState(ctx)
	}
	return d, err
}

// read is load, unless the service asked not to be called.
func (b *Inbox) read(ctx context.Context, a *account, id string, need model.Need) (model.Detail, error) {
	if err := b.checkHold(ctx, a.name); err != nil {
		return model.Detail{}, err
	}
	d, err := b.load(ctx, a, id, need)
	return d, b.noteRetry(ctx, a, err)
}

// load reads one conversation from its service. If the service no longer has it, the conversation is hidden until a
// list shows it again.
func (b *Inbox) load(ctx context.Context, a *account, id string, need model.Need) (model.Detail, error) {
	d, err := a.provider.Load(ctx, id, need)
	gone := model.KindOf(err) == model.NotFound
	if err == nil || gone {
		a.noteRead(id, b.now()) // pages requested earlier are older
	}
	if gone {
		ctx = context.WithoutCancel(ctx)
		if failed := b.store.Bury(ctx, model.Ref{Account: a.name, ID: id}); failed != nil {
			return d, failed
		}
		b.announceState(ctx)
	}
	return d, err
}

// Link returns a URL to open. The URL of a recording is fetched now and never kept.
func (b *Inbox) Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error) {
	a, err := b.account(ref.Account)
	if err != nil {
		return "", err
	}
	row, ok, err := b.Row(ctx, ref)
	if err == nil && kind != model.LinkWeb {
		err = b.checkHold(ctx, a.name)
	}
	if err != nil {
		return "", err
	}
	if !ok {
		row.Conversation = model.Conversation{Ref: ref, Provider: a.desc.Provider}
	}
	link, err := a.provider.Link(ctx, row.Conversation, kind)
	return link, b.noteRetry(ctx, a, err)
}

const (
	lookupKept = 5 * time.Minute // how long answers of directories are remembered
	lookupMost = 256             // how many
)

type lookupCache struct {
	mu    sync.Mutex
	pages map[lookup]model.LookupPage
	since time.Time // when the oldest page was read
}

type lookup struct {
	account string
	model.LookupRequest
}

// Lookup searches a directory of a service. Answers are remembered for a few minutes.
func (b *Inbox) Lookup(ctx context.Context, name string, req model.LookupRequest) (model.LookupPage, error) {
	a, err := b.account(name)
	if err != nil {
		return model.LookupPage{}, err
	}
	c, asked := &b.lookups, lookup{name, req}
	c.mu.Lock()
	if c.pages == nil || len(c.pages) >= lookupMost || b.now().Sub(c.since) >= lookupKept {
		c.pages, c.since = map[lookup]model.LookupPage{}, b.now()
	}
	page, ok := c.pages[asked]
	c.mu.Unlock()
	if ok {
		return page, nil
	}
	if err := b.checkHold(ctx, name); err != nil {
		return page, err
	}
	if page, err = a.provider.Lookup(ctx, req); err != nil {
		return page, b.noteRetry(ctx, a, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages[asked] = page
	return page, nil
}

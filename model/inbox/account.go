package inbox

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"confab/model"
)

// account is the running state of one account.
type account struct {
	name     string
	provider model.Provider
	desc     model.Description
	since    time.Duration

	// syncing and delivering let one of each run at a time.
	syncing    lock
	delivering lock

	wakeSync    chan struct{}
	wakeDeliver chan struct{}

	mu    sync.Mutex
	state model.AccountState
	// pausedUntil keeps delivery from knocking on a door that is known shut;
	// zero is open.
	pausedUntil time.Time
	// asked says that the service asked for the pause: nobody cuts it short.
	asked    bool
	failures int
	// headCut says that a refresh stopped in the middle: its first pages are
	// known now, and what came after them was not read.
	headCut bool

	// storing is held while pages of a list are stored.
	storing sync.Mutex
	// single holds when a conversation was last read or written by itself
	// since the sync under way began; guarded by storing.
	single map[string]time.Time
}

// lock is a mutex that one stops waiting for when a context ends: a walk may
// hold it for minutes.
type lock chan struct{}

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) release() { <-l }

func newAccount(in Account) *account {
	d := in.Provider.Describe()
	return &account{
		name: d.Account, provider: in.Provider, desc: d, since: in.Since,
		syncing: make(lock, 1), delivering: make(lock, 1),
		wakeSync: make(chan struct{}, 1), wakeDeliver: make(chan struct{}, 1),
		state: model.AccountState{Name: d.Account, Provider: d.Provider, ReadOnly: d.ReadOnly, Total: -1},
	}
}

func (a *account) snapshot() model.AccountState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func (a *account) update(f func(*model.AccountState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.state)
}

func (a *account) nudgeSync()     { nudge(a.wakeSync) }
func (a *account) nudgeDelivery() { nudge(a.wakeDeliver) }

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// pause shuts delivery until a time; asked says that the service asked for it.
func (a *account) pause(until time.Time, asked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pausedUntil, a.asked = until, asked
}

// open is a person's retry. A pause that the service asked for is kept.
func (a *account) open() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.asked {
		a.pausedUntil = time.Time{}
	}
}

// reached is told that the service answers. It ends a pause that was made
// because it did not; a pause that the service asked for is kept.
func (a *account) reached() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = 0
	if !a.asked {
		a.pausedUntil = time.Time{}
	}
}

func (a *account) paused() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pausedUntil
}

// alone notes that a conversation was just read or written by itself. A page
// that is being stored is stored first, so that what is read alone comes over it.
func (a *account) alone(id string, at time.Time) {
	a.storing.Lock()
	defer a.storing.Unlock()
	if a.single == nil {
		a.single = map[string]time.Time{}
	}
	a.single[id] = at
}

// beginSync forgets what no page of the coming sync can be older than.
func (a *account) beginSync() {
	a.storing.Lock()
	defer a.storing.Unlock()
	a.single = nil
}

// storePages stores the rows of pages and gives how many there were. What has
// been read or written by itself since its page was asked for is left out: the
// page would lay an older state over it.
func (a *account) storePages(pages []page, store func([]model.Conversation) error) (rows int, err error) {
	a.storing.Lock()
	defer a.storing.Unlock()
	var current []model.Conversation
	for _, p := range pages {
		for _, c := range p.Conversations {
			if at, ok := a.single[c.Ref.ID]; !ok || at.Before(p.asked) {
				current = append(current, c)
			}
		}
	}
	return len(current), store(current)
}

// Kept is what the database holds of an account, in the config or not.
type Kept struct {
	Known                bool // there is, or was, such an account
	Conversations, Edits int
	SetAside             []string // damaged databases, each with all that is in it
}

// Kept reads what Forget would remove.
func (b *Inbox) Kept(ctx context.Context, name string) (k Kept, err error) {
	a, err := b.store.Account(ctx, name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return k, err
	}
	all, err := b.store.Counts(ctx)
	if err != nil {
		return k, err
	}
	n := all[name]
	k.Known, k.Conversations, k.Edits = a.Identity != "", n.Conversations, n.Waiting+n.NeedPerson
	k.SetAside, err = b.store.SetAside()
	return k, err
}

// Forget removes everything kept of an account.
func (b *Inbox) Forget(ctx context.Context, name string) error { return b.store.Forget(ctx, name) }

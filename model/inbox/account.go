package inbox

import (
	"cmp"
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

	syncing, delivering   lock // one of each runs at a time
	wakeSync, wakeDeliver chan struct{}
	headCut               bool // a refresh stopped after its first pages; guarded by syncing

	mu          sync.Mutex // guards what follows
	state       model.AccountState
	pausedUntil time.Time // when this process tries to deliver again; what a service asked for itself is in the store
	failures    int

	storing   lock                 // held while pages of a list are stored, which waits for the database
	touchedAt map[string]time.Time // when conversations were read or written one by one since the sync began; guarded by storing
}

// lock is a mutex that one stops waiting for when a context ends.
type lock chan struct{}

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) tryTake() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lock) release() { <-l }

func newAccount(in Account) *account {
	d := in.Provider.Describe()
	return &account{
		name: d.Account, provider: in.Provider, desc: d, since: in.Since,
		syncing: make(lock, 1), delivering: make(lock, 1), storing: make(lock, 1),
		wakeSync: make(chan struct{}, 1), wakeDeliver: make(chan struct{}, 1), touchedAt: map[string]time.Time{},
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

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// pause shuts delivery until a time, the zero time opens it.
func (a *account) pause(until time.Time) {
	a.update(func(*model.AccountState) { a.pausedUntil = until })
}

// reached is told that the service answers.
func (a *account) reached() {
	a.update(func(*model.AccountState) { a.failures, a.pausedUntil = 0, time.Time{} })
}

func (a *account) paused() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pausedUntil
}

// touched notes that a conversation was just read or written by itself, which comes over a page that is being stored.
func (a *account) touched(id string, at time.Time) {
	a.storing <- struct{}{}
	defer a.storing.release()
	a.touchedAt[id] = at
}

func (a *account) beginSync() {
	a.storing <- struct{}{}
	defer a.storing.release()
	clear(a.touchedAt)
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
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	all, failed := b.store.Counts(ctx)
	n := all[name]
	k.Known, k.Conversations, k.Edits = a.Identity != "", n.Conversations, n.Waiting+n.NeedPerson
	var unread error
	k.SetAside, unread = b.store.SetAside()
	return k, cmp.Or(err, failed, unread)
}

// allowed returns an error while a service has asked any process to leave it alone.
func (b *Inbox) allowed(ctx context.Context, account string) error {
	until, err := b.store.HeldUntil(ctx, account)
	if err != nil || until.IsZero() {
		return err
	}
	return &model.Error{Kind: model.RateLimited, RetryAt: until,
		Message: "the service asked to be left alone until " + until.In(b.loc).Format(time.TimeOnly)}
}

// noteRetry keeps what a service said about when to come back, and returns the error.
func (b *Inbox) noteRetry(ctx context.Context, a *account, err error) error {
	if e := model.AsError(err); e != nil && e.RetryAt.After(b.now()) {
		if held := b.store.Hold(context.WithoutCancel(ctx), a.name, e.RetryAt); held != nil {
			b.log("%s: hold: %v", a.name, held)
		}
	}
	return err
}

package inbox

import (
	"cmp"
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"confab/model"
)

type account struct {
	name     string
	provider model.Provider
	desc     model.Description
	since    time.Duration

	syncing, delivering   *semaphore.Weighted // so that one of each runs at a time
	wakeSync, wakeDeliver chan struct{}
	headCut               bool // the last refresh stopped after its first pages; guarded by syncing

	mu          sync.Mutex // guards what follows
	state       model.AccountState
	pausedUntil time.Time         // when this process delivers again; how long a service asked to wait is in the store
	stopped     *model.EntryError // the error of the state, if a delivery met it and no sync has failed since

	storing *semaphore.Weighted  // held while pages of a list are stored, which may wait for the database
	readAt  map[string]time.Time // id → when the conversation was last read or written by itself, since the sync began; guarded by storing
}

func newAccount(in Account) *account {
	d := in.Provider.Describe()
	return &account{
		name: d.Account, provider: in.Provider, desc: d, since: in.Since,
		syncing: semaphore.NewWeighted(1), delivering: semaphore.NewWeighted(1), storing: semaphore.NewWeighted(1),
		wakeSync: make(chan struct{}, 1), wakeDeliver: make(chan struct{}, 1), readAt: map[string]time.Time{},
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

// pause stops delivery until a time; the zero time resumes it.
func (a *account) pause(until time.Time) {
	a.update(func(*model.AccountState) { a.pausedUntil = until })
}

// stopDelivery pauses delivery because of an error, which the state shows until a delivery or a sync succeeds.
func (a *account) stopDelivery(err *model.EntryError, until time.Time) {
	a.update(func(s *model.AccountState) {
		syncFailed := s.Error != nil && s.Error != a.stopped
		s.Error, s.NextTry, a.pausedUntil = err, until, until
		if a.stopped = err; syncFailed {
			a.stopped = nil
		}
	})
}

// noteReached ends a pause, since a delivery or a sync has succeeded. An error of a sync is left to the next one.
func (a *account) noteReached() {
	a.update(func(s *model.AccountState) {
		a.pausedUntil = time.Time{}
		if s.Error == a.stopped {
			s.Error, s.NextTry = nil, time.Time{}
		}
		a.stopped = nil
	})
}

func (a *account) paused() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pausedUntil
}

// noteRead records that a conversation was just read or written by itself, so that an older page doesn't overwrite it.
func (a *account) noteRead(id string, at time.Time) {
	a.storing.Acquire(context.Background(), 1) // never fails, as the context never ends
	defer a.storing.Release(1)
	a.readAt[id] = at
}

func (a *account) beginSync() {
	a.storing.Acquire(context.Background(), 1) // never fails, as the context never ends
	defer a.storing.Release(1)
	clear(a.readAt)
}

// Kept is what the database holds of an account, whether it is in the config or not.
type Kept struct {
	Known                bool // the database knows the account
	Conversations, Edits int
	SetAside             []string // damaged databases that were set aside with everything in them
}

// Kept reads what Forget would remove.
func (b *Inbox) Kept(ctx context.Context, name string) (k Kept, err error) {
	all, err := b.store.Counts(ctx)
	n, known := all[name]
	k.Known, k.Conversations, k.Edits = known, n.Conversations, n.Waiting+n.NeedPerson
	var failed error
	k.SetAside, failed = b.store.SetAside()
	return k, cmp.Or(err, failed)
}

// checkHold returns an error while a service has asked any process not to call it.
func (b *Inbox) checkHold(ctx context.Context, account string) error {
	until, err := b.store.HeldUntil(ctx, account)
	if err != nil || until.IsZero() {
		return err
	}
	return &model.Error{Kind: model.RateLimited, RetryAt: until,
		Message: "the service asked to be left alone until " + until.In(b.loc).Format(time.TimeOnly)}
}

// noteRetry records when a service asked to be called again, and returns the error.
func (b *Inbox) noteRetry(ctx context.Context, a *account, err error) error {
	if e := model.AsError(err); e != nil && e.RetryAt.After(b.now()) {
		if held := b.store.Hold(context.WithoutCancel(ctx), a.name, e.RetryAt); held != nil {
			b.log("%s: hold: %v", a.name, held)
		}
	}
	return err
}

package inbox

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/model/store"
)

const (
	// HeldAfter is the age from which an edit found at the start is held until a person confirms it.
	HeldAfter = 24 * time.Hour
	// DefaultPatience is how long Deliver waits for edits that will settle by themselves.
	DefaultPatience = 30 * time.Second
)

// Account is the configuration of one account.
type Account struct {
	Provider model.Provider
	Since    time.Duration // how far back to list; 0 is everything
}

// Options are the arguments of Open.
type Options struct {
	Store    *store.Store
	Accounts []Account
	Refresh  time.Duration    // the pause between refreshes; 0 turns polling off
	Patience time.Duration    // how long Deliver waits; 0 means DefaultPatience, a negative value no waiting
	User     string           // for the journal
	ReadOnly bool             // the whole program was started read-only, as each Description says too
	Domains  []string         // the mail domains that are ours
	Location *time.Location   // the zone of dates in queries; nil is local
	Now      func() time.Time // nil is time.Now
	// Loading, if set, is called with the number of conversations that are about to be loaded; it returns the function
	// to call when they are.
	Loading func(conversations int) (loaded func())
	// Log, if set, gets one line an event, without bodies or credentials.
	Log func(format string, args ...any)
}

// stored are the methods that Inbox forwards to the store.
type stored interface {
	Row(ctx context.Context, ref model.Ref) (model.Row, bool, error)
	Undecided(ctx context.Context) (map[string]int, error)
	History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error)
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
	KeepSession(ctx context.Context, scope, text string) error
	LeftSession(ctx context.Context, scope string) (string, error)
	Forget(ctx context.Context, account string) error
}

// Inbox is the engine. It is safe for concurrent use.
type Inbox struct {
	stored
	store    *store.Store
	options  Options
	accounts []*account
	byName   map[string]*account
	patience time.Duration
	loc      *time.Location
	now      func() time.Time
	log      func(string, ...any)

	events    broadcaster
	lists     lists
	lookups   lookupCache
	session   session
	submitted sync.Map // id → edit that was submitted for a later Deliver

	life    context.Context // ends with Close
	end     context.CancelFunc
	ends    sync.Mutex // guards started, and the end of life against Start
	started bool
	workers sync.WaitGroup

	sending    atomic.Int64 // how many edits are being sent
	suspending sync.Mutex   // guards suspended
	suspended  bool         // Suspend holds the delivering lock of every account
}

// Open creates the engine without any worker: it does only what its methods are called for. Start adds the background
// work.
func Open(ctx context.Context, o Options) (*Inbox, error) {
	b := &Inbox{
		stored: o.Store, store: o.Store, options: o, byName: map[string]*account{},
		patience: cmp.Or(o.Patience, DefaultPatience), loc: cmp.Or(o.Location, time.Local), now: o.Now, log: o.Log,
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.log == nil {
		b.log = func(string, ...any) {}
	}
	for _, in := range o.Accounts {
		a := newAccount(in)
		a.desc.Domains = o.Domains
		kept, held, err := b.store.OpenAccount(ctx, a.name, a.desc.Identity, a.desc.Formerly)
		if err != nil {
			return nil, err
		}
		if held > 0 {
			b.log("%s: held %d: the account has another identity than when they were made", a.name, held)
		}
		a.state.Checked, a.state.Swept = kept.Checked, kept.Swept
		b.accounts = append(b.accounts, a)
		b.byName[a.name] = a
	}
	b.store.Scope(slices.Sorted(maps.Keys(b.byName)))
	if _, err := b.store.Recover(ctx); err != nil {
		return nil, err
	}
	at, err := b.store.Revision(ctx)
	if err != nil {
		return nil, err
	}
	b.life, b.end = context.WithCancel(context.WithoutCancel(ctx))
	b.lists.open(b.loc, b.now, at)
	b.recount(ctx)
	return b, nil
}

// Start begins the background work, which lasts until Close: it syncs every account and delivers everything that is
// due.
func (b *Inbox) Start(ctx context.Context) {
	b.ends.Lock()
	defer b.ends.Unlock()
	if b.life.Err() != nil {
		return
	}
	b.started = true
	ctx, stop := context.WithCancel(ctx)
	context.AfterFunc(b.life, stop)
	if n, err := b.store.HoldOld(ctx, b.now().Add(-HeldAfter)); err != nil {
		b.log("hold old edits: %v", err)
	} else if n > 0 {
		b.announce(ctx)
	}
	for _, a := range b.accounts {
		b.workers.Go(func() { b.syncLoop(ctx, a) })
		b.workers.Go(func() { b.deliverLoop(ctx, a) })
	}
	b.workers.Go(func() { b.watch(ctx) })
	b.workers.Go(func() {
		sleep(ctx, lookEvery, nil) // after the first frame; watch reports what the check finds
		b.checkUnclean(ctx)
	})
}

// Close stops the workers and waits until writes in flight have ended and been recorded; then the caller may close the
// store. If ctx ends first, the store must stay open until the process ends, which frees its claims: the next start
// reads what became of those edits.
func (b *Inbox) Close(ctx context.Context) error {
	b.ends.Lock()
	b.end()
	b.ends.Unlock()
	b.keepViews(ctx)
	ended := make(chan error, 1)
	go func() {
		b.workers.Wait()
		ended <- b.Suspend(ctx)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subscribe returns a channel of events and the function that ends the subscription. Events that a slow reader has not
// taken are merged into one.
func (b *Inbox) Subscribe() (<-chan model.Event, func()) { return b.events.subscribe() }

// Accounts returns the state of every account, in the order of the config.
func (b *Inbox) Accounts() []model.AccountState {
	out := make([]model.AccountState, len(b.accounts))
	for i, a := range b.accounts {
		out[i] = a.snapshot()
	}
	return out
}

// Describe returns the fixed data of an account.
func (b *Inbox) Describe(name string) (model.Description, bool) {
	if a, ok := b.byName[name]; ok {
		return a.desc, true
	}
	return model.Description{}, false
}

// Capabilities returns what can be edited in a conversation.
func (b *Inbox) Capabilities(c model.Conversation) model.Capabilities {
	if a, ok := b.byName[c.Ref.Account]; ok {
		return b.capabilities(a, c, false)
	}
	return noCapabilities(without(c.Ref.Account))
}

// capabilities returns what the adapter says, or nothing if the account is read-only, unless the plan is a dry run.
func (b *Inbox) capabilities(a *account, c model.Conversation, dryRun bool) model.Capabilities {
	switch {
	case dryRun || !a.desc.ReadOnly:
		return a.provider.Capabilities(c)
	case b.options.ReadOnly:
		return noCapabilities("confab was started read-only")
	}
	return noCapabilities("the account is read-only in the config")
}

func noCapabilities(reason string) model.Capabilities {
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = model.Capability{State: model.CapabilityNo, Reason: reason}
	}
	return out
}

func (b *Inbox) account(name string) (*account, error) {
	if a, ok := b.byName[name]; ok {
		return a, nil
	}
	return nil, &model.Error{Kind: model.NotFound, Message: without(name)}
}

// without is the reason if an account left the config, or was left out by --account.
func without(account string) string { return "confab runs without " + account }

// Sending returns how many edits are being sent.
func (b *Inbox) Sending() int { return int(b.sending.Load()) }

// Suspend lets no further write start and waits until those in flight have been recorded, because a stopped process
// keeps its claims. Resume ends it. If ctx ends first, nothing is suspended.
func (b *Inbox) Suspend(ctx context.Context) error {
	b.suspending.Lock()
	defer b.suspending.Unlock()
	if b.suspended {
		return nil
	}
	errs := b.eachAccount(nil, func(a *account) error { return a.delivering.Acquire(ctx, 1) })
	err := cmp.Or(errs...)
	if b.suspended = err == nil; b.suspended {
		return nil
	}
	for i, a := range b.accounts {
		if errs[i] == nil {
			a.delivering.Release(1)
		}
	}
	return err
}

// Resume ends a Suspend.
func (b *Inbox) Resume(context.Context) {
	b.suspending.Lock()
	defer b.suspending.Unlock()
	if b.suspended {
		for _, a := range b.accounts {
			a.delivering.Release(1)
		}
	}
	b.suspended = false
	nudge(b.lists.changed) // time has passed meanwhile
	b.Refresh()
}

package inbox

import (
	"context"
	"sync"
)

// turns lets deliveries run until they are paused: then those that run end,
// and none starts.
type turns struct {
	mu      sync.Mutex
	running int
	carried int           // edits of the deliveries that run
	paused  bool          // none starts
	closed  bool          // none starts any more
	changed chan struct{} // closed and made anew with every change; nil until somebody waits
}

// change makes a change and tells who waits for one.
func (t *turns) change(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// next returns a channel that is closed with the next change. The lock is held.
func (t *turns) next() <-chan struct{} {
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// await waits until done, which is asked with the lock held, says so.
func (t *turns) await(ctx context.Context, done func() bool) error {
	for {
		t.mu.Lock()
		ok, changed := done(), t.next()
		t.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// enter begins a delivery, after a pause if there is one.
func (t *turns) enter(ctx context.Context) error {
	closed := false
	err := t.await(ctx, func() bool {
		if closed = t.closed; !closed && !t.paused {
			t.running++
		}
		return closed || !t.paused
	})
	if err == nil && closed {
		err = context.Canceled
	}
	return err
}

// carry tells how many edits a delivery that runs has claimed.
func (t *turns) carry(edits int) { t.change(func() { t.carried += edits }) }

// leave ends a delivery that carried so many edits.
func (t *turns) leave(edits int) {
	t.change(func() { t.running, t.carried = t.running-1, t.carried-edits })
}

// pause lets no delivery start and waits until those that run have ended.
func (t *turns) pause(ctx context.Context) error {
	t.change(func() { t.paused = true })
	return t.await(ctx, func() bool { return t.running == 0 })
}

func (t *turns) resume() { t.change(func() { t.paused = false }) }

// Sending returns how many edits are being sent now, and a channel that is closed
// when that changes.
func (b *Inbox) Sending() (edits int, changed <-chan struct{}) {
	b.turns.mu.Lock()
	defer b.turns.mu.Unlock()
	return b.turns.carried, b.turns.next()
}

// Suspend lets no further write start and waits until those in flight have
// ended and been recorded. It is called before the process is stopped: a
// stopped process keeps its claims. Resume goes on. Where ctx ends first,
// nothing is suspended.
func (b *Inbox) Suspend(ctx context.Context) error {
	err := b.turns.pause(ctx)
	if err != nil {
		b.turns.resume()
	}
	return err
}

// Resume ends a Suspend.
func (b *Inbox) Resume(context.Context) {
	b.turns.resume()
	nudge(b.lists.changed) // the clock went on meanwhile
	b.Refresh()
}

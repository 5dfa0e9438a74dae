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
	carried int // edits of the deliveries that run
	paused  bool
	closed  bool          // paused for good
	changed chan struct{} // closed and made anew with every change
}

func (t *turns) change() {
	if t.changed != nil {
		close(t.changed)
	}
	t.changed = make(chan struct{})
}

// wait gives a channel that is closed with the next change. The lock is held.
func (t *turns) wait() <-chan struct{} {
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// enter begins a delivery, after a pause if there is one.
func (t *turns) enter(ctx context.Context) error {
	for {
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			return context.Canceled
		}
		if !t.paused {
			t.running++
			t.mu.Unlock()
			return nil
		}
		changed := t.wait()
		t.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// carry tells how many edits a delivery that runs has claimed.
func (t *turns) carry(edits int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.carried += edits
	t.change()
}

// leave ends a delivery that carried so many edits.
func (t *turns) leave(edits int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	t.carried -= edits
	t.change()
}

// pause lets no delivery start and waits until those that run have ended.
func (t *turns) pause(ctx context.Context) error {
	t.mu.Lock()
	t.paused = true
	for t.running > 0 {
		changed := t.wait()
		t.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		t.mu.Lock()
	}
	t.mu.Unlock()
	return nil
}

// close is a pause without end: who waits for its turn is told to give up.
func (t *turns) close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	t.change()
	t.mu.Unlock()
	return t.pause(ctx)
}

func (t *turns) resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = false
	t.change()
}

// Sending gives how many edits are being sent now, and a channel that is closed
// when that changes.
func (b *Inbox) Sending() (edits int, changed <-chan struct{}) {
	b.turns.mu.Lock()
	defer b.turns.mu.Unlock()
	return b.turns.carried, b.turns.wait()
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
	for _, a := range b.accounts {
		a.nudgeSync()
		a.nudgeDelivery()
	}
}

package inbox

import (
	"cmp"
	"context"
	"sync"
)

// sending counts the edits that are being sent.
type sending struct {
	mu      sync.Mutex
	edits   int
	changed chan struct{} // closed with the next change; nil where nobody waits for it
}

func (s *sending) add(edits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edits += edits
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Sending returns how many edits are being sent now, and a channel that is closed when that changes.
func (b *Inbox) Sending() (edits int, changed <-chan struct{}) {
	s := &b.sending
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.edits, s.changed
}

// Suspend lets no further write start and waits until those in flight have been recorded: a process that is stopped
// keeps its claims. Resume goes on. Where ctx ends first, nothing is suspended.
func (b *Inbox) Suspend(ctx context.Context) error {
	b.suspending.Lock()
	defer b.suspending.Unlock()
	if b.suspended {
		return nil
	}
	errs := b.each(nil, func(a *account) error { return a.delivering.take(ctx) })
	err := cmp.Or(errs...)
	if b.suspended = err == nil; b.suspended {
		return nil
	}
	for i, a := range b.accounts {
		if errs[i] == nil {
			a.delivering.release()
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
			a.delivering.release()
		}
	}
	b.suspended = false
	nudge(b.lists.changed) // the clock went on meanwhile
	b.Refresh()
}

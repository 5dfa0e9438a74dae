package inbox

import (
	"sync"

	"confab/model"
)

// broadcaster hands announcements to subscribers without ever waiting: each
// has room for one, and what does not fit is joined with what waits.
type broadcaster struct {
	mu   sync.Mutex
	subs map[chan model.Event]struct{}
}

// maxRefs bounds a joined announcement; above it, it says "anything".
const maxRefs = 1000

func (b *broadcaster) subscribe() (<-chan model.Event, func()) {
	ch := make(chan model.Event, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[chan model.Event]struct{}{}
	}
	b.subs[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, ok := b.subs[ch]; ok {
			delete(b.subs, ch)
			close(ch)
		}
	}
}

func (b *broadcaster) publish(ev model.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		out := ev
		select {
		case old := <-ch:
			out = join(old, ev)
		default:
		}
		ch <- out // room is certain: only publish sends, under the lock
	}
}

func join(a, b model.Event) model.Event {
	out := model.Event{Revision: max(a.Revision, b.Revision)}
	seen := map[string]bool{}
	for _, name := range append(append([]string(nil), a.Accounts...), b.Accounts...) {
		if !seen[name] {
			seen[name] = true
			out.Accounts = append(out.Accounts, name)
		}
	}
	// No refs beside accounts means that anything of those may have changed.
	anything := len(a.Refs) == 0 || len(b.Refs) == 0 || len(a.Refs)+len(b.Refs) > maxRefs
	if !anything {
		out.Refs = append(append([]model.Ref(nil), a.Refs...), b.Refs...)
	}
	return out
}

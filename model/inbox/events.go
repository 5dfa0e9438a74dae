package inbox

import (
	"slices"
	"sync"

	"confab/model"
)

// broadcaster announces without ever waiting: each subscriber has room for one event, and more are joined with it.
type broadcaster struct {
	mu   sync.Mutex
	subs map[chan model.Event]struct{}
}

// maxNamed bounds what a joined announcement names; above it, it says "anything".
const maxNamed = 1000

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

// heard reports whether anybody listens.
func (b *broadcaster) heard() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs) > 0
}

func (b *broadcaster) publish(ev model.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		select {
		case old := <-ch:
			ch <- join(old, ev) // room is certain: only publish sends, under the lock
		default:
			ch <- ev
		}
	}
}

func join(a, b model.Event) model.Event {
	out := model.Event{All: a.All || b.All, Accounts: union(a.Accounts, b.Accounts),
		Refs: union(a.Refs, b.Refs), Submissions: union(a.Submissions, b.Submissions)}
	if len(out.Refs) > maxNamed || len(out.Submissions) > maxNamed {
		out.All, out.Refs, out.Submissions = true, nil, nil
	}
	return out
}

// union returns what is in either list, each once.
func union[T comparable](a, b []T) []T {
	seen := make(map[T]bool, len(a)+len(b))
	return slices.DeleteFunc(slices.Concat(a, b), func(v T) bool {
		was := seen[v]
		seen[v] = true
		return was
	})
}

package providers

import (
	"context"
	"sync"
	"time"
)

// Kept is something that is read when it is first wanted and then kept. One goroutine reads, the others wait for it.
type Kept[T any] struct {
	op   string
	age  time.Duration
	read func(context.Context) (T, error)

	reading Gate      // of whoever reads
	at      time.Time // of the last read, for whoever reads; zero before the first

	mu     sync.Mutex
	value  T
	failed time.Time // of the last failure; zero after a success
	err    error
}

const keptPause = time.Minute

// NewKept keeps what read gives. It is old after age; 0 is never. op names the read where it is given up.
func NewKept[T any](op string, age time.Duration, read func(context.Context) (T, error)) *Kept[T] {
	return &Kept[T]{op: op, age: age, read: read, reading: NewGate(1)}
}

// Known returns what was read last, without a request.
func (k *Kept[T]) Known() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value
}

// Get returns the value, read anew where it is not known or old; with an error what was read before.
func (k *Kept[T]) Get(ctx context.Context) (T, error) {
	if err := k.reading.Enter(ctx); err != nil {
		return k.Known(), GivenUp(k.op, err)
	}
	defer k.reading.Leave()
	if !k.at.IsZero() && (k.age == 0 || time.Since(k.at) < k.age) {
		return k.Known(), nil
	}
	value, err := k.read(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err = err; err != nil {
		if ctx.Err() == nil {
			k.failed = time.Now()
		}
		return k.value, err
	}
	k.value, k.at, k.failed = value, time.Now(), time.Time{}
	return value, nil
}

// Names is Get for what is only a courtesy: a read that failed lately is not tried again, and its error is returned.
func (k *Kept[T]) Names(ctx context.Context) (T, error) {
	k.mu.Lock()
	value, err, rests := k.value, k.err, !k.failed.IsZero() && time.Since(k.failed) < keptPause
	k.mu.Unlock()
	if rests {
		return value, err
	}
	return k.Get(ctx)
}

// Recent keeps the values that were used last, at least a number of them and at most twice as many.
type Recent[V any] struct {
	limit int

	mu         sync.Mutex
	young, old map[string]V // old is what was young before
}

// NewRecent keeps at least limit values.
func NewRecent[V any](limit int) *Recent[V] { return &Recent[V]{limit: limit, young: map[string]V{}} }

// Get returns the value of a key, if it is kept.
func (r *Recent[V]) Get(key string) (v V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok = r.young[key]; ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.put(key, v)
	}
	return v, ok
}

// Put keeps a value.
func (r *Recent[V]) Put(key string, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(key, v)
}

func (r *Recent[V]) put(key string, v V) {
	if _, again := r.young[key]; !again && len(r.young) >= r.limit {
		r.old, r.young = r.young, map[string]V{}
	}
	r.young[key] = v
}

// Forget drops a value.
func (r *Recent[V]) Forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, key)
	delete(r.old, key)
}

// Gate has a number of places; who waits for one obeys a context.
type Gate chan struct{}

// NewGate makes a gate with some places.
func NewGate(places int) Gate { return make(Gate, places) }

// Enter takes a place. Its error is that of the context.
func (g Gate) Enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave returns the place back.
func (g Gate) Leave() { <-g }

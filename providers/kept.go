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

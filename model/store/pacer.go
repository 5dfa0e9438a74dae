package store

import (
	"context"
	"time"
)

// Pacer spaces the requests of an account among all processes of this host.
// It implements model.Pacer.
type Pacer struct {
	store   *Store
	account string
	every   time.Duration
	burst   int
}

// Pacer gives the pacer of an account: burst requests at once, then one every
// so often.
func (s *Store) Pacer(account string, every time.Duration, burst int) Pacer {
	return Pacer{s, account, every, burst}
}

// Wait returns when the next request may be sent, or with the context's error.
func (p Pacer) Wait(ctx context.Context) error {
	at, err := p.store.Slot(ctx, p.account, p.every, p.burst)
	if err != nil {
		return err
	}
	wait := time.Until(at)
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

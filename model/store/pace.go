package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// pace keeps the next moment at which each account may send a request, for every
// process of this host: a small file for each account in a folder beside the
// database, under one lock. It takes no part in any transaction, and nothing of
// it has to survive a crash.
type pace struct {
	dir string
	mu  sync.Mutex // goroutines of this process queue here, not at the file
}

// farAhead is how many requests may stand in line for one account; a line that
// is longer was left behind by a clock that has been set back since.
const farAhead = 100

// A process that was stopped while it held the lock does not stop the others.
const (
	paceRetry    = time.Millisecond
	pacePatience = time.Second
)

// locked runs f while no other goroutine and no other process changes the files.
func (p *pace) locked(ctx context.Context, f func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	lock := flock.New(filepath.Join(p.dir, ".lock"), flock.SetPermissions(0o600))
	defer lock.Close()
	bounded, cancel := context.WithTimeout(ctx, pacePatience)
	defer cancel()
	_, err := lock.TryLockContext(bounded, paceRetry)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(p.dir, 0o700); err == nil {
			_, err = lock.TryLockContext(bounded, paceRetry)
		}
	}
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return err
	}
	return f()
}

// next reads the theoretical time of the next request of an account. A file that
// is not there or can't be read counts as empty.
func (p *pace) next(account string) time.Time {
	raw, err := os.ReadFile(filepath.Join(p.dir, account))
	if err != nil {
		return time.Time{}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// keep writes it, over the old one and always of the same length.
func (p *pace) keep(account string, next time.Time) error {
	f, err := os.OpenFile(filepath.Join(p.dir, account), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "%020d\n", next.UnixNano()), 0)
	return errors.Join(err, f.Close())
}

// Slot takes the next moment at which a request of an account may be sent,
// shared by every process with the database open. every is the pause between
// requests; up to burst requests may come at once after a rest.
func (s *Store) Slot(ctx context.Context, account string, every time.Duration, burst int) (at time.Time, err error) {
	err = s.pace.locked(ctx, func() error {
		now := s.now()
		// It may lag behind by burst-1 pauses, and is never trusted to be far
		// ahead (a clock that was set back).
		tat := s.pace.next(account)
		lag := every * time.Duration(max(burst-1, 0))
		if tat.Before(now) || tat.After(now.Add(lag+max(farAhead*every, time.Minute))) {
			tat = now
		}
		if at = tat.Add(-lag); at.Before(now) {
			at = now
		}
		return s.pace.keep(account, tat.Add(every))
	})
	return at, localError("pace", err)
}

// forget removes what is kept of an account.
func (p *pace) forget(ctx context.Context, account string) error {
	return p.locked(ctx, func() error {
		err := os.Remove(filepath.Join(p.dir, account))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	})
}

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

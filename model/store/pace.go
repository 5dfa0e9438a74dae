package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Pacer spaces the requests of an account over all processes of this host: after a rest it
// allows burst requests at once, then one every so often. It implements model.Pacer.
//
// A small file beside the database holds the next moment at which an account may send a
// request; one lock guards the files of all accounts. No transaction is involved, and the
// files need not survive a crash.
type Pacer struct {
	store   *Store
	account string
	every   time.Duration
	burst   int
}

// Pacer returns the pacer of an account.
func (s *Store) Pacer(account string, every time.Duration, burst int) Pacer {
	return Pacer{s, account, every, burst}
}

// farAhead is how many requests may wait in line for one account. A longer line was left by
// a clock that has been set back since.
const farAhead = 100

const (
	paceRetry    = time.Millisecond // between two tries for the lock
	pacePatience = time.Second      // then go on without it: its holder may be stopped
)

// locked calls f with the file of the account, while no other goroutine or process changes
// the files.
func (p Pacer) locked(ctx context.Context, f func(file string) error) error {
	p.store.pacing.Lock()
	defer p.store.pacing.Unlock()
	dir := p.store.path + ".pace"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	defer lock.Close()
	bounded, cancel := context.WithTimeout(ctx, pacePatience)
	defer cancel()
	_, err := lock.TryLockContext(bounded, paceRetry)
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return err
	}
	return f(filepath.Join(dir, p.account))
}

// Slot reserves the next moment at which a request may be sent.
func (p Pacer) Slot(ctx context.Context) (at time.Time, err error) {
	err = p.locked(ctx, func(file string) error {
		now := p.store.now()
		// tat is the theoretical arrival time of the next request; requests may be up to
		// burst-1 pauses ahead of it. A file that is unreadable or far in the future counts
		// as empty.
		raw, _ := os.ReadFile(file)
		n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
		tat := time.Unix(0, n)
		lag := p.every * time.Duration(max(p.burst-1, 0))
		if err != nil || tat.Before(now) || tat.After(now.Add(lag+max(farAhead*p.every, time.Minute))) {
			tat = now
		}
		if at = tat.Add(-lag); at.Before(now) {
			at = now
		}
		// Always the same length, so that it can be overwritten on a full disk.
		f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(fmt.Appendf(nil, "%020d\n", tat.Add(p.every).UnixNano()), 0)
		return errors.Join(err, f.Close())
	})
	return at, p.store.localError("pace", err)
}

// Wait waits until the next request may be sent.
func (p Pacer) Wait(ctx context.Context) error {
	at, err := p.Slot(ctx)
	if wait := time.Until(at); err == nil && wait > 0 {
		err = pause(ctx, wait)
	}
	return err
}

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

// Pacer spaces the requests of an account among all processes of this host:
// burst requests at once after a rest, then one every so often. It implements
// model.Pacer.
//
// The next moment at which an account may send a request is kept in a small file
// beside the database; one lock is for the files of all accounts. It takes no part
// in any transaction, and nothing of it has to survive a crash.
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

// farAhead is how many requests may stand in line for one account; a line that
// is longer was left behind by a clock that has been set back since.
const farAhead = 100

// A process that was stopped while it held the lock does not stop the others.
const (
	paceRetry    = time.Millisecond
	pacePatience = time.Second
)

// locked runs f with the file of the account while no other goroutine and no other
// process changes the files.
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

// Slot takes the next moment at which a request may be sent.
func (p Pacer) Slot(ctx context.Context) (at time.Time, err error) {
	err = p.locked(ctx, func(file string) error {
		now := p.store.now()
		// The theoretical time of the next request may lag behind by burst-1 pauses. A
		// file that can't be read counts as empty, and one that is far ahead too.
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
		// Always of the same length: that can be written over on a full disk too.
		f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(fmt.Appendf(nil, "%020d\n", tat.Add(p.every).UnixNano()), 0)
		return errors.Join(err, f.Close())
	})
	return at, p.store.localError("pace", err)
}

// Wait returns when the next request may be sent, or with the context's error.
func (p Pacer) Wait(ctx context.Context) error {
	at, err := p.Slot(ctx)
	if wait := time.Until(at); err == nil && wait > 0 {
		err = pause(ctx, wait)
	}
	return err
}

package cli

import (
	"context"
	"fmt"
	"time"

	"confab/ui/theme"
)

// The program ends in one of these ways:
//
//   - By a key in the inbox, or the first SIGINT: the screen goes, the drafts are saved, and the program waits for the edits
//     that are being sent, and says so. A signal during the wait (ctrl-c, now that the screen is gone) ends the wait.
//   - By the first SIGTERM or SIGHUP: the same, but the wait ends after OrderTime.
//   - By a second signal: the program no longer waits.
//
// An edit that is still being sent then is neither done nor lost: its row of the outbox stays claimed until this process is
// dead, and the process that finds the row reads what became of the edit before it repeats anything. Once the wait is over,
// main ends a process that is stuck, LastTime after the first signal at the earliest.
const (
	OrderTime = 1500 * time.Millisecond
	LastTime  = 1900 * time.Millisecond
)

const (
	// quietTime is how long the program waits before it says so.
	quietTime = 300 * time.Millisecond
	// idleTime is how long an interrupted program waits if nothing is being sent, for a slow disk for example: the database
	// survives an end at any moment.
	idleTime = 500 * time.Millisecond
)

// Sender is the part of the engine that Leave needs.
type Sender interface {
	// Sending returns how many edits are being sent, and a channel that is closed when that changes.
	Sending() (edits int, changed <-chan struct{})
	// Close waits for the edits that are being sent, until ctx ends.
	Close(ctx context.Context) error
}

// Leave closes an engine. It waits for the edits that are being sent and says how many are left. If AtOnce is closed, or ctx
// ends during the wait, it stops waiting and returns an error that counts as an interrupt.
func (p Program) Leave(ctx context.Context, s Setup, e Sender) error {
	closing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- e.Close(closing) }()
	return p.await(ctx, s, e, ended)
}

// await is Leave for a close that has begun already: ended receives its result.
func (p Program) await(ctx context.Context, s Setup, e Sender, ended <-chan error) error {
	asked := ctx.Done()
	if ctx.Err() != nil {
		asked = nil // this signal ended the work; the next one closes AtOnce
	}
	words := time.NewTimer(quietTime)
	defer words.Stop()
	loud, said := false, 0
	var idle <-chan time.Time
	for {
		n, changed := e.Sending()
		switch {
		case n > 0:
			idle = nil
		case idle == nil && asked == nil:
			idle = time.After(idleTime)
		}
		if loud && n > 0 && n != said {
			line := "waiting for " + beingSent(n)
			if said == 0 {
				line += "; ctrl-c does not wait: " + fate(n, s)
			}
			fmt.Fprintln(p.Err, "confab: "+line)
			said = n
		}
		select {
		case err := <-ended:
			return err
		case <-changed:
			continue
		case <-words.C:
			loud = true
			continue
		case <-asked:
		case <-idle:
		case <-p.AtOnce:
		}
		if n > 0 {
			fmt.Fprintln(p.Err, "confab: not waiting for "+beingSent(n)+": "+fate(n, s))
		}
		return errLeft
	}
}

// errLeft is the error of a wait that was cut short. It counts as an interrupt.
var errLeft = fmt.Errorf("left at once: %w", context.Canceled)

func beingSent(n int) string { return theme.Count(n, "edit") + " that" + are(n) + " being sent" }

// fate says what becomes of the edits that the program does not wait for.
func fate(n int, s Setup) string {
	return pick(s.Demo, "the demo ends without "+them(n), "what became of "+them(n)+" is read at the next start")
}

func are(n int) string  { return pick(n == 1, " is", " are") }
func them(n int) string { return pick(n == 1, "it", "them") }

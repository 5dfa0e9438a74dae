package cli

import (
	"context"
	"fmt"
	"time"

	"confab/ui/theme"
)

// How the program ends:
//
//   - A key in the inbox, or the first SIGINT: the screen goes, what was typed
//     is saved, and what is being sent is waited for, in words; nothing else is.
//     A signal (ctrl-c, now that the screen is gone) during the wait leaves it.
//   - The first SIGTERM or SIGHUP: the same, but whoever sends these wants an
//     end: OrderTime later nothing is waited for any more.
//   - A second signal: nothing is waited for any more.
//
// What is left is neither done nor lost: its row of the outbox stays claimed by this process until the process is
// dead, and whoever finds it then reads what became of it before anything is repeated. LastTime after the first
// signal, once nothing is waited for, main ends a process that is stuck.
const (
	OrderTime = 1500 * time.Millisecond
	LastTime  = 1900 * time.Millisecond
)

const (
	// quietTime is how long a wait goes without words.
	quietTime = 300 * time.Millisecond
	// idleTime is how long an interrupted program waits where nothing is being sent, such as for a slow disk: the
	// database is safe at any moment.
	idleTime = 500 * time.Millisecond
)

// Sender is what leaving needs of an engine.
type Sender interface {
	// Sending returns how many edits are being sent, and a channel that is closed when that changes.
	Sending() (edits int, changed <-chan struct{})
	// Close waits for what is being sent. Where ctx ends first it leaves that.
	Close(ctx context.Context) error
}

// Leave closes an engine. It waits for what is being sent, counting down in words, until that has ended, AtOnce is
// closed, or ctx, where it was still alive, ends; it then gives an error that counts as an interrupt.
func (p Program) Leave(ctx context.Context, s Setup, e Sender) error {
	closing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- e.Close(closing) }()
	return p.await(ctx, s, e, ended)
}

func (p Program) await(ctx context.Context, s Setup, e Sender, ended <-chan error) error {
	asked := ctx.Done()
	if ctx.Err() != nil {
		asked = nil // that is what ended the work; the next signal closes AtOnce
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

// errLeft says that something was not waited for. It counts as an interrupt.
var errLeft = fmt.Errorf("left at once: %w", context.Canceled)

func beingSent(n int) string { return theme.Count(n, "edit") + " that" + are(n) + " being sent" }

func fate(n int, s Setup) string {
	return pick(s.Demo, "the demo ends without "+them(n), "what became of "+them(n)+" is read at the next start")
}

func are(n int) string  { return pick(n == 1, " is", " are") }
func them(n int) string { return pick(n == 1, "it", "them") }

package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// sender is an engine that sends one edit after another.
type sender struct {
	mu      sync.Mutex
	n       int
	changed chan struct{}
	stuck   bool // Close never ends, though nothing is being sent
	slow    time.Duration
}

func (s *sender) Sending() int {
	n, _ := s.sending()
	return n
}

func (s *sender) sending() (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n, s.changed
}

func (s *sender) deliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sender) Close(ctx context.Context) error {
	for {
		n, changed := s.sending()
		if n == 0 && !s.stuck {
			time.Sleep(s.slow)
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestLeaveWaitsForEditsBeingSent(t *testing.T) {
	const (
		two  = "confab: waiting for 2 edits that are being sent; ctrl-c does not wait: what became of them is read at the next start\n"
		one  = "confab: waiting for 1 edit that is being sent\n"
		demo = "confab: waiting for 2 edits that are being sent; ctrl-c does not wait: the demo ends without them\n"
		gone = "confab: not waiting for 1 edit that is being sent: what became of it is read at the next start\n"
	)
	for name, c := range map[string]struct {
		setup       Setup
		n           int
		stuck       bool
		slow        time.Duration // to close, once everything is sent
		after       time.Duration // until an edit is sent, in place of ten seconds
		interrupted bool          // before Leave is called
		signal      time.Duration
		stopped     time.Duration // how long the terminal takes to print a line
		words       string
		took        time.Duration
		left        bool
	}{
		"nothing is sent":              {},
		"it counts down":               {n: 2, words: two + one, took: 20 * time.Second},
		"a signal ends the wait":       {n: 2, signal: 15 * time.Second, words: two + one + gone, took: 15 * time.Second, left: true},
		"the second signal ends it":    {n: 2, interrupted: true, signal: 15 * time.Second, words: two + one + gone, took: 15 * time.Second, left: true},
		"the terminal is stopped":      {n: 2, stopped: 2 * idleTime, words: two + one, took: 20 * time.Second},
		"it stops after an interrupt":  {n: 2, stopped: 2 * idleTime, interrupted: true, words: two + one, took: 20 * time.Second},
		"it is soon over":              {n: 1, after: 200 * time.Millisecond, took: 200 * time.Millisecond},
		"the disk is slow":             {slow: 3 * time.Second, took: 3 * time.Second},
		"it is a demo":                 {setup: Setup{Demo: true}, n: 2, words: demo + one, took: 20 * time.Second},
		"nothing is sent, and no disk": {stuck: true, interrupted: true, took: idleTime, left: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				atOnce := make(chan struct{})
				p := Program{Err: stopped{&out, c.stopped}, AtOnce: atOnce}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &sender{n: c.n, changed: make(chan struct{}), stuck: c.stuck, slow: c.slow}
				for i := range c.n {
					time.AfterFunc(time.Duration(i+1)*cmp.Or(c.after, 10*time.Second), s.deliver)
				}
				if c.interrupted {
					cancel()
				}
				if c.signal > 0 {
					time.AfterFunc(c.signal, func() {
						if c.interrupted {
							close(atOnce)
						}
						cancel()
					})
				}
				began := time.Now()
				err := p.Leave(ctx, c.setup, s)
				if took := time.Since(began); took != c.took {
					t.Errorf("Leave took %v, want %v", took, c.took)
				}
				if errors.Is(err, context.Canceled) != c.left || err != nil && !c.left {
					t.Errorf("Leave returned %v", err)
				}
				if out.String() != c.words {
					t.Errorf("got\n%s\nwant\n%s", out.String(), c.words)
				}
				time.Sleep(time.Minute) // until everything has ended
			})
		})
	}
}

// stopped is a terminal that takes its time for every line.
type stopped struct {
	io.Writer
	each time.Duration
}

func (s stopped) Write(line []byte) (int, error) {
	time.Sleep(s.each)
	return s.Writer.Write(line)
}

func TestTheLinearModeCountsUndeliveredEdits(t *testing.T) {
	for n, want := range map[int]string{
		1: "1 edit is not delivered yet. Wait? No leaves it in the outbox.",
		2: "2 edits are not delivered yet. Wait? No leaves them in the outbox.",
	} {
		b := newBench(t)
		for range n {
			b.outbox = append(b.outbox, model.OutboxEntry{State: model.Queued})
		}
		b.atTerminal("quit\nn\n")
		b.want(t, 0, "--plain")
		contains(t, "what was asked", &b.err, want)
	}
}

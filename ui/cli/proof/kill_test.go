//go:build unix

package proof

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"confab/ui/uitest"
	"github.com/charmbracelet/x/vt"
)

// outcome is what a change does if nothing fails.
type outcome struct {
	base, target string
	writes       int
	took         time.Duration
}

// point is a moment at which a process is killed.
type point struct {
	name string
	// hooks returns hooks that kill through k; nil if watch kills by itself.
	hooks func(k *killer) hooks
	watch func(k *killer)
}

// killer kills a process, once.
type killer struct {
	h    *home
	r    *rand.Rand
	full outcome
	// nth is the number of the write to kill at, counted from one.
	nth    int
	p      atomic.Pointer[process]
	once   sync.Once
	fired  atomic.Bool
	writes atomic.Int32
	effect atomic.Bool
}

func (k *killer) kill() {
	k.once.Do(func() {
		k.fired.Store(true)
		k.p.Load().killed()
	})
}

// counts reports whether a request is the write to kill at.
func (k *killer) counts(r request) bool { return r.Write && int(k.writes.Add(1)) == k.nth }

// queued reports whether an edit waits in the outbox.
func (k *killer) queued() bool {
	db, err := sql.Open("sqlite", "file:"+k.h.database()+"?mode=ro&_pragma=busy_timeout(2000)")
	if err != nil {
		return false
	}
	defer db.Close()
	n := 0
	return db.QueryRow("SELECT count(*) FROM outbox").Scan(&n) == nil && n > 0
}

func points() []point {
	return []point{
		{name: "before it is submitted", watch: func(k *killer) { k.later(k.full.took / 3) }},
		{name: "once it is queued", watch: func(k *killer) {
			for !k.ended() {
				if k.queued() {
					k.kill()
					return
				}
			}
		}},
		{name: "at the read before sending", hooks: func(k *killer) hooks {
			return hooks{arrived: func(r request) verdict {
				if !r.Write && !k.fired.Load() && k.queued() {
					k.kill()
					return drop
				}
				return pass
			}}
		}},
		{name: "when the write has arrived, which is lost", hooks: func(k *killer) hooks {
			return hooks{arrived: func(r request) verdict {
				if k.counts(r) {
					k.kill()
					return drop
				}
				return pass
			}}
		}},
		{name: "when the write has arrived, which is done", hooks: func(k *killer) hooks {
			return hooks{arrived: func(r request) verdict {
				if k.counts(r) {
					k.kill()
				}
				return pass
			}}
		}},
		{name: "between the effect and the answer", hooks: func(k *killer) hooks {
			return hooks{done: func(r request) verdict {
				if k.counts(r) {
					k.kill()
					return drop
				}
				return pass
			}}
		}},
		{name: "between the answer and the journal", hooks: func(k *killer) hooks {
			pause := time.Duration(k.r.Int64N(int64(4 * time.Millisecond)))
			return hooks{answered: func(r request) {
				if k.counts(r) {
					k.later(pause)
				}
			}}
		}},
		{name: "at the read that verifies", hooks: func(k *killer) hooks {
			return hooks{arrived: func(r request) verdict {
				if !r.Write && k.effect.Load() {
					k.kill()
					return drop
				}
				return pass
			}, done: func(r request) verdict {
				if r.effect() {
					k.effect.Store(true)
				}
				return pass
			}}
		}},
		{name: "at a random moment", watch: func(k *killer) { k.later(time.Duration(k.r.Int64N(int64(k.full.took*5/4) + 1))) }},
	}
}

func (k *killer) later(d time.Duration) {
	p := k.p.Load()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		k.kill()
	case <-p.ended:
	}
}

func (k *killer) ended() bool {
	select {
	case <-k.p.Load().ended:
		return true
	default:
		return false
	}
}

// kills is a series of rounds on a stage.
type kills struct {
	*stage
	r     *rand.Rand
	known map[string]outcome
	hits  map[string]int
}

// prepared makes fresh services and a home for a change. If the change is an undo, its edit has been delivered there.
func (s *kills) prepared(t testing.TB, c change) (h *home, args []string, id string) {
	t.Helper()
	h = s.again(t)
	args, id = c.args(s.box)
	if c.undo {
		h.must(args...)
		subs := h.read().subs
		args = []string{"undo", subs[0].ID, "--yes"}
		s.proxy.open(s.box, hooks{})
	}
	return h, args, id
}

// drive makes the change in p, and returns when it is delivered or the process is dead.
func (s *kills) drive(c change, p *process, k *killer) {
	if c.keys == nil {
		<-p.ended
		return
	}
	at := 0
	for _, step := range c.keys {
		var ok bool
		if at, ok = p.sees(at, step.after); !ok || !p.rest() {
			return
		}
		p.keys(step.typed)
	}
	// The inbox does not end by itself: wait until the edit has left the outbox.
	for seen := false; !k.ended(); {
		queued := k.queued()
		if seen = seen || queued || len(s.proxy.requests()) > 0 && s.wrote(); seen && !queued {
			break
		}
		time.Sleep(time.Millisecond)
	}
	p.killed()
}

func (s *kills) wrote() bool {
	for _, r := range s.proxy.requests() {
		if r.effect() {
			return true
		}
	}
	return false
}

func (s *kills) begin(h *home, c change, args []string) *process {
	if c.keys != nil {
		return h.screen(args...)
	}
	return h.prepare(args...).start(h.t)
}

// full returns what a change does if nothing fails.
func (s *kills) full(t testing.TB, c change) outcome {
	t.Helper()
	if o, ok := s.known[c.String()]; ok {
		return o
	}
	h, args, id := s.prepared(t, c)
	o := outcome{base: state(s.box, c.provider, id)}
	began := time.Now()
	p := s.begin(h, c, args)
	k := &killer{h: h}
	k.p.Store(p)
	s.drive(c, p, k)
	o.took, o.target = time.Since(began), state(s.box, c.provider, id)
	if c.keys == nil && p.wait(t) != 0 || o.base == o.target || h.read().waiting() > 0 {
		t.Fatalf("%s failed without a fault: %s%s\n%s", c, p, p.shown(), h.read())
	}
	for _, r := range s.proxy.requests() {
		if r.effect() {
			o.writes++
		}
	}
	s.known[c.String()] = o
	return o
}

func (p *process) shown() string {
	if p.tty == nil {
		return ""
	}
	screen := vt.NewEmulator(140, 40)
	go func() { _, _ = io.Copy(io.Discard, screen) }() // its answers
	_, _ = io.WriteString(screen, p.screenText())
	defer uitest.EndInput(screen)
	return screen.String()
}

// round kills a change at a point, starts confab again, and compares what it says with the services.
func (s *kills) round(t *testing.T, c change, at point) {
	t.Helper()
	full := s.full(t, c)
	h, args, id := s.prepared(t, c)
	k := &killer{h: h, r: s.r, full: full, nth: 1 + s.r.IntN(full.writes)}
	var watching sync.WaitGroup // they share the random source
	if at.hooks != nil {
		begun := make(chan struct{})
		inner := at.hooks(k)
		s.proxy.watch(heldUntil(begun, inner))
		k.p.Store(s.begin(h, c, args))
		close(begun)
	} else {
		k.p.Store(s.begin(h, c, args))
		watching.Go(func() { at.watch(k) })
	}
	p := k.p.Load()
	s.drive(c, p, k)
	<-p.ended
	watching.Wait()
	if p.hung {
		t.Fatalf("%s hung\n%s%s", c, p, p.shown())
	}
	s.proxy.watch(hooks{})
	if k.fired.Load() {
		s.hits[at.name]++
	}
	what := func() string {
		return fmt.Sprintf("%s, killed %s (write %d of %d, reached: %v)\n%s\n%s", c, at.name, k.nth, full.writes, k.fired.Load(), p, s.sent())
	}
	before := h.read()
	after, last := s.recovered(t, h, what)
	s.judge(t, c, id, full, before, after, last, what)
}

// heldUntil delays the hooks until the process is known.
func heldUntil(begun chan struct{}, h hooks) hooks {
	out := hooks{}
	if h.arrived != nil {
		out.arrived = func(r request) verdict { <-begun; return h.arrived(r) }
	}
	if h.done != nil {
		out.done = func(r request) verdict { <-begun; return h.done(r) }
	}
	if h.answered != nil {
		out.answered = func(r request) { <-begun; h.answered(r) }
	}
	return out
}

// sent lists the writes that the services got.
func (s *stage) sent() string {
	var b strings.Builder
	for _, r := range s.proxy.requests() {
		if r.Write {
			fmt.Fprintf(&b, "%s %s?%s %s: %d\n", r.Method, r.Path, r.Query, r.Body, r.Status)
		}
	}
	return b.String()
}

// recovered starts confab again until no edit is on its way. At times it kills that process too.
func (s *kills) recovered(t *testing.T, h *home, what func() string) (kept, *process) {
	t.Helper()
	for s.r.IntN(4) == 0 {
		p := h.prepare("sync").start(t)
		k := &killer{h: h}
		k.p.Store(p)
		k.later(time.Duration(s.r.Int64N(int64(60 * time.Millisecond))))
		<-p.ended
	}
	var last *process
	for range 4 {
		last = h.run("sync")
		after := h.read()
		if after.waiting() == 0 {
			return after, last
		}
	}
	t.Errorf("%s: an edit still waits after four syncs\n%s\n%s", what(), last, h.read())
	return h.read(), last
}

// judge compares what confab says with the services. No other client wrote to them, so the change must be delivered or not begun.
func (s *kills) judge(t *testing.T, c change, id string, full outcome, before, after kept, last *process, what func() string) {
	t.Helper()
	now := state(s.box, c.provider, id)
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s\nat the kill:\n%s\nafter:\n%s\nthe service: %s\n%s", what(), fmt.Sprintf(format, args...), before, after, now, last)
	}
	done, needs := 0, 0
	for _, sub := range after.subs {
		if sub.Edits != sub.Waiting+sub.NeedPerson+sub.Delivered+sub.Already+sub.Withdrawn+sub.Discarded+sub.Replaced {
			bad("an edit of submission %s is nowhere", sub.ID)
		}
		needs += sub.NeedPerson
		if c.undo && sub.Undoes == "" {
			continue // the submission to undo, which was delivered before
		}
		done += sub.Delivered + sub.Already
	}
	submitted := len(after.subs) > 0
	if c.undo {
		submitted = len(after.subs) > 1
	}
	for _, sub := range before.subs {
		if !strings.Contains(after.String(), sub.ID) {
			bad("submission %s is lost", sub.ID)
		}
	}
	switch {
	case needs > 0:
		bad("an edit is left to a person, though no other client changed anything")
	case !submitted && now != full.base:
		bad("the service was changed without a submission")
	case submitted && done == 0:
		bad("the submission changed nothing")
	case submitted && now != full.target:
		bad("the history says that the edit is done, but the service does not have it")
	}
	effects := map[string]int{}
	for _, r := range s.proxy.requests() {
		if !r.effect() {
			continue
		}
		key := r.Method + " " + r.Path + "?" + r.Query + " " + r.Body
		if effects[key]++; effects[key] > 1 {
			bad("a write that was carried out was sent again: %s", key)
		}
	}
	if last.cmd.ProcessState.ExitCode() != 0 {
		bad("sync ended with %d", last.cmd.ProcessState.ExitCode())
	}
}

// TestKilledAtEveryStep kills the program at every step between key and journal, and starts it again. Every edit must be delivered
// exactly once or not have begun.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	n := seed(t)
	const workers = 2
	sideBySide(t, workers, func(t *testing.T, w int) {
		s := &kills{stage: newStage(t, 7), r: source(n, uint64(w)), known: map[string]outcome{}, hits: map[string]int{}}
		all, at := changes(), points()
		var mine []change
		for i, c := range all {
			if i%workers == w {
				mine = append(mine, c)
			}
		}
		first := s.r.IntN(len(at))
		rounds(t, len(mine), func(n int) {
			c, p := mine[n%len(mine)], at[(first+n)%len(at)]
			if soak() > 0 {
				c, p = pick(s.r, mine), pick(s.r, at)
			}
			t.Run(fmt.Sprintf("%s, %s", c, p.name), func(t *testing.T) { s.t = t; s.round(t, c, p) })
		})
		t.Logf("killed at: %v", s.hits)
	})
}

package proof

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// settle lets everything that moves by itself come to rest.
func (w *world) settle(ctx context.Context) error {
	harm := w.wire.harm
	w.harm(0)
	for range 100 {
		if err := w.inbox.Sync(ctx); err != nil {
			w.say("sync: %v", err)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		outbox, err := w.inbox.Outbox(ctx)
		if err != nil {
			return err
		}
		moving := slices.ContainsFunc(outbox, func(e model.OutboxEntry) bool {
			return e.State == model.Sending || e.State.Waiting() && !w.behind(outbox, e)
		})
		if !moving {
			w.harm(harm)
			return w.compare(ctx)
		}
	}
	k, err := readStore(ctx, w.store)
	w.fault("after half an hour without any fault something still waits\n%s", k)
	return err
}

// behind reports whether an edit waits for one that waits for a person.
func (w *world) behind(outbox []model.OutboxEntry, e model.OutboxEntry) bool {
	return slices.ContainsFunc(outbox, func(p model.OutboxEntry) bool {
		if p.Ref != e.Ref || p.ID >= e.ID || !p.State.NeedsPerson() && !w.behind(outbox, p) {
			return false
		}
		return e.Widens() && p.Submission == e.Submission || p.State == model.Held || p.State.Waiting()
	})
}

// compare holds what confab says against what is so.
func (w *world) compare(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, err := readStore(ctx, w.store)
	if err != nil {
		return err
	}
	w.counted(k)
	for _, e := range k.outbox {
		w.seen["left "+string(e.State)]++
	}
	outbox := map[string]model.OutboxEntry{}
	for _, e := range k.outbox {
		outbox[e.ID] = e
	}
	journal := map[string]model.JournalEntry{}
	for _, j := range k.journal {
		journal[j.ID] = j
	}
	first, last := map[string]event{}, map[string]event{}
	for _, ev := range w.events {
		if ev.edit == "" {
			continue
		}
		if last[ev.edit] = ev; first[ev.edit].edit == "" {
			first[ev.edit] = ev
		}
		j, done := journal[ev.edit]
		e, open := outbox[ev.edit]
		switch {
		case done && j.State == model.Done:
		case done:
			w.fault("history says that edit %s was already so, and it made the change %s", ev.edit, ev)
		case open && e.Sent:
		case open && e.Target.People != nil:
		case open:
			w.fault("the outbox says that edit %s, %s, was not sent, and it made the change %s", ev.edit, e.State, ev)
		case !w.dropped[ev.edit]:
			w.fault("neither history nor outbox has the edit that made the change %s", ev)
		}
	}
	for _, j := range k.journal {
		if !w.checked[j.ID] {
			w.seen[string(j.Kind)+" "+string(j.State)]++
			w.checked[j.ID] = true
		}
		w.entry(j, first[j.ID], last[j.ID])
	}
	for ref, c := range w.truth {
		if w.gone[ref] {
			continue
		}
		now, err := w.look(ref)
		if err != nil {
			w.fault("%s is gone, and nobody did that", ref)
			continue
		}
		for _, ev := range changed(c, now) {
			w.fault("changed behind everybody's back: %s", ev)
		}
	}
	return nil
}

// entry checks that what history says was done was done, on what it says was
// there. first and last are the changes that it made.
func (w *world) entry(j model.JournalEntry, first, last event) {
	switch j.Kind {
	case model.EditCreate:
		if key := j.Ref.Account + " " + j.Target.New.Title; w.made[key] == 0 {
			w.fault("history says that “%s” was created, and it was not", key)
		}
		return
	case model.EditDelete:
		if !w.gone[j.Ref] {
			w.fault("history says that %s was deleted, and it is there", j.Ref)
		}
		return
	}
	if last.edit != "" {
		if !last.is.Equal(j.After) {
			w.fault("history says that edit %s left %s, and it left %s", j.ID, show(j.After), show(last.is))
		}
		if !first.was.Equal(j.Before) && !first.crossed {
			w.fault("history says that edit %s met %s, and it met %s", j.ID, show(j.Before), show(first.was))
		}
		return
	}
	// Nothing was written for it: then it was so by itself.
	values := w.values(j.Ref, j.Field(), j.At)
	if values == nil {
		now, _ := j.Read(w.truth[j.Ref])
		values = []model.Value{now}
	}
	if !slices.ContainsFunc(values, j.After.Equal) && !w.gone[j.Ref] {
		w.fault("history says that %s %s was %s at %s (edit %s, %s), and it was %s", j.Ref, j.Field(), show(j.After),
			j.At.Format(time.TimeOnly), j.ID, j.State, show(values[len(values)-1]))
	}
}

// counted checks the counts of submissions and creates.
func (w *world) counted(k kept) {
	byID := map[string]model.JournalEntry{}
	taken := map[string]int{}
	for _, j := range k.journal {
		byID[j.ID] = j
	}
	for _, j := range k.journal {
		if j.Undone == "" {
			continue
		}
		taken[j.Submission]++
		u, ok := byID[j.Undone]
		if !ok || u.Undoes != j.ID || !takenBack(j, u.After) {
			w.fault("edit %s counts as taken back by %s, which is %+v", j.ID, j.Undone, u)
		}
	}
	for _, s := range k.subs {
		if s.Edits != s.Waiting+s.NeedPerson+s.Delivered+s.Already+s.Withdrawn+s.Discarded+s.Replaced {
			w.fault("the counts of submission %s do not add up: %+v", s.ID, s)
		}
		if s.TakenBack != taken[s.ID] || s.TakenBack > s.Delivered {
			w.fault("submission %s has %d taken back of %d delivered; there are %d", s.ID, s.TakenBack, s.Delivered, taken[s.ID])
		}
	}
	for title, n := range w.made {
		if n > w.asked[title] {
			w.fault("“%s” was made %d times, and asked for %d times", title, n, w.asked[title])
		}
	}
}

// shorter looks for the shortest life that begins in the same way and goes
// wrong too. Goroutines meet in another order each time, so it may find none.
func shorter(t *testing.T, seed uint64, steps int, w *world, err error) (*world, error) {
	end := time.Now().Add(20 * time.Second)
	for n := 1; n < steps && time.Now().Before(end); n++ {
		if s, e := life(t, quickDir(t), seed, n); e != nil || len(s.faults) > 0 {
			return s, e
		}
	}
	return w, err
}

// quickDir is a directory in memory, where there is one: thousands of steps
// would else wait for the disk.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "confab-proof")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// takenBack reports whether a value holds nothing of what an edit did: of a set
// that others have changed since, only one's own part goes back.
func takenBack(j model.JournalEntry, now model.Value) bool {
	if j.Before.People == nil || now.People == nil {
		return now.Equal(j.Before)
	}
	return model.PeopleValue(model.MergePeople(*j.After.People, *j.Before.People, *now.People)).Equal(now)
}

// life runs steps of random life and returns the world it ends in.
func life(t *testing.T, dir string, seed uint64, steps int) (w *world, err error) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 7))
		skew := time.Duration(r.IntN(120)-60) * time.Minute
		if w, err = newWorld(dir, r, 0.02+0.2*r.Float64(), skew); err != nil {
			return
		}
		ctx := context.Background()
		time.Sleep(time.Minute)
		for n := 0; n < steps && err == nil && !w.failed(); n++ {
			if err = w.step(ctx); err != nil {
				break
			}
			if r.IntN(4) > 0 { // else the next step meets what is still moving
				time.Sleep(time.Duration(r.Int64N(int64(4 * time.Second))))
				synctest.Wait()
			}
			if n%12 == 11 {
				err = w.settle(ctx)
			}
		}
		if err == nil && !w.failed() {
			err = w.settle(ctx)
		}
		w.noteEnd()
		if e := w.closeAll(); err == nil {
			err = e
		}
	})
	return w, err
}

// noteEnd notes what confab says at the end, for a report.
func (w *world) noteEnd() {
	if k, err := readStore(context.Background(), w.store); err == nil {
		w.say("confab says:\n%s", k)
	}
}

// TestHistoryExplainsTheServices lets edits, other people, faults, restarts and
// undos happen at random, and wants what the services hold explained by what
// confab says at every rest.
func TestHistoryExplainsTheServices(t *testing.T) {
	t.Parallel()
	const steps = 60
	n := seed(t)
	total := 0
	seen := map[string]int{}
	least := 4
	if raceDetector {
		least = 2
	}
	rounds(t, least, func(round int) {
		w, err := life(t, quickDir(t), n+uint64(round), steps)
		total += steps
		for what, n := range w.seen {
			seen[what] += n
		}
		if err == nil && len(w.faults) == 0 {
			return
		}
		w, err = shorter(t, n+uint64(round), steps, w, err)
		t.Errorf("CONFAB_SEED=%d: %v\n%s\n%s", n+uint64(round), err, strings.Join(w.faults, "\n"), strings.Join(w.steps, "\n"))
	})
	t.Logf("%d steps; what they met: %v", total, seen)
}

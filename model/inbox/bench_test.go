package inbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/model/store/crowd"
)

// BenchmarkInbox measures the engine with the database of an inbox in use: four accounts in
// the scope and rows of a fifth outside it, six views, 1,000 waiting edits, a history of
// 10,000, and another process that changes a row fifty times a second, which the engine
// follows.
//
//	go test ./model/inbox -run - -bench Inbox
//	CONFAB_BENCH_ROWS=1000000 go test ./model/inbox -run - -bench Inbox -timeout 1h
//
// CONFAB_BENCH_ROWS sets the sizes; the default is "1000,10000,100000", since a database of
// 1,000,000 takes minutes to make. What is measured:
//
//	opening   the first page of a view as it was kept, and of one that was not, from disk
//	load      the index of all conversations, with the six views
//	list      a window of 120 rows around a conversation anywhere
//	event     from a change of another process to the event and the list that shows it
//	filter    a query that was not asked before: its first rows, and its exact count
//	counts    of the six views
//	select    all of the inbox
//	triage    100 rows marked
//	submit    1 edit and 1,000, on disk when it returns
//	save      300 rows that a service shows: unchanged, and changed
func BenchmarkInbox(b *testing.B) {
	sizes := "1000,10000,100000"
	if s := os.Getenv("CONFAB_BENCH_ROWS"); s != "" {
		sizes = s
	}
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatalf("reading CONFAB_BENCH_ROWS: %v", err)
		}
		b.Run("rows="+text, func(b *testing.B) {
			size := crowd.Size{Conversations: n, Waiting: 1_000, Delivered: 10_000, Now: time.Now().Add(-time.Hour).Truncate(time.Second)}
			path := filepath.Join(b.TempDir(), "confab.db")
			crowd.Fill(b, path, size)
			c := &bench{peopled: openCrowd(b, path, size)}
			for _, m := range []struct {
				name string
				run  func(*testing.B)
			}{
				{"opening/kept", c.openingKept}, {"opening/disk", c.openingDisk}, {"load", c.load}, {"list", c.lists}, {"event", c.event},
				{"filter/rare/first", c.filter("company77 -x%d", true)}, {"filter/rare/exact", c.filter("company77 -x%d", false)},
				{"filter/common/first", c.filter("budget -x%d", true)}, {"filter/common/exact", c.filter("budget -x%d", false)},
				{"counts", c.counts}, {"select", c.selectAll}, {"triage", c.triage}, {"submit/1", c.submits(1)}, {"submit/1000", c.submits(1_000)},
				{"save/unchanged", c.save(false)}, {"save/changed", c.save(true)},
			} {
				b.Run(m.name, func(b *testing.B) {
					c.tb = b
					defer c.meanwhile()()
					m.run(b)
				})
			}
		})
	}
}

// bench is the inbox that is measured.
type bench struct {
	*peopled
	n int // makes what is asked something else each time
}

// meanwhile makes the other process write until the returned function is called.
func (c *bench) meanwhile() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			conv := c.size.Conversation(200 + i%(c.size.Conversations-200)) // those before are changed by what is measured
			conv.Title += fmt.Sprint(" changed ", time.Now().UnixNano())
			if _, err := c.other.SaveBatch(context.Background(), conv.Ref.Account, []model.Conversation{conv}, nil); err != nil {
				c.tb.Errorf("saving the conversations: %v", err)
			}
			c.b.Look(context.Background())
			time.Sleep(20 * time.Millisecond)
		}
	})
	return func() { cancel(); writing.Wait() }
}

// next returns the number of a random conversation.
func (c *bench) next() int {
	c.n++
	return c.n * 7919 % c.size.Conversations
}

// slowest reports the 99th percentile of the durations.
func slowest(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func (c *bench) openingKept(b *testing.B) { c.opening(b, "is:unseen") }
func (c *bench) openingDisk(b *testing.B) { c.opening(b, "kind:call part") }

func (c *bench) opening(b *testing.B, query string) {
	for b.Loop() {
		p, err := c.b.Opening(c.ctx(), model.ListRequest{Query: query, Inbox: true, Limit: 100})
		if c.must(err); len(p.Rows) == 0 && c.size.Conversations <= 10_000 {
			b.Fatal("the first page of an opening inbox has no rows, want some")
		}
	}
}

func (c *bench) load(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var last *inbox.Inbox
	for b.Loop() {
		b.StopTimer()
		if last != nil {
			last.Close(c.ctx())
		}
		o := inbox.Options{Store: c.s, User: "ada", Location: time.UTC, Patience: -1}
		for _, f := range c.fakes {
			o.Accounts = append(o.Accounts, inbox.Account{Provider: f})
		}
		var err error
		last, err = inbox.Open(c.ctx(), o)
		c.must(err)
		b.StartTimer()
		_, err = last.Counts(c.ctx(), crowd.Views)
		c.must(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(c.size.Conversations), "B/row")
	last.Close(c.ctx())
}

func (c *bench) lists(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p, err := c.b.List(c.ctx(), model.ListRequest{Inbox: true, Limit: 120, Anchor: crowd.Ref(c.next())})
		if c.must(err); len(p.Rows) != 120 {
			b.Fatalf("a window of the list has %d rows, want 120", len(p.Rows))
		}
	}
}

func (c *bench) event(b *testing.B) {
	events, done := c.b.Subscribe()
	defer done()
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		i := 1 + c.next()%20*5 // no edit waits on it
		conv := c.size.Conversation(i)
		conv.Title = fmt.Sprint("an event ", time.Now().UnixNano())
		_, err := c.other.SaveBatch(c.ctx(), conv.Ref.Account, []model.Conversation{conv}, nil)
		c.must(err)
		b.StartTimer()
		began := time.Now()
		go c.b.Look(c.ctx())
		for shown := false; !shown; {
			select {
			case <-events:
			case <-time.After(10 * time.Second):
				b.Fatal("no event came within 10 seconds of a change by another process")
			}
			p, err := c.b.List(c.ctx(), model.ListRequest{Inbox: true, Limit: 120})
			c.must(err)
			shown = slices.ContainsFunc(p.Rows, func(r model.Row) bool { return r.Conversation.Title == conv.Title })
		}
		took = append(took, time.Since(began))
	}
	slowest(b, took)
}

func (c *bench) filter(text string, first bool) func(*testing.B) {
	return func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			c.n++
			req := model.ListRequest{Query: fmt.Sprintf(text, c.n), Inbox: true, Limit: 120, Partial: first}
			began := time.Now()
			p, err := c.b.List(c.ctx(), req)
			c.must(err)
			took = append(took, time.Since(began))
			if p.Partial { // let it come to its end
				b.StopTimer()
				req.Partial = false
				_, err := c.b.List(c.ctx(), req)
				c.must(err)
				b.StartTimer()
			}
		}
		slowest(b, took)
	}
}

func (c *bench) counts(b *testing.B) {
	for b.Loop() {
		_, err := c.b.Counts(c.ctx(), crowd.Views)
		c.must(err)
	}
}

func (c *bench) selectAll(b *testing.B) {
	for b.Loop() {
		s, err := c.b.Select(c.ctx(), model.SelectRequest{Inbox: true})
		if c.must(err); s.Len() == 0 {
			b.Fatal("selecting all of the inbox selects nothing")
		}
	}
}

func (c *bench) triage(b *testing.B) {
	on := false
	for b.Loop() {
		b.StopTimer()
		var refs []model.Ref
		for range 100 {
			refs = append(refs, crowd.Ref(c.next()))
		}
		on = !on
		b.StartTimer()
		c.must(c.b.Triage(c.ctx(), refs, model.TriageChange{Pinned: &on}, nil))
	}
}

func (c *bench) submits(many int) func(*testing.B) {
	return func(b *testing.B) {
		var refs []model.Ref
		for i := range many {
			refs = append(refs, crowd.Ref(i))
		}
		p, err := c.b.Plan(c.ctx(), refs, title("all the same"), model.PlanOptions{})
		c.must(err)
		var took []time.Duration
		for b.Loop() {
			p.ID = store.NewID(time.Now())
			began := time.Now()
			ids, err := c.b.Submit(c.ctx(), p)
			took = append(took, time.Since(began))
			b.StopTimer()
			if c.must(err); len(ids) != many {
				b.Fatalf("a plan for %d conversations submitted %d edits, want one for each; its first item is %+v", many, len(ids), p.Items[0])
			}
			_, err = c.b.Decide(c.ctx(), model.DecideDiscard, named(ids...)...)
			c.must(err)
			b.StartTimer()
		}
		slowest(b, took)
	}
}

func (c *bench) save(changed bool) func(*testing.B) {
	return func(b *testing.B) {
		const page = 300
		n := 0
		for b.Loop() {
			b.StopTimer()
			var batch []model.Conversation
			for i := 0; i < 4*page && i < c.size.Conversations; i += 4 { // of one account
				conv := c.size.Conversation(i)
				if changed {
					conv.Title = fmt.Sprint("changed again ", n)
				}
				batch = append(batch, conv)
				n++
			}
			b.StartTimer()
			_, err := c.s.SaveBatch(c.ctx(), crowd.Accounts[0], batch, nil)
			c.must(err)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "conversations/s")
	}
}

package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// filled opens an engine over a database with n conversations of an account.
func filled(tb testing.TB, n int) (*inbox.Inbox, []model.Ref) {
	tb.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(tb.TempDir(), "confab.db"), store.Options{Host: "laptop"})
	if err != nil {
		tb.Fatalf("opening the database: %v", err)
	}
	f := newFake("projects")
	b, err := inbox.Open(ctx, inbox.Options{Store: s, Accounts: []inbox.Account{{Provider: f}}, Location: time.UTC})
	if err != nil {
		tb.Fatalf("opening the inbox: %v", err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(b.Close(ctx), s.Close()); err != nil {
			tb.Errorf("closing the inbox and the database: %v", err)
		}
	})
	var refs []model.Ref
	var batch []model.Conversation
	for i := range n {
		c := f.convs[f.add(fmt.Sprintf("Talk %d about the budget of next year", i))]
		c.Description, c.Preview = strings.Repeat("What was said, by whom, and what follows from it. ", 60), "see you on Monday"
		refs, batch = append(refs, c.Ref), append(batch, c)
	}
	for some := range slices.Chunk(batch, 1000) {
		if _, err := s.SaveBatch(ctx, "projects", some, nil); err != nil {
			tb.Fatalf("saving the conversations: %v", err)
		}
	}
	return b, refs
}

// A large plan keeps the requested order, reports its progress, and ends when it is
// cancelled.
func TestPlanOfManyKeepsOrderAndReportsProgress(t *testing.T) {
	b, refs := filled(t, 900)
	ctx := context.Background()
	slices.Reverse(refs)
	refs = slices.Insert(refs, 450, model.Ref{Account: "nowhere", ID: "1"}, model.Ref{Account: "projects", ID: "no such"})
	last := 0
	p, err := b.Plan(ctx, refs, title("same"), model.PlanOptions{Progress: func(done, total int) {
		if done != last+1 || total != len(refs) {
			t.Errorf("the progress says %d of %d after %d, want %d of %d", done, total, last, last+1, len(refs))
		}
		last = done
	}})
	if err != nil || last != len(refs) || len(p.Items) != len(refs) {
		t.Fatalf("the plan has %d items and told of %d, want %d each, error %v", len(p.Items), last, len(refs), err)
	}
	for i, it := range p.Items {
		want := model.PlanChange
		if i == 450 || i == 451 {
			want = model.PlanBlocked
		}
		if it.Ref != refs[i] || it.State != want {
			t.Errorf("item %d of the plan is %v and %s (%s), want %v and %s", i, it.Ref, it.State, it.Reason, refs[i], want)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	if _, err := b.Plan(ctx, refs, title("same"), model.PlanOptions{Progress: func(done, _ int) {
		if done == 300 {
			cancel()
		}
		if done > 300+2 {
			t.Errorf("%d conversations were planned though the plan was stopped at 300, want at most 302", done)
		}
	}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a plan that was stopped: error %v, want %v", err, context.Canceled)
	}
}

// A plan holds the edits and what names them, not the conversations.
func TestPlanOfManyKeepsNoConversationsInMemory(t *testing.T) {
	const n, most = 2000, 1200
	b, refs := filled(t, n)
	var p model.Plan
	var err error
	before := heap()
	if p, err = b.Plan(context.Background(), refs, title("same"), model.PlanOptions{}); err != nil {
		t.Fatalf("planning the edit: %v", err)
	}
	if held := int64(heap()) - int64(before); held > n*most {
		t.Errorf("a plan of %d conversations holds %d bytes, %d for each, want at most %d for each", n, held, held/n, most)
	}
	runtime.KeepAlive(p)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPlan plans a rename of many conversations, and reports how much memory the plan
// holds.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			engine, refs := filled(b, n)
			before, held := heap(), uint64(0)
			for b.Loop() {
				p, err := engine.Plan(context.Background(), refs, title("same"), model.PlanOptions{})
				if err != nil {
					b.Fatalf("planning the edit: %v", err)
				}
				b.StopTimer()
				held = heap() - before
				runtime.KeepAlive(p)
				b.StartTimer()
			}
			b.ReportMetric(float64(held)/float64(n), "heap-B/item")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/item")
		})
	}
}

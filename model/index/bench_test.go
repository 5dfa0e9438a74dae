package index_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// sizes are the numbers of conversations to measure with.
var sizes = []int{1_000, 10_000, 100_000, 1_000_000}

// generator makes conversations like those of a company: a few accounts, some hundred colleagues, customers of all ages, titles
// and previews of common words.
type generator struct{ random *rand.Rand }

var (
	common = strings.Fields(`the review with of and for customer budget contract renewal pricing call weekly sync planning launch incident
 onboarding interview feedback roadmap invoice support question update follow up demo quarterly team project status report risk plan team proposal`)
	first = strings.Fields("anna bob carla david eve frank grace henry ines jonas klara liam maria noah olga paul quinn rosa sven tara")
	last  = strings.Fields("adler brandt castro dubois evans fischer garcia huber ivanov jensen klein lopez meyer novak olsen peters quist rossi silva torres")
)

func newGenerator() *generator { return &generator{rand.New(rand.NewPCG(1, 2))} }

func (w *generator) words(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = common[w.random.IntN(len(common))]
	}
	return strings.Join(out, " ")
}

func (w *generator) person(i int) string {
	f, l := first[i%len(first)], last[i/len(first)%len(last)]
	return fmt.Sprintf("%s %s\n%s.%s%d@company%d.example\nusr_%08x", f, l, f, l, i, i%900, i)
}

func (w *generator) entry(key int64) query.Entry {
	r := w.random
	account := []string{"sales", "support", "product", "kona"}[r.IntN(4)]
	flags := query.Flag(0)
	for _, f := range []struct {
		flag    query.Flag
		percent int
	}{{query.FlagDone, 40}, {query.FlagUnseen, 30}, {query.FlagArchived, 10}, {query.FlagEmpty, 2}, {query.FlagClosed, 30},
		{query.FlagInternal, 40}, {query.FlagMessages, 70}, {query.FlagRecording, 30}} {
		if r.IntN(100) < f.percent {
			flags |= f.flag
		}
	}
	if r.IntN(5000) == 0 {
		flags |= query.FlagPinned
	}
	created := start.Add(-time.Duration(r.IntN(2*365*24*60)) * time.Minute)
	e := query.Entry{Key: key, Revision: key, Subject: query.Subject{
		Ref: model.Ref{Account: account, ID: fmt.Sprintf("%08x-%04x-%012x", r.Uint32(), key%65536, key)}, Provider: "bird",
		Kind: []string{"call", "email", "meeting"}[r.IntN(3)], Status: []string{"active", "closed", "finished"}[r.IntN(3)],
		Privacy: []string{"private", "public"}[r.IntN(2)],
		Title:   fmt.Sprintf("%s %d", w.words(3+r.IntN(4)), r.IntN(100_000)),
		People:  w.person(r.IntN(300)) + "\n" + w.person(300+r.IntN(50_000)) + "\n" + w.person(300+r.IntN(50_000)),
		Preview: w.words(8 + r.IntN(10)), Owner: w.person(r.IntN(100)), Team: fmt.Sprint("team ", r.IntN(12)),
		Company: fmt.Sprint("company ", r.IntN(5000)), Roles: "editor\nviewer", Labels: fmt.Sprint("stage=", r.IntN(7)),
		Flags: flags, Created: created.UnixMilli(), Updated: created.Add(time.Duration(r.IntN(10_000)) * time.Minute).UnixMilli(),
		Duration: int64(r.IntN(3600_000)),
	}}
	if r.IntN(200) == 0 {
		e.Subject.SnoozedUntil = start.Add(time.Duration(r.IntN(30*24)) * time.Hour).UnixMilli()
	}
	return e
}

func mustParse(b rapid.TB, text string) query.Query {
	b.Helper()
	q, err := query.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	return q.Inbox()
}

// tabs are six views as in a config. Apart from snoozing, two of them depend on the time.
func tabs(b testing.TB) []query.Query {
	var out []query.Query
	for _, text := range []string{"", "is:unseen", "is:private kind:call", "updated:<7d", "label:stage=3 sort:title", "is:any updated:>30d"} {
		out = append(out, mustParse(b, text))
	}
	return out
}

func loaded(b testing.TB, n int, keep bool) (*index.Index, *generator) {
	b.Helper()
	w := newGenerator()
	x := index.New(time.UTC, func() time.Time { return start })
	if keep {
		x.Keep(tabs(b))
	}
	err := x.Load(context.Background(), func(add func(query.Entry)) error {
		for i := range n {
			add(w.entry(int64(i + 1)))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return x, w
}

func each(b *testing.B, run func(b *testing.B, n int)) {
	for _, n := range sizes {
		if n > 100_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprint("rows=", n), func(b *testing.B) { run(b, n) })
	}
}

// BenchmarkLoad loads an index with six tabs. It reports the memory and the garbage for each row.
func BenchmarkLoad(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		w := newGenerator()
		entries := make([]query.Entry, n)
		for i := range entries {
			entries[i] = w.entry(int64(i + 1))
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var x *index.Index
		for b.Loop() {
			x = index.New(time.UTC, func() time.Time { return start })
			x.Keep(tabs(b))
			err := x.Load(b.Context(), func(add func(query.Entry)) error {
				for _, e := range entries {
					add(e)
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(b.N) / float64(n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/row")
		b.ReportMetric(allocated, "allocated-B/row")
		runtime.KeepAlive(x)
		runtime.KeepAlive(entries)
	})
}

// BenchmarkApply changes one row with six tabs: its texts and time, or a flag.
func BenchmarkApply(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		x, w := loaded(b, n, true)
		b.Run("row", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Apply([]query.Entry{w.entry(1 + int64(w.random.IntN(n)))})
			}
		})
		b.Run("500", func(b *testing.B) {
			changed := make([]query.Entry, 500)
			for b.Loop() {
				b.StopTimer()
				for i := range changed {
					changed[i] = w.entry(1 + int64(w.random.IntN(n)))
				}
				b.StartTimer()
				x.Apply(changed)
			}
		})
	})
}

// BenchmarkWindow reads 50 rows around a random anchor in a kept list.
func BenchmarkWindow(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		x, w := loaded(b, n, true)
		q := tabs(b)[0]
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x.Window(b.Context(), q, index.WindowRequest{Limit: 50, Anchor: 1 + int64(w.random.IntN(n))}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// searched counts searches, so that each can be different.
var searched int

// BenchmarkSearch makes a new search each time: for the first 50 rows, then for the exact count.
func BenchmarkSearch(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		x, _ := loaded(b, n, true)
		for _, c := range []struct{ name, text string }{
			{"rare", "company77 -x%d"}, {"common", "budget -x%d"}, {"none", "nosuch%d"}, {"field", "with:anna title:renewal -x%d"}, {"titles", "budget -x%d sort:title"},
		} {
			for _, exact := range []bool{false, true} {
				b.Run(c.name+map[bool]string{false: "/first", true: "/exact"}[exact], func(b *testing.B) {
					for b.Loop() {
						searched++
						q := mustParse(b, fmt.Sprintf(c.text, searched))
						w, err := x.Window(b.Context(), q, index.WindowRequest{Limit: 50})
						if err == nil && w.Partial && exact {
							_, err = x.Count(b.Context(), q)
						}
						if err != nil {
							b.Fatal(err)
						}
						if w.Partial && !exact {
							b.StopTimer()
							x.Count(b.Context(), q)
							b.StartTimer()
						}
					}
				})
			}
		}
	})
}

// BenchmarkTyping types a query letter by letter and gets the exact count after each.
func BenchmarkTyping(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		x, _ := loaded(b, n, true)
		const text = "budget renewal anna"
		for b.Loop() {
			b.StopTimer()
			x.Keep(nil) // drops the lists of searches
			x.Keep(tabs(b))
			for i := range 5 {
				x.Count(b.Context(), mustParse(b, fmt.Sprint("nosuch", i)))
			}
			b.StartTimer()
			for i := range len(text) {
				if _, err := x.Count(b.Context(), mustParse(b, text[:i+1])); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(text))/1000, "ms/letter")
	})
}

// BenchmarkValues completes a letter to people after the values were first counted. It reports the time and memory of counting.
func BenchmarkValues(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		x, w := loaded(b, n, false)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		values(b, x, "with", "")
		first := time.Since(began)
		runtime.GC()
		runtime.ReadMemStats(&after)
		for b.Loop() {
			b.StopTimer()
			x.Apply([]query.Entry{w.entry(1)})
			b.StartTimer()
			values(b, x, "with", "and")
		}
		b.ReportMetric(float64(first.Milliseconds()), "first-ms")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
	})
}

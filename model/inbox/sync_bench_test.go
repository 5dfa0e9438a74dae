//go:build unix

package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
)

// The benchmarks of reading report conversations per second of this process's own user CPU.
// After the first round a tape replays the sandbox's answers.
//
// What an adapter does with a page does not overlap with the next request. It takes 2 to 3
// ms for 50 or 100 rows, beside 60 ms for a service that answers within 50, and 333 for the
// pace of Attention. Requesting a page ahead gained under 5 percent there.

// tape records every answer once and replays it.
type tape struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept map[string]heard
}

type heard struct {
	http.Response
	body []byte
}

func (p *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	key := r.Method + " " + r.URL.String()
	p.mu.Lock()
	defer p.mu.Unlock()
	h, ok := p.kept[key]
	if !ok {
		res, err := p.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		h.Response = *res
		if h.body, err = io.ReadAll(res.Body); err != nil {
			return nil, err
		}
		p.kept[key] = h
	}
	out := h.Response
	out.Request, out.Body = r, io.NopCloser(bytes.NewReader(h.body))
	return &out, nil
}

// taped opens the four accounts on a sandbox with a number of conversations.
func taped(b *testing.B, conversations int) (open func() []model.Provider) {
	b.Helper()
	sb, err := sandbox.New(sandbox.Options{Conversations: conversations})
	if err != nil {
		b.Fatalf("making the sandbox: %v", err)
	}
	dir := b.TempDir()
	wire := &tape{next: sb.Transport(), kept: map[string]heard{}}
	all := providers.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}
	return func() (out []model.Provider) {
		for _, a := range sb.Accounts("http://127.0.0.1:9") {
			f, _ := all.Find(a.Provider)
			p, err := f.Open(providers.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings,
				Credential: static(a.Credential), StateDir: dir, Transport: wire})
			if err != nil {
				b.Fatalf("opening the adapter: %v", err)
			}
			out = append(out, p)
		}
		return out
	}
}

// perSecond runs f, which reads that many conversations, and reports the rate.
func perSecond(b *testing.B, conversations int, f func()) {
	f() // fills the tape
	start, runs := userTime(b), 0
	for b.Loop() {
		f()
		runs++
	}
	b.ReportMetric(float64(conversations*runs)/(userTime(b)-start).Seconds(), "conv/cpu-s")
	b.ReportMetric(0, "ns/op")
}

func userTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatalf("reading the CPU time: %v", err)
	}
	return time.Duration(u.Utime.Nano())
}

// BenchmarkReadingAList measures an adapter alone: request, decode, convert.
func BenchmarkReadingAList(b *testing.B) {
	const each = 500
	open := taped(b, 4*each)
	for i, p := range open() {
		b.Run(p.Describe().Provider, func(b *testing.B) {
			perSecond(b, each, func() {
				n := 0
				_, err := open()[i].Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(page model.Batch) (bool, error) {
					if !page.Names {
						n += len(page.Conversations)
					}
					return true, nil
				})
				if err != nil || n != each {
					b.Fatalf("the list of the adapter has %d conversations, want %d, error %v", n, each, err)
				}
			})
		})
	}
}

// BenchmarkReadingEverything measures a first sync of four accounts, from the answers to
// the database.
func BenchmarkReadingEverything(b *testing.B) {
	const all = 1000
	open := taped(b, all)
	perSecond(b, all, func() {
		ctx := context.Background()
		s, err := store.Open(ctx, filepath.Join(b.TempDir(), "confab.db"), store.Options{Host: "laptop"})
		if err != nil {
			b.Fatalf("opening the database: %v", err)
		}
		o := inbox.Options{Store: s, User: "ada", Location: time.UTC, Patience: -1}
		for _, p := range open() {
			o.Accounts = append(o.Accounts, inbox.Account{Provider: p})
		}
		engine, err := inbox.Open(ctx, o)
		if err != nil {
			b.Fatalf("opening the inbox: %v", err)
		}
		err = engine.Sync(ctx)
		if err = errors.Join(err, engine.Close(ctx), s.Close()); err != nil {
			b.Fatalf("syncing everything and closing: %v", err)
		}
	})
}

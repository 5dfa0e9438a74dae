package conformance

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

// calls returns the methods that only read, each with I/O.
func (s Service) calls(b *Bench) map[string]func(ctx context.Context) error {
	out := map[string]func(ctx context.Context) error{
		"load": func(ctx context.Context) error {
			_, err := b.Account.Load(ctx, b.first(), model.NeedEverything|model.NeedMessages)
			return err
		},
		"sync": func(ctx context.Context) error {
			_, err := b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
			return err
		},
		"head": func(ctx context.Context) error {
			_, err := b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncHead}, func(model.Batch) (bool, error) { return true, nil })
			return err
		},
	}
	if s.ByHand != nil {
		n := model.NewConversation{Title: "New"}
		out["newest"] = func(ctx context.Context) error {
			_, err := b.Creator.Newest(ctx, n)
			return err
		}
		out["find"] = func(ctx context.Context) error {
			_, err := b.Creator.Find(ctx, model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &n}}, nil)
			return err
		}
	}
	for _, lc := range s.Lookups {
		if !lc.None {
			out["look up "+string(lc.Kind)] = func(ctx context.Context) error {
				_, err := b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind, Limit: 5})
				return err
			}
		}
	}
	return out
}

func contexts(t *testing.T, s Service) {
	bubble(t, "cancelled before", func(t *testing.T) {
		b := s.open(t, Options{})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for name, call := range s.calls(b) {
			wantKind(t, name, call(ctx), model.Canceled)
			b.wantCount(t, name, 0)
		}
		for _, ec := range s.writeCases() {
			c, e := b.choose(ec)
			out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
			wantKind(t, ec.Name, out.Err, model.Canceled)
			b.wantCount(t, ec.Name, 0)
		}
		_ = b.Account.Check(ctx)
		b.wantCount(t, "check", 0)
	})
	t.Run("cancelled during", func(t *testing.T) {
		var names []string
		synctest.Test(t, func(t *testing.T) {
			for name := range s.calls(s.open(t, Options{})) {
				names = append(names, name)
			}
		})
		for _, name := range names {
			bubble(t, name, func(t *testing.T) {
				b := s.open(t, Options{})
				// Each of the first four requests in turn stays without an answer.
				for n := 1; n <= 4 && cancelAt(t, b, n, name, s.calls(b)[name]); n++ {
				}
			})
		}
		for _, ec := range s.writeCases() {
			bubble(t, ec.Name, func(t *testing.T) {
				b := s.open(t, Options{})
				c, e := b.choose(ec)
				b.TamperWrites(hangs)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				time.AfterFunc(time.Second, cancel)
				now := time.Now()
				out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
				wantKind(t, ec.Name, out.Err, model.UnknownOutcome)
				if took := time.Since(now); took != time.Second {
					t.Errorf("%s returned after %s, want 1s", ec.Name, took)
				}
				if writes := b.Writes(); len(writes) != 1 {
					t.Errorf("%d writes, want one: %v", len(writes), writes)
				}
			})
		}
	})
	bubble(t, "cancelled while waiting for a turn", func(t *testing.T) {
		b := s.open(t, Options{Pacer: never{}})
		for name, call := range s.calls(b) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			now := time.Now()
			wantKind(t, name, call(ctx), model.Canceled)
			if took := time.Since(now); took != time.Second {
				t.Errorf("%s returned after %s, want 1s", name, took)
			}
			cancel()
		}
		b.wantCount(t, "an account that may not send", 0)
	})
	bubble(t, "several edits, stopped between", func(t *testing.T) {
		if len(s.Mixed) == 0 {
			return
		}
		b := s.open(t, Options{})
		c, edits := b.chooseMixed(s.Mixed[0])
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			res, err := next.RoundTrip(req)
			time.AfterFunc(0, cancel)
			time.Sleep(time.Millisecond)
			return res, err
		})
		out := b.Account.Apply(ctx, c, edits)
		if writes := b.Writes(); len(writes) != 1 {
			t.Errorf("%d writes, want one: %v", len(writes), writes)
		}
		for i, o := range out {
			done := b.Field(c.Ref.ID, edits[i].Kind, edits[i].Key).Equal(edits[i].Target)
			switch k := model.KindOf(o.Err); k {
			case "":
				if !done {
					t.Errorf("the outcome of %s is success, but it is not in effect", edits[i].Field())
				}
			case model.Canceled, model.Unavailable:
				if done {
					t.Errorf("the outcome of %s is %s, but it is in effect", edits[i].Field(), k)
				}
			case model.UnknownOutcome:
			default:
				t.Errorf("%s: the error is %q: %v", edits[i].Field(), k, o.Err)
			}
		}
	})
}

func hangs(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// cancelAt cancels a call while its n-th request is under way. It reports whether
// the call makes that many.
func cancelAt(t *testing.T, b *Bench, n int, name string, call func(ctx context.Context) error) (more bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	at := 0
	b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		mu.Lock()
		at++
		this := at == n
		mu.Unlock()
		if this {
			time.AfterFunc(time.Second, cancel)
			return hangs(req, next)
		}
		return next.RoundTrip(req)
	})
	defer b.Tamper(nil)
	b.Reset()
	now := time.Now()
	err := call(ctx)
	if len(b.Sent()) < n {
		return false
	}
	wantKind(t, name, err, model.Canceled)
	if took := time.Since(now); took != time.Second {
		t.Errorf("%s, cancelled at request %d, returned after %s, want 1s", name, n, took)
	}
	if len(b.Sent()) > n {
		t.Errorf("%s, cancelled at request %d, sent %d requests", name, n, len(b.Sent()))
	}
	return true
}

// never is a pacer that lets no request pass.
type never struct{}

func (never) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func concurrency(t *testing.T, s Service) {
	bubble(t, "everything at once", func(t *testing.T) {
		b := s.open(t, Options{Conversations: 120})
		c, e := b.choose(s.any())
		ids := b.IDs()
		ctx := context.Background()
		var all sync.WaitGroup
		for worker := range 8 {
			all.Go(func() {
				for n := range 6 {
					id := ids[(worker*6+n)%len(ids)]
					if d, err := b.Account.Load(ctx, id, model.NeedMessages|b.Account.Needs(e.Kind)); err != nil || d.Conversation.Ref.ID != id {
						t.Errorf("load %s returned %s, error %v", id, d.Conversation.Ref, err)
					}
					_ = b.Account.Capabilities(c)
					_ = b.Account.Describe()
				}
			})
			all.Go(func() {
				rows := 0
				res, err := b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(batch model.Batch) (bool, error) {
					if !batch.Names {
						rows += len(batch.Conversations)
					}
					return true, nil
				})
				if err != nil || !res.Complete || rows != len(ids) && s.any().Kind != model.EditCreate && !b.Account.Describe().Incremental {
					t.Errorf("a walk beside loads and edits returned %d rows, complete %t, error %v; want all %d", rows, res.Complete, err, len(ids))
				}
			})
			all.Go(func() {
				if out := b.Account.Apply(ctx, c.Clone(), []model.Edit{e}); out[0].Err != nil {
					t.Errorf("apply: %v", out[0].Err)
				}
			})
			for _, lc := range s.Lookups {
				all.Go(func() {
					if _, err := b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind, Limit: 7}); err != nil {
						t.Errorf("look up %s: %v", lc.Kind, err)
					}
				})
			}
		}
		all.Wait()
		b.holds(e, c.Ref.ID, e.Target)
	})
}

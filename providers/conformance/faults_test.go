package conformance

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
)

// bounded fails if an account read more of an answer than it could ever need.
func bounded(t testing.TB, taken int64) {
	t.Helper()
	if most := int64(64 << 20); taken > most {
		t.Errorf("%d bytes of an answer were read, want at most %d", taken, most)
	}
}

func faults(t *testing.T, s Service) {
	for i, f := range aFew(allFaults(), 12, s.Turn) {
		t.Run(f.name, func(t *testing.T) {
			bubble(t, "load", func(t *testing.T) {
				faultyRead(t, s, f, func(b *Bench, id string) error {
					_, err := b.Account.Load(context.Background(), id, 0)
					return err
				})
			})
			bubble(t, "sync", func(t *testing.T) {
				faultyRead(t, s, f, func(b *Bench, _ string) error {
					met := len(b.Sent()) == 0 // a later walk must succeed
					w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
					if !met {
						wantIDs(t, "a walk after it", w.ids, b.IDs())
						return w.err
					}
					if body, ok := strings.CutPrefix(f.name, theAnswer); ok && slices.Contains(s.EmptyLists, body) && w.err == nil && len(w.ids) == 0 {
						return &model.Error{Kind: f.read} // a read of an empty list
					}
					if w.result.Complete {
						t.Errorf("the walk is complete in spite of the fault, with %d rows", len(w.ids))
					}
					return w.err
				})
			})
			most := 2 // every kind of edit reads the answer in the same way
			if f.long {
				most = 1
			}
			writes := aFew(s.writeCases(), most, i)
			for _, ec := range writes {
				if f.write != "" || f.writeOK {
					bubble(t, ec.Name, func(t *testing.T) { faultyWrite(t, s, f, ec) })
				}
			}
		})
	}
	bubble(t, "gone", func(t *testing.T) {
		for _, ec := range s.writeCases() {
			if ec.Kind == model.EditCreate {
				continue
			}
			b := s.open(t, Options{})
			c, e := b.choose(ec)
			b.Remove(c.Ref.ID)
			out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
			wantKind(t, ec.Name, out.Err, model.NotFound)
			other := b.load(b.first(), b.Account.Needs(ec.Kind)).Conversation
			if was := s.open(t, Options{}); was.Account.Capabilities(other).Of(ec.Kind) != b.Account.Capabilities(other).Of(ec.Kind) {
				t.Errorf("%s: a deleted conversation changed the capabilities of others", ec.Name)
			}
		}
	})
	bubble(t, "drop after a write", func(t *testing.T) {
		for _, ec := range s.writeCases() {
			if ec.Kind == model.EditCreate || ec.Kind == model.EditDelete {
				continue // see creates and deletes
			}
			b := s.open(t, Options{})
			c, e := b.choose(ec)
			b.Fault(FaultDropAfter, 1)
			out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
			wantKind(t, ec.Name, out.Err, model.UnknownOutcome)
			if writes := b.Writes(); len(writes) != 1 {
				t.Errorf("%s: %d writes, want one: %v", ec.Name, len(writes), writes)
			}
			b.holds(e, c.Ref.ID, e.Target)
		}
	})
	bubble(t, "one failure of a gateway", func(t *testing.T) {
		b := s.open(t, Options{})
		b.load(b.first(), 0)
		for _, status := range []int{502, 503, 504} {
			b.Reset()
			met := false
			b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				if !met {
					met = true
					return answer(status, "", "text/html", page), nil
				}
				return next.RoundTrip(req)
			})
			d := b.load(b.first(), 0)
			b.wantCount(t, "a read that met one failure", 2)
			if d.Conversation.Ref.ID != b.first() {
				t.Errorf("after one %d, the load returned %s, want %s", status, d.Conversation.Ref, b.first())
			}
		}
	})
	bubble(t, "slow", func(t *testing.T) { slow(t, s) })
	bubble(t, "wrong content type", func(t *testing.T) {
		b := s.open(t, Options{})
		for _, contentType := range []string{"", "text/html", "text/plain", "application/octet-stream", "nonsense;;"} {
			b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				res, err := next.RoundTrip(req)
				if err == nil {
					res.Header.Set("Content-Type", contentType)
				}
				return res, err
			})
			if got := b.load(b.first(), 0).Conversation.Ref.ID; got != b.first() {
				t.Errorf("with the content type %q, the load returned %s, want %s", contentType, got, b.first())
			}
		}
	})
	shapes(t, s)
}

// writeCases returns an edit case of each kind.
func (s Service) writeCases() []EditCase {
	var out []EditCase
	for _, ec := range s.Edits {
		if !slices.ContainsFunc(out, func(o EditCase) bool { return o.Kind == ec.Kind }) {
			out = append(out, ec)
		}
	}
	return out
}

func faultyRead(t *testing.T, s Service, f fault, read func(b *Bench, id string) error) {
	b := s.open(t, Options{})
	id := b.first()
	f.arm(b, b.Tamper)
	now := time.Now()
	err := read(b, id)
	wantKind(t, f.name, err, f.read)
	wantRetry(t, f, err, now)
	if took := time.Since(now); took > time.Minute {
		t.Errorf("%s: the call took %s, want a minute at most", f.name, took)
	}
	// The fault must not have lasting effects.
	if f.name == "revoked" {
		return
	}
	b.Tamper(nil)
	b.Offline(false)
	time.Sleep(time.Hour)
	b.load(id, b.Account.Needs(s.any().Kind))
	if err := read(b, id); err != nil {
		t.Errorf("loading after the fault: %v", err)
	}
}

func faultyWrite(t *testing.T, s Service, f fault, ec EditCase) {
	b := s.open(t, Options{})
	c, e := b.choose(ec)
	id, before, ids := c.Ref.ID, b.State(c.Ref.ID), b.IDs()
	f.arm(b, b.TamperWrites)
	now := time.Now()
	out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
	switch {
	case f.done && ec.Kind == model.EditDelete && out.Err == nil:
		// An answer without a body can't be cut.
	case f.writeOK:
		if k := model.KindOf(out.Err); k != "" && k != model.UnknownOutcome {
			t.Errorf("the error is %q, want none or an unknown outcome: %v", k, out.Err)
		}
		if out.Err == nil && (out.After != nil || out.Created != "") {
			t.Errorf("the outcome has a result that no answer showed: %+v", out)
		}
		if out.Err == nil && ec.Kind == model.EditCreate {
			t.Error("the outcome of a create is success, but it does not name the conversation")
		}
	default:
		wantKind(t, f.name, out.Err, f.write)
		wantRetry(t, f, out.Err, now)
	}
	// A conflict without a reason may cause a read, and a refused credential may
	// be renewed, but no write may be sent twice.
	most := 1
	if f.name == "revoked" {
		most = 2
	}
	if writes := b.Writes(); len(writes) > most {
		t.Errorf("%d writes, want one: %v", len(writes), writes)
	}
	b.Offline(false)
	switch {
	case f.done:
	case ec.Kind == model.EditCreate:
		wantIDs(t, "the server", b.IDs(), ids)
	case !reflect.DeepEqual(b.State(id), before):
		t.Errorf("the conversation has changed: %s", difference(before, b.State(id)))
	}
}

func wantRetry(t *testing.T, f fault, err error, now time.Time) {
	t.Helper()
	e := model.AsError(err)
	if e == nil {
		return
	}
	if f.retryMax == 0 {
		if !e.RetryAt.IsZero() {
			t.Errorf("RetryAt is %s, but the service did not say", e.RetryAt)
		}
		return
	}
	if wait := e.RetryAt.Sub(now); wait < f.retryMin || wait > f.retryMax {
		t.Errorf("RetryAt is %s from now, want %s to %s", wait, f.retryMin, f.retryMax)
	}
}

// slow delays answers or withholds them.
func slow(t *testing.T, s Service) {
	b := s.open(t, Options{})
	b.load(b.first(), 0)
	b.Fault(FaultSlow, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := time.Now()
	_, err := b.Account.Load(ctx, b.first(), 0)
	wantKind(t, "a load that had no time", err, model.Unavailable)
	if took := time.Since(now); took != 5*time.Second {
		t.Errorf("a load that had 5s took %s", took)
	}

	for _, ec := range s.writeCases() {
		b := s.open(t, Options{})
		c, e := b.choose(ec)
		b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			b.Fault(FaultSlow, 1)
			return next.RoundTrip(req)
		})
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		now := time.Now()
		out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
		cancel()
		wantKind(t, ec.Name+" that had no time", out.Err, model.UnknownOutcome)
		if took := time.Since(now); took != 5*time.Second {
			t.Errorf("%s, which had 5s, took %s", ec.Name, took)
		}
	}

	// The server doesn't answer, and the caller set no limit.
	soon := func(what string, since time.Time) {
		t.Helper()
		if took := time.Since(since); took > 3*time.Minute {
			t.Errorf("%s took %s, want three minutes at most", what, took)
		}
	}
	b = s.open(t, Options{})
	b.Tamper(hangs)
	now = time.Now()
	_, err = b.Account.Load(context.Background(), b.first(), 0)
	wantKind(t, "a load without an answer", err, model.Unavailable)
	soon("a load without an answer", now)
	b.Tamper(nil)
	c, e := b.choose(s.any())
	b.TamperWrites(hangs)
	now = time.Now()
	out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
	wantKind(t, "a write without an answer", out.Err, model.UnknownOutcome)
	soon("a write without an answer", now)

	// The answer begins but doesn't end.
	b = s.open(t, Options{})
	b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, err := next.RoundTrip(req)
		if err == nil {
			res.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), waiting{req.Context()}))
		}
		return res, err
	})
	now = time.Now()
	_, err = b.Account.Load(context.Background(), b.first(), 0)
	wantKind(t, "a load whose answer does not end", err, model.Unavailable)
	soon("a load whose answer does not end", now)
}

// waiting is a body that nothing comes of until the context ends.
type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

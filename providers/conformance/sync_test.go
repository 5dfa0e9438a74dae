package conformance

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"confab/model"
)

// walked is the result of a Sync.
type walked struct {
	ids     []string
	rows    map[string]model.Conversation
	batches []model.Batch
	result  model.SyncResult
	err     error
}

// walk runs a Sync. If stop is not nil, it is called after each page and decides whether to go on.
func (b *Bench) walk(req model.SyncRequest, stop func(n int, batch model.Batch) (more bool, err error)) walked {
	w := walked{rows: map[string]model.Conversation{}}
	w.result, w.err = b.Account.Sync(context.Background(), req, func(batch model.Batch) (bool, error) {
		if batch.Names { // no page
			for _, c := range batch.Conversations {
				if _, came := w.rows[c.Ref.ID]; !came {
					b.t.Errorf("names came for %s before its row", c.Ref.ID)
				}
				w.rows[c.Ref.ID] = c
			}
			return true, nil
		}
		w.batches = append(w.batches, batch)
		for _, c := range batch.Conversations {
			w.ids = append(w.ids, c.Ref.ID)
			w.rows[c.Ref.ID] = c
		}
		if stop == nil {
			return true, nil
		}
		return stop(len(w.batches), batch)
	})
	return w
}

// whole makes a full walk and fails unless that succeeds.
func (b *Bench) whole(t testing.TB) walked {
	t.Helper()
	w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
	if w.err != nil || !w.result.Complete {
		t.Fatalf("a full walk ended with complete %t, error %v", w.result.Complete, w.err)
	}
	return w
}

func sorted(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

// wantIDs fails unless two lists have the same ids, each equally often.
func wantIDs(t testing.TB, what string, got, want []string) {
	t.Helper()
	g, w := sorted(got), sorted(want)
	if slices.Equal(g, w) {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(w), func(id string) bool { return slices.Contains(g, id) })
	extra := slices.DeleteFunc(slices.Clone(g), func(id string) bool { return slices.Contains(w, id) })
	t.Errorf("%s: %d ids, want %d; missing %.10q, not expected %.10q", what, len(got), len(want), missing, extra)
}

// wantAll fails unless every wanted id is listed, once or more.
func wantAll(t testing.TB, what string, got, want []string) {
	t.Helper()
	wantIDs(t, what, slices.Compact(sorted(slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !slices.Contains(want, id) }))), want)
}

var errEnough = errors.New("the caller's own failure")

func syncs(t *testing.T, s Service) {
	full := model.SyncRequest{Mode: model.SyncFull}
	bubble(t, "several pages", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		w := b.whole(t)
		wantIDs(t, "a full walk", w.ids, b.IDs())
		if len(w.batches) < 3 {
			t.Errorf("a full walk has %d pages, want three or more", len(w.batches))
		}
		account := b.Account.Describe().Account
		for _, c := range w.rows {
			if c.Ref.Account != account || c.Provider != s.Provider || c.Kind == "" || c.Privacy == "" {
				t.Fatalf("a row lacks account, provider, kind or privacy: %+v", c)
			}
		}
		for _, batch := range w.batches {
			if batch.Total != -1 && batch.Total != len(b.IDs()) {
				t.Errorf("a page has the total %d, want %d", batch.Total, len(b.IDs()))
			}
		}
		if w.result.Cursor != "" && model.KindOf(b.walk(model.SyncRequest{Mode: model.SyncFull, Cursor: w.result.Cursor}, nil).err) != "" {
			t.Error("a walk from the cursor of a finished walk failed")
		}
		wantIDs(t, "a second walk", b.whole(t).ids, b.IDs())
	})
	bubble(t, "empty account", func(t *testing.T) {
		b := s.open(t, Options{Conversations: 1})
		for _, id := range b.IDs() {
			b.Remove(id)
		}
		for _, mode := range []model.SyncMode{model.SyncFull, model.SyncHead} {
			w := b.walk(model.SyncRequest{Mode: mode}, nil)
			if w.err != nil || len(w.ids) != 0 || !w.result.Complete {
				t.Errorf("mode %d: got %d rows, complete %t, error %v; want a complete walk without rows", mode, len(w.ids), w.result.Complete, w.err)
			}
		}
	})
	bubble(t, "the caller fails", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		for what, req := range map[string]model.SyncRequest{"a full walk": full, "the head": {Mode: model.SyncHead}} {
			b.Reset()
			sent := -1
			w := b.walk(req, func(page int, _ model.Batch) (bool, error) {
				sent = len(b.Sent())
				return true, errEnough
			})
			if !errors.Is(w.err, errEnough) {
				t.Errorf("%s: the error is %v, want the caller's own", what, w.err)
			}
			if w.result.Complete || len(w.batches) != 1 || len(b.Sent()) != sent {
				t.Errorf("%s went on after the error: complete %t, %d pages, %d further requests", what, w.result.Complete, len(w.batches), len(b.Sent())-sent)
			}
		}
	})
	bubble(t, "the caller stops", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		for what, req := range map[string]model.SyncRequest{"a full walk": full, "the head": {Mode: model.SyncHead}} {
			for _, page := range []int{1, 2} {
				b.Reset()
				sent := -1
				w := b.walk(req, func(at int, _ model.Batch) (bool, error) {
					sent = len(b.Sent())
					return at < page, nil
				})
				if w.err != nil || w.result.Complete || len(w.batches) != page || len(b.Sent()) != sent {
					t.Errorf("%s, stopped at page %d: error %v, complete %t, %d pages, %d further requests", what, page, w.err, w.result.Complete, len(w.batches), len(b.Sent())-sent)
				}
			}
		}
	})
	bubble(t, "the caller stops at the last page", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		pages := len(b.whole(t).batches)
		w := b.walk(full, func(at int, _ model.Batch) (bool, error) { return at < pages, nil })
		if w.err != nil || len(w.batches) != pages {
			t.Fatalf("a walk that was stopped at its last page has %d pages, error %v; want %d", len(w.batches), w.err, pages)
		}
		if w.result.Complete {
			t.Error("a walk that was stopped at its last page says that it is complete")
		}
	})
	resumes(t, s)
	bubble(t, "rows move between pages", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		before := b.IDs()
		w := b.walk(full, func(page int, _ model.Batch) (bool, error) {
			if page < 4 {
				b.Insert()
			}
			return true, nil
		})
		if w.err != nil {
			t.Fatal(w.err)
		}
		wantAll(t, "a walk over a moving list", w.ids, before)
		// A row may be listed again only by a service that lists changes.
		if ids := sorted(w.ids); !b.Account.Describe().Incremental && len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("some of the %d rows are listed twice", len(ids))
		}
	})
	bubble(t, "a failure in the middle", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		w := b.walk(full, func(page int, _ model.Batch) (bool, error) {
			if page == 2 {
				b.Tamper(func(*http.Request, http.RoundTripper) (*http.Response, error) {
					return answer(500, "", "text/plain", "broken"), nil
				})
			}
			return true, nil
		})
		wantKind(t, "a walk that met a 500", w.err, model.Unavailable)
		if w.result.Complete {
			t.Error("a failed walk says that it is complete")
		}
		b.Tamper(nil)
		rest := b.walk(model.SyncRequest{Mode: model.SyncFull, Cursor: w.result.Cursor}, nil)
		if rest.err != nil {
			t.Fatal(rest.err)
		}
		wantAll(t, "a walk in two parts", append(w.ids, rest.ids...), b.IDs())
		if len(rest.ids) >= len(b.IDs()) {
			t.Error("the walk started over instead of resuming")
		}
	})
	bubble(t, "foreign cursor", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		foreign := []string{"nonsense", "{}", "page:-4", "page:", "page:zzz", `{"page":-1,"seen":9}`, `{"next":"zzz"}`, "\x00", "null", "[]"}
		for _, cursor := range aFew(foreign, 3, 0) {
			w := b.walk(model.SyncRequest{Mode: model.SyncFull, Cursor: cursor}, nil)
			if w.err != nil {
				t.Errorf("cursor %q: %v", cursor, w.err)
				continue
			}
			wantAll(t, "a walk from the foreign cursor "+cursor, w.ids, b.IDs())
		}
	})

	bubble(t, "head sees what changed", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		known := b.whole(t).rows
		head := b.walk(model.SyncRequest{Mode: model.SyncHead}, allKnown(known))
		id := b.IDs()[0]
		if b.Account.Describe().Incremental {
			id = b.IDs()[s.Several/2]
		}
		b.Retitle(id, "Changed by somebody else")
		w := b.walk(model.SyncRequest{Mode: model.SyncHead, Cursor: head.result.Cursor}, allKnown(known))
		if w.err != nil {
			t.Fatal(w.err)
		}
		if w.rows[id].Title != "Changed by somebody else" {
			t.Errorf("a refresh did not list the changed %s", id)
		}
		if b.Account.Describe().Incremental && len(w.ids) > s.Several/2 {
			t.Errorf("a refresh after one change listed %d rows", len(w.ids))
		}
	})
}

// allKnown stops at the first page without news, as a refresh does.
func allKnown(known map[string]model.Conversation) func(int, model.Batch) (bool, error) {
	return func(_ int, batch model.Batch) (bool, error) {
		for _, c := range batch.Conversations {
			if was, ok := known[c.Ref.ID]; !ok || was.Title != c.Title {
				return true, nil
			}
		}
		return false, nil
	}
}

// resumes interrupts walks at each page, by stopping and by an error, and resumes them.
func resumes(t *testing.T, s Service) {
	full := model.SyncRequest{Mode: model.SyncFull}
	for _, how := range []string{"the cursor of the last page taken", "the cursor of the result"} {
		bubble(t, "resume at "+how, func(t *testing.T) {
			b := s.open(t, Options{Conversations: s.Several})
			pages := len(b.whole(t).batches)
			for cut := 2; cut < pages; cut++ {
				taken, cursor := []string{}, ""
				w := b.walk(full, func(page int, batch model.Batch) (bool, error) {
					if page == cut {
						return true, errEnough // as if the page could not be stored
					}
					cursor = batch.Cursor
					for _, c := range batch.Conversations {
						taken = append(taken, c.Ref.ID)
					}
					return true, nil
				})
				if cursor == "" {
					t.Fatalf("page %d has no cursor", cut-1)
				}
				if how == "the cursor of the result" {
					cursor = w.result.Cursor
				}
				rest := b.walk(model.SyncRequest{Mode: model.SyncFull, Cursor: cursor}, nil)
				if rest.err != nil {
					t.Fatal(rest.err)
				}
				wantAll(t, "a walk in two parts", append(taken, rest.ids...), b.IDs())
				if len(rest.ids) >= len(b.IDs()) {
					t.Error("the walk started over instead of resuming")
				}
			}
		})
	}
	bubble(t, "resume in another run", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.Several})
		w := b.walk(full, func(page int, _ model.Batch) (bool, error) { return page < 2, nil })
		again := s.open(t, Options{Conversations: s.Several}) // the same data, and an account that remembers nothing
		rest := again.walk(model.SyncRequest{Mode: model.SyncFull, Cursor: w.result.Cursor}, nil)
		if rest.err != nil {
			t.Fatal(rest.err)
		}
		wantAll(t, "a walk in two runs", append(w.ids, rest.ids...), b.IDs())
		if len(rest.ids) >= len(b.IDs()) {
			t.Error("the walk started over instead of resuming")
		}
	})
}

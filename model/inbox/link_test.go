package inbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// During a pause that a service asked for, nothing is asked of it for a person either. The link of a page needs no request.
func TestNoRecordingOrDirectoryIsAskedForDuringAPause(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		must(t, s.Hold(ctx, "projects", time.Now().Add(time.Minute)))
		if url, err := b.Link(ctx, f.ref("1"), model.LinkRecording); url != "" || model.KindOf(err) != model.RateLimited {
			t.Errorf("the link of a recording is %q (want none), error %v, want the kind %s", url, err, model.RateLimited)
		}
		if _, err := b.Lookup(ctx, "projects", model.LookupRequest{Kind: model.LookupUsers}); f.lookups != 0 || model.KindOf(err) != model.RateLimited {
			t.Errorf("the directory was asked %d times (want 0), error %v, want the kind %s", f.lookups, err, model.RateLimited)
		}
		// A page may be opened of what the cache doesn't hold.
		for _, id := range []string{"1", "404"} {
			if url, err := b.Link(ctx, f.ref(id), model.LinkWeb); err != nil || url != "https://example.com/"+id {
				t.Errorf("the link of the page of %s is %q, want https://example.com/%[1]s, error %v", id, url, err)
			}
		}
		time.Sleep(2 * time.Minute)
		if _, err := b.Link(ctx, f.ref("1"), model.LinkRecording); err != nil || !slices.Equal(f.links, []model.Ref{f.ref("1"), f.ref("404"), f.ref("1")}) {
			t.Errorf("links were asked for of %v, want 1, 404 and, after the pause, 1 again; error %v", f.links, err)
		}
	})
}

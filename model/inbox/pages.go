package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"confab/model"
	"confab/model/store"
)

// Pages that come faster than they are stored share a transaction, which is bounded so that no writer waits for long.
const (
	gatherFor  = 100 * time.Millisecond
	gatherRows = 300
)

// intake stores the pages of one run over a list: the first before the next is asked for, the others while the next
// one travels.
type intake struct {
	b      *Inbox
	a      *account
	walk   int64        // the number of the walk that the pages belong to, 0 for none
	silent bool         // pages without a change are no news
	first  func() error // runs once the first page has been stored; may be nil
	// enough, which may be nil, decides by the rows stored of a page and those of them that changed whether to stop. Each
	// page is then stored before the next is asked for.
	enough func(stored, changed int) bool

	begun bool      // a page has come
	asked time.Time // when the page that comes next was asked for
	saved time.Time // when the last transaction ended

	mu    sync.Mutex // held while pages are stored; guards what follows
	kept  []page     // to be stored when timer fires
	rows  int        // in them
	timer *time.Timer
	err   error // of storing them
}

// page is a page of a list and when it was asked for.
type page struct {
	model.Batch
	asked time.Time
}

// read runs over a list and returns when all that came of it is stored.
func (in *intake) read(ctx context.Context, req model.SyncRequest) (model.SyncResult, error) {
	fetch, stop := context.WithCancel(ctx)
	defer stop()
	in.asked = in.b.now()
	res, err := in.a.provider.Sync(fetch, req, func(batch model.Batch) (bool, error) {
		more, err := in.take(ctx, stop, page{batch, in.asked})
		in.asked = in.b.now()
		return more, err
	})
	if in.timer != nil {
		in.timer.Stop()
	}
	if failed := in.store(ctx); failed != nil && (err == nil || ctx.Err() == nil) {
		err = failed // what the list says then is only that it was stopped
	}
	return res, err
}

// take receives a page from the adapter.
func (in *intake) take(ctx context.Context, stop func(), p page) (more bool, err error) {
	head := !in.begun
	if in.begun = true; head || in.enough != nil || p.Names && in.timer == nil {
		stored, changed, err := in.save(ctx, []page{p})
		if err == nil && head && in.first != nil {
			err = in.first()
		}
		return in.enough == nil || p.Names || !in.enough(stored, changed), err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	pause := max(0, gatherFor-time.Since(in.saved))
	in.kept, in.rows = append(in.kept, p), in.rows+len(p.Conversations)
	if in.rows >= gatherRows {
		pause = 0
	}
	if in.timer != nil {
		in.timer.Reset(pause)
	} else {
		in.timer = time.AfterFunc(pause, func() {
			if in.store(ctx) != nil {
				stop()
			}
		})
	}
	return in.err == nil, in.err
}

// store stores what is kept, in time or at the end.
func (in *intake) store(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil && len(in.kept) > 0 {
		_, _, in.err = in.save(ctx, in.kept)
	}
	in.kept, in.rows = nil, 0
	return in.err
}

// save stores pages in one transaction, late names in another, and announces them.
func (in *intake) save(ctx context.Context, all []page) (stored, changed int, err error) {
	var named []model.Conversation
	pages := slices.DeleteFunc(all, func(p page) bool {
		if p.Names {
			named = append(named, p.Conversations...)
		}
		return p.Names
	})
	var refs, renamed []model.Ref
	if len(pages) > 0 {
		stored, refs, err = in.savePages(ctx, pages)
	}
	if err == nil && len(named) > 0 {
		renamed, err = in.b.store.SaveNames(ctx, in.a.name, named)
	}
	in.saved = time.Now()
	if err != nil {
		return 0, 0, err
	}
	changed = len(refs) + len(renamed)
	if !in.silent || changed > 0 {
		in.b.announce(ctx, in.a)
	}
	return stored, changed, nil
}

func (in *intake) savePages(ctx context.Context, pages []page) (stored int, changed []model.Ref, err error) {
	last := pages[len(pages)-1]
	var walk *store.Walk
	if in.walk != 0 {
		walk = &store.Walk{No: in.walk, Cursor: last.Cursor}
	}
	if err = in.a.storing.take(ctx); err != nil {
		return 0, nil, err
	}
	defer in.a.storing.release()
	var rows []model.Conversation
	for _, p := range pages {
		for _, c := range p.Conversations {
			// A page is older than what was read or written by itself since it was asked for.
			if at, ok := in.a.touchedAt[c.Ref.ID]; !ok || at.Before(p.asked) {
				rows = append(rows, c)
			}
		}
	}
	if changed, err = in.b.store.SaveBatch(ctx, in.a.name, rows, walk); err == nil && !in.silent {
		in.a.update(func(s *model.AccountState) { s.Read, s.Total = s.Read+len(rows), last.Total })
	}
	return len(rows), changed, err
}

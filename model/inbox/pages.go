package inbox

import (
	"context"
	"sync"
	"time"

	"confab/model"
	"confab/model/store"
)

// Pages that arrive faster than they can be stored share a transaction. Its size is bounded so that other writers don't wait
// long.
const (
	gatherFor  = 100 * time.Millisecond
	gatherRows = 300
)

// intake stores the pages of one read of a list. It stores the first page before the next is requested, and later ones
// while the next is on its way.
type intake struct {
	b      *Inbox
	a      *account
	walk   int64        // the number of the walk that the pages belong to; 0 for none
	silent bool         // pages without a change are not announced
	first  func() error // if set, called once the first page is stored
	// enough, if set, decides after each page whether to stop reading, by the number of rows stored and of those that
	// changed. Each page is then stored before the next is requested.
	enough func(stored, changed int) bool

	begun bool      // the first page has arrived
	asked time.Time // when the next page was requested
	saved time.Time // when the last transaction ended

	mu     sync.Mutex // held while pages are stored; guards the fields below
	queued []page     // stored when timer fires
	rows   int        // in queued
	timer  *time.Timer
	err    error // the first error of storing
}

type page struct {
	model.Batch
	asked time.Time
}

// read reads a list and returns when every page of it is stored.
func (in *intake) read(ctx context.Context, req model.SyncRequest) (model.SyncResult, error) {
	fetch, stop := context.WithCancel(ctx)
	defer stop()
	in.asked = in.b.now()
	res, err := in.a.provider.Sync(fetch, req, func(batch model.Batch) (bool, error) {
		more, err := in.add(ctx, stop, page{batch, in.asked})
		in.asked = in.b.now()
		return more, err
	})
	if in.timer != nil {
		in.timer.Stop()
	}
	if failed := in.flush(ctx); failed != nil && (err == nil || ctx.Err() == nil) {
		err = failed // the list then only reports that it was stopped
	}
	return res, err
}

// add takes a page from the adapter and reports whether to send more.
func (in *intake) add(ctx context.Context, stop func(), p page) (more bool, err error) {
	head := !in.begun
	if in.begun = true; head || in.enough != nil || p.Names {
		if err := in.flush(ctx); err != nil { // names are of rows that came before
			return false, err
		}
		stored, changed, err := in.save(ctx, []page{p})
		if err == nil && head && in.first != nil {
			err = in.first()
		}
		return in.enough == nil || p.Names || !in.enough(stored, changed), err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	pause := max(0, gatherFor-time.Since(in.saved))
	in.queued, in.rows = append(in.queued, p), in.rows+len(p.Conversations)
	if in.rows >= gatherRows {
		pause = 0
	}
	if in.timer != nil {
		in.timer.Reset(pause)
	} else {
		in.timer = time.AfterFunc(pause, func() {
			if in.flush(ctx) != nil {
				stop()
			}
		})
	}
	return in.err == nil, in.err
}

func (in *intake) flush(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil && len(in.queued) > 0 {
		_, _, in.err = in.save(ctx, in.queued)
	}
	in.queued, in.rows = nil, 0
	return in.err
}

// save stores pages, or one page of names, in one transaction and announces them.
func (in *intake) save(ctx context.Context, pages []page) (stored, changed int, err error) {
	var refs []model.Ref
	if pages[0].Names {
		refs, err = in.b.store.SaveNames(ctx, in.a.name, pages[0].Conversations)
	} else {
		stored, refs, err = in.savePages(ctx, pages)
	}
	in.saved = time.Now()
	if err == nil && (!in.silent || len(refs) > 0) {
		in.b.announceState(ctx)
	}
	return stored, len(refs), err
}

func (in *intake) savePages(ctx context.Context, pages []page) (stored int, changed []model.Ref, err error) {
	last := pages[len(pages)-1]
	var walk *store.Walk
	if in.walk != 0 {
		walk = &store.Walk{No: in.walk, Cursor: last.Cursor}
	}
	if err = in.a.storing.Acquire(ctx, 1); err != nil {
		return 0, nil, err
	}
	defer in.a.storing.Release(1)
	var rows []model.Conversation
	for _, p := range pages {
		for _, c := range p.Conversations {
			// A conversation that was read or written by itself since the page was requested is newer than the page.
			if at, ok := in.a.readAt[c.Ref.ID]; !ok || at.Before(p.asked) {
				rows = append(rows, c)
			}
		}
	}
	if changed, err = in.b.store.SaveBatch(ctx, in.a.name, rows, walk); err == nil && !in.silent {
		in.a.update(func(s *model.AccountState) { s.Read, s.Total = s.Read+len(rows), last.Total })
	}
	return len(rows), changed, err
}

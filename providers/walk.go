package providers

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"confab/model"
)

// Page is one page of a list, as an adapter has read it.
type Page[T any] struct {
	Rows []T
	// Next is where the next page is: a page token, or a number as a text. "" is the end.
	Next string
	// Total is the service's count of the whole list, if it gives one.
	Total int
	// Holes says that rows may be missing: one could not be read, or null stood in place of the list.
	Holes bool
}

// RawPage is a page as the service sends it, and RawWalk follows such pages.
type (
	RawPage = Page[json.RawMessage]
	RawWalk = Walk[json.RawMessage]
)

// ConvertPage turns the rows of a page into others. One that can't be is left out, and a hole: it may be one that is known.
func ConvertPage[T any](p RawPage, convert func(json.RawMessage) (T, bool)) Page[T] {
	out := Page[T]{Rows: make([]T, 0, len(p.Rows)), Next: p.Next, Total: p.Total, Holes: p.Holes}
	for _, raw := range p.Rows {
		if row, ok := convert(raw); ok {
			out.Rows = append(out.Rows, row)
		} else {
			out.Holes = true
		}
	}
	return out
}

// Walk follows the pages of a list, whatever tells where they are.
type Walk[T any] struct {
	Op string // for errors
	// Read reads the page at a place that the page before named, "" for the first.
	Read func(ctx context.Context, at string) (Page[T], error)
	Most int
	// Lost reports whether an error says that the service no longer knows the place: the walk then starts again, once.
	Lost func(error) bool
}

// Walked tells how a walk came out.
type Walked struct {
	// At is the first page that was not taken; "" at the end, or where the service leads nowhere.
	At string
	// Ended says that the service names no further page, Whole that every row was given from where the walk began.
	Ended, Whole bool
	// Again says that the service named a page for the second time.
	Again bool
}

// Run reads from a place to the end of the list, until take says that it has enough, or for Most pages.
func (w Walk[T]) Run(ctx context.Context, at string, take func(Page[T]) (more bool, err error)) (Walked, error) {
	seen := map[[sha256.Size]byte]bool{} // a digest each, since tokens may be long
	again := func(at string) bool {
		sum := sha256.Sum256([]byte(at))
		was := seen[sum]
		seen[sum] = true
		return was
	}
	again(at)
	holes, restarted := false, false
	for range w.Most {
		page, err := w.Read(ctx, at)
		if err != nil && at != "" && !restarted && w.Lost != nil && w.Lost(err) {
			at, restarted, holes = "", true, false
			clear(seen)
			continue
		}
		if err != nil {
			return Walked{At: at}, err
		}
		holes = holes || page.Holes
		more, err := take(page)
		switch {
		case err != nil:
			return Walked{At: at}, err
		case page.Next == "":
			return Walked{Ended: true, Whole: more && !holes}, nil
		case !more:
			return Walked{At: page.Next}, nil
		case again(page.Next):
			return Walked{Again: true}, nil
		}
		at = page.Next
	}
	return Walked{At: at}, nil
}

// All returns the rows of a list. whole is false where there are more, or may be.
func (w Walk[T]) All(ctx context.Context) (rows []T, whole bool, err error) {
	walked, err := w.Run(ctx, "", func(p Page[T]) (bool, error) {
		rows = append(rows, p.Rows...)
		return true, nil
	})
	return rows, walked.Whole, err
}

// Emit takes what a Sync reads.
type Emit = func(model.Batch) (more bool, err error)

// Sync is a Sync whose cursors are the places of a walk: a full one goes on at its cursor, a head begins anew.
func Sync(ctx context.Context, w Walk[model.Conversation], req model.SyncRequest, emit Emit) (model.SyncResult, error) {
	cursor := func(at string) string { return at }
	if req.Mode != model.SyncFull {
		req.Cursor, cursor = "", func(string) string { return "" }
	}
	walked, err := SyncWalk(ctx, w, req.Cursor, cursor, emit)
	return model.SyncResult{Cursor: cursor(walked.At), Complete: walked.Whole}, err
}

// SyncWalk runs the walk of a Sync. cursor makes a cursor of a place, "" where the walk can't be resumed. A list that has no
// end is Malformed.
func SyncWalk(ctx context.Context, w Walk[model.Conversation], at string, cursor func(at string) string,
	emit Emit) (Walked, error) {
	stopped := false
	walked, err := w.Run(ctx, at, func(p Page[model.Conversation]) (bool, error) {
		batch := model.Batch{Conversations: p.Rows, Total: -1}
		if p.Total > 0 {
			batch.Total = p.Total
		}
		if p.Next != "" {
			batch.Cursor = cursor(p.Next)
		}
		if err := ctx.Err(); err != nil {
			return false, GivenUp(w.Op, err)
		}
		more, err := emit(batch)
		stopped = !more
		return more, err
	})
	switch {
	case err != nil || walked.Ended || stopped:
		return walked, err
	case walked.Again:
		return walked, Malformed(w.Op, "the service gave the same page twice, so the list cannot be read to its end")
	}
	return Walked{}, Malformed(w.Op, fmt.Sprintf("the list did not end after %d pages", w.Most))
}

// Row is one conversation of a list, with what the service sent for it.
type Row struct {
	model.Conversation
	Raw json.RawMessage
}

// Head is the beginning of a list that a service gives newest created first.
type Head struct {
	Rows []Row
	// Sure says that the rows are in that order, without a gap.
	Sure bool
}

// ReadHead walks a list from its head to the first conversation of known, to its end, or for as many pages as the walk has;
// without known, one page. Rows are compared by the service's own times alone. The head is sure only where it got there
// without a hole: then every conversation that was created since known was read is above.
func ReadHead(ctx context.Context, known []string, w Walk[Row]) (Head, error) {
	h := Head{Sure: true}
	if known == nil {
		w.Most = 1
	}
	var last time.Time
	met := false
	walked, err := w.Run(ctx, "", func(page Page[Row]) (bool, error) {
		h.Sure = h.Sure && !page.Holes
		for _, r := range page.Rows {
			if !r.Created.IsZero() {
				h.Sure = h.Sure && (last.IsZero() || !r.Created.After(last))
				last = r.Created
			}
			if met = slices.Contains(known, r.Ref.ID); met {
				return false, nil
			}
			if !slices.ContainsFunc(h.Rows, func(o Row) bool { return o.Ref.ID == r.Ref.ID }) {
				h.Rows = append(h.Rows, r)
			}
		}
		return true, nil
	})
	if err != nil {
		return Head{}, err
	}
	h.Sure = h.Sure && (met || walked.Ended || known == nil && !walked.Again)
	return h, nil
}

func (h Head) Newest() model.Newest {
	ids := make([]string, len(h.Rows))
	for i, r := range h.Rows {
		ids[i] = r.Ref.ID
	}
	return model.Newest{IDs: ids, Sure: h.Sure}
}

// FindCreated picks from a head what a create may have made: alike tells by the row whether title and place are those asked
// for; same reads it and tells whether all of it is, and whether it bears a mark of that very create. Another new row may be
// it where ours says that this account can have created it: its title may have changed since.
func FindCreated(h Head, alike, ours func(Row) bool,
	same func(Row) (c model.Conversation, ok, marked bool, err error)) (model.FoundCreates, error) {
	found := model.FoundCreates{Sure: h.Sure}
	var others []string
	for _, r := range h.Rows {
		if !alike(r) {
			if ours(r) {
				others = append(others, r.Ref.ID)
			}
			continue
		}
		c, ok, marked, err := same(r)
		if model.KindOf(err) == model.NotFound {
			continue // it has gone meanwhile
		}
		if err != nil {
			return model.FoundCreates{}, err
		}
		if marked {
			return model.FoundCreates{Same: []model.Conversation{c}, Alike: []string{c.Ref.ID}, Marked: true, Sure: h.Sure}, nil
		}
		found.Alike = append(found.Alike, r.Ref.ID)
		if ok {
			found.Same = append(found.Same, c)
		}
	}
	if len(found.Same) == 0 {
		found.Alike = append(found.Alike, others...)
	}
	return found, nil
}

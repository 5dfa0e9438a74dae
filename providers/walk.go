package providers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
)

type Page[T any] struct {
	Rows []T
	// Next is the place of the next page: a page token, or a number as a text. "" means that there is none.
	Next string
	// Total is the service's count of the whole list; 0 if the service gives none.
	Total int
	// Incomplete says that rows may be missing: a row could not be read, or the service sent null instead of the list.
	Incomplete bool
}

// RawPage is a page as the service sends it, and RawWalk reads such pages.
type (
	RawPage = Page[json.RawMessage]
	RawWalk = Walk[json.RawMessage]
)

// ConvertPage converts the rows of a page. It leaves out rows that can't be converted, and then marks the page incomplete.
func ConvertPage[T any](p RawPage, convert func(json.RawMessage) (T, bool)) Page[T] {
	out := Page[T]{Rows: make([]T, 0, len(p.Rows)), Next: p.Next, Total: p.Total, Incomplete: p.Incomplete}
	for _, raw := range p.Rows {
		if row, ok := convert(raw); ok {
			out.Rows = append(out.Rows, row)
		} else {
			out.Incomplete = true
		}
	}
	return out
}

// Unseen drops the rows whose key was seen before, and remembers the keys of the others. A row without a key always stays.
func Unseen[T any, K comparable](seen map[K]bool, rows []T, key func(T) K) []T {
	return slices.DeleteFunc(rows, func(row T) bool {
		k := key(row)
		again := seen[k] && k != *new(K)
		seen[k] = true
		return again
	})
}

// Walk reads the pages of a list.
type Walk[T any] struct {
	Op string // for errors
	// Read reads the page at a place that the previous page named, or at "" for the first page.
	Read     func(ctx context.Context, place string) (Page[T], error)
	MaxPages int
	// Expired reports whether an error means that the service no longer accepts a place. The walk then starts again, once.
	Expired func(error) bool
}

// ConvertWalk returns a walk over the same pages with their rows converted, see ConvertPage.
func ConvertWalk[T any](w RawWalk, convert func(json.RawMessage) (T, bool)) Walk[T] {
	return Walk[T]{Op: w.Op, MaxPages: w.MaxPages, Expired: w.Expired, Read: func(ctx context.Context, place string) (Page[T], error) {
		page, err := w.Read(ctx, place)
		return ConvertPage(page, convert), err
	}}
}

// WalkResult says how a walk ended.
type WalkResult struct {
	// Next is the place of the first page that was not taken; "" if there is none.
	Next string
	// Ended says that the walk reached the last page, Whole that it also took every row from where it began.
	Ended, Whole bool
	// Repeated says that the service named the same page twice.
	Repeated bool
}

// Run reads pages from a place until the list ends, until take wants no more, or until MaxPages have been read.
func (w Walk[T]) Run(ctx context.Context, place string, take func(Page[T]) (more bool, err error)) (WalkResult, error) {
	seen := map[[sha256.Size]byte]bool{sha256.Sum256([]byte(place)): true} // digests, since tokens may be long
	incomplete, restarted := false, false
	for range w.MaxPages {
		page, err := w.Read(ctx, place)
		if err != nil && place != "" && !restarted && w.Expired != nil && w.Expired(err) {
			place, restarted, incomplete = "", true, false
			clear(seen)
			continue
		}
		if err != nil {
			return WalkResult{Next: place}, err
		}
		incomplete = incomplete || page.Incomplete
		more, err := take(page)
		next := sha256.Sum256([]byte(page.Next))
		switch {
		case err != nil:
			return WalkResult{Next: place}, err
		case page.Next == "":
			return WalkResult{Ended: true, Whole: more && !incomplete}, nil
		case !more:
			return WalkResult{Next: page.Next}, nil
		case seen[next]:
			return WalkResult{Repeated: true}, nil
		}
		place, seen[next] = page.Next, true
	}
	return WalkResult{Next: place}, nil
}

// All returns the rows of a list. whole is false if there may be more rows.
func (w Walk[T]) All(ctx context.Context) (rows []T, whole bool, err error) {
	walked, err := w.Run(ctx, "", func(p Page[T]) (bool, error) {
		rows = append(rows, p.Rows...)
		return true, nil
	})
	return rows, walked.Whole, err
}

// Emit receives what a Sync reads.
type Emit = func(model.Batch) (more bool, err error)

// cursorPrefix begins the cursors of Sync; a place of the walk follows.
const cursorPrefix = "page:"

// Sync implements model.Provider.Sync by a walk whose places serve as cursors. A full walk continues at its cursor, unless that
// is no cursor of Sync; reading the head always begins at the first page.
func Sync(ctx context.Context, w Walk[model.Conversation], req model.SyncRequest, emit Emit) (model.SyncResult, error) {
	place, cursor := "", func(string) string { return "" }
	if req.Mode == model.SyncFull {
		if at, ours := strings.CutPrefix(req.Cursor, cursorPrefix); ours {
			place = at
		}
		cursor = func(place string) string { return cursorPrefix + place }
	}
	walked, err := SyncWalk(ctx, w, place, cursor, emit)
	result := model.SyncResult{Complete: walked.Whole}
	if walked.Next != "" {
		result.Cursor = cursor(walked.Next)
	}
	return result, err
}

// SyncWalk runs the walk of a Sync. cursor makes a cursor from a place, or "" if the walk can't be resumed. A list without an
// end is Malformed.
func SyncWalk(ctx context.Context, w Walk[model.Conversation], place string, cursor func(place string) string,
	emit Emit) (WalkResult, error) {
	stopped := false
	walked, err := w.Run(ctx, place, func(p Page[model.Conversation]) (bool, error) {
		batch := model.Batch{Conversations: p.Rows, Total: cmp.Or(max(0, p.Total), -1)}
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
	case walked.Repeated:
		return walked, Malformed(w.Op, "the service gave the same page twice, so the list cannot be read to its end")
	}
	return WalkResult{}, Malformed(w.Op, fmt.Sprintf("the list did not end after %d pages", w.MaxPages))
}

// Row is a conversation of a list, with the JSON that the service sent for it.
type Row struct {
	model.Conversation
	Raw json.RawMessage
}

// Head is the beginning of a list that is sorted by creation, newest first.
type Head struct {
	Rows []Row
	// Sure says that the rows are in that order and that none is missing.
	Sure bool
}

// ReadHead reads a list from its head to the first conversation of known, to its end, or for MaxPages of the walk; if known is
// nil, it reads one page. It checks the order by the service's own times alone. If the head is sure and known is not nil, it
// contains every conversation that was created after known was read.
func ReadHead(ctx context.Context, known []string, w Walk[Row]) (Head, error) {
	h := Head{Sure: true}
	if known == nil {
		w.MaxPages = 1
	}
	var last time.Time
	reached := false
	walked, err := w.Run(ctx, "", func(page Page[Row]) (bool, error) {
		h.Sure = h.Sure && !page.Incomplete
		for _, r := range page.Rows {
			if !r.Created.IsZero() {
				h.Sure = h.Sure && (last.IsZero() || !r.Created.After(last))
				last = r.Created
			}
			if reached = slices.Contains(known, r.Ref.ID); reached {
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
	h.Sure = h.Sure && (reached || walked.Ended || known == nil && !walked.Repeated)
	return h, nil
}

func (h Head) Newest() model.Newest {
	ids := make([]string, len(h.Rows))
	for i, r := range h.Rows {
		ids[i] = r.Ref.ID
	}
	return model.Newest{IDs: ids, Sure: h.Sure}
}

// FindCreated looks in a head for the conversation that a create may have made. matches reports whether the title and the place
// of a row are those that were asked for. compare then reads the row, and reports whether all of it is as asked for and whether
// it bears a mark of that very create. Of the other rows, those that mayBeOurs accepts could be the conversation too, since its
// title may have changed meanwhile.
func FindCreated(h Head, matches, mayBeOurs func(Row) bool,
	compare func(Row) (c model.Conversation, same, marked bool, err error)) (model.FoundCreates, error) {
	found := model.FoundCreates{Sure: h.Sure}
	var others []string
	for _, r := range h.Rows {
		if !matches(r) {
			if mayBeOurs(r) {
				others = append(others, r.Ref.ID)
			}
			continue
		}
		c, same, marked, err := compare(r)
		switch {
		case model.KindOf(err) == model.NotFound: // deleted meanwhile
			continue
		case err != nil:
			return model.FoundCreates{}, err
		case marked:
			return model.FoundCreates{Same: []model.Conversation{c}, Alike: []string{c.Ref.ID}, Marked: true, Sure: h.Sure}, nil
		case same:
			found.Same = append(found.Same, c)
		}
		found.Alike = append(found.Alike, r.Ref.ID)
	}
	if len(found.Same) == 0 {
		found.Alike = append(found.Alike, others...)
	}
	return found, nil
}

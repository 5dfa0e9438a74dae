package providers

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"confab/model"
)

// Cached is a value that is read when it is first needed and then kept. One goroutine reads it while the others wait.
type Cached[T any] struct {
	op    string
	age   time.Duration
	read  func(context.Context) (T, error)
	value atomic.Pointer[T]

	lock   *semaphore.Weighted // held to read the value, and to use the fields below
	at     time.Time           // of the last successful read
	failed time.Time           // of the last failed read; zero after a successful one
	err    error               // of the last failed read
}

// failurePause is how long Cached.Optional does not repeat a failed read.
const failurePause = time.Minute

// NewCached returns a cache of what read returns. The value expires after age, or never if age is 0. op names the read in the
// error of a caller who gave up waiting.
func NewCached[T any](op string, age time.Duration, read func(context.Context) (T, error)) *Cached[T] {
	return &Cached[T]{op: op, age: age, read: read, lock: semaphore.NewWeighted(1)}
}

// Known returns the last value that was read, without a request.
func (k *Cached[T]) Known() (v T) {
	if known := k.value.Load(); known != nil {
		v = *known
	}
	return v
}

// Get returns the value, and reads it if it is unknown or expired. With an error it returns the previous value.
func (k *Cached[T]) Get(ctx context.Context) (T, error) { return k.get(ctx, 0) }

// Optional is Get for a value that the caller can do without. It does not repeat a read that failed within the last minute, but
// returns the previous value and the error.
func (k *Cached[T]) Optional(ctx context.Context) (T, error) { return k.get(ctx, failurePause) }

func (k *Cached[T]) get(ctx context.Context, pause time.Duration) (T, error) {
	if err := k.lock.Acquire(ctx, 1); err != nil {
		return k.Known(), GivenUp(k.op, err)
	}
	defer k.lock.Release(1)
	switch {
	case !k.at.IsZero() && (k.age == 0 || time.Since(k.at) < k.age):
		return k.Known(), nil
	case time.Since(k.failed) < pause:
		return k.Known(), k.err
	}
	value, err := k.read(ctx)
	switch {
	case err == nil:
		k.value.Store(&value)
		k.at, k.failed = time.Now(), time.Time{}
	case ctx.Err() == nil:
		k.failed, k.err = time.Now(), err
	}
	return k.Known(), err
}

// Recent keeps the most recently used values.
type Recent[V any] struct {
	limit int

	mu         sync.Mutex
	young, old map[string]V // a full young becomes old
}

// NewRecent returns a Recent that keeps at least limit values and at most twice as many.
func NewRecent[V any](limit int) *Recent[V] { return &Recent[V]{limit: limit, young: map[string]V{}} }

func (r *Recent[V]) Get(key string) (v V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok = r.young[key]; ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.put(key, v)
	}
	return v, ok
}

func (r *Recent[V]) Put(key string, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(key, v)
}

func (r *Recent[V]) put(key string, v V) {
	if _, again := r.young[key]; !again && len(r.young) >= r.limit {
		r.old, r.young = r.young, map[string]V{}
	}
	r.young[key] = v
}

// LookupLimit is the number of entries on a page of a picker if the request names none.
const LookupLimit = 50

// Search returns one page of the entries of a directory, held whole, that match the text of a request by id, name, address,
// identifier or status. The cursor is the number of matches before the page.
func Search(directory []model.Participant, req model.LookupRequest) model.LookupPage {
	matches := slices.DeleteFunc(slices.Clone(directory), func(p model.Participant) bool {
		return !strings.EqualFold(p.ID, req.Text) && !ContainsFold(req.Text, p.Name, p.Email, p.Identifier, p.Status)
	})
	from, _ := strconv.Atoi(req.Cursor)
	from = max(0, min(from, len(matches)))
	to := min(len(matches), from+cmp.Or(req.Limit, LookupLimit))
	page := model.LookupPage{Items: matches[from:to:to]}
	if to < len(matches) {
		page.Cursor = strconv.Itoa(to)
	}
	return page
}

// PageOfOne returns the page of a lookup by id, which is empty if err says that there is no such entry.
func PageOfOne(p model.Participant, err error) (model.LookupPage, error) {
	switch model.KindOf(err) {
	case "":
		return model.LookupPage{Items: []model.Participant{p}}, nil
	case model.NotFound:
		return model.LookupPage{}, nil
	}
	return model.LookupPage{}, err
}

// ContainsFold reports whether the fields contain a text, regardless of case and accents.
func ContainsFold(text string, fields ...string) bool {
	return strings.Contains(model.FoldText(strings.Join(fields, " ")), model.FoldText(text))
}

package bird

import (
	"container/list"
	"encoding/json"
	"sync"
	"time"

	"confab/model"
)

// Bounds of what is kept in memory.
const (
	maxThreads        = 16   // conversations whose messages are kept
	maxHeldAttributes = 2000 // conversations whose attributes are kept as they were sent
	maxContactNames   = 5000
)

// recent keeps the values used last, at most limit of them. The zero value with a limit is ready; it may be used from
// several goroutines.
type recent[V any] struct {
	limit int

	mu    sync.Mutex
	order list.List // of *kept[V], newest first
	at    map[string]*list.Element
}

type kept[V any] struct {
	key   string
	value V
}

func (r *recent[V]) get(key string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.at[key]
	if !ok {
		var none V
		return none, false
	}
	r.order.MoveToFront(e)
	return e.Value.(*kept[V]).value, true
}

func (r *recent[V]) put(key string, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.at[key]; ok {
		e.Value.(*kept[V]).value = v
		r.order.MoveToFront(e)
		return
	}
	if r.at == nil {
		r.at = map[string]*list.Element{}
	}
	r.at[key] = r.order.PushFront(&kept[V]{key, v})
	if r.order.Len() > r.limit {
		last := r.order.Back()
		delete(r.at, last.Value.(*kept[V]).key)
		r.order.Remove(last)
	}
}

// heldAttributes are the attributes of a conversation as the service sent them.
type heldAttributes map[string]json.RawMessage

// thread is the messages of a conversation that have been read, oldest first.
type thread struct {
	messages []model.Message
	more     bool // older ones exist
	read     time.Time
}

// newest is when the last message was made; zero where that is not known.
func (t thread) newest() time.Time {
	if len(t.messages) == 0 {
		return time.Time{}
	}
	return t.messages[len(t.messages)-1].At
}

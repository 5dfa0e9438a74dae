package providers

import "sync"

// Recent keeps the values that were used last, at least a number of them and at most twice as many.
type Recent[V any] struct {
	limit int

	mu         sync.Mutex
	young, old map[string]V // old is what was young before
}

// NewRecent keeps at least limit values.
func NewRecent[V any](limit int) *Recent[V] { return &Recent[V]{limit: limit, young: map[string]V{}} }

// Get returns the value of a key, if it is kept.
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

// Put keeps a value.
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

// Forget drops a value.
func (r *Recent[V]) Forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, key)
	delete(r.old, key)
}

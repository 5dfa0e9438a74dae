package model

import "encoding/json"

// Set is a list that is either known, and then complete, or not loaded.
// In JSON a set that is not loaded is null, a known empty one is [].
type Set[T any] struct {
	Known bool
	Items []T
}

// SetOf returns a known set of the given items.
func SetOf[T any](items ...T) Set[T] { return Set[T]{Known: true, Items: items} }

// MarshalJSON writes null for a set that is not loaded.
func (s Set[T]) MarshalJSON() ([]byte, error) {
	if !s.Known {
		return []byte("null"), nil
	}
	if s.Items == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.Items)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Set[T]) UnmarshalJSON(b []byte) error {
	*s = Set[T]{}
	err := json.Unmarshal(b, &s.Items)
	s.Known = s.Items != nil
	return err
}

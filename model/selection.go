package model

import (
	"iter"
	"maps"
	"math/bits"
	"slices"
)

// Selection is a set of conversations, a bit for the key of each row: 100,000 take 12 KB. The zero value is empty. A copy
// shares its content, a Clone does not.
type Selection struct {
	// accounts have bit k%64 of word k/64 set where key k is in the set. Keys are the row numbers of the database, which leaves
	// few gaps between them.
	accounts map[string][]uint64
}

// grown returns the words of an account, at least so many, which may be changed.
func (s *Selection) grown(account string, words int) []uint64 {
	if s.accounts == nil {
		s.accounts = map[string][]uint64{}
	}
	set := s.accounts[account]
	s.accounts[account] = append(set, make([]uint64, max(0, words-len(set)))...)
	return s.accounts[account]
}

// Len returns how many conversations are in the set.
func (s Selection) Len() (n int) {
	for name := range s.accounts {
		n += s.Count(name)
	}
	return n
}

// Count returns how many conversations of an account are in the set.
func (s Selection) Count(account string) (n int) {
	for _, w := range s.accounts[account] {
		n += bits.OnesCount64(w)
	}
	return n
}

// Has reports whether a row is in the set.
func (s Selection) Has(account string, key int64) bool {
	set := s.accounts[account]
	return key >= 0 && key/64 < int64(len(set)) && set[key/64]&(1<<(key%64)) != 0
}

// Accounts returns the accounts of which a row is in the set, sorted.
func (s Selection) Accounts() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.accounts)), func(name string) bool { return s.Count(name) == 0 })
}

// Add puts a row into the set. A key that no row has, zero or less, is left out.
func (s *Selection) Add(account string, key int64) {
	if key > 0 {
		s.grown(account, int(key/64)+1)[key/64] |= 1 << (key % 64)
	}
}

// Remove takes a row out of the set.
func (s *Selection) Remove(account string, key int64) {
	if s.Has(account, key) {
		s.accounts[account][key/64] &^= 1 << (key % 64)
	}
}

// AddAll puts all rows of another set into this one.
func (s *Selection) AddAll(o Selection) {
	for name, from := range o.accounts {
		to := s.grown(name, len(from))
		for i, w := range from {
			to[i] |= w
		}
	}
}

// RemoveAll takes all rows of another set out of this one.
func (s *Selection) RemoveAll(o Selection) {
	for name, from := range o.accounts {
		to := s.grown(name, len(from))
		for i, w := range from {
			to[i] &^= w
		}
	}
}

// Missing returns how many rows of this set another one lacks.
func (s Selection) Missing(o Selection) int {
	s = s.Clone()
	s.RemoveAll(o)
	return s.Len()
}

// Clone returns a set of its own with the same rows.
func (s Selection) Clone() Selection {
	out := Selection{accounts: maps.Clone(s.accounts)}
	for name, set := range out.accounts {
		out.accounts[name] = slices.Clone(set)
	}
	return out
}

// Keys goes through the keys of the set, by account and in ascending order.
func (s Selection) Keys() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, name := range s.Accounts() {
			for i, w := range s.accounts[name] {
				for ; w != 0; w &= w - 1 {
					if !yield(name, int64(i)*64+int64(bits.TrailingZeros64(w))) {
						return
					}
				}
			}
		}
	}
}

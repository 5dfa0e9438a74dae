package model

import (
	"iter"
	"maps"
	"math/bits"
	"slices"
)

// Selection is a set of conversations by account and row key, with one bit for each key: 100,000 rows take 12 KB. The zero
// value is empty. An assigned copy shares its content with the original, a Clone does not.
type Selection struct {
	// accounts has bit k%64 of word k/64 set if key k is in the set. Keys are the row numbers of the database, which have few
	// gaps.
	accounts map[string][]uint64
}

// grown returns the words of an account for writing, after growing them to at least the given number.
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

// Accounts returns the sorted names of the accounts that have rows in the set.
func (s Selection) Accounts() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.accounts)), func(name string) bool { return s.Count(name) == 0 })
}

// Add puts a row into the set. A key of zero or less belongs to no row and is ignored.
func (s *Selection) Add(account string, key int64) {
	if key > 0 {
		s.grown(account, int(key/64)+1)[key/64] |= 1 << (key % 64)
	}
}

// AddAll adds all rows of another set.
func (s *Selection) AddAll(o Selection) {
	for name, from := range o.accounts {
		to := s.grown(name, len(from))
		for i, w := range from {
			to[i] |= w
		}
	}
}

// RemoveAll removes all rows of another set.
func (s *Selection) RemoveAll(o Selection) {
	for name, from := range o.accounts {
		to := s.grown(name, len(from))
		for i, w := range from {
			to[i] &^= w
		}
	}
}

// Missing returns how many rows of this set are not in another one.
func (s Selection) Missing(o Selection) int {
	s = s.Clone()
	s.RemoveAll(o)
	return s.Len()
}

// Clone returns an independent copy.
func (s Selection) Clone() Selection {
	out := Selection{accounts: maps.Clone(s.accounts)}
	for name, set := range out.accounts {
		out.accounts[name] = slices.Clone(set)
	}
	return out
}

// Keys yields accounts and keys, sorted by account and key.
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

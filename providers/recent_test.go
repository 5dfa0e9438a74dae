package providers

import (
	"fmt"
	"testing"
)

func TestRecentKeepsWhatWasUsedLast(t *testing.T) {
	r := NewRecent[int](3)
	r.Put("often", 0)
	for i := 1; i <= 20; i++ {
		r.Put(fmt.Sprint(i), i)
		if _, kept := r.Get("often"); !kept {
			t.Fatalf("after %d others, what is used often is forgotten", i)
		}
		for j := max(1, i-1); j <= i; j++ {
			if v, kept := r.Get(fmt.Sprint(j)); !kept || v != j {
				t.Errorf("after %d: %d is %d, kept %t", i, j, v, kept)
			}
		}
		if n := len(r.young) + len(r.old); n > 6 {
			t.Errorf("after %d: %d are kept", i, n)
		}
	}
	r.Forget("often")
	if _, kept := r.Get("often"); kept {
		t.Error("what was forgotten is kept")
	}
}

func TestOneOf(t *testing.T) {
	if OneOf("op", "b", "a", "b") != nil {
		t.Error("a word of the list is refused")
	}
	for want, words := range map[string][]string{`"x" is neither a nor b`: {"a", "b"}, `"x" is none of a, b, c`: {"a", "b", "c"}} {
		if e := OneOf("op", "x", words...); e == nil || e.Message != want {
			t.Errorf("%v: %v", words, e)
		}
	}
}

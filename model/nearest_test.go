package model_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confab/model"
)

func TestNearest(t *testing.T) {
	known := []string{"refresh", "ui", "themes", "keys", "view", "account", "toggle_privacy"}
	for in, want := range map[string]string{
		"refersh": "refresh", "Refresh": "refresh", "accounts": "account", "veiw": "view", "iu": "ui", "x": "", "toggle-privacy": "toggle_privacy",
		"toggle": "toggle_privacy", "theme": "themes", "xyz": "", "": "", "colours": "", "key": "keys",
		strings.Repeat("x", 100): "",
	} {
		if got := model.Nearest(in, known); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := model.Nearest("abc", []string{"abcdefg", "abcxyz1"}); got != "" {
		t.Errorf("got %q for a beginning that two candidates have, want none", got)
	}
	if got := model.Nearest("abc", []string{"abc" + strings.Repeat("d", 100), "abd"}); got != "abd" {
		t.Errorf("got %q for candidates of which one is long, want abd", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 12, -1).Draw(t, "a"), rapid.StringN(0, 12, -1).Draw(t, "b")
		d := model.EditDistance(a, b)
		if d != model.EditDistance(b, a) || (d == 0) != (string([]rune(a)) == string([]rune(b))) || d > max(len([]rune(a)), len([]rune(b))) {
			t.Fatalf("distance of %q and %q: got %d", a, b, d)
		}
	})
}

package providers

import "testing"

func TestTitled(t *testing.T) {
	for _, c := range []struct{ title, detail, want string }{
		{"", "", ""},
		{"Not Found", "", "Not Found"},
		{"", "no such thing", "no such thing"},
		{"Not Found", "no such thing", "Not Found: no such thing"},
		{"Unprocessable Entity", "Unprocessable Entity", "Unprocessable Entity"},
		{"Unprocessable Entity", "unprocessable entity: the name is too long", "unprocessable entity: the name is too long"},
		{" Unprocessable Entity ", "Unprocessable Entity\n", "Unprocessable Entity"},
	} {
		if got := Titled(c.title, c.detail); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.title, c.detail, got, c.want)
		}
	}
}

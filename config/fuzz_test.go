package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// canary looks like a credential. No problem repeats it, wherever in the file it is.
const canary = "sk-apik_c4n4ryC4N4RYc4n4ry0123456789"

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(template(testRules())))
	f.Add([]byte(account + "api_key = \"CANARY\"\n"))
	f.Add([]byte(strings.Replace(account, `{ env = "A" }`, `"CANARY"`, 1)))
	f.Add([]byte(strings.Replace(account, `"A"`, `"CANARY"`, 1)))
	f.Add([]byte(strings.Replace(account, `"a"`, `"CANARY"`, 2)))
	f.Add([]byte("[[account]]\nprovider = \"CANARY\"\nbase_url = \"https://u:CANARY@x\"\nname = \"CANARY\"\n"))
	f.Add([]byte("CANARY = 1\n[\"CANARY\".x]\n[ui]\ntheme = \"CANARY\"\nlayout = \"CANARY\"\n[themes.x]\nCANARY = 1\n"))
	f.Add([]byte("[keys.CANARY]\n[keys.list]\nCANARY = []\nrename = [\"CANARY\", \"CANARY\"]\n[[view]]\nname = \"CANARY\"\n[[view]]\nname = \"CANARY\"\nquery = \"CANARY\"\n"))
	f.Add([]byte("credential = CANARY\n"))
	f.Add([]byte("a.b.c = {d = [{e.f = 1}, 2]}\na.b = 1\n[a.b.c.d]\n[[a]]\n[[a.b]]\n"))
	f.Add([]byte("ui = {theme = \"x\", theme = \"y\"}\nui.x = 1\n[ui]\n[ui.theme]\n"))
	f.Add([]byte("refresh = 99999999999999999999\nview = 2026-99-99\n\"\\u0000\" = \"\"\"\nx\"\"\"\r\n"))
	f.Add([]byte("[[account]]\n[account]\n[[account.settings]]\n[account.settings.x]\n[account.credential]\n"))
	rules := testRules()
	// Even a validator that repeats its value must not reveal a secret.
	echo := func(s string) error { return errors.New("bad: " + s) }
	echoing := testRules()
	echoing.Query, echoing.Key = echo, echo
	echoing.ThemeColor = func(_, s string) error { return echo(s) }
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.ReplaceAll(data, []byte("CANARY"), []byte(canary))
		for _, v := range []Validators{rules, echoing, {}} {
			c, err := Decode("c", data, v)
			var problems Errors
			switch {
			case err == nil && c == nil, err != nil && c != nil:
				t.Fatalf("Decode = %v, %v; want one of them", c, err)
			case err != nil && !errors.As(err, &problems):
				t.Fatalf("got an error of type %T, want Errors: %v", err, err)
			case len(problems) > maxProblems+1:
				t.Fatalf("got %d problems, want at most %d", len(problems), maxProblems+1)
			}
			for _, p := range problems {
				// The input may add letters to the canary, so only its middle is searched for.
				if strings.Contains(p.Message+p.Key+p.Suggestion, "c4n4ryC4N4RYc4n4ry") {
					t.Fatalf("the secret is repeated in %q", p)
				}
				if p.Line < 0 || p.Line > bytes.Count(data, []byte("\n"))+1 {
					t.Fatalf("line %d is not in the file", p.Line)
				}
				if strings.ContainsAny(p.Message, "\n\x1b\x00") {
					t.Fatalf("control characters in %q", p.Message)
				}
			}
			if err != nil || v.Query != nil && v.Query("") != nil {
				continue // the default views don't pass a validator that refuses everything
			}
			var out bytes.Buffer
			if err := Show(&out, c, false); err != nil {
				t.Fatal(err)
			}
			if _, err := Decode("c", out.Bytes(), v); err != nil {
				t.Fatalf("shown settings can't be loaded: %v\n%s", err, out.String())
			}
		}
	})
}

func FuzzParseBaseURL(f *testing.F) {
	for _, s := range []string{"https://api.bird.com/v2/", "http://[::1]:80//", "http://u@localhost", "https://x/%2e%2e/", "https://x:/", "HTTP://LOCALHOST"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseBaseURL(s)
		if err != nil {
			return
		}
		if again, err := ParseBaseURL(u); err != nil || again != u {
			t.Fatalf("%q is normalized to %q, and that to %q, %v", s, u, again, err)
		}
		if strings.HasPrefix(u, "http:") && !IsLoopback(u) {
			t.Fatalf("%q uses http, but is not on loopback", u)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1w2d12h", "0", "1.5d", "9223372036854775807ns1ns", "1µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err == nil && d < 0 {
			t.Fatalf("ParseDuration(%q) = %d, want no negative duration", s, d)
		}
		if p, err := ParsePace(s); err == nil && p.Interval != 0 && (p.Interval < minPace || p.Interval > maxPace) {
			t.Fatalf("ParsePace(%q) = %s, want %s to %s", s, p.Interval, minPace, maxPace)
		}
	})
}

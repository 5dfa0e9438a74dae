package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// canary looks like a credential. Wherever it stands in a file, no problem repeats it.
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
	// A validator that repeats what it is given must not get it out.
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
				t.Fatalf("%v and %v", c, err)
			case err != nil && !errors.As(err, &problems):
				t.Fatalf("%T: %v", err, err)
			case len(problems) > maxProblems+1:
				t.Fatalf("%d problems", len(problems))
			}
			for _, p := range problems {
				// A key may be the canary with letters of the input around it, which makes another secret; what must
				// not come out is the canary.
				if strings.Contains(p.Message+p.Key+p.Suggestion, "c4n4ryC4N4RYc4n4ry") {
					t.Fatalf("repeated in %q", p)
				}
				if p.Line < 0 || p.Line > bytes.Count(data, []byte("\n"))+1 {
					t.Fatalf("line %d", p.Line)
				}
				if strings.ContainsAny(p.Message, "\n\x1b\x00") {
					t.Fatalf("control characters in %q", p.Message)
				}
			}
			if err != nil || v.Query != nil && v.Query("") != nil {
				continue // Default views don't pass a validator that refuses everything.
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
			t.Fatalf("%q became %q, then %q, %v", s, u, again, err)
		}
		if strings.HasPrefix(u, "http:") && !IsLoopback(u) {
			t.Fatalf("%q is open", u)
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
			t.Fatalf("%q: %d", s, d)
		}
		if p, err := ParsePace(s); err == nil && !p.Off && p.Interval != 0 && (p.Interval < minPace || p.Interval > maxPace) {
			t.Fatalf("%q: %s", s, p.Interval)
		}
	})
}

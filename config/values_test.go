package config

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	good := map[string]time.Duration{
		"0": 0, "90s": 90 * time.Second, "2m": 2 * time.Minute, "180d": 180 * day, "1w2d12h": 9*day + 12*time.Hour, "1.5d": 36 * time.Hour,
		"26w": 26 * 7 * day, "250ms": 250 * time.Millisecond, "1h30m": 90 * time.Minute, "0s": 0, "9000000000000000000ns": 9e18,
	}
	for in, want := range good {
		if got, err := ParseDuration(in); got != want || err != nil {
			t.Errorf("ParseDuration(%q) = %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "10", "-1d", "+1d", "1y", "d", "1d ", "1 d", "1e9s", ".5d", "300000000w", "9223372036854775807ns9223372036854775807ns", "9223372036854774784ns" + strings.Repeat("500ns", 8),
		strings.Repeat("9", 400) + "s", strings.Repeat("1s", 40)} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %s, want an error", in, got)
		}
	}
}

func TestDurationRoundTrip(t *testing.T) {
	for in, want := range map[time.Duration]string{0: "0", 2 * time.Minute: "2m", 180 * 24 * time.Hour: "180d", 90 * time.Minute: "1h30m",
		36 * time.Hour: "36h", 1500 * time.Millisecond: "1.5s", 10 * time.Second: "10s", time.Hour + 10*time.Second: "1h0m10s"} {
		if got := FormatDuration(in); got != want {
			t.Errorf("FormatDuration(%s) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "d"))
		if rapid.Bool().Draw(t, "round") {
			d = d.Truncate(time.Hour)
		}
		if got, err := ParseDuration(FormatDuration(d)); got != d || err != nil {
			t.Fatalf("%d is formatted as %q, and parsed again as %d, %v", d, FormatDuration(d), got, err)
		}
	})
}

func TestParsePace(t *testing.T) {
	for in, want := range map[string]Pace{
		"": {}, "off": {}, "3/s": {Interval: time.Second / 3}, "90/m": {Interval: 666666667}, "500 / h": {Interval: 7200 * time.Millisecond},
		"250ms": {Interval: 250 * time.Millisecond}, "1s": {Interval: time.Second}, "0.5/s": {Interval: 2 * time.Second}, "1h": {Interval: time.Hour},
		"1000/s": {Interval: time.Millisecond},
	} {
		want.Text = in
		if got, err := ParsePace(in); got != want || err != nil {
			t.Errorf("ParsePace(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"0", "0/s", "fast", "3", "3/d", "-3/s", "1001/s", "2h", "0.1/h", "1us", "3/s/s"} {
		if got, err := ParsePace(in); err == nil {
			t.Errorf("ParsePace(%q) = %+v, want an error", in, got)
		}
	}
}

func TestParseBaseURL(t *testing.T) {
	good := map[string]string{
		"https://api.bird.com":            "https://api.bird.com",
		"https://api.bird.com/":           "https://api.bird.com",
		"HTTPS://API.Bird.com:443/V2//":   "https://api.bird.com/V2",
		"https://[::1]:8080/x":            "https://[::1]:8080/x",
		"http://127.0.0.1:80":             "http://127.0.0.1",
		"http://127.9.9.9:8080/bird":      "http://127.9.9.9:8080/bird",
		"http://[::1]:1":                  "http://[::1]:1",
		"http://LOCALHOST:1":              "http://localhost:1",
		"https://api.example.com:8443/a":  "https://api.example.com:8443/a",
		"https://api.example.com/a%2Fb/c": "https://api.example.com/a%2Fb/c",
		"https://api.example.com:/":       "https://api.example.com",
	}
	for in, want := range good {
		got, err := ParseBaseURL(in)
		if got != want || err != nil {
			t.Errorf("ParseBaseURL(%q) = %q, %v; want %q", in, got, err, want)
		}
		if again, err := ParseBaseURL(got); again != got || err != nil {
			t.Errorf("ParseBaseURL(%q) = %q, %v; want the same again", got, again, err)
		}
	}
	for in, reason := range map[string]string{
		"http://api.bird.com":                        "must be https",
		"http://localhost.evil.com":                  "must be https",
		"http://127.0.0.1.evil.com":                  "must be https",
		"http://127.1":                               "must be https",
		"http://0.0.0.0":                             "must be https",
		"http://[::ffff:127.0.0.1]":                  "must be https",
		"http://2130706433":                          "must be https",
		"https://user:hunter2@x.com":                 "user or password",
		"http://localhost@evil.com":                  "user or password",
		"https://x.com/?a=hunter2":                   "query or a fragment",
		"https://x.com?":                             "query or a fragment",
		"https://x.com#":                             "query or a fragment",
		"ftp://x.com":                                "full address",
		"api.bird.com/v2":                            "full address",
		"//api.bird.com":                             "full address",
		"https://":                                   "full address",
		"https:///x":                                 "full address",
		"https:x.com":                                "not a valid address",
		"https://x.com:99999":                        "port",
		"https://x.com:0":                            "port",
		"https://x.com/a/../b":                       "in its path",
		"https://x.com/%2e%2e/b":                     "in its path",
		"https://u:hunter2@x.com:bad/":               "not a valid address",
		"https://x.com/\x7f":                         "not a valid address",
		"https://x.com/" + strings.Repeat("a", 3000): "2048",
	} {
		got, err := ParseBaseURL(in)
		if err == nil || !strings.Contains(err.Error(), reason) || got != "" {
			t.Errorf("ParseBaseURL(%q) = %q, %v; want an error with %q", in, got, err, reason)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseBaseURL(%q) repeats a secret: %v", in, err)
		}
	}
	if IsLoopback("http://x.com") || IsLoopback(":") || !IsLoopback("https://localhost/x") {
		t.Error("IsLoopback is wrong for x.com, for no URL, or for localhost")
	}
}

func TestLooksSecret(t *testing.T) {
	for _, s := range []string{"sk-apik_1234567890", "sk_live_abcdefgh", "Bearer abcdef123", "eyJhbGciOiJIUzI1NiJ9.e30.x", "ghp_abcdefgh12345",
		"github_pat_abcdefgh", "xoxb-123456789", "0123456789abcdef0123456789abcdef", "AKIAIOSFODNN7EXAMPLE", "d41d8cd9-8f00-3204-a980-0998ecf8427e"} {
		if !looksSecret(s) {
			t.Errorf("looksSecret(%q) is false", s)
		}
		if got := redact("x " + s + " y"); strings.Contains(got, s) {
			t.Errorf("redact leaves the secret in %q", got)
		}
	}
	for _, s := range []string{"", "sales", "toggle_privacy", "ATTENTION_API_KEY_2024_EUROPE", "/home/somebody/2024/secrets/key1", "sketch", "replace_contacts_method",
		"12345678901234567890", "is:private sort:updated 2026"} {
		if looksSecret(s) {
			t.Errorf("looksSecret(%q) is true", s)
		}
	}
}

package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseBaseURL checks the address of a service and normalizes it: scheme and host in lower case, no default port, no
// trailing slash. It accepts https, and http to loopback (127.0.0.0/8, ::1, localhost). It refuses user, password, query,
// fragment and dot segments. "" stays "". Errors never repeat the address, because it may contain a password.
func ParseBaseURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if len(s) > 2048 {
		return "", errors.New("is longer than 2048 characters")
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return "", errors.New("is not a valid address")
	}
	u.Host = strings.ToLower(u.Host)
	host, port := u.Hostname(), u.Port()
	number, err := strconv.Atoi(port)
	standard, known := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	switch segments := strings.Split(u.Path, "/"); {
	case u.User != nil:
		return "", errors.New("must not hold a user or password; the credential belongs in credential")
	case strings.ContainsAny(s, "?#"):
		return "", errors.New("must not have a query or a fragment")
	case !known || host == "" || strings.ContainsAny(host, "% \\"):
		return "", errors.New(`must be a full address such as "https://api.example.com/v2"`)
	case u.Scheme == "http" && !loopbackHost(host):
		return "", errors.New("must be https; http is for loopback only (127.0.0.0/8, ::1, localhost)")
	case port != "" && (err != nil || number < 1 || number > 65535):
		return "", errors.New("has a port outside 1 to 65535")
	case slices.Contains(segments, ".") || slices.Contains(segments, ".."):
		return "", errors.New(`must not have "." or ".." in its path`)
	case port == standard || port == "":
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// IsLoopback reports whether the host of a URL is this machine: 127.0.0.0/8, ::1 or localhost.
func IsLoopback(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && loopbackHost(strings.ToLower(u.Hostname()))
}

func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Zone() == "" && !addr.Is4In6() && addr.IsLoopback()
}

var errDuration = errors.New(`must be a duration such as "90s", "2m", "36h", "180d" or "26w"`)

var (
	durationText = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h|d|w))+$`)
	daysOrWeeks  = regexp.MustCompile(`[0-9.]+[dw]`)
)

// ParseDuration reads a Go duration in which d (24 hours) and w (7 days) are units too: "1w2d12h". "0" needs no unit.
// Durations below 0 or above 292 years are errors. Errors never repeat the text.
func ParseDuration(s string) (time.Duration, error) {
	if s != "0" && (len(s) > 64 || !durationText.MatchString(s)) {
		return 0, errDuration
	}
	d, err := time.ParseDuration(daysOrWeeks.ReplaceAllStringFunc(s, func(part string) string {
		number, weeks := strings.CutSuffix(part, "w")
		if weeks {
			return strings.Repeat(number+"h", 7*24)
		}
		return strings.Repeat(strings.TrimSuffix(part, "d")+"h", 24)
	}))
	if err != nil {
		return 0, errors.New("is longer than 292 years")
	}
	return d, nil
}

// FormatDuration writes a duration as ParseDuration reads it, without trailing zero units: "180d", "2m", "1h30m", "0".
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// Pace limits how often requests are sent to the service of an account. The zero Pace is the default of the provider.
type Pace struct {
	Interval time.Duration // from one request to the next, minPace to maxPace; 0 if not set
	Text     string        // as ParsePace reads it; "off" is no limit, which Load allows on loopback only
}

const (
	minPace = time.Millisecond
	maxPace = time.Hour
)

var paceRate = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*/\s*(s|m|h)$`)

var errPace = errors.New(`must be "off", a rate such as "3/s", "90/m" or "500/h", or the time between requests such as "250ms"; ` +
	`from "1000/s" to "1h"`)

// ParsePace reads a pace: "" for the default of the provider, "off", requests per second, minute or hour ("3/s", "90/m",
// "500/h"), or the time between two requests ("250ms", "2s"). Errors never repeat the text.
func ParsePace(s string) (Pace, error) {
	if s == "" || s == "off" {
		return Pace{Text: s}, nil
	}
	interval, err := ParseDuration(s)
	if m := paceRate.FindStringSubmatch(s); m != nil {
		times, _ := strconv.ParseFloat(m[1], 64)
		unit, _ := ParseDuration("1" + m[2])
		every := math.Round(float64(unit) / times)
		interval, err = time.Duration(min(every, float64(2*maxPace))), nil
	}
	if err != nil || interval < minPace || interval > maxPace {
		return Pace{}, errPace
	}
	return Pace{Interval: interval, Text: s}, nil
}

package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errDuration = errors.New(`must be a duration such as "90s", "2m", "36h", "180d" or "26w"`)

var durationPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ns|us|µs|μs|ms|s|m|h|d|w)`)

var durationUnits = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// ParseDuration reads a Go duration that may also use d (24 hours) and w (7 days), "1w2d12h". "0" needs no unit.
// Negative durations and those above 292 years are errors. Errors never repeat the text.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if s == "" || len(s) > 64 {
		return 0, errDuration
	}
	var sum float64
	var exact time.Duration
	for rest := s; rest != ""; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, errDuration
		}
		rest = rest[len(m[0]):]
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, errDuration
		}
		unit := durationUnits[m[2]]
		sum += n * float64(unit)
		if sum >= math.MaxInt64 {
			return 0, errors.New("is longer than 292 years")
		}
		// Whole numbers are added exactly: a float64 holds 53 bits, a duration 63.
		if whole, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			exact += time.Duration(whole) * unit
		} else {
			exact += time.Duration(math.Round(n * float64(unit)))
		}
	}
	if exact < 0 {
		return 0, errors.New("is longer than 292 years")
	}
	return exact, nil
}

// FormatDuration writes a duration as ParseDuration reads it, without units that are zero: "180d", "2m", "1h30m", "0".
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	if d%(24*time.Hour) == 0 {
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Pace is how fast an account's service is asked. The zero Pace is the provider's own default.
type Pace struct {
	// Interval is the time from one request to the next, between a millisecond and an hour; 0 when not set.
	Interval time.Duration
	// Off means no pacing. Load allows it on loopback only.
	Off bool
}

// The longest and the shortest time between two requests that a Pace may ask for.
const (
	minPace = time.Millisecond
	maxPace = time.Hour
)

var paceRate = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*/\s*(s|m|h)$`)

var errPace = errors.New(`must be "off", a rate such as "3/s", "90/m" or "500/h", or the time between requests such as "250ms"; ` +
	`from "1000/s" to "1h"`)

// ParsePace reads a pace: "" (the provider's default), "off", requests per second, minute or hour ("3/s", "90/m",
// "500/h"), or the time between two requests ("250ms", "2s"). Errors never repeat the text.
func ParsePace(s string) (Pace, error) {
	switch s {
	case "":
		return Pace{}, nil
	case "off":
		return Pace{Off: true}, nil
	}
	var interval time.Duration
	if m := paceRate.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil || n <= 0 {
			return Pace{}, errPace
		}
		every := float64(durationUnits[m[2]]) / n
		if every > float64(maxPace) {
			return Pace{}, errPace
		}
		interval = time.Duration(math.Round(every))
	} else {
		d, err := ParseDuration(s)
		if err != nil {
			return Pace{}, errPace
		}
		interval = d
	}
	if interval < minPace || interval > maxPace {
		return Pace{}, errPace
	}
	return Pace{Interval: interval}, nil
}

// String writes the pace as ParsePace reads it: as a rate of up to 1000 where that is exact, else as a duration.
func (p Pace) String() string {
	switch {
	case p.Off:
		return "off"
	case p.Interval <= 0:
		return ""
	}
	for _, unit := range []string{"s", "m", "h"} {
		n := math.Round(float64(durationUnits[unit]) / float64(p.Interval))
		if n >= 1 && n <= 1000 && time.Duration(math.Round(float64(durationUnits[unit])/n)) == p.Interval {
			return fmt.Sprintf("%.0f/%s", n, unit)
		}
	}
	return FormatDuration(p.Interval)
}

package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const morning = 8 * time.Hour

// ParseWhen parses a future time as people write it: 2h, 14:30, monday.
func ParseWhen(text string, now time.Time) (time.Time, error) {
	s, short := strings.ToLower(strings.TrimSpace(text)), CleanLine(text, 40)
	bad := fmt.Errorf("%q is no time: try 2h, 3d, 14:30, tomorrow, monday or 2026-12-31", short)
	y, mo, d := now.Date()
	on := func(days int, clock time.Time) time.Time {
		return time.Date(y, mo, d+days, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	dawn := time.Time{}.Add(morning)
	switch s {
	case "":
		return time.Time{}, bad
	case "tomorrow":
		return on(1, dawn), nil
	case "week", "next week":
		s = "monday"
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(s) >= 2 && strings.HasPrefix(strings.ToLower(day.String()), s) {
			return on((int(day)-int(now.Weekday())+6)%7+1, dawn), nil
		}
	}
	for layout, at := range map[string]time.Duration{
		"2006-01-02 15:04": 0, "2006-01-02T15:04": 0, time.RFC3339: 0, time.DateOnly: morning} {
		t, err := time.ParseInLocation(layout, strings.TrimSpace(text), now.Location())
		if t = t.Add(at); err == nil && !t.After(now) {
			return t, fmt.Errorf("%s is in the past", short)
		}
		if err == nil {
			return t, nil
		}
	}
	if clock, err := time.Parse("15:04", s); err == nil {
		if at := on(0, clock); at.After(now) {
			return at, nil
		}
		return on(1, clock), nil
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	exact := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour}[s[len(s)-1]]
	days := map[byte]int{'d': 1, 'w': 7}[s[len(s)-1]]
	switch {
	case err != nil || n <= 0 || n > 10_000 || exact == 0 && days == 0:
		return time.Time{}, bad
	case days > 0:
		return now.AddDate(0, 0, n*days), nil
	}
	return now.Add(time.Duration(n) * exact), nil
}

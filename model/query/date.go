package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// DateRange is a span of time, fixed to the calendar or relative to now. A
// bound that is not set is open.
type DateRange struct {
	from, to bound
}

// bound is one end of a span: the instant itself belongs to the later side.
type bound struct {
	kind boundKind
	// n is a count of units back from now (ago), or of days from today (day).
	n    int
	unit byte // of ago: m h d w M y
	// y, m, d is a date of the calendar (date).
	y, m, d int
	// after moves the bound by a millisecond, the smallest step of a subject.
	after bool
	ms    int64 // of fixed
}

type boundKind uint8

const (
	open boundKind = iota
	date
	day
	ago
	fixed
)

// Bounds gives the span in Unix milliseconds: from is in it, to is not.
// math.MinInt64 and math.MaxInt64 stand for open ends. Days, weeks, months
// and years are those of the calendar in loc (nil is UTC); hours and minutes
// are exact.
func (r *DateRange) Bounds(now time.Time, loc *time.Location) (from, to int64) {
	if loc == nil {
		loc = time.UTC
	}
	from, to = math.MinInt64, math.MaxInt64
	if r == nil {
		return from, to
	}
	if r.from.kind != open {
		from = r.from.milli(now, loc)
	}
	if r.to.kind != open {
		to = r.to.milli(now, loc)
	}
	return from, to
}

// fix gives the same span without need of a clock or a calendar.
func (r *DateRange) fix(now time.Time, loc *time.Location) *DateRange {
	from, to := r.Bounds(now, loc)
	return &DateRange{from: bound{kind: fixed, ms: from}, to: bound{kind: fixed, ms: to}}
}

func (b bound) milli(now time.Time, loc *time.Location) int64 {
	var t time.Time
	switch b.kind {
	case fixed:
		return b.ms
	case date:
		t = startOfDay(b.y, time.Month(b.m), b.d, loc)
	case day:
		y, m, d := now.In(loc).Date()
		t = startOfDay(y, m, d+b.n, loc)
	case ago:
		switch b.unit {
		case 'm':
			t = now.Add(-time.Duration(b.n) * time.Minute)
		case 'h':
			t = now.Add(-time.Duration(b.n) * time.Hour)
		case 'd':
			t = now.In(loc).AddDate(0, 0, -b.n)
		case 'w':
			t = now.In(loc).AddDate(0, 0, -7*b.n)
		case 'M':
			t = now.In(loc).AddDate(0, -b.n, 0)
		case 'y':
			t = now.In(loc).AddDate(-b.n, 0, 0)
		}
	}
	ms := t.UnixMilli()
	if b.after {
		ms++
	}
	return ms
}

// startOfDay gives the first instant of a day. Where the clock is moved at
// midnight, time.Date may give the evening before or the second midnight.
func startOfDay(y int, m time.Month, d int, loc *time.Location) time.Time {
	wall := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	const aDay = 24 * 60 * 60
	before := time.Unix(wall-aDay, 0).In(loc)
	_, early := before.Zone()
	_, late := time.Unix(wall+aDay, 0).In(loc).Zone()
	for _, offset := range [2]int{max(early, late), min(early, late)} {
		t := time.Unix(wall-int64(offset), 0).In(loc)
		if _, o := t.Zone(); o == offset {
			return t
		}
	}
	// There is no midnight: the day begins where the clock jumps over it.
	_, end := before.ZoneBounds()
	return end
}

// maxAgo bounds the count of a relative date: far before any conversation,
// and far from overflow.
const maxAgo = 99999

// parseDate reads the value of updated: and created:. On failure msg says why.
func parseDate(s string) (r *DateRange, msg, suggestion string) {
	if from, to, ok := strings.Cut(s, ".."); ok {
		return parseSpan(from, to)
	}
	op := ""
	for _, o := range []string{"<=", ">=", "<", ">"} {
		if strings.HasPrefix(s, o) {
			op = o
			break
		}
	}
	rest := s[len(op):]
	if b, ok := parseAgo(rest); ok {
		if b.n > maxAgo {
			return nil, fmt.Sprintf("at most %d can be counted back", maxAgo), ""
		}
		switch op {
		case "<":
			b.after = true
			return &DateRange{from: b}, "", ""
		case "<=":
			return &DateRange{from: b}, "", ""
		case ">":
			return &DateRange{to: b}, "", ""
		case ">=":
			b.after = true
			return &DateRange{to: b}, "", ""
		}
		return nil, "an age needs < (younger than) or > (older than)", "<" + rest
	}
	first, next, msg := parseDay(rest)
	if msg != "" {
		if op == "" {
			op = "<"
		}
		return nil, msg, ageSuggestion(op, rest)
	}
	switch op {
	case "<":
		return &DateRange{to: first}, "", ""
	case "<=":
		return &DateRange{to: next}, "", ""
	case ">":
		return &DateRange{from: next}, "", ""
	case ">=":
		return &DateRange{from: first}, "", ""
	}
	return &DateRange{from: first, to: next}, "", ""
}

func parseSpan(from, to string) (r *DateRange, msg, suggestion string) {
	r = &DateRange{}
	if from == "" && to == "" {
		return nil, "a span needs a date on at least one side of the dots", ""
	}
	var last bound
	if from != "" {
		if r.from, _, msg = parseDay(from); msg != "" {
			return nil, msg, ""
		}
	}
	if to != "" {
		if last, r.to, msg = parseDay(to); msg != "" {
			return nil, msg, ""
		}
	}
	if r.from.kind == date && last.kind == date && r.from.number() >= r.to.number() {
		return nil, "the span ends before it begins", to + ".." + from
	}
	return r, "", ""
}

func (b bound) number() int { return b.y*10000 + b.m*100 + b.d }

// ageSuggestion helps with units written out ("7days", "2 months").
func ageSuggestion(op, s string) string {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	unit := strings.TrimSuffix(strings.TrimSpace(s[digits:]), "s")
	short, ok := map[string]string{"min": "m", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}[unit]
	if digits == 0 || digits > 5 || !ok {
		return ""
	}
	return op + s[:digits] + short
}

// parseAgo reads a count and a unit: m h d w mo y.
func parseAgo(s string) (bound, bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return bound{}, false
	}
	b := bound{kind: ago}
	switch s[digits:] {
	case "m", "h", "d", "w", "y":
		b.unit = s[digits]
	case "mo":
		b.unit = 'M'
	default:
		return bound{}, false
	}
	n, err := strconv.Atoi(s[:digits])
	if err != nil {
		n = math.MaxInt
	}
	b.n = n
	return b, true
}

// parseDay reads a day, month or year and gives where it begins and where the
// next one begins.
func parseDay(s string) (first, next bound, msg string) {
	switch s {
	case "today":
		return bound{kind: day}, bound{kind: day, n: 1}, ""
	case "yesterday":
		return bound{kind: day, n: -1}, bound{kind: day}, ""
	}
	parts := strings.Split(s, "-")
	if len(parts) > 3 {
		parts = nil
	}
	var n [3]int
	for i, p := range parts {
		width := 2
		if i == 0 {
			width = 4
		}
		v, err := strconv.Atoi(p)
		if err != nil || len(p) != width || p[0] < '0' || p[0] > '9' {
			parts = nil
			break
		}
		n[i] = v
	}
	if parts == nil {
		return first, next, "a date is 2026-01-31, 2026-01, 2026, today, yesterday, or an age like <7d (m h d w mo y)"
	}
	at := func(t time.Time) bound { return bound{kind: date, y: t.Year(), m: int(t.Month()), d: t.Day()} }
	switch len(parts) {
	case 1:
		n[1], n[2] = 1, 1
	case 2:
		n[2] = 1
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC)
	if n[0] == 0 || t.Year() != n[0] || int(t.Month()) != n[1] || t.Day() != n[2] {
		return first, next, "the calendar has no " + s
	}
	end := t.AddDate(0, 0, 1)
	switch len(parts) {
	case 1:
		end = t.AddDate(1, 0, 0)
	case 2:
		end = t.AddDate(0, 1, 0)
	}
	return at(t), at(end), ""
}

// DateFrom reads a date as updated: takes it, without a sign, and gives where
// it begins.
func DateFrom(s string, now time.Time, loc *time.Location) (time.Time, bool) {
	first, _, msg := parseDay(strings.ToLower(s))
	if msg != "" {
		return time.Time{}, false
	}
	return time.UnixMilli(first.milli(now, loc)), true
}

package query

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
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
	unit *unit // of ago
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

// unit is a unit of an age: an exact length, or months and days of the calendar.
type unit struct {
	name, help   string
	exact        time.Duration
	months, days int
}

var units = []unit{
	{name: "d", help: "days", days: 1}, {name: "h", help: "hours", exact: time.Hour}, {name: "w", help: "weeks", days: 7},
	{name: "mo", help: "months", months: 1}, {name: "y", help: "years", months: 12}, {name: "m", help: "minutes", exact: time.Minute},
}

// before returns the time that lies n units before another.
func (u *unit) before(t time.Time, n int) time.Time {
	if u.exact > 0 {
		return t.Add(-time.Duration(n) * u.exact)
	}
	return t.AddDate(0, -n*u.months, -n*u.days)
}

// Bounds returns the span in Unix milliseconds: from is in it, to is not.
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

// fix returns the same span without need of a clock or a calendar.
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
		t = b.unit.before(now.In(loc), b.n)
	}
	ms := t.UnixMilli()
	if b.after {
		ms++
	}
	return ms
}

// startOfDay returns the first instant of a day. Where the clock is moved at
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

// maxAgo bounds the count of an age, far from overflow.
const maxAgo = 99999

// parseDate reads the value of updated: and created:. On failure msg says why.
func parseDate(s string) (r *DateRange, msg, suggestion string) {
	if from, to, ok := strings.Cut(s, ".."); ok {
		return parseSpan(from, to)
	}
	rest := strings.TrimLeft(s, "<>=")
	op := s[:len(s)-len(rest)]
	if !slices.Contains([]string{"", "<", "<=", ">", ">="}, op) {
		return nil, noDate, ""
	}
	if b, ok := parseAgo(rest); ok {
		// What is younger than an age was later than the moment that lies so far back.
		b.after = op == "<" || op == ">="
		switch {
		case b.n > maxAgo:
			return nil, fmt.Sprintf("at most %d can be counted back", maxAgo), ""
		case op == "":
			return nil, "an age needs < (younger than) or > (older than)", "<" + rest
		case op[0] == '<':
			return &DateRange{from: b}, "", ""
		}
		return &DateRange{to: b}, "", ""
	}
	first, next, msg := parseDay(rest)
	if msg != "" {
		return nil, msg, ageSuggestion(cmp.Or(op, "<"), rest)
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
	rest := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(rest)]
	word := strings.TrimSuffix(strings.TrimSpace(rest), "s")
	if word == "min" {
		word = "minute"
	}
	i := slices.IndexFunc(units, func(u unit) bool { return u.help == word+"s" })
	if digits == "" || len(digits) > 5 || i < 0 {
		return ""
	}
	return op + digits + units[i].name
}

// parseAgo reads a count and a unit.
func parseAgo(s string) (bound, bool) {
	name := strings.TrimLeft(s, "0123456789")
	i := slices.IndexFunc(units, func(u unit) bool { return u.name == name })
	if i < 0 || len(name) == len(s) {
		return bound{}, false
	}
	n, err := strconv.Atoi(s[:len(s)-len(name)])
	if err != nil {
		n = math.MaxInt
	}
	return bound{kind: ago, n: n, unit: &units[i]}, true
}

// noDate explains what a date is made of.
const noDate = "a date is 2026-01-31, 2026-01, 2026, today, yesterday, or an age like <7d (m h d w mo y)"

// parseDay reads a day, month or year: where it begins, and where the next does.
func parseDay(s string) (first, next bound, msg string) {
	switch s {
	case "today":
		return bound{kind: day}, bound{kind: day, n: 1}, ""
	case "yesterday":
		return bound{kind: day, n: -1}, bound{kind: day}, ""
	}
	var m []string
	if m = calendarDate.FindStringSubmatch(s); m == nil {
		return first, next, noDate
	}
	text, end := s, [3]int{0, 0, 1}
	switch {
	case m[1] == "":
		text, end = s+"-01-01", [3]int{1, 0, 0}
	case m[2] == "":
		text, end = s+"-01", [3]int{0, 1, 0}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() == 0 {
		return first, next, "the calendar has no " + s
	}
	at := func(t time.Time) bound { return bound{kind: date, y: t.Year(), m: int(t.Month()), d: t.Day()} }
	return at(t), at(t.AddDate(end[0], end[1], end[2])), ""
}

var calendarDate = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2})?(-[0-9]{2})?$`)

// DateFrom reads a date as updated: takes it, without a sign, and returns where
// it begins.
func DateFrom(s string, now time.Time, loc *time.Location) (time.Time, bool) {
	first, _, msg := parseDay(strings.ToLower(s))
	if msg != "" {
		return time.Time{}, false
	}
	return time.UnixMilli(first.milli(now, loc)), true
}

package query

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// DateRange is a span of time, fixed to the calendar or relative to now. Each end may be open.
type DateRange struct {
	from, to bound
	last     atomic.Pointer[span] // what Bounds returned last, since many conversations are matched at one moment
}

// span is a DateRange at a moment, in Unix milliseconds.
type span struct {
	now      time.Time
	loc      *time.Location
	from, to int64
}

// bound is one end of a span. The instant itself belongs to the later side.
type bound struct {
	kind  boundKind
	n     int       // units before now (ago), or days after today (day)
	unit  int64     // of ago: its length in milliseconds
	after bool      // of ago: one millisecond later, which is the resolution of subjects
	date  time.Time // of date: midnight UTC of a day in the calendar
}

type boundKind uint8

const (
	open boundKind = iota
	date
	day
	ago
)

// ageUnit is a unit of an age. Its length is exact: a month is 30 days and a year 365, whatever the calendar says.
type ageUnit struct {
	name, help string
	length     time.Duration
}

var units = []ageUnit{
	{"d", "days", 24 * time.Hour}, {"h", "hours", time.Hour}, {"w", "weeks", 7 * 24 * time.Hour},
	{"mo", "months", 30 * 24 * time.Hour}, {"y", "years", 365 * 24 * time.Hour}, {"m", "minutes", time.Minute},
}

// Bounds returns the span in Unix milliseconds. It includes from and excludes to; an open end is math.MinInt64 or
// math.MaxInt64. Dates, today and yesterday are days of the calendar in loc (nil is UTC).
func (r *DateRange) Bounds(now time.Time, loc *time.Location) (from, to int64) {
	if r == nil {
		return math.MinInt64, math.MaxInt64
	}
	loc = cmp.Or(loc, time.UTC)
	at := r.last.Load()
	if at == nil || at.now != now || at.loc != loc {
		at = &span{now, loc, r.from.milli(now, loc, math.MinInt64), r.to.milli(now, loc, math.MaxInt64)}
		r.last.Store(at)
	}
	return at.from, at.to
}

// milli returns the bound in Unix milliseconds, or unset if it is open.
func (b bound) milli(now time.Time, loc *time.Location, unset int64) int64 {
	switch b.kind {
	case open:
		return unset
	case date:
		return startOfDay(b.date, loc).UnixMilli()
	case day:
		y, m, d := now.In(loc).Date()
		return startOfDay(time.Date(y, m, d+b.n, 0, 0, 0, 0, time.UTC), loc).UnixMilli()
	}
	ms := now.UnixMilli() - int64(b.n)*b.unit
	if b.after {
		ms++
	}
	return ms
}

// startOfDay returns the first instant of a day, given as midnight UTC, in a zone. Where clocks are changed at midnight,
// time.Date may return the evening before or the second midnight.
func startOfDay(date time.Time, loc *time.Location) time.Time {
	wall := date.Unix()
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
	// The day has no midnight: it begins when the clock is set forward past it.
	_, end := before.ZoneBounds()
	return end
}

// maxAgo bounds the count of an age, far below an overflow.
const maxAgo = 99999

// parseDate reads the value of updated: and created:. The caller adds the position to its errors.
func parseDate(s string) (*DateRange, *Error) {
	if from, to, ok := strings.Cut(s, ".."); ok {
		return parseSpan(from, to)
	}
	rest := strings.TrimLeft(s, "<>=")
	op := s[:len(s)-len(rest)]
	if !slices.Contains([]string{"", "<", "<=", ">", ">="}, op) {
		return nil, &Error{Message: dateHelp}
	}
	if b, ok := parseAgo(rest); ok {
		// "Younger than" excludes the moment that is exactly so long ago.
		b.after = op == "<" || op == ">="
		switch {
		case b.n > maxAgo:
			return nil, &Error{Message: fmt.Sprintf("at most %d can be counted back", maxAgo)}
		case op == "":
			return nil, &Error{Message: "an age needs < (younger than) or > (older than)", Suggestion: "<" + rest}
		case op[0] == '<':
			return &DateRange{from: b}, nil
		}
		return &DateRange{to: b}, nil
	}
	first, next, err := parseDay(rest)
	if err != nil {
		err.Suggestion = ageSuggestion(cmp.Or(op, "<"), rest)
		return nil, err
	}
	switch op {
	case "<":
		return &DateRange{to: first}, nil
	case "<=":
		return &DateRange{to: next}, nil
	case ">":
		return &DateRange{from: next}, nil
	case ">=":
		return &DateRange{from: first}, nil
	}
	return &DateRange{from: first, to: next}, nil
}

func parseSpan(from, to string) (r *DateRange, err *Error) {
	var last bound
	r = &DateRange{}
	if from != "" {
		r.from, _, err = parseDay(from)
	}
	if to != "" && err == nil {
		last, r.to, err = parseDay(to)
	}
	switch {
	case err != nil:
		return nil, err
	case from == "" && to == "":
		return nil, &Error{Message: "a span needs a date on at least one side of the dots"}
	case r.from.kind == date && last.kind == date && !r.from.date.Before(r.to.date):
		return nil, &Error{Message: "the span ends before it begins", Suggestion: to + ".." + from}
	}
	return r, nil
}

// ageSuggestion returns the right form of an age with the unit written out ("7days", "2 months"), or "".
func ageSuggestion(op, s string) string {
	rest := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(rest)]
	word := strings.TrimSuffix(strings.TrimSpace(rest), "s")
	if word == "min" {
		word = "minute"
	}
	i := slices.IndexFunc(units, func(u ageUnit) bool { return u.help == word+"s" })
	if digits == "" || len(digits) > 5 || i < 0 {
		return ""
	}
	return op + digits + units[i].name
}

// parseAgo reads a count and a unit.
func parseAgo(s string) (bound, bool) {
	name := strings.TrimLeft(s, "0123456789")
	i := slices.IndexFunc(units, func(u ageUnit) bool { return u.name == name })
	if i < 0 || len(name) == len(s) {
		return bound{}, false
	}
	n, err := strconv.Atoi(s[:len(s)-len(name)])
	if err != nil {
		n = math.MaxInt
	}
	return bound{kind: ago, n: n, unit: units[i].length.Milliseconds()}, true
}

const dateHelp = "a date is 2026-01-31, 2026-01, 2026, today, yesterday, or an age like <7d (m h d w mo y)"

var calendarDate = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2})?(-[0-9]{2})?$`)

// parseDay reads a day, month or year and returns where it begins and where the next one begins.
func parseDay(s string) (first, next bound, err *Error) {
	switch s {
	case "today":
		return bound{kind: day}, bound{kind: day, n: 1}, nil
	case "yesterday":
		return bound{kind: day, n: -1}, bound{kind: day}, nil
	}
	m := calendarDate.FindStringSubmatch(s)
	if m == nil {
		return first, next, &Error{Message: dateHelp}
	}
	text, years, months, days := s, 0, 0, 1
	switch {
	case m[1] == "":
		text, years, days = s+"-01-01", 1, 0
	case m[2] == "":
		text, months, days = s+"-01", 1, 0
	}
	t, invalid := time.Parse(time.DateOnly, text)
	if invalid != nil || t.Year() == 0 {
		return first, next, &Error{Message: "the calendar has no " + s}
	}
	return bound{kind: date, date: t}, bound{kind: date, date: t.AddDate(years, months, days)}, nil
}

// DateFrom reads an age or a date without a sign, as updated: takes it, and returns the moment so long ago, or where the date
// begins.
func DateFrom(s string, now time.Time, loc *time.Location) (time.Time, bool) {
	s = strings.ToLower(s)
	first, ok := parseAgo(s)
	if day, _, err := parseDay(s); !ok && err == nil {
		first, ok = day, true
	}
	if !ok || first.n > maxAgo {
		return time.Time{}, false
	}
	return time.UnixMilli(first.milli(now, loc, 0)), true
}

// Clock holds the terms of a query whose answer for an unchanged conversation may change as time passes.
type Clock []*Term

// Clock returns the terms of the query that depend on the time.
func (q Query) Clock() Clock {
	var out Clock
	q.root.anyTerm(func(t *Term) bool {
		if t.isWord(IsSnoozed) || t.Date.moves() {
			out = append(out, t)
		}
		return false
	})
	return out
}

// Changes returns a moment after now, in Unix milliseconds, until which the answer of the query for a conversation stays the
// same, or math.MaxInt64 if it never changes. It is the moment at which a term changes its answer, or the next local midnight.
func (c Clock) Changes(s *Subject, now time.Time, loc *time.Location) int64 {
	at := int64(math.MaxInt64)
	if s.Flags&FlagTombstone != 0 {
		return at
	}
	for _, t := range c {
		if t.Date == nil {
			if s.SnoozedUntil > now.UnixMilli() {
				at = min(at, s.SnoozedUntil)
			}
		} else if known := t.of.at(s); known != 0 {
			at = min(at, t.Date.from.passes(known, now, cmp.Or(loc, time.UTC)), t.Date.to.passes(known, now, cmp.Or(loc, time.UTC)))
		}
	}
	return at
}

// moves reports whether an end of the span is relative to the present.
func (r *DateRange) moves() bool { return r != nil && (r.from.kind >= day || r.to.kind >= day) }

// passes returns the first moment after now at which the bound may have moved past a time.
func (b bound) passes(at int64, now time.Time, loc *time.Location) int64 {
	switch b.kind {
	case ago:
		if left := at - b.milli(now, loc, 0); left >= 0 {
			return now.UnixMilli() + left + 1
		}
	case day:
		// The date changes at midnight, or, where clocks are changed around midnight, with the clocks.
		const aDay = 24 * 60 * 60
		_, offset := now.In(loc).Zone()
		wall := now.Unix() + int64(offset)
		next := now.Unix() + aDay - (wall%aDay+aDay)%aDay
		if _, end := now.In(loc).ZoneBounds(); !end.IsZero() {
			next = min(next, end.Unix())
		}
		return next * 1000
	}
	return math.MaxInt64
}

package query

import (
	"math"
	"time"
)

// Clock is what of a query may change its answer for one and the same
// conversation with time alone. It is empty where nothing does.
type Clock []*Term

// Clock returns the terms of the query that change with time.
func (q Query) Clock() Clock {
	var out Clock
	q.root.any(func(t *Term) bool {
		if t.isWord(IsSnoozed) || t.Date.moves() {
			out = append(out, t)
		}
		return false
	})
	return out
}

// Changes returns a moment after now, in Unix milliseconds, before which the
// answer of the query for a conversation stays what it is now. It is the moment
// at which a term of the query changes its answer or, where the calendar of loc
// is irregular, one shortly before it; ok is false where there is none.
func (c Clock) Changes(s *Subject, now time.Time, loc *time.Location) (at int64, ok bool) {
	if s.Flags&FlagTombstone != 0 {
		return 0, false
	}
	if loc == nil {
		loc = time.UTC
	}
	at = never
	for _, t := range c {
		if t.Date == nil {
			if s.SnoozedUntil > now.UnixMilli() {
				at = min(at, s.SnoozedUntil)
			}
		} else if known := t.of.at(s); known != 0 {
			at = min(at, t.Date.from.passes(known, now, loc), t.Date.to.passes(known, now, loc))
		}
	}
	return at, at != never
}

// never is later than any moment.
const never = math.MaxInt64

// moves reports whether a bound of the span follows the clock.
func (r *DateRange) moves() bool { return r != nil && (r.from.moves() || r.to.moves()) }

func (b bound) moves() bool { return b.kind == day || b.kind == ago }

// zoneSlack is more than two clocks of one place can differ: zones lie between
// 12 hours behind and 14 before, and some went from one to the other.
const zoneSlack = 27 * time.Hour

// passes returns the first moment after now at which the bound may lie on the
// other side of a time.
func (b bound) passes(at int64, now time.Time, loc *time.Location) int64 {
	if !b.moves() {
		return never
	}
	here, moment := b.milli(now, loc), now.UnixMilli()
	if b.kind == ago && b.unit.exact > 0 {
		if at < here {
			return never
		}
		return moment + at - here + 1
	}
	// How far the bound lies behind the clock varies by less than this.
	slack := 2 * zoneSlack
	switch {
	case b.kind == day:
		slack += 24 * time.Hour
	case b.unit.months > 0:
		slack += 7 * 24 * time.Hour // months of 28 to 31 days, and days that a month lacks
	}
	gap := at - here
	switch {
	case gap > slack.Milliseconds():
		return moment + gap - slack.Milliseconds()
	case gap < -slack.Milliseconds():
		return never
	}
	next := b.irregular(now.In(loc))
	if b.kind == ago && gap >= 0 {
		next = min(next, moment+gap+1)
	}
	return next
}

// irregular returns the first moment after now from which the bound may no
// longer keep its distance to the clock: midnight, a change of the clock now,
// or one where the bound lies.
func (b bound) irregular(now time.Time) int64 {
	const aDay = 24 * 60 * 60
	_, offset := now.Zone()
	wall := now.Unix() + int64(offset)
	seconds := now.Unix() + aDay - (wall%aDay+aDay)%aDay
	if _, end := now.ZoneBounds(); !end.IsZero() {
		seconds = min(seconds, end.Unix())
	}
	if b.kind == day {
		return seconds * 1000
	}
	there := b.unit.before(time.Unix(wall, 0).UTC(), b.n)
	// Where a clock is set, local times are read by the offset before or after:
	// which of them changes at that moment, or at what either clock shows then.
	far := there.Add(2 * zoneSlack)
	for z := there.Add(-2 * zoneSlack).In(now.Location()); ; {
		_, end := z.ZoneBounds()
		if end.IsZero() || end.After(far) {
			return seconds * 1000
		}
		_, before := z.Zone()
		_, after := end.Zone()
		for _, o := range [3]int{0, before, after} {
			if d := end.Unix() + int64(o) - there.Unix(); d > 0 {
				seconds = min(seconds, now.Unix()+d)
			}
		}
		z = end
	}
}

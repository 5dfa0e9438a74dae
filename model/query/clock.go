package query

import (
	"cmp"
	"math"
	"time"
)

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
// same. It is the moment at which a term changes its answer, or an earlier one if the calendar of loc is irregular in between.
// ok is false if the answer never changes.
func (c Clock) Changes(s *Subject, now time.Time, loc *time.Location) (at int64, ok bool) {
	if s.Flags&FlagTombstone != 0 {
		return 0, false
	}
	loc, at = cmp.Or(loc, time.UTC), never
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

const never = math.MaxInt64

// moves reports whether an end of the span is relative to the present.
func (r *DateRange) moves() bool { return r != nil && (r.from.moves() || r.to.moves()) }

func (b bound) moves() bool { return b.kind == day || b.kind == ago }

// zoneSlack is more than the offset of one zone can change: offsets lie between -12 and +14 hours, and a few zones changed from
// one end of that range to the other.
const zoneSlack = 27 * time.Hour

// passes returns the first moment after now at which the bound may have moved past a time.
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
	// slack is more than the distance between the bound and the present can vary.
	slack := 2 * zoneSlack
	switch {
	case b.kind == day:
		slack += 24 * time.Hour
	case b.unit.months > 0:
		slack += 7 * 24 * time.Hour // months have 28 to 31 days
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

// irregular returns the first moment after now from which the bound may no longer keep its distance from the present. That may
// happen at midnight, when clocks are changed, and when the bound reaches a time at which clocks were changed.
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
	// Near a change of clocks, a local time may be read with the offset before or after it. Which of the two applies may change
	// when the bound reaches the moment of the change, or the local time of that moment by either offset.
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

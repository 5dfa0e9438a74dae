package query_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model/query"
)

// zones have days without midnight and days with two, a day that is missing, half hours, and clocks that were set back over
// midnight.
var zones = []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kwajalein"}

// Until the moment that Changes returns, the answer of the query stays the same, in every zone and at any time.
func TestClockChangesReturnsNoLaterMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		clock := genClock(loc).Draw(t, "now")
		age := rapid.OneOf(rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprint(rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op"), rapid.IntRange(0, 40).Draw(t, "n"),
				rapid.SampledFrom([]string{"m", "h", "d", "w", "mo", "y"}).Draw(t, "unit"))
		}), rapid.SampledFrom([]string{"today", "yesterday", "<today", ">yesterday", "2026..today", "<2026-01-31"})).Draw(t, "age")
		q := parse(t, rapid.SampledFrom([]string{"updated:", "-created:", "-is:snoozed updated:"}).Draw(t, "field")+age)

		// The subject has a time close to a bound of the query, or to where the bound will be within 100 hours.
		from, to := parse(t, "updated:"+age).Root().Term.Date.Bounds(clock.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "ahead"))*time.Hour), loc)
		edge := from
		if age[0] == '>' || from < 0 && to < 1<<50 {
			edge = to
		}
		at := edge + rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64Range(-100_000_000, 100_000_000)).Draw(t, "off")
		s := &query.Subject{Updated: at, Created: at, SnoozedUntil: rapid.SampledFrom([]int64{0, clock.UnixMilli() + 5_000_000}).Draw(t, "snooze")}

		answer := q.Match(s, clock, loc)
		next := q.Clock().Changes(s, clock, loc)
		if next <= clock.UnixMilli() {
			t.Fatalf("%s at %v: Changes returned %v, which is not later", q, clock, time.UnixMilli(next).In(loc))
		}
		next = min(next, clock.AddDate(1, 0, 0).UnixMilli())
		for range 60 {
			then := time.UnixMilli(rapid.OneOf(rapid.Int64Range(clock.UnixMilli(), next-1), rapid.Int64Range(max(clock.UnixMilli(), next-100), next-1),
				rapid.Int64Range(clock.UnixMilli(), min(clock.UnixMilli()+100_000_000, next-1))).Draw(t, "then"))
			if q.Match(s, then, loc) != answer {
				t.Fatalf("%s: the answer is %t at %v and should stay until %v, but differs at %v, for a conversation of %v", q, answer, clock, time.UnixMilli(next).In(loc), then.In(loc), time.UnixMilli(at).In(loc))
			}
		}
	})
}

// genClock draws moments, many of them close to a change of clocks.
func genClock(loc *time.Location) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		day := time.Date(rapid.IntRange(2005, 2027).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), 12, 0, 0, 0, loc)
		if _, end := day.ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "beside a change") {
			day = end.AddDate(0, 0, rapid.SampledFrom([]int{0, 1, 7, 14, 30}).Draw(t, "later"))
		}
		return day.Add(time.Duration(rapid.Int64Range(-100_000_000, 100_000_000).Draw(t, "milliseconds")) * time.Millisecond)
	})
}

// For an age, Changes returns the very moment at which the answer changes; for a day, at the most each midnight before it.
func TestClockChangesTakesFewSteps(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"updated:<7d": 1, "updated:yesterday..": 2, "updated:>30d": 1, "updated:today": 1, "updated:<today": 1, "updated:<1mo": 1, "updated:<2h": 1, "is:snoozed": 1} {
		q := parse(t, text)
		s := &query.Subject{Updated: now.UnixMilli(), SnoozedUntil: now.Add(time.Hour).UnixMilli()}
		clock := now
		for range want {
			clock = time.UnixMilli(q.Clock().Changes(s, clock, loc))
		}
		if before := clock.Add(-time.Millisecond); q.Match(s, now, loc) != q.Match(s, before, loc) || q.Match(s, now, loc) == q.Match(s, clock, loc) {
			t.Errorf("%s: after %d steps, at %v, the answer has not just changed", text, want, clock)
		}
	}
	for _, text := range []string{"acme", "updated:2026-01..2026-02", "created:<2026", "is:done"} {
		if len(parse(t, text).Clock()) > 0 {
			t.Errorf("%s does not depend on the time, but Clock returned terms", text)
		}
	}
}

package query_test

import (
	"math"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have no zones

	"confab/model/query"
)

func TestDateFromReadsAgesAndDates(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"36h": "2026-03-30 00:00", "2w": "2026-03-17 12:00", "1MO": "2026-03-01 12:00",
		"1y": "2025-03-31 12:00", "2026-01": "2026-01-01 00:00", "Yesterday": "2026-03-30 00:00", "99999m": "2026-01-21 01:21",
		"100000m": "", "99999999999999999999d": "", "<7d": "", "": ""} {
		from, ok := query.DateFrom(text, now, time.UTC)
		if got := from.UTC().Format("2006-01-02 15:04"); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %s, %v, want %q", text, got, ok, want)
		}
	}
}

func TestDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) int64 {
		if s == "" {
			return 0
		}
		v, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMilli()
	}
	// Clocks are set forward on 2026-03-29 in Berlin.
	today := time.UnixMilli(at("2026-03-31 10:00"))
	for _, c := range []struct{ date, from, to string }{
		{"2026-01-31", "2026-01-31 00:00", "2026-02-01 00:00"},
		{"2026-02", "2026-02-01 00:00", "2026-03-01 00:00"},
		{"2024", "2024-01-01 00:00", "2025-01-01 00:00"},
		{"<2026-01-31", "", "2026-01-31 00:00"},
		{"<=2026-01-31", "", "2026-02-01 00:00"},
		{">2026-01-31", "2026-02-01 00:00", ""},
		{">=2026-01-31", "2026-01-31 00:00", ""},
		{">2026-01", "2026-02-01 00:00", ""},
		{"<2026", "", "2026-01-01 00:00"},
		{"2026-01..2026-02", "2026-01-01 00:00", "2026-03-01 00:00"},
		{"2026-03-29..2026-03-29", "2026-03-29 00:00", "2026-03-30 00:00"},
		{"2025..2026-02-03", "2025-01-01 00:00", "2026-02-04 00:00"},
		{"..2026-02", "", "2026-03-01 00:00"},
		{"2026-02..", "2026-02-01 00:00", ""},
		{"yesterday..today", "2026-03-30 00:00", "2026-04-01 00:00"},
		{"today", "2026-03-31 00:00", "2026-04-01 00:00"},
		{"yesterday", "2026-03-30 00:00", "2026-03-31 00:00"},
		{"<today", "", "2026-03-31 00:00"},
		{">yesterday", "2026-03-31 00:00", ""},
		{">7d", "", "2026-03-24 09:00"}, // ages are exact, in spite of the change of clocks
		{">1w", "", "2026-03-24 09:00"},
		{">168h", "", "2026-03-24 09:00"},
		{">90m", "", "2026-03-31 08:30"},
		{">1y", "", "2025-03-31 10:00"},
		{">3mo", "", "2025-12-31 09:00"},
	} {
		q := parse(t, "updated:"+c.date)
		for range 2 { // the second time, the bounds are remembered
			from, to := q.Root().Term.Date.Bounds(today, berlin)
			if c.from == "" && from != math.MinInt64 || c.from != "" && from != at(c.from) ||
				c.to == "" && to != math.MaxInt64 || c.to != "" && to != at(c.to) {
				t.Errorf("%s: got %v to %v, want %q to %q", c.date, time.UnixMilli(from).In(berlin), time.UnixMilli(to).In(berlin), c.from, c.to)
			}
		}
	}
}

func TestAgesLeaveNoGapAndNoOverlap(t *testing.T) {
	edge := now.AddDate(0, 0, -7)
	for _, c := range []struct {
		age  string
		want [3]bool // a millisecond before the edge, on it, a millisecond after
	}{
		{"<7d", [3]bool{false, false, true}},
		{"<=7d", [3]bool{false, true, true}},
		{">7d", [3]bool{true, false, false}},
		{">=7d", [3]bool{true, true, false}},
	} {
		for i, want := range c.want {
			s := &query.Subject{Created: edge.UnixMilli() + int64(i) - 1}
			if got := parse(t, "created:"+c.age).Match(s, now, nil); got != want {
				t.Errorf("%s, %d ms from the edge: got %v", c.age, i-1, got)
			}
		}
	}
}

// If clocks are changed at midnight, a day may begin at one o'clock, midnight may come twice, or a day may be missing.
func TestStartOfDayWhenClocksChangeAtMidnight(t *testing.T) {
	for _, c := range []struct{ zone, day, from, to string }{
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"},
		{"America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"},
		{"America/Havana", "2025-03-09", "2025-03-09T05:00:00Z", "2025-03-10T04:00:00Z"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", "2026-01-01T10:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, to := parse(t, "created:"+c.day).Root().Term.Date.Bounds(now, loc)
		if f, u := time.UnixMilli(from).UTC().Format(time.RFC3339), time.UnixMilli(to).UTC().Format(time.RFC3339); f != c.from || u != c.to {
			t.Errorf("%s in %s: got %s to %s, want %s to %s", c.day, c.zone, f, u, c.from, c.to)
		}
	}
}

// Ages in hours are exact even in an hour that comes twice.
func TestHoursAreExact(t *testing.T) {
	loc, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2005, 2, 20, 2, 0, 0, 0, time.UTC) // of summer time: 23:00 comes a second time
	for minutes := range 120 {
		clock := end.Add(time.Duration(minutes-60) * time.Minute).In(loc)
		from, _ := parse(t, "updated:<=0h").Root().Term.Date.Bounds(clock, loc)
		if from != clock.UnixMilli() {
			t.Errorf("0 hours before %v: got %v", clock, time.UnixMilli(from).In(loc))
		}
	}
}

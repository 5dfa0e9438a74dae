package model_test

import (
	"strings"
	"testing"
	"time"

	"confab/model"
)

func TestTimesToSnoozeUntil(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"90m": "Fri 20 Nov 11:30", "2h": "Fri 20 Nov 12:00", "3d": "Mon 23 Nov 10:00", "2W": "Fri 4 Dec 10:00",
		"14:30": "Fri 20 Nov 14:30", "9:00": "Sat 21 Nov 09:00", " Tomorrow ": "Sat 21 Nov 08:00",
		"mon": "Mon 23 Nov 08:00", "friday": "Fri 27 Nov 08:00", "next week": "Mon 23 Nov 08:00",
		"2026-12-31": "Thu 31 Dec 08:00", "2026-12-31 14:30": "Thu 31 Dec 14:30", "2026-12-31T14:30:00+02:00": "Thu 31 Dec 12:30",
	} {
		if at, err := model.ParseWhen(text, now); err != nil || at.UTC().Format("Mon 2 Jan 15:04") != want {
			t.Errorf("%q is %v, error %v; want %s", text, at, err, want)
		}
	}
	for text, want := range map[string]string{"": "is no time", "soon": "is no time", "0d": "is no time", "-2h": "is no time", "2y": "is no time",
		"d": "is no time", "2é": "is no time", "2026-01-31": "is in the past", "2026-11-20 09:59": "is in the past"} {
		if at, err := model.ParseWhen(text, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, error %v; want an error that it %s", text, at, err, want)
		}
	}
}

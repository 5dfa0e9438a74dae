package theme

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Number writes a count with commas.
func Number(n int) string { return model.Number(n) }

// Count writes a count with its noun: "1 edit", "2 edits".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}

// Need says how many edits need a person: "1 needs you", "2 need you".
func Need(n int) string {
	if n == 1 {
		return "1 needs you"
	}
	return Number(n) + " need you"
}

// CountChanges counts the changes of a set: "1 added, 2 kept".
func CountChanges(added, removed, changed, kept int) string {
	var parts []string
	for i, n := range []int{added, removed, changed, kept} {
		if n > 0 {
			parts = append(parts, Number(n)+" "+[]string{"added", "removed", "changed", "kept"}[i])
		}
	}
	return strings.Join(parts, ", ")
}

// CountEach returns the different texts of a sequence in their order, and how often each occurs.
func CountEach(all iter.Seq[string]) (each []string, n []int) {
	for s := range all {
		i := slices.Index(each, s)
		if i < 0 {
			i, each, n = len(each), append(each, s), append(n, 0)
		}
		n[i]++
	}
	return each, n
}

// Commas joins the parts that are not empty.
func Commas(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// TitleOf returns the title of a conversation, or its ref if it has none, in at most so many runes.
func TitleOf(title string, ref model.Ref, most int) string {
	return cmp.Or(model.CleanLine(title, most), model.CleanLine(ref.String(), most))
}

// Pick returns yes if the condition holds, else no.
func Pick[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// Around returns a text between two others, or "" if the text is empty.
func Around(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// LastChange returns when a conversation was last updated, or when it was created if the service doesn't say.
func LastChange(c *model.Conversation) time.Time { return cmp.Or(c.Updated, c.Created) }

// Clock writes a time in the zone of now, "" for the zero time. Its layout depends on whether it is today, this year, or
// another year.
func Clock(t, now time.Time, today, year, other string) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	switch {
	case t.Year() != now.Year():
		return t.Format(other)
	case t.YearDay() != now.YearDay():
		return t.Format(year)
	}
	return t.Format(today)
}

// When writes a time in the shortest clear form: the time of day if it is today, with the weekday within six days, else
// the date.
func When(t, now time.Time) string {
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return Clock(t, now, "15:04", "Mon 15:04", "Mon 15:04")
	}
	return Clock(t, now, "15:04", "2 Jan", "2 Jan 2006")
}

// Day writes a time in at most six cells: the time of day if it is today, the weekday within six days, else the date. An
// age would be short too, but would have to be redrawn every minute.
func Day(t, now time.Time) string {
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return Clock(t, now, "15:04", "Mon", "Mon")
	}
	return Clock(t, now, "15:04", "2 Jan", "Jan'06")
}

// WhenInWords is When with a word for today and yesterday: "today 11:08", "yesterday 17:40".
func WhenInWords(t, now time.Time) string {
	local := t.In(now.Location())
	words := map[string]string{now.AddDate(0, 0, -1).Format(time.DateOnly): "yesterday ", now.Format(time.DateOnly): "today "}
	if word, ok := words[local.Format(time.DateOnly)]; ok {
		return word + local.Format("15:04")
	}
	return When(t, now)
}

// Moment writes a time with its date: "today 03:09", "Fri 20 Nov 15:30", and the year if it is another.
func Moment(t, now time.Time) string {
	return Clock(t, now, "today 15:04", "Mon 2 Jan 15:04", "Mon 2 Jan 2006 15:04")
}

func span(d time.Duration) string {
	m := int(d.Round(time.Minute).Minutes())
	switch {
	case d <= 0:
		return ""
	case m == 0:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m%60 == 0:
		return fmt.Sprintf("%d h", m/60)
	}
	return fmt.Sprintf("%d h %d min", m/60, m%60)
}

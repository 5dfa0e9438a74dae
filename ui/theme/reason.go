package theme

import (
	"cmp"
	"strings"
	"time"

	"confab/model"
)

// Clock writes a time, "" for none, in the zone of now and in the layout for a time
// of today, of this year, or of another.
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

// When writes a time as short as it is clear: a clock today, the weekday too
// within a week, else the date.
func When(t, now time.Time) string {
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return Clock(t, now, "15:04", "Mon 15:04", "Mon 15:04")
	}
	return Clock(t, now, "15:04", "2 Jan", "2 Jan 2006")
}

// Day writes a time in at most six cells: a clock today, the weekday within a week, else
// the date. It never says how long ago, which would have to tick.
func Day(t, now time.Time) string {
	if now.Sub(t).Abs() < 6*24*time.Hour {
		return Clock(t, now, "15:04", "Mon", "Mon")
	}
	return Clock(t, now, "15:04", "2 Jan", "Jan'06")
}

// Said is When with a word for today and yesterday: "today 11:08", "yesterday 17:40".
func Said(t, now time.Time) string {
	const day = time.DateOnly
	switch local := t.In(now.Location()); local.Format(day) {
	case now.Format(day):
		return "today " + local.Format("15:04")
	case now.AddDate(0, 0, -1).Format(day):
		return "yesterday " + local.Format("15:04")
	}
	return When(t, now)
}

// Reason says why an edit needs a person, or what it waits for, with the
// service's own words; "" where it is simply on its way.
func (t *Theme) Reason(e model.OutboxEntry, now time.Time) string {
	said, theirs := e.Error.Words(), ""
	if e.Theirs != nil {
		theirs = ": now " + t.Value(e.Kind, *e.Theirs)
	}
	switch e.State {
	case model.Refused:
		if said = cmp.Or(e.Error.Quote(), said); said != "" {
			said = ": " + said
		}
		return "refused" + said
	case model.Held:
		return cmp.Or(said, "it was queued a while ago, and was not sent since")
	case model.InConflict:
		return cmp.Or(said, "somebody else changed it meanwhile") + theirs
	case model.NotVerified:
		return cmp.Or(said, "the service accepted the change but does not show it") + theirs
	case model.OutcomeNotKnown:
		return cmp.Or(said, "it left without a clear answer, and may have arrived")
	case model.RetryAt, model.Queued:
		return waits(e, said, now)
	}
	return ""
}

// Ending says how a submission ended or how far it is.
func (t *Theme) Ending(s model.Submission, now time.Time) string {
	if s.Waiting > 0 && s.Waiting == s.Edits && s.Sending == 0 && s.Problem == nil {
		return "queued"
	}
	return s.Ending(func(at time.Time) string { return When(at, now) })
}

// Progress is Ending with the reason where something waits or needs a person.
func (t *Theme) Progress(s model.Submission, now time.Time) string {
	reason := ""
	if s.Problem != nil {
		reason = t.Reason(*s.Problem, now)
	}
	switch {
	case reason == "":
		return t.Ending(s, now)
	case s.Waiting == s.Edits:
		return reason
	}
	return t.Ending(s, now) + ": " + strings.TrimPrefix(reason, "waits: ")
}

// waiting says what an edit of an account waits for, where confab's own words are
// shorter than those of the error.
var waiting = map[model.ErrorKind]string{
	model.Unavailable:  " can't be reached",
	model.RateLimited:  " asked to wait",
	model.Unauthorized: " does not take the credential",
	model.ConflictKind: " refused it as things are now",
}

// waits says what an edit on its way waits for, until when, and then in the
// words of the service where it gave some.
func waits(e model.OutboxEntry, said string, now time.Time) string {
	if e.Error == nil || e.State == model.Queued && e.NextTry.IsZero() {
		return said // "", an earlier edit, or this program
	}
	next := When(e.NextTry, now)
	if words, ok := waiting[e.Error.Kind]; ok {
		said = model.CleanLine(e.Ref.Account, 40) + words
	}
	switch {
	case e.Error.Kind == model.UnknownOutcome:
		said = "no clear answer yet"
		if next != "" {
			said += ": it is read again " + next
		}
	case next != "":
		said += ", next try " + next
	}
	if text := model.CleanLine(e.Error.Message, 300); text != "" && e.Error.Status != nil {
		said += `: "` + text + `"`
		if hint := model.CleanLine(e.Error.Hint, 200); hint != "" {
			said += ", " + hint
		}
	}
	return "waits: " + said
}

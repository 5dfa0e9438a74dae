package theme

import (
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
	if age := now.Sub(t); age > -6*24*time.Hour && age < 6*24*time.Hour {
		return Clock(t, now, "15:04", "Mon 15:04", "Mon 15:04")
	}
	return Clock(t, now, "15:04", "2 Jan", "2 Jan 2006")
}

// Reason says why an edit needs a person, or what it waits for, with the
// service's own words; "" where it is simply on its way.
func (t *Theme) Reason(e model.OutboxEntry, now time.Time) string {
	said := e.Error.Words()
	switch e.State {
	case model.Refused:
		if said != "" {
			said = ": " + said
		}
		return "refused" + said
	case model.Held:
		return orElse(said, "it was queued a while ago, and was not sent since")
	case model.InConflict, model.NotVerified:
		if e.State == model.InConflict {
			said = orElse(said, "somebody else changed it meanwhile")
		}
		said = orElse(said, "the service accepted the change but does not show it")
		if e.Theirs != nil {
			said += ": now " + t.Value(e.Kind, *e.Theirs)
		}
		return said
	case model.OutcomeNotKnown:
		return orElse(said, "it left without a clear answer, and may have arrived")
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
	return t.Ending(s, now) + ": " + reason
}

// waits says what an edit on its way waits for, until when, and then in the
// words of the service where it gave some.
func waits(e model.OutboxEntry, said string, now time.Time) string {
	if e.Error == nil {
		return ""
	}
	if e.State == model.Queued && e.NextTry.IsZero() {
		return said // an earlier edit, or this program
	}
	next := ""
	if !e.NextTry.IsZero() {
		next = ", next try " + When(e.NextTry, now)
	}
	account := model.CleanLine(e.Ref.Account, 40)
	switch e.Error.Kind {
	case model.Unavailable:
		said = account + " can't be reached"
	case model.RateLimited:
		said = account + " asked to wait"
	case model.Unauthorized:
		said = account + " does not take the credential"
	case model.ConflictKind:
		said = account + " refused it as things are now"
	case model.UnknownOutcome:
		said = "no clear answer yet"
		if next != "" {
			next = ": it is read again " + When(e.NextTry, now)
		}
	}
	words := ""
	if text := model.CleanLine(e.Error.Message, 300); text != "" && e.Error.Status != nil {
		words = ": \"" + text + "\""
		if hint := model.CleanLine(e.Error.Hint, 200); hint != "" {
			words += ", " + hint
		}
	}
	return "waits: " + said + next + words
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

package theme

import (
	"testing"
	"time"

	"confab/model"
)

func TestReasonAndProgress(t *testing.T) {
	th := New(Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	theirs := model.TextValue("Their\x1b[31m title")
	entry := func(s model.EditState, kind model.ErrorKind, said string) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{Kind: model.EditTitle, Ref: model.Ref{Account: "support", ID: "1"}}, State: s,
			Error: &model.EntryError{Kind: kind, Message: said}}
	}
	later := func(s model.EditState, kind model.ErrorKind) model.OutboxEntry {
		e := entry(s, kind, "dial tcp: refused")
		e.NextTry = now.Add(4 * time.Minute)
		return e
	}
	conflict := entry(model.InConflict, model.ConflictKind, "the title was changed by somebody else meanwhile")
	conflict.Theirs = &theirs
	refused := entry(model.Refused, model.Forbidden, "you may not")
	refused.Error.Code, refused.Error.RequestID = "NoRole", "7f3a"
	expired := later(model.RetryAt, model.Unauthorized)
	status := 401
	expired.Error = &model.EntryError{Kind: model.Unauthorized, Status: &status, Message: "Your password has expired.", Hint: "change it on the web"}
	const behind = "waits for the earlier change of its title, which needs you: held"
	for want, e := range map[string]model.OutboxEntry{
		"": {State: model.Sending},
		`refused: "you may not" (NoRole, request 7f3a)`:                                                                   refused,
		"refused: there is no call for this":                                                                              entry(model.Refused, model.Unsupported, "there is no call for this"),
		`the title was changed by somebody else meanwhile: now "Their title"`:                                             conflict,
		"waits: support can't be reached, next try 12:58":                                                                 later(model.RetryAt, model.Unavailable),
		"waits: support asked to wait, next try 12:58":                                                                    later(model.Queued, model.RateLimited),
		"waits: no clear answer yet: it is read again 12:58":                                                              later(model.RetryAt, model.UnknownOutcome),
		`waits: support does not take the credential, next try 12:58: "Your password has expired.", change it on the web`: expired,
		behind:                      entry(model.Queued, model.Unavailable, behind),
		"it was queued a while ago": entry(model.Held, model.ConflictKind, "it was queued a while ago"),
		`the service accepted the change but does not show it: now "Their title"`: {Edit: conflict.Edit, State: model.NotVerified, Theirs: &theirs},
		"it left without a clear answer, and may have arrived":                    {State: model.OutcomeNotKnown},
	} {
		if got := th.Reason(e, now); got != want {
			t.Errorf("Reason of a %s edit = %q, want %q", e.State, got, want)
		}
	}
	some := later(model.RetryAt, model.RateLimited)
	for want, s := range map[string]model.Submission{
		"waits: support asked to wait, next try 12:58":                  {Edits: 7, Waiting: 7, Problem: &some},
		"2 delivered, 5 waiting: support asked to wait, next try 12:58": {Edits: 7, Waiting: 5, Delivered: 2, Problem: &some},
	} {
		if got := th.Progress(s, now); got != want {
			t.Errorf("Progress = %q, want %q", got, want)
		}
	}
}

func TestWhenIsTheShortestClearForm(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{"": {}, "08:00": now.Add(-294 * time.Minute), "Tue 12:54": now.AddDate(0, 0, -3),
		"20 Oct": now.AddDate(0, -1, 0), "20 Nov 2025": now.AddDate(-1, 0, 0)} {
		if got := When(at, now); got != want {
			t.Errorf("When(%s) = %q, want %q", at, got, want)
		}
	}
}

func TestDayTakesAtMostSixCells(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{"": {}, "08:00": now.Add(-294 * time.Minute), "Tue": now.AddDate(0, 0, -3), "Thu": now.AddDate(0, 0, -1),
		"13 Nov": now.AddDate(0, 0, -7), "Nov'25": now.AddDate(-1, 0, 0)} {
		if got := Day(at, now); got != want || len(got) > 6 {
			t.Errorf("Day(%s) = %q, want %q", at, got, want)
		}
	}
}

package theme

import (
	"testing"
	"time"

	"confab/model"
)

func TestReasonsAreWordsForAPerson(t *testing.T) {
	th := New(Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	theirs := model.TextValue("Their\x1b[31m title")
	entry := func(s model.EditState, e *model.EntryError) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{Kind: model.EditTitle, Ref: model.Ref{Account: "support", ID: "1"}}, State: s, Error: e}
	}
	later := func(s model.EditState, e *model.EntryError) model.OutboxEntry {
		o := entry(s, e)
		o.NextTry = now.Add(4 * time.Minute)
		return o
	}
	conflict := entry(model.InConflict, &model.EntryError{Kind: model.ConflictKind, Message: "the title was changed by somebody else meanwhile"})
	conflict.Theirs = &theirs
	for want, e := range map[string]model.OutboxEntry{
		"": entry(model.Sending, nil),
		`refused: the service does not allow it: "you may not" (NoRole) [request 7f3a]`: entry(model.Refused, &model.EntryError{Kind: model.Forbidden, Message: "you may not", Code: "NoRole", RequestID: "7f3a"}),
		`refused: the service did not accept it: "Nope"`:                                entry(model.Refused, &model.EntryError{Kind: model.Invalid, Message: "Nope", Code: "Nope"}),
		"refused: there is no call for this":                                            entry(model.Refused, &model.EntryError{Kind: model.Unsupported, Message: "there is no call for this"}),
		"the title was changed by somebody else meanwhile: now \"Their title\"":         conflict,
		"waits: support can't be reached, next try 12:58":                               later(model.RetryAt, &model.EntryError{Kind: model.Unavailable, Message: "dial tcp: refused"}),
		"waits: support asked to wait, next try 12:58":                                  later(model.Queued, &model.EntryError{Kind: model.RateLimited}),
		"waits: no clear answer yet: it is read again 12:58":                            later(model.RetryAt, &model.EntryError{Kind: model.UnknownOutcome}),
		"waits for the earlier change of its title, which is held":                      entry(model.Queued, &model.EntryError{Kind: model.Unavailable, Message: "waits for the earlier change of its title, which is held"}),
	} {
		if got := th.Reason(e, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhenIsShort(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{"": {}, "08:00": now.Add(-294 * time.Minute), "Tue 12:54": now.AddDate(0, 0, -3), "20 Oct": now.AddDate(0, -1, 0), "20 Nov 2025": now.AddDate(-1, 0, 0)} {
		if got := When(at, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package model_test

import (
	"testing"
	"time"

	"confab/model"
)

func TestWhatIsNotConfirmedIsSaidInThePresent(t *testing.T) {
	for sentence, want := range map[string]string{
		"made 75 private":                        "making 75 private",
		"renamed “a” → “made 3, set 4”":          "renaming “a” → “made 3, set 4”",
		"made “Talk, made new” private":          "making “Talk, made new” private",
		"removed Bob in “x”, made it private":    "removing Bob in “x”, making it private",
		"set the access of “x” to open":          "setting the access of “x” to open",
		"cleared the description of 3":           "clearing the description of 3",
		"changed the privacy and title of “ x ”": "changing the privacy and title of “ x ”",
		"archived “x”":                           "archiving “x”",
		"":                                       "",
	} {
		if got := (model.Submission{Sentence: sentence, Edits: 1, Waiting: 1, Delivered: 1}).Words(); got != want {
			t.Errorf("%q is %q, want %q", sentence, got, want)
		}
	}
	undo := model.Submission{Sentence: "took back: made “x” private, renamed it", Undoes: "1", Edits: 1, Waiting: 1}
	if got := undo.Words(); got != "taking back: made “x” private, renamed it" {
		t.Error(got)
	}
}

func TestWhatIsConfirmedIsSaidInThePast(t *testing.T) {
	s := model.Submission{Sentence: "made 3 private", Edits: 3, Delivered: 1, NeedPerson: 2}
	if got := s.Words(); got != s.Sentence {
		t.Error(got)
	}
	s = model.Submission{Sentence: "made 3 private", Edits: 3, Withdrawn: 3}
	if got := s.Words(); got != "making 3 private" {
		t.Error(got)
	}
}

func TestEndingTellsWhatIsBeingSentAndConfirmed(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	for want, s := range map[string]model.Submission{
		"being sent":      {Edits: 1, Waiting: 1, Sending: 1},
		"confirmed 12:54": {Edits: 1, Delivered: 1, SettledAt: now, Undoes: "1"},
		"40 delivered 12:54, 2 being sent, 33 waiting": {Edits: 75, Delivered: 40, SettledAt: now, Waiting: 35, Sending: 2},
	} {
		if got := s.Ending(func(t time.Time) string { return t.Format("15:04") }); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package ui_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/ui"
)

func TestHangUpSavesWhatWasTyped(t *testing.T) {
	f := newFake(conversations(5)...)
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, f, ui.Options{}, 80, 24)
		d.press("t")
		k := tea.KeyPressMsg{Code: '!', Text: "!"}
		d.m.Update(k) // the rest after typing never comes
		if f.draft("title:attention-a:c00000") != "" {
			t.Fatal("the draft was written too early for this test")
		}
		d.send(ui.HangUp())
		if got := f.draft("title:attention-a:c00000"); got != "Talk 0 about budgets!" {
			t.Errorf("draft %q", got)
		}
		if !d.ended {
			t.Error("the program goes on")
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	f := newFake(conversations(5)...)
	f.news = make(chan chanEvent, 1)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	m := ui.New(ui.Options{Backend: f, SSH: true})
	err := ui.Run(ctx, m, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24), tea.WithoutSignalHandler())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

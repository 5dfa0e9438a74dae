package ui_test

import "testing"

func TestListShowsRows(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		t.Log("\n" + a.Text())
		a.Want("Talk 0 about budgets", "Inbox 60", "○ public", "● private", "1/60")
	})
}

package ui_test

import (
	"strings"
	"testing"
	"time"

	"confab/providers/sandbox"
)

func TestBirdConversationIsCreatedOnTheChosenChannel(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		r.Press("N")
		r.Press("enter") // Bird is the first account that can create
		r.Want("New conversation in ", "channel")
		r.Type("Returns of November")
		r.Press("tab", "enter")
		r.WaitFor("channels", time.Minute)
		r.Type("mailbox")
		r.Settle()
		r.Press("enter", "ctrl+s")
		r.Want(`create "Returns of November"`, "channel: ")
		r.Press("y")
		r.Wait(time.Minute)
		if w := strings.Join(r.writes(), "\n"); !strings.Contains(w, "POST") || !strings.Contains(w, `"channelId":"`) {
			t.Errorf("sent %s, want a POST with the channel", w)
		}
	})
}

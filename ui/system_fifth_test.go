package ui_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"confab/model/inbox"
	registry "confab/providers"
	"confab/providers/conformance/notes"
	"confab/providers/sandbox"
)

// A service that the screen does not know is listed, explained and edited like the others.
func TestAFifthServiceIsListedAndEdited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		box, err := sandbox.New(sandbox.Options{World: "notes", Files: notes.Files, Conversations: 5})
		if err != nil {
			t.Fatal(err)
		}
		a, s := box.Accounts("https://notes.example")[0], box.Of("notes")
		p, err := notes.Factory().Open(registry.Account{
			Name: a.Name, BaseURL: a.BaseURL, Credential: static(a.Credential), Transport: box.Transport(),
		})
		if err != nil {
			t.Fatal(err)
		}
		r := startSystem(t, []inbox.Account{{Provider: p}}, path, 140, 45)
		r.Want("board", "Note 4", "Note 0")
		r.Press("/")
		r.Type("provider:")
		r.Settle()
		r.Want("provider:notes", "provider:notes 5")
		r.retype("provider:notes id:n4")
		r.Press("enter")
		r.Wait(time.Second)

		r.Press("p")
		r.Wait(time.Minute)
		r.Want("Will be seen by  everybody who uses Notes")
		r.Press("y")
		r.Wait(time.Minute)
		if got := s.JSON("n4")["visibility"]; got != "public" {
			t.Errorf("the privacy of n4 is %s:\n%s", got, r.Text())
		}
		r.Press("t")
		r.retype("Renamed")
		r.Press("enter")
		r.Wait(time.Minute)
		if got := s.JSON("n4")["title"]; got != "Renamed" {
			t.Errorf("n4 is titled %q:\n%s", got, r.Text())
		}
		r.Press("P")
		r.Want("Person E4", "p4@example.com")
		r.Press("a")
		r.Type("p20@")
		r.WaitFor("Person U20", time.Minute)
		r.Press("enter", "ctrl+s")
		r.Want("Adds Person U20")
		r.Press("y")
		r.Wait(time.Minute)
		if got := s.JSON("n4")["people"].([]any); len(got) != 3 {
			t.Errorf("the participants of n4 are %v:\n%s", got, r.Text())
		}
		r.Press("e")
		r.Want("(•) public", "3 people", "off: the service can't do this")
		r.Press("esc", "D")
		r.Type("delete")
		r.Press("enter")
		r.Wait(time.Minute)
		if s.JSON("n4") != nil {
			t.Errorf("n4 was not deleted:\n%s", r.Text())
		}
	})
}

package ui_test

import (
	"strings"
	"testing"

	"confab/model"
)

// copyRows returns three rows: an ordinary one, a hostile one, and one with nothing to copy.
func copyRows() []model.Row {
	rows := conversations(3)
	for i := range rows {
		rows[i].Conversation.Contacts, rows[i].Conversation.Featured = model.Set[model.Participant]{}, nil
	}
	rows[0].Conversation.Title, rows[0].Conversation.URL = "Renewal [draft] *1*", "https://example.com/c/(0)?a=b c"
	rows[0].Conversation.Participants = model.SetOf(
		model.Participant{Kind: "user", ID: "1", Name: "Ann", Email: "ann@example.com"},
		model.Participant{Kind: "user", ID: "2", Name: "Ann again", Email: "ANN@example.com"},
		model.Participant{Kind: "contact", ID: "3", Identifier: "emailaddress=bob@example.com"},
		model.Participant{Kind: "contact", ID: "4", Identifier: "phonenumber=+4912"},
		model.Participant{Kind: "user", ID: "5", Email: "a@b.example, c@d.example"})
	rows[1].Conversation.Title, rows[1].Conversation.URL = "x](javascript:1)\n\x1b]52;c;aGk=\a[y &amp; <b>", "https://example.com/1"
	rows[1].Conversation.Participants = model.SetOf(model.Participant{Kind: "user", ID: "9", Email: "eve@example.com\x1b[31m"})
	rows[2].Conversation.Title, rows[2].Conversation.URL = "", "javascript:alert(1)"
	rows[2].Conversation.Participants = model.SetOf[model.Participant]()
	return rows
}

func TestCopyInEveryFormat(t *testing.T) {
	const first = `[Renewal \[draft\] \*1\*](https://example.com/c/%280%29?a=b%20c)`
	for _, tc := range []struct {
		typed           string
		one, said, many string // copied of the first row; shown for all; copied of all
	}{
		{"copy ref", "attention-a:c00000", "copied 3 refs", "attention-a:c00000\nbird-a:c00001\naskelephant-a:c00002"},
		{"copy title", "Renewal [draft] *1*", "copied 2 titles; 1 has none", "Renewal [draft] *1*\nx](javascript:1) [y &amp; <b>"},
		{"copy link", "https://example.com/c/(0)?a=b c", "copied 2 links; 1 has none", "https://example.com/c/(0)?a=b c\nhttps://example.com/1"},
		{"copy markdown", first, "copied 2 Markdown links; 1 has none",
			first + "\n" + `[x\](javascript:1) \[y \&amp; \<b\>](https://example.com/1)`},
		{"copy emails", "ann@example.com, bob@example.com", "copied the e-mails of 2 conversations; 1 has none",
			"ann@example.com, bob@example.com\neve@example.com"},
	} {
		with(t, newFake(copyRows()...), start{}, func(a *app) {
			a.Press(":")
			a.Type(tc.typed)
			a.Press("enter")
			if got := a.Copied(); got != tc.one {
				t.Errorf("%s copied %q, want %q", tc.typed, got, tc.one)
			}
			a.Press("*", ":")
			a.Type(tc.typed)
			a.Press("enter")
			if got := a.Copied(); got != tc.many {
				t.Errorf("%s of all copied\n%q, want\n%q", tc.typed, got, tc.many)
			}
			a.Want(tc.said)
		})
	}
	with(t, newFake(copyRows()...), start{}, func(a *app) {
		a.Press("C")
		a.Want("Copy: Renewal", "Markdown link")
		a.Press("e")
		a.Want("copied: ann@example.com, bob@example.com")
		a.Press("y")
		a.Want("copied: attention-a:c00000")
		a.Press("*", "Y")
		a.Want("copied 2 links; 1 has none")
		a.Press("esc", "G", "Y")
		a.Want("nothing was copied: there is no link here")
		a.Press(":")
		a.Type("copy mail")
		a.Press("enter")
		a.Want("nothing is copied as mail; there are ref, title, link, markdown, emails")
		a.Press(":")
		a.Type("copy m")
		a.Want("markdown")
		a.Press("esc")
	})
}

// People that a list does not hold are read first, and more than the clipboard takes is not copied.
func TestCopyingEmailsReadsThePeople(t *testing.T) {
	rows := conversations(2)
	rows[0].Conversation.Participants = model.Set[model.Participant]{}
	f := newFake(rows...)
	with(t, f, start{}, func(a *app) {
		before := f.count("Load")
		a.Press(":")
		a.Type("copy emails")
		a.Press("enter")
		if f.count("Load") == before {
			t.Error("the people were not read before copying")
		}
	})
	rows = conversations(400)
	for i := range rows {
		rows[i].Conversation.Title = strings.Repeat("a long title ", 20)
	}
	with(t, newFake(rows...), start{}, func(a *app) {
		a.Press("*", "C", "t")
		a.Want("nothing was copied: 400 titles are more than the 74 kB that terminals take")
		if a.Copied() != "" {
			t.Error("something was copied, want nothing")
		}
	})
}

// A pattern typed for several conversations is previewed on the loaded rows and makes a title for each.
func TestRenameEach(t *testing.T) {
	rows := conversations(6)
	rows[0].Conversation.Companies = []model.Named{{ID: "1", Name: "Acme"}}
	rows[1].Conversation.Companies = nil
	with(t, newFake(rows...), start{}, func(a *app) {
		a.Press("V", "2", "j", "t")
		a.Want("Rename: 3 conversations", "s/old/new/")
		a.Type("s/Talk")
		a.Want("the new text is missing")
		a.Press("enter")
		a.Want("the new text is missing")
		a.Type("/")
		a.Want("→  0 about budgets", "2 get a new title, 1 left out", "left out: the service can't do this")
		a.Type("Call/")
		a.Want("→ Call 0 about budgets")
		a.Press("ctrl+e", "ctrl+u")
		a.Type("{compny}")
		a.Want("did you mean {company}?")
		a.Press("ctrl+u")
		a.Type("{title} · {company}")
		a.Want("Talk 0 about budgets · Acme", "left out: no company is known", "1 get a new title, 2 left out")
		a.Press("enter")
		a.Want("can't: no company is known", `"Talk 0 about budgets · Acme"`)
		a.Press("n", "esc", "t")
		a.Want("{title} · {company}", "restored from your draft", "Talk 0 about budgets · Acme")
		a.Press("enter", "y")
		a.wantEdits("attention-a:c00000 title Talk 0 about budgets · Acme")
		a.WantNot("marked")
	})
	with(t, newFake(conversations(6)...), start{}, func(a *app) {
		a.Press("V", "j", ":")
		a.Type("rename s/Talk /No. /")
		a.Press("enter", "y")
		a.wantEdits("attention-a:c00000 title No. 0 about budgets", "bird-a:c00001 title No. 1 about budgets")
	})
	with(t, newFake(conversations(6)...), start{}, func(a *app) {
		a.Press("V", "j", "t")
		a.Type("same")
		a.Press("enter", "y")
		if !strings.Contains(a.Text(), "Are you sure?") {
			t.Errorf("the same title for two conversations does not ask a second time:\n%s", a.Text())
		}
		a.Press("y")
		a.wantEdits("attention-a:c00000 title same", "bird-a:c00001 title same")
	})
	with(t, newFake(conversations(6)...), start{}, func(a *app) { // for a single conversation the text is the title
		a.Press("t", "ctrl+u")
		a.Type("s/{title}/x/")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 title s/{title}/x/")
	})
}

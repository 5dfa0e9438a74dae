package ui_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

// line returns the message line.
func (r *system) line() string {
	lines := r.Lines()
	return strings.TrimSpace(lines[len(lines)-2])
}

func (r *system) wantLine(want string) {
	r.t.Helper()
	if got := r.line(); got != want {
		r.t.Errorf("the message line is %q, want %q", got, want)
	}
}

func (r *system) title(ref model.Ref) string { return r.row(ref).Conversation.Title }

// clock returns a time of today as the screen shows it.
func at(t time.Time) string { return t.UTC().Format("15:04") }

func TestMessageLineFollowsASubmissionToItsEnd(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		title := r.title(ref)
		r.find(ref)
		r.sb.SetLatency(2 * time.Second)
		r.Rush("p")
		r.wantLine("making “" + title + "” private · being sent")
		r.Wait(10 * time.Second)
		r.wantLine("made “" + title + "” private · delivered " + at(time.Now()) + " · u takes it back")
		r.Press("j") // dismisses the line, which has been shown long enough
		if strings.Contains(r.line(), "delivered") {
			r.t.Errorf("the line %q stays, want it dismissed", r.line())
		}
		// A newer message does not hide the outcome for good.
		r.Rush("t")
		r.retype("Renamed by hand")
		r.Rush("enter")
		r.Rush("Y")
		if strings.Contains(r.line(), "renam") {
			r.t.Errorf("the message line is %q, want the newer message", r.line())
		}
		r.Wait(15 * time.Second)
		r.Press("j")
		r.wantLine("renamed “" + title + "” → “Renamed by hand” · delivered " + at(time.Now()) + " · u takes it back")
	})
}

func TestMessageLineNamesTheKeyThatSettles(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		title := r.title(ref)
		r.find(ref)
		r.Resize(200, 45) // wide enough for the whole line
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
		r.Press("p")
		r.Wait(5 * time.Second)
		r.wantLine("making “" + title + "” private · needs you: refused: " +
			"\"you may not change this conversation\" (403) · ! settles it")
		r.Want("1 needs you (!)")
		r.Press("j")
		if strings.Contains(r.line(), "needs you") {
			r.t.Errorf("the line %q stays, want it dismissed", r.line())
		}
		r.Press("!")
		r.Want("Refused: "+title, "Refused: \"you may not change this conversation\" (403)", "r send again", "x discard")
		r.Press("r")
		r.Wait(5 * time.Second)
		r.wantLine("making “" + title + "” private · needs you: refused: " +
			"the service refused this here: you may not change this conversation · ! settles it")
		r.Press("!", "x", "y")
		r.wantLine("1 edit discarded")
		r.Press("j", "!")
		r.wantLine("nothing needs you")
	})
}

func TestMessageLineShowsAConflict(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		title := r.title(ref)
		r.find(ref)
		r.Press("t")
		r.retype("Mine")
		r.sb.Attention().Change(ref.ID, "title", "Theirs")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.wantLine("renaming “" + title + "” → “Mine” · needs you: " +
			"the title was changed by somebody else meanwhile: now \"Theirs\" · ! settles it")
		r.Press("!")
		r.Want("Conflict: ", "The title was changed by somebody else meanwhile. Nothing was sent.", "m send mine", "t keep theirs")
		r.Press("m")
		r.Wait(5 * time.Second)
		r.wantLine("renamed “" + title + "” → “Mine” · delivered " + at(time.Now()))
		if got := attributes(r.t, r.sb, ref.ID)["title"]; got != "Mine" {
			r.t.Errorf("the service has %v, want the old value", got)
		}
	})
}

func TestMessageLineSaysWhatASubmissionWaitsFor(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		title := r.title(ref)
		r.find(ref)
		r.sb.SetOffline("attention", true)
		r.Press("p")
		r.Wait(20 * time.Minute)
		out, err := r.inbox.Outbox(context.Background())
		if err != nil || len(out) != 1 {
			r.t.Fatalf("%+v %v", out, err)
		}
		r.wantLine("making “" + title + "” private · waits: sales can't be reached, next try " + at(out[0].NextTry))
		r.Press("Y") // a newer message replaces the line until the next key
		if strings.Contains(r.line(), "making") {
			r.t.Errorf("the message line is %q, want the newer message", r.line())
		}
		r.sb.SetOffline("attention", false)
		r.Press("j")
		r.Wait(6 * time.Minute)
		if want := "made “" + title + "” private · delivered "; !strings.HasPrefix(r.line(), want) {
			r.t.Errorf("the message line is %q", r.line())
		}
	})
}

// Undo takes back the newest act of any kind and names it. Pressed again, it asks before it changes a service.
func TestUndoTakesBackTheNewestActWhateverItWas(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{}, func(r *system) {
		call, chat := publicCall(r.t, r.sb), birdWith(r.t, r.sb, "public")
		was, other := r.title(call), r.title(chat)
		r.find(call)
		r.Press("t")
		r.retype("Renamed by hand")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.find(chat)
		r.sb.ResetRequests()
		r.Press("d")
		r.Wait(3 * time.Second)
		if !r.row(chat).Triage.Done {
			r.t.Fatal("the conversation is not done after d")
		}
		r.Press("u")
		r.wantLine("marked “" + other + "” done: taken back")
		if r.row(chat).Triage.Done {
			r.t.Error("the conversation is still done after undo")
		}
		r.wantWrites()
		r.Press("u")
		r.Want("Take back: renamed “"+was+"” → “Renamed by hand”", "Take this back?")
		r.wantWrites()
		r.Press("y")
		r.Wait(5 * time.Second)
		r.wantLine("took back: renamed “" + was + "” → “Renamed by hand” · confirmed " + at(time.Now()))
		if got := attributes(r.t, r.sb, call.ID)["title"]; got != was {
			r.t.Errorf("the service has %v, want the old value", got)
		}
		r.Press("u")
		r.wantLine("there is nothing to take back in this session")
	})
}

// mark filters the list down to some conversations and marks them.
func (r *system) mark(refs ...model.Ref) {
	var parts []string
	for _, ref := range refs {
		parts = append(parts, "id:"+ref.String())
	}
	r.Press("/", "ctrl+u")
	r.Type(strings.Join(parts, " OR "))
	r.Press("enter")
	r.Wait(time.Second)
	r.Press("*")
}

// The undo of several edits is a submission: nothing is called taken back before the service has confirmed it.
func TestUndoOfABulkWithARefusedEdit(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		var refs []model.Ref
		for _, id := range r.sb.Bird().IDs() {
			c := r.sb.Bird().JSON(id)
			if name, _ := c["name"].(string); len(refs) < 2 && c["visibility"] == "public" && c["status"] == "active" && plain(name) {
				refs = append(refs, model.Ref{Account: "support", ID: id})
			}
		}
		call := publicCall(r.t, r.sb)
		refs = append(refs, call)
		r.mark(refs...)
		r.Press("p", "y")
		r.Wait(10 * time.Second)
		r.Want("Made 3 private", "✓ delivered "+at(time.Now()), "u take the 3 back")
		r.Press("esc")
		r.wantLine("made 3 private · delivered " + at(time.Now()) + " · u takes it back")
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
		r.sb.SetLatency(2 * time.Second)
		r.Press("u")
		r.Wait(20 * time.Second)
		r.Want("Take back: made 3 private", "Take this back?", r.title(refs[0]), r.title(call))
		r.Press("y")
		r.Want("Taking back: made 3 private")
		r.WantNot("confirmed", "taken back")
		r.Wait(30 * time.Second)
		subs, err := r.inbox.Submissions(context.Background(), model.HistoryRequest{})
		if err != nil || len(subs) != 2 {
			r.t.Fatalf("%+v %v", subs, err)
		}
		now := at(subs[0].SettledAt)
		r.Want("Took back: made 3 private", "! "+r.title(call), `refused: "you may not change this conversation" (403)`,
			"✓ 2 confirmed "+now, "r retry the refused")
		r.Press("esc")
		want := "took back: made 3 private · 2 confirmed " + now + ", 1 needs you: refused: "
		if got := r.line(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " · ! settles it") {
			r.t.Errorf("the message line is %q", got)
		}
		r.Press("O")
		r.Want("Needs you 1", "History 1", "took back: made 3 private", "2 confirmed "+now+", 1 needs you", "made 3 private")
		if attributes(r.t, r.sb, call.ID)["private"] != true || r.sb.Bird().JSON(refs[0].ID)["visibility"] != "public" {
			r.t.Error("a service does not have the value from before the bulk")
		}
	})
}

// The undo of an edit that is being sent asks at once if its inverse is risky, waits for the edit, and takes it back.
func TestUndoOfAnEditBeingSent(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		title := r.title(ref)
		r.find(ref)
		r.sb.SetLatency(4 * time.Second)
		r.Rush("p")
		r.Rush("u")
		r.Want("Take back: made “"+title+"” private", "Being sent right now, and taken back after that: 1 edit", "Take this back?")
		r.Press("y")
		want := "taking back: made “" + title + "” private · waits for the earlier change of its privacy, which is being sent"
		if got := r.line(); !strings.HasPrefix(got, want) {
			r.t.Errorf("the message line is %q", got)
		}
		r.Wait(time.Minute)
		if got := attributes(r.t, r.sb, ref.ID)["private"]; got != false {
			r.t.Errorf("private is %v after the undo", got)
		}
		if got := r.line(); got != "took back: made “"+title+"” private · nothing had been changed" {
			r.t.Errorf("the message line is %q", got)
		}
	})
}

// Last week's bulk of 75 edits is one line of the history, and four keys take it back.
func TestLastWeeksBulkGoesBackWithFourKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sb := newSandbox(t, sandbox.Options{Conversations: 460})
		path := filepath.Join(dir, "confab.db")
		r := openSystem(t, sb, path, 140, 45)
		r.Wait(time.Minute)
		private := func() int {
			n := 0
			for _, id := range sb.Attention().IDs() {
				if attributes(t, sb, id)["private"] == true {
					n++
				}
			}
			return n
		}
		before := private()
		r.Press("/", "ctrl+u")
		r.Type("account:sales is:public")
		r.Press("enter")
		r.Wait(time.Second)
		r.Press("V", "7", "4", "j", "p", "y")
		r.Wait(90 * time.Second)
		r.Want("Made 75 private", "u take the 75 back")
		r.Press("esc")
		chat := birdWith(t, sb, "public")
		r.find(chat)
		r.Press("p")
		r.Wait(10 * time.Second)
		if n := private(); n != before+75 {
			t.Fatalf("%d conversations are private, %d were before", n, before)
		}
		r.close()
		time.Sleep(7 * 24 * time.Hour)
		r = openSystem(t, sb, path, 80, 24)
		r.Press("O", "j")
		r.Want("made 75 private", "delivered 1 Jan")
		r.Press("u")
		r.Wait(10 * time.Second)
		r.Want("Take back: made 75 private", "Take this back?")
		r.Press("y")
		r.Wait(90 * time.Second)
		r.Want("Took back: made 75 private", "✓ confirmed")
		if n := private(); n != before {
			t.Errorf("%d conversations are private, %d were before", n, before)
		}
		r.Press("esc")
		r.Want("delivered, taken back")
		subs, err := r.inbox.Submissions(context.Background(), model.HistoryRequest{})
		if err != nil || len(subs) != 3 {
			t.Errorf("%+v %v", subs, err)
		}
	})
}

// The key settles an edit of the row that needs the person, else of the next such row in the list, else of any.
func TestSettleGoesToTheNextRowThatNeedsThePerson(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		call, chat := publicCall(r.t, r.sb), birdWith(r.t, r.sb, "public")
		one, two := r.title(call), r.title(chat)
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
		r.find(call)
		r.Press("p")
		r.Wait(5 * time.Second)
		r.find(chat)
		r.Press("t")
		r.retype("Mine")
		r.sb.Bird().Change(chat.ID, "name", "Theirs")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.Press("!")
		r.Want("Conflict: " + two)
		r.Press("t")
		r.Wait(3 * time.Second)
		r.Press("!") // of a conversation that is not in this list
		r.Want("Refused: " + one)
		r.Press("esc", "esc", "g", "g", "!")
		r.Want("Refused: " + one)
		r.Press("x", "y")
		r.Wait(3 * time.Second)
		r.Press("!")
		r.wantLine("nothing needs you")
		r.Press("enter")
		r.Wait(2 * time.Second)
		r.Press("]", "]", "]")
		r.Want("No edits of this conversation were made here")
	})
}

func TestActivityListsSubmissions(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		call := publicCall(r.t, r.sb)
		title := r.title(call)
		r.find(call)
		r.Press("p")
		r.Wait(5 * time.Second)
		first := at(time.Now())
		r.Press("u")
		r.Wait(2 * time.Second)
		r.Press("y")
		r.Wait(5 * time.Second)
		r.Press("enter")
		r.Wait(2 * time.Second)
		r.Press("]", "]", "]")
		r.Want("made “"+title+"” private · delivered, taken back "+at(time.Now()),
			"took back: made “"+title+"” private · confirmed "+first, "by ada")
	})
}

// Without room the description is cut before the outcome.
func TestMessageLineKeepsTheOutcomeOnANarrowScreen(t *testing.T) {
	f := newFake(conversations(4)...)
	f.rows[0].Conversation.Title = "A conversation with quite a long title that nobody ever cut"
	with(t, f, start{w: 80, h: 24}, func(a *app) {
		a.Press("p")
		f.deliver()
		a.Settle()
		a.Want(" made “A conversation with quite a…” private · delivered 10:00 · u takes it back")
		a.Resize(40, 12)
		a.Want(" made “A con…” private · delivered 10:00")
		a.Press("j")
		a.WantNot("delivered")
		a.Resize(80, 24)
		a.Press("g", "g", "t")
		a.Type("!")
		a.Press("enter")
		a.Want(" renaming “A con…” → “A conversation with quite a long title that nob…” · queued")
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want(" renaming “A con…” → “A con…” · needs you: refused: \"you may not\" · ! settles it")
	})
}

// An undo key right after a triage key takes back that mark.
func TestUndoRightAfterATriageMark(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		call := publicCall(r.t, r.sb)
		r.find(call)
		title := r.title(call)
		r.Press("p")
		r.Wait(5 * time.Second)
		r.Rush("d", "u")
		r.Wait(3 * time.Second)
		r.wantLine("marked “" + title + "” done: taken back")
		if r.row(call).Triage.Done || attributes(r.t, r.sb, call.ID)["private"] != true {
			r.t.Error("the undo took back another act")
		}
	})
}

// An act that can't be undone says why. The next undo key is about the act before it, names it, and asks.
func TestUndoSkipsAnActThatCannotBeUndone(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		call := publicCall(r.t, r.sb)
		was := r.title(call)
		r.find(call)
		r.Press("t")
		r.retype("Renamed by hand")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.Press("A", "y")
		r.Wait(10 * time.Second)
		if got := r.line(); !strings.HasPrefix(got, "archived “Renamed by hand” · delivered ") || strings.Contains(got, "takes it back") {
			r.t.Errorf("the message line is %q", got)
		}
		r.Press("u")
		if got := r.line(); !strings.HasPrefix(got, "archived “Renamed by hand”: can't be taken back: ") {
			r.t.Errorf("the message line is %q", got)
		}
		r.Press("u")
		r.Want("Take back: renamed “"+was+"” → “Renamed by hand”", "Take this back?")
	})
}

// An event reads the followed submission and the open conversation, never the whole outbox.
func TestAnEventReadsOneSubmission(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("p", "u", "8", "j", "p")
		f.deliver()
		a.Settle()
		if n := a.count("Outbox") + a.count("Changed"); n != 0 {
			t.Errorf("the whole outbox was read %d times, want 0", n)
		}
		a.Press("j", "j")
		before := a.count("Submission")
		f.announce()
		a.Settle()
		if n := a.count("Submission") - before; n != 0 {
			t.Errorf("a submission that has ended and was shown was read %d more times, want 0", n)
		}
	})
}

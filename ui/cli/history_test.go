package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"confab/model"
)

func (b *bench) takesBack(withdraw ...string) {
	edit := model.Edit{Ref: roof, Kind: model.EditTitle, Base: model.TextValue("Mine"), Target: model.TextValue("Roof"), Undoes: "e0"}
	b.undo = model.Undo{Submission: "s0", Sentence: "renamed “Roof” → “Mine”", Withdraw: withdraw,
		Plan: model.Plan{ID: "u1", Items: []model.PlanItem{{Ref: roof, Title: "Mine", State: model.PlanChange, Edits: []model.Edit{edit}}}}}
}

func TestUndoIsPlannedAgainAfterItMovedOn(t *testing.T) {
	b := newBench(t)
	b.takesBack()
	b.moved = 1
	b.atTerminal("y\ny\n")
	b.want(t, ExitOK, "undo", "s0")
	if n := strings.Count(b.err.String(), "Take this back?"); n != 2 {
		t.Errorf("asked %d times, want 2", n)
	}
	contains(t, "stdout", &b.out, "To take back: renamed “Roof” → “Mine”", "done  projects:71  title: Mine → Roof")
	contains(t, "stderr", &b.err, "Some of it was sent or settled meanwhile")
	b.moved = 100
	b.want(t, ExitRefused, "undo", "s0", "--yes")
	contains(t, "stderr", &b.err, "Nothing was taken back")
}

// TestAnUndoThatMovedOnWithdrawsFirst holds that edits that are not sent leave the outbox before an undo is planned again, and are
// reported whatever the second answer is.
func TestAnUndoThatMovedOnWithdrawsFirst(t *testing.T) {
	for answers, want := range map[string]struct {
		code int
		says string
	}{"y\ny\n": {ExitOK, "done  projects:71  title: Mine → Roof"}, "y\nn\n": {ExitRefused, "Nothing else was taken back."}} {
		b := newBench(t)
		b.waits("e1", "s0", model.Queued)
		b.takesBack()
		b.later = &model.Undo{Submission: "s0", Sentence: b.undo.Sentence, Plan: b.undo.Plan}
		b.takesBack("e1")
		b.undo.Plan = model.Plan{}
		b.moved = 1
		b.atTerminal(answers)
		b.want(t, want.code, "undo", "s0")
		contains(t, "both", bytes.NewBufferString(b.out.String()+b.err.String()), "withdrawn  projects:71", want.says)
		if len(b.outbox) > 0 {
			t.Errorf("the outbox still holds %+v", b.outbox)
		}
	}
}

func TestUndoReportsWhatHappened(t *testing.T) {
	b := newBench(t)
	b.takesBack()
	b.undo.Blocked = []model.Blocked{{Title: "“Other”", Why: "deleting cannot be undone"}}
	b.want(t, ExitUsage, "undo", "s0")
	b.want(t, ExitRefused, "undo", "s0", "--yes")
	contains(t, "stdout", &b.out, "can't: “Other”: deleting cannot be undone", "done  projects:71")

	b.outcome = func(e model.OutboxEntry) model.OutboxEntry { e.State = model.Refused; return e }
	b.takesBack()
	b.want(t, ExitRefused, "undo", "s0", "--yes")
	if strings.Contains(b.out.String(), "taken back") {
		t.Errorf("an undo that the service refused is called taken back: %s", &b.out)
	}
	contains(t, "stdout", &b.out, "needs you: refused  projects:71")

	b = newBench(t)
	b.waits("e1", "s0", model.Queued)
	b.takesBack("e1")
	b.undo.Plan = model.Plan{}
	b.want(t, ExitOK, "undo", "s0", "--yes", "--json")
	contains(t, "stdout", &b.out, `"id":"e1"`, `"state":"withdrawn"`)
	b.undo = model.Undo{Blocked: []model.Blocked{{Title: "“Renewal”", Why: "it was taken back already"}}}
	b.want(t, ExitRefused, "undo", "s0", "--yes")
	b.undo = model.Undo{}
	b.want(t, ExitOK, "undo", "s0", "--yes")
	contains(t, "stderr", &b.err, "There is nothing to take back.")
	b.want(t, ExitRefused, "undo", "none", "--yes")
	contains(t, "stderr", &b.err, "confab: no edit none\n")
	b.takesBack()
	b.want(t, ExitOK, "undo", "s0", "--yes", "--no-wait")
	contains(t, "stdout", &b.out, "1 edit in the outbox")
	b.want(t, ExitOK, "undo", "s0", "--dry-run")
	contains(t, "stdout", &b.out, "PUT /c/71/title")
}

// TestEditsOfTheHistory holds that --edits prints the edits of a submission that are delivered, and those that are not, apart from
// those of other conversations.
func TestEditsOfTheHistory(t *testing.T) {
	b := newBench(t)
	b.waits("e2", "s1", model.Refused)
	elsewhere := b.outbox[0]
	elsewhere.ID, elsewhere.Ref.ID = "e3", "72"
	b.outbox = append(b.outbox, elsewhere)
	edit := model.Edit{ID: "e1", Submission: "s1", Ref: roof, Kind: model.EditTitle, Base: model.TextValue("Old"), Target: model.TextValue("Wanted")}
	b.journal = []model.JournalEntry{{Edit: edit, Before: model.TextValue("Was"), After: model.TextValue("Got"), State: model.Done, Undone: "e9",
		At: time.Unix(1000, 0)}}
	b.want(t, ExitOK, "history", "--edits", "projects:71")
	at := dateTime(time.Unix(1000, 0))
	printed := b.out.String()
	contains(t, "stdout", &b.out, "  e1\t"+at+"\tprojects:71  title: Was → Got\ttaken back by e9\n", "  e2\t-\tprojects:71  title: Roof → Mine\tneeds you: refused\n")
	if strings.Contains(printed, "projects:72") {
		t.Errorf("an edit of another conversation is printed:\n%s", printed)
	}
	b.program.Width = func() int { return 51 }
	b.want(t, ExitOK, "history", "--edits", "projects:71")
	contains(t, "a terminal", &b.out, at+"  title: Was ")
}

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"7d": now.Add(-7 * 24 * time.Hour), "2w": now.Add(-14 * 24 * time.Hour), "36h": now.Add(-36 * time.Hour),
		"2026-01-31": time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local), "2026-02": time.Date(2026, 2, 1, 0, 0, 0, 0, time.Local),
		"today": time.Date(2026, 3, 15, 0, 0, 0, 0, time.Local), "2026-01-31T08:00": time.Date(2026, 1, 31, 8, 0, 0, 0, time.Local),
		"2026-01-31T08:00:00Z": time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
	} {
		if got, err := parseSince(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-7d", "2026-02-30", "7"} {
		if got, err := parseSince(text, now); CodeOf(err) != ExitUsage {
			t.Errorf("%q: got %v %v, want a usage error", text, got, err)
		}
	}
}

// TestAnUndoDeliversWhatItTakesBack holds that an edit of which nobody knows whether it arrived is settled before it is undone,
// and not reported as a part of the undo. A program gets nothing but results.
func TestAnUndoDeliversWhatItTakesBack(t *testing.T) {
	b := newBench(t)
	b.waits("e0", "s0", model.Queued)
	b.takesBack()
	b.want(t, ExitOK, "undo", "s0", "--yes", "--json")
	if n := strings.Count(b.out.String(), "\n"); n != 1 || len(b.outbox) > 0 {
		t.Errorf("got %d edits in the outbox and these results, want none and one:\n%s", len(b.outbox), &b.out)
	}
	b = newBench(t)
	if b.want(t, ExitOK, "edit", "projects:71", "--title", "x", "--yes", "--json"); b.err.Len() > 0 {
		t.Errorf("a plan that nobody is asked about is shown to a program: %s", &b.err)
	}
}

package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"confab/model"
)

var roof = model.Ref{Account: "projects", ID: "71"}

// waits puts an edit of a title into the outbox.
func (b *bench) waits(id, submission string, state model.EditState) {
	b.outbox = append(b.outbox, model.OutboxEntry{Edit: model.Edit{ID: id, Submission: submission, Ref: roof, Kind: model.EditTitle,
		Base: model.TextValue("Roof"), Target: model.TextValue("Mine")}, Title: "Roof", State: state,
		Sent: state == model.OutcomeNotKnown})
}

func TestDecisionsApplyWherePossible(t *testing.T) {
	for name, x := range map[string]struct {
		state model.EditState
		args  []string
		code  int
		out   string
		err   string
	}{
		"retry refused":       {model.Refused, []string{"retry", "e1"}, 0, "done  projects:71", ""},
		"retry with all":      {model.Refused, []string{"retry", "e1", "s1"}, 0, "done  projects:71", ""},
		"retry held":          {model.Held, []string{"retry", "s1"}, 0, "done  projects:71", ""},
		"retry unknown":       {model.OutcomeNotKnown, []string{"retry", "s1"}, 0, "done  projects:71", ""},
		"retry conflict":      {model.InConflict, []string{"retry", "e1"}, 1, "", "resolve e1 --mine|--theirs\n"},
		"retry all in it":     {model.InConflict, []string{"retry", "s1"}, 1, "", "resolve e1 --mine|--theirs\n"},
		"retry being sent":    {model.Sending, []string{"retry", "e1"}, 1, "", "it is being sent right now"},
		"discard being sent":  {model.Sending, []string{"discard", "s1"}, 1, "", "it is being sent right now"},
		"discard refused":     {model.Refused, []string{"discard", "s1"}, 0, "given up  projects:71  title: Roof → Mine", ""},
		"discard unknown":     {model.OutcomeNotKnown, []string{"discard", "e1"}, 0, "1 edit. A request for it has left already: disc", ""},
		"mine":                {model.InConflict, []string{"resolve", "s1", "--mine"}, 0, "title: Roof repair → Mine", ""},
		"mine, not verified":  {model.NotVerified, []string{"resolve", "e1", "--mine"}, 0, "title: Roof repair → Mine", ""},
		"theirs":              {model.InConflict, []string{"resolve", "e1", "--theirs"}, 0, "given up", ""},
		"merged text":         {model.InConflict, []string{"resolve", "e1", "--merged"}, 2, "", "only people and contacts can be merged"},
		"resolve refused":     {model.Refused, []string{"resolve", "e1", "--mine"}, 1, "", "it met nobody else's change (refused)"},
		"resolve without how": {model.InConflict, []string{"resolve", "e1"}, 2, "", "say how: --mine, --theirs or --merged"},
		"nothing of this id":  {model.Refused, []string{"discard", "e1", "none"}, 1, "", `there is no edit or submission "none" in the outbox`},
		"no wait":             {model.Refused, []string{"retry", "e1", "--no-wait"}, 0, "queued  e1", ""},
		"dry run":             {model.Refused, []string{"retry", "e1", "--dry-run"}, 0, "PUT /c/71/title", ""},
		"dry discard":         {model.Refused, []string{"discard", "e1", "--dry-run"}, 0, "To be given up: 1 edit.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.waits("e1", "s1", x.state)
			args := append([]string{"outbox"}, x.args...)
			if !strings.Contains(name, "dry") {
				b.want(t, ExitUsage, args...) // there is nobody to ask
			}
			b = newBench(t)
			b.waits("e1", "s1", x.state)
			b.want(t, x.code, append(args, "--yes")...)
			contains(t, "stdout", &b.out, x.out)
			contains(t, "stderr", &b.err, x.err)
			if left := len(b.outbox); x.code != 0 && left != 1 {
				t.Errorf("the outbox holds %d edits, want 1", left)
			}
		})
	}
}

// TestASetInConflictCanBeMerged holds that a refused retry names every way to settle the conflict.
func TestASetInConflictCanBeMerged(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.InConflict)
	b.outbox[0].Kind, b.outbox[0].Base, b.outbox[0].Target = model.EditParticipants, model.PeopleValue(nil), model.PeopleValue(nil)
	b.want(t, ExitRefused, "outbox", "retry", "e1", "--yes")
	contains(t, "stderr", &b.err, "resolve e1 --mine|--theirs|--merged\n")
}

// TestAnInterruptedSyncSaysWhereTheRestIs holds that it names the outbox only if something is left there.
func TestAnInterruptedSyncSaysWhereTheRestIs(t *testing.T) {
	for _, state := range []model.EditState{model.Refused, model.Queued} {
		b := newBench(t)
		b.waits("e1", "s1", state)
		b.syncErr["projects"] = context.Canceled
		b.want(t, ExitInterrupted, "sync")
		if said := strings.Contains(b.err.String(), "What was not delivered stays in the outbox"); said != (state == model.Queued) {
			t.Errorf("with an edit that is %s: %s", state, &b.err)
		}
	}
}

// TestWhatIsGivenUpIsNotQueued holds that a decision that sends nothing has nothing to leave in the outbox.
func TestWhatIsGivenUpIsNotQueued(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.Refused)
	b.want(t, ExitOK, "outbox", "discard", "e1", "--yes", "--no-wait")
	if strings.Contains(b.out.String(), "in the outbox;") {
		t.Errorf("got %s", &b.out)
	}
}

func TestDecisionsAskFirst(t *testing.T) {
	for _, args := range [][]string{{"retry", "e1"}, {"discard", "s1"}} {
		b := newBench(t)
		b.waits("e1", "s1", model.Refused)
		b.atTerminal("n\n")
		b.want(t, ExitRefused, append([]string{"outbox"}, args...)...)
		contains(t, "stderr", &b.err, "Nothing was changed.\n")
		if strings.Contains(b.err.String(), "confab:") {
			t.Errorf("%q: No is reported as an error: %s", args, &b.err)
		}
		if b.outbox[0].State != model.Refused {
			t.Errorf("%q: the edit is %s after No, want refused", args, b.outbox[0].State)
		}
		b.atTerminal("y\n")
		b.want(t, ExitOK, append([]string{"outbox"}, args...)...)
		if len(b.outbox) != 0 {
			t.Errorf("%q: the edit is still in the outbox", args)
		}
	}
}

// TestNothingIsSentOverWhatCannotBeRead holds that a conflict is not settled while the service can't be asked what is there now.
func TestNothingIsSentOverWhatCannotBeRead(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.InConflict)
	b.loadErr[roof] = &model.Error{Kind: model.Unavailable, Message: "no route"}
	b.want(t, ExitUnreachable, "outbox", "resolve", "e1", "--mine", "--yes")
	contains(t, "stderr", &b.err, "confab: projects: the service can't be reached: no route\n")
	b.want(t, ExitUnreachable, "show", "projects:71")
	contains(t, "stderr", &b.err, "confab: projects:71: the service can't be reached: no route\n")
	if len(b.outbox) != 1 || b.outbox[0].State != model.InConflict {
		t.Errorf("the outbox holds %+v, want the conflict", b.outbox)
	}
}

// TestAnOrphanedEditIsOnlyDiscarded holds that an edit is not sent to an account that has become another one.
func TestAnOrphanedEditIsOnlyDiscarded(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.Held)
	b.outbox[0].Orphaned = true
	b.want(t, ExitOK, "outbox", "--plain")
	contains(t, "stdout", &b.out, "\n    its account has another identity now (service, workspace or user): change that back, or discard the edit\n")
	b.want(t, ExitRefused, "outbox", "retry", "e1", "--yes")
	contains(t, "stderr", &b.err, "e1 title: Roof → Mine: its account has another identity now")
	b.want(t, ExitOK, "outbox", "discard", "e1", "--yes")
	if len(b.outbox) > 0 {
		t.Error("the edit is still in the outbox")
	}
}

func TestMergedSendsBothChanges(t *testing.T) {
	b := newBench(t)
	ann, bo, dee := model.Participant{Kind: "user", ID: "1", Name: "Ann"}, model.Participant{Kind: "user", ID: "2", Name: "Bo Day"}, model.Participant{Kind: "user", ID: "5", Name: "Dee"}
	row := b.rows[roof]
	row.Conversation.Participants = model.SetOf(bo, dee)
	b.rows[roof] = row
	b.outbox = []model.OutboxEntry{{State: model.InConflict, Title: "Roof", Edit: model.Edit{ID: "e1", Submission: "s1", Ref: roof, Kind: model.EditParticipants,
		Base: model.PeopleValue([]model.Participant{bo}), Target: model.PeopleValue([]model.Participant{bo, ann})}}}
	b.want(t, ExitOK, "outbox", "resolve", "s1", "--merged", "--yes")
	contains(t, "stdout", &b.out, "it was     Bo Day", "mine       Bo Day, Ann", "it is now  Bo Day, Dee", "participants: 2 → 3", "! adds Ann", "done  projects:71")
}

func TestTheOutboxOnATerminalIsGrouped(t *testing.T) {
	b := newBench(t)
	b.program.Width = func() int { return 80 }
	b.want(t, ExitOK, "outbox")
	contains(t, "stdout", &b.out, "Nothing is on its way, and nothing needs you.")
	b.waits("e1", "s1", model.Refused)
	status := 405
	b.outbox[0].Error = &model.EntryError{Kind: model.Unsupported, Status: &status, Message: "MethodNotAllowed", Code: "MethodNotAllowed"}
	b.want(t, ExitOK, "outbox", "list")
	want := `s1  renaming “Roof” → “Mine”: needs you
  e1  needs you: refused  projects:71  “Roof”  title: Roof → Mine
    the service can't do it: "MethodNotAllowed" (405)
`
	if b.out.String() != want {
		t.Errorf("got\n%swant\n%s", &b.out, want)
	}
}

func TestSyncNamesOlderDecisions(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.Refused)
	b.want(t, ExitOK, "sync")
	contains(t, "stdout", &b.out, "renaming “Roof” → “Mine”: needs you: refused; settle it: confab outbox")
	b.waits("e2", "s2", model.Queued)
	b.outcome = func(e model.OutboxEntry) model.OutboxEntry {
		e.State, e.NextTry = model.RetryAt, time.Date(2026, 1, 31, 12, 54, 0, 0, time.Local)
		e.Error = &model.EntryError{Kind: model.RateLimited, Message: "slow down"}
		return e
	}
	b.want(t, ExitUnreachable, "sync")
	contains(t, "stdout", &b.out, "waiting  projects:71  title: Roof → Mine: stays in the outbox, next try 12:54:00: the service asks to wait: slow down")
	b.want(t, ExitUnreachable, "sync", "--full", "--json")
	for line := range strings.Lines(b.out.String()) {
		if strings.Contains(line, `"account"`) && !strings.Contains(line, `"checked":"1970-01-01T00:00:01.000Z"`) {
			t.Errorf("checked is not in the form of the contract: %s", line)
		}
	}
}

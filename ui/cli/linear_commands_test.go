package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
)

// typed returns what the linear mode prints for lines, one text a line. A line may be followed by the answers to its questions.
func (b *bench) typed(t *testing.T, lines ...string) []string {
	t.Helper()
	b.inLines(t, strings.Join(lines, "\n")+"\n")
	parts := strings.Split(b.out.String(), "confab> ")
	if len(parts) != len(lines)+2 {
		t.Fatalf("%d lines got %d answers:\n%s", len(lines), len(parts)-2, &b.out)
	}
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	return parts[1 : len(lines)+1]
}

// TestWrongLinesDoNothing holds that the linear mode says what is wrong with a line.
func TestWrongLinesDoNothing(t *testing.T) {
	lines := [][2]string{
		{"", ""}, {"fly", `there is no command "fly"; help lists them`}, {"private 1\xff", "This line is not UTF-8, so nothing was done."},
		{"private", "say which, by its number in the list"}, {"private 3", `"3" is no number of the list`},
		{"private 1,9", `"9" is no number of the list`}, {"private 2-1", `"2-1" is no number of the list`},
		{"private 1 x", "only numbers and refs can follow"}, {"done 1 x", "only numbers and refs can follow"},
		{"open 1 2", "only one can be read at a time"}, {"all 1-2", "only one can be read at a time"},
		{"private nosuch:1", `there is no account "nosuch" in `},
		{"rename 1", "the new text is missing"}, {"describe projects:71", "the new text is missing"},
		{"rename 1-2", "the new text is missing"}, {"rename 1-2 s/", "s/old/new/ replaces a text in each title: the new text is missing"},
		{"status 1 open", `there is no command "status"; help lists them`}, {"role 2 bo", `--role wants WHO=ROLE, not "bo"`},
		{"resolve", "say which and how: resolve ID mine|theirs|merged"}, {"resolve e1 yours", "say which and how: resolve ID mine|theirs|merged"},
		{"retry", "say which, by an id of the outbox"}, {"discard e9", `there is no edit or submission "e9" in the outbox`},
		{"list is:nonsense", "is:nonsense means nothing"}, {"view Theirs", "Views: Mine"}, {"undo none", "no edit none"},
		{"private 1", "“Kick-off”: can't: the service has no call for privacy"}, {"undo", "To take back: marked 1 done\nThere is nothing to take back."},
		{"refresh", "The services are being asked; what has changed is said here."}, {"more", "There are no more: the list has 2 conversations."},
	}
	b := newBench(t)
	b.waits("e1", "s1", model.InConflict)
	b.undo.Sentence = "marked 1 done"
	var typed []string
	for _, line := range lines {
		typed = append(typed, line[0])
	}
	for i, got := range b.typed(t, typed...) {
		if want := lines[i][1]; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", lines[i][0], got, want)
		}
	}
	if b.submits > 0 || len(b.outbox) != 1 {
		t.Errorf("got %d submissions and %d edits in the outbox, want none and the one", b.submits, len(b.outbox))
	}
}

// TestNobodyIsAskedAboutPeopleThatCannotBeRead holds that a verb does not ask for whom where it can't name those that are there.
func TestNobodyIsAskedAboutPeopleThatCannotBeRead(t *testing.T) {
	b := newBench(t)
	b.loadErr[roof] = &model.Error{Kind: model.Unavailable, Message: "no route"}
	got := b.typed(t, "remove projects:71", "remove projects:71 bo@example.com")
	if want := "the service can't be reached: no route"; !strings.HasPrefix(got[0], want) || strings.Contains(got[0], "whom") || b.submits > 0 {
		t.Errorf("got %q and %d submissions, want %q alone", got, b.submits, want)
	}
}

// TestUndoInLines holds that an undo withdraws what is not sent, asks where the inbox would, and plans anew only when asked.
func TestUndoInLines(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s0", model.Queued)
	b.takesBack("e1")
	b.undo.Plan = model.Plan{}
	if got := b.typed(t, "undo")[0]; got != "withdrawn, nothing was changed: renamed “Roof” → “Mine”" || len(b.outbox) > 0 {
		t.Errorf("got %q and %d edits in the outbox", got, len(b.outbox))
	}

	b = newBench(t)
	b.takesBack()
	b.moved = 1
	got := b.typed(t, "undo", "undo")
	if got[0] != "Some of it was sent or settled meanwhile, so nothing was taken back: type undo again to see it as it is now." || !strings.HasSuffix(got[1], ": waiting") {
		t.Errorf("an undo that has moved on printed %q", got)
	}
	if b.submits != 1 {
		t.Errorf("got %d submissions, want 1", b.submits)
	}

	b = newBench(t)
	b.takesBack()
	b.undo.Again, b.undo.InFlight = true, 1
	got = b.typed(t, "undo\nn", "view mine")
	want := "To take back: renamed “Roof” → “Mine”\n1 edit is under way: it is taken back once that has ended.\nrenaming “Mine” → “Roof”\nNothing was taken back."
	if b.submits > 0 || got[0] != want || !strings.Contains(b.err.String(), "Take this back? [y/N]") {
		t.Errorf("got %d submissions, %q and %q", b.submits, got[0], &b.err)
	}
}

// TestEveryFlagAndMarkHasALine holds that the linear mode edits what the screen edits, creates, and sets every local mark.
func TestEveryFlagAndMarkHasALine(t *testing.T) {
	b := newBench(t)
	spaces := slices.Repeat([]model.Participant{{Kind: "space", ID: "4", Name: "Building works"}}, 51)
	b.people = map[model.LookupKind][]model.Participant{model.LookupSpaces: spaces}
	for i, got := range b.typed(t, "change 2 label tag=new", "change 2 remove-label tag", "change 2 colour red", "change 2 label",
		"pin 1-2", "unpin 1", "unseen 2", "snooze 2 soon", "snooze 2 2099-01-02", "wake 2", "undone 1",
		"new projects", "new nowhere Plans", "new meetings Plans", "new projects Plans\n", "new projects Plans\n4\nn", "new projects Plans\n4\ny") {
		want := []string{"setting the label tag", "removing the label tag", `change: unknown word "colour"`, "the new text is missing",
			"2 conversations pinned.", "1 conversation not pinned.", "1 conversation unseen.", `"soon" is no time`, "1 conversation snoozed until Fri 2 Jan 2099",
			"1 conversation awake again.", "1 conversation not done.", "say where and what: new ACCOUNT TITLE", "say where and what", "can't: ",
			"4  Building works\n  and more, which can be named too\n", "It will be seen by whoever Kona lets in", "creating “Plans”"}[i]
		if !strings.Contains(got, want) {
			t.Errorf("line %d: got %q, want %q in it", i+1, got, want)
		}
	}
	if b.submits != 3 {
		t.Errorf("got %d submissions, want two labels and the conversation", b.submits)
	}
}

// draining is an engine that has delivered one more edit whenever it is asked for the outbox.
type draining struct{ *fakeEngine }

func (d draining) Outbox(context.Context) ([]model.OutboxEntry, error) {
	entries := d.outbox
	if len(entries) > 0 {
		d.outbox = entries[1:]
	}
	select {
	case d.events <- model.Event{}:
	default:
	}
	return entries, nil
}

// TestLeavingWaitsUntilAllIsDelivered holds that the linear mode counts the edits down before it ends, if it is to wait.
func TestLeavingWaitsUntilAllIsDelivered(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.waits(fmt.Sprint("e", i), "s1", model.Queued)
	}
	b.events = make(chan model.Event, 1)
	b.program.Open = func(context.Context, Setup) (Engine, error) { return draining{b.fakeEngine}, nil }
	b.atTerminal("quit\ny\n")
	b.want(t, ExitOK, "--plain")
	if len(b.outbox) > 0 {
		t.Errorf("%d edits were left", len(b.outbox))
	}
	contains(t, "stderr", &b.err, "3 edits are not delivered yet. Wait? No leaves them in the outbox.")
	contains(t, "stdout", &b.out, "2 edits are not delivered yet.\n", "1 edit is not delivered yet.\n")
}

// TestTheStartNamesWhatNeedsAPersonAndQuitAsksForNothing holds that the first lines say what waits for a decision, and that
// quitting asks only where something would still be sent.
func TestTheStartNamesWhatNeedsAPersonAndQuitAsksForNothing(t *testing.T) {
	b := newBench(t)
	b.waits("e1", "s1", model.Refused)
	b.accounts[0].NeedPerson = 1
	b.atTerminal("quit\n")
	b.want(t, ExitOK, "--plain")
	contains(t, "stdout", &b.out, "1 needs you: outbox\n")
	if strings.Contains(b.err.String()+b.out.String(), "Wait?") {
		t.Errorf("quit asks about an edit that nothing sends: %s%s", &b.out, &b.err)
	}
}

// TestWhatIsNotDeliveredIsReadOut holds that a conversation is read out with its edits, and a list says why it is empty.
func TestWhatIsNotDeliveredIsReadOut(t *testing.T) {
	b := newBench(t)
	row := b.rows[roof]
	row.Pending = []model.Pending{{ID: "e1", Kind: model.EditDelete, State: model.Refused}}
	b.rows[roof] = row
	got := b.typed(t, "open projects:71", "people 2", "all 2", "list")
	for i, want := range []string{"Not delivered yet: delete, needs you: refused", "Bo Day <bo@example.com>, viewer", "e1  delete: needs you: refused", "delete needs you: refused"} {
		if !strings.Contains(got[i], want) {
			t.Errorf("got %q, want %q in it", got[i], want)
		}
	}

	b = newBench(t)
	b.rows = nil
	if got := b.typed(t, "list", "list x"); got[0] != "Nothing matches with:ann." || got[1] != "Nothing matches x." {
		t.Errorf("got %q", got)
	}
	b.accounts[0].Swept, b.accounts[0].Error = time.Time{}, model.NewEntryError(&model.Error{Kind: model.Unavailable, Message: "no route"})
	if got, want := b.typed(t, "list")[0], "Nothing could be read yet.\nprojects: 0 conversations, the service can't be reached: no route"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.accounts[0].Error = nil
	if got := b.typed(t, "list")[0]; got != "Nothing here yet: the services are being read." {
		t.Errorf("got %q", got)
	}
}

// TestAnAbsentCredentialIsNamedAtTheStart holds that the first lines say what to do about a credential that is not there.
func TestAnAbsentCredentialIsNamedAtTheStart(t *testing.T) {
	b := newBench(t)
	text := "[[account]]\nname = \"projects\"\nprovider = \"kona\"\ncredential = { file = \"token\" }\n"
	if err := os.WriteFile(b.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b.inLines(t, "\n")
	contains(t, "stdout", &b.out, "\nprojects: file "+filepath.Join(filepath.Dir(b.path), "token")+" does not exist. Put the credential there; it is read again.\n")
}

// TestManyChangesAreCounted holds that one event prints few lines, whatever it changed.
func TestManyChangesAreCounted(t *testing.T) {
	b := newBench(t)
	l := &linear{run: &run{engine: b}, lines: map[model.Ref]string{}, accounts: map[string]string{}}
	for i := range maxAnnounced + 2 {
		ref := model.Ref{Account: "projects", ID: fmt.Sprint(i)}
		b.add(model.Conversation{Ref: ref, Title: fmt.Sprint("Title ", i)})
		l.rows = append(l.rows, ref)
	}
	got := l.news(t.Context(), model.Event{})
	if len(got) != maxAnnounced+1+len(b.accounts) || !strings.HasPrefix(got[0], "changed 1  Title 0") || got[maxAnnounced] != "and 2 more; list shows them" {
		t.Errorf("got %q", got)
	}
	delete(b.rows, l.rows[1])
	for range 2 {
		got = append(got, l.news(t.Context(), model.Event{})...)
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "changed 2  gone: Title 1, ") {
		t.Errorf("got %q last", last)
	}
}

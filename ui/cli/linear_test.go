package cli

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/config"
	"confab/model"
)

// TestADumbTerminalGetsLines holds that a terminal that can't move its cursor gets the linear mode, and a message.
func TestADumbTerminalGetsLines(t *testing.T) {
	for term, lines := range map[string]bool{"dumb": true, "xterm": false} {
		for _, args := range [][]string{nil, {"demo"}} {
			b := newBench(t)
			b.atTerminal("quit\n")
			b.program.Width = func() int { return 80 }
			b.program.Getenv = func(name string) string { return map[string]string{"TERM": term, "XDG_RUNTIME_DIR": t.TempDir()}[name] }
			drawn := false
			b.program.Screen = func(context.Context, Setup, Start) error { drawn = true; return nil }
			b.want(t, ExitOK, args...)
			if drawn == lines || lines != strings.Contains(b.err.String(), "TERM is dumb, so this is --plain") {
				t.Errorf("TERM %s, %v: got drawn %v and stderr %q", term, args, drawn, b.err.String())
			}
			drawn, b.program.Width = false, func() int { return 0 }
			b.want(t, ExitUsage, args...)
			if contains(t, "stderr", &b.err, "the inbox needs a terminal"); drawn {
				t.Errorf("TERM %s, %v: the inbox was drawn on an output that is no terminal", term, args)
			}
		}
	}
}

// TestTheDefaultViewsAreThoseOfTheAccountsThatRun holds that --account leaves out the views of the other accounts.
func TestTheDefaultViewsAreThoseOfTheAccountsThatRun(t *testing.T) {
	inbox, projects, meetings, all := config.View{Name: "Inbox"}, config.View{Name: "projects", Query: "account:projects"},
		config.View{Name: "meetings", Query: "account:meetings"}, config.View{Name: "All", Query: "is:any"}
	without, _, _ := strings.Cut(testConfig, "[[view]]")
	for args, want := range map[string][]config.View{"": {inbox, projects, meetings, all}, "--account=Projects": {inbox, projects, all}} {
		b := newBench(t)
		b.atTerminal("")
		b.program.Width = func() int { return 80 }
		if err := os.WriteFile(b.path, []byte(without), 0o600); err != nil {
			t.Fatal(err)
		}
		var got []config.View
		b.program.Screen = func(_ context.Context, s Setup, _ Start) error { got = s.Config.Views; return nil }
		b.want(t, ExitOK, strings.Fields(args)...)
		if !slices.Equal(got, want) {
			t.Errorf("%q: the views are %v, want %v", args, got, want)
		}
	}
}

// TestActsAreFollowedToTheirEnd holds that the linear mode announces once what an act waits for and once how it ended, and does not
// announce the row that the act changed.
func TestActsAreFollowedToTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		b.events = make(chan model.Event)
		var out bytes.Buffer
		r := &run{Program: Program{Out: &out, Err: &out, Now: time.Now, Width: func() int { return 0 }}, engine: b}
		l := &linear{run: r, rows: []model.Ref{roof}, lines: map[model.Ref]string{}, accounts: map[string]string{}}
		r.linear = l
		row, _, _ := b.Row(t.Context(), roof)
		l.lines[roof] = l.rowLine(row)
		for _, a := range b.accounts {
			l.accounts[a.Name] = accountLine(a)
		}
		tell := func(want string) {
			t.Helper()
			got := strings.Join(l.news(t.Context(), model.Event{Refs: []model.Ref{roof}}), "\n")
			if got != want {
				t.Errorf("announced %q, want %q", got, want)
			}
		}
		plan, _ := b.Plan(t.Context(), []model.Ref{roof}, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("Mine")}}, model.PlanOptions{})
		ids, _ := b.Submit(t.Context(), plan)
		l.expect(plan.ID, roof)
		row.Conversation.Title = "Mine"
		b.rows[roof] = row
		tell("")
		b.outbox[0].State, b.outbox[0].NextTry = model.RetryAt, time.Now().Add(time.Minute)
		b.outbox[0].Error = &model.EntryError{Kind: model.Unavailable, Message: "no route"}
		tell("renaming “Roof repair” → “Mine”: waiting, next try " + time.Now().Add(time.Minute).Local().Format(time.TimeOnly) + ": the service can't be reached: no route")
		tell("")
		if err := b.Deliver(t.Context(), ids, func(model.DeliveryResult) {}); err != nil {
			t.Fatal(err)
		}
		tell("renamed “Roof repair” → “Mine”: delivered " + r.clock(time.Unix(1000, 0)))
		tell("")

		plan, _ = b.Plan(t.Context(), []model.Ref{roof}, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("Again")}}, model.PlanOptions{})
		if _, err := b.Submit(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		l.expect(plan.ID, roof)
		status := 403
		b.outbox[0].State, b.outbox[0].Error = model.Refused, &model.EntryError{Kind: model.Forbidden, Status: &status, Message: "you may not"}
		tell("renaming “Mine” → “Again”: needs you: refused: the service does not allow it: \"you may not\" (403); settle it: outbox")
		tell("")

		// A change by another client is announced.
		row.Conversation.Title = "Theirs"
		b.rows[roof] = row
		tell("changed 1  Theirs, private, Bo Day +1, projects")
	})
}

// TestAnActKeepsAllItsConversations holds that edits of one submission that are retried together are one act.
func TestAnActKeepsAllItsConversations(t *testing.T) {
	l := &linear{}
	kickOff := model.Ref{Account: "meetings", ID: "e:4"}
	l.expect("s1", roof)
	l.expect("s2", roof)
	l.expect("s1", kickOff)
	if len(l.acts) != 2 || l.acts[1].submission != "s1" || !slices.Contains(l.acts[1].refs, roof) || !slices.Contains(l.acts[1].refs, kickOff) {
		t.Errorf("the last act is %+v of %d, want s1 of 2 with both conversations", l.acts[len(l.acts)-1], len(l.acts))
	}
}

// inLines runs the linear mode, where these lines are typed, in a time of its own.
func (b *bench) inLines(t *testing.T, lines string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b.atTerminal(lines)
		b.want(t, 0, "--plain")
	})
}

// TestPeopleOfSeveralInLines holds that the linear mode lists who is in how many conversations, and asks for a missing argument.
func TestPeopleOfSeveralInLines(t *testing.T) {
	b := newBench(t)
	b.add(model.Conversation{Ref: model.Ref{Account: "projects", ID: "72"}, Provider: model.Kona, Title: "Gutters",
		Participants: model.SetOf(model.Participant{Kind: "user", ID: "2", Name: "Bo Day", Email: "bo@example.com", Role: model.RoleEditor})})
	unread := model.Ref{Account: "projects", ID: "73"}
	b.add(model.Conversation{Ref: unread, Provider: model.Kona, Title: "Chimney"})
	b.loadErr[unread] = &model.Error{Kind: model.Unavailable, Message: "no route"}
	// The list is in the order of the refs: Kick-off, Roof repair, Gutters, Chimney.
	b.inLines(t, "people 2-4\nrole 2,3\nbo@example.com=editor\ny\nremove 2,3\n\nrole 2,9 bo=editor\n")
	contains(t, "stdout", &b.out, "projects:73 can't be read: ", "PEOPLE of 2 conversations in projects",
		"Bo Day <bo@example.com> user:2, 1 editor, 1 viewer, 2 of 2", "Dee user:5, editor, 1 of 2",
		"Which role for whom, WHO=ROLE, in 2 conversations? An empty line changes nothing: ", "making Bo Day an editor in “Roof repair”", "“Gutters”: already so", ": waiting\n",
		"Remove whom, WHO, in 2 conversations?", `"9" is no number of the list`)
	if b.submits != 1 {
		t.Errorf("got %d submissions, want 1", b.submits)
	}
}

// TestAPlanForManyInLines holds that a change of several conversations is printed once, and those left alone by reason.
func TestAPlanForManyInLines(t *testing.T) {
	b := newBench(t)
	for id, name := range map[string]string{"72": "Gutters", "73": "Chimney"} {
		b.add(model.Conversation{Ref: model.Ref{Account: "projects", ID: id}, Provider: model.Kona, Title: name, Privacy: model.PrivacyPublic})
	}
	b.inLines(t, "private 1-4\nn\nrename 3,4 s/e/o/\ny\nopen 3\n")
	contains(t, "stdout", &b.out, "making 2 private: “Gutters”, “Chimney”\n", "“Kick-off”: can't: the service has no call for privacy\n",
		"“Roof repair”: already so\n", "Nothing was sent.", "renaming 2\n“Gutters”: title: Gutters → Guttors\n“Chimney”: title: Chimney → Chimnoy\n",
		"\nprojects\nSeen by whoever Kona lets in")
	if b.submits != 1 {
		t.Errorf("got %d submissions, want 1", b.submits)
	}
}

// TestMoreAtTheEndIsAnswered holds that more says that there are no more, since a silence tells nobody who listens anything.
func TestMoreAtTheEndIsAnswered(t *testing.T) {
	b := newBench(t)
	b.atTerminal("more\nquit\n")
	b.want(t, 0, "--plain")
	contains(t, "stdout", &b.out, "There are no more: the list has 2 conversations.")
}

// TestTheWelcomeInLines holds that the linear mode offers the demo and the set-up if there is no account.
func TestTheWelcomeInLines(t *testing.T) {
	b := newBench(t)
	b.path += ".none"
	b.atTerminal("what\na\n\x1b\n")
	b.program.Width = func() int { return 80 }
	b.program.Getenv = func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }
	b.want(t, ExitRefused, "--plain")
	contains(t, "stdout", &b.out, "There is no account yet.", "d, a or q: d, a or q: ")
	contains(t, "stderr", &b.err, "Which service?", "Nothing was saved.")
	b.atTerminal("q\n")
	b.want(t, ExitOK, "--plain")
	b.atTerminal("")
	b.want(t, ExitOK, "--plain")
}

// TestTheDemoOfTheWelcomeIsThatOfTheCommand holds that both demos have the same data, and so the same time to be read.
func TestTheDemoOfTheWelcomeIsThatOfTheCommand(t *testing.T) {
	var got []SandboxOptions
	for answers, args := range map[string][]string{"d\nquit\n": {"--plain"}, "quit\n": {"demo", "--plain"}} {
		b := newBench(t)
		b.path += ".none"
		b.atTerminal(answers)
		b.program.Width = func() int { return 80 }
		b.program.Getenv = func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }
		open := b.program.Sandbox
		b.program.Sandbox = func(o SandboxOptions) (http.Handler, func(root string) []config.SandboxAccount, error) {
			o.Faults = nil
			got = append(got, o)
			return open(o)
		}
		b.want(t, ExitOK, args...)
	}
	if len(got) != 2 || !reflect.DeepEqual(got[0], got[1]) || got[0].Conversations == 0 {
		t.Errorf("the demos are opened with %+v, want the same options twice", got)
	}
}

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"": nil, "  ": nil, "pass show x": {"pass", "show", "x"}, `cat '/a b' "c 'd'"`: {"cat", "/a b", "c 'd'"}, `a ''`: {"a", ""}, `a"b c"d`: {"ab cd"},
	} {
		if got := splitCommand(line); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

// TestAnActDoesNotHideChangesElsewhere holds that the linear mode announces the change of another client in a conversation that an act
// left alone.
func TestAnActDoesNotHideChangesElsewhere(t *testing.T) {
	b := newBench(t)
	kickOff := model.Ref{Account: "meetings", ID: "e:4"}
	c := b.rows[kickOff].Conversation
	c.Title = "Kick-off, again"
	b.fresh = map[model.Ref]model.Conversation{kickOff: c}
	b.inLines(t, "add 1-2 ann@example.com\ny\n")
	contains(t, "stdout", &b.out, "“Kick-off, again”: can't: ", "adding Ann Lee (viewer) to “Roof repair”", "changed 1  Kick-off, again, public")
}

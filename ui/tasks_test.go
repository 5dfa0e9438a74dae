package ui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

// The headline tasks, with their keys counted: a task must not take more.
//
//	who can see this                               0  TestWhoCanSeeItIsOnTheScreen
//	retry what failed last night                   2  TestRetryWhatFailedLastNightInTwoKeys
//	fix a title                   3 beside the title  TestATitleIsFixedInThreeKeys
//	take back yesterday's bulk                     4  TestTakeBackYesterdaysBulkInFourKeys
//	replace a wrong contact      10 beside the names  TestAWrongContactIsReplacedInTenKeys
//	make somebody an editor of three              12  TestAnEditorOfThreeInTwelveKeys
//	make every interview private                  12  TestEveryInterviewIsPrivateInTwelveKeys
//	thirty done                              30 or 3  TestThirtyDoneInThirtyKeys
//	a real account from nothing          one command  TestSetUpOfEachService, in package proof

// nextDay closes the program and starts it again the next morning.
func nextDay(r *system, path string) *system {
	r.t.Helper()
	r.close()
	time.Sleep(15 * time.Hour)
	return openSystem(r.t, r.sb, path, 140, 45)
}

// overnight runs a test on the demo's data, with a database that later starts reuse.
func overnight(t *testing.T, f func(r *system, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(16 * time.Hour) // until afternoon
		f(openSystem(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}), path, 140, 45), path)
	})
}

// strike presses keys, and fails the test if there are more than most.
func (r *system) strike(most int, keys ...string) {
	r.t.Helper()
	if len(keys) > most {
		r.t.Errorf("%d keys, want at most %d: %q", len(keys), most, keys)
	}
	r.Press(keys...)
}

func TestRetryWhatFailedLastNightInTwoKeys(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{"O", "r"}, {"!", "r"}} {
		overnight(t, func(r *system, path string) {
			r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
			r.Press("/")
			r.Type("account:sales is:public debrief")
			r.Press("enter", "p")
			r.Wait(5 * time.Second)
			r.Want("1 needs you (!)")
			r = nextDay(r, path)
			r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": false})
			r.Want("1 needs you (!)")
			r.strike(2, keys[0])
			r.Wait(time.Second)
			r.Want(`"you may not change this conversation" (403)`)
			if keys[0] == "O" { // a narrow footer keeps the key that a failed edit needs
				r.Want("enter open  ! settle  r send again  u take back")
			}
			r.strike(1, keys[1])
			r.Wait(5 * time.Second)
			if out, err := r.inbox.Outbox(context.Background()); err != nil || len(out) > 0 {
				t.Errorf("after %q the outbox holds %v, error %v, want nothing:\n%s", keys, out, err, r.Text())
			}
		})
	}
}

func TestTakeBackYesterdaysBulkInFourKeys(t *testing.T) {
	t.Parallel()
	overnight(t, func(r *system, path string) {
		r.Press("/")
		r.Type(`title:"Pipeline review" is:public`)
		r.Press("enter", "*", "p")
		r.Wait(time.Second)
		r.Want(" private", "privacy: public → private")
		r.Press("y")
		r.Wait(10 * time.Second)
		r.Press("esc", "esc", "esc")
		private := func() int {
			refs, err := r.inbox.Refs(context.Background(), `title:"Pipeline review" is:private`, false)
			if err != nil {
				t.Fatal(err)
			}
			return len(refs)
		}
		if private() < 20 {
			t.Fatalf("%d conversations are private:\n%s", private(), r.Text())
		}
		// Failed edits stand above it, as after a bad night.
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
		r.Press("/")
		r.Type("account:sales is:public debrief")
		r.Press("enter", "p")
		r.Wait(5 * time.Second)
		r = nextDay(r, path)
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": false})
		r.Press("O")
		r.Wait(time.Second)
		r.Want("Needs you 1", "History 1", "yesterday 16:00", "made ", " private")
		r.strike(2, "tab", "u")
		r.Wait(time.Second)
		r.Want("Take back: made ", "Will be seen by", "y take it back")
		r.strike(1, "y")
		r.Wait(10 * time.Second)
		if n := private(); n != 0 {
			t.Errorf("%d conversations are still private:\n%s", n, r.Text())
		}
		r.Want("Took back: made ", "confirmed")
	})
}

func TestThirtyDoneInThirtyKeys(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(r *system){
		"at the speed of a machine": func(r *system) {
			for range 30 {
				r.Rush("d")
			}
		},
		"one by one":   func(r *system) { r.Burst(90*time.Millisecond, repeat("d", 30)...) },
		"with a count": func(r *system) { r.strike(3, "3", "0", "d") },
	} {
		withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
			list := func(query string) []model.Ref {
				refs, err := r.inbox.Refs(context.Background(), query, true)
				if err != nil {
					t.Fatal(err)
				}
				return refs
			}
			before := list("")
			do(r)
			r.Wait(2 * time.Second)
			if done, left := list("is:done"), list(""); len(done) != 30 || len(left) != len(before)-30 || left[0] != before[30] {
				t.Errorf("%s: %d are done, %d of %d left\n%s", name, len(done), len(left), len(before), r.Text())
			}
		})
	}
}

func repeat(key string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = key
	}
	return out
}

func TestATitleIsFixedInThreeKeys(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.Press("/")
		r.Type("draft do not share")
		r.Press("enter")
		r.Want("Pricing v2 DRAFT do not share")
		r.sb.ResetRequests()
		r.strike(2, "t", "ctrl+u")
		r.Type("Pricing v2, from January")
		r.strike(1, "enter")
		r.Wait(10 * time.Second)
		sent := r.writes()
		if len(sent) != 1 || !strings.Contains(sent[0], "Pricing v2, from January") || !strings.HasSuffix(sent[0], "→ 200") {
			t.Errorf("sent %q\n%s", sent, r.Text())
		}
		r.Want("renamed", "delivered")
	})
}

// The first screen says who can see the conversation under the cursor, and every row says it in a word.
func TestWhoCanSeeItIsOnTheScreen(t *testing.T) {
	for _, size := range [][2]int{{140, 45}, {80, 24}, {40, 12}} {
		path := filepath.Join(t.TempDir(), "confab.db")
		synctest.Test(t, func(t *testing.T) {
			r := openSystem(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}), path, size[0], size[1])
			r.Wait(2 * time.Second)
			for row, word := range map[string]string{"Acme renewal": "○ public", "Lift inspection": "◐ group"} {
				if l := r.Line(row); !strings.Contains(l, word) {
					t.Errorf("%v: the line %q does not contain %q", size, l, word)
				}
			}
			if size[1] >= 20 {
				r.Want("Seen by  everyone in your Attention")
			}
		})
	}
}

// interviews returns the interviews that Attention has, and whether each is public.
func interviews(t *testing.T, sb *sandbox.Sandbox) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, id := range sb.Attention().IDs() {
		a := attributes(t, sb, id)
		if labels, _ := a["labels"].(map[string]any); labels["Call Type"] == "Interview" {
			out[id] = a["private"] != true
		}
	}
	return out
}

// The whole task, for a person who does not know the name of the label.
func TestEveryInterviewIsPrivateInTwelveKeys(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		public := 0
		for _, is := range interviews(t, r.sb) {
			if is {
				public++
			}
		}
		if public < 5 {
			t.Fatalf("%d interviews are public by mistake", public)
		}
		r.sb.ResetRequests()
		keys := 0
		press := func(names ...string) {
			keys += len(names)
			r.Press(names...)
		}
		press("/", "i", "n", "t", "e", "r", "v")
		r.Want(` label:"Call Type"=Interview 10  label:Interview 10`)
		press("tab")
		r.Want("10 found")
		press("enter", "*", "p")
		r.Wait(time.Second)
		press("y")
		r.Wait(time.Minute)
		for id, is := range interviews(t, r.sb) {
			if is {
				t.Errorf("interview %s is public: %s", id, attributes(t, r.sb, id)["title"])
			}
		}
		if got := len(r.writes()); got != public {
			t.Errorf("%d requests changed something, and %d interviews were public", got, public)
		}
		if keys > 12 {
			t.Errorf("the task took %d keys", keys)
		}
	})
}

// keyed presses and counts keys, and waits for the service after each.
func (r *system) keyed(most int, keys ...string) {
	r.t.Helper()
	if len(keys) > most {
		r.t.Errorf("%d keys, want at most %d: %q", len(keys), most, keys)
	}
	for _, k := range keys {
		r.Press(k)
		r.Wait(3 * time.Second)
	}
}

// Twelve keys make a person an editor of three conversations: filter the account for the warehouse launch,
// mark all, open the people, set the role.
func TestAnEditorOfThreeInTwelveKeys(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.sb.ResetRequests()
		keys := []string{"alt+5", "/", "w", "a", "r", "e", "enter", "*", "P", "r", "ctrl+s", "y"}
		r.keyed(11, keys[:11]...)
		// What is the same in all three is one line that opens.
		r.Want("Make Anna Marsh an editor in 3")
		if l := r.Line("participants: Anna Marsh: viewer → editor"); !strings.Contains(l, " 3 ") {
			r.t.Errorf("%q in\n%s", l, r.Text())
		}
		r.keyed(1, keys[11])
		if len(keys) > 12 {
			r.t.Errorf("%d keys", len(keys))
		}
		r.Wait(30 * time.Second)
		var bodies []string
		for _, q := range r.sb.Requests() {
			if q.Write {
				if q.Status != 200 || !strings.HasPrefix(q.Path, "/api/conversations/") || q.Method != "PUT" {
					r.t.Errorf("%s %s: %d", q.Method, q.Path, q.Status)
				}
				bodies = append(bodies, string(q.Body))
			}
		}
		if len(bodies) != 3 {
			r.t.Fatalf("sent %q\n%s", bodies, r.Text())
		}
		anna := r.konaUser("anna.marsh@northwind.example")
		for _, b := range bodies {
			var sent struct {
				Conversations []struct {
					Participants []struct {
						User json.Number `json:"user_id"`
						Role int         `json:"role"`
					} `json:"participants"`
				} `json:"conversations"`
			}
			if err := json.Unmarshal([]byte(b), &sent); err != nil || len(sent.Conversations) != 1 {
				r.t.Fatalf("%s: %v", b, err)
			}
			people, role := sent.Conversations[0].Participants, 0
			for _, p := range people {
				if p.User.String() == anna {
					role = p.Role
				}
			}
			if len(people) < 3 || role != 1 {
				r.t.Errorf("sent %s: Anna's role is %d", b, role)
			}
		}
		r.Want("delivered")
		r.Press("u")
		r.Wait(3 * time.Second)
		r.Press("y")
		r.Wait(30 * time.Second)
		if n := len(r.writes()); n != 6 {
			r.t.Errorf("the undo made %d requests, want 6:\n%s", n, r.Text())
		}
	})
}

// konaUser returns the id of the user with an address.
func (r *system) konaUser(mail string) string {
	r.t.Helper()
	for _, id := range r.sb.Kona().IDs() {
		for _, p := range r.row(model.Ref{Account: "projects", ID: id}).Conversation.Participants.Items {
			if p.Email == mail {
				return p.ID
			}
		}
	}
	r.t.Fatalf("no user has the address %s", mail)
	return ""
}

// Ten keys, names not counted, replace a contact of a call by a person of nearly the same name.
func TestAWrongContactIsReplacedInTenKeys(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		a := r.sb.AskElephant()
		id := ""
		for _, i := range a.IDs() {
			if a.JSON(i)["title"] == "Halden & Sons: onboarding call" {
				id = i
			}
		}
		before := fmt.Sprint(a.JSON(id)["contacts"])
		if !strings.Contains(before, "olav.halden@haldenfoods.example") {
			r.t.Fatalf("the wrong contact is not there: %s", before)
		}
		r.sb.ResetRequests()
		keys := 0
		press := func(some ...string) {
			keys += len(some)
			r.keyed(10, some...)
		}
		press("/")
		r.Type("halden onboarding")
		press("enter", "c", "j")
		r.Want("Contacts: Halden & Sons: onboarding call", "olav.halden@haldenfoods.example", "3 contacts")
		press("x", "a")
		r.Type("ola halden")
		r.Wait(3 * time.Second)
		press("enter")
		r.Want("1 added, 1 removed, 2 kept", "ola@halden-sons.example")
		press("ctrl+s", "y")
		if keys > 10 {
			r.t.Errorf("%d keys", keys)
		}
		r.Wait(30 * time.Second)
		sent := r.writes()
		if len(sent) != 1 || !strings.HasPrefix(sent[0], "PUT /api/v2/engagements/"+id+"/contacts ") {
			r.t.Fatalf("sent %q\n%s", sent, r.Text())
		}
		after := fmt.Sprint(a.JSON(id)["contacts"])
		if strings.Contains(after, "olav.halden@") || !strings.Contains(after, "ola@halden-sons.example") || !strings.Contains(after, "kari@halden-sons.example") {
			r.t.Errorf("the contacts are %s", after)
		}
	})
}

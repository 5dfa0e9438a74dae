package ui_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

// keyed presses keys, counts them, and gives each the time that a service needs.
func (r *road) keyed(most int, keys ...string) {
	r.t.Helper()
	if len(keys) > most {
		r.t.Errorf("%d keys, at most %d: %q", len(keys), most, keys)
	}
	for _, k := range keys {
		r.Press(k)
		r.Wait(3 * time.Second)
	}
}

// Somebody becomes an editor of three conversations, in twelve keys: those of the
// account that are about the warehouse launch, all of them, who is in them, the role.
func TestAnEditorOfThreeConversations(t *testing.T) {
	drive(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *road) {
		r.sb.ResetRequests()
		keys := []string{"alt+5", "/", "w", "a", "r", "e", "enter", "*", "P", "r", "ctrl+s", "y"}
		r.keyed(11, keys[:11]...)
		// What is the same in all of them is one line that opens.
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
			r.t.Errorf("taking it back made %d requests, not 6\n%s", n, r.Text())
		}
	})
}

// konaUser returns the id of somebody by the address.
func (r *road) konaUser(mail string) string {
	r.t.Helper()
	for _, id := range r.sb.Kona().IDs() {
		for _, p := range r.row(model.Ref{Account: "projects", ID: id}).Conversation.Participants.Items {
			if p.Email == mail {
				return p.ID
			}
		}
	}
	r.t.Fatalf("nobody is %s", mail)
	return ""
}

// The recap of a call went to somebody of another company, of nearly the same name: the
// contact is replaced, in ten keys beside the names.
func TestAWrongContactIsReplaced(t *testing.T) {
	drive(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *road) {
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

// A group says how many are in it, in the table and where one is looked up.
func TestAGroupSaysItsSize(t *testing.T) {
	drive(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *road) {
		r.Press("/")
		r.Type("account:projects invoices number")
		r.Press("enter", "P")
		r.Wait(3 * time.Second)
		r.Want("People: Invoices without the VAT number since October", "Team leads (group, 9 people)", "Mateus Brandão")
		r.Press("a", "tab")
		r.Wait(3 * time.Second)
		r.Want("(already in)  9 people")
	})
}

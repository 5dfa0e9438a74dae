package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func northwind(t *testing.T, conversations int, now time.Time) *Sandbox {
	t.Helper()
	s, err := New(Options{World: Northwind, Conversations: conversations, Seed: 1, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Conversations before today are on working days and sorted newest first, and nothing lies in the future, whenever the sandbox is
// made.
func TestAWorldIsDatedRelativeToNow(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	for hour := range 24 * 8 {
		now := time.Date(2026, 11, 20, 0, 1, 0, 0, zone).Add(time.Duration(hour) * time.Hour)
		k := northwind(t, 400+hour%3*500, now).Kona()
		if k.data.zone != zone {
			t.Fatalf("the world has the zone %v, want that of the clock", k.data.zone)
		}
		last := now
		for row := range k.conversations {
			at := k.createdAt(row)
			day := at.In(zone).Weekday()
			switch r := k.raw(row); {
			case at.After(last):
				t.Errorf("at %s: row %d, created %s, is newer than the one before it", now, row, at)
			case row < 100 && r.On != "" && (day == time.Saturday || day == time.Sunday || !at.Before(now.Add(-6*time.Hour+time.Minute))):
				t.Errorf("at %s: %q is %s, want a working day that is over six hours ago", now, r.On, at)
			}
			for _, m := range k.thread(row) {
				if m["created_at"].(int64) > now.UnixMilli() {
					t.Errorf("at %s: a comment on row %d lies in the future", now, row)
				}
			}
			last = at
		}
	}
}

func TestAWorldOfAnotherSizeTellsTheSameStories(t *testing.T) {
	for _, n := range []int{4, 8, 1200} {
		b := northwind(t, n, testNow).Bird()
		active := map[string]bool{}
		for row := range b.conversations {
			doc := b.show(row)
			contact := contactOf(b.people(row))
			if doc["status"] == "active" {
				key := contact + " " + doc["channelId"].(string)
				if active[key] {
					t.Errorf("%d conversations: a contact is in two active ones on a channel", n)
				}
				active[key] = true
			}
			if doc["name"] == "" || contact == "" && n <= 400 {
				t.Errorf("%d conversations: one lacks a name or a contact: %v", n, doc)
			}
		}
	}
}

// The list leaves out conversations that the user may not see. In this world the user of the demo sees all and can edit most.
func TestAWorldIsForTheUserOfTheDemo(t *testing.T) {
	k := northwind(t, 400, testNow).Kona()
	edits := 0
	for row := range k.conversations {
		see, edit := k.access(row)
		if !see {
			t.Errorf("the user of the demo can't see %v", k.value(row, "name"))
		}
		if edit {
			edits++
		}
	}
	if edits < 90 || edits == k.conversations {
		t.Errorf("the user of the demo can edit %d of %d, want 90 or more, but not all", edits, k.conversations)
	}
}

func TestAWorldHasTheStateOfANewDemo(t *testing.T) {
	for _, a := range northwind(t, 400, testNow).Accounts("") {
		if len(a.Unseen) == 0 || len(a.Unseen) > 4 {
			t.Errorf("%s: %d conversations are unseen, want 1 to 4", a.Name, len(a.Unseen))
		}
	}
	odd, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(odd.Accounts(""), func(a Account) bool { return a.Unseen != nil }) {
		t.Error("the odd world lists unseen conversations")
	}
	if _, err := New(Options{World: "southwind"}); err == nil {
		t.Error("an unknown world was accepted")
	}
}

// Repeated stories are about other people, who take part in them, on working days of earlier years.
func TestRepeatedStoriesAreAboutOthers(t *testing.T) {
	for _, n := range []int{2000, 100_000} {
		a := northwind(t, n, testNow).Attention()
		ids, candidates := map[string]bool{}, map[string]bool{}
		again := 0
		for row := 0; row < a.conversations; row += 1 + row/1000 {
			at := a.attributes(row)
			title, _ := at["title"].(string)
			ids[a.id(row)] = true
			if row >= 100 {
				day := a.createdAt(row)
				if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday || day.Hour() < 8 || day.Hour() > 18 {
					t.Errorf("%d conversations: %s is on %s, want a working day between 8 and 18 h", n, title, day)
				}
				if old := testNow.Sub(day); old > 5*366*24*time.Hour || old < 360*24*time.Hour {
					t.Errorf("%d conversations: %s is on %s, want one to five years ago", n, title, day)
				}
				if strings.Contains(title, "Acme") || strings.Contains(title, "Dana") {
					t.Errorf("%d conversations: %s is a repetition about the people of the file", n, title)
				}
			}
			name, found := strings.CutPrefix(title, "Interview: ")
			if !found {
				continue
			}
			name, _, _ = strings.Cut(name, ",")
			candidates[name] = true
			again++
			if people := fmt.Sprint(at["participants"]); !strings.Contains(people, "name:"+name+" ") {
				t.Errorf("%d conversations: %s isn't among %s", n, name, people)
			}
		}
		if len(candidates) < again*9/10 || again < 10 {
			t.Errorf("%d conversations: %d interviews are with %d people, want nearly as many, and 10 interviews", n, again, len(candidates))
		}
	}
	first := func(seed uint64) any {
		s, err := New(Options{World: Northwind, Conversations: 2000, Seed: seed, Now: func() time.Time { return testNow }})
		if err != nil {
			t.Fatal(err)
		}
		return s.Attention().value(100, "title")
	}
	if first(1) != first(1) || first(1) == first(2) {
		t.Error("a repeated story has another name with the same seed, or the same name with another seed")
	}
}

// The contacts of a meeting are in the directory under the same ids.
func TestContactsOfStoriesAreInTheDirectory(t *testing.T) {
	a := northwind(t, 2000, testNow).AskElephant()
	for row := range a.conversations {
		for _, id := range a.Contacts(a.id(row)) {
			if _, known := a.numberOf("contact", id); !known {
				t.Fatalf("%s of row %d isn't in the directory", id, row)
			}
		}
	}
	c := a.entry("contact", 55+8)
	company, ok := a.numberOf("company", c["company"].(map[string]any)["id"].(string))
	domain := a.data.company(company).Domain
	if address := fmt.Sprint(c["emails"]); !ok || !strings.Contains(address, "@"+domain) {
		t.Errorf("somebody at %s has the address %s", domain, address)
	}
}

package sandbox

import (
	"slices"
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

// Days before now are working days, the newest comes first, and nothing lies in the future, whenever the sandbox is made.
func TestAWorldIsDatedRelativeToNow(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	for hour := range 24 * 8 {
		now := time.Date(2026, 11, 20, 0, 1, 0, 0, zone).Add(time.Duration(hour) * time.Hour)
		k := northwind(t, 400+hour%3*500, now).Kona()
		if k.data.zone != zone {
			t.Fatal("another zone")
		}
		last := now
		for row := range k.conversations {
			at := k.createdAt(row)
			day := at.In(zone).Weekday()
			switch r := k.record(row); {
			case at.After(last):
				t.Errorf("at %s: row %d is of %s, after the one before it", now, row, at)
			case row < 100 && r.On != "" && (day == time.Saturday || day == time.Sunday || !at.Before(now.Add(-6*time.Hour+time.Minute))):
				t.Errorf("at %s: %q is %s", now, r.On, at)
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
			contact := b.firstContact(row)
			if doc["status"] == "active" {
				key := contact + " " + doc["channelId"].(string)
				if active[key] {
					t.Errorf("of %d: a contact is in two active conversations on a channel", n)
				}
				active[key] = true
			}
			if doc["name"] == "" || contact == "" && n <= 400 {
				t.Errorf("of %d: %v", n, doc)
			}
		}
	}
}

// Who may not see a conversation doesn't get it listed: in this world all are there for the user of the demo, and most to edit.
func TestAWorldIsForTheUserOfTheDemo(t *testing.T) {
	k := northwind(t, 400, testNow).Kona()
	edits := 0
	for row := range k.conversations {
		see, edit := k.access(row)
		if !see {
			t.Errorf("%v can't be seen", k.value(row, "name"))
		}
		edits += btoi(edit)
	}
	if edits < 90 || edits == k.conversations {
		t.Errorf("%d of %d can be edited", edits, k.conversations)
	}
}

func TestAWorldSaysWhatADemoBeginsWith(t *testing.T) {
	for _, a := range northwind(t, 400, testNow).Accounts() {
		if len(a.Unseen) == 0 || len(a.Unseen) > 4 {
			t.Errorf("%s: %d are unseen", a.Name, len(a.Unseen))
		}
	}
	odd, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(odd.Accounts(), func(a Account) bool { return a.Unseen != nil }) {
		t.Error("the odd world says what is unseen")
	}
	if _, err := New(Options{World: "southwind"}); err == nil {
		t.Error("a world that isn't there was accepted")
	}
}

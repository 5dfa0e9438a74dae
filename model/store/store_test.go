package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *store.Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "confab.db"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatal(err)
	}
	return s
}

func conv(id, title string) model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "sales", ID: id}, Provider: model.Attention, Kind: "call",
		Title: title, Privacy: model.PrivacyPublic, ParticipantCount: -1, Updated: start.Add(-time.Hour)}
}

func rename(id, from, to string) store.Entry {
	return store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: id}, Kind: model.EditTitle,
		Base: model.TextValue(from), Target: model.TextValue(to), Batch: "b"}, Title: from}
}

func save(t testing.TB, s *store.Store, cs ...model.Conversation) {
	t.Helper()
	if _, err := s.SaveBatch(t.Context(), "sales", cs, nil); err != nil {
		t.Fatal(err)
	}
}

func enqueue(t testing.TB, s *store.Store, e ...store.Entry) []string {
	t.Helper()
	ids, err := s.Enqueue(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func claim(t testing.TB, s *store.Store, only []string) []model.OutboxEntry {
	t.Helper()
	out, err := s.Claim(t.Context(), "sales", only)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func row(t testing.TB, s *store.Store, id string) model.Row {
	t.Helper()
	r, ok, err := s.Row(t.Context(), model.Ref{Account: "sales", ID: id})
	if err != nil || !ok {
		t.Fatalf("row %s: %v %v", id, ok, err)
	}
	return r
}

func TestAnEnqueuedEditIsShownAndOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "Kick-off"))
	ids := enqueue(t, s, rename("1", "Kick-off", "Kick-off with Ada"))
	if got := row(t, s, "1"); got.Conversation.Title != "Kick-off with Ada" || len(got.Pending) != 1 {
		t.Errorf("row shows %q with %d pending", got.Conversation.Title, len(got.Pending))
	}
	// A second process, opened while the first still runs, sees the same.
	other := open(t, path)
	e, ok, err := other.OutboxEntry(t.Context(), ids[0])
	if err != nil || !ok || e.State != model.Queued {
		t.Fatalf("the other process sees %v %v %v", e.State, ok, err)
	}
	q, _ := query.Parse("ada is:pending")
	if n, _ := other.Count(t.Context(), q, start, time.UTC); n != 1 {
		t.Errorf("the projected title is not found: %d", n)
	}
}

func TestQueuedEditsOfAFieldFoldWhenClaimed(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"), rename("1", "b", "c"))
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].ID != ids[1] || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Fatalf("claimed %+v", got)
	}
	if again := claim(t, s, nil); len(again) != 0 {
		t.Errorf("claimed twice: %+v", again)
	}
}

func TestEditsOfAFieldWaitForEachOther(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	first := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	private := store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditPrivacy,
		Base: model.TextValue("public"), Target: model.TextValue("private")}}
	enqueue(t, s, rename("1", "b", "c"), private)
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].Kind != model.EditPrivacy {
		t.Fatalf("while a rename is being sent, claimed %+v", got)
	}
	if err := s.Park(t.Context(), first[0], model.Refused, &model.EntryError{Kind: model.Invalid}, nil, time.Time{}, true); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Target.String() != "c" {
		t.Fatalf("a refused edit changed nothing and stops nothing, claimed %+v", got)
	}
}

func TestADeleteGoesLastAndAlone(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	del := store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditDelete, Target: model.TextValue("deleted")}}
	enqueue(t, s, rename("1", "a", "b"), del)
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].Kind != model.EditTitle {
		t.Fatalf("claimed %+v", got)
	}
}

func TestClaimsOfADeadProcessComeBackAsSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead := open(t, path)
	dead.OpenAccount(t.Context(), "sales", "x")
	save(t, dead, conv("1", "a"))
	ids := enqueue(t, dead, rename("1", "a", "b"))
	claim(t, dead, nil)
	if err := dead.Sent(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	living := open(t, path)
	if got, _ := living.Recover(t.Context()); len(got) != 0 {
		t.Fatalf("took %v from a living process", got)
	}
	// What a kill leaves behind: the row says sending, and nobody holds the lock.
	dead.Close()
	got, err := living.Recover(t.Context())
	if err != nil || !cmp.Equal(got, ids) {
		t.Fatalf("recovered %v, %v", got, err)
	}
	e, _, _ := living.OutboxEntry(t.Context(), ids[0])
	if e.State != model.Queued || !e.Sent {
		t.Errorf("recovered as %s, sent %v", e.State, e.Sent)
	}
}

func TestSettleJournalsAndShowsTheServersState(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	j := model.JournalEntry{Edit: e.Edit, Title: "a", Before: e.Base, After: e.Target, At: start, State: model.Done}
	if err := s.Settle(t.Context(), e, j, &after, false); err != nil {
		t.Fatal(err)
	}
	if r := row(t, s, "1"); r.Conversation.Title != "b" || len(r.Pending) != 0 {
		t.Errorf("row %q, pending %v", r.Conversation.Title, r.Pending)
	}
	q, _ := query.Parse("is:pending")
	if n, _ := s.Count(t.Context(), q, start, time.UTC); n != 0 {
		t.Error("still counted as pending")
	}
	h, err := s.History(t.Context(), model.HistoryRequest{})
	if err != nil || len(h) != 1 || h[0].After.String() != "b" || h[0].Before.String() != "a" {
		t.Errorf("history %+v %v", h, err)
	}
}

func TestDoneHoldsUntilSomebodyElseChangesTheContent(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	yes := true
	if err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes}); err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	after.Updated = start
	s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &after, false)
	if !row(t, s, "1").Triage.Done {
		t.Error("confab's own edit brought a done conversation back")
	}
	theirs := after
	theirs.Preview = "one more question"
	save(t, s, theirs)
	if row(t, s, "1").Triage.Done {
		t.Error("a new message did not bring the conversation back")
	}
}

func TestAnotherIdentitySetsTheOldRowsAside(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	_, held, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example")
	if err != nil || held != 1 {
		t.Fatalf("held %d, %v", held, err)
	}
	if n, _ := s.Count(t.Context(), must("account:sales"), start, time.UTC); n != 0 {
		t.Error("rows of the old identity are still listed under the name")
	}
	out, _ := s.Outbox(t.Context())
	if len(out) != 1 || out[0].State != model.Held || !out[0].Orphaned {
		t.Fatalf("outbox %+v", out)
	}
	if err := s.Requeue(t.Context(), []string{out[0].ID}); err == nil {
		t.Error("an edit of another identity was queued")
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatal(err)
	}
	if r := row(t, s, "1"); r.Conversation.Title != "b" {
		t.Errorf("back under the first identity, the row shows %q", r.Conversation.Title)
	}
}

func TestRefusesANewerDatabaseAndAnotherHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	open(t, path).Close()
	_, err := store.Open(t.Context(), path, store.Options{Host: "jump-host"})
	if !errors.Is(err, store.ErrHost) {
		t.Errorf("another host: %v", err)
	}
	db, _ := sql.Open("sqlite", path)
	db.Exec("PRAGMA user_version = 999")
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(t.Context(), path, store.Options{Host: "laptop"})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	after, _ := os.ReadFile(path)
	if !cmp.Equal(before, after) {
		t.Error("the newer database was written to")
	}
}

func TestADamagedDatabaseIsSetAsideWithItsOutboxRescued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	var many []model.Conversation
	for i := range 2000 {
		many = append(many, conv(fmt.Sprint(i), fmt.Sprintf("conversation %d with a title of some length", i)))
	}
	save(t, s, many...)
	enqueue(t, s, rename("1", "a", "b"))
	s.Close()
	// Break pages in the middle, where the rows of conversations are.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	junk := make([]byte, 64*1024)
	for i := range junk {
		junk[i] = 0xa5
	}
	f.WriteAt(junk, info.Size()/2)
	f.Close()
	s = open(t, path)
	if s.Rescued().Path == "" {
		t.Fatal("the damage was not noticed")
	}
	if _, err := os.Stat(s.Rescued().Path); err != nil {
		t.Errorf("the damaged file is gone: %v", err)
	}
	out, err := s.Outbox(t.Context())
	if err != nil || len(out) != 1 || out[0].State != model.Held || out[0].Target.String() != "b" {
		t.Errorf("rescued %+v, %v", out, err)
	}
}

// What a disk or a copy leaves of a database: cut at several places, or with
// its first bytes gone. Whatever is left, the sentence about the outbox is true.
func TestWhatIsSaidOfARescueIsTrue(t *testing.T) {
	for name, hurt := range map[string]func(t *testing.T, path string){
		"its first bytes are gone": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.WriteAt(make([]byte, 50), 0)
		},
		"cut in the middle": func(t *testing.T, path string) { cut(t, path, 2) },
		"cut at a tenth":    func(t *testing.T, path string) { cut(t, path, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "confab.db")
			s := open(t, path)
			s.OpenAccount(t.Context(), "sales", "x")
			enqueue(t, s, rename("1", "a", "b"))
			var many []model.Conversation
			for i := range 2000 {
				many = append(many, conv(fmt.Sprint(i), fmt.Sprintf("conversation %d with a title of some length", i)))
			}
			save(t, s, many...)
			s.Close()
			hurt(t, path)
			s = open(t, path)
			out, err := s.Outbox(t.Context())
			r := s.Rescued()
			if err != nil || r.Edits != len(out) {
				t.Fatalf("%v: %d edits, says %d", err, len(out), r.Edits)
			}
			if len(out) == 0 && (r.Whole || !strings.Contains(r.String(), "may be lost")) {
				t.Errorf("nothing was kept, and it says %q", r)
			}
			if name != "cut at a tenth" && len(out) != 1 {
				t.Errorf("a queued edit that is still in the file was not kept: %q", r)
			}
			files, _ := filepath.Glob(path + "*mended*")
			if len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func cut(t *testing.T, path string, part int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/part); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsNoDatabaseIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	os.WriteFile(path, []byte("this is not a database, but it is somebody's file, so it stays"), 0o600)
	s := open(t, path)
	kept, err := os.ReadFile(s.Rescued().Path)
	if err != nil || string(kept[:4]) != "this" {
		t.Errorf("%q %v", kept, err)
	}
}

func TestFilesAreOfTheUserAlone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "confab.db"))
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", filepath.Base(p), info.Mode().Perm())
		}
		return nil
	})
}

func TestForgetLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a very recognisable title"))
	enqueue(t, s, rename("1", "a very recognisable title", "another recognisable title"))
	s.SaveDraft(t.Context(), "title:sales:1", "a recognisable draft")
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, f := range []string{path, path + "-wal"} {
		raw, _ := os.ReadFile(f)
		if bytes.Contains(raw, []byte("recognisable")) {
			t.Errorf("%s still holds the title", filepath.Base(f))
		}
	}
}

func TestSlotsSpaceRequestsAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	a, b := open(t, path), open(t, path)
	var got []time.Duration
	for i := range 4 {
		s := a
		if i%2 == 1 {
			s = b
		}
		at, err := s.Slot(t.Context(), "sales", time.Second, 2)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, at.Sub(start))
	}
	if want := []time.Duration{0, 0, time.Second, 2 * time.Second}; !cmp.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

func TestAWalkTellsWhatItDidNotMeet(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "b"))
	no, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv("2", "b")}, &store.Walk{No: no, Cursor: "p2"}); err != nil {
		t.Fatal(err)
	}
	again, cursor, _ := s.BeginWalk(t.Context(), "sales")
	if again != no || cursor != "p2" {
		t.Errorf("a cut walk goes on as %d at %q", again, cursor)
	}
	missed, err := s.EndWalk(t.Context(), "sales", no, "head", true)
	if err != nil || !cmp.Equal(missed, []string{"1"}) {
		t.Errorf("missed %v, %v", missed, err)
	}
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.Count(t.Context(), query.Query{}, start, time.UTC); n != 1 {
		t.Errorf("%d rows after the tombstone", n)
	}
}

func must(text string) query.Query {
	q, err := query.Parse(text)
	if err != nil {
		panic(err)
	}
	return q
}

// The SQL made from a query selects and orders as query.Match and
// query.Compare do.
func TestSQLAgreesWithMatch(t *testing.T) {
	words := []string{"ada", "Émile", "東京", "call", "a b", "x"}
	pick := func(r *rapid.T, from []string, name string) string { return rapid.SampledFrom(from).Draw(r, name) }
	s := fresh(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		acc := fmt.Sprintf("sales%d", n)
		s.OpenAccount(t.Context(), acc, "x")
		var subjects []*query.Subject
		for i := range rapid.IntRange(1, 8).Draw(r, "rows") {
			c := model.Conversation{Ref: model.Ref{Account: acc, ID: fmt.Sprint(i)}, Provider: pick(r, model.ProviderNames(), "provider"),
				Kind: pick(r, []string{"call", "email"}, "kind"), Title: pick(r, append(words, ""), "title"), ParticipantCount: -1,
				Privacy: model.Privacy(pick(r, []string{"private", "public", "participants", "unknown"}, "privacy")),
				Status:  pick(r, []string{"active", "READY", "Ärger", ""}, "status"), Closed: rapid.Bool().Draw(r, "closed"),
				Archived: rapid.Bool().Draw(r, "archived"), Preview: pick(r, words, "preview"),
				Owner:    model.Participant{Name: pick(r, words, "owner")},
				Duration: time.Duration(rapid.IntRange(0, 3).Draw(r, "duration")) * time.Minute}
			if rapid.Bool().Draw(r, "updated?") {
				c.Updated = start.Add(-time.Duration(rapid.IntRange(0, 20).Draw(r, "updated")) * 24 * time.Hour)
			}
			if rapid.Bool().Draw(r, "labels?") {
				c.Labels = map[string]string{pick(r, words, "label"): pick(r, words, "value")}
			}
			if rapid.Bool().Draw(r, "people?") {
				c.Participants = model.SetOf(model.Participant{Kind: "user", ID: "7", Name: pick(r, words, "who"), Role: pick(r, []string{"editor", "viewer", ""}, "role")})
			}
			if _, err := s.Save(context.Background(), c); err != nil {
				r.Fatal(err)
			}
			row, _, err := s.Row(context.Background(), c.Ref)
			if err != nil {
				r.Fatal(err)
			}
			subjects = append(subjects, query.NewSubject(row))
		}
		terms := []string{"ada", "emile", `"a b"`, "東京", "is:private", "is:public", "is:open", "is:closed", "is:archived", "is:any",
			"has:contacts", "title:a", "with:ada", "with:7", "owner:x", "role:editor", "status:ready", "status:ärger", "kind:call",
			"provider:bird", "label:ada", "label:ada=x", `label:"a b"`, "id:3", "updated:<7d", "updated:<2026-11-10", "updated:>2026-11-10",
			"updated:2026-11", "is:snoozed", "is:unseen", "is:pending"}
		text := "account:" + acc + " ("
		for i := range rapid.IntRange(1, 4).Draw(r, "terms") {
			if i > 0 {
				text += pick(r, []string{" ", " OR "}, "join")
			}
			text += pick(r, []string{"", "-"}, "not") + pick(r, terms, "term")
		}
		text += ") sort:" + pick(r, []string{"", "-"}, "reverse") + pick(r, []string{"updated", "created", "title", "duration", "provider"}, "sort")
		q, err := query.Parse(text)
		if err != nil {
			r.Fatal(err)
		}
		var want []string
		var matching []*query.Subject
		for _, sub := range subjects {
			if q.Match(sub, start, time.UTC) {
				matching = append(matching, sub)
			}
		}
		for len(matching) > 0 {
			first := 0
			for i := range matching {
				if q.Compare(matching[i], matching[first]) < 0 {
					first = i
				}
			}
			want = append(want, matching[first].Ref.ID)
			matching = append(matching[:first], matching[first+1:]...)
		}
		refs, err := s.Refs(context.Background(), q, start, time.UTC)
		if err != nil {
			r.Fatal(err)
		}
		var got []string
		for i, ref := range refs {
			got = append(got, ref.ID)
			p, err := s.List(context.Background(), q, start, time.UTC, 0, 3, ref)
			if err != nil || p.Index != i || p.Total != len(refs) {
				r.Fatalf("%s: anchor %s is at %d of %d, want %d of %d (%v)", text, ref, p.Index, p.Total, i, len(refs), err)
			}
		}
		if !cmp.Equal(got, want) {
			r.Fatalf("%s:\nSQL   %v\nMatch %v", text, got, want)
		}
	})
}

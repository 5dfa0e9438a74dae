package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func TestOpenAccountSetsRowsOfAnotherIdentityAside(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	_, held, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example")
	if err != nil || held != 1 {
		t.Fatalf("held %d (want 1), %v", held, err)
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
		t.Errorf("back under the first identity, the row shows %q (want b)", r.Conversation.Title)
	}
}

func TestForgetRemovesEverythingOfAnAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a very recognisable title"))
	enqueue(t, s, rename("1", "a very recognisable title", "another recognisable title"))
	for _, id := range []string{"S2", "S3"} {
		sub := model.Submission{ID: id, Sentence: "renamed \"a recognisable title\"", User: "ada", At: start}
		ids, err := s.Enqueue(t.Context(), sub, []model.Titled{rename("1", "another recognisable title", "a third recognisable one")})
		if err != nil {
			t.Fatal(err)
		}
		if id == "S3" {
			s.Withdraw(t.Context(), ids)
		}
	}
	other := rename("7", "b", "c")
	other.Edit.Ref.Account = "support"
	if _, err := s.Enqueue(t.Context(), model.Submission{ID: "S4", Sentence: "of another account", User: "ada", At: start},
		[]model.Titled{other}); err != nil {
		t.Fatal(err)
	}
	s.SaveDraft(t.Context(), "title:sales:1", "a recognisable draft")
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Submissions(t.Context(), model.HistoryRequest{}); err != nil || len(left) != 1 || left[0].ID != "S4" {
		t.Errorf("submissions left: %+v, %v", left, err)
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
		at, err := s.Pacer("sales", time.Second, 2).Slot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, at.Sub(start))
	}
	if want := []time.Duration{0, 0, time.Second, 2 * time.Second}; !cmp.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

func TestEndWalkReturnsConversationsItDidNotMeet(t *testing.T) {
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
		t.Errorf("a cut walk goes on as %d (want %v) at %q", again, no, cursor)
	}
	missed, err := s.EndWalk(t.Context(), "sales", no, "head", true)
	if err != nil || !cmp.Equal(missed, []string{"1"}) {
		t.Errorf("missed %v, %v", missed, err)
	}
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.Count(t.Context(), query.Query{}, start, time.UTC); n != 1 {
		t.Errorf("%d rows (want 1) after the tombstone", n)
	}
}

func TestDiscardOfASetAsideEditKeepsTheNewRows(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "old"))
	ids := enqueue(t, s, rename("1", "old", "mine"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatal(err)
	}
	save(t, s, conv("1", "new"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, must("account:sales title:new")); n != 1 {
		t.Errorf("the row of the new identity is found %d times (want 1) by its title", n)
	}
	if n := count(t, s, must("account:sales title:old")); n != 0 {
		t.Error("the row of the new identity carries the title of the old one")
	}
}

func TestForgetDoesNotTreatNamesAsPatterns(t *testing.T) {
	s := fresh(t)
	open := func(name, identity string) int {
		t.Helper()
		_, held, err := s.OpenAccount(t.Context(), name, identity)
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	open("axb", "one")
	e := rename("1", "a", "b")
	e.Edit.Ref.Account = "axb"
	ids := enqueue(t, s, e)
	s.SaveDraft(t.Context(), "title:axb", "typed")
	open("axb", "two")
	if held := open("a_b", "three"); held != 0 {
		t.Errorf("%d edits (want 0) of axb count as held by a_b", held)
	}
	if all, _ := s.Counts(t.Context()); all["A_B"].NeedPerson != 0 {
		t.Errorf("%d edits (want 0) of axb wait for a person at A_B", all["A_B"].NeedPerson)
	}
	if err := s.Forget(t.Context(), "a_b"); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[0]); !ok {
		t.Error("forgetting a_b deleted an edit of axb")
	}
	if text, _ := s.Draft(t.Context(), "title:axb"); text != "typed" {
		t.Error("forgetting a_b deleted a draft of axb")
	}
	if err := s.Forget(t.Context(), "axb"); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[0]); ok {
		t.Error("forgetting axb left its edit that was set aside")
	}
}

func TestSettingAsideKeepsAnEditInConflict(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	theirs := model.TextValue("c")
	if err := s.Park(t.Context(), ids[0], model.InConflict, &model.EntryError{Kind: model.ConflictKind}, &theirs, time.Time{}, true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatal(err)
	}
	if err := s.Rebase(t.Context(), ids[0], theirs, model.TextValue("b")); err == nil {
		t.Error("an edit of another identity was resolved into the queue")
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatal(err)
	}
	e, _, _ := s.OutboxEntry(t.Context(), ids[0])
	if e.State != model.InConflict || e.Orphaned {
		t.Errorf("came back as %s (want %v), orphaned %v", e.State, model.InConflict, e.Orphaned)
	}
	if got := row(t, s, "1").Conversation.Title; got != "a" {
		t.Errorf("the row shows %q (want a)", got)
	}
	if n := count(t, s, must("is:conflict")); n != 1 {
		t.Errorf("%d rows (want 1) are found in conflict", n)
	}
}

func TestTwoProcessesCanWalkAtTheSameTime(t *testing.T) {
	s := fresh(t)
	one, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil || two == one {
		t.Fatalf("one is %v, two is %v, err is %v", one, two, err)
	}
	page := func(no int64, cursor, id string) {
		t.Helper()
		if _, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv(id, "a")}, &store.Walk{No: no, Cursor: cursor}); err != nil {
			t.Fatal(err)
		}
	}
	page(two, "2", "1")
	page(one, "9", "1")
	// The second walk is interrupted here. It continues from its own cursor, not from that
	// of the first.
	if _, cursor, _ := s.BeginWalk(t.Context(), "sales"); cursor != "2" {
		t.Errorf("goes on at %q (want 2)", cursor)
	}
	if _, err := s.EndWalk(t.Context(), "sales", one, "", true); err != nil {
		t.Fatal(err)
	}
	if no, cursor, _ := s.BeginWalk(t.Context(), "sales"); no != two || cursor != "2" {
		t.Errorf("after the end of the first, goes on as %d (want %v) at %q", no, two, cursor)
	}
	if missed, err := s.EndWalk(t.Context(), "sales", two, "", true); err != nil || len(missed) != 0 {
		t.Errorf("missed %v, %v", missed, err)
	}
}

func TestPacerIgnoresASlotFarInTheFuture(t *testing.T) {
	now := start
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = start.Add(-30 * time.Minute)
	if at, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil || at.Sub(now) > 2*time.Second {
		t.Errorf("the next request waits %s, %v", at.Sub(now), err)
	}
}

func TestWritesFailAfterAnotherProcessChangedTheIdentity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	old, config := open(t, path), open(t, path)
	old.OpenAccount(t.Context(), "sales", "attention https://a.example")
	save(t, old, conv("1", "a"))
	config.OpenAccount(t.Context(), "sales", "attention https://other.example")
	save(t, config, conv("1", "b"))
	enqueue(t, config, rename("1", "b", "c"))
	if got, err := old.Claim(t.Context(), "sales", nil); err == nil || len(got) != 0 {
		t.Errorf("claimed an edit for another service: %+v", got)
	}
	if _, err := old.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "a")}, nil); err == nil {
		t.Error("a page of another service was laid over the rows")
	}
	if err := old.Save(t.Context(), conv("1", "a"), model.ReadWhole); err == nil {
		t.Error("a reading of another service was laid over a row")
	}
	if _, err := old.Enqueue(t.Context(), model.Submission{ID: "s"}, []model.Titled{rename("1", "a", "x")}); err == nil {
		t.Error("an edit for another service was queued")
	}
	if got := claim(t, config, nil); len(got) != 1 {
		t.Errorf("the process with the new config claims %+v", got)
	}
}

func TestDeliveredFirstMessageIsErasedFromDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	enqueue(t, s, model.Titled{Edit: model.Edit{Ref: model.Ref{Account: "sales"}, Kind: model.EditCreate,
		Target: model.Value{New: &model.NewConversation{Title: "Lift", Message: "a recognisable body"}}}, Title: "Lift"})
	e := claim(t, s, nil)[0]
	if ok, err := s.SentCreate(t.Context(), e, store.Creation{}); err != nil || !ok {
		t.Fatalf("ok is %v, err is %v", ok, err)
	}
	e.Target.New.Message = ""
	made := conv("9", "Lift")
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &made, false); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, f := range []string{path, path + "-wal"} {
		if raw, _ := os.ReadFile(f); bytes.Contains(raw, []byte("recognisable")) {
			t.Errorf("%s still holds the message", filepath.Base(f))
		}
	}
}

// Once the user of an account is known, its rows, marks and outbox stay, and a process that
// opened it under the former identity goes on. Another user starts with nothing; when the
// first comes back, so do the first one's rows.
func TestAMorePreciseIdentityKeepsTheRows(t *testing.T) {
	const host, ann, bob = "kona https://k.example", "kona https://k.example user 3", "kona https://k.example user 9"
	path := filepath.Join(t.TempDir(), "confab.db")
	first := open(t, path)
	first.OpenAccount(t.Context(), "sales", host)
	save(t, first, conv("1", "a"))
	enqueue(t, first, rename("1", "a", "b"))
	titles := func(s *store.Store, want ...string) {
		t.Helper()
		rows, err := s.RowsOf(t.Context(), "sales", []string{"1", "2"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.Conversation.Title)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}

	second := open(t, path)
	a, held, err := second.OpenAccount(t.Context(), "sales", ann, host)
	if err != nil || held != 0 || a.Identity != ann {
		t.Fatalf("%+v, %d held (want 0), %v", a, held, err)
	}
	titles(second, "b")
	save(t, first, conv("1", "a"), conv("2", "from the first run")) // it is the same account
	titles(second, "b", "from the first run")
	if _, held, err = second.OpenAccount(t.Context(), "sales", ann, host); err != nil || held != 0 {
		t.Fatalf("held is %v, err is %v", held, err)
	}

	if _, held, err = second.OpenAccount(t.Context(), "sales", bob); err != nil || held != 1 {
		t.Fatalf("%d held (want 1), %v", held, err)
	}
	titles(second)
	if _, err := first.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "a")}, nil); err == nil {
		t.Error("rows of the first user came among those of the second")
	}
	if _, held, err = second.OpenAccount(t.Context(), "sales", ann, host); err != nil || held != 0 {
		t.Fatalf("held is %v, err is %v", held, err)
	}
	titles(second, "b", "from the first run")
}

// Rows were set aside under the former identity before the user was known.
func TestSetAsideRowsOfAFormerIdentityComeBack(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "another"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a, held, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example user 3", "attention https://a.example"); err != nil || held != 0 || a.Identity == "another" {
			t.Fatalf("a is %v, held is %v, err is %v", a, held, err)
		}
		if r := row(t, s, "1"); r.Conversation.Title != "a" {
			t.Errorf("the row shows %q (want a)", r.Conversation.Title)
		}
	}
}

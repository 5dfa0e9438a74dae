package store_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
		t.Fatalf("opening the account under another identity held %d edits, want 1; error %v, want none", held, err)
	}
	if n, _ := s.Count(t.Context(), must("account:sales"), start, time.UTC); n != 0 {
		t.Errorf("%d rows of the old identity are still listed under the account name, want 0", n)
	}
	out, _ := s.Outbox(t.Context())
	if len(out) != 1 || out[0].State != model.Held || !out[0].Orphaned {
		t.Fatalf("the outbox is %+v, want one edit that is held and marked as of another identity (orphaned)", out)
	}
	if err := s.Requeue(t.Context(), []string{out[0].ID}); err == nil {
		t.Error("requeueing an edit of another identity succeeded, want an error")
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	if r := row(t, s, "1"); r.Conversation.Title != "b" {
		t.Errorf("after the first identity came back, the row shows the title %q, want b", r.Conversation.Title)
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
		ids, err := s.Enqueue(t.Context(), sub, []model.OutboxEntry{rename("1", "another recognisable title", "a third recognisable one")})
		if err != nil {
			t.Fatalf("Enqueue: error %v, want none", err)
		}
		if id == "S3" {
			s.Withdraw(t.Context(), ids)
		}
	}
	other := rename("7", "b", "c")
	other.Edit.Ref.Account = "support"
	if _, err := s.Enqueue(t.Context(), model.Submission{ID: "S4", Sentence: "of another account", User: "ada", At: start},
		[]model.OutboxEntry{other}); err != nil {
		t.Fatalf("Enqueue: error %v, want none", err)
	}
	s.SaveDraft(t.Context(), "title:sales:1", "a recognisable draft")
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	if left, err := s.Submissions(t.Context(), model.HistoryRequest{}); err != nil || len(left) != 1 || left[0].ID != "S4" {
		t.Errorf("after sales was forgotten, the submissions left are %+v, want S4 of the other account alone; error %v, want none", left, err)
	}
	s.Close()
	for _, f := range []string{path, path + "-wal"} {
		raw, _ := os.ReadFile(f)
		if bytes.Contains(raw, []byte("recognisable")) {
			t.Errorf("%s still holds the titles of the forgotten account", filepath.Base(f))
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
			t.Fatalf("Slot: error %v, want none", err)
		}
		got = append(got, at.Sub(start))
	}
	if want := []time.Duration{0, 0, time.Second, 2 * time.Second}; !cmp.Equal(got, want) {
		t.Errorf("the slots of four requests of two processes start after %v, want %v", got, want)
	}
}

func TestEndWalkReturnsConversationsItDidNotMeet(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "b"))
	no, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatalf("BeginWalk: error %v, want none", err)
	}
	if _, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv("2", "b")}, &store.Walk{No: no, Cursor: "p2"}); err != nil {
		t.Fatalf("SaveBatch: error %v, want none", err)
	}
	again, cursor, _ := s.BeginWalk(t.Context(), "sales")
	if again != no || cursor != "p2" {
		t.Errorf("an interrupted walk continues as number %d at cursor %q, want number %d at p2", again, cursor, no)
	}
	missed, err := s.EndWalk(t.Context(), "sales", no, "head", true)
	if err != nil || !cmp.Equal(missed, []string{"1"}) {
		t.Errorf("EndWalk returned the missed conversations %v, want [1]; error %v, want none", missed, err)
	}
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatalf("Bury: error %v, want none", err)
	}
	if n, _ := s.Count(t.Context(), query.Query{}, start, time.UTC); n != 1 {
		t.Errorf("%d conversations are listed after one of two was buried, want 1", n)
	}
}

func TestDiscardOfASetAsideEditKeepsTheNewRows(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "old"))
	ids := enqueue(t, s, rename("1", "old", "mine"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	save(t, s, conv("1", "new"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatalf("Discard: error %v, want none", err)
	}
	if n := count(t, s, must("account:sales title:new")); n != 1 {
		t.Errorf("a search for the title of the new row finds %d rows, want 1", n)
	}
	if n := count(t, s, must("account:sales title:old")); n != 0 {
		t.Errorf("a search for the title of the old identity's row finds %d rows, want 0", n)
	}
}

func TestForgetDoesNotTreatNamesAsPatterns(t *testing.T) {
	s := fresh(t)
	open := func(name, identity string) int {
		t.Helper()
		_, held, err := s.OpenAccount(t.Context(), name, identity)
		if err != nil {
			t.Fatalf("OpenAccount: error %v, want none", err)
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
		t.Errorf("opening a_b reports %d held edits, want 0: the only edit belongs to axb", held)
	}
	if all, _ := s.Counts(t.Context()); all["A_B"].NeedPerson != 0 {
		t.Errorf("%d edits need a person at A_B, want 0: the only edit belongs to axb", all["A_B"].NeedPerson)
	}
	if err := s.Forget(t.Context(), "a_b"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[0]); !ok {
		t.Error("forgetting a_b deleted an edit of axb, want it kept")
	}
	if text, _ := s.Draft(t.Context(), "title:axb"); text != "typed" {
		t.Error("forgetting a_b deleted or changed a draft of axb, want it kept")
	}
	if err := s.Forget(t.Context(), "axb"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[0]); ok {
		t.Error("forgetting axb left the edit that was set aside with its former identity")
	}
}

func TestSettingAsideKeepsAnEditInConflict(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	theirs := model.TextValue("c")
	if err := s.Park(t.Context(), ids[0], model.InConflict, &model.EntryError{Kind: model.ConflictKind}, &theirs, time.Time{}, true); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	if err := s.Rebase(t.Context(), ids[0], theirs, model.TextValue("b")); err == nil {
		t.Error("resolving the conflict of an edit of another identity succeeded, want an error")
	}
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	e, _, _ := s.OutboxEntry(t.Context(), ids[0])
	if e.State != model.InConflict || e.Orphaned {
		t.Errorf("after the first identity came back, the edit is %s and orphaned is %t, want %s and false", e.State, e.Orphaned, model.InConflict)
	}
	if got := row(t, s, "1").Conversation.Title; got != "a" {
		t.Errorf("the row with the edit in conflict shows the title %q, want a", got)
	}
	if n := count(t, s, must("is:conflict")); n != 1 {
		t.Errorf("is:conflict finds %d rows, want 1", n)
	}
}

func TestTwoProcessesCanWalkAtTheSameTime(t *testing.T) {
	s := fresh(t)
	one, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatalf("BeginWalk: error %v, want none", err)
	}
	two, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil || two == one {
		t.Fatalf("two walks at the same time have the numbers %d and %d, want two different ones; error of the second %v, want none", one, two, err)
	}
	page := func(no int64, cursor, id string) {
		t.Helper()
		if _, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv(id, "a")}, &store.Walk{No: no, Cursor: cursor}); err != nil {
			t.Fatalf("SaveBatch: error %v, want none", err)
		}
	}
	page(two, "2", "1")
	page(one, "9", "1")
	// The second walk is interrupted here. It continues from its own cursor, not from that
	// of the first.
	if _, cursor, _ := s.BeginWalk(t.Context(), "sales"); cursor != "2" {
		t.Errorf("the walk interrupted last continues at cursor %q, want 2", cursor)
	}
	if _, err := s.EndWalk(t.Context(), "sales", one, "", true); err != nil {
		t.Fatalf("EndWalk: error %v, want none", err)
	}
	if no, cursor, _ := s.BeginWalk(t.Context(), "sales"); no != two || cursor != "2" {
		t.Errorf("after the first walk ended, the other continues as number %d at cursor %q, want number %d at 2", no, cursor, two)
	}
	if missed, err := s.EndWalk(t.Context(), "sales", two, "", true); err != nil || len(missed) != 0 {
		t.Errorf("the second walk missed the conversations %v, want none; error %v, want none", missed, err)
	}
}

func TestPacerIgnoresASlotFarInTheFuture(t *testing.T) {
	now := start
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	if _, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil {
		t.Fatalf("Slot: error %v, want none", err)
	}
	now = start.Add(-30 * time.Minute)
	if at, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil || at.Sub(now) > 2*time.Second {
		t.Errorf("after the clock was set back by 30 minutes, the next request waits %s, want at most 2s; error %v, want none", at.Sub(now), err)
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
		t.Errorf("the process with the old identity claimed %+v, want no edit and an error; error %v", got, err)
	}
	if _, err := old.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "a")}, nil); err == nil {
		t.Error("SaveBatch of the process with the old identity succeeded, want an error")
	}
	if err := old.Save(t.Context(), conv("1", "a"), model.ReadWhole); err == nil {
		t.Error("Save of the process with the old identity succeeded, want an error")
	}
	if _, err := old.Enqueue(t.Context(), model.Submission{ID: "s"}, []model.OutboxEntry{rename("1", "a", "x")}); err == nil {
		t.Error("Enqueue of the process with the old identity succeeded, want an error")
	}
	if got := claim(t, config, nil); len(got) != 1 {
		t.Errorf("the process with the new identity claimed %+v, want one edit", got)
	}
}

func TestDeliveredFirstMessageIsErasedFromDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	enqueue(t, s, model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales"}, Kind: model.EditCreate,
		Target: model.Value{New: &model.NewConversation{Title: "Lift", Message: "a recognisable body"}}}, Title: "Lift"})
	e := claim(t, s, nil)[0]
	if ok, err := s.SentCreate(t.Context(), e, store.Creation{}); err != nil || !ok {
		t.Fatalf("recording that the creation is sent: allowed is %t, want true; error %v, want none", ok, err)
	}
	e.Target.New.Message = ""
	made := conv("9", "Lift")
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &made, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	s.Close()
	for _, f := range []string{path, path + "-wal"} {
		if raw, _ := os.ReadFile(f); bytes.Contains(raw, []byte("recognisable")) {
			t.Errorf("%s still holds the text of the delivered message", filepath.Base(f))
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
			t.Fatalf("RowsOf: error %v, want none", err)
		}
		var got []string
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			got = append(got, rows[id].Conversation.Title)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("titles of conversations 1 and 2 (-want +got):\n%s", d)
		}
	}

	second := open(t, path)
	a, held, err := second.OpenAccount(t.Context(), "sales", ann, host)
	if err != nil || held != 0 || a.Identity != ann {
		t.Fatalf("opening the account with the user known gave %+v with %d edits held, want identity %q with 0 held; error %v, want none", a, held, ann, err)
	}
	titles(second, "b")
	save(t, first, conv("1", "a"), conv("2", "from the first run")) // it is the same account
	titles(second, "b", "from the first run")
	if _, held, err = second.OpenAccount(t.Context(), "sales", ann, host); err != nil || held != 0 {
		t.Fatalf("opening the account again as the same user held %d edits, want 0; error %v, want none", held, err)
	}

	if _, held, err = second.OpenAccount(t.Context(), "sales", bob); err != nil || held != 1 {
		t.Fatalf("opening the account as another user held %d edits, want 1; error %v, want none", held, err)
	}
	titles(second)
	if _, err := first.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "a")}, nil); err == nil {
		t.Error("a process of the first user saved rows under the second user, want an error")
	}
	if _, held, err = second.OpenAccount(t.Context(), "sales", ann, host); err != nil || held != 0 {
		t.Fatalf("opening the account as the first user again held %d edits, want 0; error %v, want none", held, err)
	}
	titles(second, "b", "from the first run")
}

// Rows were set aside under the former identity before the user was known.
func TestSetAsideRowsOfAFormerIdentityComeBack(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "another"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	for range 2 {
		if a, held, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example user 3", "attention https://a.example"); err != nil || held != 0 || a.Identity == "another" {
			t.Fatalf("opening the account under its former identity gave %+v with %d edits held, want the former identity with 0 held; error %v, want none", a, held, err)
		}
		if r := row(t, s, "1"); r.Conversation.Title != "a" {
			t.Errorf("the row that was set aside shows the title %q, want a", r.Conversation.Title)
		}
	}
}

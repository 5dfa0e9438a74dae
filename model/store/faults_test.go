package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func count(t *testing.T, s *store.Store, q query.Query) int {
	t.Helper()
	n, err := s.Count(t.Context(), q, start, start.Location())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDiscardingAnEditThatWasSetAsideLeavesTheNewRowsAlone(t *testing.T) {
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
		t.Errorf("the row of the new identity is found %d times by its title", n)
	}
	if n := count(t, s, must("account:sales title:old")); n != 0 {
		t.Error("the row of the new identity carries the title of the old one")
	}
}

func TestAccountNamesAreNoPatterns(t *testing.T) {
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
		t.Errorf("%d edits of axb count as held by a_b", held)
	}
	if _, _, person, _ := s.Counts(t.Context(), "A_B"); person != 0 {
		t.Errorf("%d edits of axb wait for a person at A_B", person)
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

func TestAnEditThatWaitsForAnUnwantedOneHoldsUpNoOther(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "x"))
	enqueue(t, s, rename("1", "a", "b"))
	wanted := enqueue(t, s, rename("1", "b", "c"), rename("2", "x", "y"))
	if got := claim(t, s, wanted); len(got) != 1 || got[0].ID != wanted[1] {
		t.Errorf("claimed %+v", got)
	}
	many := append(make([]string, 40_000), wanted...)
	if got := claim(t, s, many); len(got) != 0 {
		t.Errorf("then claimed %+v", got)
	}
}

func TestAnEditMadeFromAnotherBaseIsNotFolded(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	people := func(ids ...string) model.Value {
		var out []model.Participant
		for _, id := range ids {
			out = append(out, model.Participant{Kind: model.KindUser, ID: id})
		}
		return model.PeopleValue(out)
	}
	set := func(base, target model.Value) store.Entry {
		return store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditParticipants, Base: base, Target: target}}
	}
	// Cy is added, and then an older edit that added Bo is taken back.
	ids := enqueue(t, s, set(people("ann", "bo"), people("ann", "bo", "cy")), set(people("ann", "bo"), people("ann")))
	if got := claim(t, s, nil); len(got) != 1 || got[0].ID != ids[0] || len(got[0].Target.Set()) != 3 {
		t.Errorf("claimed %+v", got)
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[1]); !ok {
		t.Error("the second edit is gone")
	}
}

func TestAnEditInConflictStaysSoWhileItsAccountIsSetAside(t *testing.T) {
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
		t.Errorf("came back as %s, orphaned %v", e.State, e.Orphaned)
	}
	if got := row(t, s, "1").Conversation.Title; got != "a" {
		t.Errorf("the row shows %q", got)
	}
	if n := count(t, s, must("is:conflict")); n != 1 {
		t.Errorf("%d rows are found in conflict", n)
	}
}

func TestCompletionOffersWhatTheListsShow(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatal(err)
	}
	s.Scope([]string{"sales"})
	if v, err := s.Vocabulary(t.Context()); err != nil || len(v.Accounts)+len(v.Kinds) != 0 {
		t.Errorf("offers %+v, %v", v, err)
	}
	save(t, s, conv("1", "a"))
	if v, err := s.Vocabulary(t.Context()); err != nil || len(v.Accounts) != 1 || len(v.Kinds) != 1 {
		t.Errorf("offers %+v, %v", v, err)
	}
}

func TestTwoProcessesWalkWithoutMisleadingEachOther(t *testing.T) {
	s := fresh(t)
	one, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil || two == one {
		t.Fatal(one, two, err)
	}
	page := func(no int64, cursor, id string) {
		t.Helper()
		if _, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv(id, "a")}, &store.Walk{No: no, Cursor: cursor}); err != nil {
			t.Fatal(err)
		}
	}
	page(two, "2", "1")
	page(one, "9", "1")
	// The second walk is cut here: it goes on from its own place, not from that of the first.
	if _, cursor, _ := s.BeginWalk(t.Context(), "sales"); cursor != "2" {
		t.Errorf("goes on at %q", cursor)
	}
	if _, err := s.EndWalk(t.Context(), "sales", one, "", true); err != nil {
		t.Fatal(err)
	}
	if no, cursor, _ := s.BeginWalk(t.Context(), "sales"); no != two || cursor != "2" {
		t.Errorf("after the end of the first, goes on as %d at %q", no, cursor)
	}
	if missed, err := s.EndWalk(t.Context(), "sales", two, "", true); err != nil || len(missed) != 0 {
		t.Errorf("missed %v, %v", missed, err)
	}
}

func TestAClockSetBackStopsNoRequests(t *testing.T) {
	now := start
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Slot(t.Context(), "sales", time.Second, 1); err != nil {
		t.Fatal(err)
	}
	now = start.Add(-30 * time.Minute)
	if at, err := s.Slot(t.Context(), "sales", time.Second, 1); err != nil || at.Sub(now) > 2*time.Second {
		t.Errorf("the next request waits %s, %v", at.Sub(now), err)
	}
}

func TestATimeBeyondReasonFailsNoPage(t *testing.T) {
	s := fresh(t)
	bad := conv("1", "a")
	bad.Updated = time.UnixMilli(start.UnixMilli() * 1000)
	save(t, s, bad, conv("2", "b"))
	if got := row(t, s, "1").Conversation; got.Title != "a" || !got.Updated.IsZero() {
		t.Errorf("%q, updated %s", got.Title, got.Updated)
	}
}

func TestAClockSetBackKeepsTheOrderOfEdits(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	first := rename("1", "a", "b")
	// What a process leaves behind whose clock was far ahead.
	first.Edit.ID = "z" + store.NewID(start)[1:]
	enqueue(t, s, first)
	second := rename("1", "b", "c")
	second.Edit.ID = store.NewID(start)
	ids := enqueue(t, s, second)
	if ids[0] <= first.Edit.ID {
		t.Errorf("the second edit %s sorts before the first %s", ids[0], first.Edit.ID)
	}
	if got := row(t, s, "1").Conversation.Title; got != "c" {
		t.Errorf("the row shows %q", got)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Errorf("claimed %+v", got)
	}
}

func TestOneDamagedRowHidesNoOtherAndHeals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"), conv("2", "b"))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE body SET server = '{\"title\":' WHERE key = (SELECT key FROM conversation WHERE id = '1')"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	p, err := s.List(t.Context(), query.Query{}, start, time.UTC, 0, 10, model.Ref{})
	if err != nil || len(p.Rows) != 2 {
		t.Fatalf("%d rows, %v", len(p.Rows), err)
	}
	if got := row(t, s, "1").Conversation; got.Ref.ID != "1" {
		t.Errorf("the damaged row is %+v", got)
	}
	enqueue(t, s, rename("1", "a", "c"))
	if all, err := s.Known(t.Context(), []model.Conversation{conv("1", "a")}); err != nil || all {
		t.Errorf("known %v, %v", all, err)
	}
	save(t, s, conv("1", "a"))
	if got := row(t, s, "1").Conversation.Title; got != "c" {
		t.Errorf("after the next reading the row shows %q", got)
	}
}

func TestAnotherProcessChangesTheIdentityUnderThisOne(t *testing.T) {
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
	if _, err := old.Save(t.Context(), conv("1", "a")); err == nil {
		t.Error("a reading of another service was laid over a row")
	}
	if _, err := old.Enqueue(t.Context(), []store.Entry{rename("1", "a", "x")}); err == nil {
		t.Error("an edit for another service was queued")
	}
	if got := claim(t, config, nil); len(got) != 1 {
		t.Errorf("the process with the new config claims %+v", got)
	}
}

func TestAWithdrawnEditIsNoBase(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"), rename("1", "b", "c"))
	if got, err := s.Withdraw(t.Context(), ids[:1]); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Errorf("claimed %+v", got)
	}
	people := func(ids string) model.Value {
		var out []model.Participant
		for _, id := range ids {
			out = append(out, model.Participant{Kind: model.KindUser, ID: string(id)})
		}
		return model.PeopleValue(out)
	}
	set := func(base, target string) store.Entry {
		return store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditParticipants, Base: people(base), Target: people(target)}}
	}
	ids = enqueue(t, s, set("a", "ab"), set("ab", "abc"), set("abc", "abcd"))
	if err := s.Discard(t.Context(), ids[:1]); err != nil {
		t.Fatal(err)
	}
	got := claim(t, s, nil)
	if len(got) != 1 || !got[0].Base.Equal(people("a")) || !got[0].Target.Equal(people("acd")) {
		t.Errorf("claimed %+v", got)
	}
	if shown := row(t, s, "1").Conversation.Participants.Items; !model.SamePeople(shown, people("acd").Set()) {
		t.Errorf("the row shows %+v", shown)
	}
}

func TestADamagedDatabaseIsNotTakenFromUnderAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	living := open(t, path)
	damaged := filepath.Join(filepath.Dir(path), "other.db") // shares the claims
	if err := os.WriteFile(damaged, []byte("this is not a database, and the other process does not know yet"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err == nil {
		s.Close()
		t.Error("set aside while another process was running")
	}
	if raw, err := os.ReadFile(damaged); err != nil || string(raw[:4]) != "this" {
		t.Errorf("%q, %v", raw, err)
	}
	living.Close()
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err != nil || s.Rescued().Path == "" {
		t.Errorf("alone: %v", err)
	} else {
		s.Close()
	}
}

func park(t *testing.T, s *store.Store, id string, state model.EditState, next time.Time) {
	t.Helper()
	theirs := model.TextValue("theirs")
	if err := s.Park(t.Context(), id, state, &model.EntryError{Kind: model.Invalid}, &theirs, next, true); err != nil {
		t.Fatal(err)
	}
}

// What a query finds follows every change of the outbox, not only what a row shows.
func TestQueriesFollowEveryChangeOfTheOutbox(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "before"))
	ids := enqueue(t, s, rename("1", "before", "after"))
	found := func(step, word, title string) {
		t.Helper()
		for _, is := range []string{"is:pending", "is:failed", "is:conflict"} {
			want := 0
			if is == word {
				want = 1
			}
			if n := count(t, s, must(is)); n != want {
				t.Errorf("%s: %s finds %d", step, is, n)
			}
		}
		if n := count(t, s, must("title:"+title)); n != 1 {
			t.Errorf("%s: title:%s finds %d", step, title, n)
		}
	}
	found("queued", "is:pending", "after")
	claim(t, s, nil)
	found("claimed", "is:pending", "after")
	park(t, s, ids[0], model.Refused, time.Time{})
	found("refused", "is:failed", "before")
	if err := s.Requeue(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	found("queued again", "is:pending", "after")
	claim(t, s, nil)
	park(t, s, ids[0], model.InConflict, time.Time{})
	found("in conflict", "is:conflict", "before")
	if err := s.Rebase(t.Context(), ids[0], model.TextValue("before"), model.TextValue("resolved")); err != nil {
		t.Fatal(err)
	}
	found("resolved", "is:pending", "resolved")
	if _, err := s.HoldOld(t.Context(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	found("held", "is:pending", "resolved")
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	found("withdrawn", "", "before")
	ids = enqueue(t, s, rename("1", "before", "after"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	found("discarded", "", "before")
	yes := true
	if err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes, Seen: &yes}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, must("is:done -is:unseen")); n != 1 {
		t.Errorf("marked: found %d times", n)
	}
	// Folding at the claim.
	enqueue(t, s, rename("1", "before", "between"), rename("1", "between", "last"))
	if got := claim(t, s, nil); len(got) != 1 {
		t.Fatalf("claimed %+v", got)
	}
	found("folded", "is:pending", "last")
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Pinned: &yes}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, query.Query{}); n != 0 {
		t.Error("a mark brought a tombstone back")
	}
	save(t, s, conv("1", "before"))
	if n := count(t, s, must("is:pinned is:done")); n != 1 {
		t.Errorf("back from the dead with its marks, found %d times", n)
	}
}

func TestWhatIsBeingSentStaysAsItIs(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	for name, try := range map[string]func() error{
		"discard": func() error { return s.Discard(t.Context(), ids) },
		"retry":   func() error { return s.Requeue(t.Context(), ids) },
		"resolve": func() error { return s.Rebase(t.Context(), ids[0], model.TextValue("x"), model.TextValue("y")) },
	} {
		if err := try(); model.KindOf(err) != model.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 0 {
		t.Errorf("withdrew %v, %v", got, err)
	}
	if err := s.Sent(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if err := s.Park(t.Context(), ids[0], model.RetryAt, nil, nil, start.Add(time.Hour), false); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 0 {
		t.Errorf("withdrew %v, which may have been sent, %v", got, err)
	}
}

func TestAClaimTakesOnlyWhatIsDueAndFree(t *testing.T) {
	del := store.Entry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditDelete, Target: model.TextValue("deleted")}}
	for name, tc := range map[string]struct {
		edits []store.Entry // of conversation 1
		leave func(*testing.T, *store.Store, []string)
	}{
		"a retry that is not due": {[]store.Entry{rename("1", "a", "b")}, func(t *testing.T, s *store.Store, ids []string) {
			claim(t, s, ids)
			park(t, s, ids[0], model.RetryAt, start.Add(time.Minute))
		}},
		"a delete behind a held edit": {[]store.Entry{rename("1", "a", "b"), del}, func(t *testing.T, s *store.Store, ids []string) {
			claim(t, s, ids[:1])
			park(t, s, ids[0], model.Held, time.Time{})
		}},
		"an edit behind a delete that is tried again": {[]store.Entry{del, rename("1", "a", "b")}, func(t *testing.T, s *store.Store, ids []string) {
			claim(t, s, ids[:1])
			park(t, s, ids[0], model.RetryAt, start.Add(time.Minute))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			save(t, s, conv("1", "a"), conv("2", "x"))
			ids := enqueue(t, s, tc.edits...)
			tc.leave(t, s, ids)
			if got := claim(t, s, nil); len(got) != 0 {
				t.Errorf("claimed %+v", got)
			}
			other := enqueue(t, s, rename("2", "x", "y"))
			if got := claim(t, s, nil); len(got) != 1 || got[0].ID != other[0] {
				t.Errorf("another conversation was held up: claimed %+v", got)
			}
		})
	}
}

func TestAnEditThatMayHaveBeenSentIsNotFolded(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	if err := s.Sent(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, rename("1", "b", "c"))
	if got := claim(t, s, nil); len(got) != 1 || got[0].ID != ids[0] || got[0].Target.String() != "b" || !got[0].Sent {
		t.Errorf("claimed %+v", got)
	}
}

func TestADecisionStartsAnEditAnew(t *testing.T) {
	now := start
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	if err := s.Sent(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	theirs := model.TextValue("c")
	if err := s.Park(t.Context(), ids[0], model.NotVerified, nil, &theirs, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	now = start.Add(48 * time.Hour)
	if err := s.Rebase(t.Context(), ids[0], theirs, model.TextValue("b")); err != nil {
		t.Fatal(err)
	}
	// From another base, nothing has been sent; and what was just decided is not old.
	if e, _, _ := s.OutboxEntry(t.Context(), ids[0]); e.Sent || e.Theirs != nil || e.Error != nil {
		t.Errorf("%+v", e)
	}
	if n, err := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); err != nil || n != 0 {
		t.Errorf("held %d, %v", n, err)
	}
	now = now.Add(48 * time.Hour)
	if n, _ := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); n != 1 {
		t.Errorf("held %d of one old edit", n)
	}
	if err := s.Requeue(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); n != 0 {
		t.Error("a confirmed edit was held again")
	}
}

func TestAServiceThatAnswersWakesWhatWaitedForIt(t *testing.T) {
	s := fresh(t)
	due := map[model.ErrorKind]bool{model.Unavailable: true, model.Unauthorized: true, model.RateLimited: false, model.UnknownOutcome: false}
	i := 0
	for kind := range due {
		i++
		id := fmt.Sprint(i)
		save(t, s, conv(id, "a"))
		ids := enqueue(t, s, rename(id, "a", string(kind)))
		claim(t, s, ids)
		if err := s.Park(t.Context(), ids[0], model.RetryAt, &model.EntryError{Kind: kind}, nil, start.Add(time.Hour), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Wake(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := claim(t, s, nil)
		if len(got) != 1 || !due[model.ErrorKind(got[0].Target.String())] {
			t.Errorf("claimed %+v", got)
		}
	}
	if got := claim(t, s, nil); len(got) != 0 {
		t.Errorf("woke what waits for a time: %+v", got)
	}
}

func TestSeenHoldsThroughAnOwnEdit(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	yes := true
	if err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Seen: &yes}); err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &after, false); err != nil {
		t.Fatal(err)
	}
	if !row(t, s, "1").Triage.Seen {
		t.Error("an own edit made the conversation unseen")
	}
}

package store_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func TestClaimFoldsQueuedEditsOfAField(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"), rename("1", "b", "c"))
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].ID != ids[1] || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Fatalf("claimed %+v, want edit %s alone, folded to change a to c", got, ids[1])
	}
	if again := claim(t, s, nil); len(again) != 0 {
		t.Errorf("a second claim took %+v, want nothing", again)
	}
}

func TestEditsOfAFieldWaitForEachOther(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	first := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	private := model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditPrivacy,
		Base: model.TextValue("public"), Target: model.TextValue("private")}}
	enqueue(t, s, rename("1", "b", "c"), private)
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].Kind != model.EditPrivacy {
		t.Fatalf("while a rename is being sent, claimed %+v, want the privacy edit alone", got)
	}
	if err := s.Park(t.Context(), first[0], model.Refused, &model.EntryError{Kind: model.Invalid}, nil, time.Time{}, true); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Target.String() != "c" {
		t.Fatalf("after the first rename was refused, claimed %+v, want the second one, to c", got)
	}
}

// A service takes labels as a whole map: two processes that send one key each would
// overwrite each other.
func TestKeysOfOneMapAreSentByOneProcessAtATime(t *testing.T) {
	for _, kind := range []model.EditKind{model.EditLabels, model.EditAttributes} {
		s := fresh(t)
		save(t, s, conv("1", "a"))
		set := func(key string) model.OutboxEntry {
			return model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: kind, Key: key, Target: model.TextValue("yes")}}
		}
		second := enqueue(t, s, set("two"))
		claim(t, s, nil)
		ids := enqueue(t, s, set("one"), rename("1", "a", "b"))
		if got := claim(t, s, nil); len(got) != 1 || got[0].Kind != model.EditTitle {
			t.Fatalf("%s: while another key is being sent, claimed %+v, want the rename alone", kind, got)
		}
		waiting, _, err := s.OutboxEntry(t.Context(), ids[0])
		if err != nil {
			t.Fatalf("OutboxEntry: error %v, want none", err)
		}
		if by, err := s.Blockers(t.Context(), []string{waiting.ID}); err != nil || by[waiting.ID].ID != second[0] {
			t.Errorf("%s: the edit of key one waits for %q, want %q; error %v, want none", kind, by[waiting.ID].ID, second[0], err)
		}
		if err := s.Park(t.Context(), second[0], model.RetryAt, nil, nil, time.Now().Add(time.Hour), false); err != nil {
			t.Fatalf("Park: error %v, want none", err)
		}
		if got := claim(t, s, nil); len(got) != 1 || got[0].Key != "one" {
			t.Errorf("%s: with the other key put off, claimed %+v, want the edit of key one alone", kind, got)
		}
	}
}

func TestADeleteGoesLastAndAlone(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	del := model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditDelete, Target: model.TextValue("deleted")}}
	enqueue(t, s, rename("1", "a", "b"), del)
	got := claim(t, s, nil)
	if len(got) != 1 || got[0].Kind != model.EditTitle {
		t.Fatalf("of a rename and a delete, claimed %+v, want the rename alone", got)
	}
}

func TestClaimsOfADeadProcessComeBackAsSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead := open(t, path)
	dead.OpenAccount(t.Context(), "sales", "x")
	save(t, dead, conv("1", "a"))
	ids := enqueue(t, dead, rename("1", "a", "b"))
	if _, err := dead.Sent(t.Context(), claim(t, dead, nil), nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	living := open(t, path)
	if got, _ := living.Recover(t.Context()); len(got) != 0 {
		t.Fatalf("Recover took %v from a living process, want nothing", got)
	}
	// After a kill the row says sending, and nobody holds the lock.
	dead.Close()
	got, err := living.Recover(t.Context())
	if err != nil || !cmp.Equal(got, ids) {
		t.Fatalf("Recover returned %v, want the edits %v of the dead process; error %v, want none", got, ids, err)
	}
	e, _, _ := living.OutboxEntry(t.Context(), ids[0])
	if e.State != model.Queued || !e.Sent {
		t.Errorf("the recovered edit is %s with sent %t, want %s with sent true", e.State, e.Sent, model.Queued)
	}
}

// If the revision of the row stayed, a cache of rows by revision would show the edit as
// being sent until something else changes.
func TestReleaseChangesTheRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead, living := open(t, path), open(t, path)
	for _, s := range []*store.Store{dead, living} {
		if _, _, err := s.OpenAccount(t.Context(), "sales", "x"); err != nil {
			t.Fatalf("OpenAccount: error %v, want none", err)
		}
	}
	save(t, dead, conv("1", "a"))
	enqueue(t, dead, rename("1", "a", "b"))
	f := follower{s: living}
	given := func(how string, end func() error) {
		t.Helper()
		claim(t, dead, nil)
		f.follow(t)
		if err := end(); err != nil {
			t.Fatalf("the edit is %s: error %v, want none", how, err)
		}
		if told := f.follow(t); len(told) != 1 {
			t.Errorf("after the edit was %s: %d rows are reported as changed, want 1", how, len(told))
		}
	}
	given("released", func() error { return dead.Release(t.Context(), "sales") })
	given("recovered", func() error {
		dead.Close()
		_, err := living.Recover(t.Context())
		return err
	})
}

func TestSettleJournalsAndShowsTheServersState(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	j := model.JournalEntry{Edit: e.Edit, Title: "a", Before: e.Base, After: e.Target, At: start, State: model.Done}
	if err := s.Settle(t.Context(), e, j, &after, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	if r := row(t, s, "1"); r.Conversation.Title != "b" || len(r.Pending) != 0 {
		t.Errorf("the row shows the title %q with the pending edits %v, want b with none", r.Conversation.Title, r.Pending)
	}
	q, _ := query.Parse("is:pending")
	if n, _ := s.Count(t.Context(), q, start, time.UTC); n != 0 {
		t.Errorf("after the delivery is:pending finds %d rows, want 0", n)
	}
	h, err := s.History(t.Context(), model.HistoryRequest{})
	if err != nil || len(h) != 1 || h[0].After.String() != "b" || h[0].Before.String() != "a" {
		t.Errorf("the history is %+v, want one change from a to b; error %v, want none", h, err)
	}
}

func TestClaimOfSomeIdsSkipsBlockedEdits(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "x"))
	enqueue(t, s, rename("1", "a", "b"))
	wanted := enqueue(t, s, rename("1", "b", "c"), rename("2", "x", "y"))
	if got := claim(t, s, wanted); len(got) != 1 || got[0].ID != wanted[1] {
		t.Errorf("claimed %+v, want edit %s alone: the other waits for an edit that was not asked for", got, wanted[1])
	}
	many := append(make([]string, 40_000), wanted...)
	if got := claim(t, s, many); len(got) != 0 {
		t.Errorf("a second claim took %+v, want nothing", got)
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
	set := func(base, target model.Value) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditParticipants, Base: base, Target: target}}
	}
	// Cy is added, then an older edit that added Bo is withdrawn.
	ids := enqueue(t, s, set(people("ann", "bo"), people("ann", "bo", "cy")), set(people("ann", "bo"), people("ann")))
	if got := claim(t, s, nil); len(got) != 1 || got[0].ID != ids[0] || len(got[0].Target.Set()) != 3 {
		t.Errorf("claimed %+v, want edit %s alone with its three people", got, ids[0])
	}
	if _, ok, _ := s.OutboxEntry(t.Context(), ids[1]); !ok {
		t.Errorf("edit %s from another base is no longer in the outbox, want it to wait", ids[1])
	}
}

func TestEditsStayInOrderWhenTheClockIsSetBack(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	first := rename("1", "a", "b")
	// The id of a process whose clock was far ahead.
	first.Edit.ID = "z" + store.NewID(start)[1:]
	enqueue(t, s, first)
	second := rename("1", "b", "c")
	second.Edit.ID = store.NewID(start)
	ids := enqueue(t, s, second)
	if ids[0] <= first.Edit.ID {
		t.Errorf("the second edit %s sorts before the first %s, want it after", ids[0], first.Edit.ID)
	}
	if got := row(t, s, "1").Conversation.Title; got != "c" {
		t.Errorf("the row shows the title %q, want c of the second edit", got)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Errorf("claimed %+v, want one edit folded to change a to c", got)
	}
}

func TestWithdrawRebasesLaterEdits(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"), rename("1", "b", "c"))
	if got, err := s.Withdraw(t.Context(), ids[:1]); err != nil || len(got) != 1 {
		t.Fatalf("withdrawing the first edit took back %v, want one edit; error %v, want none", got, err)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].Base.String() != "a" || got[0].Target.String() != "c" {
		t.Errorf("after the first edit was withdrawn, claimed %+v, want one edit from a to c", got)
	}
	people := func(ids string) model.Value {
		var out []model.Participant
		for _, id := range ids {
			out = append(out, model.Participant{Kind: model.KindUser, ID: string(id)})
		}
		return model.PeopleValue(out)
	}
	set := func(base, target string) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditParticipants, Base: people(base), Target: people(target)}}
	}
	ids = enqueue(t, s, set("a", "ab"), set("ab", "abc"), set("abc", "abcd"))
	if err := s.Discard(t.Context(), ids[:1]); err != nil {
		t.Fatalf("Discard: error %v, want none", err)
	}
	got := claim(t, s, nil)
	if len(got) != 1 || !got[0].Base.Equal(people("a")) || !got[0].Target.Equal(people("acd")) {
		t.Errorf("after the edit that added b was discarded, claimed %+v, want one edit from people a to people a, c and d", got)
	}
	if shown := row(t, s, "1").Conversation.Participants.Items; !model.SamePeople(shown, people("acd").Set()) {
		t.Errorf("the row shows the people %+v, want a, c and d", shown)
	}
}

func park(t *testing.T, s *store.Store, id string, state model.EditState, next time.Time) {
	t.Helper()
	theirs := model.TextValue("theirs")
	if err := s.Park(t.Context(), id, state, &model.EntryError{Kind: model.Invalid}, &theirs, next, true); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
}

func TestEditBeingSentCannotBeDecided(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	sending := claim(t, s, nil)
	for name, try := range map[string]func() error{
		"discard": func() error { return s.Discard(t.Context(), ids) },
		"retry":   func() error { return s.Requeue(t.Context(), ids) },
		"resolve": func() error { return s.Rebase(t.Context(), ids[0], model.TextValue("x"), model.TextValue("y")) },
	} {
		if err := try(); model.KindOf(err) != model.Invalid {
			t.Errorf("%s of an edit that is being sent: error %v of kind %v, want one of kind %v", name, err, model.KindOf(err), model.Invalid)
		}
	}
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 0 {
		t.Errorf("withdrawing an edit that is being sent took back %v, want nothing; error %v, want none", got, err)
	}
	if _, err := s.Sent(t.Context(), sending, nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	if err := s.Park(t.Context(), ids[0], model.RetryAt, nil, nil, start.Add(time.Hour), false); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 0 {
		t.Errorf("withdrawing an edit that may have been sent took back %v, want nothing; error %v, want none", got, err)
	}
}

func TestClaimTakesOnlyDueUnblockedEdits(t *testing.T) {
	del := model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditDelete, Target: model.TextValue("deleted")}}
	for name, tc := range map[string]struct {
		edits []model.OutboxEntry // of conversation 1
		leave func(*testing.T, *store.Store, []string)
	}{
		"a retry that is not due": {[]model.OutboxEntry{rename("1", "a", "b")}, func(t *testing.T, s *store.Store, ids []string) {
			claim(t, s, ids)
			park(t, s, ids[0], model.RetryAt, start.Add(time.Minute))
		}},
		"a delete behind a held edit": {[]model.OutboxEntry{rename("1", "a", "b"), del}, func(t *testing.T, s *store.Store, ids []string) {
			claim(t, s, ids[:1])
			park(t, s, ids[0], model.Held, time.Time{})
		}},
		"an edit behind a delete that is tried again": {[]model.OutboxEntry{del, rename("1", "a", "b")}, func(t *testing.T, s *store.Store, ids []string) {
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
				t.Errorf("claimed %+v, want nothing", got)
			}
			other := enqueue(t, s, rename("2", "x", "y"))
			if got := claim(t, s, nil); len(got) != 1 || got[0].ID != other[0] {
				t.Errorf("with an edit of another conversation queued, claimed %+v, want that edit %s alone", got, other[0])
			}
		})
	}
}

func TestEditThatMayHaveBeenSentIsNotFolded(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	if _, err := s.Sent(t.Context(), claim(t, s, nil), nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	if err := s.Release(t.Context(), "sales"); err != nil {
		t.Fatalf("Release: error %v, want none", err)
	}
	enqueue(t, s, rename("1", "b", "c"))
	if got := claim(t, s, nil); len(got) != 1 || got[0].ID != ids[0] || got[0].Target.String() != "b" || !got[0].Sent {
		t.Errorf("claimed %+v, want edit %s alone, to b and marked as sent", got, ids[0])
	}
}

func TestDecisionQueuesAnEditAsNew(t *testing.T) {
	now := start
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	if _, err := s.Sent(t.Context(), claim(t, s, nil), nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	theirs := model.TextValue("c")
	if err := s.Park(t.Context(), ids[0], model.NotVerified, nil, &theirs, time.Time{}, false); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	now = start.Add(48 * time.Hour)
	if err := s.Rebase(t.Context(), ids[0], theirs, model.TextValue("b")); err != nil {
		t.Fatalf("Rebase: error %v, want none", err)
	}
	// After Rebase the edit counts as not sent, and as new.
	if e, _, _ := s.OutboxEntry(t.Context(), ids[0]); e.Sent || e.Theirs != nil || e.Error != nil {
		t.Errorf("after the conflict was resolved the edit is %+v, want it not sent, with no value of others and no error", e)
	}
	if n, err := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); err != nil || n != 0 {
		t.Errorf("HoldOld right after the decision held %d edits, want 0; error %v, want none", n, err)
	}
	now = now.Add(48 * time.Hour)
	if n, _ := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); n != 1 {
		t.Errorf("HoldOld 48 hours after the decision held %d edits, want 1", n)
	}
	if err := s.Requeue(t.Context(), ids); err != nil {
		t.Fatalf("Requeue: error %v, want none", err)
	}
	if n, _ := s.HoldOld(t.Context(), now.Add(-24*time.Hour)); n != 0 {
		t.Errorf("HoldOld right after the edit was requeued held %d edits, want 0", n)
	}
}

func TestWakeMakesEditsOfAnUnreachableServiceDue(t *testing.T) {
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
			t.Fatalf("Park: error %v, want none", err)
		}
	}
	if err := s.Wake(t.Context(), "sales"); err != nil {
		t.Fatalf("Wake: error %v, want none", err)
	}
	for range 2 {
		got := claim(t, s, nil)
		if len(got) != 1 || !due[model.ErrorKind(got[0].Target.String())] {
			t.Errorf("after Wake, claimed %+v, want one edit that failed as unavailable or unauthorized", got)
		}
	}
	if got := claim(t, s, nil); len(got) != 0 {
		t.Errorf("after Wake and two claims, claimed %+v, want nothing: the other edits wait for their time", got)
	}
}

func TestCreationIsKeptUntilItSettles(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "confab.db"))
	s.OpenAccount(t.Context(), "sales", "x")
	create := func(title string) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales"}, Kind: model.EditCreate,
			Target: model.Value{New: &model.NewConversation{Title: title}}}, Title: title}
	}
	ids := enqueue(t, s, create("Lift"), create("Lift"), create("Roof"))
	entry := func(i int) model.OutboxEntry {
		e, ok, err := s.OutboxEntry(t.Context(), ids[i])
		if err != nil || !ok {
			t.Fatalf("reading outbox entry %s: found %t, want true; error %v, want none", ids[i], ok, err)
		}
		return e
	}
	kept := store.Creation{Known: []string{"7", "6"}, Sure: true}
	send := func(i int, want bool) {
		t.Helper()
		if ok, err := s.SentCreate(t.Context(), entry(i), kept); err != nil || ok != want || entry(i).Sent != want {
			t.Fatalf("creation %d (%s): may be sent is %t, marked as sent is %t, want %t for both; error %v, want none", i, entry(i).Title, ok, entry(i).Sent, want, err)
		}
	}
	send(0, true)
	send(1, false) // of the same title
	send(2, true)
	send(0, true) // again
	kept.Made = "8"
	if err := s.KeepCreation(t.Context(), ids[0], kept); err != nil {
		t.Fatalf("KeepCreation: error %v, want none", err)
	}
	if got, err := s.Creation(t.Context(), ids[0]); err != nil || !reflect.DeepEqual(got, kept) {
		t.Errorf("the kept creation is %+v, want %+v; error %v, want none", got, kept, err)
	}
	rivals, err := s.Rivals(t.Context(), entry(1))
	if err != nil || len(rivals) != 1 || rivals[0].ID != ids[0] || !reflect.DeepEqual(rivals[0].Creation, kept) {
		t.Errorf("Rivals of the second creation returned %+v, want %s alone with %+v; error %v, want none", rivals, ids[0], kept, err)
	}
	// A creation that waits for a person delays no other one.
	if err := s.Park(t.Context(), ids[0], model.OutcomeNotKnown, &model.EntryError{}, nil, time.Time{}, false); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	send(1, true)
	gone := entry(2)
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	if ok, err := s.SentCreate(t.Context(), gone, kept); ok || err != nil {
		t.Errorf("a creation whose account was forgotten may be sent is %t, want false; error %v, want none", ok, err)
	}
	var old store.Creation
	if err := json.Unmarshal([]byte(`["1","2"]`), &old); err != nil || old.Sure || len(old.Known) != 2 {
		t.Errorf("the creation that an earlier version kept is %+v, want two known ids and not sure; error %v, want none", old, err)
	}
}

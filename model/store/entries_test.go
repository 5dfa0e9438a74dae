package store_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

// entries reads what changed after a revision.
func entries(t testing.TB, s *store.Store, since int64) (map[int64]query.Entry, store.Point) {
	t.Helper()
	out := map[int64]query.Entry{}
	p, err := s.Entries(t.Context(), since, func(e query.Entry) error {
		if _, twice := out[e.Key]; twice {
			t.Errorf("Entries returned the conversation with key %d twice, want once", e.Key)
		}
		out[e.Key] = e
		return nil
	})
	if err != nil {
		t.Fatalf("Entries: error %v, want none", err)
	}
	return out, p
}

func everyRow(t testing.TB, s *store.Store, keys map[int64]query.Entry) map[int64]model.Row {
	t.Helper()
	var list []int64
	for k := range keys {
		list = append(list, k)
	}
	rows, err := s.Rows(t.Context(), list)
	if err != nil {
		t.Fatalf("Rows: error %v, want none", err)
	}
	out := map[int64]model.Row{}
	for _, r := range rows {
		r.Checked = time.Time{} // a sweep that finds nothing new is no change
		out[r.Key] = r
	}
	return out
}

// follower keeps what it was told, like an index.
type follower struct {
	s    *store.Store
	at   store.Point
	rows map[int64]query.Entry
}

func (f *follower) follow(t testing.TB) (told map[int64]query.Entry) {
	t.Helper()
	told, p := entries(t, f.s, f.at.Revision)
	if p.Epoch != f.at.Epoch || f.rows == nil {
		f.rows, p = entries(t, f.s, 0)
		f.at = p
		return f.rows
	}
	for k, e := range told {
		if e.Revision <= f.at.Revision || e.Revision > p.Revision {
			t.Errorf("the conversation with key %d has revision %d, want one after %d and up to %d", k, e.Revision, f.at.Revision, p.Revision)
		}
		if f.rows[k] = e; e.Gone {
			delete(f.rows, k)
		}
	}
	f.at = p
	return told
}

// Two processes change a database. Whoever asks each time for the changes since the last
// answer knows the whole content, and no row changes unannounced.
func TestEntriesSinceARevisionAreExact(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(t.TempDir(), "confab.db")
		both := []*store.Store{open(t, path), open(t, path)}
		for _, s := range both {
			if _, _, err := s.OpenAccount(t.Context(), "sales", "x"); err != nil {
				r.Fatalf("OpenAccount: error %v, want none", err)
			}
			s.Scope([]string{"sales"})
		}
		defer both[0].Close()
		defer both[1].Close()
		followers := []*follower{{s: both[0]}, {s: both[1]}}
		before := map[int64]model.Row{}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			what := change(t, r, both[rapid.IntRange(0, 1).Draw(r, "program")])
			all, at := entries(t, both[1], 0)
			now := everyRow(t, both[0], all)
			for _, f := range followers {
				told := f.follow(t)
				if d := gocmp.Diff(all, f.rows); d != "" {
					r.Fatalf("after %s: the entries of the database (-) and those that a follower was told (+) differ:\n%s", what, d)
				}
				for k := range now {
					if _, ok := told[k]; !ok && f == followers[0] && gocmp.Diff(before[k], now[k]) != "" {
						r.Fatalf("after %s: row %d changed, but Entries did not return it", what, k)
					}
				}
				if f.at != at {
					r.Fatalf("after %s: a follower is at %+v, want %+v", what, f.at, at)
				}
			}
			for k, row := range now {
				want := *query.NewSubject(row)
				if d := gocmp.Diff(want, all[k].Subject); d != "" {
					r.Fatalf("after %s: the subject of the row (-) and of the entry (+) differ:\n%s", what, d)
				}
			}
			counts, err := both[0].Counts(t.Context())
			if n := counts["sales"].Conversations; err != nil || n != len(all) {
				r.Fatalf("after %s: Counts gives %d conversations, want %d; error %v, want none", what, n, len(all), err)
			}
			before = now
		}
	})
}

// change makes a random change that a program may make, and describes it.
func change(t testing.TB, r *rapid.T, s *store.Store) string {
	t.Helper()
	ctx := t.Context()
	id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(r, "id")
	ref := model.Ref{Account: "sales", ID: id}
	title := rapid.SampledFrom([]string{"a", "b", "ç"}).Draw(r, "title")
	yes := rapid.Bool().Draw(r, "yes")
	var err error
	what := rapid.SampledFrom([]string{"read", "read", "read", "whole", "bury", "mark", "pin", "edit", "edit", "claim", "withdraw",
		"other identity", "forget"}).Draw(r, "what")
	switch what {
	case "read":
		var batch []model.Conversation
		for _, id := range []string{"1", "2", "3"} {
			batch = append(batch, conv(id, title))
		}
		_, err = s.SaveBatch(ctx, "sales", batch, nil)
	case "whole":
		err = s.Save(ctx, conv(id, title), model.ReadWhole)
	case "bury":
		err = s.Bury(ctx, ref)
	case "mark":
		_, err = s.Triage(ctx, []model.Ref{ref}, model.TriageChange{Done: &yes})
	case "pin":
		_, err = s.Triage(ctx, []model.Ref{ref}, model.TriageChange{Pinned: &yes})
	case "edit":
		sub := model.Submission{ID: store.NewID(start), At: start}
		_, err = s.Enqueue(ctx, sub, []model.OutboxEntry{rename(id, title, title+"!")})
	case "claim":
		var due []model.OutboxEntry
		due, err = s.Claim(ctx, "sales", nil)
		for _, e := range due {
			after := conv(e.Ref.ID, e.Target.String())
			err = cmp.Or(err, s.Settle(ctx, e, model.JournalEntry{Edit: e.Edit, State: model.Done, At: start}, &after, yes))
		}
	case "withdraw":
		var ids []string
		out, listed := s.Outbox(ctx)
		for _, e := range out {
			ids = append(ids, e.ID)
		}
		_, err = s.Withdraw(ctx, ids)
		err = cmp.Or(listed, err)
	case "other identity":
		if _, _, err = s.OpenAccount(ctx, "sales", "y"); err == nil && yes {
			_, _, err = s.OpenAccount(ctx, "sales", "x")
		}
	case "forget":
		if err = s.Forget(ctx, "sales"); err == nil {
			_, _, err = s.OpenAccount(ctx, "sales", "x")
		}
	}
	if err != nil {
		// The other program may have given the account another identity.
		if _, _, err = s.OpenAccount(ctx, "sales", "x"); err != nil {
			r.Fatalf("opening the account again after the failed step %q: error %v, want none", what, err)
		}
	}
	return fmt.Sprintf("%s %s %q %v", what, id, title, yes)
}

func TestReadingWithoutNewsIsNoChange(t *testing.T) {
	s := fresh(t)
	page := []model.Conversation{conv("1", "a"), conv("2", "b")}
	page[0].Facts = []model.Fact{{Label: "Quotation", Value: "one", Volatile: true}}
	save(t, s, page...)
	was, _ := s.Revision(t.Context())
	no, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatalf("BeginWalk: error %v, want none", err)
	}
	page[0].Facts = []model.Fact{{Label: "Quotation", Value: "another", Volatile: true}}
	changed, err := s.SaveBatch(t.Context(), "sales", page, &store.Walk{No: no, Cursor: "p2"})
	if err != nil || len(changed) > 0 {
		t.Errorf("a reading without news changed the conversations %v, want none; error %v, want none", changed, err)
	}
	if missed, err := s.EndWalk(t.Context(), "sales", no, "", true); err != nil || len(missed) > 0 {
		t.Errorf("the walk missed the conversations %v, want none; error %v, want none", missed, err)
	}
	if err := s.Refreshed(t.Context(), "sales", "head"); err != nil {
		t.Fatalf("Refreshed: error %v, want none", err)
	}
	if now, _ := s.Revision(t.Context()); now != was {
		t.Errorf("after a reading without news the revision is %d, want %d as before", now, was)
	}
	page[1].Title = "new"
	save(t, s, page...)
	told, p := entries(t, s, was)
	if len(told) != 1 || p.Revision != was+1 {
		t.Errorf("after one title changed, Entries returned %v at %+v, want one entry at revision %d", told, p, was+1)
	}
}

func TestKeysAreNeverReused(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "b"))
	ref := model.Ref{Account: "sales", ID: "2"}
	key, ok, err := s.Key(t.Context(), ref)
	if err != nil || !ok {
		t.Fatalf("looking up the key of conversation 2: found %t, want true; error %v, want none", ok, err)
	}
	if err := s.Bury(t.Context(), ref); err != nil {
		t.Fatalf("Bury: error %v, want none", err)
	}
	if _, ok, _ := s.Key(t.Context(), ref); ok {
		t.Error("a buried conversation still has a key, want none")
	}
	if told, _ := entries(t, s, 1); !told[key].Gone {
		t.Errorf("Entries returned %v, want the entry of the buried conversation %d marked as gone", told, key)
	}
	rows, err := s.Rows(t.Context(), []int64{99, key, key - 1, -1})
	if err != nil || len(rows) != 1 || rows[0].Key != key-1 {
		t.Errorf("Rows returned %v, want the row with key %d alone; error %v, want none", rows, key-1, err)
	}
	save(t, s, conv("2", "b"))
	if back, _, _ := s.Key(t.Context(), ref); back != key {
		t.Errorf("the buried conversation came back with key %d, want %d as before", back, key)
	}
	_, was := entries(t, s, 0)
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	s.OpenAccount(t.Context(), "sales", "attention https://a.example")
	save(t, s, conv("3", "c"))
	all, p := entries(t, s, 0)
	if p.Epoch == was.Epoch {
		t.Errorf("the epoch is still %v after an account was forgotten, want a new one", p.Epoch)
	}
	for k := range all {
		if k <= key {
			t.Errorf("a new conversation has key %d, want one above %d: keys of a forgotten account must not be used again", k, key)
		}
	}
}

func TestEntriesAndHeadKeepToTheScope(t *testing.T) {
	s := fresh(t)
	s.OpenAccount(t.Context(), "desk", "y")
	other := conv("1", "b")
	other.Ref.Account = "desk"
	save(t, s, conv("1", "a"))
	if _, err := s.SaveBatch(t.Context(), "desk", []model.Conversation{other}, nil); err != nil {
		t.Fatalf("SaveBatch: error %v, want none", err)
	}
	s.Scope([]string{"desk"})
	for _, since := range []int64{0, 1} {
		told, _ := entries(t, s, since)
		for _, e := range told {
			if e.Subject.Ref != other.Ref {
				t.Errorf("Entries since revision %d returned %s, want %s of the scope alone", since, e.Subject.Ref, other.Ref)
			}
		}
	}
	keys, whole, err := s.Head(t.Context(), func(*query.Subject) bool { return true }, 10, time.Minute)
	if err != nil || len(keys) != 1 || !whole {
		t.Errorf("Head returned the keys %v, whole %t, want one key of the scope, whole true; error %v, want none", keys, whole, err)
	}
}

// Another version stored the subjects, or a page is damaged: rows show the same, and are
// refolded in slices.
func TestSubjectsOfAnotherFoldVersionAreRefolded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	var all []model.Conversation
	for i := range 25 {
		all = append(all, conv(fmt.Sprint(i), fmt.Sprintf("Größe %d", i)))
	}
	save(t, s, all...)
	yes := true
	s.Triage(t.Context(), []model.Ref{all[3].Ref}, model.TriageChange{Done: &yes, Pinned: &yes})
	enqueue(t, s, rename("4", "Größe 4", "Ärger"))
	for done := false; !done; {
		var err error
		if done, err = s.Refold(t.Context(), 10); err != nil {
			t.Fatalf("Refold: error %v, want none", err)
		}
	}
	want, at := entries(t, s, 0)
	rows := everyRow(t, s, want)
	any := func(*query.Subject) bool { return true }
	head, _, _ := s.Head(t.Context(), any, 100, time.Minute)
	s.KeepView(t.Context(), "q", store.KeptView{Keys: head, Total: 25, At: start})

	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE conversation SET subject = CASE key % 4 WHEN 0 THEN NULL WHEN 1 THEN x'00ff' ELSE x'ff' || substr(subject, 2) END;
DELETE FROM meta WHERE key = 'fold'`); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	s = open(t, path)
	same := func(when string) {
		t.Helper()
		got, p := entries(t, s, 0)
		if d := gocmp.Diff(want, got); d != "" || p.Epoch != at.Epoch {
			t.Errorf("%s: epoch %v, want %v; entries (-want +got):\n%s", when, p.Epoch, at.Epoch, d)
		}
		if d := gocmp.Diff(rows, everyRow(t, s, got)); d != "" {
			t.Errorf("%s: rows (-want +got):\n%s", when, d)
		}
		if keys, _, err := s.Head(t.Context(), any, 100, time.Minute); err != nil || !slices.Equal(keys, head) {
			t.Errorf("%s: Head returned the keys %v, want %v; error %v, want none", when, keys, head, err)
		}
		pinned := func(x *query.Subject) bool { return x.Flags&query.FlagPinned != 0 }
		if v, ok, err := s.KeptView(t.Context(), "q", pinned); err != nil || !ok || len(v.Keys) != 1 {
			t.Errorf("%s: the kept view of pinned rows is %+v, found %t, want one key; error %v, want none", when, v, ok, err)
		}
	}
	same("before refolding")
	for i, want := range []bool{false, false, true, true} {
		if done, err := s.Refold(t.Context(), 10); err != nil || done != want {
			t.Errorf("refolding slice %d: done is %t, want %t; error %v, want none", i, done, want, err)
		}
		same(fmt.Sprint("after refolding slice ", i))
	}
	var left int
	if err := db.QueryRow("SELECT count(*) FROM conversation WHERE subject IS NULL OR substr(subject, 1, 1) <> ?",
		[]byte{query.FoldVersion}).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d conversations are not folded with the current version, want 0; error %v, want none", left, err)
	}
}

func TestHeadReturnsTheDefaultOrder(t *testing.T) {
	s := fresh(t)
	var all []model.Conversation
	for i := range 60 {
		c := conv(fmt.Sprint(i), fmt.Sprint("row ", i))
		c.Updated = start.Add(time.Duration(i%7) * time.Hour)
		if i%9 == 0 {
			c.Updated = time.Time{}
		}
		c.Created = start.Add(-time.Duration(i%3) * time.Hour)
		all = append(all, c)
	}
	save(t, s, all...)
	yes := true
	s.Triage(t.Context(), []model.Ref{all[0].Ref, all[30].Ref}, model.TriageChange{Pinned: &yes})
	s.Bury(t.Context(), all[5].Ref)
	byKey, _ := entries(t, s, 0)
	var want []query.Entry
	for _, e := range byKey {
		want = append(want, e)
	}
	slices.SortFunc(want, func(a, b query.Entry) int { return query.Query{}.Compare(&a.Subject, &b.Subject) })
	for _, limit := range []int{1, 10, 58, 59, 100} {
		keys, whole, err := s.Head(t.Context(), func(*query.Subject) bool { return true }, limit, time.Minute)
		if err != nil || len(keys) != min(limit, 59) || whole != (limit >= 59) {
			t.Fatalf("Head with the limit %d returned %d keys, whole %t, want %d keys, whole %t; error %v, want none", limit, len(keys), whole, min(limit, 59), limit >= 59, err)
		}
		for i, k := range keys {
			if k != want[i].Key {
				t.Errorf("Head with the limit %d: place %d has key %d, want %d", limit, i, k, want[i].Key)
			}
		}
	}
	// The search for a rare match ends with the budget.
	asked := 0
	keys, whole, err := s.Head(t.Context(), func(*query.Subject) bool { asked++; return false }, 10, 0)
	if err != nil || len(keys) > 0 || whole || asked > 1 {
		t.Errorf("Head without a time budget returned the keys %v, whole %t, after %d calls of match, want no key, whole false, at most 1 call; error %v, want none", keys, whole, asked, err)
	}
}

// Head sorts rows of the same times itself, but not any number of them.
func TestHeadStopsAmongRowsOfTheSameTime(t *testing.T) {
	s := fresh(t)
	first := conv("first", "a")
	first.Updated = start.Add(time.Hour)
	all := []model.Conversation{first}
	for i := range 3000 {
		all = append(all, conv(fmt.Sprint(i), "a"))
	}
	save(t, s, all...)
	any := func(*query.Subject) bool { return true }
	if keys, whole, err := s.Head(t.Context(), any, 100, 0); err != nil || whole || len(keys) != 1 {
		t.Errorf("Head without a time budget returned %d keys, whole %t, want 1 key, whole false; error %v, want none", len(keys), whole, err)
	}
	if keys, whole, err := s.Head(t.Context(), any, 5000, time.Minute); err != nil || len(keys) != 3001 || !whole {
		t.Errorf("Head with a minute of time returned %d keys, whole %t, want 3001 keys, whole true; error %v, want none", len(keys), whole, err)
	}
	s.Bury(t.Context(), first.Ref)
	if keys, whole, err := s.Head(t.Context(), any, 100, 0); err != nil || whole || len(keys) != 0 {
		t.Errorf("Head without a time budget among rows of one time returned %d keys, whole %t, want no keys, whole false; error %v, want none", len(keys), whole, err)
	}
}

// The view kept for one account is not returned for two.
func TestKeptViewBelongsToItsScope(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	any := func(*query.Subject) bool { return true }
	s.Scope([]string{"sales", "support"})
	if err := s.KeepView(t.Context(), "q", store.KeptView{Keys: []int64{1}, Total: 4000, At: start}); err != nil {
		t.Fatalf("KeepView: error %v, want none", err)
	}
	s.Scope([]string{"sales"})
	if v, ok, err := s.KeptView(t.Context(), "q", any); ok || err != nil {
		t.Errorf("KeptView returned the view %+v of another scope, found %t, want not found; error %v, want none", v, ok, err)
	}
	s.Scope([]string{"support", "sales"})
	if v, ok, err := s.KeptView(t.Context(), "q", any); !ok || err != nil || v.Total != 4000 {
		t.Errorf("KeptView of the same accounts in another order is %+v, found %t, want a total of 4000; error %v, want none", v, ok, err)
	}
}

func TestKeptViewDropsRowsThatNoLongerMatch(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "keep"), conv("2", "change"), conv("3", "keep"), conv("4", "keep"))
	var keys []int64
	for _, id := range []string{"3", "1", "2", "4"} {
		k, _, _ := s.Key(t.Context(), model.Ref{Account: "sales", ID: id})
		keys = append(keys, k)
	}
	was, _ := s.Revision(t.Context())
	if err := s.KeepView(t.Context(), "title:keep", store.KeptView{Keys: keys, Total: 40, At: start}); err != nil {
		t.Fatalf("KeepView: error %v, want none", err)
	}
	if now, _ := s.Revision(t.Context()); now != was {
		t.Errorf("keeping a view changed the revision from %d to %d, want no change", was, now)
	}
	q := must("title:keep")
	match := func(x *query.Subject) bool { return q.Match(x, start, time.UTC) }
	s.Bury(t.Context(), model.Ref{Account: "sales", ID: "4"})
	v, ok, err := s.KeptView(t.Context(), "title:keep", match)
	if err != nil || !ok || !slices.Equal(v.Keys, keys[:2]) || v.Total != 38 || !v.At.Equal(start) {
		t.Errorf("the kept view is %+v, found %t, want the keys %v and a total of 38, kept at %v; error %v, want none", v, ok, keys[:2], start, err)
	}
	if _, ok, err := s.KeptView(t.Context(), "other", match); ok || err != nil {
		t.Errorf("KeptView of a query that was never kept: found %t, want false; error %v, want none", ok, err)
	}
	for i := range 60 {
		s.KeepView(t.Context(), fmt.Sprint("q", i), store.KeptView{At: start.Add(time.Duration(i+1) * time.Second)})
	}
	if _, ok, _ := s.KeptView(t.Context(), "title:keep", match); ok {
		t.Error("the oldest view is still kept after 60 newer ones, want it removed")
	}
	s.KeepView(t.Context(), "title:keep", store.KeptView{Keys: keys, Total: 4, At: start.Add(time.Hour)})
	s.Forget(t.Context(), "sales")
	if v, ok, _ := s.KeptView(t.Context(), "title:keep", match); ok {
		t.Errorf("after its account was forgotten, the view is still kept: %+v", v)
	}
}

package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }})
	if err != nil {
		t.Fatalf("opening the database %s: %v", path, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *store.Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "confab.db"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatalf("opening the account sales: %v", err)
	}
	return s
}

func conv(id, title string) model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "sales", ID: id}, Provider: model.Attention, Kind: "call",
		Title: title, Privacy: model.PrivacyPublic, ParticipantCount: -1, Updated: start.Add(-time.Hour)}
}

func rename(id, from, to string) model.OutboxEntry {
	return model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: id}, Kind: model.EditTitle,
		Base: model.TextValue(from), Target: model.TextValue(to)}, Title: from}
}

func save(t testing.TB, s *store.Store, cs ...model.Conversation) {
	t.Helper()
	if _, err := s.SaveBatch(t.Context(), "sales", cs, nil); err != nil {
		t.Fatalf("saving %d conversations: %v", len(cs), err)
	}
}

func enqueue(t testing.TB, s *store.Store, e ...model.OutboxEntry) []string {
	t.Helper()
	var ids []string
	for _, one := range e { // each a submission of its own
		got, err := s.Enqueue(t.Context(), model.Submission{ID: store.NewID(start), At: start}, []model.OutboxEntry{one})
		if err != nil {
			t.Fatalf("queueing the edit %+v: %v", one, err)
		}
		ids = append(ids, got...)
	}
	return ids
}

func claim(t testing.TB, s *store.Store, only []string) []model.OutboxEntry {
	t.Helper()
	out, err := s.Claim(t.Context(), "sales", only)
	if err != nil {
		t.Fatalf("claiming edits of sales: %v", err)
	}
	return out
}

func row(t testing.TB, s *store.Store, id string) model.Row {
	t.Helper()
	r, ok, err := s.Row(t.Context(), model.Ref{Account: "sales", ID: id})
	if err != nil || !ok {
		t.Fatalf("reading row %s: found %t, want true; error %v, want none", id, ok, err)
	}
	return r
}

func TestEnqueuedEditIsShownAndOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "Kick-off"))
	ids := enqueue(t, s, rename("1", "Kick-off", "Kick-off with Ada"))
	if got := row(t, s, "1"); got.Conversation.Title != "Kick-off with Ada" || len(got.Pending) != 1 {
		t.Errorf("the row shows the title %q with %d pending edits, want \"Kick-off with Ada\" with 1", got.Conversation.Title, len(got.Pending))
	}
	// A second process sees the same while the first still runs.
	other := open(t, path)
	e, ok, err := other.OutboxEntry(t.Context(), ids[0])
	if err != nil || !ok || e.State != model.Queued {
		t.Fatalf("the other process sees the edit as %q, found %t, want %q; error %v, want none", e.State, ok, model.Queued, err)
	}
	q, _ := query.Parse("ada is:pending")
	if n, _ := other.Count(t.Context(), q, start, time.UTC); n != 1 {
		t.Errorf("a search for the new title and is:pending finds %d rows, want 1", n)
	}
}

func TestDoneHoldsUntilTheContentChanges(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	yes := true
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes}); err != nil {
		t.Fatalf("Triage: error %v, want none", err)
	}
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	after.Updated = start
	s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &after, false)
	if !row(t, s, "1").Triage.Done {
		t.Error("the user's own edit removed the done mark, want it kept")
	}
	theirs := after
	theirs.Preview = "one more question"
	save(t, s, theirs)
	if row(t, s, "1").Triage.Done {
		t.Error("after a new message the conversation is still done, want the mark removed")
	}
}

func TestFilesAreReadableByTheUserOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "confab.db"))
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("the file %s has the mode %v, want no access for group and others", filepath.Base(p), info.Mode().Perm())
		}
		return nil
	})
}

func TestExtremeTimesCanBeStored(t *testing.T) {
	s := fresh(t)
	bad := conv("1", "a")
	bad.Updated = time.UnixMilli(start.UnixMilli() * 1000)
	save(t, s, bad, conv("2", "b"))
	if got := row(t, s, "1").Conversation; got.Title != "a" || !got.Updated.IsZero() {
		t.Errorf("the row with an extreme time shows the title %q and was changed at %s, want a and no time", got.Title, got.Updated)
	}
}

func TestSeenSurvivesAnOwnEdit(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	yes := true
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Seen: &yes}); err != nil {
		t.Fatalf("Triage: error %v, want none", err)
	}
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	after := conv("1", "b")
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, &after, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	if !row(t, s, "1").Triage.Seen {
		t.Error("the user's own edit removed the seen mark, want it kept")
	}
}

// Work that began before the program ended may still call the store.
func TestClosedStoreReturnsErrors(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), store.Options{})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: error %v, want none", err)
	}
	if _, err := s.Draft(t.Context(), "title:a:1"); err == nil {
		t.Error("reading a draft from a closed store succeeded, want an error")
	}
	if err := s.SaveDraft(t.Context(), "title:a:1", "x"); err == nil {
		t.Error("saving a draft in a closed store succeeded, want an error")
	}
}

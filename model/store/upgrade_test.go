package store_test

import (
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

// earlier are the schema versions with a fixture.
var earlier = []int{1, 2, 4}

// unpack copies a fixture into a folder of its own.
func unpack(t testing.TB, version int) string {
	t.Helper()
	in, err := os.Open(filepath.Join("testdata", "upgrade", fmt.Sprintf("version%d.db.gz", version)))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "confab.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func schemaVersion(t testing.TB, path string) (version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

func countOf(t testing.TB, s *store.Store, text string) int {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Count(t.Context(), q, start, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDatabasesOfEarlierVersionsOpenWithoutLoss(t *testing.T) {
	versions := earlier
	if testing.Short() { // the oldest goes through every migration
		versions = earlier[:1]
	}
	for _, version := range versions {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			path := unpack(t, version)
			if got := schemaVersion(t, path); got != version {
				t.Fatalf("the fixture has version %d (want %v)", got, version)
			}
			s := open(t, path)
			if note := s.Rescued().String(); note != "" {
				t.Fatal(note)
			}
			keptOutbox(t, s, false)
			keptJournal(t, s)
			keptDrafts(t, s)
			for text, want := range map[string]int{"account:talks is:done": 1000, "account:talks is:pinned": 1, "is:pinned": 2, "is:snoozed": 1, "account:talks": 1039,
				"account:threads": 0, "account:desk": 4} {
				if got := countOf(t, s, text); got != want {
					t.Errorf("%s: %d, want %d", text, got, want)
				}
			}
			if !triage(t, s, "talks", "t-1000").Seen || !triage(t, s, "talks", "t-0005").Seen || triage(t, s, "talks", "t-1006").Seen {
				t.Error("seen marks are others than before")
			}
			if until, err := s.HeldUntil(t.Context(), "desk"); err != nil || until.IsZero() != (version < 4) {
				t.Errorf("desk is held until %v, %v", until, err)
			}
			// The account that had another identity comes back whole.
			if _, _, err := s.OpenAccount(t.Context(), "threads", "kona https://kona.example user 1"); err != nil {
				t.Fatal(err)
			}
			if n := countOf(t, s, "account:threads"); n != 4 || !triage(t, s, "threads", "k-1").Done {
				t.Errorf("%d rows (want 4) of the account that was set aside", n)
			}
			was, _ := s.Revision(t.Context())
			if changed, err := s.SaveBatch(t.Context(), "talks", []model.Conversation{upgraded(30), upgraded(31)}, nil); err != nil || len(changed) > 0 {
				t.Errorf("a reading of nothing new changed %v, %v", changed, err)
			}
			if now, _ := s.Revision(t.Context()); now != was {
				t.Error("a reading of nothing new is announced")
			}
			refolded(t, s, path)
			// Opened again, it is as it is.
			s.Close()
			if n := countOf(t, open(t, path), "is:done"); n != 1001 {
				t.Errorf("opened again: %d done (want 1001)", n)
			}
		})
	}
}

// refolded checks that refolding in slices keeps everything that an earlier version stored,
// and that the tables stay consistent.
func refolded(t *testing.T, s *store.Store, path string) {
	t.Helper()
	was, _ := entries(t, s, 0)
	rows := everyRow(t, s, was)
	slices := 0
	for done := false; !done; slices++ {
		var err error
		if done, err = s.Refold(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	if slices < 10 {
		t.Errorf("folded in %d slices", slices)
	}
	now, _ := entries(t, s, 0)
	if d := cmp.Diff(was, now); d != "" {
		t.Errorf("entries are others once they are folded:\n%s (want none)", d)
	}
	if d := cmp.Diff(rows, everyRow(t, s, now)); d != "" {
		t.Errorf("rows are others once they are packed:\n%s (want none)", d)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var check string
	var broken, unpacked int
	if err := db.QueryRow(`SELECT (SELECT integrity_check FROM pragma_integrity_check), (SELECT count(*) FROM pragma_foreign_key_check),
  (SELECT count(*) FROM body WHERE substr(server, 1, 1) = x'7b')`).Scan(&check, &broken, &unpacked); err != nil { // JSON
		t.Fatal(err)
	}
	if check != "ok" || broken+unpacked != 0 {
		t.Errorf("check %s (want ok), %d rows refer to nothing, %d bodies are still JSON", check, broken, unpacked)
	}
	all, err := s.Counts(t.Context())
	if n := all["talks"].Conversations; err != nil || n != 1039 {
		t.Errorf("%d conversations (want 1039) are counted, %v", n, err)
	}
}

func triage(t testing.TB, s *store.Store, account, id string) model.Triage {
	t.Helper()
	r, ok, err := s.Row(t.Context(), model.Ref{Account: account, ID: id})
	if err != nil || !ok {
		t.Fatalf("account is %s, id is %s, ok is %v, error %v", account, id, ok, err)
	}
	return r.Triage
}

// keptOutbox checks the outbox of the fixtures. After a rescue, everything that was on its
// way is held.
func keptOutbox(t *testing.T, s *store.Store, rescued bool) {
	t.Helper()
	if !rescued {
		if ids, err := s.Recover(t.Context()); err != nil || len(ids) != 2 {
			t.Errorf("recovered %v, %v", ids, err)
		}
	}
	out, err := s.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type kept struct {
		State  model.EditState
		Sent   bool
		Error  string
		Theirs string
	}
	got := map[string]kept{}
	shared := map[string]int{}
	for _, e := range out {
		k := kept{State: e.State, Sent: e.Sent}
		if e.Error != nil {
			k.Error = strings.TrimSpace(e.Error.Message + " " + e.Error.RequestID)
		}
		if e.Theirs != nil {
			k.Theirs = e.Theirs.String()
		}
		name := fmt.Sprintf("%s %s %s", e.Kind, e.Target.String(), e.Title)
		if e.Target.New != nil {
			name = "create " + e.Target.New.Title + " " + e.Target.New.Message + " " + e.Target.New.People[0].Identifier
		}
		if e.Orphaned {
			name += " (orphaned)"
		}
		got[name] = k
		shared[e.Submission]++
		sub, ok, err := s.Submission(t.Context(), e.Submission)
		if err != nil || !ok || sub.Sentence == "" || sub.User != "dana" {
			t.Errorf("%s belongs to %+v, %v, %v", name, sub, ok, err)
		}
	}
	waiting, retry := model.Queued, model.RetryAt
	if rescued {
		waiting, retry = model.Held, model.Held
	}
	want := map[string]kept{
		"privacy private Call 20 with a customer":               {State: waiting},
		"title Twenty Call 20 with a customer":                  {State: waiting},
		"title Sent and then killed Call 21 with a customer":    {State: waiting, Sent: true},
		"title Claimed and then killed Call 22 with a customer": {State: waiting},
		"title Later Call 23 with a customer":                   {State: retry, Error: "connection refused"},
		"title Mine Call 24 with a customer":                    {State: model.InConflict, Error: "the title was changed by somebody else meanwhile", Theirs: "Theirs"},
		"title Too long Call 25 with a customer":                {State: model.Refused, Error: "title is too long req-1"},
		"title Not kept Call 26 with a customer":                {State: model.NotVerified, Sent: true, Error: "the service accepted the change but shows another title", Theirs: "Kept by the service"},
		"title Who knows Call 27 with a customer":               {State: model.OutcomeNotKnown, Sent: true, Error: "sent without an answer", Theirs: "Theirs"},
		"create Launch Hello Eve emailaddress=eve@example.com":  {State: waiting},
		"participants  Ticket 1":                                {State: waiting},
		"privacy public Ticket 1":                               {State: waiting},
		"contacts  Kick-off":                                    {State: waiting},
		"title Held for a day Ticket 2":                         {State: model.Held},
		"title Left behind Thread 0 (orphaned)":                 {State: model.Held},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("outbox (-want +got):\n%s", d)
	}
	if shared["01BATCHTWO00000000000000000"] != 2 || shared["01BATCHPEOPLE00000000000000"] != 2 {
		t.Errorf("old batches are no submissions: %v", shared)
	}
	if sub, _, _ := s.Submission(t.Context(), "01BATCHPEOPLE00000000000000"); sub.Sentence != "removed Bob from “Ticket 1”, made it public" {
		t.Errorf("sentence %q (want removed Bob from “Ticket 1”, made it public)", sub.Sentence)
	}
}

func keptJournal(t *testing.T, s *store.Store) {
	t.Helper()
	journal, err := s.History(t.Context(), model.HistoryRequest{})
	if err != nil || len(journal) != 7 {
		t.Fatalf("%d journal (want 7) entries, %v", len(journal), err)
	}
	by := map[string]model.JournalEntry{}
	for _, j := range journal {
		by[string(j.Kind)+" "+j.After.String()+" "+j.Title] = j
	}
	wrong, back := by["title Wrong Call 14 with a customer"], by["title Call 14 with a customer Wrong"]
	if wrong.Undone != back.ID || back.Undoes != wrong.ID || back.ID == "" {
		t.Errorf("what was taken back is not: %q (want %v), %q", wrong.Undone, back.ID, back.Undoes)
	}
	if by["title Same Call 15 with a customer"].State != model.OutcomeAlreadySet {
		t.Error("an edit that was already so is something else now")
	}
	sub, ok, err := s.Submission(t.Context(), "01BATCHPRIVATE0000000000000")
	if err != nil || !ok || sub.Sentence != "made 3 private" || sub.Delivered != 3 || sub.Edits != 3 {
		t.Errorf("the batch is %+v, %v, %v", sub, ok, err)
	}
	subs, err := s.Submissions(t.Context(), model.HistoryRequest{})
	if err != nil || len(subs) != 5+13 {
		t.Errorf("%d submissions (want %v), %v", len(subs), 5+13, err)
	}
}

func keptDrafts(t *testing.T, s *store.Store) {
	t.Helper()
	for key, want := range map[string]string{"rename:talks:t-0030": "half a tit", "new:desk": `{"title":"Another launch"}`} {
		if got, err := s.Draft(t.Context(), key); err != nil || got != want {
			t.Errorf("draft %s: %q (want %v), %v", key, got, want, err)
		}
	}
}

// The first bytes of the file are gone.
func TestADamagedDatabaseOfAnEarlierVersionKeepsItsOutboxAndMarks(t *testing.T) {
	for _, version := range earlier {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			path := unpack(t, version)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteAt(make([]byte, 50), 0)
			f.Close()
			s := open(t, path)
			if r := s.Rescued(); r.Path == "" || !r.Whole() || r.Edits != 15 {
				t.Fatalf("r is %+v", r)
			}
			keptOutbox(t, s, true)
			keptJournal(t, s)
			keptDrafts(t, s)
			if _, _, err := s.OpenAccount(t.Context(), "talks", "attention https://api.example"); err != nil {
				t.Fatal(err)
			}
			var rows []model.Conversation
			for i := range 1006 {
				rows = append(rows, upgraded(i))
			}
			if _, err := s.SaveBatch(t.Context(), "talks", rows, nil); err != nil {
				t.Fatal(err)
			}
			if n := countOf(t, s, "account:talks is:done"); n != 1000 {
				t.Errorf("%d (want 1000) are done after the service was read again", n)
			}
		})
	}
}

// upgraded is conversation i of the account talks of the fixtures, as a list shows it now.
func upgraded(i int) model.Conversation {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(-time.Duration(i) * time.Hour)
	c := model.Conversation{Ref: model.Ref{Account: "talks", ID: fmt.Sprintf("t-%04d", i)}, Provider: model.Attention, Kind: "call",
		Title: fmt.Sprintf("Call %d with a customer", i), Privacy: model.PrivacyPublic, Status: "READY", ParticipantCount: -1,
		Owner: model.Participant{Kind: model.KindUser, ID: fmt.Sprintf("u-%d", i%7)}, Created: at.Add(-time.Hour), Updated: at,
		Facts: []model.Fact{{Group: "Status", Label: "Transcript status", Value: "READY"}}}
	switch i {
	case 10, 11, 12:
		c.Privacy = model.PrivacyPrivate
	case 13:
		c.Title = "Renewal"
	case 1004, 1005:
		c.Title += " (moved)"
	}
	return c
}

// olderProcess does what programs of earlier versions do while they run.
func olderProcess(t *testing.T, path string) (end func()) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(path), "claims")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := flock.New(filepath.Join(dir, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if ok, err := l.TryLock(); err != nil || !ok {
		t.Fatalf("ok is %v, err is %v", ok, err)
	}
	return func() { l.Unlock() }
}

func TestUpgradeWaitsForRunningProgramsAndNamesThem(t *testing.T) {
	path := unpack(t, 2)
	end := olderProcess(t, path)
	other, err := store.Open(t.Context(), filepath.Join(filepath.Dir(path), "other.db"), store.Options{Host: "laptop"})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan []string, 10)
	opened := make(chan error)
	var s *store.Store
	go func() {
		var err error
		s, err = store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }, Waiting: func(names []string) { told <- names }})
		opened <- err
	}()
	want := []string{"another confab", fmt.Sprintf("%s (pid %d)", filepath.Base(os.Args[0]), os.Getpid())}
	if d := cmp.Diff(want, <-told); d != "" {
		t.Errorf("waits for %s (want none)", d)
	}
	other.Close()
	if d := cmp.Diff(want[:1], <-told); d != "" {
		t.Errorf("then for %s (want none)", d)
	}
	if v := schemaVersion(t, path); v != 2 {
		t.Errorf("brought to version %d (want 2) under a running program", v)
	}
	end()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(told) > 0 {
		t.Errorf("told again: %v", <-told)
	}
	if n := countOf(t, s, "account:talks is:done"); n != 1000 {
		t.Errorf("%d done (want 1000)", n)
	}
}

// A program may wait a moment for another that is opening, but reports only programs that
// delay an upgrade.
func TestOpenDoesNotReportWaitingWithoutAnUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	open(t, path) // runs
	opening := flock.New(path + ".opening")
	if ok, err := opening.TryLock(); err != nil || !ok {
		t.Fatalf("ok is %v, err is %v", ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := store.Open(ctx, path, store.Options{Host: "laptop", Waiting: func(names []string) { t.Errorf("waits for %v", names) }})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	opening.Unlock()
	open(t, path)
}

func TestSecondNewProgramNamesTheProgramsToo(t *testing.T) {
	path := unpack(t, 2)
	end := olderProcess(t, path)
	told := make(chan []string, 10)
	opened := make(chan error)
	for range 2 {
		go func() {
			s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Waiting: func(names []string) { told <- names }})
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
	}
	for range 2 {
		if d := cmp.Diff([]string{"another confab"}, <-told); d != "" {
			t.Error(d)
		}
	}
	end()
	for range 2 {
		if err := <-opened; err != nil {
			t.Error(err)
		}
	}
}

func TestWaitingToUpgradeEndsWithItsContext(t *testing.T) {
	path := unpack(t, 2)
	defer olderProcess(t, path)()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := store.Open(ctx, path, store.Options{Host: "laptop", Waiting: func([]string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if v := schemaVersion(t, path); v != 2 {
		t.Errorf("version %d (want 2)", v)
	}
}

func TestTwoUpgradesDoNotWaitForEachOther(t *testing.T) {
	path := unpack(t, 2)
	var wg sync.WaitGroup
	stores := make([]*store.Store, 4)
	errs := make([]error, len(stores))
	for i := range stores {
		wg.Go(func() {
			stores[i], errs[i] = store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }})
		})
	}
	wg.Wait()
	for i, s := range stores {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if n := countOf(t, s, "account:talks is:done"); n != 1000 {
			t.Errorf("%d done (want 1000)", n)
		}
		defer s.Close()
	}
}

func TestWritesFailAfterANewerProgramUpgraded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	yes := true
	for name, write := range map[string]func() error{
		"save": func() error {
			_, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "b")}, nil)
			return err
		},
		"queue": func() error {
			_, err := s.Enqueue(t.Context(), model.Submission{ID: "s"}, []model.Titled{rename("1", "a", "b")})
			return err
		},
		"mark": func() error {
			_, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes})
			return err
		},
		"draft": func() error { return s.SaveDraft(t.Context(), "k", "v") },
		"claim": func() error { _, err := s.Claim(t.Context(), "sales", nil); return err },
		"look":  func() error { _, err := s.Revision(t.Context()); return err },
	} {
		if err := write(); !errors.Is(err, store.ErrMoved) || model.KindOf(err) != model.Local || !strings.Contains(err.Error(), "start this one again") {
			t.Errorf("name is %s, error %v", name, err)
		}
	}
	if got := row(t, s, "1"); got.Conversation.Title != "a" || got.Triage.Done || len(got.Pending) != 0 {
		t.Errorf("got %+v", got)
	}
}

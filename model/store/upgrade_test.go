package store_test

import (
	"compress/gzip"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		t.Fatalf("opening the file: error %v, want none", err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatalf("unpacking the fixture: error %v, want none", err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("reading the file: error %v, want none", err)
	}
	path := filepath.Join(t.TempDir(), "confab.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatalf("writing the file: error %v, want none", err)
	}
	return path
}

func schemaVersion(t testing.TB, path string) (version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		t.Fatalf("reading the result of a query: error %v, want none", err)
	}
	return version
}

func countOf(t testing.TB, s *store.Store, text string) int {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatalf("parsing the query: error %v, want none", err)
	}
	n, err := s.Count(t.Context(), q, start, time.UTC)
	if err != nil {
		t.Fatalf("Count: error %v, want none", err)
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
				t.Fatalf("the fixture has schema version %d, want %d", got, version)
			}
			s := open(t, path)
			if note := s.Rescued().String(); note != "" {
				t.Fatalf("opening the fixture rescued it with the notice %q, want no rescue", note)
			}
			keptOutbox(t, s, false)
			keptJournal(t, s)
			keptDrafts(t, s)
			for text, want := range map[string]int{"account:talks is:done": 1000, "account:talks is:pinned": 1, "is:pinned": 2, "is:snoozed": 1, "account:talks": 1039,
				"account:threads": 0, "account:desk": 4} {
				if got := countOf(t, s, text); got != want {
					t.Errorf("the query %q finds %d rows, want %d", text, got, want)
				}
			}
			if !triage(t, s, "talks", "t-1000").Seen || !triage(t, s, "talks", "t-0005").Seen || triage(t, s, "talks", "t-1006").Seen {
				t.Error("after the upgrade the seen marks of t-1000, t-0005 and t-1006 differ from before, want only the first two seen")
			}
			if until, err := s.HeldUntil(t.Context(), "desk"); err != nil || until.IsZero() != (version < 4) {
				t.Errorf("desk is held until %v, want a time only from version 4 on; error %v, want none", until, err)
			}
			// The account that had another identity comes back whole.
			if _, _, err := s.OpenAccount(t.Context(), "threads", "kona https://kona.example user 1"); err != nil {
				t.Fatalf("OpenAccount: error %v, want none", err)
			}
			if n := countOf(t, s, "account:threads"); n != 4 || !triage(t, s, "threads", "k-1").Done {
				t.Errorf("the account that was set aside came back with %d rows, want 4 with k-1 marked done", n)
			}
			was, _ := s.Revision(t.Context())
			if changed, err := s.SaveBatch(t.Context(), "talks", []model.Conversation{upgraded(30), upgraded(31)}, nil); err != nil || len(changed) > 0 {
				t.Errorf("a reading without news changed the conversations %v, want none; error %v, want none", changed, err)
			}
			if now, _ := s.Revision(t.Context()); now != was {
				t.Errorf("a reading without news changed the revision from %d to %d, want no change", was, now)
			}
			refolded(t, s, path)
			// Opening it again changes nothing.
			s.Close()
			if n := countOf(t, open(t, path), "is:done"); n != 1001 {
				t.Errorf("opened again, is:done finds %d rows, want 1001", n)
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
			t.Fatalf("Refold: error %v, want none", err)
		}
	}
	if slices < 10 {
		t.Errorf("refolding took %d slices, want at least 10", slices)
	}
	now, _ := entries(t, s, 0)
	if d := cmp.Diff(was, now); d != "" {
		t.Errorf("the entries before (-) and after (+) refolding differ:\n%s", d)
	}
	if d := cmp.Diff(rows, everyRow(t, s, now)); d != "" {
		t.Errorf("the rows before (-) and after (+) they are packed differ:\n%s", d)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	var check string
	var broken, unpacked int
	if err := db.QueryRow(`SELECT (SELECT integrity_check FROM pragma_integrity_check), (SELECT count(*) FROM pragma_foreign_key_check),
  (SELECT count(*) FROM body WHERE substr(server, 1, 1) = x'7b')`).Scan(&check, &broken, &unpacked); err != nil { // JSON
		t.Fatalf("reading the result of a query: error %v, want none", err)
	}
	if check != "ok" || broken+unpacked != 0 {
		t.Errorf("the integrity check says %q, %d rows refer to missing rows, %d bodies are still JSON; want \"ok\", 0 and 0", check, broken, unpacked)
	}
	all, err := s.Counts(t.Context())
	if n := all["talks"].Conversations; err != nil || n != 1039 {
		t.Errorf("Counts gives %d conversations of talks, want 1039; error %v, want none", n, err)
	}
}

func triage(t testing.TB, s *store.Store, account, id string) model.Triage {
	t.Helper()
	r, ok, err := s.Row(t.Context(), model.Ref{Account: account, ID: id})
	if err != nil || !ok {
		t.Fatalf("reading row %s of the account %s: found %t, want true; error %v, want none", id, account, ok, err)
	}
	return r.Triage
}

// keptOutbox checks the outbox of the fixtures. After a rescue, everything that was still to
// be sent is held.
func keptOutbox(t *testing.T, s *store.Store, rescued bool) {
	t.Helper()
	if !rescued {
		if ids, err := s.Recover(t.Context()); err != nil || len(ids) != 2 {
			t.Errorf("Recover returned %v, want two edits; error %v, want none", ids, err)
		}
	}
	out, err := s.Outbox(t.Context())
	if err != nil {
		t.Fatalf("Outbox: error %v, want none", err)
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
			t.Errorf("the submission of the edit %q is %+v, found %t, want one by dana with a sentence; error %v, want none", name, sub, ok, err)
		}
	}
	waiting, later := model.Queued, kept{State: model.RetryAt, Error: "connection refused"}
	if rescued { // what an edit waited for then is not why it waits now
		waiting, later = model.Held, kept{State: model.Held}
	}
	want := map[string]kept{
		"privacy private Call 20 with a customer":               {State: waiting},
		"title Twenty Call 20 with a customer":                  {State: waiting},
		"title Sent and then killed Call 21 with a customer":    {State: waiting, Sent: true},
		"title Claimed and then killed Call 22 with a customer": {State: waiting},
		"title Later Call 23 with a customer":                   later,
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
		t.Errorf("the outbox (-want +got):\n%s", d)
	}
	if shared["01BATCHTWO00000000000000000"] != 2 || shared["01BATCHPEOPLE00000000000000"] != 2 {
		t.Errorf("the number of edits of each submission is %v, want 2 for 01BATCHTWO… and 2 for 01BATCHPEOPLE…", shared)
	}
	if sub, _, _ := s.Submission(t.Context(), "01BATCHPEOPLE00000000000000"); sub.Sentence != "removed Bob from “Ticket 1”, made it public" {
		t.Errorf("the sentence of 01BATCHPEOPLE… is %q, want \"removed Bob from “Ticket 1”, made it public\"", sub.Sentence)
	}
}

func keptJournal(t *testing.T, s *store.Store) {
	t.Helper()
	journal, err := s.History(t.Context(), model.HistoryRequest{})
	if err != nil || len(journal) != 7 {
		t.Fatalf("the journal has %d entries, want 7; error %v, want none", len(journal), err)
	}
	by := map[string]model.JournalEntry{}
	for _, j := range journal {
		by[string(j.Kind)+" "+j.After.String()+" "+j.Title] = j
	}
	wrong, back := by["title Wrong Call 14 with a customer"], by["title Call 14 with a customer Wrong"]
	if wrong.Undone != back.ID || back.Undoes != wrong.ID || back.ID == "" {
		t.Errorf("the undone edit %q is undone by %q, and the undo %q undoes %q; want each to name the other", wrong.ID, wrong.Undone, back.ID, back.Undoes)
	}
	if by["title Same Call 15 with a customer"].State != model.OutcomeAlreadySet {
		t.Errorf("the edit whose value was already set is %q in the journal, want %q", by["title Same Call 15 with a customer"].State, model.OutcomeAlreadySet)
	}
	sub, ok, err := s.Submission(t.Context(), "01BATCHPRIVATE0000000000000")
	if err != nil || !ok || sub.Sentence != "made 3 private" || sub.Delivered != 3 || sub.Edits != 3 {
		t.Errorf("the submission of the batch is %+v, found %t, want \"made 3 private\" with 3 of 3 delivered; error %v, want none", sub, ok, err)
	}
	subs, err := s.Submissions(t.Context(), model.HistoryRequest{})
	if err != nil || len(subs) != 5+13 {
		t.Errorf("there are %d submissions, want %d; error %v, want none", len(subs), 5+13, err)
	}
}

func keptDrafts(t *testing.T, s *store.Store) {
	t.Helper()
	for key, want := range map[string]string{"rename:talks:t-0030": "half a tit", "new:desk": `{"title":"Another launch"}`} {
		if got, err := s.Draft(t.Context(), key); err != nil || got != want {
			t.Errorf("the draft %s is %q, want %q; error %v, want none", key, got, want, err)
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
				t.Fatalf("opening the file: error %v, want none", err)
			}
			f.WriteAt(make([]byte, 50), 0)
			f.Close()
			s := open(t, path)
			if r := s.Rescued(); r.Path == "" || !r.Whole() || r.Edits != 15 {
				t.Fatalf("the rescue is %+v, want a file set aside, complete, with 15 edits", r)
			}
			keptOutbox(t, s, true)
			keptJournal(t, s)
			keptDrafts(t, s)
			if _, _, err := s.OpenAccount(t.Context(), "talks", "attention https://api.example"); err != nil {
				t.Fatalf("OpenAccount: error %v, want none", err)
			}
			var rows []model.Conversation
			for i := range 1006 {
				rows = append(rows, upgraded(i))
			}
			if _, err := s.SaveBatch(t.Context(), "talks", rows, nil); err != nil {
				t.Fatalf("SaveBatch: error %v, want none", err)
			}
			if n := countOf(t, s, "account:talks is:done"); n != 1000 {
				t.Errorf("after the service was read again, %d conversations are done, want 1000", n)
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

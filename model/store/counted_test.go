package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
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

// raw opens the database file beside the store.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// table reads the rows of a query as text, by their first column.
func table(t testing.TB, db *sql.DB, query string) map[string]string {
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("querying the database: error %v, want none", err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	out := map[string]string{}
	for rows.Next() {
		vals := make([]sql.NullString, len(columns))
		ptrs := make([]any, len(columns))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatalf("reading the result of a query: error %v, want none", err)
		}
		text := ""
		for _, v := range vals[1:] {
			text += v.String + " "
		}
		out[vals[0].String] += text
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("reading the rows of a query: error %v, want none", err)
	}
	return out
}

const countedInFull = `SELECT s.id,
  (SELECT count(*) FROM outbox WHERE submission = s.id AND state IN ('queued', 'sending', 'retry')),
  (SELECT count(*) FROM outbox WHERE submission = s.id AND state = 'sending'),
  (SELECT count(*) FROM outbox WHERE submission = s.id AND state NOT IN ('queued', 'sending', 'retry')),
  (SELECT count(*) FROM journal WHERE submission = s.id AND state = 'done'),
  (SELECT count(*) FROM journal WHERE submission = s.id AND state <> 'done'),
  (SELECT count(*) FROM journal j WHERE submission = s.id AND j.undone <> ''),
  (SELECT max(u.at) FROM journal j JOIN journal u ON u.id = j.undone WHERE j.submission = s.id) FROM submission s`

// counts compares the counters that triggers keep with counted rows.
func counts(t testing.TB, db *sql.DB) {
	want := table(t, db, countedInFull)
	got := table(t, db, `SELECT id, waiting, sending, person, delivered, already, s.undone,
  (SELECT max(undone_at) FROM journal j WHERE j.submission = s.id AND j.undone <> '') FROM submission s`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the counters of the submissions differ, counted anew (-) and kept by triggers (+):\n%s", diff)
	}
	want = table(t, db, `SELECT substr(account, 1, instr(account || '~', '~') - 1), sum(state IN ('queued', 'sending', 'retry') AND instr(account, '~') = 0),
  sum(state NOT IN ('queued', 'sending', 'retry')) FROM outbox GROUP BY 1`)
	got = table(t, db, "SELECT account, waiting, person FROM tally WHERE waiting <> 0 OR person <> 0")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the counters of the accounts differ, counted anew (-) and kept by triggers (+):\n%s", diff)
	}
}

// edits returns everything kept about the edits of each submission.
func edits(t testing.TB, db *sql.DB) map[string]string {
	out := table(t, db, `SELECT submission, id, account, edit, state, attempts, sent, next_try, error, theirs, orphaned, created FROM outbox ORDER BY id`)
	for id, text := range table(t, db, "SELECT submission, id, account, state, at, undone FROM journal ORDER BY id") {
		out[id] += "; " + text
	}
	return out
}

// life does random things to an outbox.
type life struct {
	t   *testing.T
	r   *rand.Rand
	s   *store.Store
	now time.Time
	n   int
}

func (l *life) coin() bool { return l.r.IntN(2) == 0 }

func (l *life) pick(from ...string) string { return from[l.r.IntN(len(from))] }

func (l *life) outbox() []model.OutboxEntry {
	out, err := l.s.Outbox(l.t.Context())
	if err != nil {
		l.t.Fatalf("Outbox: error %v, want none", err)
	}
	return out
}

func (l *life) ids() []string {
	var out []string
	for _, e := range l.outbox() {
		if l.coin() {
			out = append(out, e.ID)
		}
	}
	return out
}

func (l *life) submit() {
	var entries []model.OutboxEntry
	for range 1 + l.r.IntN(4) {
		e := rename(l.pick("1", "2", "3"), "a", fmt.Sprint("b", l.n))
		e.Edit.Ref.Account = l.pick("sales", "desk")
		if l.coin() {
			e.Edit.Kind, e.Edit.Base, e.Edit.Target = model.EditPrivacy, model.TextValue("private"), model.TextValue("public")
		}
		entries = append(entries, e)
	}
	l.n++
	l.s.Enqueue(l.t.Context(), model.Submission{ID: fmt.Sprint("s", l.n), At: l.now}, entries)
}

func (l *life) deliver() {
	got, err := l.s.Claim(l.t.Context(), l.pick("sales", "desk"), nil)
	if err != nil {
		return
	}
	for _, e := range got {
		if l.coin() {
			l.s.Sent(l.t.Context(), []model.OutboxEntry{e}, nil, 0)
			e.Sent = true
		}
		switch l.pick("done", "already", "retry", "conflict", "refused", "unknown", "left") {
		case "done":
			l.settle(e, model.Done)
		case "already":
			l.settle(e, model.OutcomeAlreadySet)
		case "retry":
			l.s.Park(l.t.Context(), e.ID, model.RetryAt, &model.EntryError{Kind: model.Unavailable}, nil, l.now.Add(time.Minute), false)
		case "conflict":
			l.s.Park(l.t.Context(), e.ID, model.InConflict, nil, &e.Base, time.Time{}, false)
		case "refused":
			l.s.Park(l.t.Context(), e.ID, model.Refused, &model.EntryError{Kind: model.Invalid}, nil, time.Time{}, true)
		case "unknown":
			l.s.Park(l.t.Context(), e.ID, model.OutcomeNotKnown, nil, nil, time.Time{}, false)
		}
	}
}

func (l *life) settle(e model.OutboxEntry, state model.EditState) {
	j := model.JournalEntry{Edit: e.Edit, Before: e.Base, After: e.Target, At: l.now, State: state}
	if err := l.s.Settle(l.t.Context(), e, j, nil, false); err != nil {
		l.t.Fatalf("Settle: error %v, want none", err)
	}
}

func (l *life) undo() {
	history, err := l.s.History(l.t.Context(), model.HistoryRequest{})
	if err != nil {
		l.t.Fatalf("History: error %v, want none", err)
	}
	var inverse []model.OutboxEntry
	for _, j := range history {
		if l.coin() {
			inverse = append(inverse, model.OutboxEntry{Edit: model.Edit{Ref: j.Ref, Kind: j.Kind, Base: j.After, Target: j.Before, Undoes: j.ID}})
		}
	}
	l.n++
	l.s.Undo(l.t.Context(), model.Submission{ID: fmt.Sprint("u", l.n), At: l.now}, inverse, l.ids(), nil)
}

func (l *life) step() string {
	ctx := l.t.Context()
	steps := map[string]func(){
		"submit": l.submit, "submit again": l.submit, "deliver": l.deliver, "deliver again": l.deliver, "undo": l.undo,
		"withdraw": func() { l.s.Withdraw(ctx, l.ids()) },
		"discard":  func() { l.s.Discard(ctx, l.ids()) },
		"requeue":  func() { l.s.Requeue(ctx, l.ids()) },
		"hold":     func() { l.s.HoldOld(ctx, l.now.Add(time.Hour)) },
		"hasten":   func() { l.s.Hasten(ctx, "sales") },
		"release":  func() { l.s.Release(ctx, "sales") },
		"forget":   func() { l.s.Forget(ctx, "desk") },
		"aside":    func() { l.s.OpenAccount(ctx, "sales", "another") },
		"back":     func() { l.s.OpenAccount(ctx, "sales", "one") },
		"later":    func() { l.now = l.now.Add(time.Minute) },
	}
	name := l.pick(slices.Sorted(maps.Keys(steps))...)
	steps[name]()
	return name
}

// copies are copies of the edits of each submission, which partial reads keep up to date.
type copies map[string]*struct {
	version int64
	edits   map[string]edit
}

type edit struct {
	Ref  model.Ref
	Text string
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

func (c copies) read(t *testing.T, s *store.Store, id string) {
	t.Helper()
	if c[id] == nil {
		c[id] = new(struct {
			version int64
			edits   map[string]edit
		})
	}
	read, err := s.SubmissionEdits(t.Context(), id, c[id].version)
	if err != nil || read.Version < c[id].version {
		t.Fatalf("SubmissionEdits: version %d, want at least %d; error %v, want none", read.Version, c[id].version, err)
	}
	kept := map[string]edit{}
	for id, e := range c[id].edits {
		if read.Partial && !slices.Contains(read.Changed, e.Ref) {
			kept[id] = e
		}
	}
	for _, e := range read.Outbox {
		kept[e.ID] = edit{e.Ref, text(e)}
	}
	for _, j := range read.Journal {
		kept[j.ID] = edit{j.Ref, text(j)}
	}
	c[id].version, c[id].edits = read.Version, kept
}

// compare compares the copies of the edits on cached conversations with what is read anew.
func (c copies) compare(t *testing.T, s *store.Store, step string) {
	t.Helper()
	for id := range c {
		c.read(t, s, id)
		fresh := copies{}
		fresh.read(t, s, id)
		for _, edits := range []map[string]edit{c[id].edits, fresh[id].edits} {
			maps.DeleteFunc(edits, func(_ string, e edit) bool {
				_, cached, err := s.Key(t.Context(), e.Ref)
				return !cached || err != nil
			})
		}
		if diff := cmp.Diff(fresh[id].edits, c[id].edits); diff != "" {
			t.Errorf("step %q: the copy of submission %s is not as what is read anew (-):\n%s", step, id, diff)
		}
	}
}

// Whatever happens, the counters are right, and the revision of a submission finds its
// changed edits.
func TestTriggersCountWhatCountingGives(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "confab.db")
			l := &life{t: t, r: rand.New(rand.NewPCG(seed, 0)), now: start}
			s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return l.now }})
			if err != nil {
				t.Fatalf("opening the database: error %v, want none", err)
			}
			defer s.Close()
			l.s = s
			s.OpenAccount(t.Context(), "sales", "one")
			s.OpenAccount(t.Context(), "desk", "one")
			save(t, s, conv("1", "a"), conv("2", "a"))
			db := raw(t, path)
			copied := copies{}
			for range 20 {
				before := edits(t, db)
				since, err := s.Revision(t.Context())
				if err != nil {
					t.Fatalf("Revision: error %v, want none", err)
				}
				name := l.step()
				counts(t, db)
				subs, _, err := s.Changed(t.Context(), since, 0)
				if err != nil {
					t.Fatalf("Changed: error %v, want none", err)
				}
				point, err := s.Entries(t.Context(), since+1, func(query.Entry) error { return nil })
				if err != nil || (point.Edits > since) != (len(subs) > 0) {
					t.Fatalf("Entries: edits changed at %d, and %d submissions changed after %d; error %v, want none", point.Edits, len(subs), since, err)
				}
				var told []string
				for _, sub := range subs {
					told = append(told, sub.ID)
				}
				after := edits(t, db)
				if slices.Contains([]string{"forget", "aside", "back"}, name) {
					copied = copies{} // the new epoch reports it
				}
				copied.compare(t, s, name)
				for id := range after {
					copied.read(t, s, id)
				}
				for id := range after {
					if before[id] != after[id] && !slices.Contains(told, id) {
						t.Errorf("step %q changed edits of submission %s, but Changed returned only %v", name, id, told)
					}
				}
				for id := range before {
					// A forgotten account has no submission left; the new epoch reports that.
					if _, still := after[id]; !still && name != "forget" && !slices.Contains(told, id) {
						t.Errorf("step %q removed the edits of submission %s, but Changed returned only %v", name, id, told)
					}
				}
			}
		})
	}
}

func TestCountsAreRightAfterUpgradeAndRescue(t *testing.T) {
	for _, version := range []int{1, 2, 4} {
		path := unpack(t, version)
		open(t, path)
		counts(t, raw(t, path))
	}
	for _, version := range []int{1, 2} {
		path := unpack(t, version)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatalf("opening the file: error %v, want none", err)
		}
		if _, err := f.WriteAt(make([]byte, 64), 0); err != nil { // overwrites its header
			t.Fatalf("writing to the file: error %v, want none", err)
		}
		f.Close()
		s := open(t, path)
		if s.Rescued().Edits == 0 {
			t.Fatalf("a damaged database of version %d: 0 edits were rescued, want some", version)
		}
		counts(t, raw(t, path))
	}
}

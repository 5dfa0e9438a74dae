package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"confab/model"
)

// oldNext finds the next conversation with one query over everything that waits, and so
// defines the order that the walk along an index must keep.
func (t *tx) oldNext(account string, only []string) (taken, folded []model.OutboxEntry) {
	ids, err := json.Marshal(only)
	t.fail(err)
	skip := []string{}
	for {
		ref, first := model.Ref{Account: account}, ""
		if !t.row(`
WITH wanted AS (SELECT value FROM json_each(?3))
SELECT o.conv, o.id FROM outbox o
WHERE o.account = ?1 AND (o.state = 'queued' OR o.state = 'retry' AND o.next_try <= ?2) AND (?4 OR o.id IN wanted)
  AND o.conv NOT IN (SELECT value FROM json_each(?5))
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND p.state IN ('queued', 'sending', 'retry', 'held')
    AND (p.field = o.field OR p.field = 'existence' OR o.field = 'existence' AND p.field NOT LIKE 'create:%')
    AND NOT (p.state = 'queued' AND p.sent = 0 AND o.state = 'queued' AND p.field = o.field AND (?4 OR p.id IN wanted)))
  AND NOT (o.widens = 1 AND EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id < o.id
    AND p.submission = o.submission))
  AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.account = o.account AND p.conv = o.conv AND p.id <> o.id AND p.state = 'sending'
    AND (p.field LIKE 'labels:%' AND o.field LIKE 'labels:%' OR p.field LIKE 'attributes:%' AND o.field LIKE 'attributes:%'))
ORDER BY o.attempts, o.id LIMIT 1`, account, ms(t.s.now()), string(ids), only == nil, asList(skip)).scan(&ref.ID, &first) {
			return nil, nil
		}
		all := t.conversation(ref)
		if ref.ID == "" {
			all = t.outbox("id = ?", first)
		}
		if taken, folded = due(all, t.s.now(), only, nil); len(taken) > 0 {
			return taken, folded
		}
		skip = append(skip, ref.ID)
	}
}

// scattered fills an outbox with edits in random states.
func (t *tx) scattered(r *rand.Rand, now time.Time) {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for i := range 4 + r.IntN(20) {
		e := model.Edit{ID: fmt.Sprintf("%014d", i), Ref: model.Ref{Account: pick("sales", "sales", "desk"), ID: pick("1", "2", "3")}, Submission: pick("s1", "s2")}
		switch pick("title", "public", "label", "label", "delete", "create") {
		case "title":
			e.Kind, e.Base, e.Target = model.EditTitle, model.TextValue(pick("a", "b")), model.TextValue(pick("a", "b"))
		case "public":
			e.Kind, e.Base, e.Target = model.EditPrivacy, model.TextValue("private"), model.TextValue(pick("public", "private"))
		case "label":
			e.Kind, e.Key, e.Target = model.EditLabels, pick("x", "y"), model.TextValue("yes")
		case "delete":
			e.Kind, e.Target = model.EditDelete, model.TextValue("deleted")
		case "create":
			e.Kind, e.Ref.ID, e.Target = model.EditCreate, "", model.Value{New: &model.NewConversation{Title: "new"}}
		}
		state := pick("queued", "queued", "queued", "sending", "retry", "held", "conflict", "refused", "unknown")
		t.exec(`INSERT INTO outbox (id, account, conv, field, submission, widens, edit, title, state, attempts, sent, next_try, created)
VALUES (?,?,?,?,?,?,?,'',?,?,?,?,0)`, e.ID, e.Ref.Account, e.Ref.ID, field(e), e.Submission, e.Widens(), t.json(e), state, r.IntN(3), r.IntN(2),
			ms(now.Add(time.Duration(r.IntN(3)-1)*time.Minute)))
	}
}

func names(entries []model.OutboxEntry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.ID+" "+e.Base.String()+"→"+e.Target.String())
	}
	return strings.Join(out, ", ")
}

func TestClaimFindsTheSameConversationAsOneLargeQuery(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	found := 0
	rollback := errors.New("leave nothing behind")
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		err := s.change(context.Background(), "", func(tx *tx) {
			tx.scattered(r, now)
			for _, some := range []bool{false, true} {
				var only []string
				if some {
					only = []string{}
					for i := range 24 {
						if r.IntN(2) == 0 {
							only = append(only, fmt.Sprintf("%014d", i))
						}
					}
				}
				taken, folded := tx.next("sales", only)
				wantTaken, wantFolded := tx.oldNext("sales", only)
				if names(taken) != names(wantTaken) || names(folded) != names(wantFolded) {
					t.Errorf("seed %d, claiming among the ids %v: the claim takes %s and folds %s, want %s and %s as one large query does", seed, only, names(taken), names(folded), names(wantTaken), names(wantFolded))
				}
				if len(taken) > 0 {
					found++
				}
			}
			tx.fail(rollback)
		})
		if !errors.Is(err, rollback) {
			t.Fatalf("seed %d: the transaction ended with the error %v, want %v", seed, err, rollback)
		}
	}
	if found < 300 {
		t.Errorf("%d of 800 random outboxes had something to claim, want at least 300", found)
	}
}

// readsAList is the plan of a query over a list that it was given.
var readsAList = regexp.MustCompile("VIRTUAL TABLE|wanted|waits")

// A query that runs once per conversation or event uses an index in its order, and doesn't
// read the edits behind what it looks for.
func TestNoOutboxQueryReadsTheWholeTable(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	for name, query := range map[string]string{
		"levels": levels, "candidates": candidates, "queued": queuedFirst, "retried": retriedFirst, "old": waitingSince, "hasten": retried,
		"release": sendings + " AND claim = ? AND account = ?", "recover": sendings, "blockers": blockersOf, "frozen": countOf + "sent = 0", "urgent": urgent,
		"submission": submissionByID,
		"since":      changedRefs, "newest": newestEdit,
		"undecided": undecidedOn,
		"edits on":  fmt.Sprintf(editsOn, entryColumns, "outbox"), "settled on": fmt.Sprintf(editsOn, journalColumns, "journal"),
		"taken back": "UPDATE journal SET undone = '' WHERE undone = ? AND undone <> ''",
		"orphaned":   "SELECT count(*) FROM outbox WHERE orphaned = 1",
	} {
		args := make([]any, strings.Count(query, "?"))
		for _, name := range regexp.MustCompile(`:[a-z]+`).FindAllString(query, -1) {
			args = append(args, sql.Named(name[1:], "x"))
		}
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("explaining the query %q: error %v, want none", name, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatalf("reading the result of a query: error %v, want none", err)
			}
			whole := strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "USING") && !readsAList.MatchString(detail)
			if whole || strings.Contains(detail, "TEMP B-TREE") {
				t.Errorf("the plan of the query %q has the step %q, want no scan of a whole table and no sorting", name, detail)
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			t.Fatalf("reading the rows of a query: error %v, want none", err)
		}
	}
}

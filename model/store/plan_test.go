package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Head uses the order of its index without sorting, changes are found by an index, and
// everything is read in the order of the table.
func TestQueriesUseTheirIndex(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	for query, want := range map[string]string{
		allEntries:   "SCAN conversation",
		headQuery:    "SCAN conversation USING INDEX conversation_order",
		entriesSince: "SEARCH conversation USING INDEX conversation_rev (rev>?)",
	} {
		if d := cmp.Diff([]string{want}, planOf(t, s, query, 7)); d != "" {
			t.Errorf("plan of the query %q (-want +got):\n%s", query, d)
		}
	}
	for query, args := range map[string][]any{submissions + changedOrNewest: {7, "[]", 7}} {
		for _, step := range planOf(t, s, query, args...) {
			if (strings.HasPrefix(step, "SCAN submission") || strings.HasPrefix(step, "SCAN conversation")) && !strings.Contains(step, "INDEX") {
				t.Errorf("the query %q reads a whole table: %s", query, step)
			}
		}
	}
}

func planOf(t *testing.T, s *Store, query string, args ...any) (plan []string) {
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("querying the database: error %v, want none", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatalf("reading the result of a query: error %v, want none", err)
		}
		plan = append(plan, detail)
	}
	return plan
}

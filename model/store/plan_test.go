package store

import (
	"path/filepath"
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
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, 7)
		if err != nil {
			t.Fatalf("querying the database: error %v, want none", err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatalf("reading the result of a query: error %v, want none", err)
			}
			plan = append(plan, detail)
		}
		rows.Close()
		if d := cmp.Diff([]string{want}, plan); d != "" {
			t.Errorf("plan of the query %q (-want +got):\n%s", query, d)
		}
	}
}

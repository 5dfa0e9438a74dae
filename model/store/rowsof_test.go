package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
)

// Reading many rows at once returns the same as reading them one by one.
func TestRowsOfEqualsRow(t *testing.T) {
	s := fresh(t)
	var all []model.Conversation
	ids := []string{"no such", ""}
	for i := range 1200 {
		all = append(all, conv(fmt.Sprintf("c %d/'\"%%é", i), fmt.Sprint("Talk ", i)))
		ids = append(ids, all[i].Ref.ID)
	}
	save(t, s, all...)
	enqueue(t, s, rename(all[7].Ref.ID, all[7].Title, "Renamed"))
	if err := s.Bury(t.Context(), all[8].Ref); err != nil {
		t.Fatalf("Bury: error %v, want none", err)
	}
	rows, err := s.RowsOf(t.Context(), "sales", ids)
	if err != nil || len(rows) != len(all)-1 {
		t.Fatalf("RowsOf returned %d rows, want %d; error %v, want none", len(rows), len(all)-1, err)
	}
	for _, r := range rows {
		want := row(t, s, r.Conversation.Ref.ID)
		if diff := cmp.Diff(want, r); diff != "" {
			t.Fatalf("conversation %q, read by itself (-) and by RowsOf (+), differs:\n%s", r.Conversation.Ref.ID, diff)
		}
	}
	if rows, err := s.RowsOf(t.Context(), "elsewhere", ids); err != nil || len(rows) != 0 {
		t.Errorf("RowsOf returned %d rows of another account, want 0; error %v, want none", len(rows), err)
	}
}

package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
)

// Rows that are read many at once are those that are read one by one.
func TestRowsOfAreTheRows(t *testing.T) {
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
		t.Fatal(err)
	}
	rows, err := s.RowsOf(t.Context(), "sales", ids)
	if err != nil || len(rows) != len(all)-1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		want := row(t, s, r.Conversation.Ref.ID)
		if diff := cmp.Diff(want, r); diff != "" {
			t.Fatal(diff)
		}
	}
	if rows, err := s.RowsOf(t.Context(), "elsewhere", ids); err != nil || len(rows) != 0 {
		t.Errorf("%d rows of another account, %v", len(rows), err)
	}
}

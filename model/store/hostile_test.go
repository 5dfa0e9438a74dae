package store_test

import (
	"fmt"
	"strings"
	"testing"

	"confab/model"
)

func TestConversationIDsMayBeAnyText(t *testing.T) {
	for _, id := range []string{"a\x00b", "\x00", "a\nb\tc", "<&>\u2028\"'\\", "~", "a~b:c", "😀", strings.Repeat("x", 100_000), "\ufffd"} {
		t.Run(fmt.Sprintf("%.20q", id), func(t *testing.T) {
			s := fresh(t)
			for _, title := range []string{"one", "two"} {
				save(t, s, conv("a", "other"), conv(id, title))
			}
			rows, err := s.RowsOf(t.Context(), "sales", []string{id})
			if err != nil || len(rows) != 1 || rows[id].Conversation.Ref.ID != id {
				t.Errorf("RowsOf returned %d rows for the id, want 1 with the same id; error %v, want none", len(rows), err)
			}
			ids := enqueue(t, s, rename(id, "two", "three"))
			if r := row(t, s, id); r.Conversation.Title != "three" || len(r.Pending) != 1 {
				t.Errorf("the row shows the title %q with %d pending edits, want three with 1", r.Conversation.Title, len(r.Pending))
			}
			yes := true
			if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: id}}, model.TriageChange{Pinned: &yes}); err != nil {
				t.Errorf("pinning the conversation: error %v, want none", err)
			}
			if got := claim(t, s, nil); len(got) != 1 || got[0].ID != ids[0] {
				t.Errorf("claimed %+v, want the edit %s alone", got, ids[0])
			}
			if all, _ := entries(t, s, 0); len(all) != 2 {
				t.Errorf("Entries returned %d conversations, want 2", len(all))
			}
		})
	}
}

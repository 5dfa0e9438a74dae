package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// The count equals what is left after everything that can be claimed has been delivered.
func TestUndecidedCountsEditsThatNoDeliveryMoves(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	found := 0
	rollback := errors.New("leave nothing behind")
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		err := s.change(context.Background(), "", func(tx *tx) {
			tx.exec("INSERT INTO submission (id, sentence, user, at, edits) VALUES ('s1', '', '', 0, 9), ('s2', '', '', 0, 9)")
			tx.scattered(r, now)
			counts := tx.undecided()
			tx.exec("DELETE FROM outbox WHERE state = 'sending'")
			tx.exec("UPDATE outbox SET next_try = 0")
			for _, account := range []string{"sales", "desk"} {
				for {
					taken, folded := tx.next(account, nil)
					if len(taken) == 0 {
						break
					}
					for _, e := range append(taken, folded...) {
						tx.exec("DELETE FROM outbox WHERE id = ?", e.ID)
					}
				}
				left, _ := column[int](tx.row("SELECT count(*) FROM outbox WHERE account = ? AND state IN ('queued', 'retry')", account))
				if counts[account] != left {
					t.Errorf("seed %d: undecided counts %d edits of %s, want the %d that are left after the delivery", seed, counts[account], account, left)
				}
				found += left
			}
			tx.fail(rollback)
		})
		if !errors.Is(err, rollback) {
			t.Fatalf("seed %d: the transaction ended with the error %v, want %v", seed, err, rollback)
		}
	}
	if found < 100 {
		t.Errorf("%d edits of 400 random outboxes waited for a decision, want at least 100", found)
	}
}

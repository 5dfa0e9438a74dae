package store

import (
	"context"
	"slices"
	"time"

	"confab/model"
)

// undecidedOn lists the conversations on which an edit waits behind one that needs
// a person. What needs a person is found by the submissions that count such edits.
const undecidedOn = `SELECT p.account, p.conv FROM submission s CROSS JOIN outbox p ON p.submission = s.id AND p.urgency < 2
WHERE s.waiting + s.person > 0 AND s.person > 0 AND p.conv <> ''
  AND EXISTS (SELECT 1 FROM outbox o WHERE o.account = p.account AND o.conv = p.conv AND o.id > p.id AND o.state IN ('queued', 'retry'))`

// Undecided counts by account the edits that are on their way, but that nothing
// moves before a person has decided about an earlier edit.
func (s *Store) Undecided(ctx context.Context) (counts map[string]int, err error) {
	err = s.reading(ctx, "read the outbox", func(t *tx) error {
		counts, err = t.undecided()
		return err
	})
	return counts, err
}

func (t *tx) undecided() (map[string]int, error) {
	refs, err := list(t.ctx, t, scanRef, undecidedOn)
	if err != nil {
		return nil, err
	}
	out, counted := map[string]int{}, map[model.Ref]bool{}
	for _, ref := range refs {
		if counted[ref] {
			continue
		}
		counted[ref] = true
		all, err := t.conversation(ref.Account, ref.ID, "")
		if err != nil {
			return nil, err
		}
		if n := unmoved(all); n > 0 {
			out[ref.Account] += n
		}
	}
	return out, nil
}

// unmoved counts the edits of a conversation, in order, that still wait when
// everything that can be sent has been delivered.
func unmoved(all []model.OutboxEntry) (n int) {
	inTheEnd := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	gone := map[string]bool{}
	left := func() []model.OutboxEntry {
		return slices.DeleteFunc(slices.Clone(all), func(e model.OutboxEntry) bool { return e.State == model.Sending || gone[e.ID] })
	}
	for {
		rest := left()
		taken, folded := due(rest, inTheEnd, nil, nil)
		if len(taken) == 0 {
			for _, e := range rest {
				if e.State.Waiting() {
					n++
				}
			}
			return n
		}
		for _, e := range append(taken, folded...) {
			gone[e.ID] = true
		}
	}
}

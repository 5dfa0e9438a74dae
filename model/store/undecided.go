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
func (s *Store) Undecided(ctx context.Context) (map[string]int, error) {
	return read(ctx, s, "read the outbox", (*tx).undecided)
}

func (t *tx) undecided() map[string]int {
	out, counted := map[string]int{}, map[model.Ref]bool{}
	for _, ref := range list(t, scanRef, undecidedOn) {
		if !counted[ref] {
			counted[ref] = true
			if n := unmoved(t.conversation(ref)); n > 0 {
				out[ref.Account] += n
			}
		}
	}
	return out
}

func scanRef(r row) (ref model.Ref, ok bool) {
	ok = r.scan(&ref.Account, &ref.ID)
	return ref, ok
}

// unmoved counts the edits of a conversation, in order, that still wait when
// everything that can be sent has been delivered.
func unmoved(all []model.OutboxEntry) (n int) {
	inTheEnd := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	all = slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return e.State == model.Sending })
	for {
		taken, folded := due(all, inTheEnd, nil, nil)
		if len(taken) == 0 {
			break
		}
		delivered := map[string]bool{}
		for _, e := range append(taken, folded...) {
			delivered[e.ID] = true
		}
		all = slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return delivered[e.ID] })
	}
	for _, e := range all {
		if e.State.Waiting() {
			n++
		}
	}
	return n
}

package store

import (
	"context"

	"confab/model"
)

// Marked is what the local marks of a conversation were before they were
// changed. It is kept in memory to take the change back.
type Marked struct {
	Ref        model.Ref
	done, seen string // fingerprints
	pinned     bool
	snoozed    int64
}

// with returns the marks with those that a change names taken from other.
func (m Marked) with(ch model.TriageChange, other Marked) Marked {
	if ch.Done != nil {
		m.done = other.done
	}
	if ch.Seen != nil {
		m.seen = other.seen
	}
	if ch.Pinned != nil {
		m.pinned = other.pinned
	}
	if ch.Snooze != nil {
		m.snoozed = other.snoozed
	}
	return m
}

// TriageEach changes the local marks of cached conversations, in slices: each is told, once
// a slice is on disk, what the marks were that it changed.
func (s *Store) TriageEach(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked)) error {
	return s.remark(ctx, refs, ch, each, func(_ int, k *known) (now Marked, ok bool) {
		if ch.Done != nil && *ch.Done {
			now.done = k.print
		}
		if ch.Seen != nil && *ch.Seen {
			now.seen = k.print
		}
		now.pinned = ch.Pinned != nil && *ch.Pinned
		if ch.Snooze != nil {
			now.snoozed = ms(*ch.Snooze)
		}
		return now, k.key != 0
	})
}

// Restore takes a change of marks back: those that ch changed are what they were before.
func (s *Store) Restore(ctx context.Context, before []Marked, ch model.TriageChange, each func([]Marked)) error {
	refs := make([]model.Ref, len(before))
	for i, m := range before {
		refs[i] = m.Ref
	}
	return s.remark(ctx, refs, ch, each, func(i int, _ *known) (Marked, bool) { return before[i], true })
}

// remark changes marks to what to returns; ok is false where nothing is to change.
func (s *Store) remark(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked),
	to func(int, *known) (Marked, bool)) error {
	for from := 0; from < len(refs); from += sliceRows {
		if from > 0 {
			if err := pause(ctx, slicePause); err != nil {
				return err
			}
		}
		some := refs[from:min(len(refs), from+sliceRows)]
		var changed []Marked
		err := s.change(ctx, "mark", func(t *tx) {
			all := t.known(some...)
			for i, ref := range some {
				k := all[ref]
				if now, ok := to(from+i, k); ok {
					changed = append(changed, k.marks)
					t.mark(k, k.marks.with(ch, now))
				}
			}
		})
		if err != nil {
			return err
		}
		each(changed)
	}
	return nil
}

func (t *tx) mark(k *known, m Marked) {
	k.marks = m
	t.exec(`INSERT INTO triage (account, id, done, seen, pinned, snoozed) VALUES (?,?,?,?,?,?)
ON CONFLICT (account, id) DO UPDATE SET done = excluded.done, seen = excluded.seen, pinned = excluded.pinned, snoozed = excluded.snoozed`,
		m.Ref.Account, m.Ref.ID, m.done, m.seen, m.pinned, m.snoozed)
	if c, ok := k.body(); ok && k.key != 0 && !k.gone {
		t.project(k, c)
	}
}

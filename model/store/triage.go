package store

import (
	"context"

	"confab/model"
	"confab/model/query"
)

// Marked is what the local marks of a conversation were before they were
// changed. It is kept in memory to take the change back.
type Marked struct {
	Ref        model.Ref
	done, seen string // fingerprints
	pinned     bool
	snoozed    int64
}

// apply returns the marks after a change; done and seen hold for the fingerprint
// print.
func (m Marked) apply(ch model.TriageChange, print string) Marked {
	now := Marked{Ref: m.Ref}
	if ch.Done != nil && *ch.Done {
		now.done = print
	}
	if ch.Seen != nil && *ch.Seen {
		now.seen = print
	}
	if ch.Pinned != nil {
		now.pinned = *ch.Pinned
	}
	if ch.Snooze != nil {
		now.snoozed = ms(*ch.Snooze)
	}
	return m.with(ch, now)
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

// TriageEach changes the local marks of conversations, in slices, so that others
// write in between: each is told, once a slice is on disk, what the marks were that it
// changed. A conversation that is not in the cache is left out.
func (s *Store) TriageEach(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked)) error {
	return s.remark(ctx, refs, func(_ int, r marking) (Marked, bool) { return r.was.apply(ch, r.print), r.key != 0 }, each)
}

// Restore takes a change of marks back: of each conversation the marks that ch
// changed are what they were before. each is told as by TriageEach.
func (s *Store) Restore(ctx context.Context, before []Marked, ch model.TriageChange, each func([]Marked)) error {
	refs := make([]model.Ref, len(before))
	for i, m := range before {
		refs[i] = m.Ref
	}
	return s.remark(ctx, refs, func(i int, r marking) (Marked, bool) { return r.was.with(ch, before[i]), true }, each)
}

// marking is a conversation whose marks change; of one that is not cached, only its
// marks are known.
type marking struct {
	key    int64
	gone   bool
	packed []byte // the subject
	print  string
	was    Marked
}

// remark changes the marks of conversations, in slices. change returns the new ones,
// and whether there is something to change at all.
func (s *Store) remark(ctx context.Context, refs []model.Ref, change func(int, marking) (Marked, bool), each func([]Marked)) error {
	for from := 0; from < len(refs); from += sliceRows {
		if from > 0 {
			if err := pause(ctx, slicePause); err != nil {
				return err
			}
		}
		some := refs[from:min(len(refs), from+sliceRows)]
		var changed []Marked
		err := s.change(ctx, "mark", func(t *tx) {
			rows := t.markings(some)
			for i, ref := range some {
				if now, ok := change(from+i, rows[ref]); ok {
					changed = append(changed, rows[ref].was)
					t.mark(rows[ref], now)
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

func (t *tx) markings(refs []model.Ref) map[model.Ref]marking {
	out := make(map[model.Ref]marking, len(refs))
	for _, r := range refs {
		out[r] = marking{was: Marked{Ref: r}}
	}
	for r := range t.rows(`SELECT j.value ->> 0, j.value ->> 1, coalesce(c.key, 0), coalesce(c.gone, 0), c.subject,
  coalesce(b.fingerprint, ''), coalesce(m.done, ''), coalesce(m.seen, ''), coalesce(m.pinned, 0), coalesce(m.snoozed, 0)
FROM json_each(?) j LEFT JOIN conversation c ON c.account = j.value ->> 0 AND c.id = j.value ->> 1 LEFT JOIN body b ON b.key = c.key
  LEFT JOIN triage m ON m.account = j.value ->> 0 AND m.id = j.value ->> 1`, refList(refs)) {
		var m marking
		r.scan(&m.was.Ref.Account, &m.was.Ref.ID, &m.key, &m.gone, &m.packed, &m.print, &m.was.done, &m.was.seen, &m.was.pinned, &m.was.snoozed)
		out[m.was.Ref] = m
	}
	return out
}

// mark changes the marks of a conversation. Of what a query looks at, they change no
// text.
func (t *tx) mark(r marking, m Marked) {
	t.exec(`INSERT INTO triage (account, id, done, seen, pinned, snoozed) VALUES (?,?,?,?,?,?)
ON CONFLICT (account, id) DO UPDATE SET done = excluded.done, seen = excluded.seen, pinned = excluded.pinned, snoozed = excluded.snoozed`,
		m.Ref.Account, m.Ref.ID, m.done, m.seen, m.pinned, m.snoozed)
	if r.key == 0 || r.gone {
		return
	}
	sub, ok := query.Unpack(r.packed)
	if !ok { // packed by another version
		t.reproject(m.Ref)
		return
	}
	sub.Mark(m.triage(r.print))
	t.changed = true
	t.exec("UPDATE conversation SET rev = ?, pinned = ?, subject = ? WHERE key = ?", t.rev, m.pinned, sub.Pack(nil), r.key)
}

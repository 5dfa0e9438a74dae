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

// apply gives the marks after a change; print is the fingerprint that done and
// seen hold for.
func (m Marked) apply(ch model.TriageChange, print string) Marked {
	stamp := func(to *string, on *bool) {
		switch {
		case on == nil:
		case *on:
			*to = print
		default:
			*to = ""
		}
	}
	stamp(&m.done, ch.Done)
	stamp(&m.seen, ch.Seen)
	if ch.Pinned != nil {
		m.pinned = *ch.Pinned
	}
	if ch.Snooze != nil {
		m.snoozed = ms(*ch.Snooze)
	}
	return m
}

// back gives the marks after a change was taken back: what it changed is what it
// was before.
func (m Marked) back(ch model.TriageChange, was Marked) Marked {
	if ch.Done != nil {
		m.done = was.done
	}
	if ch.Seen != nil {
		m.seen = was.seen
	}
	if ch.Pinned != nil {
		m.pinned = was.pinned
	}
	if ch.Snooze != nil {
		m.snoozed = was.snoozed
	}
	return m
}

// Triage changes the local marks of conversations and returns what they were.
// A conversation that is not in the cache is left out. Where it ends early, what
// was returned was changed, and nothing else.
func (s *Store) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange) (before []Marked, err error) {
	err = s.TriageEach(ctx, refs, ch, func(some []Marked) { before = append(before, some...) })
	return before, err
}

// TriageEach is Triage in slices, so that others write in between: each is told,
// once a slice is on disk, of what it changed.
func (s *Store) TriageEach(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked)) error {
	return localError("mark", s.remark(ctx, len(refs), func(i int) model.Ref { return refs[i] }, func(_ int, r *marking) (Marked, bool) {
		return r.was.apply(ch, r.print), r.key != 0
	}, each))
}

// Restore takes a change of marks back: of each conversation the marks that ch
// changed are what they were before. each is told as by TriageEach.
func (s *Store) Restore(ctx context.Context, before []Marked, ch model.TriageChange, each func([]Marked)) error {
	ref := func(i int) model.Ref { return before[i].Ref }
	return localError("mark", s.remark(ctx, len(before), ref, func(i int, r *marking) (Marked, bool) {
		return r.was.back(ch, before[i]), true
	}, each))
}

// marking is a conversation whose marks change; of one that is not cached, only
// what its marks were is known.
type marking struct {
	key    int64
	gone   bool
	packed []byte // the subject
	print  string
	was    Marked
}

// remark gives n conversations other marks, in slices. change says which, and
// whether there is something to change at all.
func (s *Store) remark(ctx context.Context, n int, ref func(int) model.Ref, change func(int, *marking) (Marked, bool),
	each func([]Marked)) error {
	for from := 0; from < n; {
		to := min(n, from+sliceRows)
		var changed []Marked
		err := s.tx(ctx, func(t *tx) error {
			changed = changed[:0]
			refs := make([]model.Ref, to-from)
			for i := range refs {
				refs[i] = ref(from + i)
			}
			rows, err := t.markings(refs)
			if err != nil {
				return err
			}
			for i, r := range refs {
				row := rows[r]
				now, ok := change(from+i, row)
				if !ok {
					continue
				}
				changed = append(changed, row.was)
				if err := t.mark(row, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		each(changed)
		if from = to; from < n {
			if err := pause(ctx, slicePause); err != nil {
				return err
			}
		}
	}
	return nil
}

// markings reads conversations whose marks change.
func (t *tx) markings(refs []model.Ref) (map[model.Ref]*marking, error) {
	out := make(map[model.Ref]*marking, len(refs))
	ids := map[string][]string{}
	for _, r := range refs {
		out[r] = &marking{was: Marked{Ref: r}}
		ids[r.Account] = append(ids[r.Account], r.ID)
	}
	for account, some := range ids {
		err := each(t.ctx, t, func(row scanner) error {
			var m marking
			var id string
			if err := row.Scan(&id, &m.key, &m.gone, &m.packed, &m.print, &m.was.done, &m.was.seen, &m.was.pinned, &m.was.snoozed); err != nil {
				return err
			}
			m.was.Ref = model.Ref{Account: account, ID: id}
			*out[m.was.Ref] = m
			return nil
		}, `SELECT j.value, coalesce(c.key, 0), coalesce(c.gone, 0), c.subject, coalesce(b.fingerprint, ''),
  coalesce(m.done, ''), coalesce(m.seen, ''), coalesce(m.pinned, 0), coalesce(m.snoozed, 0)
FROM json_each(?2) j LEFT JOIN conversation c ON c.account = ?1 AND c.id = j.value LEFT JOIN body b ON b.key = c.key
  LEFT JOIN triage m ON m.account = ?1 AND m.id = j.value`, account, asList(some))
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mark gives a conversation other marks. Of what a query looks at, they change
// no text.
func (t *tx) mark(r *marking, m Marked) error {
	t.run(`INSERT INTO triage (account, id, done, seen, pinned, snoozed) VALUES (?,?,?,?,?,?)
ON CONFLICT (account, id) DO UPDATE SET done = excluded.done, seen = excluded.seen, pinned = excluded.pinned, snoozed = excluded.snoozed`,
		m.Ref.Account, m.Ref.ID, m.done, m.seen, m.pinned, m.snoozed)
	if r.key == 0 || r.gone {
		return t.err
	}
	sub, ok := query.Unpack(r.packed)
	if !ok { // packed by another version
		return t.reproject(m.Ref)
	}
	sub.Mark(model.Triage{Done: m.done != "" && m.done == r.print, Seen: m.seen != "" && m.seen == r.print,
		Pinned: m.pinned, SnoozedUntil: fromMS(m.snoozed)})
	t.changed = true
	t.run("UPDATE conversation SET rev = ?, pinned = ?, subject = ? WHERE key = ?", t.rev, m.pinned, sub.Pack(nil), r.key)
	return t.err
}

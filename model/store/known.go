package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"confab/model"
)

// known is what the database holds of a conversation: what the service showed,
// the edits on their way, and the marks.
type known struct {
	ref      model.Ref
	key, rev int64 // key 0: never cached
	checked  time.Time
	// server is the body as it is kept, print its fingerprint, and read the digest of the
	// reading that was merged into it last.
	server []byte
	print  string
	read   []byte
	gone   bool
	// whole: it was read by itself before.
	whole bool
	// touch: confab has changed it, and the service has not shown it since: a
	// later time of the last change may be from that.
	touch bool
	edits []model.OutboxEntry // of these the edit, the state and whether it was sent
	marks Marked
}

const rowsAtOnce = 500

// known reads what is known of conversations. Those that are not cached are among
// them: marks and edits may be there all the same.
func (t *tx) known(refs ...model.Ref) map[model.Ref]*known {
	out := make(map[model.Ref]*known, len(refs))
	for _, ref := range refs {
		out[ref] = &known{ref: ref, marks: Marked{Ref: ref}}
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(out)), rowsAtOnce) {
		t.readKnown(out, "(SELECT value ->> 0 AS account, value ->> 1 AS id FROM json_each(?))", refList(some))
	}
	return out
}

// readKnown adds what is known of the conversations that wanted selects by account and
// id, each once. A row without a body counts as one that can't be read.
func (t *tx) readKnown(out map[model.Ref]*known, wanted string, args ...any) {
	var ref model.Ref
	at := func() *known {
		k := out[ref]
		if k == nil {
			k = &known{ref: ref, marks: Marked{Ref: ref}}
			out[ref] = k
		}
		return k
	}
	for r := range t.rows(`SELECT c.account, c.id, c.key, c.rev, c.gone, k.at, coalesce(b.server, x''), coalesce(b.fingerprint, ''),
  coalesce(b.whole, 0), coalesce(b.touch, 0), coalesce(b.read, x'')
FROM `+wanted+` w CROSS JOIN conversation c ON c.account = w.account AND c.id = w.id
  LEFT JOIN checked k ON k.key = c.key LEFT JOIN body b ON b.key = c.key`, args...) {
		var k known
		r.scan(&ref.Account, &ref.ID, &k.key, &k.rev, &k.gone, fromMS{&k.checked}, &k.server, &k.print, &k.whole, &k.touch, &k.read)
		k.ref, k.marks = ref, Marked{Ref: ref}
		*at() = k
	}
	for r := range t.rows(`SELECT o.account, o.conv, o.edit, o.id, o.submission, o.state, o.sent
FROM `+wanted+` w CROSS JOIN outbox o ON o.account = w.account AND o.conv = w.id ORDER BY o.id`, args...) {
		var e model.OutboxEntry
		r.scan(&ref.Account, &ref.ID, fromJSON{&e.Edit}, &e.ID, &e.Submission, &e.State, &e.Sent)
		e.Ref.Account = ref.Account
		k := at()
		k.edits = append(k.edits, e)
	}
	for r := range t.rows(`SELECT m.account, m.id, m.done, m.seen, m.pinned, m.snoozed
FROM `+wanted+` w CROSS JOIN triage m ON m.account = w.account AND m.id = w.id`, args...) {
		var m Marked
		r.scan(&ref.Account, &ref.ID, &m.done, &m.seen, &m.pinned, &m.snoozed)
		m.Ref = ref
		at().marks = m
	}
}

// body reads what the service showed. A damaged body must not hide the row; the next
// reading heals it.
func (k *known) body() (c model.Conversation, ok bool) {
	c, err := readBody(k.server, k.ref)
	if err != nil {
		return model.Conversation{Ref: k.ref, ParticipantCount: -1}, false
	}
	return c, true
}

// row returns the projection of what the service showed, with the edits on their way and
// the marks that hold.
func (k *known) row(server model.Conversation) model.Row {
	r := model.Row{Key: k.key, Checked: k.checked}
	var edits []model.Edit
	for _, e := range k.edits {
		if e.State.Shown() {
			edits = append(edits, e.Edit)
		}
		r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: e.State, Edit: e.Edit})
	}
	r.Conversation = model.Project(server, edits)
	m := k.marks
	r.Triage = model.Triage{Done: m.done != "" && m.done == k.print, Seen: m.seen != "" && m.seen == k.print,
		Pinned: m.pinned, SnoozedUntil: timeOf(m.snoozed)}
	return r
}

// shown reads the rows of conversations that are not gone, by key, as they are now: a
// snooze that has ended is none.
func (t *tx) shown(wanted string, args ...any) map[int64]model.Row {
	all := map[model.Ref]*known{}
	t.readKnown(all, wanted, args...)
	out := make(map[int64]model.Row, len(all))
	for _, k := range all {
		if k.key == 0 || k.gone {
			continue
		}
		c, _ := k.body()
		r := k.row(c)
		if !r.Triage.SnoozedUntil.After(t.s.now()) {
			r.Triage.SnoozedUntil = time.Time{}
		}
		out[k.key] = r
	}
	return out
}

const byKey = "(SELECT DISTINCT c.account, c.id FROM json_each(?) j CROSS JOIN conversation c ON c.key = j.value)"

// Rows reads the projected rows of these keys, in this order. Those of which
// the conversation is gone or unknown are left out.
func (s *Store) Rows(ctx context.Context, keys []int64) ([]model.Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return read(ctx, s, "read rows", func(t *tx) (out []model.Row) {
		for some := range slices.Chunk(keys, rowsAtOnce) {
			rows := t.shown(byKey, asList(some))
			for _, key := range some {
				if r, ok := rows[key]; ok {
					out = append(out, r)
				}
			}
		}
		return out
	})
}

// RowsOf reads the projected rows of conversations of one account, by their keys.
// Those that are not cached, or gone, are left out; so may be one whose id is no
// valid text.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) ([]model.Row, error) {
	return read(ctx, s, "read rows", func(t *tx) (out []model.Row) {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			rows := t.shown("(SELECT DISTINCT ? AS account, value AS id FROM json_each(?))", account, asList(some))
			for _, key := range slices.Sorted(maps.Keys(rows)) {
				out = append(out, rows[key])
			}
		}
		return out
	})
}

// Row reads one projected row; ok is false where it is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	r, err = read(ctx, s, "read a row", func(t *tx) (r model.Row) {
		for _, r = range t.shown("(SELECT ? AS account, ? AS id)", ref.Account, ref.ID) {
			ok = true
		}
		return r
	})
	return r, ok, err
}

// Server reads what the service last showed of a conversation. A row that can't
// be read counts as unknown, so that it is read anew.
func (s *Store) Server(ctx context.Context, ref model.Ref) (c model.Conversation, ok bool, err error) {
	c, err = read(ctx, s, "read a conversation", func(t *tx) (c model.Conversation) {
		if k := t.known(ref)[ref]; k.key != 0 && !k.gone {
			c, ok = k.body()
		}
		return c
	})
	return c, ok, err
}

package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"confab/model"
	"confab/model/query"
)

const rowsAtOnce = 500

// Rows reads the projected rows of these keys, in this order. Those of which
// the conversation is gone or unknown are left out.
func (s *Store) Rows(ctx context.Context, keys []int64) ([]model.Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return read(ctx, s, "read rows", func(t *tx) (out []model.Row) {
		for some := range slices.Chunk(keys, rowsAtOnce) {
			rows := t.projected("json_each(?) j CROSS JOIN conversation c ON c.key = j.value", asList(some))
			by := make(map[int64]model.Row, len(rows))
			for _, r := range rows {
				by[r.Key] = r
			}
			for _, key := range some {
				if r, ok := by[key]; ok {
					out = append(out, r)
				}
			}
		}
		return out
	})
}

// RowsOf reads the projected rows of conversations of one account, in no order.
// Those that are not cached, or gone, are left out; so may be one whose id is no
// valid text.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) ([]model.Row, error) {
	return read(ctx, s, "read rows", func(t *tx) (out []model.Row) {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			rows := t.projected("json_each(?) j CROSS JOIN conversation c ON c.account = ? AND c.id = j.value", asList(some), account)
			out = append(out, rows...)
		}
		return out
	})
}

// Row reads one projected row; ok is false where it is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	rows, err := read(ctx, s, "read a row", func(t *tx) []model.Row {
		return t.projected("(SELECT ? AS account, ? AS id) j CROSS JOIN conversation c ON c.account = j.account AND c.id = j.id",
			ref.Account, ref.ID)
	})
	if len(rows) == 0 {
		return r, false, err
	}
	return rows[0], true, err
}

// projected reads the rows of conversations c as they are now: a snooze that has ended
// is none.
func (t *tx) projected(from string, args ...any) (out []model.Row) {
	var unfolded, waiting []int
	now := ms(t.s.now())
	// What is scanned into is made once, not anew for each row.
	var key int64
	var packed, body sql.RawBytes
	var ref model.Ref
	var checked time.Time
	for row := range t.rows("SELECT c.key, c.account, c.id, c.subject, k.at, coalesce(b.server, x'') FROM "+from+
		" LEFT JOIN checked k ON k.key = c.key LEFT JOIN body b ON b.key = c.key WHERE c.gone = 0", args...) {
		row.scan(&key, &ref.Account, &ref.ID, &packed, fromMS{&checked}, &body)
		r := model.Row{Key: key, Checked: checked}
		var err error
		if r.Conversation, err = readBody(body, ref); err != nil {
			// One damaged row must not hide all others; the next reading heals it.
			r.Conversation = model.Conversation{Ref: ref, ParticipantCount: -1}
		}
		if sub, ok := query.Unpack(packed); !ok {
			unfolded = append(unfolded, len(out))
		} else if layTriage(&r, &sub, now) {
			waiting = append(waiting, len(out))
		}
		out = append(out, r)
	}
	known := t.knownAt(out, unfolded)
	for _, i := range unfolded {
		if layTriage(&out[i], known[out[i].Conversation.Ref].subject(), now) {
			waiting = append(waiting, i)
		}
	}
	known = t.knownAt(out, waiting)
	for _, i := range waiting {
		shown := known[out[i].Conversation.Ref].row(out[i].Conversation)
		out[i].Conversation, out[i].Pending = shown.Conversation, shown.Pending
	}
	return out
}

func (t *tx) knownAt(rows []model.Row, at []int) map[model.Ref]*known {
	refs := make([]model.Ref, len(at))
	for n, i := range at {
		refs[n] = rows[i].Conversation.Ref
	}
	return t.known(refs...)
}

// layTriage returns a row the marks of its subject, and reports whether edits of
// it are in the outbox.
func layTriage(r *model.Row, sub *query.Subject, now int64) (waiting bool) {
	f := sub.Flags
	r.Triage = model.Triage{Done: f&query.FlagDone != 0, Pinned: f&query.FlagPinned != 0, Seen: f&query.FlagUnseen == 0}
	if sub.SnoozedUntil > now {
		r.Triage.SnoozedUntil = timeOf(sub.SnoozedUntil)
	}
	return f&(query.FlagPending|query.FlagFailed|query.FlagConflict) != 0
}

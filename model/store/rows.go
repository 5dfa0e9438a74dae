package store

import (
	"context"
	"database/sql"
	"slices"

	"confab/model"
	"confab/model/query"
)

// rowsAtOnce bounds how many rows one statement reads.
const rowsAtOnce = 500

const rowColumns = "c.key, c.account, c.id, c.subject, coalesce(k.at, 0), coalesce(b.server, x'')"

// Rows reads the projected rows of these keys, in this order. Those of which
// the conversation is gone or unknown are left out.
func (s *Store) Rows(ctx context.Context, keys []int64) (out []model.Row, err error) {
	err = s.reading(ctx, "read rows", func(t *tx) error {
		for some := range slices.Chunk(keys, rowsAtOnce) {
			rows, err := t.rows("json_each(?) j CROSS JOIN conversation c ON c.key = j.value", "1", asList(some))
			if err != nil {
				return err
			}
			by := make(map[int64]int, len(rows))
			for i, r := range rows {
				by[r.Key] = i
			}
			for _, key := range some {
				if i, ok := by[key]; ok {
					out = append(out, rows[i])
				}
			}
		}
		return nil
	})
	return out, err
}

// RowsOf reads the projected rows of conversations of one account, in no order.
// Those that are not cached, or gone, are left out; so may be one whose id is no
// valid text.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) (out []model.Row, err error) {
	err = s.reading(ctx, "read rows", func(t *tx) error {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			rows, err := t.rows("json_each(?) j CROSS JOIN conversation c ON c.account = ? AND c.id = j.value", "1", asList(some), account)
			if err != nil {
				return err
			}
			out = append(out, rows...)
		}
		return nil
	})
	return out, err
}

// Row reads one projected row; ok is false where it is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	err = s.reading(ctx, "read a row", func(t *tx) error {
		out, err := t.rows("conversation c", "c.account = ? AND c.id = ?", ref.Account, ref.ID)
		if len(out) == 1 {
			r, ok = out[0], true
		}
		return err
	})
	return r, ok, err
}

// rows reads rows as they are now: a snooze that has ended is none.
func (t *tx) rows(from, where string, args ...any) (out []model.Row, err error) {
	var waiting, unfolded []int
	now := ms(t.s.now())
	err = each(t.ctx, t, func(row scanner) error {
		var r model.Row
		var checked int64
		var packed, body sql.RawBytes
		var ref model.Ref
		err := row.Scan(&r.Key, &ref.Account, &ref.ID, &packed, &checked, &body)
		if err != nil {
			return err
		}
		if r.Conversation, err = readBody(body, ref); err != nil {
			// One damaged row must not hide all others; the next reading heals it.
			r.Conversation = model.Conversation{Ref: ref, ParticipantCount: -1}
		}
		r.Checked = fromMS(checked)
		sub, ok := query.Unpack(packed)
		if !ok {
			unfolded = append(unfolded, len(out))
		} else if layTriage(&r, &sub, now) {
			waiting = append(waiting, len(out))
		}
		out = append(out, r)
		return nil
	}, "SELECT "+rowColumns+" FROM "+from+
		" LEFT JOIN checked k ON k.key = c.key LEFT JOIN body b ON b.key = c.key WHERE c.gone = 0 AND "+where, args...)
	if err != nil {
		return nil, err
	}
	for _, i := range unfolded {
		e := []Indexed{{Subject: query.Subject{Ref: out[i].Conversation.Ref}}}
		if err := t.fold(e); err != nil {
			return nil, err
		}
		if layTriage(&out[i], &e[0].Subject, now) {
			waiting = append(waiting, i)
		}
	}
	return out, t.layPending(out, waiting)
}

// layTriage gives a row the marks of its subject, and reports whether edits of
// it are in the outbox.
func layTriage(r *model.Row, sub *query.Subject, now int64) (waiting bool) {
	f := sub.Flags
	r.Triage = model.Triage{Done: f&query.FlagDone != 0, Pinned: f&query.FlagPinned != 0, Seen: f&query.FlagUnseen == 0}
	if sub.SnoozedUntil > now {
		r.Triage.SnoozedUntil = fromMS(sub.SnoozedUntil)
	}
	return f&(query.FlagPending|query.FlagFailed|query.FlagConflict) != 0
}

// layPending projects the edits on their way onto those rows that have some.
func (t *tx) layPending(rows []model.Row, waiting []int) error {
	byAccount := map[string][]int{}
	for _, i := range waiting {
		account := rows[i].Conversation.Ref.Account
		byAccount[account] = append(byAccount[account], i)
	}
	for account, some := range byAccount {
		ids := make([]string, len(some))
		for n, i := range some {
			ids[n] = rows[i].Conversation.Ref.ID
		}
		all, err := t.known(account, ids...)
		if err != nil {
			return err
		}
		for _, i := range some {
			r := &rows[i]
			shown := all[r.Conversation.Ref.ID].row(r.Conversation)
			r.Conversation, r.Pending = shown.Conversation, shown.Pending
		}
	}
	return nil
}

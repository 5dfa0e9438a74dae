package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"confab/model"
	"confab/model/query"
)

// reading runs f in one read transaction, so that what it reads fits together.
func (s *Store) reading(ctx context.Context, f func(*sql.Tx) error) error {
	t, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	return f(t)
}

// rowsAtOnce bounds how many rows one statement reads.
const rowsAtOnce = 500

const rowColumns = "c.key, c.account, c.id, c.subject, coalesce(k.at, 0), coalesce(b.server, x'')"

// Rows reads the projected rows of these keys, in this order. Those of which
// the conversation is gone or unknown are left out.
func (s *Store) Rows(ctx context.Context, keys []int64) (out []model.Row, err error) {
	err = s.reading(ctx, func(t *sql.Tx) error {
		for some := range slices.Chunk(keys, rowsAtOnce) {
			list, err := json.Marshal(some)
			if err != nil {
				return err
			}
			rows, err := s.rows(ctx, t, "json_each(?) j CROSS JOIN conversation c ON c.key = j.value", "1", string(list))
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
	return out, localError("read rows", err)
}

// Row reads one projected row; ok is false where it is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	err = s.reading(ctx, func(t *sql.Tx) error {
		out, err := s.rows(ctx, t, "conversation c", "c.account = ? AND c.id = ?", ref.Account, ref.ID)
		if len(out) == 1 {
			r, ok = out[0], true
		}
		return err
	})
	return r, ok, localError("read a row", err)
}

// rows reads rows as they are now: a snooze that has ended is none.
func (s *Store) rows(ctx context.Context, t *sql.Tx, from, where string, args ...any) ([]model.Row, error) {
	rows, err := t.QueryContext(ctx, "SELECT "+rowColumns+" FROM "+from+
		" LEFT JOIN checked k ON k.key = c.key LEFT JOIN body b ON b.key = c.key WHERE c.gone = 0 AND "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []model.Row
	var waiting []int
	now := ms(s.now())
	var unfolded []int
	for rows.Next() {
		var r model.Row
		var checked int64
		var packed, body sql.RawBytes
		var ref model.Ref
		if err := rows.Scan(&r.Key, &ref.Account, &ref.ID, &packed, &checked, &body); err != nil {
			return nil, err
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
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, i := range unfolded {
		e := []Indexed{{Subject: query.Subject{Ref: out[i].Conversation.Ref}}}
		if err := fold(ctx, t, e); err != nil {
			return nil, err
		}
		if layTriage(&out[i], &e[0].Subject, now) {
			waiting = append(waiting, i)
		}
	}
	return out, layPending(ctx, t, out, waiting)
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
func layPending(ctx context.Context, t *sql.Tx, rows []model.Row, waiting []int) error {
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
		all, err := look(ctx, t, account, ids)
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

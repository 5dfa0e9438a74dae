package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"confab/model"
	"confab/model/query"
)

// Walk marks a batch as part of a full walk: its rows carry the number, and
// the cursor is kept so that a later walk goes on after this page.
type Walk struct {
	No     int64
	Cursor string
}

// SaveBatch lays freshly read conversations over the cache and gives the refs
// of those that changed. walk is nil for readings outside a full walk.
func (s *Store) SaveBatch(ctx context.Context, account string, batch []model.Conversation, walk *Walk) (changed []model.Ref, err error) {
	err = s.tx(ctx, func(t *tx) error {
		if err := t.same(account); err != nil {
			return err
		}
		changed = changed[:0]
		seen := make([]int64, 0, len(batch))
		for _, c := range batch {
			key, diff, err := t.save(c, model.ReadRow, nil)
			if err != nil {
				return err
			}
			if diff {
				changed = append(changed, c.Ref)
			}
			seen = append(seen, key)
		}
		t.checked(seen, walk)
		if walk != nil {
			// A walk that another process overtook leaves the newer one alone.
			t.exec("UPDATE account SET walk = ? WHERE name = ? AND walk_no = ?", walk.Cursor, account, walk.No)
		}
		return nil
	})
	return changed, localError("store conversations", err)
}

// Save lays one freshly read conversation over the cache; r says what the
// reading can show to be empty.
func (s *Store) Save(ctx context.Context, c model.Conversation, r model.Reading) (merged model.Conversation, err error) {
	err = s.tx(ctx, func(t *tx) error {
		if err := t.same(c.Ref.Account); err != nil {
			return err
		}
		key, _, err := t.save(c, r, nil)
		if err != nil {
			return err
		}
		t.checked([]int64{key}, nil)
		return nil
	})
	if err != nil {
		return c, localError("store a conversation", err)
	}
	merged, _, err = s.Server(ctx, c.Ref)
	return merged, err
}

// checked notes that the service has just shown these rows.
func (t *tx) checked(keys []int64, walk *Walk) {
	for len(keys) > 0 {
		n := min(len(keys), 500)
		args := []any{ms(t.s.now())}
		set := "checked = ?"
		if walk != nil {
			set += ", walk_no = max(walk_no, ?)"
			args = append(args, walk.No)
		}
		for _, k := range keys[:n] {
			args = append(args, k)
		}
		t.exec("UPDATE conversation SET "+set+" WHERE key IN ("+placeholders(n)+")", args...)
		keys = keys[n:]
	}
}

// kept is what the cache holds of a conversation before a reading is laid over
// it.
type kept struct {
	key    int64
	server []byte
	print  string
	gone   bool
	// whole: it was read by itself before.
	whole bool
	// touch: confab has changed it, and the service has not shown it since: a
	// later time of the last change may be from that.
	touch bool
}

func (t *tx) kept(r model.Ref) (k kept, ok bool, err error) {
	st := t.prepared(`SELECT c.key, b.server, b.fingerprint, c.gone, b.whole, b.touch FROM conversation c JOIN body b ON b.key = c.key
WHERE c.account = ? AND c.id = ?`)
	if t.err != nil {
		return k, false, t.err
	}
	err = st.QueryRowContext(t.ctx, r.Account, r.ID).Scan(&k.key, &k.server, &k.print, &k.gone, &k.whole, &k.touch)
	if errors.Is(err, sql.ErrNoRows) {
		return k, false, nil
	}
	return k, err == nil, err
}

// save merges a reading into the cache and rewrites the projected columns
// where anything changed. settled is the edit that confab has just delivered
// and that the reading shows, nil where it was read otherwise: what confab did
// itself leaves the marks that are tied to the content (done, seen) as they are.
func (t *tx) save(c model.Conversation, r model.Reading, settled *model.Edit) (key int64, changed bool, err error) {
	if t.err != nil {
		return 0, false, t.err
	}
	k, known, err := t.kept(c.Ref)
	if err != nil {
		return 0, false, err
	}
	var was model.Conversation
	if known && json.Unmarshal(k.server, &was) == nil {
		c = overlay(was, c, r)
	} else {
		was = c
	}
	if settled != nil && slices.Contains([]model.EditKind{model.EditDescription, model.EditAccess, model.EditDefaultRole}, settled.Kind) {
		// The answer to a write counts as a row of a list, which empties nothing;
		// what the edit emptied is known to be empty.
		c = model.Project(c, []model.Edit{*settled})
	}
	c = c.Stored()
	body, err := json.Marshal(c)
	if err != nil {
		return 0, false, err
	}
	now := kept{key: k.key, server: body, print: k.print, whole: k.whole || r&model.ReadWhole != 0}
	if known && k.whole == now.whole && !k.gone && bytes.Equal(body, k.server) && k.touch == (settled != nil) {
		return k.key, false, nil
	}
	if now.print, now.touch, err = t.stamp(k, known, was, c, r, settled); err != nil {
		return 0, false, err
	}
	if now.key, err = t.project(k.key, c, now.print); err != nil {
		return 0, false, err
	}
	st := t.prepared(`INSERT INTO body (key, server, fingerprint, whole, touch) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
  server = excluded.server, fingerprint = excluded.fingerprint, whole = excluded.whole, touch = excluded.touch`)
	if t.err != nil {
		return 0, false, t.err
	}
	_, err = st.ExecContext(t.ctx, now.key, body, now.print, now.whole, now.touch)
	return now.key, !known || k.gone || !bytes.Equal(body, k.server), err
}

// overlay merges a reading over what was known. Where a list counts other
// people than before, the set that is known is an old one.
func overlay(was, c model.Conversation, r model.Reading) model.Conversation {
	joined := !c.Participants.Known && was.Participants.Known &&
		c.ParticipantCount >= 0 && was.ParticipantCount >= 0 && c.ParticipantCount != was.ParticipantCount
	if c = model.MergeReading(was, c, r); joined {
		c.Participants = model.Set[model.Participant]{}
	}
	return c
}

const upsert = `
INSERT INTO conversation (account, id, provider, kind, status, privacy, title, people, owner, team, space, channel,
  company, roles, preview, labels, flags, snoozed, pinned, created, updated, duration, checked, walk_no, gone)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0)
ON CONFLICT (account, id) DO UPDATE SET provider=excluded.provider, kind=excluded.kind, status=excluded.status,
  privacy=excluded.privacy, title=excluded.title, people=excluded.people, owner=excluded.owner, team=excluded.team,
  space=excluded.space, channel=excluded.channel, company=excluded.company, roles=excluded.roles,
  preview=excluded.preview, labels=excluded.labels, flags=excluded.flags, snoozed=excluded.snoozed,
  pinned=excluded.pinned, created=excluded.created, updated=excluded.updated, duration=excluded.duration, gone=0
RETURNING key`

// project rewrites the projected, folded columns of one conversation.
func (t *tx) project(key int64, server model.Conversation, print string) (int64, error) {
	row, err := t.row(server, print)
	if err != nil {
		return 0, err
	}
	sub := query.NewSubject(row)
	st := t.prepared(upsert)
	if t.err != nil {
		return 0, t.err
	}
	pinned := 0
	if row.Triage.Pinned {
		pinned = 1
	}
	err = st.QueryRowContext(t.ctx, sub.Ref.Account, sub.Ref.ID, sub.Provider, model.FoldText(sub.Kind), model.FoldText(sub.Status), sub.Privacy, sub.Title,
		sub.People, sub.Owner, sub.Team, sub.Space, sub.Channel, sub.Company, sub.Roles, sub.Preview, sub.Labels,
		int64(sub.Flags), sub.SnoozedUntil, pinned, sub.Created, sub.Updated, sub.Duration, ms(t.s.now())).Scan(&key)
	return key, err
}

// row builds the row of a conversation inside a transaction: projection,
// pending edits, triage marks.
func (t *tx) row(server model.Conversation, print string) (model.Row, error) {
	r := model.Row{Checked: t.s.now()}
	st := t.prepared("SELECT edit, state FROM outbox WHERE account = ? AND conv = ? ORDER BY id")
	if t.err != nil {
		return r, t.err
	}
	rows, err := st.QueryContext(t.ctx, server.Ref.Account, server.Ref.ID)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	var edits []model.Edit
	for rows.Next() {
		var raw []byte
		var state model.EditState
		if err := rows.Scan(&raw, &state); err != nil {
			return r, err
		}
		var e model.Edit
		if err := json.Unmarshal(raw, &e); err != nil {
			return r, err
		}
		if shown(state) {
			edits = append(edits, e)
		}
		r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: state})
	}
	if err := rows.Err(); err != nil {
		return r, err
	}
	r.Conversation = model.Project(server, edits)
	var done, seen string
	var snoozed int64
	st = t.prepared("SELECT done, seen, pinned, snoozed FROM triage WHERE account = ? AND id = ?")
	if t.err != nil {
		return r, t.err
	}
	err = st.QueryRowContext(t.ctx, server.Ref.Account, server.Ref.ID).Scan(&done, &seen, &r.Triage.Pinned, &snoozed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return r, err
	}
	r.Triage.Done = done != "" && done == print
	r.Triage.Seen = seen != "" && seen == print
	r.Triage.SnoozedUntil = fromMS(snoozed)
	return r, nil
}

// shown says which edits the projection lays over the server's state: those
// that are on their way or may be. One that was refused or is in conflict
// shows what the service has; its sign says that something waits.
func shown(s model.EditState) bool {
	return s.Waiting() || s == model.Held
}

// reproject rewrites the columns of a conversation after a change of its
// outbox or triage rows. An unknown conversation is no error.
func (t *tx) reproject(r model.Ref) error {
	if t.err != nil || r.ID == "" {
		return t.err
	}
	var key int64
	var body []byte
	var print string
	var gone int
	err := t.QueryRowContext(t.ctx, "SELECT c.key, b.server, b.fingerprint, c.gone FROM conversation c JOIN body b ON b.key = c.key WHERE c.account = ? AND c.id = ?",
		r.Account, r.ID).Scan(&key, &body, &print, &gone)
	if errors.Is(err, sql.ErrNoRows) || gone != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var c model.Conversation
	if json.Unmarshal(body, &c) != nil {
		return nil // the next reading projects it
	}
	c.Ref = r // rows set aside carry another account than their body
	_, err = t.project(key, c, print)
	return err
}

// Server reads what the service last showed of a conversation. A row that can't
// be read counts as unknown, so that it is read anew.
func (s *Store) Server(ctx context.Context, r model.Ref) (c model.Conversation, ok bool, err error) {
	var body []byte
	err = s.read.QueryRowContext(ctx, "SELECT b.server FROM conversation c JOIN body b ON b.key = c.key WHERE c.account = ? AND c.id = ? AND c.gone = 0",
		r.Account, r.ID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, localError("read a conversation", err)
	}
	if json.Unmarshal(body, &c) != nil {
		return model.Conversation{}, false, nil
	}
	return c, true, nil
}

// Bury makes a tombstone of a conversation that is gone from its service: it
// is hidden until the service shows it again; its marks, drafts, outbox and
// journal are kept.
func (s *Store) Bury(ctx context.Context, r model.Ref) error {
	return localError("hide a conversation", s.tx(ctx, func(t *tx) error { return t.bury(r) }))
}

func (t *tx) bury(r model.Ref) error {
	return t.exec("UPDATE conversation SET gone = 1 WHERE account = ? AND id = ? AND gone = 0", r.Account, r.ID)
}

// Known reports which of the given conversations are cached exactly as given;
// a refresh that walks newest first may stop at a page of nothing but those.
func (s *Store) Known(ctx context.Context, batch []model.Conversation) (all bool, err error) {
	for _, c := range batch {
		was, ok, err := s.Server(ctx, c.Ref)
		if err != nil || !ok {
			return false, err
		}
		a, _ := json.Marshal(was)
		b, _ := json.Marshal(overlay(was, c, model.ReadRow).Stored())
		if !bytes.Equal(a, b) {
			return false, nil
		}
	}
	return true, nil
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"

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
			key, diff, err := t.save(c, false)
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

// Save lays one freshly read conversation over the cache.
func (s *Store) Save(ctx context.Context, c model.Conversation) (merged model.Conversation, err error) {
	err = s.tx(ctx, func(t *tx) error {
		if err := t.same(c.Ref.Account); err != nil {
			return err
		}
		key, _, err := t.save(c, false)
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

// save merges a reading into the cache and rewrites the projected columns
// where anything changed. own says that confab itself made the difference, so
// that marks tied to the content (done, seen) hold.
func (t *tx) save(c model.Conversation, own bool) (key int64, changed bool, err error) {
	if t.err != nil {
		return 0, false, t.err
	}
	var old []byte
	var oldPrint string
	var gone int
	st := t.prepared("SELECT c.key, b.server, b.fingerprint, c.gone FROM conversation c JOIN body b ON b.key = c.key WHERE c.account = ? AND c.id = ?")
	if t.err != nil {
		return 0, false, t.err
	}
	err = st.QueryRowContext(t.ctx, c.Ref.Account, c.Ref.ID).Scan(&key, &old, &oldPrint, &gone)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, false, err
	}
	if known {
		var was model.Conversation
		if json.Unmarshal(old, &was) == nil {
			c = model.Merge(was, c)
		}
	}
	c = c.Stored()
	body, err := json.Marshal(c)
	if err != nil {
		return 0, false, err
	}
	if known && gone == 0 && bytes.Equal(body, old) {
		return key, false, nil
	}
	print := fingerprint(c)
	if known && own && print != oldPrint {
		t.exec("UPDATE triage SET done = CASE WHEN done = ?1 THEN ?2 ELSE done END, seen = CASE WHEN seen = ?1 THEN ?2 ELSE seen END WHERE account = ?3 AND id = ?4",
			oldPrint, print, c.Ref.Account, c.Ref.ID)
	}
	key, err = t.project(key, c, print)
	if err != nil {
		return 0, false, err
	}
	st = t.prepared("INSERT INTO body (key, server, fingerprint) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET server = excluded.server, fingerprint = excluded.fingerprint")
	if t.err != nil {
		return 0, false, t.err
	}
	_, err = st.ExecContext(t.ctx, key, body, print)
	return key, true, err
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

// fingerprint tells whether the content of a conversation changed for a
// person: what it is called, who can see it, who is in it, what was said last.
func fingerprint(c model.Conversation) string {
	h := sha256.New()
	for _, s := range []string{c.Title, c.Description, string(c.Privacy), c.Status, strconv.FormatBool(c.Archived),
		c.Access, c.Preview, c.Updated.UTC().Format(time.RFC3339Nano)} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
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
// is hidden, its marks, drafts, outbox and journal are kept.
func (s *Store) Bury(ctx context.Context, r model.Ref) error {
	return localError("hide a conversation", s.tx(ctx, func(t *tx) error { return t.bury(r) }))
}

func (t *tx) bury(r model.Ref) error {
	return t.exec("UPDATE conversation SET gone = 1 WHERE account = ? AND id = ?", r.Account, r.ID)
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
		b, _ := json.Marshal(model.Merge(was, c).Stored())
		if !bytes.Equal(a, b) {
			return false, nil
		}
	}
	return true, nil
}

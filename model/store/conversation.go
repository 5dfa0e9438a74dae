package store

import (
	"bytes"
	"context"
	"slices"

	"confab/model"
	"confab/model/query"
)

// Walk marks a batch as part of a full walk. Its rows get the number of the walk, and a
// later process continues from the cursor, or starts anew if it is empty.
type Walk struct {
	No     int64
	Cursor string
}

// SaveBatch merges freshly read conversations of one account into the cache, and returns
// the refs of those that changed. The cost of each is least for some hundred at once. walk
// is nil outside a full walk.
func (s *Store) SaveBatch(ctx context.Context, account string, batch []model.Conversation, walk *Walk) (changed []model.Ref, err error) {
	return s.saveRead(ctx, "store conversations", account, batch, model.ReadRow, walk)
}

// SaveNames merges only the names of people and spaces into rows that are cached.
func (s *Store) SaveNames(ctx context.Context, account string, batch []model.Conversation) (changed []model.Ref, err error) {
	return s.saveRead(ctx, "store names", account, batch, model.ReadNames, nil)
}

// Save merges one freshly read conversation into the cache; r says which of its fields may
// be known to be empty.
func (s *Store) Save(ctx context.Context, c model.Conversation, r model.Reading) error {
	_, err := s.saveRead(ctx, "store a conversation", c.Ref.Account, []model.Conversation{c}, r, nil)
	return err
}

func (s *Store) saveRead(ctx context.Context, op, account string, batch []model.Conversation, r model.Reading, walk *Walk) (
	changed []model.Ref, err error) {
	err = s.changeCache(ctx, op, func(t *tx) {
		changed = t.saveAll(account, batch, r, walk)
		if walk != nil {
			// If another process has begun a newer walk, its cursor stays.
			t.exec("UPDATE account SET walk = ? WHERE name = ? AND walk_no = ?", walk.Cursor, account, walk.No)
		}
	})
	return changed, err
}

func (t *tx) saveAll(account string, batch []model.Conversation, r model.Reading, walk *Walk) (changed []model.Ref) {
	t.sameIdentity(account)
	refs := make([]model.Ref, len(batch))
	for i := range batch {
		refs[i] = model.Ref{Account: account, ID: batch[i].Ref.ID}
	}
	all := t.known(refs...)
	keys := make([]int64, 0, len(batch))
	for i := range batch {
		k := all[refs[i]]
		if r&model.ReadNames != 0 {
			if _, sound := k.body(); k.key == 0 || k.gone || !sound || k.touch {
				continue // wait for a reading of the row itself
			}
		}
		if t.save(k, batch[i], r, nil) {
			changed = append(changed, k.ref)
		}
		keys = append(keys, k.key)
	}
	if r&model.ReadNames == 0 {
		t.checked(keys, walk)
	}
	return changed
}

// checked records that the service has just shown these rows.
func (t *tx) checked(keys []int64, walk *Walk) {
	no := int64(0)
	if walk != nil {
		no = walk.No
	}
	t.exec(`INSERT INTO checked (key, at, walk_no) SELECT value, ?, ? FROM json_each(?) WHERE true
ON CONFLICT (key) DO UPDATE SET at = excluded.at, walk_no = max(walk_no, excluded.walk_no)`, ms(t.s.now()), no, asList(keys))
}

// save merges a reading into the cache and updates k. settled is the edit that confab has
// just delivered and the reading shows, or nil: confab's own edit leaves the marks that
// depend on the content (done, seen) in place.
func (t *tx) save(k *known, c model.Conversation, r model.Reading, settled *model.Edit) (changed bool) {
	if t.err != nil {
		return false
	}
	cached := k.key != 0
	was, server := c, k.server
	if cached {
		if old, ok := k.body(); ok {
			was, c = old, overlay(old, c, r)
			if k.server[0] != bodyVersion {
				server = appendBody(nil, &was)
			}
		}
	}
	if settled != nil && slices.Contains([]model.EditKind{model.EditDescription, model.EditAccess, model.EditDefaultRole}, settled.Kind) {
		// The answer to a write is merged like a row of a list, which can empty nothing.
		// What the edit emptied is known to be empty.
		c = model.Project(c, []model.Edit{*settled})
	}
	c = c.Stored()
	before := *k
	k.server = appendBody(nil, &c)
	k.whole = k.whole || r&model.ReadWhole != 0
	changed = !cached || k.gone || !bytes.Equal(k.server, server)
	if !changed && before.whole == k.whole && k.touch == (settled != nil) {
		return false
	}
	t.stamp(&before, k, was, c, r, settled)
	t.project(k, c)
	t.exec(`INSERT INTO body (key, server, fingerprint, whole, touch) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
  server = excluded.server, fingerprint = excluded.fingerprint, whole = excluded.whole, touch = excluded.touch`,
		k.key, k.server, k.print, k.whole, k.touch)
	return changed
}

// overlay merges a reading over a known conversation. If a list counts another number of
// people than before, the known set of people is outdated.
func overlay(was, c model.Conversation, r model.Reading) model.Conversation {
	joined := r&model.ReadNames == 0 && !c.Participants.Known && was.Participants.Known &&
		c.ParticipantCount >= 0 && was.ParticipantCount >= 0 && c.ParticipantCount != was.ParticipantCount
	if c = model.MergeReading(was, c, r); joined {
		c.Participants = model.Set[model.Participant]{}
	}
	return c
}

// project writes the row of a conversation that changed. A tombstone becomes a row again.
func (t *tx) project(k *known, server model.Conversation) {
	if k.key == 0 || k.gone {
		t.counts[k.ref.Account]++
	}
	k.gone, k.rev, t.changed = false, t.rev, true
	t.fold(k, server)
}

func (t *tx) fold(k *known, server model.Conversation) {
	sub := query.NewSubject(k.row(server))
	if k.key != 0 {
		t.exec("UPDATE conversation SET rev = ?, gone = ?, pinned = ?, updated = ?, created = ?, subject = ? WHERE key = ?",
			k.rev, k.gone, k.marks.pinned, sub.Updated, sub.Created, sub.Pack(), k.key)
		return
	}
	res := t.exec("INSERT INTO conversation (account, id, rev, pinned, updated, created, subject) VALUES (?, ?, ?, ?, ?, ?, ?)",
		k.ref.Account, k.ref.ID, k.rev, k.marks.pinned, sub.Updated, sub.Created, sub.Pack())
	if t.err == nil {
		k.key, t.err = res.LastInsertId()
	}
}

// reproject writes the rows of cached conversations whose outbox rows changed.
func (t *tx) reproject(refs ...model.Ref) {
	refs = slices.DeleteFunc(refs, func(r model.Ref) bool { return r.ID == "" })
	for _, k := range t.known(refs...) {
		if k.key == 0 || k.gone {
			continue
		}
		if c, ok := k.body(); ok { // a damaged body is projected with the next reading
			t.project(k, c)
			t.repack(k, c) // since Refold skips folded rows
		}
	}
}

// repack rewrites a body that an earlier version stored.
func (t *tx) repack(k *known, c model.Conversation) {
	if k.server[0] != bodyVersion {
		t.exec("UPDATE body SET server = ? WHERE key = ?", appendBody(nil, &c), k.key)
	}
}

// Bury makes a tombstone of a conversation that is gone from its service. It is hidden
// until the service shows it again; its marks, drafts, outbox and journal are kept.
func (s *Store) Bury(ctx context.Context, ref model.Ref) error {
	return s.change(ctx, "hide a conversation", func(t *tx) { t.bury(ref) })
}

func (t *tx) bury(ref model.Ref) {
	res := t.exec("UPDATE conversation SET gone = 1, rev = ? WHERE account = ? AND id = ? AND gone = 0", t.rev, ref.Account, ref.ID)
	if t.err != nil {
		return
	}
	if n, _ := res.RowsAffected(); n > 0 { // never fails in SQLite
		t.changed = true
		t.counts[ref.Account]--
	}
}

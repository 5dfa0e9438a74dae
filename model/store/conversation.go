package store

import (
	"bytes"
	"context"
	"crypto/sha256"
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

// SaveBatch lays freshly read conversations of one account over the cache, in
// one transaction, and gives the refs of those that changed. Some hundred at
// once cost the least each. walk is nil for readings outside a full walk.
func (s *Store) SaveBatch(ctx context.Context, account string, batch []model.Conversation, walk *Walk) (changed []model.Ref, err error) {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].Ref.ID
	}
	err = s.txRead(ctx, func(t *tx) error {
		if err := t.same(account); err != nil {
			return err
		}
		changed = changed[:0]
		all, err := t.known(account, ids...)
		if err != nil {
			return err
		}
		keys := make([]int64, 0, len(batch))
		for i := range batch {
			k := all[batch[i].Ref.ID]
			diff, err := t.save(k, batch[i], model.ReadRow, nil)
			if err != nil {
				return err
			}
			if diff {
				changed = append(changed, k.ref)
			}
			keys = append(keys, k.key)
		}
		t.checked(keys, walk)
		if walk != nil {
			// A walk that another process overtook leaves the newer one alone.
			t.exec("UPDATE account SET walk = ? WHERE name = ? AND walk_no = ?", walk.Cursor, account, walk.No)
		}
		return nil
	})
	return changed, localError("store conversations", err)
}

// SaveNames has the people and spaces of rows that are there called as these rows
// call them, and changes nothing else. It gives those that changed.
func (s *Store) SaveNames(ctx context.Context, account string, batch []model.Conversation) (changed []model.Ref, err error) {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].Ref.ID
	}
	err = s.txRead(ctx, func(t *tx) error {
		if err := t.same(account); err != nil {
			return err
		}
		changed = changed[:0]
		all, err := t.known(account, ids...)
		if err != nil {
			return err
		}
		for _, c := range batch {
			k := all[c.Ref.ID]
			if _, sound := k.body(); k.key == 0 || k.gone || !sound || k.touch {
				continue // a reading of the row itself is to come
			}
			diff, err := t.save(k, c, model.ReadNames, nil)
			if err != nil {
				return err
			}
			if diff {
				changed = append(changed, k.ref)
			}
		}
		return nil
	})
	return changed, localError("store names", err)
}

// Save lays one freshly read conversation over the cache; r says what the
// reading can show to be empty.
func (s *Store) Save(ctx context.Context, c model.Conversation, r model.Reading) error {
	return localError("store a conversation", s.txRead(ctx, func(t *tx) error { return t.saveRead(c, r) }))
}

func (t *tx) saveRead(c model.Conversation, r model.Reading) error {
	if err := t.same(c.Ref.Account); err != nil {
		return err
	}
	return t.saveOne(c, r, nil)
}

// saveOne is save for one conversation that the service has just shown.
func (t *tx) saveOne(c model.Conversation, r model.Reading, settled *model.Edit) error {
	k, err := t.knownOne(c.Ref)
	if err != nil {
		return err
	}
	if _, err := t.save(k, c, r, settled); err != nil {
		return err
	}
	t.checked([]int64{k.key}, nil)
	return t.err
}

// checked notes that the service has just shown these rows.
func (t *tx) checked(keys []int64, walk *Walk) {
	no := int64(0)
	if walk != nil {
		no = walk.No
	}
	t.exec(`INSERT INTO checked (key, at, walk_no) SELECT value, ?, ? FROM json_each(?) WHERE true
ON CONFLICT (key) DO UPDATE SET at = excluded.at, walk_no = max(walk_no, excluded.walk_no)`, ms(t.s.now()), no, asList(keys))
}

// packReading gives what tells a reading of a conversation apart from every
// other one: what it can show to be empty, and its body. Of a volatile fact only
// what it is called makes a difference.
func packReading(c model.Conversation, r model.Reading) []byte {
	given := byte(r) << 2
	if c.Facts != nil {
		given |= 1
	}
	if c.Companies != nil {
		given |= 2
	}
	if slices.ContainsFunc(c.Facts, func(f model.Fact) bool { return f.Volatile }) {
		c.Facts = slices.Clone(c.Facts)
		for i := range c.Facts {
			if c.Facts[i].Volatile {
				c.Facts[i].Value = ""
			}
		}
	}
	return appendBody(append(make([]byte, 0, 1500), given), &c)
}

// digest stands for a packed reading that was merged into a body.
func digest(reading, body []byte) []byte {
	h := sha256.New()
	h.Write(reading)
	h.Write(body)
	return h.Sum(nil)[:8]
}

// packStored packs a conversation that is to be kept. reading is the packed
// reading of incoming, which has the same body where nothing was left out.
func packStored(c, incoming *model.Conversation, cached bool, reading []byte) []byte {
	if !cached && len(c.Facts) == len(incoming.Facts) && c.Preview == incoming.Preview &&
		c.Created.Equal(incoming.Created) && c.Updated.Equal(incoming.Updated) {
		return reading[1:]
	}
	return appendBody(nil, c)
}

// save merges a reading into the cache and folds the subject anew where
// anything changed; k becomes what is known then. settled is the edit that
// confab has just delivered and that the reading shows, nil where it was read
// otherwise: what confab did itself leaves the marks that are tied to the
// content (done, seen) as they are.
func (t *tx) save(k *known, c model.Conversation, r model.Reading, settled *model.Edit) (changed bool, err error) {
	if t.err != nil {
		return false, t.err
	}
	cached, incoming, reading := k.key != 0, c, packReading(c, r)
	if cached && settled == nil && !k.touch && !k.gone && bytes.Equal(k.read, digest(reading, k.server)) {
		return false, nil // merging it once more would change nothing
	}
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
		// The answer to a write counts as a row of a list, which empties nothing;
		// what the edit emptied is known to be empty.
		c = model.Project(c, []model.Edit{*settled})
	}
	c = c.Stored()
	before := *k
	k.server = packStored(&c, &incoming, cached || settled != nil, reading)
	k.read = digest(reading, k.server)
	k.whole = k.whole || r&model.ReadWhole != 0
	changed = !cached || k.gone || !bytes.Equal(k.server, server)
	if changed || before.whole != k.whole || k.touch != (settled != nil) {
		if err := t.stamp(&before, k, was, c, r, settled); err != nil {
			return false, err
		}
		if err := t.project(k, c); err != nil {
			return false, err
		}
	}
	t.run(`INSERT INTO body (key, server, fingerprint, whole, touch, read) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
  server = excluded.server, fingerprint = excluded.fingerprint, whole = excluded.whole, touch = excluded.touch, read = excluded.read`,
		k.key, k.server, k.print, k.whole, k.touch, k.read)
	return changed, t.err
}

// overlay merges a reading over what was known. Where a list counts other
// people than before, the set that is known is an old one.
func overlay(was, c model.Conversation, r model.Reading) model.Conversation {
	joined := r&model.ReadNames == 0 && !c.Participants.Known && was.Participants.Known &&
		c.ParticipantCount >= 0 && was.ParticipantCount >= 0 && c.ParticipantCount != was.ParticipantCount
	if c = model.MergeReading(was, c, r); joined {
		c.Participants = model.Set[model.Participant]{}
	}
	return c
}

// project writes the row of a conversation: its folded subject, and the
// revision of this transaction. One that was gone is back.
func (t *tx) project(k *known, server model.Conversation) error {
	sub := query.NewSubject(k.row(server))
	packed := sub.Pack(nil)
	t.changed = true
	if k.key == 0 || k.gone {
		t.counts[k.ref.Account]++
	}
	k.gone = false
	if k.key != 0 {
		t.run("UPDATE conversation SET rev = ?, gone = 0, pinned = ?, updated = ?, created = ?, subject = ? WHERE key = ?",
			t.rev, k.marks.pinned, sub.Updated, sub.Created, packed, k.key)
		return t.err
	}
	res := t.run("INSERT INTO conversation (account, id, rev, pinned, updated, created, subject) VALUES (?, ?, ?, ?, ?, ?, ?)",
		k.ref.Account, k.ref.ID, t.rev, k.marks.pinned, sub.Updated, sub.Created, packed)
	if t.err == nil {
		k.key, t.err = res.LastInsertId()
	}
	return t.err
}

// reproject writes the rows of conversations after a change of their outbox or
// triage rows. An unknown conversation is no error. Many at once cost less each.
func (t *tx) reproject(refs ...model.Ref) error {
	byAccount := map[string][]string{}
	for _, r := range refs {
		if r.ID != "" {
			byAccount[r.Account] = append(byAccount[r.Account], r.ID)
		}
	}
	for account, ids := range byAccount {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			all, err := t.known(account, some...)
			if err != nil {
				return err
			}
			for _, k := range all {
				if k.key == 0 || k.gone {
					continue
				}
				c, ok := k.body()
				if !ok {
					continue // the next reading projects it
				}
				if err := t.project(k, c); err != nil {
					return err
				}
				t.repack(k, c) // Refold passes by what is folded
			}
		}
	}
	return t.err
}

// Server reads what the service last showed of a conversation. A row that can't
// be read counts as unknown, so that it is read anew.
func (s *Store) Server(ctx context.Context, r model.Ref) (c model.Conversation, ok bool, err error) {
	var body []byte
	err = s.read.QueryRowContext(ctx, `SELECT b.server FROM conversation c JOIN body b ON b.key = c.key
WHERE c.account = ? AND c.id = ? AND c.gone = 0`,
		r.Account, r.ID).Scan(&body)
	if ok, err = found(err); !ok {
		return c, false, localError("read a conversation", err)
	}
	if c, err = readBody(body, r); err != nil {
		return model.Conversation{}, false, nil
	}
	return c, true, nil
}

// Bury makes a tombstone of a conversation that is gone from its service: it
// is hidden until the service shows it again; its marks, drafts, outbox and
// journal are kept.
func (s *Store) Bury(ctx context.Context, r model.Ref) error {
	return s.change(ctx, "hide a conversation", func(t *tx) error { return t.bury(r) })
}

func (t *tx) bury(r model.Ref) error {
	res := t.run("UPDATE conversation SET gone = 1, rev = ? WHERE account = ? AND id = ? AND gone = 0", t.rev, r.Account, r.ID)
	if t.err != nil {
		return t.err
	}
	n, err := res.RowsAffected()
	if n > 0 {
		t.changed = true
		t.counts[r.Account]--
	}
	return err
}

package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"confab/model"
	"confab/model/query"
)

// Indexed is the searchable part of one conversation. The ref of the subject is
// set; of one that is gone, nothing else is.
type Indexed struct {
	Key, Revision int64
	Gone          bool
	Subject       query.Subject
}

// Point says where a reading stood. A change of the epoch means that rows came
// or went otherwise than one by one: what was read before is to be read anew
// from revision 0.
type Point struct{ Revision, Epoch int64 }

// unfoldedSlice is how many subjects that are not folded are worked out at once.
const unfoldedSlice = 200

// All entries are read in the order of the table, not in that of an index,
// which would jump about in the file.
const (
	allEntries   = "SELECT key, account, id, rev, gone, subject FROM conversation NOT INDEXED WHERE gone = 0"
	entriesSince = "SELECT key, account, id, rev, gone, subject FROM conversation WHERE rev > ?"
)

// Entries tells of every conversation of the scope that changed after a
// revision, of all that are not gone where that is 0, in one read transaction.
// It returns where that transaction stood. The order is not defined. tell must
// not use the store.
func (s *Store) Entries(ctx context.Context, since int64, tell func(Indexed) error) (p Point, err error) {
	err = s.reading(ctx, "read the conversations", func(t *tx) (err error) {
		if p, err = t.point(); err != nil {
			return err
		}
		text, args := allEntries, []any(nil)
		if since > 0 {
			text, args = entriesSince, []any{since}
		}
		names := s.scoped()
		var unfolded []Indexed
		err = each(ctx, t, func(row scanner) error {
			var e Indexed
			var account, packed sql.RawBytes
			if err := row.Scan(&e.Key, &account, &e.Subject.Ref.ID, &e.Revision, &e.Gone, &packed); err != nil {
				return err
			}
			name, ok := names.get(account)
			if !ok {
				return nil
			}
			ref := model.Ref{Account: name, ID: e.Subject.Ref.ID}
			if e.Subject, ok = query.Unpack(packed); e.Gone {
				e.Subject, ok = query.Subject{Flags: query.FlagTombstone}, true
			}
			e.Subject.Ref, e.Subject.Account = ref, ref.Account
			if !ok {
				unfolded = append(unfolded, e)
				return nil
			}
			return tell(e)
		}, text, args...)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(unfolded, unfoldedSlice) {
			if err := t.fold(some); err != nil {
				return err
			}
			for _, e := range some {
				if err := tell(e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return p, err
}

// point reads where a transaction stands.
func (t *tx) point() (p Point, err error) {
	err = t.QueryRowContext(t.ctx, `SELECT coalesce((SELECT value FROM meta WHERE key = 'revision'), 0),
  coalesce((SELECT value FROM meta WHERE key = 'epoch'), 0)`).Scan(&p.Revision, &p.Epoch)
	return p, err
}

// newEpoch says that rows came or went otherwise than one by one.
func (t *tx) newEpoch() {
	n, _ := strconv.ParseInt(t.meta("epoch"), 10, 64)
	t.setMeta("epoch", strconv.FormatInt(n+1, 10))
}

// accountNames are the names of the accounts that were met, and whether each is
// in the scope: each is one string, whatever number of rows has it.
type accountNames struct {
	scope *[]string
	met   map[string]accountName
}

type accountName struct {
	name string
	in   bool
}

func (s *Store) scoped() accountNames {
	return accountNames{s.scope.Load(), map[string]accountName{}}
}

func (a accountNames) get(raw []byte) (name string, in bool) {
	n, ok := a.met[string(raw)]
	if !ok {
		n.name = string(raw)
		n.in = a.scope == nil || slices.Contains(*a.scope, n.name)
		a.met[n.name] = n
	}
	return n.name, n.in
}

// fold works out subjects from the bodies: those of rows that were stored by a
// version that folded otherwise, or that are damaged.
func (t *tx) fold(entries []Indexed) error {
	byAccount := map[string][]string{}
	for _, e := range entries {
		byAccount[e.Subject.Ref.Account] = append(byAccount[e.Subject.Ref.Account], e.Subject.Ref.ID)
	}
	for account, ids := range byAccount {
		all, err := t.known(account, ids...)
		if err != nil {
			return err
		}
		for i := range entries {
			if ref := entries[i].Subject.Ref; ref.Account == account {
				k := all[ref.ID]
				c, _ := k.body()
				entries[i].Subject = *query.NewSubject(k.row(c))
			}
		}
	}
	return nil
}

// body reads what the service showed. One damaged body must not hide the row;
// the next reading heals it.
func (k *known) body() (c model.Conversation, ok bool) {
	c, err := readBody(k.server, k.ref)
	if err != nil {
		return model.Conversation{Ref: k.ref, ParticipantCount: -1}, false
	}
	return c, true
}

// Key returns the key of a conversation; ok is false where it is not cached, or
// gone.
func (s *Store) Key(ctx context.Context, ref model.Ref) (key int64, ok bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT key FROM conversation WHERE account = ? AND id = ? AND gone = 0", ref.Account, ref.ID).Scan(&key)
	ok, err = found(err)
	return key, ok, localError("look up a conversation", err)
}

// Refold writes the subjects of up to n conversations that an earlier version
// stored, and their bodies in the shorter form. It is called until done.
// Nothing that is shown changes, so the revision stays.
func (s *Store) Refold(ctx context.Context, n int) (done bool, err error) {
	version := strconv.Itoa(query.FoldVersion)
	err = s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'fold' AND value = ?)", version).Scan(&done)
	if err != nil || done {
		return done, localError("fold the conversations", err)
	}
	from, last := s.refolded.Load(), false
	err = s.txRead(ctx, func(t *tx) error {
		refs, err := list(ctx, t, func(row scanner) (model.Ref, error) {
			return scanRef(led{row, &from})
		}, `SELECT key, account, id FROM conversation
WHERE key > ? AND (subject IS NULL OR substr(subject, 1, 1) <> ?) ORDER BY key LIMIT ?`, from, []byte{query.FoldVersion}, n)
		if err != nil {
			return err
		}
		byAccount := map[string][]string{}
		for _, r := range refs {
			byAccount[r.Account] = append(byAccount[r.Account], r.ID)
		}
		for account, ids := range byAccount {
			if err := t.refold(account, ids); err != nil {
				return err
			}
		}
		if last = len(refs) < n; last {
			t.setMeta("fold", version)
		}
		return t.err
	})
	if err == nil { // what was rolled back is looked at again
		s.refolded.Store(from)
	}
	return err == nil && last, localError("fold the conversations", err)
}

func (t *tx) refold(account string, ids []string) error {
	all, err := t.known(account, ids...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		k := all[id]
		c, ok := k.body()
		sub := query.NewSubject(k.row(c))
		t.run("UPDATE conversation SET pinned = ?, updated = ?, created = ?, subject = ? WHERE key = ?",
			k.marks.pinned, sub.Updated, sub.Created, sub.Pack(nil), k.key)
		if ok {
			t.repack(k, c)
		}
	}
	return t.err
}

// repack writes the body of a conversation in the shorter form, where an earlier
// version stored it.
func (t *tx) repack(k *known, c model.Conversation) {
	if k.server[0] != bodyVersion {
		t.run("UPDATE body SET server = ? WHERE key = ?", appendBody(nil, &c), k.key)
	}
}

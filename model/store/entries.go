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

const unfoldedSlice = 200

const indexedColumns = "SELECT key, account, id, rev, gone, subject"

// All entries are read in the order of the table, not in that of an index,
// which would jump about in the file.
const (
	allEntries   = indexedColumns + " FROM conversation NOT INDEXED WHERE gone = 0"
	entriesSince = indexedColumns + " FROM conversation WHERE rev > ?"
)

// Entries tells of every conversation of the scope that changed after a
// revision, of all that are not gone where that is 0, in one read transaction.
// It returns where that transaction stood. The order is not defined. tell must
// not use the store.
func (s *Store) Entries(ctx context.Context, since int64, tell func(Indexed) error) (Point, error) {
	return read(ctx, s, "read the conversations", func(t *tx) (p Point) {
		t.row(`SELECT coalesce((SELECT value FROM meta WHERE key = 'revision'), 0),
  coalesce((SELECT value FROM meta WHERE key = 'epoch'), 0)`).scan(&p.Revision, &p.Epoch)
		if since > 0 {
			t.entries(tell, entriesSince, since)
		} else {
			t.entries(tell, allEntries)
		}
		return p
	})
}

// entries tells of the conversations in the scope that a query returns.
func (t *tx) entries(tell func(Indexed) error, text string, args ...any) {
	reader := t.s.indexedReader()
	var unfolded []*Indexed
	for r := range t.rows(text, args...) {
		switch e, inScope, folded := reader.scan(r); {
		case !inScope:
		case folded:
			t.fail(tell(e))
		default:
			later := e
			unfolded = append(unfolded, &later)
		}
	}
	for some := range slices.Chunk(unfolded, unfoldedSlice) {
		t.fold(some)
		for _, e := range some {
			if t.err == nil {
				t.fail(tell(*e))
			}
		}
	}
}

func (t *tx) newEpoch() {
	n, _ := strconv.ParseInt(t.meta("epoch"), 10, 64)
	t.setMeta("epoch", strconv.FormatInt(n+1, 10))
}

// indexedReader scans rows of indexedColumns, into the same places each time.
type indexedReader struct {
	scope *[]string
	// names are the accounts that were met: each is one string, whatever number of rows has it.
	names           map[string]accountName
	account, packed sql.RawBytes
	row             Indexed
	into            []any
}

type accountName struct {
	name    string
	inScope bool
}

// indexedReader returns a reader of indexedColumns, and of more columns after them.
func (s *Store) indexedReader(more ...any) *indexedReader {
	x := &indexedReader{scope: s.scope.Load(), names: map[string]accountName{}}
	x.into = append([]any{&x.row.Key, &x.account, &x.row.Subject.Ref.ID, &x.row.Revision, &x.row.Gone, &x.packed}, more...)
	return x
}

// scan reads a row. inScope says that its account is in the scope, folded that its
// subject could be read.
func (x *indexedReader) scan(r row) (e Indexed, inScope, folded bool) {
	if !r.scan(x.into...) {
		return e, false, false
	}
	account, met := x.names[string(x.account)]
	if !met {
		account.name = string(x.account)
		account.inScope = x.scope == nil || slices.Contains(*x.scope, account.name)
		x.names[account.name] = account
	}
	if !account.inScope {
		return e, false, false
	}
	e = x.row
	if e.Subject, folded = query.Unpack(x.packed); e.Gone {
		e.Subject, folded = query.Subject{Flags: query.FlagTombstone}, true
	}
	e.Subject.Ref, e.Subject.Account = model.Ref{Account: account.name, ID: x.row.Subject.Ref.ID}, account.name
	return e, true, folded
}

// fold works out subjects from the bodies: those of rows that were stored by a
// version that folded otherwise, or that are damaged.
func (t *tx) fold(entries []*Indexed) {
	refs := make([]model.Ref, len(entries))
	for i, e := range entries {
		refs[i] = e.Subject.Ref
	}
	known := t.known(refs...)
	for _, e := range entries {
		e.Subject = *known[e.Subject.Ref].subject()
	}
}

// Key returns the key of a conversation; ok is false where it is not cached, or
// gone.
func (s *Store) Key(ctx context.Context, ref model.Ref) (key int64, ok bool, err error) {
	return one(ctx, s, "look up a conversation", column[int64],
		"SELECT key FROM conversation WHERE account = ? AND id = ? AND gone = 0", ref.Account, ref.ID)
}

// Refold writes the subjects of up to n conversations that an earlier version
// stored, and their bodies in the shorter form. It is called until done.
// Nothing that is shown changes, so the revision stays.
func (s *Store) Refold(ctx context.Context, n int) (done bool, err error) {
	const op = "fold the conversations"
	version := strconv.Itoa(query.FoldVersion)
	done, err = read(ctx, s, op, func(t *tx) bool { return t.meta("fold") == version })
	if err != nil || done {
		return done, err
	}
	from := s.refolded.Load()
	err = s.changeCache(ctx, op, func(t *tx) {
		var refs []model.Ref
		for r := range t.rows(`SELECT key, account, id FROM conversation
WHERE key > ? AND (subject IS NULL OR substr(subject, 1, 1) <> ?) ORDER BY key LIMIT ?`, from, []byte{query.FoldVersion}, n) {
			var ref model.Ref
			r.scan(&from, &ref.Account, &ref.ID)
			refs = append(refs, ref)
		}
		all := t.known(refs...)
		for _, ref := range refs {
			k := all[ref]
			sub := k.subject()
			t.exec("UPDATE conversation SET pinned = ?, updated = ?, created = ?, subject = ? WHERE key = ?",
				k.marks.pinned, sub.Updated, sub.Created, sub.Pack(nil), k.key)
			if c, ok := k.body(); ok {
				t.repack(k, c)
			}
		}
		if done = len(refs) < n; done {
			t.setMeta("fold", version)
		}
	})
	if err != nil { // what was rolled back is looked at again
		return false, err
	}
	s.refolded.Store(from)
	return done, nil
}

// repack writes a body in the shorter form, where an earlier version stored it.
func (t *tx) repack(k *known, c model.Conversation) {
	if k.server[0] != bodyVersion {
		t.exec("UPDATE body SET server = ? WHERE key = ?", appendBody(nil, &c), k.key)
	}
}

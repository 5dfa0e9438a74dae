package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"confab/model"
)

// JournalKept is how long delivered edits can be looked up and undone.
const JournalKept = 90 * 24 * time.Hour

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path     string
	write    *sql.DB // one connection: SQLite has one writer
	read     *sql.DB
	now      func() time.Time
	owner    *owner
	rev      atomic.Int64
	rescue   Rescue
	carried  bool // the outbox, history and marks of a damaged database were copied into this one
	scope    atomic.Pointer[[]string]
	opened   sync.Map   // account → its identity when this process opened it
	pacing   sync.Mutex // guards the files of Pacer against other goroutines
	ran      func(Ran)
	enters   sync.Map               // submissions that this process is moving into or out of the outbox
	taken    atomic.Pointer[string] // the key of the session that this process resumed
	refolded atomic.Int64           // the last key that Refold has visited
	ready    atomic.Bool            // the database has newestVersion
	broken   atomic.Bool            // this process has found the database damaged
}

// Rescued reports what Open did about a damaged database.
func (s *Store) Rescued() Rescue { return s.rescue }

// Notice returns what the user should be told about the database at the start, or "".
func (s *Store) Notice() string {
	if s.signed() {
		return ErrDamaged.Message
	}
	return s.rescue.String()
}

// Scope limits lists, counts and completions to these accounts. Rows of other accounts (set
// aside, removed from the config, or not asked for) stay in the database.
func (s *Store) Scope(accounts []string) { s.scope.Store(&accounts) }

// closeTime is how long Close may take. The next process that opens the database finishes
// what is left, such as the checkpoint.
const closeTime = time.Second

// Close closes the database and gives up this process's claims.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		s.prune(ctx)
		// Deleted text must not stay readable in the log either. While another process
		// reads, the checkpoint is left to the last process that closes.
		s.write.ExecContext(ctx, "PRAGMA busy_timeout(100)")
		_, err := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		s.localError("", err) // records damage
		ended <- s.closeDB()
	}()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	s.owner.release()
	return err
}

// closeDB closes the handles but keeps them, so that a later call gets an error and does
// not panic.
func (s *Store) closeDB() (err error) {
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// prune removes journal entries older than JournalKept, and submissions without any edit.
func (s *Store) prune(ctx context.Context) {
	before := ms(s.now().Add(-JournalKept))
	for _, old := range []struct{ table, where string }{
		{"journal", "at < ?"},
		{"submission", "at < ? AND waiting + person + delivered + already = 0"},
	} {
		ids, _ := all(ctx, s, "prune", column[string], "SELECT id FROM "+old.table+" WHERE "+old.where, before)
		inSlices(ctx, s, "prune", ids, func(t *tx, id string) { t.exec("DELETE FROM "+old.table+" WHERE id = ?", id) })
	}
}

// A tx is a transaction. After its first error, err, reads return nothing and writes do
// nothing. Code that loops until something is done must check err.
type tx struct {
	*sql.Tx
	ctx context.Context
	s   *Store
	err error
	rev int64 // the revision of this transaction
	// changed is set when a row of a list changes.
	changed bool
	counts  map[string]int // account → change in its number of conversations
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// change runs f in a write transaction, which is on disk when change returns. It fails if a
// newer confab has changed the database or the database is damaged. The revision grows only
// if a row changed: processes that watch for each other's changes would otherwise wake each
// other for ever.
func (s *Store) change(ctx context.Context, op string, f func(*tx)) error {
	return s.transact(ctx, op, true, f)
}

// changeCache is change for data that can be read from the service again: the transaction
// is written in order, but a power failure may lose it. The revision grows only if f
// changed a row of a list.
func (s *Store) changeCache(ctx context.Context, op string, f func(*tx)) error {
	return s.transact(ctx, op, false, f)
}

func (s *Store) transact(ctx context.Context, op string, durable bool, f func(*tx)) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return s.localError(op, err)
	}
	defer conn.Close()
	if !durable {
		defer func() {
			if _, err := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = FULL"); err != nil {
				conn.Raw(func(any) error { return driver.ErrBadConn }) // discard the connection
			}
		}()
		_, err = conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL")
	}
	if err == nil {
		err = s.within(ctx, conn, durable, f)
	}
	return s.localError(op, err)
}

// within runs f in a transaction on conn and records its revision.
func (s *Store) within(ctx context.Context, conn *sql.Conn, durable bool, f func(*tx)) error {
	dbtx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer dbtx.Rollback() // does nothing after the commit
	t := &tx{Tx: dbtx, ctx: ctx, s: s, counts: map[string]int{}}
	var before, now, version int64
	t.row("SELECT total_changes(), user_version FROM pragma_user_version").scan(&before, &version)
	t.fail(s.refusesWrites(version))
	if version > 0 {
		t.rev = t.number("revision")
	}
	t.rev++
	if t.err == nil {
		f(t)
	}
	for account, n := range t.counts {
		t.exec("UPDATE account SET conversations = conversations + ? WHERE name = ?", n, account)
	}
	t.row("SELECT total_changes()").scan(&now)
	grows := version > 0 && (t.changed || durable && now != before)
	if grows {
		t.setMeta("revision", strconv.FormatInt(t.rev, 10))
	}
	if t.err != nil {
		return t.err
	}
	if grows {
		s.owner.keep()
		s.rev.Store(t.rev) // only the holder of the one connection gets here, so it never goes back
	}
	return dbtx.Commit()
}

func (t *tx) meta(key string) string {
	value, _ := column[string](t.row("SELECT value FROM meta WHERE key = ?", key))
	return value
}

func (t *tx) number(key string) int64 {
	n, _ := strconv.ParseInt(t.meta(key), 10, 64)
	return n
}

func (t *tx) setMeta(key, value string) {
	t.exec("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}

// Revision returns the revision of the newest change by any process. The error is ErrMoved
// if a newer confab has changed the database, and ErrDamaged if any process has found it
// damaged.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	return read(ctx, s, "read the revision", func(t *tx) int64 {
		t.checkWritable()
		return t.number("revision")
	})
}

// checkWritable fails if this process may no longer write.
func (t *tx) checkWritable() {
	version, _ := column[int64](t.row("SELECT user_version FROM pragma_user_version"))
	t.fail(t.s.refusesWrites(version))
}

// OwnRevision returns the revision of this process's newest change.
func (s *Store) OwnRevision() int64 { return s.rev.Load() }

// localError marks err as a failure of this machine rather than of a service; op names the
// failed operation, or is "" if the caller names it. A *model.Error keeps its kind. Damage
// ends writing, in this process and in every other.
func (s *Store) localError(op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s.ready.Load() && isDamaged(err) {
		if !s.broken.Swap(true) && !s.signed() {
			s.sign(err.Error())
		}
		return &model.Error{Kind: ErrDamaged.Kind, Message: ErrDamaged.Message, Err: errors.Join(ErrDamaged, err)}
	}
	if refusal := (*model.Error)(nil); errors.As(err, &refusal) {
		return err
	}
	if err = plain(err); op == "" {
		return err
	}
	return &model.Error{Kind: model.Local, Op: op, Message: err.Error(), Err: err}
}

var errDamaged = errors.New("the database is damaged")

func isDamaged(err error) bool {
	code := codeOf(err) & 0xff
	return errors.Is(err, errDamaged) || code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// codeOf returns SQLite's result code of an error, or 0 for any other error.
func codeOf(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

type diskError struct {
	message string
	error
}

func (e diskError) Error() string { return e.message }
func (e diskError) Unwrap() error { return e.error }

// plain puts the errors of a disk into words a user understands.
func plain(err error) error {
	var e *sqlite.Error
	switch code := codeOf(err); {
	case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE: // SQLITE_IOERR_SHMSIZE: the shared memory can't grow
		return diskError{"the disk is full", err}
	case code&0xff == sqlite3.SQLITE_IOERR && errors.As(err, &e):
		return diskError{"the disk can't be read or written: " + e.Error(), err}
	}
	return err
}

package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"confab/model"
)

// JournalKept is how long delivered edits can be undone and looked up.
const JournalKept = 90 * 24 * time.Hour

// Store is the open database. It is safe for concurrent use.
type Store struct {
	path    string
	write   *sql.DB // one connection: SQLite has one writer
	read    *sql.DB
	now     func() time.Time
	owner   *owner
	rev     atomic.Int64
	foreign atomic.Int64
	rescue  Rescue
	// carried says that what a damaged database held was carried over to this one.
	carried  bool
	scope    atomic.Pointer[[]string]
	opened   sync.Map   // account → its identity as this process opened it
	pacing   sync.Mutex // guards the files of Pacer among goroutines
	ran      func(Ran)
	enters   sync.Map               // submissions that this process puts into the outbox, or takes out
	taken    atomic.Pointer[string] // the session that this process goes on with
	refolded atomic.Int64           // the last key that Refold has looked at
	ready    atomic.Bool            // the database is at the version that this process knows
	broken   atomic.Bool            // this process has met damage
}

// Rescued tells what became of a damaged database when this one was opened.
func (s *Store) Rescued() Rescue { return s.rescue }

// Notice is what a person is to know of the database at the start, "" for nothing.
func (s *Store) Notice() string {
	if s.signed() {
		return ErrDamaged.Message
	}
	return s.rescue.String()
}

// Scope limits lists, counts and vocabulary to these accounts: rows of others
// (set aside, taken out of the config, or not asked for) stay, unseen.
func (s *Store) Scope(accounts []string) {
	c := append([]string{}, accounts...)
	s.scope.Store(&c)
}

// closeTime is how long Close may take. Who opens the database next does the rest.
const closeTime = time.Second

// Close closes the database and gives up this process's claims.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		s.prune(ctx)
		// What was removed must not stay readable in the log either. While
		// another process reads, the last one to leave does it.
		s.write.ExecContext(ctx, "PRAGMA busy_timeout(100)")
		_, err := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		s.localError("", err) // notes damage
		ended <- s.closeDB()
	}()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	s.owner.close()
	return err
}

// closeDB leaves the handles in place: a later call is told that it is closed.
func (s *Store) closeDB() (err error) {
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

const pruneSlice = 2000

// prune removes journal entries older than JournalKept, and submissions without any.
func (s *Store) prune(ctx context.Context) error {
	before := ms(s.now().Add(-JournalKept))
	for _, rows := range []string{
		"journal WHERE at < ?",
		"submission WHERE at < ? AND waiting + person + delivered + already = 0",
	} {
		table, _, _ := strings.Cut(rows, " ")
		old := "SELECT id FROM " + rows
		for {
			_, due, err := one(ctx, s, "prune", column[string], old+" LIMIT 1", before)
			if err == nil && due {
				err = s.change(ctx, "prune", func(t *tx) {
					t.exec("DELETE FROM "+table+" WHERE id IN ("+old+" LIMIT ?)", before, pruneSlice)
				})
			}
			if err != nil {
				return err
			}
			if !due {
				break
			}
		}
	}
	return nil
}

// A tx is a transaction. Its first error sticks: what is read after it is nothing,
// and nothing more is written. Whoever repeats something until it is done looks at err.
type tx struct {
	*sql.Tx
	ctx context.Context
	s   *Store
	err error
	// rev is the revision of what this transaction changes, was the one before.
	rev, was int64
	// changed says that something changed that a list shows.
	changed bool
	// counts are by how much the number of conversations of each account changed.
	counts map[string]int
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// change runs f in a write transaction, unless a newer confab has changed the
// database or it is damaged. What it wrote is on disk when it returns. The revision
// grows by one with each that changed a row: two processes that look for each
// other's changes would otherwise wake each other for ever.
func (s *Store) change(ctx context.Context, op string, f func(*tx)) error {
	return s.transact(ctx, op, true, f)
}

// changeCache is change for what can be read again: it is written in order, but may
// be lost with the power. The revision grows only where f changed what a list shows.
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
				conn.Raw(func(any) error { return driver.ErrBadConn }) // nothing else may be written through it
			}
		}()
		_, err = conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL")
	}
	if err == nil {
		err = s.within(ctx, conn, durable, f)
	}
	return s.localError(op, err)
}

// within runs f in a transaction of a connection and notes its revision.
func (s *Store) within(ctx context.Context, conn *sql.Conn, durable bool, f func(*tx)) error {
	dbtx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer dbtx.Rollback() // does nothing after the commit
	t := &tx{Tx: dbtx, ctx: ctx, s: s, counts: map[string]int{}}
	var before, now, version int64
	t.row("SELECT total_changes(), user_version FROM pragma_user_version").scan(&before, &version)
	t.fail(s.ended(version))
	if version > 0 {
		t.was = t.number("revision")
	}
	t.rev = t.was + 1
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
		// Noted while the one connection is held, so that it never goes back.
		if t.was > s.rev.Load() {
			s.foreign.Store(t.was)
		}
		s.rev.Store(t.rev)
	}
	err = dbtx.Commit()
	if err != nil && grows {
		s.foreign.Store(t.rev) // another process may get this number
	}
	return err
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

// Revision reads the number of the newest change, made by any process. The
// error is ErrMoved where a newer confab has changed the database, ErrDamaged
// where any process has met damage in it.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	return read(ctx, s, "read the revision", func(t *tx) int64 {
		t.sameVersion()
		return t.number("revision")
	})
}

// sameVersion fails where this process may write nothing more.
func (t *tx) sameVersion() {
	version, _ := column[int64](t.row("SELECT user_version FROM pragma_user_version"))
	t.fail(t.s.ended(version))
}

// OwnRevision is the number of the newest change made by this process.
func (s *Store) OwnRevision() int64 { return s.rev.Load() }

// ForeignRevision is the number of the newest change of another process that
// was followed by one of this process, and so is not the newest any more.
func (s *Store) ForeignRevision() int64 { return s.foreign.Load() }

// localError marks a failure of this machine, so that it is told apart from
// what a service said. A refusal keeps its kind. op says what was tried; where it is
// "" the caller says that itself. Damage ends writing, here and in every other process.
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

// codeOf returns SQLite's number for an error, 0 for another error.
func codeOf(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

type diskError struct {
	words string
	err   error
}

func (e diskError) Error() string { return e.words }
func (e diskError) Unwrap() error { return e.err }

// plain says in words what SQLite has a number for.
func plain(err error) error {
	var e *sqlite.Error
	switch code := codeOf(err); {
	case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE: // the second where the shared memory can't grow
		return diskError{"the disk is full", err}
	case code&0xff == sqlite3.SQLITE_IOERR && errors.As(err, &e):
		return diskError{"the disk can't be read or written: " + e.Error(), err}
	}
	return err
}

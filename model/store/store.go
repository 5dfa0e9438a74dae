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

	"confab/model"
)

// JournalKept is how long delivered edits can be undone and looked up.
const JournalKept = 90 * 24 * time.Hour

// Store is the open database. It is safe for concurrent use.
type Store struct {
	path  string
	write *sql.DB // one connection: SQLite has one writer
	read  *sql.DB
	now   func() time.Time
	owner *owner
	rev   atomic.Int64
	// foreign is the newest change of another process that an own one followed.
	foreign atomic.Int64
	rescue  Rescue
	scope   atomic.Pointer[[]string]
	// opened holds the identity of each account as this process opened it.
	opened sync.Map
	pacing sync.Mutex // guards the files of Pacer among goroutines
	reads  *Reads
	// enters holds the submissions that are entering the outbox by this process.
	enters sync.Map
	// refolded is the last key that Refold has looked at.
	refolded atomic.Int64
	// ready says that the database is at the version that this process knows.
	ready atomic.Bool
	// broken says that this process has met damage.
	broken atomic.Bool
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

// closeTime is how long the end of a database may take: what is left to be done
// then is done by whoever opens it next.
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
		s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
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

// closeDB leaves the handles in place: who still asks then is told that the
// database is closed.
func (s *Store) closeDB() error {
	var err error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// tx is one write transaction with the helpers all writers use. The first
// error sticks, so that a row of small writes needs one check.
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
	// rescued says that a damaged database came before this one; nil is not yet read.
	rescued *bool
}

// change is tx with an error that says what was tried.
func (s *Store) change(ctx context.Context, op string, f func(*tx) error) error {
	return localError(op, s.tx(ctx, f))
}

// reading runs f in one read transaction, so that what it reads fits together.
func (s *Store) reading(ctx context.Context, op string, f func(*tx) error) error {
	dbtx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return localError(op, err)
	}
	defer dbtx.Rollback()
	return localError(op, f(&tx{Tx: dbtx, ctx: ctx, s: s}))
}

// tx runs f in a write transaction, unless a newer confab has changed the
// database or it is damaged. What it wrote is on disk when it returns. The revision grows by one
// with each that changed a row: two processes that look for each other's
// changes would otherwise wake each other for ever.
func (s *Store) tx(ctx context.Context, f func(*tx) error) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return s.within(ctx, conn, f, true)
}

// txRead runs f in a write transaction for what can be read again: it is
// written in order, but may be lost with the power. The revision grows only
// where f changed what a list shows.
func (s *Store) txRead(ctx context.Context, f func(*tx) error) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err != nil {
		return err
	}
	err = s.within(ctx, conn, f, false)
	if _, full := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = FULL"); full != nil {
		// Nothing else may be written through it.
		conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// within runs f in a transaction of a connection and notes its revision. any says
// that whatever row changed makes a new one.
func (s *Store) within(ctx context.Context, conn *sql.Conn, f func(*tx) error, any bool) error {
	dbtx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &tx{Tx: dbtx, ctx: ctx, s: s, counts: map[string]int{}}
	before, err := t.begun()
	if err == nil {
		err = f(t)
	}
	for account, n := range t.counts {
		t.exec("UPDATE account SET conversations = conversations + ? WHERE name = ?", n, account)
	}
	if err == nil {
		err = t.err
	}
	var rev int64
	if err == nil && (t.changed || any && t.changes() != before) && t.hasMeta() {
		rev = t.rev
		t.setMeta("revision", strconv.FormatInt(rev, 10))
		err = t.err
	}
	if err != nil {
		dbtx.Rollback()
		return err
	}
	if rev > 0 {
		s.owner.keep()
		// Noted while the one connection is held, so that it never goes back.
		if t.was > s.rev.Load() {
			s.foreign.Store(t.was)
		}
		s.rev.Store(rev)
	}
	if err := dbtx.Commit(); err != nil {
		s.foreign.Store(rev) // another process may get this number
		return err
	}
	return nil
}

// begun checks that the database still has the version that this process knows,
// gives the transaction its revision, and counts the rows that its connection
// ever changed.
func (t *tx) begun() (changes int64, err error) {
	var version int
	if err := t.QueryRowContext(t.ctx, "SELECT total_changes(), user_version FROM pragma_user_version").Scan(&changes, &version); err != nil {
		return 0, err
	}
	if err := t.s.ended(version); err != nil {
		return 0, err
	}
	if version > 0 {
		t.was, _ = strconv.ParseInt(t.meta("revision"), 10, 64)
	}
	t.rev = t.was + 1
	return changes, t.err
}

// changes counts the rows that this connection ever changed.
func (t *tx) changes() (n int64) {
	if err := t.QueryRowContext(t.ctx, "SELECT total_changes()").Scan(&n); err != nil && t.err == nil {
		t.err = err
	}
	return n
}

func (t *tx) hasMeta() bool {
	var n int
	err := t.QueryRowContext(t.ctx, "SELECT 1 FROM sqlite_master WHERE name = 'meta'").Scan(&n)
	return err == nil
}

func (t *tx) exec(q string, args ...any) error {
	t.run(q, args...)
	return t.err
}

// run is exec for who needs to know what it did.
func (t *tx) run(q string, args ...any) (res sql.Result) {
	if t.err == nil {
		res, t.err = t.ExecContext(t.ctx, q, args...)
	}
	return res
}

func (t *tx) meta(key string) string {
	var v string
	err := t.QueryRowContext(t.ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) && t.err == nil {
		t.err = err
	}
	return v
}

func (t *tx) setMeta(key, value string) {
	t.exec("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}

// Revision reads the number of the newest change, made by any process. The
// error is ErrMoved where a newer confab has changed the database, ErrDamaged
// where any process has met damage in it.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var rev int64
	var version int
	err := s.read.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key = 'revision'), 0), user_version
FROM pragma_user_version`).Scan(&rev, &version)
	if err == nil {
		err = s.ended(version)
	}
	return rev, localError("read the revision", err)
}

// OwnRevision is the number of the newest change made by this process.
func (s *Store) OwnRevision() int64 { return s.rev.Load() }

// ForeignRevision is the number of the newest change of another process that
// was followed by one of this process, and so is not the newest any more.
func (s *Store) ForeignRevision() int64 { return s.foreign.Load() }

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMS(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// localError marks a failure of this machine, so that it is told apart from
// what a service said. A refusal keeps its kind.
func localError(op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if refusal := (*model.Error)(nil); errors.As(err, &refusal) {
		return err
	}
	return &model.Error{Kind: model.Local, Op: op, Message: err.Error(), Err: err}
}

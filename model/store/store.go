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
	enters  sync.Map
	session sessionState
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

// closeTime is how long Close may take. What is left to be done then is done by
// whoever opens the database next.
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

// closeDB leaves the handles in place: a later call is told that the database is
// closed.
func (s *Store) closeDB() error {
	var err error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
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
	// rescued says that a damaged database came before this one; nil is not yet read.
	rescued *bool
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
	conn, err := s.write.Conn(ctx)
	if err == nil {
		defer conn.Close()
		err = s.within(ctx, conn, f, true)
	}
	return s.localError(op, err)
}

// changeCache is change for what can be read again: it is written in order, but may
// be lost with the power. The revision grows only where f changed what a list shows.
func (s *Store) changeCache(ctx context.Context, op string, f func(*tx)) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return s.localError(op, err)
	}
	defer conn.Close()
	if _, err = conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err == nil {
		err = s.within(ctx, conn, f, false)
	}
	if _, full := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = FULL"); full != nil {
		// Nothing else may be written through it.
		conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return s.localError(op, err)
}

// within runs f in a transaction of a connection and notes its revision. any says
// that whatever row changed makes a new one.
func (s *Store) within(ctx context.Context, conn *sql.Conn, f func(*tx), any bool) error {
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
		t.was, _ = strconv.ParseInt(t.meta("revision"), 10, 64)
	}
	t.rev = t.was + 1
	if t.err == nil {
		f(t)
	}
	for account, n := range t.counts {
		t.exec("UPDATE account SET conversations = conversations + ? WHERE name = ?", n, account)
	}
	t.row("SELECT total_changes()").scan(&now)
	grows := version > 0 && (t.changed || any && now != before)
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
	if err := dbtx.Commit(); err != nil {
		if grows {
			s.foreign.Store(t.rev) // another process may get this number
		}
		return err
	}
	return nil
}

// exec runs a statement; the result is nil after an error.
func (t *tx) exec(query string, args ...any) (res sql.Result) {
	if t.err == nil {
		res, t.err = t.ExecContext(t.ctx, query, args...)
	}
	return res
}

func (t *tx) meta(key string) string {
	value, _ := column[string](t.row("SELECT value FROM meta WHERE key = ?", key))
	return value
}

func (t *tx) setMeta(key, value string) {
	t.exec("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}

// Revision reads the number of the newest change, made by any process. The
// error is ErrMoved where a newer confab has changed the database, ErrDamaged
// where any process has met damage in it.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	return read(ctx, s, "read the revision", func(t *tx) (rev int64) {
		var version int64
		t.row(`SELECT coalesce((SELECT value FROM meta WHERE key = 'revision'), 0), user_version FROM pragma_user_version`).scan(&rev, &version)
		t.fail(s.ended(version))
		return rev
	})
}

// OwnRevision is the number of the newest change made by this process.
func (s *Store) OwnRevision() int64 { return s.rev.Load() }

// ForeignRevision is the number of the newest change of another process that
// was followed by one of this process, and so is not the newest any more.
func (s *Store) ForeignRevision() int64 { return s.foreign.Load() }

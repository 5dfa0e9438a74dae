package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the database driver

	"confab/model"
)

// The refusals of Open.
var (
	// ErrNewer: a newer confab wrote the database; nothing was touched.
	ErrNewer = errors.New("the database was written by a newer confab")
	// ErrHost: the database belongs to another host. SQLite's log corrupts
	// when hosts share it over a network file system.
	ErrHost = errors.New("the database belongs to another host")
)

// JournalKept is how long delivered edits can be undone and looked up.
const JournalKept = 90 * 24 * time.Hour

// Options are what Open needs to know of its surroundings.
type Options struct {
	// Host names this machine; "" asks the system.
	Host string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

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
}

// Open opens or creates the database in a file. The folder must exist.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	s := &Store{path: path, now: o.Now}
	err := s.open(ctx, o.Host)
	if isDamaged(err) {
		s.closeDB()
		var aside string
		if anyAlive(filepath.Join(filepath.Dir(path), "claims")) {
			// It would go on writing to the file that was set aside.
			err = fmt.Errorf("%w, and another confab has it open: end that one first", err)
		} else if aside, err = s.setAside(); err == nil {
			if err = s.open(ctx, o.Host); err == nil {
				err = s.rescueOutbox(ctx, aside)
			}
		}
	}
	if err != nil {
		s.closeDB()
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	if s.owner, err = newOwner(filepath.Join(filepath.Dir(path), "claims")); err != nil {
		s.closeDB()
		return nil, err
	}
	return s, nil
}

// Rescued tells what became of a damaged database when this one was opened.
func (s *Store) Rescued() Rescue { return s.rescue }

// Scope limits lists, counts and vocabulary to these accounts: rows of others
// (set aside, taken out of the config, or not asked for) stay, unseen.
func (s *Store) Scope(accounts []string) {
	c := append([]string{}, accounts...)
	s.scope.Store(&c)
}

// Close closes the database and gives up this process's claims.
func (s *Store) Close() error {
	if s.write != nil {
		// What was removed must not stay readable in the log either. While
		// another process reads, the last one to leave does it.
		s.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	err := s.closeDB()
	if s.owner != nil {
		s.owner.close()
	}
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

func (s *Store) open(ctx context.Context, host string) error {
	// The file is made here so that it is never readable by others, not even
	// for a moment; SQLite gives its log files the mode of the database.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	// One that somebody loosened is closed again; where modes mean nothing this
	// fails, and nothing is lost.
	f.Chmod(0o600)
	f.Close()
	if s.write, err = connect(s.path, 1, "immediate"); err != nil {
		return err
	}
	if s.read, err = connect(s.path, 4, "deferred"); err != nil {
		return err
	}
	var check string
	if err := s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return errDamaged
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.tx(ctx, func(t *tx) error {
		was := t.meta("host")
		if was != "" && was != host {
			return fmt.Errorf("%w: made on %q, this is %q; use another XDG_STATE_HOME per host", ErrHost, was, host)
		}
		t.setMeta("host", host)
		return t.prune(s.now().Add(-JournalKept))
	})
}

func connect(path string, conns int, lock string) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"temp_store(MEMORY)", "secure_delete(ON)", "cache_size(-8000)",
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (s *Store) migrate(ctx context.Context) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("%w (version %d, this one knows %d); update confab", ErrNewer, version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		err := s.tx(ctx, func(t *tx) error {
			// Another process may have migrated while this one waited for the lock.
			var now int
			if err := t.QueryRowContext(t.ctx, "PRAGMA user_version").Scan(&now); err != nil {
				return err
			}
			if now > version {
				return nil
			}
			m := migrations[version]
			if err := t.exec(m.sql); err != nil {
				return err
			}
			if m.step != nil {
				if err := m.step(t); err != nil {
					return err
				}
			}
			return t.exec("PRAGMA user_version = " + strconv.Itoa(version+1))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tx is one write transaction with the helpers all writers use. The first
// error sticks, so that a row of small writes needs one check.
type tx struct {
	*sql.Tx
	ctx   context.Context
	s     *Store
	err   error
	stmts map[string]*sql.Stmt
}

// tx runs f in a write transaction. The revision grows by one with each that
// changed a row: two processes that look for each other's changes would
// otherwise wake each other for ever.
func (s *Store) tx(ctx context.Context, f func(*tx) error) error {
	dbtx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &tx{Tx: dbtx, ctx: ctx, s: s, stmts: map[string]*sql.Stmt{}}
	before := t.changes()
	if err = t.err; err == nil {
		err = f(t)
	}
	if err == nil {
		err = t.err
	}
	var was, rev int64
	if err == nil && t.changes() != before && t.hasMeta() {
		was, _ = strconv.ParseInt(t.meta("revision"), 10, 64)
		rev = was + 1
		t.setMeta("revision", strconv.FormatInt(rev, 10))
		err = t.err
	}
	if err != nil {
		dbtx.Rollback()
		return err
	}
	if rev > 0 {
		// Noted while the one connection is held, so that it never goes back.
		if was > s.rev.Load() {
			s.foreign.Store(was)
		}
		s.rev.Store(rev)
	}
	if err := dbtx.Commit(); err != nil {
		s.foreign.Store(rev) // another process may get this number
		return err
	}
	return nil
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
	if t.err != nil {
		return t.err
	}
	_, t.err = t.ExecContext(t.ctx, q, args...)
	return t.err
}

// prepared gives a statement that is compiled once a transaction.
func (t *tx) prepared(q string) *sql.Stmt {
	if st, ok := t.stmts[q]; ok {
		return st
	}
	st, err := t.PrepareContext(t.ctx, q)
	if err != nil {
		t.err = err
		return nil
	}
	t.stmts[q] = st
	return st
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

// Revision reads the number of the newest change, made by any process.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var v string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'revision'").Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(v, 10, 64)
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

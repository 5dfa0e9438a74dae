package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"

	"confab/model"
	"confab/model/query"
)

// Why Open refuses a database, or a later call stops writing to it.
var (
	// ErrNewer: a newer confab wrote the database. Open changed nothing.
	ErrNewer = errors.New("the database was written by a newer confab")
	// ErrHost: the database belongs to another host. SQLite's log is corrupted when hosts
	// share it over a network file system.
	ErrHost = errors.New("the database belongs to another host")
	// ErrMoved: a newer confab has changed the database since this process opened it. This
	// process writes nothing more.
	ErrMoved = &model.Error{Kind: model.Local, Message: "a newer confab has changed the database: start this one again"}
	// ErrDamaged: part of the database can't be read. No process writes to it until the
	// next start has set it aside.
	ErrDamaged = &model.Error{Kind: model.Local,
		Message: "the database is damaged, and nothing more is written: end every confab, and the next start mends it"}
)

// Ended reports whether err means that this process can't write to the database any more.
func Ended(err error) bool { return errors.Is(err, ErrMoved) || errors.Is(err, ErrDamaged) }

// Options tell Open about its surroundings.
type Options struct {
	Host string           // names this machine; "" asks the system
	Now  func() time.Time // nil means time.Now
	// Waiting, if set, is called with the names of the running programs that delay the
	// migration of the database, and again whenever that list changes.
	Waiting func(names []string)
	// Ran, if set, is called after every statement, so that tests can count them.
	Ran func(Ran)
}

// Open opens or creates the database file at path, whose folder must exist. A database of
// an earlier version is migrated once no running program has it open any more.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	s := &Store{path: path, now: o.Now, ran: o.Ran}
	// Only one process opens the database at a time, until it has made its claim. Otherwise
	// two processes that both want to migrate would wait for each other.
	opening := flock.New(path+".opening", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	err := s.await(ctx, o.Waiting, opening.TryLock)
	if err == nil {
		defer opening.Unlock()
		err = s.begin(ctx, o)
	}
	if err != nil {
		s.closeDB()
		if s.owner != nil {
			s.owner.release()
		}
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), plain(err))
	}
	s.ready.Store(true)
	return s, nil
}

// begin opens the database, or the one that replaces it if it is damaged.
func (s *Store) begin(ctx context.Context, o Options) error {
	if err := s.noteUnclean(); err != nil {
		return err
	}
	alone := len(s.others()) == 0
	switch {
	case s.signed() && !alone:
		return s.openAsItIs(ctx)
	case !s.signed():
		damage := s.open(ctx, o)
		if !isDamaged(damage) {
			return damage
		}
		err := s.sign(damage.Error())
		if !alone {
			// The other process would keep using the file that was set aside.
			return errors.New("the database is damaged, and another confab has it open: end that one first")
		}
		if err != nil {
			return err
		}
	}
	return s.replace(ctx, o)
}

// openAsItIs opens a damaged database that another process still has open: what can be read
// is shown, and nothing is written.
func (s *Store) openAsItIs(ctx context.Context) error {
	if err := s.connectAll(); err != nil {
		return err
	}
	var version int
	if err := s.peek(ctx, "PRAGMA user_version", &version); err != nil || version != newestVersion {
		return errors.Join(ErrDamaged, err)
	}
	return s.enter()
}

func (s *Store) open(ctx context.Context, o Options) error {
	// The file is created here so that it is never readable by others, not even for a
	// moment; SQLite gives its log files the same mode. An existing file is not opened:
	// closing it again would drop the locks of this process.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, os.ErrExist):
		return err
	case s.emptied():
		return fmt.Errorf("%w: its file is empty", errDamaged)
	default:
		// Undo a wider mode that somebody set. This fails where modes mean nothing, which
		// does no harm.
		os.Chmod(s.path, 0o600)
	}
	if err := s.connectAll(); err != nil {
		return err
	}
	if err := s.migrate(ctx, o.Waiting); err != nil {
		return err
	}
	return s.checkHost(ctx, o.Host)
}

// checkHost refuses the database of another host. A new database gets the name of this
// host, and is marked as folded by the current version.
func (s *Store) checkHost(ctx context.Context, host string) error {
	was, err := read(ctx, s, "", func(t *tx) string {
		s.carried = t.meta("rescued") != ""
		return t.meta("host")
	})
	switch {
	case err != nil || was == host:
		return err
	case was != "":
		return fmt.Errorf("%w: made on %q, this is %q; use another XDG_STATE_HOME per host", ErrHost, was, host)
	}
	return s.change(ctx, "", func(t *tx) {
		t.setMeta("host", host)
		t.exec("INSERT OR IGNORE INTO meta SELECT 'fold', ? WHERE NOT EXISTS (SELECT 1 FROM conversation)", strconv.Itoa(query.FoldVersion))
	})
}

func (s *Store) connectAll() (err error) {
	if s.write, err = s.connect(s.path, 1, "immediate"); err == nil {
		s.read, err = s.connect(s.path, 4, "deferred")
	}
	return err
}

func (s *Store) connect(path string, conns int, lock string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn(path, url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"temp_store(MEMORY)", "secure_delete(ON)", "cache_size(-1000)",
	}}))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{c, s.ran})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// schema/N.sql migrates a database from version N-1 to N. A released migration is never
// edited; every change is a new one at the end.
//
//go:embed schema/*.sql
var schema embed.FS

// newestVersion is the database version that this program writes.
const newestVersion = 6

// migrate brings the database to newestVersion. Programs that have an older version open
// would go on writing by its rules, so migrate waits until they have ended. The caller
// holds the lock on opening.
func (s *Store) migrate(ctx context.Context, waiting func([]string)) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > newestVersion {
		return fmt.Errorf("%w (version %d, this one knows %d); update confab", ErrNewer, version, newestVersion)
	}
	if version > 0 && version < newestVersion {
		alone := func() (bool, error) { return len(s.others()) == 0, nil }
		if err := s.await(ctx, waiting, alone); err != nil {
			return err
		}
	}
	if err := s.enter(); err != nil || version == newestVersion {
		return err
	}
	// A migration replaces a table that others reference. Nothing may follow the references
	// while it is dropped.
	if _, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = OFF; PRAGMA secure_delete = OFF"); err != nil {
		return err
	}
	for version < newestVersion {
		version++
		err := s.change(ctx, "", func(t *tx) {
			sql, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", version))
			t.fail(err)
			t.exec(string(sql))
			if version == 3 {
				t.nameSubmissions()
			}
			t.exec(fmt.Sprint("PRAGMA user_version = ", version))
		})
		if err != nil {
			return err
		}
	}
	_, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON")
	return err
}

// refusesWrites returns an error if the database is damaged, or no longer has the version
// that this process knows.
func (s *Store) refusesWrites(version int64) error {
	switch {
	case !s.ready.Load():
		return nil
	case s.broken.Load() || s.signed():
		return ErrDamaged
	case version != newestVersion:
		return ErrMoved
	}
	return nil
}

// peek reads one value from the database without creating or changing anything.
func (s *Store) peek(ctx context.Context, query string, to any) error {
	db, err := sql.Open("sqlite", dsn(s.path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.QueryRowContext(ctx, query).Scan(to)
}

func dsn(path string, q url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

const awaitPause = 50 * time.Millisecond

// await polls until ready returns true. While the database needs a migration, it tells
// waiting which programs are running.
func (s *Store) await(ctx context.Context, waiting func([]string), ready func() (bool, error)) error {
	var told []string
	for {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		if names := s.others(); waiting != nil && len(names) > 0 && !slices.Equal(names, told) {
			var version int
			if s.peek(ctx, "PRAGMA user_version", &version) == nil && version > 0 && version < newestVersion {
				told = names
				waiting(names)
			}
		}
		if err := pause(ctx, awaitPause); err != nil {
			return err
		}
	}
}

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

// The refusals of Open.
var (
	// ErrNewer: a newer confab wrote the database; nothing was touched.
	ErrNewer = errors.New("the database was written by a newer confab")
	// ErrHost: the database belongs to another host. SQLite's log corrupts
	// when hosts share it over a network file system.
	ErrHost = errors.New("the database belongs to another host")
	// ErrMoved: a newer confab has changed the database while this one had it
	// open; nothing more is written.
	ErrMoved = &model.Error{Kind: model.Local, Message: "a newer confab has changed the database: start this one again"}
	// ErrDamaged: part of the database can't be read; nothing more is written by
	// any process until the next start has set it aside.
	ErrDamaged = &model.Error{Kind: model.Local,
		Message: "the database is damaged, and nothing more is written: end every confab, and the next start mends it"}
)

// Ended reports whether an error means that this process writes nothing more.
func Ended(err error) bool { return errors.Is(err, ErrMoved) || errors.Is(err, ErrDamaged) }

// Options are what Open needs to know of its surroundings.
type Options struct {
	// Host names this machine; "" asks the system.
	Host string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Waiting is told which running programs keep this one from bringing the
	// database up to date, whenever they are others than before. nil is nobody.
	Waiting func(names []string)
	// Ran, if set, is told every statement that was run: tests count with it what an act
	// costs.
	Ran func(Ran)
}

// Open opens or creates the database in a file. The folder must exist. One that
// an earlier version made is brought up to date, once no running program has it
// open any more.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	s := &Store{path: path, now: o.Now, ran: o.Ran}
	// One process opens at a time, until its claim says that it is there: else
	// two that want to bring the database up to date would wait for each other.
	opening := flock.New(path+".opening", flock.SetPermissions(0o600))
	err := s.await(ctx, o.Waiting, opening.TryLock)
	if err == nil {
		defer opening.Unlock()
		err = s.begin(ctx, o)
	}
	if err != nil {
		s.closeDB()
		if s.owner != nil {
			s.owner.close()
		}
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), plain(err))
	}
	s.ready.Store(true)
	return s, nil
}

// begin opens the database, or what takes the place of a damaged one.
func (s *Store) begin(ctx context.Context, o Options) error {
	if err := s.noteUnclean(); err != nil {
		return err
	}
	alone, damage := len(s.others()) == 0, errDamaged
	switch {
	case s.signed() && !alone:
		return s.openAsItIs(ctx)
	case !s.signed():
		if damage = s.open(ctx, o); !isDamaged(damage) {
			return damage
		}
	}
	if !alone {
		if !s.signed() {
			s.sign(damage.Error())
		}
		// It would go on with the file that is set aside.
		return errors.New("the database is damaged, and another confab has it open: end that one first")
	}
	return s.replace(ctx, o, damage)
}

// openAsItIs opens a damaged database that another process still has open: what can be
// read of it is shown, and nothing is written.
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
	// The file is made here so that it is never readable by others, not even
	// for a moment; SQLite gives its log files the mode of the database. One that
	// is there is not opened: closing it would drop the locks of this process.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, os.ErrExist):
		return err
	case s.emptied():
		return fmt.Errorf("%w: its file is empty", errDamaged)
	default:
		// One that somebody loosened is closed again; where modes mean nothing
		// this fails, and nothing is lost.
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

// checkHost refuses the database of another host. A new one gets the name of
// this, and has nothing to fold anew.
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

// N.sql in schema brings a database from version N-1 to N. A migration that has
// been released is never edited; a change is a new one at the end.
//
//go:embed schema/*.sql
var schema embed.FS

// newestVersion is the version of the database that this program knows.
const newestVersion = 6

// migrate brings the database to the version that this process knows. Programs
// that have an older one open would write by the rules of that one: it waits
// until they have ended. The lock on opening is held.
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
	// A table that others refer to is replaced by a narrower one: while it is
	// dropped, nothing may follow the references.
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

// ended refuses to go on with a database that is damaged, or that is no longer
// at the version that this process brought it to.
func (s *Store) ended(version int64) error {
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

// peek reads the answer to a query from the database as it is; it makes and changes
// nothing.
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

// await asks until ready. It tells waiting which programs are running, where an earlier
// version made the database.
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

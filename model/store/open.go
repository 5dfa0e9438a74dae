package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"
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
	// ErrMoved: a newer confab has changed the database while this one had it
	// open; nothing more is written.
	ErrMoved = &model.Error{Kind: model.Local, Message: "a newer confab has changed the database: start this one again"}
)

// Options are what Open needs to know of its surroundings.
type Options struct {
	// Host names this machine; "" asks the system.
	Host string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Waiting is told which running programs keep this one from bringing the
	// database up to date, whenever they are others than before. nil is nobody.
	Waiting func(names []string)
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
	s := &Store{path: path, now: o.Now}
	// One process opens at a time, until its claim says that it is there: else
	// two that want to bring the database up to date would wait for each other.
	opening := flock.New(path+".opening", flock.SetPermissions(0o600))
	err := s.await(ctx, o.Waiting, opening.TryLock, func() bool { return s.older(ctx) })
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	defer opening.Unlock()
	if err = s.open(ctx, o); isDamaged(err) {
		err = s.replace(ctx, o)
	}
	if err != nil {
		s.closeDB()
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	if s.owner, err = newOwner(s.claims()); err != nil {
		s.closeDB()
		return nil, err
	}
	return s, nil
}

// claims is the folder of the files that running programs hold locked.
func (s *Store) claims() string { return filepath.Join(filepath.Dir(s.path), "claims") }

// replace sets a damaged database aside and makes a new one with what is left
// of its outbox.
func (s *Store) replace(ctx context.Context, o Options) error {
	s.closeDB()
	if len(living(s.claims())) > 0 {
		// It would go on writing to the file that was set aside.
		return errors.New("the database is damaged, and another confab has it open: end that one first")
	}
	aside, err := s.setAside()
	if err != nil {
		return err
	}
	if err := s.open(ctx, o); err != nil {
		return err
	}
	return s.rescueOutbox(ctx, aside)
}

func (s *Store) open(ctx context.Context, o Options) error {
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
	if err := s.migrate(ctx, o.Waiting); err != nil {
		return err
	}
	return s.tx(ctx, func(t *tx) error {
		was := t.meta("host")
		if was != "" && was != o.Host {
			return fmt.Errorf("%w: made on %q, this is %q; use another XDG_STATE_HOME per host", ErrHost, was, o.Host)
		}
		t.setMeta("host", o.Host)
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

// migrate brings the database to the version that this process knows. Programs
// that have an older one open would write by the rules of that one: it waits
// until they have ended. The lock on opening is held.
func (s *Store) migrate(ctx context.Context, waiting func([]string)) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("%w (version %d, this one knows %d); update confab", ErrNewer, version, len(migrations))
	}
	if version > 0 && version < len(migrations) {
		if err := s.alone(ctx, waiting); err != nil {
			return err
		}
	}
	// A table that others refer to is replaced by a narrower one: while it is
	// dropped, nothing may follow the references.
	if _, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = OFF; PRAGMA secure_delete = OFF"); err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		err := s.tx(ctx, func(t *tx) error {
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
	if _, err := s.write.ExecContext(ctx, "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	s.ready = true
	return nil
}

// moved refuses a version that is not the one this process brought the database to.
func (s *Store) moved(version int) error {
	if s.ready && version != len(migrations) {
		return ErrMoved
	}
	return nil
}

// alone waits until no other program has the database open.
func (s *Store) alone(ctx context.Context, waiting func([]string)) error {
	return s.await(ctx, waiting, func() (bool, error) { return len(living(s.claims())) == 0, nil }, func() bool { return true })
}

// older reports whether the database was made by an earlier version and not yet
// brought up to date.
func (s *Store) older(ctx context.Context) bool {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: s.path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return false
	}
	defer db.Close()
	var version int
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return err == nil && version > 0 && version < len(migrations)
}

// awaitPause is how often it is looked whether what is awaited has happened.
const awaitPause = 50 * time.Millisecond

// await asks until ready, and tells waiting who is still there, where the
// database is older.
func (s *Store) await(ctx context.Context, waiting func([]string), ready func() (bool, error), older func() bool) error {
	var told []string
	for {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		if names := living(s.claims()); waiting != nil && len(names) > 0 && !slices.Equal(names, told) && older() {
			told = names
			waiting(names)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(awaitPause):
		}
	}
}

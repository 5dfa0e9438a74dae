package store

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// diskError is a failure of the disk in words.
type diskError struct {
	words string
	err   error
}

func (e diskError) Error() string { return e.words }
func (e diskError) Unwrap() error { return e.err }

// plain says in words what SQLite has a number for.
func plain(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch code := se.Code(); {
	case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE: // the second where the shared memory can't grow
		return diskError{"the disk is full", err}
	case code&0xff == sqlite3.SQLITE_IOERR:
		return diskError{"the disk can't be read or written: " + se.Error(), err}
	}
	return err
}

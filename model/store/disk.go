package store

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"confab/model"
)

// localError marks a failure of this machine, so that it is told apart from
// what a service said. A refusal keeps its kind. op says what was tried; where it is
// "" the caller says that itself. Damage ends writing, here and in every other process.
func (s *Store) localError(op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s.ready.Load() && isDamaged(err) {
		if !s.broken.Swap(true) {
			s.sign(err)
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
	var se *sqlite.Error
	return errors.Is(err, errDamaged) ||
		errors.As(err, &se) && (se.Code()&0xff == sqlite3.SQLITE_CORRUPT || se.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

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

package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// statementsKept bounds how many statements of a connection stay compiled.
const statementsKept = 200

// steadyConn is a connection that compiles a statement once, however often and
// in how many transactions it is run: compiling is most of the work of a small
// one. database/sql lets one goroutine at a time use it.
type steadyConn struct {
	sqliteConn
	idle map[string]sqliteStmt // compiled and not being run
}

func steady(c sqliteConn) *steadyConn { return &steadyConn{c, map[string]sqliteStmt{}} }

// take gives a compiled statement that nobody runs.
func (c *steadyConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if st, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return st, nil
	}
	st, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(sqliteStmt), nil
}

// give takes back a statement that has been run.
func (c *steadyConn) give(query string, st sqliteStmt) error {
	if _, ok := c.idle[query]; ok || len(c.idle) >= statementsKept {
		return st.Close()
	}
	c.idle[query] = st
	return nil
}

// lasting reports whether a statement is one that is run again and again.
func lasting(query string, args []driver.NamedValue) bool {
	return len(args) > 0 || strings.HasPrefix(query, "SELECT ")
}

func (c *steadyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !lasting(query, args) {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	st, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(ctx, args)
	return res, errors.Join(err, c.give(query, st))
}

func (c *steadyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !lasting(query, args) {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	st, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.give(query, st))
	}
	return steadyRows{found, func() error { return c.give(query, st) }}, nil
}

type steadyRows struct {
	driver.Rows
	give func() error
}

func (r steadyRows) Close() error { return errors.Join(r.Rows.Close(), r.give()) }

func (c *steadyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	return steadyStmt{st, func() error { return c.give(query, st) }}, nil
}

type steadyStmt struct {
	sqliteStmt
	give func() error
}

func (s steadyStmt) Close() error { return s.give() }

func (c *steadyConn) Close() error {
	for _, st := range c.idle {
		st.Close()
	}
	return c.sqliteConn.Close()
}

// How a transaction waits for another process that writes: SQLite would look ever
// less often, up to ten times a second, and so miss the gaps between the slices
// of a long change.
const (
	busyWait  = "PRAGMA busy_timeout = 2"     // milliseconds, of which it looks at each
	busyUsual = "PRAGMA busy_timeout = 30000" // what else has to wait
	busyTries = 15_000                        // as long as usual
)

func (c *steadyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if _, err := c.sqliteConn.ExecContext(ctx, busyWait, nil); err != nil {
		return nil, err
	}
	t, err := c.sqliteConn.BeginTx(ctx, o)
	for tries := 1; isBusy(err) && tries < busyTries && ctx.Err() == nil; tries++ {
		t, err = c.sqliteConn.BeginTx(ctx, o)
	}
	if _, usual := c.sqliteConn.ExecContext(context.WithoutCancel(ctx), busyUsual, nil); usual != nil && err == nil {
		return nil, errors.Join(usual, t.Rollback())
	}
	return t, err
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

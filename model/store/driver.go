package store

import (
	"context"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

type connector struct {
	driver.Connector
	ran func(Ran)
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{dc.(sqliteConn), c.ran, map[string]sqliteStmt{}}, nil
}

// sqliteConn is what database/sql uses of a connection of the driver, and the statistics.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
	sqlite.DBStatus
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn is a connection that compiles each statement only once, since compiling is most of
// the work of a small statement. It keeps all, some hundred texts. database/sql lets one
// goroutine at a time use it, and the package prepares no statement itself.
type conn struct {
	sqliteConn
	ran  func(Ran)             // see Options.Ran
	idle map[string]sqliteStmt // compiled, not running
}

// take returns the compiled statement of a query, which give hands back.
func (c *conn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if st, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return st, nil
	}
	st, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.(sqliteStmt), nil
}

func (c *conn) give(query string, st sqliteStmt) error {
	if _, ok := c.idle[query]; ok {
		return st.Close()
	}
	c.idle[query] = st
	return nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	defer c.begin(query)(0)
	if len(args) == 0 { // may be several statements, and is hardly ever run again
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	st, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(ctx, args)
	return res, errors.Join(err, c.give(query, st))
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end := c.begin(query)
	st, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.give(query, st))
	}
	return &rows{Rows: found, close: func(n int) error {
		end(n)
		return errors.Join(found.Close(), c.give(query, st))
	}}, nil
}

type rows struct {
	driver.Rows
	close func(rows int) error
	n     int
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil {
		r.n++
	}
	return err
}

func (r *rows) Close() error { return r.close(r.n) }

func (c *conn) Close() error {
	for _, st := range c.idle {
		st.Close()
	}
	return c.sqliteConn.Close()
}

// BeginTx retries for a lock that another process holds every 2 ms. SQLite itself would retry
// less and less often, up to ten times a second, and so miss the gaps between the slices of
// a long change.
const (
	busyWait  = "PRAGMA busy_timeout = 2"     // while a transaction begins
	busyUsual = "PRAGMA busy_timeout = 30000" // for everything else
	busyTries = 15_000                        // busyTries times 2 ms are busyUsual
)

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (t driver.Tx, err error) {
	if o.ReadOnly { // which waits for nobody
		return c.sqliteConn.BeginTx(ctx, o)
	}
	if _, err = c.sqliteConn.ExecContext(ctx, busyWait, nil); err != nil {
		return nil, err
	}
	for range busyTries {
		t, err = c.sqliteConn.BeginTx(ctx, o)
		if codeOf(err)&0xff != sqlite3.SQLITE_BUSY || ctx.Err() != nil {
			break
		}
	}
	if _, usual := c.sqliteConn.ExecContext(context.WithoutCancel(ctx), busyUsual, nil); usual != nil && err == nil {
		err = errors.Join(usual, t.Rollback())
	}
	return t, err
}

// Ran describes a statement that was run.
type Ran struct {
	Text        string
	Rows, Pages int // rows returned, and pages of the database read
}

// begin is called before a statement runs; it returns the function to call afterwards, with
// the number of returned rows.
func (c *conn) begin(text string) (end func(rows int)) {
	if c.ran == nil {
		return func(int) {}
	}
	before := c.pages()
	return func(rows int) { c.ran(Ran{text, rows, c.pages() - before}) }
}

func (c *conn) pages() int {
	hit, _, _ := c.Status(sqlite.DBStatusCacheHit, false)
	miss, _, _ := c.Status(sqlite.DBStatusCacheMiss, false)
	return hit + miss
}

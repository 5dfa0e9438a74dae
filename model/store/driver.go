package store

import (
	"context"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// connector makes connections of which every error passes note, whoever asked
// and whether or not they look at it: that is how damage is noticed.
type connector struct {
	driver.Connector
	note  func(error) error
	reads *Reads
}

func newConnector(dsn string, note func(error) error, reads *Reads) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return connector{c, note, reads}, err
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, c.note(err)
	}
	out := conn{steady(dc.(sqliteConn)), c.note}
	if c.reads != nil {
		out.sqliteConn = notedConn{out.sqliteConn, dc.(sqlite.DBStatus), c.reads}
	}
	return out, nil
}

// sqliteConn is what database/sql uses of a connection of the driver.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	sqliteConn
	note func(error) error
}

func (c conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	t, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		return nil, c.note(err)
	}
	return dbTx{t, c.note}, nil
}

func (c conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.note(err)
	}
	return stmt{s.(sqliteStmt), c.note}, nil
}

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := c.sqliteConn.ExecContext(ctx, query, args)
	return r, c.note(err)
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return noteRows(c.note)(c.sqliteConn.QueryContext(ctx, query, args))
}

type dbTx struct {
	driver.Tx
	note func(error) error
}

func (t dbTx) Commit() error { return t.note(t.Tx.Commit()) }

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type stmt struct {
	sqliteStmt
	note func(error) error
}

func (s stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	r, err := s.sqliteStmt.ExecContext(ctx, args)
	return r, s.note(err)
}

func (s stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return noteRows(s.note)(s.sqliteStmt.QueryContext(ctx, args))
}

type rows struct {
	driver.Rows
	note func(error) error
}

func noteRows(note func(error) error) func(driver.Rows, error) (driver.Rows, error) {
	return func(r driver.Rows, err error) (driver.Rows, error) {
		if err != nil {
			return nil, note(err)
		}
		return rows{r, note}, nil
	}
}

func (r rows) Next(dest []driver.Value) error { return r.note(r.Rows.Next(dest)) }

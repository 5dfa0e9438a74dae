package store

import (
	"context"
	"database/sql/driver"
	"sync"

	"modernc.org/sqlite"
)

// Ran is a statement that was run.
type Ran struct {
	Text string
	// Rows is how many rows it returned, Pages how many pages of the database it
	// looked at.
	Rows, Pages int
}

// Reads notes the statements that a store runs: tests count with it what an act
// costs. A store without one (Options.Reads) pays nothing for it.
type Reads struct {
	mu  sync.Mutex
	ran []Ran
}

// Take returns what was run since it was last asked.
func (r *Reads) Take() []Ran {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.ran
	r.ran = nil
	return out
}

func (r *Reads) add(ran Ran) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, ran)
}

// notedConn notes what is run on a connection.
type notedConn struct {
	sqliteConn
	status sqlite.DBStatus
	reads  *Reads
}

// pages returns how many pages this connection has looked at so far.
func (c notedConn) pages() int {
	hit, _, _ := c.status.Status(sqlite.DBStatusCacheHit, false)
	miss, _, _ := c.status.Status(sqlite.DBStatusCacheMiss, false)
	return hit + miss
}

func (c notedConn) exec(text string, run func() (driver.Result, error)) (driver.Result, error) {
	before := c.pages()
	r, err := run()
	c.reads.add(Ran{Text: text, Pages: c.pages() - before})
	return r, err
}

func (c notedConn) query(text string, run func() (driver.Rows, error)) (driver.Rows, error) {
	before := c.pages()
	r, err := run()
	if err != nil {
		return nil, err
	}
	return &notedRows{Rows: r, c: c, ran: Ran{Text: text}, before: before}, nil
}

func (c notedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(query, func() (driver.Result, error) { return c.sqliteConn.ExecContext(ctx, query, args) })
}

func (c notedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(query, func() (driver.Rows, error) { return c.sqliteConn.QueryContext(ctx, query, args) })
}

func (c notedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return notedStmt{s.(sqliteStmt), query, c}, nil
}

type notedStmt struct {
	sqliteStmt
	text string
	c    notedConn
}

func (s notedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.exec(s.text, func() (driver.Result, error) { return s.sqliteStmt.ExecContext(ctx, args) })
}

func (s notedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.query(s.text, func() (driver.Rows, error) { return s.sqliteStmt.QueryContext(ctx, args) })
}

type notedRows struct {
	driver.Rows
	c      notedConn
	ran    Ran
	before int
}

func (r *notedRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil {
		r.ran.Rows++
	}
	return err
}

func (r *notedRows) Close() error {
	r.ran.Pages = r.c.pages() - r.before
	r.c.reads.add(r.ran)
	return r.Rows.Close()
}
